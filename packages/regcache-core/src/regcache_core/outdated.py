"""What has changed since a cache file was written, if that is nothing but sources: ``Outdated``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .inputs import PYTHON_SUFFIXES, SourceTree
from .report import Refusal
from .sources import pack_sources, unpack_sources

if TYPE_CHECKING:
    from typing import TypeGuard

    from .inputs import Input


class Outdated:
    """A cached answer that does not hold because source files changed, and for nothing else.

    Args:
        records: Key -> record.
        extra: What is stored beside the records.
        watched: Each input, with what it had recorded and what it would record now.

    Attributes:
        sources: Path -> content of the modules then, if it was kept (``pack_sources``).
        changed: Paths of the files that were added, edited or removed.
        files: Paths of all files that are watched now.
    """

    def __init__(
        self, records: dict[Any, Any], extra: dict[str, Any], watched: list[tuple[Input, Any, Any]]
    ) -> None:
        self.records = records
        self.extra = extra
        self.sources = unpack_sources(extra.get("sources"))
        self._watched = watched
        self.changed: set[str] = set()
        self.files: set[str] = set()
        for item, recorded, now in watched:
            if isinstance(item, SourceTree):
                self.changed.update(_changed(recorded, now))
                self.files.update(path for path, stamp in now.items() if _is_file(stamp))

    def sources_with(self, found: Mapping[str, bytes] | None) -> str | None:
        """The sources for the answer of which one part is kept and another is computed anew.

        Args:
            found: Path -> content of the modules of the other part; ``None`` if it is not known.
        """
        if found is None or self.sources is None:
            return None
        kept = {path: text for path, text in self.sources.items() if path not in self.changed}
        return pack_sources({**kept, **found})

    def keep(self) -> None:
        """Let the inputs take over what they had recorded, for a part of the answer rests on it.

        To be called when the other part has been computed.
        """
        for item, _, now in self._watched:
            item.keep(now)


def find_outdated(
    inputs: Iterable[Input],
    document: Mapping[str, Any],
    scan: Mapping[str, Any],
    records: dict[Any, Any],
) -> Outdated | None:
    """Tell what changed since a cache file was written; ``None`` if more than sources did.

    Args:
        inputs: What the answer depends on.
        document: The cache file.
        scan: What the inputs recorded now, before anything is imported.
        records: Key -> record, from the document.
    """
    watched: list[tuple[Input, Any, Any]] = []
    try:
        for item in inputs:
            recorded = document[item.member]
            if isinstance(item, SourceTree):
                watched.append((item, recorded, item.stamp_again(recorded, scan[item.member])))
            else:
                item.check(recorded)
                watched.append((item, recorded, recorded))
        return Outdated(records, document["extra"], watched)
    except (Refusal, TypeError, ValueError, LookupError, AttributeError):
        return None  # then a full discovery is right in any case


def _is_file(stamp: Any) -> TypeGuard[list[Any]]:
    return stamp is not None and type(stamp[1]) is int


def _changed(recorded: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Paths of what is new, gone, or has another content; folders, if they look like modules."""
    for path in {*recorded, *now}:
        old, new = recorded.get(path), now.get(path)
        if _is_file(old) and _is_file(new):
            if [old[1], old[4]] != [new[1], new[4]] or new[4] == "":
                yield path
        elif _is_file(old) or _is_file(new):
            yield path
        elif (path in recorded) != (path in now) and path.endswith(PYTHON_SUFFIXES):
            yield path  # a folder, or a link to nothing

"""The cold side of ``installed``: what ``importlib.metadata`` says, of a folder or of all."""

from __future__ import annotations

import os
from importlib import metadata

from ..._cold.stamps import stamp_trees
from .entry_points import ENTRY_POINTS, told_by
from .importing import raise_if_signalled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

#: Where the name and the version of a distribution stand: in the first that has something.
_TELLING = ("METADATA", "PKG-INFO")


def stamps_in(folder: str, names: list[str] | None) -> dict[str, Any]:
    """The stamps of the files that say what the distributions in a folder are.

    Args:
        folder: The folder.
        names: The names of metadata in it; ``None`` for an archive, which is stamped as a whole.
    """
    if names is None:
        return stamp_trees([folder], ())
    files: dict[str, Any] = {}
    for name in names:
        place = os.path.join(folder, name)
        stated = os.path.join(place, ENTRY_POINTS)
        files.update(stamp_trees([stated], ()))
        if files[stated] is None and _is_named(name):
            continue
        for each in _TELLING:
            path = os.path.join(place, each)
            files.update(stamp_trees([path], ()))
            if files[path] is not None and files[path][1]:
                break
    return files


def _is_named(name: str) -> bool:
    """Whether the name of metadata has that of the distribution, as the original sees it."""
    stem, ending = os.path.splitext(name)
    return ending in (".dist-info", ".egg-info") and stem.partition("-")[0] != ""


def read(folder: str) -> dict[str, list[str]]:
    """The distributions in a folder or archive, as ``installed._distributions_in`` has them."""
    return {_place_of(each)[1]: _record(each) for each in _distributions_in(folder)}


def _distributions_in(folder: str) -> Iterator[metadata.Distribution]:
    # It keeps a listing by a time that may stand still for two changes.
    forget: Any = metadata.FastPath.__new__  # type: ignore[attr-defined]
    forget.cache_clear()
    yield from metadata.distributions(path=[folder])


def _place_of(distribution: metadata.Distribution) -> tuple[str, str]:
    """Folder and name of the metadata; empty for a distribution of another kind."""
    path: Any = getattr(distribution, "_path", None)
    return (str(path.parent), path.name) if path is not None else ("", "")


def _record(distribution: Any) -> list[str]:
    record: list[str] = []
    try:
        record = [distribution._normalized_name]
        points = [part for each in distribution.entry_points for part in _texts(each)]
    except Exception as error:  # of what is written there: the original is asked, and raises it
        raise_if_signalled(error)
        if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
            raise  # of this moment
        return record
    told = told_by(distribution, record[0]) if points else ["", ""]
    return [*record, *map(str, told), *points]


def _texts(point: Any) -> tuple[str, str, str]:
    return point.name, point.value, point.group


def distribution_at(folder: str, name: str) -> metadata.Distribution | None:
    """The distribution whose metadata have a name in a folder or archive; ``None`` if gone."""
    found = (each for each in _distributions_in(folder) if _place_of(each)[1] == name)
    return next(found, None)


def ask(params: dict[str, object]) -> Iterator[tuple[str, str, str, str, str, Any]]:
    """What the original gives, which finds distributions in every way.

    Args:
        params: Attributes and their values, as ``entry_points`` has them.

    Yields:
        Name, value and group; name and version of the distribution; the distribution.

    Raises:
        Exception: Whatever the original makes of metadata that are broken.
    """
    seen: set[str] = set()
    distribution: Any
    for distribution in metadata.distributions():
        name = distribution._normalized_name
        if name in seen:
            continue
        seen.add(name)
        points = [each for each in distribution.entry_points if each.matches(**params)]
        if points:
            dist_name, version = map(str, told_by(distribution, name))
            yield from ((*_texts(each), dist_name, version, distribution) for each in points)

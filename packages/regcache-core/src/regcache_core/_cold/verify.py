"""Whether a cached answer equals what a fresh process finds: ``verify_answer``."""

from __future__ import annotations

import copy
import io
import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

from .._file import lazy_options
from .._keys import key_to_text
from ..errors import ConfigError, VerificationError
from .saving import as_records

if TYPE_CHECKING:
    from .._file import Report
    from .._manager import RegistryCacheManager

    #: ``items``: key as text -> record; ``extra``: what is stored beside them. JSON values.
    Document = dict[str, Any]

#: Run by the child: what it was given stands in two files, for plugins may print and read.
_PROGRAM = """\
import pickle, sys
with open(sys.argv[1], "rb") as file:
    path, arguments, task = pickle.load(file)
answer, sys.path[:], sys.argv[:] = sys.argv[2], path, arguments
from regcache_core._cold.verify import run_task
run_task(task, answer)
"""
#: How much of what the child printed is told if it fails, in lines and bytes.
_LINES, _BYTES = 20, 8192


class Difference(NamedTuple):
    """One place in which a cached answer differs from the truth.

    Attributes:
        where: The place, such as ``items['csv']['qualname']`` or ``order of items`` (for which the
            other two are the first keys that differ).
        cached: What the cache file says there; ``None`` for nothing.
        found: What a fresh process found there; ``None`` for nothing.
    """

    where: str
    cached: Any
    found: Any

    def __str__(self) -> str:
        cached, found = ("nothing" if each is None else repr(each) for each in self[1:])
        return f"{self.where}: cached {cached}, found {found}"


class Verification:
    """What came out when a cached answer was compared with a fresh discovery.

    Args:
        report: The report of loading the cached answer.
        differences: The differences; none if there was no answer to compare.

    Attributes:
        report: As given.
        differences: As given.
    """

    def __init__(self, report: Report, differences: tuple[Difference, ...] = ()) -> None:
        self.report = report
        self.differences = differences

    @property
    def status(self) -> str:
        """Of the load: ``"hit"``; anything else means that there was nothing to compare."""
        return self.report.status

    @property
    def is_fresh(self) -> bool:
        """Whether there are no differences."""
        return not self.differences

    def __str__(self) -> str:
        if self.status != "hit":
            return f"nothing to compare: {self.report}"
        if self.is_fresh:
            return f"equal to a fresh discovery: {self.report}"
        lines = [f"differences: {len(self.differences)} ({self.report})", *self.differences]
        return "\n  ".join(map(str, lines))

    def __repr__(self) -> str:
        return f"<Verification {self}>"


def verify_answer(
    name: str,
    load: Callable[[], tuple[Report, Document | None]],
    task: Callable[[], Document],
    build: object = None,
    cached_task: Callable[[], Document | None] | None = None,
) -> Verification:
    """Compare a cached answer with what a fresh process finds.

    The process has our interpreter and its options, its mode of lazy imports as it is now,
    ``sys.path``, working folder and environment; caching is switched off in it.

    Args:
        name: What is verified, for messages.
        load: Loads the cached answer; gives the report and a mapping of JSON values, or ``None``
            if there is no answer that can be believed.
        task: Called in the other process; gives such a mapping. Pickled by reference.
        build: The function that the user gave, for messages; ``None`` for a registry.
        cached_task: Called in another fresh process, in which caching is as it is here; what it
            gives is compared instead of what ``load`` gives. Pickled by reference.

    Raises:
        ConfigError: Another process could not import ``task`` or what it needs (a ``ValueError``).
        VerificationError: The other process failed (a ``RuntimeError``).
    """
    pickled = _pickled(name, task, build)
    report, cached = load()
    if cached is None:
        return Verification(report)
    seen = cached_task and _run(name, _pickled(name, cached_task, build), is_cached=True)
    found = _run(name, pickled)
    # What changed while the other process ran is no difference: the answer is refused by now.
    report, cached = load()
    if cached is None:
        return Verification(report)
    return Verification(report, tuple(_differences("", seen or cached, found)))


def verify_manager(
    manager: RegistryCacheManager[Any, Any], build: Callable[[], Any]
) -> Verification:
    """``RegistryCacheManager.verify``."""
    if manager._converter is not None:
        expected = "serializer= and deserializer= instead: it cannot be sent to another process"
        raise ConfigError("converter", manager._converter, expected)
    parts = manager._serializer, manager._deserializer, manager._item_type
    task = partial(_built, type(manager), build, *parts)
    return verify_answer(manager.cache_name, partial(_cached, manager), task, build)


def _built(
    kind: type[RegistryCacheManager[Any, Any]], build: Callable[[], Any], *parts: Any
) -> Document:
    """What ``build()`` gives, as records."""
    serializer, deserializer, item_type = parts
    manager = kind("verified", str, serializer, deserializer, item_type=item_type)
    return {"items": as_records(manager, build(), lambda change: None)}


def _cached(manager: RegistryCacheManager[Any, Any]) -> tuple[Report, Document | None]:
    """What the file of a manager says now; the manager itself is left as it is."""
    twin = copy.copy(manager)
    twin.read_only, twin._misses = True, {}
    records = twin.load_records()
    report: Any = twin.last_report
    if records is None:
        return report, None
    return report, {"items": {key_to_text(key): record for key, record in records.items()}}


def _differences(where: str, cached: Any, found: Any) -> Iterator[Difference]:
    if not (isinstance(cached, dict) and isinstance(found, dict)):
        if json.dumps(cached) != json.dumps(found):  # 1, 1.0 and True are equal, but not the same
            yield Difference(where, cached, found)
        return
    for name in dict.fromkeys((*cached, *found)):
        place = f"{where}[{name!r}]" if where else name
        if name in cached and name in found:
            yield from _differences(place, cached[name], found[name])
        else:
            yield Difference(place, cached.get(name), found.get(name))
    order = [name for name in cached if name in found], [name for name in found if name in cached]
    for first, second in zip(*order, strict=True):
        if first != second:
            yield Difference(f"order of {where}", first, second)
            return


# The other process.


class _Pickler(pickle.Pickler):
    """Refuses what only this process could import: the names of a script, a prompt, a notebook."""

    def reducer_override(self, value: Any) -> Any:
        is_named = isinstance(value, (type, FunctionType))
        if is_named and value.__module__ == "__main__":
            raise pickle.PicklingError(f"{value.__qualname__} is defined in __main__")
        return NotImplemented


def _pickled(name: str, task: object, build: object) -> bytes:
    file = io.BytesIO()
    try:
        _Pickler(file).dump(task)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        field, value = ("registry", name) if build is None else ("build", build)
        expected = (
            "what another process can import, functions and classes at the top level of "
            f"modules that are no scripts ({error})"
        )
        raise ConfigError(field, value, expected) from error
    return file.getvalue()


def _run(name: str, task: bytes, is_cached: bool = False) -> Document:
    """Run a task in a fresh process, with caching or without it; gives its answer."""
    with tempfile.TemporaryDirectory(prefix="regcache-") as folder:
        given, answer, output = (os.path.join(folder, each) for each in ("given", "answer", "out"))
        with open(given, "wb") as file:
            pickle.dump((sys.path, sys.argv, task), file)
        # As multiprocessing starts its children: -O, -W, -X and what else changes what is found.
        options = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
        options = [*lazy_options(), *options]  # of two modes the first counts
        # A file and no pipe: what a plugin starts in the background may hold that open for ever.
        with open(output, "wb") as file:
            done = subprocess.run(
                [sys.executable, *options, "-c", _PROGRAM, given, answer],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=None if is_cached else {**os.environ, "REGCACHE_DISABLE": "1"},
            )
        if done.returncode != 0 or not os.path.exists(answer):
            raise VerificationError(name, done.returncode, _last_lines(output))
        with open(answer, encoding="utf-8") as file:
            document: Document = json.load(file)
        return document


def _last_lines(path: str) -> str:
    with open(path, "rb") as file:
        file.seek(max(0, os.path.getsize(path) - _BYTES))
        text = file.read().decode(errors="replace")
    return "\n".join(text.splitlines()[-_LINES:])


def run_task(task: bytes, path: str) -> None:
    """Do what the process was started for, and end it.

    Args:
        task: The pickled task.
        path: The file that its answer is written to.
    """
    text = json.dumps(pickle.loads(task)(), allow_nan=False)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os._exit(0)  # threads that plugins have started would keep the process alive

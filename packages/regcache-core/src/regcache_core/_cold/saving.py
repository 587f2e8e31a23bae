"""The cold side of a manager: what a miss leaves behind, building the answer in turn, saving it.

Reading is in ``_manager``, whose methods lead here; all functions are about one manager.
"""

from __future__ import annotations

import sys
from _thread import get_ident
from time import perf_counter_ns, time_ns

from .._file import STATUSES, CacheMiss, Report, cache_file, check_argument, refused
from .._inputs import check_all
from .._modules import file_of
from ..errors import CacheWarning, SerializationError, warn_caller

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, TypeVar

    from .._inputs import Input
    from .._manager import Progress, RegistryCacheManager

    A = TypeVar("A")
    Manager = RegistryCacheManager[Any, Any]

#: Why an answer was not saved, where that is worth mending.
_TOLD = ("TOO_LARGE", "COMES_BACK_CHANGED")


class Miss:
    """A load that was a miss: what for, its report, when it began, and what inputs were then."""

    __slots__ = ("began_ns", "reason", "report", "scan")

    def __init__(
        self, reason: str, report: Report, began_ns: int, scan: dict[str, Any] | None
    ) -> None:
        self.reason = reason
        self.report = report
        self.began_ns = began_ns
        self.scan = scan


def greenlet_here() -> Any:
    """The greenlet that executes this code; ``None`` in an application that has none."""
    return getattr(sys.modules.get("greenlet"), "getcurrent", lambda: None)()


def caller() -> object:
    """What tells threads, and greenlets, apart."""
    greenlet = greenlet_here()
    return get_ident() if greenlet is None else id(greenlet)


def begin(manager: Manager, miss: CacheMiss) -> None:
    """Record what the answer depends on, as it is now; the save that follows uses it."""
    began_ns, identity, scan = time_ns(), manager._identity(), None
    path = cache_file(identity, manager.config.cache_dir)
    try:
        scan = record(manager._inputs(identity))
    except CacheMiss as unknown:
        miss = unknown
    note_miss(manager, miss, path, began_ns, scan)


def note_miss(
    manager: Manager, miss: CacheMiss, path: str | None, began_ns: int, scan: dict[str, Any] | None
) -> Report:
    """Keep a miss for the save that follows it; gives its report."""
    manager.last_report = report = refused(miss, path)
    manager._misses[caller()] = Miss(miss.name, report, began_ns, scan)
    return report


def record(inputs: Iterable[Input]) -> dict[str, Any]:
    """What some inputs are now, by their members."""
    return {item.member: item.record() for item in inputs}


def _scan_to_save(manager: Manager) -> dict[str, Any] | None:
    """What the inputs were when the load was a miss that this save follows.

    Of another thread's loads, where this one has not loaded: the earliest, which is the safest.
    """
    own = manager._misses.get(caller())
    misses = [own] if own is not None else list(manager._misses.values())
    return min(misses, key=lambda miss: miss.began_ns).scan if misses else None


def build_once(manager: Manager, load: Callable[[], A | None], build: Callable[[], A]) -> A:
    """As ``build_in_turn``, after threads of this process that are at it."""
    from .lock import ThreadTurn

    with ThreadTurn(manager.path) as turn:
        answer = load() if turn.is_news else None
        return manager.build_in_turn(load, build) if answer is None else answer


def build_in_turn(manager: Manager, load: Callable[[], A | None], build: Callable[[], A]) -> A:
    """``RegistryCacheManager.build_in_turn``."""
    miss = manager._misses[caller()]
    path: Any = miss.report.path
    if miss.report.status != "miss" or miss.reason == "REFRESH_REQUESTED":
        return build()
    from .lock import BuildLock

    with BuildLock(path, miss.began_ns) as turn:
        answer = load() if turn.is_news else None
        if answer is not None:
            manager.last_report.wait_ns = turn.wait_ns  # type: ignore[union-attr]
            turn.end(saved=True)
            return answer
        report = manager._misses[caller()].report
        report.wait_ns = turn.wait_ns
        turn.begin()
        try:
            return build()
        finally:
            turn.end(saved=report.saved is not None and report.saved.status == "saved")


def build_and_save(manager: Manager, build: Any, progress: Progress | None) -> dict[Any, Any]:
    """Call an application's ``build``, as ``RegistryCacheManager.get_or_build`` has it."""

    def tell(done: int, total: int, what: str = "") -> None:
        from .lock import touch_locks

        touch_locks()
        progress(done, total, what)  # type: ignore[misc]  # else nobody is given this

    report = manager._misses[caller()].report
    start = perf_counter_ns()
    _note_code(manager, build)
    built = build() if progress is None else build(tell)
    is_mapping = hasattr(built, "keys") and hasattr(built, "__getitem__")
    expected = "a mapping from it, key -> item"
    check_argument("what build() returned", built, is_mapping, expected)
    built = dict(built)
    report.build_ns = perf_counter_ns() - start
    manager.save_built(built, report)
    return built


def save_built(
    manager: Manager,
    items: Mapping[Any, Any],
    report: Report,
    extra: Mapping[str, Any] | None,
    transient: BaseException | None,
) -> None:
    """``RegistryCacheManager.save_built``."""
    if report.status == "disabled":  # though a plugin may have cleared the environment
        return
    if transient is not None:
        report.saved = refused(CacheMiss("TRANSIENT_FAILURE"), report.path)
        report.saved.cause = transient
        return
    # Where the load looked, though a plugin may have changed the environment.
    saved, problem = _save_to(manager, report.path, items, None, extra)
    report.saved, report.save_ns, report.items = saved, saved.save_ns, len(items)
    manager.last_report = report
    if problem:  # the last thing: a filter may make an error of it
        warn_caller(problem, CacheWarning)


def save(
    manager: Manager,
    items: Mapping[Any, Any],
    file_mtimes: Mapping[str, Any] | None,
    extra: Mapping[str, Any] | None,
) -> bool:
    """``RegistryCacheManager.save_cache``."""
    report, problem = _save_to(manager, manager.path, items, file_mtimes, extra)
    if _is_unserializable(report):
        raise _serialization_error(manager, report) from report.cause
    if problem:
        warn_caller(problem, CacheWarning)
    return report.status == "saved"


def _is_unserializable(report: Report) -> bool:
    return report.reason is not None and report.reason.name == "NOT_SERIALIZABLE"


def _serialization_error(manager: Manager, report: Report) -> SerializationError:
    problem = str(report.cause) or type(report.cause).__name__
    return SerializationError(manager.cache_name, report.where, problem)


def _save_to(
    manager: Manager,
    path: str | None,
    items: Mapping[Any, Any],
    file_mtimes: Mapping[str, Any] | None,
    extra: Mapping[str, Any] | None,
) -> tuple[Report, str]:
    """Save; gives the report, and what the application should be warned of."""
    start = perf_counter_ns()
    changes: list[CacheMiss] = []
    problem = ""
    try:
        _write(manager, path, items, file_mtimes, extra, changes.append)
        report = Report("saved", path, len(items))
    except CacheMiss as miss:
        status: Any = "disabled" if STATUSES.get(miss.name) == "disabled" else "error"
        report = refused(miss, path, status)
    finally:
        manager._misses.pop(caller(), None)
    report.save_ns = perf_counter_ns() - start
    manager.last_report = report
    if report.reason is None and changes:
        problem = f"cache {manager.cache_name!r} was saved, but {refused(changes[0], path).why()}"
    elif _is_unserializable(report):
        problem = str(_serialization_error(manager, report))
    elif report.reason is not None and report.reason.name in _TOLD:
        problem = f"cache {manager.cache_name!r} was not saved: {report.why()}"
    return report, problem


def _write(
    manager: Manager,
    path: str | None,
    items: Mapping[Any, Any],
    file_mtimes: Mapping[str, Any] | None,
    extra: Mapping[str, Any] | None,
    on_change: Callable[[CacheMiss], object],
) -> None:
    # Inside: a miss that no save follows needs none of these.
    from .prune import prune
    from .stamps import stamps_from_mtimes
    from .write import NotJsonError, as_extra, check_plain, write_document

    identity = manager._identity()
    manager._check_switches(path, identity)
    if manager._serializer is None or manager._serializer is not manager._deserializer:
        _note_code(manager, manager._serializer, manager._deserializer, manager._item_type)
    inputs = manager._inputs(identity)
    scan = _scan_to_save(manager) or record(inputs)
    recorded = {item.member: item.complete(scan[item.member]) for item in inputs}
    if file_mtimes is not None:
        stamps = stamps_from_mtimes(file_mtimes)
        recorded["file_mtimes"] = {**recorded.get("file_mtimes", {}), **stamps}
    check_plain(inputs, recorded)
    document = {
        **recorded,
        "max_age_days": manager.config.max_age_days,  # tells when nobody needs the file any more
        "items": as_records(manager, items, on_change),
        "extra": as_extra(extra or {}),
    }
    # What changed while the answer was being built is stale before it is written.
    document.update(check_all(inputs, recorded))
    prune(str(path))  # before the write, which may need the space
    try:
        write_document(path, document)  # type: ignore[arg-type]
    except NotJsonError as error:
        raise CacheMiss("NOT_SERIALIZABLE", "the whole document") from error
    except OSError as error:
        raise CacheMiss("WRITE_FAILED", str(path)) from error


def _note_code(manager: Manager, *things: Any) -> None:
    """Let the answer depend on the modules that define some types and functions."""
    from .code import modules_of

    manager._code.add(map(file_of, modules_of(things)))


def as_records(
    manager: Manager, items: Mapping[Any, Any], on_change: Callable[[CacheMiss], object]
) -> dict[str, Any]:
    """Items as records, by the manager's functions or type; ``to_records`` has the rest."""
    from .write import to_records

    def to_record(item: Any) -> Any:
        return manager._get_converter().unstructure(item, unstructure_as=manager._item_type)

    if manager._serializer is not None and manager._deserializer is not None:
        return to_records(items, manager._serializer, manager._deserializer, (str,), on_change)
    return to_records(items, to_record, manager.from_record, (str, int), None)

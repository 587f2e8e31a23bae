"""Which threads import plugins at this moment, and how they let each other finish."""

from __future__ import annotations

import sys
from _thread import get_ident
from collections.abc import Callable, Iterable, Iterator, Mapping
from time import monotonic, sleep
from types import FrameType

from .errors import StandsStill
from .modules import is_initializing, loaded_names, modules_in_execution

#: How long another thread may stand still in a module before nobody waits for it any longer.
PATIENCE_S = 10.0
#: By thread: where it stood still so long. While it stands there, nobody waits for it once more.
_STANDING: dict[int, tuple[object, ...]] = {}


def callers(frame: FrameType | None) -> Iterator[FrameType]:
    """A frame, and those that it was called from."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def has_left(frame: FrameType, thread: int) -> bool:
    """Whether a thread has surely left a frame that it entered.

    Of other threads only that they have ended: where no lock stops them (a free-threaded Python)
    their frames change while they are looked at.
    """
    if thread != get_ident():
        return thread not in sys._current_frames()
    return not any(each is frame for each in callers(sys._getframe()))


class Running:
    """Which threads are in the middle of something: a context that each of them enters.

    Told by the frames that entered it. One that is left for good counts no more, even where
    Ctrl-C came just before the context ended, or its thread was lost in a fork.

    >>> running = Running()
    >>> with running:
    ...     running.here, running.anywhere
    (True, True)
    >>> running.here, running.anywhere
    (False, False)
    """

    __slots__ = ("_frames",)

    def __init__(self) -> None:
        self._frames: dict[FrameType, int] = {}

    def __enter__(self) -> None:
        for frame, thread in [*self._frames.items()]:
            if has_left(frame, thread):
                self._frames.pop(frame, None)
        self._frames[sys._getframe(1)] = get_ident()

    def __exit__(self, *error: object) -> None:
        self._frames.pop(sys._getframe(1), None)

    @property
    def here(self) -> bool:
        """Whether this thread is in the middle of it."""
        frames = self._frames
        return bool(frames) and any(each in frames for each in callers(sys._getframe()))

    @property
    def anywhere(self) -> bool:
        """Whether any thread is in the middle of it."""
        return bool(self._frames) and bool(self._standing())

    def others_before(self) -> dict[int, FrameType]:
        """Threads that were there before this one and are still, and where they stand now."""
        standing, threads, before = self._standing(), sys._current_frames(), {}
        for frame, thread in [*self._frames.items()]:
            if thread == get_ident():
                break
            if frame in standing and thread in threads:
                before[thread] = threads[thread]
        return before

    def _standing(self) -> set[FrameType]:
        frames, threads = {**self._frames}, sys._current_frames()
        return {
            each
            for thread in {*frames.values()} & threads.keys()
            for each in callers(threads[thread])
            if each in frames
        }


def is_unfinished(holds: Callable[[str], bool]) -> bool:
    """Whether a module is being executed now, by this thread or by another.

    Args:
        holds: Whether a module, given by its name, is meant.
    """
    return any(is_initializing(name) for name in loaded_names() if holds(name))


def await_turn(running: Running, holds: Callable[[str], bool]) -> None:
    """Let threads finish that do the same already, so that no module is tried by each of them.

    Args:
        running: Those that do it, this one among them.
        holds: Whether a module, given by its name, may be imported then.

    Raises:
        StandsStill: A thread that executes such a module does not go on.
    """
    if joining := [frame for frame in _executing(holds).values() if _joins(frame)]:
        raise StandsStill(next(modules_in_execution(holds, joining[0])), is_joined=True)
    if not any(name != "__main__" for name in modules_in_execution(lambda name: True)):
        _stand_by(running.others_before, holds)


def await_module(name: str) -> None:
    """Let another thread finish a module that it executes, before it is imported here.

    Python would wait for it however long, even if the module waits for this thread.

    Raises:
        StandsStill: The thread does not go on.
    """
    if is_initializing(name):
        _stand_by(lambda: _executing(name.__eq__), name.__eq__)


def _stand_by(others: Callable[[], Mapping[int, FrameType]], holds: Callable[[str], bool]) -> None:
    """Wait for some threads; not for one that waits for this one, as far as can be told.

    Where one waits for the lock of a module, this thread may be holding that. Importing finds such
    circles by itself, so nothing is awaited then.

    Raises:
        StandsStill: One of them joins this one, or all have stood still for ``PATIENCE_S``, while
            this thread waited or another.
    """
    before, since_s, pause_s = None, monotonic(), 0.001
    while frames := others():
        if _is_circle(frames.values()):
            return
        is_joined = any(map(_joins, frames.values()))
        now = {thread: _place_of(frame) for thread, frame in frames.items()}
        if now != before:
            before, since_s = now, monotonic()
        if monotonic() - since_s > PATIENCE_S:
            _STANDING.update(now)
        if is_joined or now.items() <= _STANDING.items():
            modules = (
                name for each in frames.values() for name in modules_in_execution(holds, each)
            )
            raise StandsStill(next(modules, "a module"), is_joined)
        sleep(pause_s)
        pause_s = min(2 * pause_s, 0.05)


def _place_of(frame: FrameType) -> tuple[object, ...]:
    """Where a thread stands: in a loop it comes to the same place again."""
    return tuple((each.f_code, each.f_lasti) for each in callers(frame))


def _executing(holds: Callable[[str], bool]) -> dict[int, FrameType]:
    """Other threads that execute a module that is meant, and where they stand."""
    return {
        thread: frame
        for thread, frame in sys._current_frames().items()
        if thread != get_ident() and any(modules_in_execution(holds, frame))
    }


def _is_circle(frames: Iterable[FrameType]) -> bool:
    """Whether a thread waits for a module, while this one executes some."""
    executes = any(name != "__main__" for name in modules_in_execution(lambda name: True))
    return executes and any(
        frame.f_code is _stand_by.__code__
        or (frame.f_code.co_name == "acquire" and frame.f_globals.get("__name__") in _IMPORTLIB)
        for frame in frames
    )


_IMPORTLIB = ("_frozen_importlib", "importlib._bootstrap")


def _joins(frame: FrameType | None) -> bool:
    """Whether a thread that stands at a frame joins this one, or waits for what it computes.

    Who waits otherwise (for an event, a queue) does not tell for whom.
    """
    while frame is not None and frame.f_globals.get("__name__") in _WAITING:
        waits_for = frame.f_locals.get("self")
        if frame.f_code.co_name == "join":
            return getattr(waits_for, "ident", None) == get_ident()
        if frame.f_code.co_name == "result":
            return any(each is waits_for for each in _computed_here())
        frame = frame.f_back
    return False


_WAITING = ("threading", "concurrent.futures._base")


def _computed_here() -> Iterator[object]:
    """The futures of those tasks of a pool that this thread is in the middle of."""
    for frame in callers(sys._getframe()):
        if frame.f_globals.get("__name__") == "concurrent.futures.thread":
            future = getattr(frame.f_locals.get("self"), "future", None)
            if future is not None:
                yield future

"""Which threads import plugins at this moment, and how they let each other finish."""

from __future__ import annotations

import sys
from _thread import get_ident
from collections.abc import Callable, Iterator
from time import monotonic, sleep
from types import FrameType

from .errors import CacheWarning, ImportStalledError, warn_caller
from .modules import is_forked, is_initializing, loaded_names, modules_in_execution

#: How long another thread is waited for that neither begins nor ends to import a module.
PATIENCE_S = 10.0
#: What was waited for in vain: until it has ended, nobody waits for it once more.
_STALLED: set[object] = set()


def callers(frame: FrameType | None) -> Iterator[FrameType]:
    """A frame, and those that it was called from."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def has_left(frame: FrameType, thread: int) -> bool:
    """Whether a thread has surely left a frame that it entered; of another, that it has ended."""
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
        self._prune()
        self._frames[sys._getframe(1)] = get_ident()

    def __exit__(self, *error: object) -> None:
        self._frames.pop(sys._getframe(1), None)

    def _prune(self) -> None:
        for frame, thread in [*self._frames.items()]:
            if has_left(frame, thread):
                self._frames.pop(frame, None)

    @property
    def here(self) -> bool:
        """Whether this thread is in the middle of it."""
        frames = self._frames
        return bool(frames) and any(each in frames for each in callers(sys._getframe()))

    @property
    def anywhere(self) -> bool:
        """Whether any thread is in the middle of it."""
        if self._frames:
            self._prune()
        return bool(self._frames)

    @property
    def is_behind(self) -> bool:
        """Whether a thread is in the middle of it that was there before this one."""
        self._prune()
        return next(iter([*self._frames.values()]), get_ident()) != get_ident()


def is_unfinished(package: str) -> bool:
    """Whether a module of a package is being executed now, by this thread or by another.

    Args:
        package: Name of the package (or module).
    """
    return any(map(is_initializing, loaded_names(package)))


def await_turn(running: Running) -> None:
    """Let threads finish that do the same already, so that no module is tried by each of them.

    Args:
        running: Those that do it, this one among them.

    Raises:
        ImportStalledError: They do not go on.
    """
    if not _is_importing():
        _wait_while(lambda: running.is_behind, running, "a module")


def await_module(name: str) -> None:
    """Let another thread finish a module that it executes, before it is imported here.

    Python would wait for it however long, even if the module waits for this thread, or if its
    thread has been lost in a fork.

    Raises:
        ImportStalledError: The thread does not go on.
    """
    if not is_initializing(name):
        _STALLED.discard(name)
    elif not _is_importing():
        _wait_while(lambda: is_initializing(name), name, name)


def _is_importing() -> bool:
    """Whether this thread executes a module, the program itself apart.

    Others may be waiting for that, so it waits for nobody; Python finds circles of imports.
    """
    return any(name != "__main__" for name in modules_in_execution(lambda name: True))


def _wait_while(is_busy: Callable[[], bool], what: object, module: str) -> None:
    """Wait for other threads, for as long as some module begins or ends to be imported.

    Raises:
        ImportStalledError: That has not happened for ``PATIENCE_S``, while this thread waited or
            another did.
    """
    loaded, since_s, pause_s = -1, monotonic(), 0.001
    while is_busy():
        if len(sys.modules) != loaded:
            loaded, since_s = len(sys.modules), monotonic()
        if monotonic() - since_s > PATIENCE_S:
            _STALLED.add(what)
        if what in _STALLED:
            raise ImportStalledError(module)
        sleep(pause_s)
        pause_s = min(2 * pause_s, 0.05)
    _STALLED.discard(what)


def warn_of_stall(error: ImportStalledError) -> None:
    """Warn that an answer is not complete, since another thread does not go on.

    Raises:
        ImportStalledError: This process was forked: that thread may be lost, and will not go on.
    """
    if is_forked():
        raise error
    warn_caller(str(error), CacheWarning)

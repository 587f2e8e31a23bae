"""Which threads import plugins at this moment, and how they let each other finish."""

from __future__ import annotations

import os
import sys
from _thread import _local, get_ident
from time import monotonic, sleep
from types import FrameType
from weakref import ref

from ..._cold.saving import greenlet_here
from ..._modules import IMPORTING, is_forked
from ...errors import CacheWarning, ImportStalledError, warn_caller
from ..modules import MAIN, is_initializing, modules_in_execution
from .packages import loaded_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any

#: How long another thread is waited for that neither begins nor ends to import a module.
PATIENCE_S = 10.0
#: What was waited for in vain: until it has ended, nobody waits for it once more.
_STALLED: set[object] = set()


class _Life:
    """Is there for as long as its thread is."""

    __slots__ = ("__weakref__",)


_OWN = _local()


def _current() -> Any:
    """What executes this code: a greenlet where there are any, else the thread."""
    if not hasattr(_OWN, "life"):
        _OWN.life = _Life()
    return greenlet_here() or _OWN.life


class Entry:
    """A frame that a thread (or greenlet) has entered.

    Of its own thread the callers tell whether it has left it, also where Ctrl-C came in between; of
    others nothing is asked but whether they have ended. ``sys._current_frames`` can deadlock before
    Python 3.12 (cpython#106883).

    Args:
        frame: The frame.
    """

    __slots__ = ("_process", "_thread", "frame", "thread")

    def __init__(self, frame: FrameType) -> None:
        self.frame, self._thread, self._process = frame, ref(_current()), os.getpid()
        self.thread = get_ident()

    @property
    def is_own(self) -> bool:
        """Whether this thread has entered it."""
        return self._thread() is _current()

    @property
    def is_here(self) -> bool:
        """Whether this thread has entered it, and is in it still."""
        return self.is_own and _is_in(self.frame)

    @property
    def is_over(self) -> bool:
        """Whether its thread has surely left it, or is not in this process."""
        if self.is_own:
            return not _is_in(self.frame)
        thread = self._thread()
        return self._process != os.getpid() or thread is None or getattr(thread, "dead", False)


def _is_in(wanted: FrameType) -> bool:
    """Whether a frame is among those that this thread was called from."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame is not wanted:
        frame = frame.f_back
    return frame is not None


class Running:
    """Which threads are in the middle of something: a context that each of them enters.

    >>> running = Running()
    >>> with running:
    ...     running.here, running.anywhere
    (True, True)
    >>> running.here, running.anywhere
    (False, False)
    """

    __slots__ = ("_done", "_entries")

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._done: list[FrameType] = []

    def __enter__(self) -> None:
        self._going_on()
        self._entries.append(Entry(sys._getframe(1)))

    def __exit__(self, *error: object) -> None:
        frame = sys._getframe(1)
        self._entries = [each for each in self._entries if each.frame is not frame]
        self._done = [each for each in self._done if each is not frame]

    def finish(self) -> None:
        """Have done with it in the frame that calls this: only others go on waiting."""
        self._done.append(sys._getframe(1))

    def _going_on(self) -> list[Entry]:
        if any(each.is_over for each in self._entries):
            self._entries = [each for each in self._entries if not each.is_over]
        return self._entries

    @property
    def here(self) -> bool:
        """Whether this thread is in the middle of it."""
        entries = [each for each in self._entries if each.is_here]
        return any(each.frame not in self._done for each in entries)

    @property
    def anywhere(self) -> bool:
        """Whether any thread is in the middle of it."""
        return bool(self._entries and self._going_on())

    @property
    def is_behind(self) -> bool:
        """Whether a thread is in the middle of it that was there before this one.

        Not another greenlet of this thread, which cannot go on while this one waits.
        """
        return any(each.thread != get_ident() for each in self._going_on()[:1])


def is_unfinished(packages: str | Collection[str], modules: Collection[str] = ()) -> bool:
    """Whether a module of a package is being executed now, by this thread or by another.

    Args:
        packages: Name of the package (or module); several, or patterns.
        modules: Names of others that count, as those that entry points name.
    """
    names = loaded_names(packages) if packages else []
    return any(map(is_initializing, (*names, *modules)))


def await_turn(running: Running, is_done: Callable[[], bool]) -> None:
    """Let threads finish that do the same already, so that no module is tried by each of them.

    Args:
        running: Those that do it, this one among them.
        is_done: Whether one of them has come to a result: then all go on at once.

    Raises:
        ImportStalledError: They do not go on.
    """
    if not _is_importing():
        _wait_while(lambda: running.is_behind and not is_done(), running, "a module")


def await_module(name: str) -> None:
    """Let another thread finish a module that it executes, before it is imported here.

    Python would wait for it however long, even if the module waits for this thread, or if its
    thread has been lost in a fork.

    Raises:
        ImportStalledError: The thread does not go on.
    """
    if not is_initializing(name):
        _STALLED.discard(name)
    elif (name, get_ident()) in IMPORTING:  # by another greenlet: Python gives it as it is
        return
    elif not _is_importing():
        _wait_while(lambda: is_initializing(name), name, name)


def _is_importing() -> bool:
    """Whether this thread executes a module, the program itself apart.

    Others may be waiting for that, so it waits for nobody; Python finds circles of imports.
    """
    return any(name not in MAIN for name in modules_in_execution(lambda name: True))


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

"""One process builds an answer, those that start meanwhile wait for it: ``BuildLock``.

A courtesy against doing the same work many times, never needed to be right: where there is no lock
to be had, or the wait is over, a process builds the answer itself. What makes waiting harmless:

- it lasts while the process that builds touches its lock file, which it does for each module that
  it has imported, and ends 20 s after the last touch; a process that is ended in any way gives its
  lock back (the kernel does);
- a process that holds a lock, in any thread, never waits for another, nor does one wait for its
  parent, which may be waiting for it;
- where the last answer could not be saved nobody waits for the next one, which would not be either.

The platform's own primitive and not filelock: in fresh processes, interleaved, medians of fifteen,
on a cold path that takes 155 ms, importing filelock 4.2 took 21.7 ms more (39.5 ms in a bare
interpreter) and importing this module 0.3 ms.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from _thread import RLock
from contextlib import suppress
from types import TracebackType

from .._file import CacheMiss
from .._modules import call_in_forked_child
from .stamps import TICK_NS
from .write import make_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

#: How long a process waits that sees the lock file untouched. Shorter than the 30 seconds after
#: which gunicorn and others take a worker that starts for hung.
PATIENCE_S: Final = 20.0
#: How long it waits in all.
LONGEST_WAIT_S: Final = 120.0
_PAUSE_S, _LONGEST_PAUSE_S = 0.005, 0.05
#: Who has imported a hundred modules in a second need not say so a hundred times.
_TOUCH_S: Final = 1.0
#: What a lock file says when its holder could not save what it had built. It says the holder's
#: process number while there is one (or after it was killed), and nothing after a save.
_UNSAVED = b"unsaved"
_LONGEST_NOTE = 32

if sys.platform == "win32":  # pragma: no cover - Windows
    import msvcrt

    def _lock(descriptor: int) -> None:
        # A byte behind the text, which other processes could not read otherwise.
        os.lseek(descriptor, 4096, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 4096, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(descriptor: int) -> None:
        # Closing is not enough where a child was forked meanwhile.
        fcntl.flock(descriptor, fcntl.LOCK_UN)


class BuildLock:
    """The turn to build the answer of one cache file; a context manager that never fails.

    Args:
        path: The cache file.
        missed_ns: When its load began that was a miss, in nanoseconds since the epoch.

    Attributes:
        wait_ns: How long other processes were waited for.
        is_news: Whether the cache file may be another one now, and should be loaded once more.
    """

    def __init__(self, path: str, missed_ns: int) -> None:
        folder, name = os.path.split(path)
        self._path = os.path.join(folder, f".{name}.lock")
        self._descriptor: int | None = None
        self._status: os.stat_result | None = None
        self._is_ours = False
        self._note = b""
        self._touched_s = time.monotonic()
        self.wait_ns = 0
        self.is_news = False
        self._cache, self._missed_ns = path, missed_ns

    def __enter__(self) -> BuildLock:
        try:
            self._descriptor = _open(self._path)
            self._status = os.fstat(self._descriptor)
            self._is_ours = _is_lock_file(self._descriptor, self._status)
            if not self._is_ours or not self._take(self._descriptor):
                self._close()
        # A file system without locks, one that cannot be written, or another user's folder.
        except (OSError, CacheMiss):
            self._close()
        except BaseException:  # Ctrl-C while waiting
            self._close()
            raise
        self.is_news = self.wait_ns > 0 or _is_written_since(self._cache, self._missed_ns)
        return self

    def begin(self) -> None:
        """Say that the answer is being built now; to be called when there is no news.

        Gives the lock back where others should not wait for it: those who waited for an answer
        in vain build it side by side, unless its builder was killed.
        """
        if self._descriptor is None:
            return
        is_orphaned = self._note.isdigit()
        if self._note == _UNSAVED or (self.wait_ns and not is_orphaned):
            self._release()
        else:
            _write(self._descriptor, str(os.getpid()).encode())

    def touch(self) -> None:
        """Tell those who wait for the answer that building it goes on."""
        now = time.monotonic()
        descriptor = self._held() if now - self._touched_s > _TOUCH_S else None
        if descriptor is not None:
            self._touched_s = now
            with suppress(OSError):  # a file system that does not allow it: nobody waits as long
                os.utime(descriptor)

    def end(self, saved: bool) -> None:
        """Say whether the answer is in the cache file now, for others to find.

        Args:
            saved: Whether it was saved, by this process or by another.
        """
        descriptor = self._held()
        if descriptor is not None:
            _write(descriptor, b"" if saved else _UNSAVED)
        if saved and self._is_ours:
            # Before the lock is given back. Where others hold the file open they come to know by
            # the cache file; on Windows it cannot be removed then, and stays without a note.
            with suppress(OSError):
                os.unlink(self._path)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._release()

    def _take(self, descriptor: int) -> bool:
        """Take the lock, now or when it is free; ``False`` if that is not worth waiting for."""
        start, pause_s = time.monotonic(), _PAUSE_S
        touched_ns, touched = 0, start
        while not _try_lock(descriptor):
            now, note = time.monotonic(), _read(descriptor)
            if os.fstat(descriptor).st_mtime_ns != touched_ns:
                touched_ns, touched = os.fstat(descriptor).st_mtime_ns, now
            is_over = now - touched > PATIENCE_S or now - start > LONGEST_WAIT_S
            if _TURNS or is_over or note in (_UNSAVED, str(os.getppid()).encode()):
                return False
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            self.wait_ns = int((time.monotonic() - start) * 1e9)
        _TURNS.add(self)
        self._note = _read(descriptor)
        return True

    def _release(self) -> None:
        descriptor = self._held()
        if descriptor is not None:
            with suppress(OSError):
                _unlock(descriptor)
        self._close()

    def _close(self) -> None:
        _TURNS.discard(self)
        descriptor = self._held()
        self._descriptor = None
        if descriptor is not None:
            os.close(descriptor)

    def _held(self) -> int | None:
        """The descriptor, if it is open still: plugins may close all of them, as daemons do."""
        if self._descriptor is None or self._status is None:
            return None
        try:
            is_open = os.path.samestat(os.fstat(self._descriptor), self._status)
        except OSError:
            return None
        return self._descriptor if is_open else None


#: The turns of this process that have a lock.
_TURNS: set[BuildLock] = set()


def _forget_turns() -> None:
    """In a forked child: let the locks go that belong to the parent."""
    for turn in list(_TURNS):
        turn._close()
    _THREADS.clear()


call_in_forked_child(_forget_turns)


class ThreadTurn:
    """The turn of one thread to build the answer of a cache file; others wait 20 s at most.

    For builds that are the application's: a discovery has to know which thread imports what.

    Args:
        path: The cache file; without one nothing is waited for.

    Attributes:
        is_news: Whether another thread was waited for, so that the answer may be there now.
    """

    def __init__(self, path: str | None) -> None:
        self._lock = _THREADS.setdefault(path, RLock()) if path is not None else RLock()
        self._is_ours = self.is_news = False

    def __enter__(self) -> ThreadTurn:
        self._is_ours = self._lock.acquire(blocking=False)
        if not self._is_ours:
            self._is_ours = self._lock.acquire(timeout=PATIENCE_S)
            self.is_news = True
        return self

    def __exit__(self, *error: object) -> None:
        if self._is_ours:
            self._lock.release()


#: Cache file -> the lock of the threads that build its answer.
_THREADS: dict[str, RLock] = {}


def touch_locks() -> None:
    """Tell those who wait for this process that it goes on; to be called for each module."""
    for turn in list(_TURNS):
        turn.touch()


def _open(path: str) -> int:
    """Open a lock file, or what else lies there, and make it if there is none."""
    folder = os.path.dirname(path)
    make_folder(folder)
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    return os.open(path, flags, 0o600)


def _is_lock_file(descriptor: int, status: os.stat_result) -> bool:
    """Whether a file was made by us for this: no other may be written, removed, nor waited for."""
    is_plain = stat.S_ISREG(status.st_mode) and status.st_nlink <= 1
    is_own = os.name != "posix" or status.st_uid == os.geteuid()
    return is_plain and is_own and is_note(_read(descriptor))


def is_note(content: bytes) -> bool:
    """Whether a lock file holds what we write; a power failure leaves zeros."""
    note = content.strip(b"\0")
    return len(content) <= _LONGEST_NOTE and (note in (b"", _UNSAVED) or note.isdigit())


def _try_lock(descriptor: int) -> bool:
    """Take the lock if it is free.

    Raises:
        OSError: There are no locks here.
    """
    try:
        _lock(descriptor)
    except (BlockingIOError, PermissionError):  # the second on Windows and on some NFS
        return False
    return True


def _read(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    return os.read(descriptor, _LONGEST_NOTE + 1)


def _write(descriptor: int, note: bytes) -> None:
    with suppress(OSError):  # a full disk: then the file says nothing
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, note)


def _is_written_since(path: str, moment_ns: int) -> bool:
    try:
        return os.stat(path).st_mtime_ns >= moment_ns - TICK_NS
    except OSError:
        return False

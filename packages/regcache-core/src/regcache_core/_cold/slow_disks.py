"""Many files on a slow file system, such as a network's: looked at side by side."""

from __future__ import annotations

import os
from _thread import allocate_lock, start_new_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: A wait of 0.5 ms for each of 10,000 files takes 0.2 s with as many; more bring little.
_THREADS = 32


def stat_at_once(paths: Iterable[str]) -> Callable[[str], os.stat_result]:
    """Look at files in several threads.

    Returns:
        What gives the result for one of the paths, or raises the error, as ``os.stat`` does.
    """
    results: dict[str, os.stat_result | Exception] = {}
    left = iter([*paths])

    def work() -> None:
        for path in left:  # each goes to one thread: a list's iterator is safe to share
            try:
                results[path] = os.stat(path)
            except (OSError, ValueError) as error:
                results[path] = error

    def work_and_tell(done: object) -> None:
        try:
            work()
        finally:
            done.release()  # type: ignore[attr-defined]

    locks = []
    for _ in range(_THREADS):
        lock = allocate_lock()
        lock.acquire()
        try:
            start_new_thread(work_and_tell, (lock,))
        except RuntimeError:  # no more threads, or the interpreter ends: those that run do it all
            break
        locks.append(lock)
    work()
    for lock in locks:
        lock.acquire()

    def result(path: str) -> os.stat_result:
        found = results[path]
        if isinstance(found, Exception):
            raise found
        return found

    return result

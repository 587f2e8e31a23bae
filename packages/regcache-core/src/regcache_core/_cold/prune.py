"""Prune a folder of cache files beside a cold write: remove old files that are surely ours."""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress

from .._file import CacheMiss, check_folder, read_bytes, read_document
from .._inputs import SECONDS_PER_DAY, WRONG_SHAPE
from .lock import is_note

_CACHE = r"[A-Za-z0-9_-]+-[0-9a-f]{16}\.json"
_NAME = rf"{_CACHE}|\.{_CACHE}\.(lock|[0-9-]+\.tmp)"
_BEGINNING = b'{"format":"regcache '
#: The least that counts: two configurations may share a file, and a torn file does not say it.
_MAX_AGE_DAYS = 7
#: What looks vanished may lie on a disk that is not mounted today, or in another container.
_FOREVER_DAYS = 30
_LONGEST_S = 0.2


def prune(path: str) -> None:
    """Once a day, remove old files from the folder of the cache file ``path``, but not that file.

    What cannot be looked at or removed, or not in time, is left for another day.
    """
    folder, own = os.path.split(path)
    mark = os.path.join(folder, ".regcache-pruned")
    now, end = time.time(), time.monotonic() + _LONGEST_S
    with suppress(OSError, CacheMiss):
        check_folder(folder)
        with suppress(FileNotFoundError):
            if 0 <= now - os.lstat(mark).st_mtime < SECONDS_PER_DAY:
                return
            os.unlink(mark)
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL, 0o600))  # fails if another was faster
        for name in {*os.listdir(folder)} - {own}:  # in a random order: each has its turn
            file = os.path.join(folder, name)
            with suppress(OSError, CacheMiss, MemoryError, *WRONG_SHAPE):
                if time.monotonic() < end and _is_useless(file, now) and _is_ours(file):
                    os.unlink(file)


def _is_useless(path: str, now: float) -> bool:
    """Whether a file has a name that we give, and is older than any start would use."""
    name, modified = os.path.basename(path), os.lstat(path).st_mtime
    if now - modified < SECONDS_PER_DAY or not re.fullmatch(_NAME, name):
        return False
    if name.startswith("."):
        return True
    try:
        document = read_document(path)
    except CacheMiss as miss:
        if miss.name != "DAMAGED":
            raise
        document = {"timestamp": modified, "max_age_days": _MAX_AGE_DAYS}
    age_days, most = (now - document["timestamp"]) / SECONDS_PER_DAY, document["max_age_days"]
    if most is not None:
        return bool(age_days > max(most, _MAX_AGE_DAYS) + 1)
    prefix, homes = document["identity"]["prefix"], document["identity"]["home"].split(os.pathsep)
    return age_days > _FOREVER_DAYS and (_are_gone([prefix]) or _are_gone(homes))


def _are_gone(paths: list[str]) -> bool:
    for path in paths:
        with suppress(FileNotFoundError):  # any other error proves nothing
            os.lstat(path or os.sep)
            return False
    return True


def _is_ours(path: str) -> bool:
    """Whether a file is this user's and holds what we write, or, torn, the beginning or zeros."""
    content = read_bytes(path)  # refuses links, and what others may write
    is_begun = _BEGINNING.startswith(content.strip(b"\0")[: len(_BEGINNING)])
    is_own = os.name != "posix" or os.lstat(path).st_uid == os.geteuid()
    return is_own and (is_begun or (path.endswith(".lock") and is_note(content)))

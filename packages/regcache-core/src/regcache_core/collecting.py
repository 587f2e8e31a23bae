"""What nobody needs any more is removed from a cache folder, beside a cold write.

Only files that are surely ours, of which no start of any environment would use the content:

- temporary files of writers that were killed: a minute old and their process is gone, or a day;
- once a day: cache files past the age up to which they are believed, and a day. To start without
  them is to start with them: they would be refused. A file that is believed for ever goes when
  it was not written for a month and its environment has vanished; one that a power failure has
  torn as if it had the default age;
- lock files that nobody has touched for a day.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .locking import is_note
from .manager import FORMAT, SECONDS_PER_DAY
from .reading import check_folder, read_bytes, read_document
from .report import Refusal

if TYPE_CHECKING:
    from typing import Final

_MINUTE_S: Final = 60
#: Where the file does not say it: the default of ``CacheConfig``. Also the least that counts, for
#: two configurations of one registry share a file.
_MAX_AGE_DAYS: Final = 7
#: How long a file is left alone that is believed for ever. What looks vanished may lie on a disk
#: that is not mounted today, or in a container that shares the folder.
_FOREVER_DAYS: Final = 30
#: Its time of modification says when cache files were looked through last.
_MARK: Final = ".regcache-collected"
#: How each file that we write begins.
_BEGINNING: Final = f'{{"format":"{FORMAT}",'.encode()
#: The oldest files come first; the rest waits for the next day.
_LONGEST_S: Final = 0.2


def collect(path: str) -> None:
    """Remove what is useless from the folder of a cache file that is about to be written.

    What cannot be looked at or removed is left for another day.

    Args:
        path: The cache file; it is left alone itself.
    """
    folder, own = os.path.split(path)
    now = time.time()
    with suppress(OSError, Refusal):
        check_folder(folder)
        with os.scandir(folder) as entries:
            ours = [each for each in entries if _kind_of(each.name)[0] and _is_own_file(each)]
        for entry in ours:
            kind, pid = _kind_of(entry.name)
            is_over = kind == "temporary" and _is_dead(pid, now - _modified(entry))
            if is_over and _holds(entry.path, _is_begun):
                _remove(entry)
        if _claim_day(folder, now):
            _collect_files([entry for entry in ours if entry.name != own], now)


def _kind_of(name: str) -> tuple[str, str]:
    """``"cache"``, ``"lock"``, ``"temporary"`` with its process; empty if it is no name of ours."""
    is_hidden = name.startswith(".")
    cache, is_json, ending = name[is_hidden:].partition(".json")
    fingerprint = cache.rpartition("-")[2]
    if not is_json or len(fingerprint) != 32 or fingerprint.strip("0123456789abcdef"):
        return "", ""
    if not is_hidden:
        return ("", "") if ending else ("cache", "")
    if ending == ".lock":
        return "lock", ""
    pid, is_ours, _ = ending[1:].partition("-")
    return ("temporary", pid) if is_ours and ending.endswith(".tmp") else ("", "")


def _is_own_file(entry: os.DirEntry[str]) -> bool:
    """Whether it is a file, no link, that belongs to this user."""
    try:
        status = entry.stat(follow_symlinks=False)
        is_own = os.name != "posix" or status.st_uid == os.geteuid()
        return is_own and entry.is_file(follow_symlinks=False)
    except OSError:  # another process was faster
        return False


def _modified(entry: os.DirEntry[str]) -> float:
    return entry.stat(follow_symlinks=False).st_mtime  # the entry has it by now


def _is_dead(pid: str, age_s: float) -> bool:
    """Whether a temporary file has no writer any more.

    A process number alone tells little: it is given anew, and other machines and containers have
    their own. So a minute has to pass too, and after a day the number does not count.
    """
    return age_s > SECONDS_PER_DAY or (age_s > _MINUTE_S and not _is_running(pid))


def _is_running(pid: str) -> bool:
    if os.name != "posix" or not pid.isdecimal():  # on Windows, os.kill would end it
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # it belongs to another user
        pass
    return True


def _claim_day(folder: str, now: float) -> bool:
    """Whether nobody has looked through the cache files today; then it is our turn.

    Raises:
        OSError: Another process was faster, or the folder cannot be written.
    """
    mark = os.path.join(folder, _MARK)
    with suppress(FileNotFoundError):
        if 0 <= now - os.lstat(mark).st_mtime < SECONDS_PER_DAY:
            return False
        os.unlink(mark)
    os.close(os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return True


def _collect_files(files: list[os.DirEntry[str]], now: float) -> None:
    """Remove cache files and lock files that are useless, the oldest first."""
    end = time.monotonic() + _LONGEST_S
    for entry in sorted(files, key=_modified):
        if now - _modified(entry) < SECONDS_PER_DAY or time.monotonic() > end:
            return
        kind, _ = _kind_of(entry.name)
        is_lock = kind == "lock" and _holds(entry.path, is_note)
        if is_lock or (kind == "cache" and _is_useless(entry, now)):
            _remove(entry)


def _holds(path: str, is_ours: Callable[[bytes], bool]) -> bool:
    """Whether the content of a file is one that we write: users' files have any name."""
    try:
        return is_ours(read_bytes(path))
    except (Refusal, MemoryError):
        return False


def _is_begun(content: bytes) -> bool:
    """Whether we have begun to write this; a power failure leaves nothing of it, or zeros."""
    return _BEGINNING.startswith(content[: len(_BEGINNING)]) or not content.strip(b"\0")


def _is_useless(entry: os.DirEntry[str], now: float) -> bool:
    """Whether no environment would believe a cache file."""
    try:
        document = read_document(entry.path)
        written, days = document["timestamp"], document.get("max_age_days", _MAX_AGE_DAYS)
        identity = document["identity"]
        if document["format"][:9] != "regcache " or identity["registry"] == "":
            return False
        age_days = (now - written) / SECONDS_PER_DAY
        if days is None:
            return age_days > _FOREVER_DAYS and _is_vanished(identity)
        return bool(age_days > max(days, _MAX_AGE_DAYS) + 1)
    except Refusal as refusal:
        is_torn = refusal.reason.name == "DAMAGED" and _holds(entry.path, _is_begun)
        return is_torn and now - _modified(entry) > (_MAX_AGE_DAYS + 1) * SECONDS_PER_DAY
    except (TypeError, ValueError, LookupError, ArithmeticError):
        return False  # whatever it is, it is not what we write


def _is_vanished(identity: dict[str, Any]) -> bool:
    """Whether the interpreter's environment is gone, or the application in it.

    The sources are not asked: a registry may wait for some that are not there yet.
    """
    homes = identity["home"].split(os.pathsep)
    return _is_absent(identity["prefix"]) or all(map(_is_absent, homes))


def _is_absent(path: str) -> bool:
    """Whether a path is known not to exist: a file in an archive, or behind a door, may."""
    try:
        os.lstat(path or os.sep)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


def _remove(entry: os.DirEntry[str]) -> None:
    with suppress(OSError):  # another process was faster
        os.unlink(entry.path)

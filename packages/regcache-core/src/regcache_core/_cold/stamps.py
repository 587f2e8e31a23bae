"""Stamps of files and folders: taken when a scan starts, compared by content when they moved.

A file's stamp is ``[st_mtime_ns, st_size, st_ctime_ns, st_ino, digest]``, a folder's has the names
in it in the place of the size and an empty digest, that of a path where nothing is ``None``. This
is the cold side of ``SourceTree``; that of ``ImportPath`` takes the same numbers.
"""

from __future__ import annotations

import os
import stat
import time

from .._file import RACY_NS, CacheMiss, fingerprint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from .patterns import Counts

#: Images are built with one time for all files: 0 (OSTree), 1 (Nix), 1980-01-01 (zip). Before 1981
#: a time tells nothing.
MEANINGLESS_NS = 347_155_200_000_000_000
#: Kernels round the time of a change down to their tick: 1 to 10 ms.
TICK_NS = 10_000_000
UNTRUSTED = -1
# Where ctime is the change of the inode, nobody can set it back; on Windows it is the creation.
_HAS_CHANGE_TIME = os.name == "posix"
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)  # the latter on Windows
_CHUNK = 1 << 20

Stamp = list[object]

#: File -> its stamp, if that can be trusted: an application has many registries of the same files.
_STAMPS: dict[str, Stamp] = {}


def stamp_trees(
    paths: Iterable[str], suffixes: tuple[str, ...], counts: Counts | None = None
) -> dict[str, Stamp | None]:
    """Stamp ``paths`` and everything that counts below those that are folders."""
    stamps: dict[str, Stamp | None] = {}
    for path in paths:
        _stamp(path, suffixes, counts, stamps)
        if stamps[path] is None:
            _stamp_archive(path, stamps)
    return stamps


def _stamp(
    path: str,
    suffixes: tuple[str, ...],
    counts: Counts | None,
    stamps: dict[str, Stamp | None],
    parents: frozenset[tuple[int, int]] = frozenset(),
) -> None:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        stamps[path] = None
        return
    if not stat.S_ISDIR(status.st_mode):
        stamps[path] = _file_stamp(path, status)
        return
    here = (status.st_dev, status.st_ino)
    if here in parents:  # a symbolic link to a folder above
        return
    try:
        folders, files = list_folder(path, suffixes, counts)
    except OSError:  # not ours to list, or gone by now; looked into again at every start
        stamps[path] = [UNTRUSTED, [], UNTRUSTED, status.st_ino, ""]
        return
    stamps[path] = _folder_stamp(status, folders + files)
    parents |= {here}
    for name in folders + files:
        _stamp(os.path.join(path, name), suffixes, counts, stamps, parents)


def _stamp_archive(path: str, stamps: dict[str, Stamp | None]) -> None:
    """For a path inside a zip archive on ``sys.path``: the archive is the source."""
    while path != os.path.dirname(path):
        path = os.path.dirname(path)
        if os.path.isfile(path):
            stamps[path] = _file_stamp(path, os.stat(path))


def _file_stamp(path: str, status: os.stat_result) -> Stamp:
    known = _STAMPS.get(path)
    size = status.st_size
    if known and known[:4] == [status.st_mtime_ns, size, status.st_ctime_ns, status.st_ino]:
        return known
    mtime_ns, ctime_ns, inode = trusted_numbers(status)
    stamp: Stamp = [mtime_ns, size, ctime_ns, inode, _digest(path, status)]
    if ctime_ns != UNTRUSTED and stamp[-1]:
        _STAMPS[path] = stamp
    return stamp


def _folder_stamp(status: os.stat_result, names: list[str]) -> Stamp:
    mtime_ns, ctime_ns, inode = trusted_numbers(status)
    return [mtime_ns, sorted(names), ctime_ns, inode, ""]


def trusted_numbers(status: os.stat_result) -> list[int]:
    """Time of modification and of change in nanoseconds, and inode, as a stamp has them.

    The time of change is one that never holds if it tells nothing, or may come once more.
    """
    changed_ns = status.st_ctime_ns if _HAS_CHANGE_TIME else status.st_mtime_ns
    is_old = MEANINGLESS_NS < changed_ns < time.time_ns() - RACY_NS
    return [status.st_mtime_ns, status.st_ctime_ns if is_old else UNTRUSTED, status.st_ino]


def trusted_stamp(path: str) -> list[int]:
    """The numbers of a path, to be compared with those of ``stamp_of``; zeros for nothing."""
    try:
        return trusted_numbers(os.stat(path))
    except (OSError, ValueError):
        return [0, 0, 0]


def _digest(path: str, status: os.stat_result) -> str:
    """The fingerprint of a file's content; empty for what is no regular file or cannot be read."""
    if not stat.S_ISREG(status.st_mode):
        return ""
    digest = ""
    size = min(status.st_size + 1, _CHUNK)
    try:
        file = os.open(path, _READ)  # open() takes as long as to hash a small file
        try:
            while chunk := os.read(file, size):
                digest = fingerprint(digest.encode() + chunk)
                if len(chunk) < size < _CHUNK:  # all of it: the common case
                    break
        finally:
            os.close(file)
    except OSError:
        return ""
    return digest or fingerprint(b"")


def read_file(path: str) -> bytes:
    """What a file holds; whoever stamps it next need not read it once more.

    Raises:
        OSError: It cannot be read.
    """
    file = os.open(path, _READ)
    try:
        status = os.fstat(file)
        content = os.read(file, status.st_size + 1)
    finally:
        os.close(file)
    mtime_ns, ctime_ns, inode = trusted_numbers(status)
    if ctime_ns != UNTRUSTED and len(content) == status.st_size < _CHUNK:
        _STAMPS[path] = [mtime_ns, len(content), ctime_ns, inode, fingerprint(content)]
    return content


def list_folder(
    path: str, suffixes: tuple[str, ...], counts: Counts | None
) -> tuple[list[str], list[str]]:
    """The sub-folders and the files of a folder that count, each sorted by name."""
    folders: list[str] = []
    files: list[str] = []
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.name.startswith(".") or entry.name == "__pycache__":
                continue
            is_file = not is_folder(entry)
            if is_file and suffixes and not entry.name.endswith(suffixes):
                continue
            if counts is None or counts(entry.path, not is_file):
                (files if is_file else folders).append(entry.name)
    if ".py" in suffixes and not files:  # node_modules, data: Python finds no module far below
        folders = [each for each in folders if _may_hold(os.path.join(path, each), suffixes)]
    return sorted(folders), sorted(files)


def _may_hold(folder: str, suffixes: tuple[str, ...]) -> bool:
    """Whether a folder has files with such an ending, or cannot be listed."""
    try:
        with os.scandir(folder) as entries:
            return any(entry.name.endswith(suffixes) for entry in entries)
    except OSError:
        return True


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder, or a link to one."""
    try:
        return entry.is_dir()
    except OSError:  # a symbolic link to itself
        return False


def compare(
    recorded: Mapping[str, Stamp | None],
    moved: Mapping[str, os.stat_result],
    suffixes: tuple[str, ...],
    counts: Counts | None,
) -> dict[str, Stamp | None] | None:
    """Compare the content of files, and the names in folders, whose stamps moved.

    Args:
        recorded: All stamps.
        moved: Those paths whose stamps do not hold as they are, and what they are now: taken
            before content and names are looked at, so that a later change moves them again.
        suffixes: Endings of the file names that count; empty for all files.
        counts: What else tells whether a file or folder counts, as ``chooser`` gives it.

    Returns:
        All stamps, with those of today for what is the same; ``None`` if that changes nothing.

    Raises:
        CacheMiss: A content is another one, or a name was added or is gone.
    """
    renewed = {}
    for path, status in moved.items():
        old: Stamp = recorded[path]  # type: ignore[assignment]
        if type(old[1]) is list:
            new = _same_names(path, status, old, suffixes, counts)
        else:
            new = _same_file(path, status, old)
        if new != old:
            renewed[path] = new
    return {**recorded, **renewed} if renewed else None


def _same_file(path: str, status: os.stat_result, old: Stamp) -> Stamp:
    """The stamp of today for a file that has the content it had."""
    if status.st_size == old[1]:
        new = _file_stamp(path, status)
        if new[-1] == old[-1] != "":
            return new
    raise CacheMiss("SOURCE_CHANGED", path)


def _same_names(
    path: str,
    status: os.stat_result,
    old: Stamp,
    suffixes: tuple[str, ...],
    counts: Counts | None,
) -> Stamp:
    """The stamp of today for a folder that has the names it had."""
    known: set[object] = set(old[1])  # type: ignore[call-overload]
    try:
        folders, files = list_folder(path, suffixes, counts)
    except PermissionError as error:
        if known:
            raise CacheMiss("SOURCE_REMOVED", path) from error
        return old  # still not ours to list
    except OSError as error:
        raise CacheMiss("SOURCE_REMOVED", path) from error
    names: set[object] = {*folders, *files}
    for reason, some in (("SOURCE_ADDED", names - known), ("SOURCE_REMOVED", known - names)):
        if some:  # a file first: with it folders may begin to count
            name = min(some, key=lambda name: (name in folders, str(name)))
            raise CacheMiss(reason, os.path.join(path, str(name)))
    return _folder_stamp(status, folders + files)


def stamps_from_mtimes(mtimes: Mapping[str, object]) -> dict[str, Stamp | None]:
    """Stamps from what a caller of ``save_cache`` gives for its source files.

    Args:
        mtimes: Path -> stamp, as ``get_package_file_mtimes`` gives it; or path -> modification
            time as other programs have it, in seconds (``st_mtime``) or ns (``st_mtime_ns``).

    Raises:
        CacheMiss: A file is not as it was when its time was taken, so the items may be outdated.
    """
    return {
        os.path.abspath(path): _exact(os.path.abspath(path), value)
        for path, value in mtimes.items()
    }


def _exact(path: str, value: object) -> Stamp | None:
    if value is None or isinstance(value, (list, tuple)):
        return None if value is None else list(value)
    try:
        status = os.stat(path)
    except OSError as error:
        raise CacheMiss("SOURCE_REMOVED", path) from error
    if value not in (status.st_mtime, status.st_mtime_ns):
        raise CacheMiss("SOURCE_CHANGED", path)
    return _file_stamp(path, status)


def is_newer(path: str, time_ns: int, if_gone: bool = False) -> bool:
    """Whether a file or folder changed after a moment; one in an archive, if the archive did.

    Args:
        path: The file or folder.
        time_ns: The moment, in nanoseconds since the epoch.
        if_gone: Whether a file that is not there has changed; else its folder decides.
    """
    place = path
    while True:
        try:
            status = os.stat(place)
            break
        except (OSError, ValueError):
            place = os.path.dirname(os.path.abspath(place))
    if if_gone and place != path and stat.S_ISDIR(status.st_mode):
        return True
    has_changed = status.st_ctime_ns > time_ns
    return has_changed or (not _HAS_CHANGE_TIME and status.st_mtime_ns > time_ns)


def edited_since(stamps: Mapping[str, Any], time_ns: int) -> list[str]:
    """Those files that are gone, or changed after a moment (in nanoseconds since the epoch)."""
    # Of most the stamp says enough: they are there, and did not change for a while.
    young = [
        path
        for path, stamp in stamps.items()
        if stamp is None or stamp[2] < 0 or max(stamp[0], stamp[2]) > time_ns
    ]
    return [path for path in young if is_newer(path, time_ns, if_gone=True)]

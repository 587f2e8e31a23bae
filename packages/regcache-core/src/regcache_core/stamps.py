"""Stamps of files and folders: taken when a scan starts, compared when a folder's time moved.

A file's stamp is ``[st_mtime_ns, st_size]``, a folder's ``[st_mtime_ns, [names]]``, that of a path
where nothing is ``None``. This is the cold side of ``inputs.SourceTree``.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable, Mapping

from .report import Refusal

#: A folder that changed less than two seconds ago may change again within the same tick of its
#: file system's clock and look the same (git calls such entries racy); two seconds is the coarsest
#: tick in use (FAT). Its time is not trusted until it is older; its names are compared instead.
RACY_NS = 2_000_000_000
_UNTRUSTED = -1

Stamp = list[object]


def stamp_trees(paths: Iterable[str], suffixes: tuple[str, ...]) -> dict[str, Stamp | None]:
    """Stamp ``paths`` and everything that counts below those that are folders."""
    stamps: dict[str, Stamp | None] = {}
    for path in paths:
        _stamp(path, suffixes, stamps, set())
        if stamps[path] is None:
            _stamp_archive(path, stamps)
    return stamps


def _stamp(
    path: str,
    suffixes: tuple[str, ...],
    stamps: dict[str, Stamp | None],
    parents: set[tuple[int, int]],
) -> None:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        stamps[path] = None
        return
    if not stat.S_ISDIR(status.st_mode):
        stamps[path] = [status.st_mtime_ns, status.st_size]
        return
    here = (status.st_dev, status.st_ino)
    if here in parents:  # a symbolic link to a folder above
        return
    try:
        folders, files = list_folder(path, suffixes)
    except OSError:  # not ours to list, or gone by now; looked into again at every start
        stamps[path] = [_UNTRUSTED, []]
        return
    stamps[path] = [_trusted(status.st_mtime_ns), sorted(folders + files)]
    for name in folders + files:
        _stamp(os.path.join(path, name), suffixes, stamps, parents | {here})


def _stamp_archive(path: str, stamps: dict[str, Stamp | None]) -> None:
    """For a path inside a zip archive on ``sys.path``: the archive is the source."""
    while path != os.path.dirname(path):
        path = os.path.dirname(path)
        if os.path.isfile(path):
            status = os.stat(path)
            stamps[path] = [status.st_mtime_ns, status.st_size]


def list_folder(path: str, suffixes: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """The sub-folders and the files of a folder that count, each sorted by name."""
    folders, files = [], []
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.name.startswith(".") or entry.name == "__pycache__":
                continue
            if _is_folder(entry):
                folders.append(entry.name)
            elif not suffixes or entry.name.endswith(suffixes):
                files.append(entry.name)
    return sorted(folders), sorted(files)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a symbolic link to itself
        return False


def _trusted(mtime_ns: int) -> int:
    return mtime_ns if mtime_ns < time.time_ns() - RACY_NS else _UNTRUSTED


def compare_folders(
    recorded: Mapping[str, Stamp | None], moved: Iterable[str], suffixes: tuple[str, ...]
) -> dict[str, Stamp | None] | None:
    """Compare the names in folders whose time moved.

    Returns:
        The stamps with the times that can be trusted by now, or ``None`` if none changed.

    Raises:
        Refusal: A name was added or is gone.
    """
    renewed = {}
    for path in moved:
        mtime_ns = _compare_names(path, recorded[path], suffixes)
        if mtime_ns != _UNTRUSTED:
            renewed[path] = [mtime_ns, recorded[path][1]]  # type: ignore[index]
    return {**recorded, **renewed} if renewed else None


def _compare_names(path: str, stamp: Stamp | None, suffixes: tuple[str, ...]) -> int:
    """Compare the names in one folder; gives the time for the folder's next stamp."""
    old: set[object] = set(stamp[1]) if stamp else set()  # type: ignore[call-overload]
    try:
        mtime_ns = os.stat(path).st_mtime_ns  # before the names: a later change moves it again
        folders, files = list_folder(path, suffixes)
    except PermissionError as error:
        if old:
            raise Refusal("SOURCE_REMOVED", path) from error
        return _UNTRUSTED  # still not ours to list
    except OSError as error:
        raise Refusal("SOURCE_REMOVED", path) from error
    new: set[object] = {*folders, *files}
    for reason, names in (("SOURCE_ADDED", new - old), ("SOURCE_REMOVED", old - new)):
        if names:
            raise Refusal(reason, os.path.join(path, str(min(names, key=str))))
    return _trusted(mtime_ns)


def stamps_from_mtimes(mtimes: Mapping[str, object]) -> dict[str, Stamp | None]:
    """Stamps from what a caller of ``save_cache`` gives for its source files.

    Args:
        mtimes: Path -> stamp, as ``get_package_file_mtimes`` gives it; or path -> modification
            time as the seed's programs have it, in seconds (``st_mtime``) or ns (``st_mtime_ns``).

    Raises:
        Refusal: A file is not as it was when its time was taken, so the items may be outdated.
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
        raise Refusal("SOURCE_REMOVED", path, value) from error
    if value not in (status.st_mtime, status.st_mtime_ns):
        raise Refusal("SOURCE_CHANGED", path, value, status.st_mtime)
    return [status.st_mtime_ns, status.st_size]

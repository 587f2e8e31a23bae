"""What the folders on ``sys.path`` hold: recorded after a scan, compared when one of them moved.

The cold side of ``ImportPath``. A folder's stamp is ``[mtime_ns, ctime_ns, inode]``, followed by
the modules in it that are of interest and by the names of its metadata.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Mapping
from itertools import zip_longest

from ..._cold.stamps import UNTRUSTED, is_folder, trusted_stamp
from ..._file import CacheMiss, fingerprint
from ..._inputs import PYTHON_SUFFIXES
from ..._modules import find_package, find_spec, first_entry, is_metadata, stamp_of
from ..modules import MAIN, look_into
from .importing import forget_folder_listings
from .packages import importer_of, is_installed, loaded_names, takes_installed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..listing import ImportPath

#: Where these are loaded, a plugin may have looked for another distribution without importing it.
_LOOKING = ("importlib.metadata", "importlib.util")


class _Listing:
    """A folder on ``sys.path`` as it is at one moment.

    Attributes:
        stamp: Its stamp.
        modules: Names of the modules and packages in it.
        folders: Those of them that are folders, and are developed here as far as can be seen.
        metadata: Names of the metadata in it, sorted.
        installs: What tells installations apart, as ``_installs_of`` has it.
        is_site: Whether installers put modules into it.
    """

    def __init__(self, folder: str) -> None:
        self.stamp = trusted_stamp(folder)  # before the names: a later change moves it again
        self.modules: set[str] = set()
        self.folders: set[str] = set()
        self.metadata: list[str] = []
        self.is_site = takes_installed(folder)
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    self._add(entry, folder)
        except NotADirectoryError:
            self.metadata = _metadata_in(folder)
        except OSError:  # nothing there, or not ours to list
            pass
        self.metadata.sort()
        self.installs = _installs_of(folder, self.metadata)

    def _add(self, entry: os.DirEntry[str], folder: str) -> None:
        name = entry.name
        stem, dot, _ = name.partition(".")
        if name[-5:].lower() == "-info" and is_metadata(name, folder):  # few do
            self.metadata.append(name)
        elif name.endswith(PYTHON_SUFFIXES) if dot else is_folder(entry):
            self.modules.add(stem)
            if not dot and (entry.is_symlink() or not self.is_site):
                self.folders.add(name)


#: An application has many registries, and the folders on ``sys.path`` are the same for all of them.
_LISTINGS: dict[str, _Listing] = {}


def _list(folder: str) -> _Listing:
    """A folder as it is now; listed once in a process while its stamp holds."""
    known = _LISTINGS.get(folder)
    if known is None or UNTRUSTED in known.stamp or known.stamp != trusted_stamp(folder):
        known = _LISTINGS[folder] = _Listing(folder)
    return known


def look_at_path(entries: list[str], path: ImportPath) -> dict[str, Any]:
    """Everything on ``sys.path`` as it is when a scan starts, and the modules that are loaded."""
    return {
        "listings": {entry: _list(entry) for entry in entries},
        "loaded": [*_top_modules()],
        **_installed_things(entries, path),
    }


def _installs_of(folder: str, names: Iterable[str]) -> str:
    """What changes when a distribution is installed anew, if only in its old version.

    Args:
        folder: A folder on ``sys.path``.
        names: Names of the metadata in it, sorted.

    Returns:
        A fingerprint of all, and behind it the beginning of that of each, to tell which it was.
    """
    stamps = [stamp_of(os.path.join(folder, name)) for name in names]
    each = [fingerprint([mtime_ns, inode]) for mtime_ns, _, inode in stamps]
    return fingerprint(each) + "".join(text[:_SHORT] for text in each)


#: So many characters are enough to name one of a few hundred distributions.
_SHORT = 4


def _changed_install(names: list[str], old: str, new: str) -> str | None:
    """The metadata of the first distribution that two results of ``_installs_of`` differ in."""
    places = range(len(new) - _SHORT * len(names), len(new), _SHORT)
    for name, at in zip(names, places, strict=True):
        if old[at : at + _SHORT] != new[at : at + _SHORT]:
            return name
    return None


def _installed_things(entries: list[str], path: ImportPath) -> dict[str, Any]:
    """What distributions say; metadata are read only for a registry that wants them."""
    if not path.entry_points:
        return {"points": [], "broken": {}, "versions": {}, "files": {}}
    from .entry_points import read_installed

    return read_installed(entries, path.entry_points)


def _names_in(path: str) -> list[str]:
    try:
        return os.listdir(path)
    except OSError:  # nothing there, not ours to list, or an archive
        return []


def _top_modules() -> set[str]:
    return {name.partition(".")[0] for name in loaded_names()}


def _look_at_all(listings: Mapping[str, _Listing], wanted: set[str]) -> dict[str, list[Any]]:
    """The record of each folder; a module is found behind folders of its name without ``__init__``.

    These say nothing then: where a program is started there may be data called ``typing``.
    """
    folders = {path: _look_at(path, each, wanted) for path, each in listings.items()}
    for name, holders in _holders(folders).items():
        there = [each for each in holders if name in listings[each].folders]
        plain = [each for each in there if not _has_init(os.path.join(each, name))]
        for path in plain if len(plain) < len(holders) else ():
            folders[path][3].remove(name)
    return folders


def _look_at(path: str, listing: _Listing, wanted: set[str]) -> list[Any]:
    """The record of a folder, or of an archive of modules: what is of interest in it."""
    if listing.modules or not os.path.isfile(path):
        return [*listing.stamp, sorted(wanted & listing.modules), listing.metadata]
    importer = importer_of(path)
    held = [name for name in wanted if importer is not None and importer.find_spec(name)]
    return [*listing.stamp, sorted(held), listing.metadata]


def _has_init(folder: str) -> bool:
    return bool(look_into(_names_in(folder), folder, {"__init__"}, PYTHON_SUFFIXES)[0])


def _metadata_in(archive: str) -> list[str]:
    """The names that the metadata in an archive would have in a folder, sorted."""
    from importlib import metadata

    from ...depends import normalize

    told = [each.metadata for each in metadata.distributions(path=[archive])]
    names = [normalize(each["Name"] or "").replace("-", "_") for each in told]
    found = {f"{name}-{each['Version']}" for name, each in zip(names, told, strict=True)}
    return sorted(f"{each}.dist-info" for each in found)


def add(names: Iterable[str], path: ImportPath, listings: Collection[_Listing]) -> None:
    """``ImportPath.add``; the folders as they were when the scan started, if there was one."""
    global _ASKED
    asked = [*listings, *sys.meta_path]
    if not listings or asked != _ASKED[0]:
        _ASKED = asked, {}
    known = _ASKED[1]
    for name in names:
        if name in path.names:
            continue
        is_there = name in sys.modules or any(name in each.modules for each in listings)
        is_there = is_there or known.get(name, False)
        if not is_there and name not in known:
            is_there = find_spec(name) is not None
            if is_there or "." not in name:  # in a package it may appear without moving these
                known[name] = is_there
        if is_there:
            path.used.add(name.partition(".")[0])
        else:
            path.names.append(name)


#: Folders as they were listed and finders, which were asked for modules, and whether these were
#: found: what is missing for one registry is in general for all of them.
_ASKED: tuple[list[object], dict[str, bool]] = [], {}


def complete(start: Mapping[str, Any], path: ImportPath) -> dict[str, Any]:
    """The record of a scan that has ended.

    Args:
        start: What ``look_at_path`` gave when the scan started.
        path: What was missing.

    Raises:
        CacheMiss: A module that was missing can be found by now.
    """
    absent = [name for name in path.names if name not in sys.modules]
    listings = start["listings"]
    _refuse_late(path.late, listings)
    tops_now = _top_modules()
    outside = _outside(tops_now, path.application)
    # A module of Python's own is hidden by one of its name in a folder before Python's.
    python = tops_now & (sys.stdlib_module_names - {*sys.builtin_module_names})
    tops = {name.partition(".")[0] for name in absent} - {path.application}
    known = outside | python | tops
    folders = _look_at_all(listings, known)
    # What was there before is no plugin's doing, unless one is known to use it; but what lies among
    # installed distributions may be used by any.
    installed = {
        name for each in listings.values() if each.is_site for name in outside & each.modules
    }
    unused = {*start["loaded"]} - path.used - tops - installed
    wanted = ((outside | python) - unused) | tops
    for stamp in folders.values():
        stamp[3] = [name for name in stamp[3] if name in wanted]
    return {
        "wanted": sorted(wanted),
        "absent": absent,
        "probed": _normalized(path.probed),
        "outside": _minds_installs(outside, path),
        "folders": folders,
        "inside": {**_unused_folders(listings, wanted), **_inside(absent, path.application)},
        "installs": {folder: each.installs for folder, each in listings.items()},
        **{name: start[name] for name in ("points", "broken", "versions", "files")},
    }


def _normalized(distributions: Iterable[str]) -> list[str]:
    """Names of distributions in one spelling, each once."""
    if not distributions:
        return []
    from ...depends import normalize

    return sorted({normalize(name) for name in distributions})


def _minds_installs(outside: set[str], path: ImportPath) -> bool:
    """Whether a distribution that is replaced may change the answer: somebody may use it."""
    looked = not {*sys.modules}.isdisjoint(_LOOKING)
    return looked or bool(outside) or path.application in path.used


def _outside(tops: set[str], application: str) -> set[str]:
    """Top-level modules that belong neither to the application, nor to Python, nor to us."""
    foreign = tops - {application, *MAIN} - sys.stdlib_module_names
    return {top for top in foreign if not top.startswith("regcache_")}


def _refuse_late(names: Iterable[str], listings: Mapping[str, _Listing]) -> None:
    """Refuse what was missing for a plugin, but is there by now; not what another finder brings."""
    for name in names:
        parent, _, tail = name.rpartition(".")
        for folder in (find_package(parent) or []) if parent else listings:
            before = not parent and tail in listings[folder].modules
            if bool(look_into(_names_in(folder), folder, {tail}, PYTHON_SUFFIXES)[0]) != before:
                raise CacheMiss("MODULE_APPEARED", name)


def _inside(names: Iterable[str], application: str) -> dict[str, list[Any]]:
    """The folders in which missing sub-modules would lie, but for those that installers look after.

    Args:
        names: Full names of modules that are missing.
        application: The application, whose own folders count wherever they are.
    """
    tails: dict[str, set[str]] = {}
    for name in names:
        parent, _, tail = name.rpartition(".")
        for folder in (find_package(parent) or []) if parent else []:
            if name.startswith(f"{application}.") or not is_installed(folder, parent):
                tails.setdefault(os.path.abspath(folder), set()).add(tail)
    inside = {}
    for folder, wanted in tails.items():
        stamp = trusted_stamp(folder)
        held, _ = look_into(_names_in(folder), folder, wanted, PYTHON_SUFFIXES)
        inside[folder] = [*stamp, sorted(wanted), held]
    return inside


def _unused_folders(listings: Mapping[str, _Listing], wanted: set[str]) -> dict[str, list[Any]]:
    """Folders with the name of a module of interest that become this module with ``__init__``."""
    found = {}
    for path, listing in listings.items():
        for name in wanted & listing.folders:
            folder = os.path.join(path, name)
            if not is_installed(folder, name):
                stamp = trusted_stamp(folder)
                if not _has_init(folder):
                    found[folder] = [*stamp, ["__init__"], []]
    return found


def _refuse_found(absent: Iterable[str]) -> None:
    """Raise a ``CacheMiss`` if one of the modules that were missing can be found."""
    forget_folder_listings()
    for name in absent:
        if find_spec(name) is not None:
            raise CacheMiss("MODULE_APPEARED", name)


def compare(
    recorded: Mapping[str, Any], entries: list[str], path: ImportPath
) -> dict[str, Any] | None:
    """Compare what lies on ``sys.path`` with what was recorded, now that something moved.

    Args:
        recorded: The record.
        entries: The folders and archives on ``sys.path``.
        path: What the record is of.

    Returns:
        The record with the stamps of now, or ``None`` if it is as good as it can be.

    Raises:
        CacheMiss: A module or distribution appeared, is gone or was replaced.
    """
    old, wanted = recorded["folders"], {*recorded["wanted"]}
    listings = {entry: _list(entry) for entry in entries}
    new = _look_at_all(listings, wanted)
    things = recorded
    if _metadata_moved(recorded, new):
        things = _installed_things(entries, path)
        _compare_installed(recorded, things)
    _compare_holders(_holders(old), _holders(new))
    _compare_metadata(recorded, old, new)
    _refuse_found(recorded["absent"])
    inside = {
        folder: _compare_inside(folder, stamp) for folder, stamp in recorded["inside"].items()
    }
    installs = {entry: each.installs for entry, each in listings.items()}
    renewed = {
        **recorded,
        "folders": new,
        "inside": inside,
        "files": things["files"],
        "installs": installs,
    }
    first = first_entry(entries)
    moved = [
        entry
        for entry, stamp in new.items()
        # Mapping[str, Any] that differ from start to start are not worth writing for.
        if entry != first and stamp != old.get(entry) and (entry in old or any(stamp[3:]))
    ]
    is_same = all(renewed[part] == recorded[part] for part in ("inside", "files"))
    return None if is_same and not moved else renewed


def _metadata_moved(recorded: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether a distribution may say something else than it did."""
    if any(stamp_of(file) != stamp for file, stamp in recorded["files"].items()):
        return True
    old = recorded["folders"]
    held = {
        path: stamp for path, stamp in new.items() if stamp[4] or (path in old and old[path][4])
    }
    return any(stamp != old.get(path) or stamp[1] == UNTRUSTED for path, stamp in held.items())


def _compare_installed(recorded: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Refuse if the entry points, or the versions that matter, are not what they were."""
    before = [*recorded["points"], *map(list, recorded["broken"].items())]
    points = [*now["points"], *map(list, now["broken"].items())]
    for old, new in zip_longest(before, points):
        if old != new:
            raise CacheMiss("ENTRY_POINTS_CHANGED", str((new or old)[0]), old, new)
    for name, version in now["versions"].items():
        if recorded["versions"][name] != version:
            told = [each and each[0] for each in (recorded["versions"][name], version)]
            raise CacheMiss("DISTRIBUTION_CHANGED", name, *(told if told[0] != told[1] else ()))


def _holders(folders: Mapping[str, Any]) -> dict[str, list[str]]:
    """For each module of interest the folders that hold it, in the order of the search."""
    holders: dict[str, list[str]] = {}
    for path, (*_, held, _metadata) in folders.items():
        for name in held:
            holders.setdefault(name, []).append(path)
    return holders


def _compare_holders(old: Mapping[str, list[str]], new: Mapping[str, list[str]]) -> None:
    for name in sorted({*old, *new}):
        before, now = old.get(name, []), new.get(name, [])
        if before != now:
            if not before:
                raise CacheMiss("MODULE_APPEARED", name)
            raise CacheMiss("MODULE_GONE", name, before, now)


def _compare_metadata(
    recorded: Mapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any]
) -> None:
    """Refuse if a distribution is gone or was replaced, or appeared that was asked for."""
    from ...depends import name_in

    probed = {*recorded["probed"]}
    gone_first = {first_entry([*old])} - new.keys()  # where it was started: often another folder
    for path in {**old, **new}.keys() - gone_first:
        before, now = ({*each[path][4]} if path in each else set() for each in (old, new))
        gone = before - now
        if gone and recorded["outside"]:
            old_name = min(gone)
            name = name_in(os.path.join(path, old_name))
            same = [each for each in now - before if name_in(os.path.join(path, each)) == name]
            raise CacheMiss("DISTRIBUTION_CHANGED", name, old_name, min(same, default=None))
        for new_name in sorted(now - before):
            name = name_in(os.path.join(path, new_name))
            if name in probed:
                raise CacheMiss("DISTRIBUTION_CHANGED", name, None, new_name)
        if before and recorded["outside"]:
            names = sorted(before)
            old_installs, installs = recorded["installs"][path], _installs_of(path, names)
            if old_installs != installs:
                changed = _changed_install(names, old_installs, installs)
                raise CacheMiss("DISTRIBUTION_CHANGED", name_in(changed) if changed else path)


def _compare_inside(folder: str, stamp: Any) -> list[Any]:
    """The stamp of a package's folder that lacks what it lacked."""
    *_, wanted, before = stamp
    now = trusted_stamp(folder)
    held, _ = look_into(_names_in(folder), folder, {*wanted}, PYTHON_SUFFIXES)
    if held != before:
        reason = "MODULE_APPEARED" if {*held} - {*before} else "MODULE_GONE"
        raise CacheMiss(reason, folder, before, held)
    return [*now, wanted, held]

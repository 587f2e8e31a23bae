"""What an answer that was found by importing modules depends on, beside its own sources.

``ImportPath``, the folders on ``sys.path``: one ``os.stat`` for each, as long as nothing moved
(recording, and comparing what moved, is in ``_cold.search_path``). ``EditedModules``, an answer
made from which must not be written down (``_cold.loaded`` finds them).
"""

import os
import sys
from time import time_ns

from .._file import RACY_NS
from .._inputs import PYTHON_SUFFIXES, Input, SourceTree
from .._modules import (
    first_entry,
    look_into,
    module_of,
    search_path,
    stamp_of,
)
from .._report import CacheMiss

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType
    from typing import Any

    from ._cold.import_hook import Recorder

#: The parts of a record: names, and stamps.
_SHAPE = (
    ("wanted", list),
    ("absent", list),
    ("probed", list),
    ("outside", bool),
    ("folders", dict),
    ("inside", dict),
    ("installs", dict),
    ("files", dict),
    ("versions", dict),
    ("points", list),
    ("broken", dict),
)


class ImportPath(Input):
    """Which modules can be found: those that were missing, and those from other distributions.

    A plugin that failed (or did without) because ``X`` is not installed counts anew as soon as
    ``X`` can be found, and one that uses ``X`` as soon as ``X`` is gone or replaced. Nothing is
    imported to find out. While the folders on ``sys.path`` are unchanged this costs one stat for
    each of them. The first is the script's folder or the current one, another one for many a start:
    where it is, Python's own finder is asked, and nothing is ever written because of it.

    What installers do is seen by the metadata that they leave beside the modules. A file that is
    put into the package of an installed distribution by hand is not.

    Args:
        application: Top-level package of the application, whose own modules are watched by other
            inputs; those that it misses are watched here.
        entry_points: The group of entry points that the answer depends on; empty for none.

    Attributes:
        names: The missing modules; filled while plugins are being imported.
        late: Modules that were missing, but can be found now; filled likewise.
        probed: Names of the missing distributions; filled likewise.
        used: Top-level modules that the application imports, as far as ``add`` was told.
        tried: Modules that were imported, or could not be, while plugins were; filled likewise.
        installed: What a file says that was checked last, or what was recorded since: ``points``,
            the entry points as lists of name, value, distribution and version, sorted by
            distribution and name; ``broken``, metadata that cannot be read: name -> error and
            place. ``None`` before.

    >>> path = ImportPath("app")
    >>> path.add(["json", "no_such_module"])
    >>> path.names
    ['no_such_module']
    """

    def __init__(self, application: str = "", entry_points: str = "") -> None:
        super().__init__("import_path", self._look, "MODULE_APPEARED")
        self.application = application
        self.entry_points = entry_points
        self.installed: Any = None
        self.tried: set[str] = set()
        self.names: list[str] = []
        self.late: list[str] = []
        self.probed: set[str] = set()
        self.used: set[str] = set()
        self._entries: list[str] | None = None
        self._scanned: Any = None

    def add(self, names: "Iterable[str]") -> None:
        """Take names of modules that the answer may depend on; those that nothing finds are kept.

        Args:
            names: Full names of modules that plugins import, or have tried to.
        """
        from ._cold.search_path import add

        add(names, self, self._scanned["listings"].values() if self._scanned else ())

    def entry_points_now(self) -> "Any":
        """What was recorded when the scan started, or is there now: ``points`` and ``broken``.

        Never what a file says: it is to be imported.
        """
        if self._scanned is None:
            self.record()
        return self._scanned

    def recording(self) -> "Recorder":
        """A context in which each module and distribution that nothing finds is noted.

        To be entered while plugins are imported, by any number of registries and threads.
        """
        from ._cold.import_hook import Recorder

        return Recorder(self)

    def _look(self) -> "dict[str, Any]":
        from ._cold.search_path import look_at_path

        # Plugins may add to sys.path; the next start begins without that.
        self._entries = search_path()
        self.installed = self._scanned = start = look_at_path(self._entries, self)
        return start

    def complete(self, recorded: "Any") -> "dict[str, Any]":
        """What was missing, what is in use, and where it lay when the scan started.

        Raises:
            CacheMiss: A module that was missing can be found by now.
        """
        from ._cold.search_path import complete

        return complete(recorded, self)

    def check(self, recorded: "Any") -> "Any":
        """Compare the folders on ``sys.path`` with what they held; one ``os.stat`` for each.

        Raises:
            CacheMiss: A module or distribution appeared, is gone or was replaced.
        """
        for part, kind in _SHAPE:
            if recorded[part].__class__ is not kind:
                raise CacheMiss("WRONG_SHAPE", f"{self.member}.{part}")
        _check_points(recorded["points"])
        entries = search_path() if self._entries is None else self._entries
        minds_metadata = bool(self.entry_points or recorded["probed"])
        renewed = None
        if not _is_unmoved(recorded, entries, minds_metadata):
            from ._cold.search_path import compare

            renewed = compare(recorded, entries, self)
        self.installed = recorded  # only if it holds: else what was read when the scan started
        return renewed


def _check_points(points: "list[Any]") -> None:
    """Refuse what is no list of entry points: they name modules that may be imported."""
    for point in points:
        if [point.__class__, *map(type, point)] != [list, str, str, str, str]:
            raise TypeError(f"{point!r} is no entry point")


def _is_unmoved(recorded: "dict[str, Any]", entries: "list[str]", minds_metadata: bool) -> bool:
    """Whether nothing needs a closer look; ``False`` does not say that anything changed."""
    for stamps in (recorded["inside"], recorded["files"]):
        for path, stamp in stamps.items():
            if stamp_of(path) != stamp[:3]:
                return False
    folders, wanted = recorded["folders"], {*recorded["wanted"]}
    first, holders = first_entry(entries), []
    for path in entries:
        known = folders.get(path)
        if known is None or stamp_of(path) != known[:3]:
            if known is not None and path != first:
                return False
            known = _list(path, known, wanted, minds_metadata)
            if known is None:
                return False
        if known[3]:
            holders.append(path)
    gone = folders.keys() - {*entries, first_entry([*folders])}  # the first is often another one
    if recorded["outside"] and any(folders[path][4] for path in gone):
        return False
    return holders == [path for path, stamp in folders.items() if stamp[3]]


#: Folder -> its stamp, and modules that are known not to be in it: an application has many
#: registries, and the folder that it is started in is another one for many a start.
_ABSENT: "dict[str, tuple[list[int], set[str]]]" = {}


def _list(path: str, known: "Any", wanted: "set[str]", minds_metadata: bool) -> "Any":
    """What a folder holds whose stamp tells nothing; ``None`` if that needs a closer look.

    Python's own finder of the folder is asked, where it has one: it may hold thousands of files.

    Args:
        path: The folder.
        known: What was recorded of it; ``None`` if it was not on ``sys.path`` then.
        wanted: The modules of interest.
        minds_metadata: Whether any distribution in a new folder may be of interest.
    """
    if minds_metadata or (known and known[4]) or path not in sys.path_importer_cache:
        return _list_all(path, known, wanted, minds_metadata)
    stamp = stamp_of(path)
    absent = _ABSENT.get(path, (stamp, set()))
    if absent[0] != stamp or max(stamp[:2]) > time_ns() - RACY_NS:
        absent = stamp, set()
    finder = sys.path_importer_cache[path]
    held = [each for each in wanted - absent[1] if finder and finder.find_spec(each)]
    absent[1].update(wanted.difference(held))
    _ABSENT[path] = absent
    if known is None:
        return None if held else [0, 0, 0, [], []]
    return known if known[3] == sorted(held) else None


def _list_all(path: str, known: "Any", wanted: "set[str]", minds_metadata: bool) -> "Any":
    """The same, with the metadata of distributions."""
    try:
        found = look_into({*os.listdir(path)}, path, wanted, PYTHON_SUFFIXES)
    except NotADirectoryError:  # an archive
        return known if known is not None and stamp_of(path) == known[:3] else None
    except OSError:  # nothing there, or not ours to list
        found = ([], [])
    if known is None:
        is_new = found[0] or (found[1] and minds_metadata)
        return None if is_new else [0, 0, 0, [], []]
    return known if known[3:] == [*found] else None


class EditedModules(Input):
    """Source files that were edited after this process imported them.

    What they define is that of the old text, their stamps would be those of the new one: such an
    answer must not be written. A file is edited if its inode changed after the registry was
    declared (if the module was imported before the scan) or after the scan started, even if its
    content is as before again.

    Args:
        package: The package (or module) that is searched for plugins.
        files: Gives further files that count.
        created_ns: When the registry was declared, in nanoseconds since the epoch.
    """

    def __init__(
        self,
        package: str,
        files: "Callable[[], Iterable[str]]",
        created_ns: int,
    ) -> None:
        super().__init__("edited", self._edited_before)
        self.package = package
        self.files = files
        self.created_ns = created_ns
        self._started_ns = created_ns

    def _edited_before(self) -> "list[str]":
        from .._cold.stamps import TICK_NS

        self._started_ns = time_ns()
        return self._edited(self.created_ns - TICK_NS)

    def complete(self, recorded: "list[str]") -> "list[str]":
        """The files that were edited before the scan or during it."""
        return recorded or self._edited(self._started_ns)

    def _edited(self, since_ns: int) -> "list[str]":
        from ._cold.loaded import edited_files

        return edited_files(self, since_ns)

    def is_outdated(self, module: "ModuleType") -> bool:
        """Whether a module does not hold what its file says, for another reason than an edit.

        To be overridden; none is by default.

        Args:
            module: An imported module of the package.
        """
        return False

    def check(self, recorded: "Any") -> None:
        """Refuse to write (or believe) an answer that has such files."""
        if recorded:
            raise CacheMiss("EDITED_SINCE_IMPORT", str(recorded[0]))


class InstalledTree(SourceTree):
    """The folders of an installed package, and the metadata of the distributions that own it.

    An installer replaces the metadata with every change of what it installed, and adds or removes
    no module without changing a folder. A file that somebody edits by hand is not seen.

    Args:
        package: Name of the package or module.
        places: Its folders or file.
        suffixes: Endings of the names that count in the folders.
    """

    def __init__(self, package: str, places: "Iterable[str]", suffixes: "Iterable[str]") -> None:
        super().__init__(places, suffixes, member="installed")
        self._package, self.current = package, self._stamp_installed

    def _stamp_installed(self) -> "dict[str, Any]":
        from ._cold.entry_points import metadata_files

        kept = {*self.paths, *metadata_files(self._package, self.paths)}
        stamps = SourceTree(kept, self.suffixes).record()
        return {path: it for path, it in stamps.items() if path in kept or type(it[1]) is list}


class Owners(Input):
    """Which distributions installed a package: another one may install over its files.

    That adds no name to its folders, but metadata to the folder in which they lie. Where that has
    moved, the lists of installed files are looked at again.

    Args:
        package: Name of the package or module.
        places: Its folders or file.
    """

    def __init__(self, package: str, places: "Iterable[str]") -> None:
        super().__init__("owners", self._look, "DISTRIBUTION_CHANGED")
        self._package, self._places = package, [*places]

    def _look(self) -> "dict[str, Any]":
        from .._cold.stamps import trusted_stamp
        from ._cold.entry_points import metadata_files, site_of

        folders = [site_of(self._package, each) for each in self._places]
        stamps = {each: trusted_stamp(each) for each in folders}
        return {"folders": stamps, "metadata": metadata_files(self._package, self._places)}

    def check(self, recorded: "Any") -> "Any":
        """Compare the stamps of the folders; where one moved, the distributions."""
        if all(stamp_of(path) == stamp for path, stamp in recorded["folders"].items()):
            return None
        now = self._look()
        if now["metadata"] != recorded["metadata"]:
            raise CacheMiss(self.reason, self._package)
        return now


def published_modules(import_path: ImportPath) -> "set[str]":
    """The modules that the entry points name which a file was checked with, or a scan found."""
    return {module_of(value) for _, value, *_ in import_path.installed["points"]}

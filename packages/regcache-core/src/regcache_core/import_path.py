"""What the folders on ``sys.path`` hold of what an answer depends on: ``ImportPath``.

The warm side: one ``os.stat`` for each folder, as long as nothing moved. Recording, and comparing
what moved, is in ``searched``; hearing of what nothing finds, in ``recording``.
"""

import os
import sys

from .inputs import PYTHON_SUFFIXES, Input
from .modules import find_spec, is_path
from .report import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from typing import Any

    from .recording import Recorder

#: Endings of the entries that tell of an installed distribution.
METADATA_SUFFIXES = (".dist-info", ".egg-info")
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
    each of them, but for the first: that is the script's folder or the current one, another one
    for many a start, so it is listed, and nothing is ever written because of it.

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
            the entry points as lists of name, value, distribution and version, sorted; ``broken``,
            metadata that cannot be read: name -> error and place. ``None`` before.

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
        listings = self._scanned["listings"].values() if self._scanned else ()
        for name in names:
            if name in self.names:
                continue
            is_there = name in sys.modules or any(name in each.modules for each in listings)
            if is_there or find_spec(name) is not None:
                self.used.add(name.partition(".")[0])
            else:
                self.names.append(name)

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
        from .recording import Recorder

        return Recorder(self)

    def _look(self) -> "dict[str, Any]":
        from .searched import look_at_path

        # Plugins may add to sys.path; the next start begins without that.
        self._entries = search_path()
        self.installed = self._scanned = start = look_at_path(self._entries, self)
        return start

    def complete(self, recorded: "Any") -> "dict[str, Any]":
        """What was missing, what is in use, and where it lay when the scan started.

        Raises:
            Refusal: A module that was missing can be found by now.
        """
        from .searched import complete

        return complete(recorded, self)

    def check(self, recorded: "Any") -> "Any":
        """Compare the folders on ``sys.path`` with what they held; one ``os.stat`` for each.

        Raises:
            Refusal: A module or distribution appeared, is gone or was replaced.
        """
        for part, kind in _SHAPE:
            if recorded[part].__class__ is not kind:
                raise Refusal("WRONG_SHAPE", f"{self.member}.{part}")
        _check_points(recorded["points"])
        entries = search_path() if self._entries is None else self._entries
        minds_metadata = bool(self.entry_points or recorded["probed"])
        renewed = None
        if not _is_unmoved(recorded, entries, minds_metadata):
            from .searched import compare

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
        if known is None or path == first:
            known = _list(path, known, wanted, minds_metadata)
            if known is None:
                return False
        elif stamp_of(path) != known[:3]:
            return False
        if known[3]:
            holders.append(path)
    return holders == [path for path, stamp in folders.items() if stamp[3]]


def _list(path: str, known: "Any", wanted: "set[str]", minds_metadata: bool) -> "Any":
    """What a folder holds whose stamp tells nothing; ``None`` if that needs a closer look.

    Args:
        path: The folder.
        known: What was recorded of it; ``None`` if it was not on ``sys.path`` then.
        wanted: The modules of interest.
        minds_metadata: Whether any distribution in a new folder may be of interest.
    """
    try:
        found = look_into(os.listdir(path), path, wanted)
    except NotADirectoryError:  # an archive
        return known if known is not None and stamp_of(path) == known[:3] else None
    except OSError:  # nothing there, or not ours to list
        found = ([], [])
    if known is None:
        is_new = found[0] or (found[1] and minds_metadata)
        return None if is_new else [0, 0, 0, [], []]
    return known if known[3:] == [*found] else None


def search_path() -> "list[str]":
    """The entries of ``sys.path``, absolute, each once; what is no path is passed over.

    >>> all(os.path.isabs(path) for path in search_path())
    True
    """
    paths: dict[str, None] = {}
    for path in sys.path:
        if is_path(path):
            if not os.path.isabs(path):
                try:
                    path = os.path.abspath(path)
                except OSError:  # the current folder was removed
                    continue
            paths[path] = None
    return list(paths)


def first_entry(paths: "list[str]") -> str:
    """The folder of the script or the current one; empty if Python was told to leave it out."""
    is_safe = getattr(sys.flags, "safe_path", sys.flags.isolated)  # the former since Python 3.11
    return paths[0] if paths and not is_safe else ""


def stamp_of(path: str) -> "list[int]":
    """Time of modification and of change in nanoseconds, and inode; zeros where nothing is."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return [0, 0, 0]
    return [status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def look_into(
    names: "Collection[str]", path: str, wanted: "Collection[str]"
) -> "tuple[list[str], list[str]]":
    """What a folder holds of the modules that are looked for, and of metadata.

    Args:
        names: The names of its entries.
        path: The folder.
        wanted: Modules, without the name of the package that they lie in.

    Returns:
        The modules, and the names of the folders (or files) with metadata, each sorted.
    """
    modules = {
        name.partition(".")[0]
        for name in [name for name in names if name.partition(".")[0] in wanted]
        if (name.endswith(PYTHON_SUFFIXES) if "." in name else os.path.isdir(f"{path}/{name}"))
    }
    return sorted(modules), sorted([name for name in names if name.endswith(METADATA_SUFFIXES)])


def module_of(value: str) -> str:
    """The module that the value of an entry point names.

    >>> module_of("package.module:Class [extra]"), module_of("package")
    ('package.module', 'package')
    """
    return value.partition("[")[0].partition(":")[0].strip()


def attribute_of(value: str) -> str:
    """What an entry point names in its module; empty for the module itself."""
    return value.partition("[")[0].partition(":")[2].strip()

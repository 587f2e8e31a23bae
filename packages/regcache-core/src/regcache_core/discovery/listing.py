"""What one registry lists in this process: ``Listing``, the state machine of every adapter.

Open (from the cache file, else by discovery, one thread and one process at a time), publish whole,
look again where a key is missing, refresh, import one plugin. The state is kept here, discovering
is in ``_cold.discovering``; what differs from one kind of registry to another says an ``Adapter``.
"""

import os
import sys
from _thread import RLock
from time import time_ns

from .._file import RACY_NS, CacheMiss, refused
from .._inputs import PYTHON_SUFFIXES, Declared, FoundFiles, Input, SourceTree
from .._manager import RegistryCacheManager
from .._modules import (
    call_in_forked_child,
    containing,
    file_of,
    find_sources,
    first_entry,
    is_plain_name,
    module_of,
    name_of,
    search_path,
    source_modules,
    stamp_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
    from types import ModuleType
    from typing import Any, Generic, TypeVar

    from .._cold.verify import Verification
    from .._file import Report
    from .._manager import CacheConfig
    from ..depends import Dependency
    from ._cold.backoff import Backoff
    from ._cold.import_hook import Recorder
    from ._cold.importing import Discovered
    from ._cold.threads import Running

    S = TypeVar("S")
    T = TypeVar("T")
    #: Key -> record, and what lies beside, as the adapter keeps it.
    Answer = tuple[Mapping[Any, Any], Any]
    #: Makes the state from an answer, and gives it.
    Publish = Callable[[Mapping[Any, Any], Any], S]
else:

    class Generic:
        """``Listing[State]`` at run time, without importing ``typing``."""

        __class_getitem__ = classmethod(type(list[int]))

    S = object


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
    held = _held(sys.path_importer_cache[path], wanted - absent[1])
    absent[1].update(wanted.difference(held))
    _ABSENT[path] = absent
    if known is None:
        return None if held else [0, 0, 0, [], []]
    return known if known[3] == sorted(held) else None


def _held(finder: "Any", wanted: "set[str]") -> "set[str]":
    """The modules that the finder of a folder finds, of some."""
    if finder is None or not wanted:
        return wanted - wanted
    finder.find_spec("")  # it lists its folder, or lists it anew
    listed, loaders = getattr(finder, "_path_cache", None), getattr(finder, "_loaders", None)
    if listed is not None and loaders is not None:  # for a module it puts six paths together
        ends = ["", *[end for end, _ in loaders]]
        wanted = {each for each in wanted for end in ends if each + end in listed}
    return {each for each in wanted if finder.find_spec(each)}


def _list_all(path: str, known: "Any", wanted: "set[str]", minds_metadata: bool) -> "Any":
    """The same, with the metadata of distributions."""
    from .modules import look_into

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
        packages: The package (or module) that is searched for plugins; several, or patterns.
        files: Gives further files that count.
        created_ns: When the registry was declared, in nanoseconds since the epoch.
    """

    def __init__(
        self,
        packages: "str | Collection[str]",
        files: "Callable[[], Iterable[str]]",
        created_ns: int,
    ) -> None:
        super().__init__("edited", self._edited_before)
        self.packages = packages
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


def published_modules(import_path: ImportPath) -> "set[str]":
    """The modules that the entry points name which a file was checked with, or a scan found."""
    return {module_of(value) for _, value, *_ in import_path.installed["points"]}


#: Held to publish, never while importing.
_LOCK = RLock()


def _renew_lock() -> None:
    """In a forked child: a thread that held the lock does not go on here."""
    global _LOCK
    _LOCK = RLock()


call_in_forked_child(_renew_lock)


class Adapter(Generic[S]):
    """What one kind of registry tells its ``Listing``; a sub-class says what differs.

    As it stands, items are globals of modules (``accept`` says which), found by importing them
    all; their state is what ``combined`` makes of the records. A kind of registry whose items
    register themselves overrides ``discover`` and what makes the state.

    Args:
        name: What the registry is called in messages, and in the name of its cache file.
        package: The package that is searched.
        more: Further packages, which are searched after it. All may be patterns: ``"ext.*"``.

    Attributes:
        packages: All of them; empty where there is none.
        cache_config: How the cache file ages, and where it lies; ``None`` for the defaults.
        application: The top-level package that owns the items.
        created_ns: When the registry was declared, in nanoseconds since the epoch.
    """

    cache_config: "CacheConfig | None" = None
    #: Group of entry points by which installed distributions add items; empty for none.
    entry_points = ""
    #: Patterns of modules that are left out, as ``excluded_as`` has them.
    exclude: "tuple[str, ...]" = ()
    #: Endings of the files of the package that count.
    suffixes: "tuple[str, ...]" = PYTHON_SUFFIXES
    #: Whether these are watched one by one (``"files"``), or what installed them and the folders.
    watch = "files"
    #: What the answer is declared to depend on.
    depends_on: "Collection[Dependency]" = ()
    #: Whether a missing key may start a discovery.
    may_rediscover = True
    #: Modules that may wait for other threads while they are imported.
    light_modules: "tuple[str, ...]" = ()

    def __init__(self, name: str, package: str, more: "Iterable[str]" = ()) -> None:
        self.name = name
        self.package = package
        self.packages = tuple(dict.fromkeys(filter(None, (package, *more))))
        self.searched = ", ".join(self.packages)  # for messages and settings
        self._contains = containing(self.packages)
        self._has_patterns = not {*"*?["}.isdisjoint(self.searched)
        self.application = package.partition(".")[0]
        self.created_ns = time_ns()
        self._state: S | None = None
        self._answer: Answer = {}, None

    # What the registry is, and what its answer depends on.

    def cache_name(self) -> str:
        """What tells the registry's cache from that of every other registry.

        By default the name, the packages and the class of the adapter.
        """
        return f"{self.name} of {self.searched} by {name_of(type(self))}"

    def is_enabled(self) -> bool:
        """Whether there is to be a cache."""
        return True

    def anonymous_part(self) -> str:
        """What has no lasting text, so that there can be no cache; empty if all has."""
        return ""

    def version(self) -> str:
        """The version that the answer belongs to, beside those of its inputs.

        By default ``__version__`` of the application, if it is imported; no code is run for it.
        """
        root = sys.modules.get(self.application)
        return str(vars(root).get("__version__", "")) if root else ""

    def settings(self) -> "dict[str, Any]":
        """The registry's own set-up, as JSON values.

        To be extended by a sub-class with all that ``accept`` looks at.
        """
        return {
            "package": self.searched,
            "entry_points": self.entry_points,
            "exclude": list(self.exclude),
        }

    def parts(self) -> "list[Any]":
        """Classes and functions that decide beside the package; by default the class of this."""
        return [type(self)]

    def source_files(self) -> "list[str]":
        """Files of the modules that define these, and the bases of classes."""
        modules = source_modules(self.parts())
        foreign = [each for each in modules if not each.startswith("regcache_core.")]
        return sorted({*filter(None, map(file_of, foreign))})

    def places(self) -> "list[str]":
        """The folders of the packages, or the files of plain modules; nothing is imported.

        Raises:
            ModuleNotFoundError: There is no such package.
        """
        return [place for places in self.placed().values() for place in places]

    def placed(self) -> "dict[str, list[str]]":
        """The same by package, with those that patterns mean now."""
        if not self._has_patterns:
            return {each: find_sources(each) for each in self.packages}
        from .packages import expand

        return expand(self.packages, anew=True)

    def inputs(self) -> "list[Input]":
        """What the answer depends on beside that: sources.

        Those of the package, unless its distribution is watched, and of what decides.

        Raises:
            Exception: There is no such package; as ``places`` has it.
        """
        if self._has_patterns:
            from .meant import inputs_of

            return inputs_of(self)
        places, files = self.places(), self.source_files()
        if self.watch == "files":
            return [SourceTree([*places, *files], self.suffixes)]
        from .owners import InstalledTree, Owners

        placed = self.placed()
        return [SourceTree(files), InstalledTree(placed, self.suffixes), Owners(placed)]

    def edited(self) -> EditedModules:
        """Whether modules hold what their files say."""
        return EditedModules(self.packages, self.source_files, self.created_ns)

    def contains(self, module: str) -> bool:
        """Whether a module lies in a package: no other may be imported for a cache file."""
        return self._contains(module)

    def lookup_errors(self) -> "tuple[type[Exception], ...]":
        """What a lookup raises where a key is missing, or its item fails."""
        return (KeyError,)

    # What a cache file holds.

    def make_check(self, import_path: ImportPath) -> "Callable[[Any], Any]":
        """A function that gives back a record, and raises for one that is none of ours.

        Args:
            import_path: Knows the entry points, which may lead out of the package.
        """

        def check(record: "Any") -> "Any":
            module, attribute = record["module"], record["attribute"]
            if module.__class__ is not str or attribute.__class__ is not str:
                raise TypeError(f"{record!r} names no place")
            # Most lie in the package: a warm start checks each record.
            if not self.contains(module) and module not in published_modules(import_path):
                raise ValueError(f"{module} lies outside of {self.searched}")
            if not is_plain_name(module) or not is_plain_name(attribute):
                raise ValueError(f"{module}.{attribute} is no name to be loaded")
            return record

        return check

    def read_extra(
        self,
        extra: "dict[str, Any]",
        records: "Mapping[Any, Any]",
        decode: "Callable[[str], Any]",
    ) -> "Any":
        """What a file has beside the records, as it is kept.

        Args:
            extra: What lies there.
            records: The records.
            decode: Makes a key of its text.

        Raises:
            CacheMiss: It is nothing that we write.
        """
        failures: Any = extra.get("failures")
        texts = [*failures.values()] if failures.__class__ is dict else [None]
        if any([each.__class__, *map(type, each or ())] != [list, str, str] for each in texts):
            raise CacheMiss("WRONG_SHAPE", "extra")
        return extra

    # The state.

    def state(self) -> "S | None":
        """The state, if there is one."""
        return self._state

    def so_far(self) -> S:
        """What is there for a reader in the middle of a discovery."""
        return self.combined({})

    def combined(self, records: "Mapping[Any, Any]") -> S:
        """A state that is not published, of what was found and what is there."""
        raise NotImplementedError

    def publish(self, records: "Mapping[Any, Any]", beside: "Any") -> S:
        """Make the state, unless another thread has; gives the one that is published."""
        with _LOCK:
            state = self._state
            return self.publish_anew(records, beside) if state is None else state

    def publish_anew(self, records: "Mapping[Any, Any]", beside: "Any") -> S:
        """Make the state anew."""
        with _LOCK:
            self._answer, self._state = (records, beside), self.combined(records)
            return self._state

    def take_over(self) -> "Publish[S]":
        """A function that makes the state anew, with what is loaded left as it is."""
        return self.publish_anew

    def answer(self) -> "Answer":
        """What the state was made from."""
        return self._answer

    def drop_moved(self, records: "Mapping[Any, Any]") -> None:
        """Forget what is loaded from modules that are not there any more."""

    # Discovery.

    def accept(self, name: str, value: "Any") -> "tuple[Hashable, dict[str, Any]] | None":
        """Whether a global of a module is an item.

        Args:
            name: What it is called there, or by an entry point.
            value: The global.

        Returns:
            Its key, and JSON values that are stored with it; ``None`` if it is none. What is found
            in several places is one item if it is one object.

        Raises:
            Exception: The global costs only itself; ``failures`` has it by its place.
        """
        raise NotImplementedError

    def is_used(self) -> bool:
        """Whether a module that looks may see what it would not see in a fresh process."""
        return False

    def discover(self, cache: "Cache") -> "Discovered":
        """Import the items and describe them.

        Raises:
            DuplicateItemError: Two items have the same key.
        """
        from ._cold.items import discover_items

        return discover_items(self, cache)

    def warn(self, found: "Discovered") -> None:
        """Tell of what failed in a discovery."""
        from ..errors import CacheWarning

        found.warn_of_failures(CacheWarning)


class Cache:
    """The cache of one load or one discovery, and the inputs that a discovery fills.

    Args:
        adapter: What the registry tells of itself.

    Attributes:
        manager: The cache manager.
        import_path: The modules that are missing, and those from elsewhere.
        elsewhere: Files outside of the package that turn out to matter.
        declared: What is declared, by the registry and by its plugins.
    """

    def __init__(self, adapter: "Adapter[Any]") -> None:
        self.declared = Declared(adapter.depends_on, adapter.created_ns)
        self.import_path = ImportPath(adapter.application, entry_points=adapter.entry_points)
        self.elsewhere = FoundFiles("elsewhere", adapter.created_ns)
        check = adapter.make_check(self.import_path)
        version = adapter.version()  # once: a discovery may import what says it

        def version_getter() -> str:
            return version

        version_getter.__qualname__ = f"{type(adapter).__qualname__}.version"  # for messages
        self.manager: RegistryCacheManager[Any, Any] = RegistryCacheManager(
            adapter.cache_name(),
            version_getter,
            check,
            check,
            adapter.cache_config,
            inputs=[
                Input("settings", adapter.settings, "SETTINGS_CHANGED"),
                *adapter.inputs(),
                self.elsewhere,
                self.import_path,
                self.declared,
                adapter.edited(),
            ],
            application=adapter.application,
        )


class Listing(Generic[S]):
    """The answer of one registry in this process.

    Made on first use: until then a registry needs nothing of this.

    Args:
        adapter: What the registry tells of itself.

    Attributes:
        report: What the cache did, and why; ``None`` before the first use.
        is_read: Whether a plugin has looked at the registry since the last discovery began.
    """

    _running: "Running | None" = None  # there from the first discovery on
    _backoff: "Backoff | None" = None  # there from the first missing key on

    def __init__(self, adapter: "Adapter[S]") -> None:
        self.adapter = adapter
        self.report: Report | None = None
        self.is_read = False

    @property
    def is_discovering(self) -> bool:
        """Whether this thread is in the middle of a discovery."""
        return self._running is not None and self._running.here

    @property
    def is_discovered(self) -> bool:
        """Whether any thread is in the middle of a discovery."""
        return self._running is not None and self._running.anywhere

    @property
    def is_importing(self) -> bool:
        """Whether this thread executes a plugin module: then it gets to see what is there so far.

        To wait for other modules, or to import them from here, could deadlock or recurse.
        """
        from .modules import modules_in_execution

        light = self.adapter.light_modules
        executing = modules_in_execution(self.adapter.contains)
        return any(module not in light for module in executing)

    def running(self) -> "Running":
        """Which threads discover, or import plugins in their order: one for all of them."""
        from ._cold.threads import Running

        running: Running = vars(self).setdefault("_running", Running())
        return running

    def open(self) -> S:
        """The state: from the cache file, else by discovery.

        Raises:
            RegcacheError: The discovery failed.
        """
        adapter = self.adapter
        if self.is_discovering:
            self.is_read = True
            return adapter.so_far()
        cache = self._new_cache()
        is_cached = self._is_cached()
        state = self._open_cached(cache) if is_cached else None
        if state is not None:
            return state
        # Another thread may wait for the module that we are executing: see what is there so far.
        if self.is_discovered and self.is_importing:
            return adapter.so_far()
        from ._cold.discovering import discover

        if not is_cached:
            return discover(self, cache, adapter.publish)
        return cache.manager.build_in_turn(
            lambda: self._open_cached(cache), lambda: discover(self, cache, adapter.publish)
        )

    def open_cached(self, *, read_only: bool = False) -> "S | None":
        """The state from the cache file, if that can be believed; nothing is discovered.

        Args:
            read_only: Leave the file as it is.
        """
        if not self._is_cached():
            return None
        cache = self._new_cache()
        cache.manager.read_only = read_only
        return self._open_cached(cache)

    def refresh(self, *miss: str) -> None:
        """Discover now, whatever the cache says, and write the cache anew.

        Args:
            miss: Name of a ``Reason`` and a place, where the answer was found to be wrong; none if
                somebody asked for it.

        Raises:
            RegcacheError: The discovery failed.
        """
        from ._cold.discovering import refresh

        refresh(self, *miss)

    def refute(self, where: str) -> None:
        """The answer is wrong about a place: discover, unless plugins are being imported."""
        if not self.is_discovering and not self.is_importing:
            self.refresh("ITEM_REFUSED", where)

    def recheck(self) -> bool:
        """Look again, for a key that is not known, unless that was done a moment ago.

        Returns:
            Whether the answer is another one now.

        Raises:
            RegcacheError: The discovery failed.
        """
        if self.is_discovered:
            return False
        from ._cold.discovering import recheck

        return recheck(self)

    def revalidate(self) -> bool:
        """Check the inputs of the answer again; where they changed, take over the new answer.

        What another process wrote to the cache file is taken over as it is; where the file does not
        hold any more, or there is none, the plugins are discovered.

        Returns:
            Whether the answer is another one now.

        Raises:
            RegcacheError: The discovery failed.
        """
        from ._cold.discovering import revalidate

        return revalidate(self)

    def load(
        self, module: str, find: "Callable[[], T]", failed: "Callable[[], Exception]"
    ) -> "T | None":
        """Import one plugin, whose module another thread may be importing.

        Args:
            module: The module of the plugin.
            find: Imports it, and gives what is wanted of it.
            failed: Makes what is raised if that fails.

        Returns:
            What ``find`` gives; ``None`` if the module fails when it is imported by itself, for
            want of others.

        Raises:
            ImportStalledError: Another thread executes the module, and does not go on.
            Exception: What ``failed`` gives.
        """
        from .modules import is_initializing

        try:
            if is_initializing(module):
                from ._cold.threads import await_module

                await_module(module)
            return find()
        except Exception as error:  # plugin code may raise anything
            from ..errors import ImportStalledError
            from ._cold.importing import is_out_of_turn

            if isinstance(error, ImportStalledError):
                raise
            if is_out_of_turn(error, module, self.adapter.lookup_errors()):
                return None
            raise failed() from error

    def may_import(self, module: str, attribute: "str | None" = None) -> bool:
        """Whether a module lies in the package, or an entry point names it.

        A file may say what it likes.

        Args:
            module: Name of the module.
            attribute: What the entry point must name in it; ``None`` for anything.
        """
        if attribute is None and self.adapter.contains(module):
            return True
        group = self.adapter.entry_points
        if not group:
            return False
        from .installed import is_entry_point

        return is_entry_point(group, module, attribute)

    def verify(
        self,
        show: "Callable[[Mapping[Any, Any], Any], dict[str, Any]]",
        find: "Callable[[], dict[str, Any]]",
        open_cached: "Callable[[], dict[str, Any] | None] | None" = None,
    ) -> "Verification":
        """Compare what the cache file says now with what a fresh process discovers.

        Neither this listing nor the cache file is changed.

        Args:
            show: Gives what is compared of an answer: JSON values by ``items`` and ``extra``.
            find: Called in the other process, where it discovers; gives such a mapping. Pickled by
                reference.
            open_cached: Called in a third process, where it opens the registry from the cache
                file; what it gives is compared instead. Pickled by reference.

        Raises:
            ConfigError: Another process could not open the registry (a ``ValueError``).
            VerificationError: The discovery failed (a ``RuntimeError``).
        """
        from ._cold.discovering import verify

        return verify(self, show, find, open_cached)

    def _new_cache(self) -> Cache:
        return Cache(self.adapter)

    def _is_cached(self) -> bool:
        """Whether there is a cache, and a name that tells the registry from all others."""
        if not self.adapter.is_enabled():
            return False
        anonymous = self.adapter.anonymous_part()
        if anonymous:
            self.report = refused(CacheMiss("NOT_IDENTIFIED", anonymous), None)
        return not anonymous

    def _open_cached(self, cache: Cache) -> "S | None":
        """The state that the cache file gives; ``None`` if it cannot be believed."""
        cached = self._load_cached(cache)
        state = self.adapter.state()
        if cached is None or state is not None:  # another thread was first
            return state
        self.report = cache.manager.last_report
        return self.adapter.publish(*cached)

    def _load_cached(self, cache: Cache) -> "Answer | None":
        """The answer in the cache file; ``None`` if there is none that can be believed."""
        manager = cache.manager
        records = manager.load_cache()
        if records is None:
            return None
        try:
            return records, self.adapter.read_extra(manager.extra, records, manager.decode_key)
        except CacheMiss as miss:
            manager.refuse_load(miss.name, miss.where)
            return None

"""What one registry lists in this process: ``Listing``, the state machine of every adapter.

Open (from the cache file, else by discovery, one thread and one process at a time), publish whole,
look again where a key is missing, refresh, import one plugin. The state is kept here, discovering
is in ``_cold.discovering``; what differs from one kind of registry to another says an ``Adapter``.
"""

import sys
from _thread import RLock
from time import time_ns

from .._inputs import PYTHON_SUFFIXES, Declared, FoundFiles, Input, SourceTree
from .._manager import RegistryCacheManager
from .._modules import (
    call_in_forked_child,
    file_of,
    find_sources,
    is_initializing,
    is_plain_name,
    modules_in_execution,
    name_of,
    source_modules,
)
from .._report import CacheMiss, refused
from .inputs import EditedModules, ImportPath, published_modules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Mapping
    from typing import Any, Generic, TypeVar

    from .._cold.verify import Verification
    from .._manager import CacheConfig
    from .._report import Report
    from ..depends import Dependency
    from ._cold.backoff import Backoff
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

    Attributes:
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

    def __init__(self, name: str, package: str) -> None:
        self.name = name
        self.package = package
        self.application = package.partition(".")[0]
        self.created_ns = time_ns()
        self._state: S | None = None
        self._answer: Answer = {}, None

    # What the registry is, and what its answer depends on.

    def cache_name(self) -> str:
        """What tells the registry's cache from that of every other registry.

        By default the name, the package and the class of the adapter.
        """
        return f"{self.name} of {self.package} by {name_of(type(self))}"

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
            "package": self.package,
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
        """The folders of the package, or the file of a plain module; nothing is imported.

        Raises:
            ModuleNotFoundError: There is no such package.
        """
        return find_sources(self.package)

    def inputs(self) -> "list[Input]":
        """What the answer depends on beside that: sources.

        Those of the package, unless its distribution is watched, and of what decides.

        Raises:
            Exception: There is no such package; as ``places`` has it.
        """
        places, files = self.places(), self.source_files()
        if self.watch == "files":
            return [SourceTree([*places, *files], self.suffixes)]
        from .inputs import InstalledTree, Owners

        installed = InstalledTree(self.package, places, self.suffixes)
        return [SourceTree(files), installed, Owners(self.package, places)]

    def edited(self) -> EditedModules:
        """Whether modules hold what their files say."""
        return EditedModules(self.package, self.source_files, self.created_ns)

    def contains(self, module: str) -> bool:
        """Whether a module lies in the package: no other may be imported for a cache file."""
        return f"{module}.".startswith(f"{self.package}.")

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
                raise ValueError(f"{module} lies outside of {self.package}")
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

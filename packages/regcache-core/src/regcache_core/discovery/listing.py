"""What one registry lists in this process: ``Listing``, the state machine of every adapter.

Open (from the cache file, else by discovery, one thread and one process at a time), publish whole,
look again where a key is missing, refresh, import one plugin. What differs from one kind of
registry to another is what an ``Adapter`` says.
"""

from time import perf_counter_ns

from .._inputs import Declared, Input
from .._manager import RegistryCacheManager
from .._modules import is_initializing, modules_in_execution
from .._report import CacheMiss
from .inputs import FoundFiles, ImportPath, is_entry_point

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Generic, TypeVar

    from .._cold.verify import Verification
    from .._report import Report
    from ._cold.adapter import Adapter
    from ._cold.backoff import Backoff
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
        self.manager: RegistryCacheManager[Any, Any] = RegistryCacheManager(
            adapter.cache_name(),
            lambda: version,
            check,
            check,
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
        cache = Cache(adapter)
        is_cached = self._is_cached()
        state = self._open_cached(cache) if is_cached else None
        if state is not None:
            return state
        # Another thread may wait for the module that we are executing: see what is there so far.
        if self.is_discovered and self.is_importing:
            return adapter.so_far()
        if not is_cached:
            return self._discover(cache, adapter.publish)
        return cache.manager.build_in_turn(
            lambda: self._open_cached(cache), lambda: self._discover(cache, adapter.publish)
        )

    def open_cached(self, *, read_only: bool = False) -> "S | None":
        """The state from the cache file, if that can be believed; nothing is discovered.

        Args:
            read_only: Leave the file as it is.
        """
        if not self._is_cached():
            return None
        cache = Cache(self.adapter)
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
        from ._cold.importing import forget_searches

        forget_searches()
        cache = Cache(self.adapter)
        cache.manager.refuse_load(*miss) if miss else cache.manager.begin_scan()
        self._discover(cache, self.adapter.publish_anew)
        if self._backoff is not None:
            self._backoff.reset()

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
        if self._backoff is None:
            from ._cold.backoff import Backoff

            self._backoff = Backoff()
        # A module of the package that asks while it is being imported gets what is there so far.
        executing = modules_in_execution(self.adapter.contains)
        if not self._backoff.is_due or any(True for _ in executing):
            return False
        return self._backoff.run(self.revalidate)

    def revalidate(self) -> bool:
        """Check the inputs of the answer again; where they changed, take over the new answer.

        What another process wrote to the cache file is taken over as it is; where the file does not
        hold any more, or there is none, the plugins are discovered.

        Returns:
            Whether the answer is another one now.

        Raises:
            RegcacheError: The discovery failed.
        """
        from ._cold.importing import forget_searches

        forget_searches()
        adapter = self.adapter
        take_over, before = adapter.take_over(), self._in_order()
        cache = Cache(adapter)
        cached = self._load_cached(cache) if self._is_cached() else None
        if cached is None:
            if adapter.may_rediscover:
                self._discover(cache, take_over)
        elif ([*cached[0].items()], cached[1]) != before:
            adapter.drop_moved(cached[0])
            take_over(*cached)
            self.report = cache.manager.last_report
        return self._in_order() != before

    def _in_order(self) -> "tuple[list[Any], Any]":
        records, beside = self.adapter.answer()
        return [*records.items()], beside

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
        return is_entry_point(self.adapter.entry_points, module, attribute)

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
        from .._cold.verify import verify_answer

        def load() -> "tuple[Report, dict[str, Any] | None]":
            if self.adapter.anonymous_part() or not self.adapter.enable_cache:
                from .._report import Report

                return Report("disabled"), None
            cache = Cache(self.adapter)
            cache.manager.read_only = True
            cached = self._load_cached(cache)
            report: Any = cache.manager.last_report
            return report, None if cached is None else show(*cached)

        return verify_answer(self.adapter.name, load, find, cached_task=open_cached)

    def _is_cached(self) -> bool:
        """Whether there is a cache, and a name that tells the registry from all others."""
        if not self.adapter.enable_cache:
            return False
        anonymous = self.adapter.anonymous_part()
        if anonymous:
            from .._cold.reasons import Reason
            from .._report import Report

            self.report = Report("disabled")
            self.report.reason, self.report.where = Reason.NOT_IDENTIFIED, anonymous
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
            manager.refuse_load(miss.reason.name, miss.where)
            return None

    def _discover(self, cache: Cache, publish: "Publish[S]") -> S:
        from ..errors import ImportStalledError, SeenByPluginsError
        from ._cold.threads import await_turn, warn_of_stall

        adapter, running = self.adapter, self.running()
        is_first = publish == adapter.publish
        start = perf_counter_ns()
        try:
            with running:
                await_turn(running, lambda: is_first and adapter.state() is not None)
                state = adapter.state()
                if is_first and state is not None:
                    return state  # another thread was first
                is_used, self.is_read = adapter.is_used(), False
                found = adapter.discover(cache)
                if is_used and self.is_read:
                    found.transient = found.transient or SeenByPluginsError(adapter.name)
                running.finish()
                if found.unfinished:  # read while the package is being imported: nothing is final
                    return adapter.combined(found.records)
                is_cached = self._is_cached()
                report: Any = cache.manager.last_report
                if is_cached:
                    self.report = report
                state = publish(found.records, found.beside)
        except ImportStalledError as error:
            warn_of_stall(error)
            return adapter.so_far()
        if is_cached:
            report.build_ns = perf_counter_ns() - start
            cache.manager.save_built(found.records, report, found.extra, found.transient)
        adapter.warn(found)
        return state

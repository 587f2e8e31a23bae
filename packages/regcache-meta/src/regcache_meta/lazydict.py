"""Registries of classes as dictionaries: ``LazyDiscoveryDict`` and ``SecondaryRegistryDict``.

How a class is registered and loaded. Where keys come from (the cache file, else discovery) is the
business of core's ``Listing``, the protocol of dict is in ``mapping``, importing and describing
plugins in ``_cold.discovery``.
"""

import sys

from regcache_core import discovery
from regcache_core.discovery import NOT_OF_A_LIBRARY, file_of, name_of

from .config import FLAG, NOWHERE, Rival, check, is_flag, is_local, lock
from .mapping import LazyDict

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
    from typing import Any, Literal

    from typing_extensions import TypeVar

    from regcache_core import Dependency, Report, Verification
    from regcache_core.discovery import Listing, Questions, Subject

    from .config import Scope, SecondaryRegistry
    from .facts import PluginFailure, PluginInfo
    from .installed import Installed
    from .mapping import Record, State

    K = TypeVar("K")
    V = TypeVar("V")
    B = TypeVar("B", default=Any)  # for a base class that is given as text
    #: Module that failed -> error; secondary registry -> its key -> record; registry (the primary
    #: one has no name) -> its contested keys; what was left out -> why.
    Beside = tuple[
        dict[str, list[str]], dict[str, dict[Any, Record]], dict[str, set[Any]], dict[str, str]
    ]
    #: Key -> record, and what lies beside.
    Answer = tuple[Mapping[Any, Any], Beside]
else:
    K = V = object  # for the base classes below; parameters are never looked at here


class _Asked:
    """A method of core's ``Questions``, or of another class, imported when somebody asks."""

    def __init__(self, *place: str) -> None:
        self._place = place or ("regcache_core.discovery", "Questions")

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: "Any", owner: type) -> "Any":
        module, name = self._place
        __import__(module)
        return vars(getattr(sys.modules[module], name))[self._name].__get__(instance, owner)


if TYPE_CHECKING:

    class _Dict(Installed, Questions[K, V, PluginInfo], LazyDict[K, V]): ...
else:
    _Dict = LazyDict

#: What ``RegistryConfig`` calls an argument of ``for_package``.
_ARGUMENTS = {
    "registry_name": "name",
    "discovery_package": "package",
    "discovery_recursive": "recursive",
    "discovery_entry_points": "entry_points",
}


class LazyDiscoveryDict(_Dict[K, V]):
    """Plugin classes by key: listed from a cache, imported one at a time, never stale.

    The registry of a base class (see ``AutoRegisterMeta``), of any package (``for_package``), or of
    what installed distributions name (``for_entry_points``).
    Keys, ``len``, ``in``, ``repr``, ``info``, ``list``, ``query`` and ``search`` import no plugin;
    ``registry[key]`` imports one module, and takes aliases too, as ``in``, ``get`` and ``info`` do.
    The first use reads the cache file; if that cannot be believed, the plugins are
    discovered by importing them, and the file is written anew.

    Args:
        enable_cache: Whether a cache file is used; without it every process discovers.

    Raises:
        ConfigError: It is neither ``True`` nor ``False`` (a ``ValueError``).

    >>> from pygments.lexer import Lexer
    >>> lexers = LazyDiscoveryDict.for_package("pygments.lexers", Lexer)
    >>> "PythonLexer" in lexers
    True
    >>> lexers.info("PythonLexer").module
    'pygments.lexers.python'
    """

    _called = ""  # a secondary registry has a name
    _listing: "Listing[State[K, V]] | None" = None  # there from the first use on

    if not TYPE_CHECKING:  # pragma: no branch - it is False whenever this runs
        for_entry_points = _Asked("regcache_meta.installed", "Installed")
        list, query, search = _Asked(), _Asked(), _Asked()
        to_json, to_dataframe, _repr_html_ = _Asked(), _Asked(), _Asked()

    def __init__(self, enable_cache: bool = True) -> None:
        check("enable_cache", enable_cache, is_flag(enable_cache), FLAG)
        super().__init__()
        self.enable_cache = enable_cache
        self._scope: Scope | None = None
        self._bringers: dict[K, list[str]] = {}  # plugin modules that import a class from elsewhere
        self._is_replaying = False
        self._beside: Beside = {}, {}, {}, {}
        self._aliases: tuple[Any, dict[str, list[K]]] = None, {}  # of these records
        self._keyless: dict[str, str] = {}  # class without a key -> why it has none
        self._dependents: list[SecondaryRegistryDict[Any, Any]] = []
        self._primary = self

    @classmethod
    def for_package(
        cls,
        package: str,
        base: "Callable[..., B] | str",  # a class; ``type[B]`` would refuse abstract ones
        *,
        key: "str | Callable[[str, type], Hashable | None] | None" = None,
        include: "Callable[[type[B]], bool] | str | None" = None,
        recursive: "bool | None" = None,
        strict: bool = False,
        facts: "Iterable[str]" = (),
        depends_on: "Collection[Dependency]" = (),
        name: "str | None" = None,
        entry_points: "str | None" = None,
        exclude: "Iterable[str]" = NOT_OF_A_LIBRARY,
        watch: "Literal['files', 'distribution']" = "files",
        on_duplicate: "Literal['error', 'first', 'last', 'qualify']" = "error",
        enable_cache: bool = True,
        max_age_days: "float | None" = 7,
        cache_dir: "str | os.PathLike[str] | None" = None,
        packages: "Iterable[str]" = (),
    ) -> "LazyDiscoveryDict[Any, type[B]]":
        """A registry of the sub-classes of ``base`` in a package that knows nothing of us.

        Args:
            package: Name of the package; it need not be imported yet.
            base: The class that plugins derive from; it is not listed itself. As text,
                ``"module:qualname"``, it is imported for a discovery, or with a plugin.
            key: Class attribute that holds the key, or a function of ``(class name, class)``, also
                as text with a colon; by default the class's name. Classes for which it gives
                ``None`` are skipped.
            include: Which classes count, a function or its place as text; by default all that a
                module defines.
            recursive: Whether sub-packages are searched; by default if there are any.
            strict: Raise if a module fails to import.
            facts: Names of class attributes to be stored, see ``info``.
            depends_on: What decides beside the sources which classes there are: ``File``,
                ``EnvironmentVariable`` and ``Distribution`` objects of regcache_core.
            name: What the registry is called in messages and in its cache file's name.
            entry_points: Group of entry points by which installed distributions add classes; each
                names a class or a module.
            exclude: Patterns of modules that are not imported, which stand in ``skipped``:
                ``"tests"`` fits each part of that name below the package, ``"old.*"`` what lies in
                any ``old``; by default what is no part of a library.
            watch: What tells that the package has changed: its ``"files"``, one by one; or its
                ``"distribution"``: the metadata of what installed it, and its folders. That is less
                to look at, and does not see a file that somebody edits by hand.
            on_duplicate: What becomes of a key that several classes have: looking it up is an
                ``"error"``, or the ``"first"`` or ``"last"`` of the walk has it, or each class is
                listed under its place (``"qualify"``: ``"fast.HTTP"``).
            enable_cache: Whether a cache file is used.
            max_age_days: Age in days after which the cache file is stale; ``None`` means for ever.
            cache_dir: Folder for the cache file, as ``CacheConfig`` of regcache_core has it.
            packages: Further packages, searched after that one. All may be patterns: ``"ext.*"``
                means each package and module directly in ``ext``, whoever installed it.

        Raises:
            ConfigError: An argument is of the wrong kind (a ``ValueError``); on first use, if the
                distribution of what none has installed is to be watched.
            DiscoveryError: On first use: there is no such package, what is given as text cannot be
                imported (if it is of the wrong kind, a ConfigError), or a module failed (strict).
            DuplicateKeyError: On a lookup of a key that two classes have; on first use (strict).
        """
        from .config import (
            RegistryConfig,
            Scope,
            as_given,
            check_exclude,
            extract_key_from_class_name,
            is_name,
        )

        is_package = isinstance(package, str) and package != ""
        check("package", package, is_package, "the name of a package, in full")
        plugin_base: Any = as_given("base", base, package, "a class")
        is_class = plugin_base is not base or isinstance(base, type)
        check("base", base, is_class, "a class")
        if not is_name(key):
            key = as_given("key", key, package, "the name of a class attribute, or a function")
        is_key = key is None or isinstance(key, str) or callable(key)
        check("key", key, is_key, "the name of a class attribute, or a function")
        include = as_given("include", include, package, "a function of a class")
        check("include", include, include is None or callable(include), "a function of a class")
        check("watch", watch, watch in ("files", "distribution"), "'files' or 'distribution'")
        registry: Any = cls(enable_cache)
        derived = f"{package} by {name_of(key) or 'class name'}"
        try:
            config = RegistryConfig(
                registry,
                key if isinstance(key, str) else "",
                None if isinstance(key, str) else key or extract_key_from_class_name,
                skip_if_no_key=True,
                registry_name=derived if name is None else name,
                discovery_package=package,
                discovery_recursive=recursive,
                strict=strict,
                facts=facts,
                depends_on=depends_on,
                discovery_entry_points=entry_points,
                on_duplicate=on_duplicate,
                exclude=exclude,
                max_age_days=max_age_days,
                cache_dir=cache_dir,
                packages=packages,
            )
        except ValueError as error:
            from .declarations import respelt

            raise respelt(error, _ARGUMENTS) from None
        exclude = () if config.exclude == NOT_OF_A_LIBRARY else config.exclude
        check_exclude(exclude, (package, *config.packages))
        registry._scope = Scope(plugin_base, config, package, True, include, watch)  # type: ignore[arg-type]
        return registry  # type: ignore[no-any-return]

    def bind(self, scope: "Scope") -> None:
        """Make this the registry of a base class; declaring the class calls it.

        Raises:
            ValueError: It is the registry of another base class already.
        """
        if self._scope is not None:
            from .classes import name_class, same_declaration

            if not same_declaration(self._scope.base, scope.base):
                raise ValueError(
                    f"{name_class(scope.base)} declares a registry that belongs to "
                    f"{name_class(self._scope.base)}; give each base class a LazyDiscoveryDict."
                )
        self._scope, self._state = scope, None
        vars(self).pop("_listing", None)
        for dependent in self._dependents:
            dependent._state = None

    @property
    def report(self) -> "Report | None":
        """What the cache did on first use, and why; ``None`` before, or without a cache."""
        return self._listing.report if self._listing is not None else None

    @property
    def _failures(self) -> "dict[str, list[str]]":
        """Modules that are known to fail: what they do before that does not count."""
        return self._beside[0]

    @property
    def failures(self) -> "dict[str, PluginFailure]":
        """Modules of the package that failed to import: name -> error. Imports nothing.

        Also classes that do not have the key which they claim, as ``module:qualname``.
        """
        from .facts import PluginFailure

        self._opened()
        return {name: PluginFailure(name, *texts) for name, texts in self._failures.items()}

    @property
    def skipped(self) -> "dict[str, str]":
        """What discovery left out -> why: modules, and ``module:Class`` without a key."""
        self._opened()
        return {**self._beside[3]}

    def info(self, key: K) -> "PluginInfo":
        """Stored facts about one plugin: module, names, file, docstring's first line, facts.

        Imports nothing.

        Args:
            key: Its key, or an alias.

        Raises:
            UnknownKeyError: There is no such key (a ``KeyError``).
            DuplicateKeyError: Several classes have it (a ``ValueError``).
        """
        from .facts import PluginInfo

        key, state = self._sought(key)
        self._check_clash(key, state[0][key])
        return PluginInfo(key, self._described(key, state), self.__getitem__)

    def _described(self, key: K, state: "State[K, V]") -> "Record":
        """The record of a key, made for what has registered itself."""
        record = state[0][key]
        if record is None:
            from ._cold.discovery import describe

            record = describe(state[1][key], self._scope.config.facts if self._scope else ())
        return record

    def _subject(self) -> "Subject[K, PluginInfo]":
        from .facts import subject_of

        return subject_of(self)

    def _named(self, alias: "Any") -> "list[K]":
        if not isinstance(alias, str) or alias in self._opened()[0]:
            return []
        from .classes import named

        return named(self, alias)

    def __contains__(self, key: "Any") -> bool:
        keys = [key] if self._has(key) else self._named(key)
        return len(keys) == 1 and self._has(keys[0])

    def discover(self) -> None:
        """Find the keys now instead of on first use: by the cache file, else by discovery.

        Raises:
            DiscoveryError: The package is missing, or a module failed in strict mode.
            DuplicateKeyError: Two classes have the same key.
        """
        self._opened()

    _discover = discover  # programs that were written for metaclass-registry call it so

    def registered(self) -> "dict[K, V]":
        """The classes that are imported so far, by key; finds no others, and reads no cache file.

        ``dict.values(registry)`` gives the same ones.
        """
        with lock():
            return {**(self._state or self._so_far())[1]}

    def refresh(self) -> None:
        """Discover now, whatever the cache says, and write the cache anew.

        Finds plugins that were added while the process runs. Modules that are imported already
        stay as they are, as everywhere in Python.

        Raises:
            DiscoveryError: The package is missing, or a module failed in strict mode.
            DuplicateKeyError: Two classes have the same key (strict).
        """
        listing = self._listed_by()
        if listing is not None:
            listing.refresh()

    def verify(self) -> "Verification":
        """Compare what the cache file says now with what a fresh process discovers.

        Compared are keys and their order, records, secondary registries and failures. Neither this
        registry nor the cache file is changed.

        Raises:
            ConfigError: There is no package, or another process could not open the registry: its
                base class or a function of it is defined in a script or is a lambda (a
                ``ValueError``).
            VerificationError: The discovery failed (a ``RuntimeError``).
        """
        from ._cold.verify import verify

        return verify(self)

    def __reduce__(self) -> "tuple[Any, ...]":
        if self._scope is None:
            return type(self), (self.enable_cache,), None, None, iter(self.copy().items())
        if self._scope.scanned:
            return _reopen, (type(self), self._scope.arguments(self.enable_cache))
        return _registry_of, (self._scope.base,)

    def _open(self) -> "State[K, V]":
        listing = self._listed_by()
        return self._publish({}) if listing is None else listing.open()

    def _listed_by(self) -> "Listing[State[K, V]] | None":
        """What finds the keys; ``None`` for a registry of no package."""
        scope = self._scope
        if scope is None or scope.package is None:
            return None
        if self._listing is None:
            from regcache_core.discovery import Listing

            from .caching import ClassAdapter

            vars(self).setdefault("_listing", Listing(ClassAdapter(self, scope)))
        return self._listing

    def _recheck(self) -> bool:
        """Look whether other keys would be found now; whether there are any."""
        listing = self._listed_by()
        return listing is not None and listing.recheck()

    def _is_discovering(self) -> bool:
        """Whether this thread is in the middle of a discovery."""
        return self._listing is not None and self._listing.is_discovering

    def _load(self, key: K, record: "Record") -> V:
        self._check_clash(key, record)
        if not self._import(key, record.get("via") or record["module"], record.get("point")):
            return self._find_anew(key, record)
        values = self._opened()[1]
        if key not in values:
            from .changes import settle
            from .classes import find_loaded

            found = find_loaded(key, record, self._scope)  # type: ignore[arg-type]
            if found is not None:
                values[key] = found  # type: ignore[assignment]
            elif not settle(self, key, record):
                return self._find_anew(key, record)
        return values[key]

    def _import(self, key: "Any", module: str, point: "str | None" = None) -> bool:
        """Import the module of a plugin; whether that may be done, and is its turn.

        With ``point``, what an entry point must name in it, and it must hold.

        Raises:
            PluginImportError: The module fails.
        """
        listing: Any = self._listed_by()
        if not listing.may_import(module, point):
            return False

        def find() -> bool:
            if module not in sys.modules and any(self._beside[2].values()):
                self._replay(module)
            __import__(module)
            if point is None:
                return True
            try:
                discovery.load_object(module, point)
            except AttributeError:
                return False
            return True

        def failed() -> Exception:
            from .errors import PluginImportError

            return PluginImportError(self._name, key, module)

        return bool(listing.load(module, find, failed))

    def _is_in_making(self, record: "Record") -> bool:
        module = record.get("via") or record["module"]
        if module not in sys.modules:  # most are not imported
            return False
        is_executed = any(discovery.modules_in_execution(module.__eq__))
        return is_executed and discovery.is_initializing(module)

    def _may_import(self, module: str) -> bool:
        """Whether a module lies in the package, or an entry point names it."""
        listing: Any = self._listed_by()
        return bool(listing.may_import(module))

    def _find_anew(self, key: K, record: "Record") -> V:
        """The module does not hold what the cache says, or not when it is imported by itself."""
        self._discover_anew(f"{record['module']}.{record['qualname']}")
        values = self._opened()[1]
        if key not in values:
            raise self._unknown(key)
        return values[key]

    def _discover_anew(self, where: str) -> None:
        """The answer is wrong about a place: discover, unless plugins are being imported."""
        listing: Any = self._listed_by()
        listing.refute(where)

    def _register(self, key: "Any", value: "Any") -> "Any":
        scope = self._scope
        if self._registered.get(key, value) is not value:
            from .classes import claim

            key = claim(self, key, value)
        if scope is not None and scope.package and not scope.scanned:
            module = value.__module__
            is_found = scope.config.discovery_recursive is not False and scope.contains(module)
            running = next(discovery.modules_in_execution(scope.contains), module)
            # Made at run time, or a decorator has changed what it says of itself.
            if not is_found or is_local(value) or running != module or not file_of(module):
                self._bringers[key] = [*discovery.modules_in_execution(scope.contains)]
        return super()._register(key, value)

    @property
    def _policy(self) -> str:
        return self._scope.config.on_duplicate if self._scope else "error"

    def _is_judged(self) -> bool:
        """Whether a discovery finds out which class has a key, of those that claim it now."""
        return self._is_discovering() or bool(self._executing())

    def _clash(self, record: "Record") -> str:
        """A class that claims the key of a record too, where nothing says which one has it."""
        if self._policy in ("first", "last"):
            return ""
        return next((each for each in record.get("over", ()) if each in self._failures), "")

    def _check_clash(self, key: object, record: "Record | None") -> None:
        rival = self._clash(record) if record else ""
        if record and rival:
            from .classes import refuse

            refuse(self, key, f"{record['module']}:{record['qualname']}", rival)

    def _executing(self) -> "list[str]":
        """Plugin modules that this thread is importing, the innermost first."""
        scope = self._scope
        if scope is None or not scope.package:
            return []
        return [*discovery.modules_in_execution(self._is_of_plugins)]

    def _is_of_plugins(self, module: str) -> bool:
        """Whether a module is one that discovery imports."""
        scope: Any = self._scope
        if scope.searches(module):
            return True
        # The program is in execution as long as it runs, and would have metadata read each time.
        is_plugin = module != "__main__" and scope.config.discovery_entry_points is not None
        return is_plugin and self._may_import(module)

    def _is_anew(self) -> bool:
        """Whether an answer is found; not if plugins are imported for one that is known."""
        return self._is_discovering() and not self._is_replaying

    def _replay(self, last: str = "") -> None:
        """Import plugins in their order, all or up to one, each to find what it found before."""
        listing, scope = self._listed_by(), self._scope
        if listing is None or scope is None or self._is_discovering():
            return
        from ._cold.discovery import import_plugins

        with listing.running():
            self._is_replaying = True
            try:
                import_plugins(scope, self, [*self._executing(), last], self._failures)
            finally:
                self._is_replaying = False

    def _describe_value(self, record: "Record") -> str:
        return f"<class '{record['module']}.{record['qualname']}'>"

    def _contested(self) -> "set[Any]":
        return self._beside[2].get("", set())

    def _find_answer(self) -> None:
        """Read the answer from the cache file, if that is not done yet; never discover."""
        listing = self._listed_by()
        if self._state is None and listing is not None and not listing.is_discovering:
            listing.open_cached()

    def _fits(self, key: K, value: V, record: "Record | None") -> bool:
        if record is None:
            return False
        if key in self._setters:
            return (record.get("via") or record["module"]) in self._setters[key]
        names = record["module"], record["qualname"]
        return (getattr(value, "__module__", ""), getattr(value, "__qualname__", "")) == names

    def _listed_as(self, key: "Any", value: "Any", records: "Mapping[Any, Record | None]") -> "Any":
        record = records.get(key)
        is_clear = record is None or ("over" not in record and self._is_of(value, record))
        is_claimed = is_clear and type(key) is not Rival and self._policy != "qualify"
        if is_claimed or key in self._setters:  # most are: nothing is to be decided
            return key
        from .classes import listed_as

        return listed_as(self, key, value, records)

    def _check_claim(
        self, key: "Any", value: "Any", records: "Mapping[Any, Record | None]"
    ) -> None:
        if not self._is_of(value, records.get(key)):
            from .classes import check_claim

            check_claim(self, key, value, records)

    def _is_of(self, value: "Any", record: "Record | None") -> bool:
        module = getattr(value, "__module__", None)  # a plugin may have assigned anything
        if record is None or module.__class__ is not str:
            return False
        # In the module that brings it in a decorator may have changed what it says of itself.
        is_here = module in (record["module"], record.get("via"))
        return is_here or discovery.is_same_source(str(module), record["module"])

    def _unknown(self, key: "Any", close: "Collection[Any]" = ()) -> KeyError:
        from .errors import unknown_key

        return unknown_key(self, key, close)

    @property
    def _name(self) -> str:
        return self._scope.name if self._scope else "registry"


class SecondaryRegistryDict(LazyDict[K, V]):
    """A second mapping filled by the classes of a registry, and from its cache.

    Args:
        primary_registry: The registry whose classes fill it.
        secondary: Its set-up; a mapping that is made by hand gets it when the base class is
            declared.

    Keys come from the primary registry's cache file; a value is read from its class, which is
    imported then.

    Raises:
        ConfigError: The first is no ``LazyDiscoveryDict`` (a ``ValueError``).
    """

    def __init__(
        self,
        primary_registry: "LazyDiscoveryDict[Any, Any]",
        secondary: "SecondaryRegistry | None" = None,
    ) -> None:
        is_registry = isinstance(primary_registry, LazyDiscoveryDict)
        check("primary_registry", primary_registry, is_registry, "a LazyDiscoveryDict")
        super().__init__()
        self._primary = primary_registry
        self._secondary = secondary
        primary_registry._dependents.append(self)

    def __reduce__(self) -> "tuple[Any, ...]":
        return _secondary_of, (self._primary, self._primary._dependents.index(self))

    def _open(self) -> "State[K, V]":
        self._primary._opened()
        if self._primary._state is None or self._primary._is_discovering():
            return self._so_far()
        return self._publish(self._records())

    def _records(self) -> "dict[K, Record]":
        return self._primary._beside[1].get(self._called, {})

    @property
    def _called(self) -> str:
        return self._secondary.name if self._secondary else ""

    def _fits(self, key: K, value: V, record: "Record | None") -> bool:
        if record is None or "owner" in record:
            return False  # the attribute of a class is looked at when it is asked for
        setters = self._setters.get(key)
        if setters is not None:
            return record["module"] in setters
        return bool(self._home_of(key) == record["module"])

    def _home_of(self, key: K) -> str:
        owner = self._secondary.owners.get(key) if self._secondary else None
        return getattr(owner, "__module__", "")

    def _contested(self) -> "set[Any]":
        return self._primary._beside[2].get(self._called, set()) if self._secondary else set()

    def _listed_as(self, key: K, value: V, records: "Mapping[K, Record | None]") -> "Any":
        owner = self._secondary.owners.get(key) if self._secondary else None
        if owner is None or key in self._setters:
            return key
        from .classes import is_vain

        return NOWHERE if is_vain(self, key, owner) else key

    # A class may set its attribute once more after its body: it is looked at when it is asked for.

    def _register(self, key: K, value: V) -> K:
        key = super()._register(key, value)
        self._without_attributes(self._state or ({}, {}))
        return key

    def _combined(self, records: "Mapping[K, Record | None]") -> "State[K, V]":
        return self._without_attributes(super()._combined(records))

    def _without_attributes(self, state: "State[K, V]") -> "State[K, V]":
        entries, values = state
        for key in [*values]:
            if "owner" in (entries.get(key) or ()) and key not in self._assigned:
                values.pop(key, None)
        return state

    def _is_in_making(self, record: "Record") -> bool:
        if "owner" in record:
            return record["owner"] not in self._primary
        return record["module"] in self._primary._executing()

    def _load(self, key: K, record: "Record") -> V:
        if "owner" in record:
            cls = self._primary[record["owner"]]
            value: V = getattr(cls, self._secondary.attr_name)  # type: ignore[union-attr]
            if discovery.is_initializing(cls.__module__):
                return value  # its module may set another one yet
            return self._opened()[1].setdefault(key, value)
        module = record["module"]
        is_imported = self._primary._import(key, module)
        values = self._opened()[1]
        if key not in values:
            from .changes import settle

            if not (is_imported and settle(self, key, record)):
                self._primary._discover_anew(module)
                values = self._opened()[1]
        if key not in values:
            raise self._unknown(key)
        return values[key]

    def _describe_value(self, record: "Record") -> str:
        owner = record.get("owner", record.get("module"))
        return f"<{self._secondary!r} of {owner!r}>"


def _registry_of(base: "Any") -> "Any":
    """Unpickle a registry: the one that its base class has in this process."""
    return base.__registry__


def _reopen(cls: "type[LazyDiscoveryDict[Any, Any]]", arguments: "dict[str, Any]") -> "Any":
    """Unpickle a registry over a package, or a group: opened again with the same arguments."""
    return (cls.for_entry_points if "group" in arguments else cls.for_package)(**arguments)


def _secondary_of(primary: "Any", index: int) -> "Any":
    """Unpickle a secondary registry: the one that its primary registry has in this process."""
    return primary._dependents[index]

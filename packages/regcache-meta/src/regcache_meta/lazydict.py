"""Dictionaries whose keys come from the cache: ``LazyDiscoveryDict``, ``SecondaryRegistryDict``.

``LazyDict`` is the dictionary: all of dict's protocol over keys that are known and values that may
not be loaded yet. Its two sub-classes say where keys come from and how a value is loaded.
"""

import sys
from _thread import RLock, get_ident
from time import perf_counter_ns

from .plugins import (
    check_holder,
    file_of,
    find_class,
    is_gone,
    is_same_source,
    name_class,
    same_declaration,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, KeysView, Mapping
    from typing import Any, TypeVar

    from regcache_core import RegistryCacheManager, Report

    from .config import SecondaryRegistry
    from .facts import PluginFailure, PluginInfo
    from .scope import Scope

    K = TypeVar("K")
    V = TypeVar("V")
    B = TypeVar("B")
    Record = dict[str, Any]
    State = tuple[dict[K, Record | None], dict[K, V]]
else:
    K = V = object  # for the base class below; parameters are never looked at here

_MISSING = object()


class LazyDict(dict[K, V]):
    """A dictionary whose keys are found on first use and whose values are loaded one by one.

    Everything lives in ``_state``, a pair of ``entries`` (key -> record in the file, or None; gives
    the order) and ``values`` (key -> loaded value), published by one assignment. The storage of
    ``dict`` itself is not used; it holds one entry, because C code such as ``json``'s encoder asks
    it whether the mapping is empty before it calls a method.
    """

    def __init__(self) -> None:
        super().__init__({None: None})  # type: ignore[dict-item]
        self._state: State[K, V] | None = None
        self._registered: dict[K, V] = {}  # by class statements
        self._assigned: dict[K, V] = {}  # by hand
        self._removed: dict[K, Record] = {}  # by hand, before they were loaded
        self._lock = RLock()  # held to publish, never while importing

    # What a sub-class says.

    def _open(self) -> "State[K, V]":
        """Find the keys."""
        return self._publish({})

    def _load(self, key: K, record: "Record") -> V:
        """Load the value of one key."""
        raise self._unknown(key)

    def _describe_value(self, record: "Record") -> str:
        """What ``repr`` shows for a value that is not loaded."""
        return f"<class '{record['module']}.{record['qualname']}'>"

    # How the state is made.

    def _opened(self) -> "State[K, V]":
        return self._state or self._open()

    def _publish(
        self, records: "Mapping[K, Record | None]", *, anew: bool = False
    ) -> "State[K, V]":
        """Make the state from what was found and what registered itself; first come, first kept."""
        for key, value in list(self._registered.items()):
            self._check_claim(key, value, records.get(key))
        with self._lock:
            if self._state is None or anew:
                values = {**self._registered, **self._assigned}
                more = dict.fromkeys(key for key in values if key not in records)
                self._removed = {}
                self._state = ({**records, **more}, values)
            return self._state

    def _so_far(self) -> "State[K, V]":
        """What has registered itself, for a reader in the middle of a discovery."""
        values = {**self._registered, **self._assigned}
        return dict.fromkeys(values), values

    def _register(self, key: K, value: V) -> None:
        """Put a value in as a class statement does it: without finding the other keys first."""
        held = self._registered.get(key, _MISSING)
        if held is not _MISSING and held is not value:
            self._check_held(key, held, value)
        if self._state is not None:
            self._check_claim(key, value, self._state[0].get(key))
        with self._lock:
            self._registered[key] = value
            if self._state is not None:
                entries, values = self._state
                # An assignment goes before a class; what was removed does not come back by itself.
                if key not in self._assigned and not self._is_of(value, self._removed.get(key)):
                    values[key] = value
                    entries.setdefault(key, None)

    def _is_of(self, value: V, record: "Record | None") -> bool:
        """Whether a value is the one that a record describes."""
        return False

    def _check_claim(self, key: K, value: V, record: "Record | None") -> None:
        """Refuse a value that is not the one which the cache has under the key."""

    def _check_held(self, key: K, held: "Any", value: V) -> None:
        """Refuse a value for a key that another value holds."""

    def _unknown(self, key: "Any") -> KeyError:
        return KeyError(key)

    # The protocol of dict.

    def __len__(self) -> int:
        return len(self._opened()[0])

    def __iter__(self) -> "Iterator[K]":
        return iter(self._opened()[0])

    def __reversed__(self) -> "Iterator[K]":
        return reversed(self._opened()[0])

    def __contains__(self, key: object) -> bool:
        return key in self._opened()[0]

    def __getitem__(self, key: K) -> V:
        entries, values = self._opened()
        value: Any = values.get(key, _MISSING)
        if value is not _MISSING:
            return value  # type: ignore[no-any-return]
        record = entries.get(key)
        if record is None:
            raise self._unknown(key)
        return self._load(key, record)

    def __setitem__(self, key: K, value: V) -> None:
        entries, values = self._opened()
        values[key] = self._assigned[key] = value
        entries.setdefault(key, None)

    def __delitem__(self, key: K) -> None:
        entries, values = self._opened()
        if key not in entries:
            raise self._unknown(key)
        record = entries.pop(key)
        if record is not None and key not in values:
            self._removed[key] = record
        values.pop(key, None)
        self._assigned.pop(key, None)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, dict):
            return NotImplemented
        if len(self) != len(other) or any(key not in other for key in self):
            return False
        return all(self[key] == other[key] for key in self)

    def __ne__(self, other: object) -> bool:
        equal = self.__eq__(other)  # dict has a method of its own for this, which must not answer
        return equal if equal is NotImplemented else not equal

    __hash__ = None

    def __repr__(self) -> str:
        entries, values = self._opened()
        shown = (f"{key!r}: {self._show(key, entries, values)}" for key in entries)
        return f"{{{', '.join(shown)}}}"

    def _show(self, key: K, entries: "dict[K, Record | None]", values: "dict[K, V]") -> str:
        record = entries[key]
        if record is None or key in values:
            return repr(values[key])
        return self._describe_value(record)

    # To checkers these are dict's own, with all its overloads.
    if not TYPE_CHECKING:  # pragma: no branch - it is False whenever this runs

        def __or__(self, other: "Any") -> "Any":
            return self.copy() | other if isinstance(other, dict) else NotImplemented

        def __ror__(self, other: "Any") -> "Any":
            return {**other, **self.copy()} if isinstance(other, dict) else NotImplemented

        def __ior__(self, other: "Any") -> "Any":
            self.update(other)
            return self

        def get(self, key: "Any", default: "Any" = None) -> "Any":
            """The value of ``key``, loaded; ``default`` if there is no such key."""
            return self[key] if key in self else default  # noqa: SIM401 - this is get

        def keys(self) -> "KeysView[K]":
            """The keys, in order; loads nothing."""
            return self._opened()[0].keys()

        def values(self) -> "Any":
            """The values; each is loaded when it is yielded."""
            from .views import LazyValues

            return LazyValues(self)

        def items(self) -> "Any":
            """Keys and values; each value is loaded when it is yielded."""
            from .views import LazyItems

            return LazyItems(self)

        def copy(self) -> "dict[K, V]":
            """A plain dictionary of the same keys and values; loads all values."""
            return {key: self[key] for key in list(self)}

        def pop(self, key: K, default: "Any" = _MISSING, /) -> "Any":
            """Remove ``key`` in this process and return its value, loaded."""
            if default is not _MISSING and key not in self:
                return default
            value = self[key]
            del self[key]
            return value

        def popitem(self) -> "tuple[K, V]":
            """Remove the last key in this process and return it with its value, loaded."""
            for key in reversed(self):
                return key, self.pop(key)
            raise KeyError("popitem(): dictionary is empty")

        def setdefault(self, key: K, default: "Any" = None) -> "Any":
            """The value of ``key``, loaded; ``default``, stored, if there is no such key."""
            if key not in self:
                self[key] = default
            return self[key]

        def update(self, *args: "Any", **kwargs: "Any") -> None:
            """Set keys in this process, as ``dict.update``."""
            for key, value in dict(*args, **kwargs).items():
                self[key] = value

        def clear(self) -> None:
            """Remove all keys in this process; the cache file stays."""
            for key in list(self):
                del self[key]

    def __copy__(self) -> "LazyDict[K, V]":
        return self

    def __deepcopy__(self, memo: "Any") -> "LazyDict[K, V]":
        return self


class LazyDiscoveryDict(LazyDict[K, V]):
    """Plugin classes by key: listed from a cache, imported one at a time, never stale.

    The registry of a base class (see ``AutoRegisterMeta``), or of any package (``for_package``).
    Keys, ``len``, ``in``, ``repr`` and ``info`` import no plugin; ``registry[key]`` imports one
    module. The first use reads the cache file; if that cannot be believed, the plugins are
    discovered by importing them, and the file is written anew.

    Args:
        enable_cache: Whether a cache file is used; without it every process discovers.

    >>> from pygments.lexer import Lexer
    >>> lexers = LazyDiscoveryDict.for_package("pygments.lexers", Lexer)
    >>> "PythonLexer" in lexers
    True
    >>> lexers.info("PythonLexer").module
    'pygments.lexers.python'
    """

    def __init__(self, enable_cache: bool = True) -> None:
        super().__init__()
        self.enable_cache = enable_cache
        self._scope: Scope | None = None
        self._discovering: set[int] = set()
        self._bringers: dict[K, list[str]] = {}  # plugin modules that import a class from elsewhere
        self._failures: dict[str, list[str]] = {}
        self._owners: dict[str, dict[Any, Any]] = {}
        self._dependents: list[SecondaryRegistryDict[Any, Any]] = []
        self._report: Report | None = None

    @classmethod
    def for_package(
        cls,
        package: str,
        base: "type[B]",
        *,
        key: "str | Callable[[str, type], Hashable | None] | None" = None,
        include: "Callable[[type[B]], bool] | None" = None,
        recursive: "bool | None" = None,
        strict: bool = False,
        facts: "Iterable[str]" = (),
        name: "str | None" = None,
        enable_cache: bool = True,
    ) -> "LazyDiscoveryDict[Any, type[B]]":
        """A registry of the sub-classes of ``base`` in a package that knows nothing of us.

        Args:
            package: Name of the package; it need not be imported yet.
            base: The class that plugins derive from; it is not listed itself.
            key: Class attribute that holds the key, or a function of ``(class name, class)``;
                by default the class's name. Classes for which it gives ``None`` are skipped.
            include: Which classes count; by default all that a module defines.
            recursive: Whether sub-packages are searched; by default if there are any.
            strict: Raise if a module fails to import.
            facts: Names of class attributes to be stored, see ``info``.
            name: What the registry is called in messages and in its cache file's name.
            enable_cache: Whether a cache file is used.

        Raises:
            DiscoveryError: On first use: there is no such package, or a module failed (strict).
            DuplicateKeyError: On first use: two classes have the same key.
        """
        from .config import RegistryConfig
        from .extractors import extract_key_from_class_name
        from .scope import Scope, name_of

        registry: Any = cls(enable_cache)
        config = RegistryConfig(
            registry,
            key if isinstance(key, str) else "",
            None if isinstance(key, str) else key or extract_key_from_class_name,
            skip_if_no_key=True,
            registry_name=name or f"{package} by {name_of(key) or 'class name'}",
            discovery_package=package,
            discovery_recursive=recursive,
            strict=strict,
            facts=facts,
        )
        registry._scope = Scope(base, config, package, scanned=True, include=include)
        return registry  # type: ignore[no-any-return]

    def bind(self, scope: "Scope") -> None:
        """Make this the registry of a base class; declaring the class calls it.

        Raises:
            ValueError: It is the registry of another base class already.
        """
        if self._scope is not None and not same_declaration(self._scope.base, scope.base):
            raise ValueError(
                f"{name_class(scope.base)} declares a registry that belongs to "
                f"{name_class(self._scope.base)}; give each base class a LazyDiscoveryDict."
            )
        self._scope, self._state = scope, None

    @property
    def report(self) -> "Report | None":
        """What the cache did on first use, and why; ``None`` before, or without a cache."""
        return self._report

    @property
    def failures(self) -> "dict[str, PluginFailure]":
        """Modules of the package that failed to import: name -> error. Imports nothing."""
        from .facts import PluginFailure

        self._opened()
        return {name: PluginFailure(name, *texts) for name, texts in self._failures.items()}

    def info(self, key: K) -> "PluginInfo":
        """Stored facts about one plugin: module, names, file, docstring's first line, facts.

        Imports nothing.

        Raises:
            UnknownKeyError: There is no such key (a ``KeyError``).
        """
        from .facts import PluginInfo

        entries, values = self._opened()
        if key not in entries:
            raise self._unknown(key)
        record = entries[key]
        if record is None:
            from .discovery import describe

            facts = self._scope.config.facts if self._scope else ()
            record = describe(values[key], facts)  # type: ignore[arg-type]
        return PluginInfo(key, record)

    def refresh(self) -> None:
        """Discover now, whatever the cache says, and write the cache anew.

        Finds plugins that were added while the process runs. Modules that are imported already
        stay as they are, as everywhere in Python.

        Raises:
            DiscoveryError: The package is missing, or a module failed in strict mode.
            DuplicateKeyError: Two classes have the same key.
        """
        if self._scope is not None and self._scope.package is not None:
            import importlib

            from .caching import make_manager

            importlib.invalidate_caches()  # also for new portions of a namespace package
            manager, *inputs = make_manager(self._scope)
            manager.begin_scan()
            self._discover(self._scope, manager, inputs, anew=True)

    def __reduce__(self) -> "tuple[Any, ...]":
        if self._scope is None:
            return type(self), (self.enable_cache,), None, None, iter(self.copy().items())
        if self._scope.scanned:
            return _reopen, (type(self), self._scope.arguments(self.enable_cache))
        return _registry_of, (self._scope.base,)

    def _open(self) -> "State[K, V]":
        scope = self._scope
        if scope is None or scope.package is None:
            return self._publish({})
        if get_ident() in self._discovering:
            return self._so_far()
        from .caching import make_manager

        manager, *inputs = make_manager(scope)
        if self.enable_cache:
            records = manager.load_cache()
            if records is not None:
                if self._read_extra(manager.extra, records):
                    self._report = manager.last_report
                    return self._publish(records)
                _refuse_extra(manager)
        if _is_importing(scope):
            return self._so_far()
        return self._discover(scope, manager, inputs)

    def _read_extra(self, extra: "dict[str, Any]", records: "Mapping[Any, Any]") -> bool:
        """Take over what is stored beside the records; ``False`` if it is not what we store."""
        from regcache_core import Refusal

        failures, secondary = extra.get("failures", {}), extra.get("secondary", {})
        try:
            failed = {name: _check_failure(texts) for name, texts in failures.items()}
            owners = {name: self._decode(texts) for name, texts in secondary.items()}
        except (TypeError, AttributeError, Refusal):
            return False
        if any(owner not in records for each in owners.values() for owner in each.values()):
            return False
        self._failures, self._owners = failed, owners
        return True

    def _decode(self, owners: "dict[str, str]") -> "dict[Any, Any]":
        """Keys of a secondary registry, each with the primary key of the class behind it."""
        from regcache_core import text_to_key

        application = self._scope.application if self._scope else ""
        return {
            text_to_key(text, application): text_to_key(owner, application)
            for text, owner in owners.items()
        }

    def _discover(
        self,
        scope: "Scope",
        manager: "RegistryCacheManager[Any, Any]",
        inputs: "Any",
        anew: bool = False,
    ) -> "State[K, V]":
        from .discovery import discover

        start = perf_counter_ns()
        self._discovering.add(get_ident())
        try:
            found = discover(scope, self, *inputs)
        finally:
            self._discovering.discard(get_ident())
        self._read_extra(found.extra, found.records)
        state = self._publish(found.records, anew=anew)
        for dependent in self._dependents:
            dependent._state = None
        if self.enable_cache:
            self._report = report = manager.last_report
            report.build_ns = perf_counter_ns() - start  # type: ignore[union-attr]
            manager.save_built(found.records, report, found.extra)  # type: ignore[arg-type]
        return state

    def _load(self, key: K, record: "Record") -> V:
        module = record.get("via") or record["module"]
        try:
            __import__(module)
        except Exception as error:  # plugin code may raise anything
            from .errors import PluginImportError

            raise PluginImportError(self._name, key, module) from error
        values = self._opened()[1]
        if key not in values:
            found = self._find_loaded(key, record)
            if found is None:
                return self._find_anew(key)
            values[key] = found  # type: ignore[assignment]
        return values[key]

    def _find_loaded(self, key: K, record: "Record") -> "type | None":
        """The class of a record, in a package whose classes do not register themselves."""
        scope: Any = self._scope
        if not scope.scanned:
            return None
        name = record.get("attribute")
        found = find_class(record["module"], name or record["qualname"])
        if found is None or not issubclass(found, scope.base) or scope.config.key_of(found) != key:
            return None
        return found

    def _find_anew(self, key: K) -> V:
        """The module does not hold what the cache says, though its file is unchanged."""
        scope: Any = self._scope
        if get_ident() not in self._discovering and not _is_importing(scope):
            self.refresh()
        values = self._opened()[1]
        if key not in values:
            raise self._unknown(key)
        return values[key]

    def _register(self, key: K, value: "Any") -> None:
        scope = self._scope
        if scope is not None and scope.package:
            not_searched = scope.config.discovery_recursive is False
            if not_searched or not scope.holds(value.__module__):
                self._bringers[key] = [*_modules_in_execution(scope)]
        super()._register(key, value)

    def _check_claim(self, key: K, value: V, record: "Record | None") -> None:
        # Two classes in one module are told apart when it is imported: by _check_held. So are all
        # in a discovery, which finds out whether the cache is right.
        if get_ident() in self._discovering:
            return
        if record is None or self._is_of(value, record) or is_gone(record["module"]):
            return
        from .errors import DuplicateKeyError

        cls: Any = value
        file = file_of(record["module"]) or "no file"
        holder = f"{record['module']}.{record['qualname']} ({file})"
        raise DuplicateKeyError(self._name, key, holder, name_class(cls))

    def _is_of(self, value: "Any", record: "Record | None") -> bool:
        return record is not None and is_same_source(value.__module__, record["module"])

    def _check_held(self, key: K, held: "Any", value: "Any") -> None:
        check_holder(self._name, key, held, value)

    def _unknown(self, key: "Any") -> KeyError:
        from difflib import get_close_matches

        from .errors import UnknownKeyError

        names = [known for known in self if isinstance(known, str) and known != key]
        close: list[str] = get_close_matches(key, names) if isinstance(key, str) else []
        return UnknownKeyError(self._name, key, close, self._failures)

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
    """

    def __init__(
        self,
        primary_registry: "LazyDiscoveryDict[Any, Any]",
        secondary: "SecondaryRegistry | None" = None,
    ) -> None:
        super().__init__()
        self._primary = primary_registry
        self._secondary = secondary
        primary_registry._dependents.append(self)

    def __reduce__(self) -> "tuple[Any, ...]":
        return _secondary_of, (self._primary, self._primary._dependents.index(self))

    def _open(self) -> "State[K, V]":
        self._primary._opened()
        if self._primary._state is None:  # being discovered
            return self._so_far()
        owners = self._primary._owners.get(self._secondary.name if self._secondary else "", {})
        return self._publish({key: {"owner": owner} for key, owner in owners.items()})

    def _load(self, key: K, record: "Record") -> V:
        cls = self._primary[record["owner"]]
        value: V = getattr(cls, self._secondary.attr_name)  # type: ignore[union-attr]
        return self._opened()[1].setdefault(key, value)

    def _describe_value(self, record: "Record") -> str:
        return f"<{self._secondary!r} of {record['owner']!r}>"


def _check_failure(texts: "list[str]") -> "list[str]":
    """An error and its place, as they are stored."""
    if [type(texts), *map(type, texts)] != [list, str, str]:
        raise TypeError(f"{texts!r} is no error that we store")
    return texts


def _refuse_extra(manager: "RegistryCacheManager[Any, Any]") -> None:
    """Make a miss of a file whose records are well, but not what lies beside them."""
    from regcache_core import Reason

    manager.begin_scan()
    report: Any = manager.last_report
    report.reason, report.where = Reason.WRONG_SHAPE, "extra"


def _is_importing(scope: "Scope") -> bool:
    """Whether this thread executes a plugin module: then it gets to see what is there so far.

    To wait for other modules, or to import them from here, could deadlock or recurse.
    """
    light = (scope.package, scope.base.__module__)
    return any(module not in light for module in _modules_in_execution(scope))


def _modules_in_execution(scope: "Scope") -> "Iterator[str]":
    """Modules of the package that this thread is importing, the innermost first."""
    frame: Any = sys._getframe()
    while frame is not None:
        if frame.f_code.co_name == "<module>":
            module = str(frame.f_globals.get("__name__"))
            if scope.holds(module):
                yield module
        frame = frame.f_back


def _registry_of(base: "Any") -> "Any":
    """Unpickle a registry: the one that its base class has in this process."""
    return base.__registry__


def _reopen(cls: "type[LazyDiscoveryDict[Any, Any]]", arguments: "dict[str, Any]") -> "Any":
    """Unpickle a registry over a package: opened again with the same arguments."""
    return cls.for_package(**arguments)


def _secondary_of(primary: "Any", index: int) -> "Any":
    """Unpickle a secondary registry: the one that its primary registry has in this process."""
    return primary._dependents[index]

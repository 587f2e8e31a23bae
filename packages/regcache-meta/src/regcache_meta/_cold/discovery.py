"""Plugins found by importing the modules of a package: the cold path of every registry."""

from __future__ import annotations

import os
import sys
from _thread import get_ident
from importlib.machinery import PathFinder

from regcache_core import key_to_text
from regcache_core.discovery import (
    Discovered,
    Excluded,
    attribute_of,
    discovering,
    file_of,
    find_package,
    find_spec,
    import_module,
    import_modules,
    import_package,
    is_plain_name,
    is_unfinished,
    iter_packages,
    lies_in,
    module_of,
    published_modules,
    raise_if_signalled,
    reexported_by,
    warn_caller,
)

from .. import facts as facts  # needed when plugins may have broken importing
from ..changes import undo
from ..classes import (
    aliases_of,
    derives_from,
    find_class,
    is_abstract,
    is_class,
    key_of,
    name_class,
    note_keyless,
    put_secondary,
    replaces,
    serialize_plugin_class,
)
from ..config import Rival, check, dependencies_of, is_local, label_of
from ..errors import (
    DiscoveryError,
    DiscoveryWarning,
    DuplicateKeyError,
    ImportedEarlyError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Hashable, Iterable, Iterator
    from types import ModuleType
    from typing import Any

    from regcache_core.discovery import Cache, Failures

    from ..caching import ClassAdapter
    from ..config import Scope
    from ..lazydict import LazyDiscoveryDict
    from ..mapping import LazyDict, Record

    Listener = Callable[[str, BaseException], None]
    #: Key -> class from elsewhere, and its module.
    Foreign = dict[Hashable, tuple[type, str]]


#: By thread: who is told of modules that fail while a registry's discovery function runs.
_LISTENERS: dict[int, Listener | None] = {}


def discover_registry_classes(
    package_path: Iterable[str],
    package_prefix: str,
    base_class: type,
    exclude_modules: Iterable[str] = (),
    validation_func: Callable[[type], bool] | None = None,
    skip_packages: bool = True,
    *,
    strict: bool = False,
) -> list[type]:
    """Import the modules directly in a package and collect the sub-classes they define.

    Args:
        package_path: The package's ``__path__``.
        package_prefix: Name of the package and a dot.
        base_class: What the classes derive from; it is not collected itself.
        exclude_modules: Modules whose full name contains one of these are not imported.
        validation_func: Which classes count; by default all.
        skip_packages: Leave sub-packages out, instead of importing their ``__init__``.
        strict: Raise if a module fails to import, instead of warning and going on.

    Returns:
        The classes, in the order of modules (by name) and of definition.

    Raises:
        ConfigError: An argument is of the wrong kind (a ``ValueError``).
        DiscoveryError: A module failed to import (strict).

    >>> import pygments.styles, pygments.style
    >>> classes = discover_registry_classes(
    ...     pygments.styles.__path__, "pygments.styles.", pygments.style.Style
    ... )
    >>> "MonokaiStyle" in [cls.__name__ for cls in classes]
    True
    """
    _check_arguments(package_path, package_prefix, base_class, exclude_modules, validation_func)
    modules = import_modules(
        package_path,
        package_prefix,
        _listener(strict),
        recursive=False,
        exclude=exclude_modules,
        packages=not skip_packages,
    )
    return _collect(modules, base_class, validation_func)


def discover_registry_classes_recursive(
    package_path: Iterable[str],
    package_prefix: str,
    base_class: type,
    exclude_modules: Iterable[str] = (),
    validation_func: Callable[[type], bool] | None = None,
    *,
    strict: bool = False,
) -> list[type]:
    """As ``discover_registry_classes``, with all sub-packages and their modules."""
    _check_arguments(package_path, package_prefix, base_class, exclude_modules, validation_func)
    listener = _listener(strict)
    modules = import_modules(package_path, package_prefix, listener, exclude=exclude_modules)
    return _collect(modules, base_class, validation_func)


def _check_arguments(path: Any, prefix: Any, base: Any, exclude: Any, validation: Any) -> None:
    """Refuse texts where lists belong: each of their characters would be one of them."""
    is_path = hasattr(path, "__iter__") and not isinstance(path, str)
    check("package_path", path, is_path, "the __path__ of a package")
    is_prefix = isinstance(prefix, str) and prefix[-1:] == "."
    check("package_prefix", prefix, is_prefix, "the name of a package and a dot")
    check("base_class", base, isinstance(base, type), "a class")
    is_list = hasattr(exclude, "__iter__") and not isinstance(exclude, str)
    check("exclude_modules", exclude, is_list, "a list of texts")
    is_function = validation is None or callable(validation)
    check("validation_func", validation, is_function, "a function of a class")


def _collect(
    modules: Iterable[ModuleType], base: type, accept: Callable[[type], bool] | None
) -> list[type]:
    return [
        cls
        for module in modules
        for cls in own_classes(module, base)
        if accept is None or accept(cls)
    ]


def own_classes(module: ModuleType, base: type) -> list[type]:
    """The sub-classes of ``base`` that a module defines, in order, each once."""
    name = f"{module.__name__}."
    found = [
        value
        for value in list(vars(module).values())  # its threads may add to it
        if issubclass(type(value), type)  # as is_class, without a call for each
        # Libraries that hide a module give its classes the name of a package above.
        and name.startswith(f"{value.__module__}.")
        and value is not base
        and derives_from(value, base)
    ]
    return list({id(cls): cls for cls in found}.values())  # a metaclass may make it unhashable


def _listener(strict: bool) -> Listener:
    """That of the registry for which this thread discovers; without one each failure is told."""
    return refusing(_LISTENERS.get(get_ident()) or _warn_of, strict)


def refusing(listener: Listener, strict: bool, package: str = "") -> Listener:
    """A listener that hears of a failure if that costs only a module."""

    def on_failure(name: str, error: BaseException) -> None:
        if strict or name == package:
            raise DiscoveryError(name, f"{type(error).__name__}: {error}") from error
        listener(name, error)

    return on_failure


def _warn_of(name: str, error: BaseException) -> None:
    problem = f"{type(error).__name__}: {error}"
    warn_caller(f"{name} failed to import: {problem}", DiscoveryWarning)


class Discovery:
    """One discovery: what the modules of a package bring into a registry."""

    def __init__(self, adapter: ClassAdapter, cache: Cache) -> None:
        self.adapter, self.cache = adapter, cache
        self.scope, self.registry = adapter.scope, adapter.registry
        self.failures: Failures
        self.excluded = Excluded(self.scope.packages, self.scope.config.exclude)
        self.loaded = {*sys.modules}
        self.walked: dict[str, int] = {}  # module -> its place in the order
        self.brought: dict[Hashable, str] = {}  # key -> the first module that has it
        self.nameless: set[int] = set()  # ids of classes that go by the names of entry points
        self.claimed: dict[Hashable, Hashable] = {}  # key by place -> the one that was claimed
        self.losers: list[type] = []  # that claim a key, and do not have it
        self.folders: dict[str, list[str]] = {"": sys.path}  # package -> its own, before imports
        # Classes from elsewhere that are here already: a module of the package may import them too.
        self.foreign = self._find_foreign()

    def run(self) -> Discovered:
        """Import all modules, and describe what the registry holds then."""
        scope, registry, cache = self.scope, self.registry, self.cache
        with discovering(self.adapter, cache) as self.failures:
            with cache.import_path.recording():
                scope.load_named()
                self._import_all()
            self._refuse_nameless()
            # One that failed may have been imported once more, by one that goes on without it.
            scope.config.forget(self._keys_of(self.failures.texts))
            registered = dict(registry._registered)  # other threads may register more meanwhile
            homes = self._find_homes(registered)
            # Of modules that have failed, though others went on: no module tells of these.
            lost = [key for key in registered.keys() - homes.keys() if self._is_lost(key)]
            scope.config.forget(lost)
            for key in lost:
                del registered[key]
            drop_vanished(scope, registry, registered.keys() - homes.keys())
            order = self._in_order(homes)
            order, over = self._settle(order, registered, homes)
            records = self._describe(order, registered, homes)
            modules = {record["module"] for record in records.values()}
            hidden = {module: self._hidden_file(module) for module in modules}
            for key, record in records.items():
                if id(registered[key]) in self.nameless:
                    record["entry"] = self.claimed.get(key, key)
                record |= self._named_by(key, registered[key], homes[key])
                if key in over:
                    record["over"] = over[key]
                if hidden[record["module"]]:
                    record["file"] = hidden[record["module"]]
            classes = [registered[key] for key in records if _is_named_class(registered[key])]
            classes += self.losers
            classes += [scope.base] if scope.scanned else []
            cache.elsewhere.add(_files_elsewhere(scope, classes))
        self._tell_of_aliases(records, registered)
        for cls in classes:
            cache.declared.add(dependencies_of(cls))
        secondary = self._find_secondary(registered, records, homes)
        contested, is_sure = self._find_contested()
        keyless = registry._keyless.items()
        left_out = {each: why for each, why in keyless if module_of(each) in self.walked}
        skipped = dict(sorted({**self.excluded.noted, **left_out}.items()))
        texts = _as_text(secondary, contested)
        extra = {"failures": self.failures.texts, "skipped": skipped, **texts}
        transient = self.failures.transient
        transient = transient or (None if is_sure else ImportedEarlyError(scope.name))
        beside = self.failures.texts, secondary, contested, skipped
        installed = published_modules(cache.import_path) if cache.import_path.entry_points else ()
        is_open = is_unfinished(scope.packages, installed)
        return Discovered(records, extra, transient, is_open, beside)

    def _import_all(self) -> None:
        scope = self.scope
        for module in modules_of(scope, self.keep, self.excluded):
            try:
                if scope.scanned:
                    register_scanned(scope, module, self.registry)
            except Exception as error:  # of a class, its key or include=
                self._refuse(module.__name__, error)
            else:
                self._walk(module)
        late = {key: it for key, it in self._find_foreign().items() if key not in self.foreign}
        for name in [*self.walked] if late else ():  # decorators may change a class's __module__
            for key in reexported_by(sys.modules[name], late):
                self.brought.setdefault(key, name)
        if scope.config.discovery_entry_points is not None:
            from regcache_core.discovery import load_installed

            self.foreign = self._find_foreign()
            on_failure = refusing(self.keep, scope.config.strict)
            load_installed(self.cache, self.failures, self._load, on_failure)

    def keep(self, name: str, error: BaseException) -> None:
        """Keep the failure of a module, and take back what it did."""
        self.failures.add(name, error)
        for mapping in (self.registry, *self.registry._dependents):
            undo(mapping, name)
        self.scope.config.forget(self._keys_of([name]))

    def _refuse(self, name: str, error: Exception) -> None:
        """Let a class that cannot be registered or described cost its module."""
        raise_if_signalled(error)
        refusing(self.keep, self.scope.config.strict)(name, error)

    def _settle(
        self, order: list[Any], registered: dict[Any, Any], homes: dict[Any, str]
    ) -> tuple[list[Any], dict[Any, list[str]]]:
        """Let each key have the class that claims it rightly, of those that are registered.

        Args:
            order: The keys, or what stands for them, in the order of the walk.
            registered: By these the classes; those that claim a key in vain are taken out.
            homes: Likewise the modules that bring them in.

        Returns:
            The keys in the order of the walk; and those of rivals with the labels of these.

        Raises:
            DuplicateKeyError: Nothing says which of them is right (strict).
        """
        scope, registry = self.scope, self.registry
        rivals = {each.key for each in order if type(each) is Rival}
        if not rivals:
            return order, {}
        from regcache_core.discovery import share_out

        def claimed(each: Any) -> Any:
            return each.key if type(each) is Rival else each

        def place_of(each: Any, key: Hashable) -> str:
            place = scope.place_of(registered[each].__module__, key)
            self.claimed[place] = key
            return place

        groups: dict[Any, list[Any]] = {}
        for each in order:
            if claimed(each) in rivals:
                groups.setdefault(claimed(each), []).append(each)
        # What a module assigns outranks a class.
        left = {
            key: [key] if key in registry._setters else self._unreplaced(groups[key])
            for key in rivals
        }
        valid = {each: None for each in order if each in left.get(claimed(each), [each])}
        shared = share_out(valid, claimed, scope.config.on_duplicate, place_of)
        over = {}
        for key, (winner, *losers) in shared.items():
            replaced = [each for each in groups.get(claimed(winner), ()) if each not in valid]
            if (losers or replaced) and key not in registry._setters:
                outdone = [registered[each] for each in (*losers, *replaced)]
                over[key] = [*map(label_of, outdone)]
                self.losers += outdone
                self._tell_of(key, registered[winner], [registered[each] for each in losers])
        # Those that have their keys fill in anew, but for what a module assigns; others, also those
        # that no module brings in, do not.
        claiming = {
            *rivals & registered.keys(),
            *(each for group in groups.values() for each in group),
        }
        for cls in (
            *(registered[each] for each in claiming - registry._setters.keys()),
            *self.losers,
        ):
            scope.config.forget_secondary(cls)
        winners = {winner: key for key, (winner, *_) in shared.items()}
        found = {each: (registered.pop(each), homes.pop(each)) for each in order}
        for each, key in winners.items():
            registered[key], homes[key] = found[each]
        return [winners[each] for each in order if each in winners], over

    def _unreplaced(self, group: list[Any]) -> list[Any]:
        """Those of some rivals that none of the others says to replace."""
        classes = [self.registry._registered[each] for each in group]

        def is_replaced(cls: type) -> bool:
            return any(replaces(other, label_of(cls)) for other in classes if other is not cls)

        left = [each for each, cls in zip(group, classes, strict=True) if not is_replaced(cls)]
        return left or group  # each says so of another

    def _tell_of(self, key: Any, winner: type, rivals: list[type]) -> None:
        """Keep with the failures which classes do not have a key that they claim.

        Raises:
            DuplicateKeyError: Nothing says which one is right (strict).
        """
        from regcache_core import Distribution
        from regcache_core.discovery import duplicate, installer_of

        group = self.scope.config.discovery_entry_points or ""
        for cls in rivals:
            labels = label_of(winner), label_of(cls)
            error = duplicate(DuplicateKeyError, self.scope.name, key, *labels, group)
            self._keep_loser(cls, error, error.told(self.scope.config.on_duplicate))
        for cls in (winner, *rivals) if rivals else ():  # what the messages name
            name = installer_of(cls.__module__, group).partition(" ")[0]
            self.cache.declared.add([Distribution(name)] if name else [])

    def _tell_of_aliases(
        self, records: dict[Any, dict[str, Any]], registered: dict[Any, Any]
    ) -> None:
        """Keep with the failures which classes do not have an alias that they claim."""
        claims: dict[str, dict[int, Any]] = {}
        for key, record in records.items():
            for alias in record.get("aliases", ()):
                holders = [alias] if alias in records else []
                for each in (*holders, key):
                    claims.setdefault(alias, {})[id(registered[each])] = registered[each]
        for alias, claiming in claims.items():
            is_last = self.registry._policy == "last" and alias not in records
            winner, *losers = [*claiming.values()][:: -1 if is_last else 1]
            self._tell_of(alias, winner, losers)

    def _keep_loser(self, cls: type, error: DuplicateKeyError, told: str = "") -> None:
        config = self.scope.config
        if config.strict and config.on_duplicate not in ("first", "last"):
            raise error
        told = f"{type(error).__name__}: {told or error}"
        self.failures.texts[label_of(cls)] = [told, file_of(cls.__module__)]

    def _describe(
        self, order: list[Any], registered: dict[Any, Any], homes: dict[Any, str]
    ) -> dict[Any, dict[str, Any]]:
        """The records of all values, but for those of modules one of which cannot be described."""
        records = {}
        for key in order:
            try:
                records[key] = self._record_of(key, registered[key], homes[key])
            except Exception as error:  # facts may be computed by code of plugins
                self._refuse(homes[key], error)
        return {key: it for key, it in records.items() if homes[key] not in self.failures.texts}

    def _registered_classes(self) -> list[tuple[Hashable, Any]]:
        """Keys and values that no module has assigned."""
        registry = self.registry
        items = [*registry._registered.items()]
        return [(key, cls) for key, cls in items if key not in registry._setters]

    def _keys_of(self, modules: Collection[str]) -> list[Hashable]:
        """Keys of the classes of modules that failed, and of modules of packages that did."""
        classes = self._registered_classes() if modules else ()
        return [key for key, cls in classes if lies_in(cls.__module__, modules)]

    def _is_lost(self, key: Hashable) -> bool:
        name = self.registry._registered[key].__module__
        is_ours = key not in self.registry._setters and self.scope.contains(name)
        return is_ours and name not in sys.modules

    def _find_foreign(self) -> Foreign:
        return {
            key: (cls, cls.__module__)
            for key, cls in self._registered_classes()
            if cls.__module__ not in self.walked and not self.scope.contains(cls.__module__)
        }

    def _walk(self, module: ModuleType, keys: Iterable[Hashable] = ()) -> None:
        self.walked.setdefault(module.__name__, len(self.walked))
        for key in (*keys, *reexported_by(module, self.foreign)):
            self.brought.setdefault(key, module.__name__)

    def _load(self, name: str, value: str) -> None:
        """Import what an entry point names; where that fails, nothing of it is registered."""
        from regcache_core.discovery import load_entry_point

        registry, registered = self.registry, self.registry._registered
        before = {*registered}
        try:
            found = load_entry_point(value)
            if attribute_of(value):
                self._register(name, found)
            elif self.scope.scanned:
                register_scanned(self.scope, found, registry)
        except BaseException:  # plugin code may raise anything
            undo(registry, module_of(value))
            for key in {*registered} - before:
                del registered[key]
                registry._setters.pop(key, None)
            raise
        new = [key for key in registered if key not in before]
        self._walk(sys.modules[module_of(value)], new)

    def _register(self, name: str, cls: Any) -> None:
        """Register a class under its own key; one without by the entry point's name.

        Raises:
            TypeError: It is no plugin.
        """
        scope, registry = self.scope, self.registry
        if not is_class(cls):
            raise TypeError(f"it is of the type {type(cls).__qualname__}, and no class")
        if not derives_from(cls, scope.base) or cls is scope.base:
            raise TypeError(f"{cls!r} is no sub-class of {name_class(scope.base)}")
        if is_abstract(cls) and scope.base is not object:  # else nobody asks for more than a class
            raise TypeError(f"{name_class(cls)} is abstract")
        if scope.include is not None and not scope.include(cls):
            return
        key = key_of(cls, scope.config)
        if key is None:
            key = name
            self.nameless.add(id(cls))
        if registry._registered.get(key) is not cls:
            registry._register(key, cls)

    def _refuse_nameless(self) -> None:
        """Record a module as failed if its classes have no text for their ``__module__``."""
        classes = self._registered_classes()
        bases = {id(each): each for _, cls in classes for each in cls.__mro__}
        odd = {which for which, each in bases.items() if type(each.__module__) is not str}
        nameless = {key: (cls, "") for key, cls in classes if odd and odd & {*map(id, cls.__mro__)}}
        for name in [*self.walked] if nameless else ():
            for key in reexported_by(sys.modules[name], nameless):
                self.keep(name, TypeError(f"the class of {key!r} has no text for its __module__"))
        for key in nameless:
            self.registry._registered.pop(key, None)

    def _find_homes(self, registered: dict[Any, Any]) -> dict[Any, str]:
        """The module of the package that brings each value in: assigns, defines or imports it.

        A class made inside a function belongs to the module that called it while being imported.
        """
        homes = {}
        setters, bringers, walked = self.registry._setters, self.registry._bringers, self.walked
        for key, cls in registered.items():
            places = setters.get(key)
            if places is None:
                module, brought = cls.__module__, bringers.get(key, [])
                is_odd = is_local(cls) or (brought and brought != [module])
                if not is_odd and module in walked:  # most are
                    homes[key] = module
                    continue
                names = {cls.__name__, cls.__qualname__} if is_odd else ()
                is_made = names and all(find_class(module, it) is not cls for it in names)
                own = () if is_made else (module, self.brought.get(key, ""))
                places = [*own, *brought]
            home = next((place for place in places if place in walked), None)
            if home is not None:
                homes[key] = home
        return homes

    def _in_order(self, homes: dict[Any, str]) -> list[Any]:
        """The keys in the order of the walk."""
        return sorted(homes, key=lambda key: self.walked[homes[key]])

    def _named_by(self, key: Any, cls: Any, home: str) -> dict[str, Any]:
        """What a record says of the distribution whose entry point brings a class."""
        if self.scope.contains(home):
            return {}
        for _, value, name, version in self.cache.import_path.entry_points_now()["points"]:
            if module_of(value) == home:
                return {"distribution": name, "version": version}
        return {}  # a module of the package that has changed its name

    def _record_of(self, key: Hashable, cls: Any, home: str) -> dict[str, Any]:
        """The record of a value that a module of the package brings in.

        One that a module assigns is had by importing that, whatever it is.
        """
        record = describe(cls, self.scope.config.facts, home)
        if not _is_named_class(cls):
            return {**record, "via": home}
        if home != cls.__module__:
            record["via"] = home
        namespace = getattr(sys.modules.get(home), "__dict__", {})
        is_there = home == cls.__module__ and namespace.get(cls.__qualname__) is cls  # most are
        is_there = is_there or key in self.registry._setters
        if not is_there and find_class(cls.__module__, cls.__qualname__) is not cls:
            # It may misname itself.
            names = [name for name, value in list(namespace.items()) if value is cls]
            if names:
                record["attribute"] = names[0]
        return record

    def _hidden_file(self, module: str) -> str:
        """The file of a module that is not found before its package is imported, which adds to its
        path; empty for any other."""
        file = file_of(module) if module in self.walked else ""
        folder, name = os.path.split(file)
        if name.startswith("__init__."):
            folder = os.path.dirname(folder)
        return "" if folder in self._first_folders(module.rpartition(".")[0]) else file

    def _first_folders(self, package: str) -> list[str]:
        """Where modules of a package are looked for before it is imported."""
        if package not in self.folders:
            above = self._first_folders(package.rpartition(".")[0])
            spec = PathFinder.find_spec(package, above)
            self.folders[package] = [*(getattr(spec, "submodule_search_locations", None) or ())]
        return self.folders[package]

    def _find_contested(self) -> tuple[dict[str, set[Any]], bool]:
        """The keys that plugins took from each other, and whether they would in every process.

        Not if one of them was imported before the discovery: in no process but for the package
        itself and the module of the base class.
        """
        scope, registry = self.scope, self.registry
        found: dict[str, set[Any]] = {}
        involved: set[str] = set()
        mappings: list[Any] = [registry, *registry._dependents]
        for mapping in mappings:
            for executing, key, old, setters in mapping._journal:
                found.setdefault(mapping._called, set()).add(key)
                involved.update((*executing, *(setters or ()), getattr(old, "__module__", "")))
            for executing, key in _came_later(mapping):
                found.setdefault(mapping._called, set()).add(key)
                involved.update(executing)
        involved -= {*scope.packages, scope.base.__module__}
        return found, not any(name in self.loaded for name in involved if scope.contains(name))

    def _find_secondary(
        self,
        registered: dict[Any, Any],
        records: dict[Any, dict[str, Any]],
        homes: dict[Any, str],
    ) -> dict[str, dict[Any, Record]]:
        """For each secondary registry: its keys, and where their values come from.

        That is the primary key of a class; else the module that assigned the value.
        """
        registry, walked = self.registry, self.walked
        keys = {
            id(registered[key]): key for key in reversed([*records]) if key not in registry._setters
        }
        found = {}
        for secondary in self.scope.config.secondary_registries:
            mapping: Any = secondary.registry_dict
            filled = {id(cls) for cls in secondary.owners.values()}
            for key in [key for key in records if keys.get(id(registered[key])) == key]:
                if id(registered[key]) not in filled:  # set after the class's body, or a rival's
                    try:
                        put_secondary(secondary, key, registered[key])
                    except DuplicateKeyError as error:
                        self._keep_loser(registered[key], error)
            places = {}
            for key in [*mapping._registered]:
                owner = secondary.owners.get(key)
                if key in mapping._setters:
                    modules = [name for name in mapping._setters[key] if name in walked]
                    if modules:
                        places[key] = modules[0], {"module": modules[0]}
                elif id(owner) in keys:
                    value = getattr(owner, secondary.attr_name, None)
                    if value is not None:
                        mapping._registered[key] = value
                    places[key] = homes[keys[id(owner)]], {"owner": keys[id(owner)]}
                elif owner is not None and owner.__module__ in walked:  # its primary key is taken
                    places[key] = owner.__module__, {"module": owner.__module__}
            order = sorted(places, key=lambda key: walked[places[key][0]])
            found[secondary.name] = {key: places[key][1] for key in order}
        return found


def _files_elsewhere(scope: Scope, classes: Iterable[type]) -> Iterator[str]:
    """Files outside of the package that its classes come from: of base classes, or brought in."""
    modules = {parent.__module__ for cls in classes for parent in cls.__mro__}
    for module in modules:
        is_python = module.partition(".")[0] in sys.stdlib_module_names
        if not is_python and not scope.contains(module):
            yield file_of(module)


def _came_later(mapping: LazyDict[Any, Any]) -> Iterator[tuple[list[str], Any]]:
    """Keys that plugins looked for before others registered them, and who looked."""
    for executing, sought, known in mapping._looks:
        keys = mapping._registered.keys()
        for key in keys - known if sought is None else keys & {sought, *mapping._named(sought)}:
            if executing[0] not in (mapping._setters.get(key) or [mapping._home_of(key)]):
                yield executing, key


def import_plugins(
    scope: Scope,
    registry: LazyDiscoveryDict[Any, Any],
    ends: Collection[str],
    failed: Collection[str],
) -> None:
    """Import plugins in the order of a discovery, up to the first of ``ends``.

    Not those that are known to fail: they had no part in the answer, and might not fail once others
    are loaded.
    """
    skip = Excluded(scope.packages, scope.config.exclude, failed)
    for module in modules_of(scope, lambda name, error: None, skip):
        if module.__name__ in ends:
            return
        if scope.scanned:
            register_scanned(scope, module, registry)


def modules_of(scope: Scope, on_failure: Listener, skip: Container[str]) -> Iterator[ModuleType]:
    """The packages themselves and their modules but for some, imported one by one."""
    if scope.group:
        return
    config = scope.config
    refuse = refusing(on_failure, config.strict, str(scope.package))
    if config.discovery_function is None:
        recursive = config.discovery_recursive is not False
        yield from import_package(scope.packages, refuse, recursive=recursive, skip=skip)
        return
    for name in iter_packages(scope.packages, refuse, skip):
        module = import_module(name, refuse)
        if module is None:
            continue
        yield module
        paths = find_package(name)
        if paths is None:  # a plain module
            continue
        outer = _LISTENERS.get(get_ident())
        _LISTENERS[get_ident()] = on_failure
        try:
            config.discovery_function(paths, f"{name}.", scope.base)
        finally:
            _LISTENERS[get_ident()] = outer
    loaded = [(each, it) for each, it in list(sys.modules.items()) if scope.contains(each)]
    yield from [module for each, module in loaded if each not in skip]


def register_scanned(
    scope: Scope, module: ModuleType, registry: LazyDiscoveryDict[Any, Any]
) -> None:
    """Register the classes of a module that knows nothing of registries.

    But for those that a plugin has replaced or removed: no import brings them back.
    """
    lost = {id(old) for _, _, old, _ in registry._journal}
    if registry._state is not None and not registry._is_replaying:  # perhaps it was reloaded since
        brought = [*registry._bringers.items()]
        old = [key for key, places in brought if places == [module.__name__]]
        own = registry._registered.keys() - registry._setters.keys()
        scope.config.forget(key for key in old if key in own)
    bringers = [module.__name__]
    for cls in own_classes(module, scope.base):
        if id(cls) in lost or getattr(cls, "__abstractmethods__", None):
            continue
        if scope.include is not None and not scope.include(cls):
            continue
        key = key_of(cls, scope.config)
        note_keyless(registry, cls, key)
        if key is not None:
            registry._register(key, cls)
            registry._bringers[key] = bringers


def drop_vanished(
    scope: Scope, registry: LazyDiscoveryDict[Any, Any], homeless: Iterable[Any]
) -> None:
    """Forget classes of the package whose module is gone, of those that nothing brings in."""
    modules = {
        key: registry._registered[key].__module__
        for key in homeless
        if key not in registry._setters
    }
    gone = [key for key, name in modules.items() if scope.contains(name) and not find_spec(name)]
    scope.config.forget(modules if scope.group else gone)  # what no entry point names is gone


def _is_named_class(value: object) -> bool:
    """Whether a value is a class that says where it lies; ``is_class`` without a call."""
    return issubclass(type(value), type) and type(value.__module__) is str


def describe(cls: Any, names: Iterable[str], home: str = "") -> dict[str, Any]:
    """The record of a plugin class, with some class attributes, as it lies in the cache file.

    Args:
        cls: The class, or what else was assigned.
        names: The attributes.
        home: The module that assigned it, for what is no class.
    """
    if not _is_named_class(cls):
        name = getattr(cls, "__qualname__", None)
        if type(name) is not str or not is_plain_name(name):
            name = type(cls).__name__
        home = home or str(getattr(cls, "__module__", type(cls).__module__))
        return {"module": home, "class_name": name, "qualname": name}
    record: dict[str, Any] = serialize_plugin_class(cls)
    doc = vars(cls).get("__doc__")
    doc = doc.strip().partition("\n")[0] if isinstance(doc, str) else ""
    facts = {name: getattr(cls, name) for name in names if hasattr(cls, name)}
    aliases = aliases_of(cls)
    if doc:
        record["doc"] = doc
    if aliases:
        record["aliases"] = aliases
    if facts:
        record["facts"] = _as_stored(facts)
    return record


def _as_stored(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts as the file gives them back, so that a cold answer equals a warm one."""
    import json  # most plugins have none, and it costs more than a small discovery

    try:
        return json.loads(json.dumps(facts, allow_nan=False))  # type: ignore[no-any-return]
    except (TypeError, ValueError):
        return facts  # the save refuses them, with the place and the reason


def _as_text(
    secondary: dict[str, dict[Any, Record]], contested: dict[str, set[Any]]
) -> dict[str, Any]:
    """What lies beside the records, as it is stored."""
    try:
        told: dict[str, Any] = {
            "secondary": {
                name: {
                    key_to_text(key): key_to_text(each["owner"]) if "owner" in each else each
                    for key, each in table.items()
                }
                for name, table in secondary.items()
            }
        }
        if contested:
            told["contested"] = {
                name: sorted(map(key_to_text, keys)) for name, keys in contested.items()
            }
    except TypeError as error:
        return {"secondary": {}, "unstorable": error}  # the save refuses it and says why
    return told

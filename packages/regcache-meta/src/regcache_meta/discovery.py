"""Plugins found by importing the modules of a package: the cold path of every registry."""

from __future__ import annotations

import json
import sys
from _thread import get_ident
from collections.abc import Callable, Hashable, Iterable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

from regcache_core import (
    Failures,
    Found,
    brought_by,
    find_package,
    find_spec,
    forget_folder_listings,
    import_module,
    import_modules,
    is_unfinished,
    key_to_text,
    warn_caller,
    watch_imports,
)

from . import facts as facts  # needed when plugins may have broken importing
from .errors import DiscoveryError, DiscoveryWarning, DuplicateKeyError
from .plugins import dependencies_of, find_class, is_class, is_local, serialize_plugin_class

if TYPE_CHECKING:
    from regcache_core import Declared, ImportPath

    from .caching import FilesElsewhere
    from .lazydict import LazyDiscoveryDict
    from .scope import Scope


Listener = Callable[[str, BaseException], None]
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
        DiscoveryError: A module failed to import (strict).

    >>> import pygments.styles, pygments.style
    >>> classes = discover_registry_classes(
    ...     pygments.styles.__path__, "pygments.styles.", pygments.style.Style
    ... )
    >>> "MonokaiStyle" in [cls.__name__ for cls in classes]
    True
    """
    modules = _import_modules(
        package_path, package_prefix, False, strict, exclude_modules, packages=not skip_packages
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
    modules = _import_modules(package_path, package_prefix, True, strict, exclude_modules)
    return _collect(modules, base_class, validation_func)


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
    found = [
        value
        for value in list(vars(module).values())  # its threads may add to it
        if is_class(value)
        # Libraries that hide a module give its classes the name of a package above.
        and f"{module.__name__}.".startswith(f"{value.__module__}.")
        and value is not base
        and issubclass(value, base)
    ]
    return list({id(cls): cls for cls in found}.values())  # a metaclass may make it unhashable


def _import_modules(
    paths: Iterable[str],
    prefix: str,
    recursive: bool,
    strict: bool,
    exclude: Iterable[str] = (),
    packages: bool = False,
    listener: Listener | None = None,
) -> Iterator[ModuleType]:
    """Import the modules of a package; a failure is told to ``listener``.

    By default that is the registry for which this thread discovers, if there is one.
    """
    listener = listener or _LISTENERS.get(get_ident()) or _warn_of
    return import_modules(
        paths,
        prefix,
        refusing(listener, strict),
        recursive=recursive,
        exclude=exclude,
        packages=packages,
    )


def refusing(listener: Listener, strict: bool) -> Listener:
    """A listener that hears of a failure if that costs only a module."""

    def on_failure(name: str, error: BaseException) -> None:
        if isinstance(error, DuplicateKeyError):  # no broken plugin, but a broken registry
            raise error
        if strict:
            raise DiscoveryError(name, f"{type(error).__name__}: {error}") from error
        listener(name, error)

    return on_failure


def _warn_of(name: str, error: BaseException) -> None:
    """Without a registry that keeps the failures, each is told at once."""
    problem = f"{type(error).__name__}: {error}"
    warn_caller(f"{name} failed to import: {problem}", DiscoveryWarning)


def discover(
    scope: Scope,
    registry: LazyDiscoveryDict[Any, Any],
    import_path: ImportPath,
    elsewhere: FilesElsewhere,
    declared: Declared,
) -> Found:
    """Import all modules of a registry's package, and describe the classes that are there then."""
    failures = Failures(import_path)

    def keep(name: str, error: BaseException) -> None:
        failures.add(name, error)
        drop(scope, registry, [k for k, c in [*registered.items()] if c.__module__ == name])

    forget_folder_listings()
    loaded = {*sys.modules}
    registered = registry._registered
    # Classes from elsewhere that are here already: a module of the package may import them too.
    foreign = {
        key: (cls, cls.__module__)
        for key, cls in [*registered.items()]
        if not scope.holds(cls.__module__)
    }
    walked: dict[str, int] = {}  # module -> its place in the order
    brought: dict[Hashable, str] = {}  # key -> the first module that has it
    with import_path.recording():
        for module in _modules_of(scope, keep):
            walked[module.__name__] = len(walked)
            if scope.scanned:
                register_scanned(scope, module, registry)
            for key in brought_by(module, foreign):
                brought.setdefault(key, module.__name__)
        names = _merge_installed(scope, registry, failures, import_path, elsewhere, walked, brought)
    refuse_nameless(registered, walked, keep)
    # One that failed may have been imported once more, by a module that goes on without it.
    known = [*registered.items()]
    drop(scope, registry, [key for key, cls in known if cls.__module__ in failures.texts])
    registered = dict(registered)  # other threads may register more meanwhile
    homes = _find_homes(registered, registry._bringers, brought, walked)
    drop_vanished(scope, registry, registered.keys() - homes.keys())
    order = sorted(homes, key=lambda key: walked[homes[key]])
    records = {key: record_of(scope, registered[key], homes[key]) for key in order}
    for key in records.keys() & names.keys():
        records[key]["entry"] = names[key]
    elsewhere.add_classes(registered[key] for key in order)
    watch_imports(scope.application, loaded, scope.holds, import_path, elsewhere)
    for key in order:
        declared.add(dependencies_of(registered[key]))
    extra = {"failures": failures.texts, **secondaries_of(scope, registered, records)}
    return Found(records, extra, failures.passing, is_unfinished(scope.holds))


def refuse_nameless(registered: dict[Any, type], modules: Iterable[str], keep: Listener) -> None:
    """Let a module have failed that takes the name of their module from its classes."""
    nameless = {
        key: (cls, "")
        for key, cls in [*registered.items()]
        if any(type(each.__module__) is not str for each in cls.__mro__)
    }
    for name in [*modules] if nameless else ():
        for key in brought_by(sys.modules[name], nameless):
            keep(name, TypeError(f"the class of {key!r} has no text for its __module__"))
    for key in nameless:
        registered.pop(key, None)


def _merge_installed(
    scope: Scope,
    registry: LazyDiscoveryDict[Any, Any],
    failures: Failures,
    import_path: ImportPath,
    elsewhere: FilesElsewhere,
    walked: dict[str, int],
    brought: dict[Hashable, str],
) -> dict[Hashable, str]:
    """Import the plugins of installed distributions; gives the keys that entry points name."""
    if scope.config.discovery_entry_points is None:
        return {}
    from .installed import InstalledPlugins

    def register(module: ModuleType) -> None:
        if scope.scanned:
            register_scanned(scope, module, registry)

    foreign = {
        key: (cls, cls.__module__)
        for key, cls in [*registry._registered.items()]
        if not scope.holds(cls.__module__) and cls.__module__ not in walked
    }
    plugins = InstalledPlugins(scope, registry, failures, register)
    plugins.load(import_path, elsewhere)
    for module, keys in plugins.modules:
        walked.setdefault(module.__name__, len(walked))
        for key in (*keys, *brought_by(module, foreign)):
            brought.setdefault(key, module.__name__)
    return plugins.names


def _find_homes(
    registered: dict[Any, type],
    bringers: dict[Any, list[str]],
    brought: dict[Any, str],
    walked: dict[str, int],
) -> dict[Any, str]:
    """The module of the package that brings each class in: its own, or one that imports it.

    A class made inside a function belongs to the module that called it while being imported.
    """
    homes = {}
    for key, cls in registered.items():
        own = () if _is_made(cls) else (cls.__module__, brought.get(key, ""))
        places = [place for place in (*own, *bringers.get(key, ())) if place in walked]
        if places:
            homes[key] = places[0]
    return homes


def warn(scope: Scope, found: Found) -> None:
    """One warning for each module that failed, and one for a search that found nothing."""
    found.warn_of_failures(DiscoveryWarning)
    if scope.scanned and not found.records:
        text = f"{scope.package} has no sub-class of {scope.base.__qualname__} with a key"
        warn_caller(text, DiscoveryWarning)


def _is_made(cls: type) -> bool:
    return is_local(cls) and find_class(cls.__module__, cls.__name__) is not cls


def _modules_of(scope: Scope, on_failure: Listener) -> Iterator[ModuleType]:
    """The package itself and its modules, imported one by one."""
    config, name = scope.config, str(scope.package)
    package = import_module(name, refusing(on_failure, strict=True))
    yield package  # type: ignore[misc]
    paths = find_package(name)
    if paths is None:  # a plain module
        return
    if config.discovery_function is not None:
        outer = _LISTENERS.get(get_ident())
        _LISTENERS[get_ident()] = on_failure
        try:
            config.discovery_function(paths, f"{name}.", scope.base)
        finally:
            _LISTENERS[get_ident()] = outer
        yield from [module for each, module in list(sys.modules.items()) if scope.holds(each)]
        return
    recursive = config.discovery_recursive is not False
    yield from _import_modules(paths, f"{name}.", recursive, config.strict, listener=on_failure)


def register_scanned(
    scope: Scope, module: ModuleType, registry: LazyDiscoveryDict[Any, Any]
) -> None:
    """Register the classes of a module that knows nothing of registries."""
    for cls in own_classes(module, scope.base):
        if getattr(cls, "__abstractmethods__", None):
            continue
        if scope.include is not None and not scope.include(cls):
            continue
        key = scope.config.key_of(cls)
        if key is not None:
            registry._register(key, cls)
            registry._bringers[key] = [module.__name__]


def drop_vanished(
    scope: Scope, registry: LazyDiscoveryDict[Any, Any], homeless: Iterable[Any]
) -> None:
    """Forget classes of the package whose module is gone: discovery would not find them now.

    Args:
        scope: What the registry lists.
        registry: The registry.
        homeless: Keys of registered classes that no module was seen to have.
    """
    modules = {key: registry._registered[key].__module__ for key in homeless}
    gone = [key for key, name in modules.items() if scope.holds(name) and not find_spec(name)]
    drop(scope, registry, gone)


def drop(scope: Scope, registry: LazyDiscoveryDict[Any, Any], keys: Iterable[Any]) -> None:
    for key in keys:
        cls = registry._registered.pop(key)
        for secondary in scope.config.secondary_registries:
            secondary.forget(cls)


def record_of(scope: Scope, cls: type, home: str) -> dict[str, Any]:
    record = describe(cls, scope.config.facts)
    if home != cls.__module__:
        record["via"] = home
    if find_class(cls.__module__, cls.__qualname__) is not cls:
        namespace = getattr(sys.modules.get(home), "__dict__", {})  # a module may misname itself
        names = [name for name, value in list(namespace.items()) if value is cls]
        if names:
            record["attribute"] = names[0]
    return record


def describe(cls: type, names: Iterable[str]) -> dict[str, Any]:
    """The record of a plugin class, as it lies in the cache file.

    Args:
        cls: The class.
        names: The class attributes to be stored.
    """
    doc = vars(cls).get("__doc__")
    doc = doc.strip().partition("\n")[0] if isinstance(doc, str) else ""
    facts = {name: getattr(cls, name) for name in names if hasattr(cls, name)}
    more = {"doc": doc, "facts": _as_stored(facts) if facts else {}}
    return {**serialize_plugin_class(cls), **{name: value for name, value in more.items() if value}}


def _as_stored(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts as the file gives them back, so that a cold answer equals a warm one."""
    try:
        return json.loads(json.dumps(facts, allow_nan=False))  # type: ignore[no-any-return]
    except (TypeError, ValueError):
        return facts  # the save refuses them, with the place and the reason


def secondaries_of(
    scope: Scope, registered: dict[Any, type], records: dict[Any, dict[str, Any]]
) -> dict[str, Any]:
    """For each secondary registry: its keys, and the primary key of the class behind each."""
    owners: dict[str, dict[str, str]] = {}
    try:
        for secondary in scope.config.secondary_registries:
            filled = {id(cls): key for key, cls in secondary.owners.items()}
            owners[secondary.name] = {
                key_to_text(filled[id(registered[key])]): key_to_text(key)
                for key in records
                if id(registered[key]) in filled
            }
    except TypeError as error:
        return {"secondary": {}, "unstorable": error}  # the save refuses it and says why
    return {"secondary": owners}

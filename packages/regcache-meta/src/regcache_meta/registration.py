"""Classes that register themselves: ``AutoRegisterMeta``; ``AutoRegister`` without metaclass."""

import sys
from abc import ABCMeta

from .classes import (
    DECLARATION_TOKEN,
    DEPENDS_ON,
    Scope,
    check_holder,
    dependencies_of,
    is_abstract,
    readable_name,
)
from .config import _DERIVED, RegistryConfig, SecondaryRegistry, check, respelt
from .lazydict import LazyDiscoveryDict, SecondaryRegistryDict
from .mapping import LazyDict, put_secondary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable
    from typing import Any, ClassVar, TypeVar

    from regcache_core import Dependency

    B = TypeVar("B")


#: What a class may say of its registry, and the argument of ``RegistryConfig`` for that.
_ATTRIBUTES = {
    "__registry_key__": "key_attribute",
    "__key_extractor__": "key_extractor",
    "__skip_if_no_key__": "skip_if_no_key",
    "__secondary_registries__": "secondary_registries",
    "__registry_name__": "registry_name",
    "__registry_facts__": "facts",
    "__registry_entry_points__": "discovery_entry_points",
    "__registry_max_age_days__": "max_age_days",
    "__registry_cache_dir__": "cache_dir",
}
_DECLARING = (*_ATTRIBUTES, "__registry__", "__registry_config__", DEPENDS_ON)
_KNOWN = {*_DECLARING, DECLARATION_TOKEN, _DERIVED}


class AutoRegisterMeta(ABCMeta):
    """Metaclass of plugin base classes: concrete sub-classes register themselves.

    A class declares a registry by the class attribute ``__registry_key__`` (the name of the class
    attribute that holds a plugin's key), with ``__registry__``, ``__key_extractor__``,
    ``__skip_if_no_key__``, ``__secondary_registries__``, ``__registry_name__``,
    ``__registry_facts__``, ``__registry_entry_points__``, ``__registry_max_age_days__``,
    ``__registry_cache_dir__`` and ``__registry_depends_on__`` where wanted; or by
    ``__registry_config__`` (or the class keyword ``registry_config``), a ``RegistryConfig`` that
    says all of it at once. Its sub-classes inherit the registry, as ``cls.__registry__``; abstract
    ones are skipped. A sub-class may have a ``__registry_depends_on__`` of its own, for what it
    alone depends on.

    Raises:
        ConfigError: An attribute is of the wrong kind, or its name is misspelt (a ``ValueError``).
        DuplicateKeyError: Two different classes have the same key (a ``ValueError``).
        MissingKeyError: A class has no key, and the registry does not skip such classes.
        TypeError: A class inherits two registries, or its key is not hashable.

    >>> class Reader(metaclass=AutoRegisterMeta):
    ...     __registry_key__ = "format"
    >>> class TiffReader(Reader):
    ...     format = "tiff"
    >>> Reader.__registry__["tiff"].__name__
    'TiffReader'
    """

    if TYPE_CHECKING:

        @property
        def __registry__(cls: Callable[..., B]) -> LazyDiscoveryDict[Any, type[B]]: ...

    def __new__(
        mcs,
        name: str,
        bases: "tuple[type, ...]",
        namespace: "dict[str, Any]",
        registry_config: "RegistryConfig | None" = None,
        **kwargs: "Any",
    ) -> "Any":
        cls = super().__new__(mcs, name, bases, namespace, **kwargs)
        add_class(cls, registry_config)
        return cls

    def __init__(
        cls,
        name: str,
        bases: "tuple[type, ...]",
        namespace: "dict[str, Any]",
        registry_config: "RegistryConfig | None" = None,
        **kwargs: "Any",
    ) -> None:
        super().__init__(name, bases, namespace, **kwargs)


class AutoRegister:
    """What ``AutoRegisterMeta`` does, for classes whose metaclass is taken (pydantic, Qt, Enum).

    Derive the base class of the plugins from it and declare the registry by the same attributes.

    >>> class Writer(AutoRegister):
    ...     __registry_key__ = "format"
    >>> class TiffWriter(Writer):
    ...     format = "tiff"
    >>> list(Writer.__registry__)
    ['tiff']
    """

    __slots__ = ()

    if TYPE_CHECKING:
        __registry__: ClassVar[LazyDiscoveryDict[Any, Any]]
        __registry_depends_on__: ClassVar[Collection[Dependency]]

    def __init_subclass__(
        cls, registry_config: "RegistryConfig | None" = None, **kwargs: "Any"
    ) -> None:
        super().__init_subclass__(**kwargs)
        add_class(cls, registry_config)


def add_class(cls: type, given: "RegistryConfig | None" = None) -> None:
    """Declare the registry that a new class asks for, or register it in the one it inherits."""
    declared = vars(cls).get("__registry_config__") if given is None else given
    if any(getattr(base, "__registry_config__", None) is declared for base in cls.__bases__):
        declared = None  # a metaclass that gives its configuration to every class, base or plugin
    inherited = None if declared else _inherited_config(cls)
    if declared is None and (inherited is None or _asks_for_its_own(cls, inherited)):
        declared = _config_from_attributes(cls)
    if declared is not None or inherited is None:
        _check_names(cls, declared)
    if declared is not None:
        _declare(cls, declared)
    # A name with brackets is no class statement: a generic model's parametrization, A[int].
    elif inherited is not None and cls.__name__.isidentifier() and not is_abstract(cls):
        _register(cls, inherited)


def _asks_for_its_own(cls: type, inherited: RegistryConfig) -> bool:
    own = vars(cls)
    another_key = own.get("__registry_key__", inherited.key_attribute) != inherited.key_attribute
    return "__registry__" in own or another_key


def _inherited_config(cls: "Any") -> "RegistryConfig | None":
    inherited = (getattr(base, "__registry_config__", None) for base in cls.__bases__)
    configs = {id(config): config for config in inherited if config is not None}
    if len(configs) > 1:
        names = " and ".join(repr(c.registry_name) for c in configs.values())
        raise TypeError(
            f"{cls.__module__}.{cls.__qualname__} inherits two registries, {names}. Derive it from "
            "one of their base classes, or give it a __registry_config__ of its own."
        )
    return next(iter(configs.values()), None)


def _config_from_attributes(cls: "Any") -> "RegistryConfig | None":
    if getattr(cls, "__registry_key__", None) is None:
        return None
    own = vars(cls).get("__registry__")
    given: dict[str, Any] = {
        argument: getattr(cls, name) for name, argument in _ATTRIBUTES.items() if hasattr(cls, name)
    }
    registry = LazyDiscoveryDict() if own is None else own
    try:
        config = RegistryConfig(registry, **{"skip_if_no_key": True, **given})
        _check_dict(config)
    except ValueError as error:
        names = {argument: name for name, argument in _ATTRIBUTES.items()}
        names["registry_dict"] = "__registry__"
        spelt = {each: f"{_place_of(cls)}.{name}" for each, name in names.items()}
        raise respelt(error, spelt) from None
    return config


def _place_of(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _check_dict(config: RegistryConfig) -> None:
    """Refuse what only a registry that discovers can do."""
    for name in ("strict", "facts", "depends_on", "discovery_entry_points", "cache_dir"):
        value, is_lazy = getattr(config, name), isinstance(config.registry_dict, LazyDiscoveryDict)
        check(name, value, is_lazy or not value, "it to a registry that is a LazyDiscoveryDict")


def _check_names(cls: type, declared: "RegistryConfig | None") -> None:
    """Refuse an attribute that is called like one of a registry, and is none, or is of no use."""
    own = vars(cls).get("__registry__") if declared is None else None
    check(f"{_place_of(cls)}.__registry__", own, own is None, "it with a __registry_key__")
    for name in vars(cls):
        if name.startswith("__registry_") and name.endswith("__") and name not in _KNOWN:
            from difflib import get_close_matches

            known = {each.strip("_").removeprefix("registry_"): each for each in _DECLARING}
            word = name.strip("_").removeprefix("registry_")
            close = [known[each] for each in get_close_matches(word, known, 2)]
            expected = f"it as {' or '.join(close or sorted(_DECLARING))}: no other name is known"
            check(f"{_place_of(cls)}.{name}", vars(cls)[name], False, expected)


def _declare(cls: "Any", config: RegistryConfig) -> None:
    """Make ``cls`` the base class of a registry."""
    is_config = isinstance(config, RegistryConfig)
    check("__registry_config__", config, is_config, "a RegistryConfig")
    _check_dict(config)
    config.registry_name = config.registry_name or readable_name(cls.__name__)
    registry = config.registry_dict
    cls.__registry_config__ = config
    cls.__registry__ = registry
    if isinstance(registry, LazyDiscoveryDict):
        registry.bind(Scope(cls, config, config.discovery_package or _package_of(cls)))
        for secondary in config.secondary_registries:
            _make_lazy(secondary, registry, cls.__module__)


def _package_of(cls: type) -> "str | None":
    """The package that a class is defined in; ``None`` for scripts and notebooks."""
    # Its plugins would import it a second time, by another name; so in a child that is spawned.
    if cls.__module__ in ("__main__", "__mp_main__"):
        return None
    return getattr(sys.modules.get(cls.__module__), "__package__", None) or None


def _make_lazy(
    secondary: SecondaryRegistry, primary: "LazyDiscoveryDict[Any, Any]", module: str
) -> None:
    """Put a lazy mapping in the place of a plain dict, under its names in the application."""
    plain = secondary.registry_dict
    if isinstance(plain, SecondaryRegistryDict):
        plain._secondary = secondary
    if isinstance(plain, LazyDict):
        return
    lazy: SecondaryRegistryDict[Any, Any] = SecondaryRegistryDict(primary, secondary)
    lazy._assigned.update(plain)
    secondary.registry_dict = lazy
    _rebind(module.partition(".")[0], plain, lazy)


def _rebind(application: str, old: object, new: object) -> None:
    """Let the global names that mean one object in an application mean another.

    In all of its modules: the one that made the object, and those that import it from there.
    """
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == application:
            namespace = getattr(module, "__dict__", {})
            for each in [each for each, value in list(namespace.items()) if value is old]:
                namespace[each] = new


def _register(cls: "Any", config: RegistryConfig) -> None:
    key = config.key_of(cls)
    if key is None:
        if config.skip_if_no_key:
            return
        from .errors import MissingKeyError

        raise MissingKeyError(str(config.registry_name), cls, config.key_attribute)
    dependencies_of(cls)  # a wrong declaration is told where it is made
    if DECLARATION_TOKEN not in vars(cls):
        setattr(cls, DECLARATION_TOKEN, object())
    _put(config, key, cls)
    for secondary in config.secondary_registries:
        put_secondary(secondary, key, cls)
    _log(cls, key, config)


def _put(config: RegistryConfig, key: "Hashable", cls: type) -> None:
    registry: Any = config.registry_dict
    if isinstance(registry, LazyDict):
        registry._register(key, cls)
        return
    check_holder(str(config.registry_name), key, registry.get(key, cls), cls)
    registry[key] = cls


def _log(cls: type, key: "Hashable", config: RegistryConfig) -> None:
    logging = sys.modules.get("logging")  # not imported for this: it costs more than we do
    if config.log_registration and logging is not None:
        logger = logging.getLogger("regcache_meta")
        logger.debug("%s: registered %s as %r", config.registry_name, cls.__qualname__, key)

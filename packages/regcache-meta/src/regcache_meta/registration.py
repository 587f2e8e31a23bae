"""Classes that register themselves: ``AutoRegisterMeta``; ``AutoRegister`` without metaclass."""

import sys
from abc import ABCMeta

from .config import (
    ALIASES,
    DECLARATION_TOKEN,
    DEPENDS_ON,
    DERIVED,
    NOWHERE,
    REPLACES,
    RegistryConfig,
    Scope,
    SecondaryRegistry,
    check,
    check_exclude,
    readable_name,
)
from .lazydict import LazyDiscoveryDict, SecondaryRegistryDict
from .mapping import LazyDict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
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
    "__registry_on_duplicate__": "on_duplicate",
    "__registry_package__": "discovery_package",
    "__registry_packages__": "packages",
    "__registry_exclude__": "exclude",
    "__registry_discover__": "discover",
    "__registry_max_age_days__": "max_age_days",
    "__registry_cache_dir__": "cache_dir",
}
_DECLARING = (*_ATTRIBUTES, "__registry__", "__registry_config__", ALIASES, DEPENDS_ON, REPLACES)
#: What a class without a registry may say, for its sub-classes.
_OF_OTHERS = {"__registry_key__", ALIASES, DEPENDS_ON, REPLACES}
#: What a plugin may say, or have from its class made a second time, or from a metaclass.
_OF_PLUGINS = {*_OF_OTHERS, "__registry__", "__registry_config__", DECLARATION_TOKEN, DERIVED}
_KNOWN = {*_DECLARING, *_OF_PLUGINS}


class AutoRegisterMeta(ABCMeta):
    """Metaclass of plugin base classes: concrete sub-classes register themselves.

    A class declares a registry by the class attribute ``__registry_key__`` (the name of the class
    attribute that holds a plugin's key), with ``__registry__``, ``__key_extractor__``,
    ``__skip_if_no_key__``, ``__secondary_registries__``, ``__registry_name__``,
    ``__registry_facts__``, ``__registry_entry_points__``, ``__registry_on_duplicate__``,
    ``__registry_package__``, ``__registry_packages__``, ``__registry_exclude__``,
    ``__registry_discover__``, ``__registry_max_age_days__``, ``__registry_cache_dir__`` and
    ``__registry_depends_on__`` where wanted; or by ``__registry_config__`` (or the class keyword
    ``registry_config``), a ``RegistryConfig`` that says all of it at once. Its sub-classes inherit
    the registry, as ``cls.__registry__``; abstract ones are skipped. A sub-class may have a
    ``__registry_depends_on__`` of its own, for what it alone depends on, name as
    ``__registry_replaces__`` the class whose key it takes, and have other names, ``("tif",)``, as
    ``__registry_aliases__``.

    Raises:
        ConfigError: An attribute is of the wrong kind, or its name is misspelt (a ``ValueError``).
        DuplicateKeyError: Another class has the key (a ``ValueError``); where modules are imported
            that are searched, it is raised when the key is looked up.
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
        if registry_config is not None:
            cls.__registry_config__ = registry_config  # type: ignore[attr-defined]
        if _hook_of(cls) is None:
            _add_last(cls)


class _LastHook(classmethod):  # type: ignore[type-arg]
    """The ``__init_subclass__`` of a class, after which sub-classes are registered.

    A key is often set behind ``super().__init_subclass__()``: there ours has returned already.
    """

    def __init__(self, own: "Any") -> None:
        def hook(cls: type, **kwargs: "Any") -> None:
            if own is None:
                owner = next(each for each in cls.__mro__ if self in vars(each).values())
                super(owner, cls).__init_subclass__(**kwargs)  # type: ignore[arg-type]
            else:
                own.__get__(None, cls)(**kwargs)
            if _hook_of(cls) is self:
                _add_last(cls)

        super().__init__(hook)
        # Where attrs and dataclass look for what names the class that they make a second time.
        self.__func__ = getattr(own, "__func__", hook)
        hook.__wrapped__ = own  # type: ignore[attr-defined]

    __func__: "Any" = None


def _hook_of(cls: type) -> "_LastHook | None":
    """The first of what registers a class that has just been made."""
    hooks = (vars(base).get("__init_subclass__") for base in cls.__mro__[1:])
    return next((hook for hook in hooks if isinstance(hook, _LastHook)), None)


def _add_last(cls: type) -> None:
    """Register a class, and see to it that its sub-classes are when all is set."""
    add_class(cls)
    first = next(base for base in cls.__mro__ if "__init_subclass__" in vars(base))
    if not isinstance(vars(first)["__init_subclass__"], _LastHook):
        own = vars(cls).get("__init_subclass__")
        cls.__init_subclass__ = _LastHook(own)  # type: ignore[assignment]


def add_class(cls: type, given: "RegistryConfig | None" = None) -> None:
    """Declare the registry that a new class asks for, or register it in the one it inherits."""
    declared = vars(cls).get("__registry_config__") if given is None else given
    if any(getattr(base, "__registry_config__", None) is declared for base in cls.__bases__):
        declared = None  # a metaclass that gives its configuration to every class, base or plugin
    inherited = None if declared else _inherited_config(cls)
    if declared is None and (inherited is None or _asks_for_its_own(cls, inherited)):
        declared = _config_from_attributes(cls)
    _check_names(cls, declared is not None, inherited is not None)
    if declared is not None:
        _declare(cls, declared)
    # A name with brackets is no class statement: a generic model's parametrization, A[int].
    elif inherited is not None and cls.__name__.isidentifier():
        from .classes import register

        register(cls, inherited)


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
    said = {argument: getattr(cls, name, NOWHERE) for name, argument in _ATTRIBUTES.items()}
    given: dict[str, Any] = {each: value for each, value in said.items() if value is not NOWHERE}
    registry = LazyDiscoveryDict() if own is None else own
    try:
        config = RegistryConfig(registry, **{"skip_if_no_key": True, **given})
        _check_use(config, cls)
    except ValueError as error:
        from .declarations import respelt

        names = {argument: name for name, argument in _ATTRIBUTES.items()}
        names["registry_dict"] = "__registry__"
        place = f"{cls.__module__}.{cls.__qualname__}"
        raise respelt(error, {each: f"{place}.{name}" for each, name in names.items()}) from None
    return config


def _check_use(config: RegistryConfig, cls: type) -> None:
    """Refuse what only a registry that discovers can do, and patterns that fit nothing."""
    is_lazy = isinstance(config.registry_dict, LazyDiscoveryDict)
    if not config.discover or not is_lazy:
        from .declarations import check_use

        check_use(config, is_lazy)
    if config.exclude:
        package = config.discovery_package or _package_of(cls)
        check_exclude(config.exclude, (package, *config.packages))


def _check_names(cls: type, is_declared: bool, is_inherited: bool) -> None:
    """Refuse an attribute that is called like one of a registry, and is none, or is of no use."""
    right = _KNOWN if is_declared else _OF_PLUGINS if is_inherited else _OF_OTHERS
    odd = [name for name in vars(cls) if name[:11] == "__registry_" and name not in right]
    if odd:
        from .declarations import check_names

        check_names(cls, odd, _DECLARING, is_inherited)


def _declare(cls: "Any", config: RegistryConfig) -> None:
    """Make ``cls`` the base class of a registry."""
    is_config = isinstance(config, RegistryConfig)
    field = f"{cls.__module__}.{cls.__qualname__}.__registry_config__"
    check(field, config, is_config, "a RegistryConfig")
    _check_use(config, cls)
    config.registry_name = config.registry_name or readable_name(cls.__name__)
    registry = config.registry_dict
    cls.__registry_config__ = config
    cls.__registry__ = registry
    if isinstance(registry, LazyDiscoveryDict):
        package = config.discovery_package or _package_of(cls) or next(iter(config.packages), None)
        package = package if config.discover else None
        registry.bind(Scope(cls, config, package))
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

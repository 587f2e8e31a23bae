"""Classes that register themselves: ``AutoRegisterMeta``; ``AutoRegister`` without metaclass."""

import sys
from _weakref import ref
from abc import ABCMeta

from regcache_core.discovery import code_in_execution

from .classes import (
    DECLARATION_TOKEN,
    DEPENDS_ON,
    REPLACES,
    Scope,
    dependencies_of,
    inherits_key,
    is_abstract,
    is_class,
    is_held,
    label_of,
    readable_name,
    replaces,
)
from .config import _DERIVED, RegistryConfig, SecondaryRegistry, check, check_exclude, respelt
from .lazydict import LazyDiscoveryDict, SecondaryRegistryDict
from .mapping import NOWHERE, LazyDict, put_secondary

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
    "__registry_on_duplicate__": "on_duplicate",
    "__registry_package__": "discovery_package",
    "__registry_exclude__": "exclude",
    "__registry_discover__": "discover",
    "__registry_max_age_days__": "max_age_days",
    "__registry_cache_dir__": "cache_dir",
}
_DECLARING = (*_ATTRIBUTES, "__registry__", "__registry_config__", DEPENDS_ON, REPLACES)
#: What a plugin may say, or have from its class made a second time, or from a metaclass.
_OF_PLUGINS = {DEPENDS_ON, REPLACES, DECLARATION_TOKEN, _DERIVED}
_OF_PLUGINS |= {"__registry__", "__registry_key__", "__registry_config__"}


class AutoRegisterMeta(ABCMeta):
    """Metaclass of plugin base classes: concrete sub-classes register themselves.

    A class declares a registry by the class attribute ``__registry_key__`` (the name of the class
    attribute that holds a plugin's key), with ``__registry__``, ``__key_extractor__``,
    ``__skip_if_no_key__``, ``__secondary_registries__``, ``__registry_name__``,
    ``__registry_facts__``, ``__registry_entry_points__``, ``__registry_on_duplicate__``,
    ``__registry_package__``, ``__registry_exclude__``, ``__registry_discover__``,
    ``__registry_max_age_days__``, ``__registry_cache_dir__`` and ``__registry_depends_on__`` where
    wanted; or by ``__registry_config__`` (or the class keyword ``registry_config``), a
    ``RegistryConfig`` that says all of it at once. Its sub-classes inherit the registry, as
    ``cls.__registry__``; abstract ones are skipped. A sub-class may have a
    ``__registry_depends_on__`` of its own, for what it alone depends on, and name as
    ``__registry_replaces__`` the class whose key it takes.

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
        _check_use(config, cls)
    except ValueError as error:
        names = {argument: name for name, argument in _ATTRIBUTES.items()}
        names["registry_dict"] = "__registry__"
        spelt = {each: f"{_place_of(cls)}.{name}" for each, name in names.items()}
        raise respelt(error, spelt) from None
    return config


def _place_of(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _check_use(config: RegistryConfig, cls: type) -> None:
    """Refuse what only a registry that discovers can do, and patterns that fit nothing."""
    is_lazy = isinstance(config.registry_dict, LazyDiscoveryDict)
    is_default_age = config.max_age_days == 7
    where = "it to a registry that is a LazyDiscoveryDict"
    check("max_age_days", config.max_age_days, is_lazy or is_default_age, where)
    searched = "discovery_package", "discovery_entry_points"
    for name in ("strict", "facts", "depends_on", "cache_dir", "exclude", *searched):
        value = getattr(config, name)
        check(name, value, is_lazy or not value, where)
        is_used = config.discover or name not in searched or not value
        check(name, value, is_used, "it to a registry that discovers")
    check_exclude(config.exclude, config.discovery_package or _package_of(cls))


def _check_names(cls: type, is_declared: bool, is_inherited: bool) -> None:
    """Refuse an attribute that is called like one of a registry, and is none, or is of no use."""
    mine = {n: v for n, v in vars(cls).items() if n.startswith("__registry_") and n.endswith("__")}
    for name, value in mine.items():
        is_known = name in _DECLARING or name in _OF_PLUGINS
        if not is_known and not any(hasattr(base, name) for base in cls.__bases__):
            from difflib import get_close_matches

            known = {each.strip("_").removeprefix("registry_"): each for each in _DECLARING}
            word = name.strip("_").removeprefix("registry_")
            close = [known[each] for each in get_close_matches(word, known, 2)]
            expected = f"it as {' or '.join(close or sorted(_DECLARING))}: no other name is known"
            check(f"{_place_of(cls)}.{name}", value, False, expected)
    if is_declared:
        return
    useless = _OF_PLUGINS if is_inherited else {"__registry_key__", DEPENDS_ON, REPLACES}
    where = (
        "it to the class that declares the registry"
        if is_inherited
        else "it with a __registry_key__"
    )
    for name, value in mine.items():
        is_useless = name in _DECLARING and name not in useless
        check(f"{_place_of(cls)}.{name}", value, not is_useless or value is None, where)


def _declare(cls: "Any", config: RegistryConfig) -> None:
    """Make ``cls`` the base class of a registry."""
    is_config = isinstance(config, RegistryConfig)
    check(f"{_place_of(cls)}.__registry_config__", config, is_config, "a RegistryConfig")
    _check_use(config, cls)
    config.registry_name = config.registry_name or readable_name(cls.__name__)
    registry = config.registry_dict
    cls.__registry_config__ = config
    cls.__registry__ = registry
    if isinstance(registry, LazyDiscoveryDict):
        package = (config.discovery_package or _package_of(cls)) if config.discover else None
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


def _register(cls: "Any", config: RegistryConfig) -> None:
    registry: Any = config.registry_dict
    is_lazy = isinstance(registry, LazyDiscoveryDict)
    scope: Any = registry._scope if is_lazy else None
    if is_lazy and scope.excludes(cls.__module__):
        return
    key = config.key_of(cls)
    if is_lazy:
        registry._note_keyless(cls, key)
    if key is None:
        if config.skip_if_no_key:
            return
        from .errors import MissingKeyError

        raise MissingKeyError(str(config.registry_name), cls, config.key_attribute)
    if inherits_key(cls, key, config):
        return
    dependencies_of(cls)  # a wrong declaration is told where it is made
    other = vars(cls).get(REPLACES, "")
    is_class_or_name = isinstance(other, (str, type))
    check(f"{_place_of(cls)}.{REPLACES}", other, is_class_or_name, "a class, or its full name")
    if DECLARATION_TOKEN not in vars(cls):
        code = code_in_execution(cls.__module__)
        setattr(cls, DECLARATION_TOKEN, (code and ref(code),))
    _forget_former(config, key, cls)
    claimed, key = key, _put(config, key, cls)
    if key is NOWHERE or (is_lazy and key != claimed and registry._is_judged()):
        return  # those that have their keys fill in others when that is known
    for secondary in config.secondary_registries:
        put_secondary(secondary, key, cls)
    _log(cls, key, config)


def _forget_former(config: RegistryConfig, key: "Hashable", cls: type) -> None:
    """Forget a class under other keys that it had before its module was executed anew.

    By a reload, or as the cell of a notebook. What one execution declares several times stays.
    """
    (run,) = vars(cls)[DECLARATION_TOKEN]
    if run is None or config._runs.setdefault(cls.__module__, run) is run:
        return
    registry: Any = config.registry_dict
    registered = getattr(registry, "_registered", registry)
    former = [
        each
        for each, old in list(registered.items())
        if each != key
        and is_class(old)
        and (old.__module__, old.__qualname__) == (cls.__module__, cls.__qualname__)
        and vars(old).get(DECLARATION_TOKEN, (run,)) not in ((None,), (run,))
    ]
    config.forget(former)
    held = registered.get(key, cls)
    is_rival = is_class(held) and held.__module__ == cls.__module__ and is_held(held, cls)
    is_lazy = isinstance(registry, LazyDiscoveryDict) and not registry._is_discovering()
    if is_lazy and (former or is_rival):
        scope: Any = registry._scope
        registry.bind(scope)  # what is known of other modules is looked at anew


def _put(config: RegistryConfig, key: "Any", cls: type) -> "Any":
    """Register a class; gives the key under which it is listed, or ``NOWHERE``."""
    registry: Any = config.registry_dict
    if isinstance(registry, LazyDict):
        return registry._register(key, cls)
    holder, policy = registry.get(key, cls), config.on_duplicate
    if is_held(holder, cls):
        if policy == "last" or replaces(cls, label_of(holder)):
            config.forget_secondary(holder)
        elif policy == "error":
            from regcache_core.discovery import duplicate

            from .errors import DuplicateKeyError

            name, labels = str(config.registry_name), (label_of(holder), label_of(cls))
            raise duplicate(DuplicateKeyError, name, key, *labels)
        elif policy == "first":
            return NOWHERE
        else:
            key = f"{cls.__module__}.{key}"
    registry[key] = cls
    return key


def _log(cls: type, key: "Hashable", config: RegistryConfig) -> None:
    logging = sys.modules.get("logging")  # not imported for this: it costs more than we do
    if config.log_registration and logging is not None:
        logger = logging.getLogger("regcache_meta")
        logger.debug("%s: registered %s as %r", config.registry_name, cls.__qualname__, key)

"""How a registry of classes is set up: ``RegistryConfig``, ``Scope``; keys from class names."""

import sys
from _thread import RLock
from time import time_ns

from regcache_core import discovery
from regcache_core.discovery import call_in_forked_child, containing

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection, Hashable, Iterable, MutableMapping
    from typing import Any, Literal

    from regcache_core import Dependency

    from .named import Named

    KeyExtractor = Callable[[str, type], Hashable | None]

#: Key source of a secondary registry: the same key as in the primary registry.
PRIMARY_KEY = "primary"

#: What may be said of a key that several classes claim: see ``RegistryConfig``.
POLICIES = ("error", "first", "last", "qualify")

#: The attribute by which a class declares what it depends on.
DEPENDS_ON = "__registry_depends_on__"

#: The attribute by which a class says which other one it replaces: that class, its full name, or
#: its label.
REPLACES = "__registry_replaces__"

#: The attribute by which a class says by which other names it can be asked for.
ALIASES = "__registry_aliases__"

#: Left in the namespace of each registered class: one object for each class statement. It holds a
#: reference to the code of the module that is being executed, or ``None``.
DECLARATION_TOKEN = "__registry_declaration__"

#: What a switch is to be.
FLAG = "True or False"

#: Set on a class whose key an extractor derived: its sub-classes derive keys of their own.
DERIVED = "__registry_key_derived__"


class SecondaryRegistry:
    """A second mapping that every registered class fills with one of its attributes.

    Args:
        registry_dict: The mapping to fill; a plain ``dict`` is replaced by a lazy one under its
            global names in the application, and is filled itself as classes register.
        key_source: ``PRIMARY_KEY``, or the name of the class attribute that holds the key.
        attr_name: The class attribute that holds the value; classes without it are skipped.

    Raises:
        ConfigError: An argument is of the wrong kind (a ``ValueError``).
    """

    __slots__ = ("attr_name", "given", "key_source", "owners", "registry_dict")

    def __init__(
        self, registry_dict: "MutableMapping[Any, Any]", key_source: str, attr_name: str
    ) -> None:
        check("registry_dict", registry_dict, _is_dict(registry_dict), "a dict")
        for field, name in (("key_source", key_source), ("attr_name", attr_name)):
            check(field, name, is_name(name), "the name of a class attribute")
        self.registry_dict = registry_dict
        self.given = registry_dict
        self.key_source = key_source
        self.attr_name = attr_name
        self.owners: dict[Hashable, type] = {}  # key -> the class that filled it in

    def forget(self, cls: type) -> None:
        """Take out what a class filled in."""
        for key in [key for key, owner in self.owners.items() if owner is cls]:
            del self.owners[key]
            registered: Any = getattr(self.registry_dict, "_registered", self.registry_dict)
            registered.pop(key, None)
            if self.given is not self.registry_dict:
                self.given.pop(key, None)

    @property
    def name(self) -> str:
        """What tells it from the other secondary registries of one registry."""
        return f"{self.attr_name} by {self.key_source}"

    def __repr__(self) -> str:
        return f"SecondaryRegistry({self.key_source!r}, {self.attr_name!r})"


class RegistryConfig:
    """The set-up of a registry, as the class attributes ``__registry_key__`` etc. declare it.

    Args:
        registry_dict: The registry: a ``LazyDiscoveryDict``, or a plain ``dict`` for classes that
            are only registered when something else imports them.
        key_attribute: Class attribute that holds the key, or a classmethod that returns it.
        key_extractor: Derives a key from ``(class name, class)`` where the attribute gives none.
        skip_if_no_key: Leave classes without a key unregistered, instead of raising.
        secondary_registries: Further mappings to fill.
        log_registration: Log each registration at level DEBUG, if logging is in use at all.
        registry_name: What the registry is called in messages and in its cache file's name;
            inferred from the name of the base class by default.
        discovery_package: Package that holds the plugins; by default the package that the base
            class is defined in.
        discovery_recursive: Whether sub-packages are searched; by default if there are any.
        discovery_function: Discovers in our place: called with the package's folders, the prefix
            of module names and the base class, as ``discover_registry_classes`` is.
        strict: Raise if a module fails to import, instead of keeping the error in ``failures``.
        facts: Names of class attributes to be stored in the cache (JSON values), so that
            ``registry.info(key).facts`` gives them without an import.
        depends_on: What decides beside the sources which plugins there are: ``File``,
            ``EnvironmentVariable`` and ``Distribution`` objects of regcache_core.
        discovery_entry_points: Group of entry points by which installed distributions add plugins
            to those of the package; each names a class or a module.
        on_duplicate: What becomes of a key that several classes claim: looking it up is an
            ``"error"``, or the ``"first"`` or ``"last"`` of the walk has it, or each class is
            listed under its place (``"qualify"``: ``"fast.HTTP"``).
        exclude: Patterns of modules that are neither imported nor registered: ``"tests"`` fits each
            part of that name below the package, ``"old.*"`` what lies in any ``old``. They stand in
            ``skipped``.
        packages: Further packages that hold plugins, as ``LazyDiscoveryDict.for_package`` has them.
        discover: Whether plugins are searched at all; else those count that something imports.
        max_age_days: Age in days after which the cache file is stale; ``None`` means for ever.
        cache_dir: Folder for the cache file, as ``CacheConfig`` of regcache_core has it.

    Raises:
        ConfigError: An argument is of the wrong kind (a ``ValueError``).
    """

    def __init__(
        self,
        registry_dict: "MutableMapping[Any, Any]",
        key_attribute: str,
        key_extractor: "KeyExtractor | None" = None,
        skip_if_no_key: bool = False,
        secondary_registries: "Iterable[SecondaryRegistry] | None" = None,
        log_registration: bool = True,
        registry_name: "str | None" = None,
        discovery_package: "str | None" = None,
        discovery_recursive: "bool | None" = None,
        discovery_function: "Callable[..., Any] | None" = None,
        strict: bool = False,
        facts: "Iterable[str]" = (),
        depends_on: "Collection[Dependency]" = (),
        discovery_entry_points: "str | None" = None,
        on_duplicate: "Literal['error', 'first', 'last', 'qualify']" = "error",
        exclude: "Iterable[str]" = (),
        discover: bool = True,
        max_age_days: "float | None" = 7,
        cache_dir: "str | os.PathLike[str] | None" = None,
        packages: "Iterable[str]" = (),
    ) -> None:
        given = locals()
        for field, (default, is_right, expected) in _RULES.items():
            value = given[field]
            if value is not default:
                check(field, value, is_right(value), expected)
        is_key = is_name(key_attribute) or (key_attribute == "" and key_extractor is not None)
        check("key_attribute", key_attribute, is_key, "the name of a class attribute")
        exclude = _listed("exclude", exclude, is_pattern, "a list of patterns: ['tests']")
        packages = _listed("packages", packages, is_package, "a list of packages: ['ext.*']")
        facts = _listed("facts", facts, is_name, "a list of attribute names")
        secondary_registries = _listed(
            "secondary_registries",
            () if secondary_registries is None else secondary_registries,
            lambda each: isinstance(each, SecondaryRegistry),
            "a list of SecondaryRegistry objects",
        )
        self.registry_dict = registry_dict
        self.key_attribute = key_attribute
        self.key_extractor = key_extractor
        self.skip_if_no_key = skip_if_no_key
        self.secondary_registries = secondary_registries
        self.log_registration = log_registration
        self.registry_name = registry_name
        self.discovery_package = discovery_package
        self.discovery_recursive = discovery_recursive
        self.discovery_function = discovery_function
        self.strict = strict
        self.facts = tuple(facts)
        self.depends_on = check_dependencies("depends_on", depends_on)
        self.discovery_entry_points = discovery_entry_points
        self.on_duplicate = on_duplicate
        self._runs: dict[str, Any] = {}  # module -> its code as it registered a class first
        self.exclude = tuple(exclude)
        self.packages = tuple(packages)
        self.discover = discover
        self.max_age_days = max_age_days
        self.cache_dir = cache_dir
        if max_age_days != 7 or cache_dir is not None:  # else it is not needed yet
            from regcache_core import CacheConfig

            self.cache_dir = CacheConfig(max_age_days, cache_dir=cache_dir).cache_dir

    def forget(self, keys: "Iterable[Hashable]") -> None:
        """Forget registered classes, with what they filled in elsewhere."""
        registered: Any = getattr(self.registry_dict, "_registered", self.registry_dict)
        for key in keys:
            self.forget_secondary(registered.pop(key))

    def forget_secondary(self, cls: type) -> None:
        """Take out of secondary registries what a class filled in."""
        for secondary in self.secondary_registries:
            secondary.forget(cls)

    def __repr__(self) -> str:
        shown = ("key_attribute", "registry_name", "discovery_package", "discovery_recursive")
        return f"RegistryConfig({', '.join(f'{n}={getattr(self, n)!r}' for n in shown)})"


def check(field: str, value: object, right: bool, expected: str) -> None:
    """Raise ``ConfigError`` for a setting of the wrong kind."""
    if not right:
        from regcache_core import ConfigError

        raise ConfigError(field, value, expected)


def check_exclude(exclude: "Collection[str]", packages: "Iterable[str | None]") -> None:
    """Raise ``ConfigError`` for patterns that name a package itself: they would fit nothing."""
    for each in packages:
        above = f"{each}.".partition("*")[0]
        is_below = not any(f"{pattern}.".startswith(above) for pattern in exclude)
        check("exclude", exclude, is_below, f"patterns that begin below {each}, such as ['tests']")


def is_name(value: object) -> bool:
    """Whether a value is a name that an attribute can have in a class statement."""
    return isinstance(value, str) and value.isidentifier()


def is_pattern(value: object) -> bool:
    """Whether a value is a pattern of names of modules."""
    return isinstance(value, str) and "" not in value.split(".")


def is_package(value: object) -> bool:
    """Whether a value is the name of a package, or a pattern of such names in a package."""
    return is_pattern(value) and {*"*?["}.isdisjoint(str(value).partition(".")[0])


def _is_dict(value: object) -> bool:
    if isinstance(value, dict):  # most are
        return True
    return all(hasattr(type(value), name) for name in ("__setitem__", "keys", "pop"))


def is_flag(value: object) -> bool:
    """Whether a value is ``True`` or ``False``."""
    return isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def is_group(value: object) -> bool:
    """Whether a value may be the name of a group of entry points."""
    return isinstance(value, str) and value.split() == [value]


#: Argument of ``RegistryConfig`` -> its default, whether another value is right, and what would be.
_RULES: "dict[str, tuple[Any, Callable[[Any], bool], str]]" = {
    "registry_dict": (..., _is_dict, "a LazyDiscoveryDict, or another dict"),
    "key_extractor": (None, callable, "a function of (class name, class)"),
    "skip_if_no_key": (False, is_flag, FLAG),
    "log_registration": (True, is_flag, FLAG),
    "registry_name": (None, _is_text, "a non-empty text"),
    "discovery_package": (None, is_package, "the name of a package, in full"),
    "discovery_recursive": (None, is_flag, f"{FLAG}, or None"),
    "discovery_function": (None, callable, "a function"),
    "strict": (False, is_flag, FLAG),
    "discovery_entry_points": (None, is_group, "the name of a group of entry points"),
    "on_duplicate": ("error", POLICIES.__contains__, f"one of {POLICIES}"),
    "discover": (True, is_flag, FLAG),
}


def _listed(
    field: str, given: "Any", is_right: "Callable[[Any], bool]", expected: str
) -> "list[Any]":
    """Several settings as a list; one text is none."""
    if given == ():
        return []
    items = [*given] if hasattr(given, "__iter__") and not isinstance(given, str) else [None]
    check(field, given, all(map(is_right, items)), expected)
    return items


def check_dependencies(field: str, given: "Collection[Dependency]") -> "tuple[Dependency, ...]":
    """What was declared, sorted; what checks it is imported only if something is.

    Raises:
        ConfigError: It is no list of dependencies.
    """
    if given == ():
        return ()
    from regcache_core.discovery import as_dependencies

    return as_dependencies(given, field)


def dependencies_of(cls: type) -> "tuple[Dependency, ...]":
    """What a class declares to depend on, by its own attribute or by an inherited one.

    Raises:
        ConfigError: The attribute holds something else.
    """
    for base in cls.__mro__:  # no getattr: the metaclass of a foreign class may answer anything
        if DEPENDS_ON in base.__dict__:
            field = f"{base.__module__}.{base.__qualname__}.{DEPENDS_ON}"
            return check_dependencies(field, vars(base)[DEPENDS_ON])
    return ()


def label_of(cls: type) -> str:
    """What a class is called in ``failures``: ``module:qualname``."""
    return f"{cls.__module__}:{cls.__qualname__}"


def is_local(cls: type) -> bool:
    """Whether a class is made inside a function, so that no name leads to it."""
    return "<locals>" in cls.__qualname__


def as_given(field: str, given: "Any", package: str, expected: str) -> "Any":
    """A class or function as it was given; for a text a ``Named``.

    Raises:
        ConfigError: The text does not have the form of a place.
    """
    if not isinstance(given, str):
        return given
    from .named import as_named

    return as_named(field, given, package, expected)


#: Stands for a value where there is none.
MISSING: "Any" = object()
#: The key of what others keep from being listed.
NOWHERE = object()
#: Held to publish, and to set or remove a key: who publishes meanwhile would lose that. Never held
#: while importing.
_LOCK = RLock()


def _after_fork() -> None:
    """In a forked child: a thread that held the lock does not go on here."""
    global _LOCK
    _LOCK = RLock()


call_in_forked_child(_after_fork)


def lock() -> RLock:
    """What is held to publish; another one in a forked child."""
    return _LOCK


class Rival:
    """Stands for a key that a class claims, and another one holds.

    Args:
        key: The key.
    """

    __slots__ = ("key",)

    def __init__(self, key: "Any") -> None:
        self.key = key


class Scope:
    """The base class, the package and the options of one registry.

    Args:
        given: The class that plugins derive from, or where that lies.
        config: The registry's set-up.
        package: The package that is searched first; ``None`` where there is none.
        scanned: Whether classes are looked for, instead of registering themselves.
        include: Which of the classes that are found count.
        watch: What tells that the package has changed: ``Adapter.watch``.
    """

    #: The group of entry points that name all plugins, where there is no package.
    group = ""

    __slots__ = (
        "config",
        "contains",
        "created_ns",
        "depends_on",
        "given",
        "include",
        "package",
        "packages",
        "scanned",
        "watch",
    )

    def __init__(
        self,
        given: "type | Named",
        config: "RegistryConfig",
        package: "str | None",
        scanned: bool = False,
        include: "Callable[[type], bool] | None" = None,
        watch: str = "files",
    ) -> None:
        self.given: Any = given
        self.config = config
        self.package = package
        self.packages = tuple(dict.fromkeys(filter(None, (package, *config.packages))))
        #: As ``Adapter.contains``, before there is one.
        self.contains = containing(self.packages)
        self.scanned = scanned
        self.include = include
        self.watch = watch
        self.created_ns = time_ns()
        #: What the registry depends on: declared by its set-up, or by its base class. That of a
        #: package of others may not be imported yet.
        self.depends_on: tuple[Dependency, ...] = config.depends_on
        if isinstance(given, type) and not scanned:
            self.depends_on = (*config.depends_on, *dependencies_of(given))

    @property
    def base(self) -> type:
        """The class that plugins derive from; imported if it was given as text.

        Raises:
            ConfigError: As ``Named.load``.
            DiscoveryError: Likewise.
        """
        base: type = self.given if isinstance(self.given, type) else self.given.load()
        return base

    def load_named(self) -> None:
        """Import what was given as text: where that fails, no plugin is to blame.

        Raises:
            ConfigError: As ``Named.load``.
            DiscoveryError: Likewise.
        """
        for each in (self.given, self.include, self.config.key_extractor):
            if hasattr(each, "load"):  # else it is certainly none
                from .named import Named

                if isinstance(each, Named):
                    each.load()

    @property
    def name(self) -> str:
        """What the registry is called in messages."""
        return self.config.registry_name or readable_name(self.given.__name__)

    def searches(self, module: str) -> bool:
        """Whether a module of the package is one that is searched."""
        if self.config.discovery_recursive is not False:
            return self.contains(module)
        if not self.contains(module):
            return False
        from regcache_core.discovery import within

        return within(module, self.packages) in (module, module.rpartition(".")[0])

    def excludes(self, module: str) -> bool:
        """Whether a module is one that is left out, whoever imports it."""
        patterns = self.config.exclude
        if not patterns:
            return False
        return discovery.excluded_as(module, self.packages, patterns) is not None

    def place_of(self, module: str, key: object) -> str:
        """The key of a class beside others of the same key: that, with the place of its module."""
        return f"{module}.{key}".removeprefix(f"{self.package}.")

    def arguments(self, enable_cache: bool) -> "dict[str, Any]":
        """The arguments of ``LazyDiscoveryDict.for_package`` that make this scope again."""
        from .named import Named

        config = self.config
        given = self.given, config.key_attribute or config.key_extractor, self.include
        base, key, include = (it.text if isinstance(it, Named) else it for it in given)
        return {
            "package": self.package,
            "packages": config.packages,
            "base": base,
            "key": key,
            "include": include,
            "recursive": config.discovery_recursive,
            "strict": config.strict,
            "facts": config.facts,
            "depends_on": config.depends_on,
            "name": config.registry_name,
            "entry_points": config.discovery_entry_points,
            "on_duplicate": config.on_duplicate,
            "exclude": config.exclude,
            "watch": self.watch,
            "max_age_days": config.max_age_days,
            "cache_dir": config.cache_dir,
            "enable_cache": enable_cache,
        }


def readable_name(class_name: str) -> str:
    """A class's name in words, without the ending that says it is a base.

    >>> readable_name("StorageBackendBase"), readable_name("ZMQServer")
    ('storage backend', 'zmq server')
    """
    for ending in ("Base", "Meta", "Handler", "Registry"):
        class_name = class_name.removesuffix(ending) or class_name
    words = ""
    for i, char in enumerate(class_name):
        before, after = class_name[i - 1 : i], class_name[i + 1 : i + 2]
        if char.isupper() and before and (not before.isupper() or after.islower()):
            words += " "
        words += char
    return words.lower()


def make_suffix_extractor(suffix: str) -> "Callable[[str, type], str]":
    """A key extractor: the class's name in lower case, without ``suffix``.

    Args:
        suffix: End of the class name to be dropped, such as ``"Handler"``.

    Returns:
        A function of ``(class name, class)`` that returns the key.

    Raises:
        ConfigError: The suffix is no text (a ``ValueError``).

    >>> make_suffix_extractor("Reader")("TiffReader", object)
    'tiff'
    """

    check("suffix", suffix, isinstance(suffix, str), "the end of a class name")

    def extract(name: str, cls: type) -> str:
        """A key extractor: the class's name in lower case, without its suffix."""
        return (name.removesuffix(suffix) or name).lower()

    extract.__qualname__ = f"make_suffix_extractor({suffix!r})"
    return extract


def extract_key_from_class_name(name: str, cls: type) -> str:
    """A key extractor: the class's name as it is.

    >>> extract_key_from_class_name("TiffReader", object)
    'TiffReader'
    """
    return name


#: Key extractor: ``ImageXpressHandler`` -> ``"imagexpress"``.
extract_key_from_handler_suffix = make_suffix_extractor("Handler")

#: Key extractor: ``DiskBackend`` -> ``"disk"``.
extract_key_from_backend_suffix = make_suffix_extractor("Backend")


def is_published(cls: type) -> bool:
    """Whether the class stands in the ``__all__`` of its module, or of a package above that.

    For ``include=``. Libraries define classes in private modules, and publish them in packages.

    >>> import fractions, unittest
    >>> is_published(fractions.Fraction), is_published(unittest.TestCase), is_published(type(open))
    (True, True, False)
    """
    name, module = cls.__name__, cls.__module__
    if name in getattr(sys.modules.get(module), "__all__", ()):
        return True
    while module := module.rpartition(".")[0]:
        above = sys.modules.get(module)
        # There it may be the name of another class.
        if name in getattr(above, "__all__", ()) and getattr(above, name, None) is cls:
            return True
    return False

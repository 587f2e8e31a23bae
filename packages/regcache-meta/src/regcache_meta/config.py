"""How a registry of classes is set up: ``RegistryConfig``; keys from the names of classes."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, MutableMapping
    from typing import Any, Literal

    from regcache_core import Dependency

    KeyExtractor = Callable[[str, type], Hashable | None]

#: Key source of a secondary registry: the same key as in the primary registry.
PRIMARY_KEY = "primary"

#: What may be said of a key that several classes claim: see ``RegistryConfig``.
POLICIES = ("error", "first", "last", "qualify")

#: Set on a class whose key an extractor derived: its sub-classes derive keys of their own.
_DERIVED = "__registry_key_derived__"


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
    ) -> None:
        check("on_duplicate", on_duplicate, on_duplicate in POLICIES, f"one of {POLICIES}")
        expected = "a LazyDiscoveryDict, or another dict"
        check("registry_dict", registry_dict, _is_dict(registry_dict), expected)
        is_key = is_name(key_attribute) or (key_attribute == "" and key_extractor is not None)
        check("key_attribute", key_attribute, is_key, "the name of a class attribute")
        for field, function, expected in (
            ("key_extractor", key_extractor, "a function of (class name, class)"),
            ("discovery_function", discovery_function, "a function"),
        ):
            check(field, function, function is None or callable(function), expected)
        check_flags(skip_if_no_key=skip_if_no_key, log_registration=log_registration, strict=strict)
        check_flags(discover=discover)
        is_flag = discovery_recursive in (None, True, False)
        check("discovery_recursive", discovery_recursive, is_flag, "True, False or None")
        for field, text, expected in (
            ("registry_name", registry_name, "a non-empty text"),
            ("discovery_package", discovery_package, "the name of a package, in full"),
            (
                "discovery_entry_points",
                discovery_entry_points,
                "the name of a group of entry points",
            ),
        ):
            is_text = is_pattern(text) if field == "discovery_package" else text != ""
            check(field, text, text is None or (isinstance(text, str) and is_text), expected)
        exclude = _listed("exclude", exclude, is_pattern, "a list of patterns: ['tests']")
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

    def key_of(self, cls: "Any") -> "Hashable | None":
        """The key of a class: declared by its attribute or classmethod, else derived.

        A derived key is set as the class's attribute, so that ``cls.<key_attribute>`` tells it.

        Raises:
            TypeError: The key is not hashable.
        """
        key: Hashable | None = self._declared_key(cls)
        if key is None and self.key_extractor is not None:
            key = self.key_extractor(cls.__name__, cls)
            if key is not None and self.key_attribute:
                setattr(cls, self.key_attribute, key)
                setattr(cls, _DERIVED, True)
        try:
            hash(key)
        except TypeError:
            name = f"{cls.__module__}.{cls.__qualname__}"
            raise TypeError(f"{name} has a key that is not hashable: {key!r}") from None
        return key

    def _declared_key(self, cls: "Any") -> "Any":
        """What the attribute holds or the classmethod returns, unless it was derived above us."""
        name = self.key_attribute
        owner = next((each for each in cls.__mro__ if name in {*vars(each), *_fields(each)}), None)
        if owner is None:  # __name__, or what the metaclass computes
            return getattr(cls, name) if name and hasattr(type(cls), name) else None
        if owner is not cls and _DERIVED in vars(owner):
            return None
        held = vars(owner).get(name)
        if name not in vars(owner) or _is_field(held):
            return _default_of(owner, name, held)
        if isinstance(held, (property, type(self.key_of.__func__))):  # type: ignore[attr-defined]
            raise TypeError(
                f"{cls.__module__}.{cls.__qualname__}: {name!r} is a {type(held).__name__}, which "
                "has a value for instances only; make it a class attribute or a classmethod"
            )
        key = getattr(cls, name)
        return key() if callable(key) and not isinstance(key, type) else key

    def __repr__(self) -> str:
        shown = ("key_attribute", "registry_name", "discovery_package", "discovery_recursive")
        return f"RegistryConfig({', '.join(f'{n}={getattr(self, n)!r}' for n in shown)})"


def _fields(cls: type) -> "dict[str, Any]":
    """The fields of a dataclass or a class of attrs, some of which have no class attribute."""
    fields = {each.name: each for each in vars(cls).get("__attrs_attrs__", ())}
    return {**fields, **vars(cls).get("__dataclass_fields__", {})}


def _is_field(held: object) -> bool:
    """Whether something stands in the place of a default: while a class is made, or for a slot."""
    kind = type(held)
    return (kind.__module__, kind.__name__) in (
        ("attr._make", "_CountingAttr"),
        ("builtins", "member_descriptor"),
        ("dataclasses", "Field"),
    )


def _default_of(owner: type, name: str, held: "Any") -> "Any":
    """The default of a field: what its class attribute is, or would be without slots.

    ``dataclass(slots=True)`` and attrs make the class a second time, in which slots take its place.
    """
    field = _fields(owner).get(name, held)
    default = getattr(field, "_default", getattr(field, "default", None))
    is_missing = _is_field(field) and type(field).__name__ == "member_descriptor"
    # The last is that of dataclasses since Python 3.15.
    kinds = ("_MISSING_TYPE", "_Nothing", "sentinel")
    is_missing = is_missing or type(default).__name__ in kinds
    return None if is_missing else default


def check(field: str, value: object, right: bool, expected: str) -> None:
    """Raise ``ConfigError`` for a setting of the wrong kind."""
    if not right:
        from regcache_core import ConfigError

        raise ConfigError(field, value, expected)


def respelt(error: Exception, names: "Mapping[str, str]") -> Exception:
    """An error of ``check`` with the name that a setting has where it was declared."""
    from regcache_core import ConfigError

    if not isinstance(error, ConfigError):
        return error
    return ConfigError(names.get(error.field, error.field), error.value, error.expected)


def check_exclude(exclude: "Collection[str]", package: "str | None") -> None:
    """Raise ``ConfigError`` for patterns that name the package itself: they would fit nothing."""
    is_below = not any(f"{each}.".startswith(f"{package}.") for each in exclude)
    check("exclude", exclude, is_below, f"patterns that begin below {package}, such as ['tests']")


def check_flags(**flags: object) -> None:
    """Raise ``ConfigError`` for a setting that is neither ``True`` nor ``False``."""
    for field, value in flags.items():
        check(field, value, isinstance(value, bool), "True or False")


def is_name(value: object) -> bool:
    """Whether a value is a name that an attribute can have in a class statement."""
    return isinstance(value, str) and value.isidentifier()


def is_pattern(value: object) -> bool:
    """Whether a value is a pattern of names of modules."""
    return isinstance(value, str) and "" not in value.split(".")


def _is_dict(value: object) -> bool:
    return all(hasattr(type(value), name) for name in ("__setitem__", "keys", "pop"))


def _listed(
    field: str, given: "Any", is_right: "Callable[[Any], bool]", expected: str
) -> "list[Any]":
    """Several settings as a list; one text is none."""
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
    """Whether the class stands in the ``__all__`` of its module; for ``include=``.

    >>> import fractions
    >>> is_published(fractions.Fraction)
    True
    """
    names = vars(sys.modules[cls.__module__]).get("__all__", ())
    return cls.__name__ in names

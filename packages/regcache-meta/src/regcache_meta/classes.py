"""Plugin classes: their keys, which of several has one, where they are listed; their names.

Imported when a class registers that is no base: most starts list plugins without that.
"""

import sys
from _weakref import ref

from regcache_core.discovery import (
    code_in_execution,
    file_of,
    find_object,
    is_gone,
    is_same_source,
    load_object,
)

from .config import (
    ALIASES,
    DECLARATION_TOKEN,
    DERIVED,
    NOWHERE,
    PRIMARY_KEY,
    REPLACES,
    Rival,
    check,
    dependencies_of,
    label_of,
    lock,
)
from .mapping import LazyDict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from typing import Any

    from .config import RegistryConfig, Scope, SecondaryRegistry
    from .lazydict import LazyDiscoveryDict
    from .mapping import Record


def register(cls: "Any", config: "RegistryConfig") -> None:
    """Register a class under its key, and what it fills in elsewhere; none that is abstract.

    Raises:
        ConfigError: What the class declares of itself is of the wrong kind (a ``ValueError``).
        DuplicateKeyError: Another class has the key (a ``ValueError``).
        MissingKeyError: It has none, and the registry does not skip such classes.
        TypeError: The key is not hashable.
    """
    if is_abstract(cls):
        return
    registry: Any = config.registry_dict
    scope: Any = getattr(registry, "_scope", None)  # a plain dict has none
    if scope and scope.excludes(cls.__module__):
        return
    key = key_of(cls, config)
    if scope:
        note_keyless(registry, cls, key)
    if key is None:
        if config.skip_if_no_key:
            return
        from .errors import MissingKeyError

        raise MissingKeyError(str(config.registry_name), cls, config.key_attribute)
    if _inherits_key(cls, key, config):
        return
    dependencies_of(cls)  # a wrong declaration is told where it is made
    other = vars(cls).get(REPLACES, "")
    field = f"{cls.__module__}.{cls.__qualname__}.{REPLACES}"
    check(field, other, isinstance(other, (str, type)), "a class, or its full name")
    field, other = f"{cls.__module__}.{cls.__qualname__}.{ALIASES}", vars(cls).get(ALIASES)
    check(field, other, aliases_of(cls) is not None, "a list of texts: ['tif']")
    check(field, other, scope is not None or not other, "it where a LazyDiscoveryDict is used")
    if DECLARATION_TOKEN not in vars(cls):
        code = code_in_execution(cls.__module__)
        setattr(cls, DECLARATION_TOKEN, (code and ref(code),))
    _forget_former(config, key, cls)
    claimed, key = key, _put(config, key, cls)
    if key is NOWHERE or (scope and key != claimed and registry._is_judged()):
        return  # those that have their keys fill in others when that is known
    for secondary in config.secondary_registries:
        put_secondary(secondary, key, cls)
    logging = sys.modules.get("logging")  # not imported for this: it costs more than we do
    if config.log_registration and logging is not None:
        logger = logging.getLogger("regcache_meta")
        logger.debug("%s: registered %s as %r", config.registry_name, cls.__qualname__, key)


def note_keyless(registry: "LazyDiscoveryDict[Any, Any]", cls: type, key: object) -> None:
    """Note why a class has no key, or that it has one."""
    if key is None:
        name = registry._scope.config.key_attribute if registry._scope else ""
        registry._keyless[label_of(cls)] = f"it has no {name}" if name else "it is given no key"
    elif registry._keyless:
        registry._keyless.pop(label_of(cls), None)


def is_abstract(cls: type) -> bool:
    """Whether a class has abstract methods, also before ABCMeta has counted them; or is a Protocol.

    As ``inspect.isabstract``: within ``__init_subclass__`` ``__abstractmethods__`` is not set yet.
    """
    counted = vars(cls).get("__abstractmethods__")
    if counted or vars(cls).get("_is_protocol"):
        return True
    if counted is not None:
        return False
    names = {
        name
        for base in cls.__mro__
        for name, value in vars(base).items()
        if _is_abstract_method(value)
    }
    return any(_is_abstract_method(getattr(cls, name, None)) for name in names)


def _is_abstract_method(value: object) -> bool:
    return bool(getattr(value, "__isabstractmethod__", False))


def derives_from(cls: type, base: type) -> bool:
    """Whether a class is a sub-class of a base; of a Protocol, if it names that among its bases.

    Most protocols cannot be asked, and those that can take any class with methods of such names.
    """
    if getattr(base, "_is_protocol", False):
        return any(each is base for each in cls.__mro__) and not vars(cls).get("_is_protocol")
    return issubclass(cls, base)


def is_class(value: object) -> bool:
    """Whether a value is a class, whatever it says of itself (``__class__`` may be a property)."""
    return issubclass(type(value), type)


# Which key it has.


def key_of(cls: "Any", config: "RegistryConfig") -> "Hashable | None":
    """The key of a class: declared by its attribute or classmethod, else derived.

    A derived key is set as the class's attribute, so that ``cls.<key_attribute>`` tells it.

    Raises:
        TypeError: The key is not hashable.
    """
    key: Hashable | None = _declared_key(cls, config.key_attribute)
    if key is None and config.key_extractor is not None:
        key = config.key_extractor(cls.__name__, cls)
        if key is not None and config.key_attribute:
            setattr(cls, config.key_attribute, key)
            setattr(cls, DERIVED, True)
    try:
        hash(key)
    except TypeError:
        name = f"{cls.__module__}.{cls.__qualname__}"
        raise TypeError(f"{name} has a key that is not hashable: {key!r}") from None
    return key


def _declared_key(cls: "Any", name: str) -> "Any":
    """What the attribute holds or the classmethod returns, unless it was derived above us."""
    if not name:
        return None
    owner = next((it for it in cls.__mro__ if name in vars(it) or name in _fields(it)), None)
    if owner is None:  # __name__, or what the metaclass computes
        return getattr(cls, name) if hasattr(type(cls), name) else None
    if owner is not cls and DERIVED in vars(owner):
        return None
    held = vars(owner).get(name)
    if name not in vars(owner) or _is_field(held):
        return _default_of(owner, name, held)
    if isinstance(held, (property, type(register))):
        raise TypeError(
            f"{cls.__module__}.{cls.__qualname__}: {name!r} is a {type(held).__name__}, which "
            "has a value for instances only; make it a class attribute or a classmethod"
        )
    key = getattr(cls, name)
    return key() if callable(key) and not isinstance(key, type) else key


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


def _inherits_key(cls: "Any", key: object, config: "RegistryConfig") -> bool:
    """Whether a function made a class that has no other key than a registered class above it.

    So for what a decorator or ``type()`` of some library gives; a class statement of a module that
    says no key is one that has forgotten it.
    """
    if config.key_attribute in vars(cls):
        return False
    above = [each for each in cls.__mro__[1:] if DECLARATION_TOKEN in vars(each)]
    return any(key_of(each, config) == key for each in above) and _is_made_by_function()


def _is_made_by_function() -> bool:
    """Whether the class of this moment is made in a function, not in the body of a module."""
    frame: Any = sys._getframe(1)
    while frame.f_back and (
        frame.f_globals.get("__name__", "").startswith(f"{__package__}.")
        or frame.f_code.co_name in ("__new__", "__init_subclass__", "__call__")
    ):
        frame = frame.f_back
    return bool(frame.f_code.co_flags & _CO_OPTIMIZED)


#: Of the code of functions, but not of modules and classes, as ``inspect`` has it.
_CO_OPTIMIZED = 1


def aliases_of(value: object) -> "list[str] | None":
    """Other names that a class declares for itself; ``None`` if that is no list of texts."""
    if not is_class(value) or ALIASES not in vars(value):  # most have none
        return []
    given = vars(value)[ALIASES]
    is_list = isinstance(given, (list, tuple)) and all(isinstance(it, str) and it for it in given)
    return [*dict.fromkeys(given)] if is_list else None


def named(registry: "LazyDiscoveryDict[Any, Any]", alias: str) -> "list[Any]":
    """The keys of the classes that have another name, each by its first; of one if that has it."""
    entries, values = registry._opened()
    if registry._aliases[0] is not registry._found:
        index: dict[str, list[Any]] = {}
        for key, record in registry._found.items():
            for each in (record or {}).get("aliases", ()):
                index.setdefault(each, []).append(key)
        registry._aliases = registry._found, index
    found: dict[str, Any] = {}
    for key in registry._aliases[1].get(alias, ()):
        record = entries.get(key)
        if record:
            found.setdefault(f"{record['module']}:{record['qualname']}", key)
    for key, value in list(values.items()):
        if entries.get(key, ()) is None and alias in (aliases_of(value) or ()):  # has no record
            found.setdefault(label_of(value), key)
    keys = [*found.values()]
    return {"first": keys[:1], "last": keys[-1:]}.get(registry._policy, keys)


# Whether another one has it.


def same_declaration(first: type, second: type) -> bool:
    """Whether two class objects come from one class statement.

    So for ``importlib.reload``, a notebook cell run again, and ``dataclass(slots=True)``, which
    builds the class a second time from a copy of its namespace (before it restores the qualified
    name): the token that registration leaves in the namespace is copied too.
    """
    if not is_same_source(first.__module__, second.__module__):
        return False
    if first.__qualname__ == second.__qualname__:
        return True
    token = vars(first).get(DECLARATION_TOKEN)
    return token is not None and vars(second).get(DECLARATION_TOKEN) is token


def is_held(holder: type, claimant: type) -> bool:
    """Whether a class keeps a key from another one.

    Not from itself, nor if its file is gone.
    """
    is_same = claimant is holder or same_declaration(holder, claimant)
    return not is_same and not is_gone(holder.__module__)


def replaces(cls: type, label: str) -> bool:
    """Whether a class says that it replaces the one of a label."""
    other = vars(cls).get(REPLACES)
    if isinstance(other, type):
        return label_of(other) == label
    return other in (label, label.replace(":", "."))


def refuse(
    registry: "LazyDiscoveryDict[Any, Any]", key: object, holder: str, claimant: str
) -> None:
    """Raise ``DuplicateKeyError`` for two classes, given by their labels."""
    scope = registry._scope
    group = scope.config.discovery_entry_points if scope else None
    _refuse(registry._name, key, holder, claimant, group or "")


def _refuse(name: str, key: object, holder: str, claimant: str, group: str = "") -> None:
    from regcache_core.discovery import duplicate

    from .errors import DuplicateKeyError

    raise duplicate(DuplicateKeyError, name, key, holder, claimant, group)


def _forget_former(config: "RegistryConfig", key: "Hashable", cls: type) -> None:
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
    scope: Any = getattr(registry, "_scope", None)
    if scope and (former or is_rival) and not registry._is_discovering():
        registry.bind(scope)  # what is known of other modules is looked at anew


def _put(config: "RegistryConfig", key: "Any", cls: type) -> "Any":
    """Register a class; gives the key under which it is listed, or ``NOWHERE``."""
    registry: Any = config.registry_dict
    if isinstance(registry, LazyDict):
        return registry._register(key, cls)
    holder, policy = registry.get(key, cls), config.on_duplicate
    if is_held(holder, cls):
        if policy == "last" or replaces(cls, label_of(holder)):
            config.forget_secondary(holder)
        elif policy == "error":
            _refuse(str(config.registry_name), key, label_of(holder), label_of(cls))
        elif policy == "first":
            return NOWHERE
        else:
            key = f"{cls.__module__}.{key}"
    registry[key] = cls
    return key


def claim(registry: "LazyDiscoveryDict[Any, Any]", key: "Any", value: type) -> "Any":
    """The key itself for a class that claims it; a ``Rival`` if another one holds it.

    Raises:
        DuplicateKeyError: Another one holds it, and no module is imported that is searched.
    """
    held: Any = registry._registered.get(key, value)
    if key in registry._setters or not is_held(held, value):
        return key
    registry._find_answer()
    if key in registry._contested() and not registry._is_anew():
        return key
    for each, cls in list(registry._registered.items()):
        if type(each) is Rival and each.key == key and not is_held(cls, value):
            return each
    if registry._is_judged():
        return Rival(key)
    if registry._policy == "last" or replaces(value, label_of(held)):
        with lock():  # it keeps its place in the order
            registry._registered = {
                Rival(key) if cls is held else each: cls
                for each, cls in registry._registered.items()
            }
        if registry._scope is not None:
            registry._scope.config.forget_secondary(held)
        return key
    if registry._policy == "error":
        refuse(registry, key, label_of(held), label_of(value))
    return Rival(key)


def check_claim(
    registry: "LazyDiscoveryDict[Any, Any]",
    key: "Any",
    value: type,
    records: "Mapping[Any, Record | None]",
) -> None:
    """Refuse a class that has the key of another one, which the cache lists.

    A discovery finds out whether the cache is right. Two classes in one module are told apart when
    it is imported: by ``claim``.
    """
    if registry._policy != "error" or registry._is_discovering():
        return
    key = key.key if type(key) is Rival else key
    record = records.get(key)
    if record is None or registry._is_of(value, record) or is_gone(record["module"]):
        return
    holder = f"{record['module']}:{record['qualname']}"
    if label_of(value) not in record.get("over", ()) and not replaces(value, holder):
        refuse(registry, key, holder, label_of(value))


# Where it is listed.


def listed_as(
    registry: "LazyDiscoveryDict[Any, Any]",
    key: "Any",
    value: "Any",
    records: "Mapping[Any, Record | None]",
) -> "Any":
    """The key under which a registered class is listed; ``NOWHERE`` if others have it."""
    policy = registry._policy
    claimed = place = key.key if type(key) is Rival else key
    if policy == "qualify":
        place = registry._scope.place_of(value.__module__, claimed)  # type: ignore[union-attr]
        claimed = place if registry._is_of(value, records.get(place)) else claimed
    record = records.get(claimed)
    if record is not None:
        if registry._clash(record) or label_of(value) in record.get("over", ()):
            return NOWHERE
        holder = f"{record['module']}:{record['qualname']}"
        is_its_own = registry._is_of(value, record) or is_gone(record["module"])
        other: Any = registry._registered.get(key.key) if type(key) is Rival else None
        if other is not None:
            is_settled = key.key not in registry._contested() or registry._fits(key, value, record)
            if key.key in registry._setters or not is_settled:
                return NOWHERE
            if label_of(other) != holder:
                is_outdone = _has_taken(registry, other, record)
            else:  # two of one module, the second of which no discovery has seen
                is_outdone, is_its_own = is_its_own and registry._is_judged(), False
            if is_outdone:
                return NOWHERE
        if is_its_own or policy == "last" or replaces(value, holder):
            return claimed
    elif policy == "qualify" and _is_outdone(value, records):
        return NOWHERE
    elif type(key) is not Rival:
        return key
    return place if policy == "qualify" else NOWHERE


def _has_taken(registry: "LazyDiscoveryDict[Any, Any]", other: type, record: "Record") -> bool:
    """Whether a class that no discovery finds has the key of a record in this process."""
    if registry._is_of(other, record) or label_of(other) in record.get("over", ()):
        return False
    holder = f"{record['module']}:{record['qualname']}"
    return registry._policy == "last" or replaces(other, holder)


def _is_outdone(value: type, records: "Mapping[Any, Record | None]") -> bool:
    """Whether a class claims in vain what is listed under the places of others."""
    label = label_of(value)
    return any(label in (each or {}).get("over", ()) for each in list(records.values()))


def put_secondary(secondary: "SecondaryRegistry", key: "Hashable", cls: type) -> None:
    """Fill in a secondary registry what a class has for it, whose primary key is given.

    Raises:
        DuplicateKeyError: Another class has the key.
    """
    name = secondary.attr_name
    value = getattr(cls, name, None)
    if value is None:
        return
    if secondary.key_source != PRIMARY_KEY:
        key = getattr(cls, secondary.key_source, None)
        if key is None:
            return
    registry: Any = secondary.registry_dict
    is_there = key in getattr(registry, "_registered", registry)  # a plugin may have removed it
    holder = secondary.owners.get(key, cls) if is_there else cls
    if holder is not cls and holder in cls.__mro__ and getattr(holder, name, None) is value:
        return  # inherited with its key
    if is_held(holder, cls) and not is_vain(registry, key, holder):
        if is_vain(registry, key, cls):
            return
        _refuse(name, key, label_of(holder), label_of(cls))
    secondary.owners[key] = cls
    if isinstance(registry, LazyDict):
        registry._register(key, value)
    else:
        registry[key] = value
    if not isinstance(secondary.given, LazyDict):  # a name that is no global one may hold it
        secondary.given[key] = value


def is_vain(mapping: "Any", key: "Hashable", owner: type) -> bool:
    """Whether a class that fills in a key has not the primary key that it claims."""
    if not hasattr(mapping, "_secondary"):  # a plain dict
        return False
    state = mapping._primary._state
    if state is None or mapping._primary._is_discovering():
        return False
    if mapping._secondary and mapping._secondary.key_source == PRIMARY_KEY:
        return state[1].get(key) is not owner
    return all(each is not owner for each in list(state[1].values()))


# Its names.


def serialize_plugin_class(plugin_class: type) -> "dict[str, str]":
    """The names that a class is found by again: ``module``, ``class_name`` and ``qualname``."""
    return {
        "module": plugin_class.__module__,
        "class_name": plugin_class.__name__,
        "qualname": plugin_class.__qualname__,
    }


def deserialize_plugin_class(data: "Mapping[str, Any]") -> type:
    """Import the class that ``serialize_plugin_class`` described.

    Args:
        data: A mapping with ``module`` and ``qualname`` (nested classes: dotted). Only give it
            data that you trust: it imports the module it names.

    Raises:
        ImportError: The module cannot be imported.
        LookupError: There is no such class in it.

    >>> deserialize_plugin_class({"module": "abc", "class_name": "ABC", "qualname": "ABC"})
    <class 'abc.ABC'>
    """
    __import__(data["module"])
    found = find_class(data["module"], data["qualname"])
    if found is None:
        raise LookupError(f"module {data['module']} has no class {data['qualname']}")
    return found


def find_class(module: str, qualname: str) -> "type | None":
    """A class in an imported module by its dotted name; ``None`` if there is none."""
    try:
        found = find_object(module, qualname)
    except LookupError:
        return None
    return found if isinstance(found, type) else None


def find_loaded(key: object, record: "Record", scope: "Scope") -> "type | None":
    """The class of a record, in a package whose classes do not register themselves."""
    if not scope.scanned and "entry" not in record:
        return None
    if "point" in record:  # that, by whatever name
        found = load_object(record["via"], record["point"])
        return found if is_class(found) and derives_from(found, scope.base) else None
    module: str = record["module"]
    if "attribute" in record:  # what the class is bound to in the module that was imported
        found = find_class(record.get("via", module), record["attribute"])
    else:
        found = find_class(module, record["qualname"])
    if found is None or not derives_from(found, scope.base):
        return None
    own_key = key_of(found, scope.config)
    own_key = record.get("entry") if own_key is None else own_key
    return found if key in (own_key, scope.place_of(found.__module__, own_key)) else None


def name_class(cls: type) -> str:
    """A class for messages: ``module.qualname (file)``."""
    return f"{cls.__module__}.{cls.__qualname__} ({file_of(cls.__module__) or 'no file'})"

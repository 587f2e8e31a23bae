"""Plugin classes by their names, and what a registry of them lists: ``Scope``."""

import sys
from time import time_ns

from regcache_core.discovery import excluded_as, file_of, find_object, is_gone, is_same_source

from .config import check_dependencies

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from regcache_core import Dependency

    from .config import RegistryConfig

#: The attribute by which a class declares what it depends on.
DEPENDS_ON = "__registry_depends_on__"


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


def dependencies_of(cls: type) -> "tuple[Dependency, ...]":
    """What a class declares to depend on, by its own attribute or by an inherited one.

    Raises:
        ConfigError: The attribute holds something else.
    """
    for base in cls.__mro__:  # no getattr: the metaclass of a foreign class may answer anything
        if DEPENDS_ON in vars(base):
            field = f"{base.__module__}.{base.__qualname__}.{DEPENDS_ON}"
            return check_dependencies(field, vars(base)[DEPENDS_ON])
    return ()


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


#: Left in the namespace of each registered class: one object for each class statement. It holds a
#: reference to the code of the module that is being executed, or ``None``.
DECLARATION_TOKEN = "__registry_declaration__"


def name_class(cls: type) -> str:
    """A class for messages: ``module.qualname (file)``."""
    return f"{cls.__module__}.{cls.__qualname__} ({file_of(cls.__module__) or 'no file'})"


def is_held(holder: type, claimant: type) -> bool:
    """Whether a class keeps a key from another one.

    Not from itself, nor if its file is gone.
    """
    is_same = claimant is holder or same_declaration(holder, claimant)
    return not is_same and not is_gone(holder.__module__)


def label_of(cls: type) -> str:
    """What a class is called in ``failures``: ``module:qualname``."""
    return f"{cls.__module__}:{cls.__qualname__}"


#: The attribute by which a class says which other one it replaces: that class, its full name, or
#: its label.
REPLACES = "__registry_replaces__"


def replaces(cls: type, label: str) -> bool:
    """Whether a class says that it replaces the one of a label."""
    other = vars(cls).get(REPLACES)
    if isinstance(other, type):
        return label_of(other) == label
    return other in (label, label.replace(":", "."))


def inherits_key(cls: "Any", key: object, config: "RegistryConfig") -> bool:
    """Whether a function made a class that has no other key than a registered class above it.

    So for what a decorator or ``type()`` of some library gives; a class statement of a module that
    says no key is one that has forgotten it.
    """
    if config.key_attribute in vars(cls):
        return False
    above = [each for each in cls.__mro__[1:] if DECLARATION_TOKEN in vars(each)]
    return any(config.key_of(each) == key for each in above) and _is_made_by_function()


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


class Rival:
    """Stands for a key that a class claims, and another one holds.

    Args:
        key: The key.
    """

    __slots__ = ("key",)

    def __init__(self, key: "Any") -> None:
        self.key = key


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


def is_local(cls: type) -> bool:
    """Whether a class is made inside a function, so that no name leads to it."""
    return "<locals>" in cls.__qualname__


class Scope:
    """The base class, the package and the options of one registry.

    Args:
        base: The class that plugins derive from.
        config: The registry's set-up.
        package: The package that is searched; ``None`` where there is none.
        scanned: Whether classes are looked for, instead of registering themselves.
        include: Which of the classes that are found count.
    """

    __slots__ = ("base", "config", "created_ns", "depends_on", "include", "package", "scanned")

    def __init__(
        self,
        base: type,
        config: "RegistryConfig",
        package: "str | None",
        scanned: bool = False,
        include: "Callable[[type], bool] | None" = None,
    ) -> None:
        self.base = base
        self.config = config
        self.package = package
        self.scanned = scanned
        self.include = include
        self.created_ns = time_ns()
        #: What the registry depends on: declared by its set-up, or by its base class.
        self.depends_on: tuple[Dependency, ...] = (*config.depends_on, *dependencies_of(base))

    @property
    def name(self) -> str:
        """What the registry is called in messages."""
        return self.config.registry_name or readable_name(self.base.__name__)

    def contains(self, module: str) -> bool:
        """As ``Adapter.contains``, before there is one."""
        return f"{module}.".startswith(f"{self.package}.")  # a plugin may have made it no text

    def searches(self, module: str) -> bool:
        """Whether a module of the package is one that is searched."""
        if self.config.discovery_recursive is not False:
            return self.contains(module)
        return module == self.package or module.rpartition(".")[0] == self.package

    def excludes(self, module: str) -> bool:
        """Whether a module is one that is left out, whoever imports it."""
        return excluded_as(module, str(self.package), self.config.exclude) is not None

    def place_of(self, module: str, key: object) -> str:
        """The key of a class beside others of the same key: that, with the place of its module."""
        return f"{module}.{key}".removeprefix(f"{self.package}.")

    def arguments(self, enable_cache: bool) -> "dict[str, Any]":
        """The arguments of ``LazyDiscoveryDict.for_package`` that make this scope again."""
        config = self.config
        return {
            "package": self.package,
            "base": self.base,
            "key": config.key_attribute or config.key_extractor,
            "include": self.include,
            "recursive": config.discovery_recursive,
            "strict": config.strict,
            "facts": config.facts,
            "depends_on": config.depends_on,
            "name": config.registry_name,
            "entry_points": config.discovery_entry_points,
            "on_duplicate": config.on_duplicate,
            "exclude": config.exclude,
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

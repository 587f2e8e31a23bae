"""What one registry lists: ``Scope``, the base class, the package and the options."""

import sys
from time import time_ns

from .plugins import file_of, is_local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .config import RegistryConfig


class Scope:
    """The base class, the package and the options of one registry.

    Args:
        base: The class that plugins derive from.
        config: The registry's set-up.
        package: The package that is searched; ``None`` where there is none.
        scanned: Whether classes are looked for, instead of registering themselves.
        include: Which of the classes that are found count.
    """

    __slots__ = ("base", "config", "created_ns", "include", "package", "scanned")

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

    @property
    def name(self) -> str:
        """What the registry is called in messages."""
        return self.config.registry_name or readable_name(self.base.__name__)

    @property
    def application(self) -> str:
        """The top-level package that owns the plugins."""
        return (self.package or self.base.__module__).partition(".")[0]

    def version(self) -> str:
        """``__version__`` of the package that the base class lies in; empty if it has none.

        Read without triggering a module's ``__getattr__``, which may import importlib.metadata.
        """
        root = sys.modules.get(self.base.__module__.partition(".")[0])
        return str(vars(root).get("__version__", "")) if root else ""

    @property
    def is_identified(self) -> bool:
        """Whether text can tell the registry from others: by its base class and its functions.

        A class that is made inside a function has no name of its own, and a function may hold an
        object that has no lasting text.
        """
        config = self.config
        functions = (config.key_extractor, self.include, config.discovery_function)
        names = [name_of(each) or "" for each in functions]
        return not is_local(self.base) and not any(_ANONYMOUS in name for name in names)

    @property
    def cache_name(self) -> str:
        """What tells the registry's cache from that of every other registry."""
        base = f"{self.base.__module__}.{self.base.__qualname__}"
        name = f"{self.name.replace(' ', '_')}_registry of {base}"
        if not self.scanned:
            return name
        config = self.config
        functions = [name_of(config.key_extractor), name_of(self.include)]
        options = [config.key_attribute, *functions, config.discovery_recursive, config.strict]
        return f"{name} {fingerprint(options)}"

    def holds(self, module: str) -> bool:
        """Whether a module lies in the package: no other may be imported for a cache file."""
        return module == self.package or module.startswith(f"{self.package}.")

    def settings(self) -> "dict[str, object]":
        """The registry's own set-up, as JSON values: one of the inputs of its answer."""
        config = self.config
        return {
            "package": self.package,
            "base": name_of(self.base),
            "key": config.key_attribute,
            "extractor": name_of(config.key_extractor),
            "include": name_of(self.include),
            "function": name_of(config.discovery_function),
            "recursive": config.discovery_recursive,
            "strict": config.strict,
            "skip": config.skip_if_no_key,
            "facts": list(config.facts),
            "secondary": [[s.key_source, s.attr_name] for s in config.secondary_registries],
        }

    def source_files(self) -> "list[str]":
        """Files outside the package that decide the answer too: base classes and functions."""
        config = self.config
        parts = [*self.base.__mro__, config.key_extractor, self.include, config.discovery_function]
        modules = {getattr(part, "__module__", None) for part in parts if part is not None}
        files = [
            getattr(sys.modules.get(module), "__file__", None)
            for module in modules
            if module and module.partition(".")[0] not in sys.stdlib_module_names
        ]
        return sorted({file for file in files if file})

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
            "name": config.registry_name,
            "enable_cache": enable_cache,
        }


def name_of(thing: "Any") -> "str | None":
    """What tells a class or function from another, as text; ``None`` for ``None``.

    ``module:qualname``, if that leads to source that is watched; else with what it is made of:
    code, defaults and closure of a lambda, parts of a ``functools.partial``, attributes of a
    callable object. If any of these has no lasting text, the name says that it is anonymous.
    """
    if thing is None or isinstance(thing, str):
        return thing
    kind = thing if hasattr(thing, "__qualname__") else type(thing)
    name = f"{kind.__module__}:{kind.__qualname__}"
    if isinstance(thing, type):
        return name
    owner = getattr(thing, "__self__", None)
    if owner is not None and not isinstance(owner, (type, type(sys))):
        return name + _ANONYMOUS  # a method of an object
    if kind is not thing and not hasattr(thing, "__dict__"):
        return name + _ANONYMOUS  # its state is in slots
    if kind is not thing:
        parts = [getattr(thing, each, None) for each in ("func", "args", "keywords", "__dict__")]
        return _with_parts(name, parts)
    code = getattr(thing, "__code__", None)
    if code is not None and ("<" in kind.__qualname__ or not file_of(kind.__module__)):
        cells = [cell.cell_contents for cell in thing.__closure__ or ()]
        return _with_parts(name, [_parts_of(code), thing.__defaults__, cells])
    return name


_ANONYMOUS = " (anonymous)"


def _with_parts(name: str, parts: "list[Any]") -> str:
    try:
        text = _text_of(parts)
    except RecursionError:  # a function that holds itself
        return name + _ANONYMOUS
    return name + (_ANONYMOUS if _ANONYMOUS in text else f" {fingerprint(text)}")


def _text_of(value: "Any") -> str:
    """A value as text that is the same in every process; anonymous where there is none."""
    if value is None or isinstance(value, (str, bytes, int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_text_of, value))}]"
    if isinstance(value, (set, frozenset)):
        return f"{{{', '.join(sorted(map(_text_of, value)))}}}"
    if type(value) is dict:
        return _text_of(list(value.items()))
    return str(name_of(value)) if callable(value) else _ANONYMOUS


def _parts_of(code: "Any") -> "list[Any]":
    """What a function does: byte code, names and constants."""
    constants = [_parts_of(c) if hasattr(c, "co_code") else c for c in code.co_consts]
    return [code.co_code, code.co_names, constants]


def fingerprint(value: object) -> str:
    """A short text for a value that has a lasting ``repr``; a residue modulo a prime, see core."""
    return f"{int.from_bytes(repr(value).encode('utf-8', 'replace'), 'big') % (2**61 - 1):016x}"


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

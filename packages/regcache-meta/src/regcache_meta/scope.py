"""What one registry lists: ``Scope``, the base class, the package and the options."""

import sys
from time import time_ns

from regcache_core import fingerprint, is_anonymous, name_of

from .plugins import dependencies_of, is_local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from regcache_core import Dependency

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
        anonymous = any(is_anonymous(name_of(each)) for each in functions)
        return not anonymous and not is_local(self.base)

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
        return f"{module}.".startswith(f"{self.package}.")  # a plugin may have made it no text

    def searches(self, module: str) -> bool:
        """Whether a module of the package is one that is searched."""
        if self.config.discovery_recursive is not False:
            return self.holds(module)
        return module == self.package or module.rpartition(".")[0] == self.package

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
            "entry_points": config.discovery_entry_points,
            "secondary": [[s.key_source, s.attr_name] for s in config.secondary_registries],
        }

    def source_modules(self) -> "list[str]":
        """Modules that decide the answer besides the plugins: of base classes and functions."""
        config = self.config
        parts = [*self.base.__mro__, config.key_extractor, self.include, config.discovery_function]
        modules = {getattr(part, "__module__", None) for part in parts if part is not None}
        python = sys.stdlib_module_names
        return sorted(each for each in modules if each and each.partition(".")[0] not in python)

    def source_files(self) -> "list[str]":
        """Files of these modules."""
        modules = map(sys.modules.get, self.source_modules())
        files = {getattr(module, "__file__", None) for module in modules}
        return sorted(file for file in files if file)

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

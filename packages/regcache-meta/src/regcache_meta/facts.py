"""What a registry tells about a plugin without importing it: ``PluginInfo``, ``PluginFailure``.

Written by hand, since importing attrs would cost more than the listing that it describes.
"""

from regcache_core.discovery import file_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping
    from typing import Any

    from regcache_core.discovery import Subject

    from .lazydict import LazyDiscoveryDict


class _Fields:
    """Equality and ``repr`` by the fields named in ``__slots__``."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    def _fields(self) -> "dict[str, object]":
        names: tuple[str, ...] = self.__slots__
        return {name: getattr(self, name) for name in names if name[0] != "_"}

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._fields() == other._fields()

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self._fields().items())
        return f"{type(self).__name__}({fields})"


_FIELDS = (
    *("key", "module", "class_name", "qualname", "file", "doc", "aliases"),
    *("distribution", "version", "facts"),
)


class PluginInfo(_Fields):
    """Stored facts about one plugin.

    Attributes:
        key: Its key in the registry.
        module: The module that defines the class.
        class_name: Name of the class.
        qualname: Qualified name of the class (dotted for a nested class).
        file: The module's file; empty if it has none.
        doc: First line of the class's docstring; empty if it has none.
        aliases: Other names that it can be asked for by.
        distribution: The distribution whose entry point names it; empty if none does.
        version: Its version.
        facts: The declared extra attributes, name -> value as JSON gives it back.
    """

    __slots__ = (*_FIELDS, "_load")

    def __init__(
        self, key: "Hashable", record: "Mapping[str, Any]", load: "Callable[[Any], Any]"
    ) -> None:
        self.key = key
        self.module: str = record["module"]
        self.class_name: str = record["class_name"]
        self.qualname: str = record["qualname"]
        self.file: str = record.get("file") or file_of(self.module)
        self.doc: str = record.get("doc", "")
        self.aliases: tuple[str, ...] = tuple(record.get("aliases", ()))
        self.distribution: str = record.get("distribution", "")
        self.version: str = record.get("version", "")
        self.facts: Mapping[str, Any] = record.get("facts", {})
        self._load = load

    def load(self) -> "Any":
        """Import the class.

        Raises:
            PluginImportError: Its module fails (an ``ImportError``).
        """
        return self._load(self.key)

    def __str__(self) -> str:
        return f"{self.key} ({self.module}.{self.qualname})"


class PluginFailure(_Fields):
    """Why a module of a discovery package could not be imported, or a class has not its key.

    Attributes:
        module: Name of the module; of a class, ``module:qualname``.
        error: Type and message of the exception.
        where: File and line that raised it, as ``file:line``; of a class its file.
        install: What to install for it, if a module is missing that the metadata of its
            distribution tell of: ``"lab[plot]"``; else empty. Metadata are read for it.
    """

    __slots__ = ("error", "module", "where")

    def __init__(self, module: str, error: str, where: str = "") -> None:
        self.module = module
        self.error = error
        self.where = where

    @property
    def install(self) -> str:
        """What to install for it; empty if nothing tells."""
        _, _, missing = self.error.partition("No module named '")
        if not missing:
            return ""
        from regcache_core.discovery import requirement_for

        return requirement_for(self.module, missing.partition("'")[0])

    def __str__(self) -> str:
        return self.error


def subject_of(registry: "LazyDiscoveryDict[Any, Any]") -> "Subject[Any, PluginInfo]":
    """What a registry tells when it is asked."""
    from regcache_core.discovery import Subject

    names = registry._scope.config.facts if registry._scope else ()
    entries, values = registry._opened()
    state = {**entries}, {**values}  # others may register more meanwhile

    class Plugins(Subject["Any", PluginInfo]):
        noun = "plugin"
        fields = _FIELDS
        columns = ("key", "qualname", "module", "aliases", "facts", "doc")
        facts = names

        def info(self, key: "Any") -> PluginInfo:
            return PluginInfo(key, self.records[key], registry.__getitem__)

        def named(self, alias: "Any") -> "list[Any]":
            return registry._named(alias)

        def unknown(self, key: object, close: "Iterable[Any]") -> KeyError:
            from .errors import UnknownKeyError

            return UnknownKeyError(self.name, key, close, ())

    # A plugin in execution finds those that it found in the discovery.
    keys = [key for key in registry._keys() if key in state[0]]
    return Plugins(registry._name, {key: registry._described(key, state) for key in keys})

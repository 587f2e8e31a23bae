"""What a registry tells about a plugin without importing it: ``PluginInfo``, ``PluginFailure``.

Written by hand, since importing attrs would cost more than the listing that it describes.
"""

from regcache_core.discovery import file_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from typing import Any


class _Fields:
    """Equality and ``repr`` by the fields named in ``__slots__``."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    def _fields(self) -> "dict[str, object]":
        names: tuple[str, ...] = self.__slots__
        return {name: getattr(self, name) for name in names}

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._fields() == other._fields()

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self._fields().items())
        return f"{type(self).__name__}({fields})"


class PluginInfo(_Fields):
    """Stored facts about one plugin.

    Attributes:
        key: Its key in the registry.
        module: The module that defines the class.
        class_name: Name of the class.
        qualname: Qualified name of the class (dotted for a nested class).
        file: The module's file; empty if it has none.
        doc: First line of the class's docstring; empty if it has none.
        facts: The declared extra attributes, name -> value as JSON gives it back.
    """

    __slots__ = ("class_name", "doc", "facts", "file", "key", "module", "qualname")

    def __init__(self, key: "Hashable", record: "Mapping[str, Any]") -> None:
        self.key = key
        self.module: str = record["module"]
        self.class_name: str = record["class_name"]
        self.qualname: str = record["qualname"]
        self.file: str = record.get("file") or file_of(self.module)
        self.doc: str = record.get("doc", "")
        self.facts: Mapping[str, Any] = record.get("facts", {})


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
        _, _, missing = self.error.partition("No module named '")
        if not missing:
            return ""
        from regcache_core.discovery import requirement_for

        return requirement_for(self.module, missing.partition("'")[0])

    def __str__(self) -> str:
        return self.error

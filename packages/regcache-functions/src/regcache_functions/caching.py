"""The cache manager of a registry of functions: which inputs its answer has beyond core's."""

from regcache_core import (
    PYTHON_SUFFIXES,
    CacheMiss,
    Declared,
    Input,
    RegistryCacheManager,
    SourceTree,
)
from regcache_core.discovery import ImportPath, is_plain_name, module_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from .scope import Scope

#: What each field of a record must be; a file with anything else is refused.
_FIELDS = {
    "module": str,
    "qualname": str,
    "original_name": str,
    "defined_in": str,
    "kind": str,
    "signature": str,
    "parameters": list,
    "doc": str,
    "tags": list,
    "aliases": list,
    "contract": str,
    "facts": dict,
    "entry": str,
}


class Manager:
    """The cache manager of one load or one search, with the inputs that a search fills.

    Attributes:
        cache: Core's cache manager.
        import_path: The modules that are missing, and those from elsewhere.
        inputs: The inputs that the scope gave.
    """

    def __init__(self, scope: "Scope", name: str) -> None:
        self.import_path = ImportPath(scope.application, entry_points=scope.entry_points)
        self.inputs: list[Any] = scope.inputs()
        check = _make_check(scope, self.import_path)
        version = scope.version()  # once: a search may import what says it
        self.cache: RegistryCacheManager[str, Any] = RegistryCacheManager(
            scope.cache_name(name),
            lambda: version,
            check,
            check,
            inputs=[
                Input("settings", scope.settings, "SETTINGS_CHANGED"),
                *self.inputs,
                self.import_path,
                Declared(scope.depends_on, scope.created_ns),
            ],
            application=scope.application,
        )


def _make_check(scope: "Scope", import_path: ImportPath) -> "Callable[[Any], Any]":
    """A function that gives back a record, and refuses one that is none of this package.

    A record of an installed function names what its entry point names. In a library each function
    is found by its name in a module.
    """
    package, is_library = scope.package, hasattr(scope, "trial")
    prefix, fields = f"{package}.", _FIELDS

    def is_installed(module: str) -> bool:
        points = import_path.installed["points"]
        return any(module == module_of(value) for _, value, *_ in points)

    def check(record: "Mapping[str, Any]") -> "Mapping[str, Any]":
        module = record["module"]
        if not is_plain_name(module):
            raise ValueError(f"{module!r} is no name of a module to be loaded")
        if not f"{module}.".startswith(prefix) and not is_installed(module):
            raise ValueError(f"{module} lies outside of {package}")
        for field, value in record.items():
            if value.__class__ is not fields[field]:
                raise TypeError(f"{field} of {module}.{record['qualname']} is {value!r}")
        for each in (*record.get("tags", ()), *record.get("aliases", ()), record["qualname"]):
            if each.__class__ is not str:
                raise TypeError(f"{each!r} of {module} is no name")
        if is_library and "." in record["qualname"]:
            raise ValueError(f"{record['qualname']} of {module} is no name in it")
        if "parameters" in record and not _are_parameters(record["parameters"]):
            raise TypeError(f"{record['parameters']!r} of {module} are no parameters")
        return record

    return check


def _are_parameters(parts: "list[Any]") -> bool:
    """Whether a list holds the result's annotation, and lists of what makes a ``Parameter``."""
    texts = [*parts[:1]]
    for part in parts[1:]:
        if part.__class__ is not list or len(part) != 4 or None in part[:2]:
            return False
        texts += part
    return texts != [] and all(text is None or text.__class__ is str for text in texts)


def is_extra(extra: "dict[str, Any]") -> bool:
    """Whether what is stored beside the records is what we store."""
    try:
        texts = [*extra["rejected"].values(), *extra["owner"].values()]
        texts += [text for error in extra["failures"].values() for text in error]
    except (AttributeError, LookupError, TypeError):
        return False
    known = extra["owner"].keys() == {"distribution", "version"}
    return known and all(text.__class__ is str for text in texts)


#: Libraries that load lazily read from their stubs what they publish.
_STUB = ".pyi"


class LibraryFiles(SourceTree):
    """The metadata files of the distribution that owns a library, else the library's sources.

    An installer replaces the metadata with every change of what it installed, so two stamps stand
    for thousands. A library that no distribution owns where it lies (local, or installed editable)
    is stamped file by file. Which of the two it is, the cold path decides and the file records.

    Args:
        library: Name of the package or module.
        places: Its folders or file; they are part of the registry's identity.
    """

    def __init__(self, library: str, places: "Iterable[str]") -> None:
        super().__init__(places, (*PYTHON_SUFFIXES, _STUB))
        self.member, self.current = "library", self._stamp_library
        self._library = library

    def _stamp_library(self) -> "dict[str, Any]":
        from ._cold.distributions import metadata_files

        files = metadata_files(self._library, self.paths)
        stamps: dict[str, Any] = (
            SourceTree(files) if files else SourceTree(self.paths, self.suffixes)
        ).record()
        return stamps

    def check_paths(self, recorded: "Any") -> None:
        """Refuse stamps of nothing, unless the library is built into Python."""
        if not recorded and self.paths:
            raise CacheMiss("WRONG_SHAPE", self.member, recorded)

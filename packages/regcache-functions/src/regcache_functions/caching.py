"""What a registry of functions tells its listing: ``FunctionAdapter``."""

from regcache_core import PYTHON_SUFFIXES, CacheMiss, SourceTree
from regcache_core.discovery import Adapter, EditedModules, is_plain_name, published_modules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from regcache_core import Input
    from regcache_core.discovery import Cache, Discovered, ImportPath

    from .functions import Record, State
    from .registry import FunctionRegistry
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


class FunctionAdapter(Adapter["State"]):
    """What a registry of functions tells its ``Listing``.

    Args:
        registry: The registry.
        scope: What it lists.
    """

    def __init__(self, registry: "FunctionRegistry[Any]", scope: "Scope") -> None:
        super().__init__(registry.name, scope.package)
        self._registry = registry
        self._scope = scope
        self.created_ns = scope.created_ns
        self.depends_on = scope.depends_on
        self.entry_points = scope.entry_points
        #: Trials are not run for a missing name: what another process wrote is taken over.
        self.may_rediscover = getattr(scope, "trial", None) is None

    def version(self) -> str:
        """The version of the application, where its modules register functions."""
        return self._scope.version()

    def settings(self) -> "dict[str, Any]":
        """The registry's own set-up."""
        return self._scope.settings()

    def inputs(self) -> "list[Input]":
        """The sources of the package, or what stands for those of a library."""
        return self._scope.inputs()

    def edited(self) -> EditedModules:
        """Whether modules hold what their files say."""
        scope = self._scope
        return EditedModules(scope.package, scope.source_files, scope.created_ns)

    def is_enabled(self) -> bool:
        """Whether there is to be a cache."""
        return self._registry.enable_cache

    def lookup_errors(self) -> "tuple[type[Exception], ...]":
        """What a lookup raises where a name is missing, or its function fails."""
        from .errors import FunctionImportError, UnknownFunctionError

        return UnknownFunctionError, FunctionImportError

    def anonymous_part(self) -> str:
        """What has no lasting text, so that there can be no cache."""
        return "" if self._scope.is_identified else "the probe or the predicate"

    def cache_name(self) -> str:
        """What tells the registry's cache from that of every other registry."""
        return self._scope.cache_name(self.name)

    def make_check(self, import_path: "ImportPath") -> "Callable[[Any], Any]":
        """A function that gives back a record, and refuses one that is none of this package."""
        return _make_check(self._scope, import_path)

    def read_extra(
        self,
        extra: "dict[str, Any]",
        records: "Mapping[Any, Any]",
        decode: "Callable[[str], Any]",
    ) -> "dict[str, Any]":
        """Failures, rejected functions and the owner, as a file has them.

        Raises:
            CacheMiss: They are nothing that we write, or a key is no function's name.
        """
        if not is_extra(extra):
            raise CacheMiss("WRONG_SHAPE", "extra")
        if not {*map(type, records)} <= {str}:
            raise CacheMiss("KEY_REFUSED", "items")
        return extra

    def state(self) -> "State | None":
        """The state, if there is one."""
        return self._registry._state

    def so_far(self) -> "State":
        """What has registered itself, for a reader in the middle of a search."""
        return self._registry._combined({})

    def combined(self, records: "Mapping[Any, Any]") -> "State":
        """A state that is not published."""
        return self._registry._combined(records)

    def publish(self, records: "Mapping[str, Record]", beside: "dict[str, Any]") -> "State":
        """Make the state, unless another thread has."""
        return self._registry._publish(records, beside)

    def publish_anew(self, records: "Mapping[str, Record]", beside: "dict[str, Any]") -> "State":
        """Make the state anew."""
        return self._registry._publish_anew(records, beside)

    def take_over(self) -> "Callable[[Mapping[str, Record], dict[str, Any]], State]":
        """A function that makes the state anew; functions that are loaded stay as they are."""
        return self._registry._take_over

    def answer(self) -> "tuple[Mapping[str, Record], dict[str, Any]]":
        """What the state was made from."""
        return self._registry._found, self._registry._extra

    def drop_moved(self, records: "Mapping[str, Record]") -> None:
        """Forget functions whose module is gone, to be loaded from where they are now."""
        from regcache_core.discovery import find_spec

        contains = self._scope.contains
        self._registry._forget(lambda it: contains(it.module) and not find_spec(it.module))

    def is_used(self) -> bool:
        """Whether a module that looks may see what it would not see in a fresh process."""
        return self._registry._is_used()

    def discover(self, cache: "Cache") -> "Discovered":
        """Find the functions by importing what they lie in."""
        return self._scope.find(self._registry, cache)

    def warn(self, found: "Discovered") -> None:
        """Tell of modules that failed, and of a search that found nothing."""
        from regcache_core.discovery import warn_caller

        from .errors import ScanWarning

        found.warn_of_failures(ScanWarning)
        if not found.records and not found.extra["rejected"]:
            problem = f"no function was found in {self.package}; {self._scope.advice}"
            warn_caller(f"{self.name}: {problem}", ScanWarning)


def _make_check(scope: "Scope", import_path: "ImportPath") -> "Callable[[Any], Any]":
    """A function that gives back a record, and refuses one that is none of this package.

    A record of an installed function names what its entry point names. In a library each function
    is found by its name in a module.
    """
    package, is_library = scope.package, hasattr(scope, "trial")
    prefix, fields = f"{package}.", _FIELDS

    def check(record: "Mapping[str, Any]") -> "Mapping[str, Any]":
        module = record["module"]
        if not is_plain_name(module):
            raise ValueError(f"{module!r} is no name of a module to be loaded")
        is_inside = f"{module}.".startswith(prefix)
        if not is_inside and module not in published_modules(import_path):
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

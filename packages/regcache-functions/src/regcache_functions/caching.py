"""What a registry of functions tells its listing: ``FunctionAdapter``."""

import sys

from regcache_core import PYTHON_SUFFIXES, CacheConfig, CacheMiss
from regcache_core.discovery import (
    Adapter,
    find_spec,
    fingerprint,
    is_anonymous,
    is_plain_name,
    name_of,
    published_modules,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from regcache_core.discovery import Cache, Discovered, ImportPath

    from .functions import Record, State
    from .registry import FunctionRegistry, LibraryScope, Scope

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
    "over": list,
    "claimed": str,
    "distribution": str,
    "version": str,
}


class FunctionAdapter(Adapter["State"]):
    """What a registry of functions tells its ``Listing``."""

    #: Whether a module holds what is listed, instead of registering it.
    is_library = False
    #: What to do where nothing is found.
    advice = "a module must call the registry's own register()"

    def __init__(self, registry: "FunctionRegistry[Any]", scope: "Scope") -> None:
        super().__init__(registry.name, scope.package, scope.packages)
        self.application = (scope.group or scope.package).partition(".")[0]
        self.registry = registry
        self.scope = scope
        self.created_ns = scope.created_ns
        self.depends_on = scope.depends_on
        self.entry_points = scope.entry_points
        self.exclude = scope.exclude
        self.cache_config = CacheConfig(scope.max_age_days, cache_dir=scope.cache_dir)

    def settings(self) -> "dict[str, Any]":
        """The set-up; two registries of one name over one package differ in where they are made."""
        return {
            **super().settings(),
            "strict": self.scope.strict,
            "facts": name_of(self.scope.facts),
            "declared": self.scope.declared,
            "on_duplicate": self.registry._policy,
        }

    def version(self) -> str:  # without a package the application may be anybody's
        return "" if self.scope.group else super().version()

    def parts(self) -> "list[Any]":
        """The class of the facts."""
        return [self.scope.facts]

    def placed(self) -> "dict[str, list[str]]":
        """As ``Adapter.placed`` has it.

        Raises:
            ScanError: There is no such package.
        """
        if self.scope.group:
            return {}
        try:
            return super().placed()
        except ModuleNotFoundError as error:
            from .errors import ScanError

            problem = "there is no such package; is it installed, is it misspelt?"
            raise ScanError(str(error.name), problem) from None

    def is_enabled(self) -> bool:
        return self.registry.enable_cache

    def lookup_errors(self) -> "tuple[type[Exception], ...]":
        from .errors import FunctionImportError, UnknownFunctionError

        return UnknownFunctionError, FunctionImportError

    def cache_name(self) -> str:
        policy = self.registry._policy
        name = f"{self.name} functions of {self.searched}"
        return name if policy == "error" else f"{name} {policy}"

    def make_check(self, import_path: "ImportPath") -> "Callable[[Any], Any]":
        """A function that gives back a record, and refuses one that is none of this package.

        A record of an installed function names what its entry point names. In a library each
        function is found by its name in a module.
        """
        contains, is_library, fields = self.contains, self.is_library, _FIELDS

        def check(record: "Record") -> "Record":
            module = record["module"]
            if not is_plain_name(module):
                raise ValueError(f"{module!r} is no name of a module to be loaded")
            if not contains(module) and module not in published_modules(import_path):
                raise ValueError(f"{module} lies outside of {self.searched}")
            for field, value in record.items():
                if value.__class__ is not fields[field]:
                    raise TypeError(f"{field} of {module}.{record['qualname']} is {value!r}")
            texts: Any = (*record.get("tags", ()), *record.get("aliases", ()), record["qualname"])
            if "over" in record:  # few have rivals
                texts = *texts, *record["over"]
            for each in texts:
                if each.__class__ is not str:
                    raise TypeError(f"{each!r} of {module} is no name")
            if is_library and "." in record["qualname"]:
                raise ValueError(f"{record['qualname']} of {module} is no name in it")
            if "parameters" in record and not _are_parameters(record["parameters"]):
                raise TypeError(f"{record['parameters']!r} of {module} are no parameters")
            return record

        return check

    def read_extra(
        self,
        extra: "dict[str, Any]",
        records: "Mapping[Any, Any]",
        decode: "Callable[[str], Any]",
    ) -> "dict[str, Any]":
        """Failures, what was rejected or left out, and the owner, as a file has them.

        Raises:
            CacheMiss: They are nothing that we write, or a key is no function's name.
        """
        try:
            texts = [*extra["rejected"].values(), *extra["owner"].values()]
            texts += extra["skipped"].values()
            texts += [text for error in extra["failures"].values() for text in error]
        except (AttributeError, LookupError, TypeError) as error:
            raise CacheMiss("WRONG_SHAPE", "extra") from error
        is_known = extra["owner"].keys() == {"distribution", "version"}
        if not is_known or any(text.__class__ is not str for text in texts):
            raise CacheMiss("WRONG_SHAPE", "extra")
        if not {*map(type, records)} <= {str}:
            raise CacheMiss("KEY_REFUSED", "items")
        return extra

    # The registry keeps the state, for it has one without a package, too.

    def state(self) -> "State | None":
        return self.registry._state

    def combined(self, records: "Mapping[Any, Any]") -> "State":
        """A state that is not published, with what has registered itself."""
        return self.registry._combined(records)

    def publish(self, records: "Mapping[str, Record]", beside: "dict[str, Any]") -> "State":
        return self.registry._publish(records, beside)

    def publish_anew(self, records: "Mapping[str, Record]", beside: "dict[str, Any]") -> "State":
        return self.registry._publish(records, beside, anew=True)

    def take_over(self) -> "Callable[[Mapping[str, Record], dict[str, Any]], State]":
        """A function that makes the state anew; functions that are loaded stay as they are."""
        return self.registry._take_over

    def answer(self) -> "tuple[Mapping[str, Record], dict[str, Any]]":
        return self.registry._found, self.registry._extra

    def drop_moved(self, records: "Mapping[str, Record]") -> None:
        """Forget functions whose module is gone, to be loaded from where they are now."""
        self.registry._forget(lambda it: self.contains(it.module) and not find_spec(it.module))

    def is_used(self) -> bool:
        registry, registered = self.registry, self.registry._snapshot()
        is_left = any(each.module not in sys.modules for each in registered)  # it has failed
        return bool(is_left or (registry._state and (registered or registry._extra["failures"])))

    def discover(self, cache: "Cache") -> "Discovered":
        """Import the modules of the package, and describe what has registered itself then."""
        from ._cold.discovery import discover

        return discover(self, cache)

    def warn(self, found: "Discovered") -> None:
        """Tell of modules that failed, and of a search that found nothing."""
        from regcache_core.discovery import warn_caller

        from .errors import ScanWarning

        is_open = self.registry._policy not in ("first", "last")
        found.warn_of_failures(ScanWarning, duplicates=is_open)
        if not found.records and not found.extra["rejected"] and not self.scope.group:
            problem = f"no function was found in {self.searched}; {self.advice}"
            warn_caller(f"{self.name}: {problem}", ScanWarning)


class LibraryAdapter(FunctionAdapter):
    """What a registry tells its ``Listing`` that was made by ``scan``."""

    scope: "LibraryScope"
    is_library = True
    #: Libraries that load lazily read from their stubs what they publish.
    suffixes = (*PYTHON_SUFFIXES, ".pyi")
    advice = 'public="names" finds what stands in no __all__'

    def __init__(self, registry: "FunctionRegistry[Any]", scope: "LibraryScope") -> None:
        super().__init__(registry, scope)
        #: Trials are not run for a missing name: what another process wrote is taken over.
        self.may_rediscover = scope.probe is None
        self.watch = scope.watch

    def version(self) -> str:
        """That of the library's distribution is among what is watched."""
        return ""

    def parts(self) -> "list[Any]":
        """Also the predicate and the probe."""
        return [*super().parts(), *self._functions()]

    def _functions(self) -> "list[Any]":
        return [self.scope.predicate, self.scope.probe]

    def anonymous_part(self) -> str:
        """The functions, if one holds what has no lasting text."""
        is_named = not any(is_anonymous(name_of(each)) for each in self._functions())
        return "" if is_named else "the probe or the predicate"

    def settings(self) -> "dict[str, Any]":
        """The set-up, the probe's declared version and what bounds it too."""
        scope = self.scope
        predicate, probe = map(name_of, self._functions())
        return {
            **super().settings(),
            "modules": list(scope.modules),
            "recursive": scope.recursive,
            "include": list(scope.include),
            "predicate": predicate,
            "public": scope.public,
            "watch": scope.watch,
            "probe": probe,
            "probe_version": scope.probe_version,
            "bounds": [scope.timeout, scope.memory] if probe else [],
        }

    def cache_name(self) -> str:
        """As for packages; scans with other settings do not evict each other."""
        settings = {**self.settings(), "probe_version": "", "bounds": []}
        return f"{super().cache_name()} {fingerprint(sorted(settings.items(), key=str))}"

    def discover(self, cache: "Cache") -> "Discovered":
        """Import the modules, collect what they publish, try it."""
        from ._cold.scan import scan

        return scan(self, cache)


def _are_parameters(parts: "list[Any]") -> bool:
    """Whether a list holds the result's annotation, and lists of what makes a ``Parameter``."""
    texts = [*parts[:1]]
    for part in parts[1:]:
        if part.__class__ is not list or len(part) != 4 or None in part[:2]:
            return False
        texts += part
    return texts != [] and all(text is None or text.__class__ is str for text in texts)

"""What a registry of classes tells its listing: ``ClassAdapter``."""

from regcache_core import PYTHON_SUFFIXES, CacheMiss, SourceTree
from regcache_core.discovery import (
    Adapter,
    EditedModules,
    find_sources,
    is_plain_name,
    published_modules,
)

from .classes import is_class, same_declaration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType
    from typing import Any

    from regcache_core import Input
    from regcache_core.discovery import Cache, Discovered, ImportPath

    from .classes import Scope
    from .lazydict import Answer, Beside, LazyDiscoveryDict
    from .mapping import Record, State


class EditedClasses(EditedModules):
    """Modules of the package that were edited, or whose base class was, after their import.

    A module counts as edited too if its classes derive from a base class that was declared anew
    (``importlib.reload``) since.
    """

    def __init__(self, scope: "Scope") -> None:
        super().__init__(str(scope.package), scope.source_files, scope.created_ns)
        self._base = scope.base
        # By identity: a metaclass may have made them unhashable. Modules have many in common.
        self._seen: dict[int, type] = {}

    def is_outdated(self, module: "ModuleType") -> bool:
        """Whether a module's classes derive from an older declaration of the base class."""
        base, seen = self._base, self._seen
        for value in list(vars(module).values()):
            if id(value) in seen or not is_class(value):
                continue
            for parent in value.__mro__:
                looks_like_it = parent is not base and parent.__name__ == base.__name__
                if looks_like_it and same_declaration(parent, base):
                    return True
                seen[id(parent)] = parent
        return False


class ClassAdapter(Adapter["State[Any, Any]"]):
    """What a registry of classes tells its ``Listing``.

    Args:
        registry: The registry.
        scope: What it lists; of a package.
    """

    def __init__(self, registry: "LazyDiscoveryDict[Any, Any]", scope: "Scope") -> None:
        super().__init__(scope.name, str(scope.package))
        self._registry = registry
        self._scope = scope
        self.created_ns = scope.created_ns
        self.depends_on = scope.depends_on
        self.entry_points = scope.config.discovery_entry_points or ""
        self.light_modules = (self.package, scope.base.__module__)

    def is_enabled(self) -> bool:
        """Whether there is to be a cache."""
        return self._registry.enable_cache

    def version(self) -> str:
        """``__version__`` of the package that the base class lies in."""
        return self._scope.version()

    def settings(self) -> "dict[str, Any]":
        """The registry's own set-up."""
        return self._scope.settings()

    def lookup_errors(self) -> "tuple[type[Exception], ...]":
        """What a lookup raises where a key is missing, or its plugin fails."""
        from .errors import PluginImportError, UnknownKeyError

        return UnknownKeyError, PluginImportError

    def anonymous_part(self) -> str:
        """The base class, if it or a function has no lasting text."""
        from .classes import name_class

        return "" if self._scope.is_identified else name_class(self._scope.base)

    def cache_name(self) -> str:
        """What tells the registry's cache from that of every other registry."""
        return self._scope.cache_name

    def inputs(self) -> "list[Input]":
        """The sources of the package and of what decides.

        Raises:
            DiscoveryError: There is no such package.
        """
        places = [*_package_paths(self.package), *self._scope.source_files()]
        return [SourceTree(places, PYTHON_SUFFIXES)]

    def edited(self) -> EditedClasses:
        """Whether modules hold what their files say."""
        return EditedClasses(self._scope)

    def make_check(self, import_path: "ImportPath") -> "Callable[[Any], Any]":
        """A function that gives back a record; one that leads elsewhere is refused."""
        package, prefix = self.package, f"{self.package}."

        def check_record(record: "Any") -> "Any":
            module, name, qualname = record["module"], record["class_name"], record["qualname"]
            home, attribute = record.get("via", module), record.get("attribute", name)
            for each in (module, name, qualname, home, attribute, record.get("doc", "")):
                if each.__class__ is not str:
                    raise TypeError(f"{each!r} is no text in the record of {module}.{qualname}")
            if record.get("facts", {}).__class__ is not dict:
                raise TypeError(f"{module}.{qualname} has facts that are none")
            names = f".{home}.{qualname}.{attribute}."
            is_odd = "__" in names or ".." in names
            if is_odd and not all(map(is_plain_name, names[1:-1].split("."))):
                raise ValueError(f"{names!r} holds no names of a module or class to be loaded")
            is_inside = home == package or home.startswith(prefix)
            if not is_inside and home not in published_modules(import_path):
                raise ValueError(f"{module}.{qualname} lies outside of {package}")
            return record

        return check_record

    def read_extra(
        self, extra: "dict[str, Any]", records: "Mapping[Any, Any]", decode: "Callable[[str], Any]"
    ) -> "Beside":
        """Failures, secondary registries and contested keys, as a file has them.

        Raises:
            CacheMiss: They are nothing that we write.
        """
        names = {each.name for each in self._scope.config.secondary_registries}
        try:
            failed = {name: _check_failure(texts) for name, texts in extra["failures"].items()}
            secondary = {
                name: {
                    decode(text): self._check_entry(each, decode, records)
                    for text, each in table.items()
                }
                for name, table in extra["secondary"].items()
            }
            contested = {
                name: {decode(text) for text in texts}
                for name, texts in extra.get("contested", {}).items()
            }
        except (TypeError, ValueError, LookupError, AttributeError, CacheMiss) as error:
            raise CacheMiss("WRONG_SHAPE", "extra") from error
        if secondary.keys() != names or not contested.keys() <= {"", *names}:
            raise CacheMiss("WRONG_SHAPE", "extra")
        return failed, secondary, contested

    def _check_entry(
        self, stored: "Any", decode: "Callable[[str], Any]", records: "Mapping[Any, Any]"
    ) -> "Record":
        """The record of a secondary key: the primary key of its class, or its module."""
        if stored.__class__ is str:
            owner = decode(stored)
            records[owner]
            return {"owner": owner}
        module = stored["module"]
        if module.__class__ is not str or not is_plain_name(module):
            raise ValueError(f"{module!r} is no name of a module")
        if not self._registry._may_import(module):
            raise ValueError(f"{module} lies outside of the package")
        return {"module": module}

    def state(self) -> "State[Any, Any] | None":
        """The state, if there is one."""
        return self._registry._state

    def so_far(self) -> "State[Any, Any]":
        """What has registered itself, for a reader in the middle of a discovery."""
        return self._registry._so_far()

    def combined(self, records: "Mapping[Any, Any]") -> "State[Any, Any]":
        """A state that is not published."""
        return self._registry._combined(records)

    def publish(self, records: "Mapping[Any, Any]", beside: "Beside") -> "State[Any, Any]":
        """Make the state, unless another thread has."""
        return self._registry._publish_answer(records, beside)

    def publish_anew(self, records: "Mapping[Any, Any]", beside: "Beside") -> "State[Any, Any]":
        """Make the state anew; secondary registries open anew."""
        state = self._registry._publish_answer(records, beside, anew=True)
        for dependent in self._registry._dependents:
            dependent._state = None
        return state

    def take_over(self) -> "Callable[[Mapping[Any, Any], Beside], State[Any, Any]]":
        """A function that makes the states anew; what was done by hand stays so."""
        registry = self._registry
        mappings = [each for each in registry._dependents if each._state is not None]
        removed = [(each, each._removed_keys()) for each in mappings]
        own = registry._removed_keys() if registry._state is not None else set()

        def make(records: "Mapping[Any, Any]", beside: "Beside") -> "State[Any, Any]":
            state = registry._take_over_answer(records, beside, own)
            for each, keys in removed:
                each._take_over(each._records(), keys)
            return state

        return make

    def answer(self) -> "Answer":
        """What the state was made from."""
        return self._registry._found, self._registry._beside

    def drop_moved(self, records: "Mapping[Any, Any]") -> None:
        """Forget loaded classes whose module is gone, to be loaded from where they are now."""
        from ._cold.discovery import drop_vanished

        registry = self._registry
        loaded = list(registry._registered.items())
        moved = [key for key, cls in loaded if not registry._is_of(cls, records.get(key))]
        drop_vanished(self._scope, registry, moved)

    def is_used(self) -> bool:
        """Whether a plugin that looks may see what it would not see in a fresh process."""
        return self._registry._is_used()

    def discover(self, cache: "Cache") -> "Discovered":
        """Import all modules of the package, and describe what the registry holds then."""
        from ._cold.discovery import discover

        return discover(self._scope, self._registry, cache)

    def warn(self, found: "Discovered") -> None:
        """Tell of modules that failed, and of a search that found nothing."""
        from ._cold.discovery import warn

        warn(self._scope, found)


def _check_failure(texts: "list[str]") -> "list[str]":
    """An error and its place, as they are stored."""
    if [type(texts), *map(type, texts)] != [list, str, str]:
        raise TypeError(f"{texts!r} is no error that we store")
    return texts


def _package_paths(name: str) -> "list[str]":
    try:
        paths = find_sources(name)
    except ModuleNotFoundError:
        paths = []
    if not paths:  # or it is built into Python, and nothing is below it
        from .errors import DiscoveryError

        raise DiscoveryError(name, "there is no such package; is it installed, is it misspelt?")
    return paths

"""What a registry of classes tells its listing: ``ClassAdapter``."""

import sys

from regcache_core import CacheConfig, CacheMiss
from regcache_core.discovery import (
    Adapter,
    EditedModules,
    fingerprint,
    is_anonymous,
    is_plain_name,
    name_of,
    published_modules,
)

from .config import is_local, lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType
    from typing import Any

    from regcache_core.discovery import Cache, Discovered, ImportPath

    from .config import Scope
    from .lazydict import Answer, Beside, LazyDiscoveryDict
    from .mapping import Record, State


class EditedClasses(EditedModules):
    """Modules of the package that were edited, or whose base class was, after their import.

    A module counts as edited too if its classes derive from a base class that was declared anew
    (``importlib.reload``) since.
    """

    def __init__(self, adapter: "ClassAdapter") -> None:
        super().__init__(adapter.packages, adapter.source_files, adapter.created_ns)
        self._scope = adapter.scope
        # By identity: a metaclass may have made them unhashable. Modules have many in common.
        self._seen: dict[int, type] = {}

    def is_outdated(self, module: "ModuleType") -> bool:
        """Whether a module's classes derive from an older declaration of the base class."""
        from .classes import same_declaration

        if self._scope.given.__module__ not in sys.modules:  # it was given as text
            return False
        base, seen = self._scope.base, self._seen
        name = base.__name__
        for value in list(vars(module).values()):
            # As is_class, without a call for each.
            if not issubclass(type(value), type) or id(value) in seen:
                continue
            for parent in value.__mro__:
                if id(parent) in seen:
                    continue
                looks_like_it = parent.__name__ == name and parent is not base
                if looks_like_it and same_declaration(parent, base):
                    return True
                seen[id(parent)] = parent
        return False


class ClassAdapter(Adapter["State[Any, Any]"]):
    """What a registry of classes tells its ``Listing``; its scope is one of a package."""

    def __init__(self, registry: "LazyDiscoveryDict[Any, Any]", scope: "Scope") -> None:
        super().__init__(scope.name, str(scope.package or ""), scope.packages)
        self.application = (scope.group or self.package).partition(".")[0]
        self.registry = registry
        self.scope = scope
        self.watch = scope.watch
        self.created_ns = scope.created_ns
        self.depends_on = scope.depends_on
        self.entry_points = scope.config.discovery_entry_points or ""
        config = scope.config
        self.cache_config = CacheConfig(config.max_age_days, cache_dir=config.cache_dir)
        self.light_modules = (*self.packages, scope.given.__module__)

    def is_enabled(self) -> bool:
        return self.registry.enable_cache

    def version(self) -> str:
        """``__version__`` of the package that the base class lies in; empty if it has none.

        Of a package of others too, which a warm start does not import: there the distributions
        that own it are inputs, all of them, and the sources of one that is not installed.
        """
        if self.scope.scanned:
            return ""
        root = sys.modules.get(self.scope.given.__module__.partition(".")[0])
        return str(vars(root).get("__version__", "")) if root else ""

    def _functions(self) -> "list[Any]":
        config = self.scope.config
        return [config.key_extractor, self.scope.include, config.discovery_function]

    def parts(self) -> "list[Any]":
        """The base class and functions.

        The classes above a base class that may be given as text are found when it is imported.
        """
        given = self.scope.given
        return [name_of(given) if self.scope.scanned else given, *self._functions()]

    def settings(self) -> "dict[str, Any]":
        """The registry's own set-up."""
        config = self.scope.config
        extractor, include, function = map(name_of, self._functions())
        return {
            "package": self.searched,
            "base": name_of(self.scope.given),
            "key": config.key_attribute,
            "extractor": extractor,
            "include": include,
            "function": function,
            "recursive": config.discovery_recursive,
            "strict": config.strict,
            "skip": config.skip_if_no_key,
            "facts": list(config.facts),
            "entry_points": config.discovery_entry_points,
            "on_duplicate": config.on_duplicate,
            "exclude": list(config.exclude),
            "watch": self.watch,
            "secondary": [[s.key_source, s.attr_name] for s in config.secondary_registries],
        }

    def lookup_errors(self) -> "tuple[type[Exception], ...]":
        from .errors import PluginImportError, UnknownKeyError

        return UnknownKeyError, PluginImportError

    def anonymous_part(self) -> str:
        """The base class, if it or a function has no lasting text.

        A class that is made inside a function has no name of its own, and a function may hold an
        object that has no lasting text.
        """
        base = self.scope.given
        is_named = not any(is_anonymous(name_of(each)) for each in self._functions())
        if is_named and not is_local(base):
            return ""
        from .classes import name_class

        return name_class(base)

    def cache_name(self) -> str:
        base, config = self.scope.given, self.scope.config
        name = f"{self.name.replace(' ', '_')}_registry of {base.__module__}.{base.__qualname__}"
        if not self.scope.scanned:
            return name
        functions = [name_of(config.key_extractor), name_of(self.scope.include)]
        options = [config.key_attribute, *functions, config.discovery_recursive, config.strict]
        options += [config.on_duplicate, str(config.exclude), self.watch, *config.packages]
        return f"{name} {fingerprint(options)}"

    def placed(self) -> "dict[str, list[str]]":
        """As ``Adapter.placed`` has it.

        Raises:
            DiscoveryError: There is no such package.
        """
        if self.scope.group:
            return {}
        try:
            placed = super().placed()
            if all(placed.values()):
                return placed
            missing = min(placed, key=placed.__getitem__)  # it is built into Python: nothing below
        except ModuleNotFoundError as error:
            missing = str(error.name)
        from .errors import DiscoveryError

        problem = "there is no such package; is it installed, is it misspelt?"
        raise DiscoveryError(missing, problem)

    def edited(self) -> EditedClasses:
        return EditedClasses(self)

    def make_check(self, import_path: "ImportPath") -> "Callable[[Any], Any]":
        """A function that gives back a record; one that leads elsewhere is refused."""
        package, prefix, contains = self.package, f"{self.package}.", self.contains

        def check_record(record: "Any") -> "Any":
            module, name, qualname = record["module"], record["class_name"], record["qualname"]
            home, attribute = record.get("via", module), record.get("attribute", name)
            texts: Any = (module, name, qualname, home, attribute, record.get("doc", ""))
            if "over" in record or "file" in record or "aliases" in record:  # few have one
                texts = *texts, record.get("file", ""), *record.get("over", ())
                texts = *texts, *record.get("aliases", ())
            if "distribution" in record:
                texts = *texts, record["distribution"], record["version"], record.get("point", "")
            for each in texts:
                if each.__class__ is not str:
                    raise TypeError(f"{each!r} is no text in the record of {module}.{qualname}")
            aliases = record.get("aliases", [])
            if (record.get("facts", {}).__class__, aliases.__class__) != (dict, list):
                raise TypeError(f"{module}.{qualname} has facts or aliases that are none")
            names = f".{home}.{qualname}.{attribute}."
            is_odd = "__" in names or ".." in names
            if is_odd and not all(map(is_plain_name, names[1:-1].split("."))):
                raise ValueError(f"{names!r} holds no names of a module or class to be loaded")
            is_inside = home == package or home.startswith(prefix) or contains(home)
            if not is_inside and home not in published_modules(import_path):
                raise ValueError(f"{module}.{qualname} lies outside of {self.searched}")
            return record

        return check_record

    def read_extra(
        self, extra: "dict[str, Any]", records: "Mapping[Any, Any]", decode: "Callable[[str], Any]"
    ) -> "Beside":
        """Failures, secondary registries, contested keys and what was left out, as a file has them.

        Raises:
            CacheMiss: They are nothing that we write.
        """
        names = {each.name for each in self.scope.config.secondary_registries}
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
            skipped = {name: str.strip(why) for name, why in extra["skipped"].items()}
        except (TypeError, ValueError, LookupError, AttributeError, CacheMiss) as error:
            raise CacheMiss("WRONG_SHAPE", "extra") from error
        if secondary.keys() != names or not contested.keys() <= {"", *names}:
            raise CacheMiss("WRONG_SHAPE", "extra")
        return failed, secondary, contested, skipped

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
        if not self.registry._may_import(module):
            raise ValueError(f"{module} lies outside of the package")
        return {"module": module}

    def state(self) -> "State[Any, Any] | None":
        """The state, if there is one; the registry keeps it, for it has one without a package."""
        return self.registry._state

    def so_far(self) -> "State[Any, Any]":
        return self.registry._so_far()

    def combined(self, records: "Mapping[Any, Any]") -> "State[Any, Any]":
        return self.registry._combined(records)

    def publish(self, records: "Mapping[Any, Any]", beside: "Beside") -> "State[Any, Any]":
        registry = self.registry
        with lock():
            if registry._state is not None:
                return registry._state
            return self._exchange(beside, lambda: registry._publish(records))

    def publish_anew(self, records: "Mapping[Any, Any]", beside: "Beside") -> "State[Any, Any]":
        """Make the state anew; secondary registries open anew."""
        registry = self.registry
        with lock():
            state = self._exchange(beside, lambda: registry._publish(records, anew=True))
        for dependent in registry._dependents:
            dependent._state = None
        return state

    def take_over(self) -> "Callable[[Mapping[Any, Any], Beside], State[Any, Any]]":
        """A function that makes the states anew; what was done by hand stays so."""
        from .changes import removed_keys, take_over

        registry = self.registry
        mappings = [each for each in registry._dependents if each._state is not None]
        removed = [(each, removed_keys(each)) for each in mappings]
        own = removed_keys(registry) if registry._state is not None else set()

        def make(records: "Mapping[Any, Any]", beside: "Beside") -> "State[Any, Any]":
            with lock():
                state = self._exchange(beside, lambda: take_over(registry, records, own))
            for each, keys in removed:
                take_over(each, each._records(), keys)
            return state

        return make

    def _exchange(
        self, beside: "Beside", publish: "Callable[[], State[Any, Any]]"
    ) -> "State[Any, Any]":
        """Publish with what lies beside: contested keys claim nothing."""
        registry = self.registry
        before, registry._beside = registry._beside, beside
        try:
            return publish()
        except Exception:  # a key is another's: all stays as it was
            registry._beside = before
            raise

    def answer(self) -> "Answer":
        return self.registry._found, self.registry._beside

    def drop_moved(self, records: "Mapping[Any, Any]") -> None:
        """Forget loaded classes whose module is gone, to be loaded from where they are now."""
        from ._cold.discovery import drop_vanished

        registry = self.registry
        loaded = list(registry._registered.items())
        moved = [key for key, cls in loaded if not registry._is_of(cls, records.get(key))]
        drop_vanished(self.scope, registry, moved)

    def is_used(self) -> bool:
        registry = self.registry
        registered = [
            cls for key, cls in list(registry._registered.items()) if key not in registry._setters
        ]
        is_left = any(cls.__module__ not in sys.modules for cls in registered)  # it has failed
        is_known = registry._state and (registered or registry._failures)
        return bool(registry._assigned or is_left or is_known)

    def discover(self, cache: "Cache") -> "Discovered":
        """Import all modules of the package, and describe what the registry holds then."""
        if self.scope.group:
            from ._cold.installed import InstalledDiscovery

            return InstalledDiscovery(self, cache).run()
        from ._cold.discovery import Discovery

        return Discovery(self, cache).run()

    def warn(self, found: "Discovered") -> None:
        """Tell of modules that failed, and of a search that found nothing."""
        from regcache_core.discovery import warn_caller

        from .errors import DiscoveryWarning

        is_open = self.scope.config.on_duplicate not in ("first", "last")
        found.warn_of_failures(DiscoveryWarning, duplicates=is_open)
        if self.scope.scanned and not found.records and not self.scope.group:
            base = self.scope.given.__qualname__
            warn_caller(f"{self.searched} has no sub-class of {base} with a key", DiscoveryWarning)


def _check_failure(texts: "list[str]") -> "list[str]":
    """An error and its place, as they are stored."""
    if [type(texts), *map(type, texts)] != [list, str, str]:
        raise TypeError(f"{texts!r} is no error that we store")
    return texts

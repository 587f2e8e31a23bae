"""Plugins of installed distributions, merged with those of the package: the cold path."""

from __future__ import annotations

import sys
from types import ModuleType

from regcache_core.discovery import (
    Failures,
    ImportPath,
    attribute_of,
    load_entry_point,
    module_of,
    reraise_exit,
    sources_of,
)

from ..classes import is_abstract, name_class
from ..errors import DiscoveryError, DuplicateKeyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from typing import Any

    from regcache_core.discovery import FoundFiles

    from ..classes import Scope
    from ..lazydict import LazyDiscoveryDict


class InstalledPlugins:
    """The entry points of a registry, loaded one by one; one that fails costs only itself.

    Args:
        scope: What the registry lists.
        registry: The registry, in which classes register themselves when they are imported.
        failures: Is told of those that fail, under their text, ``name = value``.
        register_module: Registers the classes in a module that knows nothing of registries.

    Attributes:
        modules: Each module that was imported, and the keys that its import registered.
        names: Key -> name of the entry point, for classes without a key of their own.
    """

    def __init__(
        self,
        scope: Scope,
        registry: LazyDiscoveryDict[Any, Any],
        failures: Failures,
        register_module: Callable[[ModuleType], None],
    ) -> None:
        self._scope = scope
        self._registry = registry
        self._failures = failures
        self._register_module = register_module
        self.modules: list[tuple[ModuleType, list[Hashable]]] = []
        self.names: dict[Hashable, str] = {}

    def load(self, import_path: ImportPath, elsewhere: FoundFiles) -> None:
        """Import what the entry points name.

        Args:
            import_path: Knows the entry points.
            elsewhere: Is told of the source files.

        Raises:
            DuplicateKeyError: Two classes have the same key.
            DiscoveryError: An entry point failed, and the registry is strict.
        """
        installed = import_path.entry_points_now()
        self._failures.texts.update(installed["broken"])
        for name, value, *origin in installed["points"]:
            self._load(name, value, " ".join(filter(None, origin)))
            elsewhere.add(sources_of(module_of(value)))

    def _load(self, name: str, value: str, origin: str) -> None:
        registered = self._registry._registered
        before = {*registered}
        try:
            found = load_entry_point(value)
            if attribute_of(value):
                self._register(name, found)
            else:
                self._register_module(found)
        except DuplicateKeyError:  # no broken plugin, but a broken registry
            raise
        except BaseException as error:  # plugin code may raise anything
            reraise_exit(module_of(value), error)
            self._fail(f"{name} = {value}", error, origin)
            self._registry._undo(module_of(value))
            for key in {*registered} - before:
                del registered[key]
                self._registry._setters.pop(key, None)
            return
        new = [key for key in registered if key not in before]
        self.modules.append((sys.modules[module_of(value)], new))

    def _register(self, name: str, cls: Any) -> None:
        """Register a class under its own key; one without by the entry point's name.

        Raises:
            TypeError: It is no plugin.
            DuplicateKeyError: Another class has the key.
        """
        scope, registry = self._scope, self._registry
        if not isinstance(cls, type) or not issubclass(cls, scope.base) or cls is scope.base:
            raise TypeError(f"{cls!r} is no sub-class of {name_class(scope.base)}")
        if is_abstract(cls):
            raise TypeError(f"{name_class(cls)} is abstract")
        if scope.include is not None and not scope.include(cls):
            return
        key = scope.config.key_of(cls)
        if key is None:
            key = self.names.setdefault(name, name)
        if registry._registered.get(key) is not cls:
            registry._register(key, cls)

    def _fail(self, label: str, error: BaseException, origin: str) -> None:
        if self._scope.config.strict:
            raise DiscoveryError(label, f"{type(error).__name__}: {error}") from error
        self._failures.add(label, error)
        self._failures.texts[label][0] += f" (installed by {origin})"

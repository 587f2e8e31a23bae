"""Plugins of installed distributions, merged with those of the package: the cold path."""

from __future__ import annotations

import sys

from regcache_core.discovery import attribute_of, load_entry_point, module_of

from ..classes import is_abstract, name_class

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from types import ModuleType
    from typing import Any

    from ..classes import Scope
    from ..lazydict import LazyDiscoveryDict


class InstalledPlugins:
    """The plugins that entry points name.

    Args:
        scope: What the registry lists.
        registry: The registry, in which classes register themselves when they are imported.
        register_module: Registers the classes in a module that knows nothing of registries.

    Attributes:
        modules: Each module that was imported, and the keys that its import registered.
        names: Key -> name of the entry point, for classes without a key of their own.
    """

    def __init__(
        self,
        scope: Scope,
        registry: LazyDiscoveryDict[Any, Any],
        register_module: Callable[[ModuleType], None],
    ) -> None:
        self._scope = scope
        self._registry = registry
        self._register_module = register_module
        self.modules: list[tuple[ModuleType, list[Hashable]]] = []
        self.names: dict[Hashable, str] = {}

    def load(self, name: str, value: str) -> None:
        """Import one; where that fails, nothing of it is registered.

        Raises:
            DuplicateKeyError: Two classes have the same key.
            Exception: Whatever the import raises.
        """
        registered = self._registry._registered
        before = {*registered}
        try:
            found = load_entry_point(value)
            if attribute_of(value):
                self._register(name, found)
            else:
                self._register_module(found)
        except BaseException:  # plugin code may raise anything
            self._registry._undo(module_of(value))
            for key in {*registered} - before:
                del registered[key]
                self._registry._setters.pop(key, None)
            raise
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

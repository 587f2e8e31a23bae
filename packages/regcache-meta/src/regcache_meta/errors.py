"""Every error and warning of regcache-meta; all errors derive from core's ``RegcacheError``."""

from __future__ import annotations

from regcache_core import RegcacheError
from regcache_core.discovery import DuplicateItemError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .lazydict import LazyDiscoveryDict


class DuplicateKeyError(DuplicateItemError):
    """Two different classes claim one key of a registry.

    Attributes:
        registry: Name of the registry.
        key: The key.
        first: The class that holds the key, with its file, and the distribution that installed it.
        second: The class that claims it too, likewise.
    """

    def __str__(self) -> str:
        return (
            f"{self.registry}: key {self.key!r} is held by {self.first} and claimed by "
            f"{self.second}. Give one of them another key, leave one out (no key; for a package of "
            "others: include=, or a key function), uninstall one, or say what is to be done "
            "(on_duplicate=, __registry_replaces__)."
        )


class MissingKeyError(RegcacheError, ValueError):
    """A class has no key, and its registry does not skip such classes.

    Attributes:
        registry: Name of the registry.
        cls: The class.
        attribute: The attribute that should hold the key.
    """

    def __init__(self, registry: str, cls: type, attribute: str) -> None:
        super().__init__(registry, cls, attribute)
        self.registry = registry
        self.cls = cls
        self.attribute = attribute

    def __str__(self) -> str:
        return (
            f"{self.registry}: {self.cls.__module__}.{self.cls.__qualname__} has no key. Set its "
            f"class attribute {self.attribute!r}, give the registry a key_extractor, or set "
            "skip_if_no_key."
        )


class UnknownKeyError(RegcacheError, KeyError):
    """A registry has no such key.

    Attributes:
        registry: Name of the registry.
        key: The key.
        close: Keys that look like it.
        failed: Modules that could not be imported and might have held it.
    """

    def __init__(
        self, registry: str, key: object, close: Iterable[str], failed: Iterable[str]
    ) -> None:
        super().__init__(key)
        self.registry = registry
        self.key = key
        self.close = tuple(close)
        self.failed = tuple(failed)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.registry, self.key, self.close, self.failed)

    def __str__(self) -> str:
        text = f"{self.registry} has no key {self.key!r}."
        if self.close:
            text += f" Did you mean {' or '.join(map(repr, self.close))}?"
        if self.failed:
            text += f" These modules failed to import (see .failures): {', '.join(self.failed)}."
        return text


def unknown_key(
    registry: LazyDiscoveryDict[Any, Any], key: object, close: Iterable[str]
) -> UnknownKeyError:
    """The error for a key that is not there, or names several: those are ``close``."""
    from regcache_core.discovery import close_keys, is_item

    failed = [name for name in registry._failures if not is_item(name)]
    return UnknownKeyError(registry._name, key, [*close] or close_keys(key, registry), failed)


class PluginImportError(RegcacheError, ImportError):
    """A listed plugin cannot be imported now; the cause is chained.

    Attributes:
        registry: Name of the registry.
        key: The plugin's key.
        name: The module.
    """

    def __init__(self, registry: str, key: object, module: str) -> None:
        super().__init__(registry, key, module, name=module)
        self.registry = registry
        self.key = key

    def __str__(self) -> str:
        return (
            f"{self.registry}: {self.key!r} is listed, but its module {self.name} fails to "
            f"import: {self.__cause__!r}. Mend the module, or call refresh() to list without it."
        )


class DiscoveryError(RegcacheError, ImportError):
    """Plugins cannot be discovered: the package is missing, or a module failed in strict mode.

    Attributes:
        name: The package or module.
        problem: What happened to it.
    """

    def __init__(self, module: str, problem: str) -> None:
        super().__init__(module, problem, name=module)
        self.problem = problem

    def __str__(self) -> str:
        return f"cannot discover plugins in {self.name}: {self.problem}"


class ImportedEarlyError(RegcacheError):
    """Plugins that take keys from each other were imported before the discovery, in some order.

    In another order they may come to another result.
    """

    def __str__(self) -> str:
        return (
            f"plugins of {self.args[0]} replace or remove each other's keys when they are "
            "imported, and some were imported before the discovery, perhaps in another order"
        )


class DiscoveryWarning(UserWarning):
    """A module of a discovery package failed to import; its plugins are missing."""

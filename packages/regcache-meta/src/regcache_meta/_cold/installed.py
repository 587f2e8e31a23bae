"""Plugins found by entry points alone: the cold path of ``for_entry_points``."""

from __future__ import annotations

from regcache_core.discovery import attribute_of, module_of

from ..config import Rival
from .discovery import Discovery

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable
    from typing import Any


class InstalledDiscovery(Discovery):
    """One discovery: what the entry points of a group bring into a registry, by their names."""

    _value = ""  # of the entry point that is being loaded

    def _import_all(self) -> None:
        # By name and identity of a class (which is held, too): what names it first.
        self.named: dict[tuple[Hashable, int], tuple[type, str]] = {}
        # What an earlier discovery found may be gone, or have another name, by now.
        self.scope.config.forget([key for key, _ in self._registered_classes()])
        super()._import_all()

    def _load(self, name: str, value: str) -> None:
        if not attribute_of(value):
            raise TypeError(f"{value!r} names no class; one in a module is 'module:Class'")
        self._value = value
        super()._load(name, value)

    def _register(self, name: str, cls: Any) -> None:
        super()._register(name, cls)
        self.named.setdefault((name, id(cls)), (cls, self._value))

    def _find_homes(self, registered: dict[Any, Any]) -> dict[Any, str]:
        """The module that the entry point of each class names."""
        homes = super()._find_homes(registered)  # of what a module assigns
        for key, cls in registered.items():
            _, value = self._named(key, cls)
            if value and key not in self.registry._setters:
                homes[key] = module_of(value)
        return {key: homes[key] for key in registered if key in homes}

    def _in_order(self, homes: dict[Any, str]) -> list[Any]:
        return [*homes]  # they were registered in the order of distributions and names

    def _named(self, key: Any, cls: Any) -> tuple[Any, str]:
        """Name and value of the entry point of a class; empty for what a module assigns."""
        name = key.key if type(key) is Rival else self.claimed.get(key, key)
        return name, self.named.get((name, id(cls)), (cls, ""))[1]

    def _named_by(self, key: Any, cls: Any, home: str) -> dict[str, Any]:
        mine = self._named(key, cls)
        named = self.cache.import_path.entry_points_now()["points"]
        for name, value, distribution, version in named:
            if mine == (name, value):
                origin = {"distribution": distribution, "version": version}
                return {"via": module_of(value), "point": attribute_of(value), **origin}
        return {}

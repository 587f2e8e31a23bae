"""metaclass-registry's names on regcache; save it as ``metaclass_registry.py``."""

from enum import Enum, EnumMeta
from typing import Any

import regcache_core
import regcache_meta

CacheError = RegistryError = regcache_core.RegcacheError


class LazyDiscoveryDict(regcache_meta.LazyDiscoveryDict[Any, Any]):
    def bind(self, scope: Any) -> None:  # without a package it has what registers itself
        scope.package = scope.config.discovery_package
        super().bind(scope)


class RegistryConfig(regcache_meta.RegistryConfig):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.discovery_recursive = bool(self.discovery_recursive)  # only if that is asked for


class RegistryKeyAttribute(str, Enum):
    REGISTRY_KEY = "registry_key"
    STRATEGY_KEY = "strategy_key"
    STRATEGY_LABEL = "strategy_label"
    VALUE_TYPE_LABEL = "value_type_label"
    LAYOUT_KEY = "layout_key"


class RegistryFamily:
    def __init__(self, key_attribute: str, skip_if_no_key: bool = True, registry_name: Any = None):
        names = "__registry_key__", "__skip_if_no_key__", "__registry_name__"
        key = getattr(key_attribute, "value", key_attribute)
        self.declared = [*zip(names, (key, skip_if_no_key, registry_name), strict=True)]


class AutoRegisterMeta(regcache_meta.AutoRegisterMeta):
    def __new__(mcs, name: str, bases: Any, body: Any, **kwargs: Any) -> Any:
        for attribute, value in getattr(body.get("__registry_family__"), "declared", ()):
            body.setdefault(attribute, value)
        key, registry = (
            each in body or any(hasattr(base, each) for base in bases)
            for each in ("__registry_key__", "__registry__")
        )
        if key and not registry and "registry_config" not in kwargs:
            body["__registry__"] = LazyDiscoveryDict()
        return super().__new__(mcs, name, bases, body, **kwargs)


class RegisteredEnumMeta(AutoRegisterMeta, EnumMeta): ...


def __getattr__(name: str) -> Any:  # what means the same, imported on first use
    name = "DuplicateKeyError" if name == "DuplicateRegistryKeyError" else name
    home = regcache_meta if name in regcache_meta.__all__ else regcache_core
    if name not in home.__all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(home, name)

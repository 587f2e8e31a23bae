"""metaclass-registry's names on regcache; save it as ``metaclass_registry.py``."""

from enum import Enum, EnumMeta
from typing import Any

import regcache_core
import regcache_meta

CacheError = RegistryError = regcache_core.RegcacheError


class RegistryConfig(regcache_meta.RegistryConfig):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.discovery_recursive = bool(self.discovery_recursive)  # only if that is asked for
        self.discover = self.discovery_package is not None


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
    __registry_discover__ = False  # what a class does not say itself: nothing is searched

    def __new__(mcs, name: str, bases: Any, body: Any, **kwargs: Any) -> Any:
        family = body.pop("__registry_family__", None)  # no attribute that regcache knows
        for attribute, value in getattr(family, "declared", ()):
            body.setdefault(attribute, value)
        return super().__new__(mcs, name, bases, body, **kwargs)


class RegisteredEnumMeta(AutoRegisterMeta, EnumMeta): ...


def __getattr__(name: str) -> Any:  # what means the same, imported on first use
    name = "DuplicateKeyError" if name == "DuplicateRegistryKeyError" else name
    home = regcache_meta if name in regcache_meta.__all__ else regcache_core
    if name not in home.__all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(home, name)

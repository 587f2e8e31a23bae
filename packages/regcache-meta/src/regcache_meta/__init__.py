"""Class plugins that register themselves and are listed from a cache, without being imported.

Every public name resolves on first use, so that importing this package costs next to nothing;
``REGCACHE_EAGER_IMPORT=1`` resolves all of them at once (for tests and for frozen applications).
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .__about__ import __version__
    from ._cold.discovery import discover_registry_classes, discover_registry_classes_recursive
    from .classes import deserialize_plugin_class, serialize_plugin_class
    from .config import (
        PRIMARY_KEY,
        RegistryConfig,
        SecondaryRegistry,
        extract_key_from_backend_suffix,
        extract_key_from_class_name,
        extract_key_from_handler_suffix,
        is_published,
        make_suffix_extractor,
    )
    from .errors import (
        DiscoveryError,
        DiscoveryWarning,
        DuplicateKeyError,
        MissingKeyError,
        PluginImportError,
        UnknownKeyError,
    )
    from .facts import PluginFailure, PluginInfo
    from .lazydict import LazyDiscoveryDict, SecondaryRegistryDict
    from .registration import AutoRegister, AutoRegisterMeta

_MODULES = {
    "AutoRegister": "registration",
    "AutoRegisterMeta": "registration",
    "DiscoveryError": "errors",
    "DiscoveryWarning": "errors",
    "DuplicateKeyError": "errors",
    "LazyDiscoveryDict": "lazydict",
    "MissingKeyError": "errors",
    "PRIMARY_KEY": "config",
    "PluginFailure": "facts",
    "PluginImportError": "errors",
    "PluginInfo": "facts",
    "RegistryConfig": "config",
    "SecondaryRegistry": "config",
    "SecondaryRegistryDict": "lazydict",
    "UnknownKeyError": "errors",
    "__version__": "__about__",
    "deserialize_plugin_class": "classes",
    "discover_registry_classes": "_cold.discovery",
    "discover_registry_classes_recursive": "_cold.discovery",
    "extract_key_from_backend_suffix": "config",
    "extract_key_from_class_name": "config",
    "extract_key_from_handler_suffix": "config",
    "is_published": "config",
    "make_suffix_extractor": "config",
    "serialize_plugin_class": "classes",
}

__all__ = [
    "PRIMARY_KEY",
    "AutoRegister",
    "AutoRegisterMeta",
    "DiscoveryError",
    "DiscoveryWarning",
    "DuplicateKeyError",
    "LazyDiscoveryDict",
    "MissingKeyError",
    "PluginFailure",
    "PluginImportError",
    "PluginInfo",
    "RegistryConfig",
    "SecondaryRegistry",
    "SecondaryRegistryDict",
    "UnknownKeyError",
    "__version__",
    "deserialize_plugin_class",
    "discover_registry_classes",
    "discover_registry_classes_recursive",
    "extract_key_from_backend_suffix",
    "extract_key_from_class_name",
    "extract_key_from_handler_suffix",
    "is_published",
    "make_suffix_extractor",
    "serialize_plugin_class",
]


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # __import__ with a non-empty list of names gives the submodule; importlib is not needed.
    module = __import__(f"{__name__}.{_MODULES[name]}", fromlist=["*"])
    value = globals()[name] = getattr(module, name)
    return value


def __dir__() -> "list[str]":
    return sorted({*globals(), *__all__})


if os.environ.get("REGCACHE_EAGER_IMPORT"):
    for _name in __all__:
        __getattr__(_name)

"""Caches for registries: what a file is, when it may be believed, how it is read and written.

What is needed for registries whose items are found by importing modules is in ``discovery``.

Every public name resolves on first use, so that importing this package costs next to nothing;
``REGCACHE_EAGER_IMPORT=1`` resolves all of them at once (for tests and for frozen applications).
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .__about__ import __version__
    from ._cold.convert import configure_converter, make_converter
    from ._cold.reasons import Reason
    from ._cold.sources import get_package_file_mtimes, package_tree
    from ._cold.verify import Difference, Verification
    from ._file import CacheMiss, Report
    from ._inputs import PYTHON_SUFFIXES, Declared, Input, SourceTree
    from ._keys import key_to_text, text_to_key
    from ._manager import CacheConfig, RegistryCacheManager, get_cache_file_path
    from .depends import Dependency, Distribution, EnvironmentVariable, File
    from .errors import (
        CacheWarning,
        ConfigError,
        ImportStalledError,
        ItemRefusedError,
        NoCacheFolderError,
        RegcacheError,
        SerializationError,
        VerificationError,
    )

__all__ = [
    "PYTHON_SUFFIXES",
    "CacheConfig",
    "CacheMiss",
    "CacheWarning",
    "ConfigError",
    "Declared",
    "Dependency",
    "Difference",
    "Distribution",
    "EnvironmentVariable",
    "File",
    "ImportStalledError",
    "Input",
    "ItemRefusedError",
    "NoCacheFolderError",
    "Reason",
    "RegcacheError",
    "RegistryCacheManager",
    "Report",
    "SerializationError",
    "SourceTree",
    "Verification",
    "VerificationError",
    "__version__",
    "configure_converter",
    "get_cache_file_path",
    "get_package_file_mtimes",
    "key_to_text",
    "make_converter",
    "package_tree",
    "text_to_key",
]

_MODULES = {
    "PYTHON_SUFFIXES": "_inputs",
    "CacheConfig": "_manager",
    "CacheMiss": "_file",
    "CacheWarning": "errors",
    "ConfigError": "errors",
    "Declared": "_inputs",
    "Dependency": "depends",
    "Difference": "_cold.verify",
    "Distribution": "depends",
    "EnvironmentVariable": "depends",
    "File": "depends",
    "ImportStalledError": "errors",
    "Input": "_inputs",
    "ItemRefusedError": "errors",
    "NoCacheFolderError": "errors",
    "Reason": "_cold.reasons",
    "RegcacheError": "errors",
    "RegistryCacheManager": "_manager",
    "Report": "_file",
    "SerializationError": "errors",
    "SourceTree": "_inputs",
    "Verification": "_cold.verify",
    "VerificationError": "errors",
    "__version__": "__about__",
    "configure_converter": "_cold.convert",
    "get_cache_file_path": "_manager",
    "get_package_file_mtimes": "_cold.sources",
    "key_to_text": "_keys",
    "make_converter": "_cold.convert",
    "package_tree": "_cold.sources",
    "text_to_key": "_keys",
}


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

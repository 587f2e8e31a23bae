"""Caches for registries: what a file is, when it may be believed, how it is read and written.

Every public name resolves on first use, so that importing this package costs next to nothing;
``REGCACHE_EAGER_IMPORT=1`` resolves all of them at once (for tests and for frozen applications).
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .__about__ import __version__
    from .converters import configure_converter, make_converter
    from .declared import Dependency, Distribution, EnvironmentVariable, File, as_dependencies
    from .discovery import (
        Failures,
        Found,
        brought_by,
        forget_folder_listings,
        forget_searches,
        import_module,
        import_modules,
        is_out_of_turn,
        missing_modules,
        obey,
        place_of,
        raise_if_signalled,
    )
    from .entry_points import is_entry_point
    from .errors import (
        CacheWarning,
        ConfigError,
        ImportStalledError,
        NoCacheFolderError,
        RegcacheError,
        SeenByPlugins,
        SerializationError,
        VerificationError,
        warn_caller,
    )
    from .import_path import ImportPath, attribute_of, module_of
    from .inputs import (
        PYTHON_SUFFIXES,
        Declared,
        EditedModules,
        FoundFiles,
        Input,
        SourceTree,
    )
    from .installed import load_entry_point, sources_of
    from .keys import key_to_text, text_to_key
    from .location import get_cache_file_path
    from .manager import CacheConfig, RegistryCacheManager
    from .modules import (
        call_in_forked_child,
        file_of,
        find_object,
        find_package,
        find_sources,
        find_spec,
        fingerprint,
        is_anonymous,
        is_gone,
        is_initializing,
        is_plain_name,
        is_same_source,
        load_object,
        modules_in_execution,
        name_of,
    )
    from .packages import get_package_file_mtimes, is_installed, iter_module_names, package_tree
    from .reasons import Reason
    from .rechecking import Rechecks
    from .report import Refusal, Report, check_argument
    from .running import Running, await_module, await_turn, is_unfinished, warn_of_stall
    from .verifying import Difference, Verification, verify_answer
    from .watching import watch_imports

__all__ = [
    "PYTHON_SUFFIXES",
    "CacheConfig",
    "CacheWarning",
    "ConfigError",
    "Declared",
    "Dependency",
    "Difference",
    "Distribution",
    "EditedModules",
    "EnvironmentVariable",
    "Failures",
    "File",
    "Found",
    "FoundFiles",
    "ImportPath",
    "ImportStalledError",
    "Input",
    "NoCacheFolderError",
    "Reason",
    "Rechecks",
    "Refusal",
    "RegcacheError",
    "RegistryCacheManager",
    "Report",
    "Running",
    "SeenByPlugins",
    "SerializationError",
    "SourceTree",
    "Verification",
    "VerificationError",
    "__version__",
    "as_dependencies",
    "attribute_of",
    "await_module",
    "await_turn",
    "brought_by",
    "call_in_forked_child",
    "check_argument",
    "configure_converter",
    "file_of",
    "find_object",
    "find_package",
    "find_sources",
    "find_spec",
    "fingerprint",
    "forget_folder_listings",
    "forget_searches",
    "get_cache_file_path",
    "get_package_file_mtimes",
    "import_module",
    "import_modules",
    "is_anonymous",
    "is_entry_point",
    "is_gone",
    "is_initializing",
    "is_installed",
    "is_out_of_turn",
    "is_plain_name",
    "is_same_source",
    "is_unfinished",
    "iter_module_names",
    "key_to_text",
    "load_entry_point",
    "load_object",
    "make_converter",
    "missing_modules",
    "module_of",
    "modules_in_execution",
    "name_of",
    "obey",
    "package_tree",
    "place_of",
    "raise_if_signalled",
    "sources_of",
    "text_to_key",
    "verify_answer",
    "warn_caller",
    "warn_of_stall",
    "watch_imports",
]

_MODULES = {
    "PYTHON_SUFFIXES": "inputs",
    "CacheConfig": "manager",
    "CacheWarning": "errors",
    "ConfigError": "errors",
    "Declared": "inputs",
    "Dependency": "declared",
    "Difference": "verifying",
    "Distribution": "declared",
    "EditedModules": "inputs",
    "EnvironmentVariable": "declared",
    "Failures": "discovery",
    "File": "declared",
    "Found": "discovery",
    "FoundFiles": "inputs",
    "ImportPath": "import_path",
    "ImportStalledError": "errors",
    "Input": "inputs",
    "NoCacheFolderError": "errors",
    "Reason": "reasons",
    "Rechecks": "rechecking",
    "Refusal": "report",
    "RegcacheError": "errors",
    "RegistryCacheManager": "manager",
    "Report": "report",
    "Running": "running",
    "SeenByPlugins": "errors",
    "SerializationError": "errors",
    "SourceTree": "inputs",
    "Verification": "verifying",
    "VerificationError": "errors",
    "__version__": "__about__",
    "as_dependencies": "declared",
    "attribute_of": "import_path",
    "await_module": "running",
    "await_turn": "running",
    "brought_by": "discovery",
    "call_in_forked_child": "modules",
    "check_argument": "report",
    "configure_converter": "converters",
    "file_of": "modules",
    "find_object": "modules",
    "find_package": "modules",
    "find_sources": "modules",
    "find_spec": "modules",
    "fingerprint": "modules",
    "forget_folder_listings": "discovery",
    "forget_searches": "discovery",
    "get_cache_file_path": "location",
    "get_package_file_mtimes": "packages",
    "import_module": "discovery",
    "import_modules": "discovery",
    "is_anonymous": "modules",
    "is_entry_point": "entry_points",
    "is_gone": "modules",
    "is_initializing": "modules",
    "is_installed": "packages",
    "is_out_of_turn": "discovery",
    "is_plain_name": "modules",
    "is_same_source": "modules",
    "is_unfinished": "running",
    "iter_module_names": "packages",
    "key_to_text": "keys",
    "load_entry_point": "installed",
    "load_object": "modules",
    "make_converter": "converters",
    "missing_modules": "discovery",
    "module_of": "import_path",
    "modules_in_execution": "modules",
    "name_of": "modules",
    "obey": "discovery",
    "package_tree": "packages",
    "place_of": "discovery",
    "raise_if_signalled": "discovery",
    "sources_of": "installed",
    "text_to_key": "keys",
    "verify_answer": "verifying",
    "warn_caller": "errors",
    "warn_of_stall": "running",
    "watch_imports": "watching",
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

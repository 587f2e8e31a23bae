"""For registries whose items are found by importing modules: what their adapters are made of.

The adapters for classes and for functions stand on these names alone, and so can others. All
resolve on first use, as those of ``regcache_core`` do.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._file import check_argument, fingerprint
    from .._inputs import FoundFiles
    from .._modules import (
        NOT_OF_A_LIBRARY,
        attribute_of,
        call_in_forked_child,
        containing,
        file_of,
        find_object,
        find_package,
        find_sources,
        find_spec,
        is_anonymous,
        is_plain_name,
        module_of,
        name_of,
    )
    from .._patterns import excluded_as, within
    from ..depends import as_dependencies
    from ..errors import DuplicateItemError, told, warn_caller
    from ._cold.duplicates import (
        duplicate,
        installer_of,
        requirement_for,
        share_out,
        told_place,
    )
    from ._cold.entry_points import (
        distribution_of,
        load_entry_point,
        load_installed,
        metadata_files,
    )
    from ._cold.failures import Failures, place_of
    from ._cold.importing import (
        Discovered,
        discovering,
        import_module,
        import_modules,
        import_package,
        is_item,
        iter_packages,
        raise_if_signalled,
        reexported_by,
    )
    from ._cold.packages import Excluded, is_installed, iter_module_names
    from ._cold.threads import is_unfinished
    from .installed import EntryPoint, EntryPoints, entry_points
    from .listing import Adapter, Cache, EditedModules, ImportPath, Listing, published_modules
    from .modules import (
        code_in_execution,
        has_failed,
        is_gone,
        is_initializing,
        is_same_source,
        lies_in,
        load_object,
        modules_in_execution,
    )
    from .selection import Questions, Selection, Subject, close_keys

__all__ = [
    "NOT_OF_A_LIBRARY",
    "Adapter",
    "Cache",
    "Discovered",
    "DuplicateItemError",
    "EditedModules",
    "EntryPoint",
    "EntryPoints",
    "Excluded",
    "Failures",
    "FoundFiles",
    "ImportPath",
    "Listing",
    "Questions",
    "Selection",
    "Subject",
    "as_dependencies",
    "attribute_of",
    "call_in_forked_child",
    "check_argument",
    "close_keys",
    "code_in_execution",
    "containing",
    "discovering",
    "distribution_of",
    "duplicate",
    "entry_points",
    "excluded_as",
    "file_of",
    "find_object",
    "find_package",
    "find_sources",
    "find_spec",
    "fingerprint",
    "has_failed",
    "import_module",
    "import_modules",
    "import_package",
    "installer_of",
    "is_anonymous",
    "is_gone",
    "is_initializing",
    "is_installed",
    "is_item",
    "is_plain_name",
    "is_same_source",
    "is_unfinished",
    "iter_module_names",
    "iter_packages",
    "lies_in",
    "load_entry_point",
    "load_installed",
    "load_object",
    "metadata_files",
    "module_of",
    "modules_in_execution",
    "name_of",
    "place_of",
    "published_modules",
    "raise_if_signalled",
    "reexported_by",
    "requirement_for",
    "share_out",
    "told",
    "told_place",
    "warn_caller",
    "within",
]

_MODULES = {
    "NOT_OF_A_LIBRARY": "regcache_core._modules",
    "excluded_as": "regcache_core._patterns",
    "Excluded": "regcache_core.discovery._cold.packages",
    "Adapter": "regcache_core.discovery.listing",
    "Cache": "regcache_core.discovery.listing",
    "Discovered": "regcache_core.discovery._cold.importing",
    "DuplicateItemError": "regcache_core.errors",
    "EditedModules": "regcache_core.discovery.listing",
    "EntryPoint": "regcache_core.discovery.installed",
    "EntryPoints": "regcache_core.discovery.installed",
    "Failures": "regcache_core.discovery._cold.failures",
    "FoundFiles": "regcache_core._inputs",
    "ImportPath": "regcache_core.discovery.listing",
    "Listing": "regcache_core.discovery.listing",
    "Questions": "regcache_core.discovery.selection",
    "Selection": "regcache_core.discovery.selection",
    "Subject": "regcache_core.discovery.selection",
    "as_dependencies": "regcache_core.depends",
    "attribute_of": "regcache_core._modules",
    "call_in_forked_child": "regcache_core._modules",
    "code_in_execution": "regcache_core.discovery.modules",
    "containing": "regcache_core._modules",
    "check_argument": "regcache_core._file",
    "close_keys": "regcache_core.discovery.selection",
    "discovering": "regcache_core.discovery._cold.importing",
    "distribution_of": "regcache_core.discovery._cold.entry_points",
    "duplicate": "regcache_core.discovery._cold.duplicates",
    "entry_points": "regcache_core.discovery.installed",
    "file_of": "regcache_core._modules",
    "find_object": "regcache_core._modules",
    "find_package": "regcache_core._modules",
    "find_sources": "regcache_core._modules",
    "find_spec": "regcache_core._modules",
    "fingerprint": "regcache_core._file",
    "has_failed": "regcache_core.discovery.modules",
    "import_module": "regcache_core.discovery._cold.importing",
    "import_modules": "regcache_core.discovery._cold.importing",
    "import_package": "regcache_core.discovery._cold.importing",
    "installer_of": "regcache_core.discovery._cold.duplicates",
    "is_anonymous": "regcache_core._modules",
    "is_gone": "regcache_core.discovery.modules",
    "is_initializing": "regcache_core.discovery.modules",
    "is_installed": "regcache_core.discovery._cold.packages",
    "is_item": "regcache_core.discovery._cold.importing",
    "is_plain_name": "regcache_core._modules",
    "is_same_source": "regcache_core.discovery.modules",
    "is_unfinished": "regcache_core.discovery._cold.threads",
    "iter_module_names": "regcache_core.discovery._cold.packages",
    "iter_packages": "regcache_core.discovery._cold.importing",
    "lies_in": "regcache_core.discovery.modules",
    "load_entry_point": "regcache_core.discovery._cold.entry_points",
    "load_installed": "regcache_core.discovery._cold.entry_points",
    "load_object": "regcache_core.discovery.modules",
    "metadata_files": "regcache_core.discovery._cold.entry_points",
    "module_of": "regcache_core._modules",
    "modules_in_execution": "regcache_core.discovery.modules",
    "name_of": "regcache_core._modules",
    "place_of": "regcache_core.discovery._cold.failures",
    "published_modules": "regcache_core.discovery.listing",
    "raise_if_signalled": "regcache_core.discovery._cold.importing",
    "reexported_by": "regcache_core.discovery._cold.importing",
    "requirement_for": "regcache_core.discovery._cold.duplicates",
    "share_out": "regcache_core.discovery._cold.duplicates",
    "told": "regcache_core.errors",
    "told_place": "regcache_core.discovery._cold.duplicates",
    "warn_caller": "regcache_core.errors",
    "within": "regcache_core._patterns",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # __import__ with a non-empty list of names gives the submodule; importlib is not needed.
    module = __import__(_MODULES[name], fromlist=["*"])
    value = globals()[name] = getattr(module, name)
    return value


def __dir__() -> "list[str]":
    return sorted({*globals(), *__all__})


if os.environ.get("REGCACHE_EAGER_IMPORT"):
    for _name in __all__:
        __getattr__(_name)

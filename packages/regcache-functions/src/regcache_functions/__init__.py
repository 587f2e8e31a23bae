"""Registries of decorated or scanned functions, listed from a cache without importing them.

Every public name resolves on first use, so that importing this package costs next to nothing;
``REGCACHE_EAGER_IMPORT=1`` resolves all of them at once (for tests and for frozen applications).
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .__about__ import __version__
    from .catalogue import Catalogue
    from .errors import (
        DuplicateFunctionError,
        FactsError,
        FunctionImportError,
        Reject,
        ScanError,
        ScanWarning,
        TrialError,
        UnknownFunctionError,
        UnnamedFunctionError,
    )
    from .functions import Functions
    from .metadata import FunctionMetadata, Parameter, Signature
    from .registry import FunctionRegistry
    from .subcommands import add_subcommands

__all__ = [
    "Catalogue",
    "DuplicateFunctionError",
    "FactsError",
    "FunctionImportError",
    "FunctionMetadata",
    "FunctionRegistry",
    "Functions",
    "Parameter",
    "Reject",
    "ScanError",
    "ScanWarning",
    "Signature",
    "TrialError",
    "UnknownFunctionError",
    "UnnamedFunctionError",
    "__version__",
    "add_subcommands",
]

_MODULES = {
    "Catalogue": "catalogue",
    "DuplicateFunctionError": "errors",
    "FactsError": "errors",
    "FunctionImportError": "errors",
    "FunctionMetadata": "metadata",
    "FunctionRegistry": "registry",
    "Functions": "functions",
    "Parameter": "metadata",
    "Reject": "errors",
    "ScanError": "errors",
    "ScanWarning": "errors",
    "Signature": "metadata",
    "TrialError": "errors",
    "UnknownFunctionError": "errors",
    "UnnamedFunctionError": "errors",
    "__version__": "__about__",
    "add_subcommands": "subcommands",
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

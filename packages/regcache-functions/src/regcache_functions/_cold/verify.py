"""Whether the cached answer of a registry of functions equals what a fresh process finds."""

from __future__ import annotations

import warnings
from contextlib import ExitStack
from functools import partial

from regcache_core import ConfigError

from ..errors import ScanWarning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from regcache_core import Verification

    from ..registry import FunctionRegistry


def verify(registry: FunctionRegistry[Any]) -> Verification:
    """``FunctionRegistry.verify``."""
    if not registry._scope.package:
        raise ConfigError("registry", registry.name, "one of a package; no other has a cache")
    if not registry._is_scanned() and "__main__" in registry._owners:
        expected = "one that is made in a module which another process can import, no script"
        raise ConfigError("registry", registry.name, expected)
    is_apart = getattr(registry._scope, "executor", None) is not None
    listing: Any = registry._listed_by()
    return listing.verify(_document, partial(_found, registry, is_apart))  # type: ignore[no-any-return]


def _found(registry: FunctionRegistry[Any], is_apart: bool) -> dict[str, Any]:
    """What this process finds, in which caching is switched off.

    Where functions are tried apart, there is another executor here: none can be sent.
    """
    scope: Any = registry._scope
    with warnings.catch_warnings(), ExitStack() as executors:
        warnings.simplefilter("ignore", ScanWarning)  # failures are part of the answer
        if is_apart:
            from concurrent.futures import ProcessPoolExecutor

            scope.executor = executors.enter_context(ProcessPoolExecutor())
        registry._opened()
    return _document(registry._found, registry._extra)


def _document(records: Mapping[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    return {"items": records, "extra": extra}

"""Whether the cached answer of a registry of functions equals what a fresh process finds."""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

from regcache_core import ConfigError, Report, Verification
from regcache_core.discovery import verify_answer

from ..caching import Manager
from ..errors import ScanWarning

if TYPE_CHECKING:
    from ..registry import FunctionRegistry
    from ..scope import Scope


def verify(registry: FunctionRegistry[Any]) -> Verification:
    """``FunctionRegistry.verify``."""
    scope = registry._scope
    if scope is None:
        raise ConfigError("registry", registry.name, "one of a package; no other has a cache")
    if not registry._is_scanned() and "__main__" in registry._owners:
        expected = "one that is made in a module which another process can import, no script"
        raise ConfigError("registry", registry.name, expected)
    trial: Any = getattr(scope, "trial", None)
    is_apart = trial is not None and trial.executor is not None
    task = partial(_found, registry, is_apart)
    return verify_answer(registry.name, partial(_cached, registry, scope), task)


def _cached(registry: FunctionRegistry[Any], scope: Scope) -> tuple[Report, dict[str, Any] | None]:
    """What the cache file says now; the registry is left as it is."""
    if not (registry.enable_cache and scope.is_identified):
        return Report("disabled"), None
    manager = Manager(scope, registry.name)
    manager.cache.read_only = True
    records = registry._load_cached(manager)
    report: Any = manager.cache.last_report
    return report, None if records is None else _document(records, manager.cache.extra)


def _found(registry: FunctionRegistry[Any], is_apart: bool) -> dict[str, Any]:
    """What this process finds, in which caching is switched off.

    Args:
        registry: The registry, as this process has it.
        is_apart: Whether functions are tried in processes of their own; an executor cannot be
            sent to another process, so there is another one here.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScanWarning)  # failures are part of the answer
        if is_apart:
            from concurrent.futures import ProcessPoolExecutor

            with ProcessPoolExecutor() as executor:
                registry._scope.trial.executor = executor  # type: ignore[union-attr]
                registry._opened()
        else:
            registry._opened()
    return _document(registry._found, registry._extra)


def _document(records: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    """What is compared."""
    return {"items": records, "extra": extra}

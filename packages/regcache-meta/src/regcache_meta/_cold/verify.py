"""Whether the cached answer of a registry of classes equals what a fresh process discovers."""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

from regcache_core import ConfigError, Report, Verification, key_to_text
from regcache_core.discovery import verify_answer

from ..caching import make_manager
from ..errors import DiscoveryWarning
from .discovery import describe

if TYPE_CHECKING:
    from ..classes import Scope
    from ..lazydict import LazyDiscoveryDict, SecondaryRegistryDict


def verify(registry: LazyDiscoveryDict[Any, Any]) -> Verification:
    """``LazyDiscoveryDict.verify``."""
    scope = registry._scope
    if scope is None or scope.package is None:
        raise ConfigError("registry", registry._name, "one of a package; no other has a cache")
    return verify_answer(
        scope.name,
        partial(_cached, registry, scope),
        partial(_found, registry),
        cached_task=partial(_opened, registry),
    )


def _cached(
    registry: LazyDiscoveryDict[Any, Any], scope: Scope
) -> tuple[Report, dict[str, Any] | None]:
    """Whether the cache file can be believed now; the registry is left as it is."""
    if not (registry.enable_cache and scope.is_identified):
        return Report("disabled"), None
    manager, *_ = make_manager(scope)
    manager.read_only = True
    answer = registry._load_cached(manager)
    report: Any = manager.last_report
    return report, None if answer is None else {}


def _opened(registry: LazyDiscoveryDict[Any, Any]) -> dict[str, Any] | None:
    """What this process sees when it opens the registry from the cache file; that is left alone."""
    scope: Any = registry._scope
    manager, *_ = make_manager(scope)
    manager.read_only = True
    return None if registry._open_cached(manager) is None else _document(registry)


def _found(registry: LazyDiscoveryDict[Any, Any]) -> dict[str, Any]:
    """What this process discovers, in which caching is switched off."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DiscoveryWarning)  # failures are part of the answer
        registry._opened()
    return _document(registry)


def _document(registry: LazyDiscoveryDict[Any, Any]) -> dict[str, Any]:
    """What a registry and its secondary ones show, with nothing loaded for it."""
    entries, values = registry._opened()
    scope: Any = registry._scope
    items = {
        key_to_text(key): describe(values[key], scope.config.facts) if record is None else record
        for key, record in entries.items()
    }
    secondary = {
        each._called: {key_to_text(key): _source(each, key) for key in each}
        for each in registry._dependents
    }
    failures = {name: [each.error, each.where] for name, each in registry.failures.items()}
    return {"items": items, "extra": {"failures": failures, "secondary": secondary}}


def _source(mapping: SecondaryRegistryDict[Any, Any], key: Any) -> Any:
    """Where a value of a secondary registry comes from: a plugin's key, a module, or this one."""
    record = mapping._opened()[0][key]
    if record is None:
        return repr(type(mapping[key]))
    return key_to_text(record["owner"]) if "owner" in record else record

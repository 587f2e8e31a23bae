"""Whether the cached answer of a registry of classes equals what a fresh process discovers."""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

from regcache_core import ConfigError, Report, Verification, key_to_text, verify_answer

from .caching import make_manager
from .errors import DiscoveryWarning

if TYPE_CHECKING:
    from .lazydict import Answer, LazyDiscoveryDict
    from .scope import Scope


def verify(registry: LazyDiscoveryDict[Any, Any]) -> Verification:
    """``LazyDiscoveryDict.verify``."""
    scope = registry._scope
    if scope is None or scope.package is None:
        raise ConfigError("registry", registry._name, "one of a package; no other has a cache")
    return verify_answer(scope.name, partial(_cached, registry, scope), partial(_found, registry))


def _cached(
    registry: LazyDiscoveryDict[Any, Any], scope: Scope
) -> tuple[Report, dict[str, Any] | None]:
    """What the cache file says now; the registry is left as it is."""
    if not (registry.enable_cache and scope.is_identified):
        return Report("disabled"), None
    manager, *_ = make_manager(scope)
    manager.read_only = True
    answer = registry._load_cached(manager)
    report: Any = manager.last_report
    return report, None if answer is None else _document(answer)


def _found(registry: LazyDiscoveryDict[Any, Any]) -> dict[str, Any]:
    """What this process discovers, in which caching is switched off."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DiscoveryWarning)  # failures are part of the answer
        registry._opened()
    return _document(registry._answer())


def _document(answer: Answer) -> dict[str, Any]:
    records, failures, owners = answer
    secondary = {
        name: {key_to_text(key): key_to_text(owner) for key, owner in each.items()}
        for name, each in owners.items()
    }
    items = {key_to_text(key): record for key, record in records.items()}
    return {"items": items, "extra": {"failures": failures, "secondary": secondary}}

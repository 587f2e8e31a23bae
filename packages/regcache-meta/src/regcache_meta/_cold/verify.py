"""Whether the cached answer of a registry of classes equals what a fresh process discovers."""

from __future__ import annotations

import warnings
from functools import partial

from regcache_core import ConfigError, key_to_text

from ..errors import DiscoveryWarning
from .discovery import describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from regcache_core import Verification

    from ..lazydict import LazyDiscoveryDict, SecondaryRegistryDict


def verify(registry: LazyDiscoveryDict[Any, Any]) -> Verification:
    """``LazyDiscoveryDict.verify``."""
    listing = registry._listed_by()
    if listing is None:
        raise ConfigError("registry", registry._name, "one of a package; no other has a cache")
    # What another process sees is compared, not what the file says: nothing is shown of that here.
    return listing.verify(
        lambda records, beside: {}, partial(_found, registry), partial(_opened, registry)
    )


def _opened(registry: LazyDiscoveryDict[Any, Any]) -> dict[str, Any] | None:
    """What this process sees when it opens the registry from the cache file; that is left alone."""
    listing: Any = registry._listed_by()
    return None if listing.open_cached(read_only=True) is None else _document(registry)


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

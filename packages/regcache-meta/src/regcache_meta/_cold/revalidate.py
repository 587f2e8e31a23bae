"""What has changed since a registry was listed: asked when a key is missing."""

from __future__ import annotations

from functools import partial

from regcache_core.discovery import forget_searches

from ..caching import make_manager
from ..errors import DuplicateKeyError
from .discovery import drop_vanished

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from typing import Any

    from ..classes import Scope
    from ..lazydict import LazyDiscoveryDict
    from ..mapping import LazyDict, State

    Removed = list[tuple[LazyDict[Any, Any], set[Hashable]]]


def revalidate(registry: LazyDiscoveryDict[Any, Any], scope: Scope) -> bool:
    """Check the inputs of a registry's answer; where they changed, take over the new answer.

    What another process wrote to the cache file is taken over as it is; where the file does not
    hold any more, or there is none, the plugins are discovered.

    Args:
        registry: A registry that is listed already.
        scope: What it lists.

    Returns:
        Whether the answer is another one now.

    Raises:
        DiscoveryError: The package is gone, or a module failed in strict mode.
        DuplicateKeyError: A class that is loaded has a key that another has by now.
    """
    forget_searches()
    mappings: list[LazyDict[Any, Any]] = [registry, *registry._dependents]
    removed = [(each, each._removed_keys()) for each in mappings if each._state is not None]
    before = _in_order(registry)
    manager, *inputs = make_manager(scope)
    cached = registry._load_cached(manager) if registry._is_cached(scope) else None
    if cached is None:
        registry._discover(scope, manager, inputs, partial(_take_over, registry, removed))
    elif cached != registry._answer() or list(cached[0]) != list(registry._found):
        _drop_moved(scope, registry, cached[0])
        old, registry._beside = registry._beside, cached[1]  # contested keys claim nothing
        try:
            _take_over(registry, removed, cached[0])
        except DuplicateKeyError:
            registry._beside = old
            raise
        registry._report = manager.last_report
    return bool(_in_order(registry) != before)


def _in_order(registry: LazyDiscoveryDict[Any, Any]) -> Any:
    return list(registry._found), registry._answer()


def _take_over(
    registry: LazyDiscoveryDict[Any, Any], removed: Removed, records: Mapping[Any, Any]
) -> State[Any, Any]:
    """Let a registry and its secondary registries have the records that are found now."""
    (_, own), *others = removed
    state = registry._take_over(records, own)
    for each, keys in others:
        each._take_over(each._records(), keys)  # type: ignore[attr-defined]
    return state


def _drop_moved(
    scope: Scope, registry: LazyDiscoveryDict[Any, Any], records: Mapping[Any, Any]
) -> None:
    """Forget loaded classes whose module is gone, so that they are loaded from where they are."""
    loaded = list(registry._registered.items())
    moved = [key for key, cls in loaded if not registry._is_of(cls, records.get(key))]
    drop_vanished(scope, registry, moved)

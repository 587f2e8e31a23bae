"""What has changed since a registry was listed: asked when a function is missing."""

from __future__ import annotations

from regcache_core.discovery import find_spec, forget_searches

from ..caching import Manager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..registry import FunctionRegistry
    from ..scope import Scope


def revalidate(registry: FunctionRegistry[Any], scope: Scope) -> bool:
    """Check the inputs of a registry's answer; where they changed, take over the new answer.

    What another process wrote to the cache file is taken over as it is; where the file does not
    hold any more, or there is none, the modules are searched. Trials are not run for a missing
    name: a registry that has them takes over only what is written.

    Args:
        registry: A registry that is listed already.
        scope: What it lists.

    Returns:
        Whether the answer is another one now.

    Raises:
        ScanError: The package is gone, or a module failed in strict mode.
        DuplicateFunctionError: A function that is loaded has a name that another has by now.
    """
    forget_searches()
    before = _in_order(registry)
    manager = Manager(scope, registry.name)
    records = registry._load_cached(manager) if registry._is_cached(scope) else None
    if records is None:
        if getattr(scope, "trial", None) is None:
            registry._search(scope, manager, registry._take_over)
    elif (list(records.items()), manager.cache.extra) != before:
        registry._forget(lambda each: scope.contains(each.module) and not find_spec(each.module))
        registry._take_over(records, manager.cache.extra)
        registry._report = manager.cache.last_report
    return bool(_in_order(registry) != before)


def _in_order(registry: FunctionRegistry[Any]) -> Any:
    return list(registry._found.items()), registry._extra

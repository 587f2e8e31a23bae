"""Functions found anew after a change in the sources: only what depends on it is imported.

The rest of the answer is taken from the cache file. Wherever that might give another answer than
``discovery``, this gives none, and all is discovered.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from regcache_core import (
    Failures,
    Found,
    brought_by,
    find_dependants,
    find_package,
    forget_folder_listings,
    import_some,
    is_unfinished,
)

from .caching import is_extra
from .discovery import describe_all, has_vanished, watch_sources
from .errors import DuplicateFunctionError, ScanError
from .scope import source_files

if TYPE_CHECKING:
    from regcache_core import FoundFiles, ImportPath, Outdated

    from .registry import FunctionRegistry
    from .scope import PackageScope

Records = dict[str, dict[str, Any]]


def rediscover(
    scope: PackageScope,
    registry: FunctionRegistry[Any],
    outdated: Outdated,
    import_path: ImportPath,
    elsewhere: FoundFiles,
) -> Found | None:
    """Import what depends on changed sources, and keep the rest of an outdated answer.

    Returns:
        What ``discover`` would give; ``None`` where only that can tell.
    """
    affected = _affected(scope, outdated)
    if affected is None or is_unfinished(scope.holds):
        return None
    failures, loaded = Failures(import_path), {*sys.modules}
    forget_folder_listings()
    foreign = {
        each: (each.value, each.module)
        for each in registry._snapshot()
        if not scope.holds(each.module)
    }
    places = {scope.package: 0}
    old_failures = outdated.extra["failures"]
    try:
        with import_path.recording():
            paths = find_package(scope.package) or []
            for name, module in import_some(paths, f"{scope.package}.", affected, _refuse):
                places[name] = len(places)
                if module is None and name in old_failures:
                    failures.texts[name] = old_failures[name]
                if module is not None and brought_by(module, foreign):
                    return None
        registry._forget(lambda each: has_vanished(scope, each.module, places))
        registered = [each for each in registry._snapshot() if each.module in places]
        registered.sort(key=lambda each: places[each.module])
        made = describe_all(scope, registry, registered, failures, _refuse)
    except (DuplicateFunctionError, ScanError):
        return None  # a full discovery raises it, or another one that comes first
    kept = {
        name: record
        for name, record in outdated.records.items()
        if record["module"] in places and record["module"] not in affected
    }
    others = {name: record for name, record in made.items() if record["module"] not in affected}
    new = {name: record for name, record in made.items() if record["module"] in affected}
    if not registry._is_modular or _names(new) & _names(kept):
        return None
    if any(kept.get(name) != record for name, record in others.items()):
        return None
    found = watch_sources(
        scope,
        registry,
        new,
        [*affected & places.keys(), *failures.texts],
        loaded,
        import_path,
        elsewhere,
    )
    outdated.keep()
    records = [*kept.items(), *new.items()]
    records.sort(key=lambda item: places[item[1]["module"]])
    extra = {
        "failures": dict(sorted(failures.texts.items())),
        "rejected": {},
        "owner": outdated.extra["owner"],
        "sources": outdated.sources_with(found),
    }
    return Found(dict(records), extra, None)


def _refuse(name: str, error: BaseException) -> None:
    raise ScanError(name, str(error)) from error  # it might not fail after all others


def _affected(scope: PackageScope, outdated: Outdated) -> set[str] | None:
    """The modules whose functions are to be found anew; ``None`` for all of them."""
    roots = find_package(scope.package)
    if roots is None or not is_extra(outdated.extra):
        return None
    if outdated.changed & {*source_files([scope.facts])}:
        return None
    if any(map(find_package, outdated.extra["failures"])):
        return None  # whether its modules are searched depends on how it failed
    affected = find_dependants(outdated, scope.package, map(os.path.abspath, roots))
    return None if affected is None or scope.package in affected else affected


def _names(records: Records) -> set[str]:
    """Names and other names of some functions."""
    return {name for each, record in records.items() for name in (each, *record.get("aliases", ()))}

"""Plugins found anew after a change in the sources: only what depends on it is imported.

The rest of the answer is taken from the cache file. Wherever that might give another answer than
``discovery``, this gives none, and all is discovered.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from regcache_core import (
    Found,
    brought_by,
    find_dependants,
    find_package,
    forget_folder_listings,
    import_some,
    is_unfinished,
    key_to_text,
    watch_imports,
)

from .discovery import (
    bases_of,
    drop_vanished,
    is_separable,
    record_of,
    register_scanned,
    secondaries_of,
)
from .errors import DiscoveryError, DuplicateKeyError
from .plugins import dependencies_of

if TYPE_CHECKING:
    from regcache_core import Declared, ImportPath, Outdated

    from .caching import FilesElsewhere
    from .lazydict import LazyDiscoveryDict
    from .scope import Scope

Records = dict[Any, dict[str, Any]]


def rediscover(
    scope: Scope,
    registry: LazyDiscoveryDict[Any, Any],
    outdated: Outdated,
    import_path: ImportPath,
    elsewhere: FilesElsewhere,
    declared: Declared,
) -> Found | None:
    """Import what depends on changed sources, and keep the rest of an outdated answer.

    Returns:
        What ``discover`` would give; ``None`` where only that can tell.
    """
    affected = _affected(scope, outdated)
    if affected is None or is_unfinished(scope.holds):
        return None
    loaded = {*sys.modules}
    with import_path.recording():
        walked = _import(scope, registry, affected, outdated.extra["failures"])
    if walked is None:
        return None
    known = [*registry._registered.items()]
    drop_vanished(scope, registry, [key for key, cls in known if cls.__module__ not in walked])
    new = {key: cls for key, cls in known if cls.__module__ in affected & walked.keys()}
    made = {key: record_of(scope, cls, cls.__module__) for key, cls in new.items()}
    kept = {
        key: record
        for key, record in outdated.records.items()
        if record["module"] in walked.keys() - affected
    }
    if not (registry._is_modular and is_separable(scope, made)) or made.keys() & kept.keys():
        return None
    if not _agrees(scope, registry, affected, kept):
        return None
    records = _in_order(walked, kept, made)
    secondary = _secondaries(scope, new, records, made, outdated)
    if secondary is None:
        return None
    failures = {name: texts for name, texts in walked.items() if texts is not None}
    searched = [*affected & walked.keys(), *failures]
    elsewhere.add_classes(new.values())
    for cls in new.values():
        declared.add(dependencies_of(cls))
    found = watch_imports(searched, loaded, scope.application, scope.holds, import_path, elsewhere)
    outdated.keep()
    homes = {record["module"] for record in kept.values()}
    bases = {name: each for name, each in outdated.extra["bases"].items() if name in homes}
    extra = {
        "failures": failures,
        "secondary": secondary,
        "sources": outdated.sources_with(found),
        "bases": {**bases, **bases_of(scope, new.values())},
    }
    return Found(records, extra, None)


def _import(
    scope: Scope,
    registry: LazyDiscoveryDict[Any, Any],
    affected: set[str],
    failures: Mapping[str, list[str]],
) -> dict[str, list[str] | None] | None:
    """Import the affected modules; gives all modules of the package, in order.

    Args:
        scope: What is listed.
        registry: The registry.
        affected: Names of the modules to be imported.
        failures: Those that failed before, and how.

    Returns:
        Module -> how it failed, if it did before and is not affected; ``None`` if an affected one
        fails: it might not, after all others.
    """
    forget_folder_listings()
    foreign = {
        key: (cls, cls.__module__)
        for key, cls in [*registry._registered.items()]
        if not scope.holds(cls.__module__)
    }
    package = str(scope.package)
    walked: dict[str, list[str] | None] = {package: None}
    recursive = scope.config.discovery_recursive is not False
    paths = find_package(package) or []
    try:
        for name, module in import_some(
            paths, f"{package}.", affected, _refuse, recursive=recursive
        ):
            walked[name] = failures.get(name) if module is None else None
            if module is not None and scope.scanned:
                register_scanned(scope, module, registry)
            if module is not None and brought_by(module, foreign):
                return None
        new = [cls for key, cls in [*registry._registered.items()] if key not in foreign]
        if not all(scope.holds(cls.__module__) for cls in new):
            return None  # brought in from elsewhere
    except (DuplicateKeyError, DiscoveryError):
        return None  # a full discovery raises it, or another one that comes first
    return walked


def _refuse(name: str, error: BaseException) -> None:
    raise DiscoveryError(name, str(error)) from error


def _affected(scope: Scope, outdated: Outdated) -> set[str] | None:
    """The modules whose plugins are to be found anew; ``None`` for all of them."""
    package, bases = str(scope.package), outdated.extra.get("bases")
    roots = find_package(package)
    if bases is None or not _is_bases(bases):
        return None
    if roots is None or outdated.changed & {*scope.source_files()}:
        return None
    if any(map(find_package, outdated.extra["failures"])):
        return None  # whether its modules are searched depends on how it failed
    called = scope.config.key_attribute
    folders = map(os.path.abspath, roots)
    affected = find_dependants(outdated, package, folders, bases=bases, called=called)
    return None if affected is None or package in affected else affected


def _is_bases(value: Any) -> bool:
    """Whether what is stored is what ``bases_of`` gives; a file comes from outside."""
    if type(value) is not dict or not all(type(each) is list for each in value.values()):
        return False
    return all(type(name) is str for each in value.values() for name in each)


def _agrees(
    scope: Scope, registry: LazyDiscoveryDict[Any, Any], affected: set[str], kept: Records
) -> bool:
    """Whether the classes that are loaded anyway are those that are kept."""
    others = {
        key: cls
        for key, cls in [*registry._registered.items()]
        if scope.holds(cls.__module__) and cls.__module__ not in affected
    }
    if not all(cls.__module__ in sys.modules for cls in others.values()):
        return False  # it failed when it was imported
    return all(
        kept.get(key) == record_of(scope, cls, cls.__module__) for key, cls in others.items()
    )


def _in_order(walked: Iterable[str], kept: Records, made: Records) -> Records:
    """All records in the order of their modules, as a full discovery has it."""
    groups: dict[str, list[tuple[Any, dict[str, Any]]]] = {name: [] for name in walked}
    for part in (kept, made):
        for key, record in part.items():
            groups[record["module"]].append((key, record))
    return {key: record for group in groups.values() for key, record in group}


def _secondaries(
    scope: Scope,
    new: Mapping[Any, type],
    records: Records,
    made: Records,
    outdated: Outdated,
) -> dict[str, Any] | None:
    """The keys of the secondary registries; ``None`` where one is claimed twice or unstorable."""
    found = secondaries_of(scope, dict(new), made)
    if "unstorable" in found:
        return None
    try:
        remade = {key_to_text(key) for key in made}
    except TypeError:
        return None
    merged: dict[str, dict[str, str]] = {}
    for name, owners in found["secondary"].items():
        filled: dict[str, list[str]] = {}
        for part in (outdated.extra["secondary"][name], owners):
            for text, owner in part.items():
                if (part is owners) == (owner in remade):
                    filled.setdefault(owner, []).append(text)
        pairs = [
            (text, owner) for owner in map(key_to_text, records) for text in filled.get(owner, ())
        ]
        merged[name] = dict(pairs)
        if len(merged[name]) != len(pairs):
            return None
    return merged

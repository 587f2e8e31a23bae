"""Functions that register themselves when the modules of a package are imported: the cold path."""

from __future__ import annotations

import sys

from regcache_core.discovery import (
    Discovered,
    Failures,
    file_of,
    find_package,
    find_sources,
    find_spec,
    forget_folder_listings,
    import_module,
    import_modules,
    is_installed,
    is_unfinished,
    load_installed,
    raise_if_signalled,
    reexported_by,
    watch_imports,
)

from ..errors import DuplicateFunctionError, ScanError
from ..facts import to_stored
from ..registration import resolve_method
from .describe import describe
from .entry_points import InstalledFunctions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import ModuleType
    from typing import Any

    from regcache_core.discovery import Cache, FoundFiles, ImportPath

    from ..registration import Registration
    from ..registry import FunctionRegistry
    from ..scope import PackageScope


def discover(scope: PackageScope, registry: FunctionRegistry[Any], cache: Cache) -> Discovered:
    """Import all modules of a package, and describe the functions that are registered then."""
    import_path, elsewhere = cache.import_path, cache.elsewhere
    failures = Failures(import_path)

    on_failure = refusing(scope, registry, failures)
    forget_folder_listings()
    loaded = {*sys.modules}
    # Those from elsewhere that are here already: a module of the package may import them too.
    foreign = {
        each: (each.value, each.module)
        for each in registry._snapshot()
        if not scope.contains(each.module)
    }
    walked: dict[str, int] = {}  # module -> its place in the order
    with import_path.recording():
        for module in _modules_of(scope, on_failure):
            walked[module.__name__] = len(walked)
            for each in reexported_by(module, foreign):
                del foreign[each]
                each.module = module.__name__
        plugins = InstalledFunctions(scope, registry)
        if scope.entry_points:
            load_installed(cache, failures, plugins.load, on_failure)
        for module, new in plugins.modules:
            walked.setdefault(module.__name__, len(walked))
            for each in (*reexported_by(module, foreign), *new):
                foreign.pop(each, None)
                if each.module not in walked:
                    each.module = module.__name__
    # One that failed may have been imported once more, by a module that goes on without it.
    registry._forget(
        lambda each: each.module in failures.texts or has_vanished(scope, each.module, walked)
    )
    registered = [each for each in registry._snapshot() if each.module in walked]
    registered += plugins.found.values()
    registered.sort(key=lambda each: walked[each.module])
    records = describe_all(scope, registry, registered, failures, on_failure)
    for name in plugins.attributes.keys() & records.keys():
        records[name]["entry"] = plugins.attributes[name]
    watch_sources(scope, registry, records, [*walked], loaded, import_path, elsewhere)
    extra = {
        "failures": dict(sorted(failures.texts.items())),
        "rejected": {},
        "owner": _owner(scope, elsewhere),
    }
    return Discovered(records, extra, failures.transient, is_unfinished(scope.package))


def refusing(
    scope: PackageScope, registry: FunctionRegistry[Any], failures: Failures
) -> Callable[[str, BaseException], None]:
    """A listener that keeps a failure if that costs only a module, and raises it otherwise."""

    def on_failure(name: str, error: BaseException) -> None:
        if isinstance(error, DuplicateFunctionError):  # no broken module, but a broken registry
            raise error
        if scope.strict or name == scope.package:
            raise ScanError(name, f"{type(error).__name__}: {error}") from error
        failures.add(name, error)
        registry._forget(lambda registration: registration.module == name)

    return on_failure


def describe_all(
    scope: PackageScope,
    registry: FunctionRegistry[Any],
    registered: Iterable[Registration],
    failures: Failures,
    on_failure: Callable[[str, BaseException], object],
) -> dict[str, dict[str, Any]]:
    """Name -> record; a module with a function that cannot be described counts as failed."""
    records = {}
    for each in registered:
        try:
            records[each.name] = to_record(each, scope.facts, registry.name)
        except Exception as error:  # nothing leads to it, or foreign code may raise anything
            raise_if_signalled(error)
            on_failure(each.module, error)
            failures.texts[each.module][1] = f"{file_of(each.module)}:{each.line}"
    return {name: record for name, record in records.items() if not _failed(record, failures)}


def watch_sources(
    scope: PackageScope,
    registry: FunctionRegistry[Any],
    records: Mapping[str, Mapping[str, Any]],
    walked: Iterable[str],
    loaded: set[str],
    import_path: ImportPath,
    elsewhere: FoundFiles,
) -> None:
    """Make inputs of the files that functions come from, and of what the application has loaded."""
    homes = {record.get("defined_in", "") for record in records.values()}
    outside = [home for home in homes if home and not scope.contains(home) and not _is_python(home)]
    elsewhere.add(map(file_of, outside))
    # Made again since they were imported: no stamp that could ever hold, so nothing is written.
    elsewhere.distrust(map(file_of, registry._registered.elsewhere(walked)))
    watch_imports(scope.application, loaded, scope.contains, import_path, elsewhere)


def to_record(registration: Registration, facts_type: type | None, registry: str) -> dict[str, Any]:
    """The record of a registered function.

    Raises:
        FactsError: Its facts do not fit the registry's class.
    """
    function = resolve_method(registration.value)
    name = registration.name
    qualname = getattr(function, "__qualname__", name)
    record = describe(function, registration.module, qualname, name)
    more = {
        "tags": list(registration.tags),
        "aliases": list(registration.aliases),
        "contract": registration.contract,
        "facts": to_stored(facts_type, registry, name, registration.facts),
    }
    return {**record, **{field: value for field, value in more.items() if value}}


def _owner(scope: PackageScope, elsewhere: FoundFiles) -> dict[str, str]:
    """The distribution and version of the application, whose metadata are watched then.

    Reading installed metadata costs more than most packages of functions take to import, so it is
    done only where the application lies among installed distributions.
    """
    places = find_sources(scope.application)
    if any(is_installed(place, scope.application) for place in places):
        from .distributions import metadata_files, owner_of

        elsewhere.add(metadata_files(scope.application, places))
        return owner_of(scope.application, places)
    return {"distribution": "", "version": scope.version()}


def _modules_of(
    scope: PackageScope, on_failure: Callable[[str, BaseException], object]
) -> Iterator[ModuleType]:
    """The package itself and its modules, imported one by one."""
    import_module(scope.package, on_failure)  # if that fails, so does the search
    yield sys.modules[scope.package]
    paths = find_package(scope.package) or []
    yield from import_modules(paths, f"{scope.package}.", on_failure)


def _failed(record: dict[str, Any], failures: Failures) -> bool:
    """Whether the module of a function failed, if only when the function was described."""
    return record["module"] in failures.texts


def has_vanished(scope: PackageScope, module: str, walked: dict[str, int]) -> bool:
    """Whether a module of the package is not there any more, though it was imported once.

    Args:
        scope: What the registry lists.
        module: Name of the module.
        walked: The modules of the package that were found, and their places in the order.
    """
    return scope.contains(module) and module not in walked and find_spec(module) is None


def _is_python(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names

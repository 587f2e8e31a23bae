"""Functions that register themselves when the modules of a package are imported: the cold path."""

from __future__ import annotations

import sys

from regcache_core.discovery import (
    Discovered,
    attribute_of,
    discovering,
    file_of,
    find_sources,
    find_spec,
    import_package,
    is_installed,
    is_unfinished,
    load_entry_point,
    load_installed,
    module_of,
    raise_if_signalled,
    reexported_by,
)

from ..errors import DuplicateFunctionError, ScanError
from ..facts import to_stored
from ..registration import Registration, make_facts, resolve_method
from .describe import describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType
    from typing import Any

    from regcache_core.discovery import Cache, FoundFiles

    from ..caching import FunctionAdapter


def discover(adapter: FunctionAdapter, cache: Cache) -> Discovered:
    """Import all modules of a package, and describe the functions that are registered then."""
    registry, scope = adapter.registry, adapter.scope
    # Those from elsewhere that are here already: a module of the package may import them too.
    foreign = {
        each: (each.value, each.module)
        for each in registry._snapshot()
        if not adapter.contains(each.module)
    }
    walked: dict[str, int] = {}  # module -> its place in the order
    #: Functions that no import registers, by the names of their entry points.
    installed: dict[str, Registration] = {}
    attributes: dict[str, str] = {}  # what each of these entry points names in its module

    def on_failure(name: str, error: BaseException) -> None:
        if isinstance(error, DuplicateFunctionError):  # no broken module, but a broken registry
            raise error
        if scope.strict or name == scope.package:
            raise ScanError(name, f"{type(error).__name__}: {error}") from error
        failures.add(name, error)
        registry._forget(lambda registration: registration.module == name)

    def walk(module: ModuleType, new: Iterable[Registration] = ()) -> None:
        walked.setdefault(module.__name__, len(walked))
        for each in (*reexported_by(module, foreign), *new):
            foreign.pop(each, None)
            if each.module not in walked:
                each.module = module.__name__

    def load(name: str, value: str) -> None:
        before = {*registry._snapshot()}
        try:
            found = load_entry_point(value)
            if attribute_of(value):
                keep(name, value, found)
        except BaseException:  # foreign code may raise anything; then nothing of it is registered
            registry._forget(lambda each: each not in before)
            raise
        new = [each for each in registry._snapshot() if each not in before]
        walk(sys.modules[module_of(value)], new)

    def keep(name: str, value: str, function: Any) -> None:
        """Keep a function that nothing has registered, under the entry point's name."""
        if not callable(function):
            raise TypeError(f"{function!r} cannot be called, so it is no function")
        registered = registry._snapshot()
        if any(each.value is function for each in registered):
            return
        facts = make_facts(scope.facts, registry.name, name, {})
        new = Registration(function, name, (), (), None, facts, (module_of(value), 0, None))
        held = next((each for each in registered if name in (each.name, *each.aliases)), None)
        held = held or installed.get(name)
        if held is not None and held.value is not function:
            raise DuplicateFunctionError(registry.name, name, str(held), str(new))
        installed[name], attributes[name] = new, attribute_of(value)

    def has_gone(module: str) -> bool:
        if module in failures.texts:  # perhaps imported once more, by one that goes on without it
            return True
        return adapter.contains(module) and module not in walked and not find_spec(module)

    records: dict[str, dict[str, Any]] = {}
    with discovering(adapter, cache) as failures:
        with cache.import_path.recording():
            for module in import_package(scope.package, on_failure):
                walk(module)
            if scope.entry_points:
                load_installed(cache, failures, load, on_failure)
        registry._forget(lambda each: has_gone(each.module))
        registered = [each for each in registry._snapshot() if each.module in walked]
        registered += installed.values()
        for each in sorted(registered, key=lambda each: walked[each.module]):
            try:
                records[each.name] = to_record(each, scope.facts, registry.name)
            except Exception as error:  # nothing leads to it, or foreign code may raise anything
                raise_if_signalled(error)
                on_failure(each.module, error)
                failures.texts[each.module][1] = f"{file_of(each.module)}:{each.line}"
        records = {name: it for name, it in records.items() if it["module"] not in failures.texts}
        for name in attributes.keys() & records.keys():
            records[name]["entry"] = attributes[name]
        homes = {record.get("defined_in", "") for record in records.values()}
        cache.elsewhere.add(file_of(home) for home in homes if is_outside(adapter, home))
        # Made again since they were imported: no stamp could ever hold, so nothing is written.
        cache.elsewhere.distrust(map(file_of, registry._registered.elsewhere(walked)))
    extra = {
        "failures": dict(sorted(failures.texts.items())),
        "rejected": {},
        "owner": _owner(adapter, cache.elsewhere),
    }
    return Discovered(records, extra, failures.transient, is_unfinished(scope.package))


def is_outside(adapter: FunctionAdapter, module: str) -> bool:
    """Whether a module lies neither in the package nor in Python."""
    is_python = module.partition(".")[0] in sys.stdlib_module_names
    return module != "" and not is_python and not adapter.contains(module)


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


def _owner(adapter: FunctionAdapter, elsewhere: FoundFiles) -> dict[str, str]:
    """The distribution and version of the application, whose metadata are watched then.

    Reading installed metadata costs more than most packages of functions take to import, so it is
    done only where the application lies among installed distributions.
    """
    application = adapter.application
    places = find_sources(application)
    if any(is_installed(place, application) for place in places):
        from .distributions import metadata_files, owner_of

        elsewhere.add(metadata_files(application, places))
        return owner_of(application, places)
    return {"distribution": "", "version": adapter.version()}

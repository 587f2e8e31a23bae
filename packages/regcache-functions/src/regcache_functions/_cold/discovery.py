"""Functions that register themselves when the modules of a package are imported: the cold path."""

from __future__ import annotations

import sys
from operator import attrgetter

from regcache_core.discovery import (
    Discovered,
    Excluded,
    attribute_of,
    discovering,
    file_of,
    find_sources,
    find_spec,
    import_package,
    is_installed,
    is_unfinished,
    lies_in,
    load_entry_point,
    load_installed,
    module_of,
    published_modules,
    raise_if_signalled,
    reexported_by,
    share_out,
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
        if not adapter.contains(each.module) and not is_own(adapter, cache, each.module)
    }
    walks: list[str] = []  # modules, in their order, for each entry point
    walked: dict[str, int] = {}  # module -> its place in the order
    #: Functions that no import registers, their places, and what their entry points name.
    installed: dict[Registration, tuple[int, str]] = {}

    def on_failure(name: str, error: BaseException) -> None:
        if scope.strict or name == scope.package:
            raise ScanError(name, f"{type(error).__name__}: {error}") from error
        failures.add(name, error)
        registry._forget(lambda registration: registration.module == name)

    def walk(module: ModuleType, new: Iterable[Registration] = ()) -> None:
        walked.setdefault(module.__name__, len(walks))
        walks.append(module.__name__)
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
        walked.setdefault(module_of(value), len(walks))  # it may call itself otherwise
        walk(sys.modules[module_of(value)], new)

    def keep(name: str, value: str, function: Any) -> None:
        """Keep a function that nothing has registered, under the entry point's name."""
        if not callable(function):
            kind = type(function).__qualname__
            raise TypeError(f"it is of the type {kind} and cannot be called, so it is no function")
        same = [each for each in (*registry._snapshot(), *installed) if each.value is function]
        if any(each not in installed or each.name == name for each in same):
            return
        facts = make_facts(scope.facts, registry.name, name, {})
        new = Registration(function, name, (), (), None, facts, (module_of(value), 0, None))
        installed[new] = len(walks), value

    def tell(name: str, winner: Registration, loser: Registration) -> None:
        """Keep with the failures that a function does not have a name which it claims."""
        from regcache_core import Distribution
        from regcache_core.discovery import duplicate, installer_of

        group = scope.entry_points
        places = winner.place, loser.place
        error = duplicate(DuplicateFunctionError, registry.name, name, *places, group)
        if scope.strict and registry._policy not in ("first", "last"):
            raise error
        text = f"{type(error).__name__}: {error.told(registry._policy)}"
        failures.texts[loser.place] = [text, f"{file_of(loser.module)}:{loser.line}"]
        for each in (winner, loser):  # what the message names, and where it comes from
            distribution = installer_of(each.module, group).partition(" ")[0]
            cache.declared.add([Distribution(distribution)] if distribution else [])
            home = str(getattr(each.value, "__module__", ""))
            cache.elsewhere.add([file_of(home)] if is_outside(adapter, home) else [])

    def share_aliases() -> None:
        """Leave an alias to the function of that name, else to the one that the policy says.

        Where it says nothing, it stays with all: then it is not clear which one is meant.
        """
        by_name = {name: each for each, name in names.items()}
        claims: dict[str, list[str]] = {}
        for name, record in records.items():
            for alias in record.get("aliases", ()):
                if alias != name:
                    claims.setdefault(alias, [alias] if alias in records else []).append(name)
        for alias, claiming in claims.items():
            is_last = registry._policy == "last" and alias not in records
            winner, *losers = claiming[::-1] if is_last else claiming
            for name in losers:
                tell(alias, by_name[winner], by_name[name])
                if alias in records or registry._policy in ("first", "last"):
                    records[name]["aliases"].remove(alias)

    def has_gone(module: str) -> bool:
        # Perhaps imported once more, by one that goes on without it; or of a package that failed.
        if lies_in(module, failures.texts):
            return True
        is_there = module in sys.modules and find_spec(module)
        return adapter.contains(module) and module not in walked and not is_there

    def named_by(each: Registration) -> dict[str, str]:
        """What a record says of the distribution whose entry point brings a function."""
        if adapter.contains(each.module):
            return {}
        mine = (each.name, installed[each][1]) if each in installed else None
        for name, value, distribution, version in cache.import_path.entry_points_now()["points"]:
            if mine == (name, value) or (mine is None and module_of(value) == each.module):
                return {"distribution": distribution, "version": version}
        return {}

    records: dict[str, dict[str, Any]] = {}
    excluded = Excluded(scope.packages, scope.exclude)
    with discovering(adapter, cache) as failures:
        with cache.import_path.recording():
            modules = import_package(scope.packages, on_failure, skip=excluded)
            for module in () if scope.group else modules:
                walk(module)
            if scope.entry_points:
                load_installed(cache, failures, load, on_failure)
        registry._forget(lambda each: has_gone(each.module))
        registered = [each for each in registry._snapshot() if each.module in walked]
        turns = {each: turn for each, (turn, _) in installed.items()}
        order = sorted(
            [*registered, *installed], key=lambda each: turns.get(each, walked[each.module])
        )
        shared = share_out(
            order, attrgetter("name"), registry._policy, lambda it, name: registry._place_of(it)
        )
        names = {each: name for name, (each, *_) in shared.items()}
        # Under "last" what comes from elsewhere keeps in this process the names that it has taken.
        taken = {it.name for it in registry._registered.all() if it.module not in walked}
        is_last = registry._policy == "last"
        registry._registered.give(
            each
            for each, name in names.items()
            if name == each.name and not (is_last and name in taken)
        )
        for each in filter(names.__contains__, order):
            name, losers = names[each], shared[names[each]][1:]
            for loser in losers:
                tell(name, each, loser)
            try:
                records[name] = to_record(each, scope.facts, registry.name, name)
                records[name] |= {"over": [it.place for it in losers]} if losers else {}
                records[name] |= {"claimed": each.name} if name != each.name else {}
                entry = attribute_of(installed[each][1]) if each in installed else ""
                records[name] |= {"entry": entry} if entry else {}
                records[name] |= named_by(each)
            except Exception as error:  # nothing leads to it, or foreign code may raise anything
                raise_if_signalled(error)
                on_failure(each.module, error)
                failures.texts[each.module][1] = f"{file_of(each.module)}:{each.line}"
        records = {name: it for name, it in records.items() if it["module"] not in failures.texts}
        share_aliases()
        homes = {record.get("defined_in", "") for record in records.values()}
        cache.elsewhere.add(file_of(home) for home in homes if is_outside(adapter, home))
        # Made again since they were imported: no stamp could ever hold, so nothing is written.
        cache.elsewhere.distrust(map(file_of, registry._registered.elsewhere(walked)))
    extra = {
        "failures": dict(sorted(failures.texts.items())),
        "rejected": {},
        "skipped": excluded.noted,
        "owner": _owner(adapter, cache.elsewhere),
    }
    others = published_modules(cache.import_path) if scope.entry_points else ()
    is_open = is_unfinished(scope.packages, others)
    return Discovered(records, extra, failures.transient, is_open)


def is_own(adapter: FunctionAdapter, cache: Cache, module: str) -> bool:
    """Whether a function of a module is the application's, where entry points alone are listed.

    Plugins import the module that the registry is made in, and do not bring its functions in.
    """
    if not adapter.scope.group:
        return False
    points = cache.import_path.entry_points_now()["points"]
    tops = {module_of(value).partition(".")[0] for _, value, *_ in points}
    return module in adapter.registry._owners or module.partition(".")[0] not in tops


def is_outside(adapter: FunctionAdapter, module: str) -> bool:
    """Whether a module lies neither in the package nor in Python."""
    is_python = module.partition(".")[0] in sys.stdlib_module_names
    return module != "" and not is_python and not adapter.contains(module)


def to_record(
    registration: Registration, facts_type: type | None, registry: str, name: str
) -> dict[str, Any]:
    """The record of a registered function that is listed under a name.

    Raises:
        FactsError: Its facts do not fit the registry's class.
    """
    function = resolve_method(registration.value)
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
    if adapter.scope.group:  # others have installed it all
        return {"distribution": "", "version": ""}
    application = adapter.application
    places = find_sources(application)
    if any(is_installed(place, application) for place in places):
        from regcache_core.discovery import metadata_files

        from .distributions import owner_of

        elsewhere.add(metadata_files(application, places))
        return owner_of(application, places)
    return {"distribution": "", "version": adapter.version()}

"""The functions of a library that knows nothing of registries: the cold path of ``scan``."""

from __future__ import annotations

import warnings
from collections import Counter
from fnmatch import fnmatchcase
from types import BuiltinFunctionType, GenericAlias, ModuleType

from regcache_core.discovery import (
    NOT_OF_A_LIBRARY,
    Discovered,
    Excluded,
    Failures,
    discovering,
    find_package,
    import_module,
    iter_module_names,
    raise_if_signalled,
)

from ..errors import FactsError, ScanError
from ..facts import to_stored
from .describe import describe
from .distributions import owner_of
from .outcomes import reason_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator
    from typing import Any

    from regcache_core.discovery import Cache

    from ..caching import LibraryAdapter
    from ..registry import LibraryScope

#: Where types come from that can be called and have a name, but are no functions.
_TYPING = ("typing", "typing_extensions")


class Candidate:
    """A function that was found, and everywhere it is public.

    Attributes:
        function: The function.
        places: Module and attribute of each place, the best one first.
        name: Its name in the registry.
        aliases: Its other names: where else it is public, and what it is called there.
    """

    def __init__(self, function: Any) -> None:
        self.function = function
        self.places: list[tuple[str, str]] = []
        self.name = ""
        self.aliases: list[str] = []

    @property
    def short_names(self) -> list[str]:
        """What it is called at its places, the best one first."""
        return list(dict.fromkeys(attribute for _, attribute in self.places))


def scan(adapter: LibraryAdapter, cache: Cache) -> Discovered:
    """Import the modules of a library, collect the functions that they publish, try these."""
    scope = adapter.scope
    recording, filtering = cache.import_path.recording(), warnings.catch_warnings()
    excluded = Excluded(scope.package, (*NOT_OF_A_LIBRARY, *scope.exclude))
    with discovering(adapter, cache) as failures, recording, filtering:
        warnings.simplefilter("ignore")  # of deprecated names, which are listed all the same
        candidates, broken = _collect(scope, failures, excluded)
        _name(scope, candidates)
        records, unclear = _describe_all(candidates)
        rejected = {**unclear, **_try(scope, adapter.name, candidates, records)}
    extra = {
        "failures": failures.texts,
        "rejected": {**broken, **rejected},
        "skipped": excluded.noted,
        "owner": owner_of(scope.package, adapter.places()),
    }
    return Discovered(records, extra, failures.transient)


def _collect(
    scope: LibraryScope, failures: Failures, skip: Container[str]
) -> tuple[list[Candidate], dict[str, str]]:
    """The functions of all modules, each once; and names that are published but cannot be had."""
    found: dict[int, Candidate] = {}
    broken: dict[str, str] = {}
    for home, module in _modules(scope, failures, skip):
        try:
            names = _public_names(scope, home, module)
        except Exception as error:  # a module's __getattr__ may raise anything
            raise_if_signalled(error)
            failures.add(home, error)
            continue
        for name in names:
            place = _relative(scope, home, name)
            if scope.include and not _fits(scope.include, place, name):
                continue
            if _fits(scope.exclude, place, name):
                continue
            try:
                value = getattr(module, name)
                is_function = _is_function(value)
            except Exception as error:  # a lazy module imports now, and a proxy may be anything
                raise_if_signalled(error)
                failures.add(f"{home}.{name}", error)
                broken[place] = failures.texts.pop(f"{home}.{name}")[0]
                continue
            if is_function and _fits_predicate(scope, f"{home}.{name}", value):
                found.setdefault(id(value), Candidate(value)).places.append((home, name))
    for candidate in found.values():  # fewest dots, then where it has its own name, then by name
        own = getattr(candidate.function, "__name__", None)
        candidate.places.sort(key=lambda at: (at[0].count("."), at[1] != own, at))
    return list(found.values()), broken


def _fits_predicate(scope: LibraryScope, place: str, value: Any) -> bool:
    try:
        return scope.predicate is None or bool(scope.predicate(value))
    except Exception as error:  # the application's function: what it did not expect is its to see
        raise_if_signalled(error)
        raise ScanError(place, f"the predicate raised {reason_of(error)}") from error


def _modules(
    scope: LibraryScope, failures: Failures, skip: Container[str]
) -> Iterator[tuple[str, ModuleType]]:
    """The modules that are searched, imported one by one.

    Each goes by the name that it is imported by: ``os.path`` calls itself otherwise.
    """

    def on_failure(name: str, error: BaseException) -> None:
        if scope.strict or name in roots:
            raise ScanError(name, f"{type(error).__name__}: {error}") from error
        failures.add(name, error)

    roots = scope.roots
    names, seen = [*roots], set[str]()
    while names:
        name = names.pop(0)
        module = import_module(name, on_failure) if name not in seen else None
        seen.add(name)
        if module is None:
            continue
        yield name, module
        if scope.recursive:
            below = (each for each, _ in iter_module_names(find_package(name) or [], f"{name}."))
            public = (each for each in below if not each.rpartition(".")[2].startswith("_"))
            names[:0] = [each for each in public if each not in skip]


def _relative(scope: LibraryScope, module: str, name: str) -> str:
    """A place in the library, without the library's own name."""
    return f"{module}.{name}"[len(scope.package) + 1 :]


def _fits(patterns: tuple[str, ...], *texts: str) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns for text in texts)


def _public_names(scope: LibraryScope, home: str, module: ModuleType) -> list[str]:
    """The names that a module publishes.

    One without ``__all__`` publishes what is named publicly and defined in the library; in a search
    through all modules only where names are asked for, since an internal module has such names too.
    """
    published = getattr(module, "__all__", None) if scope.public == "__all__" else None
    if published is not None:
        return [name for name in dict.fromkeys(published) if isinstance(name, str)]
    if scope.public == "__all__" and home not in scope.roots:
        return []
    names = [name for name in dir(module) if not name.startswith("_")]
    return [name for name in names if _is_defined_in(scope, module, name)]


def _is_defined_in(scope: LibraryScope, module: ModuleType, name: str) -> bool:
    """Whether what a name stands for belongs to the library, and is not just imported by it."""
    if name not in vars(module):  # a lazy module's own
        return True
    try:
        value = getattr(module, name)  # now, what it imports lazily
    except Exception as error:
        raise_if_signalled(error)
        return not isinstance(error, ModuleNotFoundError)  # which is an error when it is used
    home = getattr(value, "__module__", None)
    if home is None:  # C code does not say: a builtin is its own, and all in a module of C code
        is_python = str(getattr(module, "__file__", "")).endswith((".py", ".pyc"))
        return isinstance(value, BuiltinFunctionType) or not is_python
    return str(home).partition(".")[0].lstrip("_") == scope.package.partition(".")[0].lstrip("_")


def _is_function(value: Any) -> bool:
    """Whether a value is a function: it can be called, has a name, and is no class or type."""
    return (
        callable(value)
        and not isinstance(value, (type, GenericAlias))
        and type(value).__module__ not in _TYPING
        and isinstance(getattr(value, "__name__", None), str)
    )


def _name(scope: LibraryScope, candidates: list[Candidate]) -> None:
    """Give each function its own name where no other has that, else its place in the library."""
    count = Counter(name for each in candidates for name in each.short_names)
    for each in candidates:
        names = [_relative(scope, *place) for place in each.places]
        names += [name for name in each.short_names if count[name] == 1]
        short = each.places[0][1]
        each.name = short if count[short] == 1 else _relative(scope, *each.places[0])
        repeated = (each.name, _relative(scope, *each.places[0]))
        each.aliases = [name for name in dict.fromkeys(names) if name not in repeated]
    candidates.sort(key=lambda each: each.places[0])


def _describe_all(
    candidates: Iterable[Candidate],
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Name -> record; and those that cannot be described: foreign objects may raise anything."""
    records, unclear = {}, {}
    for each in candidates:
        try:
            record = describe(each.function, *each.places[0], each.name)
            records[each.name] = {**record, "aliases": each.aliases} if each.aliases else record
        except Exception as error:
            raise_if_signalled(error)
            unclear[each.name] = reason_of(error)
    return records, unclear


def _try(
    scope: LibraryScope,
    registry: str,
    candidates: list[Candidate],
    records: dict[str, dict[str, Any]],
) -> dict[str, str]:
    """Try all functions, note what the probe says of them; gives those that it rejects."""
    if scope.probe is None:
        return {}
    from .trials import try_all

    tried = [each for each in candidates if each.name in records]
    rejected = {}
    for name, outcome in try_all(scope, registry, tried).items():
        if outcome.facts is None:
            rejected[name] = outcome.reason
            del records[name]
            continue
        facts = dict(outcome.facts)
        contract = facts.pop("contract", None)
        if contract is not None:
            records[name]["contract"] = str(contract)
        try:
            stored = to_stored(scope.facts, registry, name, facts) if facts else {}
        except FactsError as error:  # of one function: what was found of the others is not lost
            rejected[name] = str(error)
            del records[name]
            continue
        if stored:
            records[name]["facts"] = stored
    return rejected

"""A registry of functions: ``FunctionRegistry``, of a package that registers them or of a library.

Where its records come from (the cache file, else a search), and how a function is loaded. What can
be asked of them is in ``functions``; what follows from a ``Scope``, once that is used, in
``caching``.
"""

import os
import sys
from _thread import RLock
from time import time_ns

from .functions import Functions, State
from .registration import (
    Registration,
    Registrations,
    check,
    check_flags,
    check_unused,
    declaration,
    is_module,
    is_package,
    make_facts,
    name_of_function,
    place_of,
    resolve_method,
    texts_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from concurrent.futures import Executor
    from typing import Any, Literal, overload

    from typing_extensions import TypeVar

    from regcache_core import Dependency, Report, Verification
    from regcache_core.discovery import Listing

    from .functions import Function, Record
    from .metadata import FunctionMetadata

    #: Called with a function; gives facts about it, or raises to reject it.
    Probe = Callable[[Any], Any]
    #: Called with how many functions are done, how many there are, and the name of the last.
    Progress = Callable[[int, int, str], object]
    F = TypeVar("F", default=dict[str, Any])
    Fn = TypeVar("Fn")
    Facts = TypeVar("Facts", default=dict[str, Any])
else:
    F = object  # for the base class below; the parameter is never looked at here

#: What may be said of a name that several functions claim: see ``FunctionRegistry``.
POLICIES = ("error", "first", "last", "qualify")
#: Held to publish, never while importing.
_LOCK = RLock()


def _renew_lock() -> None:
    """In a forked child: a thread that held the lock does not go on here."""
    global _LOCK
    _LOCK = RLock()


# Not by core's hook: registering functions does without core.
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_renew_lock)


class Scope:
    """The package, and the options, of one registry.

    Args:
        package: The package; empty for a registry of functions of this process alone. For one of
            entry points alone a name that no module can have: nothing lies in it.
        more: Further packages, which are searched after it.
        options: Arguments of ``FunctionRegistry`` or its ``scan``, which become attributes.

    Attributes:
        declared: Where the registry is made, as ``module:line``.

    Raises:
        ConfigError: ``depends_on`` is no list of dependencies (a ``ValueError``).
    """

    facts: "type | None"
    strict: bool
    depends_on: "Collection[Dependency]"
    entry_points = ""
    #: The group of entry points that name all functions, where there is no package.
    group = ""
    declared = ""
    exclude: "tuple[str, ...]"
    max_age_days: "float | None"
    cache_dir: "str | os.PathLike[str] | None"

    def __init__(self, package: str, more: "Iterable[str]" = (), **options: "Any") -> None:
        self.package = package
        self.packages = tuple(dict.fromkeys(filter(None, (package, *more))))
        vars(self).update(options)
        if self.depends_on != ():
            from regcache_core.discovery import as_dependencies

            self.depends_on = as_dependencies(self.depends_on)
        if self.max_age_days != 7 or self.cache_dir is not None:  # else core is not needed yet
            from regcache_core import CacheConfig

            self.cache_dir = CacheConfig(self.max_age_days, cache_dir=self.cache_dir).cache_dir
        self.created_ns = time_ns()

    def contains(self, module: str) -> bool:
        """As ``Adapter.contains``, before there is one: core is not needed to register."""
        if f"{module}.".startswith(f"{self.package}."):  # a plugin may have made it no text
            return True
        if not self.packages[1:] and {*"*?["}.isdisjoint(self.package):
            return False
        from regcache_core.discovery import containing

        return containing(self.packages)(module)


class LibraryScope(Scope):
    """A library that knows nothing of registries."""

    modules: "tuple[str, ...]"
    recursive: bool
    include: "tuple[str, ...]"
    predicate: "Callable[[Any], bool] | None"
    public: str
    watch: str
    probe: "Probe | str | None"
    probe_version: str
    executor: "Executor | None"
    timeout: float
    memory: "int | None"
    progress: "Progress | bool"

    def __init__(self, library: str, **options: "Any") -> None:
        super().__init__(library, **options)
        #: The arguments that make this scope again elsewhere.
        self.arguments = {**options, "library": library, "cache_dir": self.cache_dir}
        del self.arguments["executor"], self.arguments["progress"]

    @property
    def roots(self) -> "list[str]":
        """Full names of the modules that the search begins with."""
        package = self.package
        names = [each if self.contains(each) else f"{package}.{each}" for each in self.modules]
        return names or [package]


def _check_exclude(patterns: "tuple[str, ...]", packages: "Iterable[str]") -> None:
    """Raise ``ConfigError`` for patterns that name a package itself: they would fit nothing."""
    for each in packages:
        above = f"{each}.".partition("*")[0]
        is_below = not any(f"{pattern}.".startswith(above) for pattern in patterns)
        check("exclude", patterns, is_below, f"patterns that begin below {each}, such as ['tests']")


class FunctionRegistry(Functions[F]):
    """Functions by name: listed from a cache, imported one at a time, never stale.

    Made with a package, it lists the functions that the package's modules register with it; with a
    group of entry points, what installed distributions name there, too or alone; made by ``scan``,
    the functions of a library that knows nothing of it; else those that are registered in this
    process. The first use reads the cache file; if that cannot be believed, the modules are
    imported and the file is written anew.

    Args:
        name: What the registry is called in messages and in its cache file's name.
        package: Name of the package whose modules register functions; it need not be imported yet.
        facts: An attrs class (or any that cattrs knows) of facts about each function, declared by
            keyword in ``register``; without it facts are JSON values.
        strict: Raise if a module fails to import, instead of keeping the error in ``failures``.
        depends_on: What decides beside the sources which functions there are: ``File``,
            ``EnvironmentVariable`` and ``Distribution`` objects of regcache_core.
        entry_points: Group of entry points by which installed distributions add functions to those
            of the package, if there is one; each names a module that registers functions, or a
            function, which goes by the name of the entry point unless it is registered.
        on_duplicate: What becomes of a name that several functions claim: looking it up is an
            ``"error"``, or the ``"first"`` or ``"last"`` of the walk has it, or each function is
            listed under its place (``"qualify"``: ``"fast.blur"``), as by ``scan``.
        exclude: Patterns of modules that are not imported, which stand in ``skipped``: ``"tests"``
            fits each part of that name below the package, ``"old.*"`` what lies in any ``old``.
        enable_cache: Whether a cache file is used; without it every process searches.
        max_age_days: Age in days after which the cache file is stale; ``None`` means for ever.
        cache_dir: Folder for the cache file, as ``CacheConfig`` of regcache_core has it.
        packages: Further packages, searched after that one. All may be patterns: ``"ext.*"`` means
            each package and module directly in ``ext``, whoever installed it.

    Raises:
        ConfigError: An argument is of the wrong kind (a ``ValueError``).
        ScanError: On first use: there is no such package, or a module failed (strict).

    >>> filters = FunctionRegistry("filters")
    >>> @filters.register(tags=["blur"])
    ... def gaussian(image, sigma=1.0):
    ...     '''Smooth an image.'''
    >>> filters.info("gaussian").signature.text, list(filters.query(tag="blur"))
    ('(image, sigma=1.0)', ['gaussian'])
    """

    _listing: "Listing[State] | None" = None  # there from the first use on

    def __init__(
        self,
        name: str,
        package: "str | None" = None,
        *,
        facts: "type[F] | None" = None,
        strict: bool = False,
        depends_on: "Collection[Dependency]" = (),
        entry_points: "str | None" = None,
        on_duplicate: "Literal['error', 'first', 'last', 'qualify']" = "error",
        exclude: "Iterable[str]" = (),
        enable_cache: bool = True,
        max_age_days: "float | None" = 7,
        cache_dir: "str | os.PathLike[str] | None" = None,
        packages: "Iterable[str]" = (),
    ) -> None:
        check("on_duplicate", on_duplicate, on_duplicate in POLICIES, f"one of {POLICIES}")
        check("name", name, isinstance(name, str) and name != "", "a non-empty string")
        of_package = package is None or is_package(package)
        check("package", package, of_package, "the name of a package, in full")
        more = texts_of("packages", packages)
        check("packages", packages, all(map(is_package, more)), "a list of packages: ['ext.*']")
        package = more[0] if package is None and more else package
        check("facts", facts, facts is None or isinstance(facts, type), "a class")
        check_flags(strict=strict, enable_cache=enable_cache)
        is_text = isinstance(entry_points, str)
        is_group = entry_points is None or (is_text and entry_points.split() == [entry_points])
        check("entry_points", entry_points, is_group, "the name of a group of entry points")
        patterns = texts_of("exclude", exclude)
        check("exclude", exclude, all(map(is_module, patterns)), "a list of patterns: ['tests']")
        _check_exclude(patterns, [package, *more] if package else ())
        if package is None:
            check_unused("package", exclude=exclude)
        if package is None and entry_points is None:
            check_unused("package", strict=strict, depends_on=depends_on, cache_dir=cache_dir)
            check("max_age_days", max_age_days, max_age_days == 7, "it together with package=")
        self._name = name
        self._policy = on_duplicate
        self.enable_cache = enable_cache
        self._facts_type: Any = facts
        places = declaration()
        self._owners = dict.fromkeys(module for module, _ in places)
        group = entry_points if package is None else None
        self._scope = Scope(
            package or (f"entry points {group}" if group else ""),
            more,
            facts=facts,
            strict=strict,
            depends_on=depends_on,
            entry_points=entry_points or "",
            group=group or "",
            declared=" in ".join(f"{module}:{line}" for module, line in places),
            max_age_days=max_age_days,
            cache_dir=cache_dir,
            exclude=patterns,
        )
        self._state: State | None = None
        self._registered = Registrations((name, package))
        #: Functions of this process that claim what is installed -> error and its place.
        self._contests: dict[str, list[str]] = {}
        self._found: Mapping[str, Record] = {}  # what the state was made from, with what follows
        self._extra: dict[str, Any] = _NOTHING

    @classmethod
    def scan(
        cls,
        library: str,
        *,
        modules: "Iterable[str]" = (),
        recursive: "bool | None" = None,
        include: "Iterable[str]" = (),
        exclude: "Iterable[str]" = (),
        predicate: "Callable[[Any], bool] | None" = None,
        public: "Literal['__all__', 'names']" = "__all__",
        watch: "Literal['files', 'distribution']" = "files",
        name: "str | None" = None,
        probe: "Probe | str | None" = None,
        probe_version: str = "",
        executor: "Executor | None" = None,
        timeout: float = 60.0,
        memory: "int | None" = None,
        progress: "Progress | bool" = False,
        facts: "type[Facts] | None" = None,
        strict: bool = False,
        depends_on: "Collection[Dependency]" = (),
        enable_cache: bool = True,
        max_age_days: "float | None" = 7,
        cache_dir: "str | os.PathLike[str] | None" = None,
    ) -> "FunctionRegistry[Facts]":
        """A registry of the functions of an installed library that knows nothing of registries.

        A function that is public under several names or in several modules is listed once: under
        its own name where no other function has that, else under its place (``signal.convolve``);
        the other names are its aliases. Each of its places (``signal.convolve``,
        ``scipy.signal.convolve``) is a name for it in any case.

        Args:
            library: Name of the package or module, as it is imported.
            modules: Modules in it that are searched (``"filters"`` or ``"skimage.filters"``); by
                default the library itself.
            recursive: Whether the modules below these are searched too, except private ones and
                tests; by default if ``modules`` are not given.
            include: Patterns (``"filters.*"``, ``"gauss*"``) for a function's place in the library
                or its name; one must fit. By default everything counts.
            exclude: Such patterns of what does not count. A module whose place fits is not
                imported.
            predicate: Called with each function; says whether it counts.
            public: What a module publishes: what its ``__all__`` says (a module without one is
                searched by names if it is named in ``modules`` or is the library itself), or all
                ``"names"`` that begin with no underscore and are defined in the library.
            watch: What tells that the library has changed: its ``"files"``, one by one; or its
                ``"distribution"``: the metadata of what installed it, and its folders. That is less
                to look at, and does not see a file that somebody edits by hand.
            name: What the registry is called; by default like the library.
            probe: The trial: called with each function on the cold path; returns facts (a mapping,
                in which ``contract`` has its own place; an attrs instance; or ``None``) or rejects
                by raising ``Reject("reason")`` or anything else. As text, ``"module:name"``, it is
                imported on the cold path only.
            probe_version: Version of the probe; another one tries all functions anew, and so does
                an edit of the file that defines the probe.
            executor: A ``concurrent.futures.Executor``: each function is tried in a child process
                of one of its workers, so that a crash costs only that function. Without one the
                trial runs in this process.
            timeout: Seconds that one function may take (with an executor).
            memory: Bytes that one function may take beyond what the library takes (with an
                executor, on Linux).
            progress: Called with ``(done, total, name)`` for each function that was tried; ``True``
                draws a bar (needs rich).
            facts: Class of the facts that the probe returns, converted by cattrs.
            depends_on: What decides beside the library which functions there are, and what a trial
                says of them; as for a package.
            strict, enable_cache, max_age_days, cache_dir: As ``FunctionRegistry`` has them.

        Raises:
            ConfigError: An argument is of the wrong kind (a ``ValueError``); on first use, if the
                distribution of what none has installed is to be watched.
            ScanError: On first use: there is no such library or module, or one failed (strict).
            TrialError: On first use: the executor or the probe cannot be used.

        >>> statistics = FunctionRegistry.scan("statistics")
        >>> statistics.info("fmean").doc
        'Convert data to floats and compute the arithmetic mean.'
        """
        modules, include = texts_of("modules", modules), texts_of("include", include)
        exclude = texts_of("exclude", exclude)
        is_text = isinstance(probe, str) and ":" in probe
        for field, function in (("predicate", predicate), ("probe", None if is_text else probe)):
            expected = "a function" if field == "predicate" else "a function or 'module:name'"
            check(field, function, function is None or callable(function), expected)
        check("public", public, public in ("__all__", "names"), "'__all__' or 'names'")
        check("watch", watch, watch in ("files", "distribution"), "'files' or 'distribution'")
        check("library", library, is_module(library), "a module's name, in full")
        _check_exclude(exclude, [library])
        check("recursive", recursive, recursive in (None, True, False), "True, False or None")
        check_flags(strict=strict)
        check("probe_version", probe_version, isinstance(probe_version, str), "a text")
        is_executor = executor is None or callable(getattr(executor, "submit", None))
        check("executor", executor, is_executor, "a concurrent.futures.Executor")
        is_number = isinstance(timeout, (int, float)) and 0 < timeout < float("inf")
        check("timeout", timeout, is_number, "a number of seconds, more than 0")
        is_size = memory is None or (type(memory) is int and memory > 0)
        check("memory", memory, is_size, "a number of bytes, more than 0, or None")
        is_told = isinstance(progress, bool) or callable(progress)
        check("progress", progress, is_told, "True, or a function of (done, total, name)")
        bounded = memory is None or os.path.exists("/proc/self/statm")
        check("memory", memory, bounded, "None: this system does not tell how much is in use")
        if probe is None:
            check_unused("probe", executor=executor, memory=memory, progress=progress)
            check_unused("probe", probe_version=probe_version)
        called = library if name is None else name
        registry: Any = cls(called, facts=facts, enable_cache=enable_cache)  # type: ignore[arg-type]
        registry._scope = LibraryScope(
            library,
            modules=modules,
            recursive=not modules if recursive is None else recursive,
            include=include,
            exclude=exclude,
            predicate=predicate,
            public=public,
            watch=watch,
            name=name,
            probe=probe,
            probe_version=probe_version,
            executor=executor,
            timeout=timeout,
            memory=memory,
            progress=progress,
            facts=facts,
            strict=strict,
            depends_on=depends_on,
            max_age_days=max_age_days,
            cache_dir=cache_dir,
        )
        return registry  # type: ignore[no-any-return]

    # Registration.

    if TYPE_CHECKING:

        @overload
        def register(
            self,
            what: "str | None" = None,
            /,
            *,
            name: "str | None" = None,
            tags: "Iterable[str]" = (),
            aliases: "Iterable[str]" = (),
            contract: "str | None" = None,
            **facts: "Any",
        ) -> "Callable[[Fn], Fn]": ...

        @overload
        def register(
            self,
            function: Fn,
            /,
            *,
            name: "str | None" = None,
            tags: "Iterable[str]" = (),
            aliases: "Iterable[str]" = (),
            contract: "str | None" = None,
            **facts: "Any",
        ) -> Fn: ...

    def register(  # type: ignore[no-untyped-def]
        self, what=None, /, *, name=None, tags=(), aliases=(), contract=None, **facts
    ):
        """Register a function; a decorator that gives the function back unchanged.

        ``@registry.register``, ``@registry.register("name", tags=[...], ...)``, and
        ``registry.register("name")(partial(...))`` for what has no name of its own.

        Args:
            what: The function, or its name.
            name: Its name, if that is not given first; by default the function's ``__name__``.
            tags: Words to ask for it by.
            aliases: Other names that it can be asked for by.
            contract: What it works on.
            facts: Anything else; fields of the registry's facts class, if it declares one.

        Raises:
            DuplicateFunctionError: Another function has the name or an alias (a ``ValueError``).
            UnnamedFunctionError: It has no name, and none was given (a ``TypeError``).
            FactsError: The facts do not fit the registry's class (a ``TypeError``).
        """
        if isinstance(what, str):
            check("name", name, name is None, "not given, for the name is given first")
            what, name = None, what
        check("name", name, name != "", "a non-empty text")
        for field, text in (("name", name), ("contract", contract)):
            check(field, text, text is None or isinstance(text, str), "a text")
        tags, aliases = texts_of("tags", tags), texts_of("aliases", aliases)

        contains = self._scope.contains if self._scope.package else None

        def add(function: "Any") -> "Any":
            own_name = name_of_function(self.name, function, name)
            given = make_facts(self._facts_type, self.name, own_name, facts)
            place = place_of(function, contains)
            self._put(Registration(function, own_name, tags, aliases, contract, given, place))
            return function

        return add if what is None else add(what)

    def _put(self, new: Registration) -> None:
        if self._scope.exclude:
            from regcache_core.discovery import excluded_as

            if excluded_as(new.module, self._scope.packages, self._scope.exclude) is not None:
                return
        with _LOCK:
            state, old = self._state, self._registered.get(new.name)
            former = self._registered.former(new)
            held = self._registered.holder(new)
            is_rival = held is not None and old is not None and not new.replaces(old)
            is_unseen = (
                is_rival and old.module == new.module and self._registered.is_anew(new)  # type: ignore[union-attr]
            )
            if held is not None and not self._is_judged():
                if self._policy == "error":
                    self._refuse(held[0], str(held[1]), new)
                if old is not None and is_rival and self._policy == "last":
                    self._registered.put_rival(old)
                    is_rival = False
            name = None if is_rival else new.name
            if state is not None and not self._is_searching():
                name = self._listed_as(state, new, is_rival)
            if is_rival:
                self._registered.put_rival(new)
            else:
                if old is not None and new.replaces(old):
                    self._keep_home(new, old.module)
                self._registered.put(new)
            if former is not None:
                self._forget(lambda each: each is former)
            if (former is not None or is_unseen) and not self._is_searching():
                self._state = state = None  # what is known of other modules is looked at anew
                vars(self).pop("_listing", None)
            if state is not None and name is not None and not self._has_failed(new):
                again = old is not None and old.value is not new.value
                self._show(state, new, name, again=again)

    def _is_judged(self) -> bool:
        """Whether a search finds out which function has a name, of those that claim it now."""
        listing = self._listed_by()
        if listing is None or listing.is_discovering:
            return listing is not None
        from regcache_core.discovery import modules_in_execution

        return any(modules_in_execution(listing.may_import))

    def _listed_as(self, state: State, new: Registration, is_rival: bool) -> "str | None":
        """The name under which a function is listed; ``None`` if others have it.

        Raises:
            DuplicateFunctionError: Another one has it that was found, loaded or not.
        """
        policy, name = self._policy, new.name
        place = self._place_of(new) if policy == "qualify" else None
        if place and state.records.get(place) and new.is_recorded(state.records[place]):
            name = place
        record = state.records.get(name)
        if record:
            if self._clash(record) or new.place in record.get("over", ()):
                return None
            other = self._registered.get(new.name) if is_rival and policy == "last" else None
            is_taken = other is not None and not other.is_recorded(record)
            if is_taken and other.place not in record.get("over", ()):  # type: ignore[union-attr]
                return None  # one that no search finds has come last in this process
            if new.is_recorded(record):
                self._keep_home(new, record["module"])
                return name
            if policy == "error" and self._scope.group:  # what is installed costs only that name
                from .errors import contest

                contest(self, state, name, new)
                return None
            if policy == "error":
                self._refuse(name, f"{record['module']}.{record['qualname']}", new)
            return name if policy == "last" else place
        if place and any(new.place in it.get("over", ()) for it in list(state.records.values())):
            return None  # others have their places, and one of them what would be its own
        if is_rival:
            return place
        for each in (name, *new.aliases) if policy == "error" else ():
            holders = [each] if state.records.get(each) else state.named(each)
            if holders and not self._is_judged():
                self._refuse(each, holders[0], new)
        return name

    def _place_of(self, new: Registration) -> str:
        """The name of a function beside others of the same name, as of the first package."""
        return f"{new.module}.{new.name}".removeprefix(f"{self._scope.package}.")

    def _clash(self, record: "Record") -> str:
        """A function that claims the name of a record too, where nothing says who has it."""
        if self._policy in ("first", "last"):
            return ""
        failed = {**self._extra["failures"], **self._contests} if "over" in record else ()
        return next((it for it in record.get("over", ()) if it in failed), "")

    def _check_clash(self, name: str, record: "Record") -> None:
        rival = self._clash(record)
        if rival:
            from regcache_core.discovery import duplicate

            from .errors import DuplicateFunctionError

            holder = f"{record['module']}:{record['qualname']}"
            kind, group = DuplicateFunctionError, self._scope.entry_points
            raise duplicate(kind, self.name, name, holder, rival, group)

    def _keep_home(self, new: Registration, module: str) -> None:
        """Leave a function from elsewhere to the module of the package that brings it in."""
        if self._scope.contains(module) and not self._scope.contains(new.module):
            new.module = module

    def _refuse(self, name: str, held: str, new: Registration) -> None:
        from .errors import DuplicateFunctionError

        raise DuplicateFunctionError(self.name, name, held, str(new))

    def _show(
        self, state: State, registration: Registration, name: str, again: bool = False
    ) -> None:
        """Put a registered function into what is known already."""
        state.values.pop(name, None)
        if not isinstance(registration.value, (staticmethod, classmethod)):
            state.values[name] = registration.value
        record = state.records.get(name)
        if again or not record or not registration.is_recorded(record):
            state.undescribed[name] = registration  # first: others may look at the record at once
            state.records.setdefault(name, {})

    def _forget(self, is_gone: "Callable[[Registration], bool]") -> None:
        """Take back registrations."""
        with _LOCK:
            self._registered.forget(is_gone)

    def _snapshot(self) -> "list[Registration]":
        """What is registered now, in order."""
        with _LOCK:
            return self._registered.all()

    # How the state is made.

    @property
    def name(self) -> str:
        """What the registry is called in messages."""
        return self._name

    @property
    def report(self) -> "Report | None":
        """What the cache did on first use, and why; ``None`` before, or without a cache."""
        return self._listing.report if self._listing is not None else None

    @property
    def failures(self) -> "dict[str, str]":
        """Modules that failed to import: name -> error and its place. Imports nothing.

        Also functions that do not have the name which they claim, as ``module:qualname``.
        """
        self._opened()
        failed = {**self._extra["failures"], **self._contests}
        return {name: " at ".join(filter(None, at)) for name, at in failed.items()}

    @property
    def skipped(self) -> "dict[str, str]":
        """Modules that the search left out -> why. Imports nothing."""
        self._opened()
        return dict(self._extra["skipped"])

    @property
    def rejected(self) -> "dict[str, str]":
        """Functions that were found but are not listed: name -> reason. Imports nothing."""
        self._opened()
        return dict(self._extra["rejected"])

    def discover(self) -> None:
        """Find the functions now instead of on first use: by the cache file, else by a search.

        Raises:
            ScanError: The package is missing, or a module failed in strict mode.
            TrialError: The executor or the probe cannot be used.
        """
        self._opened()

    def registered(self) -> "dict[str, Function]":
        """The functions that are imported so far, by name; finds no others, and reads no file."""
        with _LOCK:
            return {**(self._state or self._combined({})).values}

    def refresh(self) -> None:
        """Search anew, whatever the cache file says, and write that.

        Modules that are imported already stay as they are, as everywhere in Python.

        Raises:
            ScanError: The package is missing, or a module failed in strict mode.
            TrialError: The executor or the probe cannot be used.
        """
        listing = self._listed_by()
        if listing is not None:
            listing.refresh()

    def verify(self) -> "Verification":
        """Compare what the cache file says now with what a fresh process finds.

        Compared are names and their order, records, what was rejected, failures and the owner.
        Neither this registry nor the cache file is changed. Trials are run anew, in processes of
        their own if they were.

        Raises:
            ConfigError: There is no package, or another process could not open the registry: it
                has no global name in a module, or a function of it is a lambda (a ``ValueError``).
            VerificationError: The search failed (a ``RuntimeError``).
        """
        from ._cold.verify import verify

        return verify(self)

    def _known(self, name: str) -> "FunctionMetadata[F]":
        from .metadata import FunctionMetadata

        record = self._described().records[name]
        facts: Any = dict(record.get("facts", {}))
        if self._facts_type is not None:
            from .facts import from_stored

            facts = from_stored(self._facts_type, self.name, name, facts)
        return FunctionMetadata(name, record, self._extra["owner"], facts, self.__getitem__)

    def __reduce__(self) -> "tuple[Any, ...]":
        if self._is_scanned():
            from functools import partial

            scope: Any = self._scope
            return partial(self.scan, **scope.arguments, enable_cache=self.enable_cache), ()
        from regcache_core.discovery import load_object

        for owner in self._owners:
            for name, value in getattr(sys.modules.get(owner), "__dict__", {}).items():
                if value is self:
                    return load_object, (owner, name)
        raise TypeError(
            f"registry {self.name!r} cannot be pickled: it is no global name of "
            f"{' or '.join(self._owners)}, so another process could not find it"
        )

    def _opened(self) -> State:
        state = self._state
        if state is not None and not self._is_searching():
            return state
        listing = self._listed_by()
        return self._publish({}, _NOTHING) if listing is None else listing.open()

    def _described(self) -> State:
        state = self._opened()
        if state.undescribed:
            from ._cold.discovery import to_record

            for name, each in list(state.undescribed.items()):
                state.records[name] = to_record(each, self._facts_type, self.name, name)
                state.changes = object()
                if state.undescribed.get(name) is each:  # not registered again meanwhile
                    state.undescribed.pop(name, None)
        return state

    def _listed_by(self) -> "Listing[State] | None":
        """What finds the functions; ``None`` for a registry of no package."""
        scope: Any = self._scope
        if scope.package and self._listing is None:
            from regcache_core.discovery import Listing

            from .caching import FunctionAdapter, LibraryAdapter

            adapter = LibraryAdapter if self._is_scanned() else FunctionAdapter
            vars(self).setdefault("_listing", Listing(adapter(self, scope)))
        return self._listing

    def _recheck(self, name: "Any") -> bool:
        listing = self._listed_by()
        return listing is not None and isinstance(name, str) and listing.recheck()

    def _is_searching(self) -> bool:
        """Whether this thread is in the middle of a search."""
        return self._listing is not None and self._listing.is_discovering

    def _publish(
        self, records: "Mapping[str, Record]", extra: "dict[str, Any]", anew: bool = False
    ) -> State:
        """Make the state from what was found and what registered itself; first come, first kept."""
        with _LOCK:
            if self._state is not None and not anew:
                return self._state
            before, self._extra = self._extra, extra  # it tells rivals
            try:
                state = self._combined(records)
            except Exception:  # a name is another's: all stays as it was
                self._extra = before
                raise
            self._found, self._state = records, state
            return state

    def _take_over(self, records: "Mapping[str, Record]", extra: "dict[str, Any]") -> State:
        """Make the state anew; functions that are loaded already stay as they are."""
        with _LOCK:
            old, found = self._state, self._found
            state = self._publish(records, extra, anew=True)
            for name, value in list(old.values.items()) if old is not None else ():
                if name in records and _alone(records[name]) == _alone(found.get(name, {})):
                    state.values.setdefault(name, value)
            return state

    def _combined(self, records: "Mapping[str, Record]") -> State:
        """Records that were found, with what registered itself."""
        library = self._scope.package if self._is_scanned() else ""
        state = State(dict(records), {}, library)
        self._contests = {}
        for registration in self._snapshot():
            name = self._listed_as(state, registration, self._registered.is_rival(registration))
            if name is not None and not self._has_failed(registration):
                self._show(state, registration, name)
        return state

    def _has_failed(self, registration: Registration) -> bool:
        """Whether a module registers it that is known to fail, though others go on."""
        if not self._extra["failures"]:
            return False
        from regcache_core.discovery import has_failed

        return has_failed(registration.module, self._extra["failures"])

    # How a function is loaded.

    def _load(self, name: str, record: "Record") -> "Function":
        self._check_clash(name, record)
        value = self._import(name, record)
        if value is None:  # the module does not hold what the cache says, though it is unchanged
            listing: Any = self._listed_by()
            listing.refute(name)
            state = self._opened()
            value, found = state.values.get(name), state.records.get(name)
            if value is None and found:  # one that no import registers
                value = self._import(name, found)
        if value is None:
            raise self._unknown(name)
        return self._opened().values.setdefault(name, value)

    def _import(self, name: str, record: "Record") -> "Any":
        """Import the module of a function; gives the function, or ``None`` if it is not there.

        Or not when its module is imported by itself.

        Raises:
            FunctionImportError: The import failed.
        """
        listing: Any = self._listed_by()
        registered = self._registered_as(name, record)
        module: str = registered.module if registered is not None else record["module"]
        if registered is None and not listing.may_import(module, record.get("entry")):
            return None  # a file may say what it likes

        def find() -> "Any":
            if registered is None:
                __import__(module)
            return self._find(name, record)

        def failed() -> Exception:
            from .errors import FunctionImportError

            return FunctionImportError(self.name, name, module)

        if listing is not None:
            return listing.load(module, find, failed)
        try:
            return find()
        except Exception as error:  # foreign code may raise anything
            raise failed() from error

    def _registered_as(self, name: str, record: "Record") -> "Registration | None":
        """The function that is registered in this process and listed under a name."""
        found, claimed = self._registered.get(name), record.get("claimed", name)
        if found is not None and (not record or found.is_recorded(record)) and "over" not in record:
            return found
        if found is None and claimed == name and "over" not in record:
            return None
        for each in self._snapshot():
            is_meant = each.name == claimed and each.place not in record.get("over", ())
            if is_meant and (not record or each.is_recorded(record)):
                return each
        return None

    def _find(self, name: str, record: "Record") -> "Any":
        registered = self._registered_as(name, record)
        if registered is not None:
            return resolve_method(registered.value)
        if not self._is_scanned() and "entry" not in record:
            return None
        from regcache_core.discovery import load_object

        found = load_object(record["module"], record.get("entry") or record["qualname"])
        return found if callable(found) else None

    def _is_in_making(self, name: str) -> bool:
        state = self._opened()
        record = state.records.get(name)
        if not record or name in state.values or self._registered.get(name) is not None:
            return False
        module: str = record["module"]
        if module not in sys.modules:  # most are not imported
            return False
        from regcache_core.discovery import is_initializing, modules_in_execution

        return is_initializing(module) and any(modules_in_execution(module.__eq__))

    def _is_scanned(self) -> bool:
        """Whether it lists a library that knows nothing of it."""
        return isinstance(self._scope, LibraryScope)

    def _reasons(self, name: object) -> "tuple[str, list[str]]":
        from regcache_core.discovery import is_item

        failed = [each for each in self._extra["failures"] if not is_item(each)]
        return self._extra["rejected"].get(str(name), ""), failed


def _alone(record: "Record") -> "Record":
    """A record without those that claim its name in vain: what is loaded stays whoever comes."""
    return {field: value for field, value in record.items() if field != "over"}


#: What is known beside the records before anything was searched.
_NOTHING: "dict[str, Any]" = {
    "failures": {},
    "rejected": {},
    "skipped": {},
    "owner": {"distribution": "", "version": ""},
}

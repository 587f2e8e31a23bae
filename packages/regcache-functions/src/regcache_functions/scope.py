"""What one registry lists: a package of decorated functions, or a library that is scanned."""

import sys
from time import time_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from typing import Any

    from regcache_core import Dependency, Input
    from regcache_core.discovery import Cache, Discovered

    from .registry import FunctionRegistry
    from .trials import Trial


class Scope:
    """The package or library, and the options, of one registry.

    Args:
        package: The package (or plain module) whose functions are listed.
        facts: Class of the facts of each function; ``None`` for plain JSON values.
        strict: Raise if a module fails to import.
        depends_on: What the answer is declared to depend on.

    Raises:
        ConfigError: ``depends_on`` is no list of dependencies (a ``ValueError``).
    """

    def __init__(
        self,
        package: str,
        facts: "type | None",
        strict: bool,
        depends_on: "Collection[Dependency]" = (),
    ) -> None:
        self.package = package
        self.facts = facts
        self.strict = strict
        self.depends_on = depends_on
        if depends_on != ():
            from regcache_core.discovery import as_dependencies

            self.depends_on = as_dependencies(depends_on)
        self.created_ns = time_ns()

    @property
    def application(self) -> str:
        """The top-level package that the functions belong to."""
        return self.package.partition(".")[0]

    #: What to do where nothing is found.
    advice = "a module must call the registry's own register()"
    #: The group of entry points whose functions are listed too; empty for none.
    entry_points = ""

    def contains(self, module: str) -> bool:
        """Whether a module lies in the package: no other may be imported for a cache file."""
        return f"{module}.".startswith(f"{self.package}.")  # a plugin may have made it no text

    def places(self) -> "list[str]":
        """The folders of the package, or the file of a plain module; nothing is imported.

        Raises:
            ScanError: There is no such package.
        """
        from regcache_core.discovery import find_sources

        try:
            return find_sources(self.package)
        except ModuleNotFoundError:
            from .errors import ScanError

            problem = "there is no such package; is it installed, is it misspelt?"
            raise ScanError(self.package, problem) from None

    def version(self) -> str:
        """The version that the answer belongs to, beside those of its inputs."""
        return ""

    @property
    def is_identified(self) -> bool:
        """Whether text can tell the registry from others."""
        return True

    def parts(self) -> "list[Any]":
        """What decides the answer besides the package: the class of the facts, and functions."""
        return [self.facts]

    def source_modules(self) -> "list[str]":
        """The modules that define these, and the bases of these, but for Python's own."""
        from regcache_core.discovery import source_modules

        return source_modules(self.parts())

    def source_files(self) -> "list[str]":
        """The files of these modules."""
        from regcache_core.discovery import file_of

        return sorted({*filter(None, map(file_of, self.source_modules()))})

    def settings(self) -> "dict[str, Any]":
        """The registry's own set-up, as JSON values: one of the inputs of its answer."""
        from regcache_core.discovery import name_of

        return {"package": self.package, "strict": self.strict, "facts": name_of(self.facts)}

    def cache_name(self, name: str) -> str:
        """What tells the registry's cache from that of every other registry."""
        return f"{name} functions of {self.package}"

    if TYPE_CHECKING:  # what each kind of scope says

        def inputs(self) -> list[Input]:
            """What the answer depends on beside the settings and the import path."""
            raise NotImplementedError

        def find(self, registry: FunctionRegistry[Any], cache: Cache) -> Discovered:
            """Find the functions by importing what they lie in: the cold path."""
            raise NotImplementedError


class PackageScope(Scope):
    """A package whose modules register their functions.

    Args:
        package: Name of the package.
        declared: Where the registry is made, as ``module:line``.
        entry_points: Group of entry points whose functions are listed too.
    """

    def __init__(
        self,
        package: str,
        facts: "type | None",
        strict: bool,
        declared: str,
        depends_on: "Collection[Dependency]" = (),
        entry_points: "str | None" = None,
    ) -> None:
        super().__init__(package, facts, strict, depends_on)
        self.declared = declared
        self.entry_points = entry_points or ""

    def version(self) -> str:
        """``__version__`` of the application, if it is imported; read without running code."""
        root = sys.modules.get(self.application)
        return str(vars(root).get("__version__", "")) if root else ""

    def settings(self) -> "dict[str, Any]":
        """The set-up; two registries of one name over one package differ in where they are made."""
        more = {"declared": self.declared, "entry_points": self.entry_points}
        return {**super().settings(), **more}

    def inputs(self) -> "list[Input]":
        """The package's sources, and the files of the facts."""
        from regcache_core import PYTHON_SUFFIXES, SourceTree

        return [SourceTree([*self.places(), *self.source_files()], PYTHON_SUFFIXES)]

    def find(self, registry: "FunctionRegistry[Any]", cache: "Cache") -> "Discovered":
        """Import the modules of the package, and describe what has registered itself then."""
        from ._cold.discovery import discover

        return discover(self, registry, cache)


class LibraryScope(Scope):
    """A library that knows nothing of registries.

    Args:
        library: Name of the package or module.
        modules: Modules in it that are searched; empty for the library itself.
        recursive: Whether the modules below these are searched.
        include: Patterns of what counts; empty for everything.
        exclude: Patterns of what does not.
        predicate: Which functions count.
        public: ``"__all__"`` or ``"names"``.
        trial: The probe and how it is run; ``None`` without one.
    """

    advice = 'public="names" finds what stands in no __all__'

    def __init__(
        self,
        library: str,
        *,
        modules: "Iterable[str]" = (),
        recursive: bool,
        include: "Iterable[str]" = (),
        exclude: "Iterable[str]" = (),
        predicate: "Callable[[Any], bool] | None" = None,
        public: str = "__all__",
        trial: "Trial | None" = None,
        facts: "type | None" = None,
        strict: bool = False,
        depends_on: "Collection[Dependency]" = (),
    ) -> None:
        super().__init__(library, facts, strict, depends_on)
        self.modules = tuple(modules)
        self.recursive = recursive
        self.include = tuple(include)
        self.exclude = tuple(exclude)
        self.predicate = predicate
        self.public = public
        self.trial = trial
        self._is_identified: bool | None = None

    @property
    def roots(self) -> "list[str]":
        """Full names of the modules that the search begins with."""
        package = self.package
        names = [each if self.contains(each) else f"{package}.{each}" for each in self.modules]
        return names or [package]

    @property
    def is_identified(self) -> bool:
        """Whether the predicate and the probe hold nothing that has no lasting text."""
        if self._is_identified is None:
            from regcache_core.discovery import is_anonymous, name_of

            named = map(name_of, self._functions())
            self._is_identified = not any(map(is_anonymous, named))
        return self._is_identified

    def _functions(self) -> "list[Any]":
        return [self.predicate, self.trial and self.trial.probe]

    def parts(self) -> "list[Any]":
        """Also the predicate and the probe."""
        return [self.facts, *self._functions()]

    def settings(self) -> "dict[str, Any]":
        """The set-up, the probe's declared version and what bounds it too."""
        from regcache_core.discovery import name_of

        predicate, probe = map(name_of, self._functions())
        return {
            **super().settings(),
            "modules": list(self.modules),
            "recursive": self.recursive,
            "include": list(self.include),
            "exclude": list(self.exclude),
            "predicate": predicate,
            "public": self.public,
            "probe": probe,
            "probe_version": self.trial.version if self.trial else "",
            "bounds": [self.trial.timeout, self.trial.memory] if self.trial else [],
        }

    def cache_name(self, name: str) -> str:
        """As for packages; scans with other settings do not evict each other."""
        from regcache_core.discovery import fingerprint

        settings = {**self.settings(), "probe_version": "", "bounds": []}
        return f"{super().cache_name(name)} {fingerprint(sorted(settings.items(), key=str))}"

    def inputs(self) -> "list[Input]":
        """The library's distribution or sources, and the files of what decides about it."""
        from regcache_core import PYTHON_SUFFIXES, SourceTree

        from .caching import LibraryFiles

        library = LibraryFiles(self.package, self.places())
        return [SourceTree(self.source_files(), PYTHON_SUFFIXES), library]

    def find(self, registry: "FunctionRegistry[Any]", cache: "Cache") -> "Discovered":
        """Import the modules, collect what they publish, try it."""
        from ._cold.scan import scan

        return scan(self, registry.name, cache.import_path, cache.elsewhere)

    def arguments(self) -> "dict[str, Any]":
        """The arguments of ``FunctionRegistry.scan`` that make this scope again elsewhere."""
        trial = self.trial
        probing = {"timeout": trial.timeout, "memory": trial.memory} if trial else {}
        return {
            "library": self.package,
            "modules": self.modules,
            "recursive": self.recursive,
            "include": self.include,
            "exclude": self.exclude,
            "predicate": self.predicate,
            "public": self.public,
            "probe": trial and trial.probe,
            "probe_version": trial.version if trial else "",
            "facts": self.facts,
            "strict": self.strict,
            "depends_on": self.depends_on,
            **probing,
        }

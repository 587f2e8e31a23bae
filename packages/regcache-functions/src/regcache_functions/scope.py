"""What one registry lists: a package of decorated functions, or a library that is scanned.

Made where the registry is; what follows from it, once the registry is used, is in ``caching``.
"""

from time import time_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from typing import Any

    from regcache_core import Dependency

    from .trials import Trial


class Scope:
    """The package, and the options, of one registry.

    Args:
        declared: Where the registry is made, as ``module:line``; the others are those of
            ``FunctionRegistry``.

    Raises:
        ConfigError: ``depends_on`` is no list of dependencies (a ``ValueError``).
    """

    def __init__(
        self,
        package: str,
        facts: "type | None",
        strict: bool,
        depends_on: "Collection[Dependency]" = (),
        entry_points: "str | None" = None,
        declared: str = "",
    ) -> None:
        self.package = package
        self.facts = facts
        self.strict = strict
        self.depends_on = depends_on
        if depends_on != ():
            from regcache_core.discovery import as_dependencies

            self.depends_on = as_dependencies(depends_on)
        self.entry_points = entry_points or ""
        self.declared = declared
        self.created_ns = time_ns()

    def contains(self, module: str) -> bool:
        """As ``Adapter.contains``, before there is one: core is not needed to register."""
        return f"{module}.".startswith(f"{self.package}.")  # a plugin may have made it no text


class LibraryScope(Scope):
    """A library that knows nothing of registries.

    The arguments are those of ``FunctionRegistry.scan``; ``trial`` is the probe and how it is run.
    """

    def __init__(
        self,
        library: str,
        *,
        modules: "Iterable[str]",
        recursive: bool,
        include: "Iterable[str]",
        exclude: "Iterable[str]",
        predicate: "Callable[[Any], bool] | None",
        public: str,
        trial: "Trial | None",
        facts: "type | None",
        strict: bool,
        depends_on: "Collection[Dependency]",
    ) -> None:
        super().__init__(library, facts, strict, depends_on)
        self.modules = tuple(modules)
        self.recursive = recursive
        self.include = tuple(include)
        self.exclude = tuple(exclude)
        self.predicate = predicate
        self.public = public
        self.trial = trial

    @property
    def roots(self) -> "list[str]":
        """Full names of the modules that the search begins with."""
        package = self.package
        names = [each if self.contains(each) else f"{package}.{each}" for each in self.modules]
        return names or [package]

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

"""What one registry lists: a package of decorated functions, or a library that is scanned.

Made where the registry is; what follows from it, once the registry is used, is in ``caching``.
"""

from time import time_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
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

    Args:
        trial: The probe and how it is run; ``None`` without one.
        arguments: Those of ``FunctionRegistry.scan`` that make this scope again elsewhere.
    """

    def __init__(self, trial: "Trial | None", arguments: "dict[str, Any]") -> None:
        given = arguments
        super().__init__(given["library"], given["facts"], given["strict"], given["depends_on"])
        self.trial = trial
        self.arguments = arguments
        self.modules: tuple[str, ...] = given["modules"]
        self.recursive: bool = given["recursive"]
        self.include: tuple[str, ...] = given["include"]
        self.exclude: tuple[str, ...] = given["exclude"]
        self.predicate: Callable[[Any], bool] | None = given["predicate"]
        self.public: str = given["public"]

    @property
    def roots(self) -> "list[str]":
        """Full names of the modules that the search begins with."""
        package = self.package
        names = [each if self.contains(each) else f"{package}.{each}" for each in self.modules]
        return names or [package]

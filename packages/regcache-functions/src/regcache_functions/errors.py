"""Every error and warning of regcache-functions; all derive from core's ``RegcacheError``."""

from __future__ import annotations

from regcache_core import RegcacheError
from regcache_core.discovery import DuplicateItemError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .functions import State
    from .registration import Registration
    from .registry import FunctionRegistry


class DuplicateFunctionError(DuplicateItemError):
    """Two different functions claim one name (or alias) of a registry.

    Attributes:
        registry: Name of the registry.
        name: The name that both claim.
        first: The function that holds the name, with its module.
        second: The function that claims it too, with its module.
    """

    def __init__(self, registry: str, name: str, first: str, second: str) -> None:
        super().__init__(registry, name, first, second)
        self.name = name

    def __str__(self) -> str:
        return (
            f"{self.registry}: {self.name!r} is held by {self.first} and claimed by "
            f"{self.second}. Register one of them under another name, uninstall one, or say what "
            "is to be done (on_duplicate=)."
        )


class UnnamedFunctionError(RegcacheError, TypeError):
    """A callable without a name of its own (a partial, an object) was registered without one.

    Attributes:
        registry: Name of the registry.
        function: The callable, as text.
    """

    def __init__(self, registry: str, function: str) -> None:
        super().__init__(registry, function)
        self.registry = registry
        self.function = function

    def __str__(self) -> str:
        return (
            f"{self.registry}: {self.function} has no name of its own. Say what it is called: "
            'registry.register("name")(callable).'
        )


class UnknownFunctionError(RegcacheError, KeyError):
    """A registry has no such function.

    Attributes:
        registry: Name of the registry.
        name: The name that was asked for.
        close: Names that look like it, or the full names where several functions have it.
        rejected: Why a function of this name was found but not accepted; empty if none was.
        failed: Modules that could not be imported and might have held it.
    """

    def __init__(
        self,
        registry: str,
        name: object,
        close: Iterable[str],
        rejected: str,
        failed: Iterable[str],
    ) -> None:
        super().__init__(name)
        self.registry = registry
        self.name = name
        self.close = tuple(close)
        self.rejected = rejected
        self.failed = tuple(failed)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.registry, self.name, self.close, self.rejected, self.failed)

    def __str__(self) -> str:
        text = f"{self.registry} has no function {self.name!r}."
        if self.rejected:
            text += f" One was found and rejected: {self.rejected}."
        if self.close:
            text += f" Did you mean {' or '.join(map(repr, self.close))}?"
        if self.failed:
            text += f" These modules failed to import (see .failures): {', '.join(self.failed)}."
        return text


class FunctionImportError(RegcacheError, ImportError):
    """A listed function cannot be imported now; the cause is chained.

    Attributes:
        registry: Name of the registry.
        function: Name of the function in the registry.
        name: The module.
    """

    def __init__(self, registry: str, function: str, module: str) -> None:
        super().__init__(registry, function, module, name=module)
        self.registry = registry
        self.function = function

    def __str__(self) -> str:
        return (
            f"{self.registry}: {self.function!r} is listed, but its module {self.name} fails to "
            f"give it: {self.__cause__!r}. Mend the module, or call refresh() to list without it."
        )


class ScanError(RegcacheError, ImportError):
    """Functions cannot be found: a package or module is missing, or failed in strict mode.

    Attributes:
        name: The package or module.
        problem: What happened to it.
    """

    def __init__(self, module: str, problem: str) -> None:
        super().__init__(module, problem, name=module)
        self.problem = problem

    def __str__(self) -> str:
        return f"cannot look for functions in {self.name}: {self.problem}"


class TrialError(RegcacheError, RuntimeError):
    """The trial of a library could not be run at all; the cause is chained.

    Attributes:
        registry: Name of the registry.
        problem: What happened, and what to do.
    """

    def __init__(self, registry: str, problem: str) -> None:
        super().__init__(registry, problem)
        self.registry = registry
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.registry}: the trial cannot be run: {self.problem}"


class FactsError(RegcacheError, TypeError):
    """The facts of a function do not fit the class that its registry declares for them.

    Attributes:
        registry: Name of the registry.
        name: Name of the function.
        problem: Which fact, and what is wrong with it.
    """

    def __init__(self, registry: str, name: str, problem: str) -> None:
        super().__init__(registry, name, problem)
        self.registry = registry
        self.name = name
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.registry}: the facts of {self.name!r} do not fit: {self.problem}"


class Reject(Exception):  # noqa: N818 - no error: it says that a function is not to be listed
    """Raised by a probe: this function is not to be listed, and this is why."""


class ScanWarning(UserWarning):
    """A module failed to import, or a search found nothing: functions are missing."""


def contest(registry: FunctionRegistry[Any], state: State, name: str, new: Registration) -> None:
    """Let a name raise when it is looked up that a function of this process and another have.

    Args:
        registry: The registry.
        state: What is known; its record of the name is replaced.
        name: The name.
        new: The function of this process.
    """
    from regcache_core.discovery import duplicate

    record = state.records[name]
    holder = f"{record['module']}:{record['qualname']}"
    group = registry._scope.entry_points
    error = duplicate(DuplicateFunctionError, registry.name, name, holder, new.place, group)
    registry._contests[new.place] = [f"{type(error).__name__}: {error}", ""]
    state.records[name] = {**record, "over": [*record.get("over", ()), new.place]}

"""Functions of installed distributions, merged with those of the package: the cold path."""

from __future__ import annotations

import sys

from regcache_core.discovery import attribute_of, load_entry_point, module_of

from ..errors import DuplicateFunctionError
from ..registration import Registration, make_facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from ..registry import FunctionRegistry
    from ..scope import PackageScope


class InstalledFunctions:
    """The functions that entry points name.

    Args:
        scope: What the registry lists.
        registry: The registry, with which functions register themselves when they are imported.

    Attributes:
        modules: Each module that was imported, and what its import registered.
        found: Functions that no import registers, by the names of their entry points.
        attributes: By the same names: what each entry point names in its module.
    """

    def __init__(self, scope: PackageScope, registry: FunctionRegistry[Any]) -> None:
        self._scope = scope
        self._registry = registry
        self.modules: list[tuple[ModuleType, list[Registration]]] = []
        self.found: dict[str, Registration] = {}
        self.attributes: dict[str, str] = {}

    def load(self, name: str, value: str) -> None:
        """Import one; where that fails, nothing of it is registered.

        Raises:
            DuplicateFunctionError: Two functions have the same name.
            Exception: Whatever the import raises.
        """
        before = {*self._registry._snapshot()}
        try:
            found = load_entry_point(value)
            if attribute_of(value):
                self._keep(name, value, found)
        except BaseException:  # foreign code may raise anything
            self._registry._forget(lambda each: each not in before)
            raise
        new = [each for each in self._registry._snapshot() if each not in before]
        self.modules.append((sys.modules[module_of(value)], new))

    def _keep(self, name: str, value: str, function: Any) -> None:
        """Keep a function that nothing has registered, under the entry point's name.

        Raises:
            TypeError: It is no function.
            DuplicateFunctionError: Another function has the name.
            FactsError: The registry's class of facts needs some.
        """
        if not callable(function):
            raise TypeError(f"{function!r} cannot be called, so it is no function")
        registered = self._registry._snapshot()
        if any(each.value is function for each in registered):
            return
        facts = make_facts(self._scope.facts, self._registry.name, name, {})
        new = Registration(function, name, (), (), None, facts, (module_of(value), 0, None))
        held = next((each for each in registered if name in (each.name, *each.aliases)), None)
        held = held or self.found.get(name)
        if held is not None and held.value is not function:
            raise DuplicateFunctionError(self._registry.name, name, str(held), str(new))
        self.found[name] = new
        self.attributes[name] = attribute_of(value)

"""Functions of installed distributions, merged with those of the package: the cold path."""

from __future__ import annotations

import sys
from types import ModuleType

from regcache_core.discovery import (
    Failures,
    FoundFiles,
    ImportPath,
    attribute_of,
    load_entry_point,
    module_of,
    reraise_exit,
    sources_of,
)

from ..errors import DuplicateFunctionError, ScanError
from ..registration import Registration, make_facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..registry import FunctionRegistry
    from ..scope import PackageScope


class InstalledFunctions:
    """The entry points of a registry, loaded one by one; one that fails costs only itself.

    Args:
        scope: What the registry lists.
        registry: The registry, with which functions register themselves when they are imported.
        failures: Is told of those that fail, under their text, ``name = value``.
        import_path: Knows the entry points.
        elsewhere: Is told of the source files.

    Attributes:
        modules: Each module that was imported, and what its import registered.
        found: Functions that no import registers, by the names of their entry points.
        attributes: By the same names: what each entry point names in its module.

    Raises:
        DuplicateFunctionError: Two functions have the same name.
        ScanError: An entry point failed, and the registry is strict.
    """

    def __init__(
        self,
        scope: PackageScope,
        registry: FunctionRegistry[Any],
        failures: Failures,
        import_path: ImportPath,
        elsewhere: FoundFiles,
    ) -> None:
        self._scope = scope
        self._registry = registry
        self._failures = failures
        self.modules: list[tuple[ModuleType, list[Registration]]] = []
        self.found: dict[str, Registration] = {}
        self.attributes: dict[str, str] = {}
        installed = import_path.entry_points_now()
        failures.texts.update(installed["broken"])
        for name, value, *origin in installed["points"]:
            self._load(name, value, " ".join(filter(None, origin)))
            elsewhere.add(sources_of(module_of(value)))

    def _load(self, name: str, value: str, origin: str) -> None:
        before = {*self._registry._snapshot()}
        try:
            found = load_entry_point(value)
            if attribute_of(value):
                self._keep(name, value, found)
        except DuplicateFunctionError:  # no broken module, but a broken registry
            raise
        except BaseException as error:  # foreign code may raise anything
            reraise_exit(module_of(value), error)
            self._fail(f"{name} = {value}", error, origin)
            self._registry._forget(lambda each: each not in before)
            return
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

    def _fail(self, label: str, error: BaseException, origin: str) -> None:
        if self._scope.strict:
            raise ScanError(label, f"{type(error).__name__}: {error}") from error
        self._failures.add(label, error)
        self._failures.texts[label][0] += f" (installed by {origin})"

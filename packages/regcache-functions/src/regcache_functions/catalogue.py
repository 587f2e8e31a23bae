"""Several registries of functions as one mapping: ``Catalogue``."""

from .functions import Functions, State
from .registration import check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .functions import Function, Record
    from .metadata import FunctionMetadata
    from .registry import FunctionRegistry

#: What stands between the name of a registry and that of a function in it.
SEPARATOR = ":"


class Catalogue(Functions["Any"]):
    """The functions of several registries, each under ``registry:function``.

    Each registry keeps its own cache; opening the catalogue opens all. A function's name alone is
    enough where only one registry has it.

    Args:
        registries: The registries; their names must differ.
        name: What the catalogue is called in messages.

    Raises:
        ConfigError: Two registries have one name, a name holds a colon, or an argument is of the
            wrong kind (a ``ValueError``).

    >>> from regcache_functions import FunctionRegistry
    >>> catalogue = Catalogue([FunctionRegistry.scan("math"), FunctionRegistry.scan("statistics")])
    >>> catalogue["math:hypot"](3, 4)
    5.0
    """

    def __init__(
        self, registries: "Iterable[FunctionRegistry[Any]]", name: str = "catalogue"
    ) -> None:
        from .registry import FunctionRegistry

        check("name", name, isinstance(name, str) and name != "", "a non-empty string")
        given: Any = registries.name if isinstance(registries, Functions) else registries
        is_list = hasattr(given, "__iter__") and not isinstance(given, str)
        members: list[Any] = [*given] if is_list else [None]
        are_registries = all(isinstance(each, FunctionRegistry) for each in members)
        check("registries", given, are_registries, "a list of FunctionRegistry objects")
        self._name = name
        self._members: dict[str, FunctionRegistry[Any]] = {}
        self._seen: list[tuple[State, object]] = []
        self._state: State | None = None
        for registry in members:
            is_new = registry.name not in self._members and SEPARATOR not in registry.name
            expected = f"registries of different names without {SEPARATOR!r} (name=)"
            check("registries", registry.name, is_new, expected)
            self._members[registry.name] = registry

    def __reduce__(self) -> "tuple[Any, ...]":
        return type(self), (tuple(self._members.values()), self._name)

    @property
    def name(self) -> str:
        """What the catalogue is called in messages."""
        return self._name

    @property
    def registries(self) -> "tuple[FunctionRegistry[Any], ...]":
        """The registries that it is made of."""
        return tuple(self._members.values())

    @property
    def conflicts(self) -> "dict[str, list[str]]":
        """Names that several registries have: name -> its keys here. Imports nothing."""
        keys: dict[str, list[str]] = {}
        for key in self:
            keys.setdefault(key.partition(SEPARATOR)[2], []).append(key)
        return {name: each for name, each in keys.items() if len(each) > 1}

    def _known(self, name: str) -> "FunctionMetadata[Any]":
        registry, _, own = name.partition(SEPARATOR)
        return self._members[registry]._known(own)._called(name, self.__getitem__)

    def _check_clash(self, name: str, record: "Record") -> None:
        registry, _, own = name.partition(SEPARATOR)
        self._members[registry]._check_clash(own, record)

    def _opened(self) -> State:
        states = [each._described() for each in self._members.values()]
        seen = [(state, state.changes) for state in states]
        if self._state is None or seen != self._seen:
            records = {
                f"{registry}{SEPARATOR}{name}": record
                for registry, state in zip(self._members, states, strict=True)
                for name, record in state.described().items()
            }
            self._state, self._seen = State(records, {}), seen
        return self._state

    def _recheck(self, name: "Any") -> bool:
        registry, found, own = str(name).partition(SEPARATOR)
        if found and registry in self._members:
            return self._members[registry]._recheck(own)
        changed = [each._recheck(name) for each in self._members.values()]
        return any(changed)

    def _load(self, name: str, record: "Record") -> "Function":
        registry, _, own = name.partition(SEPARATOR)
        return self._members[registry][own]

    def _named(self, name: "Any") -> "list[str]":
        """The keys that a name may mean; each registry knows its own aliases and places."""
        if name in self._opened().records:
            return [str(name)]
        registry, found, own = str(name).partition(SEPARATOR)
        if found and registry in self._members:
            return [f"{registry}{SEPARATOR}{each}" for each in self._members[registry]._named(own)]
        members = self._members.values()
        return [f"{it.name}{SEPARATOR}{each}" for it in members for each in it._named(name)]

    def _reasons(self, name: object) -> "tuple[str, list[str]]":
        registry, found, own = str(name).partition(SEPARATOR)
        if found and registry in self._members:
            return self._members[registry]._reasons(own)
        return "", [module for each in self._members.values() for module in each.failures]

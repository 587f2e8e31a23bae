"""Functions by name, known before they are imported: ``Functions``.

The mapping, the facts and the queries that registries and catalogues share. Where the
records come from and how a function is loaded is left to sub-classes.
"""

from _collections_abc import Mapping  # as collections.abc has it, without the cost of its package

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, Generic, TypeVar

    from regcache_core.discovery import Questions, Subject

    from .metadata import FunctionMetadata
    from .registration import Registration

    F = TypeVar("F")
    Function = Callable[..., Any]
    Record = dict[str, Any]

    class _Functions(
        Questions[str, Function, FunctionMetadata[F]], Mapping[str, Function], Generic[F]
    ): ...
else:
    F = object  # for the base classes below; parameters are never looked at here

    class _Functions(Mapping):
        """The base class at run time, without importing ``typing``."""

        __slots__ = ()


class _Asked:
    """A method of core's ``Questions``, which are imported when somebody asks."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: "Any", owner: type) -> "Any":
        from regcache_core.discovery import Questions

        return vars(Questions)[self._name].__get__(instance, owner)


class State:
    """What is known of some functions; made whole, published by one assignment.

    Attributes:
        records: Name -> record, in order.
        values: Name -> function, for those that are loaded.
        library: The library that they are found in; empty for functions that are registered.
        undescribed: Name -> registration, of functions whose record has still to be made.
        changes: Another object whenever records were added or replaced.
    """

    def __init__(
        self, records: "dict[str, Record]", values: "dict[str, Function]", library: str = ""
    ) -> None:
        self.records = records
        self.values = values
        self.library = library
        self.undescribed: dict[str, Registration] = {}
        self.changes = object()
        # What is derived from the records, each with the ``changes`` that it was made at.
        self._aliases: tuple[object, dict[str, list[str]]] | None = None

    def described(self) -> "dict[str, Record]":
        """Names and records, but for names that have only been registered until now.

        A copy, for other threads may register more meanwhile.
        """
        records = dict(self.records)
        if all(records.values()):
            return records
        return {name: record for name, record in records.items() if record}

    def named(self, alias: str) -> "list[str]":
        """The functions that have another name ``alias``, or lie at this place in a library."""
        aliases = self._aliases
        if aliases is None or aliases[0] is not self.changes:
            changes = self.changes
            found: dict[str, list[str]] = {}
            for name, record in self.described().items():
                for each in {*record.get("aliases", ()), *self._places_of(record)}:
                    found.setdefault(each, []).append(name)
            aliases = self._aliases = changes, found
        return aliases[1].get(alias, [])

    def _places_of(self, record: "Record") -> "Iterator[str]":
        """Everywhere that a function is public, with and without the library's name."""
        prefix, place = f"{self.library}.", f"{record['module']}.{record['qualname']}"
        yield place
        yield place.removeprefix(prefix)
        # Of a scan's aliases the places come first, and of these the ones in the library itself;
        # behind them a name without a dot is one that is used somewhere below.
        is_place = record["module"] == self.library
        for alias in record.get("aliases", ()) if self.library else ():
            is_place = is_place and "." not in alias
            if is_place or "." in alias:
                yield f"{prefix}{alias}"


class Functions(_Functions[F]):
    """A read-only mapping of names to functions, which are imported when they are asked for.

    ``len``, ``in``, iteration, ``info``, ``list``, ``query``, ``search`` and ``repr`` import no
    function; ``functions[name]`` imports the one module that has it, and takes aliases too.
    ``query`` takes ``tag=`` (one that they have), ``contract=`` and ``parameter=`` (the name of
    one), too.
    """

    __slots__ = ("__weakref__",)

    if not TYPE_CHECKING:  # pragma: no branch - it is False whenever this runs
        list, query, search, to_json = _Asked(), _Asked(), _Asked(), _Asked()
        to_dataframe, __repr__, _repr_html_ = _Asked(), _Asked(), _Asked()

    _facts_type: "Any" = None

    if TYPE_CHECKING:
        _state: State | None

    # What a sub-class says.

    @property
    def name(self) -> str:
        """What the functions are called in messages."""
        raise NotImplementedError

    def _opened(self) -> State:
        """What is known, found out on first use."""
        raise NotImplementedError

    def _described(self) -> State:
        """As ``_opened``, with a record of every function; some may have only a name until now."""
        return self._opened()

    def _load(self, name: str, record: "Record") -> "Function":
        """Import one function."""
        raise NotImplementedError

    def _is_searching(self) -> bool:
        """Whether this thread is finding functions: then it sees what is there so far."""
        return False

    def _is_in_making(self, name: str) -> bool:
        """Whether this thread is importing a function, so that it is not there yet."""
        return False

    def info(self, name: str) -> "FunctionMetadata[F]":
        """What is known of one function; imports nothing of it.

        Args:
            name: Its name, or an alias.

        Raises:
            UnknownFunctionError: There is no such function (a ``KeyError``).
            DuplicateFunctionError: Several functions claim the name (a ``ValueError``).
            FactsError: Its stored facts do not fit the declared class (a ``TypeError``).
        """
        name = self._seek(name)
        self._check_clash(name, self._described().records[name])
        return self._known(name)

    def _known(self, name: str) -> "FunctionMetadata[F]":
        """What is known of a function, also of one whose name others claim."""
        raise NotImplementedError

    def _check_clash(self, name: str, record: "Record") -> None:
        """Refuse a name that several functions claim."""

    def _subject(self) -> "Subject[str, FunctionMetadata[F]]":
        from .questions import FunctionSubject

        return FunctionSubject(self)

    def _unknown(self, name: object, close: "Iterable[str]" = ()) -> KeyError:
        """The error for a name that is not here."""
        from regcache_core.discovery import close_keys

        from .errors import UnknownFunctionError

        close = close or close_keys(name, self)
        return UnknownFunctionError(self.name, name, close, *self._reasons(name))

    def _reasons(self, name: object) -> "tuple[str, list[str]]":
        """Why a name may be missing: what its trial said, and the modules that failed."""
        return "", []

    # The mapping.

    def __len__(self) -> int:
        return len(self._opened().records)

    def __iter__(self) -> "Iterator[str]":
        return iter([*self._opened().records])  # others may register more meanwhile

    if not TYPE_CHECKING:  # pragma: no branch - it is False whenever this runs

        def get(self, name, default=None):
            """The function, imported; ``default`` if there is no such function."""
            # The error that Mapping would catch is made with advice; most are never seen.
            return super().get(name, default) if name in self else default

    def __reversed__(self) -> "Iterator[str]":
        return reversed([*self._opened().records])

    def _ipython_key_completions_(self) -> "list[str]":
        return [*self]

    def __contains__(self, name: "Any") -> bool:
        names = self._named(name)
        return len(names) == 1 and not self._is_in_making(names[0])

    def _named(self, name: "Any") -> "list[str]":
        """The functions that a name or an alias may mean."""
        if not isinstance(name, str):
            return []
        return [name] if name in self._opened().records else self._described().named(name)

    def __getitem__(self, name: str) -> "Function":
        known = self._state
        value = None if known is None else known.values.get(name)
        if value is not None and not self._is_searching():
            return value
        name = self._seek(name)
        state = self._opened()
        value = state.values.get(name)
        return self._load(name, state.records[name]) if value is None else value

    def _seek(self, name: "Any") -> str:
        """As ``_resolve``; a name that is not known is looked for once more."""
        known = self._state
        try:
            return self._resolve(name)
        except KeyError as error:
            if known is None:
                raise
            unknown = error
        from regcache_core import RegcacheError

        try:
            changed = self._recheck(name)
        except RegcacheError as error:
            raise unknown from error
        if not changed:
            raise unknown
        return self._resolve(name)

    def _recheck(self, name: "Any") -> bool:
        """Look whether other functions would be found now; whether there are any."""
        return False

    def _resolve(self, name: "Any") -> str:
        """The name of a function from its name or an alias.

        Raises:
            UnknownFunctionError: There is none, or there are several.
        """
        found = self._named(name)
        if len(found) != 1:
            raise self._unknown(name, found)
        return found[0]

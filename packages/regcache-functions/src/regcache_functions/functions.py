"""Functions by name, known before they are imported: ``Functions`` and its ``Selection``.

The mapping, the facts and the queries that registries, selections and catalogues share. Where the
records come from and how a function is loaded is left to sub-classes.
"""

from _collections_abc import Mapping  # as collections.abc has it, without the cost of its package

from .registration import check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, Generic, TypeVar

    from .metadata import FunctionMetadata
    from .registration import Registration

    F = TypeVar("F")
    Function = Callable[..., Any]
    Record = dict[str, Any]

    class _Functions(Mapping[str, Function], Generic[F]): ...
else:
    F = object  # for the base classes below; parameters are never looked at here

    class _Functions(Mapping):
        """The base class at run time, without importing ``typing``."""

        __slots__ = ()


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
        self._haystack: tuple[object, Any] | None = None

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

    def haystack(self) -> "Any":
        """The texts that ``search`` looks in."""
        haystack = self._haystack
        if haystack is None or haystack[0] is not self.changes:
            from .searching import Haystack

            changes = self.changes
            haystack = self._haystack = changes, Haystack(self.described())
        return haystack[1]


class Functions(_Functions[F]):
    """A read-only mapping of names to functions, which are imported when they are asked for.

    ``len``, ``in``, iteration, ``info``, ``query``, ``search`` and ``repr`` import no function;
    ``functions[name]`` imports the one module that has it, and takes aliases too.
    """

    __slots__ = ("__weakref__",)

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
        raise NotImplementedError

    def _unknown(self, name: object, close: "Iterable[str]" = ()) -> KeyError:
        """The error for a name that is not here."""
        from difflib import get_close_matches

        from .errors import UnknownFunctionError

        names = [each for each in self if each != name]
        if isinstance(name, str) and not close:
            # Functions of one name in several modules are listed under their places.
            close = [each for each in names if each.endswith(f".{name}")]
            close = close or get_close_matches(name, names)
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
        if name not in self._opened().records:
            names = self._described().named(name) if isinstance(name, str) else []
            if len(names) != 1:
                return False
            name = names[0]
        return not self._is_in_making(name)

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
        state = self._opened()
        if isinstance(name, str):
            if name in state.records:
                return name
            found = self._described().named(name)
            if len(found) == 1:
                return found[0]
            raise self._unknown(name, found)
        raise self._unknown(name)

    # Questions.

    def query(
        self,
        *,
        tag: "str | None" = None,
        module: "str | None" = None,
        contract: "str | None" = None,
        parameter: "str | None" = None,
        text: "str | None" = None,
        where: "Callable[[FunctionMetadata[F]], bool] | None" = None,
    ) -> "Selection[F]":
        """The functions that fit all that is given; imports none of them.

        Args:
            tag: A tag that they have.
            module: The module that they are imported from or defined in, or a package above it.
            contract: Their contract.
            parameter: A parameter that they have, by name.
            text: Found in their name or their documentation's first line, in any case.
            where: Called with the metadata of those that fit the rest.

        Returns:
            A selection, in the order of this mapping; it can be asked further.

        Raises:
            ConfigError: An argument is of the wrong kind (a ``ValueError``).
        """
        from .searching import matches

        wanted = {"tag": tag, "module": module, "contract": contract}
        wanted |= {"parameter": parameter, "text": text}
        given = {question: value for question, value in wanted.items() if value is not None}
        for question, value in given.items():
            check(question, value, isinstance(value, str), "a text")
        check("where", where, where is None or callable(where), "a function of the metadata")
        records = self._described().described()
        names = [name for name, record in records.items() if matches(name, record, given)]
        if where is not None:
            names = [name for name in names if where(self.info(name))]
        return Selection(self, names)

    def search(self, text: str, limit: "int | None" = None) -> "Selection[F]":
        """The functions in which all words of ``text`` are found, the best first.

        A name counts most (equal, then its beginning, then any part of it), then aliases and tags,
        then the first line of the documentation; else they keep their order.

        Args:
            text: Words, in any case.
            limit: At most so many.

        Raises:
            ConfigError: An argument is of the wrong kind (a ``ValueError``).
        """
        check("text", text, isinstance(text, str), "a text")
        is_number = limit is None or (type(limit) is int and limit >= 0)
        check("limit", limit, is_number, "a number, 0 or more, or None")
        return Selection(self, self._described().haystack().search(text)[:limit])

    # Ways out.

    def to_json(self) -> str:
        """Everything that is known, as the text of a JSON array of objects."""
        from .display import to_json

        return to_json(self)

    def to_dataframe(self) -> "Any":
        """A ``pandas.DataFrame`` of everything that is known, one row for each function.

        Raises:
            ImportError: pandas is not installed.
        """
        from .display import to_dataframe

        return to_dataframe(self)

    def __repr__(self) -> str:
        from .display import to_text

        return to_text(self)

    def _repr_html_(self) -> str:
        from .display import to_html

        return to_html(self)


class Selection(Functions[F]):
    """Some functions of a registry or catalogue, as ``query`` and ``search`` give them.

    Args:
        source: Where they come from.
        names: Their names, in order.
    """

    __slots__ = ("_names", "_source", "_state")

    def __init__(self, source: "Functions[F]", names: "Iterable[str]") -> None:
        self._source = source
        self._names = tuple(names)
        self._state: State | None = None

    def __reduce__(self) -> "tuple[Any, ...]":
        return Selection, (self._source, self._names)

    @property
    def name(self) -> str:
        """What the functions are called in messages."""
        name = self._source.name
        return name if isinstance(self._source, Selection) else f"selection of {name}"

    def _opened(self) -> State:
        if self._state is None:
            state = self._source._described()
            records = {name: state.records[name] for name in self._names}
            self._state = State(records, {}, state.library)
        return self._state

    def _load(self, name: str, record: "Record") -> "Function":
        return self._source[name]

    def info(self, name: str) -> "FunctionMetadata[F]":
        """What is known of one function; imports nothing of it."""
        return self._source.info(self._resolve(name))

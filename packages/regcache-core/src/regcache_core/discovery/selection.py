"""What can be asked of a registry, and is answered from its records: ``Questions``, ``Selection``.

Imported when somebody asks: a start that lists or loads does without.
"""

from __future__ import annotations

from _collections_abc import Mapping  # as collections.abc has it, without the cost of its package

from .._file import check_argument

TYPE_CHECKING = False
if TYPE_CHECKING:
    import builtins
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from typing import Any, ClassVar, Generic, TypeVar

    K = TypeVar("K")
    V = TypeVar("V")
    Info = TypeVar("Info")
    Record = Mapping[str, Any]
    Question = Callable[[Any, Record, Any], bool]
else:
    K = V = Info = object  # for the base classes below; parameters are never looked at here

    class Generic:
        """``Questions[K, V, Info]`` at run time, without importing ``typing``."""

        __slots__ = ()
        __class_getitem__ = classmethod(type(list[int]))


#: How many items are shown before "and more": what fits on a screen.
SHOWN = 20
_WIDTH = 100
#: What stands between the fields of one item: no part of a word.
_FIELD = "\0"
_MISSING: Any = object()


class Subject(Generic[K, Info]):
    """What a registry tells of its items when it is asked; an adapter derives its own from it.

    Args:
        name: What the registry is called in messages.
        records: Key -> record, in order. Of its fields are asked for, where they are there: the
            modules ``module``, ``defined_in`` and ``via``; the texts ``aliases``, ``tags`` and
            ``doc``; and ``facts``, name -> JSON value.

    Attributes:
        noun: What an item is called in messages.
        fields: What JSON and tables have of an item: attributes of its ``info``.
        columns: Those that notebooks show.
        facts: Names of the declared facts; ``None`` if any may be asked for.
        questions: Further questions that take a text: name -> function of key, record and text.
    """

    noun = "item"
    fields: Sequence[str] = ()
    columns: Sequence[str] = ()
    facts: Collection[str] | None = None
    questions: ClassVar[Mapping[str, Question]] = {}

    def __init__(self, name: str, records: Mapping[K, Record]) -> None:
        self.name = name
        self.records = records

    def info(self, key: K) -> Info:
        """What is known of an item; its text and ``doc`` are shown."""
        raise NotImplementedError

    def named(self, alias: Any) -> builtins.list[K]:
        """The keys of the items that have another name."""
        return []

    def unknown(self, key: object, close: Iterable[Any]) -> KeyError:
        """The error for a key that is not there; ``close`` are those that might be meant."""
        return KeyError(key)

    def condition(self, name: str, value: Any) -> Callable[[K, Record], bool]:
        """What tells whether an item is an answer: to a question, or by the value of a fact.

        Raises:
            ConfigError: There is no such question or fact, or the value is of the wrong kind.
        """
        questions = {"module": _has_module, "text": _has_text, **self.questions}
        if name in questions:
            check_argument(name, value, isinstance(value, str), "a text")
            return lambda key, record: questions[name](key, record, value)
        from difflib import get_close_matches

        # Where no fact is declared, a misspelt question is told from a fact that nobody has.
        known = {*questions, "where", *(self.facts or ())}
        close = get_close_matches(name, known, cutoff=0.8 if self.facts is None else 0.6)
        is_fact = name in self.facts if self.facts is not None else not close
        expected = f"it as {' or '.join(close or sorted(known))}: {self.name} has no such fact"
        check_argument(name, value, is_fact, expected)
        wanted = _as_stored(name, value)
        return lambda key, record: _are_equal(record.get("facts", {}).get(name, _MISSING), wanted)

    def rows(self) -> builtins.list[dict[str, Any]]:
        """Everything that is known, with facts as they are stored: a row for each item."""
        return [
            {field: getattr(info, field) for field in self.fields}
            | {"facts": record.get("facts", {})}
            for key, record in self.records.items()
            for info in [self.info(key)]
        ]

    def shown(self, kind: str) -> tuple[str, builtins.list[Info], str]:
        """A heading, what is known of the first items, and how many more there are, in words."""
        count = len(self.records)
        heading = f"{kind} {self.name!r}: {count} {self.noun}{'s' * (count != 1)}"
        infos = [self.info(key) for key in [*self.records][:SHOWN]]
        return heading, infos, f"... and {count - SHOWN} more" if count > SHOWN else ""


class Questions(Generic[K, V, Info]):
    """Questions about the items of a registry; none of them imports an item.

    A registry that derives from it, or takes its methods, says in ``_subject`` what it has.
    """

    __slots__ = ()

    if TYPE_CHECKING:

        def __iter__(self) -> Iterator[K]: ...

        def _subject(self) -> Subject[K, Info]: ...

    def list(self, pattern: str = "*") -> builtins.list[K]:
        """The keys that fit a pattern, in order; aliases are none.

        Args:
            pattern: As shells have them (``"resnet*"``, ``"?cz[12]"``), in the case that is given.
                Keys that are no texts fit ``"*"`` only.

        Raises:
            ConfigError: It is no text (a ``ValueError``).
        """
        check_argument("pattern", pattern, isinstance(pattern, str), "a pattern: 'tiff*'")
        if pattern == "*":
            return [*self]
        from fnmatch import fnmatchcase

        def fits(key: Any) -> bool:
            return isinstance(key, str) and fnmatchcase(key, pattern)

        return [key for key in self if fits(key)]

    def query(
        self,
        *,
        module: str | None = None,
        text: str | None = None,
        where: Callable[[Info], bool] | None = None,
        **facts: Any,
    ) -> Selection[K, V, Info]:
        """The items that fit all that is given.

        Args:
            module: The module that they are imported from or defined in, or a package above it.
            text: Found in their key or their documentation's first line, in any case.
            where: Called with what ``info`` gives of those that fit the rest.
            facts: Facts and their values, compared as JSON values; and further questions of the
                registry, each a text.

        Returns:
            A selection, in the order of this mapping; it can be asked further.

        Raises:
            ConfigError: An argument is of the wrong kind, or there is no such fact (a
                ``ValueError``).
        """
        subject = self._subject()
        given = {"module": module, "text": text, **facts}
        questions = {"module", "text", *subject.questions}
        conditions = [
            subject.condition(name, value)
            for name, value in given.items()
            if value is not None or name not in questions
        ]
        check_argument("where", where, where is None or callable(where), "a function of the info")
        found = [
            key
            for key, record in subject.records.items()
            if all(condition(key, record) for condition in conditions)
        ]
        if where is not None:
            found = [key for key in found if where(subject.info(key))]
        return Selection(self, found)

    def search(self, text: str, limit: int | None = None) -> Selection[K, V, Info]:
        """The items in which all words of ``text`` are found, the best first.

        A key counts most (equal, then its beginning, then any part of it), then aliases and tags,
        then the first line of the documentation; else they keep their order.

        Args:
            text: Words, in any case.
            limit: At most so many.

        Raises:
            ConfigError: An argument is of the wrong kind (a ``ValueError``).
        """
        check_argument("text", text, isinstance(text, str), "a text")
        is_number = limit is None or (type(limit) is int and limit >= 0)
        check_argument("limit", limit, is_number, "a number, 0 or more, or None")
        return Selection(self, _search(self._subject(), text)[:limit])

    def to_json(self) -> str:
        """Everything that is known, as the text of a JSON array of objects."""
        import json

        return json.dumps(self._subject().rows(), default=_plain)

    def to_dataframe(self) -> Any:
        """A ``pandas.DataFrame`` of everything that is known: a row for each item.

        It has a column for each field, and for each fact.

        Raises:
            ImportError: pandas is not installed.
        """
        from importlib import import_module

        try:
            pandas: Any = import_module("pandas")
        except ImportError as error:
            message = "to_dataframe() needs pandas: pip install pandas"
            raise ImportError(message, name="pandas") from error
        subject, rows = self._subject(), []
        for row in subject.rows():
            facts = row.pop("facts")
            fields = {name: str(it) if hasattr(it, "fields") else it for name, it in row.items()}
            rows.append({**fields, **{f"facts.{fact}": value for fact, value in facts.items()}})
        columns = None if rows else [each for each in subject.fields if each != "facts"]
        return pandas.DataFrame(rows, index=[*subject.records], columns=columns)

    def __repr__(self) -> str:
        heading, infos, more = self._subject().shown(type(self).__name__)
        lines = [f"  {info}  {info.doc}".rstrip() for info in infos]  # type: ignore[attr-defined]
        lines = [it if len(it) <= _WIDTH else f"{it[: _WIDTH - 3]}..." for it in lines]
        return "\n".join([heading, *lines, *([f"  {more}"] if more else [])])

    def _repr_html_(self) -> str:
        from html import escape

        subject = self._subject()
        heading, infos, more = subject.shown(type(self).__name__)
        rows = [[f"<th>{each}</th>" for each in subject.columns]]
        for info in infos:
            texts = [_text(getattr(info, each)) for each in subject.columns]
            rows.append([f"<td>{escape(text)}</td>" for text in texts])
        table = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
        return f"<p>{escape(heading)}</p><table>{table}</table>{f'<p>{more}</p>' if more else ''}"


class Selection(Questions[K, V, Info], Mapping[K, V]):
    """Some items of a registry, as ``query`` and ``search`` give them: a read-only mapping.

    An item is imported when it is asked for, by its key or an alias.

    Args:
        source: Where they come from.
        keys: Their keys, in order.
    """

    __slots__ = ("__weakref__", "_keys", "_source")

    def __init__(self, source: Questions[K, V, Info], keys: Iterable[K]) -> None:
        self._source: Any = source._source if isinstance(source, Selection) else source
        self._keys = dict.fromkeys(keys)

    def __reduce__(self) -> tuple[Any, ...]:
        return Selection, (self._source, [*self._keys])

    def _subject(self) -> Subject[K, Info]:
        subject: Subject[K, Info] = self._source._subject()
        records = subject.records
        subject.records = {key: records[key] for key in self._keys if key in records}
        subject.name = f"selection of {subject.name}"
        return subject

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return self._subject().name

    def info(self, key: K) -> Info:
        """What is known of one item; imports nothing of it.

        Args:
            key: Its key, or an alias.

        Raises:
            KeyError: There is no such item.
        """
        info: Info = self._source.info(self._own(key))
        return info

    def _own(self, key: Any) -> K:
        """The key of a key or an alias."""
        if key in self._keys:
            return key  # type: ignore[no-any-return]
        subject = self._subject()
        found = [each for each in subject.named(key) if each in self._keys]
        if len(found) == 1:
            return found[0]
        raise subject.unknown(key, found or close_keys(key, self._keys))

    def __getitem__(self, key: K) -> V:
        item: V = self._source[self._own(key)]
        return item

    def __contains__(self, key: object) -> bool:
        try:
            self._own(key)
        except KeyError:
            return False
        return True

    def __iter__(self) -> Iterator[K]:
        return iter(self._keys)

    def __reversed__(self) -> Iterator[K]:
        return reversed(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def _ipython_key_completions_(self) -> builtins.list[K]:
        return [*self._keys]


def close_keys(key: object, keys: Iterable[Any]) -> builtins.list[str]:
    """Keys that may be meant by one that is not there.

    Args:
        key: What was asked for.
        keys: What there is.

    >>> close_keys("tif", ["tiff", "png"]), close_keys("blur", ["fast.blur", "slow.blur", "blue"])
    (['tiff'], ['fast.blur', 'slow.blur'])
    """
    from difflib import get_close_matches

    names = [each for each in keys if isinstance(each, str) and each != key]
    below = [each for each in names if each.endswith(f".{key}")]  # items of one name, by place
    return below or (get_close_matches(key, names) if isinstance(key, str) else [])


def _has_module(key: object, record: Record, value: str) -> bool:
    places = (record.get(field, "") for field in ("module", "defined_in", "via"))
    return any(f"{place}.".startswith(f"{value}.") for place in places)


def _has_text(key: object, record: Record, value: str) -> bool:
    return value.casefold() in f"{key}{_FIELD}{record.get('doc', '')}".casefold()


def _as_stored(name: str, value: object) -> Any:
    """A value that a fact is compared with, as the file gives such values back.

    Raises:
        ConfigError: No JSON value stands for it.
    """
    import json

    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError):
        check_argument(name, value, False, "a JSON value")


def _are_equal(first: Any, second: Any) -> bool:
    """Whether two JSON values are equal, of which ``true`` is no number."""
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(
            _are_equal(value, second[name]) for name, value in first.items()
        )
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(_are_equal, first, second))
    return (type(first) is bool) is (type(second) is bool) and bool(first == second)


def _text(value: Any) -> str:
    """What a cell of a table shows."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={each!r}" for name, each in value.items())
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _plain(value: Any) -> Any:
    """What JSON has of a value that it does not know: its fields, or its text."""
    return value.fields() if hasattr(value, "fields") else str(value)


def _search(subject: Subject[K, Any], text: str) -> builtins.list[K]:
    """The keys of the items in which all words are found, the best first."""
    words = text.casefold().split()
    if not words:
        return []
    ranks: dict[K, int] = {}
    for key, record in subject.records.items():
        more = " ".join([*record.get("aliases", ()), *record.get("tags", ())])
        line = f"{key}{_FIELD}{more}{_FIELD}{record.get('doc', '')}".casefold()
        if all(word in line for word in words):
            ranks[key] = sum([_rank(line, word) for word in words])
    return sorted(ranks, key=ranks.__getitem__)


def _rank(line: str, word: str) -> int:
    """How far a word is from what an item is called: 0 is its key, 4 only in its text."""
    place = line.find(word)
    end_of_key = line.find(_FIELD)
    if place == 0:
        return 0 if end_of_key == len(word) else 1
    if place < end_of_key:
        return 2
    return 3 if place < line.find(_FIELD, end_of_key + 1) else 4

"""Which functions fit a question: ``matches`` for facts, ``Haystack`` for ranked words."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Record = Mapping[str, Any]

#: What stands between the fields of one function: no part of a word.
_FIELD = "\0"


def matches(name: str, record: "Record", wanted: "Mapping[str, str]") -> bool:
    """Whether a function fits all that is wanted: question -> value, as ``query`` takes them."""
    return all(_QUESTIONS[question](name, record, value) for question, value in wanted.items())


def _has_module(name: str, record: "Record", value: str) -> bool:
    places = (record["module"], record.get("defined_in", ""))
    return any(f"{place}.".startswith(f"{value}.") for place in places)


def _has_parameter(name: str, record: "Record", value: str) -> bool:
    if value not in record.get("signature", ""):  # most have not; reading a signature costs more
        return False
    from .metadata import signature_from

    signature = signature_from(record)
    return signature is not None and any(p.name == value for p in signature.parameters)


def _has_text(name: str, record: "Record", value: str) -> bool:
    return value.casefold() in f"{name}{_FIELD}{record.get('doc', '')}".casefold()


_QUESTIONS: "dict[str, Any]" = {
    "tag": lambda name, record, value: value in record.get("tags", ()),
    "module": _has_module,
    "contract": lambda name, record, value: record.get("contract") == value,
    "parameter": _has_parameter,
    "text": _has_text,
}


class Haystack:
    """The texts of many functions, made once, in which words are looked for."""

    def __init__(self, records: "Mapping[str, Record]") -> None:
        self._names = list(records)
        # Name, then aliases and tags, then the documentation. One expression, for it is done for
        # every function when somebody searches first: a call for each would double the time.
        self._lines = [
            f"{name}{_FIELD}{' '.join([*record.get('aliases', ()), *record.get('tags', ())])}"
            f"{_FIELD}{record.get('doc', '')}".casefold()
            for name, record in records.items()
        ]

    def search(self, text: str) -> "list[str]":
        """The names in which all words of ``text`` are found, the best first."""
        words = text.casefold().split()
        if not words:
            return []
        first, *others = words
        found = [(index, line) for index, line in enumerate(self._lines) if first in line]
        for word in others:
            found = [each for each in found if word in each[1]]
        ranks = {index: sum([_rank(line, word) for word in words]) for index, line in found}
        return [self._names[index] for index in sorted(ranks, key=ranks.__getitem__)]


def _rank(line: str, word: str) -> int:
    """How far a word is from what a function is called: 0 is its name, 4 only in its text."""
    place = line.find(word)
    end_of_name = line.find(_FIELD)
    if place == 0:
        return 0 if end_of_name == len(word) else 1
    if place < end_of_name:
        return 2
    return 3 if place < line.find(_FIELD, end_of_name + 1) else 4

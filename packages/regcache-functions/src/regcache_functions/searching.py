"""Which functions fit a question: ``matches`` for facts, ``Haystack`` for ranked words."""

from bisect import bisect_right

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    Record = Mapping[str, Any]

#: What stands between the functions, and between the fields of one: neither is part of a word.
_END, _FIELD = "\n", "\0"


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
    """The names and texts of many functions as one text, for one look instead of thousands.

    Args:
        records: Name -> record.
    """

    def __init__(self, records: "Mapping[str, Record]") -> None:
        self._names = list(records)
        lines = [_line(name, record) for name, record in records.items()]
        self._lines = _END.join(lines).casefold().split(_END)
        self._text = _END.join(self._lines)
        starts, start = [], 0
        for line in self._lines:
            starts.append(start)
            start += len(line) + 1
        self._starts = starts

    def search(self, text: str) -> "list[str]":
        """The names in which all words of ``text`` are found, the best first, then by name."""
        words = text.casefold().split()
        if not words:
            return []
        found = set(self._having(words[0]))
        for word in words[1:]:
            found = {index for index in found if word in self._lines[index]}
        lines, names = self._lines, self._names
        ranked = sorted((_rank(lines[index], words), names[index]) for index in found)
        return [name for _, name in ranked]

    def _having(self, word: str) -> "Iterator[int]":
        """Indices of the functions that a word is found in, each once."""
        text, starts = self._text, self._starts
        position = text.find(word)
        while position >= 0:
            index = bisect_right(starts, position) - 1
            yield index
            if index + 1 == len(starts):
                return
            position = text.find(word, starts[index + 1])


def _line(name: str, record: "Record") -> str:
    """The fields of one function: name, then aliases and tags, then texts."""
    labels = " ".join([*record.get("aliases", ()), *record.get("tags", ())])
    texts = f"{record.get('doc', '')} {record.get('signature', '')}"
    return f"{name}{_FIELD}{labels}{_FIELD}{texts}".replace(_END, " ")


def _rank(line: str, words: "list[str]") -> int:
    """How far a function is from what was asked for: the sum over words, 0 for a name itself."""
    name, labels, _ = line.split(_FIELD, 2)
    total = 0
    for word in words:
        if word in name:
            total += 0 if word == name else 1 if name.startswith(word) else 2
        else:
            total += 4 if word in labels else 8
    return total

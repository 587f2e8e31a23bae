"""JSON values, made of items and checked: what is written must come back as it was."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

from .._inputs import Input
from .._keys import key_to_text
from .._report import CacheMiss

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class NotJsonError(TypeError):
    """A value has no counterpart in JSON; says where inside the item and what it is."""


def as_json(value: object, where: str, keys: tuple[type, ...] = (str,)) -> Any:
    """``value`` as JSON will give it back: mappings as ``dict``, sequences as ``list``.

    Args:
        value: An item, or a part of one.
        where: What it is, for messages.
        keys: Types of the keys of mappings. A reader that knows the types (cattrs) makes an
            ``int`` from its text again; one that does not would give back the text.

    Raises:
        NotJsonError: Something inside is no JSON value; nothing is dropped or guessed.

    >>> as_json({"stops": (0, 1.5)}, "viridis")
    {'stops': [0, 1.5]}
    """
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise NotJsonError(f"{where} is {value!r}, which JSON cannot hold")
        return value
    if isinstance(value, (list, tuple)):
        return [as_json(part, f"{where}[{index}]", keys) for index, part in enumerate(value)]
    if isinstance(value, Mapping):
        return {
            _name(name, where, keys): as_json(part, f"{where}.{name}", keys)
            for name, part in value.items()
        }
    raise NotJsonError(
        f"{where} is a {type(value).__qualname__}, which is no JSON value: {value!r}"
    )


def _name(name: object, where: str, keys: tuple[type, ...]) -> str:
    if not isinstance(name, keys) or isinstance(name, bool):
        raise NotJsonError(f"{where} has a key that JSON cannot hold: {name!r}")
    return name if isinstance(name, str) else str(name)


def to_records(
    items: Mapping[Any, Any],
    to_record: Callable[[Any], Any],
    from_record: Callable[[Any], Any] | None,
    names: tuple[type, ...],
) -> dict[str, Any]:
    """All items as they are to lie in the file: key as text -> record.

    Args:
        items: Key -> item.
        to_record: Turns an item into JSON values.
        from_record: Turns these into the item again; ``None`` where that is known to work.
        names: Types of the keys of mappings inside an item, as ``as_json`` has it.

    Raises:
        CacheMiss: An item or a key cannot be written, or could not be read again; tells the key.
    """
    records = {}
    for key, item in items.items():
        try:
            record = as_json(to_record(item), f"[{key!r}]", names)
            if from_record is not None:
                from_record(record)  # what cannot be read back would miss at every start
            records[key_to_text(key)] = record
        except Exception as error:  # a serializer is the application's: it may raise anything
            raise CacheMiss("NOT_SERIALIZABLE", f"key {_shown(key)}") from error
    return records


def _shown(key: object) -> str:
    try:
        return repr(key)
    except Exception as error:  # too large or too deep, or the application's own __repr__ failed
        return f"of type {type(key).__qualname__} ({type(error).__name__} in its repr)"


def as_extra(extra: Mapping[str, Any]) -> Any:
    """What is stored beside the items, as JSON will give it back.

    Raises:
        CacheMiss: Something in it is no JSON value.
    """
    try:
        return as_json(dict(extra), "extra")
    except (TypeError, ValueError, RecursionError) as error:
        raise CacheMiss("NOT_SERIALIZABLE", "extra") from error


def check_plain(inputs: Iterable[Input], recorded: Mapping[str, Any]) -> None:
    """Refuse values that JSON gives back as others (a tuple as a list): they would never hold.

    Raises:
        CacheMiss: One of the plain inputs has such a value.
    """
    for member in [item.member for item in inputs if type(item) is Input]:
        try:
            if as_json(recorded[member], member) != recorded[member]:
                raise TypeError(f"{recorded[member]!r} comes back changed; give lists, not tuples")
        except (TypeError, RecursionError) as error:
            raise CacheMiss("NOT_SERIALIZABLE", f"input {member!r}") from error

"""The cold side of a cache file: JSON values made of items, and written whole or not at all.

They are checked: what is written must come back as it was.
"""

from __future__ import annotations

import os
import time
from _thread import get_ident
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from .._file import CacheMiss, check_folder, check_owner, check_size, seal
from .._inputs import Input
from .._keys import key_to_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class NotJsonError(TypeError):
    """A value has no counterpart in JSON; says where inside the item and what it is."""


_INFINITE = float("inf")


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
    if type(value) is dict:
        kinds = [*map(type, value), *map(type, value.values())]
        if kinds.count(str) == len(kinds):  # most records are such
            return value
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        if not -_INFINITE < value < _INFINITE:
            raise NotJsonError(f"{where} is {value!r}, which JSON cannot hold")
        return value
    if isinstance(value, (list, tuple)):
        return [as_json(part, f"{where}[{index}]", keys) for index, part in enumerate(value)]
    if isinstance(value, Mapping):
        return {
            name if type(name) is str else _name(name, where, keys): part
            if type(part) is str  # most are, in both places
            else as_json(part, f"{where}.{name}", keys)
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
    from_record: Callable[[Any], Any],
    names: tuple[type, ...],
    on_change: Callable[[CacheMiss], object] | None,
) -> dict[str, Any]:
    """All items as they are to lie in the file: key as text -> record.

    Args:
        items: Key -> item.
        to_record: Turns an item into JSON values.
        from_record: Turns these into the item again.
        names: Types of the keys of mappings inside an item, as ``as_json`` has it.
        on_change: Is told of what does not come back as it was given, or cannot be read at all;
            ``None`` to refuse that.

    Raises:
        CacheMiss: An item or a key cannot be written, or could not be read again; tells the key.
    """
    records = {}
    for key, item in items.items():
        try:
            record = as_json(to_record(item), f"[{key!r}]", names)
            text = key_to_text(key)
        except Exception as error:  # a serializer is the application's: it may raise anything
            raise CacheMiss("NOT_SERIALIZABLE", f"key {_shown(key)}") from error
        records[text] = record
        if from_record is to_record and (record is item or _is_equal(item, record)):
            continue  # one function does both, and has checked the record that it was given
        try:
            back = from_record(record)
            is_back = _comes_back(item, back)
        except Exception as error:  # so may a deserializer
            if on_change is None:
                raise CacheMiss("NOT_SERIALIZABLE", f"key {_shown(key)}") from error
            back, is_back = error, False
        if not is_back:
            words = _shown(item)[:_LONGEST], _shown(back)[:_LONGEST]
            change = CacheMiss("COMES_BACK_CHANGED", f"key {_shown(key)}", *words)
            if on_change is None:
                raise change
            on_change(change)
    return records


#: Characters of an item in a message.
_LONGEST = 200


def _comes_back(given: Any, read: Any) -> bool:
    """Whether an item is what it was, as far as types define when their values are equal."""
    if isinstance(given, (list, tuple)):
        if type(given) is not type(read) or len(given) != len(read):
            return False
        return all(map(_comes_back, given, read))
    if isinstance(given, dict) and isinstance(read, dict):
        same_keys = [*given] == [*read]
        return same_keys and all(_comes_back(part, read[key]) for key, part in given.items())
    equality: object = type(given).__eq__
    return equality is object.__eq__ or _is_equal(given, read)


def _is_equal(given: object, read: object) -> bool:
    try:
        return bool(given == read)
    except Exception:  # arrays do not say whether they are equal
        return type(given) is type(read)


def _shown(value: object) -> str:
    try:
        return repr(value)
    except Exception as error:  # too large or too deep, or the application's own __repr__ failed
        return f"of type {type(value).__qualname__} ({type(error).__name__} in its repr)"


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


def as_file(document: Mapping[str, Any]) -> bytes:
    """The content of a cache file: one JSON object, the last member of which is its checksum.

    Raises:
        NotJsonError: Something in it is no JSON value, or beyond what Python reads.
    """
    try:
        text = _to_json(document).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise NotJsonError(f"no JSON can be made of it: {error}") from error
    return text[:-1] + seal(text[:-1])


def _to_json(document: Mapping[str, Any]) -> str:
    """As ``json.dumps``, NaN refused; importing ``json`` costs more than the rest of a write."""
    try:
        from _json import encode_basestring_ascii, make_encoder
    except ImportError:  # pragma: no cover - PyPy and others have no such module
        import json

        return json.dumps(document, allow_nan=False, separators=(",", ":"))
    options = None, ":", ",", False, False, False  # as json.JSONEncoder gives them
    encode = make_encoder({}, _refuse, encode_basestring_ascii, *options)
    return "".join(encode(document, 0))


def _refuse(value: object) -> object:
    raise TypeError(f"{value!r} is no JSON value")


def write_document(path: str, document: Mapping[str, Any]) -> None:
    """Write ``document`` to ``path`` whole or not at all, in a folder that only we can enter.

    The temporary file lies in the same folder, so that ``os.replace`` is atomic. Readers see the
    old file or the new one. There is no fsync: what a power failure tears is no JSON, hence a miss.

    Raises:
        NotJsonError: Something in it is no JSON value, or beyond what Python reads.
        OSError: The file could not be written; what was there before is still there.
        CacheMiss: No start would read the file: it is too large, or the folder is none of ours.
    """
    content = as_file(document)
    check_size(path, len(content))
    folder, name = os.path.split(path)
    make_folder(folder)
    temporary = os.path.join(
        folder, f".{name}.{os.getpid()}-{get_ident()}-{time.monotonic_ns()}.tmp"
    )
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    finally:
        if os.path.lexists(temporary):
            os.unlink(temporary)


def make_folder(folder: str) -> None:
    """Make a folder that only we can enter, and those above it, if they are missing.

    Nothing is made in a folder of another user: root who runs with the ``HOME`` of a user would
    leave him folders that he cannot write into.

    Raises:
        OSError: It cannot be made.
        CacheMiss: It, or the folder that it would be made in, is another user's.
    """
    above = folder
    while not os.path.lexists(above) and above != os.path.dirname(above):
        above = os.path.dirname(above)
    if above != folder and os.name == "posix":
        check_owner(above, os.stat(above))
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except RecursionError as error:  # it calls itself for each folder; none is made yet
        raise OSError(f"too many folders in one another: {folder}") from error
    check_folder(folder)  # another user may have made it before us


def renew(path: str, document: Mapping[str, Any]) -> None:
    """Write what was found to say the same and is cheaper to check next time, if that can be done.

    Reading never depends on writing: if it fails, the next start checks again.
    """
    with suppress(OSError, NotJsonError, CacheMiss):
        write_document(path, document)

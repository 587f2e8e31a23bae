"""Keys as member names of a JSON object, and back: equal and of the same type.

A string is written as it is, so that files can be read by eye. Every other key, and a string
that begins with the mark itself, is written as ``!kind text``.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from enum import Enum
    from typing import Any, TypeGuard

from ._file import CacheMiss, parse_text
from ._modules import find_object, is_plain_name

MARK = "!"


class UnsupportedKeyError(TypeError):
    """A key of a kind that a cache file cannot hold; says which kinds it can."""


def key_to_text(key: object) -> str:
    """Encode a key: ``str``, ``int``, ``float``, ``bool``, ``None``, enum members, tuples of them.

    Raises:
        UnsupportedKeyError: The key is of another type (sub-classes included, since they would not
            come back as such), it is NaN, which equals nothing, or larger or deeper than Python
            writes.

    >>> key_to_text("red"), key_to_text(7), key_to_text(("a", None))
    ('red', '!int 7', '!tuple ["a", "!None"]')
    """
    if type(key) is str and key[:1] != MARK:  # most are
        return key
    try:
        return _to_text(key)
    except UnsupportedKeyError:
        raise
    except Exception as error:  # the key's own __repr__ may raise anything
        raise UnsupportedKeyError(
            f"a key of type {type(key).__qualname__} cannot be stored: {error!r}"
        ) from error


def _to_text(key: object) -> str:
    if _is_member(key):
        return _enum_to_text(key)
    kind = type(key)
    if kind is str:
        return f"!str {key}" if str(key).startswith(MARK) else str(key)
    if kind in (int, bool) or (kind is float and key == key):
        return f"!{kind.__name__} {key!r}"
    if key is None:
        return "!None"
    if kind is tuple:
        return f"!tuple {_parts_to_json(key)}"  # type: ignore[arg-type]
    raise UnsupportedKeyError(
        f"a key of type {kind.__qualname__} cannot be stored (str, int, float, bool, None, "
        f"enum members and tuples of these can): {key!r}"
    )


def _parts_to_json(key: "tuple[object, ...]") -> str:
    """Parts as texts, tuples among them as lists: a text in a text in a text would explode.

    Written without ``json``, whose import costs more than a warm start; see ``_file``.
    """
    try:
        from _json import encode_basestring_ascii as quote
    except ImportError:  # pragma: no cover - PyPy and others have no such module
        from json.encoder import encode_basestring_ascii as quote
    parts = [
        _parts_to_json(part) if type(part) is tuple else quote(key_to_text(part)) for part in key
    ]
    return f"[{', '.join(parts)}]"


def _is_member(key: object) -> "TypeGuard[Enum]":
    """Whether a key is an enum member; while nobody has imported ``enum``, there is none."""
    enum = sys.modules.get("enum")
    return enum is not None and isinstance(key, enum.Enum)


def _enum_to_text(member: "Enum") -> str:
    cls = type(member)
    if cls.__members__.get(member.name or "") is not member:
        raise UnsupportedKeyError(f"a combination of flags cannot be stored as a key: {member!r}")
    try:
        found = find_object(cls.__module__, cls.__qualname__)
    except (LookupError, TypeError):
        found = None
    if found is not cls:
        raise UnsupportedKeyError(
            f"{member!r} cannot be stored as a key: its class is not "
            f"{cls.__module__}.{cls.__qualname__}; define it at the top of a module"
        )
    return f"!enum {cls.__module__}:{cls.__qualname__}:{member.name}"


def text_to_key(text: str, application: str) -> "Any":
    """Decode what ``key_to_text`` wrote.

    Args:
        text: A member name from a cache file.
        application: The application's package; the class of an enum member must have been
            imported already or lie in here, since a file may not name what to import.

    Raises:
        CacheMiss: The text is nothing that ``key_to_text`` writes, or its enum is not to be had.
    """
    if not text.startswith(MARK):
        return text
    kind, _, rest = text[1:].partition(" ")
    try:
        key = _decode(kind, rest, application)
        if key_to_text(key) != text:  # two texts for one key would make two items one
            raise ValueError(f"{key!r} is not written like this")
    except Exception as error:  # importing an enum's module runs the application: it may raise
        raise CacheMiss("KEY_REFUSED", text) from error
    return key


def _decode(kind: str, rest: str, application: str) -> "Any":
    if kind == "str":
        return rest
    if kind in ("int", "float"):
        return int(rest) if kind == "int" else float(rest)
    if kind in ("bool", "None"):
        return {("bool", "True"): True, ("bool", "False"): False, ("None", ""): None}[kind, rest]
    if kind == "tuple":
        return _parts_from_json(parse_text(rest, "key"), application)
    if kind == "enum":
        module, qualname, name = rest.split(":")
        return _enum_class(module, qualname, application)[name]
    raise ValueError(f"unknown kind of key {kind!r}")


def _parts_from_json(parts: "Any", application: str) -> "tuple[Any, ...]":
    return tuple(
        _parts_from_json(part, application)
        if type(part) is list
        else text_to_key(part, application)
        for part in parts
    )


def _enum_class(module: str, qualname: str, application: str) -> "type[Enum]":
    is_own = f"{module}.".startswith(f"{application}.") and is_plain_name(module)
    if module not in sys.modules and is_own:
        __import__(module)
    found = find_object(module, qualname)
    from enum import Enum

    if not (isinstance(found, type) and issubclass(found, Enum)):
        raise TypeError(f"{module}:{qualname} is no enum")
    return found

"""A function as a record of JSON values: what is kept of it for listings. The cold side.

A record has ``module`` and ``qualname`` (where to import it from) and, where there is something to
say, ``original_name``, ``defined_in``, ``kind``, ``signature``, ``parameters``, ``doc``, ``tags``,
``aliases``, ``contract`` and ``facts``.
"""

from __future__ import annotations

import functools
import inspect

from .. import signatures

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

#: What a function may be; one that is nothing special has no ``kind`` in its record.
_KINDS: list[tuple[str, Callable[[Any], bool]]] = [
    ("coroutine", inspect.iscoroutinefunction),
    ("async generator", inspect.isasyncgenfunction),
    ("generator", inspect.isgeneratorfunction),
]


def describe(function: Any, module: str, qualname: str, name: str) -> dict[str, Any]:
    """The record of a function, without what only its registry knows (tags, facts...).

    The record leaves out what only repeats the name in the registry.
    """
    record: dict[str, Any] = {"module": module, "qualname": qualname}
    original = getattr(function, "__name__", None)
    home = home_of(function)
    if home != module:
        record["defined_in"] = home
    more = {
        "original_name": original if isinstance(original, str) and original != name else "",
        "kind": next((kind for kind, is_kind in _KINDS if is_kind(function)), ""),
        **_signature_record(function),
        "doc": first_line(function),
    }
    return {**record, **{field: value for field, value in more.items() if value}}


def home_of(function: Any) -> str:
    """The module that defines a function; empty if it does not say, as ufuncs of C libraries."""
    while isinstance(function, functools.partial):
        function = function.func
    if not hasattr(function, "__qualname__") and not hasattr(function, "__name__"):
        function = type(function)  # an object that can be called
    home = getattr(function, "__module__", None)
    return home if isinstance(home, str) else ""


def first_line(function: Any) -> str:
    """The first line of a function's own documentation; not that of its class, not a signature."""
    doc = doc_of(function)
    lines = doc.splitlines()
    if signatures.text_in(doc, getattr(function, "__name__", "")):
        while lines and lines[0].strip():  # numpy and C code put a signature first
            lines = lines[1:]
    line = next((line.strip() for line in lines if line.strip()), "")
    return "".join(char for char in signatures.without_addresses(line) if char.isprintable())


def doc_of(function: Any) -> str:
    """A function's whole documentation, without indentation; empty if it has none."""
    doc = getattr(function, "__doc__", None)
    if not isinstance(doc, str) or doc is type(function).__doc__:
        return ""
    return inspect.cleandoc(doc)


def _signature_record(function: Any) -> dict[str, Any]:
    """The signature as text, and its parts where the text does not give them again."""
    parts = signatures.parts_of(function)
    if parts is None:
        text = signatures.text_in(doc_of(function), getattr(function, "__name__", ""))
        return {} if text is None else {"signature": signatures.without_brackets(text)}
    text = signatures.text_of(parts)
    if signatures.parse(text) == parts:
        return {"signature": text}
    return {"signature": text, "parameters": parts}

"""A function as a record of JSON values: what is kept of it for listings. The cold side.

A record has ``module`` and ``qualname`` (where to import it from) and, where there is something to
say, ``original_name``, ``defined_in``, ``kind``, ``signature``, ``parameters``, ``doc``, ``tags``,
``aliases``, ``contract`` and ``facts``.
"""

from __future__ import annotations

import functools
import inspect
import re
import warnings
from collections.abc import Callable
from typing import Any

from .metadata import Parameter, Signature, parse_signature

#: Longest text of a default value; an array or a table as a default is not what a reader wants.
MAX_TEXT = 80
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_KINDS: list[tuple[str, Callable[[Any], bool]]] = [
    ("coroutine", inspect.iscoroutinefunction),
    ("async generator", inspect.isasyncgenfunction),
    ("generator", inspect.isgeneratorfunction),
]


def describe(function: Any, module: str, qualname: str, name: str) -> dict[str, Any]:
    """The record of a function, without what only its registry knows (tags, facts...).

    Args:
        function: The function, or another callable.
        module: The module that it is imported from.
        qualname: Its place in there.
        name: Its name in the registry: the record leaves out what only repeats it.
    """
    record: dict[str, Any] = {"module": module, "qualname": qualname}
    original = getattr(function, "__name__", None)
    home = home_of(function)
    if home != module:
        record["defined_in"] = home
    kind = kind_of(function)
    more = {
        "original_name": original if isinstance(original, str) and original != name else "",
        "kind": "" if kind == "function" else kind,
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


def kind_of(function: Any) -> str:
    """``"function"``, ``"coroutine"``, ``"generator"`` or ``"async generator"``."""
    return next((kind for kind, is_kind in _KINDS if is_kind(function)), "function")


def first_line(function: Any) -> str:
    """The first line of a function's own documentation; not that of its class, not a signature."""
    lines = doc_of(function).splitlines()
    if lines and _signature_in(lines[0], getattr(function, "__name__", "")):
        while lines and lines[0].strip():  # numpy and C code put a signature first
            lines = lines[1:]
    return next((line.strip() for line in lines if line.strip()), "")


def doc_of(function: Any) -> str:
    """A function's whole documentation, without indentation; empty if it has none."""
    doc = getattr(function, "__doc__", None)
    if not isinstance(doc, str) or doc is type(function).__doc__:
        return ""
    return inspect.cleandoc(doc)


def _signature_record(function: Any) -> dict[str, Any]:
    signature = signature_of(function)
    if signature is None:
        return {}
    if parse_signature(signature.text) == signature:
        return {"signature": signature.text}
    parts = [[p.name, p.kind, p.default, p.annotation] for p in signature.parameters]
    return {"signature": signature.text, "parameters": [signature.returns, *parts]}


def signature_of(function: Any) -> Signature | None:
    """The signature of any callable; from its documentation where Python knows none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = inspect.signature(function)
    except Exception:  # builtins have none, and a foreign __signature__ may be anything
        return _signature_in(doc_of(function), getattr(function, "__name__", ""))
    parameters = tuple(
        Parameter(
            each.name,
            each.kind.description,
            None if each.default is each.empty else _default_text(each.default),
            None if each.annotation is each.empty else _annotation_text(each.annotation),
        )
        for each in found.parameters.values()
    )
    empty = found.return_annotation is found.empty
    return Signature.of(parameters, None if empty else _annotation_text(found.return_annotation))


def _signature_in(doc: str, name: object) -> Signature | None:
    """The signature that documentation begins with, as in ``hypot(*coordinates) -> value``."""
    if not isinstance(name, str) or not name or not doc.startswith(f"{name}("):
        return None
    depth = 0
    for end, char in enumerate(doc):
        depth += (char in "([{") - (char in ")]}")
        if depth == 0 and char == ")":
            text = " ".join(doc[len(name) : end + 1].split())
            return parse_signature(text) or Signature(text, (), None)
    return None


def _default_text(value: Any) -> str:
    """A default value as text that is the same in every process."""
    if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
        module = getattr(value, "__module__", None)
        name = str(value.__qualname__)
        return name if module in (None, "builtins") else f"{module}.{name}"
    if isinstance(value, (set, frozenset)) and len(value) > 1:  # their order differs by process
        inside = ", ".join(sorted(map(_repr, value)))
        return _shorten(f"{{{inside}}}" if isinstance(value, set) else f"frozenset({{{inside}}})")
    return _shorten(_repr(value))


def _repr(value: Any) -> str:
    try:
        text = repr(value)
    except Exception:  # a foreign __repr__ may raise anything
        text = f"<{type(value).__qualname__}>"
    return _ADDRESS.sub("", " ".join(text.split()))


def _shorten(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 3]}..."


def _annotation_text(annotation: Any) -> str:
    if isinstance(annotation, str):
        return annotation
    return _ADDRESS.sub("", inspect.formatannotation(annotation))

"""Items of any type to JSON values and back, by cattrs; laid out as its ``preconf`` modules are."""

from __future__ import annotations

from decimal import Decimal
from pathlib import PurePath
from typing import Any

from cattrs import Converter
from cattrs.preconf import json as preconf

__all__ = ["configure_converter", "make_converter"]


def configure_converter(converter: Converter) -> None:
    """Teach a converter what cache files need, on top of ``cattrs.preconf.json``.

    Paths and decimal numbers are stored as text. Everything else (attrs classes, dataclasses,
    ``TypedDict``, enums, datetimes, unions, bytes, sets) is as cattrs has it.
    """
    preconf.configure_converter(converter)
    for kind in (PurePath, Decimal):
        converter.register_unstructure_hook_func(_is_subclass(kind), str)
        converter.register_structure_hook_func(_is_subclass(kind), _from_text)


def make_converter(*args: Any, **kwargs: Any) -> Converter:
    """A new converter for cache files; arguments are those of ``cattrs.Converter``.

    >>> from pathlib import PurePosixPath
    >>> converter = make_converter()
    >>> converter.unstructure({"icon": PurePosixPath("a/b.png")})
    {'icon': 'a/b.png'}
    """
    converter = preconf.make_converter(*args, **kwargs)
    configure_converter(converter)
    return converter


def _is_subclass(kind: type) -> Any:
    return lambda cls: isinstance(cls, type) and issubclass(cls, kind)


def _from_text(value: object, cls: type) -> Any:
    if not isinstance(value, str):
        raise TypeError(f"{cls.__name__} is stored as text, not as {value!r}")
    return cls(value)

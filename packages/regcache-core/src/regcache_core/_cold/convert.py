"""Items of any type to JSON values and back, by cattrs; laid out as its ``preconf`` modules are."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from decimal import Decimal
from enum import Enum, Flag, IntEnum
from functools import cache
from pathlib import PurePath
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from cattrs import Converter
from cattrs.preconf import json as preconf

__all__ = ["configure_converter", "make_converter"]

#: What JSON itself tells apart.
_SCALARS = (str, int, float, bool, NoneType)


def configure_converter(converter: Converter) -> None:
    """Teach a converter what cache files need, on top of ``cattrs.preconf.json``.

    Paths and decimal numbers are stored as text; members of an enum by value, or by name where
    not all values are texts or numbers; pydantic models as pydantic writes them. An item of a
    union is stored with the name of its type, unless JSON tells the types apart. Everything else
    (attrs classes, dataclasses, ``TypedDict``, datetimes, bytes, sets) is as cattrs has it.
    """
    preconf.configure_converter(converter)
    for kind in (PurePath, Decimal):
        converter.register_unstructure_hook_func(_is_subclass(kind), str)
        converter.register_structure_hook_func(_is_subclass(kind), _from_text)
    for enum in (Enum, IntEnum):  # by class: cattrs has hooks of its own for Enum and int
        converter.register_structure_hook(enum, _to_member)
    converter.register_unstructure_hook_func(_is_enum, _from_member)
    converter.register_unstructure_hook_func(_is_enum_literal, _from_member)  # cattrs < 24.1
    converter.register_structure_hook_func(_is_enum_literal, _to_literal)
    converter.register_unstructure_hook_factory(_is_model, _model_writer)
    converter.register_structure_hook_func(_is_model, _to_model)

    def is_mixed(kind: Any) -> bool:
        # A union that the application has given a hook for is its own business.
        return _is_mixed_union(kind) and kind not in converter._union_struct_registry

    converter.register_unstructure_hook_factory(is_mixed, lambda u: _union_writer(converter, u))
    converter.register_structure_hook_factory(is_mixed, lambda u: _union_reader(converter, u))


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


# Enums.


def _is_enum(cls: Any) -> bool:
    return isinstance(cls, type) and issubclass(cls, Enum) and not issubclass(cls, Flag)


def _is_enum_literal(kind: Any) -> bool:
    return get_origin(kind) is Literal and any(isinstance(each, Enum) for each in get_args(kind))


@cache
def _written(cls: type[Enum]) -> dict[str, Any]:
    """Name -> what is written for a member: the value, where those of all are texts or numbers.

    As keys of a mapping they must differ as texts, too; else names are written.
    """
    values = [member.value for member in cls]
    by_value = all(type(value) in (str, int, float, bool) for value in values)
    by_value = by_value and len({str(value) for value in values}) == len(values)
    return {member.name: member.value if by_value else member.name for member in cls}


@cache
def _members(cls: type[Enum]) -> dict[Any, Enum]:
    """What is written, or its text, -> member."""
    written = {value: cls[name] for name, value in _written(cls).items()}
    return {**{str(value): member for value, member in written.items()}, **written}


def _from_member(value: Any) -> Any:
    cls: Any = type(value)
    return _written(cls)[value.name] if _is_enum(cls) else value


def _to_member(value: Any, cls: Any) -> Any:
    return _members(cls)[value] if _is_enum(cls) else cls(value)


def _to_literal(value: Any, literal: Any) -> Any:
    return {_from_member(each): each for each in get_args(literal)}[value]


# Models of pydantic, which is imported where there is one.


def _is_model(cls: Any) -> bool:
    pydantic: Any = sys.modules.get("pydantic")
    return pydantic is not None and isinstance(cls, type) and issubclass(cls, pydantic.BaseModel)


def _model_writer(cls: Any) -> Callable[[Any], Any]:
    def write(model: Any) -> Any:
        record = model.model_dump(mode="json", by_alias=True)
        if _to_model(record, cls) != model:  # a field that is left out, or has two aliases
            raise TypeError(f"{model!r} does not come back equal from what pydantic writes")
        return record

    return write


def _to_model(record: Any, cls: Any) -> Any:
    return cls.model_validate_json(json.dumps(record))  # strict models take text for a time, too


# Unions.


def _is_mixed_union(kind: Any) -> bool:
    if get_origin(kind) not in (Union, UnionType):
        return False
    members = {*get_args(kind)}
    return len(members - {NoneType}) > 1 and not members <= {*_SCALARS}


def _name_of(member: Any) -> str:
    is_class = isinstance(member, type) and get_origin(member) is None
    return f"{member.__module__}.{member.__qualname__}" if is_class else str(member)


def _union_writer(converter: Converter, union: Any) -> Callable[[Any], Any]:
    members = get_args(union)

    def write(value: Any) -> Any:
        of_class = [each for each in members if (get_origin(each) or each) is type(value)]
        for member in of_class if len(of_class) == 1 else members:
            try:
                record = converter.unstructure(value, unstructure_as=member)
                if len(of_class) == 1 or _is_same(converter.structure(record, member), value):
                    return None if value is None else [_name_of(member), record]
            except Exception:  # it is none of these: their hooks may raise anything
                if len(of_class) == 1:
                    raise
        raise TypeError(f"{value!r} is nothing of {union}")

    return write


def _is_same(value: Any, other: Any) -> bool:
    return type(value) is type(other) and bool(value == other)


def _union_reader(converter: Converter, union: Any) -> Callable[[Any, Any], Any]:
    members = {_name_of(member): member for member in get_args(union)}

    def read(record: Any, _: Any) -> Any:
        if record is None and NoneType in members.values():
            return None
        name, part = list(record or ())
        return converter.structure(part, members[name])

    return read

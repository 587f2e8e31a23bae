"""Items and keys that the tests of core work with: one of each kind that cattrs converts."""

from __future__ import annotations

import dataclasses
import enum
from datetime import datetime
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Optional, TypedDict, Union

import attrs


class Color(enum.Enum):
    """Members with values of several types, and an alias."""

    RED = "red"
    GREEN = 2
    BLUE = ("b", 3)
    SCARLET = "red"


class Level(enum.IntEnum):
    """Members that equal plain numbers."""

    LOW = 1
    HIGH = 2


class Word(str, enum.Enum):
    """Members that equal plain strings."""

    YES = "yes"


class Access(enum.Flag):
    """Flags; combinations of them are no members."""

    READ = 1
    WRITE = 2


class Outer:
    """A class around an enum."""

    class Inner(enum.Enum):
        """An enum with dots in its qualified name."""

        ONE = 1


@attrs.frozen
class Point:
    """An attrs class."""

    x: float
    y: float


@attrs.frozen
class Shape:
    """An attrs class with what cattrs knows: nested classes, enums, times, bytes, unions, paths."""

    corners: list[Point]
    color: Color
    made: datetime
    weight: Decimal = Decimal("0.1")
    icon: Optional[PurePosixPath] = None  # noqa: UP045
    raw: bytes = b""
    label: Union[int, str, None] = None  # noqa: UP007
    tags: dict[str, tuple[int, ...]] = attrs.field(factory=dict)


@dataclasses.dataclass
class Track:
    """A dataclass."""

    title: str
    start: Optional[Point] = None  # noqa: UP045


class Entry(TypedDict):
    """A typed dictionary."""

    name: str
    at: datetime

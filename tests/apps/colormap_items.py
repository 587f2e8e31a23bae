"""What a colour map is: attrs classes in each other, an enum, a time that may be missing."""

from __future__ import annotations

import json
from bisect import bisect_right
from datetime import datetime
from enum import Enum

import attrs

from regcache_core import make_converter

CONVERTER = make_converter()


class Kind(Enum):
    """What a map is good for."""

    SEQUENTIAL = "sequential"
    DIVERGING = "diverging"


@attrs.frozen
class Color:
    """Red, green and blue, each from 0 to 255."""

    red: int
    green: int
    blue: int

    @classmethod
    def from_hex(cls, text: str) -> Color:
        """A colour from `#rrggbb`."""
        return cls(*bytes.fromhex(text.removeprefix("#")))


@attrs.frozen
class Stop:
    """A colour at a position between 0 and 1."""

    position: float
    color: Color


@attrs.frozen
class ColorMap:
    """A colour for every number between 0 and 1."""

    name: str
    kind: Kind
    stops: tuple[Stop, ...]
    made: datetime | None = None

    def __call__(self, position: float) -> Color:
        """The colour at `position`, mixed from the stops beside it."""
        place = bisect_right([stop.position for stop in self.stops], position)
        if place in (0, len(self.stops)):
            return self.stops[min(place, len(self.stops) - 1)].color
        low, high = self.stops[place - 1], self.stops[place]
        share = (position - low.position) / (high.position - low.position)
        pairs = zip(attrs.astuple(low.color), attrs.astuple(high.color), strict=True)
        return Color(*(round(a + (b - a) * share) for a, b in pairs))


def read_map(path: str) -> ColorMap:
    """The map in a data file."""
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    stops = tuple(Stop(position, Color.from_hex(text)) for position, text in data["stops"])
    made = data.get("made")
    return ColorMap(data["name"], Kind(data["kind"]), stops, made and datetime.fromisoformat(made))

"""What is read back is compared with what was given: warm starts give what cold ones gave."""

import os
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import attrs
import pytest

from regcache_core import CacheWarning, ItemRefusedError, Reason


@attrs.frozen
class Palette:
    """An item with a field that may hold anything."""

    name: str
    colors: Any = ()


@attrs.frozen
class Gradient(Palette):
    """A kind of palette."""

    steps: int = 2


@dataclass
class Counted:
    """An item with a field that no constructor takes."""

    name: str
    uses: int = field(default=0, init=False)


class Opaque:
    """Its objects are equal to nothing but themselves."""

    def __init__(self, name):
        self.name = name


def used(name, uses):
    """An item that was used already."""
    item = Counted(name)
    item.uses = uses
    return item


@pytest.mark.parametrize(
    ("item_type", "item"),
    [
        (int, 7.9),
        (Palette, Gradient("red", steps=5)),
        (Palette, Palette("red", (1, 2))),
        (Palette, Palette("red", {"a"})),
        (Palette, Palette("red", date(2026, 1, 2))),
        (Palette, Palette("red", Path("a"))),
        (list[Palette], [Palette("red"), Gradient("blue")]),
        (dict[str, Palette], {"first": Palette("red", [(1,)])}),
        (Counted, used("red", 5)),
        (dict[Any, str], {1: "x", "1": "y"}),
    ],
    ids=str,
)
def test_item_that_comes_back_as_another_is_not_stored(item_type, item, make):
    """Each start builds the answer, and says which key it is, what was given and what came back."""
    manager = make(item_type=item_type)
    with pytest.warns(CacheWarning, match=r"'palettes' was not saved.*key 'bad'"):
        answer = manager.get_or_build(lambda: {"bad": item})

    assert item is answer["bad"]
    saved = manager.last_report.saved
    assert "error" == saved.status
    # Older releases of cattrs leave what a field of any type holds as it is: that is no JSON.
    assert saved.reason in (Reason.COMES_BACK_CHANGED, Reason.NOT_SERIALIZABLE)
    assert not os.path.exists(manager.path)


@pytest.mark.parametrize(
    ("item_type", "item"),
    [
        (Palette, Palette("red", [1, {"a": None}])),
        (Gradient, Gradient("red", [], steps=5)),
        (float, 1),
        (tuple[int, ...], (1, 2)),
        (Counted, used("red", 0)),
    ],
    ids=str,
)
def test_item_that_comes_back_equal_is_stored(item_type, item, make):
    """Without a warning; another type of equal value is no difference."""
    manager = make(item_type=item_type)

    assert manager.save_cache({"good": item})
    assert {"good": item} == manager.load_cache()


@pytest.mark.parametrize(
    ("write", "read", "given"),
    [
        (str, str, 5),
        (list, list, (1, 2)),
        (lambda item: item.name, lambda record: 1 / 0, Opaque("red")),
    ],
    ids=["text", "list", "fails"],
)
def test_functions_of_the_application_decide_but_it_is_told(write, read, given, make):
    """What they make of an item is stored, also where it cannot be read again."""
    manager = make(serializer=write, deserializer=read)

    with pytest.warns(CacheWarning, match=r"'palettes' was saved, but .*key 'odd'"):
        assert manager.save_cache({"odd": given})

    assert "saved" == manager.last_report.status


def test_types_without_equality_are_not_compared(make):
    """Nothing says whether two of these are the same."""
    manager = make(serializer=lambda item: item.name, deserializer=Opaque)

    assert manager.save_cache({"red": Opaque("red"), "blue": Opaque("blue")})
    assert "blue" == manager.load_cache()["blue"].name


def test_arrays_are_not_asked_for_one_truth(make):
    """Values that compare part by part are of one type: that must do."""

    class Array(list):
        def __eq__(self, other):
            return [mine == its for mine, its in zip(self, other, strict=True)] or None

        def __bool__(self):
            raise ValueError("ambiguous")

        __hash__ = None

    manager = make(serializer=list, deserializer=Array)

    assert manager.save_cache({"ramp": Array([1, 2])})


def test_what_cannot_be_read_is_told_by_its_key(make):
    """A listing works; the item that its own function cannot read is named."""
    manager = make(serializer=str, deserializer=lambda record: 1 / 0)
    with pytest.warns(CacheWarning, match="key 'odd'"):
        manager.save_cache({"odd": "x"})

    items = manager.load_lazily()

    assert ["odd"] == list(items)
    with pytest.raises(ItemRefusedError, match="'odd'"):
        items["odd"]

"""Items of every kind come back equal and of their type, alone and inside of others."""
# ruff: noqa: UP007, UP045 - both spellings of unions are types of items

import dataclasses
import enum
from datetime import datetime, timezone
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any, Generic, Literal, NamedTuple, Optional, TypedDict, TypeVar, Union

import attrs
import pytest
from core_items import Access, Color, Entry, Level, Point, Shape, Track, Word
from core_tools import read, refused

from regcache_core import Reason, SerializationError, make_converter

try:
    import pydantic
except ImportError:
    pydantic = None

#: Named tuples are new in cattrs 24.1.
NEW_IN_CATTRS = {"NamedTuple", "named tuple or list", "named tuple in a class"}
has_them = find_spec("cattrs.cols") is not None
needs_pydantic = pytest.mark.skipif(pydantic is None, reason="pydantic is not installed")
T = TypeVar("T")
WHEN = datetime(2024, 5, 1, 12, 30, 15, 123456, tzinfo=timezone.utc)


class Alike(enum.Enum):
    """Members whose values, names and texts of values are mistaken for each other's."""

    ONE = 1
    TEXT = "1"
    TWO = "ONE"

    @classmethod
    def _missing_(cls, value):
        return cls.TWO


class Holed(enum.Enum):
    """A member that is no ``None`` though its value is."""

    NONE = None
    SOME = 1


class Pair(NamedTuple):
    """A named tuple with a class inside."""

    point: Point
    more: tuple[int, ...] = ()


class Bare(TypedDict, total=False):
    """A typed dictionary of the fields of others, each of which may be missing."""

    name: str
    point: Point


@attrs.frozen
class Box(Generic[T]):
    """A generic attrs class."""

    value: T
    others: list[T] = attrs.field(factory=list)


@dataclasses.dataclass
class Crate(Generic[T]):
    """A generic dataclass."""

    value: T


@attrs.frozen
class Cat:
    """A class with the fields of another."""

    name: str = ""


@attrs.frozen
class Dog:
    """The other one."""

    name: str = ""


@attrs.frozen
class Everything:
    """One field of each kind."""

    entry: Entry
    pets: list[Cat | Dog]
    colors: dict[Color, Level]
    access: Access
    box: Box[Optional[Track]]
    place: Union[str, Path, None]


KINDS: dict[str, tuple[Any, list[Any]]] = {
    "plain text": (str, ["naïve \U0001f600 \ud800 \x00"]),
    "large number": (int, [10**30]),
    "time": (datetime, [WHEN]),
    "bytes": (bytes, [bytes(range(256))]),
    "path": (Path, [Path("/a/b c")]),
    "decimal": (Decimal, [Decimal("1E-400")]),
    "set": (set[int], [{1, 2, 3}]),
    "dict by number": (dict[int, str], [{1: "x"}]),
    "optional number": (Optional[int], [None]),
    "attrs": (Point, [Point(1.0, 2.0)]),
    "shape": (
        Shape,
        [
            Shape(
                [Point(0.0, 0.0), Point(1.0, 1.0)],
                Color.GREEN,
                WHEN,
                Decimal("12345678901234567890.123"),
                PurePosixPath("icons/a.png"),
                b"\x00\xff",
                "7",
                {"a": (1, 2), "b": ()},
            ),
            Shape([], Color.RED, WHEN, label=7),
        ],
    ),
    "dataclass": (Track, [Track("a"), Track("a", Point(1.0, 2.0))]),
    "TypedDict": (Entry, [{"name": "a", "at": WHEN}]),
    "TypedDict with gaps": (Bare, [{}, {"name": "a"}, {"point": Point(1.0, 2.0)}]),
    "NamedTuple": (Pair, [Pair(Point(1.0, 2.0)), Pair(Point(1.0, 2.0), (3, 4))]),
    "enum of many values": (Color, [*Color]),
    "IntEnum": (Level, [*Level]),
    "enum of values alike": (Alike, [*Alike]),
    "str enum": (Word, [*Word]),
    "flags": (Access, [*Access, Access.READ | Access.WRITE]),
    "literal": (Literal["a", 1], ["a", 1]),
    "literal enum": (Literal[Color.RED, Color.GREEN], [Color.RED, Color.GREEN]),
    "generic attrs": (Box[int], [Box(1, [2])]),
    "generic of a class": (Box[Point], [Box(Point(1.0, 2.0), [Point(3.0, 4.0)])]),
    "generic of a generic": (Box[Box[Word]], [Box(Box(Word.YES))]),
    "named tuple in a class": (Box[Pair], [Box(Pair(Point(1.0, 2.0)))]),
    "generic dataclass": (Crate[Point], [Crate(Point(1.0, 2.0))]),
    "dict of lists": (dict[str, list[Point]], [{}, {"a": [Point(1.0, 2.0)], "b": []}]),
    "dict of lists of enums": (dict[str, list[Color]], [{"a": [*Color]}]),
    "dict by enum": (dict[Color, int], [dict.fromkeys(Color, 1)]),
    "dict by enum of values alike": (dict[Alike, int], [dict.fromkeys(Alike, 1)]),
    "dict by IntEnum": (dict[Level, int], [dict.fromkeys(Level, 1)]),
    "dict by str enum": (dict[Word, int], [{Word.YES: 1}]),
    "optional enum": (Optional[Color], [None, *Color]),
    "optional enum with a hole": (Optional[Holed], [None, *Holed]),
    "literal numbers": (Literal[Level.LOW, "a"], [Level.LOW, "a"]),
    "all of it": (
        Everything,
        [
            Everything(
                {"name": "a", "at": WHEN},
                [Dog("a"), Cat("a"), Dog()],
                {Color.BLUE: Level.HIGH, Color.GREEN: Level.LOW},
                Access.READ | Access.WRITE,
                Box(Track("a"), [None]),
                Path("a"),
            )
        ],
    ),
}
UNIONS: dict[str, tuple[Any, list[Any]]] = {
    "scalars": (Union[int, str, None], [1, "1", None]),
    "int and float": (Union[int, float], [1, 1.5]),
    "classes": (Union[Point, Track], [Point(1.0, 2.0), Track("a")]),
    "classes alike": (Cat | Dog, [Cat("a"), Dog("a")]),
    "classes alike or none": (Union[Cat, Dog, None], [Cat(), Dog(), None]),
    "class and its subclass's list": (Union[Cat, list[Dog]], [Cat(), [Dog()], []]),
    "lists": (Union[list[int], list[str]], [[1], ["1"], []]),
    "class or dict": (Union[Cat, dict[str, int]], [Cat(), {"name": 1}, {}]),
    "typed dicts": (Union[Entry, Bare], [{"name": "a", "at": WHEN}, {"name": "a"}]),
    "named tuple or list": (Union[Pair, list[int]], [Pair(Point(1.0, 2.0)), [1]]),
    "path or str": (Union[str, Path], ["a", Path("a")]),
    "decimal or str": (Union[str, Decimal], ["1", Decimal("1")]),
    "bytes or str": (Union[bytes, str], ["YWJj", b"abc"]),
    "time or str": (Union[datetime, str], [WHEN, WHEN.isoformat()]),
    "enum or its value": (Union[Word, str], [Word.YES, "yes", "no"]),
    "enum or a number": (Union[Color, int], [Color.GREEN, 2, Color.BLUE]),
    "generics": (Union[Box[int], Box[str]], [Box(1), Box("1")]),
    "literal or class": (Union[Literal["a"], Cat], ["a", Cat("a")]),
}
if pydantic is not None:

    class Model(pydantic.BaseModel):
        """A model with what JSON has no kind for, and itself inside."""

        when: datetime
        tags: frozenset[str] = frozenset()
        icon: PurePosixPath = PurePosixPath("a")
        inner: Optional["Model"] = None

    class Strict(pydantic.BaseModel):
        """A model with an alias that takes no text for a time, unless it is JSON."""

        model_config = pydantic.ConfigDict(strict=True, frozen=True)
        when: datetime = pydantic.Field(alias="at")

    class ModelOf(pydantic.BaseModel, Generic[T]):
        """A generic model."""

        value: T

    class Lossy(pydantic.BaseModel):
        """A model that pydantic writes without one of its fields."""

        secret: int = pydantic.Field(default=0, exclude=True)

    @pydantic.dataclasses.dataclass
    class Checked:
        """A dataclass that pydantic checks."""

        point: tuple[int, int]

    @dataclasses.dataclass
    class Holder:
        """A plain dataclass with models inside."""

        one: Model
        many: dict[str, list[Strict]]

    noon = datetime(2024, 5, 1, 12)
    model = Model(when=noon, tags={"b"}, inner=Model(when=noon))
    strict = Strict(at=noon)
    MODELS: dict[str, tuple[Any, list[Any]]] = {
        "model": (Model, [model]),
        "strict model": (Strict, [strict]),
        "generic model": (ModelOf[int], [ModelOf[int](value=1)]),
        "pydantic dataclass": (Checked, [Checked((1, 2))]),
        "models in a dataclass": (Holder, [Holder(model, {"a": [strict], "b": []})]),
        "dict of lists of models": (dict[str, list[Model]], [{"a": [model, model]}]),
        "optional model": (Optional[Model], [None, model]),
        "union of models": (Union[Model, Strict, Cat, None], [model, strict, Cat(), None]),
    }
else:
    MODELS = {}


@pytest.mark.parametrize("name", [*KINDS, *UNIONS, *MODELS])
def test_items_come_back_as_they_were(name, make):
    """Each item is equal to the one that was saved and of its type, in another manager."""
    if name in NEW_IN_CATTRS and not has_them:
        pytest.skip("needs cattrs 24.1")
    kind, items = {**KINDS, **UNIONS, **MODELS}[name]
    saved = dict(enumerate(items))
    make(item_type=kind).save_cache(saved)

    loaded = make(item_type=kind).load_cache()

    assert saved == loaded
    assert [type(item) for item in items] == [type(item) for item in loaded.values()]
    assert [repr(item) for item in items] == [repr(item) for item in loaded.values()]


def test_what_lies_in_the_file_can_be_read(make):
    """Members lie there by value or by name; items of a union behind the name of their type.

    Where only one type is possible there is no name.
    """
    colors = make(item_type=Color)
    colors.save_cache({"a": Color.RED, "b": Color.GREEN, "c": Color.BLUE})
    pets = make("pets", item_type=Union[Cat, list[Dog], None])
    pets.save_cache({"a": Cat("x"), "b": [Dog()], "c": None})

    assert {"a": "RED", "b": "GREEN", "c": "BLUE"} == read(colors)["items"]
    levels = make("levels", item_type=Level)
    levels.save_cache({"a": Level.HIGH})
    assert {"a": 2} == read(levels)["items"]
    cats = make("cats", item_type=Optional[Cat])
    cats.save_cache({"a": Cat("x"), "b": None})
    assert {"a": {"name": "x"}, "b": None} == read(cats)["items"]
    here = Cat.__module__
    assert {
        "a": [f"{here}.Cat", {"name": "x"}],
        "b": [f"list[{here}.Dog]", [{"name": ""}]],
        "c": None,
    } == read(pets)["items"]


@pytest.mark.parametrize(
    ("kind", "record"),
    [
        (Color, "SCARLET"),
        (Color, "red"),
        (Color, ["b", 3]),
        (Union[Cat, Dog], ["somewhere.Cow", {"name": ""}]),
        (Union[Cat, Dog], {"name": ""}),
        (Union[Cat, Dog], None),
    ],
)
def test_record_of_nothing_that_there_is_is_refused(kind, record, make, edit):
    """A member or a type that is gone is a miss with the key."""
    item = Color.RED if kind is Color else Cat()
    manager = make(item_type=kind)
    manager.save_cache({"a": item})
    edit(manager, items={"a": record})

    assert (Reason.ITEM_REFUSED, "a") == refused(manager)


@pytest.mark.parametrize("item", [5.5, True, Point(1.0, 2.0), None])
def test_item_of_none_of_the_types_is_not_saved(item, make):
    """What is nothing of the union is told when it is saved, with its key."""
    with pytest.raises(SerializationError, match=r"key 'a': .* is nothing of"):
        make(item_type=Union[Cat, int, list[Dog]]).save_cache({"a": item})


def test_hook_of_the_application_for_a_union_is_used(make):
    """A union that the converter of an application has hooks for is written and read by these."""
    converter = make_converter()
    converter.register_unstructure_hook(Cat | Dog, lambda pet: f"{type(pet).__name__} {pet.name}")
    kinds = {"Cat": Cat, "Dog": Dog}
    converter.register_structure_hook(
        Cat | Dog, lambda text, _: kinds[text.split()[0]](text.split()[1])
    )
    manager = make(item_type=Cat | Dog, converter=converter)
    manager.save_cache({"a": Dog("x")})

    assert {"a": "Dog x"} == read(manager)["items"]
    assert {"a": Dog("x")} == manager.load_cache()


@needs_pydantic
def test_model_that_pydantic_does_not_write_whole_is_not_saved(make):
    """A field left out would be another value at the next start: the save says so."""
    manager = make(item_type=Lossy)

    with pytest.raises(SerializationError, match=r"key 'a': .*secret=5.*does not come back equal"):
        manager.save_cache({"a": Lossy(secret=5)})

    assert manager.save_cache({"a": Lossy()})


def test_converting_does_not_import_pydantic(run_python):
    """Whoever has no models does not pay for pydantic."""
    code = """
        import enum
        class Color(enum.Enum):
            RED = 1
        manager = regcache_core.RegistryCacheManager(
            "p", lambda: "1", item_type=dict[str, list[Color]], application="painter")
        manager.save_cache({"a": {"b": [Color.RED]}})
        print(json.dumps([str(manager.load_cache()), "pydantic" in sys.modules]))
    """

    assert ["{'a': {'b': [<Color.RED: 1>]}}", False] == run_python(code)

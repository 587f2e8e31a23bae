"""Keys: what comes back from a file equals what went in, and is of the same type."""

import enum
import os
import sys

import pytest
from core_items import Access, Color, Level, Outer, Word
from core_tools import read, refused
from hypothesis import example, given
from hypothesis import strategies as st

from regcache_core import CacheMiss, Reason, SerializationError, key_to_text, text_to_key

HOSTILE = [
    "!",
    "! ",
    "!int",
    "!int ",
    "!int x",
    "!int 7.0",
    "!int 007",
    "!int \u0667",
    "!int " + "9" * 5000,
    "!float nan",
    "!float Infinity",
    "!float 1e5",
    "!bool true",
    "!None None",
    "!str red",
    "!tuple",
    "!tuple [",
    '!tuple {"a": 1}',
    "!tuple [null]",
    '!tuple ["a" ]',
    '!tuple ["!int x"]',
    "!tuple " + "[" * 10_000,
    "!enum",
    "!enum core_items:Color",
    "!enum core_items:Color:PURPLE",
    "!enum core_items:Color:SCARLET",
    "!enum core_items:Color:__class__",
    "!enum core_items:Access:READ|WRITE",
    "!enum core_items:Outer:ONE",
    "!enum core_items:Point:x",
    "!enum core_items:missing:RED",
    "!enum core_items::RED",
    "!enum core_items:Color.__init__:RED",
    "!enum os:environ:HOME",
    "!enum builtins:dict:x",
    "!enum not_imported:Color:RED",
    "!enum painter:Color:RED",
    "!enum painter.__main__:Color:RED",
    "!enum core_items:Color:RED:RED",
    "!eval 1+1",
    "!pickle gASVBQAAAAAAAAB9lC4=",
]


def shown(key):
    """A key with the types of all its parts, since 1, 1.0 and True are equal."""
    return [shown(part) for part in key] if type(key) is tuple else (type(key), repr(key))


def test_plain_strings_lie_in_the_file_as_they_are(make):
    """A file of plain keys holds them as they are."""
    manager = make()
    manager.save_cache({"imagexpress": 1, 7: 2, "!x": 3})

    assert ["imagexpress", "!int 7", "!str !x"] == list(read(manager)["items"])


scalars = st.one_of(
    st.text(),
    st.text().map("!{}".format),
    st.integers(),
    st.floats(allow_nan=False),
    st.booleans(),
    st.none(),
    st.sampled_from([*Color, *Level, *Word, *Access, *Outer.Inner]),
)
keys = st.recursive(scalars, lambda parts: st.lists(parts, max_size=4).map(tuple), max_leaves=8)


@given(keys)
@example(-0.0)
@example(5e-324)
@example("x" * 100_000)
@example(("!a", 1, None, True, 1.0, Color.RED, ("nested", ("!deep", ()))))
def test_any_key_comes_back(key):
    """Whatever key can be written is read back, with its type."""
    back = text_to_key(key_to_text(key), "painter")

    assert key == back
    assert shown(key) == shown(back)


@given(keys, keys)
def test_two_keys_have_two_texts(one, other):
    """Keys that differ, if only by type, are never written alike."""
    assert (shown(one) == shown(other)) == (key_to_text(one) == key_to_text(other))


@given(st.text().map("!{}".format) | st.sampled_from(HOSTILE))
def test_any_text_is_a_key_that_is_written_so_or_refused(text):
    """A text is decoded only if it is exactly what `key_to_text` writes for the key."""
    try:
        key = text_to_key(text, "painter")
    except CacheMiss as miss:
        assert Reason.KEY_REFUSED == miss.reason
    else:
        assert text == key_to_text(key)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:40])
def test_hostile_key_is_a_miss(make, edit, text):
    """A key that we would not write makes the file a miss, and the report shows it."""
    manager = make()
    manager.save_cache({"good": 1})
    edit(manager, items={"good": 1, text: 2})

    assert (Reason.KEY_REFUSED, text) == refused(manager)


def test_two_texts_of_one_key_are_a_miss(make, edit):
    """1 and True are one key to a dict: a file that has both would lose an item."""
    manager = make()
    manager.save_cache({1: "a"})
    edit(manager, items={"!int 1": "a", "!bool True": "b"})

    assert manager.load_cache() is None
    assert manager.load_records() is None
    assert Reason.KEY_REFUSED == manager.last_report.reason
    assert (2, 1) == (manager.last_report.old, manager.last_report.new)


class Text(str):
    """A sub-class of a kind that can be stored."""


class Number(int):
    """Another one."""


class Pair(tuple):
    """And another one."""


@pytest.mark.parametrize(
    "key",
    [
        b"bytes",
        1j,
        float("nan"),
        (1, float("nan")),
        frozenset({1}),
        Text("a"),
        Number(1),
        Pair((1, 2)),
        Color,
        object(),
        ...,
        Access.READ | Access.WRITE,
        Access(0),
    ],
    ids=lambda key: type(key).__name__,
)
def test_key_that_would_not_come_back_is_refused(make, key):
    """Keys of other kinds, sub-classes and NaN are refused by the save, which says why."""
    manager = make()

    with pytest.raises(SerializationError, match="cannot be stored"):
        manager.save_cache({key: 1})

    assert not os.path.exists(manager.path)


def test_enum_that_cannot_be_found_again_is_refused():
    """A member of an enum defined in a function is refused, as no reader could find the class."""

    class Hidden(enum.Enum):
        ONE = 1

    class Posing(enum.Enum):
        RED = 1

    Posing.__module__, Posing.__qualname__ = Color.__module__, "Color"

    for member in (Hidden.ONE, Posing.RED):
        with pytest.raises(TypeError, match="top of a module"):
            key_to_text(member)


class Unspeakable(str):
    """A key that cannot be shown."""

    def __repr__(self):
        raise ZeroDivisionError


def nested(depth):
    """A tuple in a tuple in a tuple."""
    key = ()
    for _ in range(depth):
        key = (key,)
    return key


def test_text_of_a_key_grows_with_the_key():
    """A deeply nested key takes as many characters as it has parts, and comes back."""
    key = nested(100)

    assert len(key_to_text(key)) < 300
    assert key == text_to_key(key_to_text(key), "painter")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (nested(5000), "key"),
        (10**5000, "key of type int"),
        (Unspeakable("a"), "key of type Unspeakable .ZeroDivisionError"),
    ],
    ids=["deep", "long", "unspeakable"],
)
def test_key_that_cannot_even_be_shown_is_refused(make, key, words):
    """A key that is too deep, too long or fails to show itself refuses the save as others do."""
    with pytest.raises(SerializationError, match=words):
        make().save_cache({key: 1})
    with pytest.raises(TypeError, match=f"type {type(key).__name__} cannot be stored"):
        key_to_text(key)


@pytest.fixture
def canary(tmp_path, monkeypatch):
    """Writes a package whose modules leave a file when they are imported; gives these files."""
    source = "import enum, pathlib\npathlib.Path(__file__ + '.was_here').touch()\n{}\n"
    enum = "class Color(enum.Enum):\n    RED = 1\n"
    modules = {
        "__init__": "",
        "__main__": enum,
        "colors": enum,
        "broken": "raise RuntimeError('broken')",
    }
    package = tmp_path / "canary"
    package.mkdir()
    for name, code in modules.items():
        (package / f"{name}.py").write_text(source.format(code))
    monkeypatch.syspath_prepend(tmp_path)
    yield lambda: sorted(path.name.partition(".")[0] for path in package.glob("*.was_here"))
    for name in [name for name in sys.modules if name.partition(".")[0] == "canary"]:
        del sys.modules[name]


def test_enum_of_the_application_is_imported(make, edit, canary):
    """A key's class lies in the application itself: its module is imported to restore the key."""
    manager = make(application="canary")
    manager.save_cache({"a": 1})
    edit(manager, items={"!enum canary.colors:Color:RED": 1})

    loaded = manager.load_cache()

    assert loaded == {sys.modules["canary.colors"].Color.RED: 1}
    assert ["__init__", "colors"] == canary()


@pytest.mark.parametrize(
    ("application", "name", "imported"),
    [
        ("painter", "canary.colors", []),
        ("canary", "canary_twin.colors", []),
        ("canary", "canar", []),
        ("canary", ".canary", []),
        ("canary", "canary:colors", []),
        ("canary", "canary.__main__", []),
        ("canary", "canary.gone", ["__init__"]),
        ("canary", "canary.broken", ["__init__", "broken"]),
    ],
)
def test_enum_elsewhere_is_a_miss(make, edit, canary, application, name, imported):
    """A file cannot name what to import, but modules of the application that are no programs."""
    manager = make(application=application)
    manager.save_cache({"a": 1})
    edit(manager, items={f"!enum {name}:Color:RED": 1})

    assert Reason.KEY_REFUSED is refused(manager)[0]
    assert imported == canary()


def test_enum_of_the_main_program_comes_back(run_python, tmp_path):
    """A script may use its own enum as keys, from start to start."""
    program = tmp_path / "program.py"
    program.write_text(
        "import enum, json\n"
        "from regcache_core import RegistryCacheManager\n"
        "class Mode(enum.Enum):\n    FAST = 1\n"
        "manager = RegistryCacheManager('modes', lambda: '1', item_type=int)\n"
        "items = manager.get_or_build(lambda: {Mode.FAST: 1})\n"
        "print(json.dumps([manager.last_report.status, items == {Mode.FAST: 1}]))\n"
    )
    run = "import subprocess; print(subprocess.check_output([sys.executable, {!r}], text=True))"

    answers = [run_python(run.format(str(program))) for _ in range(2)]

    assert [["miss", True], ["hit", True]] == answers

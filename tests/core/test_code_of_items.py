"""The modules of the item type and of the functions that make items are inputs of an answer."""

import pytest
from throwaway import App

PROGRAM = """
from regcache_core import RegistryCacheManager
from paint import items
manager = RegistryCacheManager("palettes", lambda: "1.0", {arguments}, application="paint")
answer = manager.get_or_build(items.build)
out = [manager.last_report.status, manager.last_report.where, repr(answer)]
"""
ITEMS = """
import attrs
from paint.colors import red

@attrs.frozen
class Palette:
    color: str

def build():
    return {"warm": Palette(red())}

def write(palette): return palette.color
def read(record): return Palette(record)
"""
TYPED, PAIRED = "item_type=items.Palette", "items.write, items.read"


@pytest.fixture
def app(tmp_path):
    """A package with a module of items, which uses another module."""
    app = App(tmp_path)
    app.write(
        {
            "paint/__init__.py": "",
            "paint/items.py": ITEMS,
            "paint/colors.py": "def red(): return '#f00'",
        }
    )
    return app


@pytest.mark.parametrize("arguments", [TYPED, PAIRED])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Palette(red())", "Palette('#e00')"),
        ("color: str", "color: str\n    name: str = ''"),
        (
            "color: str\n",
            "color: str\n    def __repr__(self): return 'edited'\n",
        ),
    ],
    ids=["build", "field", "method"],
)
def test_edit_of_what_makes_items_is_a_miss(arguments, old, new, app):
    """A field, a method or the build itself: the old file says what the old code made."""
    program = PROGRAM.format(arguments=arguments)
    first, second = app.run(program), app.run(program)
    app.write({"paint/items.py": ITEMS.replace(old, new)})
    edited, again = app.run(program), app.run(program)

    assert ["miss", "hit", "miss", "hit"] == [each[0] for each in (first, second, edited, again)]
    assert edited[1].endswith("items.py")
    assert first[2] == second[2] != edited[2] == again[2]


@pytest.mark.parametrize(
    "build",
    [
        "items.build",
        "functools.partial(items.build)",
        "functools.wraps(items.build)(lambda: items.build())",
        "items.Builder().build",
        "items.Builder()",
    ],
)
def test_every_kind_of_function_leads_to_its_module(build, app):
    """Partial and decorated functions, methods, and objects that can be called."""
    more = "\nclass Builder:\n    def build(self): return build()\n    __call__ = build\n"
    app.write({"paint/items.py": ITEMS + more})
    program = "import functools\n" + PROGRAM.format(arguments="item_type=dict[str, str]")
    program = program.replace("get_or_build(items.build)", f"get_or_build({build})")
    app.write({"paint/items.py": (ITEMS + more).replace("Palette(red())", "{'a': red()}")})
    first = app.run(program)
    app.write({"paint/items.py": (ITEMS + more).replace("Palette(red())", "{'b': red()}")})
    edited = app.run(program)

    assert ["miss", "miss"] == [first[0], edited[0]]
    assert edited[1].endswith("items.py")


@pytest.mark.parametrize(
    ("before", "after"),
    [("int", "str"), ("list[int]", "list[str]"), ("int", "int | str"), ("dict[str, int]", "int")],
)
def test_another_item_type_is_a_miss(before, after, make):
    """What is in the file was made for the old one."""
    kinds = {"int": int, "str": str, "list[int]": list[int], "list[str]": list[str]}
    kinds |= {"int | str": int | str, "dict[str, int]": dict[str, int]}
    make(item_type=kinds[before]).save_cache({})
    manager = make(item_type=kinds[after])

    assert manager.load_cache() is None
    assert "SETTINGS_CHANGED" == manager.last_report.reason.name
    assert "item_type" == manager.last_report.where

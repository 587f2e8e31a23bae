"""A key attribute that is a field or a slot: the class is listed under its value, once."""

from typing import Any

import pytest
from throwaway import App

from regcache_meta import AutoRegister

BASE = """
from regcache_meta import {how}
class Reader({base}):
    __registry_key__ = {key!r}
"""
#: How a class says its key.
WAYS = {
    "dataclass": "@dataclasses.dataclass\nclass Tiff(Reader):\n    format: str = 'tiff'\n",
    "dataclass with slots": "@dataclasses.dataclass(slots=True)\nclass Tiff(Reader):\n"
    "    format: str = 'tiff'\n",
    "field of a dataclass": "@dataclasses.dataclass\nclass Tiff(Reader):\n"
    "    format: str = dataclasses.field(default='tiff')\n",
    "field of one with slots": "@dataclasses.dataclass(slots=True)\nclass Tiff(Reader):\n"
    "    format: str = dataclasses.field(default='tiff')\n",
    "attrs": "@attrs.define\nclass Tiff(Reader):\n    format: str = 'tiff'\n",
    "field of attrs": "@attrs.define\nclass Tiff(Reader):\n"
    "    format: str = attrs.field(default='tiff')\n",
    "attrs without slots": "@attrs.define(slots=False)\nclass Tiff(Reader):\n"
    "    format: str = attrs.field(default='tiff')\n",
    "attr.ib": "@attr.s\nclass Tiff(Reader):\n    format = attr.ib(default='tiff')\n",
    "inherited": "@dataclasses.dataclass(slots=True)\nclass Tiff(Reader):\n"
    "    format: str = 'tiff'\n@dataclasses.dataclass(slots=True)\nclass Ome(Tiff):\n"
    "    format: str = 'ome'\n",
}
LIST = """
from app.readers.base import Reader
REG = Reader.__registry__
out = [[*map(repr, REG)], REG.report.status]
import app.readers.tiff as module
out += [REG["tiff"] is module.Tiff, [*map(repr, REG)] == out[0]]
"""


@pytest.mark.parametrize("how", ["AutoRegisterMeta", "AutoRegister"])
@pytest.mark.parametrize("way", WAYS)
def test_class_is_listed_once_under_its_value(way: str, how: str, tmp_path: object) -> None:
    """Cold and warm, and the class is the final one, that of its module."""
    app = App(tmp_path)  # type: ignore[arg-type]
    base = "AutoRegister" if how == "AutoRegister" else f"metaclass={how}"
    app.write({"app/__init__.py": "", "app/readers/__init__.py": ""})
    app.write({"app/readers/base.py": BASE.format(how=how, base=base, key="format")})
    head = "import attr, attrs, dataclasses\nfrom app.readers.base import Reader\n"
    app.write({"app/readers/tiff.py": head + WAYS[way]})

    cold, warm = app.run(LIST), app.run(LIST)

    keys = ["'ome'", "'tiff'"] if way == "inherited" else ["'tiff'"]
    assert sorted(keys) == sorted(cold[0])
    assert ["miss", True, True] == cold[1:]
    assert [cold[0], "hit", True, True] == warm


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("class Tiff(Reader):\n    __slots__ = ('format',)\n", []),
        ("@dataclasses.dataclass\nclass Tiff(Reader):\n    format: str\n", []),
        ("@dataclasses.dataclass(slots=True)\nclass Tiff(Reader):\n    format: str\n", []),
        ("@attrs.define\nclass Tiff(Reader):\n    format: str\n", []),
    ],
)
def test_field_without_a_default_is_no_key(text: str, keys: list[str], tmp_path: object) -> None:
    """Only its objects have a value; the class is left out, as one without a key."""
    app = App(tmp_path)  # type: ignore[arg-type]
    app.write({"app/__init__.py": "", "app/readers/__init__.py": ""})
    base = BASE.format(how="AutoRegisterMeta", base="metaclass=AutoRegisterMeta", key="format")
    app.write({"app/readers/base.py": base})
    head = "import attrs, dataclasses\nfrom app.readers.base import Reader\n"
    app.write({"app/readers/tiff.py": head + text})

    code = "from app.readers.base import Reader\nout = [*Reader.__registry__]"
    assert [keys, keys] == [app.run(code), app.run(code)]


@pytest.mark.parametrize("attribute", ["__name__", "__qualname__"])
def test_key_is_what_every_class_has(attribute: str, tmp_path: object) -> None:
    """``__name__`` stands in no class's namespace."""
    app = App(tmp_path)  # type: ignore[arg-type]
    app.write({"app/__init__.py": "", "app/readers/__init__.py": ""})
    base = BASE.format(how="AutoRegisterMeta", base="metaclass=AutoRegisterMeta", key=attribute)
    app.write({"app/readers/base.py": base})
    app.write({"app/readers/tiff.py": "from .base import Reader\nclass Tiff(Reader): pass\n"})
    code = """
from app.readers.base import Reader
REG = Reader.__registry__
out = [[*REG], REG.report.status, REG["Tiff"].__name__]
"""

    assert [[["Tiff"], "miss", "Tiff"], [["Tiff"], "hit", "Tiff"]] == [app.run(code), app.run(code)]


HOOK = """
    def __init_subclass__(cls, format=None, **more):
        super().__init_subclass__(**more)
        cls.format = format or cls.__name__.lower()
"""
NAMED = f"class Named:{HOOK}"
#: What sets a key behind ``super().__init_subclass__()``: the modules of the base class and of one
#: more base, which plugins derive from.
HOOKS = {
    "base": (f"class Reader(BASE):\n    __registry_key__ = 'format'{HOOK}", ""),
    "base with slots of attrs": (
        f"import attrs\n@attrs.define\nclass Reader(BASE):\n    __registry_key__ = 'format'{HOOK}",
        "",
    ),
    "base with slots of dataclass": (
        "import dataclasses, sys\n@dataclasses.dataclass(slots=sys.version_info >= (3, 14))\n"
        f"class Reader(BASE):\n    __registry_key__ = 'format'{HOOK}",
        "",
    ),
    "mixin of the base": (
        f"{NAMED}class Reader(Named, BASE):\n    __registry_key__ = 'format'\n",
        "",
    ),
    "plugin": (
        "class Reader(BASE):\n    __registry_key__ = 'format'\n",
        f"class Reader(Reader):{HOOK}",
    ),
    "mixin of a plugin": (
        f"{NAMED}class Reader(BASE):\n    __registry_key__ = 'format'\n",
        "class Reader(Named, Reader): pass\n",
    ),
}


@pytest.mark.parametrize("how", ["AutoRegisterMeta", "AutoRegister"])
@pytest.mark.parametrize("who", HOOKS)
def test_key_may_be_set_last_of_all(who: str, how: str, tmp_path: object) -> None:
    """From a keyword or a name, where a sub-class of a plugin has a key of its own."""
    base, more = HOOKS[who]
    way = "AutoRegister" if how == "AutoRegister" else f"metaclass={how}"
    app = App(tmp_path)  # type: ignore[arg-type]
    app.write({"app/__init__.py": "", "app/readers/__init__.py": ""})
    text = f"from regcache_meta import {how}\n{base.replace('BASE', way)}"
    app.write({"app/readers/base.py": text})
    plugins = "class Tiff(Reader): pass\nclass Other(Tiff, format='ome'): pass\n"
    app.write({"app/readers/tiff.py": f"from app.readers.base import *\n{more}{plugins}"})

    cold, warm = app.run(LIST), app.run(LIST)

    assert {"'tiff'", "'ome'"} == {*cold[0]} - {"'reader'"}
    assert len({*cold[0]}) == len(cold[0])
    assert ["miss", True, True] == cold[1:]
    assert [cold[0], "hit", True, True] == warm


def test_mixin_of_a_plugin_stands_behind_the_base() -> None:
    """A key that it sets is there when we look; before the base it sets it after that."""

    class Reader(AutoRegister):
        __registry_key__ = "format"

    class Keyed:
        def __init_subclass__(cls, **more: Any) -> None:
            super().__init_subclass__(**more)
            cls.format = cls.__name__.lower()  # type: ignore[attr-defined]

    class Tiff(Reader, Keyed): ...

    class Late(Keyed, Reader): ...

    class Sub(Late): ...

    assert {"tiff": Tiff, "sub": Sub} == dict(Reader.__registry__)

"""Other names of plugin classes, and what a registry of classes adds to questions."""

import json
from typing import Any

import pytest
from throwaway import App

from regcache_core import ConfigError
from regcache_meta import AutoRegister, LazyDiscoveryDict, UnknownKeyError


def registry(**more: Any) -> Any:
    """A registry without a package, of a base class in this test."""

    class Base(AutoRegister):
        __registry_key__ = "key"
        __registry_on_duplicate__ = more.get("policy", "error")
        __registry_facts__ = ("size",)

    return Base


def make(base: Any, key: Any, *aliases: str, **more: Any) -> Any:
    """A plugin class."""
    return type("Plugin", (base,), {"key": key, "__registry_aliases__": aliases, **more})


@pytest.mark.parametrize(
    "wrong", ["tif", b"tif", 3, None, ["tif", 3], [""], {"tif"}, iter(["tif"])]
)
def test_wrong_aliases_are_refused_at_the_class_statement(wrong: Any) -> None:
    """They are a list or a tuple of texts."""
    base = registry()
    with pytest.raises(ConfigError, match=r"Plugin.__registry_aliases__ is .*; give a list of te"):

        class Plugin(base):  # type: ignore[misc]
            key = "tiff"
            __registry_aliases__ = wrong

    assert [] == list(base.__registry__)


def test_plain_dict_has_no_aliases() -> None:
    """It could not look them up."""

    class Base(AutoRegister):
        __registry_key__ = "key"
        __registry__ = {}  # type: ignore[assignment,misc]  # noqa: RUF012

    with pytest.raises(ConfigError, match="where a LazyDiscoveryDict is used"):
        make(Base, "tiff", "tif")
    make(Base, "png")


def test_aliases_are_not_inherited() -> None:
    """A sub-class has the names that it says itself."""
    base = registry()
    tiff = make(base, "tiff", "tif")
    names = base.__registry__

    class Big(tiff):  # type: ignore[misc,valid-type]
        key = "big"

    assert (("tif",), ()) == (names.info("tiff").aliases, names.info("big").aliases)
    assert tiff is names["tif"]


def test_dict_knows_keys_only() -> None:
    """Views, equality, removal and assignment take an alias for no key."""
    base = registry()
    tiff = make(base, "tiff", "tif", "TIFF")
    names = base.__registry__

    assert (False, True) == ("tif" in names.keys(), "tiff" in names.keys())  # noqa: SIM118
    assert (False, True) == (("tif", tiff) in names.items(), ("tiff", tiff) in names.items())
    assert {"tif": tiff} != names != LazyDiscoveryDict()
    other: Any = LazyDiscoveryDict()
    other["tif"] = tiff
    assert (False, False) == (other == names, names == other)
    assert (set(), {"tiff"}) == (names.keys() & {"tif"}, names.keys() & {"tiff"})
    with pytest.raises(UnknownKeyError):
        del names["tif"]
    with pytest.raises(UnknownKeyError):
        names.pop("tif")
    assert str is names.setdefault("tif", str) is names["tif"]
    assert ["tiff", "tif"] == list(names)
    del names["tif"]
    assert tiff is names["tif"] is names.get("TIFF")
    del names["tiff"]
    assert ("tif" in names, names.get("tif")) == (False, None)


def test_key_that_comes_later_goes_before_an_alias() -> None:
    """A class of this process may be called as another one is called, too."""
    base = registry()
    tiff = make(base, "tiff", "tif")
    names = base.__registry__
    assert tiff is names["tif"]

    tif = make(base, "tif", "TIFF")

    assert (tif, tif, tiff) == (names["tif"], names["TIFF"], names["tiff"])


@pytest.mark.parametrize(
    ("policy", "key"), [("error", None), ("first", "a"), ("last", "b"), ("qualify", None)]
)
def test_policy_says_whose_an_alias_is(policy: str, key: str | None, app: App) -> None:
    """The first or the last class of the walk has it, else none; cold, warm and at run time."""
    app.write(
        {
            "app/__init__.py": "from regcache_meta import AutoRegister\n"
            "class Base(AutoRegister):\n"
            f"    __registry_key__, __registry_on_duplicate__ = 'key', {policy!r}\n",
            **{
                f"app/{key}.py": f"from app import Base\nclass {key.upper()}(Base):\n"
                f"    key, __registry_aliases__ = {key!r}, ['x', '{key}x']\n"
                for key in "ab"
            },
        }
    )
    ask = "[r.info(n).key.rpartition('.')[2] if n in r else None for n in ('x', 'ax', 'bx')]"
    code = f"from app import Base\nr = Base.__registry__\nout = {ask}, [*r.failures]"
    late = f"import app.b, app.a\n{code}"

    loser = "app.a:A" if policy == "last" else "app.b:B"
    answers = [app.run(each, PYTHONWARNINGS="ignore") for each in (code, code, late, late)]
    assert [[[key, "a", "b"], [loser]]] * 4 == answers


def test_one_class_under_two_keys_has_its_aliases_once(app: App) -> None:
    """A plugin that lists its class a second time makes no name unclear."""
    app.write(
        {
            "app/__init__.py": "from regcache_meta import AutoRegister\n"
            "class Base(AutoRegister):\n    __registry_key__ = 'key'\n",
            "app/a.py": "from app import Base\nclass A(Base):\n"
            "    key, __registry_aliases__ = 'a', ['x']\nBase.__registry__['again'] = A\n",
        }
    )
    code = "from app import Base\nr = Base.__registry__\n"
    code += "out = [*r, *r.failures], r.info('x').key, r['x'] is r['a']"

    assert [[["a", "again"], "a", True]] * 2 == [app.run(code), app.run(code)]


@pytest.mark.parametrize(
    ("look", "found"),
    [
        ("'x' in R", False),
        ("R.get('x') is not None", False),
        ("'w' in R", True),
        ("[*R.query(text='z')]", []),
        ("[*R.search('x')]", []),
        ("R.list('[ez]*')", ["early"]),
    ],
)
def test_plugin_that_looks_for_a_later_one_finds_what_it_found(
    look: str, found: Any, app: App
) -> None:
    """What comes after it in the walk it does not find in a later start either."""
    module = "from app import Base\nR = Base.__registry__\nclass Plugin(Base):\n    key, "
    app.write(
        {
            "app/__init__.py": "from regcache_meta import AutoRegister\n"
            "class Base(AutoRegister):\n    __registry_key__ = 'key'\n",
            "app/_b.py": f"{module}__registry_aliases__ = 'early', ['w']\n",
            "app/a.py": f"{module}found = 'a', {look}\n",
            "app/z.py": f"{module}__registry_aliases__ = 'z', ['x']\n",
        }
    )
    code = "from app import Base\nr = Base.__registry__\nlen(r)\nout = r['a'].found, 'x' in r"

    assert [[found, True]] * 2 == [app.run(code), app.run(code)]


def test_key_that_a_plugin_sets_goes_before_an_alias(app: App) -> None:
    """``setdefault`` in a plugin takes an alias for no key, as elsewhere."""
    app.write(
        {
            "app/__init__.py": "from regcache_meta import AutoRegister\n"
            "class Base(AutoRegister):\n    __registry_key__ = 'key'\n",
            "app/a.py": "from app import Base\nclass A(Base):\n"
            "    key, __registry_aliases__ = 'a', ['x']\n",
            "app/b.py": "from app import Base\nBase.__registry__.setdefault('x', int)\n",
        }
    )
    code = "from app import Base\nr = Base.__registry__\nout = [*r], r['x'] is int"

    assert [[["a", "x"], True]] * 2 == [app.run(code), app.run(code)]


def test_alias_that_comes_while_a_process_runs_is_found(readers: App) -> None:
    """A lookup in vain looks again, for aliases too."""
    code = """
        from app.readers.base import READERS
        import os, time
        before = list(READERS)
        with open("app/readers/late.py", "w") as file:
            file.write("from .base import Reader\\nclass Late(Reader):\\n"
                       "    format, __registry_aliases__ = 'late', ['later']\\n")
        out = before, READERS["later"].__name__, READERS.info("later").key
        """

    assert [["csv", "json"], "Late", "late"] == readers.run(code)


def test_fact_that_is_not_declared_is_refused() -> None:
    """The close ones are named, else all."""
    base = registry()
    make(base, "a", size=3)
    names = base.__registry__

    assert ["a"] == list(names.query(size=3))
    with pytest.raises(ConfigError, match="sise is 3; give it as size"):
        names.query(sise=3)
    with pytest.raises(ConfigError, match="zzz is 3; give it as module or size or text or where"):
        names.query(zzz=3)


def test_keys_and_values_of_any_kind_are_shown() -> None:
    """Keys need not be texts, nor values classes."""
    base = registry()
    make(base, ("a", 1), "x")
    make(base, 5)
    names = base.__registry__
    names["by hand"], names["three"] = print, 3

    assert [("a", 1), 5, "by hand", "three"] == names.list()
    assert (["by hand"], [5]) == (names.list("*a*"), list(names.search("5")))
    assert [["a", 1], 5, "by hand", "three"] == [row["key"] for row in json.loads(names.to_json())]
    assert ["print", "int"] == [names.info(key).qualname for key in ("by hand", "three")]
    assert (5, True) == (names._repr_html_().count("<tr>"), names["x"] is names[("a", 1)])
    assert (3, print) == (names.info("three").load(), names.info("by hand").load())
    with pytest.raises(TypeError):
        names[["x"]]


PYGMENTS = """
from pygments.lexer import Lexer
from regcache_meta import LazyDiscoveryDict, is_published
lexers = LazyDiscoveryDict.for_package(
    "pygments.lexers", Lexer, include=is_published, facts=["name", "aliases", "filenames"]
)
out = [
    lexers.list("Py*Lexer"),
    [*lexers.query(name="TOML")],
    [*lexers.query(filenames=["*.toml", "Pipfile", "poetry.lock"])],
    [*lexers.query(module="pygments.lexers.python", where=lambda i: "py3" in i.facts["aliases"])],
    [*lexers.search("python", limit=3)],
    "<td>TOMLLexer</td>" in lexers.search("toml")._repr_html_(),
    len(lexers) == lexers.to_json().count('"class_name"'),
    sorted(name for name in sys.modules if name.startswith("pygments.lexers.")),
    lexers.info("TOMLLexer").load().__name__, lexers.report.status,
]
"""


@pytest.mark.real
def test_pygments_is_asked_without_an_import(app: App) -> None:
    """Its lexers, by name, fact, module and words; warm as cold."""
    pytest.importorskip("pygments")

    cold, warm = app.run(PYGMENTS), app.run(PYGMENTS)

    assert {"PythonLexer", "Python2Lexer", "PyPyLogLexer"} <= {*warm[0]}
    assert [["TOMLLexer"], ["TOMLLexer"], ["PythonLexer"]] == warm[1:4]
    assert ["PythonLexer"] == warm[4][:1]
    assert [True, True, [], "TOMLLexer", "hit"] == warm[5:]
    assert (cold[:7], "miss") == (warm[:7], cold[-1])

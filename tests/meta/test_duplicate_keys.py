"""A key never silently changes hands; the same declaration again replaces quietly."""

import dataclasses
import importlib
import pickle
import sys
from logging import Handler
from types import ModuleType
from typing import Any, ClassVar

import pytest
from throwaway import App

from regcache_core import ConfigError
from regcache_meta import (
    PRIMARY_KEY,
    AutoRegister,
    AutoRegisterMeta,
    DiscoveryWarning,
    DuplicateKeyError,
    LazyDiscoveryDict,
    RegistryConfig,
    SecondaryRegistry,
)

LIST = """
import warnings
warnings.simplefilter("ignore")
from app.readers.base import READERS
assert READERS["json"]
try:
    out = list(READERS) if READERS["csv"] else None
except ValueError as error:
    out = [type(error).__name__, error.registry, error.key, error.first, error.second, str(error)]
"""

SECOND_CSV = """
    from .base import Reader
    class Comma(Reader):
        format = "csv"
    """


def test_two_modules_that_claim_one_key_are_refused(readers: App) -> None:
    """Looking it up raises and names both classes with their files, cold and warm alike."""
    readers.write({"app/readers/comma_reader.py": SECOND_CSV})

    error, again = readers.run(LIST), readers.run(LIST)

    folder = readers.folder / "app/readers"
    first = f"app.readers.comma_reader.Comma ({folder}/comma_reader.py)"
    second = f"app.readers.csv_reader.CsvReader ({folder}/csv_reader.py)"
    assert ["DuplicateKeyError", "reader", "csv", first, second] == error[:5]
    told = f"reader: key 'csv' is held by {first} and claimed by {second}. Give one of them another"
    assert told == error[5][: len(told)]
    assert error == again


def test_second_claimant_is_refused_after_a_warm_start_too(readers: App) -> None:
    """A module that is added with a taken key is found out at the next start."""
    readers.run(LIST)
    readers.write({"app/readers/comma_reader.py": SECOND_CSV})

    assert "DuplicateKeyError" == readers.run(LIST)[0]


def test_two_classes_of_one_module_are_refused() -> None:
    """Two class statements under one key raise, whatever the registry is kept in."""
    registries: list[Any] = [{}, LazyDiscoveryDict()]
    for registry in registries:
        config = RegistryConfig(registry, "key", registry_name="reader")
        base: Any = AutoRegisterMeta("Base", (), {}, registry_config=config)
        first = AutoRegisterMeta("First", (base,), {"key": "a"})

        with pytest.raises(
            DuplicateKeyError, match=r"'a' is held by .*First.* claimed by .*Second"
        ):
            AutoRegisterMeta("Second", (base,), {"key": "a"})

        assert {"a": first} == registry


def test_scanned_classes_do_not_share_keys(app: App) -> None:
    """A registry over a package refuses two classes under one key too."""
    app.write({"two.py": "class Base: pass\nclass A(Base): k = 1\nclass B(Base): k = 1\n"})
    registry = LazyDiscoveryDict.for_package("two", app.load("two").Base, key="k")

    told = r"key 1 is held by two\.A .* claimed by two\.B "
    with pytest.warns(DiscoveryWarning, match=told):
        assert [1] == list(registry)
    with pytest.raises(DuplicateKeyError, match=told):
        registry[1]
    assert ["two:B"] == list(registry.failures)


@pytest.mark.parametrize("listed_first", [True, False])
def test_class_that_claims_a_cached_key_is_refused(listed_first: bool, readers: App) -> None:
    """A class elsewhere with a key that the cache has raises, and no plugin is imported for it."""
    readers.run(LIST)

    out = readers.run(
        f"""
        from app.readers.base import READERS, Reader
        listed_first = {listed_first} and list(READERS)
        try:
            class Mine(Reader):
                format = "csv"
            list(READERS)
        except ValueError as error:
            out = error.first, error.second, "app.readers.csv_reader" in sys.modules
        """
    )

    file = readers.folder / "app/readers/csv_reader.py"
    assert [
        f"app.readers.csv_reader.CsvReader ({file})",
        "__main__.Mine (no file)",
        False,
    ] == out


def test_key_that_was_removed_is_free(readers: App) -> None:
    """After ``del registry[key]`` another class may have the key of an unloaded plugin."""
    readers.run(LIST)

    out = readers.run(
        """
        from app.readers.base import READERS, Reader
        del READERS["csv"]
        class Mine(Reader):
            format = "csv"
        out = list(READERS), READERS["csv"].__name__
        """
    )

    assert [["json", "csv"], "Mine"] == out


def test_reload_replaces_quietly(readers: App) -> None:
    """``importlib.reload`` of a plugin puts its new class in the place of the old one."""
    registry = readers.load("app.readers.base").READERS
    before = registry["csv"]

    module = importlib.reload(sys.modules["app.readers.csv_reader"])

    assert module.CsvReader is registry["csv"] is not before
    assert ["csv", "json"] == list(registry)


def test_notebook_cell_that_runs_again_replaces_quietly() -> None:
    """The same class statement executed twice is one declaration; the base class's too."""
    namespace: dict[str, Any] = {"__name__": "a_notebook"}
    base = (
        "from regcache_meta import AutoRegisterMeta, LazyDiscoveryDict\n"
        "class Base(metaclass=AutoRegisterMeta):\n    __registry_key__ = 'key'\n"
    )
    cell = "class Plugin(Base):\n    key = 'a'\n"
    for code in (base, cell, cell):
        exec(code, namespace)
    once = namespace["Base"].__registry__

    assert {"a": namespace["Plugin"]} == once

    for code in (base, cell):
        exec(code, namespace)

    assert {"a": namespace["Plugin"]} == namespace["Base"].__registry__ != once


def test_base_class_declared_again_keeps_its_registry() -> None:
    """A base class that runs again with the same LazyDiscoveryDict may have it."""
    namespace: dict[str, Any] = {"__name__": "a_notebook", "READERS": LazyDiscoveryDict()}
    base = (
        "from regcache_meta import AutoRegisterMeta\n"
        "class Base(metaclass=AutoRegisterMeta):\n"
        "    __registry_key__ = 'key'\n    __registry__ = READERS\n"
    )
    cell = "class Plugin(Base):\n    key = 'a'\n"
    for code in (base, cell, base, cell):
        exec(code, namespace)

    assert {"a": namespace["Plugin"]} == namespace["READERS"]


def test_plugin_module_may_run_as_a_program(readers: App) -> None:
    """``python -m`` of a plugin's module declares its class twice: that is one declaration."""
    path = readers.folder / "app/readers/csv_reader.py"
    path.write_text(
        path.read_text() + "\nif __name__ == '__main__':\n    print(list(Reader.__registry__))\n"
    )
    run = "runpy.run_module('app.readers.csv_reader', run_name='__main__', alter_sys=True)"
    code = f"import runpy\n{run}"
    cold, warm = readers.start(code), readers.start(code)

    assert ("['csv', 'json']\n", "") == (cold.stdout, cold.stderr)
    assert ("['csv', 'json']\n", "") == (warm.stdout, warm.stderr)


def test_slots_dataclass_plugins_are_one_declaration(app: App) -> None:
    """``dataclass(slots=True)`` plugins, nested ones too, are listed and loaded cold and warm."""
    app.write(
        {
            "app/__init__.py": "",
            "app/base.py": """
                from regcache_meta import AutoRegisterMeta
                class Base(metaclass=AutoRegisterMeta):
                    __registry_key__ = "key"
                """,
            "app/points.py": """
                from dataclasses import dataclass
                from typing import ClassVar
                from .base import Base

                @dataclass(slots=True)
                class Point(Base):
                    x: int
                    key: ClassVar[str] = "point"

                class Shapes:
                    @dataclass(slots=True)
                    class Box(Base):
                        x: int
                        key: ClassVar[str] = "box"
                """,
        }
    )
    code = """
        from app.base import Base
        registry = Base.__registry__
        out = [[key, registry.info(key).qualname, registry[key](5).x] for key in registry]
        out.append([registry.report.status, registry["point"].__slots__])
        """
    plugins = [["point", "Point", 5], ["box", "Shapes.Box", 5]]

    assert [*plugins, ["miss", ["x"]]] == app.run(code)
    assert [*plugins, ["hit", ["x"]]] == app.run(code)


def test_two_nested_slots_dataclasses_of_one_name_are_two(app: App) -> None:
    """Classes of one name in two outer classes are different declarations."""

    class Base(metaclass=AutoRegisterMeta):
        __registry_key__ = "key"

    class First:
        @dataclasses.dataclass(slots=True)
        class Plugin(Base):
            key: ClassVar[str] = "a"

    with pytest.raises(DuplicateKeyError, match=r"First\.Plugin"):

        class Second:
            @dataclasses.dataclass(slots=True)
            class Plugin(Base):
                key: ClassVar[str] = "a"

    assert {"a": First.Plugin} == Base.__registry__


def test_key_of_a_class_whose_file_is_gone_is_free(app: App, monkeypatch: Any) -> None:
    """A class that moved to another file takes its key along."""
    base: Any = AutoRegisterMeta("Base", (), {"__registry_key__": "key"})
    for name in ("old_place", "new_place"):
        app.write({f"{name}.py": ""})
        module = ModuleType(name)
        module.__file__ = str(app.folder / f"{name}.py")
        monkeypatch.setitem(sys.modules, name, module)
    AutoRegisterMeta("Plugin", (base,), {"key": "a", "__module__": "old_place"})
    app.remove("old_place.py")

    moved = AutoRegisterMeta("Plugin", (base,), {"key": "a", "__module__": "new_place"})

    assert {"a": moved} == base.__registry__


POLICY = [("first", ["A"], "A"), ("last", ["A"], "B"), ("qualify", ["A", "B"], "A")]


@pytest.mark.parametrize("registry", [dict, LazyDiscoveryDict])
@pytest.mark.parametrize(("policy", "listed", "holder"), POLICY)
def test_policy_of_classes_that_nothing_discovers(
    policy: str, listed: list[str], holder: str, registry: Any
) -> None:
    """They come in the order of their class statements; secondary registries follow."""
    table: dict[str, Any] = {}
    second = SecondaryRegistry(table, PRIMARY_KEY, "value")
    config = RegistryConfig(registry(), "key", None, True, [second], on_duplicate=policy)
    base: Any = AutoRegisterMeta("Base", (), {}, registry_config=config)
    for name in "AB":
        AutoRegisterMeta(name, (base,), {"key": "k", "value": name, "__module__": __name__})

    keys = ["k", f"{__name__}.k"][: len(listed)]
    assert keys == list(base.__registry__) == list(table)
    assert holder == base.__registry__["k"].__name__ == table["k"]


MADE = """
from app.readers.base import Reader
{make}
class Odd(Reader):
    format = "odd"
{after}
"""
_DECORATOR = """
def better(cls):
    class Better(cls):
        {names}
    return Better
@better"""
#: How a sub-class is made that has only the key of the class above it.
SUB_CLASSES = {
    "decorator": (_DECORATOR.format(names="pass"), ""),
    "decorator that copies names": (
        _DECORATOR.format(names="__qualname__ = cls.__qualname__; __module__ = cls.__module__"),
        "",
    ),
    "type": ("def make(cls): return type(cls)('Better', (cls,), {})\n@make", ""),
    "type in a library": ("", "import types\nOdd = types.new_class('Better', (Odd,))"),
    "type that copies the module": (
        "",
        "def make(): return type(Odd)('Better', (Odd,), {'__module__': __name__})\nOdd = make()",
    ),
}


@pytest.mark.parametrize("kind", ["metaclass", "hook"])
@pytest.mark.parametrize("name", SUB_CLASSES)
def test_sub_class_that_a_function_makes_claims_nothing(name: str, kind: str, readers: App) -> None:
    """It has the key of the class that it derives from, which keeps it, cold and warm alike."""
    if kind == "hook":
        base = readers.folder / "app/readers/base.py"
        text = base.read_text().replace("(metaclass=AutoRegisterMeta)", "(AutoRegister)")
        base.write_text(text.replace("import AutoRegisterMeta", "import AutoRegister"))
    make, after = SUB_CLASSES[name]
    readers.write({"app/readers/odd.py": MADE.format(make=make, after=after)})
    code = """
        from app.readers.base import READERS
        out = [list(READERS), [READERS[key].format for key in READERS], list(READERS.failures)]
        """

    keys = ["csv", "json", "odd"]
    assert [keys, keys, []] == readers.run(code) == readers.run(code)


@pytest.mark.parametrize("base", [AutoRegister, None])
def test_class_statement_that_forgets_its_key_is_told(base: Any, readers: App) -> None:
    """In a module a class that derives from a plugin and says no key claims that of the plugin."""
    readers.write(
        {
            "app/readers/more.py": """
            from .csv_reader import CsvReader
            class More(CsvReader): ...
            """
        }
    )

    assert "app.readers.more.More" in readers.run(LIST)[4]


REPLACING = """
from app.readers.base import Reader
{before}
class Better(Reader):
    format = "csv"
    __registry_replaces__ = {other}
"""


@pytest.mark.parametrize("module", ["better", "zz"])
@pytest.mark.parametrize("policy", ["error", "first", "last", "qualify"])
@pytest.mark.parametrize(
    ("before", "other"),
    [
        ("", "'app.readers.csv_reader.CsvReader'"),
        ("", "'app.readers.csv_reader:CsvReader'"),
        ("from app.readers.csv_reader import CsvReader", "CsvReader"),
    ],
)
def test_class_that_says_so_replaces_another(
    before: str, other: str, policy: str, module: str, readers: App
) -> None:
    """Whichever comes first in the walk, whatever the policy; no failure is told of."""
    text = REPLACING.format(before=before, other=other)
    base = readers.folder / "app/readers/base.py"
    said = f"    __registry_on_duplicate__ = {policy!r}\n"
    base.write_text(base.read_text() + said)
    readers.write({f"app/readers/{module}.py": text})
    code = """
        import app.readers.csv_reader
        from app.readers.base import READERS
        out = [sorted(READERS), READERS["csv"].__name__, list(READERS.failures)]
        """

    answer = [["csv", "json"], "Better", []]
    assert answer == readers.run(code) == readers.run(code)
    readers.remove(f"app/readers/{module}.py")
    assert [["csv", "json"], "CsvReader", []] == readers.run(code)


def test_what_is_replaced_is_a_class_or_its_name() -> None:
    """Anything else is refused where it is declared."""
    base: Any = AutoRegisterMeta("Base", (), {"__registry_key__": "key"})

    with pytest.raises(ConfigError, match=r"\.[A-Z]\w*\.__registry_replaces__ is "):
        AutoRegisterMeta("Plugin", (base,), {"key": 1, "__registry_replaces__": ["a"]})


def test_pickled_registry_keeps_its_policy() -> None:
    """Another process opens it with the same arguments."""
    registry = LazyDiscoveryDict.for_package("logging", Handler, on_duplicate="last")

    assert "last" == pickle.loads(pickle.dumps(registry))._policy


def test_replacing_class_of_a_program_takes_the_key() -> None:
    """So does one whose class statement runs where nothing is discovered."""

    class Base(metaclass=AutoRegisterMeta):
        __registry_key__ = "key"

    class First(Base):
        key: ClassVar[str] = "a"

    class Second(Base):
        key: ClassVar[str] = "a"
        __registry_replaces__ = First

    assert {"a": Second} == Base.__registry__


def test_rivals_of_one_module_have_one_place(app: App) -> None:
    """Where a place does not tell them apart either, looking it up raises."""
    app.write({"two.py": "class Base: pass\nclass A(Base): k = 1\nclass B(Base): k = 1\n"})
    base = app.load("two").Base
    registry = LazyDiscoveryDict.for_package("two", base, key="k", on_duplicate="qualify")

    with pytest.warns(DiscoveryWarning, match=r"key '1' is held by two\.A"):
        assert ["1"] == list(registry)
    with pytest.raises(DuplicateKeyError):
        registry["1"]  # type: ignore[index]


@pytest.mark.parametrize(("policy", "holder"), [("first", "A"), ("last", "B")])
def test_rivals_of_one_module_follow_each_other(policy: str, holder: str, readers: App) -> None:
    """Two class statements of one module come in their order, cold and warm."""
    base = readers.folder / "app/readers/base.py"
    base.write_text(base.read_text() + f"    __registry_on_duplicate__ = {policy!r}\n")
    plugins = "class A(Reader): format = 'x'\nclass B(Reader): format = 'x'\n"
    readers.write({"app/readers/two.py": "from .base import Reader\n" + plugins})
    code = """
        from app.readers.base import READERS
        out = [list(READERS), READERS["x"].__name__, len(READERS.failures)]
        """

    assert [["csv", "json", "x"], holder, 1] == readers.run(code) == readers.run(code)


@pytest.mark.parametrize("policy", ["first", "last", "qualify"])
def test_secondary_registries_follow_the_policy(policy: str, readers: App) -> None:
    """A class that has not its key fills in nothing."""
    base = readers.folder / "app/readers/base.py"
    base.write_text(
        "from regcache_meta import PRIMARY_KEY, SecondaryRegistry\nSUFFIXES = {}\n"
        + base.read_text()
        + f"    __registry_on_duplicate__ = {policy!r}\n"
        + "    __secondary_registries__ = [SecondaryRegistry(SUFFIXES, PRIMARY_KEY, 'suffixes')]\n"
    )
    comma = SECOND_CSV + "    suffixes = 1\n"
    readers.write({"app/readers/comma_reader.py": comma})
    code = """
        from app.readers.base import READERS, SUFFIXES
        out = [[key, SUFFIXES[key]] for key in SUFFIXES]
        """

    csv = [".csv", ".tsv"]
    expected: Any = {
        "first": [["csv", 1]],
        "last": [["csv", csv]],
        "qualify": [["comma_reader.csv", 1], ["csv_reader.csv", csv]],
    }
    assert expected[policy] == readers.run(code) == readers.run(code)


def test_reload_of_a_rival_is_quiet(readers: App) -> None:
    """Neither who has the key nor who has not changes by running again."""
    base = readers.folder / "app/readers/base.py"
    base.write_text(base.read_text() + "    __registry_on_duplicate__ = 'last'\n")
    readers.write({"app/readers/comma_reader.py": SECOND_CSV})
    code = """
        import importlib, sys
        from app.readers.base import READERS
        first = READERS["csv"].__name__
        import app.readers.comma_reader
        for name in ("comma_reader", "csv_reader", "comma_reader"):
            importlib.reload(sys.modules[f"app.readers.{name}"])
        is_new = READERS["csv"] is sys.modules["app.readers.csv_reader"].CsvReader
        out = [first, READERS["csv"].__name__, is_new, list(READERS)]
        """

    answer = ["CsvReader", "CsvReader", True, ["csv", "json"]]
    assert answer == readers.run(code) == readers.run(code)


SECOND = "    __secondary_registries__ = [SecondaryRegistry(SECOND, PRIMARY_KEY, 'meta')]\n"
#: Modules of plugins with a secondary registry.
FILLING = {
    "two modules": {
        "a": "class A(Base): k, meta = 'x', 'mA'\nclass A2(Base): k, meta = 'y', 'mA2'\n",
        "b": "class B(Base): k, meta = 'x', 'mB'\nclass B2(Base): k, meta = 'z', 'mB2'\n",
    },
    "assigned": {
        "a": "class A(Base): k, meta = 'x', 'm'\nclass B(Base): k = 'x'\n"
        "Base.__registry__['x'] = A\n"
    },
    "assigned, and both fill in": {
        "a": "class A(Base): k, meta = 'x', 'm'\nclass B(Base): k, meta = 'x', 'm1'\n"
        "Base.__registry__['x'] = A\n"
    },
    "key like a place": {
        "a": "class A1(Base): k, meta = 'b.x', 'mA1'\nclass A(Base): k, meta = 'x', 'mA'\n",
        "b": "class B(Base): k, meta = 'x', 'mB'\n",
    },
    "place like a key": {
        "a": "class A(Base): k, meta = 'x', 'mA'\n",
        "b": "class B(Base): k, meta = 'x', 'mB'\n",
        "c": "class C(Base): k, meta = 'b.x', 'mC'\n",
    },
}
LOOK_AT_BOTH = """
import warnings
warnings.simplefilter("ignore")
{before}
from plug.base import Base, SECOND
def look(table):
    def one(key):
        try:
            return getattr(table[key], "__name__", table[key])
        except ValueError as error:
            return type(error).__name__
    return [[key, one(key)] for key in table]
out = [look(Base.__registry__), look(SECOND), list(Base.__registry__)]
"""


def make(app: App, policy: str, files: dict[str, str], more: str = "") -> None:
    """Write a package of plugins with these modules."""
    base = f"""
from regcache_meta import PRIMARY_KEY, AutoRegisterMeta, SecondaryRegistry
SECOND = {{}}
class Base(metaclass=AutoRegisterMeta):
    __registry_key__ = "k"
    __registry_on_duplicate__ = {policy!r}
{more}"""
    head = "from plug.base import Base\n"
    texts = {f"plug/{name}.py": head + text for name, text in files.items()}
    app.write({"plug/__init__.py": "", "plug/base.py": base, **texts})


@pytest.mark.parametrize("policy", ["error", "first", "last", "qualify"])
@pytest.mark.parametrize("files", FILLING)
def test_who_has_not_the_key_fills_in_nothing(files: str, policy: str, app: App) -> None:
    """In secondary registries; nor does it keep others from being loaded, whoever comes first."""
    make(app, policy, FILLING[files], SECOND)
    truth = app.run(LOOK_AT_BOTH.format(before=""), REGCACHE_DISABLE="1")

    primary, second, _ = truth
    names = {"A": "mA", "A1": "mA1", "A2": "mA2", "B": "mB", "B2": "mB2", "C": "mC"}
    if files.startswith("assigned"):
        assert [[["x", "A"]], [["x", "m"]], ["x"]] == truth
    else:
        assert sorted([key, names.get(name, name)] for key, name in primary) == sorted(second)
    for before in ["", "a", "b", "b, plug.a"] if "b" in FILLING[files] else ["", "a"]:
        look = LOOK_AT_BOTH.format(before=f"import plug.{before}" if before else "")
        cold, warm = (app.run(look, REGCACHE_DIR=f"{app.cache}/{before}") for _ in range(2))
        assert [before, [*map(sorted, truth)]] == [before, [*map(sorted, cold)]]
        assert [before, cold] == [before, warm]


@pytest.mark.parametrize("policy", ["error", "first", "last", "qualify"])
@pytest.mark.parametrize(
    "before",
    [
        "import outside",
        "from plug.base import Base; len(Base.__registry__); import outside",
        "from plug.base import Base; Base.__registry__['z']; import outside",
        "import plug.c, outside",
        "import outside, plug.c",
    ],
)
def test_class_of_the_application_keeps_the_key_that_it_takes(
    before: str, policy: str, app: App
) -> None:
    """By policy, or since it says so: in this process, cold and warm; no other one knows of it."""
    said = "" if policy == "last" else "    __registry_replaces__ = 'plug.c.Z'\n"
    files = {"c": "class Z(Base): k, meta = 'z', 'mZ'\nclass F(Base): k = 'f'\n"}
    make(app, policy, files, SECOND)
    mine = "from plug.base import Base\nclass O(Base):\n    k, meta = 'z', 'mO'\n"
    app.write({"outside.py": mine + said})
    look = LOOK_AT_BOTH.format(before=before)
    other_order = look.replace("out = [", "Base.__registry__['f']; out = [")

    answer = [[["z", "O"], ["f", "F"]], [["z", "mO"]], ["z", "f"]]
    assert answer == app.run(look, REGCACHE_DISABLE="1")
    assert [answer] * 3 == [app.run(each) for each in (look, look, other_order)]
    plain = [[["z", "Z"], ["f", "F"]], [["z", "mZ"]], ["z", "f"]]
    assert plain == app.run(LOOK_AT_BOTH.format(before=""))

"""A key never silently changes hands; the same declaration again replaces quietly."""

import dataclasses
import importlib
import sys
from types import ModuleType
from typing import Any, ClassVar

import pytest
from throwaway import App

from regcache_meta import AutoRegisterMeta, DuplicateKeyError, LazyDiscoveryDict, RegistryConfig

LIST = """
from app.readers.base import READERS
try:
    out = list(READERS)
except ValueError as error:
    out = [type(error).__name__, error.registry, error.key, error.first, error.second, str(error)]
"""

SECOND_CSV = """
    from .base import Reader
    class Comma(Reader):
        format = "csv"
    """


def test_two_modules_that_claim_one_key_are_refused(readers: App) -> None:
    """Discovery raises and names both classes with their files; nothing is cached."""
    readers.write({"app/readers/comma_reader.py": SECOND_CSV})

    error = readers.run(LIST)

    folder = readers.folder / "app/readers"
    first = f"app.readers.comma_reader.Comma ({folder}/comma_reader.py)"
    second = f"app.readers.csv_reader.CsvReader ({folder}/csv_reader.py)"
    assert ["DuplicateKeyError", "reader", "csv", first, second] == error[:5]
    told = f"reader: key 'csv' is held by {first} and claimed by {second}. Give one of them another"
    assert told == error[5][: len(told)]
    assert [] == readers.cache_files()


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

    with pytest.raises(DuplicateKeyError, match=r"key 1 is held by two\.A .* claimed by two\.B "):
        list(registry)


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

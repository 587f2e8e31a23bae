"""Second mappings that the classes of a registry fill."""

from typing import Any

import pytest
from throwaway import App

from regcache_meta import (
    PRIMARY_KEY,
    AutoRegisterMeta,
    DuplicateKeyError,
    LazyDiscoveryDict,
    RegistryConfig,
    SecondaryRegistry,
    SecondaryRegistryDict,
)

FILES = {
    "app/__init__.py": "",
    "app/tables.py": "ELSEWHERE = {}\n",
    "app/base.py": """
        from regcache_meta import (
            PRIMARY_KEY, AutoRegisterMeta, LazyDiscoveryDict, RegistryConfig, SecondaryRegistry
        )
        from app import tables
        from app.tables import ELSEWHERE

        HANDLERS = LazyDiscoveryDict()
        PARSERS = {}
        BY_NAME = {}
        NUMBERED = {}

        class Handler(metaclass=AutoRegisterMeta):
            __registry_config__ = RegistryConfig(
                HANDLERS, "key",
                secondary_registries=[
                    SecondaryRegistry(PARSERS, PRIMARY_KEY, "parser"),
                    SecondaryRegistry(BY_NAME, "name", "settings"),
                    SecondaryRegistry(tables.ELSEWHERE, "number", "parser"),
                ],
            )

        del tables, ELSEWHERE
        """,
    "app/one.py": """
        from .base import Handler

        class Parser:
            pass

        class One(Handler):
            key = "one"
            parser = Parser
            name = "eins"
            settings = {"a": 1}
            number = 1
        """,
    "app/three.py": """
        from .base import Handler

        class Three(Handler):
            key = 3
            @staticmethod
            def parser(text):
                return [text]
            number = 3.0
        """,
    "app/two.py": """
        from .base import Handler

        class Two(Handler):
            key = "two"
            name = "zwei"
            settings = object()
        """,
}

LIST = """
from app import tables
from app.base import PARSERS, BY_NAME
out = {
    "keys": [list(PARSERS), list(BY_NAME), list(tables.ELSEWHERE)],
    "types": sorted({type(each).__name__ for each in (PARSERS, BY_NAME, tables.ELSEWHERE)}),
    "imported": sorted(name for name in sys.modules if name.startswith("app.")),
}
"""


@pytest.fixture
def handlers(app: App) -> App:
    """An application with three secondary registries."""
    app.write(FILES)
    return app


def test_plain_dicts_are_wrapped_and_filled_from_the_cache(handlers: App) -> None:
    """A plain dict becomes lazy, wherever it lies, and lists with nothing imported."""
    cold = handlers.run(LIST)
    warm = handlers.run(LIST)

    assert [["one", 3], ["eins", "zwei"], [1, 3.0]] == cold["keys"] == warm["keys"]
    assert ["SecondaryRegistryDict"] == cold["types"] == warm["types"]
    assert ["app.base", "app.tables"] == warm["imported"]


def test_a_value_loads_one_module(handlers: App) -> None:
    """A value, which may be anything, is read from its class, and only this module is imported."""
    code = """
        from app.base import BY_NAME
        out = BY_NAME["eins"], sorted(name for name in sys.modules if name.startswith("app."))
        """
    handlers.run(LIST)

    assert [{"a": 1}, ["app.base", "app.one", "app.tables"]] == handlers.run(code)


def test_values_need_not_be_classes(handlers: App) -> None:
    """Functions, instances and dicts are values as classes are, cold and warm."""
    code = """
        from app.base import BY_NAME, PARSERS, HANDLERS
        three, two = HANDLERS[3], HANDLERS["two"]
        out = [
            PARSERS[3]("x"), PARSERS[3] is three.parser, BY_NAME["zwei"] is two.settings,
            list(BY_NAME.values())[0], HANDLERS.report.status, repr(PARSERS["one"]),
        ]
        """
    cold, warm = handlers.run(code), handlers.run(code)

    assert [["x"], True, True, {"a": 1}, "miss", "<class 'app.one.Parser'>"] == cold
    assert [["x"], True, True, {"a": 1}, "hit", "<class 'app.one.Parser'>"] == warm


def test_repr_says_where_a_value_will_come_from(handlers: App) -> None:
    """What is not loaded is shown as the attribute of its plugin."""
    handlers.run(LIST)

    shown = handlers.run("from app.base import BY_NAME\nout = repr(BY_NAME)")

    assert (
        "{'eins': <SecondaryRegistry('name', 'settings') of 'one'>, "
        "'zwei': <SecondaryRegistry('name', 'settings') of 'two'>}" == shown
    )


def test_content_of_the_plain_dict_stays(app: App) -> None:
    """What a plain dict held before it was wrapped is in the lazy one."""
    app.write(FILES | {"app/tables.py": "ELSEWHERE = {'by hand': 5}\n"})
    code = "import app.base, app.tables\nout = list(dict(app.tables.ELSEWHERE))"
    cold, warm = app.run(code), app.run(code)

    assert [1, 3.0, "by hand"] == cold == warm


def test_operations_of_dict_work_while_it_is_lazy(handlers: App) -> None:
    """Removing, setting and comparing work; a key that is not there is a KeyError."""
    handlers.run(LIST)
    module = handlers.load("app.base")
    table = module.PARSERS

    table["new"] = 5
    del table["one"]
    one = module.HANDLERS["one"]

    assert {3: table[3], "new": 5} == {key: table[key] for key in table if key != "one"}
    assert one.parser.__name__ == "Parser"
    with pytest.raises(KeyError, match="nothing"):
        table["nothing"]


def make(registry: Any, *secondaries: SecondaryRegistry) -> Any:
    """A base class in this process."""
    config = RegistryConfig(registry, "key", secondary_registries=secondaries)
    return AutoRegisterMeta("Base", (), {"__module__": "nowhere"}, registry_config=config)


def test_two_classes_under_one_secondary_key_are_refused() -> None:
    """A secondary key changes hands no more than a primary one."""
    base = make({}, SecondaryRegistry({}, "name", "value"))
    AutoRegisterMeta("A", (base,), {"key": 1, "name": "n", "value": object()})

    with pytest.raises(DuplicateKeyError, match=r"value: key 'n' is held by .*A .*claimed by .*B "):
        AutoRegisterMeta("B", (base,), {"key": 2, "name": "n", "value": object()})


def test_a_sub_class_that_inherits_key_and_value_is_no_duplicate() -> None:
    """What a class inherits stays its parent's: one value under one key."""
    table: dict[str, int] = {}
    base = make({}, SecondaryRegistry(table, "name", "value"))
    parent: Any = AutoRegisterMeta("Parent", (base,), {"key": 1, "name": "n", "value": 5})

    child = AutoRegisterMeta("Child", (parent,), {"key": 2})

    assert {1: parent, 2: child} == base.__registry__
    assert {"n": 5} == table


def test_classes_without_the_attributes_are_left_out() -> None:
    """A class without the value, or without the secondary key, fills in nothing."""
    table: dict[str, int] = {}
    base = make({}, SecondaryRegistry(table, "name", "value"))
    AutoRegisterMeta("A", (base,), {"key": 1, "name": "n"})
    AutoRegisterMeta("B", (base,), {"key": 2, "value": 5})

    assert {} == table
    assert [1, 2] == list(base.__registry__)


def test_the_same_declaration_again_replaces_the_value() -> None:
    """A class statement that runs again puts its new value in the place of the old."""
    registry: Any = LazyDiscoveryDict()
    table: Any = SecondaryRegistryDict(registry)
    base = make(registry, SecondaryRegistry(table, PRIMARY_KEY, "value"))
    for value in (1, 2):
        AutoRegisterMeta("A", (base,), {"key": "a", "value": value})

    assert {"a": 2} == table


def test_reload_replaces_the_value(handlers: App) -> None:
    """``importlib.reload`` of a plugin replaces its values."""
    import importlib

    handlers.run(LIST)
    table = handlers.load("app.base").PARSERS
    before = table["one"]

    reloaded = importlib.reload(handlers.load("app.one"))

    assert reloaded.Parser is table["one"] is not before


def test_a_key_that_cannot_be_stored_costs_only_the_cache(app: App) -> None:
    """A secondary key that no file can hold is a warning; the registry works uncached."""
    app.write(FILES | {"app/four.py": FILES["app/one.py"].replace('"eins"', "frozenset()")})
    app.remove("app/one.py")
    code = """
        import warnings
        from app.base import BY_NAME
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            keys = [repr(key) for key in BY_NAME]
        out = keys, [str(warning.message) for warning in caught]
        """

    keys, messages = app.run(code)

    assert ["frozenset()", "'zwei'"] == keys
    assert 1 == len(messages)
    assert "a key of type frozenset cannot be stored" in messages[0]
    assert [] == app.cache_files()


def test_read_while_being_discovered_shows_what_is_there(app: App) -> None:
    """A plugin that reads a secondary registry at import sees what registered so far."""
    app.write(
        FILES
        | {
            "app/peek.py": """
                from .base import PARSERS
                SEEN = list(PARSERS)
                """
        }
    )
    code = "from app.base import PARSERS\nlist(PARSERS)\nimport app.peek\nout = app.peek.SEEN"

    assert ["one"] == app.run(code)
    assert ["one"] == app.run(code)


def test_secondaries_of_a_plain_dict_stay_plain() -> None:
    """Where the registry itself is a plain dict, so are the others."""
    table: dict[str, int] = {}
    base = make({}, SecondaryRegistry(table, PRIMARY_KEY, "value"))
    AutoRegisterMeta("A", (base,), {"key": "a", "value": 5})

    assert {"a": 5} == table
    assert dict is type(base.__registry_config__.secondary_registries[0].registry_dict)


def test_file_whose_secondary_registry_names_nobody_is_a_miss(handlers: App) -> None:
    """A secondary key whose plugin is not listed makes the whole file a miss, and is found anew."""
    first = handlers.run(LIST)
    handlers.edit_cache('"eins":"one"', '"eins":"nobody"')
    code = """
        from app.base import BY_NAME, HANDLERS
        out = list(BY_NAME), BY_NAME["eins"], HANDLERS.report.reason.name, HANDLERS.report.where
        """

    assert ["eins", "zwei"] == first["keys"][1]
    assert [["eins", "zwei"], {"a": 1}, "WRONG_SHAPE", "extra"] == handlers.run(code)
    assert first["keys"] == handlers.run(LIST)["keys"]

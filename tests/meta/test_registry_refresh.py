"""``refresh()``: what a running process finds out when it looks again."""

from typing import Any

import pytest
from throwaway import App, forget

from regcache_meta import DiscoveryError, LazyDiscoveryDict


@pytest.fixture(params=["cold", "warm", "loaded"])
def registry(request: pytest.FixtureRequest, readers: App) -> Any:
    """A registry in this process: discovered, or read from the cache, or read and loaded."""
    if request.param != "cold":
        readers.run("from app.readers.base import READERS\nout = len(READERS)")
    registry = readers.load("app.readers.base").READERS
    list(registry)
    if request.param == "loaded":
        list(registry.values())
    return registry


def test_moved_plugin_may_be_imported_before_the_refresh(registry: Any, readers: App) -> None:
    """Importing the new place of a plugin whose old file is gone is no conflict."""
    text = (readers.folder / "app/readers/csv_reader.py").read_text()
    readers.remove("app/readers/csv_reader.py")
    readers.write({"app/readers/tables.py": text})

    moved = readers.load("app.readers.tables").CsvReader

    assert moved is registry["csv"]


def test_assignments_by_hand_stay(registry: Any) -> None:
    """What was assigned by hand stays; what was removed by hand is found again."""
    registry["mine"] = registry["csv"] = value = object()
    del registry["json"]

    registry.refresh()

    assert ["csv", "json", "mine"] == list(registry)
    assert [value, value] == [registry["mine"], registry["csv"]]


def test_secondary_registry_is_refreshed_too(app: App) -> None:
    """A secondary registry shows what was added and loses what was removed."""
    app.write(
        {
            "app/__init__.py": "",
            "app/base.py": """
                from regcache_meta import *
                BASES = LazyDiscoveryDict()
                TABLE = {}
                class Base(metaclass=AutoRegisterMeta):
                    __registry_config__ = RegistryConfig(
                        BASES, "key",
                        secondary_registries=[SecondaryRegistry(TABLE, PRIMARY_KEY, "value")],
                    )
                """,
            "app/one.py": "from .base import Base\nclass One(Base):\n    key, value = 'one', 1\n",
        }
    )
    module = app.load("app.base")
    before = dict(module.TABLE)
    app.remove("app/one.py")
    app.write(
        {"app/two.py": "from .base import Base\nclass Two(Base):\n    key, value = 'two', 2\n"}
    )

    module.BASES.refresh()

    assert ({"one": 1}, {"two": 2}) == (before, dict(module.TABLE))


def test_package_that_vanished_is_an_error(app: App) -> None:
    """A refresh of a package that is no longer there is a DiscoveryError."""
    app.write({"gone.py": "class A: pass\n"})
    registry = LazyDiscoveryDict.for_package("gone", object)

    assert ["A"] == list(registry)
    app.remove("gone.py")
    forget({"gone"})
    with pytest.raises(DiscoveryError):
        registry.refresh()

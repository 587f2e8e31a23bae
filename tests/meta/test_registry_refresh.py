"""``refresh()``: what a running process finds out when it looks again."""

import os
from typing import Any

import pytest
from throwaway import App, forget

from regcache_meta import DiscoveryError, LazyDiscoveryDict

XML = """
    from .base import Reader
    class XmlReader(Reader):
        format = "xml"
    """


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


def test_added_plugin_is_seen(registry: Any, readers: App) -> None:
    """A plugin file that was added is listed after a refresh, and the next process hits."""
    readers.write({"app/readers/xml_reader.py": XML})
    before = list(registry)

    registry.refresh()

    assert (["csv", "json"], ["csv", "json", "xml"]) == (before, list(registry))
    assert "XmlReader" == registry["xml"].__name__
    code = "from app.readers.base import READERS\nout = list(READERS), READERS.report.status"
    assert [["csv", "json", "xml"], "hit"] == readers.run(code)


def test_removed_plugin_is_gone(registry: Any, readers: App) -> None:
    """A plugin whose file was removed is not listed after a refresh."""
    readers.remove("app/readers/csv_reader.py")

    registry.refresh()

    assert ["json"] == list(registry)
    with pytest.raises(KeyError):
        registry["csv"]


def test_moved_plugin_keeps_its_key(registry: Any, readers: App) -> None:
    """A plugin that moved to another file is listed from there after a refresh."""
    text = (readers.folder / "app/readers/csv_reader.py").read_text()
    readers.remove("app/readers/csv_reader.py")
    readers.write({"app/readers/tables.py": text})

    registry.refresh()

    assert ["json", "csv"] == list(registry)
    assert "app.readers.tables" == registry.info("csv").module == registry["csv"].__module__


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


def test_report_tells_of_the_refresh(registry: Any) -> None:
    """The report says that a new answer was asked for, and that it was saved."""
    registry.refresh()

    report = registry.report
    assert ("miss", "REFRESH_REQUESTED", 2) == (report.status, report.reason.name, report.items)
    assert "saved" == report.saved.status
    assert report.build_ns > 0


def test_failures_are_told_anew(registry: Any, readers: App) -> None:
    """A module that fails is in ``failures`` after a refresh, and gone when it is mended."""
    readers.write({"app/readers/xml_reader.py": "1 / 0\n"})
    with pytest.warns(UserWarning, match="xml_reader failed to import"):
        registry.refresh()
    broken = list(registry.failures)
    readers.write({"app/readers/xml_reader.py": XML})

    registry.refresh()

    assert ["app.readers.xml_reader"] == broken
    assert ({}, ["csv", "json", "xml"]) == (registry.failures, list(registry))


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


def test_registry_over_a_package_is_refreshed(app: App) -> None:
    """A registry over a foreign package sees added, moved and removed files."""
    app.write({"base_of_all.py": "class Base: pass\n", "pack/__init__.py": ""})
    text = "from base_of_all import Base\nclass {}(Base): pass\n"
    app.write({"pack/a.py": text.format("A"), "pack/b.py": text.format("B")})
    registry = LazyDiscoveryDict.for_package("pack", app.load("base_of_all").Base)
    first = list(registry)
    app.remove("pack/a.py")
    app.remove("pack/b.py")
    app.write({"pack/b2.py": text.format("B"), "pack/c.py": text.format("C")})

    registry.refresh()

    assert (["A", "B"], ["B", "C"]) == (first, list(registry))
    assert "pack.b2" == registry["B"].__module__


def test_package_that_vanished_is_an_error(app: App) -> None:
    """A refresh of a package that is no longer there is a DiscoveryError."""
    app.write({"gone.py": "class A: pass\n"})
    registry = LazyDiscoveryDict.for_package("gone", object)

    assert ["A"] == list(registry)
    app.remove("gone.py")
    forget({"gone"})
    with pytest.raises(DiscoveryError):
        registry.refresh()


def test_without_a_cache_refresh_writes_nothing(app: App) -> None:
    """``enable_cache=False`` refreshes too, and leaves no file."""
    app.write({"pack/__init__.py": "", "pack/a.py": "class A: pass\n"})
    registry = LazyDiscoveryDict.for_package("pack", object, enable_cache=False)
    first = list(registry)
    app.write({"pack/b.py": "class B: pass\n"})

    registry.refresh()

    assert (["A"], ["A", "B"]) == (first, list(registry))
    assert [] == app.cache_files()


def test_plugin_younger_than_the_listing_of_its_folder_is_found(readers: App) -> None:
    """A file that came within the same tick as Python's listing of its folder is imported."""
    registry = readers.load("app.readers.base").READERS
    folder = readers.folder / "app/readers"
    listed = folder.stat().st_mtime_ns
    readers.write({"app/readers/xml_reader.py": XML})
    os.utime(folder, ns=(listed, listed))

    assert ["csv", "json", "xml"] == list(registry)

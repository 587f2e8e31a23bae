"""Cache files that somebody else wrote: a miss, and never an import of what they name."""

from typing import Any

import pytest
from tampering import Edit, edits_of, extra, tamper
from throwaway import READERS, App

LIST = """
import warnings
warnings.simplefilter("ignore")
from app.readers.base import READERS
keys = list(READERS)
report = READERS.report
out = {
    "keys": keys, "status": report.status, "reason": report.reason and report.reason.name,
    "where": report.where, "canary": "canary" in sys.modules,
    "classes": [READERS[key].__name__ for key in keys],
    "failures": list(READERS.failures), "docs": [READERS.info(key).doc for key in keys],
    "shown": repr(READERS),
}
"""

change, drop, put = edits_of("csv")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[App, bytes]:
    """An application with a cache, and a module that must not be imported; and the cache file."""
    app = App(tmp_path_factory.mktemp("written"))
    app.write({**READERS, "canary.py": "class Canary: pass\n", "app/canary.py": "import canary\n"})
    app.run(LIST)
    (file,) = app.cache_files()
    return app, file.read_bytes()


@pytest.fixture
def cached(written: tuple[App, bytes]) -> App:
    """That application, with the file as it was written."""
    app, content = written
    app.cache_files()[0].write_bytes(content)
    return app


def check_right(answer: dict[str, Any]) -> None:
    """The answer is that of the application, and nothing foreign was imported."""
    assert ["csv", "json"] == answer["keys"]
    assert ["CsvReader", "JsonReader"] == answer["classes"]
    assert ["Reads tables.", ""] == answer["docs"]
    assert not answer["canary"]


@pytest.mark.parametrize(
    "edit",
    [
        change(module="canary", class_name="Canary", qualname="Canary"),
        change(via="canary"),
        change(module="app.canary"),
        change(module="app.readersx"),
        change(module="app"),
        change(module=5),
        change(module=None),
        change(class_name=None),
        change(file=5),
        change(qualname=["CsvReader"]),
        change(via=5),
        change(via=None),
        change(attribute=5),
        change(attribute=None),
        change(doc=["a"]),
        change(doc=5),
        change(facts=["a"]),
        change(facts=5),
        change(facts=None),
        change(aliases="tif"),
        change(aliases=[5]),
        change(aliases={"tif": 1}),
        change(aliases=None),
        drop("module"),
        drop("class_name"),
        drop("qualname"),
        put("csv"),
        put(None),
        put([]),
        put({}),
    ],
)
def test_refused_record_is_a_miss(edit: Edit, cached: App) -> None:
    """A record that names something elsewhere, or is malformed, is refused before any import."""
    tamper(cached, edit)

    answer = cached.run(LIST)

    check_right(answer)
    assert ("miss", "ITEM_REFUSED", "csv") == (answer["status"], answer["reason"], answer["where"])
    assert "hit" == cached.run(LIST)["status"]


@pytest.mark.parametrize(
    "edit",
    [
        extra(failures=["app.readers.csv_reader"]),
        extra(failures={"app.readers.csv_reader": []}),
        extra(failures={"app.readers.csv_reader": ["a", "b", "c"]}),
        extra(failures={"app.readers.csv_reader": "ab"}),
        extra(failures={"app.readers.csv_reader": 5}),
        extra(failures=None),
        lambda document: document["extra"].pop("failures"),
        extra(secondary=["a"]),
        extra(secondary={"a": "b"}),
        extra(secondary={"a": {}}),
        extra(secondary={"a": {"b": 5}}),
        extra(secondary={"a": {"b": "!nonsense"}}),
        extra(secondary={"a": {"!nonsense": "csv"}}),
        extra(secondary={"a": {"b": "nobody"}}),
        extra(secondary={"a": {"b": ["csv"]}}),
        extra(secondary=None),
        lambda document: document.update(extra=[]),
    ],
)
def test_malformed_extra_is_a_miss(edit: Edit, cached: App) -> None:
    """What lies beside the records is checked as they are; the report says where it was wrong."""
    tamper(cached, edit)

    answer = cached.run(LIST)

    check_right(answer)
    assert [] == answer["failures"]
    assert ("miss", "WRONG_SHAPE") == (answer["status"], answer["reason"])
    assert "hit" == cached.run(LIST)["status"]


@pytest.mark.parametrize(
    "edit",
    [
        change(qualname="Gone"),
        change(qualname=""),
        change(qualname="CsvReader.format"),
        change(class_name="Gone"),
        change(qualname="Reader"),
        change(attribute="Gone"),
        change(attribute="Reader"),
        change(module="app.readers.json_reader", class_name="Gone", qualname="Gone"),
        change(module="app.readers.json_reader", class_name="JsonReader", qualname="JsonReader"),
    ],
)
def test_record_of_no_such_plugin_leads_to_discovery(edit: Edit, cached: App) -> None:
    """A class that is not there, or is not this plugin, is found anew when it is asked for."""
    tamper(cached, edit)

    answer = cached.run(LIST)

    check_right(answer)
    check_right(cached.run(LIST))


@pytest.mark.parametrize(
    ("qualname", "attribute"),
    [
        ("Other", None),
        ("Second", None),
        ("Gone", None),
        ("First", "Other"),
        ("First", "Second"),
        ("First", "Gone"),
    ],
)
def test_class_that_is_not_the_plugin_leads_to_discovery(
    qualname: str, attribute: str | None, app: App
) -> None:
    """In a foreign package too, no class of another hierarchy or key is given out, nor none."""
    app.write(
        {
            "base_of_all.py": "class Base: pass\n",
            "pack/__init__.py": "",
            "pack/a.py": """
                from base_of_all import Base
                class First(Base): k = "first"
                class Second(Base): k = "second"
                class Other: k = "first"
                """,
        }
    )
    code = """
        from base_of_all import Base
        from regcache_meta import LazyDiscoveryDict
        pack = LazyDiscoveryDict.for_package("pack", Base, key="k")
        out = pack["first"].__name__, list(pack)
        """
    app.run(code)
    named = {"attribute": attribute} if attribute else {}
    names = {"qualname": qualname, **named}
    tamper(app, lambda document: document["items"]["first"].update(names))

    assert ["First", ["first", "second"]] == app.run(code)

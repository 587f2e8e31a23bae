"""A warm registry answers from its file: it imports what is asked for, and nothing else."""

import os
import shutil
from typing import Any

import pytest
from throwaway import App

LISTING = {
    "len": "len(READERS)",
    "in": "['csv' in READERS, 'nothing' in READERS]",
    "iter": "list(READERS)",
    "reversed": "list(reversed(READERS))",
    "keys": "sorted(READERS.keys() | {'new'})",
    "bool": "bool(READERS)",
    "repr": "repr(READERS)",
    "info": "repr([READERS.info(key) for key in READERS])",
    "failures": "repr(READERS.failures)",
    "get of nothing": "READERS.get('nothing')",
}


@pytest.mark.parametrize("name", LISTING)
def test_listing_imports_no_plugin(name: str, readers: App) -> None:
    """Keys and facts come from the file, and are what a cold process gives."""
    code = f"""
        from app.readers.base import READERS
        answer = {LISTING[name]}
        out = answer, sorted(name for name in sys.modules if name.endswith("_reader"))
        """
    cold, _ = readers.run(code)
    warm, imported = readers.run(code)

    assert cold == warm
    assert [] == imported


@pytest.mark.parametrize("view", ["values", "items"])
def test_views_load_as_they_yield(view: str, readers: App) -> None:
    """Each step through values or items imports one more module."""
    readers.run("from app.readers.base import READERS\nout = len(READERS)")

    steps = readers.run(
        f"""
        from app.readers.base import READERS
        out = []
        for _ in READERS.{view}():
            out.append(sorted(n.rpartition(".")[2] for n in sys.modules if n.endswith("_reader")))
        """
    )

    assert [["csv_reader"], ["csv_reader", "json_reader"]] == steps


def test_info_tells_stored_facts(readers: App) -> None:
    """Module, names, file, first line of the docstring and declared attributes, cold and warm."""
    code = """
        from app.readers.base import READERS
        out = [[getattr(READERS.info(key), name) for name in
                ("key", "module", "class_name", "qualname", "file", "doc", "facts")]
               for key in READERS]
        """
    folder = readers.folder / "app/readers"
    csv = ["csv", "app.readers.csv_reader", "CsvReader", "CsvReader", str(folder / "csv_reader.py")]
    json = ["json", "app.readers.json_reader", "JsonReader", "JsonReader"]
    expected = [
        [*csv, "Reads tables.", {"suffixes": [".csv", ".tsv"]}],
        [*json, str(folder / "json_reader.py"), "", {}],
    ]

    assert expected == readers.run(code)
    assert expected == readers.run(code)


def test_infos_compare_by_content(readers: App) -> None:
    """Two facts about one plugin are equal, those about others are not, and none is hashable."""
    registry = readers.load("app.readers.base").READERS
    csv, json = registry.info("csv"), registry.info("json")

    assert registry.info("csv") == csv != json
    assert csv != "csv"
    assert repr(csv).startswith(
        "PluginInfo(key='csv', module='app.readers.csv_reader', class_name="
    )
    with pytest.raises(TypeError, match="unhashable"):
        hash(csv)


def test_info_of_an_unknown_key_is_an_error(readers: App) -> None:
    """Facts about nothing are a KeyError."""
    registry = readers.load("app.readers.base").READERS

    with pytest.raises(KeyError, match=r"reader has no key 'cvs'\. Did you mean 'csv'\?"):
        registry.info("cvs")


def test_info_of_a_class_that_no_file_has(readers: App) -> None:
    """A class that was registered outside of the package has facts as all others."""
    module = readers.load("app.readers.base")
    list(module.READERS)

    type(module.Reader)("Xml", (module.Reader,), {"__module__": "elsewhere", "format": "xml"})

    info = module.READERS.info("xml")
    assert ("xml", "elsewhere", "Xml", "", {}) == (
        info.key,
        info.module,
        info.class_name,
        info.file,
        info.facts,
    )


def test_facts_that_no_file_can_hold_cost_only_the_cache(readers: App) -> None:
    """A declared attribute that is no JSON value is a warning that names it; nothing is guessed."""
    readers.write(
        {
            "app/readers/odd_reader.py": """
                from .base import Reader
                class OddReader(Reader):
                    format = "odd"
                    suffixes = {".odd"}
                """
        }
    )
    code = """
        import warnings
        from app.readers.base import READERS
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            keys = list(READERS)
        messages = [f"{w.category.__name__} {w.message}" for w in caught]
        out = keys, messages, READERS.report.saved.status
        """

    keys, messages, status = readers.run(code)

    assert ["csv", "json", "odd"] == keys
    assert 1 == len(messages)
    assert messages[0].startswith("CacheWarning cache 'reader_registry of app.readers.base.Reader'")
    assert "key 'odd'" in messages[0] and "suffixes" in messages[0]
    assert "error" == status
    assert [] == readers.cache_files()


def test_without_a_cache_every_process_discovers(readers: App) -> None:
    """``enable_cache=False`` reads and writes no file, has no report; it refreshes."""
    base = readers.folder / "app/readers/base.py"
    cached = readers.run("from app.readers.base import READERS\nout = list(READERS)")
    (file,) = readers.cache_files()
    content = file.read_bytes()
    base.write_text(base.read_text().replace("Dict()", "Dict(enable_cache=False)"))
    code = """
        import os
        from app.readers.base import READERS
        keys = list(READERS), "app.readers.csv_reader" in sys.modules
        os.unlink("app/readers/csv_reader.py")
        READERS.refresh()
        out = *keys, list(READERS), READERS.report
        """

    assert [cached, True, ["json"], None] == readers.run(code)
    assert [file] == readers.cache_files()
    assert content == file.read_bytes()


def test_switched_off_by_the_application_variable(readers: App) -> None:
    """``APP_DISABLE_REGISTRY_CACHE`` switches the caches of the application ``app`` off."""
    code = "from app.readers.base import READERS\nout = list(READERS), READERS.report.status"

    off = readers.run(code, APP_DISABLE_REGISTRY_CACHE="1")

    assert [["csv", "json"], "disabled"] == off
    assert [] == readers.cache_files()


KEYS: dict[str, Any] = {
    "int": "7",
    "float": "1.5",
    "bool": "True",
    "tuple": "('a', 1, None)",
    "enum": "Colour.RED",
    "marked text": "'!int 7'",
}


@pytest.mark.parametrize("kind", KEYS)
def test_keys_come_back_with_their_types(kind: str, readers: App) -> None:
    """Keys other than plain text are listed and looked up warm as they are cold."""
    readers.write(
        {
            "app/colours.py": "import enum\nclass Colour(enum.Enum):\n    RED = 1\n",
            "app/readers/key_reader.py": f"""
                from ..colours import Colour
                from .base import Reader
                class KeyReader(Reader):
                    format = {KEYS[kind]}
                """,
        }
    )
    code = f"""
        from app.readers.base import READERS
        keys = [repr(key) for key in READERS]
        imported = "app.readers.key_reader" in sys.modules
        from app.colours import Colour
        out = keys, READERS[{KEYS[kind]}].__name__, imported, READERS.report.status
        """
    cold, warm = readers.run(code), readers.run(code)

    assert (cold[0], "KeyReader", True, "miss") == tuple(cold)
    assert [cold[0], "KeyReader", False, "hit"] == warm


def test_application_in_a_zip_is_cached(readers: App) -> None:
    """An archive on ``sys.path`` is a source like others: listed cold and warm, and refreshed."""
    place = shutil.make_archive(str(readers.folder / "packed"), "zip", readers.folder, "app")
    os.utime(place, (1, 1))
    code = f"""
        sys.path.insert(0, {place!r})
        from app.readers.base import READERS
        out = [*READERS], READERS.report.status, READERS.info("csv").file
        READERS.refresh()
        """
    cold, warm = readers.run(code), readers.run(code)

    assert ("miss", "hit") == (cold[1], warm[1])
    assert cold[0] == warm[0] == ["csv", "json"]
    assert "packed.zip" in warm[2]

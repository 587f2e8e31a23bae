"""Modules that fail to import: kept, told, and tried again when it makes sense."""

import pytest
from throwaway import App

from regcache_meta import PluginFailure

LIST = """
import warnings
from app.readers.base import READERS
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    keys = list(READERS)
    failures = {name: [f.module, f.error, f.where, str(f)] for name, f in READERS.failures.items()}
out = {"keys": keys, "failures": failures, "warned": [str(w.message) for w in caught],
       "status": READERS.report.status, "reason": str(READERS.report)}
"""


@pytest.mark.parametrize(
    ("text", "error", "line"),
    [
        ("x = 1\n1 / 0\n", "ZeroDivisionError: division by zero", 2),
        ("x = 1\n\ndef f(:\n", "SyntaxError: invalid syntax (bad_reader.py, line 3)", 3),
        ("raise SyntaxError('by hand')\n", "SyntaxError: by hand", 1),
    ],
)
def test_failures_are_kept(text: str, error: str, line: int, readers: App) -> None:
    """Module, error and place are told warm as cold; the warning comes once, when it failed."""
    readers.write({"app/readers/bad_reader.py": text})
    cold, warm = readers.run(LIST), readers.run(LIST)

    name = "app.readers.bad_reader"
    place = f"{readers.folder}/app/readers/bad_reader.py:{line}"
    assert {name: [name, error, place, error]} == cold["failures"] == warm["failures"]
    assert ([f"{name} failed to import: {error}"], []) == (cold["warned"], warm["warned"])


def test_warning_filters_do_not_stop_a_listing_for_good(readers: App) -> None:
    """Where warnings are errors, a broken plugin raises once, when it is found; the rest works."""
    readers.write({"app/readers/broken.py": "1 / 0\n"})
    code = """
        import warnings
        warnings.simplefilter("error")
        from app.readers.base import READERS
        try:
            list(READERS)
        except Warning as warning:
            first = str(warning)
        out = first, [*READERS], READERS.report.saved.status
        """

    first, keys, saved = readers.run(code)

    assert "app.readers.broken failed to import: ZeroDivisionError" in first
    assert (["csv", "json"], "saved") == (keys, saved)


@pytest.mark.parametrize(
    "use", ["list(READERS)", "READERS.get('csv')", "discover_registry_classes(*PLACE, Reader)"]
)
def test_warnings_point_at_the_application(readers: App, use: str) -> None:
    """A warning has the place of the line that used the registry, so that filters apply to it.

    A registry gives one for all modules that lack the same.
    """
    broken = {"broken.py": "1 / 0\n", "x.py": "import none_such\n", "y.py": "import none_such\n"}
    readers.write({f"app/readers/{name}": text for name, text in broken.items()})
    code = f"""
        import app.readers, warnings
        from app.readers.base import READERS, Reader
        from regcache_meta import discover_registry_classes
        PLACE = app.readers.__path__, "app.readers."
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            {use}
        out = [[w.category.__name__, w.filename] for w in caught]
        """

    count = 2 if "READERS" in use else 3
    assert [["DiscoveryWarning", "<string>"]] * count == readers.run(code)


def test_own_discovery_sees_optional_dependencies(readers: App) -> None:
    """With a ``discovery_function`` too, a plugin is listed when what it lacked can be imported."""
    readers.write(
        {
            "app/readers/odd_reader.py": """
                import optional_thing
                from .base import Reader
                class OddReader(Reader):
                    format = "odd"
                """,
            "app/readers/base.py": """
                from regcache_meta import *
                READERS = LazyDiscoveryDict()
                class Reader(metaclass=AutoRegisterMeta):
                    __registry_config__ = RegistryConfig(
                        READERS, "format", discovery_function=discover_registry_classes
                    )
                """,
        }
    )
    missing, again = readers.run(LIST), readers.run(LIST)
    readers.write({"optional_thing.py": ""})
    there = readers.run(LIST)

    assert (["csv", "json"], "hit") == (missing["keys"], again["status"])
    assert ["app.readers.odd_reader"] == list(missing["failures"])
    assert (["csv", "json", "odd"], {}) == (there["keys"], there["failures"])
    assert "miss: a module that was missing can be imported now: optional_thing" == there["reason"]


def test_listed_plugin_that_fails_now_is_an_import_error(readers: App) -> None:
    """A plugin that is listed but fails when it is asked for is an ImportError with its cause."""
    readers.write(
        {
            "app/readers/odd_reader.py": """
                import os
                if "BREAK" in os.environ:
                    raise OSError("no such device")
                from .base import Reader
                class OddReader(Reader):
                    format = "odd"
                """
        }
    )
    readers.run(LIST)
    code = """
        import pickle
        from app.readers.base import READERS
        keys = list(READERS)
        try:
            READERS["odd"]
        except ImportError as error:
            copy = pickle.loads(pickle.dumps(error))
            out = [keys, type(error).__name__, str(error), error.registry, error.key, error.name,
                   repr(error.__cause__), [copy.registry, copy.key, copy.name],
                   READERS["csv"].__name__]
        """

    out = readers.run(code, BREAK="1")

    assert [
        ["csv", "json", "odd"],
        "PluginImportError",
        "reader: 'odd' is listed, but its module app.readers.odd_reader fails to import: "
        "OSError('no such device'). Mend the module, or call refresh() to list without it.",
        "reader",
        "odd",
        "app.readers.odd_reader",
        "OSError('no such device')",
        ["reader", "odd", "app.readers.odd_reader"],
        "CsvReader",
    ] == out


def test_unknown_key_names_the_modules_that_failed(readers: App) -> None:
    """Where modules failed, an unknown key might have been theirs: the error says so."""
    readers.write({"app/readers/bad_reader.py": "1 / 0\n"})
    readers.run(LIST)
    registry = readers.load("app.readers.base").READERS

    with pytest.raises(KeyError) as caught:
        registry["bad"]

    assert (
        "reader has no key 'bad'. These modules failed to import (see .failures): "
        "app.readers.bad_reader." == str(caught.value)
    )


def test_strict_registry_raises(readers: App) -> None:
    """``strict`` in the set-up of a base class raises for the first module that fails."""
    readers.write(
        {
            "app/readers/bad_reader.py": "1 / 0\n",
            "app/readers/base.py": """
                from regcache_meta import AutoRegisterMeta, LazyDiscoveryDict, RegistryConfig
                READERS = LazyDiscoveryDict()
                class Reader(metaclass=AutoRegisterMeta):
                    __registry_config__ = RegistryConfig(READERS, "format", strict=True)
                """,
        }
    )

    with pytest.raises(ImportError, match=r"app\.readers\.bad_reader: ZeroDivisionError"):
        len(readers.load("app.readers.base").READERS)
    assert [] == readers.cache_files()


def test_failures_compare_by_content() -> None:
    """Two failures of the same module, error and place are equal."""
    first = PluginFailure("m", "ValueError: x", "m.py:1")

    assert first == PluginFailure("m", "ValueError: x", "m.py:1")
    assert first != PluginFailure("m", "ValueError: x", "m.py:2")
    assert "PluginFailure(error='ValueError: x', module='m', where='m.py:1')" == repr(first)


@pytest.mark.parametrize(
    ("requires", "missing", "install"),
    [
        ('Requires-Dist: opt-d; extra == "plot"', "opt_d", "The-Lab[plot]"),
        ('Requires-Dist: Opt.D>=1 ; python_version > "3" and extra == "plot"', "opt_d.sub", None),
        ("Requires-Dist: opt-d (>=1)", "opt_d", "opt-d"),
        ('Requires-Dist: json-opt; extra == "plot"', "json.opt", "The-Lab[plot]"),
        ('Requires-Dist: opt-d[x]; extra == "all"\nRequires-Dist: y; extra == "all"', "opt_d", ""),
        ('Requires-Dist: imaging; extra == "plot"', "opt_d", ""),
        ("", "opt_d", ""),
    ],
)
def test_failure_says_what_to_install(
    requires: str, missing: str, install: str | None, readers: App
) -> None:
    """The extra that brings the module, or its distribution, as the metadata have it; or nothing.

    Of several extras it is the smallest; a class without its key lacks nothing.
    """
    if "all" in requires:
        requires += '\nRequires-Dist: opt_d; extra == "few"'
        install = "The-Lab[few]"
    readers.write(
        {
            "app/readers/lacking.py": f"import {missing}\n",
            "app/readers/wrong.py": "1 / 0\n",
            "the_lab-1.dist-info/METADATA": (
                f"Metadata-Version: 2.1\nName: The-Lab\nVersion: 1\n{requires}\n"
            ),
            "the_lab-1.dist-info/RECORD": "app/__init__.py,,\napp/readers/lacking.py,,\n",
        }
    )
    code = """
        import warnings
        warnings.simplefilter("ignore")
        from app.readers.base import READERS
        failures = READERS.failures
        listed = READERS.report.status, "importlib.metadata" in sys.modules
        out = *listed, {name.rpartition(".")[2]: it.install for name, it in failures.items()}
        """
    readers.run(code)

    expected = {"lacking": "The-Lab[plot]" if install is None else install, "wrong": ""}
    assert ["hit", False, expected] == readers.run(code)

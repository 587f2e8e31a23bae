"""Modules that fail to import: kept, told, and tried again when it makes sense."""

import pytest
from throwaway import App

from regcache_meta import PluginFailure, PluginImportError

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
        ("import no_such_thing\n", "ModuleNotFoundError: No module named 'no_such_thing'", 1),
    ],
)
def test_failures_are_kept(text: str, error: str, line: int, readers: App) -> None:
    """Module, error and place are told warm as cold; the warning comes once, when it failed."""
    readers.write({"app/readers/bad_reader.py": text})
    cold, warm = readers.run(LIST), readers.run(LIST)

    name = "app.readers.bad_reader"
    assert ["csv", "json"] == cold["keys"] == warm["keys"]
    assert list(cold["failures"]) == [name]
    place = f"{readers.folder}/app/readers/bad_reader.py:{line}"
    assert [name, error, place, error] == cold["failures"][name]
    assert cold["failures"] == warm["failures"]
    assert [f"{name} failed to import: {error}"] == cold["warned"]
    assert [] == warm["warned"]


def test_error_without_a_place(readers: App) -> None:
    """A module that no code of its own broke has the place that raised, whatever it is."""
    readers.write({"app/readers/bad_reader.py": "raise SyntaxError('by hand')\n"})

    failure = readers.run(LIST)["failures"]["app.readers.bad_reader"]

    assert f"{readers.folder}/app/readers/bad_reader.py:1" == failure[2]


def test_warm_listing_does_not_run_a_broken_module(readers: App) -> None:
    """A module that failed runs again only when something changed."""
    readers.write({"app/readers/bad_reader.py": "open('ran', 'a').write('x')\n1 / 0\n"})
    for _ in range(3):
        readers.run(LIST)

    assert "x" == (readers.folder / "ran").read_text()


def test_mended_module_appears(readers: App) -> None:
    """A module that was mended is listed at the next start, and its failure is gone."""
    readers.write({"app/readers/bad_reader.py": "1 / 0\n"})
    readers.run(LIST)
    readers.write(
        {"app/readers/bad_reader.py": "from .base import Reader\nclass Bad(Reader): format = 'bad'"}
    )

    mended = readers.run(LIST)

    assert (["bad", "csv", "json"], {}) == (mended["keys"], mended["failures"])


@pytest.mark.parametrize("name", ["a_broken", "z_broken"])
def test_classes_of_a_module_that_failed_are_dropped(readers: App, name: str) -> None:
    """A module that raises after its class statement brings no plugin, wherever it sorts."""
    readers.write(
        {
            f"app/readers/{name}.py": """
                from .base import Reader
                class Half(Reader):
                    format = "half"
                raise RuntimeError("boom")
                """
        }
    )

    cold, warm = readers.run(LIST), readers.run(LIST)

    assert (["csv", "json"], "miss") == (cold["keys"], cold["status"])
    assert (["csv", "json"], "hit") == (warm["keys"], warm["status"])


@pytest.mark.parametrize("error", ["PermissionError('locked')", "DeprecationWarning('old')"])
def test_failure_that_may_pass_is_not_kept(readers: App, error: str) -> None:
    """A disk or a warning filter of one moment does not take a plugin from later processes."""
    readers.write(
        {
            "app/readers/x_reader.py": f"""
                import os
                from .base import Reader
                if "FAIL" in os.environ:
                    raise {error}
                class X(Reader):
                    format = "x"
                """
        }
    )

    failed = readers.run(f"{LIST}\nout['saved'] = READERS.report.saved.reason.name", FAIL="1")
    later = readers.run(LIST)

    assert (["csv", "json"], "miss") == (failed["keys"], failed["status"])
    assert "TRANSIENT_FAILURE" == failed["saved"]
    assert (["csv", "json", "x"], "miss") == (later["keys"], later["status"])


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
    """A warning has the place of the line that used the registry, so that filters apply to it."""
    readers.write({"app/readers/broken.py": "1 / 0\n"})
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

    assert [["DiscoveryWarning", "<string>"]] == readers.run(code)


@pytest.mark.parametrize("where", ["optional_thing.py", "optional_thing/__init__.py"])
@pytest.mark.parametrize("own_discovery", [False, True])
def test_plugin_appears_with_its_optional_dependency(
    own_discovery: bool, where: str, readers: App
) -> None:
    """A plugin whose dependency is missing is listed as soon as that can be imported."""
    readers.write(
        {
            "app/readers/odd_reader.py": """
                try:
                    import optional_thing
                except ImportError as error:
                    raise RuntimeError("needs optional_thing") from error
                from .base import Reader
                class OddReader(Reader):
                    format = "odd"
                """
        }
    )
    if own_discovery:
        readers.write(
            {
                "app/readers/base.py": """
                    from regcache_meta import *
                    READERS = LazyDiscoveryDict()
                    class Reader(metaclass=AutoRegisterMeta):
                        __registry_config__ = RegistryConfig(
                            READERS, "format", discovery_function=discover_registry_classes
                        )
                    """
            }
        )
    missing, again = readers.run(LIST), readers.run(LIST)
    readers.write({where: ""})
    there = readers.run(LIST)
    (readers.folder / where).unlink()
    if "/" in where:
        (readers.folder / where).parent.rmdir()
    gone = readers.run(LIST, REGCACHE_REFRESH="1")

    assert (["csv", "json"], "hit") == (missing["keys"], again["status"])
    assert ["app.readers.odd_reader"] == list(missing["failures"])
    assert (["csv", "json", "odd"], {}) == (there["keys"], there["failures"])
    assert "miss: a module that was missing can be imported now: optional_thing" == there["reason"]
    assert missing["keys"] == gone["keys"]


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
    code = """
        from app.readers.base import READERS
        try:
            len(READERS)
        except ImportError as error:
            out = str(error)
        """

    assert (
        "cannot discover plugins in app.readers: app.readers.bad_reader failed"
        not in readers.run(code)
    )
    assert "app.readers.bad_reader: ZeroDivisionError: division by zero" in readers.run(code)
    assert [] == readers.cache_files()


def test_failures_compare_by_content() -> None:
    """Two failures of the same module, error and place are equal."""
    first = PluginFailure("m", "ValueError: x", "m.py:1")

    assert first == PluginFailure("m", "ValueError: x", "m.py:1")
    assert first != PluginFailure("m", "ValueError: x", "m.py:2")
    assert "PluginFailure(error='ValueError: x', module='m', where='m.py:1')" == repr(first)


def test_import_error_shows_its_cause() -> None:
    """The message of PluginImportError tells what the module raised."""
    error = PluginImportError("reader", "tiff", "app.tiff")
    error.__cause__ = ValueError("x")

    assert "ValueError('x')" in str(error)

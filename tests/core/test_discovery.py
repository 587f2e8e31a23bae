"""Modules imported one by one: which, in which order, and what is remembered of those that fail."""

import importlib
import json
import warnings

import pytest
from throwaway import forget

from regcache_core import CacheWarning
from regcache_core.discovery import (
    Discovered,
    Failures,
    ImportPath,
    import_module,
    place_of,
    reexported_by,
    told,
)
from regcache_core.discovery._cold.failures import missing_modules

FILES = {
    "zoo/__init__.py": "",
    "zoo/__main__.py": "raise SystemExit('a program was run')",
    "zoo/ant.py": "",
    "zoo/bad.py": "\nraise ValueError('no bad animals')",
    "zoo/birds/__init__.py": "",
    "zoo/birds/owl.py": "",
    "zoo/broken/__init__.py": "1 / 0",
    "zoo/broken/never.py": "",
    "zoo/cat.py": "",
    "zoo/gone.py": "import sys\ndel sys.modules[__name__]",
}
IMPORT = """
from regcache_core.discovery import import_modules
failed = []
def keep(name, error): failed.append([name, type(error).__name__])
import zoo
modules = import_modules(zoo.__path__, "zoo.", keep, {options})
names = [module.__name__ for module in modules]
print(json.dumps([names, failed, sorted(name for name in sys.modules if name[:4] == "zoo.")]))
"""
BAD, BROKEN = ["zoo.bad", "ValueError"], ["zoo.broken", "ZeroDivisionError"]
GONE = ["zoo.gone", "KeyError"]


@pytest.mark.parametrize(
    ("errors", "told"),
    [
        (["No module named 'fancy'"] * 2, ["a, b failed to import: No module named 'fancy'"]),
        (
            ["ModuleNotFoundError: No module named 'fancy' (installed by tiff 1.0)"] * 2
            + ["ModuleNotFoundError: No module named 'fancy' (installed by png 1.0)"],
            ["a, b, c failed to import: No module named 'fancy'"],
        ),
        (
            ["No module named 'fancy'", "E: x", "No module named 'fancy.x'", "E: x"],
            [
                "a failed to import: No module named 'fancy'",
                "b, d failed to import: E: x",
                "c failed to import: No module named 'fancy.x'",
            ],
        ),
        (["E: x", "E: y"], ["a failed to import: E: x", "b failed to import: E: y"]),
        (["E: x"] * 7, ["a, b, c, d, e, 2 more (see .failures) failed to import: E: x"]),
        ([], []),
    ],
)
def test_modules_that_lack_the_same_are_one_warning(errors, told):
    """An optional dependency of many plugins is told of once; what differs is not put together."""
    failures = {name: [error, "x.py:1"] for name, error in zip("abcdefg", errors, strict=False)}

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Discovered({}, {"failures": failures}, None).warn_of_failures(CacheWarning)

    assert told == [str(each.message) for each in caught]


@pytest.fixture
def write(tmp_path):
    """Writes files, by their paths in the folder that the processes run in."""

    def write(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return write


@pytest.mark.parametrize(
    ("options", "imported", "failed"),
    [
        ("", ["ant", "birds", "birds.owl", "cat"], [BAD, BROKEN, GONE]),
        ("recursive=False", ["ant", "cat"], [BAD, GONE]),
        ("recursive=False, packages=True", ["ant", "birds", "cat"], [BAD, BROKEN, GONE]),
        ("exclude=['owl', '.b']", ["ant", "cat"], [GONE]),
        ("exclude=iter(['owl', 'broken'])", ["ant", "birds", "cat"], [BAD, GONE]),
    ],
)
def test_modules_are_imported_one_by_one(options, imported, failed, write, run_python):
    """Those that were asked for, by name; one that fails is told of, and the others go on."""
    write(FILES)

    names = [f"zoo.{name}" for name in imported]
    assert [names, failed, names] == run_python(IMPORT.format(options=options))


def test_search_ends_where_a_failure_is_not_accepted(write, run_python):
    """What `on_failure` raises reaches the caller; nothing is imported ahead."""
    write(FILES)
    code = """
        from regcache_core.discovery import import_modules
        import zoo
        def refuse(name, error): raise LookupError(name) from error
        try:
            list(import_modules(zoo.__path__, "zoo.", refuse))
        except LookupError as error:
            print(json.dumps([str(error), str(error.__cause__), "zoo.cat" in sys.modules]))
    """

    assert ["zoo.bad", "no bad animals", False] == run_python(code)


def test_one_module_is_imported_or_told_of():
    """A single module is itself or `None`."""
    told = []

    assert json is import_module("json", lambda *failure: told.append(failure))
    assert import_module("json.missing", lambda *failure: told.append(failure)) is None
    assert [("json.missing", ModuleNotFoundError)] == [(name, type(error)) for name, error in told]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("no paint"), "ValueError: no paint"),
        (ValueError(), "ValueError"),
        (KeyError(""), "KeyError: ''"),
        (AssertionError(0), "AssertionError: 0"),
    ],
)
def test_exceptions_are_told_by_type_and_words(error, text):
    """One that says nothing is its type alone."""
    assert text == told(error)


FAILING = {
    "dep/__init__.py": "",
    "pack/__init__.py": "",
    "pack/a.py": "\n\nraise ValueError('three lines down')",
    "pack/b.py": "def f():\n    pass\n  oops",
    "pack/c.py": "import not_there.at_all",
    "pack/d.py": "try:\n    import not_there\nexcept ImportError:\n    import nor_this",
    "pack/e.py": "from dep import nothing",
    "pack/f.py": "open('/no/such/file')",
    "pack/g.py": "raise MemoryError",
    "pack/h.py": "import warnings; warnings.warn('old')",
}
REMEMBER = """
from regcache_core.discovery import Failures, ImportPath, import_modules
warnings.simplefilter("error", UserWarning)
absent = ImportPath()
failures = Failures(absent)
import pack
names = [m.__name__ for m in import_modules(pack.__path__, "pack.", failures.add, exclude={left})]
print(json.dumps([names, failures.texts, absent.names, type(failures.transient).__name__]))
"""


def test_failures_are_remembered_with_their_places(write, run_python, tmp_path):
    """Each failure has its words and its place; missing modules are named once."""
    write(FAILING)
    names, texts, absent, transient = run_python(REMEMBER.format(left=["pack.f", "pack.g", ".h"]))

    assert ([], "NoneType") == (names, transient)
    assert ["ValueError: three lines down", f"{tmp_path}/pack/a.py:3"] == texts["pack.a"]
    assert texts["pack.b"][0].startswith("IndentationError: ")
    assert f"{tmp_path}/pack/b.py:3" == texts["pack.b"][1]
    assert ["pack.a", "pack.b", "pack.c", "pack.d", "pack.e"] == list(texts)
    assert ["not_there", "nor_this"] == absent


@pytest.mark.parametrize(
    ("left", "transient"),
    [([], "FileNotFoundError"), (["pack.f"], "MemoryError"), (["pack.f", ".g"], "UserWarning")],
)
def test_first_failure_of_this_moment_is_kept(left, transient, write, run_python):
    """A disk, the memory or a warning filter says nothing about the next start."""
    write(FAILING)

    assert transient == run_python(REMEMBER.format(left=left))[3]


def test_module_that_only_one_finder_misses_is_not_missing():
    """An error that names a module which can be found is not about its absence."""
    absent = ImportPath()
    failures = Failures(absent)

    failures.add("plugin", ModuleNotFoundError("json is on strike", name="json"))
    failures.add("other", ModuleNotFoundError("nobody knows what"))

    assert [] == absent.names == [*missing_modules(None)]
    assert ["ModuleNotFoundError: json is on strike", ""] == failures.texts["plugin"]


def test_place_of_an_error_is_the_innermost():
    """The line that raised, wherever it was caught; none for an error that was not raised."""

    def fail():
        raise ValueError

    with pytest.raises(ValueError) as caught:
        fail()

    assert f"{__file__}:{fail.__code__.co_firstlineno + 1}" == place_of(caught.value)
    assert "" == place_of(ValueError()) == place_of(SyntaxError())


UNFINISHED = """
from regcache_core.discovery import is_unfinished
seen = [is_unfinished("slow")]
"""


def test_module_that_is_being_executed_is_unfinished(write, run_python):
    """Seen from the module itself; not before, not afterwards, and not where others are meant."""
    write({"slow.py": f"{UNFINISHED}seen.append(is_unfinished('json'))"})

    assert [False, True, False, False] == run_python(
        f"{UNFINISHED}import slow\nseen += [*slow.seen, is_unfinished('slow')]\n"
        "print(json.dumps(seen))"
    )


def test_module_that_another_thread_executes_is_unfinished(write, run_python):
    """Seen from a thread that imports nothing, while another waits inside the module."""
    write({"slow.py": "import gate\ngate.inside.set()\ngate.go_on.wait(30)"})
    write({"gate.py": "import threading\ninside, go_on = threading.Event(), threading.Event()"})
    code = """
import gate, threading
thread = threading.Thread(target=__import__, args=["slow"])
thread.start()
gate.inside.wait(30)
seen.append(is_unfinished("slow"))
gate.go_on.set()
thread.join()
seen.append(is_unfinished("slow"))
print(json.dumps(seen))
"""

    assert [False, True, False] == run_python(UNFINISHED + code)


@pytest.mark.parametrize("earlier", [0, 1])
def test_file_younger_than_a_listing_is_found(earlier, write, run_python):
    """A file is found that does not move its folder's time, also by the second discovery."""
    write({"old_one.py": ""})
    code = f"""
        from regcache_core.discovery import find_spec
        from regcache_core.discovery._cold.importing import forget_folder_listings
        os.utime(".", ns=(10**18, 10**18))
        for _ in range({earlier}):
            forget_folder_listings()
        import old_one
        open("new_one.py", "w").close()
        os.utime(".", ns=(10**18, 10**18))
        hidden = find_spec("new_one") is None
        forget_folder_listings()
        print(json.dumps([hidden, find_spec("new_one") is None]))
    """

    assert [True, False] == run_python(code)


def test_folder_that_stays_is_not_listed_once_more(write, run_python):
    """The second discovery of a process leaves Python the listings of folders that did not move."""
    write({"package/__init__.py": ""})
    code = """
        from regcache_core.discovery._cold.importing import forget_folder_listings
        forget_folder_listings()
        forgotten = []
        class Finder:
            def invalidate_caches(self):
                forgotten.append(1)
        folder = os.path.dirname(os.__file__)
        for place in (folder, os.path.join(folder, "no_such_folder")):
            sys.path_importer_cache[place] = Finder()
        forget_folder_listings()
        print(json.dumps(forgotten))
    """

    assert [1] == run_python(code)


@pytest.mark.parametrize(
    ("text", "brought"),
    [
        ("from vendor.parts import wheel", ["wheel", "axle"]),
        ("import sys\nwheel = sys.modules['vendor.parts'].wheel", ["wheel"]),
        ("from vendor import parts as _parts", ["wheel", "axle"]),
        ("import vendor.parts", ["wheel", "axle"]),
        ("def later():\n    import vendor.parts\n", []),
        ("import vendor", []),
        ("wheel = 5", []),
    ],
)
def test_what_a_module_imports_is_told(text, brought, tmp_path, monkeypatch):
    """A thing from elsewhere is brought by who holds it, or imports the module that defines it."""
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor/__init__.py").write_text("")
    (tmp_path / "vendor/parts.py").write_text("def wheel(): ...\ndef axle(): ...\n")
    (tmp_path / "bringing_module.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    names = {"vendor", "vendor.parts", "bringing_module"}
    parts = importlib.import_module("vendor.parts")
    module = importlib.import_module("bringing_module")
    foreign = {name: (getattr(parts, name), "vendor.parts") for name in ("wheel", "axle")}

    found = reexported_by(module, foreign)
    forget(names)

    assert brought == found
    assert [] == reexported_by(module, {})

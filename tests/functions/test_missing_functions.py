"""A missing function: what changed is looked at once before the KeyError, bounded by time."""

import os
from typing import Any

import pytest
from throwaway import WATCHDOG, App, forget

from regcache_functions import (
    Catalogue,
    DuplicateFunctionError,
    FunctionRegistry,
    ScanError,
    UnknownFunctionError,
)

NAMES = ["gaussian", "median", "sobel"]
NEW = """
    from app.registry import FILTERS
    @FILTERS.register(aliases=["novel"])
    def new(x): return "new", x
    """
LIST = "from app.registry import FILTERS\nout = list(FILTERS), FILTERS.report.status"

#: Counts how often a cache file is read.
COUNT = """
import sys
READS = []
sys.addaudithook(lambda event, args: event == "open" and str(args[0]).endswith(".json")
                 and READS.append(args[0]))
"""


@pytest.fixture(params=["cold", "warm", "loaded", "uncached"])
def registry(request: pytest.FixtureRequest, filters: App) -> Any:
    """A registry in this process: searched, read from the cache, loaded, or without a cache."""
    if request.param in ("warm", "loaded"):
        filters.run(LIST)
    registry = filters.load("app.registry").FILTERS
    registry.enable_cache = request.param != "uncached"
    list(registry)
    if request.param == "loaded":
        list(registry.values())
    return registry


@pytest.fixture
def warm(filters: App) -> Any:
    """A registry in this process that was read from the cache."""
    filters.run(LIST)
    registry = filters.load("app.registry").FILTERS
    list(registry)
    return registry


@pytest.mark.parametrize("name", ["new", "novel"])
def test_function_that_was_added_is_found(name: str, registry: Any, filters: App) -> None:
    """A function in a file that is written while the process runs is found, by an alias too."""
    filters.write({"app/filters/z.py": NEW})

    assert ("new", 1) == registry[name](1)
    assert [*NAMES, "new"] == list(registry)


def test_function_that_was_added_is_described(registry: Any, filters: App) -> None:
    """``info`` of a name that came while the process runs tells of it."""
    filters.write({"app/filters/z.py": NEW})

    assert "app.filters.z" == registry.info("new").module


def test_answer_of_another_process_is_taken_over(filters: App) -> None:
    """What another process has found is read from the file; no other module is imported."""
    filters.run(LIST)
    code = """
    import subprocess, sys
    from pathlib import Path
    from app.registry import FILTERS
    first = list(FILTERS)
    text = Path("app/filters/edges.py").read_text()
    Path("app/filters/z.py").write_text(text.replace("sobel", "new"))
    subprocess.run([sys.executable, "-c", "from app.registry import FILTERS; len(FILTERS)"])
    found = FILTERS["new"](1)
    modules = [name for name in sys.modules if name.startswith("app.filters.")]
    out = first, found, list(FILTERS), FILTERS.report.status, modules
    """

    found = [*NAMES, "new"]
    assert [NAMES, ["new", 1], found, "hit", ["app.filters.z"]] == filters.run(code)


@pytest.mark.parametrize("other_process", [False, True], ids=["searched", "taken over"])
@pytest.mark.parametrize("loaded", [False, True], ids=["listed", "loaded"])
def test_what_this_process_did_stays(
    other_process: bool, loaded: bool, filters: App, warm: Any
) -> None:
    """Functions that were handed out or registered here stay when another is found."""
    gaussian = warm["gaussian"]
    if loaded:
        list(warm.values())

    @warm.register(tags=["mine"])
    def mine() -> None: ...

    filters.write({"app/filters/z.py": NEW})
    if other_process:
        filters.run(LIST)

    found = warm["new"]

    assert "app.filters.z" == found.__module__
    assert [*NAMES, "new", "mine"] == list(warm)
    assert [gaussian, mine, found] == [warm["gaussian"], warm["mine"], warm["new"]]
    assert ("mine",) == warm.info("mine").tags


@pytest.mark.parametrize("other_process", [False, True], ids=["searched", "taken over"])
def test_library_keeps_what_was_loaded(other_process: bool, app: App) -> None:
    """A scanned library that got another function: those that were loaded are the same."""
    code = (
        "from regcache_functions import FunctionRegistry\n"
        "out = list(FunctionRegistry.scan('library', public='names'))"
    )
    app.write({"library/__init__.py": "", "library/a.py": "def a(): ...\ndef b(): ...\n"})
    app.run(code)
    registry = FunctionRegistry.scan("library", public="names")
    a = registry["a"]
    app.write({"library/c.py": "def c(): ...\n"})
    if other_process:
        app.run(code)

    found = registry["c"]

    assert ("library.c", a) == (found.__module__, registry["a"])
    assert ["a", "b", "c"] == list(registry)
    assert ["hit" if other_process else "miss", "library.c"] == [
        registry.report.status,  # type: ignore[union-attr]
        registry.info("library.c.c").module,
    ]


def test_trials_are_not_run_for_a_missing_name(app: App) -> None:
    """A registry with a probe takes over what is written, and tries nothing by itself."""
    app.write(
        {
            "library/__init__.py": "",
            "library/a.py": "def a(): ...\n",
            "probes.py": "TRIED = []\ndef probe(f): TRIED.append(f.__name__)\n",
        }
    )
    code = (
        "from regcache_functions import FunctionRegistry\n"
        "r = FunctionRegistry.scan('library', public='names', probe='probes:probe')\n"
        "out = list(r)"
    )
    probes = app.load("probes")
    registry = FunctionRegistry.scan("library", public="names", probe="probes:probe")
    first = list(registry)
    app.write({"library/b.py": "def b(): ...\n"})
    with pytest.raises(UnknownFunctionError):
        registry["b"]
    app.run(code)
    registry._listing._backoff.reset()  # type: ignore[union-attr]

    assert "library.b" == registry["b"].__module__
    assert (["a"], ["a"]) == (first, probes.TRIED)


@pytest.mark.parametrize("other_process", [False, True], ids=["searched", "taken over"])
def test_function_that_is_gone_goes_with_the_next_missing_name(
    other_process: bool, filters: App, warm: Any
) -> None:
    """Where a module was removed, a missing name finds that out, loaded or not."""
    list(warm.values())
    filters.remove("app/filters/blur.py")
    if other_process:
        filters.run(LIST)
    before = list(warm)

    with pytest.raises(UnknownFunctionError):
        warm["new"]

    assert (NAMES, ["sobel"]) == (before, list(warm))


@pytest.mark.parametrize("other_process", [False, True], ids=["searched", "taken over"])
def test_loaded_function_is_not_replaced_behind_our_back(
    other_process: bool, filters: App, warm: Any
) -> None:
    """Where another function has the name of a loaded one by now, nothing moves."""
    sobel = warm["sobel"]
    warm.register("mine")(len)
    text = (filters.folder / "app/filters/edges.py").read_text()
    filters.write({"app/filters/edges.py": text.replace("def sobel", "def another")})
    filters.write({"app/filters/z.py": text})
    if other_process:
        filters.run(LIST)

    with pytest.raises(UnknownFunctionError) as caught:
        warm["another"]

    assert isinstance(caught.value.__cause__, DuplicateFunctionError)
    assert (sobel, [*NAMES, "mine"]) == (warm["sobel"], list(warm))
    assert "len" == warm.info("mine").original_name


def test_only_a_lookup_looks_again(filters: App, warm: Any) -> None:
    """``in``, ``get``, ``len``, iteration and questions answer from what is known."""
    filters.write({"app/filters/z.py": NEW})

    assert "new" not in warm
    assert warm.get("new") is None
    assert (3, NAMES) == (len(warm), list(warm))
    assert [] == list(warm.query(text="new"))
    assert ("new", 1) == warm["new"](1)
    assert "new" in warm


def test_lookups_read_the_file_a_few_times(filters: App) -> None:
    """A program that asks for missing names all the time reads the cache file a few times."""
    code = f"""
{COUNT}
from app.registry import FILTERS
import regcache_core.discovery._cold.backoff
now = [0]
regcache_core.discovery._cold.backoff.monotonic = lambda: now[0]
def miss(name, ask=FILTERS.__getitem__):
    try:
        ask(name)
    except KeyError:
        pass
    else:
        raise AssertionError(name)
miss("a")                  # opens the registry
reads = [len(READS)]
for i in range(10_000):
    miss(str(i))
miss("a", FILTERS.info)
miss(5)
reads.append(len(READS))
for now[0] in range(10):
    miss("a")
reads.append(len(READS))
out = FILTERS.report.status, reads
"""
    filters.run(LIST)

    assert ["hit", [1, 2, 5]] == filters.run(code)


def test_refresh_ends_the_pause(filters: App, warm: Any) -> None:
    """A name that was looked for in vain is looked for at once after a refresh."""
    with pytest.raises(UnknownFunctionError):
        warm["new"]
    warm.refresh()
    filters.write({"app/filters/z.py": NEW})

    assert ("new", 1) == warm["new"](1)


def test_module_that_asks_while_it_is_imported_does_not_look(filters: App) -> None:
    """A module that looks a missing name up at import gets the KeyError, without a search."""
    filters.write(
        {
            "app/filters/asking.py": """
                from app.registry import FILTERS
                try:
                    FILTERS["nothing"]
                except KeyError as error:
                    TOLD = str(error)
                @FILTERS.register
                def asking(): ...
                """
        }
    )
    code = f"""
{COUNT}
from app.registry import FILTERS
names, reads = list(FILTERS), len(READS)
FILTERS["asking"]
import app.filters.asking as asking
modules = sorted(name for name in sys.modules if name.startswith("app.filters."))
out = names, FILTERS.report.status, asking.TOLD, len(READS) - reads, modules
"""
    filters.run(LIST)
    text = "filters has no function 'nothing'."

    assert [["asking", *NAMES], "hit", text, 0, ["app.filters.asking"]] == filters.run(code)


def test_imported_module_that_was_edited_stays_as_it_is(filters: App, warm: Any) -> None:
    """What was imported keeps its functions; the edited file counts in the next process."""
    sobel = warm["sobel"]
    path = filters.folder / "app/filters/edges.py"
    path.write_text(path.read_text().replace("def sobel", "def another"))

    with pytest.raises(UnknownFunctionError):
        warm["another"]

    assert (sobel, NAMES) == (warm["sobel"], list(warm))
    assert [["gaussian", "median", "another"], "miss"] == filters.run(LIST)


@pytest.mark.parametrize("ask", ["registry[name]", "registry.info(name)"])
def test_search_that_fails_is_told_with_the_key_error(ask: str, app: App) -> None:
    """In strict mode a broken new module is the cause of the KeyError; the old answer stays."""
    app.write(
        {
            "tools/__init__.py": "from regcache_functions import FunctionRegistry\n"
            "T = FunctionRegistry('t', 'tools', strict=True)\n",
            "tools/a.py": "from tools import T\nT.register(len)\n",
        }
    )
    registry = app.load("tools").T
    before = list(registry)
    app.write({"tools/b.py": "1 / 0\n"})

    with pytest.raises(UnknownFunctionError) as caught:
        registry["b"] if ask == "registry[name]" else registry.info("b")

    assert isinstance(caught.value.__cause__, ScanError)
    assert (["len"], ["len"]) == (before, list(registry))


def test_package_that_vanished_is_told_with_the_key_error(app: App) -> None:
    """Where the library is gone, the lookup of a missing name is a KeyError as ever."""
    app.write({"gone.py": "def a(): ...\n"})
    registry = FunctionRegistry.scan("gone")
    before = list(registry)
    app.remove("gone.py")
    forget({"gone"})

    with pytest.raises(UnknownFunctionError) as caught:
        registry["b"]

    assert isinstance(caught.value.__cause__, ScanError)
    assert (["a"], ["a"]) == (before, list(registry))


def test_selection_does_not_grow(filters: App, warm: Any) -> None:
    """A selection is what was found when it was made; a missing name is no reason to look."""
    selection = warm.query(module="app.filters")
    list(selection)
    filters.write({"app/filters/z.py": NEW})

    with pytest.raises(UnknownFunctionError):
        selection["new"]

    assert NAMES == list(warm)


@pytest.mark.parametrize("key", ["filters:new", "new", "novel"])
@pytest.mark.parametrize("ask", ["catalogue[name]", "catalogue.info(name)"])
def test_catalogue_finds_what_its_registries_find(
    ask: str, key: str, filters: App, warm: Any
) -> None:
    """A catalogue looks again in the registry that is named, or in all."""
    catalogue = Catalogue([FunctionRegistry.scan("statistics"), warm])
    list(catalogue)
    filters.write({"app/filters/z.py": NEW})

    assert "filters:new" not in catalogue
    found = catalogue[key] if ask == "catalogue[name]" else catalogue.info(key).func

    assert "app.filters.z" == found.__module__
    assert "filters:new" in catalogue


def test_catalogue_that_is_opened_by_a_lookup_does_not_look_twice() -> None:
    """A missing name in a catalogue that nobody used yet is a KeyError at once."""
    registry = FunctionRegistry.scan("statistics")
    catalogue = Catalogue([registry])

    with pytest.raises(UnknownFunctionError):
        catalogue["nothing"]

    assert registry._listing._backoff is None


def test_module_younger_than_the_listing_of_its_folder_is_found(filters: App, warm: Any) -> None:
    """A file that came within the same tick as Python's listing of its folder is imported."""
    folder = filters.folder / "app/filters"
    warm["sobel"]
    listed = folder.stat().st_mtime_ns
    filters.write({"app/filters/z.py": NEW})
    filters.run(LIST)
    os.utime(folder, ns=(listed, listed))

    assert ("new", 1) == warm["new"](1)


def test_function_stays_though_its_module_is_forgotten(app: App) -> None:
    """A function that was handed out is given again, even if its module would be imported anew."""
    code = (
        "from regcache_functions import FunctionRegistry\n"
        "out = list(FunctionRegistry.scan('library', public='names'))"
    )
    app.write({"library/__init__.py": "", "library/a.py": "def a(): ...\n"})
    app.run(code)
    registry = FunctionRegistry.scan("library", public="names")
    a = registry["a"]
    app.write({"library/b.py": "def b(): ...\n"})
    app.run(code)
    forget({"library.a"})

    assert "library.b" == registry["b"].__module__
    assert a is registry["a"]


def test_registry_without_a_package_has_nothing_to_look_at() -> None:
    """A missing name of a registry without a package is a KeyError."""
    registry: FunctionRegistry[Any] = FunctionRegistry("mine")
    registry.register(len)

    with pytest.raises(UnknownFunctionError):
        registry["b"]
    with pytest.raises(UnknownFunctionError):
        registry["b"]


def test_eight_threads_look_once(filters: App) -> None:
    """Eight threads that ask for a missing name at once read the file once more; none waits."""
    code = f"""
{WATCHDOG}
{COUNT}
from app.registry import FILTERS
first, reads = len(FILTERS), len(READS)
def ask(i):
    try:
        return FILTERS["new"](1)[0]
    except KeyError:
        return "KeyError"
missing = together(8, ask)
once = len(READS) - reads
import pathlib
text = pathlib.Path("app/filters/edges.py").read_text()
pathlib.Path("app/filters/z.py").write_text(
    "import sys\\nsys.imports = getattr(sys, 'imports', 0) + 1\\n" + text.replace("sobel", "new")
)
FILTERS._listing._backoff.reset()
found = together(8, ask)
out = missing, once, sorted(set(found) - {{"KeyError"}}), ask(0), sys.imports
"""
    filters.run(LIST)

    assert [["KeyError"] * 8, 1, ["new"], "new", 1] == filters.run(code)

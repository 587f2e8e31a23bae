"""A missing function: what changed is looked at once before the KeyError, bounded by time."""

import shutil
import warnings
from typing import Any

import pytest
from throwaway import App, forget

from regcache_functions import (
    Catalogue,
    DuplicateFunctionError,
    FunctionRegistry,
    ScanError,
    ScanWarning,
    UnknownFunctionError,
)

NAMES = ["gaussian", "median", "sobel"]
NEW = """
    from app.registry import FILTERS
    @FILTERS.register(aliases=["novel"])
    def new(x): return "new", x
    """
LIST = "from app.registry import FILTERS\nout = list(FILTERS), FILTERS.report.status"


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

    assert "app.filters.z" == registry.info(name).module
    assert ("new", 1) == registry[name](1)
    assert [*NAMES, "new"] == list(registry)


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


@pytest.mark.parametrize(
    ("other_process", "forgotten"),
    [(False, False), (True, False), (True, True)],
    ids=["searched", "taken over", "taken over, its module forgotten"],
)
def test_library_keeps_what_was_loaded(other_process: bool, forgotten: bool, app: App) -> None:
    """A scanned library that got another function: those that were handed out are the same."""
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
    if forgotten:
        forget({"library.a"})

    found = registry["c"]

    assert ("library.c", ["a", "b", "c"]) == (found.__module__, list(registry))
    assert a is registry["a"]
    assert "library.c" == registry.info("library.c.c").module


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

    with warnings.catch_warnings(), pytest.raises(UnknownFunctionError) as caught:
        warnings.simplefilter("ignore", ScanWarning)  # here both modules claim it
        warm["another"]

    assert other_process == isinstance(caught.value.__cause__, DuplicateFunctionError)
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


@pytest.mark.parametrize("change", ["broken", "gone"])
def test_search_that_fails_is_told_with_the_key_error(change: str, app: App) -> None:
    """A broken module in strict mode, or no library any more, is its cause; the answer stays."""
    app.write({"tools/__init__.py": "", "tools/a.py": "def a(): ...\n"})
    registry = FunctionRegistry.scan("tools", public="names", strict=True)
    before = list(registry)
    if change == "broken":
        app.write({"tools/b.py": "1 / 0\n"})
    else:
        shutil.rmtree(app.folder / "tools")
        forget({"tools"})

    with pytest.raises(UnknownFunctionError) as caught:
        registry["b"] if change == "gone" else registry.info("b")

    assert isinstance(caught.value.__cause__, ScanError)
    assert before == list(registry)


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

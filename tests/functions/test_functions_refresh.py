"""``refresh()``: what a running process finds out when it looks again."""

import os
from typing import Any

import pytest
from throwaway import App, forget

from regcache_functions import FunctionRegistry, ScanError

NAMES = ["gaussian", "median", "sobel"]
NEW = """
    from app.registry import FILTERS
    @FILTERS.register
    def new(x): return "new", x
    """


@pytest.fixture(params=["cold", "warm", "loaded"])
def registry(request: pytest.FixtureRequest, filters: App) -> Any:
    """A registry in this process: searched, or read from the cache, or read and loaded."""
    if request.param != "cold":
        filters.run("from app.registry import FILTERS\nout = len(FILTERS)")
    registry = filters.load("app.registry").FILTERS
    list(registry)
    if request.param == "loaded":
        list(registry.values())
    return registry


def test_added_function_is_seen(registry: Any, filters: App) -> None:
    """A module that was added is listed after a refresh, and the next process hits."""
    filters.write({"app/filters/z.py": NEW})
    before = list(registry)

    registry.refresh()

    assert (NAMES, [*NAMES, "new"]) == (before, list(registry))
    assert ("new", 1) == registry["new"](1)
    code = "from app.registry import FILTERS\nout = list(FILTERS), FILTERS.report.status"
    assert [[*NAMES, "new"], "hit"] == filters.run(code)


def test_removed_function_is_gone(registry: Any, filters: App) -> None:
    """A function whose module was removed is not listed after a refresh, nor its aliases."""
    filters.remove("app/filters/blur.py")

    registry.refresh()

    assert (["sobel"], False) == (list(registry), "gauss" in registry)
    with pytest.raises(KeyError):
        registry["gaussian"]


@pytest.mark.parametrize("before", ["refresh", "import"])
def test_moved_function_keeps_its_name(before: str, registry: Any, filters: App) -> None:
    """A function that moved to another file may be imported from there, before or after."""
    text = (filters.folder / "app/filters/edges.py").read_text()
    filters.remove("app/filters/edges.py")
    filters.write({"app/filters/z.py": text})
    if before == "import":
        assert filters.load("app.filters.z").sobel is registry["sobel"]

    registry.refresh()

    assert NAMES == list(registry)
    assert "app.filters.z" == registry.info("sobel").module == registry["sobel"].__module__


def test_functions_of_the_process_stay(registry: Any) -> None:
    """What was registered from outside of the package stays, and stays last."""

    @registry.register(tags=["mine"])
    def mine() -> None: ...

    registry.refresh()

    assert [*NAMES, "mine"] == list(registry)
    assert (mine, ("mine",)) == (registry["mine"], registry.info("mine").tags)


def test_report_tells_of_the_refresh(registry: Any) -> None:
    """The report says that a new answer was asked for, and that it was saved."""
    registry.refresh()

    report = registry.report
    assert ("miss", "REFRESH_REQUESTED", 3) == (report.status, report.reason.name, report.items)
    assert "saved" == report.saved.status
    assert report.build_ns > 0


def test_failures_are_told_anew(registry: Any, filters: App) -> None:
    """A module that fails is in ``failures`` after a refresh, and gone when it is mended."""
    filters.write({"app/filters/z.py": "1 / 0\n"})
    with pytest.warns(UserWarning, match=r"filters\.z failed to import"):
        registry.refresh()
    broken = list(registry.failures)
    filters.write({"app/filters/z.py": NEW})

    registry.refresh()

    assert ["app.filters.z"] == broken
    assert ({}, [*NAMES, "new"]) == (registry.failures, list(registry))


def test_package_that_vanished_is_an_error(app: App) -> None:
    """A refresh of a package that is no longer there is a ScanError, and the old answer stays."""
    app.write({"gone.py": ""})
    registry: FunctionRegistry[Any] = FunctionRegistry("r", "gone")
    with pytest.warns(UserWarning, match="no function was found"):
        before = list(registry)
    app.remove("gone.py")
    forget({"gone"})

    with pytest.raises(ScanError, match="there is no such package"):
        registry.refresh()

    assert before == list(registry)


def test_without_a_cache_refresh_writes_nothing(app: App) -> None:
    """``enable_cache=False`` refreshes too, and leaves neither file nor report."""
    app.write(
        {
            "tools/__init__.py": "from regcache_functions import FunctionRegistry\n"
            "T = FunctionRegistry('tools', 'tools', enable_cache=False)\n",
            "tools/a.py": "from tools import T\n@T.register\ndef a(): ...\n",
        }
    )
    registry = app.load("tools").T
    first = list(registry)
    app.write({"tools/b.py": "from tools import T\n@T.register\ndef b(): ...\n"})

    registry.refresh()

    assert (["a"], ["a", "b"], None) == (first, list(registry), registry.report)
    assert [] == app.cache_files()


def test_module_younger_than_the_listing_of_its_folder_is_found(filters: App) -> None:
    """A file that came within the same tick as Python's listing of its folder is imported."""
    registry = filters.load("app.registry").FILTERS
    folder = filters.folder / "app/filters"
    filters.load("app.filters.blur")
    listed = folder.stat().st_mtime_ns
    filters.write({"app/filters/z.py": NEW})
    os.utime(folder, ns=(listed, listed))

    assert [*NAMES, "new"] == list(registry)


def test_new_portion_of_a_namespace_package_is_found(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that joins a namespace package is searched after a refresh."""
    app.write(
        {
            "tools_registry.py": "from regcache_functions import FunctionRegistry\n"
            "TOOLS = FunctionRegistry('tools', 'space.tools')\n",
            "space/tools/a.py": "from tools_registry import TOOLS\n@TOOLS.register\ndef a(): ...\n",
        }
    )
    registry = app.load("tools_registry").TOOLS
    first = list(registry)
    more = app.folder / "more"
    app.write(
        {"more/space/tools/b.py": "from tools_registry import TOOLS\n@TOOLS.register\ndef b(): 0\n"}
    )
    monkeypatch.syspath_prepend(more)

    registry.refresh()

    assert (["a"], ["a", "b"]) == (first, sorted(registry))

"""``refresh()``: what a running process finds out when it looks again."""

import os
from typing import Any

import pytest
from throwaway import App, forget

from regcache_functions import FunctionRegistry, ScanError

NAMES = ["gaussian", "median", "sobel"]


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


def test_moved_function_may_be_imported_before_the_refresh(registry: Any, filters: App) -> None:
    """Importing the new place of a function whose old file is gone is no conflict."""
    os.rename(filters.folder / "app/filters/edges.py", filters.folder / "app/filters/z.py")

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

"""``FunctionRegistry.verify``: the cached answer against what a fresh process finds."""

from typing import Any
from unittest.mock import ANY

import pytest
from tampering import edit
from throwaway import App

from regcache_core import ConfigError, Difference, VerificationError
from regcache_functions import FunctionRegistry

LIST = "from app.registry import FILTERS\nout = list(FILTERS)"


@pytest.fixture
def registry(filters: App) -> Any:
    """A registry with a cache file, of which this process has read nothing yet."""
    filters.write({"app/filters/broken.py": "1 / 0\n"})
    filters.run(LIST, PYTHONWARNINGS="ignore")
    return filters.load("app.registry").FILTERS


EDITS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "a function is missing": (
        lambda items, extra: items.pop("sobel"),
        ("items['sobel']", None, ANY),
    ),
    "another order": (
        lambda items, extra: items.update(median=items.pop("median")),
        ("order of items", "sobel", "median"),
    ),
    "another fact": (
        lambda items, extra: items["gaussian"]["facts"].update(cost=3),
        ("items['gaussian']['facts']['cost']", 3, 2),
    ),
    "a failure is missing": (
        lambda items, extra: extra["failures"].clear(),
        ("extra['failures']['app.filters.broken']", None, ANY),
    ),
    "one is rejected": (
        lambda items, extra: extra["rejected"].update(x="no"),
        ("extra['rejected']['x']", "no", None),
    ),
    "another owner": (
        lambda items, extra: extra["owner"].update(version="2.0"),
        ("extra['owner']['version']", "2.0", "1.0"),
    ),
}


@pytest.mark.parametrize("change", EDITS)
def test_each_difference_is_told(change: str, registry: Any, filters: App) -> None:
    """A file that was edited by hand is told apart in exactly the place that was edited."""
    function, difference = EDITS[change]
    edit(filters, function)

    seen = registry.verify()

    assert ("hit", False) == (seen.status, seen.is_fresh)
    assert (Difference(*difference),) == seen.differences


def test_present_state_does_not_count(registry: Any) -> None:
    """What this process registered beside the package is no difference."""
    registry.register("mine")(len)

    assert registry.verify().is_fresh


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"rejected":{', '"rejected":[],"x":{', "WRONG_SHAPE"),
        ('"module":"app.filters.e', '"module":"os', "ITEM_REFUSED"),
    ],
)
def test_file_that_is_not_believed_is_a_miss(
    old: str, new: str, reason: str, registry: Any, filters: App
) -> None:
    """An answer that would be refused is a miss with its reason, without differences."""
    filters.edit_cache(old, new)

    seen = registry.verify()

    assert ("miss", reason, ()) == (seen.status, seen.report.reason.name, seen.differences)


@pytest.mark.parametrize("apart", [False, True], ids=["in one process", "apart"])
def test_trials_are_run_anew(apart: bool, app: App) -> None:
    """The other process tries the functions; where they were tried apart, one may crash there."""
    app.write(
        {
            "library.py": "import os\ndef a(): ...\ndef b(): os._exit(5)\n",
            "probes.py": """
                import os
                def probe(function):
                    with open("tried.txt", "a") as file:
                        file.write(f"{os.environ.get('REGCACHE_DISABLE')} {function.__name__},")
                    if function.__name__ == "a" or os.environ["APART"]:
                        function()
                """,
        }
    )
    code = f"""
    from concurrent.futures import ProcessPoolExecutor
    from regcache_functions import FunctionRegistry
    with ProcessPoolExecutor(1) as pool:
        more = {{"executor": pool}} if {apart} else {{}}
        registry = FunctionRegistry.scan("library", probe="probes:probe", public="names", **more)
        out = list(registry), list(registry.rejected), registry.verify().is_fresh
    """
    expected = [["a"], ["b"], True] if apart else [["a", "b"], [], True]

    assert expected == app.run(code, APART="1" if apart else "")
    tried = (app.folder / "tried.txt").read_text()
    assert ["", "1 a", "1 b", "None a", "None b"] == sorted(tried.split(","))


def test_module_that_fails_this_time_is_an_error_in_strict_mode(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a failure ends the search, it ends the other process: told with what that printed."""
    text = "import os\nif 'FAIL' in os.environ:\n    raise ValueError('not today')\n"
    app.write({"library/__init__.py": "", "library/a.py": "def a(): 0\n", "library/b.py": text})
    registry = FunctionRegistry.scan("library", public="names", strict=True)
    list(registry)
    monkeypatch.setenv("FAIL", "1")

    with pytest.raises(VerificationError, match="ValueError: not today") as caught:
        registry.verify()
    assert ("library", 1) == (caught.value.name, caught.value.status)


def test_what_another_process_cannot_open_is_an_error(filters: App) -> None:
    """A lambda in its set-up, no package, or no global name: a ConfigError that names it."""
    for registry, expected in (
        (FunctionRegistry.scan("math", predicate=lambda f: True), "give what another process"),
        (FunctionRegistry("mine"), "give one of a package; no other has a cache"),
        (FunctionRegistry("mine", "app.filters"), "it is no global name of"),
    ):
        with pytest.raises(ConfigError, match=expected) as caught:
            registry.verify()

        assert ("registry", registry.name) == (caught.value.field, caught.value.value)


def test_registry_of_a_script_is_an_error(filters: App) -> None:
    """A registry that is made in ``__main__`` cannot be opened by another process: said so."""
    program = """
from regcache_core import ConfigError
from regcache_functions import FunctionRegistry
FILTERS = FunctionRegistry("filters", package="app.filters")
try:
    FILTERS.verify()
except ConfigError as error:
    out = str(error)
"""
    text = filters.run(program)

    assert text.startswith("registry is 'filters'; give one that is made in a module which another")

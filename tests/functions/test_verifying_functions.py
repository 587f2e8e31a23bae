"""``FunctionRegistry.verify``: the cached answer against what a fresh process finds."""

from typing import Any
from unittest.mock import ANY

import pytest
from tampering import edit, whole
from throwaway import App

from regcache_core import ConfigError, Difference, VerificationError
from regcache_functions import FunctionRegistry

LIST = "from app.registry import FILTERS\nout = list(FILTERS)"
NOISE = """
    import os, sys
    if "REGCACHE_DISABLE" in os.environ:
        print("noise")
        print("more noise", file=sys.stderr)
    """


@pytest.fixture
def registry(filters: App) -> Any:
    """A registry with a cache file, of which this process has read nothing yet."""
    filters.write({"app/filters/broken.py": "1 / 0\n", "app/filters/noisy.py": NOISE})
    filters.run(LIST, PYTHONWARNINGS="ignore")
    return filters.load("app.registry").FILTERS


def test_equal_answer_has_no_differences(registry: Any) -> None:
    """The cached answer equals what a fresh process finds, failures included."""
    seen = registry.verify()

    assert ("hit", True, ()) == (seen.status, seen.is_fresh, seen.differences)
    assert "equal to a fresh discovery: hit: 3 items" in str(seen)


def test_nothing_is_touched(registry: Any, filters: App, capfd: Any) -> None:
    """Neither registry nor cache folder change, and nothing is printed."""
    before = whole(filters.cache)

    registry.verify()

    assert before == whole(filters.cache)
    assert (None, None) == (registry._state, registry.report)
    assert ("", "") == capfd.readouterr()


DIVIDED = "ZeroDivisionError: division by zero"


def swap(items: Any) -> None:
    items["median"] = items.pop("median")


EDITS: dict[str, tuple[Any, list[tuple[Any, ...]]]] = {
    "a function is missing": (
        lambda items, extra: items.pop("sobel"),
        [("items['sobel']", None, ANY)],
    ),
    "a function too many": (
        lambda items, extra: items.update(more=items["sobel"]),
        [("items['more']", ANY, None)],
    ),
    "another order": (lambda items, extra: swap(items), [("order of items", "sobel", "median")]),
    "another name": (
        lambda items, extra: items["sobel"].update(qualname="edges"),
        [("items['sobel']['qualname']", "edges", "sobel")],
    ),
    "another fact": (
        lambda items, extra: items["gaussian"]["facts"].update(cost=3),
        [("items['gaussian']['facts']['cost']", 3, 2)],
    ),
    "a failure is missing": (
        lambda items, extra: extra["failures"].clear(),
        [("extra['failures']['app.filters.broken']", None, [DIVIDED, ANY])],
    ),
    "one is rejected": (
        lambda items, extra: extra["rejected"].update(x="no"),
        [("extra['rejected']['x']", "no", None)],
    ),
    "another owner": (
        lambda items, extra: extra["owner"].update(version="2.0"),
        [("extra['owner']['version']", "2.0", "1.0")],
    ),
}


@pytest.mark.parametrize("change", EDITS)
def test_each_difference_is_told(change: str, registry: Any, filters: App) -> None:
    """A file that was edited by hand is told apart in exactly the place that was edited."""
    function, differences = EDITS[change]
    edit(filters, function)

    seen = registry.verify()

    assert ("hit", False) == (seen.status, seen.is_fresh)
    assert tuple(Difference(*each) for each in differences) == seen.differences


def test_present_state_does_not_count(registry: Any) -> None:
    """What this process registered beside the package is no difference."""
    registry.register("mine")(len)

    assert registry.verify().is_fresh


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda app: app.write({"app/filters/z.py": ""}), "SOURCE_ADDED"),
        (lambda app: app.edit_cache('"rejected":{', '"rejected":[],"x":{'), "WRONG_SHAPE"),
        (lambda app: app.edit_cache('"module":"app.filters.e', '"module":"os'), "ITEM_REFUSED"),
        (lambda app: app.cache_files()[0].unlink(), "FILE_ABSENT"),
    ],
    ids=["source", "shape", "item", "absent"],
)
def test_miss_is_reported_as_such(change: Any, reason: str, registry: Any, filters: App) -> None:
    """An answer that would not be believed is a miss with its reason, without differences."""
    change(filters)

    seen = registry.verify()

    assert ("miss", reason, ()) == (seen.status, seen.report.reason.name, seen.differences)


def test_registry_without_a_cache_has_nothing_to_compare() -> None:
    """A registry that is never cached: disabled."""
    assert "disabled" == FunctionRegistry.scan("math", enable_cache=False).verify().status


def test_library_is_verified(app: App) -> None:
    """A scan opens itself in the other process by its arguments."""
    app.write({"library/__init__.py": "", "library/a.py": "def a(): ...\n"})
    registry = FunctionRegistry.scan("library", public="names", name="mine")
    list(registry)

    assert registry.verify().is_fresh
    edit(app, lambda items, extra: items.clear())
    assert ["items['a']"] == [each.where for each in registry.verify().differences]


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


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        ("raise ValueError('not today')", 1, "ValueError: not today"),
        ("import sys; sys.exit(3)", 3, ""),
        ("os._exit(0)", 0, ""),
    ],
)
@pytest.mark.parametrize("strict", [False, True])
def test_module_that_fails_this_time(
    code: str, status: int, told: str, strict: bool, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module that ends the process is an error; one that raises, a difference unless strict."""
    app.write(
        {
            "library/__init__.py": "",
            "library/a.py": "def a(): ...\n",
            "library/b.py": f"import os\nif 'FAIL' in os.environ:\n    {code}\n",
        }
    )
    registry = FunctionRegistry.scan("library", public="names", strict=strict)
    list(registry)
    good = registry.verify()
    monkeypatch.setenv("FAIL", "1")

    if "raise" in code and not strict:
        (difference,) = registry.verify().differences
        assert "extra['failures']['library.b']" == difference.where
    else:
        with pytest.raises(VerificationError) as caught:
            registry.verify()
        assert ("library", status) == (caught.value.name, caught.value.status)
        assert told in caught.value.output

    assert good.is_fresh


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

"""Threads that search, list, load and register at once: no deadlock, equal answers."""

import pytest
from throwaway import WATCHDOG, App

NAMES = ["gaussian", "median", "sobel"]


def run(app: App, code: str) -> object:
    """Run code under a watchdog that ends a deadlock."""
    return app.run(WATCHDOG + code)


MANY = """
import importlib
from app.registry import FILTERS
sys.imports = []
def work(i):
    if i % 4 == 3:
        importlib.import_module(f"app.filters.p{i}")
    names = list(FILTERS)
    infos = [FILTERS.info(name).doc for name in names]
    return [names, infos, [FILTERS[name]() for name in names], len(FILTERS.query(tag="even"))]
results = together(12, work)
out = {"first": results[0], "differ": [each for each in results if each != results[0]],
       "imports": sorted(sys.imports), "status": FILTERS.report.status,
       "failures": list(FILTERS.failures)}
"""


def test_twelve_threads_get_equal_answers(filters: App) -> None:
    """Twelve threads list, ask and load at once: one answer, each module is imported once."""
    for name in ("blur", "edges"):
        filters.remove(f"app/filters/{name}.py")
    for i in range(16):
        filters.write(
            {
                f"app/filters/p{i}.py": f"""
                    import sys
                    from app.registry import FILTERS
                    sys.imports.append({i})
                    @FILTERS.register("p{i}", tags=["odd" if {i} % 2 else "even"])
                    def f():
                        'Number {i}.'
                        return {i}
                    """
            }
        )
    numbers = sorted(range(16), key=str)
    first = [[f"p{i}" for i in numbers], [f"Number {i}." for i in numbers], numbers, 8]

    for status in ("miss", "hit"):
        assert {
            "first": first,
            "differ": [],
            "imports": list(range(16)),
            "status": status,
            "failures": [],
        } == run(filters, MANY)


def test_search_and_import_of_a_reading_module_do_not_deadlock(filters: App) -> None:
    """One thread searches while another imports a module that reads the registry at import."""
    filters.write(
        {
            "app/filters/slow.py": """
                import sys, time
                from app.registry import FILTERS
                sys.started.set()
                sys.searches.wait(30)
                time.sleep(0.05)
                SEEN = list(FILTERS), len(FILTERS), FILTERS.get("nothing")
                @FILTERS.register
                def slow(): return 1
                """,
            "app/filters/aa.py": """
                import sys
                from app.registry import FILTERS
                sys.searches.set()
                list(FILTERS)
                """,
        }
    )
    code = """
import importlib
sys.started, sys.searches = threading.Event(), threading.Event()
from app.registry import FILTERS
def work(i):
    if i == 0:
        return importlib.import_module("app.filters.slow").slow()
    sys.started.wait(30)
    return list(FILTERS)
out = together(2, work), list(FILTERS)
"""
    names = ["gaussian", "median", "sobel", "slow"]

    (slow, listed), after = run(filters, code)  # type: ignore[misc]

    assert (1, sorted(names), sorted(names)) == (slow, sorted(listed), sorted(after))


@pytest.mark.parametrize("state", ["cold", "warm"])
def test_no_lock_is_held_while_importing(state: str, filters: App) -> None:
    """While the import of a module takes its time, another thread registers and reads."""
    filters.write(
        {
            "app/filters/slow.py": """
                import sys
                from app.registry import FILTERS
                if hasattr(sys, "importing"): sys.importing.set()
                assert not hasattr(sys, "done") or sys.done.wait(30), "the other thread hangs"
                @FILTERS.register
                def slow(): return "slow"
                """
        }
    )
    if state == "warm":
        filters.run("from app.registry import FILTERS\nout = len(FILTERS)")
    code = """
sys.importing, sys.done = threading.Event(), threading.Event()
from app.registry import FILTERS
def work(i):
    if i == 0:
        return FILTERS["slow"]()
    sys.importing.wait(30)
    try:
        @FILTERS.register
        def mine(): ...
        return len(FILTERS) if FILTERS.report else "nobody knows yet"
    finally:
        sys.done.set()
out = together(2, work), sorted(FILTERS)
"""

    seen, names = run(filters, code)  # type: ignore[misc]

    assert ["slow", {"cold": "nobody knows yet", "warm": 5}[state]] == seen
    assert ["gaussian", "median", "mine", "slow", "sobel"] == names
    assert [*NAMES[:2], "slow", "sobel"] == sorted(
        filters.run("from app.registry import FILTERS\nout = list(FILTERS)")
    )


def test_questions_are_answered_while_others_register(filters: App) -> None:
    """Registering in one thread disturbs no question, listing or alias in others."""
    code = """
from app.registry import FILTERS
len(FILTERS)
def work(i):
    if i == 0:
        for n in range(400):
            FILTERS.register(f"own {n}", aliases=[f"alias {n}"], tags=["own"])(lambda: n)
        return []
    for _ in range(40):
        found = [*FILTERS.query(tag="blur"), *FILTERS.query(parameter="size")]
        assert found == ["gaussian", "median", "median"], found
        assert [*FILTERS.search("edges")] == ["sobel"]
        assert "gauss" in FILTERS and "nothing" not in FILTERS
        assert FILTERS.info("gauss").name == "gaussian"
    return []
out = together(3, work), len(FILTERS.query(tag="own"))
"""

    assert [[[], [], []], 400] == run(filters, code)


def test_modules_that_load_each_other_end(filters: App) -> None:
    """Two modules that load each other's function through a warm registry, in two threads, end."""
    for name, other in (("one", "two"), ("two", "one")):
        filters.write(
            {
                f"app/filters/{name}.py": f"""
                    from app.registry import FILTERS
                    SEEN = "{other}" in FILTERS
                    @FILTERS.register
                    def {name}(): return FILTERS["{other}"].__name__
                    """
            }
        )
    code = """
from app.registry import FILTERS
out = together(2, lambda i: FILTERS[["one", "two"][i]]()), FILTERS.report.status
"""
    run(filters, code)

    assert [["two", "one"], "hit"] == run(filters, code)


def test_circle_of_lookups_at_import_is_a_key_error(filters: App) -> None:
    """A lookup at import that leads back to the module itself ends; the function comes later."""
    filters.write(
        {
            "app/filters/one.py": """
                from app.registry import FILTERS
                try:
                    OTHER = FILTERS["two"]() if "two" in FILTERS else None
                except KeyError as error:
                    OTHER = str(error)
                @FILTERS.register
                def one(): return 1
                """,
            "app/filters/two.py": """
                from app.registry import FILTERS
                try:
                    OTHER = FILTERS["one"]()
                except KeyError as error:
                    OTHER = str(error)
                @FILTERS.register
                def two(): return 2
                """,
        }
    )
    code = """
from app.registry import FILTERS
names = list(FILTERS)
one = FILTERS["one"]()
import app.filters.two
out = names, one, FILTERS.report.status, app.filters.two.OTHER
"""
    names = ["gaussian", "median", "sobel", "one", "two"]

    assert [names, 1, "miss", 1] == run(filters, code)
    assert [names, 1, "hit", "filters has no function 'one'."] == run(filters, code)

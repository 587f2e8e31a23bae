"""Threads that search, list, load and register at once: no deadlock, equal answers."""

from throwaway import WATCHDOG, App


def run(app: App, code: str) -> object:
    """Run code under a watchdog that ends a deadlock."""
    return app.run(WATCHDOG + code)


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

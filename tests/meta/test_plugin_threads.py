"""Threads that discover, list and load at once: no deadlock, equal answers."""

import pytest
from throwaway import WATCHDOG, App


def run(app: App, code: str) -> object:
    """Run code under a watchdog that ends a deadlock."""
    return app.run(WATCHDOG + code)


def test_discovery_and_import_of_a_reading_plugin_do_not_deadlock(readers: App) -> None:
    """One thread discovers while another imports a plugin that reads the registry at import."""
    readers.write(
        {
            "app/readers/slow_reader.py": """
                import sys, time
                from .base import READERS, Reader
                sys.started.set()
                sys.discovers.wait(30)
                time.sleep(0.05)
                SEEN = list(READERS), len(READERS), READERS.get("nothing")
                class SlowReader(Reader):
                    format = "slow"
                """,
            "app/readers/aa_reader.py": """
                import sys
                from .base import READERS, Reader
                sys.discovers.set()
                READERS.keys()
                """,
        }
    )
    code = """
import importlib
sys.started, sys.discovers = threading.Event(), threading.Event()
from app.readers.base import READERS
def work(i):
    if i == 0:
        return importlib.import_module("app.readers.slow_reader").SlowReader.format
    sys.started.wait(30)
    return list(READERS)
out = together(2, work), list(READERS)
"""
    keys = ["csv", "json", "slow"]

    assert [["slow", keys], keys] == run(readers, code)


def test_warm_registry_is_read_by_plugins_in_two_threads(readers: App) -> None:
    """Two plugins that load each other through a warm registry, from two threads, end."""
    for name, other in (("one", "two"), ("two", "one")):
        readers.write(
            {
                f"app/readers/{name}_reader.py": f"""
                    from .base import READERS, Reader
                    SEEN = "{other}" in READERS
                    class NewReader(Reader):
                        format = "{name}"
                    def other(): return READERS["{other}"]
                    """
            }
        )
    code = """
from app.readers.base import READERS
out = together(2, lambda i: READERS[["one", "two"][i]].__name__), READERS.report.status
"""
    run(readers, code)

    assert [["NewReader", "NewReader"], "hit"] == run(readers, code)


def test_plugins_that_look_for_each_other_at_import_find_what_they_found(readers: App) -> None:
    """In a circle of lookups at import the first finds nothing, and the second the first."""
    readers.write(
        {
            "app/readers/one_reader.py": """
                from .base import READERS, Reader
                OTHER = READERS["two"] if "two" in READERS else None
                class OneReader(Reader):
                    format = "one"
                """,
            "app/readers/two_reader.py": """
                from .base import READERS, Reader
                OTHER = READERS["one"]
                class TwoReader(Reader):
                    format = "two"
                """,
        }
    )
    code = """
from app.readers.base import READERS
keys = list(READERS)
one = READERS["one"]
import app.readers.two_reader
status = READERS.report.status
other = app.readers.two_reader.OTHER.__name__
out = keys, one.__name__, other, status, "app.readers.csv_reader" in sys.modules
"""
    keys = ["csv", "json", "one", "two"]

    assert [keys, "OneReader", "OneReader", "miss", True] == run(readers, code)
    assert [keys, "OneReader", "OneReader", "hit", True] == run(readers, code)


MANY = """
import importlib
from app.readers.base import READERS
sys.imports = []
def work(i):
    if i % 4 == 3:
        importlib.import_module(f"app.readers.p{i}")
    keys = list(READERS)
    return [keys, [READERS[key].number for key in keys], len(READERS)]
results = together(16, work)
out = {"first": results[0], "differ": [each for each in results if each != results[0]],
       "imports": sorted(sys.imports), "status": READERS.report.status,
       "failures": list(READERS.failures), "elsewhere": READERS.info("elsewhere").module}
"""


def write_many(app: App) -> dict[str, object]:
    """Replace the readers by twenty plugins and one elsewhere; gives the answer but its status."""
    for i in range(20):
        app.write(
            {
                f"app/readers/p{i}.py": f"""
                    import sys
                    from .base import Reader
                    sys.imports.append({i})
                    class Plugin(Reader):
                        format = "p{i:02}"
                        number = {i}
                    """
            }
        )
    app.write(
        {
            "vendor.py": """
                from app.readers.base import Reader
                class Elsewhere(Reader):
                    format, number = "elsewhere", -1
                """,
            "app/readers/bring.py": "import vendor as _vendor\n",
        }
    )
    for name in ("csv", "json"):
        app.remove(f"app/readers/{name}_reader.py")
    numbers = sorted(range(20), key=str)
    keys = ["elsewhere", *(f"p{i:02}" for i in numbers)]
    return {
        "first": [keys, [-1, *numbers], 21],
        "differ": [],
        "imports": list(range(20)),
        "failures": [],
        "elsewhere": "vendor",
    }


def test_sixteen_threads_get_equal_answers(readers: App) -> None:
    """Sixteen threads list and load at once: one answer, and each module is imported once."""
    expected = write_many(readers)

    for status in ("miss", "hit"):
        answer = run(readers, MANY)

        assert {**expected, "status": status} == answer


@pytest.mark.parametrize("state", ["cold", "warm"])
def test_no_lock_is_held_while_importing(state: str, readers: App) -> None:
    """While a plugin's import takes its time, another thread registers a class and reads."""
    readers.write(
        {
            "app/readers/slow_reader.py": """
                import sys
                from .base import READERS, Reader
                if hasattr(sys, "importing"): sys.importing.set()
                assert not hasattr(sys, "done") or sys.done.wait(30), "the other thread hangs"
                class SlowReader(Reader):
                    format = "slow"
                """,
            "vendor.py": """
                from app.readers.base import Reader
                class Vendor(Reader):
                    format = "vendor"
                """,
        }
    )
    list_all = "from app.readers.base import READERS\nout = list(READERS)"
    if state == "warm":
        readers.run(list_all)
    code = """
sys.importing, sys.done = threading.Event(), threading.Event()
from app.readers.base import READERS
def work(i):
    if i == 0:
        return READERS["slow"].__name__
    sys.importing.wait(30)
    try:
        import vendor
        return len(READERS) if READERS.report else "nobody knows yet"
    finally:
        sys.done.set()
out = together(2, work), sorted(READERS)
"""

    seen, keys = run(readers, code)

    assert ["SlowReader", {"cold": "nobody knows yet", "warm": 4}[state]] == seen
    assert ["csv", "json", "slow", "vendor"] == keys
    assert ["csv", "json", "slow"] == readers.run(list_all)

"""Sixteen threads list and load one registry at once, in fresh processes that find no cache.

``python tests/faults/sixteen_threads.py --runs 100`` prints how long the processes took, start of
Python included, how many gave a wrong answer or none, and how many saved nothing. The exit status
is 1 if any did, or took longer than a second.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))

from throwaway import READERS, WATCHDOG, App

MOST_S = 1.0
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


def main() -> int:
    """Run the case and print its figures; gives the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100, metavar="N", help="default: 100")
    runs: int = parser.parse_args().runs
    seconds: list[float] = []
    wrong: list[str] = []
    unsaved = 0
    with tempfile.TemporaryDirectory() as place:
        app = App(Path(place))
        app.write(READERS)
        expected = {**write_many(app), "status": "miss"}
        time.sleep(0.02)  # what is written in the clock tick of a start counts as edited since
        for i in range(runs):
            app.cache = Path(place, f"cache{i}")
            start_s = time.perf_counter()
            wrong += _differences(app, expected)
            seconds.append(time.perf_counter() - start_s)
            unsaved += not app.cache_files()
    slow = sum(each > MOST_S for each in seconds)
    print(
        f"Python {platform.python_version()}: {runs} runs, "
        f"median {statistics.median(seconds):.3f} s, most {max(seconds):.3f} s, "
        f"{slow} above {MOST_S:g} s, {len(wrong)} wrong, {unsaved} not saved",
        *wrong,
        sep="\n",
    )
    return int(bool(slow or wrong or unsaved))


def _differences(app: App, expected: dict[str, object]) -> list[str]:
    """What one process says wrongly, as one text; nothing if all is right."""
    try:
        answer = app.run(WATCHDOG + MANY)
    except AssertionError as error:  # it failed, or the watchdog ended it
        return [f"no answer: {error}"]
    differences = {name: each for name, each in answer.items() if expected[name] != each}
    return [f"wrong: {differences}"] if differences else []


if __name__ == "__main__":
    sys.exit(main())

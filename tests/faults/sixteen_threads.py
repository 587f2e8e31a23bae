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
sys.path[:0] = [str(TESTS), str(TESTS / "meta")]

from test_plugin_threads import MANY, write_many
from throwaway import READERS, WATCHDOG, App

MOST_S = 1.0


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

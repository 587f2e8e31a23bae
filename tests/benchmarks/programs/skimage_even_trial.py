"""Scans scikit-image with a trial that takes as long for each function: ``... PROCESSES``."""

import sys
from time import perf_counter_ns

#: 20 to 50 ms of work.
ROUNDS = 1_500_000


def work(function: object) -> None:
    """Take time, and find nothing."""
    for _ in range(ROUNDS):
        pass


if __name__ == "__main__":
    from concurrent.futures import ProcessPoolExecutor

    executor = ProcessPoolExecutor(int(sys.argv[1]))
    start = perf_counter_ns()

    from regcache_functions import FunctionRegistry

    functions = FunctionRegistry.scan("skimage", probe=work, executor=executor)

    declared = perf_counter_ns()
    keys = list(functions)
    done = perf_counter_ns()

    print(
        {
            "declare": declared - start,
            "work": done - declared,
            "imported": sum(name.partition(".")[0] == "skimage" for name in sys.modules),
            "keys": {"skimage": keys},
        }
    )

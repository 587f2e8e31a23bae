"""The same work in one process or in several, to tell what cores are worth: ``... PROCESSES``."""

import sys
from time import perf_counter_ns

#: Shared by all processes.
ROUNDS = 120_000_000


def spin(rounds: int) -> None:
    """Work."""
    for _ in range(rounds):
        pass


if __name__ == "__main__":
    from concurrent.futures import ProcessPoolExecutor

    count = int(sys.argv[1])
    with ProcessPoolExecutor(count) as executor:
        list(executor.map(spin, [0] * count))
        start = perf_counter_ns()
        list(executor.map(spin, [ROUNDS // count] * count))
        done = perf_counter_ns()
    print({"declare": 0, "work": done - start})

"""``hatch run stale --steps N``: random changes, each seen by the next start."""

from __future__ import annotations

import argparse
import random
import sys
import time

from machine import STEPS_EACH, make_machine, run
from play import Counts, Stale, shrink
from processes import ForkServer

_BATCH = 500


def main() -> int:
    """Run in batches, say how far it is, and in the end what has happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=300, help="how many; 300 by default")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    server = ForkServer()
    machine = make_machine(server)
    begin, batch = time.monotonic(), 0
    counts: Counts = machine.counts
    try:
        while counts.steps < options.steps:
            size = max(4 * STEPS_EACH, min(_BATCH, options.steps - counts.steps))
            run(machine, size, options.seed + batch)
            batch += 1
            rate = counts.steps / (time.monotonic() - begin)
            print(f"{counts.steps} steps without a difference, {rate:.1f} steps/s", flush=True)
    except Stale as failure:
        print(f"failed in batch {batch}, seed {options.seed + batch}: {failure.problem}")
        print(f"shrinking {len(failure.steps)} steps ...", flush=True)
        print(shrink(server, failure))
        return 1
    finally:
        server.close()
        _tell(counts)
    return 0


def _tell(counts: Counts) -> None:
    for title, counter in (("operations", counts.operations), ("loads", counts.reports)):
        print(f"{title}:")
        for name, count in counter.most_common():
            print(f"  {count:6d} {name}")


if __name__ == "__main__":
    sys.exit(main())

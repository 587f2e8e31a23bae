"""Fresh processes measured side by side: what the demo and the benchmarks share.

A *case* is one program with its arguments and its cache folder. All cases run once in each round,
one after the other, so that a machine whose clock drifts slows them down alike; a ratio is taken
within each round, and the median of these ratios is what is reported.

A program prints one Python literal, a dict: importing ``json`` in a process that is being measured
would cost more than what is measured.
"""

from __future__ import annotations

import ast
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

#: What regcache does not trust yet: a folder that changed less than two seconds ago.
SETTLED_S = 2.1

#: What the start of an interpreter varies by, from one round to the next.
NOISE_MS = 1.0

#: Variables that change what an interpreter does at its start, or what regcache does.
_DROPPED = ("PYTHON", "COVERAGE", "REGCACHE")

#: ``import numpy`` starts a thread per core, which takes from 5 to 60 ms on a busy machine.
_SET = {"OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Case:
    """One program to be run in a process of its own.

    Attributes:
        name: What it is called in results.
        program: The script.
        arguments: Its arguments.
        cache: Folder of its caches; ``None`` for a new, empty one in each run.
        variables: Environment variables that it gets.
    """

    name: str
    program: Path
    arguments: tuple[str, ...] = ()
    cache: Path | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sample:
    """What one run of a case took, in nanoseconds, and what its program printed.

    Attributes:
        wall_ns: The whole process, from outside.
        printed: The program's dict: ``declare`` and ``work`` in nanoseconds, and the answer.
    """

    wall_ns: int
    printed: dict[str, Any]

    @property
    def declare_ns(self) -> int:
        """From before the first import of the application until its registries are declared."""
        return int(self.printed.get("declare", 0))

    @property
    def work_ns(self) -> int:
        """From then on until the keys are listed, or the plugins are loaded."""
        return int(self.printed.get("work", 0))

    @property
    def total_ns(self) -> int:
        """Both together: all that is measured inside the process."""
        return self.declare_ns + self.work_ns


class ProgramError(Exception):
    """A measured program failed.

    Attributes:
        case: Which.
        output: What it wrote to stderr.
    """

    def __init__(self, case: Case, output: str) -> None:
        super().__init__(f"{case.name} failed:\n{output}")
        self.case, self.output = case, output


def run(case: Case) -> Sample:
    """Run a case once, in a fresh process.

    Raises:
        ProgramError: It ended with an error.
    """
    if case.cache is None:
        with tempfile.TemporaryDirectory(prefix="regcache-") as folder:
            return _run_in(case, folder)
    return _run_in(case, str(case.cache))


def _run_in(case: Case, cache: str) -> Sample:
    command = [sys.executable, "-I", str(case.program), *case.arguments]
    environment = child_environment(cache, case.variables)
    start = time.perf_counter_ns()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    wall_ns = time.perf_counter_ns() - start
    if done.returncode:
        raise ProgramError(case, done.stderr)
    return Sample(wall_ns, ast.literal_eval(done.stdout or "{}"))


def child_environment(cache: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Today's environment without what would disturb, and with all caches below one folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_DROPPED)}
    caches = {"REGCACHE_DIR": os.path.join(cache, "regcache"), "XDG_CACHE_HOME": cache}
    return {**kept, **_SET, **caches, **variables}


class Results:
    """The samples of all cases, by round."""

    def __init__(self) -> None:
        self.samples: dict[str, list[Sample]] = {}

    def add(self, case: Case, sample: Sample) -> None:
        """Keep one sample; the n-th of each case belongs to round n."""
        self.samples.setdefault(case.name, []).append(sample)

    def values(self, case: str, measure: str) -> list[float]:
        """One number per round, in ms: ``work``, ``total``, ``wall``, ``net`` ....

        ``net`` is the whole process less the bare interpreter of the same round.
        """
        if measure == "net":
            pairs = zip(self.values(case, "wall"), self.values("bare", "wall"), strict=True)
            return [whole - bare for whole, bare in pairs]
        return [getattr(sample, f"{measure}_ns") / 1e6 for sample in self.samples[case]]

    def median(self, case: str, measure: str) -> float:
        """The median over all rounds, in ms."""
        return statistics.median(self.values(case, measure))

    def ratio(self, above: str, below: str, measure: str) -> float:
        """The median over all rounds of one case's value divided by another's.

        For ``net``, which may be next to nothing in a single round, the medians are divided; not a
        number where the lower one is less than what an interpreter's start varies by.
        """
        if measure == "net":
            rest = self.median(below, measure)
            return self.median(above, measure) / rest if rest >= NOISE_MS else math.nan
        pairs = zip(self.values(above, measure), self.values(below, measure), strict=True)
        return statistics.median(a / b for a, b in pairs)

    def last(self, case: str) -> dict[str, Any]:
        """What the last run of a case printed."""
        return self.samples[case][-1].printed


def interleave(
    cases: Sequence[Case],
    rounds: int,
    check: Callable[[Case, Sample], None] = lambda case, sample: None,
    advance: Callable[[Case], None] = lambda case: None,
) -> Results:
    """Run all cases once per round, every other round in the opposite order.

    Args:
        cases: What to run.
        rounds: How often.
        check: Called with each sample; compares the answer.
        advance: Called before each run; shows progress.
    """
    results = Results()
    for number in range(rounds):
        for case in cases if number % 2 == 0 else reversed(cases):
            advance(case)
            sample = run(case)
            check(case, sample)
            results.add(case, sample)
    return results


def settle(folders: Iterable[Path]) -> None:
    """Wait until nothing below ``folders`` is so young that its stamp would not be trusted."""
    newest = max((_changed(path) for folder in folders for path in _tree(folder)), default=0.0)
    time.sleep(max(0.0, min(SETTLED_S, newest + SETTLED_S - time.time())))


def _tree(folder: Path) -> Iterator[Path]:
    yield folder
    yield from folder.rglob("*")


def _changed(path: Path) -> float:
    status = path.stat()
    return max(status.st_mtime, status.st_ctime)


def environment_facts(packages: Iterable[str]) -> dict[str, Any]:
    """What figures depend on: machine, system, Python and the versions of some packages."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "variables": _SET,
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "versions": {name: version(name) for name in packages},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()

"""An application and its starts: operations are played on it, the answers compared after each."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from changing_tree import Tree
from operations import OPERATIONS, QUIET, REBUILT, Impossible
from processes import ForkServer, run_really

#: How the file system's clock ticks, and how long what it says is not trusted, in nanoseconds. The
#: second one is as coarse, relative to a step, as clocks get; the third has no change of inodes.
CLOCKS: dict[str, tuple[int | None, int]] = {
    "fine": (0, 30_000_000),
    "coarse": (500_000_000, 550_000_000),
    "still": (None, 30_000_000),
}
#: One step in this many is repeated by real processes.
REALLY_EVERY = 25
#: One step in this many loads all plugins, too.
LOAD_EVERY = 4

Listing = dict[str, Any]
Step = tuple[str, dict[str, Any]]


class Stale(BaseException):
    """A start with a cache answered otherwise than one without it, or rebuilt for nothing.

    No ``Exception``: Hypothesis would play all steps again to see it a second time, and what
    depends on a clock need not be the same then. ``shrink`` makes the example smaller.

    Args:
        problem: What is different.
        steps: What was played.
    """

    def __init__(self, problem: str, steps: list[Step]) -> None:
        lines = [f"    ({name!r}, {arguments!r})," for name, arguments in steps]
        super().__init__("\n".join([problem, "steps = [", *lines, "]"]))
        self.problem = problem
        self.steps = steps


class Counts:
    """What has been played.

    Attributes:
        steps: How many operations were followed by a comparison.
        operations: Name of an operation -> how often it changed something.
        reports: Status and reason of a load -> how often.
    """

    def __init__(self) -> None:
        self.steps = 0
        self.operations: Counter[str] = Counter()
        self.reports: Counter[str] = Counter()


class Play:
    """An application that changes, and what processes say of it.

    Args:
        server: Starts the processes.
        counts: Where to count.
        really: Whether real processes check the fork server now and then.

    Attributes:
        tree: The application.
        starts_next: Whether the next operation is followed by a start.
        steps: What has been played.
    """

    def __init__(self, server: ForkServer, counts: Counts, really: bool = True) -> None:
        self.server = server
        self.counts = counts
        self.really = really
        self.root = Path(tempfile.mkdtemp(prefix="regcache-proof-"))
        self.tree = Tree(self.root)
        self.clock = CLOCKS["fine"]
        self.steps: list[Step] = []
        self._compared = 0
        self.starts_next = True
        self._stored: dict[str, bool] = {}  # registry -> whether its cache file holds

    def close(self) -> None:
        """Remove the application."""
        shutil.rmtree(self.root)

    def step(self, name: str, arguments: dict[str, Any]) -> bool:
        """Play one step.

        Args:
            name: An operation, or one of ``begin`` (with a clock), ``time_passes`` and
                ``no_start`` (none follows the next operation).
            arguments: What the operation is called with.

        Returns:
            Whether it was possible.

        Raises:
            Stale: A start with a cache answered otherwise than one without it.
        """
        self.steps.append((name, arguments))
        if name == "begin":
            self.clock = CLOCKS[arguments["clock"]]
            ways = [bool(arguments.get(each)) for each in ("entry_points", "as_text", "alone")]
            if any(ways):
                self.tree.declare(*ways)
            self._compare(None)
        elif name == "time_passes":
            time.sleep(sum(filter(None, self.clock)) / 1e9)
            self._compare(QUIET)
        elif name == "no_start":
            self.starts_next = False
        else:
            return self._operate(name, arguments)
        return True

    def _operate(self, name: str, arguments: dict[str, Any]) -> bool:
        try:
            told = OPERATIONS[name](self.tree, **arguments)
        except Impossible:
            del self.steps[-1]
            return False
        self.counts.operations[name] += 1
        if self.tree.during:
            job = self._job(True)
            job["environment"] = {**job["environment"], **self.tree.during}
            self._start(job)
            self.tree.during = {}
        if self.starts_next or told == QUIET:
            self._compare(told)
        else:
            self._stored = {}
        self.starts_next = True
        return True

    def _job(self, cached: bool) -> dict[str, Any]:
        tick_ns, racy_ns = self.clock
        load = self._compared % LOAD_EVERY == 0
        return {**self.tree.job(cached, load), "tick_ns": tick_ns, "racy_ns": racy_ns}

    def _start(self, *jobs: dict[str, Any]) -> list[Listing]:
        return self.server.run(jobs)

    def _compare(self, told: str | None) -> None:
        """A start with the cache and one without it find the same."""
        self.counts.steps += 1
        self._compared += 1
        cached, truth = self._start(self._job(True), self._job(False))
        for registry, report in cached["reports"].items():
            self._check_report(told, registry, report)
        if len(cached["imported"]) < len(truth["imported"]) and not all(self._hits(cached)):
            self.counts.reports["a miss, and not all was imported"] += 1
        self._check_equal(cached, truth)
        # Python itself knows no coarse clock.
        is_fine = self.clock == CLOCKS["fine"]
        if self.really and is_fine and self._compared % REALLY_EVERY == 0:
            self._check_equal(run_really(self._job(True)), truth)
            self._check_equal(run_really(self._job(False)), truth)

    def _check_report(self, told: str | None, registry: str, report: Any) -> None:
        """Count what the cache did; a start that follows on no change must not rebuild."""
        report = report or {"status": "none", "reason": None, "saved": None}
        self.counts.reports[" ".join(filter(None, (report["status"], report["reason"])))] += 1
        is_hit = report["status"] == "hit"
        if told == QUIET and self._stored.get(registry) and not is_hit:
            raise Stale(f"{registry} was built anew for nothing: {report}", self.steps)
        words = (told or "").split()
        if REBUILT in words and registry in words and self._stored.get(registry) and is_hit:
            raise Stale(f"{registry} was not built anew", self.steps)
        self._stored[registry] = is_hit or report["saved"] == "saved"

    def _hits(self, cached: Listing) -> list[bool]:
        return [bool(each) and each["status"] == "hit" for each in cached["reports"].values()]

    def _check_equal(self, cached: Listing, truth: Listing) -> None:
        if cached["answers"] != truth["answers"]:
            raise Stale(_difference(cached, truth), self.steps)


def _difference(cached: Listing, truth: Listing) -> str:
    lines = ["a start with the cache finds something else than one without it"]
    for name, right in truth["answers"].items():
        found = cached["answers"][name]
        for field in sorted({*right, *found}):
            if right.get(field) != found.get(field):
                lines.append(f"{name}, {field}: with the cache {_shown(found.get(field))}")
                lines.append(f"{name}, {field}: without it     {_shown(right.get(field))}")
        if found != right:
            lines.append(f"{name}: {_shown(cached['reports'].get(name))}")
    return "\n".join(lines)


def _shown(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def replay(server: ForkServer, steps: list[Step]) -> None:
    """Play some steps on a fresh application.

    Args:
        server: Starts the processes.
        steps: The steps.

    Raises:
        Stale: A start with a cache answered otherwise than one without it.
    """
    play = Play(server, Counts(), really=False)
    try:
        for name, arguments in steps:
            play.step(name, arguments)
    finally:
        play.close()


def shrink(server: ForkServer, failure: Stale) -> Stale:
    """The same failure with as few steps as possible: steps are left out, one after the other."""
    steps, best = failure.steps, failure
    size = len(steps) // 2
    while size:
        begin = 1
        while begin < len(steps):
            fewer = steps[:begin] + steps[begin + size :]
            try:
                replay(server, fewer)
            except Stale as smaller:
                steps, best = smaller.steps, smaller
            else:
                begin += size
        size //= 2
    return best

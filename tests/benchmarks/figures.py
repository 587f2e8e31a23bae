"""The figures that regcache must reach, and whether it does."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from measuring import Results

#: What is measured: name -> what it is called. The first two are inside the process, and decide.
MEASURES = {
    "work": "listing only",
    "total": "declaring + listing",
    "net": "whole process - interpreter",
    "wall": "whole process",
}
DECISIVE = ("work", "total")

#: Cases written by hand that import what others list.
BY_HAND = ("loop", "loop cold")

#: The size of package for which the design has a target.
LARGEST = 10_000


@dataclass(frozen=True)
class Figure:
    """One ratio, and the bound that it must keep to.

    Attributes:
        title: What is compared.
        bound: The target.
        at_least: Whether the ratio must be that large, instead of at most so large.
        values: Measure -> median of the ratios within each round.
    """

    title: str
    bound: float
    at_least: bool
    values: dict[str, float]

    @property
    def target(self) -> str:
        """The target in words."""
        return f"at {'least' if self.at_least else 'most'} {self.bound:g}x"

    def reached(self, measure: str) -> bool:
        """Whether one measure keeps to the bound."""
        value = self.values[measure]
        return value >= self.bound if self.at_least else value <= self.bound

    @property
    def ok(self) -> bool:
        """Whether both measures inside the process keep to the bound, where both mean something."""
        return all(self.reached(measure) for measure in DECISIVE if measure in self.values)

    def as_json(self) -> dict[str, Any]:
        """All of it, for the file of results; what drowned in noise is None."""
        ratios = {
            MEASURES[measure]: None if math.isnan(value) else round(value, 3)
            for measure, value in self.values.items()
        }
        return {"figure": self.title, "target": self.target, "measured": ratios, "ok": self.ok}


def all_figures(results: Results, sizes: tuple[int, ...]) -> list[Figure]:
    """Every figure of registries."""
    return [
        faster(results, "five registries: cold / warm", 50, "microlab cold", "microlab warm"),
        slower(results, "five registries: warm / table and stat", 2, "microlab", "warm", "table"),
        slower(results, "the same, the table with bases", 2, "microlab", "warm", "table+bases"),
        faster(results, "200 x 5 ms: cold / warm list", 200, "fleet cold", "fleet warm"),
        faster(results, "200 x 5 ms: cold / warm lookup of one", 60, "fleet cold", "fleet one"),
        own_imports(results, "own imports / import json", "import own"),
        own_imports(results, "own imports and a registry of one / import json", "solo warm"),
        *_large(results, sizes),
        slower(results, "five registries: cold / loop", 1.1, "microlab", "cold", "loop"),
        slower(results, "pygments: cold / loop", 1.1, "pygments", "cold", "loop"),
        slower(results, "200 x 5 ms: cold / loop", 1.1, "fleet", "cold", "loop cold"),
    ]


def faster(results: Results, title: str, bound: float, above: str, below: str) -> Figure:
    """How many times faster one case is than another; at least ``bound``."""
    values = {measure: results.ratio(above, below, measure) for measure in MEASURES}
    return Figure(title, bound, True, values)


def slower(
    results: Results, title: str, bound: float, workload: str, ours: str, other: str
) -> Figure:
    """How many times what another takes one of our cases may take."""
    measures = list(MEASURES)
    if other in BY_HAND:  # what it imports before its first plugin is something else
        measures.remove("work")
    if other == "table+bases":  # compared where the bases are declared; its process does more
        measures = ["total"]
    above, below = f"{workload} {ours}", f"{workload} {other}"
    return Figure(title, bound, False, {m: results.ratio(above, below, m) for m in measures})


def own_imports(results: Results, title: str, case: str) -> Figure:
    """What a warm start costs at least, in imports of json."""
    measures = ("total", "net")
    return Figure(title, 2, False, {m: results.ratio(case, "import json", m) for m in measures})


def _large(results: Results, sizes: tuple[int, ...]) -> Iterator[Figure]:
    """Large packages: growth from each size to the next, and the cost of a file in ``os.stat``.

    The cost of one more file is taken between the two largest sizes. The whole listing per file,
    with what a start costs anyhow, has its target only for the size that the design names.
    """
    for small, large in pairwise(sizes):
        growth = results.ratio(f"orchard {large} warm", f"orchard {small} warm", "work")
        title = f"{large:,} plugins: warm list / {large // small} x that of {small:,}"
        yield Figure(title, 1.1, False, {"work": growth * small / large})
    small, large = (results.samples[f"orchard {size} warm"] for size in sizes[-2:])
    pairs = zip(small, large, strict=True)
    more = [(b.work_ns - a.work_ns) / (b.printed["stat"] - a.printed["stat"]) for a, b in pairs]
    title = f"{sizes[-1]:,} plugins: one more file / os.stat"
    yield Figure(title, 2, False, {"work": statistics.median(more)})
    if sizes[-1] == LARGEST:
        whole = [sample.work_ns / sample.printed["stat"] for sample in large]
        title = f"{LARGEST:,} plugins: warm list per file / os.stat"
        yield Figure(title, 2, False, {"work": statistics.median(whole)})

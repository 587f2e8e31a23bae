"""The figures that registries of functions must reach."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from itertools import pairwise

from figures import Figure, faster, own_imports, slower
from function_workloads import PROCESSES
from measuring import Results

#: What one search may take, in ms.
SEARCH_MS = 20


def all_figures(results: Results, sizes: tuple[int, ...]) -> list[Figure]:
    """Every figure of the package of functions."""
    cold = [f"skimage cold, processes: {count}" for count in PROCESSES]
    even = [f"skimage even, processes: {count}" for count in PROCESSES]
    spin = [f"spin, processes: {count}" for count in PROCESSES]
    inside = ("total", "wall")
    return [
        slower(results, "scikit-image: warm / table and stat", 2, "skimage", "warm", "table"),
        _cold(results, "scikit-image: cold with trial / warm", 300, "skimage warm"),
        slower(results, "scikit-image: one, warm / import", 1.15, "skimage", "one", "by hand"),
        faster(results, "scikit-image: cold, 1 process / 2", 1.6, *cold, inside),
        faster(results, "the same, each function as slow", 1.6, *even, inside),
        faster(results, "nothing but work: 1 process / 2", None, *spin, ("total",)),
        faster(results, "scikit-image: cold, no child / 2", None, "skimage cold", cold[1], inside),
        faster(results, "200 decorated: cold / warm", None, "toolbox cold", "toolbox warm"),
        slower(results, "200 decorated: cold / loop", None, "toolbox", "cold", "loop"),
        slower(results, "200 decorated: all, warm / loop", None, "toolbox", "all", "loop"),
        *_large(results, sizes),
        own_imports(results, "functions: own imports / import json", "import own functions"),
        own_imports(results, "functions: declared / import json", "declare functions"),
        own_imports(results, "functions: a registry of one / import json", "lone warm"),
    ]


def _cold(results: Results, title: str, bound: float, warm: str) -> Figure:
    """The trial runs in a few rounds only, so medians are divided."""
    measures = ("work", "total", "wall")
    cold = "skimage cold"
    values = {m: results.median(cold, m) / results.median(warm, m) for m in measures}
    return Figure(title, bound, True, values)


def _large(results: Results, sizes: tuple[int, ...]) -> Iterator[Figure]:
    """Large packages: growth from each size to the next, and the slowest of the searches."""
    for small, large in pairwise(sizes):
        growth = results.ratio(f"functions {large} warm", f"functions {small} warm", "work")
        title = f"{large:,} functions: warm list / {large // small} x that of {small:,}"
        yield Figure(title, 1.1, False, {"work": growth * small / large})
    samples = results.samples[f"functions {sizes[-1]} warm"]
    searches = [sample.printed["searches"] for sample in samples]
    for number, (word, found, _) in enumerate(searches[0]):
        title = f"{sizes[-1]:,} functions: search {number + 1}, {word!r} in {found:,}"
        spent = statistics.median(each[number][2] / 1e6 for each in searches)
        yield Figure(title, SEARCH_MS, False, {"work": spent}, "ms")

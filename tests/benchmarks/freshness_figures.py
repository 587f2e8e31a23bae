"""The figures that the checks must reach."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from figures import Figure, faster
from freshness_workloads import LARGE_FILES, Tree
from measuring import Results

#: How many times the bare calls a check may take.
STATS = 2
#: How many times the bare digests a comparison by content may take.
HASHES = 1.5


def all_figures(results: Results, trees: tuple[Tree, ...]) -> list[Figure]:
    """Every figure of the checks."""
    return [
        *(_ratio(results, tree, "unmoved / os.stat", "still", "stat", STATS) for tree in trees),
        *(
            _ratio(results, tree, "folders moved / stat, scandir", "moved", "scan", STATS)
            for tree in trees
        ),
        *_hashed(results, (*trees, LARGE_FILES)),
        _spent(results, "what compares what moved: import", trees[0].case("moved"), "stamps"),
        faster(results, "sys.path unmoved / os.stat", None, "path check", "path stat", ("work",)),
        _spent(results, "sys.path unmoved: check", "path check", "work"),
        _spent(results, "sys.path unmoved: os.stat", "path stat", "work"),
    ]


def _ratio(
    results: Results, tree: Tree, title: str, ours: str, bare: str, bound: float | None
) -> Figure:
    ratio = results.ratio(tree.case(ours), tree.case(bare), "work")
    return Figure(f"{tree.name}: {title}", bound, False, {"work": ratio})


def _hashed(results: Results, trees: tuple[Tree, ...]) -> Iterator[Figure]:
    """Files that have another time and the same content."""
    for tree in trees:
        yield _ratio(results, tree, "touched / read and hash", "hashed", "hash", HASHES)
    for tree in trees:
        yield _ratio(results, tree, "touched / hash in memory", "hashed", "memory", None)


def _spent(results: Results, title: str, case: str, name: str) -> Figure:
    """What a program has measured, in microseconds."""
    spent = statistics.median(each.printed[name] / 1e3 for each in results.samples[case])
    return Figure(title, None, False, {"work": spent}, "µs")

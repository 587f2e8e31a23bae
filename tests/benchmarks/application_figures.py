"""The figures of whole applications, and the table of what they take."""

from __future__ import annotations

from collections.abc import Iterator

from application_workloads import APPLICATIONS, BEFORE, COLD, EDITED, HAND, LAYOUTS, WARM, WAYS
from figures import MEASURES, Figure
from measuring import Results
from rich.console import Console
from rich.table import Table

#: What a discovery may take longer than the loop by hand: a ratio, or ms if that is more.
MORE, MORE_MS = 1.12, 15
#: Two medians of the same thing differ by that.
EQUAL = 1.05
DECISIVE = ("total", "wall")
#: What the table shows.
SHOWN = {"total": "with all imports", "wall": MEASURES["wall"], "cpu": "processor's time"}
NAMES = [f"{application.name} {layout}" for application in APPLICATIONS for layout in LAYOUTS]


def all_figures(results: Results) -> list[Figure]:
    """Every figure of whole applications."""
    return [figure for name in NAMES for figure in _of_one(results, name)]


def _of_one(results: Results, name: str) -> Iterator[Figure]:
    hand = f"{name} {HAND}"
    for case in (f"{name} {COLD}", f"{name} {EDITED}"):
        if results.median(hand, "total") * (MORE - 1) > MORE_MS:
            ratios = {each: results.ratio(case, hand, each) for each in DECISIVE}
            yield Figure(f"{case} / {HAND}", MORE, False, ratios)
        else:
            more = {each: results.difference(case, hand, each) for each in DECISIVE}
            yield Figure(f"{case} - {HAND}", MORE_MS, False, more, "ms")
    warm = f"{name} {WARM}"
    if warm + BEFORE in results.samples:
        ratios = {each: results.ratio(warm, warm + BEFORE, each) for each in DECISIVE}
        yield Figure(f"{warm} / before", EQUAL, False, ratios)


def show(console: Console, results: Results) -> None:
    """Print what each application takes, beside the loop by hand and another regcache."""
    title = f"Whole applications in ms: median; more than {HAND}, and ratio, within each round"
    table = Table(title=title)
    table.add_column("application", no_wrap=True)
    for heading in SHOWN.values():
        for each in (heading, BEFORE.strip(), "more", "ratio"):
            table.add_column(each, justify="right")
    for name in NAMES:
        table.add_row(f"[bold]{name}[/]")
        for way in (HAND, *WAYS):
            cells = [each for measure in SHOWN for each in _cells(results, name, way, measure)]
            table.add_row(f"  {way}", *cells)
        table.add_section()
    console.print(table)


def _cells(results: Results, name: str, way: str, measure: str) -> Iterator[str]:
    case, hand = f"{name} {way}", f"{name} {HAND}"
    for each in (case, case + BEFORE):
        yield f"{results.median(each, measure):,.1f}" if each in results.samples else ""
    yield f"{results.difference(case, hand, measure):+,.1f}" if way != HAND else ""
    yield f"{results.ratio(case, hand, measure):.2f}x" if way != HAND else ""

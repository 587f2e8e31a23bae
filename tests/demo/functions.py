"""The demo's section on functions: scikit-image, scanned with a trial of each function."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measuring import Case, Results, Sample, interleave, run, settle
from rich.console import Console
from showing import new_table, progress_bar
from workloads import APPS, TIMED

#: Ways to ask: name -> what it is called, and the task of the program.
WAYS = {
    "cold": ("cold: scan and try", "facts"),
    "warm": ("warm", "list"),
    "facts": ("warm, its facts", "facts"),
    "one": ("warm + one", "one"),
    "all": ("warm + all", "all"),
}

#: The ways that need nothing of the library.
LAZY = ("warm", "facts")

#: The ways whose times are shown; facts and searches are checked, after what is measured.
SHOWN = ("cold", "warm", "one", "all")

#: Answers that must be the same, cold and warm.
ANSWERS = ("keys", "texts", "rejected", "search")


@dataclass
class Scan:
    """What was measured and found.

    Attributes:
        cold: The one cold run, with the trial.
        results: The warm runs.
        wrong: Everything that was wrong with an answer.
    """

    cold: Sample
    results: Results
    wrong: list[str]

    @property
    def accepted(self) -> list[str]:
        """The functions that passed the trial."""
        return list(self.cold.printed["keys"]["skimage"])

    @property
    def rejected(self) -> dict[str, str]:
        """The other functions, and why."""
        return dict(self.cold.printed["rejected"])

    def samples(self, way: str) -> list[Sample]:
        """The runs of one way to ask."""
        return [self.cold] if way == "cold" else self.results.samples[way]

    def median(self, way: str, measure: str) -> float:
        """The median over all runs of one way, in ms."""
        return statistics.median(getattr(each, f"{measure}_ns") / 1e6 for each in self.samples(way))

    def examples(self) -> Iterator[tuple[str, str]]:
        """One rejected function for each way in which a reason begins."""
        seen = set()
        for name, reason in self.rejected.items():
            words = reason.partition(": ")[2].split()
            if words[:1] and words[0] not in seen:
                seen.add(words[0])
                yield name, reason.partition(": ")[2]


def measure(runs: int, console: Console) -> Scan:
    """Scan scikit-image once, then read the cache in each way, round by round."""
    wrong: list[str] = []
    with (
        progress_bar(console, 24) as progress,
        tempfile.TemporaryDirectory(prefix="regcache-") as temp,
    ):
        cases = {way: _case(way, Path(temp)) for way in WAYS}
        settle([APPS])
        task = progress.add_task("trying scikit-image", total=None)
        cold = run(cases.pop("cold"))
        progress.reset(task, total=len(cases) * runs, description="reading its cache")

        def examine(case: Case, sample: Sample) -> None:
            wrong.extend(_differences(case, cold.printed, sample.printed))

        def advance(case: Case) -> None:
            progress.advance(task)

        return Scan(cold, interleave(list(cases.values()), runs, examine, advance), wrong)


def _case(way: str, cache: Path) -> Case:
    return Case(way, TIMED, (str(APPS), WAYS[way][1], "skimage"), cache)


def _differences(case: Case, cold: dict[str, Any], printed: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a warm run: its answer, or that it did not do what it was to show."""
    for answer in ANSWERS:
        if printed.get(answer, cold[answer]) != cold[answer]:
            yield f"scikit-image {case.name}: {answer} differ from those of the scan"
    if printed["status"] != "hit":
        yield f"scikit-image {case.name}: the cache was not used ({printed['status']})"
    if case.name in LAZY and (printed["imported"] or printed.get("libraries")):
        yield f"scikit-image {case.name}: imported its library"


def show(console: Console, scan: Scan) -> None:
    """Print times, imports and what became of the functions."""
    headings = ("in the process", "whole process", "modules imported")
    table = new_table("scikit-image, its functions scanned and tried: ms", "functions", headings)
    for way in SHOWN:
        times = [f"{scan.median(way, measure):,.1f}" for measure in ("total", "wall")]
        table.add_row(WAYS[way][0], *times, str(scan.samples(way)[-1].printed["imported"]))
    console.print(table)
    accepted, rejected = len(scan.accepted), len(scan.rejected)
    console.print(
        f"{accepted + rejected} public functions; {accepted} pass the trial, {rejected} do not:"
    )
    for name, reason in list(scan.examples())[:4]:
        console.print(f"  {name}: {reason}", overflow="ellipsis", no_wrap=True, highlight=False)
    console.print(f"search('gauss'): {', '.join(scan.cold.printed['search'])}")
    console.print()


def as_json(scan: Scan) -> dict[str, Any]:
    """All figures, for the plot and for later comparison."""
    cold = {measure: scan.median("cold", measure) for measure in ("work", "total")}
    warm = {measure: scan.median("warm", measure) for measure in ("work", "total")}
    return {
        "title": "scikit-image",
        "plugins": len(scan.accepted),
        "rejected": len(scan.rejected),
        "ways": {way: _way_as_json(scan, way) for way in SHOWN},
        "times faster": {
            "list": round(cold["work"] / warm["work"], 2),
            "declare + list": round(cold["total"] / warm["total"], 2),
        },
    }


def _way_as_json(scan: Scan, way: str) -> dict[str, Any]:
    return {
        "title": WAYS[way][0],
        "runs": len(scan.samples(way)),
        "modules imported": scan.samples(way)[-1].printed["imported"],
        "declaring": round(scan.median(way, "declare"), 3),
        "listing or loading": round(scan.median(way, "work"), 3),
        "in process": round(scan.median(way, "total"), 3),
        "whole process": round(scan.median(way, "wall"), 3),
    }

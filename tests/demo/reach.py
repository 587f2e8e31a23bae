"""The demo's section on what others have: their classes, installed programs, and commands."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measuring import Case, Results, Sample, interleave, run, settle
from rich.console import Console
from showing import new_table, progress_bar
from workloads import PROGRAMS

#: What is listed and a way to list it, as the program has them -> what that is called.
WAYS = {
    "lexers imported": "{} lexers of Pygments, imported",
    "lexers warm": "- warm, base class as text",
    "scripts imported": "{} scripts, importlib.metadata",
    "scripts warm": "- warm",
    "commands imported": "--help, {} commands imported",
    "commands warm": "- warm",
    "commands click": "- import click alone",
}
SUBJECTS = ("lexers", "scripts", "commands")

COMMANDS = 30
COMMAND = '''\
import click
import numpy

@click.command()
@click.argument("numbers", nargs=-1, type=float)
def step_{0:02}(numbers):
    """Weigh numbers by {0} and print their mean."""
    click.echo(numpy.mean(numpy.multiply(numbers, {0})))
'''


@dataclass
class Reach:
    """What was measured and found.

    Attributes:
        counts: What is listed -> how many there are.
        results: The runs of all ways.
        wrong: Everything that was wrong with an answer.
    """

    counts: dict[str, int]
    results: Results
    wrong: list[str]

    def faster(self) -> dict[str, float]:
        """What is listed -> how many times faster a warm process does it."""
        return {
            name: self.results.ratio(f"{name} imported", f"{name} warm", "total")
            for name in SUBJECTS
        }

    def beside_click(self, measure: str) -> float:
        """How many times as long as the import of click the warm help takes."""
        return self.results.ratio("commands warm", "commands click", measure)


def measure(runs: int, console: Console) -> Reach:
    """List everything in each way, round by round."""
    wrong: list[str] = []
    with (
        progress_bar(console, 24) as progress,
        tempfile.TemporaryDirectory(prefix="regcache-") as temp,
    ):
        folder, caches = Path(temp, "made"), Path(temp, "caches")
        (folder / "tool").mkdir(parents=True)
        (folder / "tool" / "__init__.py").touch()
        for number in range(COMMANDS):
            (folder / "tool" / f"step_{number:02}.py").write_text(COMMAND.format(number))
        program = PROGRAMS / "reach.py"
        cases = {way: Case(way, program, (str(folder), *way.split()), caches) for way in WAYS}
        task = progress.add_task("preparing", total=len(cases) * runs)
        own = {name: run(cases[f"{name} imported"]).printed["answer"] for name in SUBJECTS}
        settle([folder])
        for name in SUBJECTS:
            run(cases[f"{name} warm"])  # which is cold

        def examine(case: Case, sample: Sample) -> None:
            wrong.extend(_differences(case, own, sample.printed))

        def advance(case: Case) -> None:
            progress.update(task, description=case.name, advance=1)

        results = interleave([*cases.values()], runs, examine, advance)
    counts = {name: len(answer) for name, answer in own.items()}
    return Reach({**counts, "commands": COMMANDS}, results, wrong)


def _differences(case: Case, own: dict[str, Any], printed: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a run: its answer, or that it did not do what it was to show."""
    subject, way = case.arguments[1:]
    if way != "click" and printed["answer"] != own[subject]:
        yield f"{case.name}: the answer differs from the one without regcache"
    if printed["status"] != "hit":
        yield f"{case.name}: the cache was not used ({printed['status']})"
    if way != "imported" and printed["imported"]:
        yield f"{case.name}: imported {printed['imported']} modules of what is listed"


def show(console: Console, reach: Reach) -> None:
    """Print times and imports, and how many times faster the warm answers are."""
    headings = ("in the process", "whole process", "imported")
    table = new_table(
        "What others have, listed: ms; and how many modules of it are imported", "lists", headings
    )
    for way, title in WAYS.items():
        times = [f"{reach.results.median(way, measure):,.1f}" for measure in ("total", "wall")]
        count, imported = reach.counts[way.split()[0]], reach.results.last(way)["imported"]
        table.add_row(title.format(count), *times, str(imported))
    console.print(table)
    faster = [f"{name} {times:,.1f}x" for name, times in reach.faster().items()]
    console.print(f"Warm is so many times faster in the process: {', '.join(faster)}.")
    click = [f"{reach.beside_click(measure):.1f}x" for measure in ("total", "wall")]
    console.print(
        f"The warm --help takes {click[0]} what import click does, {click[1]} as whole processes."
    )
    console.print()


def as_json(reach: Reach) -> dict[str, Any]:
    """All figures, for later comparison."""
    return {
        "counts": reach.counts,
        "ways": {
            way: {
                "title": title.format(reach.counts[way.split()[0]]).removeprefix("- "),
                "modules imported": reach.results.last(way)["imported"],
                "in process": round(reach.results.median(way, "total"), 3),
                "whole process": round(reach.results.median(way, "wall"), 3),
            }
            for way, title in WAYS.items()
        },
        "times faster": {name: round(times, 2) for name, times in reach.faster().items()},
        "help / import click": round(reach.beside_click("wall"), 2),
    }

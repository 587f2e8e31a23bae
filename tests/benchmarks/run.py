"""The benchmark: regcache beside what is written by hand, and beside its peers, in one run.

``hatch run bench`` (or ``python tests/benchmarks/run.py``) prints each figure of the design, its
target, and whether it is reached. Speed never fails it: it ends with status 1 only if an answer
differs. It takes about half an hour; ``--quick`` about ten minutes, on smaller packages and fewer
rounds; ``--part`` measures classes, functions, freshness or applications only. Applications can be
measured beside another checkout of this repository (``--against``).
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import application_figures
import application_workloads
import figures as class_figures
import freshness_figures
import freshness_workloads
import function_figures
import function_workloads
import workloads as class_workloads
from figures import LARGEST, MEASURES, Figure
from freshness_workloads import QUICK_TREES, TREES, Tree
from measuring import (
    Case,
    ProgramError,
    Results,
    Sample,
    environment_facts,
    interleave,
    run,
    settle,
)
from progress import progress_bar
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from workloads import SYSTEMS, Workload

PACKAGES = (
    "autoregistry",
    "catalogue",
    "docutils",
    "fsspec",
    "metaclass-registry",
    "numpy",
    "pygments",
    "pyzmq",
    "regcache-core",
    "regcache-functions",
    "regcache-meta",
    "scikit-image",
    "sqlglot",
    "stevedore",
)
SIZES, QUICK_SIZES = (100, 1_000, LARGEST), (100, 1_000)
FUNCTION_SIZES, QUICK_FUNCTION_SIZES = (200, 2_000, 20_000), (200, 2_000)
PARTS = ("classes", "functions", "freshness", "application")
RUNS, QUICK_RUNS = 15, 5
#: Rounds of the cases that take seconds.
SLOW_RUNS, QUICK_SLOW_RUNS = 3, 1


@dataclass(frozen=True)
class Plan:
    """What is measured, and how often.

    Attributes:
        parts: Some of ``PARTS``.
        sizes: Numbers of plugins in the large packages of classes.
        function_sizes: Numbers of functions in the large packages of functions.
        trees: Trees of files that are checked.
        runs: Rounds.
        slow_runs: Rounds of the cases that take seconds.
        against: Another checkout of this repository, that applications are measured with as well.
    """

    parts: tuple[str, ...]
    sizes: tuple[int, ...]
    function_sizes: tuple[int, ...]
    trees: tuple[Tree, ...]
    runs: int
    slow_runs: int
    against: Path | None

    def build(self, folder: Path) -> list[Workload]:
        """Generate what has to be generated and give all workloads."""
        listed = class_workloads.common()
        if "classes" in self.parts:
            listed += class_workloads.build(folder / "classes", self.sizes)
        if "functions" in self.parts:
            listed += function_workloads.build(folder / "functions", self.function_sizes)
        if "freshness" in self.parts:
            listed += freshness_workloads.build(folder / "freshness", self.trees)
        if "application" in self.parts:
            listed += application_workloads.build(folder / "application", self.against)
        return listed

    def figures(self, results: Results) -> list[Figure]:
        """Every figure of what was measured."""
        listed: list[Figure] = []
        if "classes" in self.parts:
            listed += class_figures.all_figures(results, self.sizes)
        if "functions" in self.parts:
            listed += function_figures.all_figures(results, self.function_sizes)
        if "freshness" in self.parts:
            listed += freshness_figures.all_figures(results, self.trees)
        if "application" in self.parts:
            listed += application_figures.all_figures(results)
        return listed


def differences(workload: Workload, case: Case, sample: Sample) -> Iterator[str]:
    """What is wrong with one run: other keys than the others, or warm what should not be so."""
    printed = sample.printed
    for registry, keys in workload.keys.items():
        if sorted(printed["keys"][registry]) != sorted(keys):
            yield f"{case.name}: the keys of {registry} differ"
    if case.cache is not None and printed.get("status", "hit") != "hit":
        yield f"{case.name}: the cache was not used ({printed['status']})"
    if case.cache is None and printed.get("status") == "hit":
        yield f"{case.name}: nothing was discovered"


def prepare(workloads: list[Workload], progress: Progress) -> list[str]:
    """Write byte code and all warm caches, and learn the answers.

    Returns:
        What is wrong with the answers of warm processes.
    """
    wrong: list[str] = []
    task = progress.add_task("preparing", total=sum(len(each.cases) for each in workloads))
    for workload in workloads:
        for case in sorted(workload.cases, key=lambda case: case.slow):
            progress.update(task, description=f"preparing {case.name}", advance=1)
            if case.slow and workload.keys:
                continue
            printed = run(case).printed
            workload.keys = workload.keys or printed.get("keys", {})
    settle(source for workload in workloads for source in workload.sources)
    for workload in workloads:
        for case in workload.cases:
            if case.cache is not None:
                run(case)
                wrong.extend(differences(workload, case, run(case)))
    progress.remove_task(task)
    return wrong


def measure(plan: Plan, console: Console) -> tuple[Results, list[str]]:
    """Run all workloads, interleaved; slow cases by themselves.

    Returns:
        The samples, and everything that was wrong with an answer.
    """
    with (
        progress_bar(console, 36) as progress,
        tempfile.TemporaryDirectory(prefix="regcache-") as temp,
    ):
        building = progress.add_task("building", total=None)
        workloads = plan.build(Path(temp))
        progress.remove_task(building)
        wrong = prepare(workloads, progress)
        owners = {case.name: workload for workload in workloads for case in workload.cases}
        cases = [case for workload in workloads for case in workload.cases if not case.slow]
        slow = [case for workload in workloads for case in workload.cases if case.slow]
        total = len(cases) * plan.runs + len(slow) * plan.slow_runs
        task = progress.add_task("measuring", total=total)

        def examine(case: Case, sample: Sample) -> None:
            wrong.extend(differences(owners[case.name], case, sample))

        def advance(case: Case) -> None:
            progress.update(task, description=case.name, advance=1)

        results = interleave(cases, plan.runs, examine, advance)
        results.samples |= interleave(slow, plan.slow_runs, examine, advance).samples
        return results, wrong


def show_figures(console: Console, figures: list[Figure]) -> None:
    """Print targets and what was measured."""
    table = Table(title="Figures: ratios within each round, median over all rounds")
    table.add_column("figure")
    table.add_column("target")
    for title in MEASURES.values():
        table.add_column(title, justify="right")
    table.add_column("")
    for figure in figures:
        cells = [_cell(figure, measure) for measure in MEASURES]
        verdict = "[green]ok[/]" if figure.ok else "[bold red]missed[/]"
        verdict = verdict if figure.target else ""
        table.add_row(figure.title, figure.target, *cells, verdict)
    console.print(table)


def _cell(figure: Figure, measure: str) -> str:
    if measure not in figure.values:
        return ""
    value = figure.values[measure]
    if math.isnan(value):
        return "in the noise"
    colour = "green" if figure.reached(measure) else "red"
    unit = "x" if figure.unit == "x" else f" {figure.unit}"
    return f"[{colour}]{value:,.{0 if value >= 100 else 1 if value >= 10 else 2}f}{unit}[/]"


def show_systems(console: Console, results: Results) -> None:
    """Print what regcache, the loop, the table and the peers need for the same plugins."""
    title = "200 plugins of 5 ms each: declaring and listing in the process (whole process), in ms"
    table = Table(title=title)
    table.add_column("system")
    headings = {"cold": "cold", "warm": "warm list", "one": "warm, one", "all": "warm, all"}
    for heading in headings.values():
        table.add_column(heading, justify="right")
    for system in SYSTEMS:
        prefix = "fleet" if system == "regcache" else f"fleet {system}"
        table.add_row(system, *(_times(results, f"{prefix} {way}") for way in headings))
    console.print(table)


def show_applications(console: Console, results: Results) -> None:
    """Print what real applications and libraries need, and 200 decorated functions."""
    title = "Real applications: declaring and listing in the process (whole process), in ms"
    table = Table(title=title)
    table.add_column("application")
    ways = ("none", "cold", "warm", "one", "all", "loop", "table")
    for heading in ("no cache", "cold", "warm", "warm, one", "warm, all", "loop", "table"):
        table.add_column(heading, justify="right")
    for application in ("microlab", "pygments", "skimage", "toolbox"):
        times = [_times(results, f"{application} {way}") for way in ways]
        if f"{application} warm" in results.samples:
            table.add_row(application, *times)
    console.print(table)
    console.print(f"A bare interpreter: {results.median('bare', 'wall'):.1f} ms")


def _times(results: Results, case: str) -> str:
    if case not in results.samples:
        return "-"
    inside, whole = results.median(case, "total"), results.median(case, "wall")
    return f"{inside:,.1f} ({whole:,.0f})"


def as_json(results: Results, figures: list[Figure], plan: Plan) -> dict[str, Any]:
    """Everything that was measured."""
    return {
        "made by": "tests/benchmarks/run.py",
        "environment": environment_facts(PACKAGES),
        "runs": plan.runs,
        "runs of slow cases": plan.slow_runs,
        "unit": "ms",
        "systems": {name: _system(name) for name in SYSTEMS},
        "figures": [figure.as_json() for figure in figures],
        "cases": {case: _case_as_json(results, case) for case in results.samples},
    }


def _system(name: str) -> str:
    installed = f"{version(name)}: " if name in PACKAGES else ""
    return installed + SYSTEMS[name]


def _case_as_json(results: Results, case: str) -> dict[str, Any]:
    medians = {
        measure: round(results.median(case, measure), 4)
        for measure in ("declare", "work", "total", "wall", "cpu")
    }
    more = {
        name: value
        for name, value in results.last(case).items()
        if name in ("imported", "files", "stat", "searches")
    }
    samples = {
        measure: [round(value, 3) for value in results.values(case, measure)]
        for measure in ("total", "wall")
    }
    lowest = {measure: round(min(results.values(case, measure)), 4) for measure in medians}
    return {"medians": medians, "lowest": lowest, **more, "samples": samples}


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--runs", type=int, help=f"rounds (default {RUNS}; quick {QUICK_RUNS})")
    parser.add_argument("--quick", action="store_true", help="smaller packages, fewer rounds")
    parser.add_argument("--part", choices=PARTS, action="append", help="only this part")
    parser.add_argument("--against", type=Path, metavar="PATH", help="another checkout of this")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all results to a file")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw them (.svg or .png)")
    return parser.parse_args()


def make_plan(arguments: argparse.Namespace) -> Plan:
    """What the command line asks for."""
    parts = tuple(arguments.part or PARTS)
    if arguments.quick:
        runs = arguments.runs or QUICK_RUNS
        quick = QUICK_SIZES, QUICK_FUNCTION_SIZES, QUICK_TREES
        return Plan(parts, *quick, runs, QUICK_SLOW_RUNS, arguments.against)
    sizes = SIZES, FUNCTION_SIZES, TREES
    return Plan(parts, *sizes, arguments.runs or RUNS, SLOW_RUNS, arguments.against)


def main() -> int:
    """Run the benchmark; gives the exit status."""
    arguments = parse_arguments()
    console = Console()
    plan = make_plan(arguments)
    results, wrong = measure(plan, console)
    figures = plan.figures(results)
    if {"classes", "functions"} & {*plan.parts}:
        show_applications(console, results)
    if "application" in plan.parts:
        application_figures.show(console, results)
    if "classes" in plan.parts:
        show_systems(console, results)
    show_figures(console, figures)
    document = as_json(results, figures, plan)
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if arguments.plot:
        from plot import draw

        draw(document, arguments.plot)
    for line in dict.fromkeys(wrong):
        console.print(line, style="bold red")
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ProgramError as error:
        sys.exit(str(error))

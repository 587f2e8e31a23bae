"""The benchmark: regcache beside what is written by hand, and beside its peers, in one run.

``hatch run bench`` (or ``python tests/benchmarks/run.py``) prints each figure of the design, its
target, and whether it is reached. Speed never fails it: it ends with status 1 only if an answer
differs. It takes about twenty minutes; ``--quick`` about five, on smaller packages, in fewer
rounds; ``--part`` measures registries, freshness or installed plugins only.
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

import figures as registry_figures
import freshness
import installed
import workloads as registry_workloads
from figures import LARGEST, MEASURES, Figure
from freshness import QUICK_TREES, TREES, Tree
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
from rich.console import Console
from rich.progress import Progress
from showing import new_table, progress_bar
from workloads import SYSTEMS, Workload

PACKAGES = (
    "autoregistry",
    "catalogue",
    "metaclass-registry",
    "numpy",
    "pygments",
    "pyzmq",
    "regcache-core",
    "regcache-functions",
    "regcache-meta",
    "stevedore",
)
SIZES, QUICK_SIZES = (100, 1_000, LARGEST), (100, 1_000)
PARTS = ("registries", "freshness", "installed")
RUNS, QUICK_RUNS = 15, 5
#: Ends of the names of cases -> headings of what they show.
PEER_WAYS = {"cold": "cold", "warm": "warm list", "one": "warm, one", "all": "warm, all"}
ALL_WAYS = {"none": "no cache", **PEER_WAYS, "loop": "loop", "table": "table"}


@dataclass(frozen=True)
class Plan:
    """What is measured, and how often.

    Attributes:
        parts: Some of ``PARTS``.
        sizes: Numbers of plugins in the large packages of classes.
        trees: Trees of files that are checked.
        runs: Rounds.
    """

    parts: tuple[str, ...]
    sizes: tuple[int, ...]
    trees: tuple[Tree, ...]
    runs: int

    def build(self, folder: Path) -> list[Workload]:
        """Generate what has to be generated and give all workloads."""
        listed = registry_workloads.common()
        if "registries" in self.parts:
            listed += registry_workloads.build(folder / "registries", self.sizes)
        if "freshness" in self.parts:
            listed += freshness.build(folder / "freshness", self.trees)
        if "installed" in self.parts:
            listed += installed.build(folder / "installed")
        return listed

    def figures(self, results: Results) -> list[Figure]:
        """Every figure of what was measured."""
        listed: list[Figure] = []
        if "registries" in self.parts:
            listed += registry_figures.all_figures(results, self.sizes)
        if "freshness" in self.parts:
            listed += freshness.all_figures(results, self.trees)
        if "installed" in self.parts:
            listed += installed.all_figures(results)
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
        for case in workload.cases:
            progress.update(task, description=f"preparing {case.name}", advance=1)
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
    """Run all workloads, interleaved.

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
        cases = [case for workload in workloads for case in workload.cases]
        task = progress.add_task("measuring", total=len(cases) * plan.runs)

        def examine(case: Case, sample: Sample) -> None:
            wrong.extend(differences(owners[case.name], case, sample))

        def advance(case: Case) -> None:
            progress.update(task, description=case.name, advance=1)

        return interleave(cases, plan.runs, examine, advance), wrong


def show_figures(console: Console, figures: list[Figure]) -> None:
    """Print targets and what was measured."""
    title = "Figures: ratios within each round, median over all rounds"
    table = new_table(title, "figure", ["target", *MEASURES.values(), ""])
    for figure in figures:
        cells = [_cell(figure, measure) for measure in MEASURES]
        verdict = "[green]ok[/]" if figure.ok else "[bold red]missed[/]"
        table.add_row(figure.title, figure.target, *cells, verdict)
    console.print(table)


def _cell(figure: Figure, measure: str) -> str:
    if measure not in figure.values:
        return ""
    value = figure.values[measure]
    if math.isnan(value):
        return "in the noise"
    colour = "green" if figure.reached(measure) else "red"
    return f"[{colour}]{value:,.{0 if value >= 100 else 1 if value >= 10 else 2}f}x[/]"


def show_times(
    console: Console, results: Results, what: str, rows: dict[str, str], ways: dict[str, str]
) -> None:
    """Print a table of times.

    Args:
        console: Where.
        results: What was measured.
        what: What the rows are about.
        rows: Name of a row -> the begin of the names of its cases.
        ways: End of the name of a case -> its heading.
    """
    title = f"{what}: declaring and listing in the process (whole process), in ms"
    table = new_table(title, "", ways.values())
    for name, prefix in rows.items():
        table.add_row(name, *(_times(results, f"{prefix} {way}") for way in ways))
    console.print(table)


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
        for measure in ("declare", "work", "total", "wall")
    }
    more = {
        name: value
        for name, value in results.last(case).items()
        if name in ("imported", "files", "stat")
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
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all results to a file")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw them (.svg or .png)")
    return parser.parse_args()


def make_plan(arguments: argparse.Namespace) -> Plan:
    """What the command line asks for."""
    parts = tuple(arguments.part or PARTS)
    if arguments.quick:
        return Plan(parts, QUICK_SIZES, QUICK_TREES, arguments.runs or QUICK_RUNS)
    return Plan(parts, SIZES, TREES, arguments.runs or RUNS)


def main() -> int:
    """Run the benchmark; gives the exit status."""
    arguments = parse_arguments()
    console = Console()
    plan = make_plan(arguments)
    results, wrong = measure(plan, console)
    figures = plan.figures(results)
    if "registries" in plan.parts:
        applications = {name: name for name in ("microlab", "pygments", "toolbox")}
        systems = {name: f"fleet {name}" for name in SYSTEMS} | {"regcache": "fleet"}
        show_times(console, results, "Real applications", applications, ALL_WAYS)
        show_times(console, results, "200 plugins of 5 ms each", systems, PEER_WAYS)
        console.print(f"A bare interpreter: {results.median('bare', 'wall'):.1f} ms")
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

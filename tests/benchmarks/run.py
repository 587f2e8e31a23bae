"""The benchmark: regcache beside what is written by hand, and beside its peers, in one run.

``hatch run bench`` (or ``python tests/benchmarks/run.py``) prints each figure of the design, its
target, and whether it is reached. Speed never fails it: it ends with status 1 only if an answer
differs. It takes about ten minutes; ``--quick`` about two, on smaller packages and fewer rounds.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from figures import LARGEST, MEASURES, Figure, all_figures
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
from workloads import SYSTEMS, Workload, build

PACKAGES = (
    "autoregistry",
    "catalogue",
    "metaclass-registry",
    "numpy",
    "pygments",
    "pyzmq",
    "regcache-core",
    "regcache-meta",
    "stevedore",
)
SIZES, QUICK_SIZES = (100, 1_000, LARGEST), (100, 1_000)
RUNS, QUICK_RUNS = 15, 5


def differences(workload: Workload, case: Case, sample: Sample) -> Iterator[str]:
    """What is wrong with one run: other keys than the others, or a warm run that was not warm."""
    printed = sample.printed
    for registry, keys in workload.keys.items():
        if sorted(printed["keys"][registry]) != sorted(keys):
            yield f"{case.name}: the keys of {registry} differ"
    if case.cache is not None and printed.get("status", "hit") != "hit":
        yield f"{case.name}: the cache was not used ({printed['status']})"


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


def measure(sizes: tuple[int, ...], runs: int, console: Console) -> tuple[Results, list[str]]:
    """Run all workloads, interleaved.

    Returns:
        The samples, and everything that was wrong with an answer.
    """
    with (
        progress_bar(console, 36) as progress,
        tempfile.TemporaryDirectory(prefix="regcache-") as temp,
    ):
        workloads = build(Path(temp), sizes)
        wrong = prepare(workloads, progress)
        owners = {case.name: workload for workload in workloads for case in workload.cases}
        cases = [case for workload in workloads for case in workload.cases]
        task = progress.add_task("measuring", total=len(cases) * runs)

        def examine(case: Case, sample: Sample) -> None:
            wrong.extend(differences(owners[case.name], case, sample))

        def advance(case: Case) -> None:
            progress.update(task, description=case.name, advance=1)

        return interleave(cases, runs, examine, advance), wrong


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
    """Print what the two real applications need."""
    title = "Real applications: declaring and listing in the process (whole process), in ms"
    table = Table(title=title)
    table.add_column("application")
    ways = ("none", "cold", "warm", "one", "all", "loop", "table")
    for heading in ("no cache", "cold", "warm", "warm, one", "warm, all", "loop", "table"):
        table.add_column(heading, justify="right")
    for application in ("microlab", "pygments"):
        table.add_row(application, *(_times(results, f"{application} {way}") for way in ways))
    console.print(table)
    console.print(f"A bare interpreter: {results.median('bare', 'wall'):.1f} ms")


def _times(results: Results, case: str) -> str:
    if case not in results.samples:
        return "-"
    inside, whole = results.median(case, "total"), results.median(case, "wall")
    return f"{inside:,.1f} ({whole:,.0f})"


def as_json(results: Results, figures: list[Figure], runs: int) -> dict[str, Any]:
    """Everything that was measured."""
    return {
        "made by": "tests/benchmarks/run.py",
        "environment": environment_facts(PACKAGES),
        "runs": runs,
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
    parser.add_argument("--quick", action="store_true", help="1,000 plugins instead of 10,000")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all results to a file")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw them (.svg or .png)")
    return parser.parse_args()


def main() -> int:
    """Run the benchmark; gives the exit status."""
    arguments = parse_arguments()
    console = Console()
    sizes = QUICK_SIZES if arguments.quick else SIZES
    runs = arguments.runs or (QUICK_RUNS if arguments.quick else RUNS)
    results, wrong = measure(sizes, runs, console)
    figures = all_figures(results, sizes)
    show_applications(console, results)
    show_systems(console, results)
    show_figures(console, figures)
    document = as_json(results, figures, runs)
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

"""The demo: real packages listed from a cache, without importing what is in them.

``hatch run demo`` (or ``python tests/demo/run.py``) lists the 602 lexers of Pygments and the five
registries of the sample application microlab, each way in fresh processes: without a cache, with an
empty cache (cold), from the cache (warm), and from the cache with one plugin or all plugins loaded.
Then it scans scikit-image, trying each of its functions once, and reads the answer from the cache.
At last it lists what others have: the lexers without any import of Pygments, the programs that are
installed beside it, and the help of a group of commands, each as it is done without regcache too.
It ends with status 1 if a warm answer differs from the cold one or from that without regcache, if
the lexers found are not those of Pygments' own published index, or if listing functions or what
others have imports any of it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich.console import Console

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "benchmarks"))

import functions
import reach
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
from showing import new_table, progress_bar
from workloads import APPS, PROGRAMS, TIMED, WAYS

#: What ways to ask are called.
TITLES = {
    "none": "no cache",
    "cold": "cold",
    "warm": "warm",
    "one": "warm + one",
    "all": "warm + all",
}
FAMILIES = ("microscopes", "storage", "servers", "libraries", "formats")


@dataclass
class Subject:
    """Registries that are listed, and what full discovery finds in them.

    Attributes:
        name: Short name, for results.
        title: What it is, for readers.
        folder: What is put on ``sys.path``; empty for nothing.
        sources: Folders of the plugins.
        classes: The cold answer: registry -> key -> module and qualified name.
    """

    name: str
    title: str
    folder: str
    sources: tuple[Path, ...]
    classes: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)

    def case(self, way: str, caches: Path) -> Case:
        """The case of one way to ask."""
        task, warm = WAYS.get(way, (way, True))
        variables = {"REGCACHE_DISABLE": "1"} if way == "none" else {}
        cache = caches / self.name if warm else None
        return Case(f"{self.name} {way}", TIMED, (self.folder, task, self.name), cache, variables)

    def plugins(self) -> int:
        """How many plugins there are."""
        return sum(map(len, self.classes.values()))

    def differences(self, name: str, printed: dict[str, Any]) -> Iterator[str]:
        """What is different in an answer: the keys, their order, or the class behind one."""
        for registry, classes in self.classes.items():
            if printed["keys"][registry] != list(classes):
                yield f"{name}: the keys of {registry} differ from those that discovery finds"
            if printed.get("classes", self.classes)[registry] != classes:
                yield f"{name}: classes of {registry} differ from those that discovery finds"


def subjects() -> list[Subject]:
    """Pygments, the five registries of microlab together, and each of them."""
    microlab = APPS / "microlab"
    spec = find_spec("pygments")
    places = [] if spec is None else spec.submodule_search_locations or []
    lexers = tuple(Path(place, "lexers") for place in places)
    listed = [
        Subject("pygments", "Pygments", "", lexers),
        Subject("microlab", "microlab", str(APPS), (microlab,)),
    ]
    for family in FAMILIES:
        listed.append(Subject(family, f"- {family}", str(APPS), (microlab / family,)))
    return listed


def prepare(subject: Subject, caches: Path) -> list[str]:
    """Write byte code and the warm cache, and learn what full discovery finds.

    Returns:
        What is different in the answer of a warm process.
    """
    run(subject.case("none", caches))
    settle(subject.sources)
    subject.classes = run(subject.case("all", caches)).printed["classes"]
    facts = subject.case("facts", caches)
    return check(subject, facts, run(facts))


def check(subject: Subject, case: Case, sample: Sample) -> list[str]:
    """What is wrong with one run: its answer, or that it did not do what it was to show."""
    printed = sample.printed
    wrong = list(subject.differences(case.name, printed))
    if case.cache is not None and printed["status"] != "hit":
        wrong.append(f"{case.name}: the cache was not used ({printed['status']})")
    if case.arguments[1] in ("list", "facts") and case.cache is not None and printed["imported"]:
        wrong.append(f"{case.name}: listing imported {printed['imported']} plugin modules")
    return wrong


def index_differences(subject: Subject) -> list[str]:
    """How the lexers that were found differ from Pygments' own published index."""
    from pygments.lexers._mapping import LEXERS

    found = {name: module for name, (module, _) in subject.classes["lexers"].items()}
    published = {name: entry[0] for name, entry in LEXERS.items()}
    wrong = {name for name, _ in found.items() ^ published.items()}
    return [f"pygments: {name} differs from Pygments' own index" for name in sorted(wrong)]


def measure(listed: list[Subject], runs: int, console: Console) -> tuple[Results, list[str]]:
    """Run everything, round by round.

    Returns:
        The samples, and everything that was wrong with an answer.
    """
    wrong: list[str] = []
    with (
        progress_bar(console, 24) as progress,
        tempfile.TemporaryDirectory(prefix="regcache-") as temp,
    ):
        caches = Path(temp)
        task = progress.add_task("preparing", total=len(listed))
        for subject in listed:
            progress.update(task, description=f"preparing {subject.name}")
            wrong += prepare(subject, caches)
            progress.advance(task)
        owners = {subject.case(way, caches).name: subject for subject in listed for way in WAYS}
        cases = [Case("bare", PROGRAMS / "bare.py")]
        cases += [subject.case(way, caches) for subject in listed for way in WAYS]
        progress.reset(task, total=len(cases) * runs)

        def examine(case: Case, sample: Sample) -> None:
            if case.name in owners:
                wrong.extend(check(owners[case.name], case, sample))

        def advance(case: Case) -> None:
            progress.update(task, description=case.name, advance=1)

        return interleave(cases, runs, examine, advance), wrong


def show_times(console: Console, listed: list[Subject], results: Results, measure: str) -> None:
    """Print a table of times: subjects below each other, ways to ask side by side."""
    titles = {
        "total": "ms in the process, from the first import of the application to the answer",
        "wall": f"ms of the whole process (bare interpreter: {results.median('bare', 'wall'):.1f})",
    }
    table = new_table(titles[measure], "registries", ["plugins", *TITLES.values()])
    for subject in listed:
        times = [f"{results.median(f'{subject.name} {way}', measure):,.1f}" for way in WAYS]
        table.add_row(subject.title, str(subject.plugins()), *times)
    console.print(table)


def show_imports(console: Console, listed: list[Subject], results: Results) -> None:
    """Print a table of how many plugin modules each way imports."""
    table = new_table("Plugin modules imported", "registries", TITLES.values())
    for subject in listed:
        cases = [f"{subject.name} {way}" for way in WAYS]
        table.add_row(subject.title, *(str(results.last(case)["imported"]) for case in cases))
    console.print(table)


#: Ratios that are shown: title, the way above, the way below, the measure.
RATIOS = {
    "list": ("cold", "warm", "work"),
    "declare + list": ("cold", "warm", "total"),
    "process": ("cold", "warm", "wall"),
    "net": ("cold", "warm", "net"),
    "one used": ("cold", "one", "total"),
    "all used": ("none", "all", "total"),
}


def ratios(subject: Subject, results: Results) -> dict[str, float]:
    """How many times faster than without its cache: median of the ratios within each round."""
    return {
        title: results.ratio(f"{subject.name} {above}", f"{subject.name} {below}", measure)
        for title, (above, below, measure) in RATIOS.items()
    }


def show_ratios(console: Console, listed: list[Subject], results: Results) -> None:
    """Print how many times faster a warm start is than a cold one."""
    table = new_table("A warm start is so many times faster than a cold one", "registries", RATIOS)
    table.caption = (
        "in the process, but: process, and net, the process less a bare interpreter; "
        "all used: against no cache"
    )
    table.caption_justify = "left"
    for subject in listed:
        values = ratios(subject, results).values()
        table.add_row(subject.title, *(f"{value:,.{1 if value < 10 else 0}f}x" for value in values))
    console.print(table)


def as_json(
    listed: list[Subject], results: Results, scan: functions.Scan, others: reach.Reach, runs: int
) -> dict[str, Any]:
    """All figures, for the plot and for later comparison."""
    own = ("regcache-core", "regcache-functions", "regcache-meta")
    packages = (*own, "pygments", "numpy", "pyzmq", "scikit-image", "click")
    return {
        "made by": "tests/demo/run.py",
        "environment": environment_facts(packages),
        "runs": runs,
        "unit": "ms, median over all rounds",
        "bare interpreter": round(results.median("bare", "wall"), 3),
        "subjects": {subject.name: _subject_as_json(subject, results) for subject in listed},
        "functions": functions.as_json(scan),
        "reach": reach.as_json(others),
    }


def _subject_as_json(subject: Subject, results: Results) -> dict[str, Any]:
    ways = {way: f"{subject.name} {way}" for way in WAYS}
    return {
        "title": subject.title.removeprefix("- "),
        "plugins": subject.plugins(),
        "ways": {
            way: {
                "title": TITLES[way],
                "modules imported": results.last(case)["imported"],
                "declaring": round(results.median(case, "declare"), 3),
                "listing or loading": round(results.median(case, "work"), 3),
                "in process": round(results.median(case, "total"), 3),
                "whole process": round(results.median(case, "wall"), 3),
            }
            for way, case in ways.items()
        },
        "times faster": {title: round(x, 2) for title, x in ratios(subject, results).items()},
    }


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Raw)
    parser.add_argument("--runs", type=int, default=7, help="rounds, each runs every case once")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to a file")
    return parser.parse_args()


_Raw = argparse.RawDescriptionHelpFormatter


def main() -> int:
    """Run the demo; gives the exit status."""
    arguments = parse_arguments()
    console = Console()
    listed = subjects()
    results, wrong = measure(listed, arguments.runs, console)
    wrong += index_differences(listed[0])
    show_times(console, listed, results, "total")
    show_times(console, listed, results, "wall")
    show_imports(console, listed, results)
    show_ratios(console, listed, results)
    scan = functions.measure(arguments.runs, console)
    wrong += scan.wrong
    functions.show(console, scan)
    others = reach.measure(arguments.runs, console)
    wrong += others.wrong
    reach.show(console, others)
    if arguments.json:
        figures = as_json(listed, results, scan, others, arguments.runs)
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    for line in dict.fromkeys(wrong):
        console.print(line, style="bold red")
    if not wrong:
        names = listed[0].plugins()
        console.print(
            f"Every warm answer equals the cold one, the {names} lexers are those of Pygments' own "
            "index, scikit-image is listed, searched and described without being imported, and "
            "what others have is listed as without regcache, and without importing any of it."
        )
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ProgramError as error:
        sys.exit(str(error))

"""The checks that an answer is fresh: trees of files, what moved in them, what a check may cost."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from figures import Figure
from measuring import Case, Results, run, settle
from workloads import PROGRAMS, Workload

KB = 1024
#: Name of a file that does not count: it moves its folder, and nothing else.
UNCOUNTED = "notes.txt"
#: How many times the bare calls a check may take, and how many times the bare digests.
STATS, HASHES = 2, 1.5


@dataclass(frozen=True)
class Tree:
    """A generated tree.

    Attributes:
        files: How many source files.
        folders: In how many folders, not counting the one above.
        size: Of each file, in bytes.
    """

    files: int
    folders: int
    size: int = 4 * KB

    @property
    def name(self) -> str:
        """The beginning of the names of its cases."""
        return f"{self.files:,} files of {self.size // KB} KB in {self.folders}"

    def case(self, name: str) -> str:
        """The name of one of its cases."""
        return f"{self.name} {name}"

    def write(self, folder: Path) -> None:
        """Write all files, each with another content."""
        for number in range(self.files):
            place = folder / f"part{number % self.folders:03d}"
            if number < self.folders:
                place.mkdir(parents=True)
            line = f"# file {number:06d} of a tree\n".encode()
            content = (line * (self.size // len(line) + 1))[: self.size]
            (place / f"module{number:05d}.py").write_bytes(content)


TREES = (
    Tree(40, 1),
    Tree(40, 10),
    Tree(1_000, 1),
    Tree(1_000, 40),
    Tree(1_000, 40, 64 * KB),
    Tree(10_000, 40),
    Tree(10_000, 400),
)
QUICK_TREES = TREES[:5]
#: Case -> the task of the program, and the record that it compares with.
TASKS = {
    "still": ("check", "still"),
    "stat": ("stat", "still"),
    "moved": ("check", "folders"),
    "scan": ("scan", "folders"),
    "hashed": ("check", "files"),
    "hash": ("hash", "files"),
}
#: What is compared: our case, the bare one, and how many times its time ours may take.
COMPARED = {
    "unmoved / os.stat": ("still", "stat", STATS),
    "folders moved / stat, scandir": ("moved", "scan", STATS),
    "touched / read and hash": ("hashed", "hash", HASHES),
}


def build(folder: Path, trees: tuple[Tree, ...]) -> list[Workload]:
    """Generate trees and give all workloads.

    Args:
        folder: An empty folder for generated trees and records.
        trees: What is checked.
    """
    places = {tree: folder / tree.name for tree in trees}
    for tree, place in places.items():
        tree.write(place)
    settle(places.values())
    for place in places.values():
        _record(place, "before")
        _move(place)
    settle(places.values())
    for place in places.values():
        _record(place, "still")
        _mix(place)
    return [_checks(tree, place) for tree, place in places.items()]


def _record_file(place: Path, name: str) -> str:
    return f"{place} {name}.json"


def _record(place: Path, name: str) -> None:
    arguments = (str(place), "record", _record_file(place, name))
    run(Case("record", PROGRAMS / "stamped_files.py", arguments))


def _move(place: Path) -> None:
    """Give each file another time, and each folder a file that does not count."""
    for folder, _, names in os.walk(place):
        for name in names:
            os.utime(os.path.join(folder, name))
        Path(folder, UNCOUNTED).touch()


def _mix(place: Path) -> None:
    """From the stamps before and after: records by which only folders moved, and only files."""
    before, still = (_load(place, name) for name in ("before", "still"))
    folders = {path for path, stamp in still.items() if isinstance(stamp[1], list)}
    for name, moved in (("folders", folders), ("files", still.keys() - folders)):
        mixed = {path: (before if path in moved else still)[path] for path in still}
        Path(_record_file(place, name)).write_text(json.dumps(mixed), encoding="utf-8")


def _load(place: Path, name: str) -> dict[str, Any]:
    text = Path(_record_file(place, name)).read_text(encoding="utf-8")
    stamps: dict[str, Any] = json.loads(text)
    return stamps


def _checks(tree: Tree, place: Path) -> Workload:
    """The cases of one tree: ours, and what cannot be saved."""
    program = PROGRAMS / "stamped_files.py"
    cases = [
        Case(tree.case(name), program, (str(place), task, _record_file(place, record)))
        for name, (task, record) in TASKS.items()
    ]
    return Workload(tree.name, [], cases)


def all_figures(results: Results, trees: tuple[Tree, ...]) -> list[Figure]:
    """Every figure of the checks."""
    return [
        Figure(
            f"{tree.name}: {title}",
            bound,
            False,
            {"work": results.ratio(tree.case(ours), tree.case(bare), "work")},
        )
        for title, (ours, bare, bound) in COMPARED.items()
        for tree in trees
    ]

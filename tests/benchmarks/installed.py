"""Installed plugins: 100 distributions, asked for the names of one group of entry points."""

from __future__ import annotations

from pathlib import Path

from figures import Figure
from measuring import Case, Results, settle
from workloads import PROGRAMS, Workload

#: How many distributions, and which of them have a plugin of the group: every fifth.
MANY, EVERY = 100, 5
#: Case -> the way of the program, and whether a cache is kept from one run to the next.
CASES = {
    "installed original": ("original", True),
    "installed warm": ("regcache", True),
    "installed cold": ("regcache", False),
    "installed stevedore": ("stevedore", True),
}
FIGURES = {
    "100 distributions: warm / importlib.metadata": ("installed warm", "installed original", 0.1),
    "100 distributions: cold / importlib.metadata": ("installed cold", "installed original", 2),
    "100 distributions: warm / stevedore": ("installed warm", "installed stevedore", 0.1),
}


def build(folder: Path) -> list[Workload]:
    """Generate metadata and give the workload.

    Args:
        folder: An empty folder for metadata and caches.
    """
    site = folder / "site"
    for number in range(MANY):
        info = site / f"dist{number:03d}-1.0.dist-info"
        info.mkdir(parents=True)
        about = f"Metadata-Version: 2.1\nName: dist{number:03d}\nVersion: 1.0\n"
        (info / "METADATA").write_text(about + "Classifier: a\n" * 20 + "\nText.\n" * 50)
        stated = f"[console_scripts]\nrun{number} = dist{number:03d}:main\n"
        if number % EVERY == 0:
            stated += f"[bench.plugins]\nplugin{number:03d} = dist{number:03d}.plugin:Plugin\n"
        (info / "entry_points.txt").write_text(stated)
    settle([site])
    program = PROGRAMS / "installed_points.py"
    cases = [
        Case(name, program, (str(site), way), folder / "caches" / way if is_kept else None)
        for name, (way, is_kept) in CASES.items()
    ]
    return [Workload("installed", [site], cases)]


def all_figures(results: Results) -> list[Figure]:
    """What the names cost: imports included, and the whole process."""
    return [
        Figure(title, bound, False, {"work": results.ratio(ours, other, "work")})
        for title, (ours, other, bound) in FIGURES.items()
    ]

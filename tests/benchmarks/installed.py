"""Installed plugins: 100 distributions, asked for the plugins of one group of entry points.

For their names alone; and for those that can be loaded and are sub-classes of a base, as a loop
finds them, or stevedore's ``ExtensionManager``, by loading them all.
"""

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
    "20 plugins: warm / loop": ("plugins warm", "plugins loop", 0.1),
    "20 plugins: warm / stevedore": ("plugins warm", "plugins stevedore", 0.1),
    "20 plugins: no cache / loop": ("plugins uncached", "plugins loop", 1.6),
    "20 plugins: cold / loop": ("plugins cold", "plugins loop", 1.8),
    "20 plugins: warm, then all / loop": ("plugins warm all", "plugins loop", 1.1),
}
#: Case -> the arguments of the program, and whether a cache is kept from one run to the next.
PLUGIN_CASES = {
    "plugins loop": (("loop", "list"), True),
    "plugins stevedore": (("stevedore", "list"), True),
    "plugins uncached": (("uncached", "list"), True),
    "plugins cold": (("registry", "list"), False),
    "plugins warm": (("registry", "list"), True),
    "plugins warm all": (("registry", "all"), True),
}
#: What plugins import, one each: little, next to what real ones do.
IMPORTED = ("asyncio", "email.message", "http.client", "sqlite3", "unittest", "xml.dom.minidom")


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
            stated += f"[bench.plugins]\nplugin{number:03d} = dist{number:03d}.plugin:Mine\n"
            _write_plugin(site / f"dist{number:03d}", IMPORTED[number // EVERY % len(IMPORTED)])
        (info / "entry_points.txt").write_text(stated)
    (site / "plugin_base.py").write_text("class Plugin: ...\n")
    settle([site])
    program = PROGRAMS / "installed_points.py"
    cases = [
        Case(name, program, (str(site), way), folder / "caches" / way if is_kept else None)
        for name, (way, is_kept) in CASES.items()
    ]
    program = PROGRAMS / "installed_plugins.py"
    more = [
        Case(name, program, (str(site), *given), folder / "caches" / name if is_kept else None)
        for name, (given, is_kept) in PLUGIN_CASES.items()
    ]
    return [Workload("installed", [site], cases), Workload("installed plugins", [site], more)]


def _write_plugin(package: Path, imported: str) -> None:
    """Write a package with a plugin."""
    package.mkdir()
    (package / "__init__.py").touch()
    methods = "".join(f"    def step{n}(self, x):\n        return x + {n}\n" for n in range(50))
    text = f"import {imported}\nfrom plugin_base import Plugin\nclass Mine(Plugin):\n{methods}"
    (package / "plugin.py").write_text(text)


def all_figures(results: Results) -> list[Figure]:
    """What the names cost: imports included, and the whole process."""
    return [
        Figure(title, bound, False, {"work": results.ratio(ours, other, "work")})
        for title, (ours, other, bound) in FIGURES.items()
    ]

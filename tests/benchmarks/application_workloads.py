"""Whole applications: cold, warm and after one edit, installed and as a checkout, beside a loop."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError
from itertools import product
from pathlib import Path

from installing import copy_distribution, copy_package, make_environment
from measuring import Case, run, settle
from workloads import APPS, DEMO_PROGRAMS, PROGRAMS, Workload

REPOSITORY = PROGRAMS.parents[2]
#: What regcache and microlab require; some of it on older Pythons only.
DEPENDENCIES = (
    "attrs",
    "cattrs",
    "exceptiongroup",
    "numpy",
    "platformdirs",
    "pyzmq",
    "typing-extensions",
)
LAYOUTS = ("installed", "checkout")
HAND = "by hand"
#: Ways to ask regcache.
OFF, COLD, WARM, EDITED = WAYS = ("cache off", "cold", "warm", "after one edit")
#: Ends the names of cases that run with another checkout of this repository.
BEFORE = " (before)"
#: Modules that an application has besides plugins, and the functions of four lines in each.
LIBRARY, FUNCTIONS = 100, 75
FUNCTION = """\
def f{number}(a, b=1):
    x = [a + b, a * {number}, (a, b)]
    return {{"k": x, "n": len(x)}}

"""


@dataclass(frozen=True)
class Application:
    """What is listed.

    Attributes:
        name: The distribution, or what it is called.
        edited: The plugin module to which a line is added, a path.
        targets: ``PACKAGE=MODULE:BASE`` for each registry; none for microlab, which has its own.
        has_library: Whether microlab is to import 100 more modules of its own.
    """

    name: str
    edited: str
    targets: tuple[str, ...] = ()
    has_library: bool = False

    def put(self, folder: Path, *, installed: bool) -> None:
        """Copy it into ``site-packages``, or into the folder of a checkout."""
        if self.targets:
            copy_distribution(self.name, folder, with_metadata=installed)
            return
        copy_package(APPS / "microlab", folder, with_metadata=installed)
        shutil.copy2(APPS / "microlab_loop.py", folder)
        if self.has_library:
            _add_library(folder / "microlab")

    def program(self, folder: str, way: str) -> tuple[Path, tuple[str, ...]]:
        """What lists it, and the arguments."""
        if self.targets:
            how = "hand" if way == HAND else "regcache"
            return PROGRAMS / "package_classes.py", (folder, how, *self.targets)
        if way == HAND:
            return PROGRAMS / "microlab_by_hand.py", (folder, "microlab_loop")
        return DEMO_PROGRAMS / "microlab_registries.py", (folder, "all", "list")


APPLICATIONS = (
    Application("microlab", "microlab/storage/memory.py"),
    Application(f"microlab + {LIBRARY} modules", "microlab/storage/memory.py", (), True),
    Application(
        "docutils",
        "docutils/writers/manpage.py",
        (
            "docutils.parsers=docutils.parsers:Parser",
            "docutils.readers=docutils.readers:Reader",
            "docutils.transforms=docutils.transforms:Transform",
            "docutils.writers=docutils.writers:Writer",
        ),
    ),
    Application(
        "fsspec",
        "fsspec/implementations/memory.py",
        ("fsspec.implementations=fsspec.spec:AbstractFileSystem",),
    ),
    Application(
        "pygments",
        "pygments/lexers/python.py",
        (
            "pygments.filters=pygments.filter:Filter",
            "pygments.formatters=pygments.formatter:Formatter",
            "pygments.lexers=pygments.lexer:Lexer",
            "pygments.styles=pygments.style:Style",
        ),
    ),
    Application(
        "sqlglot",
        "sqlglot/dialects/tsql.py",
        ("sqlglot.dialects=sqlglot.dialects.dialect:Dialect",),
    ),
)


def build(folder: Path, against: Path | None) -> list[Workload]:
    """Copy all applications, fill the caches from before the edit, and edit.

    All is edited once, before anything is measured: each run "after one edit" begins with a new
    copy of the caches from before. So no run has to wait until the edit is old enough to count.

    Args:
        folder: An empty folder.
        against: Another checkout of this repository, to be measured beside this one.
    """
    shared = folder / "shared" / "site-packages"
    for name in DEPENDENCIES:
        with contextlib.suppress(PackageNotFoundError):
            copy_distribution(name, shared)
    trees = {"": REPOSITORY} | ({BEFORE: against} if against else {})
    workloads = []
    for application, layout in product(APPLICATIONS, LAYOUTS):
        name = f"{application.name} {layout}"
        workload = Workload(name, [folder / name], [])
        for suffix, tree in trees.items():
            place = folder / name / f"tree{suffix}"
            python, site = make_environment(place, shared)
            for package in tree.glob("packages/*/src/regcache_*"):
                copy_package(package, site)
            checkout = place / "checkout"  # empty if the application is installed
            checkout.mkdir()
            installed = layout == "installed"
            application.put(site if installed else checkout, installed=installed)
            workload.cases += _cases(application, name, suffix, place, python)
        workloads.append(workload)
    early = [case for workload in workloads for case in workload.cases if case.start]
    for case in early:  # writes byte code, also of what only a discovery imports
        run(replace(case, start=None))
    settle([folder])
    for case in early:
        run(replace(case, start=None, cache=case.start))
    for application, layout in product(APPLICATIONS, LAYOUTS):
        for path in (folder / f"{application.name} {layout}").rglob(application.edited):
            with path.open("a", encoding="utf-8") as file:
                file.write("# edited\n")
    return workloads


def _cases(
    application: Application, name: str, suffix: str, place: Path, python: str
) -> Iterator[Case]:
    """All ways to list an application with one regcache."""
    for way in WAYS[1:] if suffix else (HAND, *WAYS):
        yield Case(
            f"{name} {way}{suffix}",
            *application.program(str(place / "checkout"), way),
            cache=place / "caches" if way == WARM else None,
            variables={"REGCACHE_DISABLE": "1"} if way == OFF else {},
            python=python,
            start=place / "early caches" if way == EDITED else None,
        )


def _add_library(package: Path) -> None:
    """Write more modules in chains of ten; base classes import one half of them, plugins the other.

    Args:
        package: Where microlab is.
    """
    library = package / "library"
    plugins = [path for path in sorted(package.glob("*/*.py")) if path.name != "__init__.py"]
    library.mkdir()
    (library / "__init__.py").touch()
    body = "".join(FUNCTION.format(number=number) for number in range(FUNCTIONS))
    for number in range(LIBRARY):
        first = f"from microlab.library import m{number - 1}\n\n" if number % 10 else ""
        (library / f"m{number}.py").write_text(first + body, encoding="utf-8")
    for index, path in enumerate(plugins):
        chain = index % (LIBRARY // 20) + (0 if path.name == "base.py" else LIBRARY // 20)
        name = f"m{chain * 10 + 9}"
        line = f"\nfrom microlab.library import {name}\n\nSTATE = {name}.f1(2)\n"
        path.write_text(path.read_text(encoding="utf-8") + line, encoding="utf-8")

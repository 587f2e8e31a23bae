"""What is run of registries of functions: scikit-image, and generated packages of any size."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from measuring import Case, run
from workloads import APPS, DEMO_PROGRAMS, PROGRAMS, Workload, regcache_cases

sys.path.insert(0, str(APPS))

from toolbox import write_toolbox

#: Functions in each module of a generated package.
PER_MODULE = 5

#: How many processes try the functions of scikit-image in the cases that compare them.
PROCESSES = (1, 2)

#: The application's own registry, as somebody writes it who has the list only.
BY_HAND = '''\
"""A registry that is a dict: the modules that register must be imported first."""


class Filters(dict):
    def register(self, what=None, /, *, name=None, **facts):
        if callable(what):
            self[what.__name__] = what
            return what

        def add(function):
            self[name or what or function.__name__] = function
            return function

        return add


FILTERS = Filters()
'''

TABLE = '''\
"""Which functions there are, and the files that decide about them."""

TABLE = {{
{table}
}}
FILES = (
{files}
)
'''


def build(folder: Path, sizes: tuple[int, ...]) -> list[Workload]:
    """Generate what has to be generated and give all workloads.

    Args:
        folder: An empty folder for generated packages and caches.
        sizes: Numbers of functions for the test of large packages.
    """
    caches = folder / "caches"
    return [
        _skimage(folder, caches),
        Workload("by hand", [], [Case("skimage by hand", PROGRAMS / "skimage_by_hand.py")]),
        _even_trial(),
        _cores(),
        _toolbox(folder, caches),
        *(_large(folder, caches, size) for size in sizes),
        *_imports(folder, caches),
    ]


def _skimage(folder: Path, caches: Path) -> Workload:
    """The trial takes ten seconds and more: the cases that run it are slow ones."""
    program = DEMO_PROGRAMS / "skimage_functions.py"
    cases = {case.name: case for case in regcache_cases("skimage", program, (str(APPS),), caches)}
    warm = cases["skimage warm"]
    run(warm)
    place = folder / "table"
    _write_table(place, warm)
    for task in ("list", "one", "all"):
        name = "skimage table" if task == "list" else f"skimage table {task}"
        cases[name] = Case(name, PROGRAMS / "skimage_table.py", (str(place), task))
    for count in PROCESSES:
        name = f"skimage cold, processes: {count}"
        cases[name] = Case(name, program, (str(APPS), "list", str(count)), slow=True)
    return Workload("skimage", [APPS], list(cases.values()))


def _cores() -> Workload:
    """Nothing but work, in one process and in two."""
    names = {count: f"spin, processes: {count}" for count in PROCESSES}
    program = PROGRAMS / "spin.py"
    cases = [Case(name, program, (str(count),), slow=True) for count, name in names.items()]
    return Workload("spin", [], cases)


def _even_trial() -> Workload:
    """Each function takes as long as any other: what the processes themselves are worth."""
    program = PROGRAMS / "skimage_even_trial.py"
    names = {count: f"skimage even, processes: {count}" for count in PROCESSES}
    cases = [Case(name, program, (str(count),), slow=True) for count, name in names.items()]
    return Workload("skimage even", [], cases)


def _write_table(place: Path, warm: Case) -> None:
    """The table that somebody could have written by hand, of what the cache says."""
    assert warm.cache is not None
    (file,) = warm.cache.glob("regcache/*/*.json")
    stored = json.loads(file.read_text(encoding="utf-8"))
    targets = {key: (each["module"], each["qualname"]) for key, each in stored["items"].items()}
    table = "\n".join(f"    {key!r}: {target!r}," for key, target in targets.items())
    files = "\n".join(f"    {path!r}," for path in (*stored["file_mtimes"], *stored["library"]))
    place.mkdir()
    text = TABLE.format(table=table, files=files)
    (place / "skimage_table.py").write_text(text, encoding="utf-8")


def _toolbox(folder: Path, caches: Path) -> Workload:
    """200 functions in 40 modules, and the same with a registry that is a dict."""
    place, by_hand = folder / "toolbox", folder / "toolbox by hand"
    for each in (place, by_hand):
        write_toolbox(each)
    (by_hand / "toolbox" / "registry.py").write_text(BY_HAND, encoding="utf-8")
    program = PROGRAMS / "toolbox_regcache.py"
    cases = regcache_cases("toolbox", program, (str(place),), caches)
    cases.append(Case("toolbox loop", PROGRAMS / "toolbox_loop.py", (str(by_hand), "list")))
    return Workload("toolbox", [place, by_hand], cases)


def _large(folder: Path, caches: Path, size: int) -> Workload:
    place = folder / f"toolbox{size}"
    write_toolbox(place, modules=size // PER_MODULE, functions=PER_MODULE)
    name = f"functions {size}"
    case = Case(f"{name} warm", PROGRAMS / "many_functions.py", (str(place),), caches / name)
    return Workload(name, [place], [case])


def _imports(folder: Path, caches: Path) -> Iterator[Workload]:
    """What a warm start costs without many functions: imports, and a registry of one function."""
    place = folder / "lone"
    write_toolbox(place, modules=1, functions=1)
    program = PROGRAMS / "toolbox_regcache.py"
    lone = Case("lone warm", program, (str(place), "list"), caches / "lone")
    run(lone)
    modules = run(lone).printed["modules"]
    yield Workload("lone", [place], [lone])
    importer, declare = PROGRAMS / "import_modules.py", PROGRAMS / "declare_functions.py"
    yield Workload("import", [], [Case("import own functions", importer, tuple(modules))])
    yield Workload("declare", [], [Case("declare functions", declare)])

"""What is run: the cases of each workload, and the folders that they need."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from measuring import Case, run
from trees import BASES, make_fleet, make_orchard

PROGRAMS = Path(__file__).resolve().parent / "programs"
TIMED = PROGRAMS / "timed.py"
APPS = PROGRAMS.parents[1] / "apps"

sys.path.insert(0, str(APPS))

from toolbox import write_toolbox

#: Plugins of the generated package, and how long the import of each takes, in seconds.
FLEET, IMPORT_S = 200, 0.005

#: Ways to ask regcache: name -> the task of the program, whether it has a warm cache.
WAYS = {
    "none": ("list", False),
    "cold": ("list", False),
    "warm": ("list", True),
    "one": ("one", True),
    "all": ("all", True),
}

#: What each system does on the generated package, and which ways to ask differ from each other.
SYSTEMS = {
    "regcache": "AutoRegisterMeta; keys from its cache, one module per lookup",
    "loop": "pkgutil.iter_modules and importlib.import_module by hand; imports all",
    "table": "a dict of strings by hand, and one os.stat per plugin file",
    "metaclass-registry": "AutoRegisterMeta with RegistryConfig(discovery_package) and its cache",
    "stevedore": "200 entry points of an installed distribution, with its cache; lists by "
    "NamedExtensionManager(names=[]).entry_points_names(), one by DriverManager, all by "
    "ExtensionManager; sees installed distributions, not files",
    "catalogue": "200 entry points of an installed distribution; lists by get_all(), which loads "
    "all, one by get(); has no cache",
    "autoregistry": "a Registry base class; all modules are imported by a loop; has no cache",
}
PEER_WAYS = {
    "loop": ("cold",),
    "table": ("warm", "one", "all"),
    "metaclass-registry": ("cold", "warm", "one", "all"),
    "stevedore": ("cold", "warm", "one", "all"),
    "catalogue": ("cold", "one", "all"),
    "autoregistry": ("cold", "one"),
}


#: A registry of functions, as somebody writes it who wants no more than the list.
DICT_OF_FUNCTIONS = '''\
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


@dataclass
class Workload:
    """Cases that must give the same keys.

    Attributes:
        name: Short name; the names of its cases begin with it.
        sources: Folders of its plugins.
        cases: What is run.
        keys: The answer, registry -> keys in order; learned from the first run of the first case.
    """

    name: str
    sources: list[Path]
    cases: list[Case]
    keys: dict[str, list[str]] = field(default_factory=dict)


def common() -> list[Workload]:
    """What all others are compared with: an interpreter, and the import of json."""
    importer = PROGRAMS / "import_modules.py"
    return [
        Workload("bare", [], [Case("bare", PROGRAMS / "bare.py")]),
        Workload("import", [], [Case("import json", importer, ("json",))]),
    ]


def build(folder: Path, sizes: tuple[int, ...]) -> list[Workload]:
    """Generate what has to be generated and give all workloads.

    Args:
        folder: An empty folder for generated packages and caches.
        sizes: Numbers of plugins for the test of large packages.
    """
    caches = folder / "caches"
    return [
        _microlab(caches),
        _pygments(caches),
        _toolbox(folder, caches),
        _fleet(folder, caches),
        *(_orchard(folder, caches, size) for size in sizes),
        *_imports(folder, caches),
    ]


def timed(name: str, folder: Path | str, task: str, *way: str, cache: Path | None = None) -> Case:
    """A case of the program that lists, or loads, what there is in a folder."""
    return Case(name, TIMED, (str(folder), task, *way), cache)


def regcache_cases(subject: str, folder: Path | str, caches: Path) -> list[Case]:
    """The five ways to ask regcache."""
    return [
        Case(
            f"{subject} {way}",
            TIMED,
            (str(folder), task, subject),
            caches / subject if warm else None,
            {"REGCACHE_DISABLE": "1"} if way == "none" else {},
        )
        for way, (task, warm) in WAYS.items()
    ]


def _microlab(caches: Path) -> Workload:
    cases = regcache_cases("microlab", APPS, caches)
    for way in ("loop", "table", "table+bases"):
        cases.append(timed(f"microlab {way}", APPS, "list", "microlab", way))
    return Workload("microlab", [APPS / "microlab"], cases)


def _pygments(caches: Path) -> Workload:
    spec = find_spec("pygments")
    places = [] if spec is None else spec.submodule_search_locations or []
    cases = regcache_cases("pygments", "", caches)
    cases.append(timed("pygments loop", "", "list", "pygments", "loop"))
    return Workload("pygments", [Path(place, "lexers") for place in places], cases)


def _toolbox(folder: Path, caches: Path) -> Workload:
    """200 functions in 40 modules, and the same with a registry that is a dict."""
    place, by_hand = folder / "toolbox", folder / "toolbox by hand"
    for each in (place, by_hand):
        write_toolbox(each)
    (by_hand / "toolbox" / "registry.py").write_text(DICT_OF_FUNCTIONS, encoding="utf-8")
    cases = regcache_cases("toolbox", place, caches)
    cases.append(timed("toolbox loop", by_hand, "list", "toolbox", "loop"))
    return Workload("toolbox", [place, by_hand], cases)


def _fleet(folder: Path, caches: Path) -> Workload:
    folders = {name: make_fleet(folder / name, name, FLEET, IMPORT_S) for name in BASES}
    cases = regcache_cases("fleet", folders["regcache"], caches)
    for name, ways in PEER_WAYS.items():
        for way in ways:
            task, warm = WAYS[way]
            cache = caches / f"fleet {name}" if warm else None
            case = timed(f"fleet {name} {way}", folders[name], task, "fleet", name, cache=cache)
            cases.append(case)
    return Workload("fleet", list(folders.values()), cases)


def _orchard(folder: Path, caches: Path, size: int) -> Workload:
    place = make_orchard(folder / f"orchard{size}", size)
    name = f"orchard {size}"
    case = timed(f"{name} warm", place, "files", "fleet", cache=caches / name)
    return Workload(name, [place], [case])


def _imports(folder: Path, caches: Path) -> list[Workload]:
    """What a warm start costs without any plugin: its imports, and a registry of one plugin."""
    place = make_fleet(folder / "solo", "regcache", 1, 0)
    solo = timed("solo warm", place, "list", "fleet", cache=caches / "solo")
    run(solo)
    modules = run(solo).printed["modules"]
    importer = PROGRAMS / "import_modules.py"
    return [
        Workload("solo", [place], [solo]),
        Workload("import", [], [Case("import own", importer, tuple(modules))]),
    ]

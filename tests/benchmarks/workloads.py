"""What is run: the cases of each workload, and the folders that they need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from measuring import Case, run
from trees import BASES, make_fleet, make_orchard

PROGRAMS = Path(__file__).resolve().parent / "programs"
DEMO_PROGRAMS = PROGRAMS.parents[1] / "demo" / "programs"
APPS = PROGRAMS.parents[1] / "apps"

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

#: The workloads that take seconds without a warm cache.
SLOW = ("skimage",)

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
        _fleet(folder, caches),
        *(_orchard(folder, caches, size) for size in sizes),
        *_imports(folder, caches),
    ]


def regcache_cases(
    workload: str, program: Path, arguments: tuple[str, ...], caches: Path
) -> list[Case]:
    """The five ways to ask regcache."""
    return [
        Case(
            f"{workload} {way}",
            program,
            (*arguments, task),
            caches / workload if warm else None,
            {"REGCACHE_DISABLE": "1"} if way == "none" else {},
            slow=workload in SLOW and not warm,
        )
        for way, (task, warm) in WAYS.items()
    ]


def _microlab(caches: Path) -> Workload:
    program = DEMO_PROGRAMS / "microlab_registries.py"
    by_hand = PROGRAMS / "microlab_by_hand.py"
    cases = regcache_cases("microlab", program, (str(APPS), "all"), caches)
    for name in ("loop", "table"):
        cases.append(Case(f"microlab {name}", by_hand, (str(APPS), f"microlab_{name}")))
    with_bases = PROGRAMS / "microlab_table_with_bases.py"
    cases.append(Case("microlab table+bases", with_bases, (str(APPS),)))
    return Workload("microlab", [APPS / "microlab"], cases)


def _pygments(caches: Path) -> Workload:
    spec = find_spec("pygments")
    places = [] if spec is None else spec.submodule_search_locations or []
    cases = regcache_cases("pygments", DEMO_PROGRAMS / "pygments_lexers.py", (), caches)
    cases.append(Case("pygments loop", PROGRAMS / "pygments_loop.py"))
    return Workload("pygments", [Path(place, "lexers") for place in places], cases)


def _fleet(folder: Path, caches: Path) -> Workload:
    folders = {name: make_fleet(folder / name, name, FLEET, IMPORT_S) for name in BASES}
    program = PROGRAMS / "fleet_regcache.py"
    cases = regcache_cases("fleet", program, (str(folders["regcache"]),), caches)
    for name in PEER_WAYS:
        cases.extend(_peer(name, folders[name], caches))
    return Workload("fleet", list(folders.values()), cases)


def _peer(name: str, folder: Path, caches: Path) -> Iterator[Case]:
    program = PROGRAMS / f"fleet_{name.replace('-', '_')}.py"
    for way in PEER_WAYS[name]:
        task, warm = WAYS[way]
        cache = caches / f"fleet {name}" if warm else None
        yield Case(f"fleet {name} {way}", program, (str(folder), task), cache)


def _orchard(folder: Path, caches: Path, size: int) -> Workload:
    place = make_orchard(folder / f"orchard{size}", size)
    name = f"orchard {size}"
    case = Case(f"{name} warm", PROGRAMS / "many_files.py", (str(place),), caches / name)
    return Workload(name, [place], [case])


def _imports(folder: Path, caches: Path) -> list[Workload]:
    """What a warm start costs without any plugin: its imports, and a registry of one plugin."""
    place = make_fleet(folder / "solo", "regcache", 1, 0)
    program = PROGRAMS / "fleet_regcache.py"
    solo = Case("solo warm", program, (str(place), "list"), caches / "solo")
    run(solo)
    modules = run(solo).printed["modules"]
    importer = PROGRAMS / "import_modules.py"
    return [
        Workload("solo", [place], [solo]),
        Workload("import", [], [Case("import own", importer, tuple(modules))]),
    ]

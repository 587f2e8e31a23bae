"""What a start imports beyond a bare interpreter: lists with reasons, held in fresh processes."""

import time
from pathlib import Path
from typing import Any

import pytest
from throwaway import FILTERS, App

ROOT = Path(__file__).resolve().parents[2]

DECLARING = {
    "regcache_core": "the package; public names resolve on first use",
    "regcache_core._modules": "where modules lie, without importing them",
    "regcache_core.discovery": "the names that adapters use; they resolve on first use",
    "regcache_meta": "the package; public names resolve on first use",
    "regcache_meta.config": "RegistryConfig, what a registry lists, keys from class names",
    "regcache_meta.lazydict": "the dictionaries themselves",
    "regcache_meta.mapping": "the protocol of dict over keys that are known first",
    "regcache_meta.registration": "the metaclass",
}
READING = {
    "_json": "the C scanner; json itself (with re and enum) is not imported",
    "regcache_core.discovery.listing": "inputs compared with now; opened, published whole",
    "regcache_core._inputs": "what the answer depends on, compared with now",
    "regcache_core._manager": "load",
    "regcache_core._file": "where the file lies, from its bytes to a checked document; the report",
    "regcache_meta.caching": "what a registry of classes tells its listing",
}
MICROLAB = {
    f"microlab{name}": "the application: what declares its base classes"
    for name in (
        "",
        ".formats",
        ".formats.base",
        ".libraries",
        ".libraries.base",
        ".microscopes",
        ".microscopes.base",
        ".registries",
        ".servers",
        ".servers.base",
        ".storage",
        ".storage.base",
    )
}
REGISTERING = {
    "regcache_functions": "the package; public names resolve on first use",
    "regcache_functions.functions": "the mapping, and questions about functions",
    "regcache_functions.registration": "what is noted of a function when it is defined",
    "regcache_functions.registry": "the registry: functions register when they are defined",
}
READING_FUNCTIONS = {
    name: why for name, why in READING.items() if not name.startswith("regcache_meta")
} | {
    "regcache_core": "the package; public names resolve on first use",
    "regcache_core._modules": "where modules lie, without importing them",
    "regcache_core.discovery": "the names that adapters use; they resolve on first use",
    "regcache_functions.caching": "what a registry of functions tells its listing",
}
COMMANDS = {
    "regcache_functions": "the package; public names resolve on first use",
    "regcache_functions.commands": "the group",
}
#: What loading a plugin imports: which modules are being executed, what a class changes.
LOADING = ["regcache_core.discovery.modules", "regcache_meta.changes"]
# Beyond what a hand-written loop with pkgutil and importlib imports.
DISCOVERING = {
    "__future__": "annotations as text",
    "regcache_core._cold": "the room of what no warm start imports",
    "regcache_core.discovery._cold": "the same for items that are found by importing modules",
    "regcache_meta._cold": "the same for classes",
    "regcache_core.discovery._cold.loaded": "what plugins import outside of their package",
    "regcache_core.discovery._cold.discovering": "the answer is discovered, published, saved",
    "regcache_core.discovery._cold.importing": "the loop",
    "regcache_core.errors": "errors that a user may meet",
    "fcntl": "the lock",
    "regcache_core._keys": "keys to text",
    "regcache_core._cold.lock": "one process discovers, the others wait",
    "regcache_core.discovery._cold.packages": "the modules of a package",
    "regcache_core._cold.prune": "old cache files are removed",
    "regcache_core._cold.reasons": "why there was no hit",
    "regcache_core.discovery._cold.import_hook": "which modules are missing",
    "regcache_core.discovery._cold.search_path": "what lies on sys.path when the scan starts",
    "regcache_core._cold.saving": "the answer is built in turn, and saved",
    "regcache_core._cold.stamps": "the sources as they are when the scan starts",
    "regcache_core.discovery._cold.threads": "which threads import plugins now",
    "regcache_core.discovery._cold.failures": "what modules that fail lacked",
    "regcache_core._cold.write": "items as JSON values; the file is written",
    "regcache_meta._cold.discovery": "which classes there are then",
    "regcache_core._patterns": "which packages are searched, what is left out",
    "regcache_core.discovery.modules": "which modules are being executed",
    "regcache_core.discovery.packages": "the packages that patterns mean",
    "regcache_meta.changes": "what a class changes in its registry",
    "regcache_meta.classes": "keys of classes, and which of several has one",
    "regcache_meta.errors": "errors and warnings of the loop",
    "regcache_meta.facts": "failures are told, also when a plugin has broken importing",
}

FILES = {
    "base_of_all.py": "class Base: pass\n",
    "pack/__init__.py": "",
    "pack/a.py": "from base_of_all import Base\nclass A(Base): pass\n",
    "pack/sub/__init__.py": "",
    "pack/sub/b.py": "from base_of_all import Base\nclass B(Base): pass\n",
    "rules.py": "def key(name, cls): return name\ndef wanted(cls): return True\n",
}
INSTALLED = {
    "tool-1.0.dist-info/entry_points.txt": "[g]\na = tool:make [x]\n[app.g]\na = pack.a:A\n",
    "tool-1.0.dist-info/METADATA": "Name: tool\nVersion: 1.0\n",
}
LIBRARY = {"library/__init__.py": "", "library/maths.py": "def add(a, b): return a + b\n"}
CLI = {
    "cli.py": """
        import click
        from regcache_functions.commands import CommandGroup

        @click.group(cls=CommandGroup, package="tasks")
        def cli(): ...
        """,
    "tasks/__init__.py": "",
    "tasks/build.py": "import click\n@click.command()\ndef build(): 'Build it.'\n",
}
PACK = """
from base_of_all import Base
from regcache_meta import LazyDiscoveryDict
pack = LazyDiscoveryDict.for_package("pack", Base)
"""
LISTED = "\nout = sorted(set(sys.modules) - bare)\n"


def run(app: App, code: str) -> Any:
    """Run code in a process that coverage has loaded no modules into."""
    app.hidden = (*App.hidden, "COVERAGE")
    return app.run(code + LISTED)


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> App:
    """All the packages, with times that can be trusted."""
    app = App(tmp_path_factory.mktemp("old"))
    app.write({**FILES, **FILTERS, **INSTALLED, **LIBRARY, **CLI})
    time.sleep(2.1)
    return app


def warm(app: App, code: str) -> list[str]:
    """What the second and later starts import; they are alike."""
    run(app, code)
    second: list[str] = run(app, code)
    assert second == run(app, code)
    return second


DECLARATIONS = {
    "attributes": """
from regcache_meta import AutoRegisterMeta
class Base(metaclass=AutoRegisterMeta):
    __registry_key__ = "key"
class Plugin(Base):
    key = "a"
""",
    "config": """
from regcache_meta import (
    PRIMARY_KEY, AutoRegisterMeta, LazyDiscoveryDict, RegistryConfig, SecondaryRegistry
)
BASES: "LazyDiscoveryDict[str, type[Base]]" = LazyDiscoveryDict()
class Base(metaclass=AutoRegisterMeta):
    __registry_config__ = RegistryConfig(
        BASES, "key", secondary_registries=[SecondaryRegistry({}, PRIMARY_KEY, "value")]
    )
LazyDiscoveryDict[str, type[Base]]
""",
    "without metaclass": """
from regcache_meta import AutoRegister
class Base(AutoRegister):
    __registry_key__ = "key"
class Plugin(Base):
    key = "a"
""",
}


@pytest.mark.parametrize("form", DECLARATIONS)
def test_declaring_a_base_class_imports_light_modules(form: str, app: App) -> None:
    """A declaration imports no attrs, dataclasses, typing, inspect, logging, json, re, enum."""
    code = DECLARATIONS[form]
    registering = ["regcache_meta.classes", *LOADING] if "Plugin" in code else []
    allowed = [*DECLARING, *registering]

    assert sorted(allowed) == warm(app, code)


def test_listing_five_registries_warm_imports_these_modules(old: App) -> None:
    """All keys of the sample application, secondary ones too, need this list and no plugin."""
    pytest.importorskip("numpy")
    pytest.importorskip("zmq")
    code = f"""
sys.path.insert(0, {str(ROOT / "tests/apps")!r})
from microlab.registries import METADATA_HANDLERS, REGISTRIES
listed = [list(METADATA_HANDLERS), *map(list, REGISTRIES.values())]
assert all(listed)
"""
    assert sorted(DECLARING | READING | MICROLAB) == warm(old, code)


def test_listing_a_foreign_package_warm_imports_these_modules(old: App) -> None:
    """Keys of a registry over a package need this list, and not the package itself."""
    declaring = {name: why for name, why in DECLARING.items() if "registration" not in name}

    assert sorted(declaring | READING | {"base_of_all": "the base class"}) == warm(
        old, PACK + "assert ['A', 'B'] == list(pack)"
    )


def test_listing_entry_points_warm_imports_these_modules(old: App) -> None:
    """What is installed is listed, and taken apart, without importlib.metadata, re or typing."""
    code = """
from regcache_core.discovery import entry_points
(point,) = entry_points(group="g")
assert ["tool", "1.0", "tool", "make", ["x"]] == [
    point.dist_name, point.dist_version, point.module, point.attr, point.extras
]
"""
    listing = {"regcache_core.discovery.listing"}
    allowed = {n for n in DECLARING | READING if n.startswith(("_", "regcache_core"))} - listing

    assert sorted(allowed | {"regcache_core.discovery.installed"}) == warm(old, code)


def test_registry_without_a_package_imports_one_module_more(old: App) -> None:
    """What entry points alone name is listed without the base class, and any plugin."""
    code = """
from regcache_meta import LazyDiscoveryDict
registry = LazyDiscoveryDict.for_entry_points("app.g", "base_of_all:Base")
assert ["a"] == list(registry)
"""
    declaring = {name: why for name, why in DECLARING.items() if "registration" not in name}
    more = {"regcache_meta.installed": "declares it", "regcache_meta.named": "the base as text"}

    assert sorted(declaring | READING | more) == warm(old, code)


def test_listing_with_a_base_class_as_text_imports_none_of_theirs(old: App) -> None:
    """A base class and functions that are given as text cost one module of ours."""
    code = """
from regcache_meta import LazyDiscoveryDict
texts = dict(include="rules:wanted", key="rules:key")
pack = LazyDiscoveryDict.for_package("pack", "base_of_all:Base", **texts)
assert ["A", "B"] == list(pack)
"""
    declaring = {name: why for name, why in DECLARING.items() if "registration" not in name}

    text = {"regcache_meta.named": "what was given as text"}
    assert sorted(declaring | READING | text) == warm(old, code)


#: What a question imports: text annotations, and what registries of all kinds are asked by.
ASKING = ["__future__", "regcache_core.discovery.selection"]
ASKING_FUNCTIONS = [*ASKING, "regcache_functions.metadata", "regcache_functions.questions"]


@pytest.mark.parametrize(
    ("use", "modules"),
    [
        ("pack.info('A')", ["regcache_meta.facts"]),
        ("pack.failures", ["regcache_meta.facts"]),
        ("repr(pack), 'A' in pack, len(pack), pack.report", []),
        ("pack.keys()", ["regcache_meta.views"]),
        ("pack.list()", ASKING),
        ("pack.query(text='a'), pack.search('a')", [*ASKING, "regcache_meta.facts"]),
        ("'nothing' in pack", [*LOADING[:1], "regcache_meta.classes"]),
        ("pack['A']", ["pack", "pack.a", *LOADING, "regcache_meta.classes"]),
    ],
)
def test_each_use_imports_what_it_needs(use: str, modules: list[str], old: App) -> None:
    """Facts and views cost one module of ours, a plugin its own, and other listings nothing."""
    listing = warm(old, PACK + "list(pack)")

    assert modules == sorted(set(warm(old, PACK + use)) - set(listing))


FUNCTIONS = {
    "alone": (
        "FunctionRegistry('r').register(print)",
        REGISTERING,
    ),
    "of a package": (
        "FunctionRegistry('r', package='app.filters')",
        REGISTERING,
    ),
    "of a library": (
        "FunctionRegistry.scan('library')",
        REGISTERING,
    ),
}


@pytest.mark.parametrize("form", FUNCTIONS)
def test_making_a_registry_of_functions_imports_light_modules(form: str, app: App) -> None:
    """A registry is made, and functions registered, without core, attrs, typing or inspect."""
    code, allowed = FUNCTIONS[form]

    assert sorted(allowed) == warm(app, f"from regcache_functions import FunctionRegistry\n{code}")


USE_FILTERS = "from app.registry import FILTERS\nassert len(FILTERS) == 3\n"
APPLICATION = {
    "app": "the application",
    "app.registry": "where the registry is made",
}


def test_listing_decorated_functions_warm_imports_these_modules(old: App) -> None:
    """Names of functions need this list, and nothing of the package that has them."""
    code = USE_FILTERS + "assert [*FILTERS] and 'gauss' in FILTERS and not FILTERS.failures"

    allowed = REGISTERING | READING_FUNCTIONS | APPLICATION
    assert sorted(allowed) == warm(old, code)


def test_listing_a_scanned_library_warm_imports_these_modules(old: App) -> None:
    """Names of a library's functions need this list, and nothing of the library."""
    code = """
from regcache_functions import FunctionRegistry
library = FunctionRegistry.scan("library", modules=["maths"], public="names")
assert list(library) == ["add"]
"""

    assert sorted(REGISTERING | READING_FUNCTIONS) == warm(old, code)


def test_help_of_a_group_of_commands_imports_these_modules(old: App) -> None:
    """What it shows of its commands needs, beyond click, this list and no command."""
    pytest.importorskip("click")
    code = """
import click, shutil
plain = click.Group("plain", commands=[click.Command("build", help="Build it.")])
plain.get_help(click.Context(plain))
bare = {*sys.modules}
from cli import cli
assert "  build  Build it." in cli.get_help(click.Context(cli))
"""
    reading = {name: why for name, why in READING_FUNCTIONS.items() if "caching" not in name}

    assert sorted(COMMANDS | reading | {"cli": "the application"}) == warm(old, code)


@pytest.mark.parametrize(
    ("use", "modules"),
    [
        ("FILTERS['sobel']", ["app.filters", "app.filters.edges", *LOADING[:1]]),
        ("FILTERS['gauss']", ["app.filters", "app.filters.blur", *LOADING[:1]]),
        ("FILTERS.list()", ASKING),
        ("FILTERS.query(tag='blur', text='smooth')", ASKING_FUNCTIONS),
        ("FILTERS.search('blur')", ASKING_FUNCTIONS),
        ("str(FILTERS.info('sobel'))", ["regcache_functions.metadata"]),
        ("FILTERS.query(where=lambda info: info.doc)", ASKING_FUNCTIONS),
        ("reversed(FILTERS), FILTERS.rejected, str(FILTERS.report), FILTERS.keys()", []),
    ],
)
def test_each_use_of_functions_imports_what_it_needs(
    use: str, modules: list[str], old: App
) -> None:
    """A function costs its module, a question or metadata one of ours; all else nothing."""
    listing = warm(old, USE_FILTERS)

    more = set(warm(old, USE_FILTERS + use)) - set(listing)

    assert modules == sorted(more)


def test_discovery_imports_these_modules_beyond_the_loop(app: App) -> None:
    """A cold start imports, beyond a hand-written loop over the same package, this list."""
    app.write(FILES)
    loop = run(
        app,
        """
import importlib, pkgutil, pack
import contextlib, re, warnings  # as pkgutil does up to Python 3.13
from base_of_all import Base
found = {}
for info in pkgutil.walk_packages(pack.__path__, "pack."):
    module = importlib.import_module(info.name)
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, Base):
            found[value.__name__] = value
""",
    )

    cold = run(app, PACK + "list(pack)")

    declaring = {name: why for name, why in DECLARING.items() if "registration" not in name}
    allowed = declaring | READING | DISCOVERING
    more = set(cold) - set(loop) - {"math.integer", "_math_integer"}  # of math since Python 3.15
    assert sorted(allowed) == sorted(more | {"_json"})
    assert {"inspect", "pkgutil", "typing"}.isdisjoint(cold)

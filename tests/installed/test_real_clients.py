"""Programs of others, as an index has them, whose registries are served by us."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from applications import LIST, Application
from environments import PIP

pytestmark = pytest.mark.pip

RECIPE = Path(__file__).parents[2] / "docs" / "examples" / "metaclass_registry.py"
POLYSTORE = """
import sys
from polystore.backend_registry import STORAGE_BACKENDS as READERS
BEFORE = {*sys.modules}
"""
#: All registries of polystore and of the libraries below it, and what polystore makes of its own.
FAMILIES = """
import polystore.roi_converters, polystore.streaming.viewer_transport
from polystore.backend_registry import STORAGE_BACKENDS, create_storage_registry

def name(cls):
    return f"{cls.__module__}.{cls.__qualname__}"

opened = {key: name(type(each)) for key, each in create_storage_registry().items()}
loaded = [*STORAGE_BACKENDS.values()]  # all, for a module may declare a registry of its own
found = [each for module in [*sys.modules.values()] for each in [*vars(module).values()]]
bases = [each for each in found if issubclass(type(each), type) and "__registry__" in vars(each)]
out = {name(base): {str(k): name(v) for k, v in base.__registry__.items()} for base in bases}
out["opened"] = opened
"""
#: What programs do with metaclass-registry's names.
SHAPES = {
    "shapes/__init__.py": "",
    "shapes/base.py": """
        from enum import Enum
        from metaclass_registry import (
            PRIMARY_KEY, AutoRegisterMeta, LazyDiscoveryDict, RegisteredEnumMeta, RegistryConfig,
            RegistryFamily, RegistryKeyAttribute, SecondaryRegistry, extract_key_from_class_name,
        )
        COLOURS = {}

        class Kind:
            __registry_key__ = "kind"
        class Shape(Kind, metaclass=AutoRegisterMeta): ...
        class Strategy(metaclass=AutoRegisterMeta):
            __registry_family__ = RegistryFamily(RegistryKeyAttribute.STRATEGY_KEY, False)
        class Reader(metaclass=AutoRegisterMeta):
            __registry_config__ = RegistryConfig(
                registry_dict=LazyDiscoveryDict(), key_attribute="kind", skip_if_no_key=True,
                secondary_registries=[SecondaryRegistry(COLOURS, PRIMARY_KEY, "colour")],
                discovery_package="shapes",
            )
        class Mode(Enum, metaclass=RegisteredEnumMeta):
            __registry_key__ = "mode"
            __key_extractor__ = extract_key_from_class_name
        class Fast(Mode): ONE = 1
        class Slow(Mode): ONE = 1
        """,
    "shapes/circle.py": """
        from .base import Reader, Shape, Strategy
        class Circle(Shape): kind = "circle"
        class CircleReader(Reader):
            kind = "circle"
            colour = "red"
        class Nameless(Reader): ...
        class Quick(Strategy): strategy_key = "quick"
        """,
    "shapes/deep/__init__.py": "",
    "shapes/deep/square.py": """
        from ..base import Reader
        class SquareReader(Reader): kind = "square"
        """,
}
USE = """
from metaclass_registry import DuplicateRegistryKeyError
from shapes import base

def shown(registry):
    return sorted((key, getattr(value, "__name__", value)) for key, value in registry.items())

def refused(parent, error, **body):
    try:
        type(parent)("Wrong", (parent,), {"__module__": "wrong", **body})
    except error:
        return True

out = [
    [shown(base.Shape.__registry__), shown(base.Mode.__registry__), "shapes.circle" in sys.modules],
    [shown(each) for each in (base.Reader.__registry__, base.COLOURS)],
    [shown(each.__registry__) for each in (base.Shape, base.Strategy)],
    sorted(cls.__name__ for cls in dict.values(base.Reader.__registry__)),
    refused(base.Strategy, ValueError),
    refused(base.Shape, DuplicateRegistryKeyError, kind="circle"),
    "shapes.deep.square" in sys.modules,
]
"""
KEDRO = """
import sys
from kedro.io.core import AbstractDataset
from regcache_meta import LazyDiscoveryDict

def catalog_type(name, cls):
    return f"{cls.__module__.split('.')[1]}.{name}"

READERS = LazyDiscoveryDict.for_package("kedro_datasets", AbstractDataset, key=catalog_type)
BEFORE = {*sys.modules}
"""
#: Keys and classes by a loop by hand, by the registry, and as Kedro finds them itself.
DATASETS = """
import importlib, inspect, pkgutil, warnings
import kedro_datasets
from app.base import READERS, AbstractDataset, catalog_type
from kedro.io.core import parse_dataset_definition

warnings.simplefilter("ignore")
served = {key: repr(cls) for key, cls in READERS.items()}
types = {key: {"type": key, "filepath": "data"} for key in served}
kedro = {key: repr(parse_dataset_definition(each)[0]) for key, each in types.items()}
by_hand = {}
for each in pkgutil.walk_packages(kedro_datasets.__path__, "kedro_datasets."):
    try:
        members = vars(importlib.import_module(each.name))
    except ImportError:
        continue
    for name, cls in members.items():
        if inspect.isclass(cls) and issubclass(cls, AbstractDataset):
            if cls.__module__ == each.name and not inspect.isabstract(cls):
                by_hand[catalog_type(name, cls)] = repr(cls)
out = [by_hand, served, kedro, READERS.report.status]
"""


class Client(Application):
    """A program of others in an environment that has our packages, and nothing else of ours."""

    def __init__(self, tmp_path: Path, declaration: str, *distributions: str) -> None:
        super().__init__(tmp_path, "classes")
        self.write({"app/base.py": declaration, "metaclass_registry.py": RECIPE.read_text()})
        ours = [find_spec(name) for name in ("regcache_core", "regcache_meta")]
        places = [Path(str(each.origin)).parents[1] for each in ours if each is not None]
        (self.site / "ours.pth").write_text("\n".join(map(str, places)))
        if self.fetch("install", "cattrs", "platformdirs").returncode:
            pytest.skip("no package index can be reached")
        self.change("install", *distributions)

    def environment(self, **more: str) -> dict[str, str]:
        """As elsewhere, but with byte code: without it large libraries take seconds to import."""
        return super().environment(**{"PYTHONDONTWRITEBYTECODE": "", **more})

    def fetch(self, *words: str) -> Any:
        """Run uv where there is one, for it takes seconds where pip takes half a minute."""
        tool = [sys.executable, "-m", "uv", "pip", words[0], "--python", self.python]
        if find_spec("uv") is None:
            tool = [self.python, f"{PIP}/pip", words[0]]
        hidden = "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"
        environment = {k: v for k, v in os.environ.items() if k not in hidden}
        # A file that is linked into several environments seems edited when one of these goes.
        environment |= {"PIP_YES": "1", "UV_LINK_MODE": "copy"}
        return subprocess.run(
            [*tool, *words[1:]], env=environment, capture_output=True, text=True, timeout=600
        )

    def change(self, *words: str) -> None:
        """Install or uninstall distributions."""
        done = self.fetch(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        self.wrote()

    def imported(self) -> Any:
        """What listing imports of the program in a fresh process, and whether that was a hit."""
        return self.run(
            f"""{LIST}
from app.base import BEFORE
names = {{*sys.modules}} - BEFORE
out = [report.status, [each for each in names if each.startswith(("polystore", "kedro"))]]
"""
        )


@pytest.fixture(scope="module")
def polystore(tmp_path_factory: pytest.TempPathFactory) -> Client:
    """polystore as it is, beside a file that has metaclass-registry's names."""
    if sys.version_info < (3, 11):
        pytest.skip("polystore needs Python 3.11")
    return Client(tmp_path_factory.mktemp("polystore"), POLYSTORE, "polystore==0.6.3")


@pytest.fixture(scope="module")
def kedro(tmp_path_factory: pytest.TempPathFactory) -> Client:
    """Kedro's datasets, in an application that lists them."""
    return Client(tmp_path_factory.mktemp("kedro"), KEDRO, "kedro-datasets==9.6.0")


def test_polystore_has_the_classes_that_metaclass_registry_gives_it(polystore: Client) -> None:
    """With the recipe of the docs all registries are the same, cold and warm; listing is lazy."""
    polystore.change("install", "pandas")
    original = polystore.run(FAMILIES, PYTHONPATH="", HOME=str(polystore.home))

    cold = polystore.run(FAMILIES, REGCACHE_REFRESH="1")
    warm = polystore.run(FAMILIES)

    assert 9 == len(original["polystore.base.BackendBase"])
    assert 15 < len(original)
    assert original == cold
    assert original == warm
    assert ["hit", []] == polystore.imported()


def test_names_of_metaclass_registry_do_what_they_do_there(polystore: Client) -> None:
    """Registries with and without a package, families, enums, secondary registries, refusals."""
    polystore.write({f"plain/{name}": text for name, text in SHAPES.items()})
    plain = str(polystore.folder / "plain")
    original = polystore.run(USE, PYTHONPATH=plain, HOME=str(polystore.home))

    both = os.pathsep.join([plain, str(polystore.folder)])
    ours = [polystore.run(USE, PYTHONPATH=both) for _ in range(2)]

    first = [[], [["Fast", "Fast"], ["Slow", "Slow"]], False]
    assert [first, [[["circle", "CircleReader"]], [["circle", "red"]]]] == original[:2]
    assert [original, original] == ours


def test_backend_of_polystore_comes_and_goes_with_pandas(polystore: Client) -> None:
    """Without pandas one backend is missing, where metaclass-registry fails to list any."""
    polystore.change("uninstall", "pandas")
    missing = polystore.list()
    polystore.change("install", "pandas")
    there = polystore.names_after_miss("MODULE_APPEARED", "pandas")
    polystore.change("uninstall", "pandas")

    gone = polystore.names_after_miss("MODULE_GONE", "pandas")

    assert "No module named 'pandas'" in missing["failures"]["polystore.omero_local"]
    assert ["omero_local"] == [name for name in there if name not in missing["names"]]
    assert missing["names"] == gone


def test_datasets_of_kedro_are_those_of_a_loop_and_of_kedro(kedro: Client) -> None:
    """All datasets whose libraries are here are listed, cold and warm, under Kedro's own names."""
    by_hand, *cold = kedro.run(DATASETS, REGCACHE_REFRESH="1")
    *warm, status = kedro.run(DATASETS)

    assert {"json.JSONDataset", "partitions.PartitionedDataset"} < {*by_hand}
    assert [by_hand, by_hand, "miss"] == cold
    assert [by_hand] * 3 == warm
    assert ("hit", ["hit", []]) == (status, kedro.imported())


def test_dataset_of_kedro_comes_and_goes_with_its_library(kedro: Client) -> None:
    """Fifty modules lack some library; the one that is installed and removed is seen."""
    missing = kedro.list()
    kedro.change("install", "networkx")
    there = kedro.names_after_miss("MODULE_APPEARED", "networkx")
    kedro.change("uninstall", "networkx")

    gone = kedro.names_after_miss("MODULE_GONE", "networkx")

    new = [f"networkx.{name}Dataset" for name in ("GML", "GraphML", "JSON")]
    assert 50 < len(missing["failures"])
    assert new == [name for name in there if name not in missing["names"]]
    assert missing["names"] == gone

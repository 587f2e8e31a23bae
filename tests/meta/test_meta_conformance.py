"""The guarantees of a cached registry, for registries of base classes and over packages."""

from pathlib import Path

from regcache_core.testing import DiscoveryTests

USE = """
def registry_keys(): return list(registry)
def registry_report(): return registry.report
def registry_load(key): return registry[key]
def registry_refresh(): registry.refresh()
def registry_verify(): return registry.verify()
def registry_failures(): return registry.failures
"""


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files, by their paths in a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


class TestRegistryOfABaseClass(DiscoveryTests):
    """A registry that a metaclass fills."""

    code = (
        """
from shapes.base import Shape
registry = Shape.__registry__
"""
        + USE
    )
    sources = ("shapes.square", "shapes.circle", "shapes.more")
    plugin = "from .base import Shape\nclass New(Shape):\n    name = {!r}\n"

    def write_sources(self, folder: Path) -> None:
        """A package of a base class and two plugins."""
        base = (
            "from regcache_meta import AutoRegisterMeta\n"
            "class Shape(metaclass=AutoRegisterMeta):\n    __registry_key__ = 'name'\n"
        )
        write(
            folder,
            {
                "shapes/__init__.py": "__version__ = '1'\n",
                "shapes/base.py": base,
                "shapes/square.py": self.plugin.format("square"),
                "shapes/circle.py": self.plugin.format("circle"),
            },
        )

    def add_source(self, folder: Path) -> None:
        """A third plugin."""
        write(folder, {"shapes/more.py": self.plugin.format("more")})

    def edit_source(self, folder: Path) -> None:
        """Another key of one plugin."""
        write(folder, {"shapes/circle.py": self.plugin.format("round circle")})

    def remove_source(self, folder: Path) -> None:
        """One plugin less."""
        (folder / "shapes/circle.py").unlink()

    def write_item(self, folder: Path, name: str, before: str = "") -> None:
        """A module with one plugin."""
        write(folder, {f"shapes/{name}.py": f"{before}\n{self.plugin.format(name)}"})


class TestRegistryOverAPackage(TestRegistryOfABaseClass):
    """A registry over a package that knows nothing of it."""

    code = (
        """
from shape_base import Shape
from regcache_meta import LazyDiscoveryDict
SHAPES = LazyDiscoveryDict.for_package("shapes", Shape, key="name")
registry = SHAPES
"""
        + USE
    )
    sources = ("shapes", "shapes.square", "shapes.circle", "shapes.more")
    plugin = "from shape_base import Shape\nclass New(Shape):\n    name = {!r}\n"

    def write_sources(self, folder: Path) -> None:
        """A package of two plugins, and their base class elsewhere."""
        write(
            folder,
            {
                "shape_base.py": "class Shape:\n    pass\n",
                "shapes/__init__.py": "",
                "shapes/square.py": self.plugin.format("square"),
                "shapes/circle.py": self.plugin.format("circle"),
            },
        )


class TestRegistryByAPattern(TestRegistryOverAPackage):
    """A registry of what fits a pattern: each module in a package."""

    code = TestRegistryOverAPackage.code.replace('"shapes"', '"shapes.*"')

"""The guarantees of a cached registry, for a package whose modules register functions."""

from pathlib import Path

from regcache_core.testing import DiscoveryTests

USE = """
def registry_keys(): return list(TOOLS)
def registry_report(): return TOOLS.report
def registry_load(key): return TOOLS[key]
def registry_refresh(): TOOLS.refresh()
def registry_verify(): return TOOLS.verify()
def registry_failures(): return TOOLS.failures
"""


class TestRegistryOfAPackage(DiscoveryTests):
    """A registry that lies beside its package."""

    code = "from tools.registry import TOOLS\n" + USE
    sources = ("tools.all", "tools.all.saw", "tools.all.drill", "tools.all.more")
    function = "from tools.registry import TOOLS\n@TOOLS.register({!r})\ndef f(x): ...\n"
    registry = (
        "from regcache_functions import FunctionRegistry\n"
        "TOOLS = FunctionRegistry('tools', package='tools.all')\n"
    )

    def write_sources(self, folder: Path) -> None:
        """A registry and two modules with a function each."""
        (folder / "tools/all").mkdir(parents=True)
        (folder / "tools/__init__.py").write_text("__version__ = '1'\n")
        (folder / "tools/registry.py").write_text(self.registry)
        (folder / "tools/all/__init__.py").write_text("")
        (folder / "tools/all/saw.py").write_text(self.function.format("saw"))
        (folder / "tools/all/drill.py").write_text(self.function.format("drill"))

    def add_source(self, folder: Path) -> None:
        """A third module."""
        (folder / "tools/all/more.py").write_text(self.function.format("more"))

    def edit_source(self, folder: Path) -> None:
        """Another name of one function."""
        (folder / "tools/all/drill.py").write_text(self.function.format("hand_drill"))

    def remove_source(self, folder: Path) -> None:
        """One module less."""
        (folder / "tools/all/drill.py").unlink()

    def write_item(self, folder: Path, name: str, before: str = "") -> None:
        """A module with one function."""
        text = f"{before}\n{self.function.format(name)}"
        (folder / f"tools/all/{name}.py").write_text(text)


class TestRegistryOfALibrary(TestRegistryOfAPackage):
    """A scan of a library that knows nothing of registries."""

    code = (
        "from regcache_functions import FunctionRegistry\n"
        "TOOLS = FunctionRegistry.scan('tools.all', public='names')\n" + USE
    )
    sources = ("tools", *TestRegistryOfAPackage.sources)
    function = "def {}(x): ...\n"


class TestRegistryByAPattern(TestRegistryOfAPackage):
    """A registry of what fits a pattern: each module in a package."""

    registry = TestRegistryOfAPackage.registry.replace(
        "package='tools.all'", "packages=['tools.all.*']"
    )

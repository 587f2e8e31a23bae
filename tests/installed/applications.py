"""An application in an environment of its own, with a registry of classes or of functions."""

import time
from pathlib import Path
from typing import Any

from environments import Environment

#: Before a plugin: what makes its key.
KEYED = {
    "classes": """
from app.base import Reader
class Plugin(Reader):
    key = KEY
""",
    "functions": """
from app.base import READERS
@READERS.register(KEY)
def plugin(): ...
""",
}
BASES = {
    "classes": """
        from regcache_meta import AutoRegisterMeta, LazyDiscoveryDict, RegistryConfig
        READERS = LazyDiscoveryDict()
        class Reader(metaclass=AutoRegisterMeta):
            __registry_config__ = RegistryConfig(
                READERS, "key", discovery_package="app.plugins", skip_if_no_key=True
            )
        """,
    "functions": """
        from regcache_functions import FunctionRegistry
        READERS = FunctionRegistry("readers", package="app.plugins")
        """,
}
LIST = """
import warnings
warnings.simplefilter("ignore")
from app.base import READERS
names = list(READERS)
report = READERS.report
out = {
    "names": names,
    "status": report.status,
    "reason": report.reason and report.reason.name,
    "where": report.where,
    "failures": {name: str(text) for name, text in READERS.failures.items()},
    "plugins": sorted(name for name in sys.modules if name.startswith("app.plugins.")),
    "metadata": "importlib.metadata" in sys.modules,
}
"""


class Application(Environment):
    """An application whose registry is of one of the two kinds."""

    def __init__(self, tmp_path: Path, kind: str) -> None:
        super().__init__(tmp_path)
        self.kind = kind
        self.write(
            {"app/__init__.py": "", "app/plugins/__init__.py": "", "app/base.py": BASES[kind]}
        )
        self.write_plugin("always", "KEY = 'always'")

    def write_plugin(self, module: str, before: str) -> None:
        """Write a module with a plugin, after code that sets its key or raises."""
        self.write({f"app/plugins/{module}.py": before + "\n" + KEYED[self.kind]})

    def list(self, **environment: str) -> Any:
        """List the registry in a fresh process."""
        return self.run(LIST, **environment)

    def truth(self) -> Any:
        """The names that a process without a cache finds."""
        return self.list(REGCACHE_DISABLE="1")["names"]

    def names_after_miss(self, reason: str, where: str) -> Any:
        """The names of a start that was a miss for a reason; they are the truth, and stored."""
        seen, again = self.list(), self.list()
        assert ("miss", reason, where) == (seen["status"], seen["reason"], seen["where"])
        assert ("hit", seen["names"]) == (again["status"], again["names"])
        assert self.truth() == seen["names"]
        return seen["names"]


def age() -> None:
    """Wait until the times of what was written can be trusted."""
    time.sleep(2.1)

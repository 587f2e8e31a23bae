"""What registries of functions are declared to depend on, in fresh processes."""

import pickle
from typing import Any

import declaring
import pytest
from declaring import DECLARED, NAMES, check_each_change
from throwaway import App

from regcache_core import ConfigError, EnvironmentVariable, File
from regcache_functions import FunctionRegistry

STATUS = f"from app.registry import FILTERS as REG\n{declaring.STATUS}"
REGISTRY = """
from regcache_core import Distribution, EnvironmentVariable, File
from regcache_functions import FunctionRegistry
"""
KINDS = {
    "package": f"FILTERS = FunctionRegistry('f', package='app.filters', depends_on={DECLARED})",
    "library": f"FILTERS = FunctionRegistry.scan('app.filters', depends_on={DECLARED})",
}
#: A module whose functions exist, or not, by what is declared.
MADE = f"""
from app.registry import FILTERS
{NAMES}
for NAME in NAMES:
    exec(f"def {{NAME}}(): ...")
    if not hasattr(FILTERS._scope, "roots"):
        FILTERS.register(globals()[NAME])
__all__ = NAMES
"""


@pytest.mark.parametrize("kind", KINDS)
def test_each_change_of_what_is_declared_is_seen(kind: str, app: App) -> None:
    """After each change a start is a miss, and right; the next one hits and imports no module."""
    app.write(
        {
            "app/__init__.py": "",
            "app/registry.py": REGISTRY + KINDS[kind].replace("data.txt", "filters/data.txt"),
            "app/filters/data.txt": "one",
            "app/filters/__init__.py": "from app.filters.made import *\n",
            "app/filters/made.py": MADE,
        }
    )

    check_each_change(app, STATUS, "app/filters/data.txt")


def test_scan_pickles_with_its_declarations() -> None:
    """Opened again, a registry of a library depends on the same."""
    registry = FunctionRegistry.scan("json", depends_on=[File("a"), EnvironmentVariable("A")])

    again: Any = pickle.loads(pickle.dumps(registry))

    assert {File("a"), EnvironmentVariable("A")} == {*again._scope.depends_on}


@pytest.mark.parametrize("given", ["data.txt", ["data.txt"], File("a"), None])
def test_wrong_declaration_is_refused(given: Any) -> None:
    """What is no list of dependencies is told at once."""
    with pytest.raises(ConfigError, match="depends_on"):
        FunctionRegistry("filters", "app.filters", depends_on=given)
    with pytest.raises(ConfigError, match="depends_on"):
        FunctionRegistry.scan("json", depends_on=given)

"""What registries of functions are declared to depend on, in fresh processes."""

import pickle
import shutil
from collections.abc import Callable
from typing import Any

import pytest
from throwaway import App, write

from regcache_core import ConfigError, EnvironmentVariable, File
from regcache_functions import FunctionRegistry

STATUS = """
from app.registry import FILTERS
names = list(FILTERS)
report = FILTERS.report
out = {
    "names": names, "status": report.status, "reason": report.reason and report.reason.name,
    "where": report.where, "saved": report.saved and report.saved.status,
    "modules": sorted(name for name in sys.modules if name.startswith("app.filters")),
}
"""
REGISTRY = """
import os
from regcache_core import Distribution, EnvironmentVariable, File
from regcache_functions import FunctionRegistry
DECLARED = [
    File("data.txt"), File("more"), EnvironmentVariable("APP_EXTRA"), Distribution("Sci_Tiny")
]
DECLARED = DECLARED["FEWER" in os.environ :]
"""
KINDS = {
    "package": "FILTERS = FunctionRegistry('filters', package='app.filters', depends_on=DECLARED)",
    "library": "FILTERS = FunctionRegistry.scan('app.filters', depends_on=DECLARED)",
}
#: A module whose functions exist, or not, by what is declared.
MADE = """
import importlib.metadata, os, pathlib
from app.registry import FILTERS
HERE = pathlib.Path(__file__).parent.parent
NAMES = ["always", *(p.read_text() for p in HERE.glob("data.txt"))]
NAMES += [p.stem for p in HERE.glob("more/*.txt")]
NAMES += ["by_" + os.environ["APP_EXTRA"]] if "APP_EXTRA" in os.environ else []
try:
    NAMES.append("tiny" + importlib.metadata.version("sci-tiny").replace(".", "_"))
except importlib.metadata.PackageNotFoundError:
    pass
for NAME in NAMES:
    exec(f"def {NAME}(): ...")
    if not hasattr(FILTERS._scope, "roots"):
        FILTERS.register(globals()[NAME])
__all__ = NAMES
"""


@pytest.fixture(params=KINDS)
def made(request: pytest.FixtureRequest, app: App) -> App:
    """An application with either kind of registry."""
    app.write(
        {
            "app/__init__.py": "",
            "app/registry.py": REGISTRY + KINDS[request.param],
            "app/data.txt": "one",
            "app/filters/__init__.py": "from app.filters.made import *\n",
            "app/filters/made.py": MADE,
        }
    )
    return app


def install(version: str) -> Callable[[App], None]:
    """A change that installs a version of a distribution, as pip does: no other stays."""

    def change(app: App) -> None:
        for old in app.folder.glob("sci_tiny-*"):
            shutil.rmtree(old)
        if version:
            info = f"sci_tiny-{version}.dist-info"
            metadata = f"Metadata-Version: 2.1\nName: sci-tiny\nVersion: {version}\n"
            app.write({f"{info}/METADATA": metadata, f"{info}/RECORD": f"{info}/METADATA,,\n"})

    return change


STEPS: list[tuple[Callable[[App], Any] | None, dict[str, str], str]] = [
    (write("app/data.txt", "changed"), {}, "SOURCE_CHANGED"),
    (lambda app: app.remove("app/data.txt"), {}, "SOURCE_REMOVED"),
    (write("app/data.txt", "again"), {}, "SOURCE_ADDED"),
    (write("app/more/a.txt", ""), {}, "SOURCE_ADDED"),
    (write("app/more/b.txt", ""), {}, "SOURCE_ADDED"),
    (None, {"APP_EXTRA": ""}, "VARIABLE_CHANGED"),
    (None, {"APP_EXTRA": "x"}, "VARIABLE_CHANGED"),
    (None, {}, "VARIABLE_CHANGED"),
    (install("1.0"), {}, "DISTRIBUTION_CHANGED"),
    (install("1.1"), {}, "DISTRIBUTION_CHANGED"),
    (install(""), {}, "DISTRIBUTION_CHANGED"),
]


def test_each_change_of_what_is_declared_is_seen(made: App) -> None:
    """After each change a start is a miss, and right; the next one hits and imports no module."""
    before = made.run(STATUS)["names"]

    for change, environment, reason in STEPS:
        if change is not None:
            change(made)
        truth = made.run(STATUS, REGCACHE_DISABLE="1", **environment)
        seen = made.run(STATUS, **environment)
        again = made.run(STATUS, **environment)

        assert ("miss", reason, "saved") == (seen["status"], seen["reason"], seen["saved"])
        assert truth["names"] == seen["names"] == again["names"] != before
        assert ("hit", []) == (again["status"], again["modules"])
        before = seen["names"]


def test_other_declarations_are_a_miss(made: App) -> None:
    """The answer of a registry that declares less is refused."""
    made.run(STATUS)

    seen = made.run(STATUS, FEWER="1")

    assert ("SETTINGS_CHANGED", "depends_on") == (seen["reason"], seen["where"])
    assert "hit" == made.run(STATUS, FEWER="1")["status"]
    assert "SETTINGS_CHANGED" == made.run(STATUS)["reason"]


CHANGED_BEFORE = """
import os, pathlib, time
from app.registry import FILTERS
import app.filters.made
time.sleep(0.05)
{change}
names = list(FILTERS)
out = names, FILTERS.report.saved.reason.name
"""


@pytest.mark.parametrize(
    ("change", "reason", "environment"),
    [
        ("pathlib.Path('app/data.txt').write_text('two')", "EDITED_SINCE_IMPORT", {}),
        ("os.environ['APP_EXTRA'] = 'late'", "VARIABLE_CHANGED", {"APP_EXTRA": "late"}),
    ],
)
def test_change_after_a_module_was_imported_is_not_saved(
    change: str, reason: str, environment: dict[str, str], made: App
) -> None:
    """The answer of a process that read the old state is its own; the next process is right."""
    names, told = made.run(CHANGED_BEFORE.format(change=change))

    assert (["always", "one"], reason) == (names, told)
    truth = made.run(STATUS, REGCACHE_DISABLE="1", **environment)
    assert truth["names"] == made.run(STATUS, **environment)["names"] != names


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

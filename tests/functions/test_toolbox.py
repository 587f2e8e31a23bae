"""The sample application of 200 decorated functions in 40 modules, listed and used."""

import sys
from pathlib import Path

import pytest
from throwaway import App

sys.path.append(str(Path(__file__).resolve().parents[1] / "apps"))

from toolbox import FAMILIES, write_toolbox  # type: ignore[import-not-found]

LIST = """
from toolbox.registry import FILTERS
imported = lambda: sorted(name for name in sys.modules if ".filters." in name and "part" in name)
"""


@pytest.fixture
def toolbox(app: App) -> App:
    """The application, written."""
    app.names = write_toolbox(app.folder)  # type: ignore[attr-defined]
    return app


def test_all_is_listed_and_nothing_imported(toolbox: App) -> None:
    """200 names, all metadata and all questions: the same cold and warm, warm without a module."""
    code = f"""{LIST}
names = list(FILTERS)
tables = [[repr(FILTERS.info(name)) for name in names], FILTERS.to_json(), repr(FILTERS)]
asked = [len(FILTERS.query(tag=tag)) for tag in {FAMILIES!r}]
asked += [list(FILTERS.query(contract="stream")), list(FILTERS.query(parameter="sigma"))]
asked += [list(FILTERS.query(module="toolbox.filters.blur")), list(FILTERS.search("bell"))]
out = [names, tables, asked, FILTERS.failures], len(imported()), FILTERS.report.status
"""

    cold, warm = toolbox.run(code), toolbox.run(code)

    assert sorted(toolbox.names) == sorted(cold[0][0])  # type: ignore[attr-defined]
    assert (200, {}) == (len(cold[0][0]), cold[0][3])
    assert cold[0] == warm[0]
    assert ([40, "miss"], [0, "hit"]) == (cold[1:], warm[1:])


def test_each_function_loads_one_module(toolbox: App) -> None:
    """Every name and alias gives a callable; each module is imported when it is needed."""
    toolbox.run(LIST + "out = len(FILTERS)")
    code = f"""{LIST}
steps, aliases = [], 0
for name in FILTERS:
    function, info = FILTERS[name], FILTERS.info(name)
    assert callable(function) and info.func is function
    assert all(FILTERS[alias] is function for alias in info.aliases)
    aliases += len(info.aliases)
    steps.append(len(imported()))
out = steps == sorted(steps), steps[0], steps[-1], aliases > 30, FILTERS.report.status
"""

    assert [True, 1, 40, True, "hit"] == toolbox.run(code)

"""A third kind of registry, on the public names of core alone: tables named in modules."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tampering import edits_of, tamper
from throwaway import App

from regcache_core.testing import DiscoveryTests

APPS = Path(__file__).resolve().parents[1] / "apps"
TABLE = "from tables import Table\n{name} = Table({rows})\n"


class TestTables(DiscoveryTests):
    """The guarantees of every registry whose items are found by importing modules."""

    sources = ("lab.tables", "lab.tables.dyes", "lab.tables.optics", "lab.tables.more")
    code = f"""
sys.path.append({str(APPS)!r})
from tables import Tables
registry = Tables("lab.tables")

def registry_keys():
    return list(registry)

def registry_report():
    return registry.report

def registry_load(key):
    return registry[key]

def registry_refresh():
    registry.refresh()

def registry_verify():
    return registry.verify()

def registry_failures():
    return registry.failures
"""

    def write_sources(self, folder: Path) -> None:
        """Two modules with a table each."""
        (folder / "lab/tables").mkdir(parents=True)
        (folder / "lab/__init__.py").write_text("")
        (folder / "lab/tables/__init__.py").write_text("")
        (folder / "lab/tables/dyes.py").write_text(TABLE.format(name="DYES", rows="(1, 2)"))
        (folder / "lab/tables/optics.py").write_text(TABLE.format(name="LENSES", rows=""))

    def add_source(self, folder: Path) -> None:
        """A third module."""
        (folder / "lab/tables/more.py").write_text(TABLE.format(name="MORE", rows=""))

    def edit_source(self, folder: Path) -> None:
        """A table gets another name."""
        (folder / "lab/tables/optics.py").write_text(TABLE.format(name="MIRRORS", rows=""))

    def remove_source(self, folder: Path) -> None:
        """One module less."""
        (folder / "lab/tables/optics.py").unlink()

    def write_item(self, folder: Path, name: str, before: str = "") -> None:
        """A module with one table."""
        text = f"{before}\n" + TABLE.format(name=name.upper(), rows="")
        (folder / f"lab/tables/{name}.py").write_text(text)


@pytest.fixture
def lab(app: App) -> App:
    """A package of two tables, and the adapter."""
    app.write(
        {
            "lab/__init__.py": "",
            "lab/tables/__init__.py": "from .dyes import DYES\n",
            "lab/tables/dyes.py": TABLE.format(name="DYES", rows="(1, 2), (3, 4)"),
            "lab/tables/optics.py": TABLE.format(name="LENSES", rows="(1,)"),
            "tables.py": (APPS / "tables.py").read_text(),
        }
    )
    return app


USE = "from tables import Tables\nT = Tables('lab.tables')\n"


def test_facts_are_read_without_an_import(lab: App) -> None:
    """A table that a package re-exports is one table; its rows are known without its module."""
    task = (
        USE + "out = {n: T.rows(n) for n in T}, T.report.status, 'lab.tables.optics' in sys.modules"
    )

    assert [{"dyes": 2, "lenses": 1}, "miss", True] == lab.run(task)
    assert [{"dyes": 2, "lenses": 1}, "hit", False] == lab.run(task)


def test_adapter_of_several_packages(lab: App) -> None:
    """By name or by pattern, in that order; a file names no module beside them."""
    lab.write({f"more/{n}.py": TABLE.format(name=n.upper(), rows="") for n in ("red", "blue")})
    several = (
        "from regcache_core.discovery import Listing\nfrom tables import TableAdapter\n"
        "T._listing = Listing(TableAdapter('tables', 'lab.tables', ['more.*']))\n"
    )
    task = f"{USE}{several}out = [*T], T.report.status, [type(T[each]).__name__ for each in T]"
    keys, classes = ["dyes", "lenses", "blue", "red"], ["Table"] * 4

    assert [[keys, each, classes] for each in ("miss", "hit")] == [lab.run(task), lab.run(task)]
    lab.edit_cache('"module":"more.red"', '"module":"moreover.red"')
    assert [keys, "miss", classes] == lab.run(task)


def test_two_tables_of_one_name_are_an_error(lab: App) -> None:
    """It names both places."""
    lab.write({"lab/tables/other.py": TABLE.format(name="LENSES", rows="")})
    code = USE + "try: list(T)\nexcept ValueError as error: out = str(error)"

    assert "lab.tables.optics.LENSES and lab.tables.other.LENSES" in lab.run(code)


def test_entry_points_of_installed_distributions_add_tables(lab: App) -> None:
    """By their own name or, of a module, all in it; what is removed is gone."""
    lab.write(
        {
            "extra.py": TABLE.format(name="X", rows="(5,)"),
            "extra-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: extra\nVersion: 1\n",
            "extra-1.dist-info/entry_points.txt": "[lab.tables]\nspecial = extra:X\nall = extra\n",
        }
    )
    task = USE + "out = sorted(T), T['special'].rows, T.report.status"

    assert "miss" == lab.run(USE + "list(T)\nout = T.report.status")
    assert [["dyes", "lenses", "special", "x"], [[5]], "hit"] == lab.run(task)
    lab.remove("extra-1.dist-info/entry_points.txt")
    assert ["dyes", "lenses"] == lab.run(USE + "out = sorted(T)")


def test_file_that_leads_elsewhere_is_not_believed(lab: App) -> None:
    """A cache file is input from outside: it may not name a module of another package."""
    change, _, _ = edits_of("dyes")
    lab.run(USE + "out = list(T)")
    tamper(lab, change(module="os"))

    assert [["dyes", "lenses"], "miss"] == lab.run(USE + "out = sorted(T), T.report.status")


def test_verify_compares_with_a_fresh_process(lab: App) -> None:
    """What the cache says is what another process finds; a file that is wrong about it is told."""
    verify = USE + "list(T)\nv = T.verify()\nout = v.status, [str(d) for d in v.differences]"
    lab.run(verify)
    assert ["hit", []] == lab.run(verify)
    change, _, _ = edits_of("dyes")
    tamper(lab, change(rows=7))

    status, differences = lab.run(verify)

    assert "hit" == status
    assert "rows" in differences[0]


def test_adapter_that_is_edited_makes_its_answers_outdated(lab: App) -> None:
    """What decides which globals count is an input, wherever it lies."""
    assert ["dyes", "lenses"] == lab.run(USE + "out = sorted(T)")
    text = (APPS / "tables.py").read_text()
    lab.write({"tables.py": text.replace("name.lower()", "name.title()")})

    assert ["Dyes", "Lenses"] == lab.run(USE + "out = sorted(T)")


def test_global_that_cannot_be_looked_at_costs_only_itself(lab: App) -> None:
    """It may be a proxy of what is not there yet; the failure has its place."""
    odd = "class Odd:\n    __class__ = property(lambda self: 1 / 0)\nODD = Odd()\n"
    lab.write({"lab/tables/odd.py": odd + TABLE.format(name="EVEN", rows="")})

    found = lab.run(USE + "out = sorted(T), [*T.failures]", PYTHONWARNINGS="ignore")

    assert [["dyes", "even", "lenses"], ["lab.tables.odd.ODD"]] == found


@pytest.mark.skipif(not hasattr(sys, "lazy_modules"), reason="imports are lazy since Python 3.15")
def test_table_that_a_module_imports_lazily_is_listed(lab: App) -> None:
    """As one that it imports at once; what is missing is no table, what fails costs only itself."""
    lazy = "lazy from far import FAR\nlazy import missing\nlazy import failing\n"
    lab.write({"lab/tables/lazy.py": lazy, "far.py": TABLE.format(name="FAR", rows="(7,)")})
    lab.write({"failing.py": "1 / 0\n"})
    code = USE + "out = sorted(T), T['far'].rows, [*T.failures], T.report.status"

    cold, warm = (lab.run(code, PYTHONWARNINGS="ignore") for _ in range(2))

    found = [["dyes", "far", "lenses"], [[7]], ["lab.tables.lazy.failing"]]
    assert [[*found, "miss"], [*found, "hit"]] == [cold, warm]
    lab.write({"missing.py": TABLE.format(name="HIDDEN", rows="")})
    assert "miss" == lab.run(code, PYTHONWARNINGS="ignore")[-1]


@pytest.mark.parametrize("accepted", ["True", "([], {})", "('a', None)", "('a', {'module': 1})"])
def test_accept_that_gives_something_else_is_told(accepted: str, lab: App) -> None:
    """The error names the adapter and the place."""
    code = f"""
import tables
tables.TableAdapter.accept = lambda self, name, value: {accepted} if name == "DYES" else None
try: list(tables.Tables("lab.tables"))
except ValueError as error: out = str(error)
"""
    told = lab.run(code)

    assert "accept() of 'tables' for lab.tables" in told


@pytest.mark.parametrize("member", [{"module": "lab.tables"}, {"attribute": "NOTHING"}])
def test_record_that_leads_to_nothing_is_refuted(member: dict[str, str], lab: App) -> None:
    """The lookup discovers, and gives the table at once."""
    change, _, _ = edits_of("lenses")
    lab.run(USE + "out = list(T)")
    tamper(lab, change(**member))

    assert [[[1]], "hit"] == lab.run(
        USE + "list(T)\ns = T.report.status\nout = T['lenses'].rows, s"
    )

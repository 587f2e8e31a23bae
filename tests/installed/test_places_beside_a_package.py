"""Modules that lie beside the folders of their package: edits, new and gone ones are seen."""

from pathlib import Path

import pytest
from throwaway import FILES, FOLDER, LIST, LISTED, App, plugin

HERE = "import os\nHERE = os.path.dirname(os.path.abspath(__file__))\n"
HERE += "BESIDE = os.path.join(HERE, {up!r}, 'beside')\n"
EXTENDED = "from pkgutil import extend_path\n__path__ = extend_path(__path__, __name__)\n"
#: How a package comes to modules in a folder beside it: what is added, file -> text.
WAYS = {
    "it appends to its path": {"app/{}/__init__.py": HERE + "__path__.append(BESIDE)\n"},
    "it extends its path": {
        "app/__init__.py": "import os, sys\n__version__ = '1.0'\n"
        "sys.path.append(os.path.dirname(os.path.dirname(__file__)) + '/portions')\n" + EXTENDED,
        "app/{}/__init__.py": EXTENDED,
    },
    "a package in it does": {
        "app/{}/__init__.py": "",
        "app/{}/zext/__init__.py": HERE.replace("{up!r}", "'..', {up!r}")
        + "__path__.append(BESIDE)\n",
    },
    "its path is another one altogether": {
        "app/{}/__init__.py": HERE + "__path__ = [*__path__, BESIDE]\n"
    },
}


@pytest.fixture(params=WAYS)
def beside(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> tuple[App, Path]:
    """An application, and the folder beside its package."""
    app = App(tmp_path)
    app.write(FILES[kind])
    texts = {
        name.format(FOLDER[kind]): text.format(up="../..")
        for name, text in WAYS[request.param].items()
    }
    app.write(texts)
    place = app.folder / "beside"
    if "extends" in request.param:
        place = app.folder / "portions" / "app" / FOLDER[kind]
        app.write({"portions/app/__init__.py": "", f"portions/app/{FOLDER[kind]}/__init__.py": ""})
    return app, place


def test_changes_beside_a_package_are_seen(beside: tuple[App, Path], kind: str) -> None:
    """An edit, a new module and one that is gone, each at the next start; a hit tells the same."""
    app, place = beside
    folder = place.relative_to(app.folder)
    infos = "[repr(REG.info(each)) for each in sorted(REG)]"
    listing = f"{LIST[kind]}\nout = [sorted(REG), REG.report.status, {infos}]"

    def start(*files: tuple[str, str]) -> list[object]:
        app.write({f"{folder}/{file}": plugin(kind, repr(name)) for file, name in files})
        answer: list[object] = app.run(listing)
        return answer

    first, again = start(("mine.py", "old")), start()
    edited, more = start(("mine.py", "edited")), start(("more.py", "new"))
    app.remove(f"{folder}/mine.py")
    less, last = start(), start()

    def listed(*names: str) -> list[str]:
        return sorted([*LISTED[kind], *names])

    assert [listed("old"), "miss"] == first[:2]
    assert [listed("old"), "hit", first[2]] == again
    assert [listed("edited"), "miss"] == edited[:2]
    assert [listed("edited", "new"), "miss"] == more[:2]
    assert [listed("new"), "miss"] == less[:2]
    assert [listed("new"), "hit", less[2]] == last


FINDER = """
import importlib.machinery, importlib.util, os, sys
ROOT = {root!r}
class Finder:
    def find_spec(self, name, path=None, target=None):
        file = os.path.join(ROOT, name.rpartition(".")[2] + ".py")
        if name.startswith({package!r} + ".") and os.path.exists(file):
            return importlib.util.spec_from_file_location(name, file)
sys.meta_path.insert(0, Finder())
"""


def test_edit_of_a_module_that_a_finder_brings_is_seen(kind: str, tmp_path: Path) -> None:
    """As editable installs do that map modules to files: a module of the package imports one."""
    app = App(tmp_path)
    package = f"app.{FOLDER[kind]}"
    app.write(FILES[kind])
    app.write({f"app/{FOLDER[kind]}/zz.py": f"import {package}.mine\n"})
    app.write({"mapped/mine.py": plugin(kind, repr("old"))})
    finder = FINDER.format(root=str(app.folder / "mapped"), package=package)
    listing = f"{finder}{LIST[kind]}\nout = [sorted(REG), REG.report.status]"
    first, again = app.run(listing), app.run(listing)
    app.write({"mapped/mine.py": plugin(kind, repr("new"))})

    assert ["miss", "hit"] == [first[1], again[1]]
    assert "miss" == app.run(listing)[1]

"""Cache files that name what is to be imported: refused before it is, and never run.

Each file is a real one, changed by somebody who knows the format: its checksum is right. ``canary``
leaves a file when it is imported, and so does what imports it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hostile_app import FILES, KINDS, USE
from throwaway import App, sealed
from trials import Record

Document = dict[str, Any]
Edit = Callable[[Document], Any]

POINT = ["evil", "canary:Canary", "plug", "1.0"]
OS_POINT = ["evil", "plug.filters:os.system", "plug", "1.0"]


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> App:
    """An application with a cache file of each kind, whose times can be trusted."""
    app = App(tmp_path_factory.mktemp("attacked"))
    app.write(FILES)
    time.sleep(2.1)  # a load renews nothing then
    for kind in [*KINDS, *KINDS]:
        app.run(USE.format(kind=kind))
    return app


def change(name: str, **members: Any) -> Edit:
    """A change of one record."""
    return lambda document: document["items"][name].update(members)


def publish(name: str, point: list[str], **members: Any) -> Edit:
    """A change of one record, with an entry point that says so."""

    def edit(document: Document) -> None:
        document["import_path"]["points"].append(point)
        document["items"][name].update(members)

    return edit


def secondary(document: Document) -> None:
    """A second mapping of which a module's class is the owner."""
    document["extra"]["secondary"]["suffixes by suffix"][".csv"] = "canary"


def rename(old: str, new: str) -> Edit:
    """Another key for an item."""

    def edit(document: Document) -> None:
        document["items"][new] = document["items"].pop(old)

    return edit


CANARY = {"module": "canary", "class_name": "Canary", "qualname": "Canary"}
NAMED = {"class_name": "Canary", "qualname": "Canary"}
#: Kind of registry, what is changed in its file, and the reason of the miss.
REFUSED: dict[str, tuple[str, Edit, str]] = {
    "class elsewhere": ("classes", change("csv", **CANARY), "ITEM_REFUSED"),
    "class via elsewhere": ("classes", change("csv", via="canary"), "ITEM_REFUSED"),
    "class of os": ("classes", change("csv", module="os", qualname="system"), "ITEM_REFUSED"),
    "class beside the package": ("classes", change("csv", module="app.canary"), "ITEM_REFUSED"),
    "relative class": ("classes", change("csv", module="app.readers..canary"), "ITEM_REFUSED"),
    "class of a dot": ("classes", change("csv", module="app.readers."), "ITEM_REFUSED"),
    "class above": ("classes", change("csv", module="..canary"), "ITEM_REFUSED"),
    "class of a program": ("classes", change("csv", via="app.readers.__main__"), "ITEM_REFUSED"),
    "package once more": ("classes", change("csv", module="app.readers.__init__"), "ITEM_REFUSED"),
    "class by dunder steps": (
        *("classes", change("csv", qualname="CsvReader.__init__.__globals__.os")),
        "ITEM_REFUSED",
    ),
    "attribute by dunder steps": (
        *("classes", change("csv", attribute="__builtins__.exec")),
        "ITEM_REFUSED",
    ),
    "owner in a second mapping": ("classes", secondary, "WRONG_SHAPE"),
    "installed class elsewhere": ("classes", change("tiff", **CANARY), "ITEM_REFUSED"),
    "enum elsewhere, class": ("classes", rename("csv", "!enum canary:Canary:LOW"), "KEY_REFUSED"),
    "function elsewhere": ("filters", change("gaussian", **CANARY), "ITEM_REFUSED"),
    "os.system": ("filters", change("gaussian", module="os", qualname="system"), "ITEM_REFUSED"),
    "function beside": ("filters", change("gaussian", module="app.canary"), "ITEM_REFUSED"),
    "relative function": ("filters", change("gaussian", module="app.filters..x"), "ITEM_REFUSED"),
    "function of a program": (
        *("filters", change("gaussian", module="app.filters.__main__")),
        "ITEM_REFUSED",
    ),
    "installed function elsewhere": ("filters", change("sharpen", **CANARY), "ITEM_REFUSED"),
    "library's os.system": ("library", change("add", qualname="os.system"), "ITEM_REFUSED"),
    "library's globals": ("library", change("add", qualname="add.__globals__"), "ITEM_REFUSED"),
    "library elsewhere": ("library", change("add", module="canary"), "ITEM_REFUSED"),
    "library above": ("library", change("add", module="library..canary"), "ITEM_REFUSED"),
    "enum elsewhere": ("pair", rename("red", "!enum canary:Canary:LOW"), "KEY_REFUSED"),
    "enum of os": ("pair", rename("red", "!enum os:system:LOW"), "KEY_REFUSED"),
    "enum by globals": ("pair", rename("red", "!enum use:same.__globals__:LOW"), "KEY_REFUSED"),
    "enum above": ("pair", rename("red", "!enum app..canary:Canary:LOW"), "KEY_REFUSED"),
    "enum of a program": ("pair", rename("red", "!enum app.__main__:Canary:LOW"), "KEY_REFUSED"),
    "item of a type": (
        *("shapes", change("!enum app.keys:Level:LOW", level="canary")),
        "ITEM_REFUSED",
    ),
}
#: Believed as far as keys go; what is named is not imported when it is asked for.
NOT_LOADED: dict[str, tuple[str, Edit]] = {
    "forged entry point, class": ("classes", publish("csv", POINT, **CANARY)),
    "forged entry point, via": ("classes", publish("csv", POINT, via="canary")),
    "forged entry point, installed": ("classes", publish("tiff", POINT, **CANARY)),
    "class of no base": ("classes", change("tiff", qualname="Other", class_name="Other")),
    "forged entry point, function": ("filters", publish("sharpen", POINT, **CANARY, entry="chirp")),
    "function through another": ("filters", change("gaussian", entry="os.system")),
    "installed through another": ("filters", change("sharpen", entry="os.system")),
    "another function, installed": (*("filters", publish("sharpen", OS_POINT, entry="os.system")),),
    "entry in a library": ("library", change("add", entry="os.system")),
}


def attack(app: App, kind: str, edit: Edit, **environment: str) -> tuple[Any, Any]:
    """Change the file of a kind and use everything; gives the truth and what is there then."""
    truth = app.run(USE.format(kind=kind))
    assert "hit" == truth[1]
    tamper(app, kind, edit)
    return truth, app.run(USE.format(kind=kind), **environment)


def tamper(app: App, kind: str, edit: Edit) -> None:
    """Change the file of a kind."""
    path = app.run(f"import use\nuse.USES[{kind!r}]()\nout = use.report_of({kind!r}).path")
    document = json.loads(Path(path).read_text())
    edit(document)
    Path(path).write_bytes(sealed(document))


def check_quiet(app: App) -> None:
    """The canary was not imported by any process."""
    assert not Path(app.folder, "canary.py.sang").exists()


@pytest.mark.parametrize("name", REFUSED)
def test_file_that_names_something_else_is_refused(
    name: str, application: App, record: Record
) -> None:
    """What a file names outside of packages and entry points makes it a miss, before any import."""
    kind, edit, reason = REFUSED[name]

    truth, seen = attack(application, kind, edit)

    assert (truth[0], "miss", reason) == (seen[0], *seen[1:3])
    check_quiet(application)
    record(file=name, imported="nothing")


@pytest.mark.parametrize("name", NOT_LOADED)
def test_name_that_only_the_file_knows_is_not_loaded(
    name: str, application: App, record: Record
) -> None:
    """An entry point that no metadata has, or a class or function that is none, is not loaded."""
    kind, edit = NOT_LOADED[name]

    truth, seen = attack(application, kind, edit)

    assert truth[0][1] == seen[0][1]
    check_quiet(application)
    record(file=name, imported="nothing")


@pytest.mark.parametrize("kind", ["classes", "filters"])
def test_discovery_believes_no_entry_point_of_a_file(
    kind: str, application: App, record: Record
) -> None:
    """A discovery after a change imports what metadata name, not what the refused file names."""
    folder = "readers" if kind == "classes" else "filters"
    source = Path(application.folder, "app", folder, "__init__.py")

    def edit(document: Document) -> None:
        document["import_path"]["points"].append(POINT)
        source.write_text(f"{source.read_text()}# changed\n")
        application.wrote()

    application.run(USE.format(kind=kind))  # what was changed for the other kind counts here, too
    truth, seen = attack(application, kind, edit)

    assert ("miss", "SOURCE_CHANGED") == tuple(seen[1:3])
    assert truth[0] == seen[0]
    check_quiet(application)
    record(imported="nothing")


PICKLED = """
import pickle, use
registry = {registry}
with open({path!r}, "wb") as file:
    pickle.dump(registry, file)
out = [*registry]
"""
UNPICKLED = """
import pickle, warnings
warnings.simplefilter("ignore")
with open({path!r}, "rb") as file:
    registry = pickle.load(file)
out = [[*registry], [str(registry[key].__name__) for key in registry], registry.report.status]
"""


@pytest.mark.parametrize(
    ("kind", "registry", "edit"),
    [
        ("classes", "use.READERS", change("csv", **CANARY)),
        ("filters", "use.FILTERS", change("gaussian", **CANARY)),
        ("library", "use.LIBRARY", change("add", qualname="os.system")),
    ],
)
def test_pickle_opened_on_a_changed_file_runs_nothing(
    kind: str, registry: str, edit: Edit, application: App, tmp_path: Path, record: Record
) -> None:
    """A pickled registry holds no records: where it is opened, the file is checked as ever."""
    path = str(tmp_path / "pickle")
    keys = application.run(PICKLED.format(registry=registry, path=path))
    tamper(application, kind, edit)

    seen = application.run(UNPICKLED.format(path=path))

    assert [keys, "miss"] == [seen[0], seen[2]]
    assert len(keys) == len(seen[1])
    assert b"canary" not in Path(path).read_bytes()
    check_quiet(application)
    record(imported="nothing")


def test_pickle_in_the_place_of_the_file_is_not_opened(application: App, record: Record) -> None:
    """Bytes that would run a command for pickle are a miss for us."""
    program = b"cos\nsystem\n(S'touch canary.py.sang'\ntR."
    for kind in KINDS:
        path = application.run(
            f"import use\nuse.USES[{kind!r}]()\nout = use.report_of({kind!r}).path"
        )
        Path(path).write_bytes(program)

        assert ["miss", "DAMAGED"] == application.run(USE.format(kind=kind))[1:3]
    check_quiet(application)
    record(files=len(KINDS), run=0)


def test_canary_sings(application: App) -> None:
    """The canary does leave its file when it is imported: the other tests could fail."""
    song = Path(application.folder, "canary.py.sang")
    try:
        application.run(
            "import warnings\nwarnings.simplefilter('ignore')\nimport app.canary\nout = 1"
        )

        assert song.exists()
    finally:
        if os.path.exists(song):
            song.unlink()

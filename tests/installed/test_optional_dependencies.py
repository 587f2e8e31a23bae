"""Plugins that use what may be installed or not: a change is seen at the next start."""

import os
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
from applications import LIST, Application, age

pytestmark = pytest.mark.pip

FANCY = {"fancy/__init__.py": "NAME = 'fancy'\n"}
SOFT = """
try:
    import fancy
    KEY = fancy.NAME
except ImportError:
    KEY = "plain"
"""
PROBES = {
    "a plugin that fails": "import fancy\nKEY = fancy.NAME",
    "a plugin that does without": SOFT,
    "a probe": "import importlib.util\n"
    "KEY = 'fancy' if importlib.util.find_spec('fancy') else 'plain'",
    "an import by name": "import importlib\ntry:\n    KEY = importlib.import_module('fancy').NAME\n"
    "except ImportError:\n    KEY = 'plain'",
    "the version of a distribution": "from importlib import metadata\ntry:\n"
    "    KEY = metadata.version('fancy') and 'fancy'\n"
    "except metadata.PackageNotFoundError:\n    KEY = 'plain'",
}


def settled(application: Application) -> Path:
    """List what can be trusted from then on; gives the cache file."""
    application.list()
    age()
    application.list()
    (cache,) = application.cache_files()
    return cache


def changed(before: list[str], after: list[str]) -> list[str]:
    """The names that are new."""
    return [name for name in after if name not in before]


@pytest.mark.parametrize("probe", PROBES)
def test_distribution_that_is_installed_and_uninstalled_is_seen(
    probe: str, application: Application
) -> None:
    """A plugin that uses a distribution follows its coming and going, however it asks for it."""
    application.write_plugin("picky", PROBES[probe])
    is_metadata = "metadata" in PROBES[probe]
    missing = application.list()["names"]
    hit = application.list()

    application.install("fancy", FANCY)
    there = application.names_after_miss(
        "DISTRIBUTION_CHANGED" if is_metadata else "MODULE_APPEARED", "fancy"
    )
    application.uninstall("fancy")
    gone = application.names_after_miss(
        "DISTRIBUTION_CHANGED" if is_metadata or probe == "a probe" else "MODULE_GONE", "fancy"
    )

    assert ("hit", missing) == (hit["status"], hit["names"])
    assert ["fancy"] == changed(missing, there)
    assert missing == gone


def test_upgrade_of_a_distribution_is_seen(application: Application) -> None:
    """A plugin that takes its key from another distribution follows the version of that."""
    application.write_plugin("soft", SOFT)
    application.install("fancy", FANCY)
    first = application.list()["names"]
    application.install("fancy", {"fancy/__init__.py": "NAME = 'newer'\n"}, "1.1")

    second = application.names_after_miss("DISTRIBUTION_CHANGED", "fancy")

    assert (["fancy"], ["newer"]) == (changed(second, first), changed(first, second))


def test_submodule_that_an_upgrade_brings_is_seen(application: Application) -> None:
    """What is missing may be a part of a distribution that is there."""
    application.write_plugin("deep", "import fancy.extra\nKEY = 'deep'")
    application.install("fancy", FANCY)
    missing = application.list()
    application.install("fancy", {**FANCY, "fancy/extra.py": ""}, "1.1")

    there = application.names_after_miss("DISTRIBUTION_CHANGED", "fancy")

    assert ["app.plugins.deep"] == list(missing["failures"])
    assert ["deep"] == changed(missing["names"], there)


@pytest.mark.parametrize("first", [{}, {"space/one.py": ""}], ids=["new", "grown"])
def test_portion_of_a_namespace_is_seen(first: dict[str, str], application: Application) -> None:
    """A distribution that adds to a namespace package makes its part of it importable."""
    application.write_plugin("portion", "import space.two\nKEY = 'portion'")
    if first:
        application.install("space-one", first)
    missing = application.list()["names"]
    application.install("space-two", {"space/two.py": ""})
    appeared = "space.two" if first else "space"

    there = application.names_after_miss("MODULE_APPEARED", appeared)
    application.uninstall("space-two")
    gone = application.names_after_miss(
        *(("DISTRIBUTION_CHANGED", "space-two") if first else ("MODULE_GONE", "space"))
    )

    assert (["portion"], missing) == (changed(missing, there), gone)


@pytest.mark.parametrize("name", ["speedups.py", "speedups/__init__.py"])
def test_module_of_the_application_that_appears_is_seen(
    name: str, application: Application
) -> None:
    """A module beside the plugins' package may be built later, or not at all."""
    application.write_plugin(
        "quick",
        "try:\n    from app import speedups\n    KEY = 'quick'\n"
        "except ImportError:\n    KEY = 'slow'",
    )
    slow = application.list()["names"]
    application.write({f"app/{name}": ""})

    quick = application.names_after_miss("MODULE_APPEARED", "app.speedups")

    assert (["quick"], ["slow"]) == (changed(slow, quick), changed(quick, slow))


@pytest.mark.parametrize("finder", ["", "fancy"])
def test_editable_install_is_seen(finder: str, application: Application) -> None:
    """A reference to sources elsewhere makes a module importable, by a path or by a finder."""
    application.write_plugin("soft", SOFT)
    plain = application.list()["names"]
    application.install_editable("fancy", {"fancy.py": "NAME = 'fancy'\n"}, finder=finder)

    fancy = application.names_after_miss("MODULE_APPEARED", "fancy")
    application.uninstall("fancy")
    gone = application.names_after_miss(
        "MODULE_GONE", "__editable___fancy_finder" if finder else "fancy"
    )

    assert (["fancy"], plain) == (changed(plain, fancy), gone)


def test_unrelated_install_costs_no_rebuild(application: Application) -> None:
    """Another distribution changes the folder's stamp, which is renewed, and nothing else."""
    application.write_plugin("soft", SOFT)
    cache = settled(application)
    before = cache.read_text()
    application.install("other", {"other.py": ""})
    age()

    hit = application.list()
    renewed = cache.read_text()
    again = application.list()

    assert ("hit", [], "hit") == (hit["status"], hit["plugins"], again["status"])
    assert "other-1.0.dist-info" in renewed
    assert "other-1.0.dist-info" not in before
    assert renewed == cache.read_text()


AUDIT = """
import os, sys
seen = []
sys.path[:0] = sys.path[:1]  # an entry that is there twice is one
from app.base import READERS
import _json, app.plugins, regcache_core.discovery.listing, regcache_core._manager
from regcache_{kind} import caching
before = set(sys.modules)
sys.addaudithook(
    lambda event, arguments: seen.append([event, str(arguments[0])])
    if event in ("import", "open", "os.listdir", "os.scandir") else None
)
list(READERS)
events = list(seen)
out = [READERS.report.status, events, sorted(set(sys.modules) - before), os.getcwd()]
"""


def test_warm_check_lists_no_folder_that_is_as_it_was(application: Application) -> None:
    """A start costs a stat for each entry of ``sys.path``, also where the first one changed."""
    application.write_plugin("soft", SOFT)
    application.install("fancy", FANCY)
    application.hidden = (*Application.hidden, "COVERAGE")
    kind = "meta" if application.kind == "classes" else "functions"
    settled(application)

    status, events, modules, folder = application.run(AUDIT.format(kind=kind))
    Path(folder, "notes.txt").write_text("beside the script")
    moved_status, moved_events, *_ = application.run(AUDIT.format(kind=kind))

    assert ("hit", "hit") == (status, moved_status)
    assert [] == [each for each in events if each[0].startswith("os.")]
    assert [] == [each for each in moved_events if each[0].startswith("os.")]
    assert [str(path) for path in application.cache_files()] == [
        name for event, name in events if event == "open"
    ]
    allowed = {"regcache_core._inputs", "regcache_core._file", "_json"}
    assert [] == [name for name in modules if name not in allowed]


def run_in(folder: Path, application: Application) -> Any:
    """List the registry in a fresh process, in a folder."""
    folder.mkdir(exist_ok=True)
    sources, application.folder = application.folder, folder
    try:
        return application.run(LIST, PYTHONPATH=str(sources))
    finally:
        application.folder = sources


def test_another_current_folder_is_no_change(application: Application, tmp_path: Path) -> None:
    """Programs that start elsewhere share the answer, and none writes because of where it is."""
    application.write_plugin("soft", SOFT)
    cache = settled(application)
    before = cache.read_text()
    there = tmp_path / "elsewhere"
    there.mkdir()
    (there / "notes.txt").touch()
    (there / "some.egg-info").mkdir()

    elsewhere = run_in(there, application)

    assert "hit" == elsewhere["status"]
    assert before == cache.read_text()


def test_current_folder_that_holds_a_missing_module_is_a_miss(
    application: Application, tmp_path: Path
) -> None:
    """The first entry of ``sys.path`` counts as Python counts it: for this start."""
    application.write_plugin("soft", SOFT)
    plain = application.list()["names"]
    there = tmp_path / "elsewhere"
    there.mkdir()
    (there / "fancy.py").write_text("NAME = 'here'\n")

    here, back = run_in(there, application), application.list()

    assert ("MODULE_APPEARED", ["here"]) == (here["reason"], changed(plain, here["names"]))
    assert ("MODULE_GONE", plain) == (back["reason"], back["names"])


def test_module_that_shadows_another_is_a_miss(application: Application, tmp_path: Path) -> None:
    """A module of the same name earlier on ``sys.path`` is another module."""
    application.write_plugin("soft", SOFT)
    application.install("fancy", FANCY)
    fancy = application.list()["names"]
    application.write({"fancy.py": "NAME = 'shadow'\n"})

    shadow = application.names_after_miss("MODULE_GONE", "fancy")

    assert ["shadow"] == changed(fancy, shadow)


def test_module_in_an_archive_is_seen(application: Application, tmp_path: Path) -> None:
    """An archive on ``sys.path`` is looked into when it was replaced."""
    application.write_plugin("soft", SOFT)
    archive = tmp_path / "modules.zip"
    path = {"PYTHONPATH": os.pathsep.join([str(application.folder), str(archive)])}
    names, reasons = [], []
    for content in ({}, {"other.py": ""}, {"fancy.py": "NAME = 'zipped'\n"}, {}):
        with zipfile.ZipFile(archive, "w") as file:
            for name, text in content.items():
                file.writestr(name, text)
        first, again = application.list(**path), application.list(**path)
        assert ("hit", first["names"]) == (again["status"], again["names"])
        names.append(first["names"])
        reasons.append(first["reason"])

    # What a plugin imports from there is watched as any other source.
    assert ["FILE_ABSENT", None, "MODULE_APPEARED", "SOURCE_CHANGED"] == reasons
    assert names[0] == names[1] == names[3]
    assert ["zipped"] == changed(names[0], names[2])


def test_program_in_an_archive_is_a_hit(application: Application, tmp_path: Path) -> None:
    """The first entry may be an archive: the program itself."""
    archive = tmp_path / "program.pyz"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("__main__.py", f"import sys, json\n{LIST}\nprint(json.dumps(out))\n")
    application.write_plugin("soft", SOFT)
    done = [
        subprocess.run(
            [application.python, archive],
            env=application.environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        ).stdout
        for _ in range(2)
    ]

    assert '"status": "miss"' in done[0]
    assert '"status": "hit"' in done[1]


def test_plugin_that_adds_to_the_path_is_a_hit(application: Application) -> None:
    """What a plugin appends to ``sys.path`` is not there when the next start begins."""
    application.write({"vendored/inner_tool.py": ""})
    application.write_plugin(
        "own",
        "import sys, os\n"
        "sys.path.insert(0, os.path.join(os.path.dirname(__file__), '../../vendored'))\n"
        "import inner_tool\nKEY = 'own'",
    )
    first, second = application.list(), application.list()

    assert ("miss", "hit") == (first["status"], second["status"])
    assert "own" in first["names"]


def test_module_that_appears_while_plugins_are_imported_is_not_missed(
    application: Application,
) -> None:
    """An answer that was outdated before it was complete is not written."""
    application.write_plugin("a_soft", SOFT)
    application.write_plugin(
        "b_installer",
        "import os\nif 'INSTALL' in os.environ:\n"
        "    open(os.environ['INSTALL'], 'w').write('NAME = \"late\"')\nKEY = 'installer'",
    )
    during = application.list(INSTALL=str(application.site / "fancy.py"))
    after = application.list()

    assert "plain" in during["names"]
    assert ["late"] == changed(during["names"], after["names"])

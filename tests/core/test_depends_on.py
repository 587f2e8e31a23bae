"""Declared dependencies decide whether an answer holds: managers with the input ``Declared``."""

import os
import shutil
import sys
import time
import zipfile
from pathlib import Path

import pytest
from core_tools import read, refused, told

from regcache_core import Declared, Distribution, EnvironmentVariable, File, Reason

VARIABLE = EnvironmentVariable("PAINTER_EXTRA")
TINY = Distribution("sci-tiny")


def install(site, version="1.0", text="", name="sci_tiny", ending="dist-info"):
    """Put a distribution's metadata into a folder, as an installer does."""
    info = site / f"{name}-{version}.{ending}"
    info.mkdir(parents=True)
    for file in ("METADATA", "RECORD") if ending == "dist-info" else ("PKG-INFO",):
        (info / file).write_text(f"Name: {name}\nVersion: {version}\n{text}")
    return info


def join_egg(egg):
    """Put the folder of an egg on ``sys.path``, as easy_install did."""
    (egg / "EGG-INFO").mkdir(parents=True)
    (egg / "EGG-INFO/PKG-INFO").write_text("Name: Sci.Tiny\nVersion: 2\n")
    sys.path.append(str(egg))


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Two folders at the end of ``sys.path``; gives the first."""
    for name in ("site", "site2"):
        (tmp_path / name).mkdir()
        monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / name)])
    return tmp_path / "site"


@pytest.fixture
def load(make):
    """Loads the answer of a registry with some dependencies; gives status, reason and place.

    After a miss the answer is computed, with what is found to be declared, and written.
    """

    def load(*declared, found=(), build=dict):
        declared = Declared(declared)
        manager = make(inputs=[declared])

        def compute():
            declared.add(list(found))
            return build() or {"a": 1}

        manager.get_or_build(compute)
        report = manager.last_report
        return report.status, report.reason and report.reason.name, report.where

    return load


HIT = ("hit", None, "")


CHANGES = {
    "file edited": (lambda f: (f / "a.txt").write_text("more"), "SOURCE_CHANGED", "a.txt"),
    "file removed": (lambda f: (f / "a.txt").unlink(), "SOURCE_REMOVED", "a.txt"),
    "file appeared": (lambda f: (f / "new.txt").touch(), "SOURCE_ADDED", "new.txt"),
    "folder appeared": (lambda f: (f / "new.txt").mkdir(), "SOURCE_ADDED", "new.txt"),
    "file in a folder added": (lambda f: (f / "more/e").touch(), "SOURCE_ADDED", "more/e"),
    "folder removed": (lambda f: shutil.rmtree(f / "more"), "SOURCE_REMOVED", "more"),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("by_plugin", [False, True])
def test_change_of_a_file_is_a_miss(name, by_plugin, folder, load):
    """Files, folders and what is not there are watched, whoever declares them."""
    files = [File(folder / each) for each in ("a.txt", "more", "new.txt")]
    declared, found = ((), files) if by_plugin else (files, ())
    change, reason, where = CHANGES[name]
    load(*declared, found=found)
    hit = load(*declared)

    change(folder)

    assert HIT == hit
    assert ("miss", reason, str(folder / where)) == load(*declared, found=found)
    assert HIT == load(*declared)


@pytest.mark.parametrize("before", [None, "", "one"])
@pytest.mark.parametrize("after", [None, "", "two"])
@pytest.mark.parametrize("by_plugin", [False, True])
def test_value_of_a_variable_is_watched(before, after, by_plugin, monkeypatch, load):
    """Set, unset, empty and another value are different."""

    def set_to(value):
        if value is not None:
            return monkeypatch.setenv(VARIABLE.name, value)
        return monkeypatch.delenv(VARIABLE.name, raising=False)

    declared, found = ((), [VARIABLE]) if by_plugin else ([VARIABLE], ())
    set_to(before)
    load(*declared, found=found)
    hit = load(*declared)

    set_to(after)
    status = load(*declared, found=found)

    assert HIT == hit
    assert (HIT if before == after else ("miss", "VARIABLE_CHANGED", VARIABLE.name)) == status
    assert HIT == load(*declared)


def test_value_of_a_variable_is_not_in_the_file(make, monkeypatch):
    """A password in the environment can be read from neither file nor report."""
    monkeypatch.setenv(VARIABLE.name, "correct horse")
    manager = make(inputs=[Declared([VARIABLE])])
    manager.load_cache()
    manager.save_cache({"a": 1})
    monkeypatch.setenv(VARIABLE.name, "battery staple")
    manager.load_cache()

    text = Path(manager.path).read_text() + str(manager.last_report)
    assert "VARIABLE_CHANGED" == manager.last_report.reason.name
    for word in ("correct", "horse", "battery", "staple", "636f7272656374"):
        assert word not in text


def test_equal_values_of_two_variables_do_not_look_equal(make, monkeypatch):
    """A fingerprint tells nothing of another variable."""
    other = EnvironmentVariable("PAINTER_OTHER")
    monkeypatch.setenv(VARIABLE.name, "1")
    monkeypatch.setenv(other.name, "1")
    manager = make(inputs=[Declared([VARIABLE, other])])
    manager.save_cache({"a": 1})

    assert 2 == len({*read(manager)["depends_on"]["variables"].values()})


@pytest.mark.parametrize("by_plugin", [False, True])
def test_variable_that_is_set_by_the_search_counts_as_before(by_plugin, monkeypatch, load):
    """What a plugin sets, it will set again: the answer is kept, for the value before."""
    monkeypatch.setenv(VARIABLE.name, "before")
    declared, found = ((), [VARIABLE]) if by_plugin else ([VARIABLE], ())

    load(*declared, found=found, build=lambda: os.environ.__setitem__(VARIABLE.name, "set"))

    assert ("miss", "VARIABLE_CHANGED", VARIABLE.name) == load(*declared, found=found)
    monkeypatch.setenv(VARIABLE.name, "before")
    assert "VARIABLE_CHANGED" == load(*declared, found=found)[1]
    load(*declared, found=found, build=lambda: os.environ.__setitem__(VARIABLE.name, "set"))
    monkeypatch.setenv(VARIABLE.name, "before")
    assert HIT == load(*declared)


def test_later_load_of_one_manager_compares_the_variables_of_that_moment(make, monkeypatch):
    """A long-running process that saved an answer believes it no longer than others do."""
    monkeypatch.delenv(VARIABLE.name, raising=False)
    manager = make(inputs=[Declared([VARIABLE])])
    manager.load_cache()
    manager.save_cache({"a": 1})
    monkeypatch.setenv(VARIABLE.name, "set")

    assert Reason.VARIABLE_CHANGED is refused(manager)[0]


INSTALLS = {
    "upgraded": lambda s: (shutil.rmtree(s / INFO), install(s, "2")),
    "uninstalled": lambda s: shutil.rmtree(s / INFO),
    "shadowed": lambda s: install(s.parent / "site2"),
    "egg installed beside": lambda s: install(s, name="Sci.Tiny", ending="egg-info"),
    "egg joins the path": lambda s: join_egg(s / "Sci.Tiny-2-py3.12.egg"),
}
INFO = "sci_tiny-1.0.dist-info"


@pytest.mark.parametrize("name", INSTALLS)
@pytest.mark.parametrize("by_plugin", [False, True])
def test_change_of_a_distribution_is_a_miss(name, by_plugin, site, load):
    """Another version, none, or one more of the name, in any spelling."""
    declared, found = ((), [TINY]) if by_plugin else ([TINY], ())
    install(site)
    load(*declared, found=found)
    hit = load(*declared)

    INSTALLS[name](site)

    assert HIT == hit
    assert ("miss", "DISTRIBUTION_CHANGED", "sci-tiny") == load(*declared, found=found)
    assert HIT == load(*declared)


@pytest.mark.parametrize("ending", ["dist-info", "egg-info"])
def test_distribution_that_is_installed_and_installed_again_is_seen(ending, site, load):
    """It appears in either layout; the same version with other content has other metadata files."""
    load(TINY)
    hit = load(TINY)

    info = install(site, ending=ending)
    installed = load(TINY)
    file = info / ("RECORD" if ending == "dist-info" else "PKG-INFO")
    file.write_text("other text")

    assert HIT == hit
    assert ("miss", "DISTRIBUTION_CHANGED", "sci-tiny") == installed
    assert ("miss", "SOURCE_CHANGED", str(file)) == load(TINY)


def test_old_kind_of_metadata_is_a_file(site, load):
    """distutils leaves a single file."""
    info = site / "sci_tiny-1.0-py3.10.egg-info"
    info.write_text("Version: 1.0")
    load(TINY)
    hit = load(TINY)

    info.write_text("Version: 1.0.1")

    assert HIT == hit
    assert ("miss", "SOURCE_CHANGED", str(info)) == load(TINY)


def test_other_distributions_may_change(site, load):
    """What is not declared is installed and removed without a miss."""
    install(site)
    load(TINY)

    other = install(site, name="sci_tiny_extra")

    assert HIT == load(TINY)
    shutil.rmtree(other)
    assert HIT == load(TINY)


def test_archive_on_the_path_may_have_distributions(site, load, monkeypatch):
    """An archive counts as a place of every distribution: it is watched as a whole."""
    archive = site / "app.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("sci_tiny-1.0.dist-info/METADATA", "Version: 1.0")
    load(TINY)
    monkeypatch.setattr(sys, "path", [*sys.path, str(archive)])

    assert ("miss", "DISTRIBUTION_CHANGED", "sci-tiny") == load(TINY)
    assert HIT == load(TINY)
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("sci_tiny-2.dist-info/METADATA", "Version: 2")
    assert ("miss", "SOURCE_CHANGED", str(archive)) == load(TINY)


def test_paths_that_lead_nowhere_are_left_out(site, load, monkeypatch):
    """``sys.path`` may hold anything; Python skips what is no folder, and so do we."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(site / "gone"), site, None])
    install(site)

    load(TINY)

    assert HIT == load(TINY)


def test_working_folder_that_is_gone_is_left_out(site, load, monkeypatch, tmp_path):
    """An empty text on ``sys.path`` is the working folder, even where there is none."""
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    lost = tmp_path / "lost"
    lost.mkdir()
    monkeypatch.chdir(lost)
    load(TINY)
    hit = load(TINY)
    install(lost)
    seen = load(TINY)
    shutil.rmtree(lost)

    assert HIT == hit
    assert ("miss", "DISTRIBUTION_CHANGED", "sci-tiny") == seen
    assert ("miss", "DISTRIBUTION_CHANGED", "sci-tiny") == load(TINY)
    assert HIT == load(TINY)


@pytest.mark.parametrize("now", [[], [VARIABLE], [VARIABLE, TINY, File("b")], [TINY, File("a")]])
def test_other_declarations_are_a_miss(now, load):
    """More, fewer or other dependencies: the cache file is the same, its answer is refused."""
    load(VARIABLE, TINY)

    assert ("miss", "SETTINGS_CHANGED", "depends_on") == load(*now)
    assert HIT == load(*now)
    assert ("miss", "SETTINGS_CHANGED", "depends_on") == load(VARIABLE, TINY)


def test_declarations_are_no_part_of_the_identity(make):
    """Registries that differ in nothing else share one file."""
    assert make().path == make(inputs=[Declared([File("a.txt")])]).path


def test_what_plugins_declare_is_recorded_once(make, folder):
    """Several may declare the same, and what the registry declares anyway."""
    declared = Declared([File(folder / "a.txt")])
    manager = make(inputs=[declared])
    manager.load_cache()
    for _ in range(2):
        declared.add([VARIABLE, File(folder / "a.txt")])
    manager.save_cache({"a": 1})

    record = read(manager)["depends_on"]
    assert [repr(File(folder / "a.txt"))] == record["declared"]
    assert [[str(folder / "a.txt")], [VARIABLE.name]] == [
        [*record["files"]],
        [*record["variables"]],
    ]
    assert {"declared", "files", "variables"} == {*record}


def test_file_of_two_declarations_is_as_it_was_when_the_search_started(make, folder):
    """A plugin that declares a file of a folder that the registry declares hides no edit."""
    declared = Declared([File(folder / "more")])
    manager = make(inputs=[declared])
    manager.load_cache()
    (folder / "more" / "c.txt").write_text("edited meanwhile")
    declared.add([File(folder / "more" / "c.txt")])

    assert not manager.save_cache({"a": 1})
    assert Reason.SOURCE_CHANGED == manager.last_report.reason


def test_record_is_renewed_without_losing_anything(make, folder):
    """A folder whose time moved is compared by names once, then its new time is kept."""
    declared = Declared([File(folder)])
    manager = make(inputs=[declared])
    manager.load_cache()
    declared.add([VARIABLE, TINY])
    manager.save_cache({"a": 1})
    before = read(manager)["depends_on"]
    (folder / "__pycache__").mkdir()
    long_ago = time.time_ns() - 10**10
    os.utime(folder, ns=(long_ago, long_ago))

    assert {"a": 1} == manager.load_cache()
    after = read(manager)["depends_on"]
    assert before["files"] != after["files"]
    assert {**before, "files": 0} == {**after, "files": 0}


# A registry whose modules may have been imported before the search.


def moment():
    """A moment; what is written from now on is newer in the coarsest clock of a file system."""
    time.sleep(0.05)
    now = time.time_ns()
    time.sleep(0.05)
    return now


OUTDATED = {
    "file edited": (lambda f: (f / "a.txt").write_text("more"), "a.txt"),
    "file created": (lambda f: (f / "new.txt").touch(), "new.txt"),
    "file removed": (lambda f: (f / "a.txt").unlink(), "a.txt"),
    "file in a folder edited": (lambda f: (f / "more" / "c.txt").write_text("more"), "more/c.txt"),
    "file in a folder removed": (lambda f: (f / "more" / "c.txt").unlink(), "more"),
    "distribution upgraded": (
        lambda f: (f.parent / "site" / INFO / "METADATA").write_text("more"),
        "../site/" + INFO + "/METADATA",
    ),
    "distribution uninstalled": (lambda f: shutil.rmtree(f.parent / "site" / INFO), "../site"),
}


@pytest.mark.parametrize("name", OUTDATED)
@pytest.mark.parametrize("by_plugin", [False, True])
def test_change_between_declaration_and_search_is_not_trusted(
    name, by_plugin, folder, site, make, monkeypatch
):
    """A module that was imported before may have read the old text: the answer is not written."""
    monkeypatch.setattr(sys, "path", [str(site)])
    install(site)
    change, where = OUTDATED[name]
    things = [File(folder / each) for each in ("a.txt", "more", "new.txt")] + [TINY]
    created_ns = moment()
    change(folder)
    declared = Declared([] if by_plugin else things, created_ns)
    manager = make(inputs=[declared])
    manager.load_cache()
    declared.add(things)

    assert not manager.save_cache({"a": 1})
    report = manager.last_report
    assert Reason.EDITED_SINCE_IMPORT == report.reason
    assert {report.where} <= {os.path.normpath(folder / where), str(folder / "new.txt")}


@pytest.mark.parametrize("things", [["a.txt", "more", "new.txt", TINY], [VARIABLE]])
def test_answer_is_written_if_nothing_changed_since_the_declaration(
    things, folder, site, make, monkeypatch
):
    """What is older than the declaration of the registry is as it was read."""
    monkeypatch.setattr(sys, "path", [str(site)])
    declared = Declared((), moment())
    manager = make(inputs=[declared])
    manager.load_cache()
    declared.add([File(folder / each) if isinstance(each, str) else each for each in things])

    assert manager.save_cache({"a": 1})
    assert {"a": 1} == manager.load_cache()


@pytest.mark.parametrize("by_plugin", [False, True])
def test_variable_that_changed_between_declaration_and_search_is_not_trusted(
    by_plugin, make, monkeypatch
):
    """A module may have read the old value when it was imported: the answer is not written."""
    things = [EnvironmentVariable(VARIABLE.name)]
    monkeypatch.setenv(VARIABLE.name, "later")
    declared = Declared([] if by_plugin else things, 2**62)
    manager = make(inputs=[declared])
    manager.load_cache()
    declared.add(things)

    assert not manager.save_cache({"a": 1})
    assert (Reason.VARIABLE_CHANGED, VARIABLE.name) == told(manager)


def test_variable_that_is_declared_during_the_search_counts_as_when_it_started(make, monkeypatch):
    """A plugin that sets a variable and then declares it spoils nothing."""
    monkeypatch.delenv(VARIABLE.name, raising=False)
    declared = Declared((), 2**62)
    manager = make(inputs=[declared])
    manager.load_cache()
    monkeypatch.setenv(VARIABLE.name, "set")
    declared.add([EnvironmentVariable(VARIABLE.name)])

    assert manager.save_cache({"a": 1})
    assert manager.load_cache() is None
    monkeypatch.delenv(VARIABLE.name)
    assert {"a": 1} == manager.load_cache()


# Records that somebody else wrote.

HOSTILE = [None, 5, "text", [], ["files"], True, {"files": 1}, {"other": {}}]
PARTS = [None, 5, "text", [], {}, [["a"]], {"a": 1}, {"a": [1, 2]}, {"\ud800": "x"}, {"": None}]


@pytest.mark.parametrize("record", HOSTILE, ids=repr)
@pytest.mark.parametrize("things", [[], [VARIABLE]], ids=repr)
def test_record_of_another_shape_is_a_miss(record, things, make, edit):
    """Whatever stands in the file, it is refused if it does not tell of what is declared."""
    manager = make(inputs=[Declared(things)])
    manager.save_cache({"a": 1})
    edit(manager, depends_on=record)

    found = manager.load_cache()

    harmless = not things and record == {"other": {}}
    assert ({"a": 1} if harmless else None) == found
    if not harmless:
        assert manager.last_report.reason.name in ("WRONG_SHAPE", "SETTINGS_CHANGED")


@pytest.mark.parametrize("part", ["files", "variables", "distributions", "declared"])
@pytest.mark.parametrize("value", [*PARTS, ...], ids=repr)
def test_part_of_another_shape_is_a_miss(part, value, folder, site, make, edit):
    """Each part is refused if it is damaged or gone."""
    install(site)
    manager = make(inputs=[Declared([VARIABLE, TINY, File(folder / "a.txt")])])
    manager.save_cache({"a": 1})
    record = read(manager)["depends_on"] | {part: value}
    edit(manager, depends_on={name: each for name, each in record.items() if each is not ...})

    assert manager.load_cache() is None
    assert "miss" == manager.last_report.status
    manager.save_cache({"a": 1})
    assert {"a": 1} == manager.load_cache()


def test_stamps_of_a_distribution_cannot_be_left_out(site, make, edit):
    """Without the stamps of its metadata a distribution could be installed again, unseen."""
    install(site)
    manager = make(inputs=[Declared([TINY])])
    manager.save_cache({"a": 1})
    record = read(manager)["depends_on"]
    edit(manager, depends_on=record | {"files": dict([*record["files"].items()][:1])})

    assert Reason.WRONG_SHAPE is refused(manager)[0]

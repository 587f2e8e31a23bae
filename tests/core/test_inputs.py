"""Inputs that are filled or decided while an answer is computed: found files, edited modules."""

import os
import sys
import time
from pathlib import Path

import pytest
from core_tools import read, told

from regcache_core import CacheMiss, Input, Reason, SourceTree
from regcache_core.discovery import EditedModules, FoundFiles


def age_ns(*files):
    """A moment at which none of these files, in any state so far, was edited any more."""
    return max(os.stat(file).st_ctime_ns for file in files) + 20_000_000


def edit_later(file):
    """Edit a file so that the coarsest clock of a file system in memory has moved on."""
    time.sleep(0.05)
    Path(file).write_text("edited = True")


@pytest.fixture
def brought(tmp_path, make):
    """A file outside of what is watched, and a manager with the input that will name it."""
    file = tmp_path / "elsewhere.py"
    file.write_text("")

    def open_manager():
        found = FoundFiles("elsewhere", age_ns(file))
        return make(inputs=[found]), found

    return file, open_manager


def test_found_file_is_watched_from_then_on(brought):
    """A file named while the answer was computed is compared at the next start."""
    file, open_manager = brought
    manager, found = open_manager()
    manager.load_cache()
    found.add(iter([str(file), ""]))
    manager.save_cache({"a": 1})

    again, _ = open_manager()
    assert {"a": 1} == again.load_cache()
    assert [str(file)] == list(read(again)["elsewhere"])
    edit_later(file)
    assert again.load_cache() is None
    assert (Reason.SOURCE_CHANGED, str(file)) == told(again)


def test_found_files_are_no_part_of_the_identity(brought, make):
    """The cache file is the same whatever was found."""
    file, open_manager = brought
    manager, found = open_manager()
    found.add([str(file)])

    assert () == found.paths
    assert make().path == manager.path


def test_found_file_that_was_edited_spoils_the_answer(brought):
    """What this process imported may be the old text, so nothing is written."""
    file, open_manager = brought
    manager, found = open_manager()
    manager.load_cache()
    edit_later(file)
    found.add([str(file)])

    assert not manager.save_cache({"a": 1})
    assert (Reason.SOURCE_CHANGED, str(file)) == told(manager)


class Decided(SourceTree):
    """Folders that identify the registry, and the stamps of other files."""

    def __init__(self, paths, files):
        super().__init__(paths)
        self.files = files
        self.current = lambda: SourceTree(self.files).record()

    def check_paths(self, recorded):
        """Any stamps will do."""


def test_paths_may_identify_without_being_stamped(folder, make):
    """A tree that decides for itself what is stamped is compared as every other."""
    manager = make(inputs=[Decided([folder], [folder / "a.txt"])])
    manager.load_cache()
    manager.save_cache({"a": 1})

    assert manager.path != make().path
    assert [str(folder / "a.txt")] == list(read(manager)["file_mtimes"])
    assert {"a": 1} == manager.load_cache()
    edit_later(folder / "b.txt")
    assert {"a": 1} == manager.load_cache()
    edit_later(folder / "a.txt")
    assert manager.load_cache() is None


@pytest.mark.parametrize(
    ("before", "now", "where"),
    [
        (1, True, "limit"),
        ({"size": 1}, {"size": True}, "limit.size"),
        ({"size": [1, 2]}, {"size": [1, 2.0]}, "limit.size"),
        ({"sizes": {"a": 0}}, {"sizes": {"a": False}}, "limit.sizes"),
        ([[{"a": 1}]], [[{"a": 1.0}]], "limit"),
    ],
)
def test_values_of_another_type_are_others_at_any_depth(before, now, where, make):
    """Python calls 1, 1.0 and True equal; what is set up with one of them may not."""
    make(inputs=[Input("limit", lambda: before)]).get_or_build(lambda: {"a": 1})
    same, other = (
        make(inputs=[Input("limit", lambda: before)]),
        make(inputs=[Input("limit", lambda: now)]),
    )

    assert {"a": 1} == same.load_cache()
    assert other.load_cache() is None
    assert (Reason.SETTINGS_CHANGED, where) == (other.last_report.reason, other.last_report.where)


def test_reason_that_does_not_exist_is_a_mistake_that_is_told(make):
    """It is no damaged file: the input itself is wrong."""
    make(inputs=[Input("limit", lambda: 1, "LIMIT_CHANGED")]).get_or_build(lambda: {"a": 1})
    manager = make(inputs=[Input("limit", lambda: 2, "LIMIT_CHANGED")])

    with pytest.raises(NameError, match="LIMIT_CHANGED"):
        manager.load_cache()


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """Two imported modules and a file that none imports; the files are older than `created_ns`."""
    files = [tmp_path / name for name in ("edit_me.py", "other_one.py", "settings.toml")]
    for file in files:
        file.write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("edit_me", "other_one"):
        __import__(name)
    yield files
    for name in ("edit_me", "other_one"):
        del sys.modules[name]


@pytest.fixture
def edited(modules):
    """The input over one of the modules and the file."""
    return EditedModules("edit_me", lambda: [str(modules[2])], age_ns(*modules))


def test_modules_as_they_were_imported_are_no_obstacle(edited, make):
    """Where nothing was edited an answer is written, and believed later."""
    manager = make(inputs=[edited])

    assert manager.save_cache({"a": 1})
    assert [] == read(manager)["edited"]
    assert {"a": 1} == manager.load_cache()


@pytest.mark.parametrize("index", [0, 2])
def test_answer_of_an_edited_file_is_not_written(index, edited, modules, make):
    """After the edit of a module, or of a further file, this process keeps its answer to itself."""
    manager = make(inputs=[edited])
    edit_later(modules[index])

    assert not manager.save_cache({"a": 1})
    assert (Reason.EDITED_SINCE_IMPORT, str(modules[index])) == told(manager)


def test_removed_file_counts_as_edited(edited, modules):
    """What was imported from a file that is gone is nothing that the next start will find."""
    modules[0].unlink()

    assert [str(modules[0])] == edited.record()


def test_module_that_is_not_meant_may_be_edited(edited, modules):
    """Files of modules outside of the package are left to others."""
    edit_later(modules[1])

    assert [] == edited.record()


class Outdated(EditedModules):
    """Modules that are outdated if they say so."""

    def is_outdated(self, module):
        """Whether the module has the mark."""
        return hasattr(module, "outdated")


def test_subclass_may_know_another_reason(modules):
    """A module that is outdated in another way is refused by its file."""
    edited = Outdated("edit_me", list, age_ns(*modules))
    assert [] == edited.record()

    sys.modules["edit_me"].outdated = True

    assert isinstance(edited, Input)
    assert [str(modules[0])] == edited.record()
    with pytest.raises(CacheMiss) as caught:
        edited.check(edited.record())
    assert Reason.EDITED_SINCE_IMPORT == caught.value.reason


def test_file_distrusted_is_never_believed(brought):
    """Its stamp holds for nothing, so the answer is not written."""
    file, open_manager = brought
    manager, found = open_manager()
    manager.load_cache()
    found.add([str(file)])
    found.distrust([str(file)])

    assert not manager.save_cache({"a": 1})
    assert (Reason.SOURCE_CHANGED, str(file)) == told(manager)


@pytest.mark.parametrize("index", [0, 2])
def test_edit_and_its_reversal_during_the_scan_are_seen(index, edited, modules, make):
    """The text may have been imported in between, so the answer is not written."""
    manager = make(inputs=[edited, SourceTree(modules)])
    manager.load_cache()
    times = os.stat(modules[index])
    edit_later(modules[index])
    modules[index].write_text("")
    os.utime(modules[index], ns=(times.st_atime_ns, times.st_mtime_ns))

    assert not manager.save_cache({"a": 1})
    assert (Reason.EDITED_SINCE_IMPORT, str(modules[index])) == told(manager)


def test_edit_before_the_scan_is_not_forgotten_at_its_end(edited, modules):
    """What was edited at the start is told at the end, whatever became of it."""
    edit_later(modules[0])
    before = edited.record()
    modules[2].unlink()

    assert [str(modules[0])] == before == edited.complete(before)


def test_module_imported_by_the_scan_may_be_younger_than_the_registry(edited, modules):
    """A file that was edited before the scan and was not imported by then is read as it is."""
    file = modules[1].with_name("late_one.py")
    time.sleep(0.05)
    file.write_text("")
    time.sleep(0.02)
    late = EditedModules("late_one", list, age_ns(*modules))
    recorded = late.record()
    __import__("late_one")

    assert [] == recorded == late.complete(recorded)
    del sys.modules["late_one"]

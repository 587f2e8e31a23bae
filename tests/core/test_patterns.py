"""Patterns of a `SourceTree`: which files and folders below a watched one count."""

import os
import shutil
import time

import pytest
from core_tools import read, refused

from regcache_core import Reason, SourceTree, get_cache_file_path
from regcache_core._cold import stamps

#: A file below the folder, and patterns that leave it out; the folders are there.
LEFT_OUT = {
    "ending": ("b.bak", {"exclude": ["*.bak"]}),
    "ending, deep": ("more/deep/b.bak", {"exclude": ["*.bak"]}),
    "all in a folder": ("drafts/x.txt", {"exclude": ["drafts/*"]}),
    "all in a folder, deep": ("drafts/old/x.txt", {"exclude": ["drafts/*"]}),
    "folder": ("drafts/old/x.txt", {"exclude": ["drafts"]}),
    "folder with a slash": ("drafts/old/x.txt", {"exclude": ["drafts/"]}),
    "folder at any depth": ("more/deep/x.txt", {"exclude": ["*/deep"]}),
    "one file": ("more/x.txt", {"exclude": ["more/x.txt"]}),
    "not included": ("b.bak", {"include": ["*.txt", "*.json"]}),
    "not included, deep": ("more/x.txt", {"include": ["more/c*", "a.*"]}),
    "excluded though included": ("drafts/x.txt", {"include": ["*.txt"], "exclude": ["drafts/*"]}),
    "of no suffix": ("more/x.bak", {"include": ["more/*"], "suffixes": [".txt"]}),
}
COUNTED = {
    "other ending": ("x.txt", {"exclude": ["*.bak"]}),
    "other case": ("b.BAK", {"exclude": ["*.bak"]}),
    "folder of the name elsewhere": ("more/drafts/x.txt", {"exclude": ["drafts/*", "drafts"]}),
    "longer name": ("drafts2/x.txt", {"exclude": ["drafts", "drafts/*", "rafts2/*"]}),
    "included": ("more/x.txt", {"include": ["more/*.txt"]}),
    "included, deep": ("more/deep/x.txt", {"include": ["more/*.txt"]}),
    "included by a set": ("more/x3.txt", {"include": ["more/x[1-5].???"]}),
}


@pytest.fixture(autouse=True)
def folders(folder, monkeypatch):
    """Further folders in the watched one; times are trusted as soon as they are a tick old."""
    monkeypatch.setattr(stamps, "RACY_NS", 0)
    for parent in ("drafts/old", "drafts2", "more/drafts"):
        (folder / parent).mkdir(parents=True)


def changes(file):
    """Adds a file, edits it and removes it, step by step."""
    for content in ("added", "edited", None):
        time.sleep(0.02)
        if content is None:
            file.unlink()
        else:
            file.write_text(content)
        yield


@pytest.mark.parametrize("name", LEFT_OUT)
def test_file_that_is_left_out_may_come_change_and_go(name, folder, watch):
    """Neither its appearance, nor an edit, nor its end is a change; it has no stamp."""
    file, patterns = LEFT_OUT[name]
    manager = watch(folder, **patterns)

    for _ in changes(folder / file):
        assert {"a": 1} == manager.load_cache(), manager.last_report
        assert str(folder / file) not in read(manager)["file_mtimes"]
        manager = watch(folder, **patterns)


@pytest.mark.parametrize("name", COUNTED)
def test_file_that_counts_is_seen_to_come_change_and_go(name, folder, watch):
    """Each of the three is a miss that names the file."""
    file, patterns = COUNTED[name]
    manager = watch(folder, **patterns)
    reasons = []

    for _ in changes(folder / file):
        assert manager.load_cache() is None
        assert str(folder / file) == manager.last_report.where
        reasons.append(manager.last_report.reason.name)
        manager = watch(folder, **patterns)

    assert ["SOURCE_ADDED", "SOURCE_CHANGED", "SOURCE_REMOVED"] == reasons


@pytest.mark.parametrize("pattern", ["drafts", "drafts/*"])
def test_excluded_folder_is_not_looked_into(pattern, folder, watch, monkeypatch):
    """It is listed neither when stamps are taken nor later, and may come and go as a whole."""
    listed, scandir = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: listed.append(str(path)) or scandir(path))
    manager = watch(folder, exclude=[pattern])

    shutil.rmtree(folder / "drafts")
    gone = manager.load_cache()
    (folder / "drafts").mkdir()

    assert {"a": 1} == gone == manager.load_cache()
    assert str(folder / "more") in listed
    assert [] == [path for path in listed if path.startswith(str(folder / "drafts") + os.sep)]
    assert str(folder / "drafts") not in listed


def test_other_patterns_are_another_registry(folder, make):
    """What was written with other patterns is not believed; the path can be asked for."""
    settings = [
        {},
        {"exclude": ["*.bak"]},
        {"include": ["*.bak"]},
        {"exclude": ["*.bak", "more/*"]},
        {"include": ["*.bak"], "exclude": ["*.bak"]},
    ]
    trees = [SourceTree([folder], **patterns) for patterns in settings]

    for tree in trees:
        manager = make(inputs=[tree])
        assert manager.load_cache() is None
        assert Reason.FILE_ABSENT == manager.last_report.reason
        assert manager.save_cache({"a": 1})
        where = get_cache_file_path("palettes", application="painter", paths=tree.identity)
        assert str(where) == manager.path
        assert [*tree.identity] == read(manager)["identity"]["paths"]

    assert (str(folder),) == trees[0].identity
    assert all(make(inputs=[tree]).load_cache() for tree in trees)


def test_folder_that_is_watched_by_itself_counts_though_it_is_left_out_above(folder, make):
    """Of folders in one another, what counts for one counts; the record holds, a change shows."""
    paths = [folder, folder / "more", folder / "more" / "deep" / "d.txt"]
    manager = make(inputs=[SourceTree(paths, exclude=["more/*", "*.bak"])])
    assert manager.save_cache({"a": 1})
    stamped = read(manager)["file_mtimes"]
    (folder / "more" / "x.bak").touch()
    hit = manager.load_cache()
    (folder / "more" / "x.txt").touch()

    assert {"a": 1} == hit
    assert {str(path) for path in paths} <= {*stamped}
    assert str(folder / "more" / "x.txt") == refused(manager)[1]


@pytest.mark.parametrize("option", ["include", "exclude"])
def test_pattern_in_the_place_of_a_list_is_refused(option):
    """A text is not taken for a list of one-letter patterns."""
    with pytest.raises(TypeError, match="lists"):
        SourceTree(["palettes"], **{option: "*.bak"})

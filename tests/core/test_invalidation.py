"""What makes a cached answer stale, and what does not."""

import json
import os
import shutil
import time
import zipfile
from pathlib import Path

import pytest
from core_tools import NOBODY, make_old, needs_users, read, refused

from regcache_core import CacheConfig, Input, Reason, SourceTree, get_package_file_mtimes
from regcache_core._file import seal

DAY = 86_400


def rewrite(path, text, **times):
    """Write a file; `shift` moves its old time by ns, so that 0 keeps it."""
    before = path.stat().st_mtime_ns
    path.write_text(text)
    if "shift" in times:
        os.utime(path, ns=(before, before + times["shift"]))


def put_again(path):
    """Put an equal file in a file's place, as `git checkout` does."""
    shutil.copyfile(path, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").replace(path)


def replace_by_folder(path):
    """Put a folder in a file's place."""
    path.unlink()
    path.mkdir()


def replace_by_file(path):
    """Put a file in a folder's place."""
    shutil.rmtree(path)
    path.write_text("a file now")


def replace_by_link(path):
    """Put a link to nothing in a file's place."""
    path.unlink()
    path.symlink_to("nowhere")


def swap(one, other):
    """Exchange the names of two files."""
    one.rename(one.with_suffix(".tmp"))
    other.rename(one)
    one.with_suffix(".tmp").rename(other)


#: Reason of a miss -> what leads to it, with the place that is told.
BY_REASON = {
    "SOURCE_CHANGED": {
        "edited": (lambda f: rewrite(f / "a.txt", "other text"), "a.txt"),
        "edited deep down": (lambda f: rewrite(f / "more/deep/d.txt", "other"), "more/deep/d.txt"),
        "same size, 1 ns later": (lambda f: rewrite(f / "a.txt", "A.TXT", shift=1), "a.txt"),
        "same time, other size": (lambda f: rewrite(f / "a.txt", "longer text", shift=0), "a.txt"),
        "same size, same time": (lambda f: rewrite(f / "a.txt", "A.TXT", shift=0), "a.txt"),
        "emptied": (lambda f: rewrite(f / "a.txt", ""), "a.txt"),
        "swapped": (lambda f: swap(f / "a.txt", f / "more/c.txt"), "more/c.txt"),
        "file to folder": (lambda f: replace_by_folder(f / "a.txt"), "a.txt"),
    },
    "SOURCE_ADDED": {
        "added": (lambda f: (f / "new.txt").touch(), "new.txt"),
        "added deep down": (lambda f: (f / "more/deep/new.txt").touch(), "more/deep/new.txt"),
        "folder added": (lambda f: (f / "another").mkdir(), "another"),
    },
    "SOURCE_REMOVED": {
        "removed": (lambda f: (f / "b.txt").unlink(), "b.txt"),
        "removed deep down": (lambda f: (f / "more/deep/d.txt").unlink(), "more/deep/d.txt"),
        "folder removed": (lambda f: shutil.rmtree(f / "more/deep"), "more/deep"),
        "everything removed": (lambda f: shutil.rmtree(f), "."),
        "renamed": (lambda f: (f / "a.txt").rename(f / "z.txt"), "a.txt"),
        "moved": (lambda f: (f / "a.txt").rename(f / "more/a.txt"), "a.txt"),
        "folder to file": (lambda f: replace_by_file(f / "more/deep"), "more/deep/d.txt"),
        "empty folder to file": (lambda f: replace_by_file(f / "more/empty"), "more/empty"),
        "dangling link": (lambda f: replace_by_link(f / "a.txt"), "a.txt"),
    },
}
CHANGES = {
    name: (reason, *told) for reason, some in BY_REASON.items() for name, told in some.items()
}

HARMLESS = {
    "nothing": lambda f: None,
    "read": lambda f: (f / "a.txt").read_text(),
    "byte code": lambda f: ((f / "__pycache__").mkdir(), (f / "__pycache__/a.pyc").touch()),
    "editor's swap file": lambda f: (f / ".a.txt.swp").touch(),
    "editor's backup": lambda f: (f / "a.txt~").touch(),
    "another ending": lambda f: (f / "more/notes.md").write_text("text"),
    "hidden folder": lambda f: ((f / ".git").mkdir(), (f / ".git/x.txt").touch()),
    "added and removed": lambda f: ((f / "new.txt").touch(), (f / "new.txt").unlink()),
    "folder touched": lambda f: os.utime(f / "more"),
    "touched": lambda f: os.utime(f / "a.txt"),
    "set back": lambda f: os.utime(f / "a.txt", ns=(0, 0)),
    "set forward": lambda f: os.utime(f / "a.txt", ns=(2**62, 2**62)),
    "written again": lambda f: rewrite(f / "a.txt", "a.txt"),
    "put in place again": lambda f: put_again(f / "a.txt"),
    "all put in place again": lambda f: (
        shutil.copytree(f, f.parent / "copy"),
        shutil.rmtree(f),
        (f.parent / "copy").rename(f),
    ),
    "linked": lambda f: os.link(f / "a.txt", f.parent / "link"),
    "other rights": lambda f: (f / "a.txt").chmod(0o400),
}


@pytest.fixture(params=["old", "just changed"])
def tree(request, folder):
    """A folder of sources, once made a while ago and once a moment ago."""
    if request.param == "just changed":
        now = time.time_ns()
        for path in (folder, folder / "more", folder / "more" / "deep"):
            os.utime(path, ns=(now, now))
    return folder


@pytest.mark.parametrize("name", CHANGES)
def test_changed_source_is_a_miss(tree, watch, name):
    """Each change below a watched folder is seen, its place is named, and the new answer kept."""
    reason, change, where = CHANGES[name]
    manager = watch(tree)
    change(tree)

    loaded = manager.load_cache()

    report = manager.last_report
    assert loaded is None
    assert (Reason[reason], "miss") == (report.reason, report.status)
    assert tree / where in (Path(report.where), Path(report.where).parent)
    assert {"b": 2} == manager.get_or_build(lambda: {"b": 2}) == manager.load_cache()


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless_change_is_a_hit(tree, watch, name):
    """Files that are no sources, and reading, cost no rebuild."""
    manager = watch(tree, suffixes=[".txt"])
    HARMLESS[name](tree)

    first, second = manager.load_cache(), manager.load_cache()

    assert {"a": 1} == first == second, manager.last_report


def test_single_file_is_watched(folder, watch):
    """A source may be a file; its neighbours do not matter, and neither does its ending."""
    (folder / "one.json").touch()
    manager = watch(folder / "one.json", suffixes=[".txt"])
    (folder / "new.txt").touch()

    hit = manager.load_cache()
    (folder / "one.json").write_text("{}")

    assert {"a": 1} == hit
    assert Reason.SOURCE_CHANGED is refused(manager)[0]


def test_missing_source_that_appears_is_a_miss(tmp_path, watch):
    """A watched path where nothing is may stay so; as soon as something appears, it counts."""
    manager = watch(tmp_path / "plugins", tmp_path / "settings.txt")
    (tmp_path / "plugins").mkdir()

    assert (Reason.SOURCE_ADDED, str(tmp_path / "plugins")) == refused(manager)


def test_dangling_link_that_is_mended_is_a_miss(folder, watch):
    """A link to nothing is a source that is not there yet."""
    (folder / "link.txt").symlink_to(folder.parent / "target")
    manager = watch(folder)
    (folder.parent / "target").touch()

    assert Reason.SOURCE_ADDED is refused(manager)[0]


def test_links_in_circles_end(tree, watch):
    """Links to a folder above, to each other and to themselves neither hang nor hide a change."""
    (tree / "up").symlink_to(tree)
    (tree / "more/deep/up").symlink_to(tree / "more")
    (tree / "self").symlink_to("self")
    (tree / "self.txt").symlink_to("self.txt")
    manager = watch(tree)
    stamps = read(manager)["file_mtimes"]

    (tree / "more/deep/new.txt").touch()

    assert [] == [path for path in stamps if "up" in Path(path).parent.parts]
    assert Reason.SOURCE_ADDED is refused(manager)[0]


def test_path_that_no_system_call_takes_is_absent(watch):
    """A path with a zero byte is a source that is never there."""
    assert {"a": 1} == watch("a\0b").load_cache()


def test_archive_on_the_path_is_watched(tmp_path, watch):
    """A folder inside a zip archive changes when the archive does."""
    archive = tmp_path / "plugins.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("plugins/a.txt", "a")
    manager = watch(archive / "plugins")
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("plugins/b.txt", "b")

    assert (Reason.SOURCE_CHANGED, str(archive)) == refused(manager)


def test_sources_are_not_compared_where_the_config_says_so(folder, watch):
    """`check_mtimes=False` believes the file whatever became of the sources."""
    manager = watch(folder, config=CacheConfig(check_mtimes=False))
    shutil.rmtree(folder)

    assert {"a": 1} == manager.load_cache()
    assert "file_mtimes" not in read(manager)


def test_given_times_are_stored_but_not_compared_where_the_config_says_so(folder, make):
    """`check_mtimes=False` and `file_mtimes` go together."""
    manager = make(config=CacheConfig(check_mtimes=False))
    manager.save_cache({"a": 1}, {str(folder / "a.txt"): (folder / "a.txt").stat().st_mtime})
    rewrite(folder / "a.txt", "changed")

    assert {"a": 1} == manager.load_cache()


@pytest.mark.parametrize("field", ["st_mtime", "st_mtime_ns"])
def test_times_as_the_seed_gives_them_are_compared_exactly(folder, make, field):
    """Path -> modification time, in seconds or ns, watches each file with all its digits."""
    manager = make()
    files = [folder / "a.txt", folder / "more/c.txt"]
    times = {str(file): getattr(file.stat(), field) for file in files}

    saved = manager.save_cache({"a": 1}, times)
    hit = manager.load_cache()
    rewrite(files[1], "C.TXT".ljust(10), shift=1)

    assert saved
    assert {"a": 1} == hit
    assert (Reason.SOURCE_CHANGED, str(files[1])) == refused(manager)


def test_relative_times_are_of_the_working_folder(folder, make, monkeypatch):
    """A relative path is that of the moment of the save, and stays so elsewhere."""
    monkeypatch.chdir(folder)
    manager = make()
    manager.save_cache({"a": 1}, {"a.txt": os.stat("a.txt").st_mtime})
    monkeypatch.chdir("/")

    assert {"a": 1} == manager.load_cache()
    assert [str(folder / "a.txt")] == list(read(manager)["file_mtimes"])


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("a.txt", 1.0, "SOURCE_CHANGED"),
        ("a.txt", "yesterday", "SOURCE_CHANGED"),
        ("a.txt", [1, 2, 3, 4, ""], "SOURCE_CHANGED"),
        ("a.txt", None, "SOURCE_ADDED"),
        ("gone.txt", 1.0, "SOURCE_REMOVED"),
        ("gone.txt", [1, 2, 3, 4, ""], "SOURCE_REMOVED"),
        ("a.txt", [1, 2], "WRONG_SHAPE"),
    ],
)
def test_times_that_no_longer_hold_are_not_saved(folder, make, path, value, reason):
    """A file that changed since its time was taken may have made the items outdated."""
    manager = make()

    saved = manager.save_cache({"a": 1}, {str(folder / path): value})

    assert not saved
    assert ("error", Reason[reason]) == (manager.last_report.status, manager.last_report.reason)
    assert not os.path.exists(manager.path)


def test_path_recorded_as_absent_may_stay_absent(folder, make):
    """The stamp of nothing is `None`."""
    manager = make()
    manager.save_cache({"a": 1}, {str(folder / "gone.txt"): None})

    assert {"a": 1} == manager.load_cache()


def test_stamps_of_a_package_are_taken_as_they_are(tree, make):
    """`get_package_file_mtimes` watches modules; other files in the package do not matter."""
    (tree / "module.py").touch()
    manager = make()

    saved = manager.save_cache({"a": 1}, get_package_file_mtimes(str(tree)))
    (tree / "py.typed").touch()
    hit = manager.load_cache()
    (tree / "more/new.py").touch()

    assert saved, manager.last_report
    assert {"a": 1} == hit, manager.last_report
    assert str(tree / "more/new.py") == refused(manager)[1]


def test_given_times_stand_beside_the_inputs(folder, make, tmp_path):
    """Files given to `save_cache` are watched besides the manager's own sources."""
    (tmp_path / "other.txt").touch()
    given = {str(tmp_path / "other.txt"): (tmp_path / "other.txt").stat().st_mtime}
    manager = make(inputs=[SourceTree([folder])])

    for changed in (tmp_path / "other.txt", folder / "a.txt"):
        given = {path: os.stat(path).st_mtime for path in given}
        assert manager.save_cache({"a": 1}, given), manager.last_report
        assert {"a": 1} == manager.load_cache()
        rewrite(changed, "changed")

        assert manager.load_cache() is None
        assert str(changed) == manager.last_report.where


def test_fresh_stamps_are_trusted_when_they_are_old(folder, watch):
    """What changed just now is compared by content, until its times can be trusted.

    Then they are renewed once, and later loads write nothing.
    """
    (folder / "a.txt").write_text("fresh")
    manager = watch(folder)
    times = []
    for wait in (0, 2.1):
        time.sleep(wait)
        loaded = manager.load_cache()
        stamps = read(manager)["file_mtimes"]
        times.append([stamps[str(path)][2] for path in (folder, folder / "a.txt")])

    assert {"a": 1} == loaded
    assert [[-1, -1], [os.stat(p).st_ctime_ns for p in (folder, folder / "a.txt")]] == times
    before = os.stat(manager.path)
    assert {"a": 1} == manager.load_cache()
    after = os.stat(manager.path)
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_renewal_keeps_everything_else(folder, watch):
    """A renewed file has the items, the timestamp and all else of the one before."""
    manager = watch(folder)
    os.utime(folder, ns=(1, 1))
    before = read(manager)

    manager.load_cache()

    after = read(manager)
    assert before["file_mtimes"] != after["file_mtimes"]
    assert before | {"file_mtimes": None} == after | {"file_mtimes": None}


def test_renewal_that_cannot_be_written_is_a_hit(folder, watch, edit):
    """What cannot be renewed is a hit all the same, and stays as it is."""
    manager = watch(folder)
    text = json.dumps(read(manager)).replace('"a": 1', '"a": 1e999').encode()[:-1]
    content = text + seal(text)
    Path(manager.path).write_bytes(content)
    os.utime(folder, ns=(1, 1))

    loaded = manager.load_cache()

    assert {"a": float("inf")} == loaded
    assert content == Path(manager.path).read_bytes()


@needs_users
def test_folder_that_cannot_be_listed_is_watched_as_empty(open_folder, run_python):
    """A folder that we may not list hides nothing that we could use; listing it later counts."""
    locked = open_folder / "sources" / "locked"
    locked.mkdir(parents=True)
    (locked / "x.txt").touch()
    (open_folder / "cache").mkdir()
    os.chown(open_folder / "cache", NOBODY, NOBODY)
    make_old(open_folder / "sources")
    locked.chmod(0o700)

    statuses = run_python(
        f"""
        from regcache_core import RegistryCacheManager, SourceTree
        manager = RegistryCacheManager("p", lambda: "1", str, str, application="painter",
                                       inputs=[SourceTree([{str(locked.parent)!r}], [".txt"])])
        statuses = []

        def load():
            manager.get_or_build(lambda: {{"a": "1"}})
            report = manager.last_report
            statuses.append([report.status, report.reason and report.reason.name, report.where])

        load()
        load()
        for mode in (0o755, 0o700, 0o755, 0o711):
            os.seteuid(0)
            os.chmod({str(locked)!r}, mode)
            os.utime({str(locked)!r}, ns=(mode, mode))
            os.seteuid({NOBODY})
            load()
            load()
        print(json.dumps(statuses))
        """,
        uid=NOBODY,
        env={"REGCACHE_DIR": str(open_folder / "cache")},
    )

    assert ["miss", "FILE_ABSENT"] == statuses[0][:2]
    assert [["hit", None, ""]] * 5 == statuses[1::2]
    assert [
        ["miss", "SOURCE_ADDED", f"{locked}/x.txt"],
        ["miss", "SOURCE_REMOVED", f"{locked}/x.txt"],
        ["miss", "SOURCE_ADDED", f"{locked}/x.txt"],
        ["miss", "SOURCE_REMOVED", str(locked)],
    ] == statuses[2::2]


@pytest.mark.parametrize(
    ("max_age_days", "age_s", "reason"),
    [
        (7, 7 * DAY - 60, None),
        (7, 7 * DAY + 60, "TOO_OLD"),
        (0.5, DAY / 2 - 60, None),
        (0.5, DAY / 2 + 60, "TOO_OLD"),
        (0, 0.001, "TOO_OLD"),
        (None, 50 * 365 * DAY, None),
        (7, -60, "FROM_THE_FUTURE"),
        (None, -60, "FROM_THE_FUTURE"),
        (0, -60, "FROM_THE_FUTURE"),
        (1e300, 50 * 365 * DAY, None),
    ],
)
def test_age_counts(make, edit, max_age_days, age_s, reason):
    """A file is stale after `max_age_days`, which may be 0 or for ever; the future is stale."""
    make().save_cache({"a": 1})
    manager = make(config=CacheConfig(max_age_days=max_age_days))
    edit(manager, timestamp=time.time() - age_s)

    loaded = manager.load_cache()

    assert (None if reason else {"a": 1}) == loaded
    assert (Reason[reason] if reason else None) == manager.last_report.reason


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (8, "older than allowed: 8.0 days old, at most 7 are believed"),
        (10.26, "older than allowed: 10.3 days old, at most 7 are believed"),
        (-1, "lies in the future: 86400 seconds ahead of the clock"),
    ],
)
def test_age_is_told_in_words(make, edit, days, words):
    """Not as two times in seconds since 1970."""
    make().save_cache({"a": 1})
    manager = make()
    edit(manager, timestamp=time.time() - days * DAY)

    manager.load_cache()

    assert str(manager.last_report).endswith(words)


def test_answer_that_is_stale_at_once_is_not_written(make):
    """With an age of 0 days nothing is saved, and the answer is there all the same."""
    manager = make(config=CacheConfig(max_age_days=0))

    answer = manager.get_or_build(lambda: {"a": 1})

    assert {"a": 1} == answer
    assert Reason.TOO_OLD == manager.last_report.saved.reason
    assert not os.path.exists(manager.path)


def test_age_by_default_is_seven_days(make, edit):
    """The seed's promise holds for a manager without a config."""
    manager = make()
    manager.save_cache({"a": 1})
    answers = []
    for days in (6.99, 7.01):
        edit(manager, timestamp=time.time() - days * DAY)
        answers.append(manager.load_cache())

    assert [{"a": 1}, None] == answers


def test_timestamp_is_that_of_the_start_of_the_scan(make):
    """The age of an answer counts from when its sources were looked at."""
    manager = make()
    start = time.time()
    manager.begin_scan()
    begun = time.time()
    time.sleep(0.02)

    manager.save_cache({"a": 1})

    assert start <= read(manager)["timestamp"] <= begun


SETTINGS = [
    ("a", "b"),
    (1, 2),
    (1, True),
    (0, None),
    ([1], [1, 2]),
    ({"a": 1}, {"a": 2}),
    ({"a": 1}, {}),
    ({}, {"a": 1}),
    ({"a": None}, {}),
    ({"a": 1}, [["a", 1]]),
]


@pytest.mark.parametrize(("old", "new"), SETTINGS)
def test_input_of_ones_own_counts(make, old, new):
    """An `Input` whose value differs, or has another type, is a miss that names its member."""
    make(inputs=[Input("settings", lambda: old)]).save_cache({"a": 1})
    same = make(inputs=[Input("settings", lambda: old)])
    other = make(inputs=[Input("settings", lambda: new)])

    assert {"a": 1} == same.load_cache()
    assert other.load_cache() is None
    assert Reason.SETTINGS_CHANGED == other.last_report.reason
    assert other.last_report.where.startswith("settings")


def test_field_of_an_input_is_named(make):
    """Where settings are an object, the report names the field, old and new."""
    make(inputs=[Input("settings", lambda: {"x": 1, "y": 2})]).save_cache({"a": 1})
    manager = make(inputs=[Input("settings", lambda: {"x": 1, "y": 3})])

    manager.load_cache()

    report = manager.last_report
    assert ("settings.y", 2, 3) == (report.where, report.old, report.new)


def test_input_that_is_new_or_gone(make):
    """A new input makes older files stale; one that is gone does not."""
    make().save_cache({"a": 1})
    manager = make(inputs=[Input("settings", lambda: 1)])

    new = manager.load_cache()
    manager.save_cache({"a": 2})
    gone = make().load_cache()

    assert new is None
    assert {"a": 2} == gone

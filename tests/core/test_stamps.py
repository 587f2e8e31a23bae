"""Tricks of time: what looks the same to a clock, and is another file."""

import os
import time
from pathlib import Path

import pytest
from core_tools import NOBODY, needs_users, read, refused

from regcache_core import Reason
from regcache_core._cold import stamps
from regcache_core._inputs import PYTHON_SUFFIXES, SourceTree

OLD_NS = time.time_ns() - 3600 * 10**9


@pytest.fixture
def at_once(monkeypatch):
    """Times are trusted as soon as they are a tick old, so that it is they that decide."""
    monkeypatch.setattr(stamps, "RACY_NS", 0)


def set_times(path, ns):
    """Let a path say that it was modified at a moment, in ns."""
    os.utime(path, ns=(ns, ns))


def forge(path, content):
    """Write a file, and set its modification time back to what it was."""
    before = path.stat().st_mtime_ns
    time.sleep(0.02)  # the clock of the change of inodes cannot be set, but it is coarse
    path.write_bytes(content)
    set_times(path, before)


@pytest.mark.parametrize(
    "moment",
    [0, 1, OLD_NS, OLD_NS + 7200 * 10**9, 2**62],
    ids=["epoch", "1 ns", "an hour ago", "in an hour", "far away"],
)
def test_edit_of_the_same_size_with_every_time_the_same(moment, tmp_path, watch, at_once):
    """Builders of images and installers set one time for all files; the content may differ."""
    file = tmp_path / "sources" / "a.py"
    file.parent.mkdir()
    file.write_bytes(b"x = 1")
    for path in (file, file.parent):
        set_times(path, moment)
    manager = watch(file.parent)

    forge(file, b"x = 2")
    set_times(file.parent, moment)

    assert (Reason.SOURCE_CHANGED, str(file)) == refused(manager)


@pytest.mark.parametrize("change", ["add", "remove", "rename"])
def test_time_of_a_folder_that_was_restored(change, folder, watch, at_once):
    """Names that come and go are seen though the folder says that nothing has moved."""
    manager = watch(folder)
    before = os.stat(folder / "more").st_mtime_ns
    time.sleep(0.02)

    if change == "add":
        (folder / "more/new.txt").touch()
    elif change == "remove":
        (folder / "more/c.txt").unlink()
    else:
        (folder / "more/c.txt").rename(folder / "more/d.txt")
    set_times(folder / "more", before)

    reason = {"add": "SOURCE_ADDED", "remove": "SOURCE_REMOVED", "rename": "SOURCE_REMOVED"}
    name = "new.txt" if change == "add" else "c.txt"
    assert (Reason[reason[change]], str(folder / "more" / name)) == refused(manager)


def twins(folder):
    """Two files of one size, with one modification time and one time of their inodes' change."""
    files = [folder / "one", folder / "two"]
    for file in files:
        file.write_text(file.name)
        set_times(file, OLD_NS)
    for _ in range(1000):
        for file in files:
            file.chmod(0o600)
        if files[0].stat().st_ctime_ns == files[1].stat().st_ctime_ns:
            return files
    pytest.skip("the clock of this file system is too fine for two changes at one moment")


def test_link_that_leads_to_a_twin(tmp_path, watch, at_once):
    """The inode tells apart what has the same size and times."""
    one, two = twins(tmp_path)
    link = tmp_path / "link"
    link.symlink_to(one)
    manager = watch(link)

    link.unlink()
    link.symlink_to(two)

    assert (Reason.SOURCE_CHANGED, str(link)) == refused(manager)


def test_other_inode_of_the_same_content_is_renewed_once(tmp_path, watch, at_once):
    """A copy that took a file's place is recognised, and then known."""
    one, two = twins(tmp_path)
    two.write_text("one")
    set_times(two, OLD_NS)
    manager = watch(one)
    inode = two.stat().st_ino
    two.replace(one)
    time.sleep(0.02)

    assert {"a": 1} == manager.load_cache()
    stamp = read(manager)["file_mtimes"][str(one)]
    assert (inode, one.stat().st_ctime_ns) == (stamp[3], stamp[2])


@pytest.mark.parametrize("name", ["a.so", "a.pyd", "a.pyc", "a.cpython-312-x86_64-linux-gnu.so"])
def test_module_without_a_text_is_watched(name, tmp_path, watch, at_once):
    """Byte code and machine code are sources like any other."""
    file = tmp_path / "sources" / name
    file.parent.mkdir()
    file.write_bytes(b"\0code")
    manager = watch(file.parent, suffixes=PYTHON_SUFFIXES)

    forge(file, b"\0CODE")

    assert (Reason.SOURCE_CHANGED, str(file)) == refused(manager)
    manager = watch(file.parent, suffixes=PYTHON_SUFFIXES)
    file.with_name(f"more_{name}").touch()
    assert (Reason.SOURCE_ADDED, str(file.with_name(f"more_{name}"))) == refused(manager)


@pytest.mark.parametrize("place", [0, (1 << 20) - 1, 1 << 20, (5 << 19) - 1])
def test_every_byte_of_a_big_file_counts(place, tmp_path, watch, at_once):
    """Content is compared to the end."""
    file, content = tmp_path / "big", bytearray(5 << 19)
    file.write_bytes(content)
    manager = watch(file)
    forge(file, content)
    same = manager.load_cache()

    content[place] = 1
    forge(file, content)

    assert {"a": 1} == same
    assert (Reason.SOURCE_CHANGED, str(file)) == refused(manager)


@pytest.fixture(params=["racy", "meaningless"])
def distrusted(request, monkeypatch):
    """No time is trusted: all are too young, or from a clock that was never set."""
    name = {"racy": "RACY_NS", "meaningless": "MEANINGLESS_NS"}[request.param]
    monkeypatch.setattr(stamps, "RACY_NS", 0)
    monkeypatch.setattr(stamps, name, time.time_ns() + 10**18)


def test_content_decides_where_times_tell_nothing(distrusted, tmp_path, watch):
    """Such times are never written, so each start looks at what is in files and folders."""
    file = tmp_path / "sources" / "a.py"
    file.parent.mkdir()
    file.write_bytes(b"x = 1")
    manager = watch(file.parent)
    status = file.stat()
    set_times(file, status.st_mtime_ns)

    assert {"a": 1} == manager.load_cache()
    assert [-1, -1] == [stamp[2] for stamp in read(manager)["file_mtimes"].values()]
    forge(file, b"x = 2")
    assert (Reason.SOURCE_CHANGED, str(file)) == refused(manager)


@pytest.mark.parametrize(("age_s", "is_trusted"), [(0, False), (1, False), (10, True)])
def test_modification_time_decides_where_there_is_no_other(
    age_s, is_trusted, tmp_path, watch, monkeypatch
):
    """Where ctime is the creation of a file, a fresh modification is what makes a stamp racy."""
    monkeypatch.setattr(stamps, "_HAS_CHANGE_TIME", False)
    file = tmp_path / "a.py"
    file.write_bytes(b"x = 1")
    set_times(file, time.time_ns() - age_s * 10**9)
    manager = watch(file)

    trusted = read(manager)["file_mtimes"][str(file)][2] == file.stat().st_ctime_ns

    assert is_trusted == trusted
    forge(file, b"x = 2")
    assert (Reason.SOURCE_CHANGED, str(file)) == refused(manager)


@pytest.mark.parametrize(("racy_ns", "times_read"), [(0, 2), (10**18, 3)], ids=["old", "young"])
def test_file_is_read_once_for_all_registries_while_its_times_tell_that_it_stayed(
    racy_ns, times_read, tmp_path, monkeypatch
):
    """One that changed, or whose times tell nothing, is read again."""
    monkeypatch.setattr(stamps, "RACY_NS", racy_ns)
    file, opened, really_open = tmp_path / "a.py", [], os.open
    file.write_bytes(b"x = 1")
    time.sleep(0.02)
    monkeypatch.setattr(
        os, "open", lambda path, *more: opened.append(path) or really_open(path, *more)
    )
    first, second = (SourceTree([file]).record()[str(file)][-1] for _ in range(2))

    forge(file, b"x = 2")
    time.sleep(0.02)
    third = SourceTree([file]).record()[str(file)][-1]

    assert first == second != third
    assert [str(file)] * times_read == [path for path in opened if path == str(file)]


def test_what_is_no_regular_file_has_no_content(tmp_path, watch, at_once):
    """A named pipe is not opened; it holds while it does not move."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    manager = watch(pipe)
    set_times(pipe, 1)

    assert (Reason.SOURCE_CHANGED, str(pipe)) == refused(manager)


@needs_users
def test_file_that_cannot_be_read_is_never_known_to_be_the_same(open_folder, run_python):
    """Its content cannot be compared, so where its stamp does not hold it has changed."""
    file = open_folder / "secret.py"
    file.write_text("x = 1")
    file.chmod(0o600)
    (open_folder / "cache").mkdir()
    os.chown(open_folder / "cache", NOBODY, NOBODY)
    code = f"""
        from regcache_core import RegistryCacheManager, SourceTree
        from regcache_core._cold import stamps
        stamps.RACY_NS = {{}}
        manager = RegistryCacheManager("p", lambda: "1", str, str, application="painter",
                                       inputs=[SourceTree([{str(file)!r}])])
        manager.get_or_build(lambda: {{{{"a": "1"}}}})
        report, saved = manager.last_report, manager.last_report.saved
        print(json.dumps([report.status, report.reason and report.reason.name,
                          saved and saved.status]))
        """
    env = {"REGCACHE_DIR": str(open_folder / "cache")}
    time.sleep(0.02)

    racy, trusted, again = (
        run_python(code.format(racy_ns), uid=NOBODY, env=env) for racy_ns in (10**18, 0, 0)
    )
    set_times(file, OLD_NS)
    moved = run_python(code.format(0), uid=NOBODY, env=env)

    assert ["miss", "FILE_ABSENT", "error"] == racy
    assert ["miss", "FILE_ABSENT", "saved"] == trusted
    assert ["hit", None, None] == again
    assert ["miss", "SOURCE_CHANGED", "saved"] == moved


#: Files below a package -> the folders that are watched.
BARE = {
    "packages of data": (["static/node_modules/p/d/x.js"], ["static"]),
    "module in a folder without __init__": (["parts/deep/a.py"], ["parts", "parts/deep"]),
    "beside data": (["parts/deep/a.py", "parts/data/x.csv"], ["parts", "parts/deep"]),
    "module far below": (["data/more/far/a.py"], ["data"]),
    "extension module": (["data/more/_fast.so"], ["data", "data/more"]),
    "below a module": (["sub/a.py", "sub/data/x/y/z.txt"], ["sub", "sub/data"]),
}


@pytest.mark.parametrize("name", BARE)
def test_folders_without_python_below_one_without_are_not_looked_into(name, tmp_path):
    """However many there are; where other files count every folder does."""
    files, watched = BARE[name]
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("")
    (tmp_path / "__init__.py").write_text("")

    def folders(suffixes):
        stamps = SourceTree([tmp_path], suffixes).record()
        return [os.path.relpath(path, tmp_path) for path in sorted(stamps) if os.path.isdir(path)]

    parents = {parent.as_posix() for file in files for parent in Path(file).parents}
    assert [".", *watched] == folders(PYTHON_SUFFIXES)
    assert sorted(parents) == folders([".json"])


@pytest.mark.parametrize("place", ["data/a.py", "data/__init__.py", "data/parts/a.py"])
def test_python_that_comes_into_such_folders_is_seen(place, tmp_path, watch, at_once):
    """In the one below a package, and in one below that which had some."""
    package = tmp_path / "package"
    (package / "data/parts").mkdir(parents=True)
    (package / "data/more").mkdir()
    for file in ("__init__.py", "data/parts/one.py"):
        (package / file).write_text("")
    manager = watch(package)
    time.sleep(0.02)

    (package / place).write_text("")

    assert (Reason.SOURCE_ADDED, str(package / place)) == refused(manager)

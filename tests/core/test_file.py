"""The cache file as a file: who may read and write it, how it is written, what is refused."""

import os
import re
import shutil
from pathlib import Path

import pytest
from core_tools import NOBODY, needs_users, read, refused
from hypothesis import given
from hypothesis import strategies as st
from throwaway import sealed

from regcache_core import CacheWarning, Input, Reason, SourceTree
from regcache_core._file import CacheMiss, read_document, seal
from regcache_core.discovery import ImportPath

posix = pytest.mark.skipif(os.name != "posix", reason="only POSIX has such modes and files")

#: What may stand in a file, and why it is refused if its checksum is right.
HOSTILE = {
    "empty": (b"", "NOT_JSON"),
    "list": (b"[]", "NOT_JSON"),
    "open list": (b"[5", "NOT_JSON"),
    "null": (b"null", "NOT_JSON"),
    "text": (b'"text"', "NOT_JSON"),
    "open escape": (b'{"items": "\\', "NOT_JSON"),
    "true": (b"true", "NOT_JSON"),
    "empty object": (b"{}", "NOT_JSON"),
    "object inside": (b'{"items": {"a": 1', "NOT_JSON"),
    "too little": (b'{"items": {}', "WRONG_SHAPE"),
    "NaN": (b'{"items": NaN', "NOT_JSON"),
    "bad UTF-8": (b'{"items": "\xff"}', "NOT_UTF8"),
    "UTF-16": ('{"items": {}}'.encode("utf-16"), "NOT_UTF8"),
    "byte order mark": (b"\xef\xbb\xbf{}", "NOT_JSON"),
    "zeros": (b"\0" * 4096, "NOT_JSON"),
    "10,000 brackets": (b"[" * 10_000, "NOT_JSON"),
    "closed brackets inside": (b'{"a":' + b"[" * 100_000 + b"]" * 100_000, "NOT_JSON"),
    "long number": (b'{"a":' + b"9" * 5000, "NOT_JSON"),
    "two documents": (b"{}{}", "NOT_JSON"),
    "pickle": (b"\x80\x04cos\nsystem\n(S'true'\ntR.", "NOT_UTF8"),
}

VALUES = [
    None,
    True,
    0,
    float("-inf"),
    -(10**400),
    10**400,
    "",
    "!int x",
    [],
    [None],
    [5, {}],
    {"x": None},
    {"x": []},
    {"x": [1]},
    {"x": [1, 2, 3]},
    {"x": ["a", "b"]},
    {"x": [1, [[]]]},
    {"\0": [1, 2]},
    {"\ud800": [1, 2]},
    {"": [1, 2]},
    ["a" + ".a" * 100_000],
    ["\0", "..", "", ".x"],
]
MEMBERS = ["format", "identity", "cache_version", "version", "timestamp", "file_mtimes"]
MEMBERS += ["import_path", "settings", "items", "extra"]


@pytest.fixture
def manager(make, folder):
    """A manager with inputs of each kind, and a cache file."""
    inputs = [SourceTree([folder]), ImportPath(), Input("settings", lambda: {"deep": True})]
    manager = make(inputs=inputs)
    assert manager.save_cache({"a": 1, "!b": 2, 7: 3})
    return manager


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("is_sealed", [False, True])
def test_hostile_content_is_a_miss(manager, name, is_sealed):
    """Whatever a file contains, the load is a miss with a reason, and the next save mends it."""
    content, reason = HOSTILE[name]
    if not is_sealed:
        reason = "DAMAGED"
    Path(manager.path).write_bytes(content + (seal(content) if is_sealed else b""))

    loaded = manager.load_cache()
    report = manager.last_report
    manager.save_cache({"a": 1})

    assert loaded is None
    assert ("miss", Reason[reason]) == (report.status, report.reason)
    assert str(report).startswith("miss: ")
    assert {"a": 1} == manager.load_cache()


@pytest.mark.parametrize("member", MEMBERS)
def test_wrong_value_of_a_member_is_a_miss(manager, member):
    """Each member with a value of a wrong type, or without one, is a miss and no exception."""
    whole = read(manager)
    right = {"extra": {}, "file_mtimes": whole["file_mtimes"]}
    wrong = [value for value in VALUES if value != right.get(member, ...)]
    loaded = []
    for value in wrong:
        Path(manager.path).write_bytes(sealed(whole | {member: value}))
        loaded.append((value, manager.load_cache()))

    believed = [value for value, items in loaded if items is not None]
    allowed = {
        # Records are the deserializer's to judge: ours takes any.
        "items": [value for value in wrong if type(value) is dict],
        "extra": [value for value in wrong if type(value) is dict],
    }
    assert all(value in allowed.get(member, []) for value in believed)


@pytest.mark.parametrize("member", MEMBERS)
def test_missing_member_is_a_miss(manager, member, edit):
    """A file without one of its members is a miss that names the member."""
    edit(manager, **{member: ...})

    assert (Reason.WRONG_SHAPE, member) == refused(manager)


def test_unknown_member_does_no_harm(manager, edit):
    """A member that we do not know is ignored."""
    edit(manager, comment="by hand")

    assert {"a": 1, "!b": 2, 7: 3} == manager.load_cache()


def is_read(manager, content):
    """Whether what lies in the file's place is read; where it is not, a load is a miss."""
    Path(manager.path).write_bytes(content)
    try:
        read_document(manager.path)
    except CacheMiss:
        return False
    return True


def test_torn_file_is_a_miss(manager):
    """A file that ends too early is never believed, wherever it was cut."""
    whole = Path(manager.path).read_bytes()

    assert [] == [end for end in range(len(whole)) if is_read(manager, whole[:end])]
    for end in range(0, len(whole), 50):
        Path(manager.path).write_bytes(whole[:end])
        assert manager.load_cache() is None
    assert is_read(manager, whole)


def test_any_flipped_bit_is_a_miss(manager):
    """One bit that is another, anywhere in the file, and it is not believed."""
    whole = Path(manager.path).read_bytes()
    flips = [
        whole[:place] + bytes([whole[place] ^ (1 << place % 7)]) + whole[place + 1 :]
        for place in range(len(whole))
    ]

    assert [] == [place for place, flipped in enumerate(flips) if is_read(manager, flipped)]
    for flipped in flips[::50]:
        Path(manager.path).write_bytes(flipped)
        assert manager.load_cache() is None
    assert is_read(manager, whole)


trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda parts: (
        st.lists(parts, max_size=4)
        | st.dictionaries(st.sampled_from(MEMBERS) | st.text(), parts, max_size=4)
    ),
    max_leaves=12,
)


@given(record=trees)
def test_random_record_is_refused_or_of_its_type(make, record):
    """What lies in the file as an item becomes an item of its type, or the load is a miss."""
    manager = make(item_type=dict[str, int])
    manager.save_cache({"a": {}})
    document = read(manager) | {"items": {"a": record}}
    Path(manager.path).write_bytes(sealed(document))

    loaded = manager.load_cache()

    assert loaded is None or all(
        type(name) is str and type(number) is int for name, number in loaded["a"].items()
    )


@posix
@pytest.mark.parametrize("umask", [0, 0o022, 0o077])
def test_file_and_folder_are_ours_alone(make, umask):
    """Folder 0700 and file 0600, whatever the umask says."""
    before = os.umask(umask)
    try:
        manager = make()
        manager.save_cache({"a": 1})
    finally:
        os.umask(before)

    path = Path(manager.path)
    assert 0o700 == path.parent.stat().st_mode & 0o777
    assert 0o600 == path.stat().st_mode & 0o777


@posix
@pytest.mark.parametrize("mode", [0o1777, 0o1770, 0o755, 0o500])
def test_folder_that_was_there_keeps_its_mode(make, mode):
    """A folder that was there before may be sticky, or open to read; our file in it is ours alone.

    Root writes into a folder of mode 0500, too.
    """
    manager = make()
    folder = Path(manager.path).parent
    folder.mkdir(parents=True)
    folder.chmod(mode)

    saved = manager.save_cache({"a": 1})

    assert mode == folder.stat().st_mode & 0o7777
    if saved:
        assert 0o600 == Path(manager.path).stat().st_mode & 0o777
        assert {"a": 1} == manager.load_cache()
    assert saved or (mode, "WRITE_FAILED") == (0o500, manager.last_report.reason.name)


@posix
@pytest.mark.parametrize("mode", [0o702, 0o720, 0o777])
def test_folder_that_others_may_write_is_not_used(manager, mode):
    """Where others could replace the file it is neither read nor written, until that is mended."""
    folder = Path(manager.path).parent
    folder.chmod(mode)

    loaded, read = manager.load_cache(), manager.last_report
    saved, written = manager.save_cache({"b": 1}), manager.last_report
    folder.chmod(0o700)

    assert (None, False) == (loaded, saved)
    for report in (read, written):
        assert (Reason.WRITABLE_BY_OTHERS, str(folder), oct(mode)) == (
            *(report.reason, report.where, report.new),
        )
    assert {"a": 1, "!b": 2, 7: 3} == manager.load_cache()


@posix
@pytest.mark.parametrize("mode", [0o602, 0o620, 0o666])
def test_file_that_others_may_write_is_not_read(manager, mode):
    """A file that somebody else could have written is not believed; a save replaces it."""
    os.chmod(manager.path, mode)

    loaded = manager.load_cache()
    report = manager.last_report
    manager.save_cache({"b": 1})

    assert loaded is None
    assert (Reason.WRITABLE_BY_OTHERS, oct(mode)) == (report.reason, report.new)
    assert 0o600 == os.stat(manager.path).st_mode & 0o777
    assert {"b": 1} == manager.load_cache()


@posix
@pytest.mark.parametrize("mode", [0o600, 0o400, 0o644, 0o444])
def test_file_that_others_may_read_is_read(manager, mode):
    """Reading harms nothing."""
    os.chmod(manager.path, mode)

    assert {"a": 1, "!b": 2, 7: 3} == manager.load_cache()


@needs_users
def test_file_of_another_user_is_not_read(manager):
    """A file that another user owns is not believed, even by root; a save replaces it."""
    os.chown(manager.path, NOBODY, NOBODY)

    loaded = manager.load_cache()
    report = manager.last_report
    manager.save_cache({"b": 1})

    assert loaded is None
    assert (Reason.FOREIGN_OWNER, NOBODY) == (report.reason, report.new)
    assert os.geteuid() == os.stat(manager.path).st_uid
    assert {"b": 1} == manager.load_cache()


@posix
def test_pipe_in_the_place_of_the_file_does_not_hang(run_python, make):
    """A FIFO, which could be waited for endlessly, is refused at once; a save replaces it."""
    seen = run_python("""
        from regcache_core import RegistryCacheManager
        manager = RegistryCacheManager("p", lambda: "1", str, str, application="painter")
        os.makedirs(os.path.dirname(manager.path))
        os.mkfifo(manager.path)
        loaded = manager.load_cache()
        reason = manager.last_report.reason.name
        manager.save_cache({"a": "1"})
        print(json.dumps([loaded, reason, manager.load_cache()]))
    """)

    assert [None, "NOT_A_FILE", {"a": "1"}] == seen


@posix
@pytest.mark.parametrize("target", ["a file", "nothing", "itself"])
def test_link_in_the_place_of_the_file_is_replaced(manager, tmp_path, target):
    """A link is no file of ours: it is not followed, and a save puts a file in its place."""
    elsewhere = {"a file": tmp_path / "moved", "nothing": tmp_path / "no", "itself": manager.path}
    os.rename(manager.path, tmp_path / "moved")
    os.symlink(elsewhere[target], manager.path)
    content = (tmp_path / "moved").read_bytes()

    loaded = manager.load_cache()
    reason = manager.last_report.reason
    manager.save_cache({"a": 1})

    assert (None, Reason.NOT_A_FILE) == (loaded, reason)
    assert {"a": 1} == manager.load_cache()
    assert not os.path.islink(manager.path)
    assert content == (tmp_path / "moved").read_bytes()
    assert not (tmp_path / "no").exists()


@posix
def test_linked_folders_work(make, tmp_path):
    """A user may keep the folder of an application, or that of all caches, elsewhere."""
    manager = make()
    for folder in (Path(manager.path).parent.parent, Path(manager.path).parent):
        target = tmp_path / f"elsewhere {folder.name}"
        target.mkdir(mode=0o700)
        folder.symlink_to(target)

        assert manager.save_cache({"a": 1})
        assert {"a": 1} == manager.load_cache()
        assert any(target.rglob("*.json"))
        manager.clear_cache()
        shutil.rmtree(target)
        target.mkdir(mode=0o700)


LIMIT = "the cache file has more bytes than any may; keep less in each item, or give parts of .*: "


def test_file_beyond_the_limit_tells_it_and_what_to_do(manager, monkeypatch):
    """The report of a load says both sizes and what to do; a file just as large is read."""
    size = os.path.getsize(manager.path)
    monkeypatch.setattr("regcache_core._file.MAX_BYTES", size)
    largest = manager.load_cache()
    monkeypatch.setattr("regcache_core._file.MAX_BYTES", size - 1)

    assert largest is not None
    assert manager.load_cache() is None
    report = str(manager.last_report)
    assert re.search(rf"miss: {LIMIT}{manager.path} \(limit {size - 1}, is {size}\)$", report)


def test_answer_beyond_the_limit_is_not_written_and_says_so(make, monkeypatch):
    """Each start builds anew until that is mended: it is a warning, and the answer is given."""
    monkeypatch.setattr("regcache_core._file.MAX_BYTES", 1000)
    manager, items = make(), {"a": "x" * 1000}

    with pytest.warns(CacheWarning, match=f"'palettes' was not saved: {LIMIT}"):
        assert not manager.save_cache(items)
    assert re.search(rf"error: {LIMIT}.*limit 1000, is 1\d\d\d\)$", str(manager.last_report))
    with pytest.warns(CacheWarning, match=rf"'palettes' was not saved: {LIMIT}.*limit 1000"):
        assert items == manager.get_or_build(lambda: items)
    assert Reason.TOO_LARGE == manager.last_report.saved.reason
    assert not os.path.exists(manager.path)


def test_file_of_another_registry_is_refused(make):
    """A file copied from another registry's place has the wrong identity inside."""
    other, manager = make("others"), make("palettes")
    other.save_cache({"a": 1})
    os.rename(other.path, manager.path)

    loaded = manager.load_cache()

    assert loaded is None
    report = manager.last_report
    assert (Reason.IDENTITY_CHANGED, "identity.registry", "others", "palettes") == (
        *(report.reason, report.where, report.old, report.new),
    )


@pytest.mark.parametrize("value", ["regcache 0", "regcache 2", "regcache", 1, None])
def test_file_of_another_format_is_refused_and_overwritten(manager, edit, value):
    """Older and newer formats are misses; the next save writes ours."""
    edit(manager, format=value)

    loaded = manager.load_cache()

    assert loaded is None
    assert (Reason.FORMAT_CHANGED, value) == (manager.last_report.reason, manager.last_report.old)
    assert manager.save_cache({"a": 1})
    assert {"a": 1} == manager.load_cache()


def test_file_has_the_shape_of_the_seed(manager, folder):
    """The seed's members are there under their names; the file is ASCII."""
    document = read(manager)

    seed = {"cache_version": "1.0", "version": "1.0", "items": {"a": 1, "!str !b": 2, "!int 7": 3}}
    assert seed == {name: document[name] for name in seed}
    assert isinstance(document["timestamp"], float)
    status = (folder / "a.txt").stat()
    stamp = document["file_mtimes"][str(folder / "a.txt")]
    assert [status.st_mtime_ns, status.st_size] == stamp[:2]
    assert Path(manager.path).read_bytes().isascii()

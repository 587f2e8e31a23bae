"""The cache file as a file: who may read and write it, how it is written, what is refused."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from core_tools import NOBODY, needs_users, read
from hypothesis import given
from hypothesis import strategies as st
from throwaway import sealed

from regcache_core import CacheWarning, Input, Reason, RegistryCacheManager, SourceTree
from regcache_core._file import MAX_BYTES, read_document, seal
from regcache_core._report import CacheMiss
from regcache_core.discovery import ImportPath

posix = pytest.mark.skipif(os.name != "posix", reason="only POSIX has such modes and files")

#: What may stand in a file, and why it is refused if its checksum is right.
HOSTILE = {
    "empty": (b"", "NOT_JSON"),
    "blank": (b" \n\t ", "NOT_JSON"),
    "list": (b"[]", "NOT_JSON"),
    "open list": (b"[5", "NOT_JSON"),
    "null": (b"null", "NOT_JSON"),
    "number": (b"5", "NOT_JSON"),
    "text": (b'"text"', "NOT_JSON"),
    "open text": (b'{"items": "', "NOT_JSON"),
    "open escape": (b'{"items": "\\', "NOT_JSON"),
    "true": (b"true", "NOT_JSON"),
    "empty object": (b"{}", "NOT_JSON"),
    "object inside": (b'{"items": {"a": 1', "NOT_JSON"),
    "too little": (b'{"items": {}', "WRONG_SHAPE"),
    "NaN": (b'{"items": NaN', "NOT_JSON"),
    "infinity": (b'{"items": Infinity', "NOT_JSON"),
    "bad UTF-8": (b'{"items": "\xff"}', "NOT_UTF8"),
    "UTF-16": ('{"items": {}}'.encode("utf-16"), "NOT_UTF8"),
    "byte order mark": (b"\xef\xbb\xbf{}", "NOT_JSON"),
    "zeros": (b"\0" * 4096, "NOT_JSON"),
    "10,000 brackets": (b"[" * 10_000, "NOT_JSON"),
    "100,000 closed brackets": (b"[" * 100_000 + b"]" * 100_000, "NOT_JSON"),
    "10,000 braces": (b'{"a":' * 10_000, "NOT_JSON"),
    "closed brackets inside": (b'{"a":' + b"[" * 100_000 + b"]" * 100_000, "NOT_JSON"),
    "long number": (b'{"a":' + b"9" * 5000, "NOT_JSON"),
    "two documents": (b"{}{}", "NOT_JSON"),
    "rubbish behind": (b"{} x", "NOT_JSON"),
    "single quotes": (b"{'items': {}}", "NOT_JSON"),
    "pickle": (b"\x80\x04cos\nsystem\n(S'true'\ntR.", "NOT_UTF8"),
    "HTML": (b"<!DOCTYPE html>", "NOT_JSON"),
    "control character": (b'"\x01"', "NOT_JSON"),
}

VALUES = [
    None,
    True,
    0,
    5,
    -1.5,
    float("-inf"),
    -(10**400),
    10**400,
    "",
    "x",
    "!int x",
    [],
    [[]],
    ["x"],
    [None],
    [5, {}],
    {"x": None},
    {"x": 5},
    {"x": []},
    {"x": [1]},
    {"x": [1, 2, 3]},
    {"x": ["a", "b"]},
    {"x": [1, ["y"]]},
    {"x": [1, [[]]]},
    {"x": [1, {}]},
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

    loaded = manager.load_cache()

    assert loaded is None
    assert Reason.WRONG_SHAPE == manager.last_report.reason
    assert member == manager.last_report.where


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


@given(tree=trees)
def test_random_document_is_a_miss(manager, tree):
    """No JSON tree that we did not write is believed, and none raises."""
    Path(manager.path).write_bytes(sealed(tree))

    assert manager.load_cache() is None
    assert "miss" == manager.last_report.status


@given(content=st.binary())
def test_random_bytes_are_a_miss(manager, content):
    """No bytes that we did not write are believed, and none raise."""
    Path(manager.path).write_bytes(content)

    assert manager.load_cache() is None


@given(member=st.sampled_from([name for name in MEMBERS if name != "items"]), value=trees)
def test_random_member_never_changes_the_answer(manager, member, value):
    """With anything else than the items altered, the answer is right or there is none."""
    document = read(manager)
    try:
        Path(manager.path).write_bytes(sealed(document | {member: value}))

        assert manager.load_cache() in (None, {"a": 1, "!b": 2, 7: 3})
    finally:
        Path(manager.path).write_bytes(sealed(document))


@given(data=st.data())
def test_random_damage_is_a_miss(manager, data):
    """Bytes overwritten anywhere are a miss, unless they are the same bytes."""
    whole = Path(manager.path).read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    damage = data.draw(st.binary(min_size=1, max_size=8))
    try:
        damaged = whole[:place] + damage + whole[place + len(damage) :]
        Path(manager.path).write_bytes(damaged)

        loaded = manager.load_cache()

        assert ({"a": 1, "!b": 2, 7: 3} if damaged == whole else None) == loaded
        assert ("hit" if loaded else "miss") == manager.last_report.status
    finally:
        Path(manager.path).write_bytes(whole)


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


AS_NOBODY = """
from regcache_core import RegistryCacheManager
manager = RegistryCacheManager("p", lambda: "1", str, str, application="painter")
answer = manager.get_or_build(lambda: {"a": "1"})
report = manager.last_report
saved = report.saved
print(json.dumps([
    answer, report.status, report.reason and report.reason.name, manager.path,
    saved and [saved.status, saved.reason and saved.reason.name],
]))
"""


@needs_users
def test_file_of_root_is_read_by_others(open_folder, run_python):
    """An administrator may prepare a cache for everybody."""
    environment = {"REGCACHE_DIR": str(open_folder)}
    prepared = run_python(AS_NOBODY, env=environment)
    os.chmod(Path(prepared[3]).parent, 0o755)
    os.chmod(prepared[3], 0o644)

    seen = run_python(AS_NOBODY, uid=NOBODY, env=environment)

    assert [{"a": "1"}, "hit", None] == seen[:3]
    assert prepared[3] == seen[3]


@needs_users
def test_file_that_may_not_be_read_is_a_miss(open_folder, run_python):
    """Without the right to read there is an answer, but no cache."""
    environment = {"REGCACHE_DIR": str(open_folder)}
    prepared = run_python(AS_NOBODY, env=environment)
    os.chmod(Path(prepared[3]).parent, 0o755)

    seen = run_python(AS_NOBODY, uid=NOBODY, env=environment)

    assert [{"a": "1"}, "miss", "FILE_UNREADABLE"] == seen[:3]
    assert ["error", "WRITE_FAILED"] == seen[4]


@needs_users
def test_folder_that_may_not_be_written_means_no_cache(open_folder, run_python):
    """Where nothing can be written there is an answer, and nothing is left behind."""
    seen = run_python(AS_NOBODY, uid=NOBODY, env={"REGCACHE_DIR": str(open_folder)})

    assert [{"a": "1"}, "miss", "FILE_ABSENT"] == seen[:3]
    assert ["error", "WRITE_FAILED"] == seen[4]
    assert [] == list(open_folder.iterdir())


@needs_users
def test_cache_on_a_read_only_disk_is_read(open_folder, run_python):
    """Reading does not depend on writing: our own file in a closed folder is a hit."""
    (open_folder / "cache").mkdir()
    os.chown(open_folder / "cache", NOBODY, NOBODY)
    environment = {"REGCACHE_DIR": str(open_folder / "cache")}
    first = run_python(AS_NOBODY, uid=NOBODY, env=environment)
    os.chmod(Path(first[3]).parent, 0o500)
    code = AS_NOBODY.replace("report = ", "manager.save_cache({}); saving = ")
    code = code.partition("saved =")[0] + "print(json.dumps([answer, saving.reason.name]))"

    again = run_python(AS_NOBODY, uid=NOBODY, env=environment)
    refused = run_python(code, uid=NOBODY, env=environment)
    after = run_python(AS_NOBODY, uid=NOBODY, env=environment)

    assert ["miss", "hit"] == [first[1], again[1]]
    assert [{"a": "1"}, "WRITE_FAILED"] == refused
    assert ([{"a": "1"}, "hit"], [Path(first[3])]) == (
        after[:2],
        list(Path(first[3]).parent.glob("[!.]*")),
    )


WITH_A_FULL_DISK = """
import resource
from regcache_core import RegistryCacheManager, SourceTree
inputs = [SourceTree([{folder!r}])]
manager = RegistryCacheManager("p", lambda: "1", str, str, application="painter", inputs=inputs)
manager.save_cache({{"a": "0"}})
manager.save_cache({{"a": "1"}})
os.utime({folder!r}, ns=(1, 1))
limits = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
saved = manager.save_cache({{"b": "2"}})
report = manager.last_report
loaded = manager.load_cache()
resource.setrlimit(resource.RLIMIT_FSIZE, limits)
folder, name = os.path.split(manager.path)
print(json.dumps([saved, report.reason.name, loaded, manager.last_report.status,
                  sorted(os.listdir(folder)) == [".regcache-pruned", name]]))
"""


@posix
def test_write_that_fails_half_way_leaves_the_old_file(folder, run_python):
    """A full disk costs the save (and a renewal), not the file before; nothing is left behind."""
    seen = run_python(WITH_A_FULL_DISK.format(folder=str(folder)))

    assert [False, "WRITE_FAILED", {"a": "1"}, "hit", True] == seen


WRITER = """
from regcache_core import RegistryCacheManager
manager = RegistryCacheManager("p", lambda: "1", str, str, application="json")
manager.save_cache({"0": "x" * 20_000})
print("ready", flush=True)
for round in range(300):
    manager.save_cache({str(round): "x" * 20_000})
"""


def test_reader_sees_whole_files_only():
    """While another process writes again and again, each load is a hit with a whole answer."""
    manager = RegistryCacheManager("p", lambda: "1", str, str, application="json")
    loads = []
    code = [sys.executable, "-c", WRITER]
    with subprocess.Popen(code, stdout=subprocess.PIPE) as writer:
        writer.stdout.readline()
        while writer.poll() is None:
            loads.append(manager.load_cache())

    assert 0 == writer.returncode
    assert len(loads) > 10
    assert {(1, 20_000)} == {(len(items), len(*items.values())) for items in loads}


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


def test_folder_in_the_place_of_the_file_is_left_alone(make):
    """A folder there means no cache: it is neither read nor replaced."""
    manager = make()
    os.makedirs(manager.path)

    answer = manager.get_or_build(lambda: {"a": 1})

    assert {"a": 1} == answer
    assert Reason.NOT_A_FILE == manager.last_report.reason
    assert Reason.WRITE_FAILED == manager.last_report.saved.reason
    assert [Path(manager.path)] == list(Path(manager.path).parent.glob("[!.]*"))
    assert [] == list(Path(manager.path).parent.glob("*.tmp"))


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


def test_file_in_the_place_of_the_folder_means_no_cache(make, cache_dir):
    """Nothing can be read or written there, and the file is left alone."""
    cache_dir.write_text("mine")
    manager = make()

    answer = manager.get_or_build(lambda: {"a": 1})

    assert {"a": 1} == answer
    assert "miss" == manager.last_report.status
    assert Reason.WRITE_FAILED == manager.last_report.saved.reason
    assert "mine" == cache_dir.read_text()


def test_huge_file_is_not_read(manager):
    """A file far larger than any registry is refused by its size."""
    os.truncate(manager.path, MAX_BYTES + 1)

    loaded = manager.load_cache()

    assert loaded is None
    assert (Reason.TOO_LARGE, MAX_BYTES, MAX_BYTES + 1) == (
        *(manager.last_report.reason, manager.last_report.old, manager.last_report.new),
    )


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


def test_large_registry_comes_back(make):
    """50,000 items are read whole."""
    items = {f"key {number}": number for number in range(50_000)}
    make().save_cache(items)

    assert items == make().load_cache()

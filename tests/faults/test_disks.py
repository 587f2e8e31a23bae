"""Disks that are full, read-only, gone, slow to tell or broken: the application works."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kernel
import pytest
from throwaway import ALL_OF_CORE, FILTERS, LISTED, READERS, App
from trials import Record

FAULTS = str(Path(__file__).resolve().parent)
NOBODY = 65534
needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root to become another user"
)
needs_filters = pytest.mark.skipif(
    not kernel.IS_AVAILABLE, reason="needs seccomp filters of Linux on x86-64"
)

#: Lists all three kinds of registry; tells what the caches did, and why.
LIST = """
import warnings
warnings.simplefilter("error")
from app.readers.base import READERS
from app.registry import FILTERS
from regcache_core import RegistryCacheManager
manager = RegistryCacheManager("colours", str, item_type=int, application="app")
def tell(keys, report):
    saved = report.saved
    return [keys, report.status, report.reason and report.reason.name, saved and saved.status,
            saved and saved.reason and saved.reason.name,
            saved and saved.cause and type(saved.cause).__name__,
            getattr(saved and saved.cause or report.cause, "errno", None), str(report)]
FAULT
out = [
    tell(sorted(READERS), READERS.report),
    tell(sorted(FILTERS), FILTERS.report),
    tell(sorted(manager.get_or_build(lambda: {"red": 1})), manager.last_report),
]
"""
KEYS = [*LISTED.values(), ["red"]]


@pytest.fixture
def app(app: App) -> App:
    """An application with registries of classes, of functions, and of its own."""
    app.write({**READERS, **FILTERS})
    return app


def ask(app: App, fault: str = "", **environment: str) -> list[list[Any]]:
    """List all registries in a fresh process; the answers are right whatever happens."""
    path = f"{app.folder}{os.pathsep}{FAULTS}"
    seen: list[list[Any]] = app.run(
        LIST.replace("FAULT", fault), **{"PYTHONPATH": path, **environment}
    )
    assert [keys for keys, *_ in seen] == KEYS
    return [rest for _, *rest in seen]


def edit(app: App) -> None:
    """Make what is cached outdated, for the registries of a package."""
    for name in ("readers/__init__.py", "filters/__init__.py"):
        app.write({f"app/{name}": "# edited\n"})


def contents(app: App) -> dict[Path, bytes]:
    """All cache files."""
    return {path: path.read_bytes() for path in app.cache_files()}


#: What the kernel answers; the call, and which of these calls.
REFUSED = {
    "ENOSPC at write": ("write", errno.ENOSPC, "above=2"),
    "EDQUOT at write": ("write", errno.EDQUOT, "above=2"),
    "EIO at write": ("write", errno.EIO, "above=2"),
    "EFBIG at write": ("write", errno.EFBIG, "above=2"),
    "ENOSPC at replace": ("rename", errno.ENOSPC, ""),
    "EROFS at replace": ("rename", errno.EROFS, ""),
    "EIO at replace": ("rename", errno.EIO, ""),
    "EXDEV at replace": ("rename", errno.EXDEV, ""),
}


@needs_filters
def test_write_that_the_kernel_refuses_costs_the_save(app: App, record: Record) -> None:
    """No space, quota, or an I/O error at write, flush or replace: old files stay, reports say."""
    first = ask(app)
    assert [status for status, *_ in first] == ["miss"] * 3
    edit(app)
    before = contents(app)
    for fault, (call, error, which) in REFUSED.items():
        code = f"import kernel\nkernel.refuse({call!r}, {error}, {which})\n"

        readers, filters, colours = ask(app, code)

        for seen in (readers, filters):
            assert seen[:2] == ["miss", "SOURCE_CHANGED"], fault
            assert seen[2:4] == ["error", "WRITE_FAILED"], fault
            assert seen[5] == error, fault
        assert colours[0] == "hit"
        assert contents(app) == before, fault
        assert [*app.cache.rglob("*.tmp")] == [], fault

    assert [seen[:3] for seen in ask(app)] == [
        ["miss", "SOURCE_CHANGED", "saved"],
        ["miss", "SOURCE_CHANGED", "saved"],
        ["hit", None, None],
    ]
    record(errors=len(REFUSED), files_lost=0)


@needs_filters
def test_read_that_the_kernel_refuses_is_a_miss(
    app: App, amount: Callable[[Any, Any], Any], record: Record
) -> None:
    """An I/O error when a cache file is read: a miss that says why, and the next start hits."""
    ask(app)
    errors = amount((errno.EIO,), (errno.EIO, errno.ESTALE, errno.ENOMEM))
    for error in errors:
        for path in app.cache_files():
            # regcache reads one byte more than the file has; nothing else reads so many.
            size = path.stat().st_size + 1
            seen = ask(app, f"import kernel\nkernel.refuse('read', {error}, 2, equals={size})\n")

            (broken,) = [each for each in seen if each[0] != "hit"]
            assert broken[:3] == ["miss", "FILE_UNREADABLE", "saved"]
            assert os.strerror(error) in broken[-1]
    assert [status for status, *_ in ask(app)] == ["hit"] * 3
    record(errors=len(errors), files=3 * len(errors))


IN_A_NAMESPACE = """
set -e
mount -t tmpfs -o size=$SIZE,mode=755 none "$PLACE"
chmod 700 "$PLACE"
exec "$@"
"""


def can_mount(place: Path) -> bool:
    """Whether this user may mount a disk in a namespace of its own."""
    try:
        done = subprocess.run(
            ["unshare", "-m", "mount", "-t", "tmpfs", "none", str(place)],
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return done.returncode == 0


def on_a_disk(app: App, size: str, program: str) -> Any:
    """Run a program in a process that has its caches on a small disk of its own."""
    app.cache.mkdir(exist_ok=True)
    if not can_mount(app.cache):
        pytest.skip("needs the right to mount")
    environment = app.environment(
        SIZE=size, PLACE=str(app.cache), PYTHONPATH=f"{app.folder}{os.pathsep}{FAULTS}"
    )
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", IN_A_NAMESPACE, "sh", sys.executable, "-c", program],
        env=environment,
        cwd=app.folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


#: Runs ``LIST`` in children of its own, which see the same disk.
STEPS = f"""
import json, os, subprocess, sys
from pathlib import Path
cache = Path(os.environ["REGCACHE_DIR"])
def ask():
    code = {LIST.replace("FAULT", "")!r} + "import json; print(json.dumps(out))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
def files():
    return {{str(path): path.read_text() for path in sorted(cache.rglob("*.json"))}}
def temporaries():
    return [str(path) for path in cache.rglob("*.tmp")]
def edit():
    for name in ("readers", "filters"):
        Path(f"app/{{name}}/__init__.py").write_text("# edited")
"""


def test_full_disk_costs_the_save(app: App, record: Record) -> None:
    """A full disk (a small tmpfs): the application works, old files stay, the report says why."""
    program = f"""{STEPS}
first, before = ask(), files()
edit()
with open(cache / "filling", "wb", buffering=0) as file:
    try:
        while True:
            file.write(bytes(4096))
    except OSError:
        pass
full, kept, left = ask(), files() == before, temporaries()
os.unlink(cache / "filling")
print(json.dumps([first, full, kept, left, ask(), ask()]))
"""
    first, full, kept, left, freed, last = on_a_disk(app, "256k", program)

    assert [each[0] for each in full] == KEYS
    assert [each[1:3] for each in first] == [["miss", "FILE_ABSENT"]] * 3
    for seen in full[:2]:
        assert seen[1:7] == ["miss", "SOURCE_CHANGED", "error", "WRITE_FAILED", "OSError", 28]
    assert full[2][1] == "hit"
    assert kept
    assert left == []
    assert [each[3] for each in freed] == ["saved", "saved", None]
    assert [each[1] for each in last] == ["hit"] * 3
    record(starts=4, files_lost=0)


def test_read_only_disk_is_read(app: App, record: Record) -> None:
    """A disk that becomes read-only: what is on it is read, and the rest is discovered."""
    program = f"""{STEPS}
first, before = ask(), files()
subprocess.run(["mount", "-o", "remount,ro", str(cache)], check=True)
warm = ask()
edit()
cold = ask()
print(json.dumps([first, warm, cold, files() == before]))
"""
    _, warm, cold, kept = on_a_disk(app, "1m", program)

    assert [each[1] for each in warm] == ["hit"] * 3
    assert [each[0] for each in cold] == KEYS
    for seen in cold[:2]:
        assert seen[1:7] == ["miss", "SOURCE_CHANGED", "error", "WRITE_FAILED", "OSError", 30]
    assert kept
    record(starts=3, files_lost=0)


def test_large_answer_that_a_small_disk_cannot_hold_leaves_the_old_one(
    app: App, record: Record
) -> None:
    """The disk is full at a write of a large answer, at its flush, and at its close."""
    program = f"""{STEPS}
from regcache_core import RegistryCacheManager
manager = RegistryCacheManager("sizes", str, str, str, application="app")
assert manager.save_cache({{"a": "old"}})
seen = []
for size in (1 << 20, 200_000, 140_000):
    saved = manager.save_cache({{"a": "x" * size}})
    cause = manager.last_report.cause
    seen.append([saved, manager.last_report.reason.name, cause.errno, manager.load_cache()])
print(json.dumps([seen, temporaries()]))
"""
    seen, left = on_a_disk(app, "128k", program)

    assert seen == [[False, "WRITE_FAILED", 28, {"a": "old"}]] * 3
    assert left == []
    record(sizes=3, files_lost=0)


#: Another user may not be able to read the interpreter's own files, so all is imported before.
AS_NOBODY = f"""{ALL_OF_CORE}
import json, os, sys, tempfile
variables = {{{{name: os.environ.get(name) for name in ("REGCACHE_DIR", "HOME")}}}}
with tempfile.TemporaryDirectory() as folder:
    os.environ["REGCACHE_DIR"] = folder
    exec({{code!r}})
for name in [*sys.modules]:
    if name.partition(".")[0] == "app":
        del sys.modules[name]
for name, value in variables.items():
    os.environ.pop(name, None)
    if value is not None:
        os.environ[name] = value
os.setgroups([])
os.setgid({NOBODY})
os.setuid({NOBODY})
exec({{code!r}})
print(json.dumps(out))
"""


def as_nobody(app: App, **environment: str) -> Any:
    """List all registries as another user, for root is stopped by no mode."""
    program = AS_NOBODY.format(code=LIST.replace("FAULT", ""))
    done = app.start(program, **environment)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert [keys for keys, *_ in seen] == KEYS
    return [rest for _, *rest in seen]


@pytest.fixture
def shared() -> Iterator[App]:
    """The application in a folder that every user can enter."""
    with tempfile.TemporaryDirectory(prefix="regcache-tests-") as folder:
        os.chmod(folder, 0o755)
        app = App(Path(folder))
        app.write({**READERS, **FILTERS})
        yield app


@needs_root
def test_folder_that_may_not_be_written_means_discovery(shared: App, record: Record) -> None:
    """A folder that may not be written, or not be entered: answers without a cache, no wait."""
    modes = (0o755, 0o700)
    for mode in modes:
        shared.cache.mkdir(exist_ok=True)
        shared.cache.chmod(mode)

        seen = as_nobody(shared)

        assert [each[2:5] for each in seen] == [["error", "WRITE_FAILED", "PermissionError"]] * 3
        assert list(shared.cache.iterdir()) == []
    record(modes=len(modes))


@needs_root
def test_home_that_is_missing_or_closed_means_discovery(shared: App, record: Record) -> None:
    """HOME is not set, does not exist, is a file or may not be written: no cache, no failure."""
    file, closed = shared.folder.parent / "file", shared.folder.parent / "closed"
    file.write_text("")
    closed.mkdir(mode=0o755)
    homes = [str(file), str(closed), str(closed / "none"), "/dev/null", "/proc/none"]
    for home in homes:
        seen = as_nobody(shared, REGCACHE_DIR="", HOME=home)

        assert [each[0] for each in seen] == ["miss"] * 3, home
        assert [each[2:4] for each in seen] == [["error", "WRITE_FAILED"]] * 3, home
    assert list(closed.iterdir()) == []

    hidden, shared.hidden = shared.hidden, (*shared.hidden, "HOME", "XDG_")
    seen = as_nobody(shared, REGCACHE_DIR="")
    shared.hidden = hidden
    assert {each[0] for each in seen} <= {"miss", "disabled"}
    record(homes=len(homes) + 1)


def test_file_in_the_place_of_a_folder_means_discovery(app: App, record: Record) -> None:
    """A file, or a link to nothing, in the place of the cache folder: discovered, not replaced."""
    for put in (lambda: app.cache.write_text("mine"), lambda: app.cache.symlink_to("nothing/here")):
        app.cache.unlink(missing_ok=True)
        put()
        for _ in range(2):
            seen = ask(app)

            assert [each[2:4] for each in seen] == [["error", "WRITE_FAILED"]] * 3
    record(places=2)


def test_folder_in_the_place_of_each_cache_file_means_discovery(app: App, record: Record) -> None:
    """A folder in a cache file's place: discovered, and left alone."""
    ask(app)
    files = app.cache_files()
    for path in files:
        path.unlink()
        path.mkdir()

    for _ in range(2):
        seen = ask(app)

        assert [each[:4] for each in seen] == [["miss", "NOT_A_FILE", "error", "WRITE_FAILED"]] * 3
    assert all(path.is_dir() for path in files)
    record(files=len(files))


def test_folder_that_is_removed_while_the_application_runs_is_made_again(
    app: App, record: Record
) -> None:
    """The folder goes before, between or while registries are discovered: the next start hits."""
    remove = "import shutil\nshutil.rmtree(os.environ['REGCACHE_DIR'])\n"
    ask(app)
    app.write({"app/readers/removing.py": "import os\n" + remove})

    readers, filters, colours = ask(app)

    assert readers[:3] == ["miss", "SOURCE_ADDED", "saved"]
    assert filters[2] == colours[2] == "saved"
    assert [status for status, *_ in ask(app)] == ["hit"] * 3
    record(starts=3)


def test_working_folder_that_is_removed_is_no_error(app: App, record: Record) -> None:
    """The working folder is removed, with a cache folder given relative to it: no cache."""
    gone = "import tempfile\nplace = tempfile.mkdtemp()\nos.chdir(place)\nos.rmdir(place)\n"

    seen = ask(app, f"import os\n{gone}", REGCACHE_DIR="relative")

    assert [each[:2] for each in seen] == [["disabled", "NO_CACHE_FOLDER"]] * 3
    record(starts=1)


def test_quota_of_a_file_s_size_costs_the_save(app: App, record: Record) -> None:
    """A limit on the size of files (RLIMIT_FSIZE): the save fails, old files stay."""
    ask(app)
    edit(app)
    before = contents(app)
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"

    readers, filters, _ = ask(app, limit)

    assert [readers[2:4], filters[2:4]] == [["error", "WRITE_FAILED"]] * 2
    assert readers[5] == errno.EFBIG
    assert contents(app) == before
    assert [*app.cache.rglob("*.tmp")] == []
    record(files_lost=0)


def test_process_without_file_descriptors_still_answers(app: App, record: Record) -> None:
    """No file descriptor is left: the cache is neither read nor written, the answer is right."""
    ask(app)
    used = """
import os, resource
RegistryCacheManager("other", str, item_type=int, application="app").get_or_build(lambda: {"a": 1})
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
taken = []
try:
    while True:
        taken.append(os.dup(0))
except OSError:
    pass
assert manager.get_or_build(lambda: {"red": 1}) == {"red": 1}
seen = manager.last_report.reason.name, manager.last_report.saved.reason.name
for each in taken:
    os.close(each)
assert seen == ("FILE_UNREADABLE", "WRITE_FAILED"), seen
"""

    seen = ask(app, used)

    assert [each[0] for each in seen] == ["hit"] * 3
    record(starts=2)

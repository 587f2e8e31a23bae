"""What lies in a folder of caches does not grow: old files go, those of others stay."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from throwaway import App, sealed

from regcache_core import CacheConfig, RegistryCacheManager
from regcache_core.collecting import collect

if TYPE_CHECKING:
    from conftest import Record

Amount = Callable[[int, int], int]

DAY_S = 86_400
MARK = ".regcache-collected"
NAME = "colours-" + "0123456789abcdef" * 2 + ".json"
TEMPORARY, LOCK = f".{NAME}.1-2-3.tmp", f".{NAME}.lock"
SIDE_BY_SIDE = """
import json, sys, time
from pathlib import Path
sys.path[:0] = json.loads(sys.argv[1])
from regcache_core import CacheConfig, RegistryCacheManager
days = json.loads(sys.argv[2])
config = CacheConfig(max_age_days=days)
manager = RegistryCacheManager("colours", str, item_type=int, application="app", config=config)
manager.get_or_build(lambda: {"red": 1})
print(json.dumps([manager.path, manager.last_report.status]))
"""


def save(name: str = "colours", days: float | None = 7) -> Path:
    """Write a cache file of this environment."""
    manager: RegistryCacheManager[str, int] = RegistryCacheManager(
        name,
        lambda: "1",
        item_type=int,
        application="app",
        config=CacheConfig(max_age_days=days),
    )
    assert manager.save_cache({"red": 1})
    return Path(str(manager.path))


def age(path: Path, days: float, **members: Any) -> None:
    """Let a cache file be written days ago."""
    document = json.loads(path.read_text())
    document["timestamp"] -= days * DAY_S
    path.write_bytes(sealed({**document, **members}))
    touch(path, days)


def touch(path: Path, days: float) -> None:
    """Let a file be modified days ago."""
    moment = time.time() - days * DAY_S
    os.utime(path, (moment, moment), follow_symlinks=False)


def write_again(name: str = "later") -> None:
    """A cold write on another day."""
    folder = Path(os.environ["REGCACHE_DIR"], "app")
    if (folder / MARK).exists():
        touch(folder / MARK, 1.1)
    save(name)


class Environment:
    """A virtual environment that has regcache, by the path of its sources."""

    def __init__(self, folder: Path, app: App) -> None:
        self.folder, self.app = folder, app
        venv.create(folder, symlinks=True)
        path = [each for each in sys.path if each.endswith(("src", "site-packages"))]
        self.path = json.dumps([*path, *editable_places()])

    def start(self, days: float | None) -> tuple[Path, str]:
        """Start the application in it; gives its cache file and what a load did."""
        python = str(self.folder / "bin" / "python")
        command = [python, "-c", SIDE_BY_SIDE, self.path, json.dumps(days)]
        environment = self.app.environment()
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, cwd=self.app.folder
        )
        assert done.returncode == 0, done.stderr
        path, status = json.loads(done.stdout)
        return Path(path), status


def editable_places() -> list[str]:
    """Where the packages that this process has imported lie."""
    import regcache_core

    return [str(Path(str(regcache_core.__file__)).parents[1])]


@pytest.mark.skipif(os.name != "posix", reason="needs environments made of links")
def test_files_of_vanished_environments_go_and_those_of_live_ones_stay(
    app: App, tmp_path: Path, record: Record
) -> None:
    """A virtual environment is removed: its old cache files go; those of a living one stay."""
    app.write({"app.py": ""})
    names = ("living", "vanished", "living for ever", "vanished for ever")
    environments = [Environment(tmp_path / name, app) for name in names]
    days = (7, 7, None, None)
    files = [each.start(limit)[0] for each, limit in zip(environments, days, strict=True)]
    assert len(set(files)) == 4
    assert len({file.parent for file in files}) == 1
    for each in environments[1::2]:
        shutil.rmtree(each.folder)
    # Those that live are as old as they may be, or older than any limit.
    for file, old in zip(files, (6.9, 31, 400, 31), strict=True):
        age(file, old)

    write_again()

    assert [file.exists() for file in files] == [True, False, True, False]
    assert [environments[0].start(7)[1], environments[2].start(None)[1]] == ["hit", "hit"]
    record(environments=4, vanished=2)


#: How long a file is believed, in days; how old it is; whether it stays.
AGES = [
    (7, 7.9, True),
    (7, 8.1, False),
    (1, 7.9, True),
    (1, 8.1, False),
    (20.5, 21.4, True),
    (20.5, 21.6, False),
    (None, 10_000, True),
]


def test_cache_files_go_when_nobody_would_believe_them(record: Record) -> None:
    """A cache file goes a day after the last moment at which a start would believe it."""
    paths = [save(f"{days} {old}", days) for days, old, _ in AGES]
    for path, (_, old, _) in zip(paths, AGES, strict=True):
        age(path, old)

    write_again()

    assert [path.exists() for path in paths] == [stays for *_, stays in AGES]
    record(files=len(AGES))


def test_size_of_a_folder_is_bounded_by_what_was_written_lately(
    amount: Amount, record: Record
) -> None:
    """An environment a day: no more files than those of the last eight days and today remain."""
    most, days = 0, amount(20, 365)
    for day in range(days):
        folder = Path(os.environ["REGCACHE_DIR"], "app")
        for path in folder.glob("*.json"):
            age(path, 1)
        write_again(f"environment {day}")
        most = max(most, len(list(folder.glob("*.json"))))

    assert 8 <= most <= 10
    record(environments=days, most_files=most)


def test_caches_are_looked_through_once_a_day(record: Record) -> None:
    """Between two looks lies a day; a mark from the future counts for nothing."""
    save("first")
    old = save("old")
    age(old, 30)

    save("the same day")
    assert old.exists()
    mark = old.with_name(MARK)
    touch(mark, 0.9)
    save("the same day, later")
    assert old.exists()
    touch(mark, -3)
    save("the clock was wrong")
    assert not old.exists()
    assert abs(mark.stat().st_mtime - time.time()) < DAY_S / 2
    record(writes=5)


DOCUMENT = {"format": "regcache 1", "timestamp": 1.0, "identity": {"registry": "colours"}}
CACHE = sealed(DOCUMENT)


def _put(name: str, content: bytes) -> Callable[[Path], Path]:
    def put(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return put


def _with(**members: Any) -> Callable[[Path], Path]:
    kept = {name: value for name, value in (DOCUMENT | members).items() if value is not ...}
    return _put(NAME, sealed(kept))


def _put_folder(folder: Path) -> Path:
    (folder / NAME).mkdir()
    return folder / NAME


def _put_link(name: str) -> Callable[[Path], Path]:
    def put(folder: Path) -> Path:
        (folder / "target").write_bytes(CACHE)
        touch(folder / "target", 400)
        (folder / name).symlink_to("target")
        return folder / name

    return put


def _put_foreign(name: str) -> Callable[[Path], Path]:
    def put(folder: Path) -> Path:
        path = _put(name, CACHE)(folder)
        if os.geteuid() == 0:  # only root gives files away
            os.chown(path, 12345, 12345)
        else:
            path.chmod(0o666)
        return path

    return put


def _put_writable(folder: Path) -> Path:
    path = _put(NAME, CACHE)(folder)
    path.chmod(0o666)
    return path


OTHERS = {
    "another name": _put("settings.json", CACHE),
    "a short fingerprint": _put("colours-0123456789abcdef.json", CACHE),
    "no fingerprint": _put(f"colours-{'x' * 32}.json", CACHE),
    "another ending": _put(f"{NAME}.bak", CACHE),
    "hidden": _put(f".{NAME}", CACHE),
    "a hidden copy": _put(f".{NAME}.old", CACHE),
    "another's temporary": _put(".settings.json.1-2-3.tmp", CACHE),
    "a plain temporary": _put(f"{NAME}.tmp", CACHE),
    "another's lock": _put(".settings.lock", b""),
    "no JSON": _put(NAME, b"notes"),
    "a list": _put(NAME, b"[]"),
    "zeros and a text": _put(NAME, b"\0" * 40 + b"notes"),
    "torn, of another release": _put(NAME, b'{"format":"regcache 12","identity":{'),
    "a text for a temporary": _put(TEMPORARY, b"notes"),
    "a text for a lock": _put(LOCK, b"notes"),
    "a long number for a lock": _put(LOCK, b"1" * 40),
    "JSON of another": _put(NAME, json.dumps(DOCUMENT).encode()),
    "no format": _with(format=...),
    "another format": _with(format="colours 1"),
    "a format that is none": _with(format=[1]),
    "no identity": _with(identity=...),
    "an identity that is none": _with(identity=1),
    "no timestamp": _with(timestamp=...),
    "a timestamp that is none": _with(timestamp="1"),
    "an age that is none": _with(max_age_days="x"),
    "an environment that is none": _with(max_age_days=None),
    "a folder": _put_folder,
    "a link": _put_link(NAME),
    "a temporary link": _put_link(TEMPORARY),
    "a link for a lock": _put_link(LOCK),
    "another user's": _put_foreign(NAME),
    **({} if os.geteuid() else {f"another user's {x}": _put_foreign(x) for x in (TEMPORARY, LOCK)}),
    "writable by all": _put_writable,
}


def test_files_of_others_are_left_alone(
    cache_dir: Path, monkeypatch: pytest.MonkeyPatch, record: Record
) -> None:
    """Whatever else lies in the folder stays: other names, JSON, links, folders, owners."""
    for number, (other, put) in enumerate(OTHERS.items()):
        monkeypatch.setenv("REGCACHE_DIR", str(cache_dir / str(number)))
        folder = cache_dir / str(number) / "app"
        folder.mkdir(parents=True)
        path = put(folder)
        touch(path, 400)
        ours = folder / NAME.replace("0", "1")
        ours.write_bytes(CACHE)
        touch(ours, 400)

        write_again()

        assert os.path.lexists(path), other
        assert not ours.exists(), f"nothing was collected at all beside {other}"
    record(kinds=len(OTHERS))


def test_two_collectors_at_once_do_not_disturb_each_other(
    app: App, amount: Amount, record: Record
) -> None:
    """Eight processes collect from one folder again and again: no error, nothing needed goes."""
    files = amount(30, 300)
    kept = save("kept")
    code = f"""
import os, sys
from regcache_core.collecting import collect
from test_growth import CACHE, touch, MARK
from pathlib import Path
folder, number = Path({str(kept.parent)!r}), int(sys.argv[1])
for i in range({files}):
    path = folder / f"n{{number}}-{{i:032x}}.json"
    path.write_bytes(CACHE)
    touch(path, 400)
    try:
        touch(folder / MARK, 2)
    except FileNotFoundError:
        pass
    collect(str(folder / "x.json"))
"""
    environment = app.environment(PYTHONPATH=os.pathsep.join(sys.path))
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(i)], env=environment) for i in range(8)
    ]

    assert [each.wait(120) for each in processes] == [0] * 8

    write_again()
    assert kept.exists()
    assert list(kept.parent.glob("n*.json")) == []
    record(processes=8, files=8 * files)


def dead_pid() -> int:
    """Number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


#: What a temporary file's name says of its writer; its age in seconds; whether it stays.
TEMPORARIES = [
    ("dead", 30, True),
    ("dead", 90, False),
    ("alive", 90, True),
    ("alive", DAY_S - 60, True),
    ("alive", DAY_S + 60, False),
    ("1", 90, True),
    ("99999999999999999999", 90, True),
    ("²", 90, True),
]


def test_temporary_files_go_when_their_writer_is_surely_dead(record: Record) -> None:
    """What a killed writer left goes at a later write; a living writer's file stays."""
    cache, dead = save(), dead_pid()
    paths = []
    for number, (pid, age_s, _) in enumerate(TEMPORARIES):
        pid = {"dead": str(dead), "alive": str(os.getpid())}.get(pid, pid)
        path = cache.with_name(f".{cache.name}.{pid}-1-{number}.tmp")
        path.write_text('{"format":"regca')
        touch(path, age_s / DAY_S)
        paths.append(path)

    save()  # on the same day

    assert [path.exists() for path in paths] == [stays for *_, stays in TEMPORARIES]
    record(files=len(TEMPORARIES))


def test_old_lock_files_go(record: Record) -> None:
    """A lock file that a killed process left goes on another day; a young one stays."""
    cache = save()
    notes = ["", "12345", "unsaved", "\0" * 5]
    paths = [cache.with_name(f".colours-{number:032x}.json.lock") for number in range(8)]
    for path, note in zip(paths, [*notes, *notes], strict=True):
        path.write_text(note)
    for path in paths[:4]:
        touch(path, 1.1)

    write_again()

    assert paths[4:] == [path for path in paths if path.exists()]
    record(files=8)


def test_collecting_in_a_folder_that_cannot_be_read_is_no_error(
    tmp_path: Path, record: Record
) -> None:
    """No folder, or a file in its place: nothing is collected, and nothing raised."""
    (tmp_path / "file").write_text("")

    collect(str(tmp_path / "none" / NAME))
    collect(str(tmp_path / "file" / NAME))

    assert ["file"] == [path.name for path in tmp_path.glob("[!r]*")]
    record(folders=2)

"""What lies in a folder of caches does not grow: old files go, those of others stay."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import Any

import pytest
from throwaway import App
from trials import Amount, Record

import regcache_core
from regcache_core import CacheConfig, RegistryCacheManager, _file
from regcache_core._cold import prune as pruning
from regcache_core._cold.prune import prune
from regcache_core._cold.write import as_file

DAY_S = 86_400
MARK = ".regcache-pruned"
NAME = "colours-0123456789abcdef.json"
TEMPORARY, LOCK = f".{NAME}.1-2-3.tmp", f".{NAME}.lock"
OUR_NAME = NAME.replace("0", "1")
DOCUMENT = {
    "format": "regcache 1",
    "timestamp": 1.0,
    "max_age_days": 7,
    "identity": {"prefix": "/", "home": "/"},
}
CACHE = as_file(DOCUMENT)


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
    del document["checksum"]
    document["timestamp"] -= days * DAY_S
    path.write_bytes(as_file({**document, **members}))
    touch(path, days)


def touch(path: Path, days: float) -> None:
    """Let a file be modified days ago."""
    moment = time.time() - days * DAY_S
    os.utime(path, (moment, moment), follow_symlinks=False)


def put_old(path: Path, content: bytes = CACHE) -> Path:
    """Make a file that is older than anything that is believed."""
    path.write_bytes(content)
    touch(path, 400)
    return path


def write_again(name: str = "later") -> None:
    """A cold write on another day."""
    Path(os.environ["REGCACHE_DIR"], "app", MARK).unlink(missing_ok=True)
    save(name)


START = """
import json, sys
sys.path[:0] = json.loads(sys.argv[1])
from regcache_core import CacheConfig, RegistryCacheManager, _file
config = CacheConfig(max_age_days=None)
manager = RegistryCacheManager("colours", str, item_type=int, application="app", config=config)
manager.get_or_build(lambda: {"red": 1})
print(json.dumps([manager.path, manager.last_report.status]))
"""


def start(environment: Path, app: App) -> tuple[Path, str]:
    """Start the application in a virtual environment; gives its cache file and what a load did."""
    ours = str(Path(str(regcache_core.__file__)).parents[1])
    places = [each for each in sys.path if each.endswith(("src", "site-packages"))]
    command = [str(environment / "bin" / "python"), "-c", START, json.dumps([*places, ours])]
    output = subprocess.check_output(command, env=app.environment(), cwd=app.folder)
    path, status = json.loads(output)
    return Path(path), status


@pytest.mark.skipif(os.name != "posix", reason="needs environments made of links")
def test_files_of_vanished_environments_go_and_those_of_live_ones_stay(
    app: App, tmp_path: Path, record: Record
) -> None:
    """A virtual environment is removed: its old cache file goes; that of a living one stays."""
    app.write({"app.py": ""})
    environments = tmp_path / "living", tmp_path / "vanished"
    for each in environments:
        venv.create(each, symlinks=True)
    living, vanished = [start(each, app)[0] for each in environments]
    assert living.parent == vanished.parent
    shutil.rmtree(environments[1])
    age(living, 400)
    age(vanished, 31)

    write_again()

    assert [True, False] == [living.exists(), vanished.exists()]
    assert (living, "hit") == start(environments[0], app)
    record(environments=2, vanished=1)


#: How long an answer is believed, and how old it is, in days; where its environment lies and its
#: application; whether it stays.
ANSWERS = [
    (7, 7.9, "gone", "gone", True),
    (7, 8.1, "here", "here", False),
    (1, 7.9, "here", "here", True),
    (1, 8.1, "here", "here", False),
    (20.5, 21.4, "here", "here", True),
    (20.5, 21.6, "here", "here", False),
    (None, 10_000, "here", "here", True),
    (None, 29, "gone", "gone", True),
    (None, 31, "gone", "here", False),
    (None, 31, "here", "gone", False),
    (None, 31, "here", "gone:gone too", False),
    (None, 400, "here", "gone:here", True),
    (None, 400, "here", "archive/in it", True),
    (None, 400, "here", "", True),
]


def test_answers_go_when_nobody_would_believe_them(tmp_path: Path, record: Record) -> None:
    """An answer goes a day after it is believed last; one without limit when its place is gone."""
    (tmp_path / "here").mkdir()
    (tmp_path / "archive").touch()
    paths = []
    for number, (max_age_days, days, prefix, home, _) in enumerate(ANSWERS):
        homes = [str(tmp_path / each) for each in home.split(":") if each]
        identity = {"prefix": str(tmp_path / prefix), "home": os.pathsep.join(homes)}
        paths.append(save(str(number), max_age_days))
        age(paths[-1], days, identity=identity)

    write_again()

    assert [stays for *_, stays in ANSWERS] == [path.exists() for path in paths]
    record(files=len(ANSWERS))


#: What a kill in the middle of a write leaves, or a power failure.
TORN = [b"", CACHE[:5], CACHE[:60], b"\0" * 5000, CACHE[:60] + b"\0" * 5000]
#: For each kind of file: what may be left in it, and for how many days.
LEFT = {
    "torn-{:016x}.json": (TORN, 8),
    ".torn-{:016x}.json.1-2-3.tmp": ([*TORN, CACHE], 1),
    ".torn-{:016x}.json.lock": ([b"", b"12345", b"unsaved", b"\0" * 5], 1),
}


def test_what_kills_and_power_failures_leave_goes(record: Record) -> None:
    """Temporary and lock files go when they are a day old, torn cache files after eight."""
    folder = save().parent
    young, old = [], []
    for kind, (contents, days) in LEFT.items():
        for number, content in enumerate(contents):
            for paths, days_ago in ((young, days - 0.1), (old, days + 0.1)):
                path = put_old(folder / kind.format(2 * number + (paths is old)), content)
                touch(path, days_ago)
                paths.append(path)

    write_again()

    assert young == [path for path in young + old if path.exists()]
    record(files=len(young) + len(old), gone=len(old))


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


def test_folder_is_pruned_once_a_day(record: Record) -> None:
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


def _no_memory(*_: object) -> None:
    raise MemoryError


LACKS: list[tuple[Any, ...]] = [
    (pruning, "_LONGEST_S", 0),
    (pruning, "read_bytes", _no_memory),
    (_file, "parse_text", _no_memory),
]


def test_what_there_is_no_time_or_memory_for_stays_until_another_day(
    monkeypatch: pytest.MonkeyPatch, record: Record
) -> None:
    """Pruning stops after a fifth of a second; a file that it has no room for is left alone."""
    old = put_old(save().with_name(NAME))
    for lack in LACKS:
        with monkeypatch.context() as patch:
            patch.setattr(*lack)
            write_again()
        assert old.exists(), lack

    write_again()

    assert not old.exists()
    record(files=1, lacks=len(LACKS))


def test_file_that_is_about_to_be_written_stays(tmp_path: Path, record: Record) -> None:
    """A write that fails leaves what was there, however old."""
    own, other = put_old(tmp_path / NAME), put_old(tmp_path / OUR_NAME)

    prune(str(own))

    assert [True, False] == [own.exists(), other.exists()]
    record(files=2)


def _as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _as_link(path: Path) -> None:
    path.symlink_to(path.rename(path.with_name("target")).name)
    touch(path.with_name("target"), 400)


def _as_writable(path: Path) -> None:
    path.chmod(0o666)


def _as_foreign(path: Path) -> None:
    if os.geteuid() == 0:  # only root gives files away
        os.chown(path, 12345, 12345)
    else:
        path.chmod(0o666)


def _with(**members: Any) -> bytes:
    document = {**DOCUMENT, **members}
    return as_file({name: value for name, value in document.items() if value is not ...})


#: Name and content of a file, and what else is done to it.
OTHERS: dict[str, tuple[Any, ...]] = {
    "another name": ("settings.json", CACHE),
    "a short fingerprint": ("colours-0123456789abcde.json", CACHE),
    "no fingerprint": (f"colours-{'x' * 16}.json", CACHE),
    "another ending": (f"{NAME}.bak", CACHE),
    "hidden": (f".{NAME}", CACHE),
    "a hidden copy": (f".{NAME}.old", CACHE),
    "another's temporary": (".settings.json.1-2-3.tmp", CACHE),
    "a plain temporary": (f"{NAME}.tmp", CACHE),
    "another's lock": (".settings.lock", b""),
    "a plain lock": (f"{NAME}.lock", b""),
    "no JSON": (NAME, b"notes"),
    "a number": (NAME, b"12345"),
    "a list": (NAME, b"[]"),
    "zeros and a text": (NAME, b"\0" * 40 + b"notes"),
    "spaced as another": (NAME, json.dumps(DOCUMENT).encode()),
    "a text for a temporary": (TEMPORARY, b"notes"),
    "a text for a lock": (LOCK, b"notes"),
    "a long number for a lock": (LOCK, b"1" * 40),
    "no format": (NAME, _with(format=...)),
    "another format": (NAME, _with(format="colours 1")),
    "a format that is none": (NAME, _with(format=[1])),
    "no timestamp": (NAME, _with(timestamp=...)),
    "a timestamp that is none": (NAME, _with(timestamp="1")),
    "a timestamp beyond measure": (NAME, _with(timestamp=-(10**400))),
    "an age that is none": (NAME, _with(max_age_days="x")),
    "no identity": (NAME, _with(max_age_days=None, identity=...)),
    "an identity that is none": (NAME, _with(max_age_days=None, identity=1)),
    "an environment that is none": (NAME, _with(max_age_days=None, identity={"prefix": "\0"})),
    "a home that is none": (NAME, _with(max_age_days=None, identity={"prefix": "/", "home": 1})),
    "a folder": (NAME, CACHE, _as_folder),
    "a link": (NAME, CACHE, _as_link),
    "a temporary link": (TEMPORARY, CACHE, _as_link),
    "a link for a lock": (LOCK, b"", _as_link),
    "another user's": (NAME, CACHE, _as_foreign),
    "another user's temporary": (TEMPORARY, CACHE, _as_foreign),
    "another user's lock": (LOCK, b"", _as_foreign),
    "writable by all": (NAME, CACHE, _as_writable),
}


def test_files_of_others_are_left_alone(tmp_path: Path, record: Record) -> None:
    """Whatever else lies in the folder stays: other names, JSON, links, folders, owners."""
    for number, (other, (name, content, *changes)) in enumerate(OTHERS.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        path, ours = put_old(folder / name, content), put_old(folder / OUR_NAME)
        for change in changes:
            change(path)
        touch(path, 400)

        prune(str(folder / "x.json"))

        assert os.path.lexists(path), other
        assert not ours.exists(), f"nothing was removed at all beside {other}"
    record(kinds=len(OTHERS))


def test_two_that_prune_at_once_do_not_disturb_each_other(
    app: App, amount: Amount, record: Record
) -> None:
    """Eight processes prune one folder again and again: no error, nothing needed goes."""
    files = amount(30, 300)
    kept = save("kept")
    code = f"""
import sys
from pathlib import Path
from regcache_core._cold.prune import prune
from test_growth import MARK, put_old
folder, number = Path({str(kept.parent)!r}), int(sys.argv[1])
for i in range({files}):
    put_old(folder / f"n{{number}}-{{i:016x}}.json")
    (folder / MARK).unlink(missing_ok=True)
    prune(str(folder / "x.json"))
"""
    environment = app.environment(PYTHONPATH=os.pathsep.join(sys.path))
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(i)], env=environment) for i in range(8)
    ]

    assert [0] * 8 == [each.wait(120) for each in processes]

    write_again()
    assert kept.exists()
    assert [] == list(kept.parent.glob("n*.json"))
    record(processes=8, files=8 * files)


@pytest.mark.skipif(os.name != "posix", reason="needs modes of folders")
def test_folder_that_is_none_of_ours_is_left_alone(tmp_path: Path, record: Record) -> None:
    """A folder that others may write, none, or a file in its place: no change, nothing raised."""
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    put_old(tmp_path / "open" / NAME)
    (tmp_path / "file").touch()

    for folder in ("open", "none", "file"):
        prune(str(tmp_path / folder / "x.json"))

    assert ["file", "open", f"open/{NAME}"] == sorted(
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")
    )
    record(folders=3)

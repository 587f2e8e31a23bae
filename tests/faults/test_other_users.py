"""Other users of the machine: what they put in the way is neither believed, nor followed, nor kept.

Two users in processes of their own, and a folder that both may write into, as ``/tmp`` is.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from test_growth import MARK, NAME, OUR_NAME, put_old
from throwaway import ALL_OF_CORE
from trials import Record

pytestmark = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0, reason="only root can work as two other users"
)

USER, OTHER = 65533, 65534

#: Becomes a user, for good; before that everything is imported, for root's files may be closed.
_BECOME = (
    ALL_OF_CORE
    + """
import json, os, shutil, sys, warnings, enum, importlib.metadata
from regcache_core import RegistryCacheManager
os.umask(0o022)
os.setgroups([])
os.setresgid({uid}, {uid}, {uid})
os.setresuid({uid}, {uid}, {uid})
shared, home = {shared!r}, {home!r}
manager = RegistryCacheManager("palettes", lambda: "1", str, str, application="painter")
folder, name = os.path.split(manager.path)
"""
)
#: What the application does: its answer, and what the load and the save say.
_START = """
answer = manager.get_or_build(lambda: {"a": "right"})
report = manager.last_report
reasons = [each and each.reason and each.reason.name for each in (report, report.saved)]
print(json.dumps([answer, report.status, *reasons]))
"""

RIGHT = {"a": "right"}


class Machine:
    """A folder that all may write into, and a home for the user."""

    def __init__(self, place: Path) -> None:
        self.shared, self.home = place / "tmp", place / "home"
        for folder, mode in ((self.shared, 0o1777), (self.home, 0o700)):
            folder.mkdir()
            folder.chmod(mode)
        os.chown(self.home, USER, USER)

    def run(self, uid: int, code: str, folder: Path | None = None) -> Any:
        """Run code as a user; gives what it prints as JSON."""
        before = _BECOME.format(uid=uid, shared=str(self.shared), home=str(self.home))
        environment = {
            **os.environ,
            "REGCACHE_DIR": str(folder or self.shared),
            "REGCACHE_EAGER_IMPORT": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        done = subprocess.run(
            [sys.executable, "-c", before + dedent(code)],
            env={k: v for k, v in environment.items() if not k.startswith("COV")},
            cwd="/",
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "null")

    def start(self, folder: Path | None = None) -> Any:
        """A start of the user's application: answer, status, and reasons of load and save."""
        return self.run(USER, _START, folder)

    def files(self) -> list[Path]:
        """The cache files of the user, and what else he has that is not hidden."""
        found = [*self.shared.rglob("[!.]*"), *self.home.rglob("[!.]*")]
        return [path for path in found if path.lstat().st_uid == USER and not path.is_dir()]


@pytest.fixture
def machine() -> Iterator[Machine]:
    """A machine with two users."""
    place = Path(tempfile.mkdtemp(prefix="regcache-tests-"))
    place.chmod(0o755)
    yield Machine(place)
    shutil.rmtree(place)


#: What the other user does before the first start of the application, and what is told then.
ATTACKS = {
    "his folder": ("os.mkdir(folder, 0o755)", "FILE_ABSENT", "FOREIGN_OWNER"),
    "his open folder": (
        "os.mkdir(folder)\nos.chmod(folder, 0o777)",
        "FILE_ABSENT",
        "FOREIGN_OWNER",
    ),
    "his sticky folder": (
        "os.mkdir(folder)\nos.chmod(folder, 0o1777)",
        "FILE_ABSENT",
        "FOREIGN_OWNER",
    ),
    "his answer": (
        """
        manager.save_cache({"a": "wrong"})
        os.chmod(manager.path, 0o644)
        os.chmod(folder, 0o755)
        """,
        "FOREIGN_OWNER",
        "FOREIGN_OWNER",
    ),
    "link to the user's folder": (
        "os.symlink(os.path.join(home, 'painter'), folder)",
        "FOREIGN_OWNER",
        "FOREIGN_OWNER",
    ),
    "link to the user's home": ("os.symlink(home, folder)", "FILE_ABSENT", "FOREIGN_OWNER"),
    "link to nothing": ("os.symlink(home + '/new', folder)", "FILE_ABSENT", "WRITE_FAILED"),
    "a file for a folder": ("open(folder, 'w').close()", "FILE_UNREADABLE", "WRITE_FAILED"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_folder_of_another_user_is_not_used(attack: str, machine: Machine, record: Record) -> None:
    """A folder, or a link to one, that another user put there first is not read or written."""
    code, load, save = ATTACKS[attack]
    # An old answer of the user's own, to which a link could lead.
    machine.run(USER, _START.replace("right", "old"), machine.home)
    before = {path: path.read_bytes() for path in machine.files()}
    machine.run(OTHER, code)

    seen = [machine.start(), machine.start()]

    assert [[RIGHT, "miss", load, save]] * 2 == seen
    assert before == {path: path.read_bytes() for path in machine.files()}
    record(starts=2, wrong=0)


#: What the other user puts into a folder that the administrator made for all.
PLANTED = {
    "his file": (
        "open(manager.path, 'w').write('{}')\nos.chmod(manager.path, 0o644)",
        "FOREIGN_OWNER",
    ),
    "link to a file of the user's": (
        "os.symlink(os.path.join(home, 'painter', name), manager.path)",
        "NOT_A_FILE",
    ),
    "link to nothing of the user's": (
        "os.symlink(os.path.join(home, 'new'), manager.path)",
        "NOT_A_FILE",
    ),
    "a folder": ("os.mkdir(manager.path)", "NOT_A_FILE"),
    "a pipe": ("os.mkfifo(manager.path, 0o644)\nos.chmod(manager.path, 0o644)", "NOT_A_FILE"),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_what_another_user_put_in_a_shared_folder_is_not_followed(
    planted: str, machine: Machine, record: Record
) -> None:
    """In a sticky folder another user's file is not read, and his link neither read nor written."""
    code, load = PLANTED[planted]
    machine.run(USER, _START.replace("right", "old"), machine.home)
    (machine.shared / "painter").mkdir()
    (machine.shared / "painter").chmod(0o1777)
    before = {path: path.read_bytes() for path in machine.files()}
    machine.run(OTHER, code)

    seen = [machine.start(), machine.start()]

    assert [[RIGHT, "miss", load, "WRITE_FAILED"]] * 2 == seen
    assert before == {path: path.read_bytes() for path in machine.files()}
    record(starts=2, wrong=0)


DISTURB = """
done = []
def attempt(name, function):
    try:
        function()
        done.append(name)
    except OSError:
        pass
attempt("read", lambda: open(manager.path).read())
attempt("list", lambda: os.listdir(folder))
attempt("write", lambda: open(manager.path, "a"))
attempt("remove", lambda: os.unlink(manager.path))
attempt("replace", lambda: os.replace(shared + "/mine", manager.path))
attempt("rename", lambda: os.rename(folder, folder + "2"))
attempt("add", lambda: open(folder + "/new", "w"))
attempt("link", lambda: os.link(manager.path, shared + "/linked"))
print(json.dumps(done))
"""


def test_sticky_folder_is_safe(machine: Machine, record: Record) -> None:
    """In a folder like /tmp the cache works; other users neither change nor see it."""
    cold = machine.start()
    disturbed = machine.run(OTHER, "open(shared + '/mine', 'w').close()" + DISTURB)
    warm = machine.start()
    others = [machine.run(OTHER, _START) for _ in range(2)]

    assert [RIGHT, "miss", "FILE_ABSENT", None] == cold
    assert [] == disturbed
    assert [RIGHT, "hit", None, None] == warm
    assert [[RIGHT, "miss", "FILE_UNREADABLE", "FOREIGN_OWNER"]] * 2 == others
    record(attempts=8, succeeded=0)


def test_folder_of_root_is_used(machine: Machine, record: Record) -> None:
    """What the administrator has prepared is believed: he can do everything anyway."""
    machine.run(0, _START + "os.chmod(folder, 0o755)\nos.chmod(manager.path, 0o644)")

    assert [RIGHT, "hit", None, None] == machine.start()
    record(starts=1)


def test_old_files_of_root_are_left_alone(machine: Machine, record: Record) -> None:
    """What root has put into the user's folder is not removed, even where the user could."""
    machine.start(machine.home)
    folder = machine.home / "painter"
    (folder / MARK).unlink()
    theirs, ours = put_old(folder / NAME), put_old(folder / OUR_NAME)
    os.chown(ours, USER, USER)
    theirs.chmod(0o644)

    machine.run(USER, "manager.save_cache({})", machine.home)

    assert [True, False] == [theirs.exists(), ours.exists()]
    record(files=2)


@pytest.mark.parametrize("level", ["all caches", "the application's"])
def test_own_link_is_followed(level: str, machine: Machine, record: Record) -> None:
    """A user who keeps the folder elsewhere, by a link of his own, has a cache."""
    link = {"all caches": "home + '/link'", "the application's": "home + '/link/painter'"}[level]
    above = "" if level == "all caches" else "os.mkdir(home + '/link')\n"
    machine.run(USER, f"{above}os.mkdir(home + '/disk', 0o700)\nos.symlink(home + '/disk', {link})")

    seen = [machine.start(machine.home / "link") for _ in range(2)]

    assert [[RIGHT, "miss", "FILE_ABSENT", None], [RIGHT, "hit", None, None]] == seen
    record(starts=2)


def test_root_does_not_believe_users(machine: Machine, record: Record) -> None:
    """A program that is run by ``sudo`` reads and leaves nothing in the user's folder."""
    machine.run(USER, _START.replace("right", "wrong"), machine.home)
    before = {path: path.read_bytes() for path in machine.files()}

    seen = machine.run(0, _START, machine.home)

    assert [RIGHT, "miss", "FOREIGN_OWNER", "FOREIGN_OWNER"] == seen
    assert before == {path: path.read_bytes() for path in machine.home.rglob("*.json")}
    record(starts=1)


def test_root_makes_no_folders_in_the_home_of_a_user(record: Record) -> None:
    """Root who runs with a user's ``HOME`` leaves him no folder that he cannot write into."""
    code = (
        ALL_OF_CORE
        + """
manager = regcache_core.RegistryCacheManager("a", lambda: "1", str, str, application="app")
print(manager.get_or_build(lambda: {"a": "1"}), manager.last_report.saved.reason.name)
"""
    )
    with tempfile.TemporaryDirectory(prefix="regcache-tests-") as folder:
        os.chown(folder, 65534, 65534)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("REGCACHE_", "XDG_"))}
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**kept, "HOME": folder},
            capture_output=True,
            text=True,
            check=True,
        )

        assert [] == [*Path(folder).iterdir()]
    assert "{'a': '1'} FOREIGN_OWNER" == done.stdout.strip()
    record(folders_made=0)

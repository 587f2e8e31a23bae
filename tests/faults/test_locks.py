"""The lock that lets one process discover is a courtesy: nobody needs it, nobody hangs on it."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kernel
import pytest
from test_storm import (
    ANSWER,
    APPLICATION,
    Storm,
    left_beside,
    needs_proc,
    storm,
    wait_until_waiting,
)
from throwaway import READERS, WATCHDOG, App
from trials import Record

__all__ = ["storm"]

FAULTS = str(Path(__file__).resolve().parent)

#: Lists a registry; tells what, and whether it was waited for.
LIST = """
from app.readers.base import READERS
keys = sorted(READERS)
out = [keys, READERS.report.status, READERS.report.wait_ns, str(READERS.report.saved)]
"""


def lines_of(app: App) -> list[list[Any]]:
    """What processes wrote down for the test."""
    log = app.folder.parent / "log"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def run(app: App, code: str, **environment: str) -> Any:
    """Run code, which can write lines for ``lines_of`` and let the kernel refuse calls."""
    log = str(app.folder.parent / "log")
    return app.run(WATCHDOG + code, LOG=log, PYTHONPATH=f"{app.folder}:{FAULTS}", **environment)


NOTE = """
import json, os
with open(os.environ["LOG"], "a") as log:
    log.write(json.dumps(out) + "\\n")
"""


def test_process_that_a_discovery_starts_waits_for_nobody(app: App, record: Record) -> None:
    """A plugin starts a process at import that lists the same registry: neither waits."""
    nested = f"""
import os, subprocess, sys
if "NESTED" not in os.environ:
    command = [sys.executable, "-c", {LIST + NOTE!r}]
    subprocess.run(command, env={{**os.environ, "NESTED": "1"}}, check=True, timeout=100)
"""
    app.write({**READERS, "app/readers/a_nested.py": nested})

    outer = run(app, LIST)

    (inner,) = lines_of(app)
    assert [each[:3] for each in (inner, outer)] == [[["csv", "json"], "miss", 0]] * 2
    record(processes=2, waits=0)


def test_thread_that_a_discovery_starts_waits_for_nobody(app: App, record: Record) -> None:
    """A plugin starts a thread at import that lists another registry of a busy process, too."""
    threaded = f"""
import threading
def ask():
    from app.colours import MANAGER
    keys = sorted(MANAGER.get_or_build(lambda: {{"red": 1}}))
    out = [keys, MANAGER.last_report.status, MANAGER.last_report.wait_ns]
{textwrap.indent(NOTE, "    ")}
thread = threading.Thread(target=ask)
thread.start()
thread.join()
"""
    app.write({**APPLICATION, "app/readers/a_slow_reader.py": threaded})
    holder = Storm(app)
    holder.start(1, "colours", WORK_S="2")
    holder.go()
    holder.wait_for_discovery("colours")
    holder.log.unlink()

    keys, status, wait_ns, _ = run(app, LIST)

    assert (keys, status, wait_ns) == (["csv", "json"], "miss", 0)
    assert lines_of(app) == [[["red"], "miss", 0]]
    holder.finish()
    record(threads=2, waits=0)


CROSSED = """
import os, time
from app.slow import work
if os.environ["FIRST"] == "{own}":
    work("{own}")
    end = time.monotonic() + 30
    while len(open(os.environ["LOG"]).readlines()) < 4 and time.monotonic() < end:
        time.sleep(0.01)
    from {home} import {other}
    sorted({other})
    open(os.environ["LOG"] + "{own}", "w").write(str({other}.report.wait_ns))
"""


def test_registries_that_read_each_other_in_two_processes_do_not_wait(
    app: App, record: Record
) -> None:
    """Two processes discover a registry each, whose plugins list the other's: no wait at all."""
    readers = CROSSED.format(own="readers", other="FILTERS", home="app.registry")
    filters = CROSSED.format(own="filters", other="READERS", home="app.readers.base")
    app.write(
        {
            **APPLICATION,
            "app/readers/a_slow_reader.py": readers,
            "app/filters/a_slow_filter.py": filters,
        }
    )
    crossed = Storm(app)
    for own in ("readers", "filters"):
        crossed.start(1, own, FIRST=own, WORK_S="0")

    crossed.go()

    for number, answer in enumerate(crossed.finish()):
        (kind,) = answer
        assert answer[kind][0] == ANSWER[kind], number
    waits = [Path(f"{crossed.log}{own}").read_text() for own in ("readers", "filters")]
    assert waits == ["0", "0"]
    record(processes=2, waits=0)


def test_wait_for_a_discoverer_that_hangs_is_bounded(app: App, record: Record) -> None:
    """The process that discovers stops for ever: others wait for a bounded time, then discover."""
    app.write(APPLICATION)
    hanging = Storm(app)
    hanging.start(1, "readers", WORK_S="60")
    hanging.go()
    victim = hanging.wait_for_discovery("readers")
    os.kill(victim, signal.SIGSTOP)
    bound = "from regcache_core._cold import lock\nlock.PATIENCE_S = 0.5\n"
    try:
        keys, status, wait_ns, saved = run(app, bound + LIST, WORK_S="0")

        assert (keys, status) == (["csv", "json"], "miss")
        assert 0.5e9 <= wait_ns < 20e9
        assert saved.startswith("saved")
        assert run(app, LIST)[1:3] == ["hit", 0]
    finally:
        os.kill(victim, signal.SIGKILL)
        hanging.running[0].communicate()
    record(waits=1)


def test_process_that_goes_on_is_waited_for(app: App, record: Record) -> None:
    """A discovery that takes longer than a wait may, and goes on importing, is waited for."""
    slow = "import time\ntime.sleep(0.4)\n"
    app.write({**READERS, **{f"app/readers/slow{i}.py": slow for i in range(6)}})
    often = "from regcache_core._cold import lock\nlock._TOUCH_S = 0.1\n"
    builder = subprocess.Popen(
        [sys.executable, "-c", often + LIST], env=app.environment(), cwd=app.folder
    )
    while not [*app.cache.rglob("*.lock")] and builder.poll() is None:
        time.sleep(0.01)
    bound = "from regcache_core._cold import lock\nlock.PATIENCE_S = 1.2\n"

    keys, status, wait_ns, _ = run(app, bound + LIST)

    assert 0 == builder.wait(60)
    assert (keys, status) == (["csv", "json"], "hit")
    assert wait_ns > 1.2e9
    record(waits=1, discoveries=1)


@pytest.mark.skipif(not kernel.IS_AVAILABLE, reason="needs seccomp filters of Linux on x86-64")
def test_file_system_without_locks_stops_nobody(app: App, record: Record) -> None:
    """A file system without locks: answers are discovered, saved, and found by the next start."""
    app.write(READERS)
    errors = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EIO)
    for error in errors:
        shutil.rmtree(app.cache, ignore_errors=True)
        refusing = f"import kernel\nkernel.refuse('flock', {error})\n"

        first, second = run(app, refusing + LIST), run(app, refusing + LIST)

        assert [each[:3] for each in (first, second)] == [
            [["csv", "json"], "miss", 0],
            [["csv", "json"], "hit", 0],
        ]
    record(errors=len(errors), starts=2 * len(errors))


def test_nobody_waits_for_an_answer_that_cannot_be_saved(storm: Storm, record: Record) -> None:
    """An answer that could not be saved is waited for once, and then by nobody."""
    transient = APPLICATION["app/readers/a_slow_reader.py"] + "raise OSError('no device today')\n"
    storm.app.write({"app/readers/a_slow_reader.py": transient})
    for waiting in (range(6), range(1)):
        storm.start(5, "readers", WORK_S="0.5")
        storm.go()

        answers = storm.finish()

        assert [each["readers"][0] for each in answers] == [["csv", "json"]] * 5
        assert " readers readers" in " ".join(["", *storm.events()]), "one after the other"
        assert storm.discoveries()["readers"] == 5
        waits = [each["readers"][2] for each in answers]
        assert sum(map(bool, waits)) in waiting, waits
    (lock,) = storm.app.cache.rglob("*.lock")
    with open(lock) as file:  # another process looks into it at this moment
        fcntl.flock(file, fcntl.LOCK_EX)
        storm.start(1, "readers", WORK_S="0")
        storm.go()
        assert storm.finish()[0]["readers"][2] == 0
    storm.app.write({"app/readers/a_slow_reader.py": APPLICATION["app/readers/a_slow_reader.py"]})
    storm.start(1, "readers", WORK_S="0")
    storm.go()
    storm.finish()
    assert left_beside(storm.app) == []
    record(starts=11, discoveries=11, waits_of_the_second_start=0)


def test_forked_child_keeps_no_lock(app: App, record: Record) -> None:
    """A plugin forks a child that lives on while its parent is killed: nobody waits for it."""
    forking = """
import os, signal, time
if "FORK" in os.environ:
    child = os.fork()
    if child == 0:
        out = os.getpid()
        NOTE
        time.sleep(60)
        os._exit(0)
    time.sleep(0.3)
    os.kill(os.getpid(), signal.SIGKILL)
""".replace("        NOTE\n", textwrap.indent(NOTE, "        "))
    app.write({**READERS, "app/readers/a_forking.py": forking})
    log = str(app.folder.parent / "log")
    environment = app.environment(FORK="1", LOG=log)
    parent = subprocess.Popen([sys.executable, "-c", LIST], env=environment, cwd=app.folder)
    assert parent.wait(60) == -signal.SIGKILL
    (child,) = lines_of(app)
    try:
        os.kill(child, 0)

        assert run(app, LIST)[:3] == [["csv", "json"], "miss", 0]
    finally:
        os.kill(child, signal.SIGKILL)
    record(children=1, waits=0)


def _hard_link(place: Path) -> None:
    (place.parent / "target").write_text("mine")
    os.link(place.parent / "target", place)


def _foreign(place: Path) -> None:
    place.write_text("")
    os.chown(place, 12345, 12345)


#: What lies in the place of the lock -> how it is put there.
IN_THE_WAY: dict[str, Callable[[Path], Any]] = {
    "folder": lambda place: place.mkdir(),
    "link": lambda place: place.symlink_to(place.parent / "target"),
    "hard link": _hard_link,
    "pipe": lambda place: os.mkfifo(place),
    "text": lambda place: place.write_text("somebody's notes, longer than a number" * 3),
    "short text": lambda place: place.write_text("notes"),
    **({"foreign": _foreign} if os.geteuid() == 0 else {}),
}


def test_whatever_lies_in_the_place_of_the_lock_is_left_alone(app: App, record: Record) -> None:
    """A folder, link, pipe, text or foreign file in the lock's place: no wait, not written."""
    app.write(READERS)
    for name, put in IN_THE_WAY.items():
        shutil.rmtree(app.cache, ignore_errors=True)
        run(app, LIST)
        (cache,) = app.cache_files()
        cache.unlink()
        place, target = cache.with_name(f".{cache.name}.lock"), cache.with_name("target")
        put(place)
        before = target.read_text() if target.exists() else None
        there = place.lstat()

        assert run(app, LIST)[:3] == [["csv", "json"], "miss", 0], name
        assert run(app, LIST)[1] == "hit", name

        assert (target.read_text() if target.exists() else None) == before
        assert (place.lstat().st_ino, place.lstat().st_mtime) == (there.st_ino, there.st_mtime)
    record(kinds=len(IN_THE_WAY))


def test_folder_that_others_may_write_gets_no_lock(app: App, record: Record) -> None:
    """A cache folder that others may write: no lock, no mark, nothing waited for."""
    app.write(READERS)
    run(app, LIST)
    (cache,) = app.cache_files()
    for path in cache.parent.iterdir():
        path.unlink()
    cache.parent.chmod(0o777)

    assert run(app, LIST)[:3] == [["csv", "json"], "miss", 0]

    assert list(cache.parent.iterdir()) == []
    record(starts=1)


@needs_proc
def test_interrupt_while_waiting_ends_the_wait(storm: Storm, record: Record) -> None:
    """Ctrl-C while a process waits for another's answer: it ends at once, the other goes on."""
    storm.start(1, "readers", WORK_S="60")
    storm.go()
    storm.wait_for_discovery("readers")
    storm.start(1, "readers")
    storm.go()
    waiting = storm.running.pop()
    wait_until_waiting(waiting.pid)
    time.sleep(0.1)

    waiting.send_signal(signal.SIGINT)
    _, errors = waiting.communicate(timeout=60)

    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert "lock.py" in errors
    assert waiting.returncode == -signal.SIGINT
    assert storm.running[0].poll() is None
    assert storm.discoveries()["readers"] == 1
    record(interrupted=1)

"""``kill -9`` at random moments: what is in the cache file is whole, and nothing piles up."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_growth import MARK
from throwaway import App
from trials import Amount, Record

#: Forks writers and readers and kills each after some milliseconds; loads after each kill.
PROGRAM = """
import json, os, random, signal, sys, time
from collections import Counter
from regcache_core import RegistryCacheManager
import regcache_core._cold.write, regcache_core._cold.lock, regcache_core._cold.prune

KEYS = 3000

def version():
    return "1.0"

def make():
    return RegistryCacheManager("numbers", version, item_type=int, application="app")

def answer(number):
    return {f"key {i}": number for i in range(KEYS)}

def save():
    manager, number = make(), 0
    while True:
        number += 1
        manager.save_cache(answer(number))

def build():
    manager = make()
    while True:
        manager.clear_cache()
        manager.get_or_build(lambda: answer(1))

def read():
    manager = make()
    while True:
        check(manager)

def check(manager):
    items = manager.load_cache()
    if items is None:
        reason = manager.last_report.reason.name
        assert reason == "FILE_ABSENT", str(manager.last_report)
        return reason
    assert len(items) == KEYS and len(set(items.values())) == 1, "torn, and believed"
    return "hit"

def start(work):
    child = os.fork()
    if child:
        return child
    try:
        work()
    except BaseException as error:
        print(work.__name__, repr(error), file=sys.stderr)
    os._exit(1)

kills, seed = int(sys.argv[1]), int(sys.argv[2])
rng, seen, running = random.Random(seed), Counter(), []
manager = make()
try:
    for number in range(kills):
        while len(running) < 4:
            running.append(start(rng.choice([save, save, build, build, read])))
        time.sleep(rng.random() * 0.02)
        victim = running.pop(rng.randrange(len(running)))
        os.kill(victim, signal.SIGKILL)
        _, status = os.waitpid(victim, 0)
        assert os.WIFSIGNALED(status), "a process ended by itself, see above"
        seen[check(manager)] += 1
finally:  # else they hold our output open, and whoever reads it waits for ever
    for victim in running:
        os.kill(victim, signal.SIGKILL)
        os.waitpid(victim, 0)
manager.clear_cache()
assert len(manager.get_or_build(lambda: answer(2))) == KEYS
seen["waited_ns"] = manager.last_report.wait_ns
print(json.dumps([manager.path, seen]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and kill -9")
def test_killed_writers_leave_a_whole_answer_or_none(
    app: App, amount: Amount, record: Record
) -> None:
    """kill -9 at random moments among writers and readers: each load is right, or a miss."""
    kills, seed = amount(60, 5000), int.from_bytes(os.urandom(4), "big")
    environment = app.environment(PYTHONPATH=os.pathsep.join(sys.path))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(kills), str(seed)],
        env=environment,
        cwd=app.folder,
        capture_output=True,
        text=True,
        timeout=1500,
    )
    assert (done.returncode, done.stderr) == (0, ""), (seed, done.stderr)
    path, seen = json.loads(done.stdout)

    assert seen.pop("waited_ns") == 0
    assert sum(seen.values()) == kills
    folder = Path(path).parent
    left = list(folder.glob(".*.tmp"))
    for file in (*left, folder / MARK):
        os.utime(file, (time.time() - 90_000,) * 2)  # more than a day ago
    subprocess.run(
        [sys.executable, "-c", PROGRAM, "0", "0"], env=environment, cwd=app.folder, check=True
    )

    assert list(folder.glob(".*.tmp")) == []
    assert {each.name for each in folder.iterdir()} <= {Path(path).name, MARK}
    hits, misses = seen.get("hit", 0), seen.get("FILE_ABSENT", 0)
    record(kills=kills, hits=hits, misses=misses, halves_left=len(left), halves_after_a_day=0)


@pytest.mark.skipif("sys.platform == 'win32'", reason="the kernel kills the writer")
def test_writer_killed_in_the_middle_leaves_the_old_file(app: App, record: Record) -> None:
    """A process that is killed when half is written leaves the file that was there."""
    code = """
import resource, signal, sys
from regcache_core._cold.write import write_document
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
write_document(sys.argv[1], {"a": 1})
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
write_document(sys.argv[1], {"a": "x" * 5000})
"""
    path = app.cache / "a.json"
    command = [sys.executable, "-c", code, str(path)]

    done = subprocess.run(command, env=app.environment(), check=False)

    assert -signal.SIGXFSZ == done.returncode
    assert path.read_bytes().startswith(b'{"a":1')
    record(kills=1, torn=0)

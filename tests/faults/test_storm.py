"""Many processes start at once: who discovers, who waits, and for how long."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from throwaway import FILTERS, LISTED, READERS, App
from trials import Amount, Record

PROCESSES = 64
#: How many of them may discover, where a discovery takes a second.
MOST_DISCOVERIES = 3

#: A discovery notes itself where the test sees it, and takes as long as it is told.
SLOW = """
import os, time

def work(kind):
    note(kind)
    time.sleep(float(os.environ.get("WORK_S", "1")))
    note(f"after {kind}")

def note(text):
    with open(os.environ["LOG"], "a") as log:
        log.write(f"{text} {os.getpid()}\\n")
"""
COLOURS = """
from app.slow import work
from regcache_core import RegistryCacheManager

def version():
    return "1.0"

def build():
    work("colours")
    return {"red": 1, "green": 2}

MANAGER = RegistryCacheManager("colours", version, item_type=int, application="app")
"""
APPLICATION = {
    **READERS,
    **FILTERS,
    "app/slow.py": SLOW,
    "app/colours.py": COLOURS,
    "app/readers/a_slow_reader.py": "from app.slow import work\nwork('readers')\n",
    "app/filters/a_slow_filter.py": "from app.slow import work\nwork('filters')\n",
}
#: Each asks for all three registries, not all in the same order.
ASK = """
import json, sys
from app.colours import MANAGER, build
from app.readers.base import READERS
from app.registry import FILTERS
first = int(sys.argv[1])
asks = {
    "readers": lambda: (sorted(READERS), READERS.report),
    "filters": lambda: (sorted(FILTERS), FILTERS.report),
    "colours": lambda: (sorted(MANAGER.get_or_build(build)), MANAGER.last_report),
}
names = sys.argv[2].split(",")
print("ready", flush=True)
sys.stdin.read()
answers = {}
for name in names[first % len(names):] + names[:first % len(names)]:
    keys, report = asks[name]()
    answers[name] = [keys, report.status, report.wait_ns]
print(json.dumps(answers))
"""
KINDS = "readers,filters,colours"
ANSWER = {
    "readers": LISTED["classes"],
    "filters": LISTED["functions"],
    "colours": ["green", "red"],
}


class Storm:
    """Processes of one application that begin together."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.log = app.folder.parent / "log"
        self.running: list[subprocess.Popen[str]] = []

    def start(self, count: int, kinds: str = KINDS, **environment: str) -> None:
        """Start processes; each waits for ``go``."""
        for number in range(len(self.running), len(self.running) + count):
            process = subprocess.Popen(
                [sys.executable, "-X", "faulthandler", "-c", ASK, str(number), kinds],
                env=self.app.environment(LOG=str(self.log), **environment),
                cwd=self.app.folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            self.running.append(process)

    def go(self) -> None:
        """Let all that were started begin, when they are ready."""
        waiting = [each for each in self.running if each.stdin is not None]
        for process in waiting:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", process.communicate()
        for process in waiting:
            assert process.stdin is not None
            process.stdin.close()
            process.stdin = None

    def finish(self) -> list[dict[str, Any]]:
        """Wait for all; gives what they answered."""
        answers = []
        for process in self.running:
            output, errors = process.communicate(timeout=120)
            assert process.returncode == 0, errors
            answers.append(json.loads(output))
        self.running.clear()
        return answers

    def discoveries(self) -> Counter[str]:
        """How many processes discovered each registry, since this was asked last."""
        counted = Counter(word for word in self.events() if word != "after")
        self.log.unlink(missing_ok=True)
        return counted

    def events(self) -> list[str]:
        """For each begin of a discovery its registry, for each end ``"after"``, in order."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line.split()[0] for line in lines]

    def wait_for_discovery(self, kind: str) -> int:
        """Wait until a process discovers; gives its number."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            lines = self.log.read_text().splitlines() if self.log.exists() else []
            for line in lines:
                if line.startswith(kind):
                    return int(line.split()[1])
            time.sleep(0.01)
        raise AssertionError(f"nobody discovers {kind}")


@pytest.fixture
def storm(app: App) -> Iterator[Storm]:
    """An application whose discoveries take a second."""
    app.write(APPLICATION)
    storm = Storm(app)
    yield storm
    for process in storm.running:
        process.kill()
        process.communicate()


def wait_until_waiting(pid: int) -> None:
    """Wait until a process waits for another one's answer: it has the lock file open then."""
    folder, end = f"/proc/{pid}/fd", time.monotonic() + 60
    while time.monotonic() < end:
        for name in os.listdir(folder):
            with suppress(FileNotFoundError):  # closed meanwhile
                if os.readlink(f"{folder}/{name}").endswith(".lock"):
                    return
        time.sleep(0.01)
    raise AssertionError(f"{pid} waits for nobody")


needs_proc = pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="needs /proc")


def left_beside(app: App) -> list[str]:
    """Files in the folder of the caches that are none, but for the mark of the day."""
    names = {path.name for path in app.cache.rglob("*") if path.is_file()}
    caches = {path.name for path in app.cache_files()}
    return sorted(names - caches - {".regcache-pruned"})


def clear(app: App) -> None:
    """Remove all caches."""
    for path in app.cache.rglob("*"):
        if path.is_file():
            path.unlink()


def test_64_processes_that_start_at_once_discover_once(
    storm: Storm, amount: Amount, record: Record
) -> None:
    """64 processes at once on an empty cache: equal answers, a valid file, at most 3 discover."""
    storms, found = amount(2, 50), []
    for _ in range(storms):
        clear(storm.app)
        storm.start(PROCESSES)
        storm.go()

        for answer in storm.finish():
            assert {kind: keys for kind, (keys, *_) in answer.items()} == ANSWER
        found.append(storm.discoveries())
        assert set(found[-1]) == set(ANSWER)
        assert max(found[-1].values()) <= MOST_DISCOVERIES, found
        assert left_beside(storm.app) == []
        storm.start(1)
        storm.go()
        (later,) = storm.finish()
        assert {kind: (keys, status) for kind, (keys, status, _) in later.items()} == {
            kind: (keys, "hit") for kind, keys in ANSWER.items()
        }

    record(
        storms=storms,
        processes=storms * PROCESSES,
        registries_asked=storms * PROCESSES * 3,
        discoveries=sum(map(sum, (each.values() for each in found))),
        most_discoveries_of_one_registry=max(max(each.values()) for each in found),
        failed=0,
    )


def test_processes_that_start_at_once_after_an_edit_discover_once(
    storm: Storm, amount: Amount, record: Record
) -> None:
    """Many processes at once after a source changed: equal new answers, at most 3 discover."""
    processes = amount(16, PROCESSES)
    storm.start(1, "readers")
    storm.go()
    storm.finish()
    storm.discoveries()
    storm.app.write(
        {"app/readers/a_slow_reader.py": APPLICATION["app/readers/a_slow_reader.py"] + NEW_READER}
    )

    storm.start(processes, "readers")
    storm.go()

    for answer in storm.finish():
        assert answer["readers"][0] == ["csv", "json", "xml"]
    discoveries = storm.discoveries()["readers"]
    assert 1 <= discoveries <= MOST_DISCOVERIES
    record(processes=processes, discoveries=discoveries, failed=0)


NEW_READER = """
from .base import Reader

class XmlReader(Reader):
    format = "xml"
"""


@needs_proc
def test_killed_discoverer_is_succeeded_by_one_that_waited(storm: Storm, record: Record) -> None:
    """The process that discovers is killed: one of those that wait takes over, none fails."""
    storm.start(1, "readers", WORK_S="60")
    storm.go()
    victim = storm.wait_for_discovery("readers")
    killed = storm.running.pop()
    storm.start(8, "readers")
    storm.go()
    for process in storm.running:
        wait_until_waiting(process.pid)

    os.kill(victim, signal.SIGKILL)
    killed.communicate()

    answers = storm.finish()
    assert [each["readers"][0] for each in answers] == [["csv", "json"]] * 8
    assert any(each["readers"][2] > 0 for each in answers)
    discoveries = storm.discoveries()["readers"] - 1  # but for the victim's
    assert 1 <= discoveries <= MOST_DISCOVERIES
    record(waiting=8, discoveries_after_the_kill=discoveries, failed=0)

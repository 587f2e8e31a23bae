"""Small functions that several tests of core share."""

import json
import os
import threading
import time
from pathlib import Path

import pytest

NOBODY = 65534

needs_users = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0, reason="only root can work as another user"
)


def as_is(value):
    """A serializer, and a deserializer, for items that are JSON values already."""
    return value


def read(manager):
    """The document in a manager's cache file, without the checksum behind it."""
    document = json.loads(Path(manager.path).read_text())
    del document["checksum"]
    return document


def told(manager):
    """The reason and the place that a manager's last report tells."""
    return manager.last_report.reason, manager.last_report.where


def refused(manager):
    """The reason and the place of a load that is a miss."""
    assert manager.load_cache() is None
    return told(manager)


def in_threads(count, work):
    """Call `work` with its number in each of some threads, and wait for all."""
    threads = [threading.Thread(target=work, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def make_old(folder, seconds=10):
    """Set all times in a folder back, so that nothing in it counts as just changed."""
    then = time.time_ns() - seconds * 10**9
    for parent, _, files in os.walk(folder, topdown=False):
        for name in [*files, ""]:
            os.utime(os.path.join(parent, name), ns=(then, then), follow_symlinks=False)

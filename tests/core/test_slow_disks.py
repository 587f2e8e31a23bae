"""Many files on a slow file system: the answer is the same, several threads find it out."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "slow_disk.c"
CHECK = """
import json, os, sys
from regcache_core import CacheMiss, SourceTree
with open("stamps.json") as file:
    recorded = json.load(file)
try:
    SourceTree(["tree"]).check(recorded)
    answer = "holds"
except CacheMiss as miss:
    answer = f"{miss.name} {os.path.relpath(miss.where)}"
print(json.dumps([answer, "regcache_core._cold.slow_disks" in sys.modules]))
"""


@pytest.fixture(scope="module")
def preload(tmp_path_factory):
    """A library that makes file systems slow."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("needs a C compiler and LD_PRELOAD")
    library = tmp_path_factory.mktemp("slow") / "slow_disk.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True)
    return str(library)


@pytest.fixture
def check(tmp_path, preload):
    """Compares 300 files in a fresh process, on a file system that waits so many microseconds."""
    tree = tmp_path / "tree"
    tree.mkdir()
    for number in range(300):
        (tree / f"{number}.txt").write_text("")
    time.sleep(2.1)  # until their times can be trusted
    stamp = "import json; from regcache_core import SourceTree; t = SourceTree(['tree']).record()"
    subprocess.run(
        [sys.executable, "-c", stamp + "; json.dump(t, open('stamps.json', 'w'))"],
        cwd=tmp_path,
        check=True,
    )

    def run(wait_us):
        environment = {**os.environ, "LD_PRELOAD": preload, "SLOW_DISK_US": str(wait_us)}
        done = subprocess.run(
            [sys.executable, "-c", CHECK],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)

    return run


def test_threads_look_at_many_files_where_that_is_slow(check, tmp_path):
    """None does on a fast file system; what changed is found on both."""
    unchanged = [check(2000), check(0)]
    (tmp_path / "tree" / "7.txt").write_text("changed")
    changed = [check(2000), check(0)]
    (tmp_path / "tree" / "5.txt").unlink()
    removed = [check(2000), check(0)]

    assert [["holds", True], ["holds", False]] == unchanged
    assert [["SOURCE_CHANGED tree/7.txt", True], ["SOURCE_CHANGED tree/7.txt", False]] == changed
    assert [["SOURCE_REMOVED tree/5.txt", True], ["SOURCE_REMOVED tree/5.txt", False]] == removed

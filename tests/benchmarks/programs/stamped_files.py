"""Compares a tree with what was recorded of it: ``stamped_files.py FOLDER TASK RECORD``.

``check`` is what a start does; the other tasks are what cannot be saved of it: one ``os.stat`` per
path (``stat``), one ``os.scandir`` for each folder that moved besides (``scan``), the digest of
each file (``hash``). ``record`` prepares.
"""

import json
import os
import sys
from hashlib import blake2b
from time import perf_counter_ns

from regcache_core._inputs import SourceTree

folder, task, record = sys.argv[1:]
tree = SourceTree([folder], [".py"])
if task == "record":
    with open(record, "w", encoding="utf-8") as file:
        json.dump(tree.record(), file)
    sys.exit()

with open(record, encoding="utf-8") as file:
    recorded = json.load(file)
folders = [path for path, stamp in recorded.items() if isinstance(stamp[1], list)]
files = [path for path, stamp in recorded.items() if not isinstance(stamp[1], list)]

import regcache_core._cold.stamps  # noqa: F401 - what compares what moved


def check():
    return tree.check(recorded)


def stat():
    for path in recorded:
        os.stat(path)


def scan():
    stat()
    for path in folders:
        with os.scandir(path) as entries:
            for _ in entries:
                pass


def hash_files():
    for path in files:
        with open(path, "rb", buffering=0) as file:
            blake2b(file.read(), digest_size=16).hexdigest()


measured = {"check": check, "stat": stat, "scan": scan, "hash": hash_files}[task]
start = perf_counter_ns()
result = measured()
done = perf_counter_ns()

print({"work": done - start, "renewed": result is not None})

"""The folders on ``sys.path``, unmoved: ``search_path.py FOLDER record|check|stat RECORD``.

``check`` is what a start does, ``stat`` one ``os.stat`` for each folder.
"""

import json
import os
import sys
from time import perf_counter_ns

folder, task, record = sys.argv[1:]
sys.path.insert(0, folder)

from regcache_core._modules import search_path
from regcache_core.discovery.inputs import ImportPath

path = ImportPath("fleet")
if task == "record":
    path.add(["fleet_speedups", "no_such_module", "numpy"])
    with open(record, "w", encoding="utf-8") as file:
        json.dump(path.complete(path.record()), file)
    sys.exit()

with open(record, encoding="utf-8") as file:
    recorded = json.load(file)
folders = [entry for entry in search_path() if os.path.exists(entry)]
result = None
start = perf_counter_ns()
if task == "check":
    result = path.check(recorded)
else:
    for entry in folders:
        os.stat(entry)
done = perf_counter_ns()

print({"work": done - start, "folders": len(folders), "renewed": result is not None})

"""A generated package through a table written by hand: ``fleet_table.py FOLDER list|one|all``.

As regcache has to, it asks the file system for the state of each plugin file and of their folder.
"""

import os
import sys
from time import perf_counter_ns

folder, task = sys.argv[1:]
sys.path.insert(0, folder)
start = perf_counter_ns()

from fleet_table import TABLE

declared = perf_counter_ns()
os.stat(os.path.join(folder, "fleet"))
for target in TABLE.values():
    os.stat(os.path.join(folder, target.partition(":")[0].replace(".", "/") + ".py"))
wanted = {"list": [], "one": ["plugin00100"], "all": TABLE}[task]
for key in wanted:
    module, _, name = TABLE[key].partition(":")
    getattr(__import__(module, fromlist=[name]), name)
keys = list(TABLE)
done = perf_counter_ns()

print(
    {
        "declare": declared - start,
        "work": done - declared,
        "imported": sum(name.startswith("fleet.plugin") for name in sys.modules),
        "keys": {"fleet": keys},
    }
)

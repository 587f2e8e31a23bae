"""Lists a large generated package, then asks for the state of its files: ``many_files.py FOLDER``.

The second is what no check can go below that trusts nothing but the file system.
"""

import os
import sys
from time import perf_counter_ns

folder = sys.argv[1]
sys.path.insert(0, folder)
start = perf_counter_ns()

from fleet.base import Plugin

declared = perf_counter_ns()
keys = list(Plugin.__registry__)
done = perf_counter_ns()

files = [
    os.path.join(place, name)
    for place, _, names in os.walk(os.path.join(folder, "fleet"))
    for name in names
    if name.startswith("plugin") and name.endswith(".py")
]
stat = os.stat
begin = perf_counter_ns()
for file in files:
    stat(file)
end = perf_counter_ns()

print(
    {
        "declare": declared - start,
        "work": done - declared,
        "stat": end - begin,
        "files": len(files),
        "imported": sum(".plugin" in name for name in sys.modules),
        "status": Plugin.__registry__.report.status,
        "keys": {"fleet": keys},
    }
)

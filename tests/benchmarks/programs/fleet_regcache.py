"""A generated package through regcache: ``fleet_regcache.py FOLDER list|one|all``."""

import sys
from time import perf_counter_ns

folder, task = sys.argv[1:]
sys.path.insert(0, folder)
start = perf_counter_ns()

from fleet.base import Plugin

declared = perf_counter_ns()
registry = Plugin.__registry__
if task == "all":
    list(registry.values())
elif task == "one":
    registry["plugin00100"]
else:
    keys = list(registry)
done = perf_counter_ns()

print(
    {
        "declare": declared - start,
        "work": done - declared,
        "imported": sum(name.startswith("fleet.plugin") for name in sys.modules),
        "modules": [name for name in sys.modules if name.startswith("regcache_")],
        "status": registry.report.status,
        "keys": {"fleet": list(registry)},
    }
)

"""A generated package through metaclass-registry, with its cache.

``fleet_metaclass_registry.py FOLDER list|one|all``.
"""

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
        "keys": {"fleet": list(registry)},
    }
)

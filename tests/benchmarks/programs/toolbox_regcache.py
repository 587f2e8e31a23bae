"""A generated package of decorated functions through regcache: ``... FOLDER list|one|all``."""

import sys
from time import perf_counter_ns

folder, task = sys.argv[1:]
sys.path.insert(0, folder)
start = perf_counter_ns()

from toolbox.registry import FILTERS

declared = perf_counter_ns()
if task == "all":
    list(FILTERS.values())
elif task == "one":
    FILTERS["blur_000"]
else:
    keys = list(FILTERS)
done = perf_counter_ns()

print(
    {
        "declare": declared - start,
        "work": done - declared,
        "imported": sum("_part_" in name for name in sys.modules),
        "modules": [name for name in sys.modules if name.startswith("regcache_")],
        "status": FILTERS.report.status,
        "keys": {"toolbox": list(FILTERS)},
    }
)

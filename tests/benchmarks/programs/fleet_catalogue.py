"""A generated package through catalogue's entry points: ``fleet_catalogue.py FOLDER list|one|all``.

It has no cache, and no public way to list names without loading what is behind them.
"""

import sys
from time import perf_counter_ns

folder, task = sys.argv[1:]
sys.path.insert(0, folder)
start = perf_counter_ns()

from fleet.base import PLUGINS

declared = perf_counter_ns()
if task == "one":
    plugin = PLUGINS.get("plugin00100")
else:
    keys = list(PLUGINS.get_all())
done = perf_counter_ns()

imported = sum(name.startswith("fleet.plugin") for name in sys.modules)
if task == "one":
    keys = [entry.name for entry in PLUGINS._get_entry_points()]
print(
    {
        "declare": declared - start,
        "work": done - declared,
        "imported": imported,
        "keys": {"fleet": keys},
    }
)

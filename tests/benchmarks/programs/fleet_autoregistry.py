"""A generated package through autoregistry: ``fleet_autoregistry.py FOLDER list|one|all``.

It knows what was imported, so all modules are imported first, by a loop, as its manual says.
"""

import sys
from time import perf_counter_ns

folder, task = sys.argv[1:]
sys.path.insert(0, folder)
start = perf_counter_ns()

import importlib
import pkgutil

import fleet
from fleet.base import Plugin

declared = perf_counter_ns()
for module in pkgutil.iter_modules(fleet.__path__):
    importlib.import_module(f"fleet.{module.name}")
if task == "one":
    plugin = Plugin["plugin00100"]
keys = list(Plugin)
done = perf_counter_ns()

print(
    {
        "declare": declared - start,
        "work": done - declared,
        "imported": sum(name.startswith("fleet.plugin") for name in sys.modules),
        "keys": {"fleet": keys},
    }
)

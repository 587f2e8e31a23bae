"""A generated package through a loop written by hand: ``fleet_loop.py FOLDER list``."""

import sys
from time import perf_counter_ns

folder, task = sys.argv[1:]
sys.path.insert(0, folder)
start = perf_counter_ns()

import importlib
import pkgutil

import fleet
from fleet.base import REGISTRY

declared = perf_counter_ns()
for module in pkgutil.iter_modules(fleet.__path__):
    importlib.import_module(f"fleet.{module.name}")
keys = list(REGISTRY)
done = perf_counter_ns()

print(
    {
        "declare": declared - start,
        "work": done - declared,
        "imported": sum(name.startswith("fleet.plugin") for name in sys.modules),
        "keys": {"fleet": keys},
    }
)

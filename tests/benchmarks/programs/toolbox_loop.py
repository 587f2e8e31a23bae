"""A generated package of decorated functions through a loop by hand: ``... FOLDER list``."""

import sys
from time import perf_counter_ns

folder, task = sys.argv[1:]
sys.path.insert(0, folder)
start = perf_counter_ns()

import importlib
import pkgutil

import toolbox.filters
from toolbox.registry import FILTERS

declared = perf_counter_ns()
for module in pkgutil.walk_packages(toolbox.filters.__path__, "toolbox.filters."):
    importlib.import_module(module.name)
keys = list(FILTERS)
done = perf_counter_ns()

print(
    {
        "declare": declared - start,
        "work": done - declared,
        "imported": sum("_part_" in name for name in sys.modules),
        "keys": {"toolbox": keys},
    }
)

"""Imports modules, in this order: ``import_modules.py NAME ...``."""

import sys
from time import perf_counter_ns

names = sys.argv[1:]
start = perf_counter_ns()
for name in names:
    __import__(name)
done = perf_counter_ns()

print({"declare": 0, "work": done - start})

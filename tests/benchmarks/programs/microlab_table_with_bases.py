"""Lists microlab from the table, with its base classes declared: ``..._with_bases.py FOLDER``.

The base classes are those of the application, on a stand-in for regcache that does next to nothing:
what any program needs that uses plugins, however it knows them.
"""

import sys
from time import perf_counter_ns

sys.path.insert(0, sys.argv[1])

import microlab_loop

microlab_loop.install_stand_in()
start = perf_counter_ns()

__import__("microlab.registries")
import microlab_table

declared = perf_counter_ns()
keys = microlab_table.list_all()
done = perf_counter_ns()

print({"declare": declared - start, "work": done - declared, "imported": 0, "keys": keys})

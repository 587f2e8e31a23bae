"""Lists the registries of microlab by hand: ``microlab_by_hand.py FOLDER microlab_loop|..._table``.

The modules of these names, in FOLDER, are the programs for comparison.
"""

import sys
from time import perf_counter_ns

folder, name = sys.argv[1:]
sys.path.insert(0, folder)
start = perf_counter_ns()

program = __import__(name)

declared = perf_counter_ns()
keys = program.list_all()
done = perf_counter_ns()

places = [name.split(".")[1:] for name in sys.modules if name.startswith("microlab.")]
plugins = [place for place in places if len(place) == 2 and place[1][0] != "_"]
print(
    {
        "declare": declared - start,
        "work": done - declared,
        "imported": sum(name != "base" for _, name in plugins),
        "keys": keys,
    }
)

"""The same functions of scikit-image from a table by hand: ``... FOLDER list|one|all``.

As regcache has to, it asks the file system for the state of each file that decides about them.
"""

import os
import sys
from time import perf_counter_ns

folder, task = sys.argv[1:]
sys.path.insert(0, folder)
start = perf_counter_ns()

from skimage_table import FILES, TABLE

declared = perf_counter_ns()
for file in FILES:
    os.stat(file)
wanted = {"list": [], "one": ["gaussian"], "all": TABLE}[task]
for key in wanted:
    module, name = TABLE[key]
    getattr(__import__(module, fromlist=[name]), name)
keys = list(TABLE)
done = perf_counter_ns()

print(
    {
        "declare": declared - start,
        "work": done - declared,
        "imported": sum(name.partition(".")[0] == "skimage" for name in sys.modules),
        "keys": {"skimage": keys},
    }
)

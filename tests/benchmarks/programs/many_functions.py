"""Lists a large package of decorated functions, then searches it: ``many_functions.py FOLDER``.

Each word is looked for once, but the first, which is looked for again: what the first search in a
process has to prepare shows in the difference.
"""

import sys
from time import perf_counter_ns

#: Searched in this order: in a tenth of all names, the same again, in many texts, in fewer, in
#: one name, nowhere; two words.
WORDS = ("blur", "blur", "values", "bell", "light_049", "tomography", "edge stream")

folder = sys.argv[1]
sys.path.insert(0, folder)
start = perf_counter_ns()

from toolbox.registry import FILTERS

declared = perf_counter_ns()
keys = list(FILTERS)
done = perf_counter_ns()

searches = []
for word in WORDS:
    begin = perf_counter_ns()
    found = FILTERS.search(word)
    end = perf_counter_ns()
    searches.append((word, len(found), end - begin))

print(
    {
        "declare": declared - start,
        "work": done - declared,
        "searches": searches,
        "imported": sum("_part_" in name for name in sys.modules),
        "status": FILTERS.report.status,
        "keys": {"toolbox": keys},
    }
)

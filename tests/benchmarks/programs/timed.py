"""Times one way to list plugins: ``timed.py FOLDER list|one|all|facts|files SUBJECT [WAY]``.

FOLDER, which may be empty, is put on ``sys.path``. Ways and subjects are those of ``listing.py``: a
module, for no process is to be measured that compiles it.
"""

import os
import sys
from time import perf_counter_ns

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from listing import count_plugins, way_of

folder, task, subject, *way = sys.argv[1:]
sys.path[:1] = [folder] if folder else []
steps = way_of(subject, task, *way)

start = perf_counter_ns()
next(steps)
declared = perf_counter_ns()
next(steps)
done = perf_counter_ns()

answer = {
    "declare": declared - start,
    "work": done - declared,
    "imported": count_plugins(subject),
    "modules": [name for name in sys.modules if name.startswith("regcache_")],
}
print({**answer, **next(steps)})

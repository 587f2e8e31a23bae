"""Names of a group of entry points: ``installed_points.py FOLDER original|regcache|stevedore``.

The import of what is asked counts. FOLDER, with metadata, and Python's own folders are asked.
"""

import sys
from time import perf_counter_ns

folder, way = sys.argv[1:]
start = perf_counter_ns()
if way == "original":
    from importlib.metadata import entry_points
elif way == "regcache":
    from regcache_core.discovery import entry_points
else:
    from stevedore import NamedExtensionManager, _cache

    _cache._c._disable_caching = False  # where the interpreter lies below /tmp it would keep none
sys.path[:] = [folder, *[each for each in sys.path if "site-packages" not in each]]
if way == "stevedore":
    names = NamedExtensionManager("bench.plugins", []).entry_points_names()
else:
    names = [point.name for point in entry_points(group="bench.plugins")]
done = perf_counter_ns()
ours = [name for name in sys.modules if name.startswith("regcache_")]
print({"work": done - start, "keys": {"installed": names}, "modules": ours})

"""Names of a group of entry points: ``installed_points.py FOLDER original|regcache|stevedore``.

FOLDER, with metadata, is put on ``sys.path``. The import of what is asked counts.
"""

import sys
from time import perf_counter_ns

folder, way = sys.argv[1:]
sys.path.append(folder)
start = perf_counter_ns()
if way == "original":
    from importlib.metadata import entry_points

    names = [point.name for point in entry_points(group="bench.plugins")]
elif way == "regcache":
    from regcache_core.discovery import entry_points

    names = [point.name for point in entry_points(group="bench.plugins")]
else:
    from stevedore import NamedExtensionManager, _cache

    _cache._c._disable_caching = False  # where the interpreter lies below /tmp it would keep none
    names = NamedExtensionManager("bench.plugins", []).entry_points_names()
done = perf_counter_ns()
ours = [name for name in sys.modules if name.startswith("regcache_")]
print({"work": done - start, "keys": {"installed": names}, "modules": ours})

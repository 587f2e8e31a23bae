"""A generated package through stevedore, with its cache.

``fleet_stevedore.py FOLDER list|one|all``. Where the interpreter lies below /tmp stevedore keeps no
cache; we let it keep one there too.
"""

import sys
from time import perf_counter_ns

folder, task = sys.argv[1:]
sys.path.insert(0, folder)
start = perf_counter_ns()

from stevedore import DriverManager, ExtensionManager, NamedExtensionManager, _cache

_cache._c._disable_caching = False

declared = perf_counter_ns()
if task == "all":
    keys = ExtensionManager("fleet").names()
elif task == "one":
    driver = DriverManager("fleet", "plugin00100").driver
else:
    keys = NamedExtensionManager("fleet", []).entry_points_names()
done = perf_counter_ns()

if task == "one":
    keys = NamedExtensionManager("fleet", []).entry_points_names()
print(
    {
        "declare": declared - start,
        "work": done - declared,
        "imported": sum(name.startswith("fleet.plugin") for name in sys.modules),
        "keys": {"fleet": keys},
    }
)

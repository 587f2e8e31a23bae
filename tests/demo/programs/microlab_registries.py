"""Lists, or loads, the plugins of microlab.

``microlab_registries.py FOLDER FAMILY list|one|all|facts``

FOLDER holds the application, FAMILY is one of its five packages, or ``all``.
"""

import sys
from time import perf_counter_ns

ONE = {
    "microscope handlers": "imagexpress",
    "storage backends": "disk",
    "ZMQ servers": "echo",
    "library registries": "math",
    "format registries": "EDDU_CX5",
}
BASES = {
    "microscopes": ("microscope handlers", "MICROSCOPE_HANDLERS"),
    "storage": ("storage backends", "STORAGE_BACKENDS"),
    "servers": ("ZMQ servers", "ZMQ_SERVERS"),
    "libraries": ("library registries", "LIBRARY_REGISTRIES"),
    "formats": ("format registries", "FORMAT_REGISTRIES"),
}

folder, family, task = sys.argv[1:]
sys.path.insert(0, folder)
start = perf_counter_ns()

if family == "all":
    from microlab.registries import REGISTRIES
else:
    name, attribute = BASES[family]
    base = __import__(f"microlab.{family}.base", fromlist=["base"])
    REGISTRIES = {name: getattr(base, attribute)}

declared = perf_counter_ns()
if task == "all":
    for registry in REGISTRIES.values():
        list(registry.values())
elif task == "one":
    for name, registry in REGISTRIES.items():
        registry[ONE[name]]
else:
    for registry in REGISTRIES.values():
        list(registry)
done = perf_counter_ns()

places = [name.split(".")[1:] for name in sys.modules if name.startswith("microlab.")]
plugins = [place for place in places if len(place) == 2 and place[1][0] != "_"]
answer = {
    "declare": declared - start,
    "work": done - declared,
    "imported": sum(name != "base" for _, name in plugins),
    "status": " and ".join(sorted({each.report.status for each in REGISTRIES.values()})),
    "keys": {name: list(registry) for name, registry in REGISTRIES.items()},
}
if task == "facts":
    answer["classes"] = {
        name: {key: (registry.info(key).module, registry.info(key).qualname) for key in registry}
        for name, registry in REGISTRIES.items()
    }
if task == "all":
    answer["classes"] = {
        name: {key: (registry[key].__module__, registry[key].__qualname__) for key in registry}
        for name, registry in REGISTRIES.items()
    }
print(answer)

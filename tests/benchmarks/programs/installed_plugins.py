"""Plugins of a group of entry points: ``installed_plugins.py FOLDER WAY list|all``.

WAY is ``loop``, ``stevedore``, ``uncached`` or ``registry``. What is listed are the plugins that
can be loaded and are sub-classes of the base; ``all`` loads them, too. The imports count.
"""

import sys
from time import perf_counter_ns

folder, way, task = sys.argv[1:]
sys.path[:0] = [folder]
from plugin_base import Plugin

start = perf_counter_ns()
if way == "loop":
    from importlib.metadata import entry_points

    loaded = {point.name: point.load() for point in entry_points(group="bench.plugins")}
    plugins = {name: cls for name, cls in loaded.items() if issubclass(cls, Plugin)}
elif way == "stevedore":
    from stevedore import ExtensionManager

    manager = ExtensionManager("bench.plugins")
    plugins = {each.name: each.plugin for each in manager if issubclass(each.plugin, Plugin)}
else:
    from regcache_meta import LazyDiscoveryDict

    plugins = LazyDiscoveryDict.for_entry_points(
        "bench.plugins", Plugin, enable_cache=way == "registry"
    )
names = list(plugins)
if task == "all":
    plugins = [plugins[name] for name in names]
done = perf_counter_ns()
ours = [name for name in sys.modules if name.startswith("regcache_")]
print({"work": done - start, "keys": {"plugins": sorted(names)}, "modules": ours})

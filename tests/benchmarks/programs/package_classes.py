"""Lists sub-classes in packages that know no registry: by a loop by hand, or through regcache.

``package_classes.py FOLDERS hand|index|regcache PACKAGE=MODULE:BASE ...``; FOLDERS are put on
``sys.path``. ``index`` is what a careful colleague writes: the loop once, then a JSON file that is
believed while Python and the stamps of all files and folders are as they were.
"""

import os
import sys
from time import perf_counter_ns

folders, way, *targets = sys.argv[1:]
sys.path[:1] = folders.split(os.pathsep)
start = perf_counter_ns()


def key_of(name, cls):
    return f"{cls.__module__}.{name}"


def by_hand(package_name, base):
    """Import every module of a package and give the classes that the modules define."""
    package = importlib.import_module(package_name)
    listed = {}
    walk = pkgutil.walk_packages(package.__path__, f"{package_name}.", onerror=lambda name: None)
    for name in (package_name, *(found.name for found in walk)):
        try:
            module = importlib.import_module(name)
        except ImportError:  # it wants a library that is not here
            continue
        for value in vars(module).values():
            if not isinstance(value, type) or value is base or not issubclass(value, base):
                continue
            is_own = f"{name}.".startswith(f"{value.__module__}.")
            if is_own and not getattr(value, "__abstractmethods__", None):
                listed[key_of(value.__name__, value)] = value
    return listed


def stamps(packages):
    """The state of all sources of some packages."""
    found = {}
    for package in packages:
        for place in __import__(package, fromlist=["__path__"]).__path__:
            for folder, _, names in os.walk(place):
                if not folder.endswith("__pycache__"):
                    paths = [folder, *(os.path.join(folder, n) for n in names if n[-3:] == ".py")]
                    found.update((path, stamp(path)) for path in paths)
    return found


def stamp(path):
    state = os.stat(path)
    return [state.st_mtime_ns, state.st_size]


def from_index(bases):
    """Keys from the file; by the loop, which writes it, if that is not there or is stale."""
    file = os.path.join(os.environ["XDG_CACHE_HOME"], "index.json")
    try:
        with open(file, encoding="utf-8") as stream:
            index = json.load(stream)
        known = index["stamps"].items()
        if index["python"] == sys.version and all(stamp(path) == old for path, old in known):
            return index["keys"]
    except (OSError, ValueError, KeyError):
        pass
    keys = {package: list(by_hand(package, base)) for package, base in bases.items()}
    os.makedirs(os.path.dirname(file), exist_ok=True)
    with open(file, "w", encoding="utf-8") as stream:
        json.dump({"python": sys.version, "stamps": stamps(bases), "keys": keys}, stream)
    return keys


bases = {}
for target in targets:
    package, _, place = target.partition("=")
    module, _, attribute = place.partition(":")
    bases[package] = getattr(__import__(module, fromlist=[attribute]), attribute)
if way == "hand":
    import importlib
    import pkgutil

    declared = perf_counter_ns()
    registries = {package: by_hand(package, base) for package, base in bases.items()}
elif way == "index":
    import importlib
    import json
    import pkgutil

    declared = perf_counter_ns()
    registries = from_index(bases)
else:
    from regcache_meta import LazyDiscoveryDict

    registries = {
        package: LazyDiscoveryDict.for_package(package, base, key=key_of)
        for package, base in bases.items()
    }
    declared = perf_counter_ns()
keys = {package: list(registry) for package, registry in registries.items()}
done = perf_counter_ns()

answer = {"declare": declared - start, "work": done - declared, "keys": keys}
if way == "regcache":
    statuses = {registry.report.status for registry in registries.values()}
    answer["status"] = " and ".join(sorted(statuses))
print(answer)

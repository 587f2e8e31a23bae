"""Lists sub-classes in packages that know no registry: by a loop by hand, or through regcache.

``package_classes.py FOLDER hand|regcache PACKAGE=MODULE:BASE ...``; FOLDER is put on ``sys.path``.
"""

import sys
from time import perf_counter_ns

folder, way, *targets = sys.argv[1:]
sys.path.insert(0, folder)
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
if way != "hand":
    statuses = {registry.report.status for registry in registries.values()}
    answer["status"] = " and ".join(sorted(statuses))
print(answer)

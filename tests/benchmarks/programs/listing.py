"""Ways to list, or load, plugins: through regcache, by hand, and through other registries.

A way is a generator of three steps, which ``timed.py`` takes the times of: until its first
``yield`` it declares, until its second it lists or loads, and with its third it tells the keys.
"""

import os
import sys

#: The keys of the plugins that are asked for where one of each registry is used.
ONE = {
    "lexers": "PythonLexer",
    "microscope handlers": "imagexpress",
    "storage backends": "disk",
    "ZMQ servers": "echo",
    "library registries": "math",
    "format registries": "EDDU_CX5",
    "skimage": "gaussian",
    "toolbox": "blur_000",
    "fleet": "plugin00100",
}


def count_plugins(subject):
    """How many plugin modules are imported; of scikit-image, how many of all its modules."""
    names = [name.split(".") for name in sys.modules]
    if subject == "pygments":
        found = [each for each in names if each[:2] == ["pygments", "lexers"] and len(each) == 3]
    elif subject == "toolbox":
        found = [each for each in names if "_part_" in each[-1]]
    elif subject == "fleet":
        found = [each for each in names if each[0] == "fleet" and each[-1].startswith("plugin")]
    elif subject == "skimage":
        return sum(each[0] == "skimage" for each in names)
    else:
        found = [each for each in names if each[0] == "microlab" and len(each) == 3]
    return sum(each[-1] != "base" and each[-1][0] != "_" for each in found)


def way_of(subject, task, way="regcache"):
    """The generator of one way to list, or to load, what there is of a subject."""
    if way == "regcache":
        return regcache(REGISTRIES.get(subject, lambda: family(subject)), task)
    if way == "metaclass-registry":
        return regcache(fleet, task)
    return WAYS[way, subject](task)


# Through regcache.


def pygments():
    """The lexers of Pygments, which know no registry."""
    from pygments.lexer import Lexer

    from regcache_meta import LazyDiscoveryDict, is_published

    return {"lexers": LazyDiscoveryDict.for_package("pygments.lexers", Lexer, include=is_published)}


def microlab():
    """The five registries of the sample application."""
    from microlab.registries import REGISTRIES

    return REGISTRIES


def family(name):
    """One of the five, without the others."""
    homes = {
        "microscopes": ("microscope handlers", "MICROSCOPE_HANDLERS"),
        "storage": ("storage backends", "STORAGE_BACKENDS"),
        "servers": ("ZMQ servers", "ZMQ_SERVERS"),
        "libraries": ("library registries", "LIBRARY_REGISTRIES"),
        "formats": ("format registries", "FORMAT_REGISTRIES"),
    }
    registry, attribute = homes[name]
    return {registry: getattr(__import__(f"microlab.{name}.base", fromlist=["base"]), attribute)}


def skimage():
    """The functions of scikit-image that pass a trial."""
    from image_functions import image_functions

    return {"skimage": image_functions()}


def toolbox():
    """A generated package of decorated functions."""
    from toolbox.registry import FILTERS

    return {"toolbox": FILTERS}


def fleet():
    """A generated package of classes, by regcache or by metaclass-registry."""
    from fleet.base import Plugin

    return {"fleet": Plugin.__registry__}


REGISTRIES = {
    "pygments": pygments,
    "microlab": microlab,
    "skimage": skimage,
    "toolbox": toolbox,
    "fleet": fleet,
}


def regcache(declare, task):
    """Keys from a cache; one module for each lookup."""
    registries = declare()
    yield
    for name, registry in registries.items():
        if task == "all":
            list(registry.values())
        elif task == "one":
            registry[ONE[name]]
        else:
            list(registry)
    yield
    answer = {"keys": {name: list(registry) for name, registry in registries.items()}}
    statuses = {each.report.status for each in registries.values() if hasattr(each, "report")}
    if statuses:
        answer["status"] = " and ".join(sorted(statuses))
    if task == "facts":
        answer.update(facts(registries))
    elif task == "all":
        answer["classes"] = {
            name: {key: (each.__module__, each.__qualname__) for key, each in registry.items()}
            for name, registry in registries.items()
        }
    elif task == "files":
        answer.update(stat_files())
    yield answer


def facts(registries):
    """What is told of plugins without importing them, and which libraries that has imported."""
    infos = {
        name: {key: registry.info(key) for key in registry} for name, registry in registries.items()
    }
    answer = {
        "classes": {
            name: {key: (info.module, info.qualname) for key, info in each.items()}
            for name, each in infos.items()
        },
        "texts": {name: [str(info) for info in each.values()] for name, each in infos.items()},
    }
    for registry in registries.values():
        if hasattr(registry, "rejected"):
            answer["rejected"] = registry.rejected
            answer["search"] = list(registry.search("gauss"))
    loaded = {name.partition(".")[0] for name in sys.modules}
    return {**answer, "libraries": sorted(loaded & {"numpy", "scipy", "skimage"})}


def stat_files():
    """What no check can go below that trusts nothing but the file system: one stat a file."""
    from time import perf_counter_ns

    files = [
        os.path.join(place, name)
        for place, _, names in os.walk(os.path.join(sys.path[0], "fleet"))
        for name in names
        if name.startswith("plugin") and name.endswith(".py")
    ]
    stat = os.stat
    begin = perf_counter_ns()
    for file in files:
        stat(file)
    return {"stat": perf_counter_ns() - begin, "files": len(files)}


# By hand.


def import_all(package):
    """The modules of a package, imported one by one, as a program without regcache does it."""
    import importlib
    import pkgutil

    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    return [importlib.import_module(each.name) for each in found]


def pygments_loop(task):
    """The lexers that each module publishes of its own."""
    from pygments import lexers
    from pygments.lexer import Lexer

    yield
    keys = []
    for module in import_all(lexers):
        published = getattr(module, "__all__", ())
        for name, value in vars(module).items():
            if not (isinstance(value, type) and issubclass(value, Lexer) and name in published):
                continue
            if value.__module__ == module.__name__:
                keys.append(name)
    yield
    yield {"keys": {"lexers": keys}}


def microlab_by_hand(name):
    """The sample application by one of the programs that stand beside it."""

    def way(task):
        program = __import__(name)
        yield
        keys = program.list_all()
        yield
        yield {"keys": keys}

    return way


def microlab_table_with_bases(task):
    """The table, where the base classes are declared: what any program needs that uses plugins.

    They are declared on a stand-in for regcache that does next to nothing.
    """
    import microlab_loop

    microlab_loop.install_stand_in()

    def steps():
        __import__("microlab.registries")
        import microlab_table

        yield
        keys = microlab_table.list_all()
        yield
        yield {"keys": keys}

    return steps()


def toolbox_loop(task):
    """Decorated functions, with a registry that is a dict."""
    import toolbox.filters
    from toolbox.registry import FILTERS

    yield
    import_all(toolbox.filters)
    keys = list(FILTERS)
    yield
    yield {"keys": {"toolbox": keys}}


def fleet_loop(task):
    """Classes that enter themselves into a dict."""
    import fleet
    from fleet.base import REGISTRY

    yield
    import_all(fleet)
    keys = list(REGISTRY)
    yield
    yield {"keys": {"fleet": keys}}


def fleet_table(task):
    """A table of strings; as regcache has to, it asks for the state of files and folder."""
    from fleet_table import TABLE

    yield
    folder = sys.path[0]
    os.stat(os.path.join(folder, "fleet"))
    for target in TABLE.values():
        os.stat(os.path.join(folder, target.partition(":")[0].replace(".", "/") + ".py"))
    for key in {"list": [], "one": [ONE["fleet"]], "all": TABLE}[task]:
        module, _, name = TABLE[key].partition(":")
        getattr(__import__(module, fromlist=[name]), name)
    keys = list(TABLE)
    yield
    yield {"keys": {"fleet": keys}}


# Through other registries.


def fleet_autoregistry(task):
    """It knows what was imported: all modules are imported first, as its manual says."""
    import fleet
    from fleet.base import Plugin

    yield
    import_all(fleet)
    if task == "one":
        Plugin[ONE["fleet"]]
    keys = list(Plugin)
    yield
    yield {"keys": {"fleet": keys}}


def fleet_catalogue(task):
    """Entry points; it has no cache, and lists names by loading what is behind them."""
    from fleet.base import PLUGINS

    yield
    if task == "one":
        PLUGINS.get(ONE["fleet"])
    else:
        PLUGINS.get_all()
    yield
    yield {"keys": {"fleet": [entry.name for entry in PLUGINS._get_entry_points()]}}


def fleet_stevedore(task):
    """Entry points, with its cache; where the interpreter lies below /tmp it would keep none."""
    from stevedore import DriverManager, ExtensionManager, NamedExtensionManager, _cache

    _cache._c._disable_caching = False
    yield
    if task == "all":
        ExtensionManager("fleet").names()
    elif task == "one":
        _ = DriverManager("fleet", ONE["fleet"]).driver
    else:
        NamedExtensionManager("fleet", []).entry_points_names()
    yield
    yield {"keys": {"fleet": NamedExtensionManager("fleet", []).entry_points_names()}}


WAYS = {
    ("loop", "pygments"): pygments_loop,
    ("loop", "microlab"): microlab_by_hand("microlab_loop"),
    ("loop", "toolbox"): toolbox_loop,
    ("loop", "fleet"): fleet_loop,
    ("table", "microlab"): microlab_by_hand("microlab_table"),
    ("table+bases", "microlab"): microlab_table_with_bases,
    ("table", "fleet"): fleet_table,
    ("autoregistry", "fleet"): fleet_autoregistry,
    ("catalogue", "fleet"): fleet_catalogue,
    ("stevedore", "fleet"): fleet_stevedore,
}

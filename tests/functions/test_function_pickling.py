"""Registries, selections and metadata go to other processes, and open themselves again there."""

import copy
import json
import pickle

import pytest
from throwaway import App

from regcache_functions import FunctionRegistry

FILES = {
    "app/made.py": """
        from regcache_functions import FunctionRegistry
        def make(name):
            return FunctionRegistry(name, package="app.filters")
        HIDDEN = {"a": make("a")}
        """,
    "app/others.py": "from app.made import make\nOTHERS = make('others')\n",
    "work.py": """
        import sys
        def look(thing):
            before = sorted(name for name in sys.modules if name.startswith("app.filters."))
            if hasattr(thing, "func"):
                return thing.name, str(thing), before, thing(1)
            return thing.name, list(thing), before, [thing[name](1)[0] for name in thing]
        """,
    "program.py": """
        import json, multiprocessing, sys
        import work
        from app.registry import FILTERS
        from app.others import OTHERS
        from regcache_functions import FunctionRegistry
        MINE = FunctionRegistry("mine", package="app.filters")
        @MINE.register
        def own(x): return "own", x
        if __name__ == "__main__":
            if "warm" in sys.argv:
                len(FILTERS), len(OTHERS)
            things = [FILTERS, FILTERS.query(tag="rank"), FILTERS.info("gauss"), MINE, OTHERS]
            context = multiprocessing.get_context(sys.argv[1])
            with context.Pool(1) as pool:
                print(json.dumps([pool.apply(work.look, [thing]) for thing in things]))
        """,
}


@pytest.mark.parametrize("state", ["cold", "warm"])
@pytest.mark.parametrize("method", ["spawn", "fork"])
@pytest.mark.filterwarnings("ignore")
def test_registries_go_to_another_process(method: str, state: str, filters: App) -> None:
    """A spawned or forked process lists and loads what it is given, by itself."""
    filters.write(FILES)
    done = filters.command("-W", "ignore", "program.py", method, state)
    names = ["gaussian", "median", "sobel"]
    signature = "gaussian(image, sigma: float = 1.0, *, mode='nearest')"

    assert 0 == done.returncode, done.stderr
    registry, selection, metadata, mine, others = json.loads(done.stdout)
    assert ["filters", names, names] == [registry[0], registry[1], registry[3]]
    assert ["selection of filters", ["median"]] == selection[:2]
    assert (["median"], "gaussian") == (selection[3], metadata[0])
    assert [signature, ["gaussian", 1, 1.0, "nearest"]] == [metadata[1], metadata[3]]
    assert ["mine", ["own"], ["own"]] == [mine[0], mine[1], mine[3]]
    assert ["others", []] == others[:2]


def test_registry_comes_back_as_itself(filters: App) -> None:
    """In one process a registry unpickles to itself; what belongs to it finds it again."""
    registry = filters.load("app.registry").FILTERS
    selection, info = registry.query(tag="blur"), registry.info("gaussian")

    again, metadata = pickle.loads(pickle.dumps((selection, info)))

    assert registry is pickle.loads(pickle.dumps(registry))
    assert registry is copy.copy(registry) is copy.deepcopy(registry)
    assert (list(selection), registry["median"]) == (list(again), again["median"])
    assert info == metadata
    assert registry["gaussian"] is metadata.func


def test_registry_of_a_factory_is_found_where_it_is_kept(filters: App) -> None:
    """A registry that a function of another module made is the global of who called it."""
    filters.write(FILES)
    registry = filters.load("app.others").OTHERS

    assert registry is pickle.loads(pickle.dumps(registry))


def test_registry_without_a_global_name_cannot_be_pickled(filters: App) -> None:
    """What another process could not find is refused, with the modules that were looked in."""
    filters.write(FILES)
    hidden = filters.load("app.made").HIDDEN["a"]
    local: FunctionRegistry[object] = FunctionRegistry("local")
    namespace = {"__name__": "not_imported"}
    exec("from regcache_functions import FunctionRegistry as F\nmade = F('r')", namespace)

    for registry, where in ((hidden, "app.made"), (local, __name__), (namespace["made"], "not_")):
        with pytest.raises(TypeError, match=rf"cannot be pickled: it is no global name of {where}"):
            pickle.dumps(registry)

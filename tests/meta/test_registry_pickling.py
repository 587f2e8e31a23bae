"""A registry pickles by reference to its owner, and opens itself again in another process."""

import copy
import json
import pickle

import pytest
from throwaway import App

from regcache_core import RegcacheError
from regcache_meta import (
    DiscoveryError,
    DiscoveryWarning,
    DuplicateKeyError,
    LazyDiscoveryDict,
    MissingKeyError,
    UnknownKeyError,
)

SPAWN = {
    "work.py": """
        import sys
        from base_of_all import Base

        class Mine(dict):
            pass

        def listing(registry):
            before = "app.one" in sys.modules, "pack.a" in sys.modules
            return (type(registry).__name__, list(registry), before,
                    [str(registry[key]) for key in registry])
        """,
    "app/__init__.py": "",
    "app/base.py": """
        from regcache_meta import *
        BASES = LazyDiscoveryDict()
        TABLE = {}
        MORE = {}
        class Base(metaclass=AutoRegisterMeta):
            __registry_config__ = RegistryConfig(
                BASES, "key", secondary_registries=[
                    SecondaryRegistry(TABLE, PRIMARY_KEY, "value"),
                    SecondaryRegistry(MORE, "value", "key"),
                ]
            )
        """,
    "app/one.py": "from .base import Base\nclass One(Base):\n    key, value = 'one', 1\n",
    "base_of_all.py": """
        from regcache_meta import LazyDiscoveryDict
        class Base: pass
        class Own(LazyDiscoveryDict):
            pass
        """,
    "pack/__init__.py": "",
    "pack/a.py": "from base_of_all import Base\nclass A(Base): pass\n",
}

PROGRAM = """
import multiprocessing, json, sys
import app.base, base_of_all, work
foreign = base_of_all.Own.for_package("pack", base_of_all.Base)
registries = [app.base.BASES, app.base.TABLE, app.base.MORE, foreign]
if __name__ == "__main__":
    if "warm" in sys.argv:
        print("warm", *[len(each) for each in registries], file=sys.stderr)
    with multiprocessing.get_context(sys.argv[1]).Pool(1) as pool:
        print(json.dumps(pool.map(work.listing, registries)))
"""


@pytest.mark.parametrize("state", ["cold", "warm"])
def test_registries_go_to_another_process(state: str, app: App) -> None:
    """A spawned process gets registries that list and load by themselves."""
    app.write(SPAWN | {"program.py": PROGRAM})
    done = app.command("program.py", "spawn", state)

    assert 0 == done.returncode, done.stderr
    answers = json.loads(done.stdout)
    assert ["LazyDiscoveryDict", "SecondaryRegistryDict", "SecondaryRegistryDict", "Own"] == [
        answer[0] for answer in answers
    ]
    assert [["one"], ["one"], [1], ["A"]] == [answer[1] for answer in answers]
    assert [
        ["<class 'app.one.One'>"],
        ["1"],
        ["one"],
        ["<class 'pack.a.A'>"],
    ] == [answer[3] for answer in answers]


def test_registry_comes_back_as_itself(app: App) -> None:
    """In one process a registry of a base class and its secondaries unpickle to themselves."""
    app.write(SPAWN)
    module = app.load("app.base")

    for registry in (module.BASES, module.TABLE, module.MORE):
        assert registry is pickle.loads(pickle.dumps(registry))
        assert registry is copy.copy(registry)
        assert registry is copy.deepcopy(registry)


def test_registry_over_a_package_opens_again(app: App) -> None:
    """A registry over a package comes back with its settings; it is opened anew, not copied."""
    app.write(SPAWN)
    base = app.load("base_of_all")
    registry = base.Own.for_package("pack", base.Base, key="no_such", facts=["x"], name="n")

    again = pickle.loads(pickle.dumps(registry))

    assert type(again) is base.Own
    opened, before = again._listed_by().adapter, registry._listed_by().adapter
    assert (opened.settings(), opened.name) == (before.settings(), "n")
    assert again._state is None
    with pytest.warns(DiscoveryWarning, match="pack has no sub-class of Base"):
        assert registry == again


def test_registry_without_a_base_class_is_pickled_by_value() -> None:
    """A LazyDiscoveryDict that nothing declares is a dictionary of what was put into it."""
    registry: LazyDiscoveryDict[str, int] = LazyDiscoveryDict(enable_cache=False)
    registry["a"] = 1

    again = pickle.loads(pickle.dumps(registry))

    assert {"a": 1} == again
    assert again is not registry
    assert not again.enable_cache


@pytest.mark.parametrize(
    "error",
    [
        DuplicateKeyError("r", "k", "a", "b"),
        MissingKeyError("r", int, "key"),
        UnknownKeyError("r", "k", ["l"], ["m"]),
        DiscoveryError("m", "gone"),
    ],
)
def test_errors_cross_processes(error: RegcacheError) -> None:
    """Errors come back with their attributes and their message."""
    again = pickle.loads(pickle.dumps(error))

    assert type(error) is type(again)
    assert (str(error), vars(error)) == (str(again), vars(again))

"""Items that are converted one by one: `load_lazily` and `get_lazily_or_build`."""

import pickle
import threading
from collections.abc import Mapping

import pytest
from core_items import Color
from core_tools import as_is, in_threads

from regcache_core import ItemRefusedError, RegcacheError

POINTS = """
class Point:
    def __init__(self, x):
        self.x = x
"""


@pytest.fixture
def counted(make):
    """A manager whose file has three items, and the list of the records that were converted."""
    make().save_cache({"a": 1, 7: 2, Color.RED: 3})
    converted = []
    manager = make(serializer=as_is, deserializer=lambda r: converted.append(r) or {"value": r})
    return manager, converted


def test_keys_are_there_and_no_item_is_converted(counted):
    """Iteration, length, `in` and views of keys are those of the whole answer, in its order."""
    manager, converted = counted

    items = manager.load_lazily()

    assert isinstance(items, Mapping)
    assert ["a", 7, Color.RED] == list(items) == list(items.keys())
    assert (3, True, False) == (len(items), 7 in items, "b" in items)
    assert "<LazyItems 'palettes', 3 keys>" == repr(items)
    assert list(items) == items._ipython_key_completions_()
    assert ("hit", 3) == (manager.last_report.status, manager.last_report.items)
    assert [] == converted


def test_item_is_converted_once_and_kept(counted):
    """The first look-up of a key converts its item and no other; later ones give the same one."""
    manager, converted = counted
    items = manager.load_lazily()

    first = items[7]

    assert {"value": 2} == first
    assert items[7] is first is items.get(7)
    assert [2] == converted
    assert {"a": {"value": 1}, 7: first, Color.RED: {"value": 3}} == dict(items) == items
    assert [2, 1, 3] == converted


def test_mapping_is_read_only_and_misses_keys_as_a_dict_does(counted):
    """Nothing can be set or removed; an unknown key is a `KeyError`, or the default of `get`."""
    items = counted[0].load_lazily()

    with pytest.raises(TypeError):
        items["b"] = 1
    with pytest.raises(TypeError):
        del items["a"]
    with pytest.raises(KeyError, match="'b'"):
        items["b"]
    assert items.get("b") is None


def test_item_that_cannot_be_restored_says_which_and_what_to_do(make):
    """Such an item raises whenever it is asked for, `get` included, and costs no other item."""
    make().save_cache({"good": {"x": 1}, "bad": {}})
    manager = make(serializer=as_is, deserializer=lambda record: record["x"])
    items = manager.load_lazily()

    for look_up in (items.get, items.__getitem__):
        with pytest.raises(ItemRefusedError) as caught:
            look_up("bad")

    error = caught.value
    assert ("palettes", "bad", "KeyError: 'x'") == (error.cache_name, error.key, error.problem)
    assert isinstance(error.__cause__, KeyError)
    assert isinstance(error, (RegcacheError, ValueError)) and not isinstance(error, KeyError)
    for words in ("'bad'", "'palettes'", "KeyError: 'x'", "clear_cache()", "get_or_build()"):
        assert words in str(error)
    assert str(error) == str(pickle.loads(pickle.dumps(error)))
    assert 1 == items["good"]


def test_threads_get_the_same_item(make):
    """Two threads that convert one item at the same moment keep one result."""
    make().save_cache({"a": 1})
    both = threading.Barrier(2, timeout=20)

    def convert(record):
        both.wait()
        return [record]

    items = make(serializer=as_is, deserializer=convert).load_lazily()
    seen = []
    in_threads(2, lambda _: seen.append(items["a"]))

    assert [1] == seen[0]
    assert seen[0] is seen[1] is items["a"]


def test_get_lazily_or_build_builds_once_and_is_read_only_both_times(make):
    """A miss builds and saves; a hit converts nothing; both give the same kind of mapping."""
    calls, converted = [], []

    def build():
        calls.append(1)
        return {"a": 1}

    first = make().get_lazily_or_build(build)
    manager = make(serializer=as_is, deserializer=lambda r: converted.append(r) or r)
    second = manager.get_lazily_or_build(build)

    assert ["a"] == list(first) == list(second)
    assert ([1], []) == (calls, converted)
    assert type(first) is type(second)
    assert {"a": 1} == first == second


def test_get_lazily_or_build_takes_the_answer_of_another_process(make, monkeypatch):
    """What was written between the load and the turn to build is loaded, and not built again."""
    manager = make(serializer=as_is, deserializer=lambda record: [record])
    load = manager.load_lazily

    def load_and_let_another_write():
        answer = load()
        make().save_cache({"a": 1})
        return answer

    monkeypatch.setattr(manager, "load_lazily", load_and_let_another_write)

    assert {"a": [1]} == manager.get_lazily_or_build(lambda: pytest.fail("was built"))


def test_listing_keys_imports_neither_cattrs_nor_the_class(run_python, tmp_path):
    """In a fresh process keys cost no converter and no class; an item brings in what it needs."""
    (tmp_path / "points.py").write_text(POINTS)
    code = """
        def from_record(record):
            from points import Point
            return Point(record)

        def build():
            from points import Point
            return {"a": Point(1), "b": Point(2)}

        def to_record(point):
            return point.x

        from regcache_core import RegistryCacheManager
        before = set(sys.modules)
        pair = RegistryCacheManager("pair", lambda: "1", to_record, from_record,
                                    application="painter")
        typed = RegistryCacheManager("typed", lambda: "1", item_type=list[int],
                                     application="painter")
        points = pair.get_lazily_or_build(build)
        lists = typed.get_lazily_or_build(lambda: {"c": [3]})
        keys = [*points, *lists, len(points), "b" in points]
        listed = sorted(set(sys.modules) - before)
        items = [points["a"].x, lists["c"]]
        print(json.dumps([keys, listed, items, sorted(set(sys.modules) - before)]))
    """
    env = {"REGCACHE_EAGER_IMPORT": None, "PYTHONPATH": str(tmp_path)}

    cold, (keys, listed, items, needed) = (run_python(code, env=env) for _ in range(2))

    assert ["a", "b", "c", 2, True] == keys == cold[0]
    light = {"_json", "regcache_core._lazy", "regcache_core._modules"}
    assert set(listed) <= light
    assert [1, [3]] == items == cold[2]
    assert {"points", "cattrs"} <= set(needed)

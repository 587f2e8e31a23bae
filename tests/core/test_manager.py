"""`RegistryCacheManager`: what it takes, loads, saves and reports."""

import json
import os
import time
from collections import OrderedDict
from decimal import Decimal
from pathlib import Path, PurePosixPath
from types import MappingProxyType

import pytest
from core_items import Color, Point
from core_tools import as_is, read, refused

from regcache_core import (
    CacheConfig,
    CacheWarning,
    ConfigError,
    Input,
    Reason,
    RegistryCacheManager,
    SerializationError,
    SourceTree,
    make_converter,
)

UNSERIALIZABLE = {
    "object": (object(), "['bad'] is a object"),
    "set inside": ({"stops": [1, {2}]}, "['bad'].stops[1] is a set"),
    "NaN": ([float("nan")], "['bad'][0] is nan"),
    "infinity": (float("-inf"), "['bad'] is -inf"),
    "key that is no string": ({"a": {1: 2}}, "['bad'].a has a key that JSON cannot hold: 1"),
    "bytes": (b"x", "['bad'] is a bytes"),
}


def test_item_comes_back_through_the_pair_of_functions(make):
    """A serializer and a deserializer make the record and the item."""
    manager = make(serializer=lambda point: [point.x, point.y], deserializer=lambda r: Point(*r))
    manager.save_cache({"p": Point(1.0, 2.0)})

    assert {"p": [1.0, 2.0]} == read(manager)["items"]
    assert {"p": Point(1.0, 2.0)} == manager.load_cache()


@pytest.mark.parametrize("item", [Path("b"), PurePosixPath("b"), Decimal("0.1")], ids=repr)
def test_number_is_not_taken_for_a_text(make, edit, item):
    """A stored path or decimal number that is no text is not made into one."""
    manager = make(item_type=type(item))
    manager.save_cache({"a": item})
    edit(manager, items={"a": 5})

    assert Reason.ITEM_REFUSED is refused(manager)[0]


def test_json_values_come_back_as_json_has_them(make):
    """Tuples become lists, which is told, and mappings become dicts; the order of keys is kept."""
    manager = make()
    items = OrderedDict(z=(1, (2.5, None)), a=MappingProxyType({"b": True}), m=Color.RED.value)
    with pytest.warns(CacheWarning, match="key 'z'"):
        manager.save_cache(items)

    loaded = manager.load_cache()

    assert {"z": [1, [2.5, None]], "a": {"b": True}, "m": "red"} == loaded
    assert ["z", "a", "m"] == list(loaded)


def test_empty_registry_is_an_answer(make):
    """No items is something else than no cache."""
    manager = make()
    manager.save_cache({})

    assert {} == manager.load_cache()
    assert "hit" == manager.last_report.status


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("cache_name", {"cache_name": ""}),
        ("cache_name", {"cache_name": 5}),
        ("version_getter", {"version_getter": "1.0"}),
        ("item_type", {}),
        ("item_type", {"serializer": as_is}),
        ("item_type", {"deserializer": as_is}),
        ("item_type", {"serializer": as_is, "item_type": int}),
        ("item_type", {"serializer": as_is, "deserializer": as_is, "item_type": int}),
        ("item_type", {"serializer": as_is, "deserializer": as_is, "converter": make_converter()}),
        ("item_type", {"converter": make_converter()}),
        ("config", {"item_type": int, "config": {"max_age_days": 7}}),
        ("application", {"item_type": int, "application": 5}),
        ("inputs", {"item_type": int, "inputs": [SourceTree(["a"]), SourceTree(["b"])]}),
        ("inputs", {"item_type": int, "inputs": [Input("items", list)]}),
        ("inputs", {"item_type": int, "inputs": [Input("version", str)]}),
    ],
)
def test_arguments_that_do_not_fit_are_refused(field, arguments):
    """A wrong argument raises at once, names itself and says what would be right."""
    arguments = {"cache_name": "palettes", "version_getter": lambda: "1.0"} | arguments

    with pytest.raises(ConfigError) as caught:
        RegistryCacheManager(**arguments)

    assert field == caught.value.field
    assert caught.value.expected in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("max_age_days", value) for value in (-1, float("nan"), float("inf"), "7", True, [])],
        *[("check_mtimes", value) for value in (1, None, "yes")],
        *[("cache_version", value) for value in ("", 1, None)],
        *[("cache_dir", value) for value in ("", 1, True, b"a", "a\0b")],
    ],
)
def test_config_refuses_values_out_of_range(field, value):
    """Each field of a `CacheConfig` is checked, and the error is a `ValueError` too."""
    with pytest.raises(ConfigError) as caught:
        CacheConfig(**{field: value})

    assert (field, value) == (caught.value.field, caught.value.value)
    assert isinstance(caught.value, ValueError)


def test_configs_compare_by_value():
    """Two configs with equal fields are equal; they show their fields and cannot be keys."""
    config = CacheConfig(0.5, False, "2", "/a")

    same = CacheConfig(max_age_days=0.5, check_mtimes=False, cache_version="2", cache_dir="/a")
    assert same == config
    assert CacheConfig() != config
    assert config != "a config"
    assert (
        "CacheConfig(max_age_days=0.5, check_mtimes=False, cache_version='2', cache_dir='/a')"
        == repr(config)
    )
    with pytest.raises(TypeError):
        hash(config)


def test_get_or_build_lets_the_error_of_build_through(make):
    """What `build` raises is the caller's to see, and nothing is saved."""
    manager = make()

    with pytest.raises(ZeroDivisionError):
        manager.get_or_build(lambda: {"a": 1 / 0})

    assert not os.path.exists(manager.path)


@pytest.mark.parametrize("get", ["get_or_build", "get_lazily_or_build"])
def test_build_tells_its_progress(make, get):
    """With `progress`, `build` is given a function that passes on what it tells; a hit is quiet."""
    told = []

    def build(tell):
        tell(0, 2)
        tell(1, total=2, what="a")
        return {"a": 1}

    for _ in range(2):
        answer = getattr(make(), get)(build, progress=lambda *step: told.append(step))
        assert {"a": 1} == answer

    assert [(0, 2, ""), (1, 2, "a")] == told


def test_error_of_progress_is_the_callers(make):
    """What `progress` raises goes through `build` to the caller, and nothing is saved."""
    manager = make()

    with pytest.raises(ZeroDivisionError):
        manager.get_or_build(
            lambda tell: tell(1, 0) or {"a": 1}, lambda done, total, _: done / total
        )

    assert not os.path.exists(manager.path)


def test_progress_is_a_sign_of_life_for_those_who_wait(make, monkeypatch):
    """Each step that is told touches the lock, so that others do not lose patience."""
    manager = make()
    lock = Path(manager.path).parent / f".{Path(manager.path).name}.lock"
    monkeypatch.setattr("regcache_core._cold.lock._TOUCH_S", -1)
    times = []

    def build(tell):
        os.utime(lock, ns=(0, 0))
        times.append(lock.stat().st_mtime_ns)
        tell(1, 2)
        times.append(lock.stat().st_mtime_ns)
        return {"a": 1}

    manager.get_or_build(build, lambda *_: None)

    assert times[0] == 0 < times[1]


def test_build_that_fails_half_way_leaves_the_old_answer(make, folder):
    """The file of the answer before stays as it was, and is believed again once its sources are."""
    manager = make(inputs=[SourceTree([folder])])
    manager.save_cache({"a": 1})
    before = Path(manager.path).read_bytes()
    (folder / "a.txt").write_text("changed")

    def build():
        yield "a", 2
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            manager.get_or_build(lambda: dict(build()))

    assert Reason.SOURCE_CHANGED == manager.last_report.reason
    assert before == Path(manager.path).read_bytes()
    (folder / "a.txt").write_text("a.txt")
    assert {"a": 1} == make(inputs=[SourceTree([folder])]).load_cache()


def test_get_or_build_answers_though_an_item_cannot_be_saved(make):
    """An item that is no JSON costs the cache, with a warning at the caller, not the answer."""
    manager = make()
    item = object()

    with pytest.warns(CacheWarning, match=r"'palettes' was not saved: key 'a': .*object") as caught:
        answer = manager.get_or_build(lambda: {"a": item})

    assert {"a": item} == answer
    assert __file__ == caught[0].filename
    assert Reason.NOT_SERIALIZABLE == manager.last_report.saved.reason
    assert not os.path.exists(manager.path)


@pytest.mark.parametrize("name", UNSERIALIZABLE)
def test_save_refuses_what_is_no_json_and_writes_nothing(make, name):
    """One bad item refuses the whole save with its place; the file before stays as it was."""
    bad, place = UNSERIALIZABLE[name]
    manager = make()
    manager.save_cache({"old": 1})
    before = Path(manager.path).read_bytes()

    with pytest.raises(SerializationError) as caught:
        manager.save_cache({"good": 1, "bad": bad, "also good": 2})

    assert place in str(caught.value)
    assert ("palettes", "key 'bad'") == (caught.value.cache_name, caught.value.where)
    assert isinstance(caught.value, TypeError)
    assert caught.value.__cause__ is manager.last_report.cause
    assert before == Path(manager.path).read_bytes()
    assert [Path(manager.path)] == list(Path(manager.path).parent.iterdir())


class FailureError(Exception):
    """An error without words."""


def fail(_):
    """A serializer that raises it."""
    raise FailureError


@pytest.mark.parametrize(
    ("serializer", "error", "words"),
    [
        (lambda item: item.missing, AttributeError, r"key 'a'.*'int' object has no attribute"),
        (fail, FailureError, r"key 'a'.*FailureError"),
    ],
)
def test_error_of_a_serializer_refuses_the_save(make, serializer, error, words):
    """Whatever a serializer raises is told with the key, by its type if it has no words."""
    manager = make(serializer=serializer, deserializer=as_is)

    with pytest.raises(SerializationError, match=words) as caught:
        manager.save_cache({"a": 1})

    assert isinstance(caught.value.__cause__, error)


ENDLESS = []
ENDLESS.append(ENDLESS)


@pytest.mark.parametrize(
    "item", [10**5000, [10**5000], ENDLESS], ids=["number", "in a list", "holds itself"]
)
def test_item_that_json_cannot_write_refuses_the_save(make, item):
    """A number beyond what Python reads, and endless nesting, are refused as any other item."""
    manager = make()

    with pytest.raises(SerializationError):
        manager.save_cache({"a": item})

    assert not os.path.exists(manager.path)


def test_reports_of_a_miss_a_save_and_a_hit(make):
    """Each step fills the report: status, reason, place, path, number of items, durations."""
    manager = make()
    assert manager.last_report is None

    manager.get_or_build(lambda: {"a": 1, "b": 2})
    miss = manager.last_report
    manager.load_cache()
    hit = manager.last_report

    assert ("miss", Reason.FILE_ABSENT, manager.path, 2) == (
        *(miss.status, miss.reason, miss.path, miss.items),
    )
    assert min(miss.load_ns, miss.build_ns, miss.save_ns, miss.saved.save_ns) > 0
    assert ("saved", None, manager.path, 2) == (
        *(miss.saved.status, miss.saved.reason, miss.saved.path, miss.saved.items),
    )
    assert f"miss: there is no cache file yet: {manager.path}" == str(miss)
    assert f"<Report {miss}>" == repr(miss)
    assert ("hit", None, "", 2, 0, 0, None) == (
        *(hit.status, hit.reason, hit.where, hit.items, hit.build_ns, hit.save_ns, hit.saved),
    )
    assert hit.load_ns > 0
    assert f"hit: 2 items, {manager.path}" == str(hit)


def test_report_of_a_change_shows_old_and_new(make):
    """The report of a miss says which field, what it was and what it is."""
    make(version="1.0").save_cache({"a": 1})
    manager = make(version="2.0")

    manager.load_cache()

    report = manager.last_report
    assert ("version", "1.0", "2.0") == (report.where, report.old, report.new)
    assert "miss: the application has another version: version (was '1.0', is '2.0')" == str(report)


@pytest.mark.parametrize(
    ("getter", "words"),
    [(lambda: 1 / 0, "division by zero"), (lambda: 5, "5"), (lambda: None, "None")],
)
def test_unknown_version_means_no_caching(getter, words):
    """A `version_getter` that raises, or gives no string, costs the cache and not the answer."""
    manager = RegistryCacheManager("palettes", getter, item_type=int, application="painter")

    answer = manager.get_or_build(lambda: {"a": 1})

    report = manager.last_report
    assert {"a": 1} == answer
    assert ("error", Reason.VERSION_UNKNOWN) == (report.status, report.reason)
    assert words in str(report.cause)
    assert words in str(report)
    assert report.where.endswith("<lambda>")
    assert "error" == report.saved.status
    assert not os.path.exists(manager.path)


def test_item_that_cannot_be_restored_is_a_miss(make):
    """A deserializer that raises makes the load a miss that names the key and the cause."""
    make(serializer=as_is, deserializer=as_is).save_cache({"good": 1, "bad": 0})
    manager = make(serializer=as_is, deserializer=lambda record: 1 // record)

    loaded = manager.load_cache()

    report = manager.last_report
    assert loaded is None
    assert (Reason.ITEM_REFUSED, "bad") == (report.reason, report.where)
    assert isinstance(report.cause, ZeroDivisionError)
    assert "[ZeroDivisionError: " in str(report)


def test_records_are_given_unconverted(make):
    """`load_records` gives what lies in the file; `from_record` makes one item of it."""
    for options in (
        {"item_type": Point},
        {"serializer": lambda p: {"x": p.x, "y": p.y}, "deserializer": lambda r: Point(**r)},
    ):
        manager = make(**options)
        manager.save_cache({"p": Point(1.0, 2.0), 7: Point(3.0, 4.0)})

        records = manager.load_records()

        assert {"p": {"x": 1.0, "y": 2.0}, 7: {"x": 3.0, "y": 4.0}} == records
        assert Point(3.0, 4.0) == manager.from_record(records[7])


def test_from_record_raises_what_the_deserializer_raises(make):
    """One record is converted at the caller's own risk."""
    with pytest.raises(ZeroDivisionError):
        make(serializer=as_is, deserializer=lambda r: 1 // r).from_record(0)


def test_extra_values_lie_beside_the_items(make):
    """`extra` comes back with a hit, and is empty after a miss."""
    manager = make()
    manager.save_cache({"a": 1}, extra={"failures": {"m": ("x", None)}})
    reader = make()

    reader.load_cache()
    found = reader.extra
    Path(manager.path).unlink()
    reader.load_cache()

    assert {"failures": {"m": ["x", None]}} == found
    assert {} == reader.extra


def test_extra_is_empty_when_an_item_is_refused(make):
    """A miss found while converting items gives no extra values either."""
    make().save_cache({"a": 0}, extra={"b": 1})
    manager = make(serializer=as_is, deserializer=lambda record: 1 // record)

    assert manager.load_cache() is None
    assert {} == manager.extra


@pytest.mark.parametrize("extra", [{"a": object()}, {1: 2}, ["a"], "text", 5])
def test_extra_that_is_no_json_object_refuses_the_save(make, extra):
    """What lies beside the items is held to the same rule."""
    manager = make()

    with pytest.raises(SerializationError, match="extra"):
        manager.save_cache({"a": 1}, extra=extra)

    assert not os.path.exists(manager.path)


def test_cleared_cache_is_absent(make):
    """`clear_cache` removes the file; nothing to remove is no error."""
    manager = make()
    manager.save_cache({"a": 1})

    manager.clear_cache()
    manager.clear_cache()

    assert Reason.FILE_ABSENT is refused(manager)[0]


def test_clear_without_a_folder_does_nothing(make, cache_dir):
    """Where a file lies in the folder's place, there is nothing to clear."""
    cache_dir.write_text("no folder")
    manager = make()

    manager.clear_cache()

    assert "no folder" == cache_dir.read_text()


def test_clear_raises_what_the_system_says(make):
    """Something that cannot be unlinked is the caller's to see."""
    manager = make()
    os.makedirs(manager.path)

    with pytest.raises(OSError, match="palettes"):
        manager.clear_cache()


def test_begin_scan_records_what_the_answer_depends_on(make, folder):
    """What changed since `begin_scan` is stale before it is written, so it is not written."""
    manager = make(inputs=[SourceTree([folder])])
    manager.begin_scan()
    begun = manager.last_report
    (folder / "a.txt").write_text("changed during the scan")

    saved = manager.save_cache({"a": 1})

    assert ("miss", Reason.REFRESH_REQUESTED) == (begun.status, begun.reason)
    assert not saved
    assert ("error", Reason.SOURCE_CHANGED) == (
        *(manager.last_report.status, manager.last_report.reason),
    )
    assert not os.path.exists(manager.path)


def test_save_after_a_refused_one_starts_anew(make, folder):
    """A record of the sources serves one save; the next takes its own."""
    manager = make(inputs=[SourceTree([folder])])
    manager.begin_scan()
    (folder / "a.txt").write_text("changed during the scan")
    manager.save_cache({"a": 1})

    assert manager.save_cache({"a": 2})
    assert {"a": 2} == manager.load_cache()


def test_begin_scan_without_a_version_reports_the_error():
    """Without a version there is nothing to record."""
    manager = RegistryCacheManager("p", lambda: 5, item_type=int, application="painter")

    manager.begin_scan()

    assert ("error", Reason.VERSION_UNKNOWN) == (
        *(manager.last_report.status, manager.last_report.reason),
    )


def test_begin_scan_ignores_a_fresh_file(make):
    """A save after `begin_scan` replaces a file that would have been a hit."""
    manager = make()
    manager.save_cache({"a": 1})
    manager.begin_scan()

    assert manager.save_cache({"a": 2})
    assert {"a": 2} == make().load_cache()


def test_answer_made_smaller_by_an_error_that_may_pass_is_not_saved(make):
    """`save_built` with such an error writes nothing, and the report says what it was."""
    manager = make()
    manager.load_cache()
    missed = manager.last_report
    error = OSError("the disk was away")

    manager.save_built({"a": 1}, missed, transient=error)

    saved = missed.saved
    assert ("error", Reason.TRANSIENT_FAILURE, error) == (saved.status, saved.reason, saved.cause)
    assert "the disk was away" in str(saved)
    assert not os.path.exists(manager.path)


def test_load_can_be_refused_for_what_lies_beside_the_items(make, folder):
    """`refuse_load` makes a miss of a hit, and the sources are recorded for the save to follow."""
    manager = make(inputs=[SourceTree([folder])])
    manager.save_cache({"a": 1}, extra={"failures": 5})
    manager.load_cache()

    manager.refuse_load("WRONG_SHAPE", "extra")

    report = manager.last_report
    assert ("miss", Reason.WRONG_SHAPE, "extra", manager.path) == (
        *(report.status, report.reason, report.where, report.path),
    )
    assert {} == manager.extra
    (folder / "a.txt").write_text("changed after the miss")
    assert not manager.save_cache({"a": 1})


def test_application_is_the_package_of_the_version_getter():
    """Unless told, the application is where the version comes from."""
    manager = RegistryCacheManager("p", json.dumps, item_type=int)

    assert "json" == manager.application


def test_application_of_a_function_without_module_is_main():
    """A callable that does not know its module belongs to the program."""

    class Getter:
        __module__ = None

        def __call__(self):
            return "1.0"

    assert "__main__" == RegistryCacheManager("p", Getter(), item_type=int).application


def test_generic_parameters_exist_at_run_time_without_typing(run_python):
    """`RegistryCacheManager[str, int]` works, and imports nothing heavy."""
    seen = run_python("""
        before = set(sys.modules)
        from regcache_core import RegistryCacheManager
        alias = RegistryCacheManager[str, int]
        manager = alias("p", lambda: "1.0", item_type=int, application="painter")
        loaded = set(sys.modules) - before
        print(json.dumps([type(manager).__name__, str(alias.__args__), sorted(loaded)]))
    """)

    assert "RegistryCacheManager" == seen[0]
    assert "(<class 'str'>, <class 'int'>)" == seen[1]
    if not os.environ.get("REGCACHE_EAGER_IMPORT"):
        assert {"typing", "cattrs", "attr", "platformdirs", "pathlib"}.isdisjoint(seen[2])


def test_warm_load_imports_no_heavy_module(make, folder, run_python):
    """A hit in a fresh process needs `os`, `sys` and our own light modules, no patterns either."""
    code = f"""
        before = set(sys.modules)
        from regcache_core import RegistryCacheManager, SourceTree
        manager = RegistryCacheManager("p", lambda: "1.0", str, str, application="painter",
                                       inputs=[SourceTree([{str(folder)!r}], [".txt"],
                                                          ["*.txt"], ["drafts/*"])])
        items = manager.get_or_build(lambda: {{"a": "1"}})
        status = manager.last_report.status
        print(json.dumps([items, status, sorted(set(sys.modules) - before)]))
    """
    time.sleep(2.1)  # until the folder's times can be trusted
    cold = run_python(code, env={"REGCACHE_EAGER_IMPORT": None})
    warm = run_python(code, env={"REGCACHE_EAGER_IMPORT": None})

    assert [{"a": "1"}, "miss"] == cold[:2]
    assert [{"a": "1"}, "hit"] == warm[:2]
    light = {f"regcache_core.{name}" for name in ("_file", "_inputs", "_manager")}
    # The last to find out where an application lies that nobody has imported.
    assert light <= set(warm[2]) <= {*light, "_json", "regcache_core._modules"}


def test_item_that_cannot_be_read_back_is_refused(make):
    """What would be a miss at every start fails when it is saved, with its key."""
    manager = make(item_type=int)

    with pytest.raises(SerializationError, match="'a'"):
        manager.save_cache({"a": "x"})

    assert manager.load_cache() is None


@pytest.mark.parametrize(
    "value",
    [(1, 2), {1: 2}, {1, 2}, {"a": object()}, 10**5000, float("inf")],
    ids=["tuple", "key", "set", "object", "number", "infinity"],
)
def test_input_that_json_changes_or_cannot_hold_is_refused(make, value):
    """Such an input would never hold; the save says so."""
    manager = make(inputs=[Input("mood", lambda: value)])

    with pytest.raises(SerializationError, match=r"mood|4300"):
        manager.save_cache({"a": 1})

    assert not os.path.exists(manager.path)


@pytest.mark.parametrize("arguments", [("abc",), (["abc"], ".json")])
def test_text_in_the_place_of_a_list_is_refused(arguments):
    """A string given for a list of paths or suffixes is an error, not its letters."""
    with pytest.raises(TypeError, match="lists"):
        SourceTree(*arguments)

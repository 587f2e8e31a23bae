"""A registry is a dict: each operation gives what a plain dict of the same content gives."""

import copy
import importlib
import json
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping, MutableMapping
from logging import Handler
from typing import Any

import pytest
from throwaway import READERS, App, forget

from regcache_meta import LazyDiscoveryDict, UnknownKeyError

MORE = {
    "app/readers/tiff_reader.py": """
        from .base import Reader

        class TiffReader(Reader):
            format = "tiff"

        class BigTiffReader(Reader):
            format = "btf"
        """,
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> App:
    """An application of four readers; what a registry does changes no file of it."""
    app = App(tmp_path_factory.mktemp("written"))
    app.write(READERS | MORE)
    time.sleep(0.02)  # what is written in the clock tick of its import counts as edited since
    return app


def load(app: App) -> Any:
    """The registry in this process, anew: its modules are imported again."""
    forget({name for name in [*sys.modules] if name.partition(".")[0] == "app"})
    return importlib.import_module("app.readers.base").READERS


@pytest.fixture(params=["cold", "warm", "loaded"])
def registry(
    request: pytest.FixtureRequest, written: App, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """A registry of four keys that is not discovered, or not loaded, or all loaded."""
    monkeypatch.syspath_prepend(str(written.folder))
    monkeypatch.setenv("REGCACHE_DIR", str(written.cache))
    for file in written.cache_files() if request.param == "cold" else []:
        file.unlink()
    if request.param != "cold" and not written.cache_files():
        list(load(written))
    registry = load(written)
    if request.param == "loaded":
        assert 4 == len(list(registry.values()))
    yield registry
    status = {"cold": "miss", "warm": "hit", "loaded": "hit"}[request.param]
    assert registry.report is None or status == registry.report.status
    forget({name for name in [*sys.modules] if name.partition(".")[0] == "app"})


def plain_twin() -> dict[str, Any]:
    """A plain dict of the same content."""
    import app.readers.csv_reader as csv  # type: ignore[import-not-found]
    import app.readers.json_reader as json  # type: ignore[import-not-found]
    import app.readers.tiff_reader as tiff  # type: ignore[import-not-found]

    return {
        "csv": csv.CsvReader,
        "json": json.JsonReader,
        "tiff": tiff.TiffReader,
        "btf": tiff.BigTiffReader,
    }


def names(**kwargs: Any) -> dict[str, Any]:
    """What arrives as keyword arguments."""
    return kwargs


def matched(subject: Any) -> Any:
    """What a mapping pattern binds."""
    match subject:
        case {"json": value, **rest}:
            return value, rest
    return None


def not_matched(subject: Any) -> Any:
    """A mapping pattern with a key that is not there."""
    match subject:
        case {"json": _, "nothing": _}:
            return "matched"
    return "not matched"


def in_place_or(d: Any, other: Any) -> Any:
    """``|=``, and that it is the same object still."""
    before = d
    d |= other
    return d is before


def delete(d: Any, key: Hashable) -> None:
    """``del``."""
    del d[key]


def assign(d: Any, key: Hashable, value: object) -> None:
    """``d[key] = value``."""
    d[key] = value


def loop(d: Any) -> list[Any]:
    """Load each value while iterating over the keys."""
    return [(key, d[key]) for key in d]


OPERATIONS: dict[str, Callable[[Any], Any]] = {
    "== equal": lambda d: d == plain_twin(),
    "== equal, reflected": lambda d: plain_twin() == d,
    "== in another order": lambda d: d == dict(reversed(plain_twin().items())),
    "== shorter": lambda d: d == {"csv": 1},
    "== other value": lambda d: d == plain_twin() | {"csv": 1},
    "== other key": lambda d: d == {key.upper(): value for key, value in plain_twin().items()},
    "== itself": lambda d: d == d,
    "== no dict": lambda d: d == [1],
    "== an OrderedDict": lambda d: d == OrderedDict(plain_twin()),
    "== what dict's own storage looks like": lambda d: d == {None: None},
    "!= equal": lambda d: d != plain_twin(),
    "!= equal, reflected": lambda d: plain_twin() != d,
    "!= other": lambda d: d != {"csv": 1},
    "!= itself": lambda d: d != d,
    "!= no dict": lambda d: d != 5,
    "!= what dict's own storage looks like": lambda d: d != {None: None},
    "<": lambda d: d < {},
    "hash": hash,
    "|": lambda d: d | {"csv": 1, "new": 2},
    "| type": lambda d: type(d | {}),
    "| reflected": lambda d: {"csv": 1, "new": 2} | d,
    "| itself": lambda d: d | d,
    "| no dict": lambda d: d | [("a", 1)],
    "| no dict, reflected": lambda d: [("a", 1)] | d,
    "|= a mapping": lambda d: in_place_or(d, {"csv": 1, "new": 2}),
    "|= pairs": lambda d: in_place_or(d, [("new", 2)]),
    "|= nonsense": lambda d: in_place_or(d, 5),
    "copy": lambda d: d.copy(),
    "copy is another dict": lambda d: (d.copy() is d, type(d.copy())),
    "copy.copy": lambda d: copy.copy(d),
    "copy.deepcopy": lambda d: copy.deepcopy(d),
    "pop": lambda d: d.pop("json"),
    "pop of nothing": lambda d: d.pop("nothing"),
    "pop with default": lambda d: d.pop("json", 5),
    "pop of nothing with default": lambda d: d.pop("nothing", 5),
    "pop with too much": lambda d: d.pop("nothing", 1, 2),
    "pop with too much, found": lambda d: d.pop("json", 1, 2),
    "pop of an unhashable": lambda d: d.pop([]),
    "popitem": lambda d: d.popitem(),
    "popitem of all": lambda d: [d.popitem() for _ in range(4)],
    "popitem of too many": lambda d: [d.popitem() for _ in range(5)],
    "setdefault": lambda d: d.setdefault("json", 5),
    "setdefault of nothing": lambda d: d.setdefault("new", 5),
    "setdefault without default": lambda d: d.setdefault("new"),
    "update from a mapping": lambda d: d.update({"csv": 1, "new": 2}),
    "update from pairs": lambda d: d.update([("csv", 1), ("new", 2)]),
    "update from keywords": lambda d: d.update(csv=1, new=2),
    "update from all": lambda d: d.update({"a": 1}, b=2),
    "update from itself": lambda d: d.update(d),
    "update from nothing": lambda d: d.update(),
    "update from two": lambda d: d.update({}, {}),
    "update from nonsense": lambda d: d.update(5),
    "reversed": lambda d: list(reversed(d)),
    "repr": repr,
    "str": str,
    "format": lambda d: f"{d!r:.20}",
    "dict()": dict,
    "dict() with keywords": lambda d: dict(d, new=1),
    "{**}": lambda d: {**d},
    "f(**)": lambda d: names(**d),
    "f(**) beside others": lambda d: names(other=1, **d),
    "json.dumps": lambda d: json.dumps(d, default=repr),
    "json.dumps sorted, indented": lambda d: json.dumps(d, default=repr, sort_keys=True, indent=1),
    "list": list,
    "set": set,
    "match": matched,
    "match of nothing": not_matched,
    "keys": lambda d: list(d.keys()),
    "keys repr": lambda d: repr(d.keys()),
    "keys reversed": lambda d: list(reversed(d.keys())),
    "keys &": lambda d: d.keys() & {"csv", "new"},
    "keys |": lambda d: d.keys() | {"new"},
    "keys -": lambda d: d.keys() - {"csv"},
    "keys ^": lambda d: d.keys() ^ {"csv", "new"},
    "keys <=": lambda d: d.keys() <= {"csv"},
    "keys ==": lambda d: d.keys() == set(plain_twin()),
    "keys isdisjoint": lambda d: d.keys().isdisjoint({"csv"}),
    "keys in, len": lambda d: ("csv" in d.keys(), len(d.keys())),  # noqa: SIM118
    "values": lambda d: list(d.values()),
    "values reversed": lambda d: list(reversed(d.values())),
    "values in, len": lambda d: (5 in d.values(), len(d.values())),
    "items": lambda d: list(d.items()),
    "items reversed": lambda d: list(reversed(d.items())),
    "items in, len": lambda d: (("csv", 5) in d.items(), len(d.items())),
    "items &": lambda d: d.items() & {("csv", 1)},
    "items ==": lambda d: d.items() == plain_twin().items(),
    "in": lambda d: ("csv" in d, "nothing" in d, None in d, "nothing" not in d),
    "in with an unhashable": lambda d: [] in d,
    "len": len,
    "bool": bool,
    "get": lambda d: d.get("json"),
    "get of nothing": lambda d: (d.get("nothing"), d.get("nothing", 5), d.get(None)),
    "get of an unhashable": lambda d: d.get([]),
    "[]": lambda d: d["json"],
    "[] of nothing": lambda d: d["nothing"],
    "[] of None": lambda d: d[None],
    "[] of an unhashable": lambda d: d[[]],
    "[]=": lambda d: assign(d, "new", 1),
    "[]= over another": lambda d: assign(d, "json", 1),
    "[]= and load the rest": lambda d: (assign(d, "tiff", 1), d["btf"], d["tiff"]),
    "[]= of an unhashable": lambda d: assign(d, [], 1),
    "del": lambda d: delete(d, "json"),
    "del and its module is loaded": lambda d: (delete(d, "tiff"), d["btf"], "tiff" in d, len(d)),
    "del and set again": lambda d: (delete(d, "tiff"), assign(d, "tiff", 1), d["btf"], d["tiff"]),
    "del of nothing": lambda d: delete(d, "nothing"),
    "del of an unhashable": lambda d: delete(d, []),
    "clear": lambda d: d.clear(),
    "clear, json": lambda d: (d.clear(), json.dumps(d), bool(d), repr(d), d == {}),
    "isinstance": lambda d: [isinstance(d, kind) for kind in (dict, Mapping, MutableMapping)],
    "load while iterating": loop,
    "iter is an iterator": lambda d: next(iter(d)),
    "str.format_map": lambda d: "{json}".format_map(d),
    "vars of type()": lambda d: type("Namespace", (), {**d}).json,  # type: ignore[attr-defined]
}


def outcome(operation: Callable[[Any], Any], subject: Any) -> tuple[Any, list[tuple[Any, Any]]]:
    """What an operation returns or raises, and what is in its subject then."""
    try:
        result = operation(subject)
    except Exception as error:
        kind = next(kind for kind in type(error).__mro__ if kind.__module__ == "builtins")
        result = ("raises", kind)
    return result, [(key, subject[key]) for key in subject]


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_agrees_with_dict(name: str, registry: Any) -> None:
    """Result (or kind of exception) and content afterwards are those of a plain dict.

    So is, once all is loaded, what ``registered`` and dict's own methods tell.
    """
    result, content = outcome(OPERATIONS[name], registry)

    expected, expected_content = outcome(OPERATIONS[name], plain_twin())

    assert type(expected) is type(result) or isinstance(result, dict)
    assert expected == result
    assert expected_content == content
    assert dict(expected_content) == registry.registered()
    assert dict(expected_content) == dict(dict.items(registry)) or not expected_content


@pytest.mark.parametrize("view", ["__iter__", "__reversed__", "keys", "values", "items"])
def test_change_while_iterating(view: str, registry: Any) -> None:
    """A loop goes over the keys that there were; a dict would raise, a registry must not.

    Another thread may import a plugin meanwhile, and so may the loop itself.
    """
    keys = [*registry]

    for i, _ in enumerate(getattr(registry, view)()):
        registry[f"new {i}"] = 1

    assert [*keys, *(f"new {i}" for i in range(len(keys)))] == [*registry]


def test_fromkeys_gives_a_registry_of_these_keys() -> None:
    """``fromkeys`` works as for any sub-class of dict."""
    made = LazyDiscoveryDict.fromkeys(["a", "b"], 5)

    assert LazyDiscoveryDict is type(made)
    assert {"a": 5, "b": 5} == made


def test_empty_registry_is_false_and_empty() -> None:
    """A registry of nothing is equal to an empty dict in every respect."""
    empty: LazyDiscoveryDict[str, type] = LazyDiscoveryDict()

    assert not empty
    assert {} == empty
    assert ("{}", "{}", []) == (repr(empty), json.dumps(empty), list(empty.items()))
    assert {"a": {}} == json.loads(json.dumps({"a": empty}, indent=1))
    with pytest.raises(KeyError, match="registry has no key 'a'"):
        empty["a"]


def test_views_show_keys_and_load_nothing(readers: App) -> None:
    """``repr`` of the views names what they show, with nothing imported."""
    code = """
        from app.readers.base import READERS
        shown = repr(READERS.values()), repr(READERS.items())
        out = [*shown, "app.readers.csv_reader" in sys.modules]
        """
    cold = readers.run(code)
    warm = readers.run(code)

    content = (
        "{'csv': <class 'app.readers.csv_reader.CsvReader'>, "
        "'json': <class 'app.readers.json_reader.JsonReader'>}"
    )
    assert [f"<values of {content}>", f"<items of {content}>", True] == cold
    assert [f"<values of {content}>", f"<items of {content}>", False] == warm


def test_copies_of_a_registry_are_the_registry(registry: Any) -> None:
    """``copy.copy`` and ``copy.deepcopy`` give the registry itself: a base class has one."""

    assert registry is copy.copy(registry)
    assert registry is copy.deepcopy(registry)
    assert [registry, registry] == copy.deepcopy([registry, registry])


def test_unknown_key_is_an_error_with_advice(registry: Any) -> None:
    """A key that is not there is a KeyError that names the registry and what is close."""
    with pytest.raises(KeyError) as caught:
        registry["jsn"]

    error = caught.value
    assert isinstance(error, UnknownKeyError)
    assert ("reader", "jsn", ("json",), ()) == (
        error.registry,
        error.key,
        error.close,
        error.failed,
    )
    assert "reader has no key 'jsn'. Did you mean 'json'?" == str(error)


SO_FAR = """
import app.readers.csv_reader
from app.readers.base import READERS

def so_far():
    assert READERS.registered() == dict(dict.items(READERS)), dict(dict.items(READERS))
    return sorted(cls.__name__ for cls in dict.values(READERS))

out = [so_far(), READERS.report is None]
READERS.{discover}()
out += [so_far(), READERS.report.status]
READERS["json"]
del READERS["csv"]
out += [so_far()]
READERS.refresh()
READERS["mine"] = type("Mine", (), {{}})
out += [so_far()]
"""


@pytest.mark.parametrize("discover", ["discover", "_discover"])
def test_registered_classes_are_told_before_discovery_and_after(
    discover: str, readers: App
) -> None:
    """``registered`` and ``dict.values`` tell the classes so far; ``discover`` finds the keys."""
    code = SO_FAR.format(discover=discover)
    end = [["JsonReader"], ["CsvReader", "JsonReader", "Mine"]]

    cold, warm = readers.run(code), readers.run(code)

    assert [["CsvReader"], True, ["CsvReader", "JsonReader"], "miss", *end] == cold
    assert [["CsvReader"], True, ["CsvReader"], "hit", *end] == warm


def test_what_plugins_assign_and_remove_is_registered_at_once(readers: App) -> None:
    """A plugin finds in dict's own storage what plugins did before it, cold and warm."""
    readers.write(
        {
            "app/readers/plain.py": """
                from .base import READERS
                READERS["alias"] = 1
                ALIAS = dict.get(READERS, "alias")
                """,
            "app/readers/zz.py": """
                from .base import READERS
                READERS["comma"] = READERS["csv"]
                del READERS["json"]
                SEEN = sorted(dict.keys(READERS))
                """,
        }
    )
    code = """
        from app.readers.base import READERS
        out = [[*READERS], READERS["alias"], READERS["comma"].__name__]
        from app.readers.plain import ALIAS
        from app.readers.zz import SEEN
        out += [ALIAS, SEEN, sorted(READERS.registered()), sorted(dict.keys(READERS))]
        """
    keys = ["alias", "comma", "csv"]

    cold, warm = readers.run(code), readers.run(code)

    assert [["csv", "alias", "comma"], 1, "CsvReader", 1, keys, keys, keys] == cold
    assert cold == warm


def test_registered_classes_of_a_package_that_is_scanned_are_those_loaded() -> None:
    """A registry of classes that know nothing of it tells those that were asked for."""
    list(LazyDiscoveryDict.for_package("logging", Handler))
    registry = LazyDiscoveryDict.for_package("logging", Handler)
    before = registry.registered()
    registry.discover()

    loaded = registry["MemoryHandler"]

    assert {} == before
    assert {"MemoryHandler": loaded} == registry.registered()
    assert [loaded] == list(dict.values(registry))


def test_registry_of_no_package_is_a_dictionary() -> None:
    """Without a base class and a package a registry holds what is put into it."""
    table: LazyDiscoveryDict[str, int] = LazyDiscoveryDict()
    table["a"] = 1

    assert {"a": 1} == table

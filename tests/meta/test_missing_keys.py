"""A missing key: what changed is looked at once before the KeyError, bounded by time."""

import shutil
from typing import Any

import pytest
from throwaway import WATCHDOG, App, forget

from regcache_meta import DiscoveryError, DuplicateKeyError, LazyDiscoveryDict, UnknownKeyError

XML = """
    from .base import Reader
    class XmlReader(Reader):
        format = "xml"
    """
LIST = "from app.readers.base import READERS\nout = list(READERS), READERS.report.status"

#: Counts how often a cache file is read.
COUNT = """
import sys
READS = []
sys.addaudithook(lambda event, args: event == "open" and str(args[0]).endswith(".json")
                 and "r" in str(args[1] or "r") and READS.append(args[0]))
"""


@pytest.fixture(params=["cold", "warm", "loaded", "uncached", "unwritable"])
def registry(request: pytest.FixtureRequest, readers: App, monkeypatch: Any) -> Any:
    """A registry in this process: discovered, read from the cache, loaded, or without a cache."""
    if request.param in ("warm", "loaded"):
        readers.run(LIST)
    if request.param == "unwritable":
        readers.cache.write_text("no folder")
    registry = readers.load("app.readers.base").READERS
    registry.enable_cache = request.param != "uncached"
    list(registry)
    if request.param == "loaded":
        list(registry.values())
    return registry


@pytest.fixture
def warm(readers: App) -> Any:
    """A registry in this process that was read from the cache."""
    readers.run(LIST)
    registry = readers.load("app.readers.base").READERS
    list(registry)
    return registry


def test_plugin_that_was_added_is_found(registry: Any, readers: App) -> None:
    """A plugin file that is written while the process runs is described and found by its key."""
    readers.write({"app/readers/xml_reader.py": XML})

    assert "app.readers.xml_reader" == registry.info("xml").module == registry["xml"].__module__
    assert ["csv", "json", "xml"] == list(registry)


@pytest.mark.parametrize("other_process", [False, True], ids=["discovered", "taken over"])
@pytest.mark.parametrize("loaded", [False, True], ids=["listed", "loaded"])
def test_what_this_process_did_stays(
    other_process: bool, loaded: bool, readers: App, warm: Any
) -> None:
    """Classes that were handed out, assignments and removals stay when a plugin is found."""
    csv = warm["csv"]
    if loaded:
        list(warm.values())
    warm["mine"] = value = object()
    del warm["json"]
    readers.write({"app/readers/xml_reader.py": XML})
    if other_process:
        readers.run(LIST)

    found = warm["xml"]

    assert "app.readers.xml_reader" == found.__module__
    assert ["csv", "xml", "mine"] == list(warm)
    assert [csv, found, value] == [warm["csv"], warm["xml"], warm["mine"]]
    with pytest.raises(UnknownKeyError):
        warm["json"]
    readers.load("app.readers.json_reader")
    assert "json" not in warm


@pytest.mark.parametrize(
    ("loaded", "other_process", "forgotten"),
    [(False, False, False), (True, False, False), (False, True, True), (True, True, True)],
    ids=["listed", "loaded", "listed, taken over, forgotten", "loaded, taken over, forgotten"],
)
def test_registry_over_a_package_keeps_what_this_process_did(
    loaded: bool, other_process: bool, forgotten: bool, app: App
) -> None:
    """The same where classes do not register themselves, though a module was forgotten."""
    text = "from base_of_all import Base\nclass {}(Base): pass\n"
    app.write({"base_of_all.py": "class Base: pass\n", "pack/__init__.py": ""})
    app.write({f"pack/{name.lower()}.py": text.format(name) for name in "ABC"})
    code = (
        "from base_of_all import Base\nfrom regcache_meta import LazyDiscoveryDict\n"
        "out = list(LazyDiscoveryDict.for_package('pack', Base))"
    )
    app.run(code)
    registry = LazyDiscoveryDict.for_package("pack", app.load("base_of_all").Base)
    a = registry["A"]
    if loaded:
        list(registry.values())
    registry["C"] = value = object()
    del registry["B"]
    app.write({"pack/d.py": text.format("D")})
    if other_process:
        app.run(code)
    if forgotten:
        forget({"pack.a"})

    found = registry["D"]

    assert "pack.d" == found.__module__
    assert ["A", "C", "D"] == list(registry)
    assert [a, value, found] == [registry["A"], registry["C"], registry["D"]]


SECONDARY = {
    "app/__init__.py": "",
    "app/base.py": """
        from regcache_meta import *
        BASES = LazyDiscoveryDict()
        TABLE = {}
        class Base(metaclass=AutoRegisterMeta):
            __registry_config__ = RegistryConfig(
                BASES, "key", secondary_registries=[SecondaryRegistry(TABLE, PRIMARY_KEY, "value")]
            )
        """,
    "app/one.py": "from .base import Base\nclass One(Base):\n    key, value = 'one', ['1']\n",
    "app/two.py": "from .base import Base\nclass Two(Base):\n    key, value = 'two', ['2']\n",
}
THREE = {
    "app/three.py": "from .base import Base\nclass T(Base):\n    key, value = 'three', ['3']\n"
}


@pytest.mark.parametrize("other_process", [False, True], ids=["discovered", "taken over"])
@pytest.mark.parametrize("asked", ["primary", "secondary"])
def test_secondary_registries_follow(asked: str, other_process: bool, app: App) -> None:
    """A secondary registry finds what was added, and keeps what this process did to it."""
    app.write(SECONDARY)
    list_all = "from app.base import BASES, TABLE\nout = list(BASES), list(TABLE)"
    app.run(list_all)
    module = app.load("app.base")
    table = module.TABLE
    one = table["one"]
    table["mine"] = 5
    del table["two"]
    app.write(THREE)
    if other_process:
        app.run(list_all)

    found = module.BASES["three"].value if asked == "primary" else table["three"]

    assert ["3"] == found
    assert found is table["three"]
    assert one is table["one"]
    assert {"one": ["1"], "three": ["3"], "mine": 5} == dict(table)
    assert {"one", "two", "three"} == set(module.BASES)


def test_secondary_registry_that_nobody_listed_is_opened_later(app: App) -> None:
    """A secondary registry that was not in use when a plugin was found shows it, too."""
    app.write(SECONDARY)
    module = app.load("app.base")
    list(module.BASES)
    app.write(THREE)

    assert "three" == module.BASES["three"].key
    assert ["one", "three", "two"] == list(module.TABLE)


def test_only_a_lookup_looks_again(readers: App, warm: Any) -> None:
    """``in``, ``get``, ``pop`` with a default, ``len`` and iteration answer from what is known."""
    readers.write({"app/readers/xml_reader.py": XML})

    assert "xml" not in warm
    assert (None, 5) == (warm.get("xml"), warm.pop("xml", 5))
    assert (2, ["csv", "json"]) == (len(warm), list(warm))
    assert "XmlReader" == warm["xml"].__name__
    assert "xml" in warm


def test_lookup_that_opens_the_registry_does_not_look_twice(readers: App) -> None:
    """Where the lookup itself read the file, it is not read again before the KeyError."""
    code = f"""
{COUNT}
from app.readers.base import READERS
try:
    READERS["xml"]
except KeyError as error:
    out = READERS.report.status, len(READS), str(error)
"""
    readers.run(LIST)

    assert ["hit", 1, "reader has no key 'xml'."] == readers.run(code)


def test_loaded_class_is_not_replaced_behind_our_back(readers: App, warm: Any) -> None:
    """Where another process found another class under a key that is loaded here, nothing moves."""
    csv = warm["csv"]
    path = readers.folder / "app/readers/csv_reader.py"
    text = path.read_text()
    path.write_text(text.replace('"csv"', '"table"'))
    readers.write({"app/readers/new_reader.py": text, "app/readers/broken.py": "1 / 0\n"})
    readers.run(LIST)

    with pytest.raises(UnknownKeyError) as caught:
        warm["table"]

    assert isinstance(caught.value.__cause__, DuplicateKeyError)
    assert (csv, ["csv", "json"], {}) == (warm["csv"], list(warm), warm.failures)


@pytest.mark.parametrize("change", ["broken", "gone"])
def test_discovery_that_fails_is_told_with_the_key_error(change: str, app: App) -> None:
    """A broken module in strict mode, or no package any more, is its cause; the answer stays."""
    app.write({"pack/__init__.py": "", "pack/a.py": "class A: pass\n"})
    registry = LazyDiscoveryDict.for_package("pack", object, strict=True)
    before = list(registry)
    if change == "broken":
        app.write({"pack/b.py": "1 / 0\n"})
    else:
        shutil.rmtree(app.folder / "pack")
        forget({"pack"})

    with pytest.raises(UnknownKeyError) as caught:
        registry["B"] if change == "gone" else registry.info("B")

    assert isinstance(caught.value.__cause__, DiscoveryError)
    assert before == list(registry)


def test_module_that_fails_by_now_is_named(readers: App, warm: Any) -> None:
    """A plugin that was added and fails to import is named in the KeyError of its key."""
    readers.write({"app/readers/xml_reader.py": "1 / 0\n"})

    with (
        pytest.warns(UserWarning, match="xml_reader failed to import"),
        pytest.raises(UnknownKeyError) as caught,
    ):
        warm["xml"]

    assert ("app.readers.xml_reader",) == caught.value.failed


def test_cache_file_of_another_shape_is_discovered_anew(readers: App) -> None:
    """A file whose extra part was damaged meanwhile is a miss for a missing key, too."""
    readers.run(LIST)
    (file,) = readers.cache_files()
    sound = file.read_bytes()
    readers.edit_cache('"failures":{}', '"failures":[]')
    damaged = file.rename(file.with_suffix(".damaged"))
    file.write_bytes(sound)
    damage = f"import os\nos.replace({str(damaged)!r}, {str(file)!r})\nout += ['xml' in READERS]\n"
    look = "try: READERS['xml']\nexcept KeyError: out += [READERS.report.reason.name, *READERS]"

    looked = readers.run(f"{LIST}\nout = [*out]\n{damage}{look}")

    assert [["csv", "json"], "hit", False, "WRONG_SHAPE", "csv", "json"] == looked
    assert [["csv", "json"], "hit"] == readers.run(LIST)


def test_portion_that_joins_a_namespace_package_is_found(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plugins in a new folder of a namespace package are found, as pip installs them."""
    app.write({"base_of_all.py": "class Base: pass\n"})
    text = "from base_of_all import Base\nclass {}(Base): pass\n"
    app.write({"space/pack/a.py": text.format("A"), "more/nothing.txt": ""})
    monkeypatch.syspath_prepend(app.folder / "more")
    registry = LazyDiscoveryDict.for_package("space.pack", app.load("base_of_all").Base)
    first = list(registry)
    app.write({"more/space/pack/b.py": text.format("B")})

    assert "space.pack.b" == registry["B"].__module__
    assert (["A"], {"A", "B"}) == (first, set(registry))


def test_missing_key_during_a_refresh_starts_no_other_discovery(readers: App) -> None:
    """While one thread refreshes, another that asks for a missing key gets the KeyError."""
    readers.write(
        {
            "app/readers/slow_reader.py": """
                import sys
                from .base import Reader
                if hasattr(sys, "importing"):
                    sys.importing.set()
                    assert sys.done.wait(30), "the other thread hangs"
                class SlowReader(Reader):
                    format = "slow"
                """
        }
    )
    code = f"""
{WATCHDOG}
{COUNT}
from app.readers.base import READERS
first, reads = len(READERS), len(READS)
sys.importing, sys.done = threading.Event(), threading.Event()
def work(i):
    if i == 0:
        return READERS.refresh()
    sys.importing.wait(30)
    try:
        READERS["xml"]
    except KeyError as error:
        return str(error), len(READS) - reads
    finally:
        sys.done.set()
out = first, together(2, work), READERS.report.status
"""
    readers.run(LIST)

    assert [3, [None, ["reader has no key 'xml'.", 0]], "miss"] == readers.run(code)


def test_registry_without_a_package_has_nothing_to_look_at() -> None:
    """A missing key of a plain registry is a KeyError."""
    registry: LazyDiscoveryDict[Any, Any] = LazyDiscoveryDict()
    registry["a"] = 1

    with pytest.raises(UnknownKeyError):
        registry["b"]


def test_declaring_the_base_class_again_forgets_secondary_registries(app: App) -> None:
    """Where a base class is declared again, its secondary registry is opened anew, too."""
    app.write(SECONDARY)
    module = app.load("app.base")
    before = list(module.TABLE)
    registry, table = module.BASES, module.TABLE
    app.remove("app/two.py")
    registry.bind(registry._scope)
    forget({"app.two"})

    assert (["one", "two"], ["one"]) == (before, list(table))

"""A missing key: what changed is looked at once before the KeyError, bounded by time."""

import os
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
    """A plugin file that is written while the process runs is found by its key."""
    readers.write({"app/readers/xml_reader.py": XML})

    assert "XmlReader" == registry["xml"].__name__
    assert ["csv", "json", "xml"] == list(registry)


def test_plugin_that_was_added_is_described(registry: Any, readers: App) -> None:
    """``info`` of a key that came while the process runs tells of it."""
    readers.write({"app/readers/xml_reader.py": XML})

    assert "app.readers.xml_reader" == registry.info("xml").module


def test_what_is_found_is_written(readers: App, warm: Any) -> None:
    """What the process found serves the next one, as after a refresh."""
    readers.write({"app/readers/xml_reader.py": XML})

    assert "XmlReader" == warm["xml"].__name__
    assert ("miss", "SOURCE_ADDED") == (warm.report.status, warm.report.reason.name)
    assert [["csv", "json", "xml"], "hit"] == readers.run(LIST)


def test_answer_of_another_process_is_taken_over(readers: App) -> None:
    """What another process has discovered is read from the file; no other plugin is imported."""
    readers.run(LIST)
    code = """
    import subprocess, sys
    from pathlib import Path
    from app.readers.base import READERS
    first = list(READERS)
    text = Path("app/readers/csv_reader.py").read_text()
    Path("app/readers/xml_reader.py").write_text(text.replace("csv", "xml").replace("Csv", "Xml"))
    subprocess.run([sys.executable, "-c", "from app.readers.base import READERS; len(READERS)"])
    found = READERS["xml"].__name__
    plugins = [name for name in sys.modules if name.endswith("_reader")]
    out = first, found, list(READERS), READERS.report.status, plugins
    """

    keys = ["csv", "json", "xml"]
    assert [keys[:2], "XmlReader", keys, "hit", ["app.readers.xml_reader"]] == readers.run(code)


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


@pytest.mark.parametrize("other_process", [False, True], ids=["discovered", "taken over"])
@pytest.mark.parametrize("loaded", [False, True], ids=["listed", "loaded"])
def test_registry_over_a_package_keeps_what_this_process_did(
    other_process: bool, loaded: bool, app: App
) -> None:
    """The same where classes do not register themselves."""
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

    found = registry["D"]

    assert "pack.d" == found.__module__
    assert ["A", "C", "D"] == list(registry)
    assert [a, value, found] == [registry["A"], registry["C"], registry["D"]]


@pytest.mark.parametrize("other_process", [False, True], ids=["discovered", "taken over"])
def test_plugin_that_is_gone_goes_with_the_next_missing_key(
    other_process: bool, readers: App, warm: Any
) -> None:
    """Where a plugin's file was removed, a missing key finds that out, loaded or not."""
    list(warm.values())
    readers.remove("app/readers/csv_reader.py")
    if other_process:
        readers.run(LIST)
    before = list(warm)

    with pytest.raises(UnknownKeyError):
        warm["xml"]

    assert (["csv", "json"], ["json"]) == (before, list(warm))
    with pytest.raises(UnknownKeyError):
        warm["csv"]


@pytest.mark.parametrize("other_process", [False, True], ids=["discovered", "taken over"])
def test_plugin_that_moved_is_loaded_from_its_new_place(
    other_process: bool, readers: App, warm: Any
) -> None:
    """A loaded plugin whose file was renamed is loaded anew, as after a refresh."""
    list(warm.values())
    os.rename(readers.folder / "app/readers/csv_reader.py", readers.folder / "app/readers/t.py")
    if other_process:
        readers.run(LIST)

    with pytest.raises(UnknownKeyError):
        warm["xml"]

    assert ["json", "csv"] == list(warm)
    assert "app.readers.t" == warm["csv"].__module__ == warm.info("csv").module


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


def test_ten_thousand_lookups_read_the_file_once_more(readers: App) -> None:
    """A program that asks for missing keys all the time reads the cache file a few times."""
    code = f"""
{COUNT}
from app.readers.base import READERS
import regcache_core.discovery._cold.backoff
now = [0]
regcache_core.discovery._cold.backoff.monotonic = lambda: now[0]
first, reads = len(READERS), []
def miss(key, ask=READERS.__getitem__):
    try:
        ask(key)
    except KeyError:
        pass
    else:
        raise AssertionError(key)
reads.append(len(READS))
for i in range(10_000):
    miss(str(i))
miss("a", READERS.info)
reads.append(len(READS))
for now[0] in range(10):
    for i in range(10):
        miss(str(i))
reads.append(len(READS))
out = first, READERS.report.status, reads
"""
    readers.run(LIST)

    assert [2, "hit", [1, 2, 5]] == readers.run(code)


def test_lookup_that_opens_the_registry_does_not_look_twice(readers: App) -> None:
    """Where the lookup itself read the file, it is not read again before the KeyError."""
    code = f"""
{COUNT}
from app.readers.base import READERS
reads = []
for ask in (READERS.__getitem__, READERS.info):
    try:
        ask("xml")
    except KeyError as error:
        reads.append((len(READS), str(error)))
out = READERS.report.status, reads
"""
    readers.run(LIST)

    text = "reader has no key 'xml'."
    assert ["hit", [[1, text], [2, text]]] == readers.run(code)


def test_pause_ends_with_a_change_and_with_a_refresh(
    readers: App, warm: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two looks a new plugin stays unknown; a find and a refresh end the pause."""
    now = [0.0]
    monkeypatch.setattr("regcache_core.discovery._cold.backoff.monotonic", lambda: now[0])

    def is_found(key: str) -> bool:
        try:
            return bool(warm[key])
        except KeyError:
            return False

    looked = [is_found("xml")]
    readers.write({"app/readers/xml_reader.py": XML})
    looked += [is_found("xml")]
    now[0] += 1
    looked += [is_found("xml")]
    readers.write({"app/readers/yaml_reader.py": XML.replace("xml", "yaml")})
    looked += [is_found("yaml"), is_found("toml")]
    warm.refresh()
    readers.write({"app/readers/toml_reader.py": XML.replace("xml", "toml")})
    looked += [is_found("toml")]

    assert [False, False, True, True, False, True] == looked


def test_plugin_that_asks_while_it_is_imported_does_not_look(readers: App) -> None:
    """A plugin that looks a missing key up at import gets the KeyError, without a discovery."""
    readers.write(
        {
            "app/readers/asking_reader.py": """
                from .base import READERS, Reader
                try:
                    READERS["xml"]
                except KeyError as error:
                    TOLD = str(error)
                class AskingReader(Reader):
                    format = "asking"
                """
        }
    )
    code = f"""
{COUNT}
from app.readers.base import READERS
keys, reads = list(READERS), len(READS)
READERS["asking"]
import app.readers.asking_reader as asking
plugins = sorted(name for name in sys.modules if name.endswith("_reader"))
out = keys, READERS.report.status, asking.TOLD, len(READS) - reads, plugins
"""
    readers.run(LIST)
    keys = ["asking", "csv", "json"]

    assert [keys, "hit", "reader has no key 'xml'.", 0, ["app.readers.asking_reader"]] == (
        readers.run(code)
    )


def test_registry_asked_by_what_it_finds_does_not_recurse(readers: App) -> None:
    """A new plugin that asks for a missing key when a lookup imports it ends no process."""
    registry = readers.load("app.readers.base").READERS
    list(registry)
    readers.write(
        {
            "app/readers/asking_reader.py": """
                from .base import READERS, Reader
                try:
                    READERS["nothing"]
                except KeyError as error:
                    TOLD = str(error)
                class AskingReader(Reader):
                    format = "asking"
                """
        }
    )

    assert "AskingReader" == registry["asking"].__name__
    assert "reader has no key 'nothing'." == readers.load("app.readers.asking_reader").TOLD


def test_imported_module_that_was_edited_stays_as_it_is(readers: App, warm: Any) -> None:
    """What was imported keeps its keys; the edited file counts in the next process."""
    csv = warm["csv"]
    path = readers.folder / "app/readers/csv_reader.py"
    path.write_text(path.read_text().replace('"csv"', '"table"'))

    with pytest.raises(UnknownKeyError):
        warm["table"]

    assert (csv, ["csv", "json"]) == (warm["csv"], list(warm))
    assert "EDITED_SINCE_IMPORT" == warm.report.saved.reason.name
    assert [["table", "json"], "miss"] == readers.run(LIST)


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


@pytest.mark.parametrize("ask", ["registry[key]", "registry.info(key)"])
def test_discovery_that_fails_is_told_with_the_key_error(ask: str, app: App) -> None:
    """In strict mode a broken new module is the cause of the KeyError; the old answer stays."""
    app.write({"pack/__init__.py": "", "pack/a.py": "class A: pass\n"})
    registry = LazyDiscoveryDict.for_package("pack", object, strict=True)
    before = list(registry)
    app.write({"pack/b.py": "1 / 0\n"})

    with pytest.raises(UnknownKeyError) as caught:
        registry["B"] if ask == "registry[key]" else registry.info("B")

    assert isinstance(caught.value.__cause__, DiscoveryError)
    assert before == list(registry)


def test_package_that_vanished_is_told_with_the_key_error(app: App) -> None:
    """Where the package is gone, the lookup of a missing key is a KeyError as ever."""
    app.write({"gone.py": "class A: pass\n"})
    registry = LazyDiscoveryDict.for_package("gone", object)
    before = list(registry)
    app.remove("gone.py")
    forget({"gone"})

    with pytest.raises(UnknownKeyError) as caught:
        registry["B"]

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


def test_cache_file_of_another_shape_is_discovered_anew(readers: App, warm: Any) -> None:
    """A file whose extra part was damaged meanwhile is a miss for a missing key, too."""
    readers.edit_cache('"failures":{}', '"failures":[]')

    with pytest.raises(UnknownKeyError):
        warm["xml"]

    assert ("WRONG_SHAPE", ["csv", "json"]) == (warm.report.reason.name, list(warm))
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


def test_module_younger_than_the_listing_of_its_folder_is_found(readers: App, warm: Any) -> None:
    """A file that came within the same tick as Python's listing of its folder is imported."""
    folder = readers.folder / "app/readers"
    warm["csv"]
    listed = folder.stat().st_mtime_ns
    readers.write({"app/readers/xml_reader.py": XML})
    readers.run(LIST)
    os.utime(folder, ns=(listed, listed))

    assert "XmlReader" == warm["xml"].__name__


def test_class_stays_though_its_module_is_forgotten(app: App) -> None:
    """A class that was handed out is given again, even if its module would be imported anew."""
    app.write({"pack/__init__.py": "", "pack/a.py": "class A: pass\n"})
    code = (
        "from regcache_meta import LazyDiscoveryDict\n"
        "out = list(LazyDiscoveryDict.for_package('pack', object))"
    )
    app.run(code)
    registry = LazyDiscoveryDict.for_package("pack", object)
    a = registry["A"]
    app.write({"pack/b.py": "class B: pass\n"})
    app.run(code)
    forget({"pack.a"})

    assert "pack.b" == registry["B"].__module__
    assert a is registry["A"]


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


def test_eight_threads_look_once(readers: App) -> None:
    """Eight threads that ask for a missing key at once read the file once more; none waits."""
    code = f"""
{WATCHDOG}
{COUNT}
from app.readers.base import READERS
first, reads = len(READERS), len(READS)
def ask(i):
    try:
        return READERS["xml"].__name__
    except KeyError:
        return "KeyError"
missing = together(8, ask)
once = len(READS) - reads
import pathlib
text = pathlib.Path("app/readers/csv_reader.py").read_text()
pathlib.Path("app/readers/xml_reader.py").write_text(
    "import sys\\nsys.imports = getattr(sys, 'imports', 0) + 1\\n"
    + text.replace("csv", "xml").replace("Csv", "Xml")
)
READERS._listing._backoff.reset()
found = together(8, ask)
out = missing, once, sorted(set(found) - {{"KeyError"}}), ask(0), sys.imports
"""
    readers.run(LIST)

    assert [["KeyError"] * 8, 1, ["XmlReader"], "XmlReader", 1] == readers.run(code)


def test_no_lock_is_held_while_a_missing_key_is_looked_for(readers: App) -> None:
    """While a lookup imports a new plugin, another thread registers, lists and asks."""
    readers.write(
        {
            "vendor.py": """
                from app.readers.base import Reader
                class Vendor(Reader):
                    format = "vendor"
                """,
            "slow.txt": """
from .base import Reader
import sys
sys.importing.set()
assert sys.done.wait(30), "the other thread hangs"
class SlowReader(Reader):
    format = "slow"
""",
        }
    )
    code = f"""
{WATCHDOG}
import os
sys.importing, sys.done = threading.Event(), threading.Event()
from app.readers.base import READERS
first = len(READERS)
os.rename("slow.txt", "app/readers/slow_reader.py")
def work(i):
    if i == 0:
        return READERS["slow"].__name__
    sys.importing.wait(30)
    try:
        import vendor
        READERS["other"]
    except KeyError:
        return sorted(READERS)
    finally:
        sys.done.set()
out = first, together(2, work), sorted(READERS)
"""
    readers.run(LIST)

    seen = ["csv", "json", "vendor"]
    assert [2, ["SlowReader", seen], ["csv", "json", "slow", "vendor"]] == readers.run(code)


def test_copied_module_of_an_installed_plugin_is_found(app: App, readers: App) -> None:
    """A process that runs on finds a module that another process copies into its package."""
    source = readers.folder / "outside.txt"
    source.write_text("from .base import Reader\nclass T(Reader):\n    format = 'tiff'\n")
    code = """
    import subprocess, sys
    from app.readers.base import READERS
    before = sorted(READERS)
    copy = "import shutil; shutil.copy('outside.txt', 'app/readers/tiff.py')"
    subprocess.run([sys.executable, "-c", copy], check=True)
    out = before, READERS["tiff"].__name__, sorted(READERS)
    """

    assert [["csv", "json"], "T", ["csv", "json", "tiff"]] == readers.run(code)

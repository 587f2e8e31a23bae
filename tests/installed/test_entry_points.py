"""Plugins of installed distributions: they come, change and go with them."""

import pickle
import shutil
import zipfile
from collections.abc import Callable
from logging import Handler
from pathlib import Path
from typing import Any

import pytest
from applications import BASES, LIST, Application, age

from regcache_core import ConfigError
from regcache_functions import FunctionRegistry
from regcache_meta import LazyDiscoveryDict, RegistryConfig

pytestmark = pytest.mark.pip

#: Each kind of registry with a group of entry points.
MERGING = {
    "classes": BASES["classes"].replace(
        "skip_if_no_key=True", "skip_if_no_key=True, discovery_entry_points='app.readers'"
    ),
    "functions": BASES["functions"].replace(
        'package="app.plugins"', 'package="app.plugins", entry_points="app.readers"'
    ),
}
#: A plugin that registers itself, and one that goes by the name of its entry point.
REGISTERED = {
    "classes": "from app.base import Reader\nclass Tiff(Reader):\n    key = {key!r}\n",
    "functions": "from app.base import READERS\n@READERS.register({key!r})\ndef Tiff(): ...\n",
}
NAMELESS = {
    "classes": "from app.base import Reader\nclass Tiff(Reader): ...\n",
    "functions": "def Tiff(): ...\n",
}
GROUP = "[app.readers]\n{name} = {value}\n"


@pytest.fixture
def merging(application: Application) -> Application:
    """An application whose registry lists what is installed, too."""
    application.write({"app/base.py": MERGING[application.kind]})
    return application


def install(
    application: Application, key: str, version: str = "1.0", name: str = "tiff-reader"
) -> None:
    """Install a distribution with one plugin, of a module of its own."""
    module = name.replace("-", "_")
    application.install(
        name,
        {f"{module}.py": REGISTERED[application.kind].format(key=key), f"{module}_more.py": ""},
        version,
        entry_points_txt=GROUP.format(name="tiff", value=f"{module}:Tiff"),
    )


LOAD = (
    LIST
    + """
before = set(sys.modules)
out["loaded"] = [READERS["NAME"].__name__]
out["modules"] = sorted(n for n in set(sys.modules) - before if not n.startswith("regcache"))
"""
)


def test_plugin_comes_changes_and_goes_with_its_distribution(merging: Application) -> None:
    """Real pip: install, upgrade to another key, uninstall; each is seen at the next start."""
    alone = merging.list()["names"]
    install(merging, "tiff")
    installed = merging.names_after_miss("ENTRY_POINTS_CHANGED", "tiff")
    install(merging, "bigtiff", "1.1")
    module = str(merging.site / "tiff_reader.py")
    upgraded = merging.names_after_miss("SOURCE_CHANGED", module)
    merging.uninstall("tiff-reader")
    uninstalled = merging.names_after_miss("SOURCE_REMOVED", module)

    assert [*alone, "tiff"] == installed
    assert [*alone, "bigtiff"] == upgraded
    assert alone == uninstalled


def test_warm_start_reads_no_metadata_and_a_lookup_imports_one_module(
    merging: Application,
) -> None:
    """What is installed costs stats alone, until a plugin is asked for."""
    install(merging, "tiff")
    merging.hidden = (*Application.hidden, "COVERAGE")
    merging.list()
    age()
    merging.list()

    warm = merging.run(LOAD.replace("NAME", "tiff"))

    assert ("hit", False) == (warm["status"], warm["metadata"])
    assert (["Tiff"], ["tiff_reader"]) == (warm["loaded"], warm["modules"])


def test_plugin_without_a_key_goes_by_the_name_of_its_entry_point(merging: Application) -> None:
    """The name counts where the class has no key, or nothing registers the function."""
    merging.install(
        "tiff-reader",
        {"tiffs/__init__.py": "", "tiffs/inner.py": NAMELESS[merging.kind]},
        entry_points_txt=GROUP.format(name="pyramid", value="tiffs.inner:Tiff"),
    )
    cold, warm = (merging.run(LOAD.replace("NAME", "pyramid")) for _ in range(2))

    assert (["always", "pyramid"], ["Tiff"]) == (cold["names"], cold["loaded"])
    assert ("hit", cold["names"], ["Tiff"]) == (warm["status"], warm["names"], warm["loaded"])
    assert "tiffs.inner" in warm["modules"]


def test_entry_point_may_name_a_module(merging: Application) -> None:
    """All that registers itself when the module is imported is listed, and loaded by it."""
    merging.install(
        "tiff-reader",
        {
            "tiffs/__init__.py": "from . import inner",
            "tiffs/inner.py": REGISTERED[merging.kind].format(key="tiff"),
        },
        entry_points_txt=GROUP.format(name="any", value="tiffs"),
    )
    cold, warm = (merging.run(LOAD.replace("NAME", "tiff")) for _ in range(2))

    assert (["always", "tiff"], ["Tiff"]) == (cold["names"], cold["loaded"])
    assert ("hit", ["Tiff"]) == (warm["status"], warm["loaded"])


def test_editable_install_and_an_edit_of_its_source_are_seen(merging: Application) -> None:
    """Sources that are in use where they are developed are watched, helpers of plugins too."""
    sources = merging.install_editable(
        "tiff-reader",
        {
            "tiffs/__init__.py": "",
            "tiffs/names.py": "KEY = 'tiff'\n",
            "tiffs/inner.py": "from .names import KEY\n"
            + REGISTERED[merging.kind].replace("{key!r}", "KEY"),
        },
        entry_points_txt=GROUP.format(name="any", value="tiffs.inner:Tiff"),
    )
    first = merging.list()["names"]
    helper = sources / "tiffs" / "names.py"
    helper.write_text("KEY = 'other'\n")

    second = merging.names_after_miss("SOURCE_CHANGED", str(helper))

    assert ["always", "tiff"] == first
    assert ["always", "other"] == second


FAILING = {
    "a module that fails": ("tiffs:Tiff", "1 / 0\n", "ZeroDivisionError: division by zero"),
    "a missing attribute": ("tiffs:Nothing", "", "AttributeError: "),
    "a missing module": ("absent_tiffs:Tiff", "", "ModuleNotFoundError: "),
    "something else": ("tiffs:Tiff", "Tiff = 5\n", "TypeError: it is of the type int"),
}


@pytest.mark.parametrize("case", FAILING)
def test_entry_point_that_fails_costs_only_itself(case: str, merging: Application) -> None:
    """It is told of under its own text, with what installed it; mended, it is listed."""
    value, text, error = FAILING[case]
    entry_points = GROUP.format(name="bad", value=value)
    merging.install("tiff-reader", {"tiffs.py": text}, entry_points_txt=entry_points)
    install(merging, "good", name="good-reader")
    cold, warm = merging.list(), merging.list()

    assert ["always", "good"] == cold["names"] == warm["names"]
    assert ("hit", cold["failures"]) == (warm["status"], warm["failures"])
    (label,) = warm["failures"]
    assert f"bad = {value}" == label
    assert warm["failures"][label].startswith(error)
    assert "(installed by tiff-reader 1.0)" in warm["failures"][label]


def replace_by_folder(file: Path) -> None:
    """Put a folder in the place of a file."""
    file.unlink()
    file.mkdir()


#: What is done to a file of the metadata, and whether its entry points are listed then.
DAMAGES: dict[str, tuple[str, Callable[[Path], Any], bool]] = {
    "metadata broken": ("METADATA", lambda file: file.write_bytes(b"\xff\xfe\x00 none"), True),
    "metadata removed": ("METADATA", lambda file: file.unlink(), True),
    "entry points broken": (
        "entry_points.txt",
        lambda file: file.write_bytes(b"[app.readers]\n\xff = \xfe\n"),
        False,
    ),
    "entry points replaced": ("entry_points.txt", replace_by_folder, False),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_broken_metadata_cost_only_their_distribution(name: str, merging: Application) -> None:
    """Entry points count if they can be read; what cannot is told of as a failure."""
    file, damage, is_listed = DAMAGES[name]
    install(merging, "tiff")
    install(merging, "good", name="good-reader")
    whole = merging.list()["names"]
    (info,) = merging.site.glob("tiff_reader-*.dist-info")
    damage(info / file)
    broken, again = merging.list(), merging.list()

    assert ["always", "good", "tiff"] == sorted(whole)
    assert ["always", "good", *(["tiff"] if is_listed else [])] == sorted(broken["names"])
    assert ([] if is_listed else [info.name]) == [*broken["failures"]]
    assert ("hit", broken["names"]) == (again["status"], again["names"])
    assert merging.truth() == broken["names"]


LOOK_UP = (
    LIST
    + """
def look(key):
    try:
        return READERS[key].__module__
    except ValueError as error:
        return str(error)
out["found"] = [look(key) for key in names]
"""
)


@pytest.mark.parametrize("is_editable", [False, True])
def test_two_distributions_with_one_key_are_named(is_editable: bool, merging: Application) -> None:
    """A lookup of their key names both; all others work, and one is uninstalled or upgraded."""
    install(merging, "tiff")
    install(merging, "tiff", name="other-reader")
    if is_editable:  # then no list of installed files leads from the module to the distribution
        for record in merging.site.glob("*_reader-*.dist-info/RECORD"):
            record.write_text("")
    cold, warm = merging.run(LOOK_UP), merging.run(LOOK_UP)

    assert ["always", "tiff"] == cold["names"] == warm["names"]
    (told,) = [cold["found"][1]]
    how = "named by an entry point of" if is_editable else "installed by"
    assert f"{how} other-reader 1.0) and claimed by tiff_reader.Tiff" in told
    assert f"{how} tiff-reader 1.0). " in told
    assert ["app.plugins.always", told] == warm["found"]
    assert ["tiff_reader:Tiff"] == [*cold["failures"]] == [*warm["failures"]]
    assert "hit" == warm["status"]
    install(merging, "tiff", version="1.1")
    upgraded = merging.run(LOOK_UP)
    assert ("miss", True) == (upgraded["status"], "tiff-reader 1.1" in upgraded["found"][1])
    if is_editable:
        shutil.rmtree(next(merging.site.glob("other_reader-*.dist-info")))
    else:
        merging.uninstall("other-reader")
    alone = merging.run(LOOK_UP)
    assert ["miss", ["app.plugins.always", "tiff_reader"]] == [alone["status"], alone["found"]]


@pytest.mark.parametrize(
    ("policy", "names", "found"),
    [
        ("first", ["always", "tiff"], ["a_reader"]),
        ("last", ["always", "tiff"], ["z_reader"]),
        ("qualify", ["always", "a_reader.tiff", "z_reader.tiff"], ["a_reader", "z_reader"]),
    ],
)
@pytest.mark.parametrize("text", [REGISTERED, NAMELESS])
def test_installed_rivals_come_by_distribution(
    text: dict[str, str], policy: str, names: list[str], found: list[str], merging: Application
) -> None:
    """Not by the names of their entry points, nor by that of the module; the loser is an input."""
    base = merging.folder / "app/base.py"
    said = f"'app.readers', on_duplicate={policy!r}"
    base.write_text(base.read_text().replace("'app.readers'", said).replace('"app.readers"', said))
    files = {"a-reader": "z = z_first:X\n", "z-reader": "a = a_last:X\n"}
    for distribution, other in files.items():
        module = distribution.replace("-", "_")
        plugin = text[merging.kind].format(key="tiff")
        lines = f"tiff = {module}:Tiff\n" + (other if text is REGISTERED else "")
        merging.install(
            distribution,
            {f"{module}.py": plugin, f"{other[4:].partition(':')[0]}.py": "X = None\n"},
            entry_points_txt="[app.readers]\n" + lines,
        )
    cold, warm = merging.run(LOOK_UP), merging.run(LOOK_UP)

    assert [names, ["app.plugins.always", *found]] == [cold["names"], cold["found"]]
    assert [names, cold["found"], "hit"] == [warm["names"], warm["found"], warm["status"]]
    merging.uninstall("z-reader")
    alone = merging.run(LOOK_UP)
    assert [["always", "tiff"], "a_reader"] == [alone["names"], alone["found"][1]]


def test_entry_points_of_the_packages_own_plugins_are_no_second_plugins(
    merging: Application,
) -> None:
    """An application may publish its own plugins too."""
    merging.write_plugin("own", "KEY = 'own'")
    merging.install(
        "app-meta",
        {},
        entry_points_txt=GROUP.format(
            name="own",
            value=f"app.plugins.own:{'Plugin' if merging.kind == 'classes' else 'plugin'}",
        ),
    )
    listed = merging.list()

    assert (["always", "own"], {}) == (listed["names"], listed["failures"])


def test_record_that_names_another_module_is_refused(merging: Application) -> None:
    """A cache file may name modules of the package and of recorded entry points, no others."""
    install(merging, "tiff")
    merging.list()
    merging.edit_cache('"module":"tiff_reader"', '"module":"tiff_reader_more"')

    refused = merging.list()

    assert ("miss", "ITEM_REFUSED", ["always", "tiff"]) == (
        *(refused["status"], refused["reason"]),
        refused["names"],
    )


@pytest.mark.parametrize("group", ["", 5, ["app.readers"], "app readers", "app.readers\n"])
def test_group_of_another_kind_is_refused(group: Any) -> None:
    """A group is named by a text without spaces."""
    with pytest.raises(ConfigError, match="entry_points"):
        RegistryConfig({}, "key", discovery_entry_points=group)
    with pytest.raises(ConfigError, match="entry_points"):
        FunctionRegistry("readers", package="app.plugins", entry_points=group)


def test_registry_of_a_foreign_package_keeps_its_group_when_it_is_pickled() -> None:
    """Another process opens it with the same arguments."""
    registry = LazyDiscoveryDict.for_package("logging", Handler, entry_points="app.handlers")
    again = pickle.loads(pickle.dumps(registry))

    assert "app.handlers" == again._scope.config.discovery_entry_points


#: What joins the path later: an egg that was unpacked or is a file, a wheel that is not unpacked, a
#: folder of installed distributions.
LATE = {
    "egg": ("tiff_reader-1.0-py3.12.egg", "EGG-INFO/PKG-INFO", False),
    "zipped egg": ("tiff_reader-1.0-py3.12.egg", "EGG-INFO/PKG-INFO", True),
    "wheel": ("tiff_reader-1.0-py3-none-any.whl", "tiff_reader-1.0.dist-info/METADATA", True),
    "folder": ("more", "tiff_reader-1.0.dist-info/METADATA", False),
}


def put(kind: str, folder: Path, files: dict[str, str]) -> Path:
    """Write what joins the path: files, beside metadata of tiff-reader; gives its place."""
    name, metadata, is_zipped = LATE[kind]
    place = folder / name
    info = metadata.partition("/")[0]
    files = {file.format(info=info): text for file, text in files.items()}
    files[metadata] = "Name: tiff-reader\nVersion: 1.0\n"
    if is_zipped:
        with zipfile.ZipFile(place, "w") as archive:
            for file, text in files.items():
                archive.writestr(file, text)
    else:
        for file, text in files.items():
            (place / file).parent.mkdir(parents=True, exist_ok=True)
            (place / file).write_text(text)
    return place


@pytest.mark.parametrize("kind", LATE)
def test_what_joins_the_path_later_is_seen(kind: str, merging: Application) -> None:
    """Its plugins are listed while it is on the path, and its metadata are those Python sees."""
    files = {
        "tiff_reader.py": REGISTERED[merging.kind].format(key="tiff"),
        "{info}/entry_points.txt": GROUP.format(name="tiff", value="tiff_reader:Tiff"),
    }
    alone = merging.list()["names"]
    place = put(kind, merging.folder.parent, files)
    path = {"PYTHONPATH": f"{merging.folder}:{place}"}
    later, again = merging.list(**path), merging.list(**path)
    loaded = merging.run(LOAD.replace("NAME", "tiff"), **path)

    assert ("miss", [*alone, "tiff"]) == (later["status"], later["names"])
    assert ("hit", later["names"], ["Tiff"]) == (again["status"], loaded["names"], loaded["loaded"])
    assert ("miss", alone) == (merging.list()["status"], merging.list()["names"])


ASKING = """
from importlib import metadata
try:
    KEY = metadata.version("tiff-reader")
except metadata.PackageNotFoundError:
    KEY = "none"
"""


@pytest.mark.parametrize("kind", LATE)
def test_version_of_what_joins_the_path_and_leaves_it_is_seen(
    kind: str, application: Application
) -> None:
    """By a plugin that imports nothing of it."""
    application.write_plugin("asking", ASKING)
    path = {"PYTHONPATH": f"{application.folder}:{put(kind, application.folder.parent, {})}"}
    starts = [application.list(**each) for each in ({}, path, path, {}, {})]

    seen = [(each["status"], [*{*each["names"]} - {"always"}]) for each in starts]
    with_it, without = ["1.0"], ["none"]
    assert [("miss", without), ("miss", with_it), ("hit", with_it)] == seen[:3]
    assert [("miss", without), ("hit", without)] == seen[3:]

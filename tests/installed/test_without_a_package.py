"""Registries of what entry points name, without a package: names are keys, loading imports one."""

from __future__ import annotations

import pickle
import sys
from typing import Any

import pytest
from applications import Application
from throwaway import App, Change, check_after, remove, replace, write

from regcache_core import ConfigError
from regcache_meta import LazyDiscoveryDict

#: How an application declares its registry; {more} are further arguments.
DECLARED = {
    "classes": "from regcache_meta import LazyDiscoveryDict\n"
    'READERS = LazyDiscoveryDict.for_entry_points("app.readers", "app.base:Reader"{more})\n',
    "functions": "from regcache_functions import FunctionRegistry\n"
    'READERS = FunctionRegistry("readers", entry_points="app.readers"{more})\n',
}
#: A plugin; those of classes say a key, which is not looked at.
PLUGIN = {
    "classes": "from app.base import Reader\nclass {0}(Reader):\n    key = 'of its own'\n",
    "functions": "import app.base\ndef {0}(): ...\n",
}
LIST = """
import warnings
warnings.simplefilter("ignore")
from app.registry import READERS
names = list(READERS)
imported = sorted(
    name for name in sys.modules if name.startswith(("app.", "tiffs", "zips")) and name not in bare
)
report = READERS.report
out = {
    "names": names,
    "imported": imported,
    "status": report.status,
    "failures": {name: str(error) for name, error in READERS.failures.items()},
}
"""
#: For ``check_after``.
LOOK = (
    LIST
    + """
infos = {name: [READERS.info(name).distribution, READERS.info(name).version] for name in names}
saved = report.saved and report.saved.status
out = [[names, infos, out["failures"]], report.status, saved]
"""
)


def distribute(app: App, name: str, files: dict[str, str], points: str, version: str = "1") -> None:
    """Write what an installer writes of a distribution with entry points of the group."""
    info = f"{name.replace('-', '_')}.dist-info"  # as that of a source tree, for any version
    record = "".join(f"{file},,\n" for file in files)
    lines = f"[app.readers]\n{points}\n"
    app.write({**files, f"{info}/entry_points.txt": lines, f"{info}/RECORD": record})
    app.write({f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"})


def declare(app: App, kind: str, more: str = "") -> None:
    """Write the application."""
    declared = DECLARED[kind].format(more=more)
    app.write({"app/__init__.py": "", "app/base.py": "class Reader: ...\n"})
    app.write({"app/registry.py": declared})


@pytest.fixture(params=[*DECLARED])
def alone(app: App, request: pytest.FixtureRequest) -> App:
    """An application that lists two distributions: tiff, with two plugins, and zip."""
    kind: str = request.param
    declare(app, kind)
    text = PLUGIN[kind].format("Tiff")
    tiffs = {"tiffs/__init__.py": "", "tiffs/inner.py": text, "tiffs/big.py": text}
    distribute(app, "tiff", tiffs, "tiff = tiffs.inner:Tiff [fast]\nbig = tiffs.big:Tiff")
    distribute(app, "zip", {"zips.py": PLUGIN[kind].format("Zip")}, "zip = zips:Zip")
    return app


@pytest.fixture
def beside(alone: App) -> App:
    """The same, and a distribution with a plugin in a namespace package."""
    text = (alone.folder / "tiffs/big.py").read_text()
    distribute(alone, "png", {"space/png.py": text}, "png = space.png:Tiff")
    return alone


def test_names_are_keys_and_loading_imports_one(alone: App) -> None:
    """A later start imports nothing of theirs, nor the base class; a lookup imports one module."""
    look = LIST + "loaded = READERS['tiff']\n"
    look += "out['loaded'] = [loaded.__module__, loaded.__qualname__]\n"
    look += "out['then'] = sorted({*sys.modules} - {*bare, *imported})\n"
    cold, warm = alone.run(look), alone.run(look)
    then = [name for name in warm["then"] if name.startswith(("app.", "tiffs", "zips"))]

    assert ["big", "tiff", "zip"] == cold["names"] == warm["names"]
    assert ("hit", ["app.registry"]) == (warm["status"], warm["imported"])
    assert ["tiffs.inner", "Tiff"] == cold["loaded"] == warm["loaded"]
    assert ["app.base", "tiffs", "tiffs.inner"] == then


def test_info_names_the_distribution(alone: App) -> None:
    """With its version; also of a plugin that adds to those of a package."""
    assert {"big": ["tiff", "1"], "tiff": ["tiff", "1"], "zip": ["zip", "1"]} == (
        alone.run(LOOK)[0][1]
    )


CHANGES: dict[str, Change] = {
    "another distribution": lambda app: distribute(
        app, "zap", {"zaps.py": "from app.base import Reader as Zap\n"}, "zap = zips:Zip"
    ),
    "none of it": lambda app: [app.remove(f"zip.dist-info/{name}") for name in STATED] and None,
    "another version": replace("tiff.dist-info/METADATA", "Version: 1", "Version: 2"),
    "another name": replace("tiff.dist-info/entry_points.txt", "tiff = ", "tif = "),
    "another plugin": replace("tiff.dist-info/entry_points.txt", "tiffs.inner:", "tiffs.big:"),
    "no entry points": remove("zip.dist-info/entry_points.txt"),
    "another group": replace("tiff.dist-info/entry_points.txt", "[app.readers]", "[app.others]"),
    "a plugin that fails": replace("zips.py", "Zip", "1 / 0; Zip"),
    "a plugin that is none": write("zips.py", "Zip = 5\n"),
    "metadata that cannot be read": lambda app: _break(app),
    "no module": remove("zips.py"),
    "a package that fails": write("tiffs/__init__.py", "1 / 0\n"),
    "a package in the place of a module": write("zips/__init__.py", ""),
    "a package in the place of a namespace": write("space/__init__.py", "1 / 0\n"),
}
STATED = ("METADATA", "entry_points.txt", "RECORD")


def _break(app: App) -> None:
    (app.folder / "zip.dist-info/entry_points.txt").write_bytes(b"\xff\xfe\x00[app]")


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_is_seen_by_the_next_start(change: str, beside: App) -> None:
    """What is installed, removed, upgraded or edited in place, and the source of a plugin."""
    check_after(beside, CHANGES[change], LOOK)


NOW = """
import pathlib, warnings
warnings.simplefilter("ignore")
from app.registry import READERS
listed = [list(READERS)]
for name in listed[0]:
    READERS[name]
stated = pathlib.Path("tiff.dist-info/entry_points.txt")
stated.write_text("[app.readers]\\n{points}")
READERS.refresh()
out = [list(READERS), {found}, READERS.failures and 1]
"""


@pytest.mark.parametrize(
    ("points", "names", "place"),
    [
        ("", ["zip"], "zips:Zip"),
        ("a = zips:Zip", ["a", "zip"], "zips:Zip"),
        ("zip = tiffs.big:Tiff\\n", ["zip"], "tiffs.big:Tiff"),  # tiff goes first
        ("z = tiffs.inner:Tiff\\na = tiffs.big:Tiff", ["a", "z", "zip"], "zips:Zip"),
    ],
)
def test_refresh_forgets_what_is_gone(
    points: str, names: list[str], place: str, alone: App
) -> None:
    """In a running process; names go from one plugin to another, in the order of distributions."""
    registry = (alone.folder / "app/registry.py").read_text()
    alone.write({"app/registry.py": registry[:-2] + ", on_duplicate='first')\n"})
    found = "f\"{READERS['zip'].__module__}:{READERS['zip'].__qualname__}\""
    cold = alone.run(NOW.format(points=points, found=found))
    fresh = alone.run(LIST)

    assert [names, place] == cold[:2]
    assert names == fresh["names"]


ELSEWHERE = """
import pathlib, subprocess, warnings
warnings.simplefilter("ignore")
from app.registry import READERS
list(READERS)
pathlib.Path("tiff.dist-info/entry_points.txt").write_text("[app.readers]\\nnew = tiffs.big:Tiff")
look = "from app.registry import READERS; print(list(READERS))"
subprocess.run([sys.executable, "-c", look], check=True, stdout=subprocess.DEVNULL)
out = ["new" in READERS, READERS["new"].__module__, list(READERS)]
"""


def test_what_another_process_found_is_taken_over(alone: App) -> None:
    """A missing key makes a process look; plugins that are gone are listed no more."""
    assert [False, "tiffs.big", ["new", "zip"]] == alone.run(ELSEWHERE)


FAILING = {
    "a value that is no place": ("bad = !! no: place", "ModuleNotFoundError: No module named '!!"),
    "nothing": ("bad =", "Error: "),
    "a relative module": ("bad = .zips:Zip", "ValueError: '.zips' is a relative name"),
    "a program": (
        "bad = tiffs.__main__:Zip",
        "ValueError: 'tiffs.__main__' is a ",
    ),
    "a module that fails": ("bad = bads:Zip", "ZeroDivisionError: division by zero"),
    "a missing module": ("bad = absent:Zip", "ModuleNotFoundError: No module named 'absent'"),
    "a missing attribute": ("bad = zips:Zap", "AttributeError: "),
    "what is no class or function": ("bad = odd:FIVE", "TypeError: it is of the type int"),
}
#: Since Python 3.15 importlib.metadata refuses all of a file with such a line.
UNREAD = ("a value that is no place", "nothing") if sys.version_info >= (3, 15) else ()
FAILING_CLASSES = {
    "a module": ("bad = zips", "TypeError: 'zips' names no class; one in a module is 'module:Cl"),
    "a function": ("bad = os.path:join", "TypeError: it is of the type function, and no class"),
    "another class": (
        "bad = odd:Other",
        "TypeError: <class 'odd.Other'> is no sub-class of app.ba",
    ),
    "the base class": ("bad = app.base:Reader", "TypeError: <class 'app.base.Reader'> is no sub-"),
    "an abstract class": ("bad = odd:Abstract", "TypeError: odd.Abstract ("),
}
ODD = """
from abc import ABC, abstractmethod
from app.base import Reader
FIVE = 5
class Other: ...
class Abstract(Reader, ABC):
    @abstractmethod
    def read(self): ...
"""


@pytest.mark.parametrize("case", FAILING)
def test_entry_point_that_fails_costs_only_itself(case: str, alone: App) -> None:
    """``failures`` has it by its text, with what installed it, cold and warm."""
    check_failure(alone, *FAILING[case], is_read=case not in UNREAD)


@pytest.mark.parametrize("case", FAILING_CLASSES)
def test_entry_point_that_names_no_plugin_class_costs_only_itself(case: str, app: App) -> None:
    """Where classes are listed, it must name one that derives from the base class."""
    declare(app, "classes")
    distribute(app, "zip", {"zips.py": PLUGIN["classes"].format("Zip")}, "zip = zips:Zip")
    check_failure(app, *FAILING_CLASSES[case])


def check_failure(app: App, line: str, error: str, *, is_read: bool = True) -> None:
    """Install a distribution with such an entry point, and look."""
    before = app.run(LIST)["names"]
    distribute(app, "bad-one", {"bads.py": "1 / 0\n", "odd.py": ODD}, line, "3.1")
    cold, warm = app.run(LIST), app.run(LIST)
    (text,) = warm["failures"].values()

    assert before == cold["names"] == warm["names"]
    assert ("hit", cold["failures"]) == (warm["status"], warm["failures"])
    if not is_read:
        assert ["bad_one.dist-info"] == [*warm["failures"]]
        return
    assert [line] == [label.strip() for label in warm["failures"]]
    assert error in text
    assert "(installed by bad-one 3.1)" in text


def test_failure_names_the_extra_that_brings_what_is_missing(app: App) -> None:
    """As the metadata of the distribution tell; the value of the entry point may ask for it."""
    declare(app, "classes")
    distribute(app, "lab", {"labs.py": "import plotlib\n"}, "lab = labs:Lab [plot]")
    stated = app.folder / "lab.dist-info/METADATA"
    stated.write_text(stated.read_text() + "Requires-Dist: plotlib>=2; extra == 'plot'\n")
    look = LIST + "out = [each.install for each in READERS.failures.values()]"

    assert ["lab[plot]"] == app.run(look) == app.run(look)


ANY = """
from regcache_meta import LazyDiscoveryDict
READERS = LazyDiscoveryDict.for_entry_points("app.readers")
"""


def test_without_a_base_class_any_class_counts(app: App) -> None:
    """But nothing else than a class."""
    declare(app, "classes")
    app.write({"app/registry.py": ANY})
    points = "dict = builtins:dict\nlist = builtins:list\nlen = builtins:len\nos = os"
    distribute(app, "any", {}, points)
    cold, warm = app.run(LIST), app.run(LIST + "out['is'] = READERS['dict'] is dict")

    assert ["dict", "list"] == cold["names"] == warm["names"]
    assert ["len = builtins:len", "os = os"] == [*warm["failures"]]
    assert ("hit", True) == (warm["status"], warm["is"])


def test_one_plugin_may_have_several_names(app: App) -> None:
    """Each loads it, and stands for the distribution that gives it."""
    for kind in DECLARED:
        declare(app, kind)
        distribute(app, "tiff", {"tiffs.py": PLUGIN[kind].format("T")}, "tif=tiffs:T\ntiff=tiffs:T")
        distribute(app, "more", {}, "big = tiffs:T")
        look = LOOK + "out.append(READERS['tif'] is READERS['tiff'] is READERS['big'])"
        cold, warm = app.run(look), app.run(look)

        infos = {"big": ["more", "1"], "tif": ["tiff", "1"], "tiff": ["tiff", "1"]}
        assert [["big", "tif", "tiff"], infos, {}] == cold[0] == warm[0]
        assert ("hit", True) == (warm[1], warm[-1])


#: Rivals for a name: of modules of their own, of one that one of them installed, and of one that
#: is published by a package whose module defines it.
RIVALS = {
    "of their own": ("one = ones:T", "one = twos:T"),
    "of one of them": ("one = ones:T", "one = ones:U"),
    "published above": ("one = ups:T", "one = ones:U"),
}
FOUND = """
import warnings
warnings.simplefilter("ignore")
from app.registry import READERS
try:
    out = READERS["one"].__qualname__
except ValueError as error:
    out = [type(error).__name__, str(error)]
out = [list(READERS), out, READERS["other"].__qualname__, len(READERS.failures)]
"""


def install_rivals(app: App, case: str, kind: str) -> None:
    """Install two distributions that give one name."""
    first, second = RIVALS[case]
    text = PLUGIN[kind].format("T") + PLUGIN[kind].format("U").partition("\n")[2]
    ups = {"ups/__init__.py": "from .deep import T\n", "ups/deep.py": text}
    distribute(app, "a-dist", {"ones.py": text, **ups}, first, "1.5")
    distribute(app, "b-dist", {"twos.py": text}, f"{second}\nother = twos:U", "2.5")


@pytest.mark.parametrize("case", RIVALS)
@pytest.mark.parametrize("kind", DECLARED)
def test_name_that_two_distributions_give_is_an_error_when_it_is_looked_up(
    case: str, kind: str, app: App
) -> None:
    """The error names both; listing and the other names work."""
    declare(app, kind)
    install_rivals(app, case, kind)
    seen = [app.run(FOUND), app.run(FOUND)]

    assert seen[0] == seen[1]
    names, (error, text), other, failures = seen[0]
    assert (["one", "other"], "U", 1) == (names, other, failures)
    assert error == {"classes": "DuplicateKeyError"}.get(kind, "DuplicateFunctionError")
    assert "a-dist 1.5" in text and "b-dist 2.5" in text


@pytest.mark.parametrize("kind", DECLARED)
@pytest.mark.parametrize(
    ("policy", "names", "module"),
    [
        ("first", ["alpha", "one", "other"], "ones"),
        ("last", ["alpha", "one", "other"], "twos"),
        ("qualify", ["alpha", "ones.one", "twos.one", "other"], "KeyError"),
    ],
)
def test_policy_follows_the_order_of_distributions(
    policy: str, names: list[str], module: str, kind: str, app: App
) -> None:
    """Whatever their modules are called, and in whichever order they were imported."""
    declare(app, kind, f", on_duplicate={policy!r}")
    install_rivals(app, "of their own", kind)
    stated = "[app.readers]\none = ones:T\nalpha = twos:U\n"  # the module of the other goes first
    app.write({"a_dist.dist-info/entry_points.txt": stated})
    look = """
    import warnings, twos
    warnings.simplefilter("ignore")
    from app.registry import READERS
    def module(name):
        try:
            return READERS[name].__module__
        except KeyError:
            return "KeyError"
    out = [list(READERS), module("one"), READERS.report.status]
    """
    cold, warm = app.run(look), app.run(look)

    assert [names, module] == cold[:2] == warm[:2]
    assert "hit" == warm[-1]


LAZY = """
def __getattr__(name):
    if name != "Tiff":
        raise AttributeError(name)
    from tiffs.deep import Tiff
    return Tiff
"""
#: Where an entry point leads, and the modules of that.
ODD_PLACES = {
    "lazily": ("tiffs:Tiff", {"tiffs/__init__.py": LAZY}),
    "by another name": ("tiffs:Other", {"tiffs/__init__.py": "from .deep import Tiff as Other"}),
    "in a class": (
        "tiffs:Space.Tiff",
        {"tiffs/__init__.py": "from . import deep\nclass Space:\n    Tiff = deep.Tiff\n"},
    ),
    "with a wrong module": (
        "tiffs:Tiff",
        {"tiffs/__init__.py": "from .deep import Tiff\nTiff.__module__ = 'tiffs.none'\n"},
    ),
    "in a class, with a wrong module": (
        "tiffs:Space.Tiff",
        {
            "tiffs/__init__.py": "from . import deep\nclass Space:\n    Tiff = deep.Tiff\n"
            "Space.Tiff.__module__ = 'tiffs.none'\n"
        },
    ),
    "made by a function": (
        "tiffs:Tiff",
        {
            "tiffs/__init__.py": "from app.base import Reader\ndef make():\n"
            "    class Tiff(Reader): ...\n    return Tiff\nTiff = make()\n"
        },
    ),
}


@pytest.mark.parametrize("case", ODD_PLACES)
def test_class_is_had_from_where_the_entry_point_leads(case: str, app: App) -> None:
    """Whatever it says of itself, as ``EntryPoint.load()`` has it."""
    value, files = ODD_PLACES[case]
    declare(app, "classes")
    files = {**files, "tiffs/deep.py": PLUGIN["classes"].format("Tiff")}
    distribute(app, "tiff", files, f"tiff = {value}")
    look = LIST + "out = [names, report.status, READERS['tiff'].__name__, READERS.report.status]\n"
    look += "out.append(dict(READERS.failures))"
    cold, warm = app.run(look), app.run(look)

    assert [["tiff"], "miss", "Tiff", "miss", {}] == cold
    assert [["tiff"], "hit", "Tiff", "hit", {}] == warm


def test_plugin_that_asks_while_it_is_imported_is_not_lost(alone: App) -> None:
    """What is found then is neither stored nor kept: the plugin is not there yet."""
    plugin = (alone.folder / "zips.py").read_text()
    alone.write({"zips.py": "from app.registry import READERS\nSEEN = list(READERS)\n" + plugin})
    look = "import warnings\nwarnings.simplefilter('ignore')\nimport zips\n" + LIST
    cold, warm = alone.run(look), alone.run(look)

    assert ["big", "tiff", "zip"] == cold["names"] == warm["names"]
    assert {} == cold["failures"] == warm["failures"]


def test_registry_is_pickled_and_verified(alone: App) -> None:
    """Another process opens it again; what the file says equals what that finds."""
    look = LIST + "import pickle\nagain = pickle.loads(pickle.dumps(READERS))\n"
    look += "out = [list(again), str(READERS.verify()).partition(':')[0]]"

    assert [["big", "tiff", "zip"], "equal to a fresh discovery"] == alone.run(look)


def test_base_and_the_rest_are_pickled_as_they_were_given() -> None:
    """By reference: the group, the base as text, and what chooses."""
    registry = LazyDiscoveryDict.for_entry_points(
        "app.readers", "app.base:Reader", include="app.rules:wanted", facts=["suffix"], name="all"
    )
    again = pickle.loads(pickle.dumps(registry))._scope

    assert registry._scope.arguments(True) == again.arguments(True)
    assert ("app.readers", "app.base:Reader") == (again.group, again.given.text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"point":"Tiff"', '"point":"Hidden"'),
        ('"via":"tiffs.inner"', '"via":"tiffs.hidden"'),
        ('"distribution":"tiff"', '"distribution":5'),
    ],
)
def test_file_leads_to_nothing_that_no_entry_point_names(old: str, new: str, app: App) -> None:
    """It is refused, or discovered anew when the plugin is asked for."""
    declare(app, "classes")
    text = PLUGIN["classes"].format("Tiff")
    both = text + "class Hidden(Reader): ...\n"
    files = {"tiffs/__init__.py": "", "tiffs/inner.py": both, "tiffs/hidden.py": text}
    distribute(app, "tiff", files, "tiff = tiffs.inner:Tiff")
    app.run(LIST)
    app.edit_cache(old, new)
    look = "from app.registry import READERS\nfound = READERS['tiff']\n"
    look += "out = [str(found), READERS.report.reason.name, 'tiffs.hidden' in sys.modules]"

    assert ["<class 'tiffs.inner.Tiff'>", "ITEM_REFUSED", False] == app.run(look)


def test_nothing_installed_is_no_failure(app: App) -> None:
    """An application without plugins lists none, and warns of nothing."""
    for kind in DECLARED:
        declare(app, kind)
        look = "import warnings\nwarnings.simplefilter('error')\nfrom app.registry import READERS\n"
        look += "out = [list(READERS), READERS.report.status]"

        assert [[], "miss"] == app.run(look)
        assert [[], "hit"] == app.run(look)


def test_strict_registry_raises_what_failed(app: App) -> None:
    """The first entry point that fails, by its text."""
    for kind, error in (("classes", "DiscoveryError"), ("functions", "ScanError")):
        declare(app, kind, ", strict=True")
        distribute(app, "bad", {"bads.py": "1 / 0\n"}, "bad = bads:Bad")
        done = app.start("from app.registry import READERS\nlist(READERS)")

        assert error in done.stderr
        assert "bad = bads:Bad" in done.stderr


def test_functions_of_the_application_are_its_own(app: App) -> None:
    """They register themselves in its module; what plugins import of that brings in none."""
    own = "@READERS.register\ndef own(): ...\n"
    app.write(
        {"app/__init__.py": "", "app/registry.py": DECLARED["functions"].format(more="") + own}
    )
    text = "from app.registry import READERS\n@READERS.register\ndef made(): ...\n"
    distribute(app, "tiff", {"tiffs.py": text}, "any = tiffs\njoin = os.path:join")
    look = LOOK + "out.append([READERS.info('own').module, READERS.info('made').module])"
    cold, warm = app.run(look), app.run(look)

    infos = {"join": ["tiff", "1"], "made": ["tiff", "1"], "own": ["", ""]}
    names = ["made", "join", "own"]
    assert [names, infos, {}] == cold[0] == warm[0]
    assert ("hit", ["app.registry", "tiffs"]) == (warm[1], warm[-1])


@pytest.mark.parametrize("is_first", [True, False])
def test_name_of_an_own_function_that_is_installed_too_is_an_error_alone(
    is_first: bool, app: App
) -> None:
    """Whether the application registers it before the functions are listed, or behind it."""
    app.write({"app/__init__.py": "", "app/registry.py": DECLARED["functions"].format(more="")})
    app.write({"own.py": "from app.registry import READERS\n@READERS.register\ndef one(): ...\n"})
    distribute(
        app,
        "a-dist",
        {"ones.py": "def one(): ...\ndef two(): ...\n"},
        "one = ones:one\nother = ones:two",
        "1.5",
    )
    steps = ["import own", "list(READERS)"]
    look = "\n".join(["from app.registry import READERS", *steps[:: 1 if is_first else -1]])
    look += FOUND.replace("READERS['other'].__qualname__", "READERS['other'].__name__")
    cold, warm = app.run(look), app.run(look)

    names, (error, text), other, failures = warm
    assert (["one", "other"], "two", 1) == (names, other, failures)
    assert "DuplicateFunctionError" == error
    assert "a-dist 1.5" in text and "own.one" in text
    assert warm == cold


WRONG: dict[str, tuple[str, dict[str, Any]]] = {
    "an empty group": ("group", {"group": ""}),
    "a group with spaces": ("group", {"group": "app readers"}),
    "a group that is no text": ("group", {"group": ["app.readers"]}),
    "a base without a colon": ("base", {"base": "app.Reader"}),
    "a base that is no class": ("base", {"base": len}),
    "a base that is an object": ("base", {"base": 5}),
    "include that is no function": ("include", {"include": 5}),
    "one text as facts": ("facts", {"facts": "suffix"}),
    "another policy": ("on_duplicate", {"on_duplicate": "all"}),
    "an age that is none": ("max_age_days", {"max_age_days": -1}),
    "a flag that is none": ("enable_cache", {"enable_cache": 1}),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_argument_is_told_where_it_is_given(case: str) -> None:
    """By its name, when the registry is declared."""
    field, arguments = WRONG[case]
    with pytest.raises(ConfigError) as caught:
        LazyDiscoveryDict.for_entry_points(**{"group": "app.readers", **arguments})

    assert field == caught.value.field


REAL = ("distutils.commands", "pygments.lexers", "virtualenv.activate", "virtualenv.create")


@pytest.mark.real
@pytest.mark.parametrize("group", REAL)
def test_group_of_others_is_listed_as_a_loop_loads_it(group: str, app: App) -> None:
    """Names and classes are those of ``EntryPoint.load()``; a later start imports none."""
    app.write(
        {
            "app.py": f"from regcache_meta import LazyDiscoveryDict\nR = LazyDiscoveryDict."
            f"for_entry_points({group!r})\n"
        }
    )
    loop = f"""
    from importlib.metadata import entry_points
    out = {{}}
    for each in entry_points(group={group!r}):
        cls = each.load()
        out[each.name] = [cls.__module__, cls.__qualname__, each.dist.name, each.dist.version]
    """
    listed = """
    from app import R
    names = list(R)
    before = {R.info(name).module for name in names} & {*sys.modules}
    out = {}
    for name in names:
        info = R.info(name)
        out[name] = [R[name].__module__, R[name].__qualname__, info.distribution, info.version]
    out = [out, R.report.status, sorted(before), [*R.failures]]
    """
    expected = app.run(loop)
    if not expected:
        pytest.skip(f"nothing installed has entry points of {group}")
    app.run(listed)

    assert [expected, "hit", [], []] == app.run(listed)


@pytest.mark.pip
def test_plugin_comes_changes_and_goes_with_its_distribution(application: Application) -> None:
    """Real pip: installed, upgraded, editable, edited and uninstalled."""
    kind = application.kind
    declare(application, kind)
    seen = []

    def look() -> None:
        names, status, _ = application.run(LOOK)
        again = application.run(LOOK)
        truth = application.run(LOOK, REGCACHE_DISABLE="1")
        assert ("miss", "hit", names) == (status, again[1], again[0]) and names == truth[0]
        seen.append(names[:2])

    look()
    files, points = {"tiffs.py": PLUGIN[kind].format("Tiff")}, "[app.readers]\ntiff = tiffs:Tiff\n"
    application.install("tiff-reader", files, entry_points_txt=points)
    look()
    application.install("tiff-reader", files, "1.1", entry_points_txt=points + "big = tiffs:Tiff\n")
    look()
    application.uninstall("tiff-reader")
    look()
    sources = application.install_editable("tiff-reader", files, entry_points_txt=points)
    look()
    (sources / "tiffs.py").write_text("1 / 0\n")
    look()

    tiff = [["tiff"], {"tiff": ["tiff-reader", "1.0"]}]
    both = {name: ["tiff-reader", "1.1"] for name in ("big", "tiff")}
    assert [[], {}] == seen[0] == seen[3] == seen[5]
    assert [tiff, [["big", "tiff"], both], tiff] == [seen[1], seen[2], seen[4]]

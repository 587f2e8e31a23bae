"""After a change in the sources only what depends on it is imported, and the answer is right."""

from collections.abc import Callable

import pytest
from throwaway import App, replace, write

LOOK = """
import sys
from app.readers.base import BY_NAME, READERS
start = set(sys.modules)
keys = list(READERS)
new = set(sys.modules) - start
imported = sorted(name.removeprefix("app.") for name in new if name.startswith("app."))
infos = [READERS.info(key) for key in keys]
answer = [
    [[repr(key), each.module, each.qualname, each.doc, each.facts]
     for key, each in zip(keys, infos)],
    [[repr(each) for each in item] for item in BY_NAME.items()],
    [[name, str(each)] for name, each in READERS.failures.items()],
]
report = READERS.report
out = answer, imported, report.status, report.saved and report.saved.status
"""
BASE = """
    from regcache_meta import (
        PRIMARY_KEY, AutoRegisterMeta, LazyDiscoveryDict, RegistryConfig, SecondaryRegistry
    )

    READERS = LazyDiscoveryDict()
    BY_NAME = {}

    class Reader(metaclass=AutoRegisterMeta):
        __registry_config__ = RegistryConfig(
            READERS, "key", discovery_recursive=True, facts=["suffix"],
            secondary_registries=[SecondaryRegistry(BY_NAME, "name", "key")],
        )
        suffix = ""
    """


def plugin(key: str, *lines: str, imports: str = "", name: str = "") -> str:
    """The source of a plugin, with further lines in its class."""
    head = f"from app.readers.base import Reader\n{imports}\nclass {key.capitalize()}(Reader):\n"
    return head + "".join(f"    {line}\n" for line in (f"key = {key!r}", *lines))


FILES = {
    "app/__init__.py": "",
    "app/util.py": "SUFFIX = '.util'\n",
    "app/readers/__init__.py": "",
    "app/readers/base.py": BASE,
    "app/readers/alpha.py": plugin("alpha", "suffix = '.a'", "name = 'first'"),
    "app/readers/beta.py": plugin("beta", "suffix = ENDING", imports="from .helper import ENDING"),
    "app/readers/broken.py": "import no_such_module_of_ours\n",
    "app/readers/delta.py": plugin(
        "delta", "suffix = SUFFIX", imports="from app.util import SUFFIX"
    ),
    "app/readers/helper.py": "from . import low\nENDING = low.ENDING\n",
    "app/readers/low.py": "ENDING = '.low'\n",
    "app/readers/omega.py": """
        from .alpha import Alpha
        class Omega(Alpha):
            key = "omega"
            name = "last"
        """,
    "app/readers/sub/__init__.py": "",
    "app/readers/sub/gamma.py": plugin("gamma", "name = 'middle'"),
    "app/readers/sub/zeta.py": plugin("zeta", imports="from ..helper import ENDING"),
}


@pytest.fixture
def app_of_readers(app: App) -> App:
    """Plugins that import helpers, derive from each other, fail, and lie in a sub-package."""
    app.write(FILES)
    return app


def look_after(app: App, change: Callable[[App], None], look: str = LOOK) -> list[str]:
    """What a start after a change imports; its answer must be right, and the next start a hit."""
    app.run(look, PYTHONWARNINGS="ignore")
    assert [[], "hit", None] == app.run(look)[1:]
    change(app)

    truth = app.run(look, PYTHONWARNINGS="ignore", REGCACHE_DISABLE="1")[0]
    answer, imported, status, saved = app.run(look, PYTHONWARNINGS="ignore")

    assert (truth, "miss", "saved") == (answer, status, saved)
    assert [truth, [], "hit", None] == app.run(look)
    return [str(name).removeprefix("readers.") for name in imported]


def remove(name: str) -> Callable[[App], None]:
    """A change that removes a file."""
    return lambda app: app.remove(name)


EVERYTHING = sorted(
    ["alpha", "beta", "delta", "helper", "low", "omega", "sub", "sub.gamma", "sub.zeta", "util"]
)
WITHOUT_OMEGA = [name for name in EVERYTHING if name != "omega"]
ALPHA, BETA = "app/readers/alpha.py", "app/readers/beta.py"
CHANGES: dict[str, tuple[Callable[[App], None], list[str]]] = {
    "plugin": (replace(BETA, "beta", "better"), ["beta", "helper", "low"]),
    "facts of a plugin": (
        replace("app/readers/sub/gamma.py", "name =", "suffix = '.g'; name ="),
        ["sub", "sub.gamma"],
    ),
    "base class of another plugin": (
        replace(ALPHA, "'.a'", "'.alpha'"),
        ["alpha", "omega"],
    ),
    "helper": (
        replace("app/readers/low.py", "'.low'", "'.high'"),
        ["beta", "helper", "low", "sub", "sub.zeta"],
    ),
    "helper outside": (replace("app/util.py", "'.util'", "'.tool'"), ["delta", "util"]),
    "base class": (replace("app/readers/base.py", 'suffix = ""', 'suffix = "."'), EVERYTHING),
    "package": (write("app/readers/__init__.py", "x = 1\n"), EVERYTHING),
    "added": (write("app/readers/chi.py", plugin("chi", "name = 'new'")), ["chi"]),
    "removed": (remove("app/readers/delta.py"), []),
    "removed one that others need": (remove(ALPHA), WITHOUT_OMEGA[1:]),
    "removed helper": (
        remove("app/readers/helper.py"),
        ["alpha", "delta", "low", "omega", "sub", "sub.gamma", "util"],
    ),
    "broken": (replace(ALPHA, "from", "fro"), WITHOUT_OMEGA[1:]),
    "mended": (write("app/readers/broken.py", plugin("mended")), ["broken"]),
    "broken in another way": (write("app/readers/broken.py", "1 / 0"), EVERYTHING),
    "key in another module": (
        lambda app: app.write({ALPHA: plugin("delta"), "app/readers/delta.py": plugin("alpha")}),
        WITHOUT_OMEGA[:-1],
    ),
    "sub-package added": (
        lambda app: app.write(
            {"app/readers/more/__init__.py": plugin("nu"), "app/readers/more/mu.py": plugin("mu")}
        ),
        ["more", "more.mu"],
    ),
    "sub-package edited": (
        write("app/readers/sub/__init__.py", plugin("sub")),
        ["helper", "low", "sub", "sub.gamma", "sub.zeta"],
    ),
    "no plugin any more": (write("app/readers/sub/gamma.py", "x = 1"), ["sub", "sub.gamma"]),
    "key of another type": (
        replace("app/readers/sub/gamma.py", "'gamma'", "(1, 2.0)"),
        ["sub", "sub.gamma"],
    ),
    "secondary key": (replace(ALPHA, "'first'", "'ultimate'"), ["alpha", "omega"]),
    "secondary key moved": (
        lambda app: (replace(ALPHA, "'first'", "'x'")(app), replace(BETA, "suffix", "name")(app)),
        ["alpha", "beta", "helper", "low", "omega"],
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_change_imports_what_depends_on_it(name: str, app_of_readers: App) -> None:
    """The change of one file costs the imports of its dependants, and of what these import."""
    change, imported = CHANGES[name]

    assert imported == look_after(app_of_readers, change)


COLLISIONS: dict[str, Callable[[App], None]] = {
    "key taken over": lambda app: app.write(
        {"app/readers/alpha.py": plugin("gamma"), "app/readers/omega.py": ""}
    ),
    "secondary key taken over": replace(ALPHA, "'first'", "'middle'"),
}


@pytest.mark.parametrize("name", COLLISIONS)
def test_key_that_is_claimed_twice_is_told(name: str, app_of_readers: App) -> None:
    """The error is that of a start without a cache."""
    app_of_readers.run(LOOK, PYTHONWARNINGS="ignore")
    COLLISIONS[name](app_of_readers)
    code = """
        from app.readers.base import READERS
        try:
            out = list(READERS)
        except KeyError as error:
            out = str(error)
        except Exception as error:
            out = type(error).__name__, str(error)
        """

    truth = app_of_readers.run(code, PYTHONWARNINGS="ignore", REGCACHE_DISABLE="1")
    answer = app_of_readers.run(code, PYTHONWARNINGS="ignore")

    assert truth == answer
    assert "DuplicateKeyError" in truth


def test_one_plugin_of_two_hundred(app: App) -> None:
    """One edited file costs one import, its neighbours none."""
    app.write({**FILES, "app/readers/broken.py": ""})
    app.write({f"app/readers/p{i:03}.py": plugin(f"k{i}") for i in range(200)})

    assert ["p100"] == look_after(app, replace("app/readers/p100.py", "'k100'", "'edited'"))


def test_failing_plugin_is_not_imported_again(app_of_readers: App) -> None:
    """What failed and has not changed is told of as before."""
    text = "import sys\nprint('tried', file=sys.stderr)\nraise ValueError('no')\n"
    app_of_readers.write({"app/readers/broken.py": text})
    program = "from app.readers.base import READERS\nprint([*READERS.failures])"

    first = app_of_readers.start(program)
    replace(ALPHA, "'.a'", "'.b'")(app_of_readers)
    second = app_of_readers.start(program)

    assert "['app.readers.broken']\n" == first.stdout == second.stdout
    assert (True, False) == ("tried\n" in first.stderr, "tried\n" in second.stderr)


ALL_ANEW: dict[str, tuple[dict[str, str], Callable[[App], None]]] = {
    "module that reads the registry": (
        {"app/readers/psi.py": "from .base import READERS\nSEEN = list(READERS)\n"},
        replace(ALPHA, "'.a'", "'.b'"),
    ),
    "new module that reads the registry": (
        {},
        write(
            "app/readers/phi.py",
            plugin("phi", "suffix = ' '.join(READERS)", imports="from .base import READERS"),
        ),
    ),
    "module that changes others": (
        {"app/readers/psi.py": "from . import alpha\nalpha.Alpha.suffix = '.psi'\n"},
        replace(ALPHA, "'first'", "'1st'"),
    ),
    "new module that changes others": (
        {},
        write("app/readers/psi.py", "from . import alpha\nalpha.Alpha.suffix = '.psi'\n"),
    ),
    "helper outside that changes others now": (
        {},
        write("app/util.py", "from app.readers import base\nbase.Reader.suffix = '.u'\nSUFFIX=''"),
    ),
    "new helper outside that changes others": (
        {"app/patch.py": "from app.readers import base\nbase.Reader.suffix = '.u'\n"},
        write(ALPHA, plugin("alpha", imports="import app.patch")),
    ),
    "package that failed": (
        {"app/readers/bad/__init__.py": "1 / 0", "app/readers/bad/x.py": plugin("x")},
        replace(ALPHA, "'.a'", "'.b'"),
    ),
    "class that is brought from elsewhere": (
        {
            "app/outside.py": plugin("outside"),
            "app/readers/iota.py": "from app.outside import Outside\n",
        },
        replace(ALPHA, "'.a'", "'.b'"),
    ),
    "class that is brought from elsewhere now": (
        {"app/outside.py": plugin("outside")},
        write("app/readers/iota.py", "from app.outside import Outside\n"),
    ),
    "byte code": (
        {"app/readers/odd.pyc": "no byte code"},
        replace(ALPHA, "'.a'", "'.b'"),
    ),
}


@pytest.mark.parametrize("name", ALL_ANEW)
def test_all_is_discovered_where_a_part_is_not_enough(name: str, app_of_readers: App) -> None:
    """Where modules see more of each other than their imports say, each is imported."""
    files, change = ALL_ANEW[name]
    app_of_readers.write(files)

    imported = look_after(app_of_readers, change)

    assert {*EVERYTHING} <= {*imported}


BEFORE: dict[str, tuple[str, dict[str, str], Callable[[App], None]]] = {
    "class that was there before": (
        "import app.outside",
        {"app/outside.py": plugin("outside")},
        write("app/readers/iota.py", "from app.outside import Outside\n"),
    ),
    "class of another distribution": (
        "import sys\nsys.path.append('site-packages')",
        {"site-packages/vendor.py": plugin("vendor")},
        write("app/readers/iota.py", "from vendor import Vendor\n"),
    ),
    "plugin that was changed before": (
        "import os\nif os.path.exists('flag'): import app.readers.sub.gamma as module\n"
        "if os.path.exists('flag'): module.Gamma.suffix = '.new'",
        {},
        lambda app: app.write({"flag": "", ALPHA: plugin("alpha")}),
    ),
}


@pytest.mark.parametrize("name", BEFORE)
def test_all_is_discovered_where_the_process_knows_more(name: str, app_of_readers: App) -> None:
    """What the process imported before may be used by a module now."""
    before, files, change = BEFORE[name]
    app_of_readers.write(files)

    imported = look_after(app_of_readers, change, f"{before}\n{LOOK}")

    assert {*EVERYTHING} - {"sub", "sub.gamma"} <= {*imported}


@pytest.mark.parametrize("bases", ['"x":1,', '"x":[1],', '"x":[],'])
def test_dependencies_that_are_none_are_not_used(bases: str, app_of_readers: App) -> None:
    """A cache file comes from outside."""
    app_of_readers.run(LOOK, PYTHONWARNINGS="ignore")
    app_of_readers.edit_cache('"bases":{', '"bases":{' + bases)
    replace(ALPHA, "'.a'", "'.b'")(app_of_readers)

    answer, imported, *_ = app_of_readers.run(LOOK, PYTHONWARNINGS="ignore")

    assert app_of_readers.run(LOOK, REGCACHE_DISABLE="1", PYTHONWARNINGS="ignore")[0] == answer
    assert (2 if bases == '"x":[],' else len(EVERYTHING)) == len(imported)


def test_secondary_key_that_cannot_be_stored(app_of_readers: App) -> None:
    """The answer is right, and not kept."""
    app_of_readers.run(LOOK, PYTHONWARNINGS="ignore")
    text = "name = type('Name', (), {'__repr__': lambda self: 'Name'})()"
    app_of_readers.write({ALPHA: plugin("alpha", text)})

    answer, _, status, saved = app_of_readers.run(LOOK, PYTHONWARNINGS="ignore")

    assert (status, saved) == ("miss", "error")
    assert app_of_readers.run(LOOK, REGCACHE_DISABLE="1", PYTHONWARNINGS="ignore")[0] == answer


SCAN = """
import sys
from app.shapes import SHAPES, Shape
start = set(sys.modules)
answer = [[key, SHAPES.info(key).module] for key in SHAPES]
imported = sorted({*sys.modules} - start)
imported = [name.removeprefix("app.") for name in imported if name.startswith("app.")]
report = SHAPES.report
out = answer, imported, report.status, report.saved and report.saved.status
"""


def test_classes_that_know_nothing_of_a_registry(app: App) -> None:
    """They are found anew alone as well."""
    shape = "from app.shapes import Shape\nclass {0}(Shape):\n    key = '{0}'\n"
    app.write(
        {
            "app/__init__.py": "",
            "app/shapes.py": """
                from regcache_meta import LazyDiscoveryDict
                class Shape:
                    key = None
                SHAPES = LazyDiscoveryDict.for_package("app.things", base=Shape, key="key")
                """,
            "app/things/__init__.py": "",
            "app/things/a.py": shape.format("A"),
            "app/things/b.py": shape.format("B"),
        }
    )

    change = replace("app/things/b.py", "'B'", "'b'")

    assert ["things", "things.b"] == look_after(app, change, SCAN)

"""After a change in the sources everything is discovered once, and the answer is right."""

import pytest
from throwaway import App, Change, check_after, remove, replace, write

LOOK = """
from app.readers.base import BY_NAME, READERS
keys = list(READERS)
infos = [READERS.info(key) for key in keys]
answer = [
    [[repr(key), each.module, each.qualname, each.doc, each.facts]
     for key, each in zip(keys, infos)],
    [[repr(each) for each in item] for item in BY_NAME.items()],
    [[name, str(each)] for name, each in READERS.failures.items()],
]
report = READERS.report
out = answer, report.status, report.saved and report.saved.status
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


ALPHA, BETA = "app/readers/alpha.py", "app/readers/beta.py"
LOOKS = "from .base import READERS\nSEEN = list(READERS)\n"
OUTSIDE = {"app/outside.py": plugin("outside")}
EDIT = replace(ALPHA, "'.a'", "'.b'")
#: What is there besides, and what changes.
CHANGES: dict[str, tuple[dict[str, str], Change]] = {
    "plugin": ({}, replace(BETA, "beta", "better")),
    "facts of a plugin": (
        {},
        replace("app/readers/sub/gamma.py", "name =", "suffix = '.g'; name ="),
    ),
    "base class of another plugin": ({}, replace(ALPHA, "'.a'", "'.alpha'")),
    "helper": ({}, replace("app/readers/low.py", "'.low'", "'.high'")),
    "helper outside": ({}, replace("app/util.py", "'.util'", "'.tool'")),
    "base class": ({}, replace("app/readers/base.py", 'suffix = ""', 'suffix = "."')),
    "package": ({}, write("app/readers/__init__.py", "x = 1\n")),
    "added": ({}, write("app/readers/chi.py", plugin("chi", "name = 'new'"))),
    "removed": ({}, remove("app/readers/delta.py")),
    "removed one that others need": ({}, remove(ALPHA)),
    "removed helper": ({}, remove("app/readers/helper.py")),
    "broken": ({}, replace(ALPHA, "from", "fro")),
    "mended": ({}, write("app/readers/broken.py", plugin("mended"))),
    "broken in another way": ({}, write("app/readers/broken.py", "1 / 0")),
    "key in another module": (
        {},
        lambda app: app.write({ALPHA: plugin("delta"), "app/readers/delta.py": plugin("alpha")}),
    ),
    "sub-package added": (
        {},
        lambda app: app.write(
            {"app/readers/more/__init__.py": plugin("nu"), "app/readers/more/mu.py": plugin("mu")}
        ),
    ),
    "sub-package edited": ({}, write("app/readers/sub/__init__.py", plugin("sub"))),
    "no plugin any more": ({}, write("app/readers/sub/gamma.py", "x = 1")),
    "key of another type": ({}, replace("app/readers/sub/gamma.py", "'gamma'", "(1, 2.0)")),
    "secondary key": ({}, replace(ALPHA, "'first'", "'ultimate'")),
    "secondary key moved": (
        {},
        lambda app: (replace(ALPHA, "'first'", "'x'")(app), replace(BETA, "suffix", "name")(app)),
    ),
    "beside a module that reads the registry": ({"app/readers/psi.py": LOOKS}, EDIT),
    "module that reads the registry": (
        {},
        write(
            "app/readers/phi.py",
            plugin("phi", "suffix = ' '.join(READERS)", imports="from .base import READERS"),
        ),
    ),
    "beside a module that changes others": (
        {"app/readers/psi.py": "from . import alpha\nalpha.Alpha.suffix = '.psi'\n"},
        replace(ALPHA, "'first'", "'1st'"),
    ),
    "module that changes others": (
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
    "beside a package that failed": (
        {"app/readers/bad/__init__.py": "1 / 0", "app/readers/bad/x.py": plugin("x")},
        EDIT,
    ),
    "beside a class that is brought from elsewhere": (
        {**OUTSIDE, "app/readers/iota.py": "from app.outside import Outside\n"},
        EDIT,
    ),
    "class that is brought from elsewhere": (
        OUTSIDE,
        write("app/readers/iota.py", "from app.outside import Outside\n"),
    ),
    "beside byte code": ({"app/readers/odd.pyc": "no byte code"}, EDIT),
}


@pytest.mark.parametrize("name", CHANGES)
def test_edit_is_seen_by_the_next_start(name: str, app_of_readers: App) -> None:
    """Whatever an edit changes, also for other plugins, the answer is that without a cache."""
    files, change = CHANGES[name]
    app_of_readers.write(files)

    check_after(app_of_readers, change, LOOK)


COLLISIONS: dict[str, Change] = {
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


BEFORE: dict[str, tuple[str, dict[str, str], Change]] = {
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
def test_edit_is_seen_where_the_process_knows_more(name: str, app_of_readers: App) -> None:
    """What the process imported before may be used by a module now."""
    before, files, change = BEFORE[name]
    app_of_readers.write(files)

    check_after(app_of_readers, change, f"{before}\n{LOOK}")


def test_secondary_key_that_cannot_be_stored(app_of_readers: App) -> None:
    """The answer is right, and not kept."""
    app_of_readers.run(LOOK, PYTHONWARNINGS="ignore")
    text = "name = type('Name', (), {'__repr__': lambda self: 'Name'})()"
    app_of_readers.write({ALPHA: plugin("alpha", text)})

    answer, status, saved = app_of_readers.run(LOOK, PYTHONWARNINGS="ignore")

    assert (status, saved) == ("miss", "error")
    assert app_of_readers.run(LOOK, REGCACHE_DISABLE="1", PYTHONWARNINGS="ignore")[0] == answer


SCAN = """
from app.shapes import SHAPES, Shape
answer = [[key, SHAPES.info(key).module] for key in SHAPES]
report = SHAPES.report
out = answer, report.status, report.saved and report.saved.status
"""


def test_edit_of_classes_that_know_nothing_of_a_registry(app: App) -> None:
    """It is seen as well."""
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

    check_after(app, replace("app/things/b.py", "'B'", "'b'"), SCAN)

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
    "facts of a plugin": (
        {},
        replace("app/readers/sub/gamma.py", "name =", "suffix = '.g'; name ="),
    ),
    "base class of another plugin": ({}, replace(ALPHA, "'.a'", "'.alpha'")),
    "helper": ({}, replace("app/readers/low.py", "'.low'", "'.high'")),
    "helper outside": ({}, replace("app/util.py", "'.util'", "'.tool'")),
    "base class": ({}, replace("app/readers/base.py", 'suffix = ""', 'suffix = "."')),
    "package": ({}, write("app/readers/__init__.py", "x = 1\n")),
    "removed one that others need": ({}, remove(ALPHA)),
    "removed helper": ({}, remove("app/readers/helper.py")),
    "broken": ({}, replace(ALPHA, "from", "fro")),
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

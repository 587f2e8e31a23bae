"""After a change in the sources everything is searched once, and the answer is right."""

import pytest
from throwaway import App, Change, check_after, remove, replace, write

LOOK = """
from app.registry import FILTERS
names = list(FILTERS)
answer = [[repr(FILTERS.info(name)) for name in names], list(FILTERS.failures.items())]
report = FILTERS.report
out = answer, report.status, report.saved and report.saved.status
"""


def function(name: str, options: str = "", imports: str = "") -> str:
    """The source of a module with one function."""
    head = f"from app.registry import FILTERS\n{imports}\n"
    return f"{head}@FILTERS.register({options})\ndef {name}(image): ...\n"


FILES = {
    "app/__init__.py": "",
    "app/registry.py": """
        from regcache_functions import FunctionRegistry
        FILTERS = FunctionRegistry("filters", "app.filters")
        """,
    "app/util.py": "TAG = 'util'\n",
    "app/filters/__init__.py": "",
    "app/filters/alpha.py": function("alpha", "aliases=['a', 'first']"),
    "app/filters/beta.py": function("beta", "tags=[TAG]", "from .helper import TAG"),
    "app/filters/broken.py": "import no_such_module_of_ours\n",
    "app/filters/delta.py": function("delta", "tags=[util.TAG]", "from app import util"),
    "app/filters/helper.py": "from .low import TAG\n",
    "app/filters/low.py": "TAG = 'low'\n",
    "app/filters/sub/__init__.py": "",
    "app/filters/sub/gamma.py": function("gamma"),
    "app/filters/sub/zeta.py": function("zeta", imports="import app.filters.helper"),
}
ALPHA, BETA = "app/filters/alpha.py", "app/filters/beta.py"


@pytest.fixture
def shop(app: App) -> App:
    """Functions of modules that import helpers, fail, and lie in a sub-package."""
    app.write(FILES)
    return app


EDIT = replace(ALPHA, "'a'", "'b'")
#: What is there besides, and what changes.
CHANGES: dict[str, tuple[dict[str, str], Change]] = {
    "signature": ({}, replace(BETA, "(image)", "(image, size=3)")),
    "helper": ({}, replace("app/filters/low.py", "'low'", "'high'")),
    "helper outside": ({}, replace("app/util.py", "'util'", "'tool'")),
    "package": ({}, write("app/filters/__init__.py", "x = 1\n")),
    "removed helper": ({}, remove("app/filters/helper.py")),
    "broken": ({}, replace(ALPHA, "(image):", "(image)")),
    "broken in another way": ({}, write("app/filters/broken.py", "1 / 0")),
    "function without a name of its own": (
        {},
        write(ALPHA, "from app.registry import FILTERS\nFILTERS.register('x')(lambda image: 1)"),
    ),
    "exchanged": (
        {},
        lambda app: app.write({ALPHA: function("gamma"), "app/filters/sub/gamma.py": "x = 1"}),
    ),
    "function from elsewhere": (
        {},
        lambda app: app.write(
            {
                "app/outside.py": function("outside"),
                "app/filters/iota.py": "from app.outside import outside\n",
            }
        ),
    ),
    "sub-package added": (
        {},
        lambda app: app.write(
            {"app/filters/more/__init__.py": function("nu"), "app/filters/more/mu.py": "x = 1"}
        ),
    ),
    "beside a module that reads the registry": (
        {"app/filters/psi.py": "from app.registry import FILTERS\nSEEN = list(FILTERS)\n"},
        EDIT,
    ),
    "module that reads the registry": (
        {},
        write("app/filters/phi.py", function("phi", "tags=list(FILTERS)")),
    ),
    "beside a module that changes others": (
        {"app/filters/psi.py": "from . import low\nlow.TAG = 'psi'\n"},
        EDIT,
    ),
    "new helper outside that changes others": (
        {"app/patch.py": "from app import util\nutil.TAG = 'patched'\n"},
        write(ALPHA, function("alpha", imports="import app.patch")),
    ),
    "beside a package that failed": (
        {"app/filters/bad/__init__.py": "1 / 0", "app/filters/bad/x.py": function("x")},
        EDIT,
    ),
    "beside byte code": ({"app/filters/odd.pyc": "no byte code"}, EDIT),
}


@pytest.mark.parametrize("name", CHANGES)
def test_edit_is_seen_by_the_next_start(name: str, shop: App) -> None:
    """Whatever an edit changes, also for other functions, the answer is that without a cache."""
    files, change = CHANGES[name]
    shop.write(files)

    check_after(shop, change, LOOK)


BEFORE: dict[str, tuple[str, dict[str, str], Change]] = {
    "function that was there before": (
        "import app.outside",
        {"app/outside.py": function("outside")},
        write("app/filters/iota.py", "from app.outside import outside\n"),
    ),
    "function that was changed before": (
        "import os\nif os.path.exists('flag'): import app.filters.sub.gamma as module\n"
        "if os.path.exists('flag'): module.gamma.__doc__ = 'Another.'",
        {},
        lambda app: app.write({"flag": "", ALPHA: function("alpha")}),
    ),
    "class of facts": (
        "",
        {
            "app/facts.py": "import attrs\n@attrs.define\nclass Facts:\n    cost: float = 0.0\n",
            "app/registry.py": """
                from app.facts import Facts
                from regcache_functions import FunctionRegistry
                FILTERS = FunctionRegistry("filters", "app.filters", facts=Facts)
                """,
        },
        replace("app/facts.py", "0.0", "1.0"),
    ),
}


@pytest.mark.parametrize("name", BEFORE)
def test_edit_is_seen_where_the_process_knows_more(name: str, shop: App) -> None:
    """What the process imported before may be used by a module now."""
    before, files, change = BEFORE[name]
    shop.write(files)

    check_after(shop, change, f"{before}\n{LOOK}")

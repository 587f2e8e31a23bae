"""After a change in the sources only what depends on it is imported, and the answer is right."""

from collections.abc import Callable

import pytest
from throwaway import App, replace, write

LOOK = """
import sys
from app.registry import FILTERS
start = set(sys.modules)
names = list(FILTERS)
new = set(sys.modules) - start - {"app.filters"}
imported = sorted(name.removeprefix("app.") for name in new if name.startswith("app."))
answer = [[repr(FILTERS.info(name)) for name in names], list(FILTERS.failures.items())]
report = FILTERS.report
out = answer, imported, report.status, report.saved and report.saved.status
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


def look_after(app: App, change: Callable[[App], None], look: str = LOOK) -> list[str]:
    """What a start after a change imports; its answer must be right, and the next start a hit."""
    app.run(look, PYTHONWARNINGS="ignore")
    assert [[], "hit", None] == app.run(look)[1:]
    change(app)

    truth = app.run(look, PYTHONWARNINGS="ignore", REGCACHE_DISABLE="1")[0]
    answer, imported, status, saved = app.run(look, PYTHONWARNINGS="ignore")

    assert (truth, "miss", "saved") == (answer, status, saved)
    assert [truth, [], "hit", None] == app.run(look)
    return [str(name).removeprefix("filters.") for name in imported]


def remove(name: str) -> Callable[[App], None]:
    """A change that removes a file."""
    return lambda app: app.remove(name)


EVERYTHING = ["alpha", "beta", "delta", "helper", "low", "sub", "sub.gamma", "sub.zeta", "util"]
CHANGES: dict[str, tuple[Callable[[App], None], list[str]]] = {
    "function": (replace(ALPHA, "def alpha", "def altered"), ["alpha"]),
    "signature": (replace(BETA, "(image)", "(image, size=3)"), ["beta", "helper", "low"]),
    "helper": (
        replace("app/filters/low.py", "'low'", "'high'"),
        ["beta", "helper", "low", "sub", "sub.zeta"],
    ),
    "helper outside": (replace("app/util.py", "'util'", "'tool'"), ["delta", "util"]),
    "package": (write("app/filters/__init__.py", "x = 1\n"), EVERYTHING),
    "added": (write("app/filters/chi.py", function("chi")), ["chi"]),
    "removed": (remove("app/filters/delta.py"), []),
    "removed helper": (
        remove("app/filters/helper.py"),
        ["alpha", "delta", "low", "sub", "sub.gamma", "util"],
    ),
    "broken": (replace(ALPHA, "(image):", "(image)"), EVERYTHING[1:]),
    "mended": (write("app/filters/broken.py", function("mended")), ["broken"]),
    "broken in another way": (write("app/filters/broken.py", "1 / 0"), EVERYTHING),
    "function without a name of its own": (
        write(ALPHA, "from app.registry import FILTERS\nFILTERS.register('x')(lambda image: 1)"),
        ["alpha"],
    ),
    "exchanged": (
        lambda app: app.write({ALPHA: function("gamma"), "app/filters/sub/gamma.py": "x = 1"}),
        ["alpha", "sub", "sub.gamma"],
    ),
    "function from elsewhere": (
        lambda app: app.write(
            {
                "app/outside.py": function("outside"),
                "app/filters/iota.py": "from app.outside import outside\n",
            }
        ),
        ["iota", "outside"],
    ),
    "sub-package added": (
        lambda app: app.write(
            {"app/filters/more/__init__.py": function("nu"), "app/filters/more/mu.py": "x = 1"}
        ),
        ["more", "more.mu"],
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_change_imports_what_depends_on_it(name: str, shop: App) -> None:
    """The change of one file costs the imports of its dependants, and of what these import."""
    change, imported = CHANGES[name]

    assert imported == look_after(shop, change)


CLASHES = {
    "with a name that is kept": {ALPHA: function("gamma")},
    "with an alias": {ALPHA: function("x", "aliases=['gamma']")},
    "between two that changed": {ALPHA: function("y"), BETA: function("y")},
}


@pytest.mark.parametrize("name", CLASHES)
def test_name_that_is_claimed_twice_is_told(name: str, shop: App) -> None:
    """The error is that of a start without a cache."""
    shop.run(LOOK, PYTHONWARNINGS="ignore")
    shop.write(CLASHES[name])
    code = """
        from app.registry import FILTERS
        try:
            out = list(FILTERS)
        except Exception as error:
            out = type(error).__name__, str(error)
        """

    truth = shop.run(code, PYTHONWARNINGS="ignore", REGCACHE_DISABLE="1")

    assert truth == shop.run(code, PYTHONWARNINGS="ignore")
    assert "DuplicateFunctionError" == truth[0] or name == "with an alias"


def test_one_module_of_two_hundred(app: App) -> None:
    """One edited file costs one import, its neighbours none."""
    app.write({**FILES, "app/filters/broken.py": ""})
    app.write({f"app/filters/p{i:03}.py": function(f"f{i}") for i in range(200)})

    assert ["p100"] == look_after(app, replace("app/filters/p100.py", "f100", "edited"))


def test_failing_module_is_not_imported_again(shop: App) -> None:
    """What failed and has not changed is told of as before."""
    text = "import sys\nprint('tried', file=sys.stderr)\nraise ValueError('no')\n"
    shop.write({"app/filters/broken.py": text})
    program = "from app.registry import FILTERS\nprint([*FILTERS.failures])"

    first = shop.start(program)
    replace(ALPHA, "'a'", "'b'")(shop)
    second = shop.start(program)

    assert "['app.filters.broken']\n" == first.stdout == second.stdout
    assert (True, False) == ("tried\n" in first.stderr, "tried\n" in second.stderr)


ALL_ANEW: dict[str, tuple[dict[str, str], Callable[[App], None]]] = {
    "module that reads the registry": (
        {"app/filters/psi.py": "from app.registry import FILTERS\nSEEN = list(FILTERS)\n"},
        replace(ALPHA, "'a'", "'b'"),
    ),
    "new module that reads the registry": (
        {},
        write("app/filters/phi.py", function("phi", "tags=list(FILTERS)")),
    ),
    "module that changes others": (
        {"app/filters/psi.py": "from . import low\nlow.TAG = 'psi'\n"},
        replace(ALPHA, "'a'", "'b'"),
    ),
    "new helper outside that changes others": (
        {"app/patch.py": "from app import util\nutil.TAG = 'patched'\n"},
        write(ALPHA, function("alpha", imports="import app.patch")),
    ),
    "package that failed": (
        {"app/filters/bad/__init__.py": "1 / 0", "app/filters/bad/x.py": function("x")},
        replace(ALPHA, "'a'", "'b'"),
    ),
    "byte code": ({"app/filters/odd.pyc": "no byte code"}, replace(ALPHA, "'a'", "'b'")),
}


@pytest.mark.parametrize("name", ALL_ANEW)
def test_all_is_discovered_where_a_part_is_not_enough(name: str, shop: App) -> None:
    """Where modules see more of each other than their imports say, each is imported."""
    files, change = ALL_ANEW[name]
    shop.write(files)

    assert {*EVERYTHING} <= {*look_after(shop, change)}


BEFORE: dict[str, tuple[str, dict[str, str], Callable[[App], None]]] = {
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
def test_all_is_searched_where_the_process_knows_more(name: str, shop: App) -> None:
    """What the process imported before may be used by a module now."""
    before, files, change = BEFORE[name]
    shop.write(files)

    imported = look_after(shop, change, f"{before}\n{LOOK}")

    assert {*EVERYTHING} - {"sub", "sub.gamma"} <= {*imported}

"""Lazy imports (PEP 810, since Python 3.15): each mode has its answers, and its cache files."""

import sys

import pytest
from throwaway import FILES, FOLDER, LIST, LISTED, App, plugin

pytestmark = pytest.mark.skipif(
    not hasattr(sys, "set_lazy_imports"), reason="imports are lazy since Python 3.15"
)

MODES = ["normal", "all"]
SEEN = """
names = sorted(REG)
report = REG.report
saved = report.saved
out = [names, report.status, saved and saved.status, sorted(REG.failures)]
"""


@pytest.fixture
def app(kind, tmp_path):
    """An application of that kind."""
    app = App(tmp_path)
    app.write(FILES[kind])
    return app


def add_odd(app, kind, head):
    """Write a plugin module with some lines before it; gives its name."""
    app.write({f"app/{FOLDER[kind]}/odd.py": f"{head}\n{plugin(kind, repr('odd'))}"})
    return f"app.{FOLDER[kind]}.odd"


def whole(kind):
    """The keys with that of the odd plugin."""
    return sorted([*LISTED[kind], "odd"])


#: How a process gets into a mode: lines before its imports, and variables.
WAYS = {
    "variable": ("", {"PYTHON_LAZY_IMPORTS": "{}"}),
    "call": ("import sys; sys.set_lazy_imports({!r})\n", {}),
    "call against the variable": (
        "import sys; sys.set_lazy_imports({!r})\n",
        {"PYTHON_LAZY_IMPORTS": "all"},
    ),
}


def start_in(mode, way):
    """The lines and variables of a process in a mode."""
    lines, variables = WAYS[way]
    return lines.format(mode), {name: text.format(mode) for name, text in variables.items()}


@pytest.mark.parametrize("way", WAYS)
def test_each_mode_has_its_file(way, kind, app):
    """A module that lacks another one fails in one mode only; no mode is served the other's."""
    name = add_odd(app, kind, "import no_such_module")

    seen = []
    for mode in MODES * 2:
        lines, variables = start_in(mode, way)
        code = f"{lines}{LIST[kind]}{SEEN}"
        seen.append(app.run(code, PYTHONWARNINGS="ignore", **variables))

    eager, lazy = [LISTED[kind], [name]], [whole(kind), []]
    assert [eager, lazy] * 2 == [[names, failed] for names, _, _, failed in seen]
    assert [["miss", "saved"]] * 2 + [["hit", None]] * 2 == [each[1:3] for each in seen]
    assert 2 == len(app.cache_files())


@pytest.mark.parametrize("mode", MODES)
def test_filter_means_no_cache(mode, kind, app):
    """What it lets be lazy is its own affair; the report says so, and a stored answer stays."""
    start = f"import sys\n{LIST[kind]}\n"
    app.run(f"{start}{SEEN}", PYTHON_LAZY_IMPORTS=mode)
    (file,) = app.cache_files()
    before = file.read_bytes()
    add_odd(app, kind, "")

    seen = app.run(
        f"{start}sys.set_lazy_imports_filter(lambda *names: True)\n{SEEN}\nout.append(str(report))",
        PYTHON_LAZY_IMPORTS=mode,
    )

    assert [whole(kind), "disabled", None, []] == seen[:4]
    assert "a filter says which imports are lazy" in seen[4]
    assert (before, [file]) == (file.read_bytes(), app.cache_files())


@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        ("set_lazy_imports_filter(lambda *names: True)", "LAZY_IMPORTS_FILTERED"),
        ("set_lazy_imports('all')", "IDENTITY_CHANGED"),
    ],
)
def test_plugin_that_changes_the_mode_has_no_file(deed, reason, kind, app):
    """Whoever imports it before the discovery has another answer."""
    add_odd(app, kind, f"import sys; sys.{deed}")

    saved = app.run(f"{LIST[kind]}\nnames = [*REG]\nout = REG.report.saved.reason.name")

    assert (reason, []) == (saved, app.cache_files())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mode", MODES)
def test_verification_has_the_mode_of_its_parent(mode, way, kind, app):
    """The other process finds what this one does."""
    add_odd(app, kind, "import no_such_module")
    lines, variables = start_in(mode, way)
    code = f"{lines}{LIST[kind]}\nnames = [*REG]\nseen = REG.verify()\n"

    seen = app.run(
        f"{code}out = seen.status, str(seen.differences)", PYTHONWARNINGS="ignore", **variables
    )

    assert ["hit", "()"] == seen


def test_verification_knows_that_an_option_was_overruled(kind, app):
    """The mode of now counts, not that of the start."""
    add_odd(app, kind, "import no_such_module")
    code = f"import sys; sys.set_lazy_imports('normal')\n{LIST[kind]}\nnames = [*REG]\n"

    done = app.start(
        f"{code}print(REG.verify())", "-X", "lazy_imports=all", PYTHONWARNINGS="ignore"
    )

    assert done.stdout.startswith("equal to a fresh discovery"), done.stdout + done.stderr


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("statement", ["lazy import opt", "lazy from opt import x as opt"])
def test_plugin_that_imports_lazily_is_listed(statement, mode, kind, app):
    """What it lacks is an error when it is used, as Python has it, and no failure of the module."""
    name = add_odd(app, kind, f"{statement}\ndef use(): return opt")
    used = f"""
REG["odd"]
try:
    sys.modules[{name!r}].use()
    out.append("")
except ImportError as error:
    out.append(error.name)
"""
    look = f"{LIST[kind]}{SEEN}{used}"

    cold, warm = (app.run(look, PYTHON_LAZY_IMPORTS=mode) for _ in range(2))
    app.write({"opt.py": "x = 1"})
    there = app.run(look, PYTHON_LAZY_IMPORTS=mode)

    assert [[whole(kind), "miss", "saved", [], "opt"]] == [cold]
    assert [[whole(kind), "hit", None, [], "opt"]] == [warm]
    assert [whole(kind), [], ""] == [there[0], *there[3:]]


#: What a module imports lazily, and does without; and the file that makes it possible.
CAUGHT = {
    "module": ("import opt", "opt.py", "speed = 1"),
    "name in a module": ("from opt import speed as opt", "opt.py", "speed = 1"),
    "sub-module": ("from app import opt", "app/opt.py", "speed = 1"),
    "module that lacks one": ("import app.half as opt", "opt.py", "speed = 1"),
}


@pytest.mark.parametrize("what", CAUGHT)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("where", ["plugin", "early module"])
def test_what_was_lacked_lazily_is_looked_for(where, mode, what, kind, app):
    """An answer that was made without a module is made anew when that is there."""
    statement, file, text = CAUGHT[what]
    statement = statement if mode == "all" else f"lazy {statement}"
    lines = f"{statement}\ntry: KEY = opt and 'fast'\nexcept ImportError: opt, KEY = None, 'slow'\n"
    app.write({"app/half.py": "import opt\nspeed = opt.speed\n"})
    if where == "plugin":
        head = lines
    else:
        app.write({"app/__init__.py": "from app import early\nearly.KEY\n", "app/early.py": lines})
        head = "from app.early import KEY"
    app.write({f"app/{FOLDER[kind]}/odd.py": f"{head}\n{plugin(kind, 'KEY')}"})
    look = f"{LIST[kind]}{SEEN}"
    slow = sorted([*LISTED[kind], "slow"])
    assert [slow] * 2 == [app.run(look, PYTHON_LAZY_IMPORTS=mode)[0] for _ in range(2)]
    assert "hit" == app.run(look, PYTHON_LAZY_IMPORTS=mode)[1]

    app.write({file: text})

    fast = sorted([*LISTED[kind], "fast"])
    assert [fast, "miss", "saved", []] == app.run(look, PYTHON_LAZY_IMPORTS=mode)


#: A program that is lazy throughout: its base, its plugins, and what these do without.
PROGRAM = {
    "classes": "import app.readers, app.readers.base as base\nREG = base.READERS\n",
    "functions": "import app.filters, app.registry as base\nREG = base.FILTERS\n",
}


@pytest.mark.parametrize("mode", MODES)
def test_cold_equals_warm_in_a_lazy_program(mode, kind, app):
    """Imports in ``try`` are never lazy: an optional dependency decides as it always does."""
    optional = "try: import no_such_module\nexcept ImportError: KEY = 'slow'\nelse: KEY = 'fast'\n"
    app.write({f"app/{FOLDER[kind]}/odd.py": f"import json, app\n{optional}{plugin(kind, 'KEY')}"})
    look = f"{PROGRAM[kind]}{SEEN}out.append(sorted(n for n in sys.modules if n[:4] == 'app.'))"

    cold, warm = (app.run(look, PYTHON_LAZY_IMPORTS=mode) for _ in range(2))
    truth = app.run(look, PYTHON_LAZY_IMPORTS=mode, REGCACHE_DISABLE="1")

    names = sorted([*LISTED[kind], "slow"])
    assert [[names, "miss", "saved"], [names, "hit", None]] == [cold[:3], warm[:3]]
    assert names == truth[0]
    assert f"app.{FOLDER[kind]}.odd" not in warm[4]


BREAKING = """
import json, sys
class Finder:
    def find_spec(self, *_): 1 / 0
sys.meta_path.insert(0, Finder())
"""


@pytest.mark.parametrize("mode", MODES)
def test_plugin_that_breaks_importing_costs_later_ones_only(mode, kind, app):
    """What regcache needs for the answer is imported by then, in every mode."""
    add_odd(app, kind, "")
    app.write({f"app/{FOLDER[kind]}/zz.py": BREAKING})

    keys = app.run(
        f"import json\njson.dumps\n{LIST[kind]}\nout = sorted(REG)",
        PYTHON_LAZY_IMPORTS=mode,
        PYTHONWARNINGS="ignore",
    )

    assert whole(kind) == keys


LIBRARY = {
    "library/__init__.py": """
        lazy from ._impl import add
        lazy from .impl import minus
        lazy import no_such_module
        lazy from textwrap import dedent
        """,
    "library/_impl.py": "def add(a, b): return a + b\n",
    "library/impl.py": "def minus(a, b): return a - b\n",
}
SCAN = """
from regcache_functions import FunctionRegistry
reg = FunctionRegistry.scan("library", public="names")
out = [*reg], reg.report.status, reg.rejected, reg.failures
"""


@pytest.mark.parametrize("mode", MODES)
def test_functions_that_a_library_imports_lazily_are_its_own(mode, tmp_path):
    """A scan finds them where the library publishes them; what is missing is passed over."""
    app = App(tmp_path)
    app.write(LIBRARY)

    cold, warm = (app.run(SCAN, PYTHON_LAZY_IMPORTS=mode) for _ in range(2))

    assert [["add", "minus"], "miss", {}, {}] == cold
    assert [["add", "minus"], "hit", {}, {}] == warm
    app.write({"library/_impl.py": "import sys; sys.no_such_name\n"})
    assert ["minus"] == app.run(SCAN, PYTHON_LAZY_IMPORTS=mode, PYTHONWARNINGS="ignore")[0]

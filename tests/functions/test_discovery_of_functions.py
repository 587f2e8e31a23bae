"""A package of decorated functions: found once, listed from the cache, imported one by one."""

import importlib
import json
import sys
from typing import Any

import pytest
from throwaway import LISTED, App

from regcache_functions import FunctionRegistry

NAMES = ["gaussian", "median", "sobel"]
#: Python 3.10 calls a decorator on the line of the ``def``, later ones on its own.
BELOW = int(sys.version_info < (3, 11))
STATUS = "from app.registry import FILTERS; out = sorted(FILTERS), FILTERS.report.status"
IMPORTED = 'sorted(name for name in sys.modules if name.startswith("app.filters"))'

LISTING = {
    "len": "len(FILTERS)",
    "in": "['gaussian' in FILTERS, 'gauss' in FILTERS, 'nothing' in FILTERS, 5 in FILTERS]",
    "iter": "list(FILTERS)",
    "reversed": "list(reversed(FILTERS))",
    "keys": "sorted(FILTERS.keys() | {'new'})",
    "bool": "bool(FILTERS)",
    "repr": "repr(FILTERS)",
    "html": "FILTERS._repr_html_()",
    "json": "FILTERS.to_json()",
    "info": "repr([FILTERS.info(name) for name in [*FILTERS, 'gauss']])",
    "query": "[list(FILTERS.query(tag='rank')), list(FILTERS.query(module='app.filters.edges'))]",
    "query by facts": "list(FILTERS.query(where=lambda info: info.facts.get('cost') == 2))",
    "search": "list(FILTERS.search('image'))",
    "failures": "[FILTERS.failures, FILTERS.rejected]",
    "get of nothing": "[FILTERS.get('gausian'), 'difflib' in sys.modules]",
}


@pytest.mark.parametrize("name", LISTING)
def test_listing_imports_no_function(name: str, filters: App) -> None:
    """Names, facts and questions are answered from the file, as a cold process answers them."""
    code = f"""
        from app.registry import FILTERS
        answer = {LISTING[name]}
        out = answer, {IMPORTED}
        """
    cold, found = filters.run(code)
    warm, imported = filters.run(code)

    assert cold == warm
    assert [] == imported != found


def test_functions_so_far_are_told_before_the_search_and_after(filters: App) -> None:
    """``registered`` tells what is imported so far; ``discover`` finds the names."""
    code = """
        import app.filters.edges
        from app.registry import FILTERS
        out = [[*FILTERS.registered()], FILTERS.report is None]
        FILTERS.discover()
        out += [FILTERS.report.status, sorted(FILTERS.registered()), [*FILTERS]]
        """

    cold, warm = filters.run(code), filters.run(code)

    listed = ["gaussian", "median", "sobel"]
    assert [["sobel"], True, "miss", listed, listed] == cold
    assert [["sobel"], True, "hit", ["sobel"], listed] == warm


@pytest.mark.parametrize(
    "function",
    ["FILTERS['app.filters.edges.sobel']", "FILTERS.query(module='app.filters.edges')['sobel']"],
)
def test_place_and_selection_import_one_module(function: str, filters: App) -> None:
    """A function's place, and its name in a selection, lead to it and import its module only."""
    code = f"""
        from app.registry import FILTERS
        out = {function}(5), {IMPORTED}
        """
    filters.run(code)

    assert [["sobel", 5], ["app.filters", "app.filters.edges"]] == filters.run(code)


def test_metadata_loads_when_it_is_called(filters: App) -> None:
    """A call, ``func``, ``load`` and the whole documentation import the module; nothing before."""
    filters.run("from app.registry import FILTERS\nout = len(FILTERS)")

    before, called, after, doc = filters.run(
        f"""
        from app.registry import FILTERS
        info = FILTERS.info("gauss")
        before = {IMPORTED}
        out = before, info(1, mode="wrap"), info.func is info.load() is FILTERS["gaussian"], \\
            info.read_doc()
        """
    )

    assert ([], ["gaussian", 1, 1.0, "wrap"], True) == (before, called, after)
    assert "Smooth an image.\n\nAnd more." == doc


def test_metadata_tells_everything_cold_and_warm(filters: App) -> None:
    """All that was declared and can be read of a function is in its metadata."""
    code = """
        from app.registry import FILTERS
        fields = ("name", "module", "qualname", "original_name", "defined_in", "kind", "signature",
                  "doc", "tags", "aliases", "contract", "distribution", "version", "facts")
        out = []
        for name in FILTERS:
            found = [getattr(FILTERS.info(name), field) for field in fields]
            out.append([*found[:6], str(found[6]), *found[7:]])
        """
    blur, edges, app = "app.filters.blur", "app.filters.edges", ["", "1.0"]
    signature = "(image, sigma: float = 1.0, *, mode='nearest')"
    gaussian = ["gaussian", blur, "gaussian", "gaussian", blur, "function", signature]
    median = ["median", blur, "median_filter", "median_filter", blur, "function"]
    sobel = ["sobel", edges, "sobel", "sobel", edges, "function", "(image)", "Find edges."]
    expected = [
        [*gaussian, "Smooth an image.", ["blur"], ["gauss"], "3d", *app, {"cost": 2}],
        [*median, "(image, /, size=3)", "", ["blur", "rank"], [], None, *app, {}],
        [*sobel, [], [], None, *app, {}],
    ]

    assert expected == filters.run(code)
    assert expected == filters.run(code)


KINDS = '''
import functools, math, operator
from app.registry import FILTERS
from app.support import Cost, twice
import vendor

def plain(a, /, b: "int" = 1, *c, d: float = -1.5, e={1, 2}, **f) -> list[int]:
    """Text."""

FILTERS.register(plain)
FILTERS.register("partial", tags=("t",))(functools.partial(plain, 1, d=2))
FILTERS.register("wrapped")(twice(plain))
FILTERS.register("lambda", flag=True, none=None, nested={"a": (1, [2.5, "x"])})(lambda x=print: x)
FILTERS.register("builtin")(len)
FILTERS.register("maths", contract="1d")(math.hypot)
FILTERS.register("getter")(operator.itemgetter(1))
FILTERS.register("vendor", aliases=("v1", "v2"))(vendor.outside)
FILTERS.register("object")(vendor.Callable())
FILTERS.register("bound")(vendor.Callable().method)

@FILTERS.register
async def coroutine(x: "no.such.Name"): "Await."

@FILTERS.register
def generator(): yield

@FILTERS.register
async def async_generator(): yield

@FILTERS.register
@functools.lru_cache(maxsize=None)
def cached(x): "Once."

@FILTERS.register
@functools.singledispatch
def generic(x): "By type."

class Tools:
    @FILTERS.register
    def method(self, x): "Of an object."
    @FILTERS.register
    @staticmethod
    def outer_static(x): "Static."
    @staticmethod
    @FILTERS.register
    def inner_static(x): "Static."
    @FILTERS.register
    @classmethod
    def outer_class(cls, x): "Of the class."

    class Inner:
        @FILTERS.register("deep")
        def method(self): "Deep."

def make():
    @FILTERS.register
    def local(x, y): "Made."
make()
'''


def test_every_kind_of_function_is_the_same_cold_and_warm(filters: App) -> None:
    """Metadata from the file equal those of the search, whatever was registered; all loads."""
    filters.write(
        {
            "app/filters/kinds.py": KINDS,
            "app/support.py": """
                import functools
                class Cost: pass
                def twice(function):
                    @functools.wraps(function)
                    def call(*args): return function(*args)
                    return call
                """,
            "vendor.py": """
                def outside(x):
                    'From elsewhere.'
                class Callable:
                    def __call__(self, x): 'Call.'
                    def __bool__(self): return False
                    def method(self, x): 'Bound.'
                """,
        }
    )
    code = """
        from app.registry import FILTERS
        infos = [repr(FILTERS.info(name)) for name in FILTERS]
        early = "app.filters.kinds" in sys.modules
        loaded = [repr(type(FILTERS[name])) for name in FILTERS]
        again = [repr(FILTERS.info(name)) for name in FILTERS]
        selected = [list(FILTERS.query(tag="t")), list(FILTERS.query(parameter="sigma")),
                    list(FILTERS.search("static")), "v1" in FILTERS, FILTERS["v2"].__module__]
        cls = FILTERS["outer_class"].__self__.__name__
        out = [infos, loaded, selected, cls, infos == again], [early, FILTERS.report.status]
        """

    (cold, before), (warm, after) = filters.run(code), filters.run(code)

    assert cold == warm
    assert ([True, "miss"], [False, "hit"]) == (before, after)
    assert len(NAMES) + 21 == len(cold[0])
    assert (True, "Tools") == (cold[4], cold[3])


def test_order_is_that_of_modules_and_of_lines(filters: App) -> None:
    """Modules stand as their names, packages before what is in them, functions as written."""
    one = "from app.registry import FILTERS\n@FILTERS.register('{}')\ndef f(): ...\n"
    two = one + "@FILTERS.register('{}')\ndef g(): ...\n"
    filters.write(
        {
            "app/filters/__init__.py": one.format("of the package"),
            "app/filters/a/__init__.py": two.format("z", "y"),
            "app/filters/a/b.py": "import app.filters.z\n" + one.format("b"),
            "app/filters/z.py": one.format("a"),
        }
    )
    code = "from app.registry import FILTERS\nout = list(FILTERS)"

    cold = filters.run("import app.filters.edges, app.filters.z\n" + code)

    assert ["of the package", "z", "y", "b", *NAMES, "a"] == cold
    assert cold == filters.run(code) == filters.run("import app.filters.z\n" + code)


def test_plain_module_may_be_the_package(app: App) -> None:
    """A registry over one module lists what that registers."""
    app.write(
        {
            "tools.py": """
                from regcache_functions import FunctionRegistry
                TOOLS = FunctionRegistry("tools", package="tools")
                @TOOLS.register
                def saw(): return "saw"
                """
        }
    )
    code = "from tools import TOOLS\nout = list(TOOLS), TOOLS['saw'](), TOOLS.report.status"

    assert [["saw"], "saw", "miss"] == app.run(code)
    assert [["saw"], "saw", "hit"] == app.run(code)


def test_package_without_functions_warns(app: App) -> None:
    """A search that finds nothing says so, once, at the line that listed."""
    app.write({"empty/__init__.py": "", "empty/a.py": ""})
    code = """
        import warnings
        from regcache_functions import FunctionRegistry
        registry = FunctionRegistry("r", package="empty")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            listed = list(registry), list(registry)
        out = listed, [[str(w.message), w.filename, w.category.__name__] for w in caught]
        """

    advice = "a module must call the registry's own register()"
    warned = [[f"r: no function was found in empty; {advice}", "<string>", "ScanWarning"]]
    assert [[[], []], warned] == app.run(code)


TWO = """
    from regcache_functions import FunctionRegistry
    def make(name):
        return FunctionRegistry(name, package="app.filters")
    {}
    """
BOTH = {
    "app/filters/blur.py": "from app.registry import *\n@FILTERS.register\ndef blur(): ...\n"
    "@OTHERS.register\ndef other(): ...\n",
    "app/filters/edges.py": "",
}
USE = """
from app.registry import FILTERS, OTHERS
out = list(FILTERS), list(OTHERS), FILTERS.report.status, OTHERS.report.status, \\
    FILTERS["blur"].__name__, OTHERS["other"].__name__
"""


@pytest.mark.parametrize(
    ("made", "statuses"),
    [
        ("FILTERS = make('a')\nOTHERS = make('b')", ["hit", "hit"]),
        ("FILTERS = make('a')\nOTHERS = make('a')", ["miss", "hit"]),
        ("FILTERS, OTHERS = (FunctionRegistry(n, 'app.filters') for n in 'ab')", ["hit", "hit"]),
    ],
    ids=["two names", "one name", "one line"],
)
def test_two_registries_over_one_package(made: str, statuses: list[str], filters: App) -> None:
    """Each lists its own, cold and warm; of two of one name the last one made has the file."""
    filters.write({"app/registry.py": TWO.format(made.replace("\n", "\n    ")), **BOTH})

    answers = [filters.run(USE) for _ in range(3)]

    names = [["blur"], ["other"]]
    assert [names, names, names] == [answer[:2] for answer in answers]
    assert statuses == answers[2][2:4]
    assert ["blur", "other"] == answers[2][4:]


def test_registry_that_is_made_when_it_is_needed_keeps_its_file(filters: App) -> None:
    """Who calls the function that makes a registry does not matter to its file."""
    filters.write(
        {
            "app/registry.py": """
                import functools
                from regcache_functions import FunctionRegistry
                @functools.cache
                def get():
                    return FunctionRegistry("filters", "app.filters")
                """,
            "app/filters/blur.py": "from app.registry import get\n@get().register\ndef f(): ...\n",
            "app/filters/edges.py": "",
        }
    )
    first = "from app.registry import get\nout = list(get()), get().report.status"
    second = "from app.registry import get\ndef use(): return get()\n\nuse()\n" + first

    assert [["f"], "miss"] == filters.run(first)
    assert [["f"], "hit"] == filters.run(second)


def test_two_applications_do_not_share(filters: App) -> None:
    """Two packages with registries of one name have a file each."""
    for name in ("__init__", "registry", "filters/__init__", "filters/blur", "filters/edges"):
        text = (filters.folder / f"app/{name}.py").read_text()
        filters.write({f"two/{name}.py": text.replace("app.", "two.").replace("median", "mode")})
    code = """
        from app.registry import FILTERS as one
        from two.registry import FILTERS as two
        out = list(one), list(two), one.report.status, two.report.status
        """
    names = [NAMES, ["gaussian", "mode", "sobel"]]

    assert [*names, "miss", "miss"] == filters.run(code)
    assert [*names, "hit", "hit"] == filters.run(code)
    assert 2 == len(filters.cache_files())


@pytest.mark.parametrize("where", ["app/filters/blur.py", "app/filters/__init__.py"])
def test_registry_is_read_while_its_package_is_imported(where: str, filters: App) -> None:
    """A module that reads the registry at import sees what is there so far; nothing is kept."""
    filters.write(
        {
            where: """
                from app.registry import FILTERS
                @FILTERS.register("early")
                def early(): ...
                SEEN = list(FILTERS), len(FILTERS), FILTERS.get("late"), "early" in FILTERS, \\
                    FILTERS.info("early").name, FILTERS["early"] is early, FILTERS.failures, \\
                    list(FILTERS.query(text="EARL"))
                @FILTERS.register("late")
                def late(): ...
                """
        }
    )
    module = where[:-3].replace("/", ".").replace(".__init__", "")
    code = f"""
        import {module} as module
        from app.registry import FILTERS
        out = module.SEEN, list(FILTERS), FILTERS.report.status
        """
    listed = ["early", "late", "sobel"] if "blur" in where else ["early", "late", *NAMES]

    (cold, cold_names, cold_status), (warm, warm_names, warm_status) = (
        filters.run(code),
        filters.run(code),
    )

    assert "early" in cold[0] and "late" not in cold[0]
    assert [None, True, "early", True, {}, ["early"]] == cold[2:]
    assert (listed, "miss") == (cold_names, cold_status)
    assert (listed, "hit") == (warm_names, warm_status)
    assert listed == warm[0]


def test_registry_is_read_by_a_module_that_the_search_imports(filters: App) -> None:
    """During the search a module sees those before it, in this thread and in another."""
    filters.write(
        {
            "app/filters/c.py": """
                import threading
                from app.registry import FILTERS
                SEEN = [list(FILTERS)]
                thread = threading.Thread(target=lambda: SEEN.append("blur" in repr(FILTERS)))
                thread.start()
                @FILTERS.register(seen=SEEN[0])
                def c(): ...
                """
        }
    )
    code = """
        from app.registry import FILTERS
        names = list(FILTERS)
        import app.filters.c
        app.filters.c.thread.join(30)
        out = names, FILTERS.info("c").facts, FILTERS.report.status, app.filters.c.SEEN[1:]
        """
    names = ["gaussian", "median", "c", "sobel"]
    facts = {"seen": ["gaussian", "median"]}

    assert [names, facts, "miss"] == filters.run(code)[:3]
    assert [names, facts, "hit", [False]] == filters.run(code)


OUTSIDE = {
    "vendor.py": """
        from app.registry import FILTERS
        @FILTERS.register
        def outside():
            'From elsewhere.'
        """,
    "app/filters/bring.py": "import vendor as _vendor\n",
}


@pytest.mark.parametrize(
    "statement", ["import vendor as _vendor", "from vendor import outside", "import vendor"]
)
@pytest.mark.parametrize("before", ["", "import vendor", "import app.filters.bring"])
def test_function_brought_in_from_elsewhere_counts(
    before: str, statement: str, filters: App
) -> None:
    """What a module of the package imports is listed, also where the program had it already."""
    filters.write({**OUTSIDE, "app/filters/bring.py": f"{statement}\n"})
    code = """
from app.registry import FILTERS
names = list(FILTERS)
info = FILTERS.info("outside")
early = "vendor" in sys.modules
out = names, info.module, info.defined_in, info.doc, FILTERS["outside"].__module__, early
"""
    names = ["gaussian", "median", "outside", "sobel"]
    expected = [names, "app.filters.bring", "vendor", "From elsewhere.", "vendor"]

    assert [*expected, True] == filters.run(f"{before}\n{code}")
    assert [*expected, False] == filters.run(code)
    assert [*expected, True] == filters.run(f"import vendor\n{code}")
    assert [*expected, True] == filters.run(
        f"from app.registry import FILTERS\nlen(FILTERS)\nimport vendor, importlib\n"
        f"importlib.reload(vendor)\n{code}"
    )


def test_function_of_the_program_is_there_and_is_not_kept(filters: App) -> None:
    """A function registered outside of the package belongs to its process only."""
    code = """
        from app.registry import FILTERS
        @FILTERS.register(tags=["mine"], aliases=["own"])
        def mine(x): 'Of the program.'
        listed = list(FILTERS)
        info = FILTERS.info("own")
        out = listed, info.module, info.doc, info.tags, FILTERS["own"] is mine, \\
            list(FILTERS.search("program")), "own" in FILTERS
        """
    expected = [[*NAMES, "mine"], "__main__", "Of the program.", ["mine"], True, ["mine"], True]

    assert expected == filters.run(code)
    assert expected == filters.run(code)
    assert NAMES == filters.run("from app.registry import FILTERS\nout = list(FILTERS)")


CLAIM = """
from app.registry import FILTERS
{first}
try:
    @FILTERS.register("gaussian")
    def mine(): ...
    list(FILTERS)
except ValueError as error:
    out = type(error).__name__, error.name, error.first, error.second, \\
        "app.filters.blur" in sys.modules
"""


@pytest.mark.parametrize("state", ["cold", "warm"])
@pytest.mark.parametrize("first", ["", "len(FILTERS)"])
def test_function_of_the_program_does_not_take_a_name(first: str, state: str, filters: App) -> None:
    """A name of the package's is refused to others, listed or not, loaded or not."""
    if state == "warm":
        filters.run("from app.registry import FILTERS\nout = len(FILTERS)")

    kind, name, one, two, imported = filters.run(CLAIM.format(first=first))

    assert ["DuplicateFunctionError", "gaussian"] == [kind, name]
    mine = f"mine (registered in __main__, line {7 + BELOW})"
    listed, loaded = (
        "app.filters.blur.gaussian",
        f"gaussian (registered in app.filters.blur, line {4 + BELOW})",
    )
    assert [loaded if first and state == "cold" else listed, mine] == [one, two]
    assert (state == "cold") == imported


def test_two_modules_that_claim_one_name_are_refused(filters: App) -> None:
    """Looking the name up raises and names both functions, cold and warm; all others work."""
    filters.write(
        {
            "app/filters/other.py": "from app.registry import FILTERS\n"
            "@FILTERS.register('sobel')\ndef mine(): ...\n"
        }
    )
    code = """
        import warnings
        warnings.simplefilter("ignore")
        from app.registry import FILTERS
        out = [list(FILTERS), FILTERS["median"].__name__]
        try:
            FILTERS["sobel"]
        except ValueError as error:
            out.append([error.registry, error.name, error.first, error.second])
        """

    folder = filters.folder / "app/filters"
    first = f"app.filters.edges.sobel ({folder}/edges.py)"
    second = f"app.filters.other.mine ({folder}/other.py)"
    answer = [LISTED["functions"], "median_filter", ["filters", "sobel", first, second]]
    assert answer == filters.run(code) == filters.run(code)


@pytest.mark.parametrize(
    ("policy", "holder"), [("error", None), ("first", "gaussian"), ("last", "soft")]
)
def test_aliases_follow_the_policy(policy: str, holder: str | None, filters: App) -> None:
    """An alias of several functions; a name goes before aliases. Others keep what is theirs."""
    path = filters.folder / "app/registry.py"
    path.write_text(
        path.read_text().replace('app.filters"', f'app.filters", on_duplicate={policy!r}')
    )
    filters.write(
        {
            "app/filters/other.py": "from app.registry import FILTERS\n"
            "@FILTERS.register(aliases=['gauss', 'mild', 'sobel'])\ndef soft(): ...\n"
        }
    )
    code = """
        import warnings
        warnings.simplefilter("ignore")
        from app.registry import FILTERS
        def look(name):
            try:
                return FILTERS[name].__name__
            except KeyError:
                return None
        out = [look(name) for name in ("gauss", "mild", "sobel")], sorted(FILTERS.failures)
        """

    loser = ["app.filters.blur:gaussian"] if policy == "last" else []
    answer = [[holder, "soft", "sobel"], [*loser, "app.filters.other:soft"]]
    assert answer == filters.run(code) == filters.run(code)


@pytest.mark.parametrize(
    ("policy", "listed", "holder"),
    [("first", ["a"], "plain"), ("last", ["a"], "other"), ("qualify", ["a", "HERE.a"], "plain")],
)
def test_policy_of_functions_that_nothing_discovers(
    policy: Any, listed: list[str], holder: str
) -> None:
    """They come in the order of their registration."""
    registry = FunctionRegistry("filters", on_duplicate=policy)

    @registry.register("a")
    def plain() -> None: ...

    @registry.register("a")
    def other() -> None: ...

    assert [each.replace("HERE", __name__) for each in listed] == list(registry)
    assert holder == registry["a"].__name__
    assert registry[list(registry)[-1]] in (plain, other)
    assert holder == registry.info("a").original_name


PROGRAM = """

        if __name__ == "__main__":
            import json
            print(json.dumps([
                list(FILTERS), FILTERS.failures, FILTERS.info("sobel").module,
                FILTERS["sobel"](1), FILTERS["gaussian"](1),
            ]))
"""


@pytest.mark.parametrize("state", ["cold", "warm"])
def test_module_that_runs_as_a_program_is_itself(state: str, filters: App) -> None:
    """``python -m`` on a module of the package registers each of its functions once."""
    text = (filters.folder / "app/filters/edges.py").read_text()
    filters.write({"app/filters/edges.py": text.replace("\n", "\n        ") + PROGRAM})
    if state == "warm":
        filters.run("from app.registry import FILTERS\nout = len(FILTERS)")

    done = filters.start(
        "import runpy; runpy.run_module('app.filters.edges', run_name='__main__', alter_sys=True)"
    )

    answer = [NAMES, {}, "app.filters.edges", ["sobel", 1], ["gaussian", 1, 1.0, "nearest"]]
    assert (0, answer) == (done.returncode, json.loads(done.stdout or "0")), done.stderr


def test_registry_that_is_run_as_a_program_leaves_the_cache(filters: App) -> None:
    """``python -m app.registry`` lists another object than that of the plugins: none is saved."""
    filters.write(
        {
            "app/registry.py": """
                from regcache_functions import FunctionRegistry

                FILTERS = FunctionRegistry("filters", package="app.filters")
                if __name__ == "__main__":
                    print(list(FILTERS))
                    FILTERS.refresh()
                """
        }
    )
    cold = filters.run(STATUS)
    done = filters.command("-m", "app.registry")

    assert 0 == done.returncode, done.stderr
    assert [[NAMES, "miss"], [NAMES, "hit"]] == [cold, filters.run(STATUS)]


def test_script_may_hold_its_registry(app: App) -> None:
    """A registry in a program lists its package, and is a hit at the second start."""
    app.write(
        {
            "tools/__init__.py": "",
            "tools/saw.py": "import __main__\n@__main__.TOOLS.register\ndef saw(): return 1\n",
        }
    )
    code = """
        from regcache_functions import FunctionRegistry
        TOOLS = FunctionRegistry("tools", package="tools")
        out = list(TOOLS), TOOLS["saw"](), TOOLS.report.status
        """

    assert [["saw"], 1, "miss"] == app.run(code)
    assert [["saw"], 1, "hit"] == app.run(code)


def test_reload_replaces_quietly(filters: App) -> None:
    """``importlib.reload`` puts the new functions in the place of the old, and describes them."""
    registry = filters.load("app.registry").FILTERS
    before: Any = registry["gaussian"]
    text = (filters.folder / "app/filters/blur.py").read_text()
    filters.write({"app/filters/blur.py": text.replace("sigma", "width").replace('gauss"', 'g"')})

    importlib.reload(sys.modules["app.filters.blur"])

    assert before is not registry["gaussian"] is sys.modules["app.filters.blur"].gaussian
    assert "(image, width: float = 1.0, *, mode='nearest')" == str(registry.info("g").signature)
    assert (NAMES, False) == (list(registry), "gauss" in registry)


RELOAD = """
import importlib
import app.registry, app.filters.{first}
{before}
importlib.reload(app.registry)
FILTERS = app.registry.FILTERS
{listing}
out = None
"""


@pytest.mark.parametrize("first", ["blur", "edges"])
@pytest.mark.parametrize(
    ("before", "listing"),
    [
        ("", "list(FILTERS)"),
        ("", "FILTERS.refresh()"),
        ("list(app.registry.FILTERS)", "FILTERS.refresh()"),
    ],
)
def test_reloaded_registry_is_not_saved(
    before: str, listing: str, first: str, filters: App
) -> None:
    """A registry that does not know what was imported before it keeps its listing to itself."""
    filters.run(RELOAD.format(first=first, before=before, listing=listing))

    assert NAMES == filters.run(STATUS)[0]
    assert [NAMES, "hit"] == filters.run(STATUS)


def test_without_a_cache_every_process_searches(filters: App) -> None:
    """``enable_cache=False`` writes no file, has no report, and refreshes all the same."""
    text = (filters.folder / "app/registry.py").read_text()
    filters.write({"app/registry.py": text.replace('filters")', 'filters", enable_cache=False)')})
    code = f"""
        import os
        from app.registry import FILTERS
        names, imported = list(FILTERS), {IMPORTED}
        os.rename("app/filters/edges.py", "edges.py")
        FILTERS.refresh()
        os.rename("edges.py", "app/filters/edges.py")
        out = names, "app.filters.blur" in imported, list(FILTERS), FILTERS.report
        """

    for _ in range(2):
        assert [NAMES, True, ["gaussian", "median"], None] == filters.run(code)
    assert [] == filters.cache_files()


def test_installed_application_tells_its_distribution(filters: App) -> None:
    """Functions of an application that a distribution installed have its name and version."""
    filters.write(
        {
            "the_app-2.5.dist-info/METADATA": "Name: the-app\nVersion: 2.5\n",
            "the_app-2.5.dist-info/RECORD": "app/__init__.py,,\napp/filters/blur.py,,\n",
            "the_app-2.5.dist-info/top_level.txt": "app\n",
        }
    )
    code = """
        from app.registry import FILTERS
        info = FILTERS.info("sobel")
        out = info.distribution, info.version, FILTERS.report.status
        """

    assert ["the-app", "2.5", "miss"] == filters.run(code)
    assert ["the-app", "2.5", "hit"] == filters.run(code)


@pytest.mark.parametrize(
    ("registration", "name"),
    [
        ("'gauss'", "gauss"),
        ("'new', aliases=['gauss']", "gauss"),
        ("'new', aliases=['sobel']", "sobel"),
    ],
)
def test_names_of_listed_functions_are_taken(registration: str, name: str, filters: App) -> None:
    """A program cannot take the name or alias of a function in the package, cold or warm."""
    code = f"""
from app.registry import FILTERS
from regcache_functions import DuplicateFunctionError
listed = list(FILTERS)
try:
    FILTERS.register({registration})(lambda image: image)
    out = None
except DuplicateFunctionError as error:
    out = [FILTERS.report.status, error.name, list(FILTERS) == listed]
"""
    cold, warm = filters.run(code), filters.run(code)

    assert ["miss", name, True] == cold
    assert ["hit", name, True] == warm

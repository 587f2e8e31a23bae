"""What becomes of a key that several plugins claim: a policy, for each kind of registry."""

import pytest
from throwaway import App, check_after, remove, replace, write

#: By kind: the module that makes the registry.
BASES = {
    "declared": """
        from regcache_meta import AutoRegisterMeta, LazyDiscoveryDict, RegistryConfig
        REG = LazyDiscoveryDict()
        class Base(metaclass=AutoRegisterMeta):
            __registry_config__ = RegistryConfig(
                REG, "key", discovery_package="app.plugins", {options}
            )
        """,
    "scanned": """
        from regcache_meta import LazyDiscoveryDict
        class Base: ...
        REG = LazyDiscoveryDict.for_package("app.plugins", Base, key="key", {options})
        """,
    "functions": """
        from regcache_functions import FunctionRegistry
        REG = FunctionRegistry("plugins", package="app.plugins", {options})
        """,
}
_CLASSES = "from app.base import Base\n", "class {name}(Base): key = {name!r}\n"
_FUNCTIONS = "from app.base import REG\n", "@REG.register\ndef {name}(): ...\n"
PARTS = {"declared": _CLASSES, "scanned": _CLASSES, "functions": _FUNCTIONS}
KINDS = [*BASES]
POLICIES = ["error", "first", "last", "qualify"]

LOOK = """
import warnings
warnings.simplefilter("ignore")
{before}
from app.base import REG
keys = list(REG)
assert all(key in REG for key in keys)
def look(key):
    try:
        return REG[key].__module__.removeprefix("app.plugins.")
    except (KeyError, ValueError) as error:
        return type(error).__name__.removesuffix("Error")[:9]
answer = [keys, [look(key) for key in [*keys, "HTTP"]], sorted(REG.failures)]
report = REG.report
out = [answer, report and report.status, report and report.saved and report.saved.status]
"""
#: By policy: the keys, where each of them and the claimed one lead, and who is told of.
ANSWERS: dict[str, list[list[str]]] = {
    "error": [["HTTP", "Zip"], ["Duplicate", "slow", "Duplicate"], ["app.plugins.slow:HTTP"]],
    "first": [["HTTP", "Zip"], ["fast", "slow", "fast"], ["app.plugins.slow:HTTP"]],
    "last": [["HTTP", "Zip"], ["slow", "slow", "slow"], ["app.plugins.fast:HTTP"]],
    "qualify": [["fast.HTTP", "slow.HTTP", "Zip"], ["fast", "slow", "slow", "UnknownK"], []],
}


def module(kind: str, *names: str, before: str = "") -> str:
    """A module with plugins of these names, which are their keys."""
    head, each = PARTS[kind]
    return head + before + "".join(each.format(name=name) for name in names)


def make(app: App, kind: str, policy: str, options: str = "") -> None:
    """Write an application in which two modules claim one key."""
    options = f"on_duplicate={policy!r}, {options}"
    app.write(
        {
            "app/__init__.py": "",
            "app/base.py": BASES[kind].format(options=options),
            "app/plugins/__init__.py": "",
            "app/plugins/fast.py": module(kind, "HTTP"),
            "app/plugins/slow.py": module(kind, "HTTP", "Zip"),
        }
    )


def expected(kind: str, policy: str) -> list[list[str]]:
    """The answer of an application that ``make`` wrote."""
    unknown = "UnknownFu" if kind == "functions" else "UnknownKe"
    keys, found, failed = ANSWERS[policy]
    return [keys, [unknown if each == "UnknownK" else each for each in found], failed]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(
    "before", ["", "import app.plugins.slow", "import app.plugins.slow, app.plugins.fast"]
)
def test_policy_says_who_has_a_key(before: str, policy: str, kind: str, app: App) -> None:
    """Cold, warm and without a cache alike, whichever module was imported first."""
    make(app, kind, policy)
    look, plain = LOOK.format(before=before), LOOK.format(before="")
    cold, plain_warm, warm = app.run(look), app.run(plain), app.run(look)
    uncached = app.run(look, REGCACHE_DISABLE="1")

    answer = expected(kind, policy)
    assert [answer, "miss", "saved"] == cold
    assert [[answer, "hit", None]] * 2 == [plain_warm, warm]
    assert answer == uncached[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("policy", POLICIES)
def test_order_is_that_of_the_walk(policy: str, kind: str, app: App) -> None:
    """Not that of imports: here the package imports the module that comes last."""
    make(app, kind, policy)
    app.write({"app/plugins/__init__.py": "from app.plugins import slow\n"})
    if kind == "functions":  # it comes with the package then, but its place is the same
        app.write({"app/plugins/__init__.py": "import app.plugins.slow\n"})
    look = LOOK.format(before="")

    answer = expected(kind, policy)
    assert [answer, "miss", "saved"] == app.run(look)
    assert [answer, "hit", None] == app.run(look)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(
    "edit", ["first gone", "last gone", "first renamed", "last renamed", "third"]
)
def test_edits_of_rivals_are_seen(edit: str, policy: str, kind: str, app: App) -> None:
    """Whoever has the key and whoever has not: both files are inputs."""
    make(app, kind, policy)
    change = {
        "first gone": remove("app/plugins/fast.py"),
        "last gone": remove("app/plugins/slow.py"),
        "first renamed": replace("app/plugins/fast.py", "HTTP", "Other"),
        "last renamed": replace("app/plugins/slow.py", "HTTP", "Other"),
        "third": write("app/plugins/third.py", module(kind, "HTTP")),
    }[edit]

    check_after(app, change, LOOK.format(before=""))


@pytest.mark.parametrize("kind", KINDS)
def test_optional_dependency_that_comes_costs_one_key(kind: str, app: App) -> None:
    """Until then the module that lacks it has failed; then its key clashes, all others work."""
    make(app, kind, "error")
    app.write({"app/plugins/fast.py": module(kind, "HTTP", before="import optional_thing\n")})
    look = LOOK.format(before="")

    keys, found, failed = app.run(look)[0]
    assert [["HTTP", "Zip"], ["slow"] * 3, ["app.plugins.fast"]] == [keys, found, failed]
    app.write({"optional_thing.py": ""})
    assert [expected(kind, "error"), "miss", "saved"] == app.run(look)
    app.remove("optional_thing.py")
    assert [[keys, found, failed], "miss", "saved"] == app.run(look)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("policy", "raises"), [("error", True), ("first", False), ("last", False), ("qualify", False)]
)
def test_strict_raises_at_once(policy: str, raises: bool, kind: str, app: App) -> None:
    """Unless a policy says who has the key."""
    make(app, kind, policy, "strict=True")
    code = """
from app.base import REG
try:
    out = [len(REG)]
except ValueError as error:
    out = [type(error).__name__[:9], "app.plugins.fast" in str(error)]
"""

    listed = len(expected(kind, policy)[0])
    assert (["Duplicate", True] if raises else [listed]) == app.run(code)
    assert (0 if raises else 1) == len(app.cache_files())


@pytest.mark.parametrize("kind", KINDS)
def test_another_policy_is_a_miss(kind: str, app: App) -> None:
    """The policy is a part of the set-up: what another one found is not believed."""
    make(app, kind, "POLICY")
    base = app.folder / "app/base.py"
    text = base.read_text().replace("'POLICY'", "os.environ['POLICY']")
    app.write({"app/base.py": "import os\n" + text})
    look = LOOK.format(before="")
    for policy in POLICIES:
        assert [expected(kind, policy), "miss", "saved"] == app.run(look, POLICY=policy)
        assert "hit" == app.run(look, POLICY=policy)[1]
    # A base class has one registry; others may be made over the same package.
    assert (1 if kind == "declared" else len(POLICIES)) == len(app.cache_files())


def test_two_policies_of_one_process_do_not_share_a_file(app: App) -> None:
    """Two registries over one package that differ in nothing else have each their own."""
    make(app, "scanned", "first")
    code = """
import warnings
warnings.simplefilter("ignore")
from app.base import REG, Base
again = REG.for_package("app.plugins", Base, key="key", on_duplicate="last")
out = [[each["HTTP"].__module__[-4:], each.report.status] for each in (REG, again)]
"""

    app.run(code)
    assert [["fast", "hit"], ["slow", "hit"]] == app.run(code)


@pytest.mark.parametrize("kind", KINDS)
def test_lookups_name_both_and_what_to_do(kind: str, app: App) -> None:
    """Cold and warm alike: ``[]``, ``get`` and ``info`` raise; listing warns, and goes on."""
    make(app, kind, "error")
    code = """
import warnings
from app.base import REG
def told(ask):
    try:
        return ask("HTTP")
    except ValueError as error:
        return [error.key, error.first, error.second, str(error)]
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    one, two, three = [told(ask) for ask in (REG.__getitem__, REG.get, REG.info)]
out = [one == two == three, one, [str(each.message) for each in caught], str(REG.failures)]
"""
    cold, warm = app.run(code), app.run(code)

    folder = app.folder / "app/plugins"
    key, first, second, text = cold[1]
    assert cold[0]
    assert "HTTP" == key
    assert f"app.plugins.fast.HTTP ({folder}/fast.py)" == first
    assert f"app.plugins.slow.HTTP ({folder}/slow.py)" == second
    assert "on_duplicate=" in text
    assert [text] == [each.partition(": ")[2] for each in cold[2]]
    assert second in cold[3]
    assert [*cold[:2], [], cold[3]] == warm


@pytest.mark.parametrize("kind", KINDS)
def test_three_rivals_and_a_refresh(kind: str, app: App) -> None:
    """All but one are told of, in every process and after each discovery alike."""
    make(app, kind, "first")
    app.write({"app/plugins/third.py": module(kind, "Last", "HTTP", "Zip")})
    look = LOOK.format(before="")
    again = LOOK.format(before="").replace(
        "keys = list(REG)", "list(REG); REG.refresh(); keys = list(REG)"
    )

    answer = [
        ["HTTP", "Zip", "Last"],
        ["fast", "slow", "third", "fast"],
        ["app.plugins.slow:HTTP", "app.plugins.third:HTTP", "app.plugins.third:Zip"],
    ]
    assert [answer, "miss", "saved"] == app.run(look)
    assert [answer, "hit", None] == app.run(look)
    assert answer == app.run(again)[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("policy", POLICIES)
def test_fresh_process_finds_the_same(policy: str, kind: str, app: App) -> None:
    """``verify`` compares rivals, too."""
    make(app, kind, policy)
    code = """
import warnings
warnings.simplefilter("ignore")
from app.base import REG
list(REG)
out = str(REG.verify())
"""

    assert app.run(code).startswith("equal to a fresh discovery")


@pytest.mark.parametrize("kind", KINDS)
def test_rival_of_a_module_that_fails_has_the_key(kind: str, app: App) -> None:
    """What a module claimed before it failed counts no more, and the key is nobody else's."""
    make(app, kind, "error")
    broken = module(kind, "HTTP") + "import app.plugins.slow\n1 / 0\n"
    method = "class Box:\n    @REG.register\n    @staticmethod\n    def HTTP(): ...\n"
    text = PARTS[kind][0] + method if kind == "functions" else module(kind, "HTTP")
    app.write({"app/plugins/fast.py": broken, "app/plugins/slow.py": text})
    look = LOOK.format(before="")

    answer = [["HTTP"], ["slow", "slow"], ["app.plugins.fast"]]
    assert [answer, "miss", "saved"] == app.run(look)
    assert [answer, "hit", None] == app.run(look)


@pytest.mark.parametrize("kind", KINDS)
def test_loaded_plugin_stays_when_a_rival_comes(kind: str, app: App) -> None:
    """In a process that runs on; what came with the rival is found there too."""
    make(app, kind, "error")
    rival = module(kind, "HTTP", "More")
    code = f"""
import pathlib, warnings
warnings.simplefilter("ignore")
from app.base import REG
before = REG["Zip"]
pathlib.Path("app/plugins/third.py").write_text({rival.replace("HTTP", "Zip")!r})
out = [REG["More"].__module__, REG["Zip"] is before]
"""

    assert ["app.plugins.third", True] == app.run(code)
    assert "Duplicate" == app.run(LOOK.format(before=""))[0][1][1]


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_policy_is_refused(kind: str, app: App) -> None:
    """At the declaration, with the policies that there are."""
    make(app, kind, "newest")

    done = app.start("import app.base")

    assert "on_duplicate is 'newest'; give one of ('error', 'first'" in done.stderr


@pytest.mark.parametrize("kind", ["declared", "functions"])
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("state", ["cold", "warm"])
def test_what_a_program_adds_later(state: str, policy: str, kind: str, app: App) -> None:
    """A clash outside of the package raises at once, unless a policy says who has the key."""
    make(app, kind, policy)
    app.write({"app/plugins/slow.py": module(kind, "Zip")})
    mine = module(kind, "HTTP").replace("\n", "\n    ").strip()
    code = f"""
import warnings
warnings.simplefilter("error")
from app.base import REG
list(REG)
try:
    {mine}
    raised = False
except ValueError:
    raised = True
out = [raised, {{key: REG[key].__module__[-8:] for key in REG}}]
"""
    if state == "warm":
        app.run("from app.base import REG\nout = len(REG)")

    added = {"last": {"HTTP": "__main__"}, "qualify": {"__main__.HTTP": "__main__"}}
    keys = {"HTTP": "ins.fast", "Zip": "ins.slow"}
    assert [policy == "error", {**keys, **added.get(policy, {})}] == app.run(code)


@pytest.mark.parametrize("kind", ["declared", "scanned"])
@pytest.mark.parametrize("slow", ["", "    __registry_replaces__ = 'app.plugins.fast:HTTP'\n"])
@pytest.mark.parametrize("before", ["", "fast", "slow", "third"])
def test_replaced_class_is_listed_nowhere(before: str, slow: str, kind: str, app: App) -> None:
    """Nor where others of its key have places, one of which replaces it, or each."""
    make(app, kind, "qualify")
    rival = module(kind, "HTTP").replace(": key", ":\n    key")
    third = "    __registry_replaces__ = 'app.plugins.fast.HTTP'\n"
    app.write({"app/plugins/slow.py": rival + slow, "app/plugins/third.py": rival + third})
    look = LOOK.format(before=f"import app.plugins.{before}" if before else "")

    answer = [["slow.HTTP", "third.HTTP"], ["slow", "third", "UnknownKe"], []]
    assert [answer, "miss", "saved"] == app.run(look)
    assert [answer, "hit", None] == app.run(look)
    assert answer == app.run(look, REGCACHE_DISABLE="1")[0]


@pytest.mark.parametrize("kind", ["declared", "functions"])
@pytest.mark.parametrize(
    ("policy", "is_first"),
    [*((policy, False) for policy in POLICIES), ("error", True), ("qualify", True)],
)
def test_rival_that_comes_by_a_reload(policy: str, is_first: bool, kind: str, app: App) -> None:
    """Of the same module: what a fresh process finds then is found in this one."""
    make(app, kind, policy)
    before, more = module(kind, "Zip"), PARTS[kind][1].format(name="Other")
    more = more.replace("register", "register('Zip')").replace("'Other'", "'Zip'")
    head = PARTS[kind][0]
    after = head + more + before[len(head) :] if is_first else before + more
    app.write({"app/plugins/slow.py": before})
    look = """
def look(key):
    try:
        return REG[key].__qualname__
    except ValueError as error:
        return type(error).__name__
out = [[key, look(key)] for key in REG]
"""
    start = "import warnings\nwarnings.simplefilter('ignore')\nfrom app.base import REG\n"
    code = f"""{start}
import importlib, pathlib, sys
assert REG["Zip"]
pathlib.Path("app/plugins/slow.py").write_text({after!r})
importlib.invalidate_caches()
importlib.reload(sys.modules["app.plugins.slow"])
{look}"""
    for state in ("cold", "warm"):
        app.write({"app/plugins/slow.py": before})
        found = app.run(code)
        fresh = app.run(start + look, REGCACHE_DISABLE="1")

        assert [state, fresh] == [state, found]
        app.write({"app/plugins/slow.py": before})
        app.run(start + look)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("policy", POLICIES)
def test_failures_say_who_has_the_key(policy: str, kind: str, app: App) -> None:
    """They advise to choose only where nothing says who has it."""
    make(app, kind, policy)
    code = """
import warnings
warnings.simplefilter("ignore")
from app.base import REG
out = [str(each) for each in REG.failures.values()]
"""
    places = ["app.plugins.fast.HTTP", "app.plugins.slow.HTTP"]
    first, second = reversed(places) if policy == "last" else places

    told = app.run(code)
    assert (0 if policy == "qualify" else 1) == len(told)
    for text in told:
        assert text.index(first) < text.index(second)
        assert (policy == "error") == ("on_duplicate=" in text)


@pytest.mark.parametrize(
    "before",
    [
        "import outside",
        "from app.base import REG; len(REG); import outside",
        "import app.plugins.slow, outside",
        "import outside, app.plugins.slow",
    ],
)
def test_function_of_the_application_that_comes_last_keeps_the_name(before: str, app: App) -> None:
    """In this process, cold and warm, whatever else is loaded; no other one knows of it."""
    make(app, "functions", "last")
    app.write({"outside.py": module("functions", "HTTP")})
    look = LOOK.format(before=before + "\nfrom app.base import REG; REG['Zip']")

    answer = [["HTTP", "Zip"], ["outside", "slow", "outside"], ["app.plugins.fast:HTTP"]]
    assert [answer] * 3 == [app.run(look)[0] for _ in range(3)]
    assert expected("functions", "last") == app.run(LOOK.format(before=""))[0]


def test_function_named_like_a_place(app: App) -> None:
    """Its rival has no other name, cold and warm alike."""
    make(app, "functions", "qualify")
    named = module("functions", "More").replace("register", "register('slow.HTTP')")
    app.write({"app/plugins/fast.py": named + PARTS["functions"][1].format(name="HTTP")})
    look = LOOK.format(before="")

    cold = app.run(look)[0]
    assert [["slow.HTTP", "fast.HTTP", "Zip"], ["Duplicate", "fast", "slow"]] == [
        cold[0],
        cold[1][:3],
    ]
    assert cold == app.run(look)[0]

"""Modules that a discovery leaves out, and what it says of that."""

from fnmatch import fnmatchcase
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st
from throwaway import FILES, FOLDER, LIST, LISTED, App, plugin

from regcache_core._patterns import fits, is_pattern
from regcache_core.discovery import excluded_as

#: Where the registry of each kind is declared, and how it excludes.
DECLARED = {
    "classes": ("app/readers/base.py", '__registry_key__ = "format"', "__registry_exclude__ = {}"),
    "functions": ("app/registry.py", 'package="app.filters"', "exclude={}"),
}
SEE = """
keys = sorted(REG)
imported = sorted(each for each in sys.modules if each.partition(".")[2].startswith("FOLDER."))
out = [keys, REG.skipped, REG.report.status, "app.FOLDER.tests.odd" in imported]
"""


def see(app: App, kind: str, more: str = "") -> object:
    """What is listed, what was left out, and whether the odd one is imported."""
    return app.run(f"{LIST[kind]}{SEE.replace('FOLDER', FOLDER[kind])}{more}")


def exclude(app: App, kind: str, patterns: object) -> None:
    """Let the registry leave modules out."""
    file, after, how = DECLARED[kind]
    text = FILES[kind][file]
    assert after in text
    sep = "\n            " if kind == "classes" else ", "
    app.write({file: text.replace(after, f"{after}{sep}{how.format(repr(patterns))}")})


@pytest.fixture
def app(kind: str, tmp_path: object) -> App:
    """An application of that kind with tests among its plugins."""
    app = App(tmp_path)  # type: ignore[arg-type]
    odd = plugin(kind, "'odd'")
    tests = {"tests/__init__.py": "", "tests/odd.py": odd, "contests.py": odd.replace("odd", "own")}
    app.write(FILES[kind])
    app.write({f"app/{FOLDER[kind]}/{name}": text for name, text in tests.items()})
    return app


def test_own_modules_count_unless_they_are_excluded(kind: str, app: App) -> None:
    """By whole parts of names; cold and warm alike; another pattern is another answer."""
    folder = f"app.{FOLDER[kind]}"
    before = see(app, kind)
    exclude(app, kind, ["tests", "setup"])
    cold, warm = see(app, kind), see(app, kind)
    exclude(app, kind, ["test*.o*"])
    dotted = see(app, kind)

    own = sorted([*LISTED[kind], "own"])
    assert [sorted([*own, "odd"]), {}, "miss", True] == before
    left_out = {f"{folder}.tests": "excluded by 'tests'"}
    assert [[own, left_out, "miss", False], [own, left_out, "hit", False]] == [cold, warm]
    assert [own, {f"{folder}.tests.odd": "excluded by 'test*.o*'"}, "miss", False] == dotted


@pytest.mark.parametrize("when", ["at import of a plugin", "by the program"])
def test_what_others_import_of_an_excluded_module_does_not_count(
    when: str, kind: str, app: App
) -> None:
    """Neither cold nor warm, whoever imports it."""
    exclude(app, kind, ["tests"])
    if when == "at import of a plugin":
        file = next(
            each
            for each in FILES[kind]
            if f"app/{FOLDER[kind]}/" in each and "base" not in each and "__" not in each
        )
        first = f"from app.{FOLDER[kind]}.tests import odd\n"
        app.write({file: first + dedent(FILES[kind][file])})
    more = f"""
out += [REG[key] and sorted(REG) for key in keys]
import app.{FOLDER[kind]}.tests.odd
out += [sorted(REG), sorted(REG.registered())]
"""

    cold, warm = see(app, kind, more), see(app, kind, more)

    own = sorted([*LISTED[kind], "own"])
    assert [[own] * (len(own) + 3)] * 2 == [[seen[0], *seen[4:]] for seen in (cold, warm)]


@pytest.mark.parametrize("wrong", ["tests", [5], [""], ["a..b"], 3])
def test_wrong_patterns_are_refused(wrong: object, kind: str, app: App) -> None:
    """One text, what is no text, and what can fit no name."""
    exclude(app, kind, wrong)

    done = app.start(LIST[kind])

    assert "ConfigError" in done.stderr
    assert f"exclude{'__' if kind == 'classes' else ''} is {wrong!r}" in done.stderr


@pytest.mark.parametrize(
    ("module", "patterns", "found"),
    [
        ("lib.tests.a", ["tests"], ("lib.tests", "tests")),
        ("lib.a.tests", ["tests"], ("lib.a.tests", "tests")),
        ("lib.contests", ["tests"], None),
        ("lib.a_test", ["*_test"], ("lib.a_test", "*_test")),
        ("lib.old.a.b", ["old.a"], ("lib.old.a", "old.a")),
        ("lib.old.b", ["old.a"], None),
        ("lib.x.old.b", ["old.*"], ("lib.x.old.b", "old.*")),
        ("lib.Tests", ["tests"], None),
        ("tests", ["tests"], None),
        ("tests.tests.a", ["tests"], ("tests.tests", "tests")),
        ("lib", ["*"], None),
        ("lib.a", ["*"], ("lib.a", "*")),
    ],
)
def test_patterns_fit_whole_parts_below_the_package(
    module: str, patterns: list[str], found: object
) -> None:
    """Case included; the package's own name is not compared."""
    assert found == excluded_as(module, module.partition(".")[0], patterns)


@given(st.text("ab*?[]!-", max_size=6), st.text("ab*?[]!-", max_size=6))
def test_patterns_fit_as_those_of_the_standard_library(name: str, pattern: str) -> None:
    """Though it is not imported for most."""
    assert fnmatchcase(name, pattern) == fits(name, pattern) or not is_pattern(pattern)


LIBRARY = {
    "lib/__init__.py": "__all__ = []\n",
    "lib/a.py": "__all__ = ['A', 'f']\nfrom lib_base import Base\nclass A(Base): key = 'a'\n"
    "class NoKey(Base): ...\ndef f(): ...\n",
    "lib/setup.py": "raise SystemExit('usage')\n",
    "lib/conftest.py": "raise SystemExit('no tests here')\n",
    "lib/tests/__init__.py": "raise SystemExit('no tests here')\n",
    "lib/sub/__init__.py": "",
    "lib/sub/tests/__init__.py": "raise SystemExit('no tests here')\n",
    "lib_base.py": "class Base: ...\n",
}
FOREIGN = {
    "classes": "from regcache_meta import LazyDiscoveryDict\nfrom lib_base import Base\n"
    "REG = LazyDiscoveryDict.for_package('lib', Base, key='key')",
    "functions": "from regcache_functions import FunctionRegistry\n"
    "REG = FunctionRegistry.scan('lib')",
}


def test_tests_of_libraries_are_left_out(kind: str, tmp_path: object) -> None:
    """With setup and conftest, at every depth; classes without a key are named beside them."""
    app = App(tmp_path)  # type: ignore[arg-type]
    app.write(LIBRARY)
    code = f"{FOREIGN[kind]}\nout = [*REG], REG.skipped, REG.failures"

    seen = [app.run(code), app.run(code)]

    names = "lib.conftest", "lib.setup", "lib.sub.tests", "lib.tests"
    left_out = {each: f"excluded by {each.rpartition('.')[2]!r}" for each in names}
    keyless = {"lib.a:NoKey": "it has no key"} if kind == "classes" else {}
    assert [[["a" if kind == "classes" else "f"], {**left_out, **keyless}, {}]] * 2 == seen

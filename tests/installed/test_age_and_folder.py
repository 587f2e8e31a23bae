"""How old an answer may be, and where its file lies, are arguments of every registry."""

from pathlib import Path
from typing import Any

import pytest
from throwaway import App

OPTIONS = """
import os
from numbers import Rational
from regcache_functions import FunctionRegistry
from regcache_meta import AutoRegisterMeta, LazyDiscoveryDict, RegistryConfig
DAYS, FOLDER = eval(os.environ.get("DAYS", "7")), os.environ.get("FOLDER")
OPTIONS = {"max_age_days": DAYS, "cache_dir": FOLDER}
"""
CLASS = "from app.base import Base\nclass One(Base): key = 'one'\n"
FUNCTION = "from app.base import REG\n@REG.register\ndef one(): ...\n"
#: By kind: how a registry is declared, and a plugin of it.
KINDS = {
    "attributes": (
        """
class Base(metaclass=AutoRegisterMeta):
    __registry_key__ = "key"
    __registry_max_age_days__ = DAYS
    __registry_cache_dir__ = FOLDER
REG = Base.__registry__
""",
        CLASS,
    ),
    "config": (
        """
REG = LazyDiscoveryDict()
class Base(metaclass=AutoRegisterMeta):
    __registry_config__ = RegistryConfig(REG, "key", **OPTIONS)
""",
        CLASS,
    ),
    "functions": ("REG = FunctionRegistry('one', package='app', **OPTIONS)\n", FUNCTION),
    "for_package": (
        "REG = LazyDiscoveryDict.for_package('fractions', Rational, **OPTIONS)\n",
        "",
    ),
    "scan": ("REG = FunctionRegistry.scan('json', **OPTIONS)\n", ""),
}
LIST = """
import pickle, time
later, real, real_ns = {later} * 86400, time.time, time.time_ns
time.time, time.time_ns = lambda: real() + later, lambda: real_ns() + later * 10**9
from app.base import REG
keys = list(REG)
again = pickle.loads(pickle.dumps(REG))
assert keys == list(again) != []
assert again is REG or again.report.status == "hit", again.report.why()
report = REG.report
out = [report.status, report.reason and report.why(), [report.path, again.report.path]]
"""
TOO_OLD = "the cache file is older than allowed: {} days old, at most {} are believed"


@pytest.fixture(params=KINDS)
def kind(app: App, request: pytest.FixtureRequest) -> App:
    """An application with a registry of each kind."""
    declared, plugin = KINDS[request.param]
    app.write({"app/__init__.py": "", "app/base.py": OPTIONS + declared, "app/one.py": plugin})
    return app


def listed(app: App, later: float = 0, **environment: str) -> Any:
    """Status, reason and paths of a start that is some days later."""
    return app.run(LIST.format(later=later), **environment)


@pytest.mark.parametrize(
    ("days", "young", "old", "words"),
    [("7", 6.9, 8, ("8.0", 7)), ("0.5", 0.4, 0.6, ("0.6", 0.5)), ("None", 1000, None, ())],
)
def test_registry_says_how_old_its_answer_may_be(
    days: str, young: float, old: float | None, words: Any, kind: App
) -> None:
    """Up to then it is a hit; after that a miss, which says in days how old it was."""
    listed(kind, DAYS=days)

    assert ["hit", None] == listed(kind, young, DAYS=days)[:2]
    if old is not None:
        assert ["miss", TOO_OLD.format(*words)] == listed(kind, old, DAYS=days)[:2]


def test_age_is_no_part_of_the_answer(kind: App) -> None:
    """Registries that differ in nothing else share a file; each says what it believes of it."""
    paths = listed(kind, DAYS="None")[2]

    assert ["hit", None, paths] == listed(kind, 3, DAYS="4")
    assert ["miss", TOO_OLD.format("3.0", 2)] == listed(kind, 3, DAYS="2")[:2]


def test_file_lies_in_the_folder_that_a_registry_names(kind: App, tmp_path: Path) -> None:
    """And nothing elsewhere; what is pickled, by reference or by its arguments, finds it again."""
    folder = tmp_path / "theirs"
    first = listed(kind, FOLDER=str(folder))
    (file,) = folder.rglob("*.json")

    assert ["miss", [str(file)] * 2] == [first[0], first[2]]
    assert ["hit", None, [str(file)] * 2] == listed(kind, FOLDER=str(folder))
    assert [] == kind.cache_files()
    assert "miss" == listed(kind)[0]
    assert [file.name] == [each.name for each in kind.cache_files()]


def test_relative_folder_is_that_of_the_declaration(app: App) -> None:
    """A scan that is opened again elsewhere, by its arguments, goes on there."""
    found = app.run(
        """
        import os, pickle
        from fractions import Fraction
        from numbers import Rational
        from regcache_functions import FunctionRegistry
        from regcache_meta import LazyDiscoveryDict
        places = []
        for registry in (
            LazyDiscoveryDict.for_package("fractions", Rational, cache_dir="here"),
            FunctionRegistry.scan("json", cache_dir="here"),
        ):
            start = os.getcwd()
            os.chdir("/")
            again = pickle.loads(pickle.dumps(registry))
            list(again)
            os.chdir(start)
            places.append(os.path.relpath(again.report.path).split(os.sep)[0])
        out = places
        """
    )

    assert ["here", "here"] == found

"""Modules of functions that fail to import: kept, told, and tried again when it makes sense."""

import pickle
from typing import Any

import pytest
from throwaway import App

from regcache_core import RegcacheError
from regcache_functions import (
    DuplicateFunctionError,
    FactsError,
    FunctionImportError,
    ScanError,
    TrialError,
    UnknownFunctionError,
    UnnamedFunctionError,
)

LIST = """
import warnings
from app.registry import FILTERS
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    names = list(FILTERS)
report = FILTERS.report
out = {"names": names, "failures": FILTERS.failures, "warned": [str(w.message) for w in caught],
       "status": report.status, "reason": str(report), "where": [w.filename for w in caught],
       "saved": report.saved and (report.saved.reason and report.saved.reason.name)}
"""
NAMES = ["gaussian", "median", "sobel"]
BAD = "app/filters/bad.py"
GOOD = "from app.registry import FILTERS\n@FILTERS.register\ndef good(): ...\n"


@pytest.mark.parametrize(
    ("text", "error", "line"),
    [
        ("x = 1\n\ndef f(:\n", "SyntaxError: invalid syntax (bad.py, line 3)", 3),
        (GOOD + "raise ValueError('after a function')\n", "ValueError: after a function", 4),
    ],
)
def test_failures_are_kept(text: str, error: str, line: int, filters: App) -> None:
    """Error and place are told warm as cold; the warning comes once, at the line that listed."""
    filters.write({BAD: text})
    cold, warm = filters.run(LIST), filters.run(LIST)

    assert NAMES == cold["names"] == warm["names"]
    assert {"app.filters.bad": f"{error} at {filters.folder}/{BAD}:{line}"} == cold["failures"]
    assert cold["failures"] == warm["failures"]
    assert [f"app.filters.bad failed to import: {error}"] == cold["warned"]
    assert (["<string>"], []) == (cold["where"], warm["warned"])


FACTS = {
    "app/registry.py": """
        import attrs
        from regcache_functions import FunctionRegistry
        @attrs.frozen
        class Cost:
            seconds: float
            where: tuple[str, ...] = ()
        FILTERS: FunctionRegistry[Cost] = FunctionRegistry("filters", "app.filters", facts=Cost)
        """,
    "app/filters/blur.py": "from app.registry import FILTERS\n"
    "@FILTERS.register(seconds=1.5, where=('cpu', 'gpu'))\ndef blur(): ...\n",
    "app/filters/edges.py": "from app.registry import FILTERS\n"
    "@FILTERS.register(seconds=2)\ndef edges(): ...\n",
}


def test_facts_of_a_declared_class_come_back(filters: App) -> None:
    """An attrs class of facts is made again from the file, nothing of the package imported."""
    filters.write(FACTS)
    code = """
        from app.registry import FILTERS, Cost
        facts = [FILTERS.info(name).facts for name in FILTERS]
        slow = list(FILTERS.query(where=lambda info: info.facts.seconds > 1.7))
        out = facts == [Cost(1.5, ("cpu", "gpu")), Cost(2)], slow, "app.filters" in sys.modules
        """

    assert [True, ["edges"], True] == filters.run(code)
    assert [True, ["edges"], False] == filters.run(code)


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        ("register(grain=1)", "FactsError: filters: the facts of 'bad' do not fit: TypeError: "),
        ("register()", "FactsError: filters: the facts of 'bad' do not fit: TypeError: "),
        ("register(name='', seconds=1)", "ConfigError"),
        ("register(seconds=1, price=1)", "FactsError"),
        ("register(seconds='x')", "FactsError"),
    ],
)
def test_refused_registration_costs_its_module(call: str, problem: str, filters: App) -> None:
    """What we refuse is told with the line that gave it, and costs no other module."""
    text = f"from app.registry import FILTERS\n\ndef bad(): ...\nFILTERS.{call}(bad)\n"
    filters.write({**FACTS, BAD: text})

    cold, warm = filters.run(LIST), filters.run(LIST)

    told = cold["failures"]["app.filters.bad"]
    assert told.startswith(problem)
    assert told.endswith(f" at {filters.folder / BAD}:4")
    assert (["blur", "edges"], ["app.filters.bad"]) == (cold["names"], list(cold["failures"]))
    assert (cold["names"], cold["failures"]) == (warm["names"], warm["failures"])


def test_facts_that_no_file_can_hold_are_not_kept(filters: App) -> None:
    """An object among the facts is there in this process; the report says why nothing is saved."""
    filters.write({BAD: GOOD.replace("register", "register(what=object)")})

    for _ in range(2):
        answer = filters.run(LIST)

        assert ["good", *NAMES] == answer["names"]
        assert ("miss", "NOT_SERIALIZABLE") == (answer["status"], answer["saved"])


@pytest.mark.parametrize(
    "body",
    [
        "def make():\n    class A:\n        @FILTERS.register\n        @classmethod\n"
        "        def f(cls): ...\nmake()\n",
        "class A:\n    @FILTERS.register\n    @classmethod\n    def f(cls): ...\ndel A\n",
    ],
    ids=["in a function", "deleted"],
)
def test_classmethod_that_nothing_leads_to_costs_its_module(body: str, filters: App) -> None:
    """A classmethod of a class that cannot be found is a failure of that module alone."""
    filters.write({BAD: GOOD + body})

    cold, warm = filters.run(LIST), filters.run(LIST)

    assert (NAMES, ["app.filters.bad"]) == (cold["names"], list(cold["failures"]))
    assert (NAMES, cold["failures"], "hit") == (warm["names"], warm["failures"], warm["status"])


def test_listed_function_that_fails_now_is_an_import_error(filters: App) -> None:
    """A function that is listed but fails when it is asked for names its module and the cause."""
    filters.write({BAD: "import os\nif 'BREAK' in os.environ: raise OSError('device')\n" + GOOD})
    filters.run(LIST)
    code = """
        from app.registry import FILTERS
        names = list(FILTERS)
        try:
            FILTERS.info("good")()
        except ImportError as error:
            out = [names, type(error).__name__, str(error), error.registry, error.function,
                   error.name, repr(error.__cause__), FILTERS["sobel"](1)]
        """

    assert [
        ["good", *NAMES],
        "FunctionImportError",
        "filters: 'good' is listed, but its module app.filters.bad fails to give it: "
        "OSError('device'). Mend the module, or call refresh() to list without it.",
        "filters",
        "good",
        "app.filters.bad",
        "OSError('device')",
        ["sobel", 1],
    ] == filters.run(code, BREAK="1")


def test_unknown_name_tells_the_modules_that_failed(filters: App) -> None:
    """Where modules failed, an unknown function might have been theirs: the error says so."""
    filters.write({BAD: "1 / 0\n"})
    filters.run(LIST)
    registry = filters.load("app.registry").FILTERS

    with pytest.raises(UnknownFunctionError) as caught:
        registry["gausian"]

    assert (
        "filters has no function 'gausian'. Did you mean 'gaussian'? These modules failed to "
        "import (see .failures): app.filters.bad." == str(caught.value)
    )


@pytest.mark.parametrize(
    ("strict", "broken", "message"),
    [
        (True, BAD, "app.filters.bad: ZeroDivisionError: division by zero"),
        (False, "app/filters/__init__.py", "app.filters: ZeroDivisionError: division by zero"),
    ],
    ids=["strict", "the package itself"],
)
def test_search_raises(strict: bool, broken: str, message: str, filters: App) -> None:
    """With ``strict`` any module that fails is an error at once; without, the package itself."""
    text = (filters.folder / "app/registry.py").read_text()
    filters.write(
        {
            broken: "1 / 0\n",
            "app/registry.py": text.replace('filters")', f'filters", strict={strict})'),
        }
    )
    code = """
        from app.registry import FILTERS
        out = []
        for use in (len, list):
            try:
                use(FILTERS)
            except ImportError as error:
                out.append([type(error).__name__, str(error), repr(error.__cause__)[:17]])
        """

    told = ["ScanError", f"cannot look for functions in {message}", "ZeroDivisionError"]
    assert [told, told] == filters.run(code)
    assert [] == filters.cache_files()


def test_names_of_a_failed_module_are_free(filters: App) -> None:
    """Names and aliases that a module registered before it failed may be registered by another."""
    filters.write(
        {
            "app/filters/a.py": "from app.registry import FILTERS\n"
            "@FILTERS.register('x', aliases=['y'])\ndef f(): return 'a'\n1 / 0\n",
            "app/filters/b.py": "from app.registry import FILTERS\n"
            "@FILTERS.register('y', aliases=['x'])\ndef g(): return 'b'\n",
        }
    )

    answer = filters.run(LIST + "out['x'] = FILTERS['x'](), FILTERS['y']()\n")

    assert (["y", *NAMES], ["b", "b"]) == (
        sorted(answer["names"], key=lambda name: name in NAMES),
        answer["x"],
    )


ERRORS: list[tuple[RegcacheError, type[Exception]]] = [
    (DuplicateFunctionError("r", "n", "a", "b"), ValueError),
    (UnnamedFunctionError("r", "<object>"), TypeError),
    (UnknownFunctionError("r", "n", ["m"], "too slow", ["a.b"]), KeyError),
    (FunctionImportError("r", "n", "a.b"), ImportError),
    (ScanError("a.b", "gone"), ImportError),
    (TrialError("r", "no worker"), RuntimeError),
    (FactsError("r", "n", "seconds is missing"), TypeError),
]


@pytest.mark.parametrize(("error", "kind"), ERRORS, ids=lambda each: type(each).__name__)
def test_errors_cross_processes(error: Any, kind: type[Exception]) -> None:
    """Errors come back with their attributes and their message; each is a built-in one, too."""
    again = pickle.loads(pickle.dumps(error))

    assert type(error) is type(again)
    assert isinstance(error, kind)
    assert (str(error), vars(error)) == (str(again), vars(again))

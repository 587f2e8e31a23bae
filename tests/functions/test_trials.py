"""Trials in this process: what a probe says, when it is asked again, and who is told."""

from collections.abc import Callable
from typing import Any

import attrs
import pytest
from throwaway import App

from regcache_core import CacheWarning, ConfigError
from regcache_functions import FunctionRegistry, Reject, TrialError

TOOLS = {
    "tools.py": """
        __all__ = ["drill", "hammer", "saw"]

        def drill(): return 3
        def hammer(): raise ValueError("thumb")
        def saw(): raise SystemExit(2)
        """,
    "probes.py": """
        from regcache_functions import Reject

        def call(function):
            return {"result": function()}
        """,
}

TRY = """
import probes
from regcache_functions import FunctionRegistry
tools = FunctionRegistry.scan("tools", probe=probes.call{options})
out = [*tools], tools.rejected, tools.report.status, tools.report.where, "tools" in sys.modules
"""


@pytest.fixture
def tools(app: App) -> App:
    """A library of one function that works, one that raises, and one that ends Python."""
    app.write(TOOLS)
    return app


def scan(probe: Callable[[Any], Any], **options: Any) -> FunctionRegistry[Any]:
    """A registry of the tools that a probe accepts."""
    registry: FunctionRegistry[Any] = FunctionRegistry.scan("tools", probe=probe, **options)
    return registry


def call(function: Any) -> dict[str, Any]:
    """A probe: the function runs without arguments."""
    return {"result": function()}


def test_an_error_or_exit_of_a_function_rejects_only_it(tools: App) -> None:
    """Whatever a function raises in its trial becomes the reason why it is not listed."""
    registry = scan(call)

    assert ["drill"] == list(registry)
    assert {"result": 3} == registry.info("drill").facts
    assert {"hammer": "ValueError: thumb", "saw": "SystemExit: 2"} == registry.rejected


def test_a_user_who_interrupts_is_obeyed(tools: App) -> None:
    """Ctrl-C during a trial ends the trial, and does not reject the function of the moment."""

    def interrupt(function: Any) -> None:
        raise KeyboardInterrupt

    registry = scan(interrupt)

    with pytest.raises(KeyboardInterrupt):
        list(registry)
    assert [] == tools.cache_files()


@pytest.mark.parametrize(
    ("refusal", "reason"), [(Reject("too slow"), "too slow"), (Reject(), "rejected by the probe")]
)
def test_a_refusal_without_a_reason_has_one(refusal: Reject, reason: str, tools: App) -> None:
    """``Reject`` gives the reason as it is written, or a plain one."""

    def refuse(function: Any) -> None:
        raise refusal

    assert {reason} == set(scan(refuse).rejected.values())


def test_progress_is_told_of_each_function(tools: App) -> None:
    """The callback hears of the start and of each function in order, with counts."""
    told: list[tuple[int, int, str]] = []
    registry = scan(call, progress=lambda *news: told.append(news))  # type: ignore[arg-type]
    list(registry)

    assert [(0, 3, ""), (1, 3, "drill"), (2, 3, "hammer"), (3, 3, "saw")] == told


def test_progress_is_not_told_of_a_hit(tools: App) -> None:
    """An answer from the cache tries nothing, so there is no progress to tell."""
    list(scan(call))
    told: list[Any] = []
    registry = scan(call, progress=lambda *news: told.append(news))
    list(registry)

    assert [] == told
    assert "hit" == registry.report.status  # type: ignore[union-attr]


def test_an_error_of_the_callback_is_not_swallowed(tools: App) -> None:
    """A broken callback ends the scan with its own error, and nothing is stored."""

    def fail(done: int, total: int, name: str) -> None:
        raise RuntimeError("no screen")

    with pytest.raises(RuntimeError, match="no screen"):
        list(scan(call, progress=fail))
    assert [] == tools.cache_files()


def test_a_bar_is_drawn_on_standard_error(tools: App) -> None:
    """``progress=True`` draws with rich, and leaves standard output alone."""
    pytest.importorskip("rich")
    program = TRY.format(options=", progress=True") + "\nprint(len(tools))"
    done = tools.start(f"import sys\n{program}", FORCE_COLOR="1", COLUMNS="90")

    assert (0, "1\n") == (done.returncode, done.stdout)
    assert "tools" in done.stderr
    assert "3/3" in done.stderr


def test_the_trial_needs_no_rich_without_a_bar(tools: App) -> None:
    """A scan without a bar imports no rich, and one with a hit neither."""
    code = TRY + "out = 'rich' in sys.modules, tools.report.status"
    runs = [tools.run(code.format(options=option)) for option in ("", ", progress=True")]

    assert [[False, "miss"], [False, "hit"]] == runs


def test_a_warm_trial_answers_from_the_file(tools: App) -> None:
    """Names and reasons come from the cache; neither library nor functions run."""
    cold, warm = (tools.run(TRY.format(options="")) for _ in range(2))

    assert cold[:2] == warm[:2]
    assert ["miss", "hit"] == [cold[2], warm[2]]
    assert [True, False] == [cold[4], warm[4]]


def test_another_version_of_the_probe_is_a_miss(tools: App) -> None:
    """A declared version of the probe that differs tries all functions anew."""
    versions = ["", "", "2", "2"]
    runs = [tools.run(TRY.format(options=f", probe_version={each!r}")) for each in versions]

    assert ["miss", "hit", "miss", "hit"] == [run[2] for run in runs]
    assert "settings.probe_version" == runs[2][3]


def test_an_edit_of_the_file_of_the_probe_is_a_miss(tools: App) -> None:
    """The file that defines the probe is an input: what it accepts is tried anew."""
    before = [tools.run(TRY.format(options=""))[2] for _ in range(2)]
    tools.write({"probes.py": "def call(function):\n    return {'name': function.__name__}\n"})
    names, rejected, status, where, _ = tools.run(TRY.format(options=""))

    assert ["miss", "hit"] == before
    assert (["drill", "hammer", "saw"], {}, "miss") == (names, rejected, status)
    assert where.endswith("probes.py")


def test_another_probe_has_a_file_of_its_own(tools: App) -> None:
    """Two probes over one library do not evict each other."""
    other = {
        "probes.py": f"{TOOLS['probes.py']}\n        def refuse(function): raise Reject('no')\n"
    }
    tools.write(other)
    both = TRY.format(options="") + (
        "\nothers = FunctionRegistry.scan('tools', probe=probes.refuse)"
        "\nout = [*tools], [*others], tools.report.status, others.report.status"
    )
    cold, warm = tools.run(both), tools.run(both)

    assert [["drill"], [], "miss", "miss"] == cold
    assert [["drill"], [], "hit", "hit"] == warm


NAMED = """
from regcache_functions import FunctionRegistry
tools = FunctionRegistry.scan("tools", probe="probes:call")
out = [*tools], tools.rejected, tools.report.status, "probes" in sys.modules
"""


def test_a_named_probe_is_imported_on_the_cold_path_only(tools: App) -> None:
    """A probe given as text answers as the function does, and costs a later start nothing."""
    reasons = {"hammer": "ValueError: thumb", "saw": "SystemExit: 2"}

    assert [["drill"], reasons, "miss", True] == tools.run(NAMED)
    assert [["drill"], reasons, "hit", False] == tools.run(NAMED)


def test_an_edit_of_the_file_of_a_named_probe_is_a_miss(tools: App) -> None:
    """The file is found and watched though nothing imports it."""
    before = [tools.run(NAMED)[2] for _ in range(2)]
    tools.write({"probes.py": "def call(function):\n    return {'name': function.__name__}\n"})

    assert ["miss", "hit"] == before
    assert [["drill", "hammer", "saw"], {}, "miss", True] == tools.run(NAMED)


@pytest.mark.parametrize(
    ("probe", "problem"),
    [
        ("probes:absent", "no attribute 'absent'"),
        ("no_such_module:call", "No module named 'no_such_module'"),
        ("probes:call.absent", "no attribute 'absent'"),
        ("probes:", "no attribute ''"),
    ],
)
def test_a_named_probe_that_is_not_there_is_an_error(probe: str, problem: str, tools: App) -> None:
    """A name that leads nowhere fails the trial and is told; nothing is stored."""
    registry: FunctionRegistry[Any] = FunctionRegistry.scan("tools", probe=probe)

    with pytest.raises(TrialError, match=f"tools: .*'{probe}' cannot be imported.*{problem}"):
        list(registry)
    assert [] == tools.cache_files()


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        ("lambda f: {'size': 1}", "lambda f: {'size': 1}", "hit"),
        ("lambda f: {'size': 1}", "lambda f: {'size': 2}", "miss"),
        ("functools.partial(measure, size=1)", "functools.partial(measure, size=1)", "hit"),
        ("functools.partial(measure, size=1)", "functools.partial(measure, size=2)", "miss"),
    ],
)
def test_a_probe_is_known_by_what_it_does(first: str, second: str, status: str, tools: App) -> None:
    """Lambdas and partials are compared by code and arguments, in different processes."""
    tools.write({"probes.py": "def measure(function, size): return {'size': size}\n"})
    code = """
        import functools
        from probes import measure
        from regcache_functions import FunctionRegistry
        tools = FunctionRegistry.scan("tools", probe={probe})
        out = [*tools], tools.report.status
        """
    tools.run(code.format(probe=first))

    assert [["drill", "hammer", "saw"], status] == tools.run(code.format(probe=second))


def test_a_probe_that_is_an_object_with_slots_means_no_cache(tools: App) -> None:
    """A probe whose state cannot be told is asked in every process; the report says why."""

    @attrs.frozen
    class Limit:
        size: int

        def __call__(self, function: Any) -> None:
            if len(function.__name__) > self.size:
                raise Reject("name too long")

    registry = scan(Limit(3))

    assert ["saw"] == list(registry)
    assert "disabled" == registry.report.status  # type: ignore[union-attr]
    assert [] == tools.cache_files()


def test_facts_keep_their_json_values(tools: App) -> None:
    """Nested facts come back from the file as they were."""
    facts = {"shape": [1, 2, None], "ranges": {"low": 0.5, "high": True}, "text": "ü\n"}
    cold = scan(lambda function: facts, name="one")
    warm = scan(lambda function: facts, name="one")

    assert facts == cold.info("saw").facts == warm.info("saw").facts
    assert "hit" == warm.report.status  # type: ignore[union-attr]


def test_tuples_in_facts_are_the_same_cold_and_warm(tools: App) -> None:
    """Facts are JSON values from the start: a tuple is a list in the first process too."""
    cold = scan(lambda function: {"shape": (1, 2)}, name="one")
    warm = scan(lambda function: {"shape": (1, 2)}, name="one")

    assert cold.info("saw").facts == warm.info("saw").facts
    assert cold.to_json() == warm.to_json()


def test_facts_that_are_no_json_are_told_and_not_stored(tools: App) -> None:
    """A value that no file can keep is a warning that names it; the answer itself is good."""
    registry = scan(lambda function: {"self": function}, include=["saw"])

    with pytest.warns(CacheWarning, match=r"facts\.self is a function"):
        assert ["saw"] == list(registry)
    assert registry["saw"] is registry.info("saw").facts["self"]
    assert [] == tools.cache_files()


def test_the_contract_is_text(tools: App) -> None:
    """The contract of a function can be asked for, whatever the probe gave as such."""
    registry = scan(lambda function: {"contract": len(function.__name__), "other": 1})

    assert ["drill"] == list(registry.query(contract="5"))
    assert {"other": 1} == registry.info("drill").facts


def test_no_contract_is_none(tools: App) -> None:
    """A probe that says ``None`` for the contract says nothing."""
    registry = scan(lambda function: {"contract": None})

    assert None is registry.info("drill").contract
    assert {} == registry.info("drill").facts


def test_probe_by_name_answers_as_the_function_does(tools: App) -> None:
    """How the probe is given changes nothing but when it is imported."""
    function = tools.load("probes").call
    named: FunctionRegistry[Any] = FunctionRegistry.scan("tools", probe="probes:call")

    assert scan(function).to_json() == named.to_json()
    assert scan(function).rejected == named.rejected


def test_text_that_names_no_probe_is_refused(tools: App) -> None:
    """A probe as text has a colon between module and name."""
    with pytest.raises(ConfigError, match="a function or 'module:name'"):
        FunctionRegistry.scan("tools", probe="probes")

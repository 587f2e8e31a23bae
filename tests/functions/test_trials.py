"""Trials in this process: what a probe says, when it is asked again, and who is told."""

from collections.abc import Callable
from typing import Any

import pytest
from throwaway import App

from regcache_core import CacheWarning
from regcache_functions import FunctionRegistry, TrialError

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


@pytest.mark.parametrize(
    ("argument", "error"), [("probe", KeyboardInterrupt()), ("progress", RuntimeError("no screen"))]
)
def test_what_ends_the_trial_is_not_swallowed(
    argument: str, error: BaseException, tools: App
) -> None:
    """Ctrl-C in the probe, and an error of the callback, end the scan; nothing is stored."""

    def fail(*news: Any) -> None:
        raise error

    registry = scan(**{"probe": call, argument: fail})

    with pytest.raises(type(error)):
        list(registry)
    assert [] == tools.cache_files()


def test_progress_is_told_of_each_function(tools: App) -> None:
    """The callback hears of the start and of each function in order; of a hit it hears nothing."""
    told: list[tuple[int, int, str]] = []
    for status in ("miss", "hit"):
        registry = scan(call, progress=lambda *news: told.append(news))  # type: ignore[arg-type]
        list(registry)

        assert status == registry.report.status  # type: ignore[union-attr]
    assert [(0, 3, ""), (1, 3, "drill"), (2, 3, "hammer"), (3, 3, "saw")] == told


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


def test_another_version_of_the_probe_is_a_miss(tools: App) -> None:
    """A declared version of the probe that differs tries all functions anew."""
    versions = ["", "", "2", "2"]
    runs = [tools.run(TRY.format(options=f", probe_version={each!r}")) for each in versions]

    assert ["miss", "hit", "miss", "hit"] == [run[2] for run in runs]
    assert "settings.probe_version" == runs[2][3]


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


def test_a_named_probe_is_imported_on_the_cold_path_only(tools: App) -> None:
    """A probe given as text costs a later start nothing, and its file is watched all the same."""
    code = """
        from regcache_functions import FunctionRegistry
        tools = FunctionRegistry.scan("tools", probe="probes:call")
        out = [*tools], tools.rejected, tools.report.status, "probes" in sys.modules
        """
    reasons = {"hammer": "ValueError: thumb", "saw": "SystemExit: 2"}
    cold, warm = tools.run(code), tools.run(code)
    tools.write({"probes.py": "def call(function):\n    return {'name': function.__name__}\n"})

    assert [["drill"], reasons, "miss", True] == cold
    assert [["drill"], reasons, "hit", False] == warm
    assert [["drill", "hammer", "saw"], {}, "miss", True] == tools.run(code)


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


def test_facts_that_are_no_json_are_told_and_not_stored(tools: App) -> None:
    """A value that no file can keep is a warning that names it; the answer itself is good."""
    registry = scan(lambda function: {"self": function}, include=["saw"])

    with pytest.warns(CacheWarning, match=r"facts\.self is a function"):
        assert ["saw"] == list(registry)
    assert registry["saw"] is registry.info("saw").facts["self"]
    assert [] == tools.cache_files()

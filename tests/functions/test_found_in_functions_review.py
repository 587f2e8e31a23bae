"""What a review with fresh eyes broke once: trials that start processes, registries made again."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from throwaway import App

from regcache_core import ConfigError
from regcache_functions import FunctionRegistry, ScanError

#: Seconds after which a scan counts as stuck; what the probes start sleeps for longer.
WATCHDOG_S = 20

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="the probe forks")
needs_signals = pytest.mark.skipif(os.name == "nt", reason="signals are sent to the process")

TRIAL = """
import json
from concurrent.futures import ThreadPoolExecutor
from regcache_functions import FunctionRegistry
from probes import probe

if __name__ == "__main__":
    with ThreadPoolExecutor(1) as executor:
        lib = FunctionRegistry.scan("lib", probe=probe, executor=executor, timeout={timeout})
        facts = {{name: lib.info(name).facts for name in lib}}
    print(json.dumps([facts, dict(lib.rejected)]))
"""


def start(app: App, *command: str, seconds: float = 120) -> Any:
    """Run Python in a fresh process, with a watchdog; gives the finished process."""
    return subprocess.run(
        [sys.executable, *command],
        env=app.environment(),
        cwd=app.folder,
        capture_output=True,
        text=True,
        timeout=seconds,
    )


def write_library(app: App, *names: str, probe: str) -> None:
    """Write a library of functions, and a probe of them in a module beside it."""
    functions = "".join(f"def {name}(): ...\n" for name in names)
    app.write({"lib.py": f"__all__ = {list(names)}\n{functions}", "probes.py": probe})


def tried(app: App, timeout: float = 60.0) -> Any:
    """Facts and reasons of a trial in an executor, by a program that has little time."""
    app.write({"program.py": TRIAL.format(timeout=timeout)})
    done = start(app, "program.py", seconds=WATCHDOG_S)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def tried_both_ways(**options: Any) -> "list[tuple[list[str], dict[str, str]]]":
    """Names and reasons of a trial in this process and of one in an executor."""
    probe = __import__("probes").probe
    options = {"enable_cache": False, "probe": probe, **options}
    here: FunctionRegistry[Any] = FunctionRegistry.scan("lib", **options)
    with ThreadPoolExecutor(1) as executor:
        apart: FunctionRegistry[Any] = FunctionRegistry.scan("lib", executor=executor, **options)
        names = [list(here), list(apart)]
    return [(names[0], dict(here.rejected)), (names[1], dict(apart.rejected))]


def started(app: App) -> "list[int]":
    """The processes that probes have written to a file."""
    return [int(line) for line in (app.folder / "pids").read_text().split()]


def left(pids: "list[int]") -> "list[int]":
    """Which processes still run; a moment is waited, for killing takes one."""
    deadline = time.monotonic() + 5
    running = pids
    while running and time.monotonic() < deadline:
        running = [pid for pid in running if is_running(pid)]
        time.sleep(0.05)
    for pid in running:
        os.kill(pid, signal.SIGKILL)
    return running


def is_running(pid: int) -> bool:
    """Whether a process runs; one that has ended but is not waited for does not."""
    if os.path.exists("/proc/self/stat"):
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return False
        return stat.rpartition(")")[2].split()[0] not in "ZX"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


# Trials that start processes.


@needs_fork
def test_crash_is_noticed_whatever_still_sleeps(app: App) -> None:
    """A process of ``multiprocessing`` that a probe left behind neither hides a crash nor stays."""
    write_library(
        app,
        "a_starts",
        "b_crashes",
        "c_fine",
        probe="""
            import multiprocessing, os, time

            def probe(function):
                if function.__name__ == "a_starts":
                    process = multiprocessing.get_context("fork").Process(
                        target=time.sleep, args=(60,)
                    )
                    process.start()
                    with open("pids", "a") as file:
                        print(process.pid, file=file)
                if function.__name__ == "b_crashes":
                    os.abort()
            """,
    )

    facts, rejected = tried(app)

    assert {"a_starts": {}, "c_fine": {}} == facts
    assert {"b_crashes": "its process was ended by SIGABRT"} == rejected
    assert [] == left(started(app))


@needs_fork
def test_exit_is_noticed_whatever_holds_the_pipe(app: App) -> None:
    """A grandchild that keeps the pipe open does not hide that its parent has ended."""
    write_library(
        app,
        "a_forks",
        "b_leaves",
        "c_fine",
        probe="""
            import os, time

            def probe(function):
                if function.__name__ == "a_forks":
                    pid = os.fork()
                    if pid == 0:
                        time.sleep(25)
                        os._exit(0)
                    with open("pids", "a") as file:
                        print(pid, file=file)
                if function.__name__ == "b_leaves":
                    os._exit(1)
            """,
    )

    facts, rejected = tried(app)

    assert {"a_forks": {}, "c_fine": {}} == facts
    assert {"b_leaves": "its process ended by itself, with status 1"} == rejected
    assert [] == left(started(app))


@needs_fork
def test_copy_of_the_child_says_nothing(app: App) -> None:
    """Facts that a probe returns in a fork of itself are taken for no function's."""
    names = ["f0", "f1", "f2", "f3", "f4"]
    write_library(
        app,
        *names,
        probe="""
            import os, time

            def probe(function):
                pid = os.fork()
                if pid == 0:
                    return {"name": "the copy of " + function.__name__}
                with open("pids", "a") as file:
                    print(pid, file=file)
                time.sleep(0.05)
                return {"name": function.__name__}
            """,
    )

    for _ in range(3):
        assert [{name: {"name": name} for name in names}, {}] == tried(app)
        for file in app.cache_files():
            file.unlink()
    assert [] == left(started(app))


@needs_fork
def test_probe_may_wait_for_a_process_of_its_own(app: App) -> None:
    """A fork, which closes its standard input, does not wait for what the child reads there."""
    write_library(
        app,
        "counts",
        probe="""
            import multiprocessing, time

            def probe(function):
                process = multiprocessing.get_context("fork").Process(target=time.time)
                process.start()
                process.join(10)
                return {"status": process.exitcode}
            """,
    )

    assert [{"counts": {"status": 0}}, {}] == tried(app)


@needs_signals
def test_what_a_probe_started_ends_with_its_time(app: App) -> None:
    """A program that a probe started is ended with the probe when that takes too long."""
    write_library(
        app,
        "hangs",
        probe="""
            import subprocess, time

            def probe(function):
                program = subprocess.Popen(["sleep", "300"])
                with open("pids", "a") as file:
                    print(program.pid, file=file)
                time.sleep(300)
            """,
    )

    facts, rejected = tried(app, timeout=1)

    assert ({}, {"hangs": "it took longer than 1 s"}) == (facts, rejected)
    assert [] == left(started(app))


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "GeneratorExit"])
def test_whatever_a_probe_raises_is_its_reason(error: str, app: App) -> None:
    """Apart, what is no ``Exception`` rejects one function, and the scan goes on."""
    write_library(
        app,
        "bad",
        "good",
        probe=f"""
            def probe(function):
                if function.__name__ == "bad":
                    raise {error}("stop")
            """,
    )

    assert [{"good": {}}, {"bad": f"{error}: stop"}] == tried(app)


def test_interrupt_of_a_trial_in_this_process_is_one(app: App) -> None:
    """Here, ``KeyboardInterrupt`` reaches the caller, and nothing is saved."""
    write_library(app, "good", probe="def probe(function): raise KeyboardInterrupt")
    probe = app.load("probes").probe

    with pytest.raises(KeyboardInterrupt):
        list(FunctionRegistry.scan("lib", probe=probe))
    assert [] == app.cache_files()


ODD = {
    "error without text": ("raise Mute", "Mute"),
    "key that is no text": ("return {1: 2}", "the probe returned {1: 2}; give a mapping"),
    "facts that cannot be sent": ("return {'call': lambda: 1}", "its facts cannot be sent: "),
}


@pytest.mark.parametrize("facts", [None, "Facts"])
@pytest.mark.parametrize(("answer", "reason"), ODD.values(), ids=ODD)
def test_odd_answers_cost_only_the_function(
    answer: str, reason: str, facts: "str | None", app: App
) -> None:
    """An answer that cannot be read, sent or kept is a reason, and the others are listed."""
    write_library(
        app,
        "bad",
        "good",
        probe=f"""
            import attrs

            class Mute(Exception):
                def __str__(self):
                    raise ValueError("no words")

            @attrs.frozen
            class Facts:
                cost: int = 0

            def probe(function):
                if function.__name__ == "bad":
                    {answer}
            """,
    )
    given = getattr(app.load("probes"), facts) if facts else None
    here, apart = tried_both_ways(facts=given)

    assert (["good"], ["bad"]) == (apart[0], list(apart[1]))
    assert reason in apart[1]["bad"]
    if "lambda" not in answer:  # that can be sent nowhere, but kept in this process
        assert here == apart


def test_long_reasons_are_cut(app: App) -> None:
    """A reason, and a refusal, are kept with at most 1,000 characters."""
    write_library(
        app,
        "fails",
        "refused",
        probe="""
            from regcache_functions import Reject

            def probe(function):
                raise {"fails": ValueError, "refused": Reject}[function.__name__]("x" * 5000)
            """,
    )
    app.load("probes")

    for _, rejected in tried_both_ways():
        cut = {"fails": "ValueError: " + "x" * 985 + "...", "refused": "x" * 997 + "..."}
        assert cut == rejected


# Registries that are made again.

NAMES = ["gaussian", "median", "sobel"]
LIST = "from app.registry import FILTERS; out = sorted(FILTERS), FILTERS.report.status"
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

    assert NAMES == filters.run(LIST)[0]
    assert [NAMES, "hit"] == filters.run(LIST)


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
    cold = filters.run(LIST)
    done = start(filters, "-m", "app.registry")

    assert 0 == done.returncode, done.stderr
    assert [[NAMES, "miss"], [NAMES, "hit"]] == [cold, filters.run(LIST)]


DEFAULTS = """
import os
LEAST = int(os.environ.get("LEAST", "3"))

def predicate(function, least=LEAST):
    return len(function.__name__) >= least

def probe(function, *, least=LEAST):
    if len(function.__name__) < least:
        raise ValueError
"""


@pytest.mark.parametrize("kind", ["predicate", "probe"])
def test_another_default_is_another_answer(kind: str, app: App) -> None:
    """The default value of a function that says what counts may come from anywhere."""
    write_library(app, "one", "three", probe="")
    app.write({"asked.py": DEFAULTS})
    code = f"""
        import asked
        from regcache_functions import FunctionRegistry
        lib = FunctionRegistry.scan("lib", {kind}=asked.{kind})
        out = list(lib), lib.report.status
        """

    answers = [app.run(code, LEAST=least) for least in "3535"]
    assert [["one", "three"], ["three"]] * 2 == [names for names, _ in answers]
    assert [["one", "three"], "hit"] == answers[2]


# What is a function, and how it is told of.


def test_types_are_no_functions(app: App) -> None:
    """Aliases of types can be called and have a name, and are not listed."""
    app.write(
        {
            "lib.py": """
                import types, typing
                __all__ = ["Any", "Ints", "Old", "Maybe", "Alias", "Many", "T", "real"]
                Any = typing.Any
                Ints = list[int]
                Old = typing.List[int]
                Maybe = typing.Optional[int]
                Alias = types.GenericAlias(dict, (str, int))
                Many = typing.List
                T = typing.TypeVar("T")
                def real(): ...
                """
        }
    )

    assert ["real"] == list(FunctionRegistry.scan("lib"))


def test_builtin_that_names_no_module_belongs_to_its_package(app: App) -> None:
    """C code does not say where its functions are from: a builtin is of the module it is in."""
    app.write({"lib/__init__.py": "joined = ''.join\ndef own(): ...\n"})

    assert {"joined", "own"} == set(FunctionRegistry.scan("lib", public="names"))


def test_aliases_have_one_order(app: App) -> None:
    """A library whose ``__all__`` comes from a set has the same names in every process."""
    app.write(
        {
            "lib.py": """
                __all__ = list({"real", "echo", "alpha", "delta", "beta", "gamma"})
                def real(): ...
                echo = alpha = delta = beta = gamma = real
                """
        }
    )
    code = """
        from regcache_functions import FunctionRegistry
        lib = FunctionRegistry.scan("lib", enable_cache=False)
        out = list(lib.info("real").aliases)
        """

    orders = [app.run(code, PYTHONHASHSEED=str(seed)) for seed in range(4)]
    assert ["alpha", "beta", "delta", "echo", "gamma"] == orders[0]
    assert [orders[0]] * 4 == orders


def test_first_line_is_plain_text() -> None:
    """Control characters and addresses of objects are left out of what is shown."""
    registry: FunctionRegistry[Any] = FunctionRegistry("plain")

    def colored() -> None: ...

    colored.__doc__ = "Paints\x07 <Pen at 0x7f00aa> in \x1b[31mred.\nMore."
    registry.register(colored)

    assert "Paints <Pen> in [31mred." == registry.info("colored").doc


def test_tags_are_kept_once() -> None:
    """A tag that is given twice is one tag, in the place of the first."""
    registry: FunctionRegistry[Any] = FunctionRegistry("tagged")
    registry.register("f", tags=["b", "a", "b"])(lambda: None)

    assert ("b", "a") == tuple(registry.info("f").tags)


def test_table_of_nothing_has_its_columns(app: App) -> None:
    """An empty table can be asked like any other."""
    pytest.importorskip("pandas")
    registry: FunctionRegistry[Any] = FunctionRegistry("table")
    empty = list(registry.to_dataframe().columns)
    registry.register("f")(lambda: None)
    filled = list(registry.to_dataframe().columns)

    assert filled == empty


# What is refused, in words.


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("timeout", 0),
        ("timeout", -1),
        ("timeout", float("nan")),
        ("timeout", float("inf")),
        ("timeout", "x"),
        ("memory", -5),
        ("memory", 0),
        ("memory", "1G"),
        ("progress", 3),
    ],
)
def test_bad_bounds_are_refused(field: str, value: Any) -> None:
    """A bound that no trial can keep is an error where it is given, which names it."""
    options: Any = {field: value}

    with pytest.raises(ConfigError) as caught:
        FunctionRegistry.scan("statistics", probe="probes:probe", **options)
    assert (field, repr(value)) == (caught.value.field, repr(caught.value.value))


@pytest.mark.parametrize("question", ["tag", "module", "contract", "parameter", "text", "where"])
def test_bad_questions_are_refused(question: str) -> None:
    """A question of the wrong kind is no question without an answer."""
    registry: Any = FunctionRegistry("asked")
    registry.register("f")(lambda: None)

    with pytest.raises(ConfigError) as caught:
        registry.query(**{question: 3})
    assert question == caught.value.field


def test_bad_search_is_refused() -> None:
    """A search for what is no text is an error, which names it."""
    registry: Any = FunctionRegistry("asked")

    with pytest.raises(ConfigError) as caught:
        registry.search(3)
    assert "text" == caught.value.field


def test_predicate_that_raises_is_told_of() -> None:
    """The error of a predicate comes with the place that it was asked about, and as the cause."""

    def predicate(function: Any) -> bool:
        raise LookupError("no idea")

    registry: Any = FunctionRegistry.scan("statistics", include=["fmean"], predicate=predicate)

    with pytest.raises(ScanError) as caught:
        list(registry)
    assert ("statistics.fmean", "the predicate raised LookupError: no idea") == (
        caught.value.name,
        caught.value.problem,
    )
    assert isinstance(caught.value.__cause__, LookupError)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("register(name='')", "ConfigError"),
        ("register(price=1)", "FactsError"),
        ("register(cost='x')", "FactsError"),
    ],
)
def test_refused_registration_is_placed_in_the_plugin(call: str, error: str, app: App) -> None:
    """What we refuse is told with the line that gave it, and not with one of ours."""
    app.write(
        {
            "app/__init__.py": "",
            "app/registry.py": """
                import attrs
                from regcache_functions import FunctionRegistry

                @attrs.frozen
                class Facts:
                    cost: int = 0

                FILTERS = FunctionRegistry("filters", package="app.filters", facts=Facts)
                """,
            "app/filters/__init__.py": "",
            "app/filters/bad.py": f"""\
                from app.registry import FILTERS

                def bad(): ...
                FILTERS.{call}(bad)
                """,
        }
    )
    code = "from app.registry import FILTERS; list(FILTERS); out = FILTERS.failures"
    place = app.folder / "app/filters/bad.py"

    told = app.run(code, PYTHONWARNINGS="ignore")["app.filters.bad"]
    assert told.startswith(error)
    assert told.endswith(f" at {place}:4")


# The command line.


def command(app: App, *arguments: str) -> Any:
    """Run the command; gives the finished process."""
    return start(app, "-m", "regcache_functions", *arguments)


def test_json_is_json_whatever_a_library_prints(app: App) -> None:
    """What a library prints at import goes to standard error."""
    write_library(app, "one", probe="")
    app.write({"lib.py": "print('hello')\n__all__ = ['one']\ndef one(): ...\n"})
    done = command(app, "lib", "--json")

    assert ["one"] == [each["name"] for each in json.loads(done.stdout)]
    assert (0, "hello\n") == (done.returncode, done.stderr)


@pytest.mark.parametrize("number", ["0", "-2"])
def test_no_processes_are_a_wrong_command_line(number: str, app: App) -> None:
    """A number of processes that nothing can be tried in is refused, with the usage."""
    write_library(app, "one", probe="def probe(function): ...")
    done = command(app, "lib", "--probe", "probes:probe", "--processes", number)

    assert (2, "") == (done.returncode, done.stdout)
    assert "--processes takes a number of 1 or more" in done.stderr
    assert "Traceback" not in done.stderr


def test_search_that_fits_nothing_says_so(app: App) -> None:
    """Nothing found is told on standard error, with a status of its own."""
    write_library(app, "one", probe="")
    done = command(app, "lib", "--search", "nothing like it")

    assert (1, "", "no function of lib fits\n") == (done.returncode, done.stdout, done.stderr)


@needs_signals
@pytest.mark.parametrize("options", [[], ["--processes", "1"]], ids=["here", "processes"])
def test_interrupted_command_says_so(options: "list[str]", app: App) -> None:
    """Ctrl-C ends the command and what it has started, with a word and no traceback."""
    write_library(
        app,
        "one",
        probe="""
            import os, time

            def probe(function):
                with open("pids.new", "w") as file:
                    print(os.getpid(), file=file)
                os.rename("pids.new", "pids")
                time.sleep(60)
            """,
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "regcache_functions", "lib", "--probe", "probes:probe", *options],
        env=app.environment(),
        cwd=app.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        while process.poll() is None and not (app.folder / "pids").exists():
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        output, errors = process.communicate(timeout=WATCHDOG_S)
    finally:
        process.kill()
        process.wait()

    assert (130, "", "interrupted; nothing was stored\n") == (process.returncode, output, errors)
    assert [] == left(started(app))
    assert [] == app.cache_files()


# Installed libraries.


def test_editable_library_belongs_to_its_distribution(tmp_path: Path) -> None:
    """A reference to sources, as setuptools installs it, says which packages are its own."""
    pytest.importorskip("ensurepip")
    from test_distributions import BACKEND, Environment

    environment = Environment(tmp_path)
    lines = '{"__editable__sci_tiny.pth": os.path.abspath("src") + "\\n"'
    assert lines in BACKEND
    more = ', "sci_tiny-1.0.dist-info/top_level.txt": "tiny\\ntiny_extra\\n"'
    environment.write({"backend.py": dedent(BACKEND).replace(lines, lines + more)})
    environment.install("-e", str(environment.project))
    cold, warm = environment.scan(), environment.scan()

    assert ("sci-tiny", "1.0") == (cold["distribution"], cold["version"])
    assert ("sci-tiny", "1.0", "hit") == (warm["distribution"], warm["version"], warm["status"])


DEAF = """
import ctypes
from concurrent.futures import ThreadPoolExecutor
from regcache_functions import FunctionRegistry

def probe(function):
    if function.__name__ == "a":
        ctypes.PyDLL(None).sleep(100)  # in C, and no other thread of Python runs meanwhile

if __name__ == "__main__":
    with ThreadPoolExecutor(1) as executor:
        registry = FunctionRegistry.scan("deaf", probe=probe, executor=executor, timeout=1)
        print(list(registry), registry.rejected)
"""


def test_child_that_hears_nothing_is_ended_by_force(app: App) -> None:
    """A function that keeps all of Python waiting is ended all the same, and costs only itself."""
    app.write({"deaf.py": "__all__ = ['a', 'b']\ndef a(): ...\ndef b(): ...\n", "try.py": DEAF})
    done = subprocess.run(
        [sys.executable, "try.py"],
        env=app.environment(),
        cwd=app.folder,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert "['b'] {'a': 'it took longer than 1 s'}\n" == done.stdout

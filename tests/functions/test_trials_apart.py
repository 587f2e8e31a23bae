"""Trials in child processes of an executor's workers: what a function does costs only itself."""

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from throwaway import App

from regcache_functions import FunctionRegistry, TrialError

#: Functions that misbehave in every way; ``fine`` and ``prints`` are the only ones to be listed.
WILD = {
    "wild/__init__.py": "",
    "wild/all.py": """
        import os, signal, sys, time
        __all__ = ["fine", "prints", "hangs", "crashes", "leaves", "leaves_hard", "fails", "last"]
        __all__ += ["crashes_oddly"]

        def fine(): return os.getpid()

        def prints():
            print("x" * 100_000)
            os.write(1, b"no pickle at all")
            os.write(2, b"and more")
            return 1

        def hangs(): time.sleep(30)  # for ever, compared with the time that it has

        def crashes(): os.kill(os.getpid(), signal.SIGSEGV)
        def crashes_oddly(): os.kill(os.getpid(), 40)  # a signal without a name
        def leaves(): sys.exit(3)
        def leaves_hard(): os._exit(7)
        def fails(): raise ValueError("no")
        def last(): return 2
        """,
    "wild/memory.py": """
        __all__ = ["small", "greedy"]
        def small(): return len(bytearray(1000))
        def greedy(): return len(bytearray(2_000_000_000))
        """,
    "wildprobe.py": """
        def call(function):
            function()
            return {"name": function.__name__}

        def where(function):
            import os
            return {"pid": os.getpid(), "parent": os.getppid()}
        """,
}

REASONS = {
    "hangs": "it took longer than 1 s",
    "crashes": "its process was ended by SIGSEGV",
    "crashes_oddly": "its process was ended by signal 40",
    "leaves": "SystemExit: 3",
    "leaves_hard": "its process ended by itself, with status 7",
    "fails": "ValueError: no",
}

needs_limits = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="limits need /proc and RLIMIT_AS"
)


@pytest.fixture
def wild(app: App, monkeypatch: pytest.MonkeyPatch) -> App:
    """A library of misbehaving functions, and a probe that calls them."""
    app.write(WILD)
    time.sleep(0.02)  # what is written in the clock tick of its import counts as edited since
    return app


def context() -> Any:
    """How worker processes start; without ``fork``, which a threaded parent should not use."""
    return multiprocessing.get_context("spawn")


def make_processes() -> Executor:
    """A pool of one process."""
    return ProcessPoolExecutor(1, mp_context=context())


def make_threads() -> Executor:
    """A pool of two threads."""
    return ThreadPoolExecutor(2)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A Dask cluster of one worker process, as a long scan on many machines would use."""
    distributed = pytest.importorskip("dask.distributed")
    import dask

    settings = {"distributed.admin.tick.interval": "1 s", "distributed.worker.daemon": True}
    with (
        dask.config.set(settings),
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture(params=["processes", "threads", "dask"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """An executor of each kind."""
    if request.param == "dask":
        yield request.getfixturevalue("cluster").get_executor(pure=False)
        return
    with {"processes": make_processes, "threads": make_threads}[request.param]() as executor:
        yield executor


def probe(name: str) -> Any:
    """A probe of the module that the test has written."""
    return getattr(__import__("wildprobe"), name)


def scan(executor: Executor | None, function: str = "call", **options: Any) -> Any:
    """A registry of the wild library."""
    options = {"modules": ["all"], "timeout": 1.0, **options}
    return FunctionRegistry.scan("wild", probe=probe(function), executor=executor, **options)


def test_misbehaviour_costs_only_the_function(wild: App, executor: Executor) -> None:
    """A timeout, a crash, an exit or noise on standard output touches no other function."""
    registry = scan(executor)

    assert ["fine", "last", "prints"] == list(registry)
    assert REASONS == registry.rejected
    assert {"name": "prints"} == registry.info("prints").facts


def test_answers_are_those_of_a_trial_in_this_process(wild: App) -> None:
    """What does not end the process has one answer, tried here or apart; the probe may be named."""
    here, apart = both_ways(include=["fine", "leaves", "fails", "last"])
    with make_threads() as executor:
        named: Any = FunctionRegistry.scan(
            "wild", modules=["all"], include=["fine"], probe="wildprobe:call", executor=executor
        )

        assert {"name": "fine"} == named.info("fine").facts
    assert here == apart


def both_ways(**options: Any) -> list[tuple[list[str], dict[str, str], list[Any]]]:
    """Names, reasons and metadata of a trial of two functions in this process, and apart."""
    options = {"include": ["fine", "last"], "enable_cache": False, "timeout": 60.0, **options}
    here = scan(None, **options)
    with make_threads() as executor:
        both = (here, scan(executor, **options))
        return [(list(r), dict(r.rejected), [r.info(name) for name in r]) for r in both]


ODD = {
    "error without text": ("raise Mute", "Mute"),
    "key that is no text": ("return {1: 2}", "the probe returned {1: 2}; give a mapping"),
    "facts that cannot be sent": ("return {'call': lambda: 1}", "its facts cannot be sent: "),
}


@pytest.mark.parametrize("facts", [None, "Facts"])
@pytest.mark.parametrize(("answer", "reason"), ODD.values(), ids=ODD)
def test_odd_answers_cost_only_the_function(
    answer: str, reason: str, facts: str | None, wild: App
) -> None:
    """An answer that cannot be read, sent or kept is a reason, and the others are listed."""
    wild.write(
        {
            "wildprobe.py": f"""
                import attrs

                class Mute(Exception):
                    def __str__(self):
                        raise ValueError("no words")

                @attrs.frozen
                class Facts:
                    cost: int = 0

                def call(function):
                    if function.__name__ == "last":
                        {answer}
                """
        }
    )
    given = getattr(wild.load("wildprobe"), facts) if facts else None
    here, apart = both_ways(facts=given)

    assert (["fine"], ["last"]) == (apart[0], list(apart[1]))
    assert reason in apart[1]["last"]
    if "lambda" not in answer:  # that can be sent nowhere, but kept in this process
        assert here == apart


def test_long_reasons_are_cut(wild: App) -> None:
    """A reason, and a refusal, are kept with at most 1,000 characters."""
    wild.write(
        {
            "wildprobe.py": """
                from regcache_functions import Reject

                def call(function):
                    raise {"fine": ValueError, "last": Reject}[function.__name__]("x" * 5000)
                """
        }
    )
    cut = {"fine": "ValueError: " + "x" * 985 + "...", "last": "x" * 997 + "..."}

    assert [([], cut, [])] * 2 == both_ways()


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "GeneratorExit"])
def test_whatever_a_probe_raises_is_its_reason(error: str, wild: App) -> None:
    """Apart, what is no ``Exception`` rejects one function, and the scan goes on."""
    stops = f"def call(function):\n    if function.__name__ == 'last': raise {error}('stop')\n"
    wild.write({"wildprobe.py": stops})
    with make_threads() as executor:
        registry = scan(executor, include=["fine", "last"], timeout=60.0)

        assert (["fine"], {"last": f"{error}: stop"}) == (list(registry), registry.rejected)


def test_functions_run_in_a_child_of_the_worker(wild: App) -> None:
    """A worker has one child, which tries function after function; the worker itself tries none."""
    with make_processes() as executor:
        worker = executor.submit(os.getpid).result()
        registry = scan(executor, "where", include=["fine", "last", "fails"])
        facts = [registry.info(name).facts for name in registry]

    assert {worker} == {each["parent"] for each in facts}
    assert 1 == len({each["pid"] for each in facts} - {worker, os.getpid()})


@needs_limits
def test_memory_is_limited_for_each_function(wild: App) -> None:
    """What takes more than it may gets a ``MemoryError``; its neighbour does not notice."""
    with make_processes() as executor:
        registry = scan(executor, modules=["memory"], memory=200_000_000)
        listed = list(registry)

    assert ["small"] == listed
    assert "MemoryError" in registry.rejected["greedy"]


def test_order_is_that_of_the_library(wild: App) -> None:
    """Functions are told of as they are done, each once; that order changes nothing in the list."""
    wild.write(
        {
            "wild/timed.py": """
                import time
                __all__ = ["a_slow", "b_fast", "c_fast", "d_slow", "e_fast"]
                def a_slow(): time.sleep(0.4)
                def b_fast(): ...
                def c_fast(): ...
                def d_slow(): time.sleep(0.8); raise ValueError
                def e_fast(): raise ValueError
                """
        }
    )
    told: list[Any] = []
    with make_threads() as executor:
        registry = scan(executor, modules=["timed"], progress=lambda *news: told.append(news))
        listed = list(registry)

    names = [name for _, _, name in told]
    assert ["a_slow", "b_fast", "c_fast"] == listed
    assert ["d_slow", "e_fast"] == list(registry.rejected)
    assert [(done, 5) for done in range(6)] == [news[:2] for news in told]
    assert ["", "a_slow", "b_fast", "c_fast", "d_slow", "e_fast"] == sorted(names) != names


def die() -> None:
    """End a worker of a pool."""
    os._exit(1)


def test_an_executor_that_takes_no_work_is_an_error(wild: App) -> None:
    """One that is shut down, or whose worker died, fails the scan, and not each function."""
    done = ThreadPoolExecutor(1)
    done.shutdown()
    with make_processes() as broken:
        with pytest.raises(Exception, match="terminated abruptly"):
            broken.submit(die).result()
        for executor, message in ((done, "shutdown"), (broken, "BrokenProcessPool")):
            with pytest.raises(TrialError, match=message) as caught:
                list(scan(executor))
            assert "wild" == caught.value.registry
            assert isinstance(caught.value.__cause__, RuntimeError)
    assert [] == wild.cache_files()


def test_a_worker_that_dies_in_the_middle_is_an_error(wild: App) -> None:
    """A worker that is killed during the trial fails the scan: its answer would not be whole."""
    with make_processes() as executor:
        worker = executor.submit(os.getpid).result()
        registry = scan(
            executor,
            include=["fine", "hangs", "last"],
            timeout=30.0,
            progress=lambda done, total, name: done == 1 and os.kill(worker, signal.SIGKILL),
        )

        with pytest.raises(TrialError, match="the executor failed with BrokenProcessPool"):
            list(registry)
    assert [] == wild.cache_files()


def test_a_probe_that_cannot_be_sent_is_an_error(wild: App) -> None:
    """A probe inside of a function cannot be pickled; the message says where to define it."""
    with make_threads() as executor:
        registry: Any = FunctionRegistry.scan(
            "wild", modules=["all"], probe=lambda function: None, executor=executor
        )

        with pytest.raises(TrialError, match="at the top of a module"):
            list(registry)


MAIN = """
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from regcache_functions import FunctionRegistry, Reject

LIMIT = 5

def short(function):
    if len(function.__name__) > LIMIT:
        raise Reject("long name")
    return {"name": function.__name__}

if __name__ == "__main__":
    with KIND(1) as executor:
        wild = FunctionRegistry.scan("wild", modules=["all"], probe=short, executor=executor)
        print([*wild], wild.rejected["prints"])
"""


@pytest.mark.parametrize("kind", ["ThreadPoolExecutor", "ProcessPoolExecutor"])
def test_a_probe_may_be_defined_in_a_program(kind: str, wild: App) -> None:
    """The program that defines the probe is run in the child, as ``multiprocessing`` does."""
    wild.write({"program.py": MAIN.replace("KIND", kind)})
    done = wild.command("program.py", timeout=60)

    assert ("['fails', 'fine', 'hangs', 'last'] long name\n", "", 0) == (
        done.stdout,
        done.stderr,
        done.returncode,
    )


def test_a_probe_typed_at_a_prompt_is_an_error(wild: App) -> None:
    """A probe of a session without a file cannot be found by another process, which is told."""
    code = MAIN.replace("KIND", "ThreadPoolExecutor").replace("print(", "out = (")
    done = wild.start(code)

    assert 1 == done.returncode
    assert "regcache_functions.errors.TrialError: wild: the trial cannot be run" in done.stderr
    assert "short" in done.stderr


def test_a_program_that_fails_in_the_child_is_an_error(wild: App) -> None:
    """A program that cannot be run again is told once, and rejects no function."""
    program = MAIN.replace("KIND", "ThreadPoolExecutor")
    wild.write({"program.py": f"{program}\nif __name__ == '__mp_main__':\n    1 / 0\n"})
    done = wild.command("program.py", timeout=60)

    assert "the trial cannot be run" in done.stderr
    assert "ZeroDivisionError: division by zero" in done.stderr


CHILDREN = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
import wildprobe
from regcache_functions import FunctionRegistry
executor = ThreadPoolExecutor(2)
wild = FunctionRegistry.scan("wild", modules=["all"], include=["fine", "last", "fails"],
                             probe=wildprobe.where, executor=executor)
out = sorted({wild.info(name).facts["pid"] for name in wild})
"""


def is_running(pid: int) -> bool:
    """Whether a process is there; one that has ended and nobody has asked for is not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


def wait_for_end(pids: list[int]) -> list[int]:
    """The processes that are still there after a generous time; then they are killed."""
    until = time.monotonic() + 20
    while any(map(is_running, pids)) and time.monotonic() < until:
        time.sleep(0.02)
    left = [pid for pid in pids if is_running(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    return left


def test_children_end_with_the_program(wild: App) -> None:
    """When a program ends no process that it started for a trial is left."""
    pids = wild.run(CHILDREN)

    assert pids
    assert [] == wait_for_end(pids)


def test_children_end_with_a_worker_that_is_killed(wild: App) -> None:
    """A child whose worker is gone without a word notices that nobody asks any more."""
    code = f"{CHILDREN}print(*out, flush=True)\nos.kill(os.getpid(), 9)"
    done = wild.start(code)
    pids = [int(pid) for pid in done.stdout.split()]

    assert -signal.SIGKILL == done.returncode
    assert pids
    assert [] == wait_for_end(pids)


def test_children_end_with_the_threads_of_an_executor(wild: App) -> None:
    """An executor that is shut down leaves no child behind, in a program that goes on."""
    with make_threads() as executor:
        registry = scan(executor, "where", include=["fine", "last"])
        pids = [registry.info(name).facts["pid"] for name in registry]

    assert [] == wait_for_end(pids)


def test_an_idle_child_ends_and_is_replaced(wild: App) -> None:
    """A child that nobody asks for long frees its memory; the next trial starts another."""
    sitecustomize = (
        "import regcache_functions._cold.isolation as isolation\nisolation.IDLE_S = 0.2\n"
    )
    wild.write({"sitecustomize.py": sitecustomize})
    code = CHILDREN + (
        "import time\n"
        "def gone(pid):\n"
        "    try: os.kill(pid, 0)\n"
        "    except ProcessLookupError: return True\n"
        "    return open(f'/proc/{pid}/stat').read().rpartition(')')[2].split()[0] == 'Z'\n"
        "until = time.monotonic() + 20\n"
        "while not all(map(gone, out)) and time.monotonic() < until: time.sleep(0.05)\n"
        "ended = [*map(gone, out)]\n"
        "wild.refresh()\n"
        "out = ended, sorted({wild.info(name).facts['pid'] for name in wild} & {*out}), len(wild)\n"
    )
    ended, reused, count = wild.run(code)

    assert all(ended)
    assert ([], 3) == (reused, count)


def test_the_path_of_the_client_is_that_of_the_children(wild: App, cluster: Any) -> None:
    """Folders that the program put on ``sys.path`` after the workers started are known there."""
    registry = scan(cluster.get_executor(pure=False), include=["fine", "last"])

    assert ["fine", "last"] == list(registry)


def test_a_trial_apart_is_cached_like_any_other(wild: App) -> None:
    """Where functions were tried is no part of the answer: the next start needs no executor."""
    with make_threads() as executor:
        cold = scan(executor, include=["fine", "fails", "last"])
        listed = list(cold)
    warm = scan(None, include=["fine", "fails", "last"])

    assert listed == list(warm)
    assert cold.rejected == warm.rejected
    assert "hit" == warm.report.status


@contextmanager
def serving(*messages: object) -> Iterator[Any]:
    """A child that has been sent messages; gives where its answers are read from."""
    code = "from regcache_functions._cold.isolation import serve; serve()"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe) as child:
        assert child.stdin is not None
        for message in messages:
            pickle.dump(message, child.stdin)
        child.stdin.flush()
        yield child.stdout
        child.stdin.close()
        assert 0 == child.wait(60)


@pytest.mark.parametrize(
    ("place", "probe", "problem"),
    [
        (("no_such_module", "f"), pickle.dumps(len), "No module named 'no_such_module'"),
        (("math", "cos"), b"cno_such_probe\nf\n.", "No module named 'no_such_probe'"),
    ],
)
def test_a_child_says_when_it_can_try_nothing(
    place: tuple[str, str], probe: bytes, problem: str
) -> None:
    """A library or a probe that a child cannot import is its answer, and then it ends."""
    with serving(None, (place, probe, None)) as answers:
        ready, refusal = pickle.load(answers), pickle.load(answers)
        rest = answers.read()

    assert (None, b"") == (ready, rest)
    assert problem in refusal


@pytest.mark.parametrize("memory", [None, pytest.param(10**9, marks=needs_limits)])
def test_a_child_is_ready_before_the_time_of_a_function_runs(memory: int | None) -> None:
    """The import of the library is answered apart from the function that is tried."""
    with serving(None, (("math", "cos"), pickle.dumps(repr), memory)) as answers:
        ready, imported, outcome = (pickle.load(answers) for _ in range(3))

    assert (None, None) == (ready, imported)
    assert "the probe returned '<built-in function cos>'" in outcome.reason


def test_a_library_that_workers_cannot_import_is_an_error(wild: App) -> None:
    """What this process has and a child cannot import fails the trial, not each function."""
    wild.write({"wild/once.py": "__all__ = ['f']\ndef f(): ...\n"})
    __import__("wild.once")
    wild.remove("wild/once.py")
    with make_threads() as executor:
        registry = scan(executor, modules=["once"])

        with pytest.raises(TrialError, match=r"wild\.once"):
            list(registry)

"""Probes and functions that start processes, end theirs, or hear nothing: told, nothing left."""

import json
import os
from typing import Any

import pytest
from test_trials_apart import wait_for_end
from throwaway import App

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


def write_library(app: App, *names: str, probe: str) -> None:
    """Write a library of functions, and a probe of them in a module beside it."""
    functions = "".join(f"def {name}(): ...\n" for name in names)
    app.write({"lib.py": f"__all__ = {list(names)}\n{functions}", "probes.py": probe})


def tried(app: App, timeout: float = 60.0, watchdog_s: float = 20.0) -> Any:
    """Facts and reasons of a trial in an executor, by a program that has little time.

    It counts as stuck after ``watchdog_s`` seconds; what the probes start sleeps for longer.
    """
    app.write({"program.py": TRIAL.format(timeout=timeout)})
    done = app.command("program.py", timeout=watchdog_s)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def started(app: App) -> list[int]:
    """The processes that probes have written to a file."""
    return [int(line) for line in (app.folder / "pids").read_text().split()]


#: A library of which one function leaves a process behind, and the next one ends its own.
LEAVES = """
import multiprocessing, os, time
__all__ = ["a_leaves", "b_ends", "c_fine"]

def a_leaves():
    {leaves}
    with open("pids", "a") as file:
        print(pid, file=file)

def b_ends():
    {ends}

def c_fine(): ...
"""


@needs_fork
@pytest.mark.parametrize(
    "leaves",
    [
        "process = multiprocessing.get_context('fork').Process(target=time.sleep, args=(60,)); "
        "process.start(); pid = process.pid",
        "pid = os.fork() or (time.sleep(60), os._exit(0))",
    ],
    ids=["multiprocessing", "fork"],
)
@pytest.mark.parametrize(
    ("ends", "reason"),
    [
        ("os.abort()", "its process was ended by SIGABRT"),
        ("os._exit(1)", "its process ended by itself, with status 1"),
    ],
    ids=["crash", "exit"],
)
def test_end_is_noticed_whatever_still_runs(ends: str, reason: str, leaves: str, app: App) -> None:
    """A process that is left behind, and holds a pipe open, neither hides an end nor stays."""
    probe = "def probe(function): function()"
    app.write({"lib.py": LEAVES.format(leaves=leaves, ends=ends), "probes.py": probe})

    assert [{"a_leaves": {}, "c_fine": {}}, {"b_ends": reason}] == tried(app)
    assert [] == wait_for_end(started(app))


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
    assert [] == wait_for_end(started(app))


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
    assert [] == wait_for_end(started(app))


def test_child_that_hears_nothing_is_ended_by_force(app: App) -> None:
    """A function that keeps all of Python waiting is ended all the same, and costs only itself."""
    write_library(
        app,
        "a",
        "b",
        probe="""
            import ctypes

            def probe(function):
                if function.__name__ == "a":
                    ctypes.PyDLL(None).sleep(100)  # in C; no other thread of Python runs meanwhile
            """,
    )

    assert [{"b": {}}, {"a": "it took longer than 1 s"}] == tried(app, timeout=1, watchdog_s=60)

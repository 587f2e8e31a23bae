"""``python -m regcache_functions``: the functions of a library, for a terminal."""

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest
from test_trials_apart import wait_for_end
from throwaway import App

LIBRARY = {
    "tools/__init__.py": "",
    "tools/hand.py": """
        __all__ = ["drill", "saw"]

        def drill(depth: int = 3):
            '''Make a hole.'''

        def saw(length):
            '''Cut a board.'''
        """,
    "tools/power.py": """
        __all__ = ["sand"]

        def sand():
            '''Smooth a board.'''
        """,
    "probes.py": """
        def drills(function):
            if function.__name__ != "drill":
                raise ValueError("no drill")
        """,
}


DRILLS = ["tools", "--probe", "probes:drills"]


@pytest.fixture
def tools(app: App) -> App:
    """A library of three functions, and a probe that accepts one of them."""
    app.write(LIBRARY)
    return app


def run(app: App, *arguments: str) -> Any:
    """Run the command; gives the finished process."""
    return app.command("-m", "regcache_functions", *arguments)


ALL = """\
drill(depth: int = 3)  Make a hole.
saw(length)  Cut a board.
sand()  Smooth a board.
"""


def test_functions_are_listed_with_signature_and_documentation(tools: App) -> None:
    """A line for each function, the same from the cache; nothing on standard error."""
    cold, warm = run(tools, "tools"), run(tools, "tools")

    assert (0, ALL, "") == (cold.returncode, cold.stdout, cold.stderr)
    assert (0, ALL, "") == (warm.returncode, warm.stdout, warm.stderr)
    assert len(tools.cache_files()) == 1


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["--search", "board"], ["saw", "sand"]),
        (["--module", "power"], ["sand"]),
        (["--module", "power", "--module", "tools.hand"], ["drill", "saw", "sand"]),
        (["--probe", "probes:drills"], ["drill"]),
        (["--probe", "probes:drills", "--processes", "1", "--timeout", "9"], ["drill"]),
    ],
)
def test_options_say_which(arguments: list[str], names: list[str], tools: App) -> None:
    """Each option leaves those that it is about, and --json tells everything of them."""
    done = run(tools, "tools", *arguments, "--json")

    assert (0, "") == (done.returncode, done.stderr)
    assert names == [each["name"] for each in json.loads(done.stdout)]


def test_rejected_functions_are_told_with_reasons(tools: App) -> None:
    """--rejected lists what the probe refused."""
    done = run(tools, *DRILLS, "--rejected")

    assert "saw: ValueError: no drill\nsand: ValueError: no drill\n" == done.stdout


def test_json_is_json_whatever_a_library_prints(app: App) -> None:
    """What a library prints at import goes to standard error."""
    app.write({"lib.py": "print('hello')\n__all__ = ['one']\ndef one(): ...\n"})
    done = run(app, "lib", "--json")

    assert ["one"] == [each["name"] for each in json.loads(done.stdout)]
    assert (0, "hello\n") == (done.returncode, done.stderr)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["no_such_library"], 1, "no_such_library: there is no such package"),
        (["tools", "--module", "nothing"], 1, "tools.nothing"),
        (["tools", "--search", "no such thing"], 1, "no function of tools fits"),
        (["tools", "--probe", "probes:nothing"], 1, "has no attribute 'nothing'"),
        (["tools", "--probe", "probes"], 1, "a function or 'module:name'"),
        (["tools", "--processes", "2"], 2, "--processes goes with --probe"),
        ([*DRILLS, "--processes", "0"], 2, "--processes takes a number of 1 or more"),
        ([*DRILLS, "--processes", "-2"], 2, "--processes takes a number of 1 or more"),
        ([], 2, "library"),
    ],
)
def test_failures_are_told_and_have_a_status(
    arguments: list[str], status: int, message: str, tools: App
) -> None:
    """Nothing found is 1, a wrong command line 2; a message on standard error, no traceback."""
    done = run(tools, *arguments)

    assert (status, "") == (done.returncode, done.stdout)
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert 2 == status or 1 == len(done.stderr.splitlines())


def test_reader_that_has_seen_enough_is_no_error(tools: App) -> None:
    """Output that nobody reads any more, as behind `head`, ends the command quietly."""
    tools.write({"many.py": "".join(f"def f{i}(): ...\n" for i in range(5000))})
    run(tools, "many")
    with subprocess.Popen(
        [sys.executable, "-m", "regcache_functions", "many"],
        env=tools.environment(),
        cwd=tools.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        first = process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()

    assert (b"f0()\n", b"", 0) == (first, errors, process.returncode)


def test_main_takes_a_command_line(tools: App, capsys: pytest.CaptureFixture[str]) -> None:
    """The function behind the command serves programs as well."""
    from regcache_functions.__main__ import main

    assert 0 == main(["tools", "--search", "hole"])
    assert "drill(depth: int = 3)  Make a hole.\n" == capsys.readouterr().out


@pytest.mark.skipif(os.name == "nt", reason="signals are sent to the process")
@pytest.mark.parametrize("options", [[], ["--processes", "1"]], ids=["here", "processes"])
def test_interrupted_command_says_so(options: list[str], tools: App) -> None:
    """Ctrl-C ends the command and what it has started, with a word and no traceback."""
    tools.write(
        {
            "probes.py": """
                import os, time

                def waits(function):
                    with open("pid.new", "w") as file:
                        print(os.getpid(), file=file)
                    os.rename("pid.new", "pid")
                    time.sleep(60)
                """
        }
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "regcache_functions", "tools", "--probe", "probes:waits", *options],
        env=tools.environment(),
        cwd=tools.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    place = tools.folder / "pid"
    try:
        while process.poll() is None and not place.exists():
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        output, errors = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()

    assert (130, "", "interrupted; nothing was stored\n") == (process.returncode, output, errors)
    assert [] == wait_for_end([int(place.read_text())])
    assert [] == tools.cache_files()

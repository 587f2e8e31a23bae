"""Trials in child processes: a timeout, a crash or a full memory costs only one function.

An executor's worker keeps one child, which imports the library once and tries function after
function. A child that had to be killed, or that died, is replaced by a new one. Only pipes and
pickles are used, so that this works in a worker of any executor, on any machine, where Python and
the library are installed; nothing that the child writes to its standard output is in the way.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, as_completed
from typing import IO, TYPE_CHECKING, Any

from .errors import TrialError
from .registry import find_place
from .trials import Outcome, Trial, try_function

if TYPE_CHECKING:
    from .trials import Candidate

#: Seconds after which a child that is asked nothing ends by itself: a long-lived pool of workers
#: (a Dask cluster) must not keep a library's memory for ever.
IDLE_S = 60.0

_START = """\
import pickle, sys
sys.path[:] = pickle.load(sys.stdin.buffer)
from regcache_functions.isolation import serve
serve()
"""
_workers = threading.local()

#: What is sent for each function: module and qualname, the pickled probe, the limit of memory.
Request = tuple[tuple[str, str], bytes, int | None]


def run_in(
    executor: Executor, registry: str, trial: Trial, candidates: Iterable[Candidate]
) -> Iterator[tuple[str, Outcome]]:
    """Try functions in the workers of an executor, in the order in which they are done.

    Raises:
        TrialError: The executor or a child process cannot be used, or the probe cannot be sent.
    """
    probe = _pickled(registry, trial)
    start = (sys.path, _main_file(trial.probe))
    futures: dict[Future[Outcome], str] = {
        executor.submit(try_apart, start, (reference, probe, trial.memory), trial.timeout): name
        for name, reference, _ in candidates
    }
    try:
        for future in as_completed(futures):
            yield futures[future], future.result()
    except TrialError:
        raise
    except Exception as error:  # an executor may raise anything; the answer would not be whole
        problem = f"the executor failed with {type(error).__name__}: {error}"
        raise TrialError(registry, problem) from error
    finally:
        for future in futures:
            future.cancel()


def _pickled(registry: str, trial: Trial) -> bytes:
    try:
        return pickle.dumps(trial.probe)
    except Exception as error:  # objects may refuse to be pickled in any way
        problem = (
            f"the probe {trial.probe!r} cannot be sent to another process ({error}). Define it as "
            "a function at the top of a module"
        )
        raise TrialError(registry, problem) from error


def _main_file(probe: Any) -> str | None:
    """The program that a probe is defined in, if that is no module that can be imported."""
    if getattr(probe, "__module__", None) != "__main__":
        return None
    return getattr(sys.modules["__main__"], "__file__", None)


def try_apart(start: tuple[list[str], str | None], request: Request, timeout: float) -> Outcome:
    """Try one function in the child of this worker; called in a worker of an executor.

    Args:
        start: ``sys.path`` for a new child, and the file of the program that the probe is in.
        request: What the child is asked.
        timeout: Seconds that it may take.
    """
    child: Child | None = getattr(_workers, "child", None)
    if child is None or child.start != start or not child.is_alive():
        child = _workers.child = Child(start)
    return child.ask(request, timeout)


class Child:
    """A process that tries functions, one at a time.

    Args:
        start: ``sys.path``, and the file of the program that the probe is in.
    """

    def __init__(self, start: tuple[list[str], str | None]) -> None:
        self.start = start
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._end = weakref.finalize(self, _end, self._process)
        for part in start:
            self._send(part)
        self._receive(None)  # ready, so that no function pays for the start

    def is_alive(self) -> bool:
        """Whether it can be asked more."""
        return self._process.poll() is None

    def ask(self, request: Request, timeout: float) -> Outcome:
        """Try one function.

        Returns:
            What the probe said, or why the child is gone.
        """
        # The library is imported outside of the time that the function has.
        self._send(request)
        answer = self._receive(None)
        if answer is None:
            answer = self._receive(timeout)
        if not isinstance(answer, Outcome):
            self._end()
        return answer if isinstance(answer, Outcome) else Outcome(None, str(answer))

    def _send(self, message: object) -> None:
        pipe: Any = self._process.stdin
        with contextlib.suppress(BrokenPipeError):  # that it died shows when we read
            pickle.dump(message, pipe)
            pipe.flush()

    def _receive(self, timeout: float | None) -> Any:
        """The next answer; text if there is none, for the process is gone."""
        timed_out = threading.Event()

        def kill() -> None:
            timed_out.set()
            self._process.kill()

        timer = threading.Timer(timeout, kill) if timeout is not None else None
        if timer is not None:
            timer.start()
        try:
            pipe: Any = self._process.stdout
            return pickle.load(pipe)
        except (EOFError, pickle.UnpicklingError):
            return f"took longer than {timeout} s" if timed_out.is_set() else self._death()
        finally:
            if timer is not None:
                timer.cancel()

    def _death(self) -> str:
        code = self._process.wait()
        if code >= 0:
            return f"its process ended with status {code}"
        with contextlib.suppress(ValueError):
            return f"its process was ended by {signal.Signals(-code).name}"
        return f"its process was ended by signal {-code}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a child, whatever it does."""
    process.kill()
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):  # what was not sent cannot be sent any more
            pipe.close()  # type: ignore[union-attr]
    process.wait()


def serve() -> None:
    """Answer requests on standard input until it ends; the main function of a child."""
    requests, answers = sys.stdin.buffer, _private_output()
    main = pickle.load(requests)
    if main is not None:
        _run_main(main)
    _answer(answers, None)
    while True:
        idle = threading.Timer(IDLE_S, os._exit, [0])
        idle.daemon = True
        idle.start()
        try:
            reference, probe, memory = pickle.load(requests)
        except EOFError:
            return
        finally:
            idle.cancel()
        _answer(answers, _try(reference, probe, memory, answers))


def _private_output() -> IO[bytes]:
    """Standard output for answers alone; what libraries print goes nowhere."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _run_main(file: str) -> None:
    """Run the program that the probe is defined in, as ``multiprocessing`` does."""
    import runpy
    import types

    module = types.ModuleType("__mp_main__")
    module.__dict__.update(runpy.run_path(file, run_name="__mp_main__"))
    sys.modules["__main__"] = sys.modules["__mp_main__"] = module


def _answer(answers: IO[bytes], answer: object) -> None:
    pickle.dump(answer, answers)
    answers.flush()


def _try(
    reference: tuple[str, str], probe: bytes, memory: int | None, answers: IO[bytes]
) -> Outcome:
    try:
        function = find_place(*reference)
        loaded = pickle.loads(probe)
    except Exception as error:  # a library may raise anything
        return Outcome(None, f"cannot be tried: {type(error).__name__}: {error}")
    _answer(answers, None)  # now its time runs
    with _limited(memory):
        return try_function(loaded, function)


@contextlib.contextmanager
def _limited(memory: int | None) -> Iterator[None]:
    """Let this process take only so many bytes more than it has."""
    if memory is None:
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm") as file:
        in_use = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (in_use + memory, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))

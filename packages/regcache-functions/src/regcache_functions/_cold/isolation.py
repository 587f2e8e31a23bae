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
import time
import weakref
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, as_completed
from queue import Empty, SimpleQueue
from typing import IO, TYPE_CHECKING, Any

from regcache_core.discovery import load_object

from ..errors import TrialError
from .outcomes import Outcome, reason_of, try_function

if TYPE_CHECKING:
    from ..registry import LibraryScope, Probe
    from .scan import Candidate

#: Seconds after which a child that is asked nothing ends by itself: a long-lived pool of workers
#: (a Dask cluster) must not keep a library's memory for ever.
IDLE_S = 60.0

#: Seconds that a child may take to start, and to import the library or the probe: much more than
#: any needs, so that one that never ends does not stop the scan for ever.
START_S = 600.0
#: Seconds between two looks at whether a silent child still lives.
_POLL_S = 0.1

_START = """\
import pickle, sys
sys.path[:] = pickle.load(sys.stdin.buffer)
from regcache_functions._cold.isolation import serve
serve()
"""
_workers = threading.local()

#: What is sent for each function: module and qualname, the pickled probe, the limit of memory.
Request = tuple[tuple[str, str], bytes, int | None]


def run_in(
    scope: LibraryScope, registry: str, probe: Probe, candidates: Iterable[Candidate]
) -> Iterator[tuple[str, Outcome]]:
    """Try functions in the workers of the executor, in the order in which they are done.

    Raises:
        TrialError: The executor or a child process cannot be used, or the probe cannot be sent.
    """
    executor: Any = scope.executor
    pickled = _pickled(registry, probe)
    start = (sys.path, _main_file(probe))
    futures: dict[Future[Outcome], str] = {}
    try:
        for each in candidates:
            request = (each.places[0], pickled, scope.memory)
            futures[executor.submit(try_apart, start, request, scope.timeout)] = each.name
        for future in as_completed(futures):
            yield futures[future], future.result()
    except ChildGoneError as error:
        raise TrialError(registry, str(error)) from error
    except Exception as error:  # an executor may raise anything; the answer would not be whole
        problem = f"the executor failed with {type(error).__name__}: {error}"
        raise TrialError(registry, problem) from error
    finally:
        for future in futures:
            future.cancel()


def _pickled(registry: str, probe: Probe) -> bytes:
    try:
        return pickle.dumps(probe)
    except Exception as error:  # objects may refuse to be pickled in any way
        problem = (
            f"the probe {probe!r} cannot be sent to another process ({error}). Define it as "
            "a function at the top of a module"
        )
        raise TrialError(registry, problem) from error


def _main_file(probe: Any) -> str | None:
    """The program that a probe is defined in, if that is no module that can be imported."""
    if getattr(probe, "__module__", None) not in ("__main__", "__mp_main__"):
        return None
    return getattr(sys.modules["__main__"], "__file__", None)


def try_apart(start: tuple[list[str], str | None], request: Request, timeout: float) -> Outcome:
    """Try one function in the child of this worker; called in a worker of an executor."""
    child: Child | None = getattr(_workers, "child", None)
    if child is not None and child.start == start and child.end.alive:
        with contextlib.suppress(ChildGoneError):  # it had been idle for long enough to end
            return child.ask(request, timeout)
    child = _workers.child = Child(start)
    return child.ask(request, timeout)


class ChildGoneError(Exception):
    """A child ended before it tried a function: by itself, or because it cannot get at it."""


class Child:
    """A process that tries functions, one at a time.

    Args:
        start: ``sys.path``, and the file of the program that the probe is in.
    """

    def __init__(self, start: tuple[list[str], str | None]) -> None:
        self.start = start
        # In a session of its own, so that what it starts can be ended with it.
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._answers: SimpleQueue[Any] = SimpleQueue()
        pipe: Any = self._process.stdout
        threading.Thread(target=_forward, args=(pipe, self._answers), daemon=True).start()
        self.end = weakref.finalize(self, _end, self._process)
        for part in start:
            self._send(part)
        self._await_readiness()

    def ask(self, request: Request, timeout: float) -> Outcome:
        """Try one function.

        Returns:
            What the probe said, or how the child died of the function.

        Raises:
            ChildGoneError: It died before it began, or cannot import the function or the probe.
        """
        try:
            self._send(request)
            self._await_readiness()  # the library is imported outside of the time of the function
            answer = self._receive(timeout)
        except BaseException:  # Ctrl-C: what it is doing is of no use to anybody
            self.end()
            raise
        if isinstance(answer, Outcome):
            return answer
        self.end()
        return Outcome(None, str(answer))

    def _await_readiness(self) -> None:
        problem = self._receive(START_S)
        if problem is not None:
            self.end()
            raise ChildGoneError(f"in a child process of a worker, {problem}")

    def _send(self, message: object) -> None:
        pipe: Any = self._process.stdin
        with contextlib.suppress(BrokenPipeError):  # that it died shows when we read
            pickle.dump(message, pipe)
            pipe.flush()

    def _receive(self, timeout: float) -> Any:
        """The next answer; text if there is none in time, or the process is gone.

        The end of the pipe alone does not tell: what the process has started may hold it open.
        """
        deadline = time.monotonic() + timeout
        gone = False
        while True:
            wait = min(_POLL_S, max(0.0, deadline - time.monotonic()))
            with contextlib.suppress(Empty):
                return self._answers.get(timeout=wait)
            if gone:
                return self._death()
            gone = self._process.poll() is not None  # what it said before is looked for once more
            if not gone and time.monotonic() >= deadline:
                return f"it took longer than {timeout:g} s"

    def _death(self) -> str:
        code = self._process.wait()
        if code >= 0:
            return f"its process ended by itself, with status {code}"
        with contextlib.suppress(ValueError):
            return f"its process was ended by {signal.Signals(-code).name}"
        return f"its process was ended by signal {-code}"


def _forward(pipe: IO[bytes], answers: SimpleQueue[Any]) -> None:
    """Take answers, or requests, from a pipe until it is closed."""
    with pipe, contextlib.suppress(EOFError, pickle.UnpicklingError):
        while True:
            answers.put(pickle.load(pipe))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a child, by force if it cannot hear that its input is closed, and all that it started."""
    with contextlib.suppress(OSError):  # what was not sent cannot be sent any more
        process.stdin.close()  # type: ignore[union-attr]
    try:
        process.wait(timeout=1)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if os.name == "posix":  # pragma: no branch - other systems have no such groups
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it started nothing
            os.killpg(process.pid, signal.SIGKILL)


def serve() -> None:
    """Answer requests on standard input; the main function of a child."""
    requests: SimpleQueue[Any] = SimpleQueue()
    standard: Any = sys.stdin
    pipe = standard.detach()  # what the probe starts may close its standard input, and wait for us
    sys.stdin = open(os.devnull)  # noqa: SIM115 - for as long as the process lives
    threading.Thread(target=_read, args=(pipe, requests), daemon=True).start()
    answers, process = _private_output(), os.getpid()
    doing = "run the program that the probe is defined in"
    try:
        main = requests.get()
        if main is not None:
            _run_main(main)
        _answer(answers, None)
        while True:
            (module, qualname), probe, memory = requests.get(timeout=IDLE_S)
            doing = f"import {module}.{qualname}"
            function = load_object(module, qualname)
            doing = "load the probe, which must be at the top of a module that it can import"
            loaded = pickle.loads(probe)
            _answer(answers, None)  # from now on its time runs
            outcome = _try(loaded, function, memory)
            if os.getpid() != process:  # a copy of this process, which the probe has made
                os._exit(0)
            _answer(answers, outcome)
    except Empty:
        pass
    except BaseException as error:  # a program or a library may raise anything
        _answer(answers, f"it cannot {doing}: {reason_of(error)}")
    os._exit(0)  # the other thread may be reading: an orderly end of Python would wait for it


def _try(probe: Any, function: Any, memory: int | None) -> Outcome:
    """Try a function, whatever it raises, and see that the outcome can be sent."""
    try:
        with _limited(memory):
            outcome = try_function(probe, function)
    except BaseException as error:  # KeyboardInterrupt and the like: nobody interrupts this process
        return Outcome(None, reason_of(error))
    try:
        pickle.dumps(outcome)
    except Exception as error:  # facts may hold anything
        return Outcome(None, f"its facts cannot be sent: {reason_of(error)}")
    return outcome


def _read(pipe: IO[bytes], requests: SimpleQueue[Any]) -> None:
    """Take requests from a pipe; when it is closed, the worker is gone and nobody waits for us."""
    try:
        _forward(pipe, requests)
    finally:
        os._exit(0)


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

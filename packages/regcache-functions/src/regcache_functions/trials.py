"""The trial of a library's functions before they are listed: a probe, and how it is run."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Executor
    from typing import Any

    #: Called with a function; gives facts about it, or raises to reject it.
    Probe = Callable[[Any], Any]
    #: Called with how many functions are done, how many there are, and the name of the last.
    Progress = Callable[[int, int, str], object]
    #: A function to be tried: its name, where it is imported from, and itself.
    Candidate = tuple[str, tuple[str, str], Any]


#: Longest reason that is kept for a rejected function, in characters.
MAX_REASON = 1000


class Outcome:
    """What a trial said of one function.

    Attributes:
        facts: What the probe returned, as JSON values; ``None`` if it rejected the function.
        reason: Why it was rejected; empty if it was not.
    """

    __slots__ = ("facts", "reason")

    def __init__(self, facts: "dict[str, Any] | None", reason: str = "") -> None:
        self.facts = facts
        self.reason = reason


class Trial:
    """A probe and how it is run.

    Args:
        probe: Called with each function; returns facts (a mapping, an attrs instance or ``None``)
            or raises: ``Reject("reason")``, or any other exception, which then is the reason.
            As text, ``"module:name"``, it is imported when there is something to try.
        version: Declared version of the probe; another version is another answer.
        executor: Where the functions are tried, each in a child process of a worker; without one
            they are tried in this process, one after the other.
        timeout: Seconds that one function may take (with an executor).
        memory: Bytes that one function may take beyond what the child has (with an executor, on
            Linux); ``None`` for no limit.
        progress: Told of each function that is done; ``True`` draws a bar with rich.
    """

    __slots__ = ("executor", "memory", "probe", "progress", "timeout", "version")

    def __init__(
        self,
        probe: "Probe | str",
        version: str = "",
        executor: "Executor | None" = None,
        timeout: float = 60.0,
        memory: "int | None" = None,
        progress: "Progress | bool" = False,
    ) -> None:
        self.probe = probe
        self.version = version
        self.executor = executor
        self.timeout = timeout
        self.memory = memory
        self.progress = progress

    def run(self, registry: str, candidates: "list[Candidate]") -> "dict[str, Outcome]":
        """Try functions; gives name -> outcome in the order of ``candidates``.

        Raises:
            TrialError: The executor or a child process cannot be used, or the probe cannot be
                sent there.
        """
        outcomes: dict[str, Outcome] = {}
        with self._reporter(registry) as report:
            report(0, len(candidates), "")
            for name, outcome in self._outcomes(registry, candidates):
                outcomes[name] = outcome
                report(len(outcomes), len(candidates), name)
        return {name: outcomes[name] for name, _, _ in candidates}

    def load_probe(self, registry: str) -> "Probe":
        """The probe, imported if it is given as text.

        Raises:
            TrialError: It cannot be imported.
        """
        if not isinstance(self.probe, str):
            return self.probe
        from regcache_core import load_object

        module, _, name = self.probe.partition(":")
        try:
            probe: Probe = load_object(module, name)
        except Exception as error:  # foreign code may raise anything
            from .errors import TrialError

            problem = f"the probe {self.probe!r} cannot be imported: {error!r}"
            raise TrialError(registry, problem) from error
        return probe

    def _reporter(self, registry: str) -> "Any":
        from contextlib import nullcontext

        if self.progress is True:
            from .progress import bar

            return bar(registry)
        return nullcontext(self.progress or (lambda done, total, name: None))

    def _outcomes(
        self, registry: str, candidates: "Iterable[Candidate]"
    ) -> "Iterator[tuple[str, Outcome]]":
        if self.executor is not None:
            from .isolation import run_in

            yield from run_in(self.executor, registry, self, candidates)
            return
        probe = self.load_probe(registry)
        for name, _, function in candidates:
            yield name, try_function(probe, function)


def try_function(probe: "Probe", function: "Any") -> Outcome:
    """Call a probe with a function, in this process."""
    from .errors import Reject
    from .facts import converter

    try:
        facts = converter().unstructure(probe(function))
        if facts is not None and not (isinstance(facts, dict) and _are_texts(facts)):
            raise TypeError(f"the probe returned {facts!r}; give a mapping of facts, or None")
    except Reject as refusal:
        return Outcome(None, _shorten(str(refusal)) or "rejected by the probe")
    except (Exception, SystemExit) as error:  # a function under trial may raise anything
        return Outcome(None, told(error))
    return Outcome(facts or {})


def told(error: BaseException) -> str:
    """An exception in words: its type and what it says, if it can."""
    try:
        text = str(error)
    except Exception:  # foreign code may raise anything, here too
        text = ""
    return _shorten(": ".join(filter(None, [type(error).__name__, text])))


def _are_texts(names: "Iterable[Any]") -> bool:
    return all(isinstance(name, str) for name in names)


def _shorten(text: str) -> str:
    """A reason as it is kept and read at every start."""
    return text if len(text) <= MAX_REASON else f"{text[: MAX_REASON - 3]}..."

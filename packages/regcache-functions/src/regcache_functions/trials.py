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

    from ._cold.outcomes import Outcome


class Trial:
    """A probe and how it is run.

    The arguments are those of ``FunctionRegistry.scan``.
    """

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
        from regcache_core.discovery import load_object

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
            from ._cold.progress import bar

            return bar(registry)
        return nullcontext(self.progress or (lambda done, total, name: None))

    def _outcomes(
        self, registry: str, candidates: "Iterable[Candidate]"
    ) -> "Iterator[tuple[str, Outcome]]":
        if self.executor is not None:
            from ._cold.isolation import run_in

            yield from run_in(self.executor, registry, self, candidates)
            return
        from ._cold.outcomes import try_function

        probe = self.load_probe(registry)
        for name, _, function in candidates:
            yield name, try_function(probe, function)

"""The trial of a library's functions before they are listed, in this process or in others."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext

from regcache_core.discovery import load_object

from ..errors import TrialError
from .outcomes import try_function

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..registry import LibraryScope, Probe, Progress
    from .outcomes import Outcome
    from .scan import Candidate


def try_all(scope: LibraryScope, registry: str, candidates: list[Candidate]) -> dict[str, Outcome]:
    """Try functions by a scope's probe; gives name -> outcome in the order of ``candidates``.

    Raises:
        TrialError: The executor or a child process cannot be used, or the probe cannot be imported
            or sent there.
    """
    probe = _load_probe(scope, registry)
    if scope.executor is None:
        tried = ((each.name, try_function(probe, each.function)) for each in candidates)
    else:
        from .isolation import run_in

        tried = run_in(scope, registry, probe, candidates)  # type: ignore[assignment]
    outcomes: dict[str, Outcome] = {}
    progress: Any = scope.progress or (lambda done, total, name: None)
    with _bar(registry) if progress is True else nullcontext(progress) as report:
        report(0, len(candidates), "")
        for name, outcome in tried:
            outcomes[name] = outcome
            report(len(outcomes), len(candidates), name)
    return {each.name: outcomes[each.name] for each in candidates}


def _load_probe(scope: LibraryScope, registry: str) -> Probe:
    """The probe, imported if it is given as text."""
    if not isinstance(scope.probe, str):
        return scope.probe  # type: ignore[return-value]
    module, _, name = scope.probe.partition(":")
    try:
        probe: Probe = load_object(module, name)
    except Exception as error:  # foreign code may raise anything
        problem = f"the probe {scope.probe!r} cannot be imported: {error!r}"
        raise TrialError(registry, problem) from error
    return probe


@contextmanager
def _bar(registry: str) -> Iterator[Progress]:
    """A bar on standard error, drawn by rich, while a registry's functions are tried."""
    from rich import progress as rich
    from rich.console import Console

    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.MofNCompleteColumn(),
        rich.TimeRemainingColumn(),
        rich.TextColumn("{task.fields[function]}"),
    )
    with rich.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(registry, total=None, function="")

        def update(done: int, total: int, name: str) -> Any:
            bar.update(task, completed=done, total=total, function=name)

        yield update

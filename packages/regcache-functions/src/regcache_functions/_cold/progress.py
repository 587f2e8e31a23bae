"""A progress bar for long scans, drawn by rich."""

from __future__ import annotations

from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def bar(registry: str) -> Iterator[Callable[[int, int, str], None]]:
    """Draw a bar on standard error while a registry's functions are tried.

    Yields:
        What is to be called with how many are done, how many there are, and the last one's name.
    """
    from rich.console import Console

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[function]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(registry, total=None, function="")

        def update(done: int, total: int, name: str) -> None:
            progress.update(task, completed=done, total=total, function=name)

        yield update

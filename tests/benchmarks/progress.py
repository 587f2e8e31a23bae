"""The line that shows what is being measured, for the demo and the benchmark."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


@contextlib.contextmanager
def progress_bar(console: Console, width: int) -> Iterator[Progress]:
    """A line that shows what runs now, and goes when all is done.

    Args:
        console: Where it is shown.
        width: Room for the name of what runs, in characters.
    """
    columns = (
        TextColumn(f"{{task.description:<{width}}}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield progress

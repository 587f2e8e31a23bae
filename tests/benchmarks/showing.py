"""How the demo and the benchmark show what runs now, and what was measured."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table


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


def new_table(title: str, first: str, headings: Iterable[str]) -> Table:
    """A table with names in its first column, and figures in the others."""
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    table.add_column(first)
    for heading in headings:
        table.add_column(heading, justify="right")
    return table

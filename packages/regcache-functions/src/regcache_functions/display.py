"""Functions for readers and other programs: text, HTML, JSON, a table. The cold side."""

from __future__ import annotations

import html
import json
from importlib import import_module

from .facts import converter
from .metadata import FunctionMetadata
from .signatures import shorten

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .functions import Functions

#: How many functions are shown before "and more": what fits on a screen.
SHOWN = 20
_WIDTH = 100


def to_text(functions: Functions[Any]) -> str:
    """A heading, and a line for each of the first functions: what it is called with, and does."""
    names = list(functions)
    lines = [_heading(functions, len(names))]
    for name in names[:SHOWN]:
        info = functions.info(name)
        lines.append(shorten(f"  {info}  {info.doc}".rstrip(), _WIDTH))
    if len(names) > SHOWN:
        lines.append(f"  ... and {len(names) - SHOWN} more")
    return "\n".join(lines)


def _heading(functions: Functions[Any], count: int) -> str:
    return f"{type(functions).__name__} {functions.name!r}: {count} function{'s' * (count != 1)}"


def to_html(functions: Functions[Any]) -> str:
    """A table of the first functions, for notebooks."""
    names = list(functions)
    rows = [_row(functions.info(name)) for name in names[:SHOWN]]
    more = f"<p>... and {len(names) - SHOWN} more</p>" if len(names) > SHOWN else ""
    heading = html.escape(_heading(functions, len(names)))
    columns = "".join(f"<th>{each}</th>" for each in ("name", "signature", "module", "tags", "doc"))
    return f"<p>{heading}</p><table><tr>{columns}</tr>{''.join(rows)}</table>{more}"


def _row(info: FunctionMetadata[Any]) -> str:
    tags = ", ".join([*info.tags, *([info.contract] if info.contract else [])])
    cells = (info.name, str(info.signature or ""), info.module, tags, info.doc)
    return f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in cells)}</tr>"


def to_json(functions: Functions[Any]) -> str:
    """Everything that is known, as the text of a JSON array of objects."""
    rows = [functions.info(name).fields() for name in functions]
    plain = [converter().unstructure(row) for row in rows]
    return json.dumps(plain, default=lambda value: value.fields())  # signatures, parameters


def to_dataframe(functions: Functions[Any]) -> Any:
    """A ``pandas.DataFrame``: a row for each function, a column for each field and fact.

    Raises:
        ImportError: pandas is not installed.
    """
    try:
        pandas: Any = import_module("pandas")
    except ImportError as error:
        message = "to_dataframe() needs pandas: pip install regcache-functions[dataframe]"
        raise ImportError(message, name="pandas") from error
    rows = []
    for name in functions:
        row = functions.info(name).fields()
        row["signature"] = str(row["signature"] or "")
        facts = converter().unstructure(row.pop("facts"))
        rows.append({**row, **{f"facts.{fact}": value for fact, value in facts.items()}})
    fields = FunctionMetadata.__annotations__
    columns = None if rows else [each for each in fields if each != "facts"]
    return pandas.DataFrame(rows, index=list(functions), columns=columns)

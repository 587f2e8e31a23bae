"""``hatch run faults [--long] [--table FILE]``: storms, kills, full disks, hostile files, threads.

Runs the tests of this folder and shows what they did; ``--long`` does what takes half an hour
(5,000 kills, 200,000 damaged files); ``--table`` writes the figures for the documentation.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from conftest import LEDGER, LONG

FOLDER = Path(__file__).resolve().parent
_OWN = ("test", "claim")


def main() -> int:
    """Run pytest on this folder; gives its exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="the published figures")
    parser.add_argument("--table", type=Path, metavar="FILE", help="write the table (.rst)")
    options, rest = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as place:
        ledger = Path(place, "ledger")
        environment = {**os.environ, LEDGER: str(ledger), **({LONG: "1"} if options.long else {})}
        command = [sys.executable, "-m", "pytest", str(FOLDER), *rest]
        status = subprocess.run(command, env=environment, check=False).returncode
        lines = ledger.read_text(encoding="utf-8").splitlines() if ledger.exists() else []
    rows = _grouped(json.loads(line) for line in lines)
    for row in rows:
        print(f"{row['claim']}\n    {_figures(row)}\n    {row['test']}")
    if options.table is not None and status == 0:
        options.table.write_text(_table(rows), encoding="utf-8")
    return status


def _grouped(lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each test function, of the figures of its cases."""
    cases: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        cases.setdefault(line["test"].partition("[")[0], []).append(line)
    return [_row(name, cases[name]) for name in sorted(cases)]


def _row(name: str, cases: list[dict[str, Any]]) -> dict[str, Any]:
    row: dict[str, Any] = {"test": name, "claim": cases[0]["claim"], "cases": len(cases)}
    for field in cases[0]:
        values = [case[field] for case in cases]
        if field.startswith("most_"):
            row[field] = max(values)
        elif isinstance(values[0], int):
            row[field] = sum(values)
        elif len({*values}) == 1:  # else it tells the cases apart
            row.setdefault(field, values[0])
    return row


def _figures(row: dict[str, Any]) -> str:
    figures = ((name, value) for name, value in row.items() if name not in _OWN)
    return ", ".join(
        f"{name.replace('_', ' ')}: {value:,}" if isinstance(value, int) else f"{name}: {value}"
        for name, value in figures
    )


def _table(rows: list[dict[str, Any]]) -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    cells = [
        f"   * - {row['claim']}\n     - {_figures(row)}\n     - ``{row['test']}``" for row in rows
    ]
    head = (
        f".. Made by ``hatch run faults --long --table``; {python}, {platform.system()}.\n\n"
        ".. list-table::\n   :header-rows: 1\n   :widths: 45 30 25\n\n"
        "   * - Claim\n     - What was done\n     - Test\n"
    )
    return head + "\n".join(cells) + "\n"


if __name__ == "__main__":
    sys.exit(main())

"""SECURITY.md: each line of its table names tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from trials import Record

ROOT = Path(__file__).resolve().parents[2]
TABLE = (ROOT / "SECURITY.md").read_text(encoding="utf-8").partition("## Threats")[2]
LINES = [line for line in TABLE.splitlines() if line.startswith("|")][2:]


def functions_in(path: Path) -> set[str]:
    """The test functions of a file; nothing is imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.split("|")[1].strip()[:40])
def test_each_threat_names_tests_that_exist(line: str) -> None:
    """No line is without a test, and each test that is named is there."""
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", line.split("|")[3])

    assert line.split("|")[3].count("tests/") == len(named) > 0
    assert [] == [test for path, test in named if test not in functions_in(ROOT / path)]


def test_table_has_lines(record: Record) -> None:
    """The threats of SECURITY.md are covered, line by line."""
    assert len(LINES) > 15
    record(threats=len(LINES))

"""What the documentation names exists: modules, their names, and paths in this repository."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.rst"),
        *ROOT.glob("docs/*.inc"),
        *ROOT.glob("packages/*/README.md"),
    ]
)
_NAME = re.compile(r"\bregcache_(?:core|meta|functions)(?:\.[A-Za-z_]\w*)+")
_PATH = re.compile(r"(?<![\w/.])(?:tests|docs|packages)/[\w./-]*\w")
#: What follows a name and is no part of it: endings of files, and what only a running registry has.
_NO_NAME = ("json", "py", "toml")


def resolves(name: str) -> bool:
    """Whether a dotted name leads to a module or to something in one."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found: object = import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            if not hasattr(found, part):
                return part in _NO_NAME
            found = getattr(found, part)
        return True
    return False


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_names_and_paths_on_a_page_exist(page: Path) -> None:
    """A reader who looks for what is named finds it."""
    text = page.read_text(encoding="utf-8")

    assert [] == [name for name in {*_NAME.findall(text)} if not resolves(name)]
    assert [] == [path for path in {*_PATH.findall(text)} if not (ROOT / path).exists()]

"""The import-linter contract of tox.ini holds, and fails when it is broken."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip(
    "importlinter", reason="import-linter is installed in the environment `imports`"
)

ROOT = Path(__file__).resolve().parents[2]
LAYERS = "meta and functions stand on core, and know nothing of each other"


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of the packages and of tox.ini."""
    for package in (ROOT / "packages").glob("*/src/*"):
        if (package / "__about__.py").exists():
            shutil.copytree(package, tmp_path / package.name)
    shutil.copy(ROOT / "tox.ini", tmp_path)
    return tmp_path


def lint(folder: Path) -> str:
    """What import-linter says of the copy."""
    code = f"import sys; sys.path.insert(0, {str(folder)!r})\n" + (
        "from importlinter.cli import lint_imports_command\nlint_imports_command()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--config", str(folder / "tox.ini"), "--no-cache"],
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.stdout + done.stderr


def verdicts(folder: Path) -> dict[str, bool]:
    """For each contract, whether it is kept."""
    text = lint(folder)
    lines = [line.strip() for line in text.splitlines()]
    found = {}
    for line in lines:
        for verdict in ("KEPT", "BROKEN"):
            name, mark, _ = line.partition(f" {verdict}")
            if mark:
                found[name] = verdict == "KEPT"
    assert found, text
    return found


def test_contract_is_kept(sources: Path) -> None:
    """The packages as they are keep it."""

    assert {LAYERS: True} == verdicts(sources)


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("regcache_core/errors.py", "import regcache_meta.classes"),
        ("regcache_core/_manager.py", "def f(): from regcache_meta import classes"),
        ("regcache_core/discovery/listing.py", "import regcache_functions.__about__"),
        ("regcache_meta/errors.py", "import regcache_functions.__about__"),
        ("regcache_functions/__about__.py", "import regcache_meta.errors"),
    ],
)
def test_offending_import_breaks_the_contract(module: str, line: str, sources: Path) -> None:
    """One import too many, at the top or inside a function, breaks it."""
    path = sources / module
    path.write_text(f"{path.read_text()}\n{line}\n")

    assert {LAYERS: False} == verdicts(sources)

"""Each import-linter contract of tox.ini holds, and fails when it is broken."""

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
WARM_COLD = "warm modules do not know cold ones"
COLD_ONLY = "only cold modules name attrs, cattrs, platformdirs and the heavy standard library"


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


def test_contracts_are_kept(sources: Path) -> None:
    """The packages as they are keep all contracts."""

    assert {LAYERS: True, WARM_COLD: True, COLD_ONLY: True} == verdicts(sources)


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("regcache_core/errors.py", "import regcache_meta.plugins", LAYERS),
        ("regcache_core/manager.py", "def f(): from regcache_meta import plugins", LAYERS),
        ("regcache_core/errors.py", "import regcache_functions.__about__", LAYERS),
        ("regcache_meta/errors.py", "import regcache_functions.__about__", LAYERS),
        ("regcache_functions/__about__.py", "import regcache_meta.errors", LAYERS),
        ("regcache_core/reading.py", "from .stamps import stamp_trees", WARM_COLD),
        ("regcache_core/reading.py", "def f(): from .stamps import stamp_trees", WARM_COLD),
        ("regcache_meta/plugins.py", "from .discovery import discover", WARM_COLD),
        ("regcache_meta/scope.py", "from regcache_core.serializing import as_json", WARM_COLD),
        ("regcache_functions/catalogue.py", "from .metadata import FunctionMetadata", WARM_COLD),
        ("regcache_functions/registry.py", "def f(): from .scanning import scan", WARM_COLD),
        ("regcache_core/location.py", "import attrs", COLD_ONLY),
        ("regcache_core/reading.py", "import cattrs", COLD_ONLY),
        ("regcache_core/report.py", "def f(): import platformdirs", COLD_ONLY),
        ("regcache_meta/config.py", "from dataclasses import dataclass", COLD_ONLY),
        ("regcache_meta/registration.py", "import logging", COLD_ONLY),
        ("regcache_meta/lazydict.py", "from typing import Any", COLD_ONLY),
        ("regcache_meta/plugins.py", "import inspect", COLD_ONLY),
        ("regcache_functions/functions.py", "from typing import Any", COLD_ONLY),
        ("regcache_functions/scope.py", "def f(): import inspect", COLD_ONLY),
    ],
)
def test_offending_import_breaks_its_contract(
    module: str, line: str, broken: str, sources: Path
) -> None:
    """One import too many, at the top or inside a function, breaks the contract that forbids it."""
    path = sources / module
    path.write_text(f"{path.read_text()}\n{line}\n")

    assert {LAYERS, WARM_COLD, COLD_ONLY} - {broken} == {
        name for name, kept in verdicts(sources).items() if kept
    }

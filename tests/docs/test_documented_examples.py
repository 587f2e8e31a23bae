"""The examples of README and site do what they say, in fresh processes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
READMES = ["README.md", "packages/regcache-meta/README.md"]
PLUGIN = """
from .base import Reader
class {name}Reader(Reader):
    format = "{format}"
    def read(self, path: str) -> bytes: return b""
"""


def run(code: str, folder: Path) -> str:
    """What a fresh process prints that runs ``code`` with ``folder`` on its path."""
    (folder / "program.py").write_text(code)
    environment = {**os.environ, "PYTHONPATH": str(folder), "REGCACHE_DIR": str(folder / "cache")}
    done = subprocess.run(
        [sys.executable, "program.py"], env=environment, cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def blocks(readme: str) -> list[str]:
    """The Python examples of a README."""
    return re.findall(r"```python\n(.*?)```", (ROOT / readme).read_text(), re.DOTALL)


@pytest.mark.parametrize("readme", READMES)
def test_ten_line_example_lists_and_imports_as_its_comments_say(
    readme: str, tmp_path: Path
) -> None:
    """The README's first example lists three formats from the cache and imports one module."""
    package = tmp_path / "app" / "readers"
    package.mkdir(parents=True)
    for file in ("app/__init__.py", "app/readers/__init__.py"):
        (tmp_path / file).write_text("")
    declared, _, _ = blocks(readme)[0].partition("\nlist(")
    (package / "base.py").write_text(declared)
    for name in ("czi", "ome", "tiff"):
        (package / f"{name}.py").write_text(PLUGIN.format(name=name.title(), format=name))
    code = (
        "import sys; from app.readers.base import Reader\n"
        "keys = list(Reader.__registry__); before = set(sys.modules)\n"
        "Reader.__registry__['tiff']\n"
        "new = [m for m in sys.modules if m.startswith('app.readers.') and m not in before]\n"
        "print(keys, new, Reader.__registry__.report.status)"
    )
    run(code, tmp_path)

    assert "['czi', 'ome', 'tiff'] ['app.readers.tiff'] hit\n" == run(code, tmp_path)


def test_pygments_example_prints_what_its_comments_say(tmp_path: Path) -> None:
    """The README's second example knows the lexers and their facts."""
    code = blocks("README.md")[1]
    shown = "print(len(lexers) > 500, lexers.info('PythonLexer').doc)"

    assert "True For Python source code (version 3.x)." in run(f"{code}\n{shown}", tmp_path)


def test_example_of_core_is_a_hit_the_second_time(tmp_path: Path) -> None:
    """The README of regcache-core has an example that runs as it stands."""
    code = blocks("packages/regcache-core/README.md")[0]
    run(code, tmp_path)

    assert run(code, tmp_path).startswith("hit: 1 items")


@pytest.mark.parametrize("example", sorted((ROOT / "docs/examples").glob("*.py")), ids=str)
def test_example_of_the_site_runs(example: Path, tmp_path: Path) -> None:
    """Each file that the site shows runs as it stands."""
    run(example.read_text(), tmp_path)


def test_palettes_of_the_site_are_read_from_the_cache(tmp_path: Path) -> None:
    """The site's third example builds from data files, then answers from its cache."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "warm.json").write_text('["#f80", "#c40"]')
    code = (ROOT / "docs/examples/palettes.py").read_text()
    shown = "print(palettes(Path('data')))"
    run(f"{code}\n{shown}", tmp_path)

    assert "{'warm': Palette(colours=('#f80', '#c40'))}\n" == run(f"{code}\n{shown}", tmp_path)
    assert [".json"] == [path.suffix for path in (tmp_path / "cache").rglob("*.*")]

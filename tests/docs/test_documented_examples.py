"""The examples of README and site do what they say, in fresh processes."""

import os
import re
import shutil
import subprocess
import sys
import time
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
    time.sleep(0.02)  # what is written in the clock tick of its import counts as edited since
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
        "report = Reader.__registry__.report\n"
        "print(keys, new, 'hit' if report.status == 'hit' else report)"
    )
    run(code, tmp_path)

    assert "['czi', 'ome', 'tiff'] ['app.readers.tiff'] hit\n" == run(code, tmp_path)


def test_pygments_example_prints_what_its_comments_say(tmp_path: Path) -> None:
    """The README's second example knows the lexers and their facts."""
    code = blocks("README.md")[1]
    shown = "print(len(lexers) > 500, lexers.info('PythonLexer').doc)"

    assert "True For Python source code (version 3.x)." in run(f"{code}\n{shown}", tmp_path)


FILTER = """
from app.registry import filters
@filters.register(tags=["blur"])
def {name}(image): ...
"""


def test_decorated_functions_are_listed_and_imported_as_the_comments_say(tmp_path: Path) -> None:
    """The README of regcache-functions lists two filters from the cache and imports one module."""
    package = tmp_path / "app" / "filters"
    package.mkdir(parents=True)
    for file in ("app/__init__.py", "app/filters/__init__.py"):
        (tmp_path / file).write_text("")
    declared, _, _ = blocks("packages/regcache-functions/README.md")[0].partition("\nlist(")
    (tmp_path / "app" / "registry.py").write_text(declared)
    for name in ("gaussian", "median"):
        (package / f"{name}.py").write_text(FILTER.format(name=name))
    code = (
        "import sys; from app.registry import filters\n"
        "names = list(filters.query(tag='blur')); before = set(sys.modules)\n"
        "filters['gaussian']\n"
        "new = [m for m in sys.modules if m.startswith('app.filters.') and m not in before]\n"
        "print(names, new, filters.report.status)"
    )
    run(code, tmp_path)

    assert "['gaussian', 'median'] ['app.filters.gaussian'] hit\n" == run(code, tmp_path)


@pytest.mark.parametrize(
    ("readme", "block"), [("README.md", 2), ("packages/regcache-functions/README.md", 1)]
)
def test_scanned_library_is_listed_without_being_imported(
    readme: str, block: int, tmp_path: Path
) -> None:
    """The READMEs' scan of scikit-image finds the thresholds by Otsu, from the cache."""
    pytest.importorskip("skimage")
    code = blocks(readme)[block].partition("\nfilters[")[0]
    shown = (
        "import sys; print(list(filters.search('otsu')), 'skimage' in sys.modules)\n"
        "print(filters.info('gaussian').doc, callable(filters['threshold_otsu']))"
    )
    run(code, tmp_path)

    assert (
        "['threshold_multiotsu', 'threshold_otsu'] False\nMulti-dimensional Gaussian filter. True\n"
    ) == run(f"{code}\n{shown}", tmp_path)


def test_filters_of_the_site_print_what_their_comments_say(tmp_path: Path) -> None:
    """The site's example of functions answers, cold and warm, what stands beside each line."""
    code = (ROOT / "docs/examples/filters.py").read_text()
    printed = """['gaussian']
2.0
[0.5, 1.0]
(data, *, n=4, method='exclusive')
['stdev', 'variance']
['harmonic_mean']
"""

    assert printed == run(code, tmp_path)
    assert printed + "hit\n" == run(f"{code}\nprint(statistics.report.status)", tmp_path)


@pytest.mark.parametrize("example", sorted((ROOT / "docs/examples").glob("*.py")), ids=str)
def test_example_of_the_site_runs(example: Path, tmp_path: Path) -> None:
    """Each file that the site shows runs as it stands."""
    run(example.read_text(), tmp_path)


def test_command_line_of_the_site_says_what_the_page_shows(tmp_path: Path) -> None:
    """Help, two commands, a misspelt one; from the second start on, one that runs is imported."""
    pytest.importorskip("click")
    shutil.copytree(ROOT / "docs/examples/shop", tmp_path / "shop")
    page = (ROOT / "docs/commands.rst").read_text()
    loaded = []
    for arguments in ("--help", "--help", "sell 3 4 5", "sall", "stock count --shelf top"):
        code = f"""
import sys; from shop.cli import cli
sys.stderr = sys.stdout
try: cli({arguments.split()}, prog_name="shop")
except SystemExit: pass
print(*[name for name in sys.modules if name.startswith("shop.commands.")])
"""
        *said, modules = run(code, tmp_path).splitlines()
        loaded.append(modules)
        # How a deprecated command is shown is up to the release of click.
        lines = [line for line in said if line not in page and "buy-back" not in line]
        assert (["top: 3"] if "top" in arguments else []) == lines

    nested = "shop.commands.stock shop.commands.stock.count"
    assert ["", "shop.commands.sell", "", nested] == loaded[1:]


def test_palettes_of_the_site_are_read_from_the_cache(tmp_path: Path) -> None:
    """The site's third example builds from data files, then answers from its cache."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "warm.json").write_text('["#f80", "#c40"]')
    code = (ROOT / "docs/examples/palettes.py").read_text()
    shown = "print(palettes(Path('data')))"
    run(f"{code}\n{shown}", tmp_path)

    assert "{'warm': Palette(colours=('#f80', '#c40'))}\n" == run(f"{code}\n{shown}", tmp_path)
    assert [".json"] == [path.suffix for path in (tmp_path / "cache").rglob("[!.]*.*")]

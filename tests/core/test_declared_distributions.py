"""A declared distribution that pip really installs, upgrades and uninstalls."""

import json
import os
import subprocess
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.pip

pytest.importorskip("ensurepip")

PROGRAM = """
import json, sys
from importlib.metadata import PackageNotFoundError, version
from regcache_core import Distribution, RegistryCacheManager
from regcache_core import Declared

def build():
    try:
        return {"tiny": version("sci-tiny")}
    except PackageNotFoundError:
        return {}

declared = Declared([Distribution("Sci_Tiny")] if BY == "registry" else [])
manager = RegistryCacheManager(
    "tools", lambda: "1", str, str, inputs=[declared], application="painter"
)
def search():
    declared.add([Distribution("sci.tiny")] if BY == "plugin" else [])
    return build()
answer, report = manager.get_or_build(search), manager.last_report
reason = report.reason and report.reason.name
print(json.dumps([answer == build(), answer.get("tiny"), report.status, reason]))
"""


class Environment:
    """A virtual environment with pip, and this process's packages."""

    def __init__(self, folder):
        self.folder = folder
        venv.create(folder / "venv", with_pip=True)
        self.python = folder / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
        self.cache = folder / "cache"
        site = self.run("import sysconfig; print(sysconfig.get_path('purelib'))").strip()
        core = Path(__import__("regcache_core").__file__).parents[1]
        (Path(site) / "core.pth").write_text(f"{core}\n")

    def run(self, program):
        """Run a program in the environment; gives what it prints."""
        hidden = ("REGCACHE_", "PYTHON", "PIP_", "VIRTUAL_ENV", "COVERAGE")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
        done = subprocess.run(
            [self.python, "-c", program],
            env={**kept, "REGCACHE_DIR": str(self.cache), "PYTHONDONTWRITEBYTECODE": "1"},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def pip(self, *words):
        """Run pip; nothing is fetched."""
        words = [*words, "--disable-pip-version-check", "--no-color", "-q"]
        self.run(f"import sys; from pip import main; sys.exit(main({words!r}))")

    def install(self, version, text=""):
        """Make a wheel and install it."""
        info, name = f"sci_tiny-{version}.dist-info", f"sci_tiny-{version}-py3-none-any.whl"
        files = {
            "tiny.py": f"# {text}\n",
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: sci-tiny\nVersion: {version}\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: us\nRoot-Is-Purelib: true\n"
            "Tag: py3-none-any\n",
        }
        files[f"{info}/RECORD"] = "".join(f"{each},,\n" for each in [*files, f"{info}/RECORD"])
        with zipfile.ZipFile(self.folder / name, "w") as wheel:
            for each, content in files.items():
                wheel.writestr(each, content)
        self.pip("install", "--no-index", "--no-deps", "--force-reinstall", str(self.folder / name))


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """One environment for all tests, since making one takes seconds."""
    return Environment(tmp_path_factory.mktemp("environment"))


@pytest.mark.parametrize("by", ["registry", "plugin"])
def test_pip_is_seen_by_the_next_process(by, environment, tmp_path):
    """Installed, upgraded, downgraded, installed anew, uninstalled: each is a miss, then a hit."""
    environment.cache = tmp_path / "cache"
    program = f"BY = {by!r}\n{PROGRAM}"
    steps = [
        ("1.0", lambda: environment.install("1.0"), "DISTRIBUTION_CHANGED"),
        ("2.0", lambda: environment.install("2.0"), "DISTRIBUTION_CHANGED"),
        ("1.0", lambda: environment.install("1.0"), "DISTRIBUTION_CHANGED"),
        ("1.0", lambda: environment.install("1.0", "other"), "SOURCE_CHANGED"),
        (None, lambda: environment.pip("uninstall", "-y", "sci-tiny"), "DISTRIBUTION_CHANGED"),
    ]
    environment.run(program)
    assert [True, None, "hit", None] == json.loads(environment.run(program))

    for version, change, reason in steps:
        change()

        assert [True, version, "miss", reason] == json.loads(environment.run(program))
        assert [True, version, "hit", None] == json.loads(environment.run(program))

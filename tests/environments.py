"""A virtual environment of its own for an application, and small distributions to install there."""

from __future__ import annotations

import ensurepip
import os
import subprocess
import sys
import sysconfig
import tempfile
import venv
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from textwrap import dedent

from throwaway import App

#: Python brings a wheel of pip along, and distributors say where.
_WHEELS = sysconfig.get_config_var("WHEEL_PKG_DIR") or Path(ensurepip.__file__).parent / "_bundled"
PIP = next(Path(_WHEELS).glob("pip-*.whl"), None)

#: A build backend without dependencies, so that pip needs no network.
_BACKEND = """
import shutil, pathlib
def build_editable(folder, config_settings=None, metadata_directory=None):
    wheel = next(pathlib.Path("wheels").iterdir())
    shutil.copy(wheel, folder)
    return wheel.name
"""
_PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
#: What setuptools installs where a path alone would make too much importable.
_FINDER = """
import sys
import sysconfig
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
class Finder:
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name == {module!r}:
            return spec_from_file_location(name, {file!r})
if Finder not in sys.meta_path:
    sys.meta_path.append(Finder)
"""


def write_wheel(
    folder: Path, name: str, files: Mapping[str, str], version: str = "1.0", **metadata: str
) -> Path:
    """Write a wheel.

    Args:
        folder: Where it goes.
        name: Name of the distribution.
        files: Path -> text of what it installs.
        version: Its version.
        metadata: Further files of metadata: name, with ``_`` for a dot, and text.
    """
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    files = {file: dedent(text) for file, text in files.items()}
    files |= {f"{info}/{n.replace('_txt', '.txt')}": dedent(t) for n, t in metadata.items()}
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    files[f"{info}/WHEEL"] = (
        "Wheel-Version: 1.0\nGenerator: us\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
    return wheel


@cache
def _unpacked_pip() -> tempfile.TemporaryDirectory[str]:
    """A folder with pip: out of its wheel, every run would compile it anew, for a second."""
    folder = tempfile.TemporaryDirectory(prefix="regcache-pip-")
    with zipfile.ZipFile(str(PIP)) as wheel:
        # Without its metadata: they are none of what the environment has.
        wheel.extractall(folder.name, [m for m in wheel.namelist() if m.startswith("pip/")])
    return folder


class Environment(App):
    """An application that runs in a virtual environment of its own."""

    hidden = (*App.hidden, "PIP_", "VIRTUAL_ENV")

    def __init__(self, tmp_path: Path) -> None:
        super().__init__(tmp_path)
        self.home = tmp_path
        venv.create(tmp_path / "venv", symlinks=os.name != "nt")
        scripts = "Scripts" if os.name == "nt" else "bin"
        self.python = str(tmp_path / "venv" / scripts / "python")
        self.site = Path(self.run("import sysconfig; out = sysconfig.get_path('purelib')"))
        # What this process can import, with the hooks of its own environment.
        lines = [f"import site; site.addsitedir({path!r})" for path in sys.path if "site-" in path]
        (self.site / "ours.pth").write_text("\n".join(lines))

    def pip(self, *words: str) -> None:
        """Run pip; nothing is fetched."""
        environment = self.environment(PIP_NO_INDEX="1", PIP_DISABLE_PIP_VERSION_CHECK="1")
        kept = {k: v for k, v in environment.items() if "COVERAGE" not in k and "PYTHON" not in k}
        done = subprocess.run(
            [self.python, f"{_unpacked_pip().name}/pip", *words],
            env=kept,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def install(
        self, name: str, files: Mapping[str, str], version: str = "1.0", **metadata: str
    ) -> None:
        """Install a distribution, in the place of another version of it."""
        wheel = write_wheel(self.home / "wheels", name, files, version, **metadata)
        self.pip("install", "--no-deps", "--force-reinstall", str(wheel))

    def install_editable(
        self, name: str, files: Mapping[str, str], *, finder: str = "", **metadata: str
    ) -> Path:
        """Install a reference to a folder of sources: by a path, or by a finder of one module.

        Returns:
            The folder.
        """
        project = self.home / "projects" / name
        for file, text in files.items():
            (project / "src" / file).parent.mkdir(parents=True, exist_ok=True)
            (project / "src" / file).write_text(dedent(text))
        hook = {f"__editable__{name}.pth": f"{project / 'src'}\n"}
        if finder:
            hook = {
                f"__editable__{name}.pth": f"import __editable___{name}_finder\n",
                f"__editable___{name}_finder.py": _FINDER.format(
                    module=finder, file=str(project / "src" / f"{finder}.py")
                ),
            }
        write_wheel(project / "wheels", name, hook, **metadata)
        (project / "backend.py").write_text(_BACKEND)
        (project / "pyproject.toml").write_text(_PROJECT)
        self.pip("install", "--no-deps", "--no-build-isolation", "-e", str(project))
        return project / "src"

    def uninstall(self, name: str) -> None:
        """Uninstall a distribution."""
        self.pip("uninstall", "-y", name)

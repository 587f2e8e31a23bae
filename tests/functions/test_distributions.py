"""Libraries that pip installs into an environment: what of it the cache is sensitive to."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from regcache_functions._cold import distributions

pytest.importorskip("ensurepip")

#: A build backend without dependencies: so pip needs no network. The distribution has another name
#: than its package, as scikit-image has.
BACKEND = """
import os, zipfile

NAME = "sci_tiny"

def _write(folder, version, files):
    wheel = f"{NAME}-{version}-py3-none-any.whl"
    info = f"{NAME}-{version}.dist-info"
    files = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\\nName: sci-tiny\\nVersion: {version}\\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: us\\nRoot-Is-Purelib: true\\n"
                         "Tag: py3-none-any\\n",
    }
    record = "".join(f"{name},,\\n" for name in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(os.path.join(folder, wheel), "w") as archive:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(name, text)
    return wheel

def build_wheel(folder, config_settings=None, metadata_directory=None):
    files = {}
    for parent, _, names in os.walk("src"):
        for name in names:
            if name.endswith(".py"):
                path = os.path.join(parent, name)
                files[os.path.relpath(path, "src").replace(os.sep, "/")] = open(path).read()
    return _write(folder, open("VERSION").read().strip(), files)

def build_editable(folder, config_settings=None, metadata_directory=None):
    return _write(folder, "1.0", {"__editable__sci_tiny.pth": os.path.abspath("src") + "\\n"})
"""

PROJECT = {
    "pyproject.toml": """
        [build-system]
        requires = []
        build-backend = "backend"
        backend-path = ["."]
        """,
    "backend.py": BACKEND,
    "VERSION": "1.0",
    "src/tiny/__init__.py": """
        from .shapes import dot
        __version__ = "0.0"
        __all__ = ["dot"]
        """,
    "src/tiny/shapes.py": "__all__ = ['dot', 'line']\ndef dot(): ...\ndef line(): ...\n",
    "src/tiny_extra.py": "__all__ = ['extra']\ndef extra(): ...\n",
}

SCAN = """
import json, sys
from regcache_functions import FunctionRegistry
registry = FunctionRegistry.scan({library!r})
names = [*registry]
info = registry.info(names[0])
lazy = "importlib.metadata" in sys.modules
where = registry.report.where.replace("\\\\", "/").rpartition("/")[2]
reason = registry.report.reason and registry.report.reason.name
print(json.dumps({{
    "names": names, "status": registry.report.status, "reason": reason, "where": where,
    "distribution": info.distribution, "version": info.version, "metadata": lazy,
    "library": "tiny" in sys.modules,
}}))
"""


class Environment:
    """A virtual environment with pip, and a project to be installed there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.project = folder / "project"
        self.cache = folder / "cache"
        self.is_installed = False
        venv.create(folder / "venv", with_pip=True)
        self.python = folder / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
        self.site = Path(self.run("import sysconfig; print(sysconfig.get_path('purelib'))").strip())
        # What this process can import, with the hooks of its own environment.
        lines = [f"import site; site.addsitedir({path!r})" for path in sys.path if "site-" in path]
        (self.site / "ours.pth").write_text("\n".join(lines))
        self.write(PROJECT)

    def write(self, files: dict[str, str]) -> None:
        """Write files of the project."""
        for name, text in files.items():
            path = self.project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text))

    def run(self, program: str, *, hidden: tuple[str, ...] = ()) -> str:
        """Run a program in the environment; gives what it prints."""
        hidden = ("REGCACHE_", "PYTHON", "PIP_", "VIRTUAL_ENV", *hidden)
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

    def pip(self, *arguments: str) -> None:
        """Run pip; nothing is fetched."""
        words = [*arguments, "--disable-pip-version-check", "--no-color", "-q"]
        program = f"import sys; from pip import main; sys.exit(main({words!r}))"
        self.run(program, hidden=("COVERAGE",))  # pip is not what is measured

    def install(self, *options: str) -> None:
        """Install the project as it is now."""
        self.pip("install", "--no-index", "--no-deps", "--no-build-isolation", *options)

    def scan(self, library: str = "tiny") -> Any:
        """Scan the library in a fresh process."""
        return json.loads(self.run(SCAN.format(library=library)))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """One environment for all tests, since making one takes seconds."""
    return Environment(tmp_path_factory.mktemp("environment"))


@pytest.fixture
def environment(made: Environment, tmp_path: Path) -> Environment:
    """The environment with nothing installed, the project as at first, and no cache."""
    made.cache = tmp_path / "cache"
    made.is_installed = False
    if list(made.site.glob("sci_tiny*")):
        made.pip("uninstall", "-y", "sci-tiny")
    (made.project / "src/tiny/new.py").unlink(missing_ok=True)
    made.write(PROJECT)
    return made


@pytest.fixture
def installed(made: Environment, tmp_path: Path, request: pytest.FixtureRequest) -> Environment:
    """The environment with the project installed, and no cache; nothing is to be changed."""
    if not made.is_installed:
        request.getfixturevalue("environment").install(str(made.project))
    made.cache, made.is_installed = tmp_path / "cache", True
    return made


def test_installed_library_belongs_to_its_distribution(installed: Environment) -> None:
    """Name and version are the distribution's, which is called otherwise than the package."""
    cold, warm = installed.scan(), installed.scan()

    assert ["dot", "line"] == cold["names"] == warm["names"]
    assert ("miss", "hit") == (cold["status"], warm["status"])
    assert ("sci-tiny", "1.0") == (cold["distribution"], cold["version"])
    assert ("sci-tiny", "1.0") == (warm["distribution"], warm["version"])


def test_warm_start_reads_no_installed_metadata(installed: Environment) -> None:
    """The stamp of the metadata's files stands for what is in them."""
    cold, warm = installed.scan(), installed.scan()

    assert (True, True) == (cold["metadata"], cold["library"])
    assert (False, False) == (warm["metadata"], warm["library"])


def test_module_beside_the_package_belongs_to_the_distribution_too(
    installed: Environment,
) -> None:
    """A plain module that a distribution installed is known by it."""
    cold, warm = installed.scan("tiny_extra"), installed.scan("tiny_extra")

    assert (["extra"], "sci-tiny") == (cold["names"], cold["distribution"])
    assert "hit" == warm["status"]


def test_a_file_added_beside_an_installed_library_changes_nothing(
    installed: Environment,
) -> None:
    """Another distribution in the same folder costs no rebuild."""
    installed.scan()
    (installed.site / "unrelated.py").write_text("")

    assert "hit" == installed.scan()["status"]


def test_upgrade_is_a_miss(environment: Environment) -> None:
    """Another version of the distribution is scanned anew."""
    environment.install(str(environment.project))
    before = [environment.scan()["status"] for _ in range(2)]
    environment.write({"VERSION": "1.1", "src/tiny/new.py": "__all__ = ['new']\ndef new(): ...\n"})
    environment.install("--upgrade", str(environment.project))
    after = environment.scan()

    assert ["miss", "hit"] == before
    assert (["dot", "new", "line"], "miss", "1.1") == (
        after["names"],
        after["status"],
        after["version"],
    )
    assert ("SOURCE_REMOVED", True) == (after["reason"], after["where"] in ("METADATA", "RECORD"))
    assert "hit" == environment.scan()["status"]


def test_same_version_installed_again_with_other_contents_is_a_miss(
    environment: Environment,
) -> None:
    """A rebuilt wheel of one version is noticed: what pip writes is newer."""
    environment.install(str(environment.project))
    before = [environment.scan()["status"] for _ in range(2)]
    environment.write({"src/tiny/new.py": "__all__ = ['new']\ndef new(): ...\n"})
    environment.install("--force-reinstall", str(environment.project))

    after = environment.scan()
    assert ["miss", "hit"] == before
    assert ("miss", True) == (after["status"], "new" in after["names"])


def test_editable_library_is_watched_file_by_file(environment: Environment) -> None:
    """Of a library that is installed as a reference, each edit and each new file is seen."""
    environment.install("-e", str(environment.project))
    before = [environment.scan() for _ in range(2)]
    environment.write(
        {"src/tiny/shapes.py": "__all__ = ['dot', 'arc']\ndef dot():...\ndef arc():..."}
    )
    edited = environment.scan()
    environment.write({"src/tiny/new.py": "__all__ = ['new']\ndef new(): ...\n"})
    added = environment.scan()

    assert ["miss", "hit"] == [each["status"] for each in before]
    assert (["dot", "arc"], "SOURCE_CHANGED", "shapes.py") == (
        edited["names"],
        edited["reason"],
        edited["where"],
    )
    assert (["dot", "new", "arc"], "miss") == (added["names"], added["status"])


def test_editable_library_says_its_own_version(environment: Environment) -> None:
    """Where metadata do not lie beside the package its ``__version__`` is what there is."""
    environment.install("-e", str(environment.project))
    found = environment.scan()

    assert ("", "0.0") == (found["distribution"], found["version"])


def test_editable_library_belongs_to_its_distribution(environment: Environment) -> None:
    """A reference to sources, as setuptools installs it, says which packages are its own."""
    lines = '{"__editable__sci_tiny.pth": os.path.abspath("src") + "\\n"'
    assert lines in BACKEND
    more = ', "sci_tiny-1.0.dist-info/top_level.txt": "tiny\\ntiny_extra\\n"'
    environment.write({"backend.py": dedent(BACKEND).replace(lines, lines + more)})
    environment.install("-e", str(environment.project))
    cold, warm = environment.scan(), environment.scan()

    assert ("sci-tiny", "1.0") == (cold["distribution"], cold["version"])
    assert ("sci-tiny", "1.0", "hit") == (warm["distribution"], warm["version"], warm["status"])


def test_editable_library_installed_for_good_is_a_miss(environment: Environment) -> None:
    """The package lies elsewhere then: it has a cache file of its own."""
    environment.install("-e", str(environment.project))
    editable = [environment.scan()["status"] for _ in range(2)]
    environment.install("--force-reinstall", str(environment.project))
    installed = environment.scan()

    assert ["miss", "hit"] == editable
    assert ("miss", "sci-tiny") == (installed["status"], installed["distribution"])


def test_uninstalled_library_is_an_error(environment: Environment) -> None:
    """A library that was removed cannot be listed, though its cache file is still there."""
    environment.install(str(environment.project))
    environment.scan()
    environment.pip("uninstall", "-y", "sci-tiny")

    with pytest.raises(AssertionError, match="ScanError: cannot look for functions in tiny"):
        environment.scan()


def test_libraries_on_the_path_of_a_source_tree_are_no_installed_ones(tmp_path: Path) -> None:
    """The egg-info folder of a source tree lists sources: the library is watched by its files."""
    info = tmp_path / "tiny.egg-info"
    (tmp_path / "tiny").mkdir()
    info.mkdir()
    (tmp_path / "tiny/__init__.py").write_text("")
    (info / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: tiny\nVersion: 1\n")
    (info / "SOURCES.txt").write_text("tiny/__init__.py\n")

    assert [] == distributions.metadata_files("tiny", [str(tmp_path / "tiny")])


def test_namespace_packages_are_watched_file_by_file(tmp_path: Path) -> None:
    """Another distribution can add a module to a namespace package, and no metadata tell it."""
    info = tmp_path / "space-1.dist-info"
    (tmp_path / "space").mkdir()
    info.mkdir()
    (tmp_path / "space/part.py").write_text("")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: space\nVersion: 1\n")
    (info / "RECORD").write_text("space/part.py,,\nspace-1.dist-info/METADATA,,\n")
    place = str(tmp_path / "space")

    assert [] == distributions.metadata_files("space", [place])
    assert {"distribution": "space", "version": "1"} == distributions.owner_of("space", [place])


def test_owner_of_what_nobody_installed(tmp_path: Path) -> None:
    """A package that no distribution has and that says no version has neither."""
    assert {"distribution": "", "version": ""} == distributions.owner_of("nobody_has_this", [])


def test_owner_is_told_by_name_where_metadata_lie_elsewhere() -> None:
    """A library that is not where its distribution is keeps the name and version of that."""
    assert "pytest" == distributions.owner_of("pytest", ["/no/such/place"])["distribution"]

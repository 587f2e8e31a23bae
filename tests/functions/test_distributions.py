"""Libraries that pip installs into an environment: what of it the cache is sensitive to."""

from pathlib import Path
from typing import Any

import pytest
from environments import PIP, Environment

from regcache_core.discovery import metadata_files
from regcache_functions._cold import distributions

pytestmark = pytest.mark.skipif(PIP is None, reason="this Python brings no pip along")

#: The distribution has another name than its package, as scikit-image has.
TINY = {
    "tiny/__init__.py": """
        from .shapes import dot
        __version__ = "0.0"
        __all__ = ["dot"]
        """,
    "tiny/shapes.py": "__all__ = ['dot', 'line']\ndef dot(): ...\ndef line(): ...\n",
    "tiny_extra.py": "__all__ = ['extra']\ndef extra(): ...\n",
}
MORE = {**TINY, "tiny/new.py": "__all__ = ['new']\ndef new(): ...\n"}

SCAN = """
from regcache_functions import FunctionRegistry
registry = FunctionRegistry.scan({library!r})
names = [*registry]
info, report = registry.info(names[0]), registry.report
out = {{
    "names": names, "status": report.status, "reason": report.reason and report.reason.name,
    "owner": [info.distribution, info.version], "metadata": "importlib.metadata" in sys.modules,
    "library": "tiny" in sys.modules,
}}
"""


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """An environment with nothing installed but us."""
    return Environment(tmp_path)


def scan(environment: Environment, library: str = "tiny") -> Any:
    """Scan the library in a fresh process."""
    return environment.run(SCAN.format(library=library))


def test_installed_library_belongs_to_its_distribution(environment: Environment) -> None:
    """Name and version are the distribution's, also of a module beside the package.

    A warm start reads no metadata: the stamp of their files stands for what is in them.
    """
    environment.install("sci-tiny", TINY)
    cold = scan(environment)
    (environment.site / "unrelated.py").write_text("")  # another distribution in the same folder
    warm = scan(environment)

    assert ["dot", "line"] == cold["names"] == warm["names"]
    assert ("miss", "hit") == (cold["status"], warm["status"])
    assert ["sci-tiny", "1.0"] == cold["owner"] == warm["owner"]
    assert (True, True) == (cold["metadata"], cold["library"])
    assert (False, False) == (warm["metadata"], warm["library"])
    extra = [scan(environment, "tiny_extra") for _ in range(2)]
    assert [["sci-tiny", "1.0"]] * 2 == [each["owner"] for each in extra]
    assert "hit" == extra[1]["status"]


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_library_that_is_installed_again_is_a_miss(version: str, environment: Environment) -> None:
    """Another version is scanned anew, and a rebuilt wheel of one: what pip writes is newer."""
    environment.install("sci-tiny", TINY)
    before = [scan(environment)["status"] for _ in range(2)]
    environment.install("sci-tiny", MORE, version)
    after = scan(environment)

    assert ["miss", "hit"] == before
    assert (["dot", "new", "line"], "miss") == (after["names"], after["status"])
    assert ["sci-tiny", version] == after["owner"]
    assert "SOURCE_ADDED" == after["reason"]
    assert "hit" == scan(environment)["status"]


def test_editable_library_is_watched_file_by_file(environment: Environment) -> None:
    """Of a library that is installed as a reference each edit is seen; its version is its own."""
    folder = environment.install_editable("sci-tiny", TINY)
    before = [scan(environment) for _ in range(2)]
    (folder / "tiny/shapes.py").write_text("__all__ = ['dot', 'arc']\ndef dot(): 0\ndef arc(): 0\n")
    (folder / "tiny/new.py").write_text(MORE["tiny/new.py"])
    edited = scan(environment)

    assert ["miss", "hit"] == [each["status"] for each in before]
    assert ["", "0.0"] == before[0]["owner"]
    assert (["dot", "new", "arc"], "miss") == (edited["names"], edited["status"])


def test_editable_library_belongs_to_its_distribution(environment: Environment) -> None:
    """A reference to sources, as setuptools installs it, says which packages are its own.

    Installed for good, the package lies elsewhere: it has a cache file of its own.
    """
    environment.install_editable("sci-tiny", TINY, top_level_txt="tiny\ntiny_extra\n")
    editable = [scan(environment) for _ in range(2)]
    environment.install("sci-tiny", TINY)
    installed = scan(environment)

    assert ["miss", "hit", "miss"] == [each["status"] for each in (*editable, installed)]
    assert ["sci-tiny", "1.0"] == editable[0]["owner"] == editable[1]["owner"] == installed["owner"]


def test_sources_before_an_installed_library_are_their_own(environment: Environment) -> None:
    """A source tree that hides what is installed has the version that it says, not the other's."""
    environment.install("sci-tiny", TINY)
    environment.write(TINY)

    assert ["", "0.0"] == scan(environment)["owner"]


def test_uninstalled_library_is_an_error(environment: Environment) -> None:
    """A library that was removed cannot be listed, though its cache file is still there."""
    environment.install("sci-tiny", TINY)
    scan(environment)
    environment.uninstall("sci-tiny")

    with pytest.raises(AssertionError, match="ScanError: cannot look for functions in tiny"):
        scan(environment)


def test_libraries_on_the_path_of_a_source_tree_are_no_installed_ones(tmp_path: Path) -> None:
    """The egg-info folder of a source tree lists sources: the library is watched by its files."""
    info = tmp_path / "tiny.egg-info"
    (tmp_path / "tiny").mkdir()
    info.mkdir()
    (tmp_path / "tiny/__init__.py").write_text("")
    (info / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: tiny\nVersion: 1\n")
    (info / "SOURCES.txt").write_text("tiny/__init__.py\n")

    assert [] == metadata_files("tiny", [str(tmp_path / "tiny")])


def test_namespace_package_belongs_to_all_that_add_to_it(tmp_path: Path) -> None:
    """The metadata of each distribution that has a part of it tell of changes."""
    (tmp_path / "space").mkdir()
    for name in ("one", "two"):
        (tmp_path / f"space/{name}.py").write_text("")
        info = tmp_path / f"space_{name}-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: space-{name}\nVersion: 1\n")
        (info / "RECORD").write_text(f"space/{name}.py,,\n{info.name}/METADATA,,\n")
    place = str(tmp_path / "space")

    files = [str(tmp_path / f"space_{name}-1.dist-info/METADATA") for name in ("one", "two")]
    assert files == metadata_files("space", [place])
    owner = distributions.owner_of("space", [place])
    assert {"distribution": "space-one", "version": "1"} == owner


@pytest.mark.parametrize(
    ("metadata", "name", "version"),
    [("Version: 1\n", "", "1"), ("Name: lib\n", "lib", ""), ("", "", ""), (None, "", "")],
)
@pytest.mark.filterwarnings("ignore:Implicit None:DeprecationWarning")  # Python's own, 3.12 to 3.14
def test_distribution_may_say_nothing(
    metadata: str | None, name: str, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that its metadata lack is empty, and so is all where there are none."""
    info = tmp_path / "lib-1.dist-info"
    info.mkdir()
    (tmp_path / "lib.py").touch()
    (info / "RECORD").write_text("lib.py,,\nlib-1.dist-info/RECORD,,\n")
    if metadata is not None:
        (info / "METADATA").write_text(metadata)
    monkeypatch.syspath_prepend(tmp_path)
    place = str(tmp_path / "lib.py")

    owner = {"distribution": name, "version": version}
    assert owner == distributions.owner_of("lib", [place])
    # Of others, one of these is no reason to know nothing.
    assert "pytest" == distributions.owner_of("pytest", ["/no/such/place"])["distribution"]


def test_owner_of_a_library_that_is_nowhere() -> None:
    """One that no distribution has has no name; one elsewhere keeps that of its distribution."""
    assert {"distribution": "", "version": ""} == distributions.owner_of("nobody_has_this", [])
    assert "pytest" == distributions.owner_of("pytest", ["/no/such/place"])["distribution"]

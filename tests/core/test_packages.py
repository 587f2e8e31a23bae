"""Packages on disk: found, listed and stamped without importing anything."""

import json
import os
import pathlib
import pkgutil
import subprocess
import sys
import zipfile

import pytest

from regcache_core import PYTHON_SUFFIXES, SourceTree, get_package_file_mtimes, package_tree
from regcache_core.discovery import (
    find_package,
    find_spec,
    installer_of,
    iter_module_names,
    told_place,
)

FILES = [
    "zoo/__init__.py",
    "zoo/__main__.py",
    "zoo/cat.py",
    "zoo/dog.pyc",
    "zoo/notes.txt",
    "zoo/birds/__init__.py",
    "zoo/birds/owl.py",
    "zoo/wild/wolf.py",
    "zoo/__pycache__/cat.pyc",
    "zoo/.hidden/x.py",
    "lone.py",
    "space/one/a.py",
]

NAMES = [
    "zoo",
    "zoo.cat",
    "zoo.birds",
    "zoo.birds.owl",
    "zoo.wild",
    "zoo.wild.wolf",
    "zoo.missing",
    "zoo.missing.deeper",
    "zoo.cat.deeper",
    "lone",
    "lone.deeper",
    "space",
    "space.one",
    "space.one.a",
    "missing",
    "missing.deeper",
    "json",
    "json.decoder",
    "sys",
    "os.path.deeper",
    "zipped",
    "zipped.inside",
]


@pytest.fixture(autouse=True)
def packages(tmp_path, monkeypatch):
    """Writes packages whose modules fail when they are imported, in a folder and in an archive."""
    folder = tmp_path / "lib"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("import os; os.environ['MAY_BE_IMPORTED']")
    with zipfile.ZipFile(tmp_path / "lib.zip", "w") as archive:
        archive.writestr("zipped/__init__.py", "")
        archive.writestr("zipped/inside.py", "")
    monkeypatch.syspath_prepend(tmp_path / "lib.zip")
    monkeypatch.syspath_prepend(folder)
    return folder


ASK_IMPORTLIB = """
from importlib.util import find_spec

def describe(name):
    try:
        spec = find_spec(name)
    except ModuleNotFoundError:
        return None
    return spec and [spec.name, spec.origin, spec.has_location, folders(spec)]

def folders(spec):
    return spec.submodule_search_locations and list(spec.submodule_search_locations)

print(json.dumps([describe(name) for name in sys.argv[1:]]))
"""


def describe(spec):
    """What matters of a spec."""
    folders = spec and spec.submodule_search_locations
    return spec and [spec.name, spec.origin, spec.has_location, folders and list(folders)]


def test_specs_are_those_of_importlib(tmp_path):
    """What `importlib.util` finds by importing the parents is found without importing anything."""
    before = set(sys.modules)
    path = os.pathsep.join([str(tmp_path / "lib"), str(tmp_path / "lib.zip")])
    done = subprocess.run(
        [sys.executable, "-c", f"import json, sys\n{ASK_IMPORTLIB}", *NAMES],
        env=os.environ | {"PYTHONPATH": path, "MAY_BE_IMPORTED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )

    expected = dict(zip(NAMES, json.loads(done.stdout), strict=True))
    assert expected == {name: describe(find_spec(name)) for name in NAMES}
    assert all(expected[name] for name in NAMES if find_package(name))
    assert before == set(sys.modules)
    assert 9 < sum(spec is not None for spec in expected.values()) < len(NAMES)


def test_folders_of_a_package(packages, tmp_path):
    """A package has folders, a namespace package several, a module and nothing have none."""
    (tmp_path / "second" / "space").mkdir(parents=True)
    sys.path.append(str(tmp_path / "second"))

    assert [str(packages / "zoo")] == find_package("zoo")
    assert [str(packages / "space"), str(tmp_path / "second/space")] == find_package("space")
    assert find_package("lone") is None
    assert find_package("missing") is None
    assert json.__path__ == find_package("json")
    assert find_package("os") is None


def test_finder_that_forbids_a_module_hides_it(monkeypatch):
    """An ImportError of a finder ends the import statement, so the module cannot be found."""

    class Forbidding:
        def find_spec(self, name, path=None, target=None):
            if name == "lone":
                raise ImportError(name)

    class Old:
        """A finder from before Python 3.4."""

    monkeypatch.setattr(sys, "meta_path", [Old(), Forbidding(), *sys.meta_path])

    assert find_spec("lone") is None
    assert find_spec("zoo") is not None


def test_finder_that_fails_for_a_parent_is_asked_again(monkeypatch):
    """A finder that misses the parent among the imported modules is asked for the last part."""
    asked = []

    class Confused:
        def find_spec(self, name, path=None, target=None):
            asked.append(name)
            return {"cat": None, "zoo": None}[name]

    monkeypatch.setattr(sys, "meta_path", [Confused(), *sys.meta_path])

    assert find_spec("zoo.cat") is not None
    assert ["zoo", "zoo.cat", "cat"] == asked


def test_module_names_are_listed_without_programs(packages):
    """The modules of a package, as `pkgutil` lists them but for `__main__`."""
    listed = list(iter_module_names([str(packages / "zoo")], "zoo."))

    assert [("zoo.birds", True), ("zoo.cat", False), ("zoo.dog", False)] == listed
    assert {name for _, name, _ in pkgutil.iter_modules([str(packages / "zoo")], "zoo.")} == {
        "zoo.__main__",
        *(name for name, _ in listed),
    }


def test_tree_of_a_package_watches_its_modules(packages):
    """The stamps of a package: its folders and modules, and nothing else in it."""
    stamps = package_tree("zoo").record()

    watched = [
        "zoo",
        "zoo/__init__.py",
        "zoo/__main__.py",
        "zoo/birds",
        "zoo/birds/__init__.py",
        "zoo/birds/owl.py",
        "zoo/cat.py",
        "zoo/dog.pyc",
        "zoo/wild",
        "zoo/wild/wolf.py",
    ]
    assert [str(packages / name) for name in watched] == sorted(stamps)


@pytest.mark.parametrize(
    ("name", "paths"),
    [("lone", ["lone.py"]), ("zoo.cat", ["zoo/cat.py"]), ("space", ["space"]), ("sys", [])],
)
def test_tree_of_a_module_or_namespace_package(packages, name, paths):
    """A plain module is one file, a namespace package its folders; what is built in has none."""
    tree = package_tree(name)

    assert tuple(str(packages / path) for path in paths) == tree.paths
    assert PYTHON_SUFFIXES == tree.suffixes


def test_tree_of_a_zipped_module_watches_the_archive(tmp_path):
    """A module in an archive changes when the archive does."""
    stamps = package_tree("zipped").record()

    status = os.stat(tmp_path / "lib.zip")
    assert [status.st_mtime_ns, status.st_size] == stamps[str(tmp_path / "lib.zip")][:2]


@pytest.mark.parametrize("function", [package_tree, get_package_file_mtimes])
def test_package_that_is_missing_is_an_error(function):
    """A misspelt name is no package without files."""
    with pytest.raises(ModuleNotFoundError, match="no_such_package") as caught:
        function("no_such_package")

    assert "no_such_package" == caught.value.name


def test_mtimes_of_a_package_and_of_its_folder_are_the_same(packages, monkeypatch):
    """A package is given by its name, or as a folder; a relative folder counts from here."""
    by_name = get_package_file_mtimes("zoo.birds")

    assert str(packages / "zoo/birds/owl.py") in by_name
    assert by_name == get_package_file_mtimes(str(packages / "zoo/birds"))
    monkeypatch.chdir(packages)
    assert by_name == get_package_file_mtimes(os.path.join("zoo", "birds"))


def test_folder_of_the_same_name_does_not_hide_a_package(packages, tmp_path, monkeypatch):
    """A folder here that is called like the package is not the package."""
    (tmp_path / "work" / "zoo").mkdir(parents=True)
    (tmp_path / "work" / "only_here").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    assert str(packages / "zoo/cat.py") in get_package_file_mtimes("zoo")
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    assert [str(tmp_path / "work/only_here")] == list(get_package_file_mtimes("only_here"))


def test_paths_of_any_kind_are_made_absolute(tmp_path, monkeypatch):
    """Relative paths and path objects name what they name at that moment."""
    monkeypatch.chdir(tmp_path)
    here = os.getcwd()

    assert (f"{here}/a", f"{here}/b") == SourceTree(["a", tmp_path / "b"]).paths


@pytest.mark.parametrize(
    ("ending", "text", "expected"),
    [
        ("dist-info", "plain.py,sha256=x,1\n", "tool 1"),
        ("dist-info", '"plain.py",,\n', "tool 1"),
        ("dist-info", "other.py,,\n./plain.py", "tool 1"),
        ("dist-info", "../../bin/x,,\r\nplain.py,,\r\n", "tool 1"),
        ("egg-info", "../plain.py\nPKG-INFO\n", "tool 1"),
        ("dist-info", "plainer.py,,\ncore/plain.py,,\n", ""),
        ("dist-info", "plain.pyc,,\nplain/__init__.py,,\n", ""),
        ("dist-info", "../plain.py,,\nplain_py,,\n", ""),
        ("egg-info", "../../plain.py\n", ""),
    ],
)
def test_module_is_installed_by_who_lists_it(ending, text, expected, tmp_path, monkeypatch):
    """Lists are read as text: quoted or not, from their folder or from the metadata."""
    is_new = ending == "dist-info"
    info = tmp_path / f"tool-1.{ending}"
    info.mkdir()
    (info / ("RECORD" if is_new else "installed-files.txt")).write_bytes(text.encode())
    (info / ("METADATA" if is_new else "PKG-INFO")).write_text("Name: tool\nVersion: 1\n")
    (tmp_path / "plain.py").touch()
    monkeypatch.syspath_prepend(tmp_path)

    assert expected == installer_of("plain")


def test_list_that_changes_is_read_again(tmp_path, monkeypatch):
    """What a list said is remembered as long as it is the same file, and nothing comes beside."""
    (tmp_path / "box").mkdir()
    (tmp_path / "box/part.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    seen = [installer_of("box.part")]
    for name, text in {"a": "box/part.py,,\n", "b": "box/a,b.txt,,\n"}.items():
        info = tmp_path / f"{name}-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Name: {name}\nVersion: 1\n")
        (info / "RECORD").write_text(text)
        seen.append(installer_of("box.part"))
    (tmp_path / "a-1.dist-info/RECORD").write_text("")
    seen.append(installer_of("box.part"))
    (tmp_path / "b-1.dist-info/RECORD").write_text('"box/part.py",,\n')
    seen.append(installer_of("box.part"))

    assert ["", "a 1", "a 1", "", "b 1"] == seen


def test_list_of_files_is_not_looked_up_on_the_disk(tmp_path, monkeypatch):
    """A distribution of many files costs a rival what its metadata cost, and is read once."""
    info = tmp_path / "big-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: big\nVersion: 1\n")
    (info / "RECORD").write_text("".join(f"big/m{n}.py,,\n" for n in range(2000)))
    (tmp_path / "big").mkdir()
    for name in ("__init__", "m1", "m2", "m3"):
        (tmp_path / f"big/{name}.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    opened = []
    read_text = pathlib.Path.read_text
    monkeypatch.setattr(
        "pathlib.Path.read_text",
        lambda self, *args, **kwargs: opened.append(self.name) or read_text(self, *args, **kwargs),
    )
    monkeypatch.setattr("os.path.realpath", None)

    assert ["big 1"] * 3 == [installer_of(f"big.m{n}") for n in (1, 2, 3)]
    assert 1 == opened.count("RECORD")


@pytest.mark.parametrize("lists_it", [False, True])
def test_who_only_names_a_module_did_not_install_it(lists_it, tmp_path, monkeypatch):
    """An entry point may lead to a module that another distribution, or nobody, installed."""
    info = tmp_path / "three-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: three\nVersion: 1\n")
    (info / "RECORD").write_text("appx.py,,\n" if lists_it else "three.py,,\n")
    (info / "entry_points.txt").write_text("[readers]\na = appx:A\n")
    (tmp_path / "appx.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    how = "installed by" if lists_it else "named by an entry point of"

    assert f"appx.A ({tmp_path / 'appx.py'}, {how} three 1)" == told_place("appx:A", "readers")
    (info / "entry_points.txt").write_text("[readers]\na = other:A\n")  # read again
    assert ("three 1" if lists_it else "") == installer_of("appx", "readers")

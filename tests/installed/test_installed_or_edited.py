"""Modules that a plugin uses from outside of the application: who put them there decides."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from applications import BASES, KEYED, LIST
from throwaway import App

from regcache_core.discovery import is_installed
from regcache_core.discovery._cold.entry_points import sources_of

#: Lays out a module under a folder; gives its name, the entries of ``sys.path``, and its file.
Layout = Callable[[Path], tuple[str, list[Path], Path]]

TEXT = "KEY = 'one'\n"


def write(file: Path, text: str = TEXT) -> Path:
    """Write a file, and the folders above it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def record(site: Path, *files: str) -> None:
    """Write the metadata that an installer leaves beside what it installs."""
    info = site / "helper-1.0.dist-info"
    write(info / "METADATA", "Metadata-Version: 2.1\nName: helper\nVersion: 1.0\n")
    write(info / "RECORD", "".join(f"{file},,\n" for file in files))


def link(place: Path, target: Path) -> None:
    """Make a symbolic link, and the folders above it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target, target_is_directory=target.is_dir())


def setuptools_develop(home: Path) -> Any:
    """``easy-install.pth`` leads to the sources, beside which the metadata lie."""
    write(home / "checkout" / "src" / "helper.egg-info" / "PKG-INFO", "Name: helper\n")
    file = write(home / "checkout" / "src" / "helper" / "__init__.py")
    return "helper", [home / "site-packages", home / "checkout" / "src"], file


def path_in_a_pth_file(home: Path) -> Any:
    """As hatchling, and setuptools, install a reference to sources in a folder ``src``."""
    record(home / "site-packages", "_helper.pth")
    file = write(home / "checkout" / "src" / "helper" / "__init__.py")
    return "helper", [home / "site-packages", home / "checkout" / "src"], file


def flit_link_of_a_package(home: Path) -> Any:
    """``flit install --symlink`` of a package; RECORD lists the files."""
    file = write(home / "checkout" / "helper" / "__init__.py")
    link(home / "site-packages" / "helper", file.parent)
    record(home / "site-packages", "helper/__init__.py")
    return "helper", [home / "site-packages"], file


def flit_link_of_a_module(home: Path) -> Any:
    """``flit install --symlink`` of a plain module."""
    file = write(home / "checkout" / "helper.py")
    link(home / "site-packages" / "helper.py", file)
    record(home / "site-packages", "helper.py")
    return "helper", [home / "site-packages"], file


def flit_link_in_a_namespace(home: Path) -> Any:
    """``flit install --symlink`` of a part of a namespace package; others are installed."""
    file = write(home / "checkout" / "space" / "helper" / "__init__.py")
    link(home / "site-packages" / "space" / "helper", file.parent)
    write(home / "site-packages" / "space" / "other.py")
    record(home / "site-packages", "space/helper/__init__.py")
    return "space.helper", [home / "site-packages"], file


def portion_in_a_checkout(home: Path) -> Any:
    """One portion of a namespace package is installed, and one can be edited."""
    write(home / "site-packages" / "space" / "other.py")
    record(home / "site-packages", "space/other.py")
    file = write(home / "checkout" / "space" / "helper" / "__init__.py")
    return "space.helper", [home / "site-packages", home / "checkout"], file


def folder_of_sources(home: Path) -> Any:
    """A folder in ``PYTHONPATH``."""
    return "helper", [home / "lib"], write(home / "lib" / "helper" / "__init__.py")


def archive(home: Path) -> Any:
    """An archive of modules."""
    write_archive(home / "modules.zip", TEXT)
    return "helper", [home / "modules.zip"], home / "modules.zip"


def write_archive(file: Path, text: str) -> None:
    """Write an archive with one module."""
    with zipfile.ZipFile(file, "w") as into:
        into.writestr("helper.py", text)


EDITABLE: list[Layout] = [
    setuptools_develop,
    path_in_a_pth_file,
    flit_link_of_a_package,
    flit_link_of_a_module,
    flit_link_in_a_namespace,
    portion_in_a_checkout,
    folder_of_sources,
    archive,
]


def site_packages(home: Path) -> Any:
    """As pip installs, without metadata that anybody would look for."""
    file = write(home / "site-packages" / "helper" / "__init__.py")
    return "helper", [home / "site-packages"], file


def target(home: Path) -> Any:
    """``pip install --target``."""
    record(home / "vendor", "helper/__init__.py")
    file = write(home / "vendor" / "helper" / "__init__.py")
    return "helper", [home / "vendor"], file


def links_to_a_store(home: Path) -> Any:
    """``uv pip install --link-mode=symlink``: each file is a link to an unpacked wheel."""
    record(home / "store" / "wheel", "helper/__init__.py")
    file = write(home / "store" / "wheel" / "helper" / "__init__.py")
    link(home / "site-packages" / "helper" / "__init__.py", file)
    return "helper", [home / "site-packages"], file


def installed_portion(home: Path) -> Any:
    """The other portion of a namespace package can be edited."""
    write(home / "checkout" / "space" / "other.py")
    file = write(home / "site-packages" / "space" / "helper.py")
    return "space.helper", [home / "checkout", home / "site-packages"], file


INSTALLED: list[Layout] = [site_packages, target, links_to_a_store, installed_portion]

PLUGIN = """
import {name} as helper
KEY = helper.KEY
"""


class Using(App):
    """An application whose plugin takes its key from a module that lies elsewhere."""

    def __init__(self, tmp_path: Path, layout: Layout, kind: str) -> None:
        super().__init__(tmp_path)
        self.name, paths, self.file = layout(tmp_path)
        self.paths = os.pathsep.join(map(str, [self.folder, *paths]))
        self.kind = kind
        self.write(
            {"app/__init__.py": "", "app/plugins/__init__.py": "", "app/base.py": BASES[kind]}
        )
        self.write_plugin(PLUGIN.format(name=self.name))

    def write_plugin(self, before: str) -> None:
        """Write the plugin, after code that sets its key."""
        self.write({"app/plugins/using.py": dedent(before) + KEYED[self.kind]})

    def environment(self, **more: str) -> dict[str, str]:
        """The layout's entries are on ``sys.path``."""
        return super().environment(**{"PYTHONPATH": self.paths, **more})

    def names(self, before: str = "") -> Any:
        """The names that a fresh process lists, and whether that was a hit."""
        out = self.run(before + LIST)
        return out["names"], out["status"]

    def edit(self) -> None:
        """Let the module say something else, in as many letters."""
        if self.file.suffix == ".zip":
            write_archive(self.file, TEXT.replace("one", "two"))
        else:
            self.file.write_text(TEXT.replace("one", "two"))
        self.wrote()


@pytest.fixture(params=["classes", "functions"])
def kind(request: pytest.FixtureRequest) -> str:
    """A registry of classes, or of functions."""
    return str(request.param)


def names_of(layouts: list[Layout]) -> list[str]:
    """The names of layouts, for those of tests."""
    return [layout.__name__ for layout in layouts]


@pytest.mark.parametrize("before", ["", "import {name}\n"], ids=["imported late", "loaded early"])
@pytest.mark.parametrize("layout", EDITABLE, ids=names_of(EDITABLE))
def test_edit_of_what_nobody_installed_is_seen(
    layout: Layout, before: str, kind: str, tmp_path: Path
) -> None:
    """The next start lists what the new text says, whoever imports it first."""
    using = Using(tmp_path, layout, kind)
    before = before.format(name=using.name)
    cold, warm = using.names(before), using.names(before)
    using.edit()

    assert [(["one"], "miss"), (["one"], "hit")] == [cold, warm]
    assert (["two"], "miss") == using.names(before)
    assert (["two"], "hit") == using.names(before)


@pytest.mark.parametrize("layout", INSTALLED, ids=names_of(INSTALLED))
def test_files_of_an_installed_distribution_are_not_watched(
    layout: Layout, kind: str, tmp_path: Path
) -> None:
    """What an installer looks after costs no stat for each file."""
    using = Using(tmp_path, layout, kind)
    cold, warm = using.names(), using.names()
    (cache,) = using.cache_files()

    assert [(["one"], "miss"), (["one"], "hit")] == [cold, warm]
    assert [] == [path for path in json.loads(cache.read_text())["elsewhere"] if "helper" in path]


PACKAGES = [each for each in EDITABLE if each not in (flit_link_of_a_module, archive)]


@pytest.mark.parametrize("layout", PACKAGES, ids=names_of(PACKAGES))
def test_missing_submodule_of_what_nobody_installed_is_seen(
    layout: Layout, kind: str, tmp_path: Path
) -> None:
    """A part that a plugin does without may be written later."""
    using = Using(tmp_path, layout, kind)
    using.write_plugin(
        f"try:\n    from {using.name}.extra import KEY\nexcept ImportError:\n    KEY = 'none'\n"
    )
    cold, warm = using.names(), using.names()
    write(using.file.with_name("extra.py"))
    using.wrote()

    assert [(["none"], "miss"), (["none"], "hit")] == [cold, warm]
    assert (["one"], "miss") == using.names()


@pytest.mark.parametrize("layout", EDITABLE, ids=names_of(EDITABLE))
def test_edit_of_a_scanned_library_that_nobody_installed_is_seen(
    layout: Layout, tmp_path: Path
) -> None:
    """A library that is linked into ``site-packages`` is scanned anew after an edit."""
    using = Using(tmp_path, layout, "functions")
    function = "def one(): ...\n"
    code = f"""
        from regcache_functions import FunctionRegistry
        found = FunctionRegistry.scan({using.name!r}, public="names")
        out = [*found], found.report.status
        """
    for text, names in ((function, ["one"]), (function.replace("one", "two"), ["two"])):
        if layout is archive:
            write_archive(using.file, text)
        else:
            using.file.write_text(text)
        using.wrote()

        assert [[names, "miss"], [names, "hit"]] == [using.run(code), using.run(code)]


HELPER = {"space/app/helper.py": TEXT, "space/app/plugins/__init__.py": ""}


def test_application_may_be_one_portion_of_a_namespace_package(kind: str, app: App) -> None:
    """The installed portion of another distribution does not hide an edit in the checkout."""
    site = app.folder.parent / "site-packages"
    write(site / "space" / "other.py")
    record(site, "space/other.py")
    files = {
        "space/app/base.py": dedent(BASES[kind]).replace("app.plugins", "space.app.plugins"),
        "space/app/plugins/using.py": "from space.app.helper import KEY\n"
        + KEYED[kind].replace("app.base", "space.app.base"),
    }
    app.write({**HELPER, **files})
    path = {"PYTHONPATH": os.pathsep.join([str(app.folder), str(site)])}
    code = "import space.other\n" + LIST.replace("app.base", "space.app.base")
    cold, warm = app.run(code, **path), app.run(code, **path)
    app.write({"space/app/helper.py": TEXT.replace("one", "two")})
    edited = app.run(code, **path)

    assert [(["one"], "miss"), (["one"], "hit"), (["two"], "miss")] == [
        (each["names"], each["status"]) for each in (cold, warm, edited)
    ]


def test_sources_of_an_entry_point_are_those_of_its_own_portion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All files of a portion that can be edited count, and none of an installed one."""
    name, paths, file = portion_in_a_checkout(tmp_path)
    more = write(file.with_name("more.py"))
    for path in paths:
        monkeypatch.syspath_prepend(str(path))

    assert {str(file), str(more)} == {*sources_of(name)}


def test_pythons_own_modules_are_installed() -> None:
    """Modules of the standard library: built in, in its folder, in that of extension modules."""
    names = ("sys", "os", "json.decoder", "xml.etree.ElementTree", "_json", "zipimport")
    modules = [__import__(name, fromlist=["*"]) for name in names]

    assert all(
        is_installed(getattr(module, "__file__", None) or "", name)
        for module, name in zip(modules, names, strict=True)
    )

"""What may happen to an application between two starts: one function for each kind of change.

An operation changes files, times or the environment. It returns ``QUIET`` if nothing that the
answer depends on has changed, so that no start may rebuild it; ``REBUILT`` and the registries whose
answers must be built anew, even if they are the same; else ``None``. It raises ``Impossible`` if
there is nothing of what it changes.
"""

from __future__ import annotations

import _heapq
import json
import os
import py_compile
import re
import shutil
import sys
import sysconfig
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from changing_tree import BASES, KINDS, STEMS, STYLES, Tree, edited, source
from hypothesis import strategies as st

from regcache_core._cold.write import as_file

QUIET = "quiet"
REBUILT = "rebuilt"
KIND = st.sampled_from(list(KINDS))
WHICH = st.integers(0, 5)
LETTER = st.sampled_from("1234")
STEM = st.sampled_from(STEMS)


def _styles(drawn: dict[str, Any]) -> Any:
    """The styles that make sense for the kind of plugin that was drawn, and can be seen."""
    kind = drawn.get("kind", "pack")
    return st.sampled_from([name for name, style in STYLES.items() if kind in style.kinds])


PLACE = st.sampled_from(["", "sub", "sub/deep"])
#: When a file says that it was written: now; as it said before; long ago; to come; never.
TIMES = st.sampled_from(["now", "past", "future", "kept", "zero"])
STEALTH = st.booleans()


class Impossible(Exception):  # noqa: N818 - no error
    """An operation has done nothing, for there is nothing of what it changes."""


Operation = Callable[..., "str | None"]
OPERATIONS: dict[str, Operation] = {}
ARGUMENTS: dict[str, dict[str, Any]] = {}


def operation(**arguments: Any) -> Callable[[Operation], Operation]:
    """Enter a function in the table of operations.

    Args:
        arguments: Strategies that its arguments are drawn from, or functions that give one for
            what was drawn before.
    """

    def enter(function: Operation) -> Operation:
        OPERATIONS[function.__name__] = function
        ARGUMENTS[function.__name__] = arguments
        return function

    return enter


@contextmanager
def times_of(path: Path, times: str) -> Iterator[None]:
    """Let a path say, after it was written, that it was written at another time."""
    before = path.stat() if path.exists() else None
    yield
    if not path.exists():
        return
    now = time.time_ns()
    day = 86_400 * 10**9
    chosen = {"past": now - 400 * day, "future": now + 400 * day, "zero": 0}
    if times == "kept" and before is not None:
        chosen["kept"] = before.st_mtime_ns
    if times in chosen:
        os.utime(path, ns=(chosen[times], chosen[times]))


def write(path: Path, text: str, times: str = "now") -> str | None:
    """Write a file; quiet if it says then what it said before."""
    same = path.exists() and path.read_text() == text
    path.parent.mkdir(parents=True, exist_ok=True)
    with times_of(path, times):
        path.write_text(text)
    return QUIET if same else None


def _pick(paths: list[Path], which: int) -> Path:
    if not paths:
        raise Impossible
    return paths[which % len(paths)]


def _pick_module(tree: Tree, kind: str, which: int) -> Path:
    """A plugin module that is no package."""
    return _pick([each for each in tree.plugins(kind) if each.name != "__init__.py"], which)


def _stealthily(folder: Path, stealth: bool) -> Any:
    return times_of(folder, "kept" if stealth else "now")


# Plugins.


@operation(kind=KIND, stem=STEM, style=_styles, place=PLACE, stealth=STEALTH)
def add_plugin(tree: Tree, kind: str, stem: str, style: str, place: str, stealth: bool) -> None:
    """A plugin module is there that was not there, or is another one."""
    homes = tree.homes(kind)
    home = homes[0] / place if homes else tree.root / "src" / KINDS[kind] / place
    for folder in [home, home.parent][: place.count("/") + bool(place)]:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "__init__.py").exists():
            (folder / "__init__.py").write_text('F = "s"\n')
    home.mkdir(parents=True, exist_ok=True)
    with _stealthily(home, stealth):
        (home / f"{stem}.py").write_text(source(kind, stem, style))


@operation(
    kind=KIND, which=WHICH, name=st.sampled_from(["K", "F", "K|F"]), letter=LETTER, times=TIMES
)
def edit_plugin(
    tree: Tree, kind: str, which: int, name: str, letter: str, times: str
) -> str | None:
    """A letter in a plugin changes; its size does not."""
    path = _pick(tree.plugins(kind), which)
    return write(path, edited(path.read_text(), name, letter), times)


@operation(kind=KIND, which=WHICH, style=_styles)
def rewrite_plugin(tree: Tree, kind: str, which: int, style: str) -> str | None:
    """A plugin comes by its key in another way, breaks, or is mended."""
    path = _pick_module(tree, kind, which)
    return write(path, source(kind, path.stem, style))


@operation(kind=KIND, which=WHICH, stem=STEM, stealth=STEALTH)
def rename_plugin(tree: Tree, kind: str, which: int, stem: str, stealth: bool) -> None:
    """A module goes by another name; one that has that name is lost."""
    path = _pick_module(tree, kind, which)
    if path.stem == stem:
        raise Impossible
    with _stealthily(path.parent, stealth):
        path.rename(path.with_name(f"{stem}.py"))


@operation(kind=KIND, which=WHICH, stealth=STEALTH)
def remove_plugin(tree: Tree, kind: str, which: int, stealth: bool) -> None:
    """A module is gone."""
    path = _pick_module(tree, kind, which)
    with _stealthily(path.parent, stealth):
        path.unlink()


@operation(kind=KIND, which=WHICH, stealth=STEALTH)
def swap_plugins(tree: Tree, kind: str, which: int, stealth: bool) -> None:
    """Two modules exchange their names: the same files in the same folder."""
    first, second = _pick_module(tree, kind, which), _pick_module(tree, kind, which + 1)
    if first == second:
        raise Impossible
    with _stealthily(first.parent, stealth), _stealthily(second.parent, stealth):
        first.rename(tree.root / "targets" / "swapped.py")
        second.rename(first)
        (tree.root / "targets" / "swapped.py").rename(second)


@operation(kind=KIND, which=WHICH)
def turn_module_into_package(tree: Tree, kind: str, which: int) -> None:
    """``name.py`` becomes ``name/__init__.py``."""
    path = _pick_module(tree, kind, which)
    folder = path.with_suffix("")
    folder.mkdir(exist_ok=True)
    path.rename(folder / "__init__.py")


@operation(kind=KIND, which=WHICH)
def turn_package_into_module(tree: Tree, kind: str, which: int) -> None:
    """``name/__init__.py`` becomes ``name.py``."""
    tops = tree.homes(kind)
    paths = [each for each in tree.plugins(kind) if each.parent.stem in STEMS]
    path = _pick([each for each in paths if each.parent.parent in tops], which)
    path.rename(path.parent.with_suffix(".py"))
    shutil.rmtree(path.parent)


@operation(kind=KIND)
def remove_sub_package(tree: Tree, kind: str) -> None:
    """A nested package is gone with all that it holds."""
    homes = [home / "sub" for home in tree.homes(kind) if (home / "sub").exists()]
    if not homes:
        raise Impossible
    if homes[0].is_symlink():
        homes[0].unlink()
    else:
        shutil.rmtree(homes[0])


@operation(kind=KIND, which=WHICH, letter=LETTER)
def compile_plugin(tree: Tree, kind: str, which: int, letter: str) -> None:
    """Only the byte code of a module is left."""
    path = _pick_module(tree, kind, which)
    path.write_text(edited(path.read_text(), "K|F", letter))
    try:
        py_compile.compile(str(path), str(path.with_suffix(".pyc")), doraise=True)
    except py_compile.PyCompileError:
        path.with_suffix(".pyc").write_bytes(b"no byte code")
    path.unlink()


@operation(kind=KIND, which=WHICH)
def remove_byte_code(tree: Tree, kind: str, which: int) -> None:
    """A module that was byte code only is gone."""
    paths = [path for home in tree.homes(kind) for path in sorted(home.glob("*.pyc"))]
    path = _pick(paths, which)
    path.unlink()


@operation(kind=KIND, name=st.sampled_from(["_heapq", "broken"]))
def toggle_extension_module(tree: Tree, kind: str, name: str) -> None:
    """A module of machine code is there, or is gone; one that goes by a wrong name is broken."""
    if not hasattr(_heapq, "__file__"):
        raise Impossible
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    path = tree.root / "src" / KINDS[kind] / f"{name}{suffix}"
    if path.exists():
        path.unlink()
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_heapq.__file__, path)


# What plugins take from other modules.


@operation(kind=KIND, name=st.sampled_from(["KEY", "FACT"]), letter=LETTER, times=TIMES)
def edit_helper(tree: Tree, kind: str, name: str, letter: str, times: str) -> str | None:
    """A constant changes that keys or facts of plugins in the same package are made of."""
    path = tree.root / "src" / KINDS[kind] / "helper.py"
    return write(path, edited(path.read_text(), name, letter), times)


@operation(
    name=st.sampled_from(["app/readers/base.py", "packbase.py", "packrules.py", "app/extract.py"]),
    letter=LETTER,
    times=TIMES,
)
def edit_base(tree: Tree, name: str, letter: str, times: str) -> str | None:
    """The base class or the key extractor says something else."""
    path = tree.root / "src" / name
    return write(path, edited(path.read_text(), "FACT|K", letter), times)


@operation(
    name=st.sampled_from(["app/mixins.py", "vendor.py", "vendor_functions.py"]),
    letter=LETTER,
    times=TIMES,
)
def edit_outside(tree: Tree, name: str, letter: str, times: str) -> str | None:
    """A class changes that lies outside of the packages that are searched."""
    path = tree.root / "src" / name
    return write(path, edited(path.read_text(), "F|K", letter), times)


@operation(letter=LETTER, times=TIMES)
def edit_util(tree: Tree, letter: str, times: str) -> str | None:
    """A constant changes in a module of the application outside of the packages."""
    path = tree.root / "src/app/util.py"
    return write(path, edited(path.read_text(), "FACT", letter), times)


@operation(which=st.sampled_from([(name, how) for name in BASES for how in BASES[name]]))
def change_base(tree: Tree, which: tuple[str, str]) -> str | None:
    """The base class registers its plugins in another way, or is another kind of class."""
    name, how = which
    path = tree.root / "src" / {"Reader": "app/readers/base.py", "Base": "packbase.py"}[name]
    begin = rf"(from typing import Protocol\n)?class {name}\b.*?(?=^    \w+ = )"
    return write(path, re.sub(begin, BASES[name][how], path.read_text(), flags=re.M | re.S))


@operation(letter=LETTER)
def change_version(tree: Tree, letter: str) -> str | None:
    """The application has another version."""
    init = tree.root / "src/app/__init__.py"
    if "VERSION" not in init.read_text():
        return write(init, f'__version__ = "{letter}"\n')
    told = write(tree.root / "src/app/VERSION", letter)
    is_hidden = (tree.root / "front/app").exists() or (tree.root / "bundle.zip").exists()
    # Where there is no package, no application has what is listed.
    versioned = "readers" if tree.alone else "readers filters"
    return told if told or is_hidden else f"{REBUILT} {versioned}"


OPTIONS = {"MORE_FACTS": [None, "suffix"], "ON_DUPLICATE": [None, "first", "last", "qualify"]}


@operation(
    option=st.sampled_from([(name, value) for name in OPTIONS for value in OPTIONS[name]]),
)
def change_options(tree: Tree, option: tuple[str, str | None]) -> str | None:
    """Registries store more facts, or share out keys by another rule; no file tells it."""
    return set_variable(tree, *option)


# Places.


#: Folders beside that of sources: one on ``sys.path``, and one that packages may add to themselves.
BESIDE = st.sampled_from(["portion", "beside"])


@operation(kind=KIND, stem=STEM, style=_styles, top=BESIDE)
def add_beside(tree: Tree, kind: str, stem: str, style: str, top: str) -> None:
    """Another folder has modules of a package: of the namespace package, or of one that grows."""
    tree.write(f"{top}/{KINDS[kind]}/{stem}.py", source(kind, stem, style))


@operation(kind=KIND, top=BESIDE)
def remove_beside(tree: Tree, kind: str, top: str) -> None:
    """What lies beside a package is gone."""
    if not (tree.root / top / KINDS[kind]).exists():
        raise Impossible
    tree.remove(f"{top}/{KINDS[kind]}")


@operation(kind=st.just("pack"), stem=STEM, style=_styles, top=st.sampled_from(["src", "portion"]))
def add_to_namespace(tree: Tree, kind: str, stem: str, style: str, top: str) -> None:
    """Something is installed that a pattern of packages means."""
    tree.write(f"{top}/ext/{stem}.py", source(kind, stem, style))


@operation(top=st.sampled_from(["src", "portion"]))
def remove_from_namespace(tree: Tree, top: str) -> None:
    """All of it is gone from a folder of the path."""
    if not (tree.root / top / "ext").exists():
        raise Impossible
    tree.remove(f"{top}/ext")


_EXTEND = "from pkgutil import extend_path\n__path__ = extend_path(__path__, __name__)\n"
#: What adds to the path of which package: file in the folder of plugins -> text.
GROWTHS = {
    "append": ("__init__.py", "__path__.append({beside!r})\n"),
    "replace": ("__init__.py", "__path__ = [*__path__, {beside!r}]\n"),
    "extend": ("__init__.py", _EXTEND),
    "sub-package": ("zext/__init__.py", "__path__.append({beside!r})\n"),
    "sub-package for all": (
        "aext/__init__.py",
        "import {package}\n{package}.__path__.append({beside!r})\n",
    ),
}


@operation(kind=KIND, how=st.sampled_from(list(GROWTHS)), there=st.booleans())
def grow_path(tree: Tree, kind: str, how: str, there: bool) -> str | None:
    """A package adds to its path when it is imported, or does so no more."""
    file, text = GROWTHS[how]
    folder = KINDS[kind]
    package, beside = folder.replace("/", "."), str(tree.root / "beside" / folder)
    if how == "extend" and there and "app/" in folder:
        init = tree.root / "src/app/__init__.py"
        init.write_text(_EXTEND + init.read_text().removeprefix(_EXTEND))
    more = text.format(package=package, beside=beside) if there else ""
    return write(tree.root / "src" / folder / file, f'F = "i"\n{more}')


@operation(
    kind=KIND,
    place=st.sampled_from(["data", "data/more", "data/more/far"]),
    file=st.sampled_from(["notes.txt", "part.py", "__init__.py"]),
    style=_styles,
)
def fill_data(tree: Tree, kind: str, place: str, file: str, style: str) -> str | None:
    """A folder of data in a package has one file more, which may be Python."""
    text = source(kind, "part", style) if file == "part.py" else 'F = "d"\n'
    return write(tree.root / "src" / KINDS[kind] / place / file, text)


@operation(kind=KIND, place=st.sampled_from(["data", "data/more/part.py", "data/__init__.py"]))
def empty_data(tree: Tree, kind: str, place: str) -> None:
    """A folder of data is gone, or is one of data again."""
    if not (tree.root / "src" / KINDS[kind] / place).exists():
        raise Impossible
    tree.remove(f"src/{KINDS[kind]}/{place}")


@operation(letter=LETTER, how=st.sampled_from(["folder", "archive"]))
def shadow(tree: Tree, letter: str, how: str) -> None:
    """A copy of the application lies earlier on ``sys.path``: a folder, or a zip archive."""
    copy = tree.root / "front/app"
    tree.remove("front/app")
    shutil.copytree(tree.root / "src/app", copy)
    for path in sorted(copy.rglob("*.py")):
        path.write_text(edited(path.read_text(), "K|F", letter))
    if how == "archive":
        tree.remove("bundle.zip")
        with zipfile.ZipFile(tree.root / "bundle.zip", "w", strict_timestamps=False) as archive:
            for path in sorted(copy.rglob("*")):
                archive.write(path, str(path.relative_to(tree.root / "front")))
        tree.remove("front/app")


@operation(letter=LETTER, stem=STEM, times=TIMES)
def bundle_portion(tree: Tree, letter: str, stem: str, times: str) -> None:
    """A zip archive on ``sys.path`` holds a portion of the namespace package."""
    path = tree.root / "bundle.zip"
    with times_of(path, times), zipfile.ZipFile(path, "w") as archive:
        archive.writestr("pack/", "")
        archive.writestr(f"pack/{stem}.py", source("pack", stem, "plain", letter, letter))


@operation(what=st.sampled_from(["front/app", "bundle.zip"]))
def unshadow(tree: Tree, what: str) -> None:
    """The copy of the application, or the archive, is gone."""
    if not (tree.root / what).exists():
        raise Impossible
    tree.remove(what)


@operation(kind=KIND, target=st.sampled_from(["one", "two"]))
def link_plugin(tree: Tree, kind: str, target: str) -> None:
    """A module is a symbolic link, to one of two files of the same size and time."""
    for letter, name in enumerate(["one", "two"]):
        path = tree.root / f"targets/{kind}_{name}.py"
        if not path.exists():
            path.write_text(source(kind, "linked", "plain", str(letter)))
            os.utime(path, (10**9, 10**9))
    link = tree.root / "src" / KINDS[kind] / "linked.py"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(tree.root / f"targets/{kind}_{target}.py")


@operation(kind=KIND, target=st.sampled_from(["one", "two"]))
def link_folder(tree: Tree, kind: str, target: str) -> None:
    """A sub-package is a symbolic link, to one of two folders of the same times."""
    link = tree.root / "src" / KINDS[kind] / "sub"
    if link.exists() and not link.is_symlink():
        raise Impossible
    for letter, name in enumerate(["one", "two"]):
        folder = tree.root / f"targets/{kind}_{name}"
        if folder.exists():
            continue
        tree.write(f"targets/{kind}_{name}/__init__.py", "")
        path = tree.write(
            f"targets/{kind}_{name}/linked_too.py", source(kind, "linked_too", "plain", str(letter))
        )
        os.utime(path, (10**9, 10**9))
        os.utime(folder, (10**9, 10**9))
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(tree.root / f"targets/{kind}_{target}")


# Times, and what has changed and is the same.


def _all_sources(tree: Tree) -> list[Path]:
    return sorted([*(tree.root / "src").rglob("*.py"), *(tree.root / "portion").rglob("*.py")])


@operation(when=st.sampled_from(["now", "past", "future", "zero", "one"]))
def set_all_times(tree: Tree, when: str) -> str:
    """All files and folders say the same time, as a package store or a checkout sets it."""
    now = time.time()
    moment = {"now": now, "past": now - 10**7, "future": now + 10**7, "zero": 0, "one": 1}[when]
    for path in sorted((tree.root / "src").rglob("*")):
        os.utime(path, (moment, moment))
    return QUIET


@operation(which=WHICH, kind=KIND)
def touch(tree: Tree, kind: str, which: int) -> str:
    """A file says another time, and nothing else."""
    path = _pick(tree.plugins(kind), which)
    if path is not None:
        path.touch()
    return QUIET


@operation(kept=st.booleans())
def copy_in_place(tree: Tree, kept: bool) -> str:
    """Every file is replaced by a copy of itself, as a checkout does it."""
    for path in _all_sources(tree):
        copy = tree.root / "targets/copy"
        (shutil.copy2 if kept else shutil.copy)(path, copy)
        os.replace(copy, path.resolve())
    return QUIET


@operation()
def nothing(tree: Tree) -> str:
    """A start directly after the last one."""
    return QUIET


# Optional dependencies.

_OPTIONAL = {
    "opt_a": {"opt_a.py": 'VALUE = "{place}"\n'},
    "opt_p": {"opt_p/__init__.py": ""},
    "opt_p.sub": {"opt_p/__init__.py": "", "opt_p/sub.py": ""},
}


@operation(
    name=st.sampled_from(list(_OPTIONAL)), place=st.sampled_from(["site", "work", "portion"])
)
def optional_appears(tree: Tree, name: str, place: str) -> None:
    """A module appears that plugins can do without."""
    for file, text in _OPTIONAL[name].items():
        tree.write(f"{place}/{file}", text.format(place=place))


@operation(file=st.sampled_from(["opt_a.py", "opt_p", "opt_p/sub.py"]))
def optional_disappears(tree: Tree, file: str) -> None:
    """A module is gone that plugins can do without."""
    places = [place for place in ("site", "work", "portion") if (tree.root / place / file).exists()]
    for place in places:
        tree.remove(f"{place}/{file}")
    if not places:
        raise Impossible


@operation(there=st.booleans())
def optional_in_app(tree: Tree, there: bool) -> None:
    """A module of the application that plugins can do without appears, or is gone."""
    path = tree.root / "src/app/speedups.py"
    if path.exists() == there:
        raise Impossible
    if there:
        path.write_text('VALUE = "s"\n')
    else:
        path.unlink()


@operation(version=st.sampled_from(["1", "2"]))
def install_distribution(tree: Tree, version: str) -> None:
    """An optional dependency is installed by an installer, upgraded or downgraded."""
    tree.install("opt_d", version, {"opt_d.py": f"VALUE = {version!r}\n"})


@operation()
def uninstall_distribution(tree: Tree) -> None:
    """An optional dependency is uninstalled."""
    if not tree.uninstall("opt_d"):
        raise Impossible


@operation(version=st.sampled_from(["1", "2"]), how=st.sampled_from(["folder", "archive"]))
def install_egg(tree: Tree, version: str, how: str) -> None:
    """An egg joins ``sys.path`` as easy_install had it: a folder or an archive."""
    uninstall_egg(tree, missing_ok=True)
    egg = tree.root / "opt_d.egg"
    folder = egg if how == "folder" else tree.root / "targets/egg"
    told = f"Metadata-Version: 2.1\nName: opt-d\nVersion: {version}\n"
    files = {"opt_d.py": f"VALUE = {version!r}\n", "EGG-INFO/PKG-INFO": told}
    for name, text in files.items():
        write(folder / name, text)
    if how == "archive":
        with zipfile.ZipFile(egg, "w") as archive:
            for name in files:
                archive.write(folder / name, name)


@operation()
def uninstall_egg(tree: Tree, missing_ok: bool = False) -> None:
    """The egg is gone."""
    if not missing_ok and not (tree.root / "opt_d.egg").exists():
        raise Impossible
    tree.remove("opt_d.egg")


# What is declared.


@operation(
    name=st.sampled_from(["APP_MODE", "OWN_MODE"]),
    value=st.sampled_from([None, "", "1", "2"]),
)
def set_variable(tree: Tree, name: str, value: str | None) -> str | None:
    """An environment variable is set, or unset."""
    before = tree.environment.pop(name, None)
    if value is not None:
        tree.environment[name] = value
    return QUIET if before == value else None


@operation(
    name=st.sampled_from(["app/data.txt", "app/readers/own.txt", "pack/own.txt"]),
    letter=LETTER,
    times=TIMES,
)
def edit_data(tree: Tree, name: str, letter: str, times: str) -> str | None:
    """A declared file has another content of the same size."""
    return write(tree.root / "src" / name, letter, times)


@operation(name=st.sampled_from(["app/data.txt", "app/readers/own.txt", "pack/own.txt"]))
def remove_data(tree: Tree, name: str) -> None:
    """A declared file is gone."""
    path = tree.root / "src" / name
    if not path.exists():
        raise Impossible
    path.unlink()


@operation(mode=st.sampled_from(["normal", "all"]))
def import_lazily(tree: Tree, mode: str) -> None:
    """Each import at the top of a module waits until what it names is used, or none does."""
    before = tree.environment.get("PYTHON_LAZY_IMPORTS", "normal")
    if before == mode or not hasattr(sys, "set_lazy_imports"):
        raise Impossible
    tree.environment["PYTHON_LAZY_IMPORTS"] = mode


# Plugins of other distributions.

GROUP = st.sampled_from(["readers", "filters", "pack"])


@operation(
    kind=GROUP,
    version=st.sampled_from(["1", "2"]),
    letter=LETTER,
    names=st.sampled_from(["object", "module"]),
    editable=st.booleans(),
)
def install_plugin(
    tree: Tree, kind: str, version: str, letter: str, names: str, editable: bool
) -> None:
    """A distribution with a plugin is installed, upgraded, or installed anew in another way."""
    module = f"plug_{kind}"
    text = source(kind, "plug", "plain", letter, version)
    files = {f"{module}.py": text}
    if editable:  # a package in use where it is developed, in two files
        constant = f'F = "{version}"\n'
        begin = text.replace(constant, f"from {module}.part import F\n")
        files = {f"../portion/{module}/part.py": constant}
        files[f"../portion/{module}/__init__.py"] = begin
    named = {"readers": "Plug", "pack": "Plug", "filters": "plug"}[kind]
    value = f"{module}:{named}" if names == "object" else module
    tree.remove(f"portion/{module}")
    tree.install(module, version, files, f"[app.{kind}]\nplug = {value}\n")


@operation(
    kind=GROUP,
    version=st.sampled_from(["1", "2"]),
    name=st.sampled_from(["plug", "twin"]),
    what=st.sampled_from(["the same", "its own", "nothing"]),
)
def name_plugin_elsewhere(tree: Tree, kind: str, version: str, name: str, what: str) -> None:
    """A second distribution gives a name: to the first one's plugin, or to one of its own."""
    module = f"plug_{kind}" if what == "the same" else f"more_{kind}"
    named = {"readers": "Plug", "pack": "Plug", "filters": "plug"}[kind]
    value = f"{module}:{named if what != 'nothing' else 'Absent'} [extra]"
    files = {f"more_{kind}.py": source(kind, "plug", "plain", "q", version)}
    tree.install(f"more_{kind}", version, files, f"[app.{kind}]\n{name} = {value}\n")


@operation(kind=GROUP)
def uninstall_second(tree: Tree, kind: str) -> None:
    """The second distribution is uninstalled."""
    if not tree.uninstall(f"more_{kind}"):
        raise Impossible


@operation(kind=GROUP, letter=LETTER, times=TIMES)
def edit_installed_plugin(tree: Tree, kind: str, letter: str, times: str) -> str | None:
    """The source of a plugin of another distribution is edited where it lies."""
    for file in (f"site/plug_{kind}.py", f"portion/plug_{kind}/part.py"):
        path = tree.root / file
        if path.exists():
            return write(path, edited(path.read_text(), "K|F", letter), times)
    raise Impossible


@operation(kind=GROUP)
def uninstall_plugin(tree: Tree, kind: str) -> None:
    """A distribution with a plugin is uninstalled."""
    if not tree.uninstall(f"plug_{kind}"):
        raise Impossible


@operation(kind=GROUP, how=st.sampled_from(["unreadable", "odd", "missing"]))
def break_metadata(tree: Tree, kind: str, how: str) -> None:
    """The entry points of a distribution cannot be read, or lead nowhere."""
    files = sorted((tree.root / "site").glob(f"plug_{kind}-*.dist-info/entry_points.txt"))
    if not files:
        raise Impossible
    if how == "unreadable":
        files[0].write_bytes(b"\xff\xfe\x00[app]")
    elif how == "odd":
        files[0].write_text("no section\n")
    else:
        files[0].write_text(f"[app.{kind}]\nplug = no_such_module:Plug\n")


# The cache itself.


@operation(which=WHICH, how=st.sampled_from(["removed", "cut", "garbage"]))
def damage_cache(tree: Tree, which: int, how: str) -> None:
    """A cache file is gone, or broken."""
    path = _pick(tree.cache_files(), which)
    if how == "removed":
        path.unlink()
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    else:
        path.write_bytes(b"\xff\x00")


@operation(days=st.sampled_from([-8, 8]))
def age_caches(tree: Tree, days: int) -> str | None:
    """All cache files were written longer ago than they may, or will be."""
    for path in tree.cache_files():
        try:
            document = json.loads(path.read_text())
        except ValueError:  # damaged before
            continue
        document["timestamp"] += days * 86_400
        del document["checksum"]
        path.write_bytes(as_file(document))
    return " ".join([REBUILT, *KINDS])


@operation(
    kind=KIND,
    which=WHICH,
    how=st.sampled_from(["edit", "remove", "add"]),
    letter=LETTER,
    kept=st.booleans(),
    clear=st.booleans(),
)
def change_during_discovery(
    tree: Tree, kind: str, which: int, how: str, letter: str, kept: bool, clear: bool
) -> None:
    """A plugin changes while a start imports plugins: after its own import, or before."""
    path = _pick(tree.plugins(kind), which)
    if clear:
        tree.clear_cache()
    text = edited(path.read_text(), "K|F", letter)
    if how == "add":
        path = path.with_name("late.py")
    tree.during = {
        "CHANGE_NOW": str(path),
        **({} if how == "remove" else {"CHANGE_TO": text}),
        **({"CHANGE_KEEPS_TIME": "yes"} if kept else {}),
    }


# What is so in one start only.

#: Where the registries are asked, and what plugins do there that fails nowhere else, or then.
MOMENTS = {
    "no room": ("", "raise OSError(28, 'no room')"),
    "no memory": (
        "",
        "try:\n    raise MemoryError\n"
        "except MemoryError as error:\n    raise ValueError('no buffer') from error",
    ),
    "no stack": ("", "def f(): f()\nf()"),
    "no threads": (
        "",
        "import resource, threading\nthreading.stack_size(1 << 30)\n"
        "hard = resource.getrlimit(resource.RLIMIT_AS)[1]\n"
        "resource.setrlimit(resource.RLIMIT_AS, (1 << 29, hard))\n"
        "threading.Thread(target=int).start()",
    ),
    "no warnings": ("", "raise ResourceWarning('not now')"),
    "thread": ("thread", "import signal\nsignal.signal(signal.SIGUSR1, signal.SIG_IGN)"),
    "loop": ("loop", "import asyncio\nasync def f(): pass\nasyncio.run(f())"),
}


def _only_now(tree: Tree, clear: bool, told: str | None, **variables: str) -> str | None:
    """Let the next start have variables; it discovers if all caches are removed before."""
    if clear:
        tree.clear_cache()
    tree.during = variables
    return None if clear else told


@operation(kind=KIND, stem=STEM, moment=st.sampled_from(list(MOMENTS)), clear=st.booleans())
def fail_now(tree: Tree, kind: str, stem: str, moment: str, clear: bool) -> str | None:
    """A plugin fails in one start, and would not at another time or place."""
    place, deed = MOMENTS[moment]
    path = tree.root / "src" / KINDS[kind] / f"{stem}.py"
    told = write(path, source(kind, stem, "fails at times"))
    return _only_now(tree, clear, told, ASKED_IN=place, AT_IMPORT=deed)


@operation(
    kind=KIND,
    name=st.sampled_from(["opt_a", "opt_d", "vendor", "app.util", "app.mixins", "helper"]),
    how=st.sampled_from(["nothing", "module", "finder"]),
    clear=st.booleans(),
)
def stand_in(tree: Tree, kind: str, name: str, how: str, clear: bool) -> str | None:
    """Something else is in the place of a module in one start, as in a session of tests."""
    if name == "helper":
        name = f"{KINDS[kind].replace('/', '.')}.helper"
    return _only_now(tree, clear, QUIET, STAND_IN=f"{how} {name}")

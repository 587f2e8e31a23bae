"""What plugins import besides each other becomes an input of the answer: ``watch_imports``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from .modules import file_of, find_package
from .statements import (
    imported_names,
    is_entangled,
    is_package_file,
    names_importers,
    packages_above,
    read_source,
    statements,
)

if TYPE_CHECKING:
    from .import_path import ImportPath
    from .inputs import FoundFiles

_NOT_LOCAL = {*sys.stdlib_module_names, "__main__", "__mp_main__"}


def watch_imports(
    names: Iterable[str],
    loaded: Container[str],
    application: str,
    holds: Callable[[str], bool],
    import_path: ImportPath,
    files: FoundFiles,
) -> bool:
    """Make inputs of what the modules of a package import besides each other.

    Of an application that is installed nothing is read: its distribution is watched.

    Args:
        names: The modules that were searched, those that failed too.
        loaded: Names of modules that were imported before the search.
        application: Top-level package that they belong to.
        holds: Whether a module, given by its name, lies in the package.
        import_path: Is told of what is missing: a module that was imported before the search asked
            for that when nobody listened.
        files: Is told of the files of modules that can be edited: those of the application, and
            those that no distribution installed.

    Returns:
        Whether a module's part of the answer can be computed without the other modules: they can
        be edited, and none of them has signs of depending on which others are imported before.
    """
    if _is_installed(application, is_application=True):
        import_path.used.add(application)
        return False
    own = {name: file_of(name) for name in names}
    sources = {name: read_source(file) for name, file in own.items()}
    used = _used_modules(sources, _local_modules(application, holds))
    files.add(used.values())
    import_path.used.update(name.partition(".")[0] for name in used)
    early = {name: file for name, file in own.items() if name in loaded}
    import_path.add(_missing_imports({**early, **used}, sources))
    return not any(map(is_entangled, sources.values()))


def _used_modules(sources: dict[str, bytes], candidates: Mapping[str, str]) -> dict[str, str]:
    """The loaded modules that some modules may depend on, directly or not.

    Args:
        sources: Name -> text of the modules; those that are found are added.
        candidates: Name -> file of other modules that are loaded.

    Returns:
        Name -> file, of those among the candidates whose name stands in an import statement, and of
        the packages above; all of them where modules are imported by other means.
    """
    left, used = dict(candidates), dict[str, str]()
    waiting = [*sources]
    while waiting and left:
        texts = [sources[name] for name in waiting]
        words = b" ".join(part for text in texts for each in statements(text) for part in each)
        is_dynamic = any(map(names_importers, texts))
        above = {package for name in waiting for package in packages_above(name)}
        waiting = [
            name
            for name in left
            if is_dynamic or name in above or name.rpartition(".")[2].encode() in words
        ]
        used.update((name, left.pop(name)) for name in waiting)
        sources.update((name, read_source(used[name])) for name in waiting)
    return used


def _local_modules(application: str, holds: Callable[[str], bool]) -> dict[str, str]:
    """Loaded modules outside a package that can be edited: name -> file."""
    found = {}
    local: dict[str, bool] = {}
    for name, module in [*sys.modules.items()]:
        top = name.partition(".")[0]
        file = getattr(module, "__dict__", {}).get("__file__")
        if isinstance(file, str) and not (holds(name) or top in _NOT_LOCAL):
            if top not in local:
                is_ours = top.startswith("regcache_")  # we do not decide which plugins there are
                local[top] = not (is_ours or _is_installed(top, is_application=top == application))
            if local[top]:
                found[name] = file
    return found


def _is_installed(top: str, *, is_application: bool) -> bool:
    """Whether a top-level module lies where installers put distributions, and look after them."""
    if top in sys.stdlib_module_names:
        return True
    folders = [os.path.dirname(path) for path in find_package(top) or [file_of(top)]]
    python = os.path.dirname(os.__file__)  # has modules that are not listed by name
    if any(
        os.path.basename(f) in ("site-packages", "dist-packages") or f == python for f in folders
    ):
        return True
    listed = [name for each in folders if os.path.isdir(each) for name in os.listdir(each)]
    return not is_application and any(name.endswith(".dist-info") for name in listed)


def _missing_imports(modules: Mapping[str, str], sources: Mapping[str, bytes]) -> Iterator[str]:
    """What loaded modules name in import statements and nothing that is loaded has.

    Args:
        modules: Name -> file.
        sources: Name -> text.
    """
    seen: set[str] = set()
    for module, file in modules.items():
        for name in imported_names(sources[module], module, is_package_file(file)):
            if name not in seen and name not in sys.modules:
                seen.add(name)
                parent, _, last = name.rpartition(".")
                if not parent or last not in vars(sys.modules.get(parent, sys)):
                    yield name

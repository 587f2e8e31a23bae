"""Packages on disk: where their modules lie, which there are, and their stamps."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from typing import Any

from .inputs import PYTHON_SUFFIXES, SourceTree
from .modules import find_sources, find_spec


def package_tree(name: str) -> SourceTree:
    """The sources of a package (or plain module) as an input of an answer that depends on them.

    Raises:
        ModuleNotFoundError: There is no such package.
    """
    return SourceTree(find_sources(name), PYTHON_SUFFIXES)


def get_package_file_mtimes(package: str) -> dict[str, Any]:
    """Stamps of all source files and folders of a package, as ``save_cache`` takes them.

    Take them *before* scanning the package: what changes during the scan must look changed.

    Args:
        package: Name of the package, or the path of a folder.

    Returns:
        Absolute path -> ``[st_mtime_ns, st_size, st_ctime_ns, st_ino, digest]``; a folder has the
        names in it in the place of the size.

    Raises:
        ModuleNotFoundError: There is no such package.
    """
    import os

    # A folder that happens to be called like the package must not hide it.
    if os.path.isdir(package) and (os.sep in package or find_spec(package) is None):
        tree = SourceTree([package], PYTHON_SUFFIXES)
    else:
        tree = package_tree(package)
    stamps: dict[str, Any] = tree.record()
    return stamps


def iter_module_names(paths: list[str], prefix: str) -> Iterator[tuple[str, bool]]:
    """The modules directly in ``paths``, sorted by name in each folder, nothing imported.

    As ``pkgutil.iter_modules``, without ``__main__``, which runs a program when imported.

    Yields:
        Full name, and whether it is a package.
    """
    modules: dict[str, bool] = {}
    for path in paths:
        importer: Any = pkgutil.get_importer(path)
        if hasattr(importer, "archive"):
            # In Python 3.13 pkgutil fails on an archive whose listing importlib.invalidate_caches()
            # has dropped; looking for a module reads it again.
            importer.find_spec("regcache")
        # For pkgutil a folder is empty if the handler of a signal raises an OSError at this moment.
        listed = [*pkgutil.iter_modules([path], prefix)]
        for module in listed or pkgutil.iter_modules([path], prefix):
            modules.setdefault(module.name, module.ispkg)
    modules.pop(f"{prefix}__main__", None)
    yield from modules.items()

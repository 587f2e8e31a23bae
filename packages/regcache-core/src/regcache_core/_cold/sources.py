"""The sources of a package, as an input or as stamps."""

from __future__ import annotations

import os

from .._inputs import PYTHON_SUFFIXES, SourceTree
from .._modules import find_sources, find_spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


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
    # A folder that happens to be called like the package must not hide it.
    if os.path.isdir(package) and (os.sep in package or find_spec(package) is None):
        tree = SourceTree([package], PYTHON_SUFFIXES)
    else:
        tree = package_tree(package)
    stamps: dict[str, Any] = tree.record()
    return stamps

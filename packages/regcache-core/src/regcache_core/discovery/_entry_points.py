"""Entry points, read from installed metadata at this moment, without ``importlib.metadata``.

For a warm start that is to import a plugin which only a cache file calls an entry point.
"""

import os

from .._modules import attribute_of, is_metadata, module_of, search_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def is_entry_point(group: str, module: str, attribute: "str | None" = None) -> bool:
    """Whether an installed distribution has an entry point in a module: its metadata are read now.

    To be asked before a module is imported that only a cache file says is one of these.

    Args:
        group: The group of entry points.
        module: The module.
        attribute: What the entry point must name in it; ``None`` for anything.
    """
    for value in _published(group):
        if module_of(value) == module and attribute in (None, attribute_of(value)):
            return True
    return False


def _published(group: str) -> "Iterator[str]":
    """The values of all entry points of a group."""
    archives = []
    for folder in search_path():
        try:
            names = os.listdir(folder)
        except NotADirectoryError:
            archives.append(folder)
            continue
        except OSError:
            continue
        for name in names:
            if is_metadata(name, folder):
                yield from _values_in(os.path.join(folder, name, "entry_points.txt"), group)
    if archives:
        from ._cold.entry_points import read_installed

        for _, value, *_ in read_installed(archives, group)["points"]:
            yield value


def _values_in(path: str, group: str) -> "Iterator[str]":
    """The values of the entry points that a file names, read as ``importlib.metadata`` does."""
    try:
        with open(path, "rb") as file:
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return
    section = ""
    for line in map(str.strip, lines):
        if line[:1] == "[" and line[-1:] == "]":
            section = line[1:-1]
        elif section == group and line[:1] != "#":
            yield line.partition("=")[2].strip()

"""Which files and folders below a watched folder count, by patterns: the cold side of them."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Counts = Callable[[str, bool], bool]


def chooser(paths: Iterable[str], include: tuple[str, ...], exclude: tuple[str, ...]) -> Counts:
    """What tells whether a file or folder counts, as ``SourceTree`` has it.

    Where watched folders lie in one another, what counts for one of them counts for all.

    Args:
        paths: The watched folders.
        include: Patterns of files that count; empty for all.
        exclude: Patterns of files and folders that do not.

    Returns:
        A function of a path and whether it is a folder.
    """
    roots = [os.path.join(path, "") for path in paths]

    def counts(path: str, is_folder: bool) -> bool:
        names = [path[len(root) :].replace(os.sep, "/") for root in roots if path.startswith(root)]
        return any(_is_chosen(name, is_folder, include, exclude) for name in names)

    return counts


def _is_chosen(
    name: str, is_folder: bool, include: tuple[str, ...], exclude: tuple[str, ...]
) -> bool:
    # "drafts/*" leaves nothing in the folder drafts: it matches "drafts/", too.
    if _matches(name, exclude) or (is_folder and _matches(f"{name}/", exclude)):
        return False
    return is_folder or not include or _matches(name, include)


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)

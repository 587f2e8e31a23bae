"""The packages that patterns mean: what a warm start needs where one is declared."""

import os

from .._inputs import PYTHON_SUFFIXES
from .._modules import find_package, find_sources, find_spec
from .._patterns import fits, head_of, is_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def expand(packages: "Iterable[str]", *, anew: bool = False) -> "dict[str, list[str]]":
    """The packages and modules that are meant, as they can be found now; nothing is imported.

    Those of a pattern are sorted by name. A folder that holds no Python file fits none.

    Args:
        packages: Names and patterns.
        anew: Whether what patterns mean is looked for as in a process that has imported none of
            it: a package may add to its path then.

    Returns:
        Full name -> folders, or file, as ``find_sources`` has them.

    Raises:
        ModuleNotFoundError: There is none of a name that is no pattern.
    """
    found: dict[str, list[str]] = {}
    for package in packages:
        if not is_pattern(package):
            found.setdefault(package, find_sources(package))
            continue
        head = head_of(package)
        names = [head]
        for part in package[len(head) + 1 :].split("."):
            is_open = is_pattern(part)
            names = [
                f"{name}.{each}"
                for name in names
                for each in (_children(name, part, anew) if is_open else [part])
            ]
        for name in names:
            places = _places_of(name, anew)
            if any(map(_holds_python, places)):
                found.setdefault(name, places)
    return found


def _places_of(module: str, anew: bool) -> "list[str]":
    """Folders or file of a module; none if there is no such module."""
    spec = find_spec(module)
    if spec is None or not anew:
        return [] if spec is None else find_sources(module)
    path = spec.submodule_search_locations
    return [*(path if path is not None else [spec.origin] * spec.has_location)]


def _children(package: str, pattern: str, anew: bool) -> "list[str]":
    """What may be a module directly in a package, by the names of files and folders; sorted."""
    found: set[str] = set()
    for folder in _places_of(package, anew) if find_package(package) is not None else ():
        try:
            names = os.listdir(folder)
        except NotADirectoryError:  # an archive
            names = [*_names_in_archive(folder)]
        except OSError:  # nothing there, or not ours to list
            continue
        found.update(name.partition(".")[0] for name in names)
    return sorted(
        name for name in found if name.isidentifier() and name[:2] != "__" and fits(name, pattern)
    )


def _names_in_archive(place: str) -> "Iterator[str]":
    from ._cold.packages import iter_module_names

    return (name for name, _ in iter_module_names([place], ""))


def _holds_python(place: str) -> bool:
    """Whether there is a module: every folder is a package, to Python."""
    try:
        return any(name.endswith(PYTHON_SUFFIXES) for name in os.listdir(place))
    except OSError:  # a file, or what lies in an archive
        return True

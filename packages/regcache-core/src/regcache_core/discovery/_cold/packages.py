"""Packages on disk: which modules they have, and who put them there."""

from __future__ import annotations

import os
import sys
from importlib.machinery import FileFinder, all_suffixes

from ..._cold.stamps import UNTRUSTED, trusted_stamp
from ..._patterns import excluded_as, is_pattern, within

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import Any

#: Folders that are named like this hold what installers put there.
_SITES = ("site-packages", "dist-packages")
_PYTHON = os.path.realpath(os.path.dirname(os.__file__))


def is_installed(place: str, module: str, known: dict[tuple[str, int], bool] | None = None) -> bool:
    """Whether a module is part of an installed distribution, or of Python: nobody edits it.

    The folder decides that it was imported from, links of packages followed: one to a checkout
    leads to what can be edited. An archive can be replaced, and nothing else would tell of that.

    Args:
        place: The module's file, or one folder of the package: each portion of a namespace package
            is judged by itself. Empty for what is built into Python.
        module: Name of the module or package.
        known: Is filled with answers; to be given by whoever asks for many modules at once.
    """
    if not place:
        return True
    above, _, base = place.rpartition(os.sep)
    packages = module.count(".")
    if base.startswith("__init__."):
        place = above
    elif packages and "." in base:  # a file beside others, all of which are alike
        place, packages = above, packages - 1
    return _is_installed(place, packages, {} if known is None else known)


def _is_installed(place: str, packages: int, known: dict[tuple[str, int], bool]) -> bool:
    """The same for a place in a number of packages; -1 for a folder to be put on ``sys.path``."""
    answer = known.get((place, packages))
    if answer is None and packages < 0:
        answer = known[place, packages] = takes_installed(place)
    elif answer is None:
        real = os.path.realpath(place) if os.path.islink(place) else place
        answer = _is_installed(os.path.dirname(real), packages - 1, known)
        known[place, packages] = answer
    return answer


def takes_installed(folder: str) -> bool:
    """Whether installers, or Python's own, put modules directly into a folder.

    Metadata in an ``.egg-info`` folder say nothing: setuptools leaves one in a checkout.
    """
    stamp = trusted_stamp(folder)
    known = _TAKING.get(folder)
    if known is None or UNTRUSTED in stamp or known[0] != stamp:
        known = _TAKING[folder] = stamp, _takes_installed(folder)
    return known[1]


#: Folder -> its stamp and the answer: each is asked of for many modules.
_TAKING: dict[str, tuple[list[int], bool]] = {}


def _takes_installed(folder: str) -> bool:
    folder = os.path.realpath(folder)
    # The latter is Python's folder of extension modules.
    if os.path.basename(folder) in _SITES or _PYTHON in (folder, os.path.dirname(folder)):
        return True
    try:
        return any(name.endswith(".dist-info") for name in os.listdir(folder))
    except OSError:
        return False


class Excluded:
    """The modules that a discovery leaves out; it notes them when it is asked for them.

    Args:
        packages: The package that is searched; several, or patterns.
        patterns: Patterns of whole parts of names, as ``excluded_as`` has them.
        failed: Further modules, which are not noted.

    Attributes:
        noted: Modules and packages that were left out -> why.
    """

    def __init__(
        self,
        packages: str | Collection[str],
        patterns: Collection[str],
        failed: Collection[str] = (),
    ) -> None:
        self._packages, self._patterns, self._failed = packages, patterns, failed
        self._are_names = all(map(str.isidentifier, patterns))
        self.noted: dict[str, str] = {}

    def __contains__(self, module: object) -> bool:
        name = str(module)
        if self._are_names and not {*name.split(".")}.intersection(self._patterns):
            return module in self._failed
        found = excluded_as(name, self._packages, self._patterns)
        if found is not None:
            self.noted[found[0]] = f"excluded by {found[1]!r}"
        return found is not None or module in self._failed


def iter_module_names(paths: list[str], prefix: str) -> Iterator[tuple[str, bool]]:
    """The modules directly in ``paths``, sorted by name in each folder, nothing imported.

    As ``pkgutil.iter_modules``, without ``__main__``, which runs a program when imported.

    Yields:
        Full name, and whether it is a package.
    """
    modules: dict[str, bool] = {}
    for path in paths:
        importer = importer_of(path)
        # pkgutil imports inspect for a folder, which costs more than most discoveries.
        is_folder = type(importer) is FileFinder
        listed = _list_modules(path) if is_folder else _ask_importer(importer, path)
        for name, is_package in listed:
            modules.setdefault(prefix + name, is_package)
    modules.pop(f"{prefix}__main__", None)
    yield from modules.items()


def importer_of(path: str) -> Any:
    """What finds modules in a folder or archive, as ``pkgutil.get_importer``; ``None``: nothing."""
    for hook in () if path in sys.path_importer_cache else sys.path_hooks:
        try:
            sys.path_importer_cache[path] = hook(path)
        except ImportError:  # not for such a path
            continue
        break
    return sys.path_importer_cache.get(path)


def _list_modules(folder: str) -> Iterator[tuple[str, bool]]:
    """The modules in a folder, sorted by the names of their files, and whether it is a package."""
    try:
        names = sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return
    suffixes = sorted(all_suffixes(), key=len, reverse=True)
    for name in names:
        suffix = next(filter(name.endswith, suffixes), "")
        module = name.removesuffix(suffix)
        if module == "__init__" or "." in module:
            continue
        inits = () if suffix else [f"{folder}/{name}/__init__{each}" for each in suffixes]
        if suffix or any(map(os.path.exists, inits)):
            yield module, not suffix


def _ask_importer(importer: Any, path: str) -> Iterator[tuple[str, bool]]:
    """The modules that another importer than Python's for folders has."""
    import pkgutil

    if hasattr(importer, "archive"):
        # In Python 3.13 pkgutil fails on an archive whose listing importlib.invalidate_caches()
        # has dropped; looking for a module reads it again.
        importer.find_spec("regcache")
    for module in pkgutil.iter_modules([path]):
        yield module.name, module.ispkg


def loaded_names(packages: str | Collection[str] = ()) -> list[str]:
    """Names of the modules that are loaded; whoever puts something else there is passed over.

    Args:
        packages: Only these, and those below them; names and patterns.
    """
    names = [name for name in list(sys.modules) if name.__class__ is str]
    if not packages:
        return names
    packages = [packages] if isinstance(packages, str) else packages
    prefixes = tuple([f"{each}." for each in packages])
    patterns = [*filter(is_pattern, packages)]
    return [
        name
        for name in names
        if f"{name}.".startswith(prefixes) or (patterns and within(name, patterns))
    ]

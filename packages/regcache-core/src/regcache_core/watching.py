"""What plugins import besides each other becomes an input of the answer: ``watch_imports``."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from .modules import file_of, find_package, find_spec, loaded_names, peek
from .sources import Source, is_package_file, packages_above, read_source

if TYPE_CHECKING:
    from .import_path import ImportPath
    from .inputs import FoundFiles

_PYTHON = os.path.dirname(os.__file__)
_WORD = re.compile(rb"[\w\x80-\xff]+")


def watch_imports(
    names: Iterable[str],
    loaded: Container[str],
    application: str,
    holds: Callable[[str], bool],
    import_path: ImportPath,
    files: FoundFiles,
) -> dict[str, bytes] | None:
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
        File -> content, of the modules and of those that they may depend on; ``None`` if the
        application is installed.
    """
    if is_installed(application):
        import_path.used.add(application)
        return None
    own = {name: file_of(name) for name in names}
    texts = {name: read_source(file) for name, file in own.items()}
    local = _local_modules(import_path.tried)
    candidates = {name: file for name, file in local.items() if not holds(name)}
    used = _used_modules(texts, loaded, candidates)
    files.add(used.values())
    files.watch_absent(path for name, path in used.items() for path in _places_before(path))
    import_path.used.update(name.partition(".")[0] for name in used)
    early = {name: file for name, file in own.items() if name in loaded}
    import_path.add(_missing_imports({**early, **used}, texts))
    return {{**own, **used}[name]: text for name, text in texts.items()}


def _used_modules(
    texts: dict[str, bytes], loaded: Container[str], candidates: Mapping[str, str]
) -> dict[str, str]:
    """The modules that some modules may depend on, directly or not.

    Args:
        texts: Name -> content of the modules; those that are found are added.
        loaded: Names of modules that were imported before the search.
        candidates: Name -> file of other modules that are loaded by now.

    Returns:
        Name -> file, of those among the candidates whose name stands anywhere in the text, of the
        packages above, and of all that were imported during the search.
    """
    left, used = dict(candidates), dict[str, str]()
    waiting = [*texts]
    while waiting and left:
        words = {word for name in waiting for word in _WORD.findall(texts[name])}
        above = {package for name in waiting for package in packages_above(name)}
        waiting = [
            name
            for name in left
            if name.rpartition(".")[2].encode() in words or name in above or name not in loaded
        ]
        used.update((name, left.pop(name)) for name in waiting)
        texts.update((name, read_source(used[name])) for name in waiting)
    return used


def _places_before(path: str) -> Iterator[str]:
    """Where a package would lie that hides a plain module."""
    if not is_package_file(path):
        yield path.rpartition(".")[0]


def _local_modules(tried: Iterable[str]) -> dict[str, str]:
    """Modules that can be edited: name -> file.

    Args:
        tried: Modules that were imported; some may have failed, or put something in their place.
    """
    found = {}
    local: dict[str, bool] = {}
    for name in {*loaded_names(), *tried}:
        top = name.partition(".")[0]
        if top not in local:
            # We do not decide which plugins there are; the script is another one for each start.
            is_other = top.startswith(("regcache_", "__m"))
            local[top] = not (is_other or is_installed(top))
        if local[top]:
            file = peek(name, "__dict__", {}).get("__file__")
            spec = None if isinstance(file, str) else find_spec(name)
            file = spec.origin if spec is not None and spec.has_location else file
            if isinstance(file, str):
                found[name] = os.path.abspath(file)
    return found


def is_installed(top: str) -> bool:
    """Whether a top-level module lies where installers, or Python's own, put modules."""
    if top in sys.builtin_module_names:
        return True
    folders = [os.path.dirname(path) for path in find_package(top) or [file_of(top)]]
    installed = ("site-packages", "dist-packages")
    return any(
        os.path.basename(each) in installed or f"{each}{os.sep}".startswith(_PYTHON + os.sep)
        for each in folders
    )


def _missing_imports(modules: Mapping[str, str], texts: Mapping[str, bytes]) -> Iterator[str]:
    """What loaded modules name in import statements and nothing that is loaded has.

    Args:
        modules: Name -> file.
        texts: Name -> content.
    """
    seen: set[str] = set()
    for module, file in modules.items():
        try:
            names = Source(texts[module], module, is_package_file(file)).names
        except (SyntaxError, ValueError, RecursionError):
            continue  # edited since, or it is no text: it was imported all the same
        for name in names - seen - sys.modules.keys():
            seen.add(name)
            parent, _, last = name.rpartition(".")
            if not parent or not hasattr(sys.modules.get(parent, sys), last):
                yield name

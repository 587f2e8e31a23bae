"""Modules of this process, told by their names: loaded, being executed, named by entry points.

What discovering and loading ask, and a start that only lists does not; where modules lie is in
``_modules``.
"""

import os
import sys

from .._modules import LOST, file_of, is_metadata, peek

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from types import CodeType
    from typing import Any

#: The names of the module that runs as a program; the second in a child that was spawned.
MAIN = ("__main__", "__mp_main__")


def is_initializing(module: str) -> bool:
    """Whether a module is being executed, by this thread or by another.

    In a forked child also one that its parent was looking for: Python holds its lock for ever.

    Args:
        module: Name of a module.
    """
    spec = peek(module, "__spec__")
    if getattr(spec, "_initializing", False) is True:
        return True
    return module in LOST and module not in sys.modules


def modules_in_execution(contains: "Callable[[str], bool]") -> "Iterator[str]":
    """Modules that this thread is importing, the innermost first.

    Args:
        contains: Whether a module, given by its name, is meant.

    Yields:
        Names of those whose code is being executed, further up among the callers.
    """
    frame: Any = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "<module>":
            module = str(frame.f_globals.get("__name__"))
            if contains(module):
                yield module
        frame = frame.f_back


#: ``inspect.CO_NEWLOCALS``: functions have it, code of modules and cells has not.
_NEW_LOCALS = 2


def code_in_execution(module: str) -> "CodeType | None":
    """The code of a module that this thread is executing; it is another after a reload.

    Args:
        module: Name of the module; ``__main__`` for cells of a notebook.

    Returns:
        ``None`` if the module is loaded, and only functions of it run.
    """
    frame: Any = sys._getframe(1)
    while frame is not None:
        code: CodeType = frame.f_code
        is_whole = code.co_name[0] == "<" and not code.co_flags & _NEW_LOCALS
        if is_whole and frame.f_globals.get("__name__") == module:
            return code
        frame = frame.f_back
    return None


def has_failed(module: str, failures: "Collection[str]") -> bool:
    """Whether a module, or a package above it, is among those that failed, and is not loaded.

    What a module does before it fails does not count, whoever imports it and goes on.

    Args:
        module: Full name of the module.
        failures: Full names of those that are known to fail.
    """
    is_loaded = module in sys.modules and not is_initializing(module)
    return lies_in(module, failures) and not is_loaded


def is_gone(module: str) -> bool:
    """Whether there is no such module any more, though it may be imported still.

    Args:
        module: Name of a module.
    """
    file = file_of(module)
    return not os.path.exists(file) if file else module not in sys.modules


def is_same_source(first: str, second: str) -> bool:
    """Whether two modules are one, or one file: a module that runs as ``__main__`` too.

    Args:
        first: Name of a module.
        second: Name of a module.
    """
    if first == second:
        return True
    is_program = not {first, second}.isdisjoint(MAIN)
    return is_program and file_of(first) == file_of(second) != ""


def load_object(module: str, qualname: "str | None" = None) -> "Any":
    """Import a module, and get what a dotted name stands for in it, as ``getattr`` does.

    Args:
        module: Full name of the module.
        qualname: The name; ``None`` for the module itself.

    Raises:
        Exception: Whatever the import raises, or AttributeError.

    >>> load_object("os", "path.join").__name__
    'join'
    """
    __import__(module)
    found: Any = sys.modules[module]
    for part in qualname.split(".") if qualname is not None else ():
        found = getattr(found, part)
    return found


def lies_in(module: str, packages: "Collection[str]") -> bool:
    """Whether a module, or a package above it, is among some.

    Args:
        module: Full name of the module.
        packages: Full names of modules and packages.

    >>> lies_in("app.readers.tiff", ["app.readers"]), lies_in("app.readers_old", ["app.readers"])
    (True, False)
    """
    return f"{module}.".startswith(tuple([f"{each}." for each in packages]))


def look_into(
    names: "Collection[str]", path: str, wanted: "Collection[str]", suffixes: "tuple[str, ...]"
) -> "tuple[list[str], list[str]]":
    """What a folder holds of the modules that are looked for, and of metadata.

    Args:
        names: The names of its entries.
        path: The folder.
        wanted: Modules, without the name of the package that they lie in.
        suffixes: Endings of the files that are modules.

    Returns:
        The modules, and the names of the folders (or files) with metadata, each sorted.
    """
    modules = {
        name.partition(".")[0]
        for name in [name for name in names if name.partition(".")[0] in wanted]
        if (name.endswith(suffixes) if "." in name else os.path.isdir(f"{path}/{name}"))
    }
    return sorted(modules), sorted([name for name in names if is_metadata(name, path)])

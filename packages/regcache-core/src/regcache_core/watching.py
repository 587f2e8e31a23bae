"""Modules that can be edited, and are loaded, become inputs of an answer: ``watch_imports``.

Sources are not parsed: that costs more than all else. Every loaded module of the application
counts, whoever imported it, with one ``os.stat`` each at a warm start; of what lies outside of it,
what was imported during the discovery or is named in the code of those that count.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from opcode import opmap
from types import CodeType
from typing import TYPE_CHECKING, Any

from .modules import file_of, find_package, find_spec, loaded_names, peek

if TYPE_CHECKING:
    from .import_path import ImportPath
    from .inputs import FoundFiles

_PYTHON = os.path.dirname(os.__file__)
_EXTENDED_ARG, _IMPORT_NAME = opmap["EXTENDED_ARG"], opmap["IMPORT_NAME"]
_LOAD_SMALL_INT = opmap.get("LOAD_SMALL_INT")  # since Python 3.14 for the level
#: Since Python 3.15 the lowest two bits of its argument say how lazy an import is.
_NAME_SHIFT = 2 if sys.version_info >= (3, 15) else 0


def watch_imports(
    application: str,
    loaded: Container[str],
    contains: Callable[[str], bool],
    import_path: ImportPath,
    files: FoundFiles,
    root: str = "",
) -> None:
    """Make inputs of the modules that an application has loaded and that can be edited.

    Of an application that is installed nothing is watched here: its distribution is.

    Args:
        application: Top-level package of the plugins.
        loaded: Names of modules that were loaded before the discovery.
        contains: Whether a module, given by its name, lies in the package that is searched: its
            sources are watched anyway.
        import_path: Is told of what is missing: a module that was loaded before the discovery
            asked for that when nobody listened.
        files: Is told of the files.
        root: The module on which alone the answer depends; by default the whole application counts.
    """
    if is_installed(application):
        import_path.used.add(application)
        return
    editable = _editable_modules(import_path.tried)
    prefix = f"{application}."
    roots = [name for name in editable if name not in loaded or f"{name}.".startswith(prefix)]
    counted = _reached_from([root] if root else roots, editable)
    watched = {name: editable[name] for name in counted if not contains(name)}
    files.add(watched.values())
    files.watch_absent(path for path in map(_place_before, watched.values()) if path)
    import_path.used.update(name.partition(".")[0] for name in watched)
    import_path.add(_missing_imports(name for name in counted if name in loaded))


def _reached_from(roots: Iterable[str], names: Iterable[str]) -> set[str]:
    """Some modules, and those whose names stand in their code, directly or not.

    Args:
        roots: Names of modules to begin with; those that are not among ``names`` are left out.
        names: Names of modules.
    """
    left = {*names}
    waiting = left & {*roots}
    reached = {*waiting}
    left -= reached
    while waiting and left:
        words = {word for name in waiting for word in _code_of(name).words}
        above = {name[:end] for name in waiting for end, char in enumerate(name) if char == "."}
        waiting = {name for name in left if name.rpartition(".")[2] in words or name in above}
        left -= waiting
        reached |= waiting
    return reached


def _place_before(file: str) -> str:
    """Where a package would lie that hides a plain module; empty for a package."""
    return "" if os.path.basename(file).startswith("__init__.") else file.rpartition(".")[0]


def _editable_modules(tried: Iterable[str]) -> dict[str, str]:
    """Modules that can be edited: name -> file.

    Args:
        tried: Modules that were imported; some may have failed, or put something in their place.
    """
    found = {}
    editable: dict[str, bool] = {}
    for name in {*loaded_names(), *tried}:
        top = name.partition(".")[0]
        if top not in editable:
            # We do not decide which plugins there are; the script is another one for each start.
            is_other = top.startswith(("regcache_", "__m"))
            editable[top] = not (is_other or is_installed(top))
        if editable[top]:
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


def _missing_imports(modules: Iterable[str]) -> Iterator[str]:
    """What loaded modules name in import statements, and no module that is loaded has."""
    for module in modules:
        for home, members in _code_of(module).imports:
            if home not in sys.modules:
                yield home
            elif peek(home, "__path__") is not None:
                namespace = peek(home, "__dict__", {})
                yield from (f"{home}.{each}" for each in members if each not in {*namespace, "*"})


class _Code:
    """What a module names in its code, functions included.

    Args:
        code: Its code; ``None`` where there is none.
        package: The parts of the name of the package that relative imports begin at.

    Attributes:
        imports: Module, and names in it, of each import statement.
        words: Names, and the last parts of texts.
    """

    def __init__(self, code: CodeType | None, package: list[str]) -> None:
        self.imports: list[tuple[str, tuple[str, ...]]] = []
        self.words: set[str] = set()
        self._package = package
        waiting = [] if code is None else [code]
        while waiting:
            code = waiting.pop()
            self.words.update(code.co_names)
            for each in code.co_consts:
                if isinstance(each, str):
                    self.words.add(each.rpartition(".")[2])
                elif isinstance(each, tuple):  # what is taken from a module
                    self.words.update(name for name in each if isinstance(name, str))
                elif isinstance(each, CodeType):
                    waiting.append(each)
            self._add_imports(code)

    def _add_imports(self, code: CodeType) -> None:
        """Find import statements, as ``dis`` shows them; it would take a hundred times as long."""
        operations, arguments = code.co_code[::2], code.co_code[1::2]

        def instruction(end: int) -> tuple[int, int, int]:
            """The instruction that ends at a place: operation, argument, and where it begins."""
            begin, argument = end - 1, arguments[end - 1]
            while begin > 0 and operations[begin - 1] == _EXTENDED_ARG:
                begin -= 1
                argument |= arguments[begin] << 8 * (end - 1 - begin)
            return operations[end - 1], argument, begin

        at = operations.find(_IMPORT_NAME)
        while at >= 0:  # its level and its names are loaded directly before
            _, name, begin = instruction(at + 1)
            _, members, begin = instruction(begin)
            operation, level, _ = instruction(begin)
            level = level if operation == _LOAD_SMALL_INT else code.co_consts[level]
            above = self._package[: len(self._package) + 1 - level] if level else []
            home = code.co_names[name >> _NAME_SHIFT]
            full_name = ".".join([*above, home] if home else above)
            self.imports.append((full_name, code.co_consts[members] or ()))
            at = operations.find(_IMPORT_NAME, at + 1)


#: Module -> its ``__dict__``, and its code. A module is read once in a process.
_CODES: dict[str, tuple[Mapping[str, Any], _Code]] = {}


def _code_of(module: str) -> _Code:
    """The code of a loaded module, as its loader has it: byte code in general."""
    namespace = peek(module, "__dict__", {})
    if module not in _CODES or _CODES[module][0] is not namespace:
        get_code = getattr(namespace.get("__loader__"), "get_code", None)
        try:
            code = get_code(module) if get_code is not None else None
        except (ImportError, SyntaxError, ValueError, OSError):  # edited or removed since
            code = None
        parts = module.split(".") if "__path__" in namespace else module.split(".")[:-1]
        _CODES[module] = namespace, _Code(code, parts)
    return _CODES[module][1]

"""What libraries say that they publish, to compare with what a scan of them finds.

Each function gives a set of full names, ``module.name``. scikit-image is read, not imported: its
stubs and sources name everything, so this answer shares no code with a scan, which imports. Of
numpy, scipy and the standard library the running module is asked, since only it knows what a
name stands for.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def skimage_stubs() -> dict[str, frozenset[str]]:
    """Public submodule of scikit-image -> the public names that its ``__init__.pyi`` imports.

    Those are what the submodule offers: lazy_loader reads the ``from`` lines of the stub, not its
    ``__all__``, which in 0.26 lacks a few of them (``rgb2luv``).
    """
    found = {}
    for path in sorted(_folder("skimage").glob("*/__init__.pyi")):
        lines = [node for node in _parse(path).body if isinstance(node, ast.ImportFrom)]
        names = {alias.asname or alias.name for node in lines for alias in node.names}
        found[f"skimage.{path.parent.name}"] = frozenset(n for n in names if not n.startswith("_"))
    return found


def skimage_all() -> dict[str, frozenset[str]]:
    """Public submodule of scikit-image -> the ``__all__`` of its stub, or source without one."""
    tops = _published(_parse(_folder("skimage") / "__init__.py"))
    modules = [f"skimage.{name}" for name in tops if not name.startswith("_")]
    return {module: frozenset(_published(_parse(_file(module)))) for module in modules}


def skimage_functions() -> set[str]:
    """The functions among them, told by the definition that each name's imports lead to."""
    return {
        f"{module}.{name}"
        for module, names in {**skimage_all(), **skimage_stubs()}.items()
        for name in names
        if _is_function(module, name)
    }


def ndimage_functions() -> set[str]:
    """What ``scipy.ndimage`` publishes."""
    return _functions("scipy.ndimage")


def signal_functions() -> set[str]:
    """What ``scipy.signal`` publishes; ``scipy.signal.windows`` is a module of its own."""
    return _functions("scipy.signal")


def numpy_ufuncs() -> set[str]:
    """The universal functions of numpy, under each of their names: ``abs`` and ``absolute``."""
    import numpy

    return _functions("numpy", lambda item: isinstance(item, numpy.ufunc))


def statistics_functions() -> set[str]:
    """What the standard ``statistics`` publishes."""
    return _functions("statistics")


def math_functions() -> set[str]:
    """What the standard ``math`` has; it declares nothing, so every public name counts."""
    return _functions("math")


def _functions(module: str, fits: Callable[[Any], bool] | None = None) -> set[str]:
    """The names of an imported module that stand for functions, or for what ``fits``."""
    fits = fits or inspect.isroutine
    home = importlib.import_module(module)
    names = getattr(home, "__all__", None) or [n for n in dir(home) if not n.startswith("_")]
    return {f"{module}.{name}" for name in names if fits(getattr(home, name))}


def _folder(package: str) -> Path:
    """The folder of a package at the top, found without importing it; one that is not installed has
    a folder where nothing is.
    """
    spec = find_spec(package)
    places = spec.submodule_search_locations if spec is not None else None
    return Path(places[0]) if places else Path("not installed", package)


def _file(module: str) -> Path:
    """What describes a module best: the stub, which lazy_loader reads too, else the source."""
    top, _, rest = module.partition(".")
    path = _folder(top).joinpath(*rest.split("."))
    places = [path / "__init__.pyi", path / "__init__.py", path.with_suffix(".py")]
    return next((place for place in places if place.exists()), path)


def _parse(path: Path) -> ast.Module:
    """A source; one without text (an extension module) is empty."""
    return ast.parse(path.read_text(encoding="utf-8") if path.is_file() else "")


def _published(tree: ast.Module) -> list[str]:
    """The literal ``__all__``."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            names: list[str] = ast.literal_eval(node.value)
            return names
    return []


def _is_function(module: str, name: str) -> bool:
    """Whether the imports of a name end at a ``def``, not at a class, a module or a constant."""
    file = _file(module)
    if not file.is_file():
        # Compiled, or of pooch, which need not be installed: PEP 8 tells classes from functions.
        return name.lower() == name
    for node in reversed(list(_statements(_parse(file)))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return isinstance(node, ast.FunctionDef)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            # `cat = chelsea` is a second name of a function; anything else is a value.
            return isinstance(node.value, ast.Name) and _is_function(module, node.value.id)
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    source = _source(module, file, node)
                    return node.module is not None and _is_function(source, alias.name)
                if alias.name == "*" and name in _published(
                    _parse(_file(_source(module, file, node)))
                ):
                    return _is_function(_source(module, file, node), name)
    return False


def _statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements that run at import, those in ``if`` and ``try`` too, in their order."""
    for node in tree.body:
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With):
            yield from _statements(ast.Module(node.body, []))


def _source(module: str, file: Path, node: ast.ImportFrom) -> str:
    """The module that a ``from`` statement names, in full."""
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    # In a package one dot means the package itself, in a module the package around it.
    up = node.level - (file.stem == "__init__")
    return ".".join([*parts[: len(parts) - up], *filter(None, [node.module])])

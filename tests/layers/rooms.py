"""What imports what in the packages, read from their syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGES = Path(__file__).resolve().parents[2] / "packages"


@dataclass(frozen=True)
class Edge:
    """One module imports another.

    Attributes:
        source: Full name of the module that imports.
        target: Full name of the module that is imported; that which a lazy name lies in.
        is_late: Whether the import stands inside a function.
        named: The module that the statement names.
    """

    source: str
    target: str
    is_late: bool
    named: str


def sources() -> dict[str, Path]:
    """All modules of the packages: full name -> file."""
    found = {}
    for root in PACKAGES.glob("*/src"):
        for path in root.rglob("*.py"):
            parts = [*path.relative_to(root).with_suffix("").parts]
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def edges(texts: Mapping[str, str]) -> list[Edge]:
    """All imports among modules; those for type checkers alone do not count.

    Args:
        texts: Full name of a module -> its source.
    """
    packages = {name for name in texts if any(each.startswith(f"{name}.") for each in texts)}
    lazy = {name: _lazy_names(name, _parsed(texts[name])) for name in packages}
    found = []
    for module, text in texts.items():
        package = module if module in packages else module.rpartition(".")[0]
        for home, name, is_late in _imported(text, package):
            place = f"{home}.{name}"
            target = place if place in texts else lazy.get(home, {}).get(name, home)
            if target in texts and target != module:
                found.append(Edge(module, target, is_late, place if place in texts else home))
    return found


_parsed = cache(ast.parse)


@cache
def _imported(text: str, package: str) -> list[tuple[str, str, bool]]:
    return [*_imports(_parsed(text), package, False)]


def circles(found: list[Edge]) -> list[list[str]]:
    """Modules that import each other, directly or not."""
    targets: dict[str, set[str]] = {}
    for edge in found:
        targets.setdefault(edge.source, set()).add(edge.target)
    reached = {module: _reached(module, targets) for module in targets}
    rings = {
        tuple(sorted(other for other in all_ if module in reached.get(other, ())))
        for module, all_ in reached.items()
    }
    return [list(ring) for ring in sorted(rings) if ring]


def _reached(module: str, targets: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        new = targets.get(waiting.pop(), set()) - seen
        seen |= new
        waiting += new
    return seen


def _lazy_names(package: str, tree: ast.Module) -> dict[str, str]:
    """Public names that a package resolves on first use -> the modules that they lie in."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_MODULES":
            table: dict[str, str] = ast.literal_eval(node.value)
            is_full = any(each.startswith("regcache_") for each in table.values())
            return {name: it if is_full else f"{package}.{it}" for name, it in table.items()}
    return {}


def _imports(node: ast.AST, package: str, is_late: bool) -> Iterator[tuple[str, str, bool]]:
    """Module, name in it, and whether it is imported inside a function."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        children: list[ast.AST] = [*node.orelse]
    else:
        children = [*ast.iter_child_nodes(node)]
    is_late = is_late or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    if isinstance(node, ast.Import):
        yield from ((each.name, "", is_late) for each in node.names)
    if isinstance(node, ast.ImportFrom):
        parts = package.split(".")
        above = parts[: len(parts) + 1 - node.level] if node.level else []
        home = ".".join([*above, *filter(None, [node.module])])
        yield from ((home, each.name, is_late) for each in node.names)
    for child in children:
        yield from _imports(child, package, is_late)

"""Which modules depend on changed files, as their sources tell; nothing is imported to find out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import ModuleType
from typing import TYPE_CHECKING

from .discovery import import_module
from .modules import file_of, find_package
from .packages import iter_module_names
from .sources import Source, is_package_file, packages_above, read_source
from .watching import is_installed

if TYPE_CHECKING:
    from .outdated import Outdated


def find_dependants(
    outdated: Outdated,
    package: str,
    roots: Iterable[str],
    *,
    bases: Mapping[str, Iterable[str]] | None = None,
    called: str = "",
) -> set[str] | None:
    """The modules of which a change in the sources may have changed what they define.

    That can be told where all modules only declare things (``Source.is_declarative``), those that
    changed before and after the change. If one does more, others may depend on it in other ways.

    Args:
        outdated: What changed.
        package: Name of the package.
        roots: Its folders.
        bases: Module -> modules that it depends on for other reasons than its imports.
        called: Name of a method that is called when a class is registered.

    Returns:
        Names of the modules that changed, and of those that import them, directly or not; ``None``
        if that cannot be known, or if the order of imports matters.
    """
    if outdated.sources is None:
        return None
    roots = tuple(roots)
    graph = _Imports(bases or {})
    changed, outside = set(), set()
    try:
        for path in outdated.files | outdated.changed:
            name = _module_name(path, package, roots)
            is_gone = path not in outdated.files
            # Extension modules, byte code and archives do not tell what they import, nor does a
            # file elsewhere that is gone tell by what name it was imported.
            if (name or path in outdated.changed) and not path.endswith(".py"):
                return None
            if name is None and is_gone:
                return None
            if name is None:
                outside.add(path)
                continue
            if path in outdated.changed:
                changed.add(name)
            if not is_gone:
                graph.add(name, path)
        reached = {path: name for name, path in graph.follow()}
        if not reached.keys() >= outdated.changed & outside:
            return None  # what nothing is seen to import may be used in a way that is not seen
        changed.update(name for path, name in reached.items() if path in outdated.changed)
        for path, text in outdated.sources.items():
            name = _module_name(path, package, roots) or reached.get(path, _stem(path))
            graph.add_earlier(name, path, text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    if not graph.is_declarative(called):
        return None
    affected = graph.importers_of(changed)
    return None if graph.has_cycle(affected) else affected


def _module_name(path: str, package: str, roots: Iterable[str]) -> str | None:
    """The module that a file of a package is; ``None`` for a file elsewhere."""
    for root in roots:
        if path.startswith(root + os.sep):
            parts = path[len(root) + 1 :].split(os.sep)
            parts[-1] = parts[-1].partition(".")[0]
            return ".".join([package, *parts]).removesuffix(".__init__")
    return None


class _Imports:
    """Which module imports which, as their sources tell.

    Args:
        bases: Module -> modules that it depends on for other reasons.
    """

    def __init__(self, bases: Mapping[str, Iterable[str]]) -> None:
        self._bases = bases
        self._names: dict[str, set[str]] = {}  # module -> what it imports, with the packages above
        self._sources: list[Source] = []
        self._texts: set[tuple[str, bytes]] = set()

    def add(self, module: str, path: str) -> None:
        """Add a module; several files of one name (a module and a package) count together."""
        text = read_source(path)
        source = Source(text, module, is_package_file(path))
        self._texts.add((path, text))
        self._sources.append(source)
        names = {*source.names, *self._bases.get(module, ()), module}
        names.update([above for name in names for above in packages_above(name)])
        self._names.setdefault(module, set()).update(names - {module})

    def add_earlier(self, module: str, path: str, text: bytes) -> None:
        """Add what a module was when the answer was found, if it was another."""
        if (path, text) not in self._texts:
            self._sources.append(Source(text, module, is_package_file(path)))

    def is_declarative(self, called: str) -> bool:
        """Whether all modules only declare things."""
        modules = [above for name in self._names for above in (name, *packages_above(name))]
        return all(source.is_declarative(called, modules) for source in self._sources)

    def follow(self) -> Iterator[tuple[str, str]]:
        """Add the modules elsewhere that those known so far import, directly or not.

        Yields:
            Module and file.
        """
        local: dict[str, bool] = {}
        seen = set(self._names)
        waiting = [name for names in self._names.values() for name in names]
        while waiting:
            name = waiting.pop()
            top = name.partition(".")[0]
            if top not in local:
                local[top] = not is_installed(top) and not top.startswith("regcache_")
            if name in seen or not local[top]:
                continue
            seen.add(name)
            path = os.path.abspath(file_of(name) or os.curdir)
            if path.endswith(".py"):
                self.add(name, path)
                waiting.extend(self._names[name])
                yield name, path

    def importers_of(self, modules: Iterable[str]) -> set[str]:
        """Some modules, and those that import them, directly or not."""
        importers: dict[str, list[str]] = {}
        for module, names in self._names.items():
            for name in names:
                importers.setdefault(name, []).append(module)
        reached: set[str] = set()
        waiting = [*modules]
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting.extend(importers.get(name, ()))
        return reached

    def has_cycle(self, modules: Iterable[str]) -> bool:
        """Whether modules import each other in a circle that some modules lead to.

        Which of them is imported first decides then what they see. A package is imported before the
        modules in it in any case.
        """
        done: set[str] = set()
        for module in modules:
            path: dict[str, Iterator[str]] = {module: self._imports_of(module)}
            while path:
                name = next(reversed(path))
                following = next(path[name], None)
                if following is None:
                    done.add(name)
                    del path[name]
                elif following in path:
                    return True
                elif following not in done:
                    path[following] = self._imports_of(following)
        return False

    def _imports_of(self, module: str) -> Iterator[str]:
        above = {*packages_above(module)}
        return iter(self._names.get(module, set()) - above)


def _stem(path: str) -> str:
    """The last part of the name of the module that a file is."""
    folder, name = os.path.split(path)
    return os.path.basename(folder) if is_package_file(path) else name.partition(".")[0]


def import_some(
    paths: Iterable[str],
    prefix: str,
    wanted: set[str],
    on_failure: Callable[[str, BaseException], object],
    *,
    recursive: bool = True,
) -> Iterator[tuple[str, ModuleType | None]]:
    """Go through a package as ``import_modules`` does, and import only some of its modules.

    Args:
        paths: The package's ``__path__``.
        prefix: Name of the package and a dot.
        wanted: Full names of the modules to be imported.
        on_failure: Called with the name and the exception of each module that failed.
        recursive: Whether sub-packages are searched.

    Yields:
        Name of each module, and the module if it was imported; none that failed now.

    Raises:
        Exception: Whatever ``on_failure`` raises.
    """
    for name, is_package in iter_module_names(list(paths), prefix):
        if is_package and not recursive:
            continue
        module = import_module(name, on_failure) if name in wanted else None
        if name in wanted and module is None:
            continue
        yield name, module
        if is_package:
            yield from import_some(find_package(name) or (), f"{name}.", wanted, on_failure)

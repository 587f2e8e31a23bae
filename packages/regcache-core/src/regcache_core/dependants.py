"""Which modules depend on changed files, read from their sources: nothing is imported to find out.

What a module imports is looked up in its text, strings and comments included: a name too many costs
an import, a name too few would be a wrong answer. A module that imports, or looks at others, by
other means than the import statement counts as depending on everything.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .discovery import import_module
from .inputs import SourceTree
from .modules import file_of, find_package
from .packages import iter_module_names
from .report import Refusal

if TYPE_CHECKING:
    from .import_path import ImportPath
    from .inputs import FoundFiles, Input

#: Signs of a module that imports, or looks at others, by other means; the first two say it.
_DYNAMIC = (
    b"__import__",
    b"import_module",
    b"import modules",
    b"sys.modules",
    b"spec_from",
    b"exec_module",
    b"load_module",
    b"reload(",
    b"runpy",
    b"exec(",
    b"eval(",
    b"globals()",
    b"__path__",
    b"__subclasses__",
    b"\ndef __getattr__",
    b"lazy_loader",
)
#: Signs of a module whose functions change what others see; the rest is found by ``_CHANGE``.
_STATEFUL = (b"global ", b"next(", b"setattr(", b"delattr(", b"itertools.count")
_CHANGE = re.compile(
    rb"(?<![.\w\x80-\xff])([^\W\d][\w\x80-\xff]*)(?:\.\w+|\[[^\]\n]*\])*"
    rb"(?:(?:\.\w+|\[[^\]\n]*\])[ \t]*(?:[-+*/%&|^@]|//|\*\*|<<|>>)?=(?!=)"
    rb"|\.(?:add|append|clear|discard|extend|insert|pop|popitem|remove|setdefault|sort|update)\()"
)
_GLOBAL = re.compile(rb"^([^\W\d][\w\x80-\xff]*)[ \t]*(?::[^=\n]+)?=(?!=)", re.MULTILINE)
_NAME = rb"[.\w\x80-\xff]+"
_FROM = re.compile(rb"\bfrom[ \t]*(%b)[ \t]*\Z" % _NAME)
_FIRST_NAME = re.compile(rb"\s*(%b)" % _NAME)
_COMMENT = re.compile(rb"#[^\n]*")
_IN_BRACKETS = re.compile(rb"[ \t]*\(((?:[^)#]|#[^\n]*)*)")
_WORD = re.compile(rb"[\w\x80-\xff]")


class Outdated:
    """A cached answer that does not hold because source files changed, and for nothing else.

    Args:
        records: Key -> record.
        extra: What is stored beside the records.
        watched: Each input, with what it had recorded and what it would record now.

    Attributes:
        changed: Paths of the files that were added, edited or removed.
        files: Paths of all files that are watched now.
    """

    def __init__(
        self, records: dict[Any, Any], extra: dict[str, Any], watched: list[tuple[Input, Any, Any]]
    ) -> None:
        self.records = records
        self.extra = extra
        self._watched = watched
        self.changed: set[str] = set()
        self.files: set[str] = set()
        for item, recorded, now in watched:
            if isinstance(item, SourceTree):
                self.changed.update(_changed(recorded, now))
                self.files.update(path for path, stamp in now.items() if _is_file(stamp))

    def keep(self) -> None:
        """Let the inputs take over what they had recorded, for a part of the answer rests on it.

        To be called when the other part has been computed.
        """
        for item, _, now in self._watched:
            item.keep(now)


def find_outdated(
    inputs: Iterable[Input],
    document: Mapping[str, Any],
    scan: Mapping[str, Any],
    records: dict[Any, Any],
) -> Outdated | None:
    """Tell what changed since a cache file was written; ``None`` if more than sources did.

    Args:
        inputs: What the answer depends on.
        document: The cache file.
        scan: What the inputs recorded now, before anything is imported.
        records: Key -> record, from the document.
    """
    watched: list[tuple[Input, Any, Any]] = []
    try:
        for item in inputs:
            recorded = document[item.member]
            if isinstance(item, SourceTree):
                watched.append((item, recorded, item.stamp_again(recorded, scan[item.member])))
            else:
                item.check(recorded)
                watched.append((item, recorded, recorded))
        return Outdated(records, document["extra"], watched)
    except (Refusal, TypeError, ValueError, LookupError, AttributeError):
        return None  # then a full discovery is right in any case


def _is_file(stamp: Any) -> bool:
    return stamp is not None and type(stamp[1]) is int


def _changed(recorded: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Paths of the files that are new, gone, or have another content."""
    for path in {*recorded, *now}:
        old, new = recorded.get(path), now.get(path)
        if not (_is_file(old) or _is_file(new)):
            continue
        is_same = old and new and old[1] == new[1] and old[4] == new[4] != ""
        if not is_same:
            yield path


def find_dependants(
    outdated: Outdated,
    package: str,
    roots: Iterable[str],
    bases: Mapping[str, Iterable[str]],
) -> set[str] | None:
    """The modules of which a change in the sources may have changed what they define.

    Args:
        outdated: What changed.
        package: Name of the package.
        roots: Its folders.
        bases: Module -> modules that it depends on for other reasons than its imports.

    Returns:
        Names of the modules that changed, of those that import them, directly or not, and of those
        that import by other means; ``None`` if that cannot be known.
    """
    roots = tuple(roots)
    graph = _Imports(bases)
    changed, outside = set(), set()
    for path in outdated.files | outdated.changed:
        name = _module_name(path, package, roots)
        # Extension modules, byte code and archives do not tell what they import, nor does a file
        # elsewhere that is gone tell by what name it was imported.
        is_gone = path not in outdated.files
        if (name or path in outdated.changed) and not path.endswith(".py"):
            return None
        if name is None and is_gone:
            return None
        if name is None:
            outside.add(path)
            continue
        if path in outdated.changed:
            changed.add(name)
            if is_stateful(read_source(path)):
                return None
        if not is_gone:
            graph.add(name, path)
    changed.update(name for name, path in graph.follow(outside) if path in outdated.changed)
    return graph.importers_of(changed | graph.dynamic)


def _module_name(path: str, package: str, roots: Iterable[str]) -> str | None:
    """The module that a file of a package is; ``None`` for a file elsewhere."""
    for root in roots:
        if path.startswith(root + os.sep):
            parts = path[len(root) + 1 :].split(os.sep)
            parts[-1] = parts[-1].partition(".")[0]
            return ".".join([package, *parts]).removesuffix(".__init__")
    return None


class _Imports:
    """Which module imports which, as far as their sources tell.

    Attributes:
        dynamic: Modules that may import anything.
    """

    def __init__(self, bases: Mapping[str, Iterable[str]]) -> None:
        self._bases = bases
        self._names: dict[str, set[str]] = {}  # module -> what it imports, with the packages above
        self.dynamic: set[str] = set()

    def add(self, module: str, path: str) -> None:
        """Add a module; several files of one name (a module and a package) count together."""
        source = read_source(path)
        if any(sign in source for sign in _DYNAMIC):
            self.dynamic.add(module)
        found = imported_names(source, module, _is_package(path))
        names = {*found, *self._bases.get(module, ()), module}
        names.update([above for name in names for above in _packages_above(name)])
        self._names.setdefault(module, set()).update(names - {module})

    def follow(self, paths: set[str]) -> Iterator[tuple[str, str]]:
        """Add the modules in further files that those known so far import, directly or not.

        Yields:
            Module and file.
        """
        stems = {_stem(path) for path in paths}
        seen = set(self._names)
        waiting = [name for names in self._names.values() for name in names]
        while waiting:
            name = waiting.pop()
            if name in seen or name.rpartition(".")[2] not in stems:
                continue
            seen.add(name)
            path = file_of(name) if name.partition(".")[0] not in sys.stdlib_module_names else ""
            if path in paths:
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


def _packages_above(module: str) -> Iterator[str]:
    while "." in module:
        module = module.rpartition(".")[0]
        yield module


def _stem(path: str) -> str:
    """The last part of the name of the module that a file is."""
    folder, name = os.path.split(path)
    return os.path.basename(folder) if _is_package(path) else name.partition(".")[0]


def _is_package(path: str) -> bool:
    return os.path.basename(path).startswith("__init__.")


def read_source(path: str) -> bytes:
    """The content of a file of Python code; nothing for one that is no text or cannot be read."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read() if path.endswith((".py", ".pyw")) else b""
    except OSError:
        return b""


def is_stateful(source: bytes) -> bool:
    """Whether a module may change what other modules see: an attribute, a list, a counter.

    What a plugin is may then depend on which others are imported before it. Found are assignments
    and calls of mutating methods on names that are imported, and, inside of functions and classes,
    on the module's own global names.

    Args:
        source: The text of the module.

    >>> is_stateful(b"from app import util\\nutil.SEEN.append(1)"), is_stateful(b"SEEN = [1]")
    (True, False)
    """
    if any(sign in source for sign in _STATEFUL):
        return True
    imported = {name for _, names in _statements(source) for name in _names_bound(names)}
    own = {match[1] for match in _GLOBAL.finditer(source)}
    for match in _CHANGE.finditer(source):
        start = source.rfind(b"\n", 0, match.start()) + 1
        is_inside = source[start : start + 1] in (b" ", b"\t")
        if match[1] in imported or (is_inside and match[1] in own):
            return True
    return False


def _names_bound(imported: bytes) -> Iterator[bytes]:
    """The names that an import statement binds, given what stands behind ``import``."""
    for part in _COMMENT.sub(b"", imported).split(b","):
        words = part.split()
        if words:
            yield words[-1].partition(b".")[0] if len(words) == 1 else words[-1]


def watch_imports(
    names: Iterable[str],
    loaded: Container[str],
    application: str,
    holds: Callable[[str], bool],
    import_path: ImportPath,
    files: FoundFiles,
) -> bool:
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
        Whether a module's part of the answer can be computed without the other modules: they can
        be edited, and none of them has signs of changing what others see.
    """
    if _is_installed(application, is_application=True):
        import_path.used.add(application)
        return False
    own = {name: file_of(name) for name in names}
    sources = {name: read_source(file) for name, file in own.items()}
    used = _used_modules(sources, _local_modules(application, holds))
    files.add(used.values())
    import_path.used.update(name.partition(".")[0] for name in used)
    early = {name: file for name, file in own.items() if name in loaded}
    import_path.add(_missing_imports({**early, **used}, sources))
    return not any(map(is_stateful, sources.values()))


def _used_modules(sources: dict[str, bytes], candidates: Mapping[str, str]) -> dict[str, str]:
    """The loaded modules that some modules may depend on, directly or not.

    Args:
        sources: Name -> text of the modules; those that are found are added.
        candidates: Name -> file of other modules that are loaded.

    Returns:
        Name -> file, of those among the candidates whose name stands in an import statement, and of
        the packages above; all of them where modules are imported by other means.
    """
    left, used = dict(candidates), dict[str, str]()
    waiting = [*sources]
    while waiting and left:
        texts = [sources[name] for name in waiting]
        statements = [each for text in texts for each in _statements(text)]
        words = b" ".join(part for statement in statements for part in statement)
        is_dynamic = any(sign in text for sign in _DYNAMIC[:2] for text in texts)
        above = {package for name in waiting for package in _packages_above(name)}
        waiting = [
            name
            for name in left
            if is_dynamic or name in above or name.rpartition(".")[2].encode() in words
        ]
        used.update((name, left.pop(name)) for name in waiting)
        sources.update((name, read_source(used[name])) for name in waiting)
    return used


def _local_modules(application: str, holds: Callable[[str], bool]) -> dict[str, str]:
    """Loaded modules outside a package that can be edited: name -> file."""
    found = {}
    local: dict[str, bool] = {}
    for name, module in [*sys.modules.items()]:
        top = name.partition(".")[0]
        file = getattr(module, "__dict__", {}).get("__file__")
        if isinstance(file, str) and not (holds(name) or top in _NOT_LOCAL):
            if top not in local:
                is_ours = top.startswith("regcache_")  # we do not decide which plugins there are
                local[top] = not (is_ours or _is_installed(top, is_application=top == application))
            if local[top]:
                found[name] = file
    return found


_NOT_LOCAL = {*sys.stdlib_module_names, "__main__", "__mp_main__"}


def _is_installed(top: str, *, is_application: bool) -> bool:
    """Whether a top-level module lies where installers put distributions, and look after them."""
    if top in sys.stdlib_module_names:
        return True
    folders = [os.path.dirname(path) for path in find_package(top) or [file_of(top)]]
    if any(os.path.basename(each) in ("site-packages", "dist-packages") for each in folders):
        return True
    listed = [name for each in folders if os.path.isdir(each) for name in os.listdir(each)]
    return not is_application and any(name.endswith(".dist-info") for name in listed)


def _missing_imports(modules: Mapping[str, str], sources: Mapping[str, bytes]) -> Iterator[str]:
    """What loaded modules name in import statements and nothing that is loaded has.

    Args:
        modules: Name -> file.
        sources: Name -> text.
    """
    seen: set[str] = set()
    for module, file in modules.items():
        for name in imported_names(sources[module], module, _is_package(file)):
            if name not in seen and name not in sys.modules:
                seen.add(name)
                parent, _, last = name.rpartition(".")
                if not parent or last not in vars(sys.modules.get(parent, sys)):
                    yield name


def imported_names(source: bytes, module: str, is_package: bool) -> set[str]:
    """What the import statements of a module name: modules, and what it takes from them.

    Args:
        source: The text of the module, in any encoding that extends ASCII.
        module: Its full name.
        is_package: Whether it is a package's ``__init__``.

    Returns:
        Full names.

    >>> sorted(imported_names(b"from . import a\\nimport b.c", "pack.module", False))
    ['b.c', 'pack', 'pack.a']
    """
    names: set[str] = set()
    for origin, imported in _statements(source):
        found = [_FIRST_NAME.match(part) for part in _COMMENT.sub(b"", imported).split(b",")]
        parts = [match[1].decode("utf-8", "replace") for match in found if match]
        if origin:
            home = _absolute(origin.decode("utf-8", "replace"), module, is_package)
            names.update([home, *(f"{home}.{part}" for part in parts)])
        else:
            names.update(parts)
    return names


def _statements(source: bytes) -> Iterator[tuple[bytes, bytes]]:
    """What stands behind ``from``, and what behind ``import``, wherever that word stands."""
    place = source.find(b"import")
    while place >= 0:
        end = place + len(b"import")
        before = source[place - 1 : place]  # empty where the text begins
        if not _WORD.match(before) and not _WORD.match(source, end):
            origin = _FROM.search(_joined(source[_line_start(source, place) : place]))
            bracket = _IN_BRACKETS.match(source, end)
            rest = _joined(source[end : _line_end(source, end)]).partition(b";")[0]
            yield origin[1] if origin else b"", bracket[1] if bracket else rest
        place = source.find(b"import", end)


def _line_start(source: bytes, place: int) -> int:
    """Where the logical line of a place begins."""
    start = source.rfind(b"\n", 0, place) + 1
    while source[max(start - 3, 0) : start].endswith((b"\\\n", b"\\\r\n")):
        start = source.rfind(b"\n", 0, start - 1) + 1
    return start


def _line_end(source: bytes, place: int) -> int:
    """Where the logical line of a place ends."""
    end = source.find(b"\n", place)
    while end >= 0 and source[place:end].endswith((b"\\", b"\\\r")):
        end = source.find(b"\n", end + 1)
    return end if end >= 0 else len(source)


def _joined(line: bytes) -> bytes:
    return line.replace(b"\\\r\n", b" ").replace(b"\\\n", b" ")


def _absolute(name: str, module: str, is_package: bool) -> str:
    """The full name of a module that is given relative to another."""
    rest = name.lstrip(".")
    dots = len(name) - len(rest)
    if not dots:
        return name
    parts = module.split(".")
    above = parts[: len(parts) - dots + is_package]
    return ".".join([*above, rest] if rest else above)


def import_some(
    paths: Iterable[str],
    prefix: str,
    wanted: set[str],
    on_failure: Callable[[str, Exception], object],
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
            folders = module.__path__ if module is not None else find_package(name)
            yield from import_some(folders or (), f"{name}.", wanted, on_failure)

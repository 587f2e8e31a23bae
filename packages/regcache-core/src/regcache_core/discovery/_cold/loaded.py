"""Modules that can be edited, and are loaded, become inputs of an answer: ``watch_imports``.

Sources are not parsed: that costs more than all else. Every loaded module of the application
counts, whoever imported it, with one ``os.stat`` each at a warm start; of what lies outside of it,
what was imported during the discovery or is named in the code of those that count.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec
from opcode import opmap
from types import CodeType, ModuleType

from ..._cold.stamps import is_newer, read_file, stamp_trees
from ..._modules import file_of, find_package, find_spec, peek
from ..modules import MAIN
from .import_hook import FAILED, FOLLOWED, MISSED
from .packages import is_installed, loaded_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from typing import Any

    from ..._inputs import FoundFiles
    from ..listing import EditedModules, ImportPath

    #: The module of an import statement, and the names that are taken from it.
    Import = tuple[str, tuple[str, ...]]

_PYTHON = os.path.join(os.path.dirname(os.__file__), "")
_BUILT_IN = {*sys.builtin_module_names}
_EXTENDED_ARG, _IMPORT_NAME = opmap["EXTENDED_ARG"], opmap["IMPORT_NAME"]
_LOAD_CONST = opmap["LOAD_CONST"]  # since Python 3.15 not for ``None``
_LOAD_SMALL_INT = opmap.get("LOAD_SMALL_INT")  # since Python 3.14 for the level
#: Since Python 3.15 the lowest two bits of its argument say how lazy an import is.
_NAME_SHIFT = 2 if sys.version_info >= (3, 15) else 0


def watch_imports(
    application: str,
    loaded: set[str],
    contains: Callable[[str], bool],
    import_path: ImportPath,
    files: FoundFiles,
    root: str = "",
) -> None:
    """Make inputs of the modules that an application has loaded and that can be edited.

    What is installed is not watched here: its distribution is. But also of an installed application
    counts what those of its modules lacked that were loaded before the discovery.

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
    if import_path.installed is None:  # nothing was recorded at the start: no answer is written
        return
    places = find_package(application) or [file_of(application)]
    if any(is_installed(place, application) for place in places):
        import_path.used.add(application)
    early = {root} if root else {*loaded_names(application)}
    _note_missing(early & loaded, application)
    tried = {*import_path.tried, *FAILED}.difference(import_path.names)  # those are nowhere
    editable = _editable_modules(tried)
    prefix = f"{application}."
    roots = [name for name in editable if name not in loaded or f"{name}.".startswith(prefix)]
    counted = _reached_from([root] if root else roots, editable)
    watched = [name for name in counted if not contains(name)]
    _watch({name: editable[name] for name in watched}, files)
    import_path.used.update(name.partition(".")[0] for name in watched)
    _note_missing(counted & loaded, application)
    if not loaded.isdisjoint(early | counted):
        import_path.add([*MISSED])


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
        words = {word for name in waiting for word in _words_of(name)}
        above = {name[:end] for name in waiting for end, char in enumerate(name) if char == "."}
        waiting = {name for name in left if name.rpartition(".")[2] in words or name in above}
        left -= waiting
        reached |= waiting
    return reached


#: Module -> the stamps of its file, and where a package would lie that hides it, if none does.
_STAMPS: dict[str, tuple[dict[str, Any], list[str]]] = {}


def _watch(modules: Mapping[str, str], files: FoundFiles) -> None:
    """Stamp the files of modules, each once for all registries while the module stays.

    Args:
        modules: Name -> file.
        files: Is told of the stamps, and of packages whose appearance hides a plain module.
    """
    found: dict[str, Any] = {}
    absent: list[str] = []
    for name, file in modules.items():
        stamps, places = _STAMPS.get(name, ({}, []))
        if not stamps:
            is_package = os.path.basename(file).startswith("__init__.")
            place = "" if is_package else file.rpartition(".")[0]
            is_absent = place and not os.path.lexists(place)
            stamps, places = stamp_trees([file], ()), [place] if is_absent else []
            _STAMPS[name] = stamps, places
        found.update(stamps)
        absent += places
    files.add_stamps(found)
    files.watch_absent(absent)


#: Modules as they were when they were looked at (held, so that another one is another object), and
#: the files of those that can be edited. Each is looked at once, for all registries.
_LOOKED_AT: dict[str, object] = {}
_EDITABLE: dict[str, str] = {}


def _editable_modules(tried: Iterable[str]) -> dict[str, str]:
    """Modules that can be edited: name -> file.

    Args:
        tried: Modules that were imported; some may have failed, or put something in their place.
    """
    modules, known = sys.modules.copy(), _LOOKED_AT
    absent = {*tried} - modules.keys()
    new = [name for name, it in modules.items() if known.get(name) is not it or it is None]
    judged: dict[tuple[str, int], bool] = {}
    for name in (*new, *absent):
        _EDITABLE.pop(name, None)
        _STAMPS.pop(name, None)
        file = _file_of(name) if name.__class__ is str else ""
        if file and not is_installed(file, _own_name(name), judged):
            _EDITABLE[name] = file
        known[name] = modules.get(name)
    return {name: it for name, it in _EDITABLE.copy().items() if name in modules or name in absent}


#: Modules that an import has put where they are, each looked at once.
_SOUND: dict[str, object] = {}


def find_stand_ins() -> set[str]:
    """Names in ``sys.modules`` of what no import has put there: ``None``, mocks, made by hand."""
    found = set()
    for name, module in sys.modules.copy().items():
        if module is None or _SOUND.get(name) is not module:
            spec = module.__dict__.get("__spec__") if type(module) is ModuleType else None
            is_plain = type(spec) is ModuleSpec and spec.has_location  # most are
            if not is_plain and name.__class__ is str and _is_stand_in(name, module):
                found.add(name)
            else:
                _SOUND[name] = module
    return found


def _is_stand_in(name: str, module: object) -> bool:
    """Whether something stands where a module should.

    None of these: what a package puts there itself (``six.moves``, lazy modules), and what one of
    its own finders or Python's gives.
    """
    top = name.partition(".")[0]
    if module is None:
        return True
    if name in MAIN or top in sys.stdlib_module_names:
        return False
    spec, kind = peek(name, "__spec__"), type(module)
    if isinstance(spec, ModuleSpec):
        loader = spec.loader if isinstance(spec.loader, type) else type(spec.loader)
        if spec.loader is None or spec.has_location or spec.origin:
            return spec.loader is None and spec.submodule_search_locations is None
        return loader.__module__.partition(".")[0] not in (top, *_IMPORTERS)
    if kind.__module__.partition(".")[0] == top:
        return False
    return top == name or _is_stand_in(top, sys.modules.get(top)) or find_spec(name) is not None


_IMPORTERS = ("_frozen_importlib", "_frozen_importlib_external", "importlib", "zipimport")


def find_used(
    stand_ins: set[str],
    contains: Callable[[str], bool],
    tops: Collection[str],
    tried: Iterable[str],
) -> str:
    """A stand-in that plugins use, or that stands for one; empty if there is none.

    Args:
        stand_ins: Names of those that were there before; if any were, code is read.
        contains: Whether a module, given by its name, lies in the package that is searched.
        tops: Top-level packages of the plugins.
        tried: Modules that were imported since: a finder may have given a mock.
    """
    for name in filter(contains, stand_ins):
        return name
    for name in find_stand_ins().intersection(tried):
        if isinstance(peek(name, "__spec__"), ModuleSpec):
            return name
    for module in {*loaded_names(tops), *tried} if stand_ins else ():
        spec = _spec_of(module)
        package = _package_of(module, spec)
        imports = [each for code in _codes_of(spec) for each in _imports_in(code, package)]
        names = {f"{home}.{part}." for home, members in imports for part in (*members, "")}
        for stand_in in stand_ins:
            if any(name.startswith(f"{stand_in}.") for name in names):
                return stand_in
    return ""


def _package_of(module: str, spec: Any) -> list[str]:
    """The parts of the name of the package that a module's relative imports begin at."""
    package = module.split(".")
    return package[:-1] if getattr(spec, "submodule_search_locations", None) is None else package


def _file_of(name: str) -> str:
    """The file of a module that may decide which plugins there are; empty if it has none."""
    # We do not decide that; the script is another one for each start.
    if name.startswith(("regcache_", "__m")) or name in _BUILT_IN:
        return ""
    file = peek(name, "__dict__", {}).get("__file__")
    if isinstance(file, str) and file.startswith(_PYTHON) and "-packages" not in file:
        return ""  # Python's own: most of what is loaded
    if not isinstance(file, str):
        spec = find_spec(name)
        file = spec.origin if spec is not None and spec.has_location else ""
    return os.path.abspath(file) if file and not os.path.isabs(file) else file or ""


def _own_name(name: str) -> str:
    """The name that a module was imported by: ``os.path`` is ``posixpath``."""
    own_name = getattr(peek(name, "__spec__"), "name", None)
    return own_name if isinstance(own_name, str) else name


def _note_missing(modules: Iterable[str], application: str) -> None:
    """Note what modules asked for that is not there, where no recorder followed their import.

    Named in an import statement of theirs, and not loaded. Modules of the application that they
    import where they stand, and are not loaded either, have failed: what these lacked counts, too.

    Args:
        modules: Names of modules that are loaded; each is read once in a process.
        application: Top-level package of the plugins.
    """
    waiting = [name for name in modules if FOLLOWED.get(name) is not peek(name, "__dict__", name)]

    def note(missing: list[str]) -> None:
        failed = [name for name in missing if name.startswith(f"{application}.")]
        waiting.extend(name for name in failed if name not in FOLLOWED)
        FAILED.update(dict.fromkeys(failed))
        MISSED.update(dict.fromkeys(missing))

    note([*_missing(_lazy_imports(), [])])
    for module in waiting:  # grows
        FOLLOWED[module] = peek(module, "__dict__")
        spec = _spec_of(module)
        package = _package_of(module, spec)
        # What one that is loaded imports at the beginning of a line was there.
        inner = _inner_imports(spec, package) if module in sys.modules else None
        if inner is not None:
            MISSED.update(dict.fromkeys(_missing(inner, package)))
            continue
        body, *functions = _codes_of(spec) or (None,)
        # One that is loaded and catches nothing lacked nothing.
        if body is not None and (module not in sys.modules or _catches(body)):
            note([*_missing(_imports_in(body, package), package)])
        for code in functions:
            if _IMPORT_NAME in code.co_code:  # most import nothing
                MISSED.update(dict.fromkeys(_missing(_imports_in(code, package), package)))


def _lazy_imports() -> Iterator[Import]:
    """What modules of this process were to import when it is used, and did not, or could not."""
    for name in getattr(sys, "lazy_modules", set()).copy():  # since Python 3.15
        home, _, member = name.rpartition(".")
        if name.partition(".")[0] not in sys.stdlib_module_names:
            yield (home, (member,)) if home else (name, ())


def _inner_imports(spec: Any, package: list[str]) -> list[Import] | None:
    """The imports in a module's source that do not begin a line; ``None`` if its code must tell.

    Text is searched, nothing is parsed: reading the code takes twenty times as long. It must where
    an import at the top lacks something and may have failed (``try``, ``with``), or is not a line
    of its own. A line of a docstring that looks like a statement is one module more to be looked
    for.
    """
    file = getattr(spec, "origin", None)
    if not isinstance(file, str) or not file.endswith(".py"):
        return None
    try:
        text = read_file(file)
    except OSError:  # in an archive, or removed since
        return None
    found: list[Import] = []
    at = text.find(b"import")
    while at >= 0:
        begin = text.rfind(b"\n", 0, at) + 1
        before = text[begin:at]
        if before and not before.startswith(b"from ") and text[at + 6 : at + 7] in _ENDS:
            words = before.split()
            is_text = words and (words[0] != b"from" or len(words) != 2)
            if not is_text or b":" in before or b";" in before:
                each = None if is_text else _import_in(words, text, at + 6, package)
                if each is None:
                    return None
                if any(_missing(each, package)) and not _is_plain_block(text, begin):
                    return None
                found += each
        at = text.find(b"import", at + 6)
    return found


def _is_plain_block(text: bytes, begin: int) -> bool:
    """Whether the statement of a line either was executed, or is in a function; no ``try`` around.

    Args:
        text: The source.
        begin: Where the line begins.
    """
    if text[begin - 2 : begin - 1] == b"\\":  # it goes on from the line before
        return False
    end, catches = text.find(b"\n", begin), False
    indent = end - begin if end >= 0 else len(text)
    while begin >= 0:
        if not text[begin : begin + indent].isspace():  # most lines above are deeper, or empty
            line = text[begin : end if end >= 0 else len(text)]
            code = line.lstrip()
            if code and len(line) - len(code) < indent:
                indent = len(line) - len(code)
                if code.startswith((b"def ", b"async def ")):
                    return True
                catches = catches or code.startswith((b"try", b"with", b"async with"))
                if not indent:
                    return not catches and code.startswith(_BLOCKS)
        end = begin - 1
        begin = text.rfind(b"\n", 0, end) + 1 if end >= 0 else -1
    return False


#: How a statement begins that others stand in, and that catches nothing.
_BLOCKS = (b"class ", b"if ", b"if(", b"elif", b"else", b"for ", b"while", b"except", b"finally")
#: What follows the word in a statement.
_ENDS = (b" ", b"\t", b"\f", b"\\", b"(", b"*")


def _import_in(
    before: list[bytes], text: bytes, begin: int, package: list[str]
) -> list[Import] | None:
    """What an import statement imports; ``None`` if it is hard to read.

    Args:
        before: The words before ``import`` in its line: ``from`` and a name, or none.
        text: The source.
        begin: Where the rest of the statement begins.
        package: The parts of the name of the package that relative imports begin at.
    """
    end = text.find(b"\n", begin)
    if text[begin:end].lstrip()[:1] == b"(":
        end = text.find(b")", begin)
    statement = text[begin : end if end >= 0 else len(text)].lstrip().lstrip(b"(")
    if b"\\" in statement or b";" in statement:
        return None
    lines = [line.partition(b"#")[0] for line in statement.splitlines()]
    names = [
        part.split()[0].decode(errors="replace")
        for part in b" ".join(lines).split(b",")
        if part.split()
    ]
    if not before:
        return [(name, ()) for name in names]
    home = before[1].decode(errors="replace")
    name = home.lstrip(".")
    level = len(home) - len(name)
    above = package[: len(package) + 1 - level] if level else []
    return [(".".join([*above, name] if name else above), tuple(names))]


def _catches(code: CodeType) -> bool:
    """Whether an exception may be caught in a code; ``True`` where Python does not tell (3.10)."""
    return bool(getattr(code, "co_exceptiontable", True))


def _missing(imports: Iterable[Import], package: list[str]) -> Iterator[str]:
    """What import statements in a package name, and no module that is loaded has."""
    own = ".".join(package)  # it may be one that failed
    for home, members in imports:
        if home not in sys.modules:
            yield home
        if members and (home == own or peek(home, "__path__") is not None):
            held = peek(home, "__dict__", {})
            lacking = [each for each in members if each != "*" and each not in held]
            yield from (f"{home}.{each}" for each in lacking)


def _spec_of(module: str) -> Any:
    """The spec of a module that is loaded or can be found; ``None`` if there is none."""
    return peek(module, "__spec__") or find_spec(module)


def _codes_of(spec: Any) -> list[CodeType]:
    """The code of a module, as its loader has it (byte code in general), and all inside.

    Args:
        spec: The spec of the module; ``None`` where there is none.
    """
    get_code = getattr(getattr(spec, "loader", None), "get_code", None)
    try:
        code = get_code(spec.name) if get_code is not None else None
    except (ImportError, SyntaxError, ValueError, OSError):  # edited or removed since
        code = None
    codes: list[CodeType] = [] if code is None else [code]
    for each in codes:  # grows
        codes += [inner for inner in each.co_consts if isinstance(inner, CodeType)]
    return codes


def _imports_in(code: CodeType, package: list[str]) -> Iterator[Import]:
    """Module, and names in it, of each import statement.

    As ``dis`` shows them; it would take a hundred times as long.

    Args:
        code: The code of a module or of a function.
        package: The parts of the name of the package that relative imports begin at.
    """
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
        operation, members, begin = instruction(begin)
        names = code.co_consts[members] if operation == _LOAD_CONST else None
        operation, level, _ = instruction(begin)
        level = level if operation == _LOAD_SMALL_INT else code.co_consts[level]
        above = package[: len(package) + 1 - level] if level else []
        home = code.co_names[name >> _NAME_SHIFT]
        full_name = ".".join([*above, home] if home else above)
        yield full_name, names or ()
        at = operations.find(_IMPORT_NAME, at + 1)


#: Module -> its ``__dict__``, and the names in its code, functions included.
_WORDS: dict[str, tuple[Mapping[str, Any], set[str]]] = {}


def _words_of(module: str) -> set[str]:
    """Names in the code of a loaded module, and the last parts of texts; read once in a process."""
    namespace = peek(module, "__dict__", {})
    if module not in _WORDS or _WORDS[module][0] is not namespace:
        words: set[str] = set()
        for code in _codes_of(_spec_of(module)):
            words.update(code.co_names)
            for each in code.co_consts:
                if isinstance(each, str):
                    words.add(each.rpartition(".")[2])
                elif isinstance(each, tuple):  # what is taken from a module
                    words.update(name for name in each if isinstance(name, str))
        _WORDS[module] = namespace, words
    return _WORDS[module][1]


def edited_files(edited: EditedModules, since_ns: int) -> list[str]:
    """Sources of loaded modules of a package, and further files, that changed after a moment."""
    files: set[Any] = {*edited.files()}
    for name in loaded_names(edited.packages):
        names = peek(name, "__dict__", {})
        file = names.get("__file__")
        if names and edited.is_outdated(sys.modules[name]):
            return [str(file)]
        files.add(file)
    paths = {file for file in files if file.__class__ is str and file}
    return sorted(path for path in paths if is_newer(path, since_ns, if_gone=True))

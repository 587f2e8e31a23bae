"""What a module's source tells of its imports, and of what it changes; nothing is imported.

What a module imports is looked up in its text, strings and comments included: a name too many costs
an import, a name too few would be a wrong answer.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

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
_STEP = rb"\.\w+|\[[^][\n]*(?:\[[^][\n]*\][^][\n]*)*\]"
_CHANGE = re.compile(
    rb"(?<![.\w\x80-\xff])([^\W\d][\w\x80-\xff]*)(?:%b)*"
    rb"(?:(?:%b)[ \t]*(?:[-+*/%%&|^@]|//|\*\*|<<|>>)?=(?!=)"
    rb"|\.(?:add|append|clear|discard|extend|insert|pop|popitem|remove|setdefault|sort|update)\()"
    % (_STEP, _STEP)
)
_GLOBAL = re.compile(rb"^([^\W\d][\w\x80-\xff]*)[ \t]*(?::[^=\n]+)?=(?!=)", re.MULTILINE)
_NAME = rb"[.\w\x80-\xff]+"
_FROM = re.compile(rb"\bfrom[ \t]*(%b)[ \t]*\Z" % _NAME)
_IMPORTED = re.compile(rb"\s*(%b|\*)(?:\s+as\s+([\w\x80-\xff]+))?" % _NAME)
_DOTTED = re.compile(rb"(?<![.\w\x80-\xff])([^\W\d][\w\x80-\xff]*)((?:\.[^\W\d][\w\x80-\xff]*)+)")
_LOOK = re.compile(rb"\b(?:getattr|hasattr|vars|dir)\(\s*([^\W\d][\w\x80-\xff]*)")
_COMMENT = re.compile(rb"#[^\n]*")
_IN_BRACKETS = re.compile(rb"[ \t]*\(((?:[^)#]|#[^\n]*)*)")
_WORD = re.compile(rb"[\w\x80-\xff]")


def read_source(path: str) -> bytes:
    """The content of a file of Python code; nothing for one that is no text or cannot be read."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read() if path.endswith((".py", ".pyw")) else b""
    except OSError:
        return b""


def is_package_file(path: str) -> bool:
    """Whether a file is a package's ``__init__``."""
    return os.path.basename(path).startswith("__init__.")


def imported_names(source: bytes, module: str, is_package: bool) -> set[str]:
    """What a module names: modules that it imports, what it takes from them, and what lies below.

    Args:
        source: The text of the module, in any encoding that extends ASCII.
        module: Its full name.
        is_package: Whether it is a package's ``__init__``.

    Returns:
        Full names.

    >>> sorted(imported_names(b"from . import a\\nimport b\\na.c(b.d.e)", "pack.module", False))
    ['b', 'b.d.e', 'pack', 'pack.a', 'pack.a.c']
    """
    bound: dict[str, str] = {}
    names: set[str] = set()
    for name, binding in _imports(source, module, is_package):
        names.add(name)
        bound[binding] = name
    for match in _DOTTED.finditer(source):
        home = bound.get(_text(match[1]))
        if home:
            names.add(f"{home}{_text(match[2])}")
    return names


def _imports(source: bytes, module: str, is_package: bool) -> Iterator[tuple[str, str]]:
    """Full names of what is imported, and the names that they are bound to; empty for none."""
    for origin, imported in statements(source):
        home = _absolute(_text(origin), module, is_package) if origin else ""
        if home:
            yield home, ""
        for part in _COMMENT.sub(b"", imported).split(b","):
            match = _IMPORTED.match(part)
            if match is None:
                continue
            name, binding = _text(match[1]), _text(match[2] or b"")
            if home:
                yield f"{home}.{name}", binding or name
            else:
                yield name, binding
                if not binding:
                    yield name.partition(".")[0], name.partition(".")[0]


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")


def statements(source: bytes) -> Iterator[tuple[bytes, bytes]]:
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


def names_importers(source: bytes) -> bool:
    """Whether a module names one of the functions that import a module given as text.

    Args:
        source: The text of the module.
    """
    return any(sign in source for sign in _DYNAMIC[:2])


def is_entangled(source: bytes) -> bool:
    """Whether what a module defines may depend on which others are imported before, or change it.

    That is so if it imports, or looks at other modules, by other means than the import statement;
    if it assigns to what it imports, or calls a mutating method of that; and if its functions do so
    with its own global names.

    Args:
        source: The text of the module.

    >>> is_entangled(b"from app import util\\nutil.SEEN.append(1)"), is_entangled(b"SEEN = [1]")
    (True, False)
    """
    if any(sign in source for sign in (*_DYNAMIC, *_STATEFUL)):
        return True
    imported = {binding.encode() for _, binding in _imports(source, "", False) if binding}
    if any(match[1] in imported for match in _LOOK.finditer(source)):
        return True
    own = {match[1] for match in _GLOBAL.finditer(source)}
    for match in _CHANGE.finditer(source):
        start = source.rfind(b"\n", 0, match.start()) + 1
        is_inside = source[start : start + 1] in (b" ", b"\t")
        if match[1] in imported or b"*" in imported or (is_inside and match[1] in own):
            return True
    return False


def packages_above(module: str) -> Iterator[str]:
    """The packages that a module lies in, by name, the nearest first."""
    while "." in module:
        module = module.rpartition(".")[0]
        yield module

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
_FIRST_NAME = re.compile(rb"\s*(%b)" % _NAME)
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
    for origin, imported in statements(source):
        found = [_FIRST_NAME.match(part) for part in _COMMENT.sub(b"", imported).split(b",")]
        parts = [match[1].decode("utf-8", "replace") for match in found if match]
        if origin:
            home = _absolute(origin.decode("utf-8", "replace"), module, is_package)
            names.update([home, *(f"{home}.{part}" for part in parts)])
        else:
            names.update(parts)
    return names


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


def is_dynamic(source: bytes) -> bool:
    """Whether a module imports, or looks at others, by other means than the import statement.

    Args:
        source: The text of the module.
    """
    return any(sign in source for sign in _DYNAMIC)


def names_importers(source: bytes) -> bool:
    """Whether a module names one of the functions that import a module given as text.

    Args:
        source: The text of the module.
    """
    return any(sign in source for sign in _DYNAMIC[:2])


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
    imported = {name for _, names in statements(source) for name in _names_bound(names)}
    own = {match[1] for match in _GLOBAL.finditer(source)}
    for match in _CHANGE.finditer(source):
        start = source.rfind(b"\n", 0, match.start()) + 1
        is_inside = source[start : start + 1] in (b" ", b"\t")
        if match[1] in imported or b"*" in imported or (is_inside and match[1] in own):
            return True
    return False


def _names_bound(imported: bytes) -> Iterator[bytes]:
    """The names that an import statement binds, given what stands behind ``import``."""
    for part in _COMMENT.sub(b"", imported).split(b","):
        words = part.split()
        if words:
            yield words[-1].partition(b".")[0] if len(words) == 1 else words[-1]


def packages_above(module: str) -> Iterator[str]:
    """The packages that a module lies in, by name, the nearest first."""
    while "." in module:
        module = module.rpartition(".")[0]
        yield module

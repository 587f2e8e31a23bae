"""Signatures as text and parts: read from a function, or from the text again. The cold side.

The parts of a signature are ``[returns, *parameters]``, each parameter ``[name, kind, default,
annotation]``, all texts or ``None``.
"""

from __future__ import annotations

import ast
import inspect
import re
import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Parts = list[Any]

#: Longest text of a default value; an array or a table as a default is not what a reader wants.
MAX_TEXT = 80
#: As ``inspect.Parameter.kind.description`` has them.
POSITIONAL_ONLY, EITHER, VAR_POSITIONAL, KEYWORD_ONLY, VAR_KEYWORD = (
    "positional-only",
    "positional or keyword",
    "variadic positional",
    "keyword-only",
    "variadic keyword",
)
#: The innermost brackets of a signature, with the comma that may stand in or before them.
_BRACKETS = re.compile(r"\[\s*(,?\s*)([^\[\]]*)\]")
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def parts_of(function: Any) -> Parts | None:
    """The parts of the signature of any callable; ``None`` if Python knows none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = inspect.signature(function)
    except Exception as error:  # builtins have none, and a foreign __signature__ may be anything
        from regcache_core.discovery import raise_if_signalled

        raise_if_signalled(error)
        return None
    parts: Parts = [_annotation_text(found.return_annotation, found.empty)]
    for each in found.parameters.values():
        default = None if each.default is each.empty else _told(_default_text, each.default)
        annotation = _annotation_text(each.annotation, each.empty)
        parts.append([each.name, each.kind.description, default, annotation])
    return parts


def text_of(parts: Parts) -> str:
    """A signature as Python shows it, ``(image, sigma=1, *, mode='nearest')``."""
    returns, *parameters = parts
    shown: list[str] = []
    before = None
    for name, kind, default, annotation in parameters:
        if before == POSITIONAL_ONLY != kind:
            shown.append("/")
        if kind == KEYWORD_ONLY and before not in (KEYWORD_ONLY, VAR_POSITIONAL):
            shown.append("*")
        shown.append(parameter_text(name, kind, default, annotation))
        before = kind
    if before == POSITIONAL_ONLY:
        shown.append("/")
    return f"({', '.join(shown)})" + (f" -> {returns}" if returns else "")


def parameter_text(name: str, kind: str, default: str | None, annotation: str | None) -> str:
    """One parameter as Python shows it: ``sigma=1.0``, ``size: int = 3``, ``*args``."""
    stars = {VAR_POSITIONAL: "*", VAR_KEYWORD: "**"}.get(kind, "")
    text = f"{stars}{name}" + (f": {annotation}" if annotation else "")
    if default is None:
        return text
    return f"{text} = {default}" if annotation else f"{text}={default}"


def parse(text: str) -> Parts | None:
    """The parts of a signature from its text; ``None`` if that is no valid Python.

    >>> parse("(image, *, sigma=1.5)")[2]
    ['sigma', 'keyword-only', '1.5', None]
    """
    source = f"def _{text}: pass"
    try:
        (function,) = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    assert isinstance(function, ast.FunctionDef)  # it begins with "def"

    def source_of(node: ast.expr | None) -> str | None:
        return None if node is None else ast.get_source_segment(source, node)

    def part(arg: ast.arg, kind: str, default: ast.expr | None = None) -> list[str | None]:
        return [arg.arg, kind, source_of(default), source_of(arg.annotation)]

    args = function.args
    positional = [*args.posonlyargs, *args.args]
    defaults = [*[None] * (len(positional) - len(args.defaults)), *args.defaults]
    kinds = [POSITIONAL_ONLY] * len(args.posonlyargs) + [EITHER] * len(args.args)
    parts: Parts = [source_of(function.returns), *map(part, positional, kinds, defaults)]
    if args.vararg:
        parts.append(part(args.vararg, VAR_POSITIONAL))
    named = zip(args.kwonlyargs, args.kw_defaults, strict=True)
    parts += [part(arg, KEYWORD_ONLY, default) for arg, default in named]
    if args.kwarg:
        parts.append(part(args.kwarg, VAR_KEYWORD))
    return parts


def text_in(doc: str, name: object) -> str | None:
    """The signature that documentation begins with, as in ``hypot(*coordinates) -> value``."""
    if not isinstance(name, str) or not name or not doc.startswith(f"{name}("):
        return None
    depth = 0
    for end, char in enumerate(doc):
        depth += (char in "([{") - (char in ")]}")
        if depth == 0 and char == ")":
            return " ".join(doc[len(name) : end + 1].split())
    return None


def without_brackets(text: str) -> str:
    """A signature as documentation writes it, as Python would: ``[, key=f]`` becomes ``, key=f``.

    What stands in brackets is optional; a default that is not told is written as ``...``. A text
    that stays no valid Python stays as it is.

    >>> without_brackets("(start, stop[, step])"), without_brackets("(x, [base=math.e])")
    ('(start, stop, step=...)', '(x, base=math.e)')
    """
    opened, plain = text, ""
    while opened != plain and parse(opened) is None:
        opened, plain = _BRACKETS.sub(_optional, opened), opened
    return text if parse(opened) is None else opened


def _optional(match: re.Match[str]) -> str:
    before, inside = match.groups()
    parts = [part.strip() for part in inside.split(",")]
    given = [part if "=" in part or "*" in part else f"{part}=..." for part in parts if part]
    return before + ", ".join(given)


def without_addresses(text: str) -> str:
    """A text without the addresses of objects, which are others in every process."""
    return _ADDRESS.sub("", text)


def _default_text(value: Any) -> str:
    """A default value as text that is the same in every process."""
    if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
        module = getattr(value, "__module__", None)
        name = str(value.__qualname__)
        return name if module in (None, "builtins") else f"{module}.{name}"
    if isinstance(value, (set, frozenset)) and len(value) > 1:  # their order differs by process
        inside = ", ".join(sorted(map(_repr, value)))
        return shorten(f"{{{inside}}}" if isinstance(value, set) else f"frozenset({{{inside}}})")
    return shorten(_repr(value))


def _repr(value: Any) -> str:
    return without_addresses(" ".join(_told(repr, value).split()))


def _told(show: Callable[[Any], str], value: Any) -> str:
    """What shows a value, or names its type if that fails: foreign code may raise anything."""
    try:
        return show(value)
    except Exception as error:
        from regcache_core.discovery import raise_if_signalled

        raise_if_signalled(error)
        return f"<{type(value).__qualname__}>"


def shorten(text: str, most: int = MAX_TEXT) -> str:
    """A text of at most so many characters."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _annotation_text(annotation: Any, empty: Any) -> str | None:
    if annotation is empty:
        return None
    if isinstance(annotation, str):
        return annotation
    return without_addresses(_told(inspect.formatannotation, annotation))

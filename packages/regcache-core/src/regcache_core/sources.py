"""What a module's source tells: what it imports, and whether it only declares things.

Sources are parsed, nothing is imported. The parser is called as ``ast.parse`` calls it: importing
``ast`` itself would take longer than most packages of plugins take to parse.
"""

from __future__ import annotations

import _ast as ast  # what `ast` takes its classes from
import binascii
import builtins
import json
import os
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any


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


def packages_above(module: str) -> Iterator[str]:
    """The packages that a module lies in, by name, the nearest first."""
    while "." in module:
        module = module.rpartition(".")[0]
        yield module


class Source:
    """The text of one module.

    Args:
        text: The text, in any encoding that Python reads.
        module: Full name of the module.
        is_package: Whether it is a package's ``__init__``.

    Attributes:
        names: Full names of the modules that it imports, of what it takes from them, and of what it
            uses below those.
        bound: Name in the module -> full name of what was imported by it.

    Raises:
        SyntaxError: Python cannot read it.
        ValueError: It has null bytes.

    >>> source = Source(b"from . import a\\nimport b\\nX = b.c.d", "pack.module", False)
    >>> sorted(source.names), source.is_declarative()
    (['b', 'b.c', 'b.c.d', 'pack', 'pack.a'], True)
    """

    def __init__(self, text: bytes, module: str, is_package: bool) -> None:
        self._module, self._is_package = module, is_package
        self._tree: Any = compile(text, "<source>", "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
        self.names: set[str] = set()
        self.bound: dict[str, str] = {}
        nodes = [*_walk(self._tree)]
        for node in nodes:
            if isinstance(node, ast.Import):
                self._import(node)
            elif isinstance(node, ast.ImportFrom):
                self._import_from(node)
        for node in nodes:
            if isinstance(node, ast.Attribute):
                name = self.full_name(node)
                if name:
                    self.names.add(name)

    def _import(self, node: Any) -> None:
        for each in node.names:
            self.names.add(each.name)
            top = each.name.partition(".")[0]
            self.bound[each.asname or top] = each.name if each.asname else top

    def _import_from(self, node: Any) -> None:
        home = node.module or ""
        if node.level:
            parts = self._module.split(".")
            above = parts[: len(parts) - node.level + self._is_package]
            home = ".".join([*above, home] if home else above)
        self.names.add(home)
        for each in node.names:
            if each.name != "*":
                self.names.add(f"{home}.{each.name}")
                self.bound[each.asname or each.name] = f"{home}.{each.name}"

    def full_name(self, node: Any) -> str:
        """The full name of what an expression such as ``b.c`` stands for; empty if it is not known.

        Args:
            node: The expression.
        """
        parts = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        home = self.bound.get(node.id)
        if home is None:
            return node.id if not parts and hasattr(builtins, node.id) else ""
        return ".".join([home, *reversed(parts)])

    def find(self, node: Any) -> Any:
        """What a name or an attribute of a module stands for, if that is loaded; else ``None``.

        Args:
            node: The expression.
        """
        if not isinstance(node, (ast.Name, ast.Attribute)):
            return None
        name = self.full_name(node)
        if isinstance(node, ast.Name) and node.id not in self.bound:
            name = f"{self._module}.{node.id}"
        home, _, last = name.rpartition(".")
        return getattr(sys.modules.get(home), "__dict__", {}).get(last)

    def is_declarative(self, called: str = "", modules: Iterable[str] = ()) -> bool:
        """Whether what importing the module does is known: it declares things, and nothing else.

        It makes classes, functions and constants of what it imports. So what it defines does not
        depend on other modules that were imported before, and it changes nothing for those that
        are imported later. Anything that is not known to be harmless counts as harmful.

        Args:
            called: Name of a method that is called when a class is registered.
            modules: Full names of modules whose attributes must not be reached by another name.
        """
        return _Declarations(self, called, {*modules}).are_all(self._tree.body)


#: More text than this is not kept: the cache file is read at every start.
_MAX_BYTES = 1 << 20


def pack_sources(sources: Mapping[str, bytes] | None) -> str | None:
    """Sources as one text of a cache file; ``None`` if they are too large for one.

    Args:
        sources: Path -> content; ``None`` for those that are not known.
    """
    if sources is None or sum(map(len, sources.values())) > _MAX_BYTES:
        return None
    texts = {path: text.decode("latin-1") for path, text in sources.items()}
    packed = zlib.compress(json.dumps(texts).encode(), 1)
    return binascii.b2a_base64(packed, newline=False).decode()


def unpack_sources(packed: object) -> dict[str, bytes] | None:
    """What ``pack_sources`` was given; ``None`` for anything that it does not give."""
    if type(packed) is not str:
        return None
    try:
        inflate = zlib.decompressobj()
        texts = json.loads(inflate.decompress(binascii.a2b_base64(packed), 8 * _MAX_BYTES))
        return {str(path): text.encode("latin-1") for path, text in texts.items()}
    except (zlib.error, ValueError, AttributeError, RecursionError):
        return None


def _walk(node: Any) -> Iterator[Any]:
    """All parts of a syntax tree."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(_parts(node))


def _parts(node: Any) -> Iterator[Any]:
    for field in node._fields:
        value = getattr(node, field, None)
        for each in value if isinstance(value, list) else (value,):
            if isinstance(each, ast.AST):
                yield each


def _names_of(*functions: Any) -> Iterator[str]:
    return (function.__name__ for function in functions)


#: Functions that neither look at other modules nor change what these see.
_PURE_MODULES = (
    "abc.",
    "attr.",
    "attrs.",
    "dataclasses.",
    "datetime.",
    "decimal.",
    "enum.",
    "fractions.",
    "math.",
    "operator.",
    "pathlib.Pure",
    "regcache_core.",
    "regcache_functions.",
    "regcache_meta.",
    "struct.",
    "types.MappingProxyType",
    "types.SimpleNamespace",
    "typing.",
    "typing_extensions.",
    "uuid.UUID",
)
_PURE = {
    "collections.ChainMap",
    "collections.Counter",
    "collections.OrderedDict",
    "collections.defaultdict",
    "collections.deque",
    "collections.namedtuple",
    "contextlib.contextmanager",
    "functools.cache",
    "functools.cached_property",
    "functools.lru_cache",
    "functools.partial",
    "functools.total_ordering",
    "functools.wraps",
    "logging.getLogger",
    "os.path.basename",
    "os.path.dirname",
    "os.path.join",
    "re.compile",
    "time.sleep",
    *_names_of(abs, all, any, bool, bytes, chr, classmethod, complex, dict, divmod, enumerate),
    *_names_of(float, frozenset, int, len, list, object, ord, pow, print, property, range, repr),
    *_names_of(reversed, round, set, slice, staticmethod, str, sum, super, tuple, zip),
}
#: Methods that Python calls when a class is made, or a module is asked for a name.
_CALLED = {
    "__class_getitem__",
    "__getattr__",
    "__init_subclass__",
    "__prepare__",
    "__set_name__",
    "__subclasshook__",
}
_NO_CODE = (ast.Constant, ast.Pass, ast.Break, ast.Continue, ast.Global, ast.Nonlocal)


class _Declarations:
    """Tells statements and expressions that are known to be harmless from all others.

    Args:
        source: The module.
        called: Name of a method that is called when a class is registered.
        modules: Full names of modules.
    """

    def __init__(self, source: Source, called: str, modules: set[str]) -> None:
        self._source = source
        self._called = {*_CALLED, called}
        self._modules = modules

    def are_all(self, statements: list[Any]) -> bool:
        """Whether all statements are harmless."""
        return all(map(self._is_harmless, statements))

    def _is_harmless(self, node: Any) -> bool:
        if isinstance(node, (ast.Import, ast.ImportFrom, *_NO_CODE)):
            return not (isinstance(node, ast.ImportFrom) and node.names[0].name == "*")
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            is_called = node.name in self._called or not self._are_decorators(node)
            return not is_called and self._are_pure([*_parts(node.args), node.returns])
        if isinstance(node, ast.ClassDef):
            return self._is_class(node) and self.are_all(node.body)
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if all(isinstance(each, ast.Name) and each.id == "__registry__" for each in targets):
                return self._is_registry(node.value) or self._are_pure([node.value])
            own = [node.value, getattr(node, "annotation", None)]
            return all(map(_is_name, targets)) and self._are_pure(own) and not self._is_alias(node)
        if isinstance(node, (ast.Expr, ast.Assert, ast.Raise)):
            return self._are_pure([*_parts(node)])
        if isinstance(node, ast.If):
            return self._are_pure([node.test]) and self.are_all([*node.body, *node.orelse])
        if isinstance(node, ast.Try):
            handled = [each for handler in node.handlers for each in handler.body]
            types = [handler.type for handler in node.handlers]
            rest = [*node.body, *handled, *node.orelse, *node.finalbody]
            return self._are_pure(types) and self.are_all(rest)
        if isinstance(node, ast.For):
            is_simple = _is_name(node.target) and self._are_pure([node.iter])
            return is_simple and self.are_all([*node.body, *node.orelse])
        return False

    def _is_class(self, node: Any) -> bool:
        keywords = [each.value for each in node.keywords if each.arg != "metaclass"]
        for each in node.keywords:
            if each.arg == "metaclass":
                known = ("abc.ABCMeta", "regcache_meta.AutoRegisterMeta")
                if self._source.full_name(each.value) not in known:
                    return False
        return self._are_decorators(node) and self._are_pure([*node.bases, *keywords])

    def _are_decorators(self, node: Any) -> bool:
        """Whether the decorators, which are called, are harmless."""
        return all(
            self._are_pure([each]) if isinstance(each, ast.Call) else self._is_pure_function(each)
            for each in node.decorator_list
        )

    def _is_alias(self, node: Any) -> bool:
        """Whether a module gets another name, by which its attributes could be reached."""
        return self._source.full_name(node.value) in self._modules

    def _are_pure(self, nodes: list[Any]) -> bool:
        """Whether nothing is called in expressions but what is known to be harmless."""
        waiting = [node for node in nodes if node is not None]
        while waiting:
            node = waiting.pop()
            if isinstance(node, (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)):
                return False
            if self._is_registry(node):
                return False  # it would say what is registered by now
            if isinstance(node, ast.Call):
                given = self._given_to(node)
                if given is None:
                    return False
                waiting.extend(given)
            elif isinstance(node, ast.Lambda):
                waiting.extend(_parts(node.args))
            else:
                waiting.extend(_parts(node))
        return True

    def _given_to(self, call: Any) -> list[Any] | None:
        """What is given to a function that is known to be harmless; ``None`` for any other."""
        function = call.func
        given = [*call.args, *[each.value for each in call.keywords]]
        if isinstance(function, ast.Call) and self._is_registration(function.func):
            inner = self._given_to(function)  # registry.register("name")(function)
            return None if inner is None else [*given, *inner]
        if isinstance(function, ast.Attribute) and isinstance(
            function.value, (ast.Constant, ast.JoinedStr)
        ):
            return [*given, function.value]  # a method of a text
        if not self._is_pure_function(function):
            return None
        is_ours = self._source.full_name(function).startswith("regcache_")
        return [each for each in given if not (is_ours and self._is_registry(each))]

    def _is_pure_function(self, function: Any) -> bool:
        name = self._source.full_name(function)
        if name in _PURE or name.startswith(_PURE_MODULES) or self._is_registration(function):
            return True
        kind = getattr(builtins, name, None)
        return isinstance(kind, type) and issubclass(kind, BaseException)

    def _is_registry(self, node: Any) -> bool:
        """Whether an expression stands for a registry, as far as it is loaded."""
        if isinstance(node, ast.Attribute) and node.attr == "__registry__":
            return True
        value = self._source.find(node)
        return type(value).__module__.startswith("regcache_") and not isinstance(value, type)

    def _is_registration(self, function: Any) -> bool:
        """Whether a function registers something with a registry that is loaded."""
        is_register = isinstance(function, ast.Attribute) and function.attr == "register"
        return is_register and self._is_registry(function.value)


def _is_name(target: Any) -> bool:
    """Whether an assignment binds names only, in the module or class itself."""
    if isinstance(target, (ast.Tuple, ast.List)):
        return all(map(_is_name, target.elts))
    if isinstance(target, ast.Starred):
        return _is_name(target.value)
    return isinstance(target, ast.Name)

"""Modules, and what is defined in them, told apart and looked up without importing anything."""

import os
import sys
from _thread import get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType
    from typing import Any


def find_spec(name: str) -> "Any":
    """The spec of a module, without importing anything, or ``None``.

    As ``importlib.util.find_spec``, which imports the parents of ``name`` (and costs an import of
    its own). Asks the finders on ``sys.meta_path`` as the import statement does.
    """
    if "" in name.split("."):
        return None
    parent, _, _ = name.rpartition(".")
    path = None
    if parent:
        path = find_package(parent)
        if path is None:
            return None
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        try:
            spec = None if find is None else find(name, path, None)
        except KeyError:
            spec = _find_nested_namespace(find, name, path)
        except Exception as error:  # of a finder, or of an odd path: import ends here too
            raise_if_signalled(error)
            return None
        if spec is not None:
            return spec
    return None


def _find_nested_namespace(find: "Any", name: str, path: "Any") -> "Any":
    """The spec of a namespace package inside a package that is not imported.

    The path finder looks such a parent up in ``sys.modules`` (to follow changes of its path later)
    and fails; the last part of the name alone needs no parent, and lies in the same folders.
    """
    spec = find(name.rpartition(".")[2], path, None)
    if spec is not None:
        spec.name = name
        spec.submodule_search_locations = list(spec.submodule_search_locations)
    return spec


def is_plain_name(name: str) -> bool:
    """Whether a cache file may name a module, or a class, like this.

    Not a relative module, not one that is a program or a package once more when it is imported
    (``__main__``, ``__init__``), and nothing that leads through an attribute of Python's own
    (``__globals__``).

    Args:
        name: Full name of a module, or qualified name of a class.

    >>> is_plain_name("app.readers"), is_plain_name("app..readers"), is_plain_name("app.__main__")
    (True, False, False)
    """
    if ".." not in f".{name}." and "__" not in name:
        return True  # most are like this
    return all(part and not (part[:2] == part[-2:] == "__") for part in name.split("."))


def find_package(package: str) -> "list[str] | None":
    """The folders that a package's modules are looked up in, without importing anything.

    Args:
        package: Name of the package.

    Returns:
        Folders (several for a namespace package), or ``None`` if there is no such package, or it
        is a plain module.
    """
    if sys.modules.get(package) is None:
        path: Any = getattr(find_spec(package), "submodule_search_locations", None)
    else:
        path = peek(package, "__path__")
    return [each for each in path if is_path(each)] if hasattr(path, "__iter__") else None


def peek(module: str, name: str, default: "Any" = None) -> "Any":
    """An attribute of a loaded module, or the default if it has none.

    A lazy module, or what a plugin has put in its place, may say so in any way.
    """
    try:
        return getattr(sys.modules.get(module), name, default)
    except Exception as error:
        raise_if_signalled(error)
        return default


def is_path(value: object) -> bool:
    """Whether a value may be a path: Python passes other things over, or fails at them."""
    if not isinstance(value, str) or value.isprintable():  # most are
        return isinstance(value, str)
    try:
        return b"\0" not in os.fsencode(value)
    except UnicodeEncodeError:
        return False


def find_sources(name: str) -> "list[str]":
    """The folders of a package, or the file of a plain module, without importing anything.

    Args:
        name: Name of the package or module.

    Returns:
        Paths; none for a module that is built into Python.

    Raises:
        ModuleNotFoundError: There is no such module.
    """
    paths = find_package(name)
    if paths is not None:
        return paths
    file = file_of(name)
    if not file and name not in sys.modules and find_spec(name) is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return [file] if file else []


def file_of(module: str) -> str:
    """The file of a module, which need not be imported; empty if it has none."""
    if module in sys.modules:
        return str(peek(module, "__file__") or "")
    spec = find_spec(module)
    return str(spec.origin) if spec is not None and spec.has_location else ""


def is_same_source(first: str, second: str) -> bool:
    """Whether two modules are one, or one file: a module that runs as ``__main__`` too.

    Args:
        first: Name of a module.
        second: Name of a module.
    """
    if first == second:
        return True
    return "__main__" in (first, second) and file_of(first) == file_of(second) != ""


def is_gone(module: str) -> bool:
    """Whether there is no such module any more, though it may be imported still.

    Args:
        module: Name of a module.
    """
    file = file_of(module)
    return not os.path.exists(file) if file else module not in sys.modules


def loaded_names() -> "list[str]":
    """Names of the modules that are loaded; whoever puts something else there is passed over."""
    return [name for name in list(sys.modules) if name.__class__ is str]


def is_initializing(module: str) -> bool:
    """Whether a module is being executed, by this thread or by another.

    Args:
        module: Name of a module.
    """
    spec = peek(module, "__spec__")
    return getattr(spec, "_initializing", False) is True


def modules_in_execution(
    holds: "Callable[[str], bool]", frame: "FrameType | None" = None
) -> "Iterator[str]":
    """Modules that a thread is importing, the innermost first.

    Args:
        holds: Whether a module, given by its name, is meant.
        frame: Where the thread stands; by default it is this one.

    Yields:
        Names of those whose code is being executed, further up among the callers.
    """
    frame = frame or sys._getframe()
    while frame is not None:
        if frame.f_code.co_name == "<module>":
            module = str(frame.f_globals.get("__name__"))
            if holds(module):
                yield module
        frame = frame.f_back


def name_of(thing: "Any") -> "str | None":
    """What tells a class or function from another, as text; ``None`` for ``None``.

    ``module:qualname``, if that leads to source that is watched; else with what it is made of:
    code, defaults and closure of a lambda, parts of a ``functools.partial``, attributes of a
    callable object. If any of these has no lasting text, the name says that it is anonymous.

    Args:
        thing: A class, a function or another callable object; a text is its own name.

    >>> import json
    >>> name_of(json.loads), name_of(None)
    ('json:loads', None)
    >>> is_anonymous(name_of([].append))
    True
    """
    if thing is None or isinstance(thing, str):
        return thing
    kind = thing if hasattr(thing, "__qualname__") else type(thing)
    name = f"{kind.__module__}:{kind.__qualname__}"
    if isinstance(thing, type):
        return name
    owner = getattr(thing, "__self__", None)
    if owner is not None and not isinstance(owner, (type, type(sys))):
        return name + _ANONYMOUS  # a method of an object
    if kind is not thing and not hasattr(thing, "__dict__"):
        return name + _ANONYMOUS  # its state is in slots
    if kind is not thing:
        parts = [getattr(thing, each, None) for each in ("func", "args", "keywords", "__dict__")]
        return _with_parts(name, parts)
    code = getattr(thing, "__code__", None)
    if code is not None and ("<" in kind.__qualname__ or not file_of(kind.__module__)):
        cells = [cell.cell_contents for cell in thing.__closure__ or ()]
        return _with_parts(name, [_parts_of(code), thing.__defaults__, cells])
    named_defaults = getattr(thing, "__kwdefaults__", None) or {}
    defaults = [*(getattr(thing, "__defaults__", None) or ()), *named_defaults.values()]
    if any(each is not None for each in defaults):  # they may come from what is not watched
        named = _with_parts(name, defaults)
        return name if is_anonymous(named) else named
    return name


_ANONYMOUS = " (anonymous)"


def is_anonymous(name: "str | None") -> bool:
    """Whether a name from ``name_of`` tells nothing lasting: no cache may rely on it."""
    return name is not None and _ANONYMOUS in name


def _with_parts(name: str, parts: "list[Any]") -> str:
    try:
        text = _text_of(parts)
    except RecursionError:  # a function that holds itself
        return name + _ANONYMOUS
    return name + (_ANONYMOUS if _ANONYMOUS in text else f" {fingerprint(text)}")


def _text_of(value: "Any") -> str:
    """A value as text that is the same in every process; anonymous where there is none."""
    if value is None or isinstance(value, (str, bytes, int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_text_of, value))}]"
    if isinstance(value, (set, frozenset)):
        return f"{{{', '.join(sorted(map(_text_of, value)))}}}"
    if type(value) is dict:
        return _text_of(list(value.items()))
    return str(name_of(value)) if callable(value) else _ANONYMOUS


def _parts_of(code: "Any") -> "list[Any]":
    """What a function does: byte code, names and constants."""
    constants = [_parts_of(c) if hasattr(c, "co_code") else c for c in code.co_consts]
    return [code.co_code, code.co_names, constants]


def fingerprint(value: object) -> str:
    """A short text for a value that has a lasting ``repr``: its residue modulo a prime, 2**61 - 1.

    For telling settings apart, in names and in files; whoever wants two values with one
    fingerprint can have them.

    >>> fingerprint(["key", None, True])
    '10f559b58bb2bba9'
    """
    return f"{int.from_bytes(repr(value).encode('utf-8', 'replace'), 'big') % (2**61 - 1):016x}"


def is_signalled(error: BaseException) -> bool:
    """Whether the handler of a signal raised an exception: it is given the frame it interrupts."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        frame, called = trace.tb_frame, trace.tb_next.tb_frame
        for value in called.f_locals.values():
            if value is frame or (type(value) is tuple and any(each is frame for each in value)):
                return True
        trace = trace.tb_next
    return False


def raise_if_signalled(error: BaseException) -> None:
    """Raise an exception of a signal's handler again: it is no affair of what it interrupts.

    To be called first wherever any exception of foreign code is caught.

    Raises:
        BaseException: The handler of a signal raised it, such as a timeout by ``SIGALRM``.
    """
    if is_signalled(error):
        raise error


#: Names of modules that other threads were importing when this process was forked.
_LOST: "list[str]" = []


def is_orphan() -> bool:
    """Whether this process was forked while another thread imported something.

    Modules may fail in it that fail nowhere else: half of C code cannot be imported again.
    """
    return bool(_LOST)


def _after_fork() -> None:
    """In a forked child: forget what other threads were importing; they do not go on here.

    Plugins, or what we import ourselves to find them: so this is here, where warm starts have it.
    Python would wait for them, without end.
    """
    locks: Any = getattr(sys.modules["_frozen_importlib"], "_module_locks", {})
    for name, reference in list(locks.items()):
        if _is_lost(reference()):
            _LOST.append(name)
            del locks[name]
            spec = getattr(sys.modules.get(name), "__spec__", None)
            if getattr(spec, "_initializing", False):
                del sys.modules[name]


def _is_lost(lock: "Any") -> bool:
    """Whether another thread held a module's lock, or was about to take it or give it back."""
    inner = getattr(lock, "lock", None)
    if inner is not None and not inner.acquire(False):
        return True
    if inner is not None:
        inner.release()
    return getattr(lock, "owner", None) not in (None, get_ident())


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_after_fork)

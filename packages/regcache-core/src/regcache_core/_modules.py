"""Modules, and what is defined in them, told apart and looked up without importing anything."""

import os
import sys
from _thread import get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
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
        except (KeyError, ModuleNotFoundError):  # the latter since Python 3.15
            spec = _find_nested_namespace(find, name, path)
        except Exception:  # of a finder, or of an odd path: import ends here too
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


#: What a library brings along that is none of its items: for ``exclude=``.
NOT_OF_A_LIBRARY = ("tests", "conftest", "setup", "__main__")


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
    except Exception:  # of its __getattr__, which may run anything
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


def source_modules(things: "Iterable[Any]") -> "list[str]":
    """The modules that define some classes, the bases of these, and functions.

    Args:
        things: Classes and functions; ``None`` counts for nothing. A function may be given as text,
            ``"module:name"``; it is not imported for this.

    Returns:
        Names, sorted, but for Python's own.
    """
    parts = [part for thing in things for part in getattr(thing, "__mro__", (thing,))]
    modules = {
        part.partition(":")[0] if isinstance(part, str) else getattr(part, "__module__", None)
        for part in parts
        if part is not None
    }
    python = sys.stdlib_module_names
    return sorted(each for each in modules if each and each.partition(".")[0] not in python)


def find_object(module: str, qualname: str) -> "Any":
    """What a dotted name stands for in a loaded module, as namespaces have it.

    Nothing is imported, and no attribute computed: the names may come from a file.

    Args:
        module: Full name of the module.
        qualname: The name, with the classes that it lies in.

    Raises:
        LookupError: There is no such module or name.

    >>> find_object("os", "path").__name__ in ("posixpath", "ntpath")
    True
    """
    found: Any = sys.modules[module]
    for part in qualname.split("."):
        found = getattr(found, "__dict__", {})[part]
    return found


#: Modules that are being imported for a registry, each with the thread that does it.
IMPORTING: "list[tuple[str, int]]" = []
#: Those that threads of the parent were importing when this process was forked.
LOST: "set[str]" = set()


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
    from ._file import fingerprint

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


#: What is called in a forked child, where other threads do not go on: locks are made anew.
_RENEWALS: "list[Callable[[], None]]" = []


def call_in_forked_child(renew: "Callable[[], None]") -> None:
    """Have a function called in each process that is forked from this one.

    One hook serves all of regcache, so that what it costs a fork is seen in one place.

    Args:
        renew: Makes locks anew, or forgets what other threads were doing.
    """
    _RENEWALS.append(renew)


#: Whether this process was forked from one that had imported this module.
_was_forked = False


def is_forked() -> bool:
    """Whether this process was forked, so that threads may be gone that were importing."""
    return _was_forked


def _renew() -> None:
    global _was_forked
    _was_forked = True
    LOST.update(name for name, thread in IMPORTING if thread != get_ident())
    for renew in _RENEWALS:
        renew()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_renew)


def containing(packages: "Collection[str]") -> "Callable[[str], bool]":
    """A function that tells whether a module is, or lies in, a package of some.

    Args:
        packages: Names and patterns, as ``within`` has them.
    """
    if {*"*?["}.isdisjoint("".join(packages)):  # most are plain names
        prefixes = tuple([f"{each}." for each in packages])
        return lambda module: f"{module}.".startswith(prefixes)  # a plugin may have made it no text
    from ._patterns import within

    return lambda module: within(str(module), packages) != ""


def is_metadata(name: str, folder: str) -> bool:
    """Whether an entry of a folder tells of an installed distribution, as ``importlib.metadata``.

    Args:
        name: Name of the entry.
        folder: The folder, as it stands on ``sys.path``; that of an egg tells of itself.
    """
    name = name.lower()
    return name.endswith((".dist-info", ".egg-info")) or (
        name == "egg-info" and folder.lower().endswith(".egg")
    )


def search_path() -> "list[str]":
    """The entries of ``sys.path``, absolute, each once; what is no path is passed over.

    >>> all(os.path.isabs(path) for path in search_path())
    True
    """
    paths: dict[str, None] = {}
    for path in sys.path:
        if is_path(path):
            if not os.path.isabs(path):
                try:
                    path = os.path.abspath(path)
                except OSError:  # the current folder was removed
                    continue
            paths[path] = None
    return list(paths)


def first_entry(paths: "list[str]") -> str:
    """The folder of the script or the current one; empty if Python was told to leave it out."""
    is_safe = getattr(sys.flags, "safe_path", sys.flags.isolated)  # the former since Python 3.11
    return paths[0] if paths and not is_safe else ""


def stamp_of(path: str) -> "list[int]":
    """Time of modification and of change in nanoseconds, and inode; zeros where nothing is."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return [0, 0, 0]
    return [status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def module_of(value: str) -> str:
    """The module that the value of an entry point names.

    >>> module_of("package.module:Class [extra]"), module_of("package")
    ('package.module', 'package')
    """
    return value.partition("[")[0].partition(":")[0].strip()


def attribute_of(value: str) -> str:
    """What an entry point names in its module; empty for the module itself."""
    return value.partition("[")[0].partition(":")[2].strip()

"""What a cached answer depends on: one list of ``Input`` objects, each with one member of the file.

An input knows three things: the member of the cache file that records it, what it is now, and
whether a recorded value still holds. Anything else that an answer should depend on is one more
``Input`` in the list given to the manager.
"""

import os
import sys
from time import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

from .report import Refusal

#: What makes a file a source of Python modules: text, byte code without source, extension modules.
PYTHON_SUFFIXES = (".py", ".pyc", ".pyw", ".so", ".pyd")


class Input:
    """One thing that an answer depends on, compared for equality.

    Args:
        member: Name of the member of the cache file that records it.
        current: Called without arguments; gives today's value, made of JSON values.
        reason: Name of the ``Reason`` to refuse a file with when the values differ.

    Attributes:
        paths: Files and folders that are watched; they are part of a registry's identity.

    >>> import locale
    >>> Input("locale", lambda: locale.setlocale(locale.LC_CTYPE), "SETTINGS_CHANGED").member
    'locale'
    """

    paths: "tuple[str, ...]" = ()

    def __init__(
        self, member: str, current: "Callable[[], Any]", reason: str = "SETTINGS_CHANGED"
    ) -> None:
        self.member = member
        self.current = current
        self.reason = reason

    def record(self) -> "Any":
        """Today's value, to be taken when a scan starts and written when it ends."""
        return self.current()

    def check(self, recorded: "Any") -> "Any":
        """Compare a recorded value with today's.

        Returns:
            ``None`` if the recorded value holds as it is; else a value that says the same and is
            cheaper to check next time, for the file to be renewed with.

        Raises:
            Refusal: The recorded value does not hold; names the field, old and new.
        """
        current = self.current()
        if recorded == current and type(recorded) is type(current):
            return None
        if isinstance(recorded, dict) and isinstance(current, dict):
            fields = [*current, *recorded]
            field = next((n for n in fields if recorded.get(n) != current.get(n)), "")
            where = f"{self.member}.{field}"
            raise Refusal(self.reason, where, recorded.get(field), current.get(field))
        raise Refusal(self.reason, self.member, recorded, current)


class Timestamp(Input):
    """When the scan started, in seconds since the epoch; bounds the age of an answer.

    Args:
        max_age_s: Age in seconds after which an answer is stale; ``None`` for never.
    """

    def __init__(self, max_age_s: "float | None") -> None:
        super().__init__("timestamp", time)
        self.max_age_s = max_age_s

    def check(self, recorded: "Any") -> None:
        """Refuse a timestamp that is no number, lies in the future or is too old."""
        if isinstance(recorded, bool) or not isinstance(recorded, (int, float)):
            raise Refusal("WRONG_SHAPE", self.member, recorded)
        now = self.current()
        if recorded > now:
            raise Refusal("FROM_THE_FUTURE", self.member, recorded, now)
        if self.max_age_s is not None and now - recorded > self.max_age_s:
            raise Refusal("TOO_OLD", self.member, recorded, now)


class SourceTree(Input):
    """Source files and folders, compared by ``st_mtime_ns`` and ``st_size``, exactly.

    A folder is watched with everything below it but hidden entries and ``__pycache__``: its stamp
    is its own time and the names in it. If only the time moved, the names are compared, so that
    files that are no sources (byte code, editor backups) cost no rebuild.

    Args:
        paths: Files and folders; they need not exist (then their appearance is a change).
        suffixes: Endings of the file names that count; empty for all files.

    >>> SourceTree(["/usr/share/palettes"], suffixes=[".json"]).paths
    ('/usr/share/palettes',)
    """

    def __init__(
        self, paths: "Iterable[str | os.PathLike[str]]", suffixes: "Iterable[str]" = ()
    ) -> None:
        if isinstance(paths, (str, bytes)) or isinstance(suffixes, (str, bytes)):
            raise TypeError("paths and suffixes are lists: SourceTree(['palettes'], ['.json'])")
        super().__init__("file_mtimes", self._stamp)
        self.paths = tuple(os.path.abspath(path) for path in paths)
        self.suffixes = tuple(suffixes)

    def _stamp(self) -> "dict[str, Any]":
        from .stamps import stamp_trees

        return stamp_trees(self.paths, self.suffixes)

    def check(self, recorded: "Any") -> "Any":
        """Compare every recorded stamp with the file; one ``os.stat`` for each file or folder."""
        for path in self.paths:
            if path not in recorded:
                raise Refusal("SOURCE_ADDED", path)
        moved = []
        stat = os.stat
        for path, stamp in recorded.items():
            try:
                now = stat(path)
            except (OSError, ValueError) as error:
                if stamp is None:
                    continue
                raise Refusal("SOURCE_REMOVED", path, stamp) from error
            if stamp is None:
                raise Refusal("SOURCE_ADDED", path)
            mtime_ns, content = stamp
            if content == now.st_size and mtime_ns == now.st_mtime_ns:
                continue
            if content.__class__ is not list:
                raise Refusal("SOURCE_CHANGED", path, stamp, [now.st_mtime_ns, now.st_size])
            if mtime_ns != now.st_mtime_ns:
                moved.append(path)
        if not moved:
            return None
        from .stamps import compare_folders

        return compare_folders(recorded, moved, self.suffixes)


class AbsentModules(Input):
    """Modules that could not be found when the answer was computed.

    A plugin that failed to import because ``X`` is not installed appears as soon as ``X`` can be
    found. Nothing is imported to find out.

    Attributes:
        names: The missing modules; filled while plugins are being imported.
    """

    def __init__(self) -> None:
        super().__init__("absent_modules", lambda: self.names)
        self.names: list[str] = []

    def check(self, recorded: "Any") -> None:
        """Refuse if one of the recorded modules can be found now."""
        if recorded.__class__ is not list:  # a text or an object could be gone through, too
            raise Refusal("WRONG_SHAPE", self.member, recorded)
        for name in recorded:
            if find_spec(name) is not None:
                raise Refusal("MODULE_APPEARED", name)


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
        except ImportError:  # how a finder forbids a module: the import statement ends here too
            return None
        except KeyError:
            spec = _find_nested_namespace(find, name, path)
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


def find_package(package: str) -> "list[str] | None":
    """The folders that a package's modules are looked up in, without importing anything.

    Args:
        package: Name of the package.

    Returns:
        Folders (several for a namespace package), or ``None`` if there is no such package, or it
        is a plain module.
    """
    module = sys.modules.get(package)
    if module is None:
        path = getattr(find_spec(package), "submodule_search_locations", None)
    else:
        path = getattr(module, "__path__", None)
    return None if path is None else list(path)

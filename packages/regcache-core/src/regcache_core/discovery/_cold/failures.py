"""Modules that failed to import: what they lacked, and whether the next process may not fail."""

from __future__ import annotations

import os
import sys
from _thread import get_ident

from ..._modules import find_spec
from ...errors import told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..._inputs import Declared, FoundFiles
    from ..listing import ImportPath

#: Errors that say something of the file that they name, and not of this moment.
_ABOUT_FILES = (FileNotFoundError, PermissionError, NotADirectoryError)
#: What is wrong in the code itself, in every thread.
_MISTAKES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    NameError,
    NotImplementedError,
    SyntaxError,
    TypeError,
)
_ABOUT_THREADS = ("asyncio", "concurrent", "multiprocessing", "signal", "subprocess", "threading")


class Failures:
    """What a discovery remembers of the modules that failed to import.

    A failure that names what it lacked has that as an input: a module, a file, a shared library;
    so a plugin appears when what it lacked does. Also those behind it count, on which it followed.

    Args:
        import_path: Is told of missing modules.
        files: Is told of missing files, and those that may not be read; without it, an error that
            names a file is one of this moment.
        declared: Is told of the variable that says where shared libraries lie.

    Attributes:
        texts: Module -> ``[error, place]``: type and words of the exception, and where it was
            raised, as ``file:line``. Made of JSON values.
        transient: The first error of this moment, such as a full stack or disk, or ``None``. An
            answer without that module must not be kept.

    >>> from regcache_core.discovery import Failures, ImportPath, import_module
    >>> failures = Failures(ImportPath())
    >>> import_module("no_such_module", failures.add)
    >>> failures.texts["no_such_module"][0]
    "ModuleNotFoundError: No module named 'no_such_module'"
    """

    def __init__(
        self,
        import_path: ImportPath,
        files: FoundFiles | None = None,
        declared: Declared | None = None,
    ) -> None:
        self.import_path = import_path
        self.files = files
        self.declared = declared
        self.texts: dict[str, list[str]] = {}
        self.transient: BaseException | None = None

    def add(self, name: str, error: BaseException) -> None:
        """Remember that a module failed.

        Args:
            name: Full name of the module.
            error: What it raised.
        """
        self.texts[name] = [told(error), place_of(error)]
        for each in _chain(error):
            library = _library_of(each)
            is_watched = self._watch_library(library) if library else self._watch_file(each)
            if not is_watched and (library or _is_transient(each)):
                self.transient = self.transient or error
        self.import_path.add(missing_modules(error))

    def _watch_file(self, error: BaseException) -> bool:
        """Let the answer depend on the files that an error says are missing, or not to be read."""
        if not isinstance(error, _ABOUT_FILES):
            return False
        paths = [path for path in (error.filename, error.filename2) if path is not None]
        if not paths or not all(isinstance(path, str) and os.path.isabs(path) for path in paths):
            return False  # what a relative one means is another thing at another start
        return self._watch(paths)

    def _watch_library(self, library: str) -> bool:
        """Let the answer depend on where the dynamic linker would look for a shared library."""
        from ...depends import EnvironmentVariable

        folders = os.environ.get("LD_LIBRARY_PATH", "").replace(";", ":").split(":")
        paths = [os.path.join(folder, library) for folder in folders if os.path.isabs(folder)]
        if self.declared is None or not self._watch([*paths, "/etc/ld.so.cache"]):
            return False
        self.declared.add([EnvironmentVariable("LD_LIBRARY_PATH")])
        return True

    def _watch(self, paths: list[str]) -> bool:
        there = [path for path in paths if os.path.lexists(path)]
        if self.files is None or not all(map(os.path.isfile, there)):
            return False  # what lies in a folder, or behind a device, is not compared for this
        self.files.add(there)
        self.files.watch_absent({*paths}.difference(there))
        return True


def missing_modules(error: BaseException | None) -> Iterator[str]:
    """Names of modules that nothing finds, from an exception and those behind it."""
    for each in _chain(error):
        if isinstance(each, ModuleNotFoundError) and each.name and not find_spec(each.name):
            yield each.name


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception, and those behind it."""
    seen: list[BaseException] = []
    while error is not None and not any(error is each for each in seen):
        seen.append(error)
        yield error
        error = error.__cause__ or error.__context__


def _library_of(error: BaseException) -> str:
    """The shared library that an extension module lacks, as the dynamic linker of Linux says it."""
    words = error.msg if isinstance(error, ImportError) and isinstance(error.msg, str) else ""
    name, is_said, _ = words.partition(": cannot open shared object file")
    return name if is_said and "/" not in name else ""


def _is_transient(error: BaseException) -> bool:
    """Whether a fresh process, or this one a moment later, may not raise an exception.

    In another thread than the first, and where an event loop runs, only what is a mistake in the
    code itself is one everywhere: signal handlers, event loops, windows and database connections
    ask for a thread of their own, and each library says so by an error of its own.
    """
    if isinstance(error, (OSError, MemoryError, RecursionError, Warning)):
        return True
    if isinstance(error, _MISTAKES):
        return False
    return sys.is_finalizing() or _is_elsewhere() or _is_about_threads(error)


def _is_elsewhere() -> bool:
    """Whether this is not the first thread, or an event loop runs in it."""
    threading: Any = sys.modules.get("threading")
    events: Any = sys.modules.get("asyncio.events")
    is_first = threading is None or threading.main_thread().ident == get_ident()
    return not is_first or (events is not None and events._get_running_loop() is not None)


def _is_about_threads(error: BaseException) -> bool:
    """Whether Python's own modules for threads, loops and processes raised an exception."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    name = "" if trace is None else str(trace.tb_frame.f_globals.get("__name__"))
    return name.partition(".")[0] in _ABOUT_THREADS


def place_of(error: BaseException) -> str:
    """Where an exception was raised, as ``file:line``; empty if it was not raised."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    place = ""
    trace = error.__traceback__
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__"))
        if not place or not module.startswith("regcache_"):  # what we refuse is said by others
            place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place

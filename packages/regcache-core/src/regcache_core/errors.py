"""Every error and warning of regcache's core; all errors derive from ``RegcacheError``."""

from __future__ import annotations

import sys
import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class RegcacheError(Exception):
    """Base of all errors that regcache raises."""


class ConfigError(RegcacheError, ValueError):
    """A setting has a value that cannot be used.

    Attributes:
        field: Name of the setting.
        value: What was given.
        expected: What would have been right.
    """

    def __init__(self, field: str, value: object, expected: str) -> None:
        super().__init__(field, value, expected)
        self.field = field
        self.value = value
        self.expected = expected

    def __str__(self) -> str:
        return f"{self.field} is {self.value!r}; give {self.expected}."


class SerializationError(RegcacheError, TypeError):
    """A key or an item cannot be written to the cache file, so nothing was written.

    Attributes:
        cache_name: Name of the registry's cache.
        where: The key, and the place inside its item.
        problem: What is wrong there.
    """

    def __init__(self, cache_name: str, where: str, problem: str) -> None:
        super().__init__(cache_name, where, problem)
        self.cache_name = cache_name
        self.where = where
        self.problem = problem

    def __str__(self) -> str:
        return (
            f"cache {self.cache_name!r} was not saved: {self.where}: {self.problem}. "
            "Every start will build the answer anew until this is made of JSON values."
        )


class ItemRefusedError(RegcacheError, ValueError):
    """An item in a cache file cannot be restored; it was asked for by its key.

    Attributes:
        cache_name: Name of the registry's cache.
        key: The key.
        problem: What the deserializer or the converter raised.
    """

    def __init__(self, cache_name: str, key: object, problem: str) -> None:
        super().__init__(cache_name, key, problem)
        self.cache_name = cache_name
        self.key = key
        self.problem = problem

    def __str__(self) -> str:
        return (
            f"item {self.key!r} of cache {self.cache_name!r} cannot be restored: {self.problem}. "
            "Remove the file with clear_cache(), or call get_or_build(), which builds the answer "
            "anew; where the layout of items changed, give CacheConfig another cache_version."
        )


class NoCacheFolderError(RegcacheError, OSError):
    """The environment names no folder that cache files could lie in.

    Attributes:
        application: The application whose folder was asked for.
    """

    def __init__(self, application: str) -> None:
        super().__init__(application)
        self.application = application

    def __str__(self) -> str:
        return (
            f"no cache folder for {self.application!r}: neither a home nor a cache folder is "
            "known. Set REGCACHE_DIR (or HOME, or XDG_CACHE_HOME) to an absolute path."
        )


class VerificationError(RegcacheError, RuntimeError):
    """A cached answer could not be verified: the process that computes it anew failed.

    Attributes:
        name: What was to be verified.
        status: The exit status of the process; 0 if it ended itself before it was done.
        output: The last lines that it printed, with the traceback if there was one.
    """

    def __init__(self, name: str, status: int, output: str) -> None:
        super().__init__(name, status, output)
        self.name = name
        self.status = status
        self.output = output

    def __str__(self) -> str:
        return (
            f"{self.name!r} was not verified: the process that computes the answer anew ended "
            f"with status {self.status} and without an answer. Its last lines:\n{self.output}"
        )


class ImportStalledError(RegcacheError):
    """Another thread imports a module and does not go on; perhaps it waits for this thread.

    Or it did so when this process was forked, and is not here any more: Python itself would wait
    for the module without end. Fork before threads are started, or import plugins before.

    Attributes:
        module: Name of the module.
    """

    def __init__(self, module: str) -> None:
        super().__init__(module)
        self.module = module

    def __str__(self) -> str:
        return (
            f"{self.module} is being imported in another thread, which has not gone on for ten "
            "seconds; what is listed now is incomplete. Let it not wait while it is imported, and "
            "fork no process meanwhile."
        )


class DuplicateItemError(RegcacheError, ValueError):
    """Two items of one registry have the same key.

    Attributes:
        registry: What the registry is called.
        key: The key.
        first: Where the item is that comes first.
        second: Where the other one is.
    """

    def __init__(self, registry: str, key: object, first: str, second: str) -> None:
        super().__init__(registry, key, first, second)
        self.registry = registry
        self.key = key
        self.first = first
        self.second = second

    def __str__(self) -> str:
        return (
            f"two items of {self.registry} have the key {self.key!r}: {self.first} and "
            f"{self.second}. Give one of them another key."
        )

    def told(self, policy: str) -> str:
        """What is told of the second one: under ``"first"`` and ``"last"`` nothing is to be done.

        Args:
            policy: Which one has the key, as ``on_duplicate=`` says it.
        """
        if policy not in ("first", "last"):
            return str(self)
        return f"{self.registry}: {self.key!r} is that of {self.first}, not of {self.second}."


class EntryPointGoneError(RegcacheError, ImportError):
    """An entry point was to be loaded that no installed distribution names any more.

    Attributes:
        group: Its group.
        label: Its name, and what it named.
        distribution: The distribution that named it.
    """

    def __init__(self, group: str, label: str, distribution: str) -> None:
        super().__init__(group, label, distribution)
        self.group = group
        self.label = label
        self.distribution = distribution

    def __str__(self) -> str:
        return (
            f"{self.label!r} of group {self.group!r} was not imported: {self.distribution} named "
            "it when it was listed, and no installed distribution does any more. Ask "
            "entry_points() again."
        )


class SeenByPluginsError(RegcacheError):
    """Plugins looked at a registry in which there was more than a fresh process would have had.

    What they did then may be otherwise in the next process.
    """

    def __str__(self) -> str:
        return (
            f"plugins of {self.args[0]} looked at it while they were discovered, in a process that "
            "had loaded plugins or set keys before"
        )


class StandInError(RegcacheError):
    """Plugins import a module in the place of which something else stands, as in many tests.

    Attributes:
        module: Name of the module.
    """

    def __init__(self, module: str) -> None:
        super().__init__(module)
        self.module = module

    def __str__(self) -> str:
        return (
            f"sys.modules[{self.module!r}] holds what no import has put there, and plugins import "
            "it; the next process may find another module"
        )


class CacheWarning(UserWarning):
    """A registry works, but its answer could not be cached for a reason worth mending."""


def told(error: BaseException) -> str:
    """Type and words of an exception, which may fail to give them.

    Args:
        error: The exception; one of cattrs is told with all that lies in it.

    >>> told(ValueError("no paint")), told(ValueError())
    ('ValueError: no paint', 'ValueError')
    """
    try:
        words = str(error)
        cattrs: Any = sys.modules.get("cattrs")  # another thread may be importing it
        if isinstance(error, getattr(cattrs, "BaseValidationError", ())):
            words = "; ".join(cattrs.transform_error(error))  # it says only how many there are
    except Exception as worse:  # plugin code may raise anything
        words = f"({type(worse).__name__} in its __str__)"
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def warn_caller(message: str, category: type[Warning]) -> None:
    """Warn at the line of the application that led here, so that its filters apply.

    Args:
        message: What happened, and what to do.
        category: The kind of warning.
    """
    level, frame = 2, sys._getframe(1)
    while frame.f_back and str(frame.f_globals.get("__name__")).startswith("regcache_"):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)

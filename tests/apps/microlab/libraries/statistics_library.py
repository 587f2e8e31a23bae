"""The averages and spreads of the standard library's ``statistics``."""

import inspect
import statistics
from collections.abc import Callable

from .base import LibraryRegistry


class StatisticsLibrary(LibraryRegistry):
    """Functions whose first parameter is ``data`` and which need nothing else."""

    library = statistics

    def functions(self) -> dict[str, Callable[..., object]]:
        """Give the functions of one sample."""
        found: dict[str, Callable[..., object]] = {}
        for name in sorted(statistics.__all__):
            function = getattr(statistics, name)
            if not inspect.isfunction(function):
                continue
            first, *others = inspect.signature(function).parameters.values()
            needed = [other for other in others if other.default is inspect.Parameter.empty]
            if first.name == "data" and all(o.kind is o.KEYWORD_ONLY for o in needed):
                found[name] = function
        return found

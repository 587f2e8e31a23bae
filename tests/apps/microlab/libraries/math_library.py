"""The functions of one number from the standard library's ``math``."""

import math
from collections.abc import Callable

from .base import LibraryRegistry


def _takes_one_number(function: Callable[..., object]) -> bool:
    """Tell whether a call with 0.5 gives a float; the module is compiled and says nothing."""
    try:
        return isinstance(function(0.5), float)
    except (TypeError, ValueError):
        return False


class MathLibrary(LibraryRegistry):
    """Functions that map a float to a float."""

    library = math

    def functions(self) -> dict[str, Callable[..., object]]:
        """Give the functions of one float."""
        public = {name: getattr(math, name) for name in sorted(dir(math)) if name[0] != "_"}
        return {
            name: function
            for name, function in public.items()
            if callable(function) and _takes_one_number(function)
        }

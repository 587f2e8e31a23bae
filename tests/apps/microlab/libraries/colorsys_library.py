"""The conversions of the standard library's ``colorsys``."""

import colorsys
from collections.abc import Callable

from .base import LibraryRegistry


class ColorsysLibrary(LibraryRegistry):
    """Conversions between colour spaces: pairs of names joined by ``_to_``."""

    library = colorsys

    def functions(self) -> dict[str, Callable[..., object]]:
        """Give the conversions."""
        return {name: getattr(colorsys, name) for name in sorted(dir(colorsys)) if "_to_" in name}

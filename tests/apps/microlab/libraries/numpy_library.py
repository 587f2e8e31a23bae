"""The element-wise functions of numpy."""

from collections.abc import Callable

import numpy

from .base import LibraryRegistry


class NumpyLibrary(LibraryRegistry):
    """Universal functions with one array in and one array out."""

    library = numpy

    def functions(self) -> dict[str, Callable[..., object]]:
        """Give the unary universal functions."""
        public = {name: getattr(numpy, name) for name in sorted(numpy.__all__)}
        return {
            name: function
            for name, function in public.items()
            if isinstance(function, numpy.ufunc) and (function.nin, function.nout) == (1, 1)
        }

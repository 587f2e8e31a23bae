"""Keys from the names of classes, and which classes count."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def make_suffix_extractor(suffix: str) -> "Callable[[str, type], str]":
    """A key extractor: the class's name in lower case, without ``suffix``.

    Args:
        suffix: End of the class name to be dropped, such as ``"Handler"``.

    Returns:
        A function of ``(class name, class)`` that returns the key.

    >>> make_suffix_extractor("Reader")("TiffReader", object)
    'tiff'
    """

    def extract(name: str, cls: type) -> str:
        """A key extractor: the class's name in lower case, without its suffix."""
        return (name.removesuffix(suffix) or name).lower()

    extract.__qualname__ = f"make_suffix_extractor({suffix!r})"
    return extract


def extract_key_from_class_name(name: str, cls: type) -> str:
    """A key extractor: the class's name as it is.

    >>> extract_key_from_class_name("TiffReader", object)
    'TiffReader'
    """
    return name


#: Key extractor: ``ImageXpressHandler`` -> ``"imagexpress"``.
extract_key_from_handler_suffix = make_suffix_extractor("Handler")

#: Key extractor: ``DiskBackend`` -> ``"disk"``.
extract_key_from_backend_suffix = make_suffix_extractor("Backend")


def is_published(cls: type) -> bool:
    """Whether the class stands in the ``__all__`` of its module; for ``include=``.

    >>> import fractions
    >>> is_published(fractions.Fraction)
    True
    """
    names = vars(sys.modules[cls.__module__]).get("__all__", ())
    return cls.__name__ in names

"""Classes and functions that were given as text, ``"module:qualname"``: ``Named``."""

from regcache_core import discovery
from regcache_core.discovery import check_argument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Named:
    """A class or function that was given as text: it is imported when it is needed.

    It has the names of what it stands for, so that settings and sources are the same for both.

    Args:
        field: The argument that it was given as.
        text: Where it lies, as ``module:qualname``.
        package: The package that is searched.
    """

    def __init__(self, field: str, text: str, package: str) -> None:
        self.__module__, _, self.__qualname__ = text.partition(":")
        self.field, self.text, self.package = field, text, package

    def load(self) -> "Any":
        """What it stands for now: a module may have been reloaded.

        Raises:
            ConfigError: That is no class, or no function (a ``ValueError``).
            DiscoveryError: It cannot be imported.
        """
        try:
            found = discovery.load_object(self.__module__, self.__qualname__)
        except Exception as error:  # foreign code may raise anything
            from .errors import DiscoveryError

            problem = f"{self.field}={self.text!r} cannot be had: {type(error).__name__}: {error}"
            raise DiscoveryError(self.package, problem) from error
        is_right = isinstance(found, type) if self.field == "base" else callable(found)
        kind = "class" if self.field == "base" else "function"
        check_argument(self.field, self.text, is_right, f"the place of a {kind}: {found!r} is none")
        return found

    def __call__(self, *arguments: "Any") -> "Any":
        return self.load()(*arguments)


def as_named(field: str, given: str, package: str, expected: str) -> Named:
    """A class or function that was given as text.

    Raises:
        ConfigError: The text does not have the form of a place.
    """
    module, colon, qualname = given.partition(":")
    is_place = colon and all(map(str.isidentifier, f"{module}.{qualname}".split(".")))
    is_dotted = not colon and "." in given.strip(".")
    right = ":".join(given.rsplit(".", 1)) if is_dotted else "module:name"
    check_argument(field, given, bool(is_place), f"{expected}, or where it lies: {right!r}")
    return Named(field, given, package)

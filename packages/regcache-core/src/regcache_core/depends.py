"""What an answer may be declared to depend on: ``File``, ``EnvironmentVariable``, ``Distribution``.

Values only; how they are recorded and compared is in ``dependencies``.
"""

import os
import sys
from time import time_ns

from ._file import check_argument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Dependency:
    """Base of what can be declared; two of one class and one name are equal.

    Attributes:
        name: What is meant, as the class has it.
    """

    __slots__ = ("name",)

    #: The part of the record that tells of it.
    member = ""

    def __init__(self, name: str) -> None:
        is_text = isinstance(name, str) and name != "" and "\0" not in name
        check_argument(type(self).__name__, name, is_text, "a non-empty text")
        self.name = name

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Dependency):
            return NotImplemented
        return (self.member, self.name) == (other.member, other.name)

    def __hash__(self) -> int:
        return hash((self.member, self.name))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def __reduce__(self) -> "tuple[Any, ...]":
        return type(self), (self.name,)


class File(Dependency):
    """A file, or a folder with everything below it but hidden entries and ``__pycache__``.

    It need not exist: its appearance is a change.

    Args:
        path: Its path. A relative one begins at the folder of the module that calls this (at the
            working folder, where that module has no file); ``~`` is the user's home.

    Attributes:
        name: The absolute path.

    >>> File("/usr/share/palettes/warm.json")
    File('/usr/share/palettes/warm.json')
    """

    __slots__ = ()
    member = "files"

    def __init__(self, path: "str | os.PathLike[str]") -> None:
        super().__init__(os.fspath(path) if isinstance(path, os.PathLike) else path)
        declarer = sys._getframe(1).f_globals.get("__file__") or ""
        folder = os.path.dirname(declarer)
        self.name = os.path.abspath(os.path.join(folder, os.path.expanduser(self.name)))


class EnvironmentVariable(Dependency):
    """An environment variable: set, unset or set to another value. Empty is not unset.

    The cache file holds no value, only a fingerprint that it cannot be told from.

    Args:
        name: Its name.

    >>> EnvironmentVariable("PAINTER_PALETTES")
    EnvironmentVariable('PAINTER_PALETTES')
    """

    __slots__ = ("_declared_ns", "_value")
    member = "variables"

    def __init__(self, name: str) -> None:
        super().__init__(name)
        expected = "the name of a variable, without its value"
        check_argument(type(self).__name__, name, "=" not in name, expected)
        if os.name == "nt":  # pragma: no cover - Windows, which knows the names in capitals only
            self.name = name.upper()
        # The module that declares it is being imported, and may have read it.
        self._value = os.environ.get(self.name)
        self._declared_ns = time_ns()

    def is_outdated(self, environment: "Mapping[str, str]", start_ns: int) -> bool:
        """Whether it had another value when it was declared than when a search started.

        During the search a plugin may set it before it is declared; that is no such change.

        Args:
            environment: The environment variables when the search started.
            start_ns: That moment, in nanoseconds since the epoch.
        """
        return self._declared_ns < start_ns and self._value != environment.get(self.name)


class Distribution(Dependency):
    """An installed distribution, as pip names it: installed, upgraded, installed anew or removed.

    Args:
        name: Its name; ``Sci_Tiny`` and ``sci-tiny`` are the same.

    >>> Distribution("Sci_Tiny") == Distribution("sci.tiny")
    True
    """

    __slots__ = ()
    member = "distributions"

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = normalize(name)


def normalize(name: str) -> str:
    """The name of a distribution in the one spelling that PEP 503 gives to all of them.

    >>> normalize("Sci.._Tiny")
    'sci-tiny'
    """
    words = name.lower().replace("_", "-").replace(".", "-").split("-")
    return "-".join(filter(None, words))


def name_in(metadata: str) -> str:
    """The normalized name of a distribution, from the path of its metadata.

    >>> name_in("Sci_Tiny-1.0.dist-info"), name_in("site/sci_tiny-1.0-py3.12.egg/EGG-INFO")
    ('sci-tiny', 'sci-tiny')
    """
    folder, name = os.path.split(metadata)
    if name.lower() == "egg-info":
        name = os.path.basename(folder)
    return normalize(name.rpartition(".")[0].partition("-")[0])


def as_dependencies(given: "Any", field: str = "depends_on") -> "tuple[Dependency, ...]":
    """What was declared, sorted, each once.

    Args:
        given: A list (or tuple, or set) of ``File``, ``EnvironmentVariable``, ``Distribution``.
        field: What the declaration is called in messages.

    Raises:
        ConfigError: It is anything else.
    """
    is_list = isinstance(given, (list, tuple, set, frozenset))
    is_right = is_list and all(isinstance(each, Dependency) for each in given)
    expected = "a list of File, EnvironmentVariable and Distribution objects"
    check_argument(field, given, is_right, expected)
    return tuple(sorted({*given}, key=repr))

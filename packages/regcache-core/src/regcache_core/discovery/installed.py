"""Entry points of installed distributions, as ``importlib.metadata`` has them, without it.

Each folder on ``sys.path`` that has metadata is one answer of its own, which all applications of an
environment share. What reads metadata with ``importlib.metadata`` is ``_cold.installed``.
"""

import os
import sys
from _frozen_importlib_external import PathFinder  # as in importlib.machinery, which is an import
from time import time_ns

from .._file import RACY_NS, CacheMiss
from .._inputs import Input, SourceTree
from .._manager import RegistryCacheManager
from .._modules import attribute_of, is_metadata, is_path, module_of, search_path, stamp_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from importlib.metadata import Distribution
    from typing import Any

_STATED = "entry_points.txt"
#: To look at so many names takes no longer than to read a cache file that says what they are.
_FEW = 250


class EntryPoint:
    """One entry point of an installed distribution; equal to another of the same three texts.

    Args:
        name: Its name in the group.
        value: What it names: ``module``, or ``module:attribute``, and extras.
        group: The group.
        dist_name: Name of the distribution; empty where none is known.
        dist_version: Its version.
        source: Where it was found: folder and name of the metadata, or a distribution.

    >>> point = EntryPoint("tiff", "tiff_reader.plugins:TiffReader [fast]", "app.readers")
    >>> point.module, point.attr, point.extras
    ('tiff_reader.plugins', 'TiffReader', ['fast'])
    """

    __slots__ = ("_source", "dist_name", "dist_version", "group", "name", "value")

    if TYPE_CHECKING:
        name: str
        value: str
        group: str
        dist_name: str
        dist_version: str
        _source: tuple[str, str] | Distribution | None

    def __init__(
        self,
        name: str,
        value: str,
        group: str,
        dist_name: str = "",
        dist_version: str = "",
        source: "tuple[str, str] | Distribution | None" = None,
    ) -> None:
        given = (source, dist_name, dist_version, group, name, value)
        for slot, each in zip(self.__slots__, given):  # noqa: B905 - as many
            object.__setattr__(self, slot, each)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"EntryPoint objects are immutable: {name!r} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"EntryPoint objects are immutable: {name!r} cannot be deleted")

    @property
    def module(self) -> str:
        """The module that it names.

        Raises:
            ValueError: The value is none of an entry point; so for ``attr`` and ``extras``.
        """
        return self._parts()[0]

    @property
    def attr(self) -> "str | None":
        """What it names in the module; ``None`` for the module itself."""
        return self._parts()[1]

    @property
    def extras(self) -> "list[str]":
        """The extras of its distribution that it needs."""
        words = self._parts()[2]
        return "".join(each if each != "." and _is_word(each) else " " for each in words).split()

    def _parts(self) -> "tuple[str, str | None, str]":
        """Module, attribute and extras, as the regular expression of the original has them."""
        text, bracket, extras = self.value.partition("[")
        module, colon, attr = text.partition(":")
        is_right = _is_word(module.rstrip()) and (not colon or _is_word(attr.strip()))
        if not is_right or (bracket and not extras.rstrip().endswith("]")):
            raise ValueError(
                f"entry point {self.name!r} of group {self.group!r} is {self.value!r}; "
                "'module' or 'module:attribute' is expected, and '[extras]' after it"
            )
        return module.rstrip(), attr.strip() if colon else None, extras

    @property
    def dist(self) -> "Distribution | None":
        """The distribution; this imports ``importlib.metadata``. ``None`` where none is known."""
        if not isinstance(self._source, tuple):
            return self._source
        from ._cold.installed import distribution_at

        return distribution_at(*self._source)

    def matches(self, **params: object) -> bool:
        """Whether attributes have these values, ``matches(name="tiff", extras=["fast"])``.

        Raises:
            AttributeError: There is no such attribute.
        """
        return all(getattr(self, name) == value for name, value in params.items())

    def load(self) -> "Any":
        """Import what it names.

        The metadata are read again before: no module is imported because a cache file says so.

        Raises:
            EntryPointGoneError: No distribution names it any more (an ``ImportError``).
            ValueError: The value is none of an entry point.
            Exception: Whatever the import raises, or AttributeError.
        """
        from .modules import load_object

        module, attr = self.module, self.attr or ""
        if isinstance(self._source, tuple) and not self._is_named(*self._source):
            from ..errors import EntryPointGoneError

            raise EntryPointGoneError(self.group, f"{self.name} = {self.value}", self.dist_name)
        found = load_object(module)
        for each in filter(None, attr.split(".")):
            found = getattr(found, each)
        return found

    def _is_named(self, folder: str, metadata: str) -> bool:
        """Whether metadata name it now: those that it was found in, or any others."""
        is_name = is_metadata(metadata, folder) and os.path.basename(metadata) == metadata
        file = os.path.join(folder, metadata, _STATED)
        # A cache file may lie.
        is_here = is_name and self.value in _read(_values_in, file, self.group)
        return is_here or is_entry_point(self.group, self.module, self.attr or "")

    def _key(self) -> "tuple[str, str, str]":
        return self.name, self.value, self.group

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, EntryPoint) else NotImplemented

    def __lt__(self, other: "EntryPoint") -> bool:
        return self._key() < other._key() if isinstance(other, EntryPoint) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def __reduce__(self) -> "tuple[Any, ...]":
        return EntryPoint, (*self._key(), self.dist_name, self.dist_version, self._source)

    def __repr__(self) -> str:
        return f"EntryPoint(name={self.name!r}, value={self.value!r}, group={self.group!r})"


def _is_word(text: str) -> bool:
    """Whether all is of what a regular expression calls words, or dots."""
    return text.replace(".", "a").replace("_", "a").isalnum()


class EntryPoints(tuple["EntryPoint", ...]):
    """Entry points, to be selected from; ``points["tiff"]`` is the first of that name."""

    __slots__ = ()

    def __getitem__(self, name: str) -> EntryPoint:  # type: ignore[override]  # as the original
        for point in self:
            if point.name == name:
                return point
        raise KeyError(name)

    def select(self, **params: object) -> "EntryPoints":
        """Those whose attributes have these values, ``select(group="app.readers")``.

        Raises:
            AttributeError: There is no such attribute.
        """
        return EntryPoints(point for point in self if point.matches(**params))

    @property
    def names(self) -> "set[str]":
        """The names of all."""
        return {point.name for point in self}

    @property
    def groups(self) -> "set[str]":
        """The groups of all."""
        return {point.group for point in self}

    def __repr__(self) -> str:
        return f"EntryPoints({tuple(self)!r})"


def entry_points(**params: object) -> EntryPoints:
    """The entry points of installed distributions, as ``importlib.metadata.entry_points`` has them.

    From a cache file for each folder on ``sys.path`` that has metadata, proven by one ``os.stat``
    for the folder and one or two for each distribution in it, at every call. Where a finder of
    another kind knows distributions, or metadata are broken, ``importlib.metadata`` answers.

    Args:
        params: Attributes and their values, such as ``group="app.readers"``, ``name="tiff"``; none
            for all entry points.

    Returns:
        Those that match, in the order of ``sys.path``; of several distributions of one name, those
        of the first.

    Raises:
        AttributeError: An entry point has no attribute of that name.
        Exception: Whatever ``importlib.metadata`` makes of metadata that are broken.

    >>> entry_points(group="no.such.group")
    EntryPoints(())
    """
    try:
        found = _find(params)
    except OSError:  # too many open files, no working folder: nothing was stored
        found = None
    if found is None:
        from ._cold.installed import ask

        return EntryPoints(EntryPoint(*each) for each in ask(params))
    return EntryPoints(found).select(**params)


def _find(params: "dict[str, object]") -> "list[EntryPoint] | None":
    """Those of the distributions that have some of the group; ``None`` to ask the original."""
    finders = [each for each in sys.meta_path if getattr(each, "find_distributions", None)]
    if finders != [PathFinder] or not all(map(is_path, sys.path)):
        return None
    found: list[EntryPoint] = []
    seen: set[str] = set()
    for folder in _folders():
        for metadata, record in _distributions_in(folder).items():
            if not record:
                return None
            if record[0] in seen:
                continue
            seen.add(record[0])
            if len(record) == 1:
                return None
            if "group" not in params or params["group"] in record[5::3]:
                source = folder, metadata
                _, dist_name, version, *texts = record
                found += [
                    EntryPoint(name, value, group, dist_name, version, source)
                    for name, value, group in zip(texts[::3], texts[1::3], texts[2::3])  # noqa: B905
                ]
    return found


def _folders() -> "list[str]":
    """The entries of ``sys.path``, absolute, and else as they stand there: an egg by its name.

    Raises:
        OSError: The working folder, at which one of them begins, was removed.
    """
    here = "" if all(map(os.path.isabs, sys.path)) else os.getcwd()
    return list(dict.fromkeys(os.path.join(here, each) for each in sys.path))


#: Folder -> what proves it, and its distributions; read once while that holds.
_KNOWN: "dict[str, tuple[Metadata, dict[str, list[str]]]]" = {}
#: Small folder without metadata -> its stamp.
_PLAIN: "dict[str, list[int]]" = {}


def _distributions_in(folder: str) -> "dict[str, list[str]]":
    """Name of metadata -> record, in the order in which the original gives them.

    A record has the normalized name, the name and the version, and name, value and group of each
    entry point. It has the first alone where entry points cannot be read, and not even that where
    there is no name: where such metadata count, the original is to be asked.
    """
    known = _KNOWN.get(folder)
    if known is not None and known[0].holds():
        return known[1]
    if _is_plain(folder):
        return {}
    metadata = Metadata(folder)
    manager = RegistryCacheManager[str, "list[str]"](
        "installed",
        lambda: "1",  # what it was read with is Python's, and part of the identity
        _checked,
        _checked,
        inputs=[metadata],
        application="regcache_core",
    )
    found = manager.get_or_build(metadata.read)
    if metadata.recorded is not None:
        _KNOWN[folder] = metadata, found
    return found


def _checked(record: "Any") -> "list[str]":
    """A record, if it is one."""
    is_list = record.__class__ is list and {*map(type, record)} <= {str}
    if not is_list or (len(record) % 3 and len(record) > 1):
        raise TypeError(f"{record!r} is no record of entry points")
    return record  # type: ignore[no-any-return]


def _is_plain(folder: str) -> bool:
    """Whether a folder is small and has no metadata, or there is none."""
    stamp = stamp_of(folder)
    if _PLAIN.get(folder) == stamp:
        return True
    try:
        with os.scandir(folder) as entries:
            for number, entry in enumerate(entries):
                if number == _FEW or is_metadata(entry.name, folder):
                    return False
    except NotADirectoryError:  # an archive
        return False
    except OSError:  # nothing there, or not ours to list: the original finds nothing either
        return True
    if _is_old(stamp):
        _PLAIN[folder] = stamp
    return True


class Metadata(Input):
    """The metadata of distributions in a folder (or archive) on ``sys.path``.

    A record has the stamp of the folder and the names of metadata in it, in their order (``None``
    for an archive), and stamps of the files in these. While they hold nothing is read. Where the
    folder moved, the names are compared; where a file did, its content is.

    Args:
        folder: The folder.

    Attributes:
        recorded: What was true last; ``None`` before.
    """

    def __init__(self, folder: str) -> None:
        super().__init__("metadata", self._look)
        self.folder = folder
        self.paths = (folder,)
        self.recorded: Any = None

    def _look(self) -> "Any":
        from .._cold.stamps import trusted_stamp
        from ._cold.installed import stamps_in

        stamp = trusted_stamp(self.folder)  # before the names: a later change moves it again
        names = _names_in(self.folder)
        files = stamps_in(self.folder, names)
        self.recorded = {"names": names, "stamp": stamp, "files": files}
        return self.recorded

    def read(self) -> "dict[str, list[str]]":
        """The distributions, read by ``importlib.metadata``."""
        from ._cold.installed import read

        return read(self.folder)

    def holds(self) -> bool:
        """Whether what was true last is so still."""
        try:
            self.check(self.recorded)
        except CacheMiss:
            return False
        return True

    def check(self, recorded: "Any") -> "Any":
        """Compare stamps: one ``os.stat`` for the folder and each file.

        Raises:
            CacheMiss: Metadata were added, edited or removed.
        """
        names, stamp, files = recorded["names"], recorded["stamp"], recorded["files"]
        now = stamp if names is None else stamp_of(self.folder)
        if now != stamp:
            if _names_in(self.folder) != names:
                raise CacheMiss("ENTRY_POINTS_CHANGED", self.folder)
            now = now if _is_old(now) else stamp
        moved = SourceTree(()).check(files)
        self.recorded = {"names": names, "stamp": now, "files": moved or files}
        # A folder that moves at every start is not to be written down at every start.
        was_young = min(stamp) < 0 and now != stamp
        return self.recorded if moved or was_young else None


def _is_old(stamp: "list[int]") -> bool:
    """Whether a later change cannot have the same stamp; ``trusted_stamp`` has the rest."""
    return max(stamp[:2]) < time_ns() - RACY_NS


def _names_in(folder: str) -> "list[str] | None":
    """The names of metadata in a folder, in their order; ``None`` for what is no folder."""
    try:
        return [name for name in os.listdir(folder) if is_metadata(name, folder)]
    except NotADirectoryError:
        return None
    except OSError:  # nothing there, or not ours to list
        return []


def is_entry_point(group: str, module: str, attribute: "str | None" = None) -> bool:
    """Whether an installed distribution has an entry point in a module: its metadata are read now.

    To be asked before a module is imported that only a cache file says is one of these.

    Args:
        group: The group of entry points.
        module: The module.
        attribute: What the entry point must name in it; ``None`` for anything.
    """
    for value in _published(group):
        if module_of(value) == module and attribute in (None, attribute_of(value)):
            return True
    return False


def _published(group: str) -> "Iterator[str]":
    """The values of all entry points of a group."""
    archives = []
    for folder in search_path():
        names = _read(_names_in, folder)
        if names is None:
            archives.append(folder)
        for name in names or ():
            yield from _read(_values_in, os.path.join(folder, name, _STATED), group)
    if archives:
        from ._cold.entry_points import read_installed

        for _, value, *_ in read_installed(archives, group)["points"]:
            yield value


def _values_in(path: str, group: str) -> "list[str]":
    """The values of the entry points that a file names, read as ``importlib.metadata`` does.

    Raises:
        OSError: It is not there, or cannot be read.
    """
    with open(path, "rb") as file:
        lines = file.read().decode(errors="replace").splitlines()
    values: list[str] = []
    section = ""
    for line in map(str.strip, lines):
        if line[:1] == "[" and line[-1:] == "]":
            section = line.strip("[]")
        elif section == group and line[:1] != "#":
            values.append(line.partition("=")[2].strip())
    return values


#: What was read, and of which path -> its stamp, and the result: who loads many plugins asks for
#: each of them.
_READ: "dict[tuple[str, ...], tuple[list[int], Any]]" = {}


def _read(function: "Callable[..., Any]", path: str, *more: str) -> "Any":
    """What a function reads of a file or folder, anew if that has moved; nothing if it cannot."""
    stamp, what = stamp_of(path), (function.__name__, path, *more)
    known = _READ.get(what)
    if known is not None and known[0] == stamp:
        return known[1]
    try:
        found = function(path, *more)
    except OSError:
        return []
    if _is_old(stamp) and (found or more):  # an empty list of names may be an error, too
        _READ[what] = stamp, found
    return found

"""What installed distributions say: their entry points of one group, and their versions.

The cold side of ``ImportPath``: it reads metadata with ``importlib.metadata``.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from functools import lru_cache

from ..._cold.stamps import trusted_stamp
from ..._file import fingerprint
from ..._inputs import PYTHON_SUFFIXES
from ..._modules import (
    attribute_of,
    file_of,
    find_package,
    is_metadata,
    is_plain_name,
    module_of,
    search_path,
)
from ...depends import name_in, normalize
from ...errors import told
from ..modules import load_object
from .importing import raise_if_signalled, reraise_exit
from .packages import is_installed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from importlib import metadata
    from typing import Any

    from ..listing import Cache
    from .failures import Failures

ENTRY_POINTS = "entry_points.txt"
#: The files that an installer replaces with everything that it changes.
_STATED = ("METADATA", "RECORD", "PKG-INFO")
#: The lists of installed files: of dist-info and of egg-info folders.
_LISTS = ("RECORD", "installed-files.txt")


def read_installed(entries: Iterable[str], group: str) -> dict[str, Any]:
    """What the distributions on a path say, and the stamps of the files that say it.

    Args:
        entries: Folders and archives, as on ``sys.path``.
        group: The group of entry points to be read.

    Returns:
        ``points``: ``[name, value, distribution, version]`` each, sorted by distribution and name;
        ``broken``: name of the metadata that cannot be read -> error and place; ``versions``: for
        each distribution that has some its version and the fingerprint of its metadata; ``files``:
        stamps.
    """
    entries = list(entries)
    files: dict[str, list[int]] = {}
    points, broken = _read_points(entries, group, files)
    names = dict.fromkeys(distribution for *_, distribution, _ in points)
    found: dict[str, tuple[str, metadata.Distribution]] = {}
    for path, distribution in _distributions(entries) if names else ():
        found.setdefault(name_in(path), (path, distribution))
    versions = {name: _version_of(name, found.get(normalize(name)), files) for name in names}
    return {"points": points, "broken": broken, "versions": versions, "files": files}


def _read_points(
    entries: list[str], group: str, files: dict[str, list[int]]
) -> tuple[list[list[str]], dict[str, list[str]]]:
    points, broken = [], {}
    seen = set()
    for path, distribution in _distributions(entries):
        stated = os.path.join(path, ENTRY_POINTS)
        place = stated if os.path.exists(stated) else path
        files[place] = trusted_stamp(place)
        name = name_in(path) or path
        if name in seen:  # the first of a name on the path is the one that counts
            continue
        seen.add(name)
        try:
            points += _points_of(distribution, name, group, place == stated)
        except Exception as error:  # what lies there may be anything: it costs only itself
            raise_if_signalled(error)
            broken[os.path.basename(path)] = [told(error), place]
    return sorted(points, key=lambda each: (each[2], each)), broken


def points_of(group: str) -> list[list[str]]:
    """The entry points of a group that there are now, as ``read_installed`` has them."""
    entries = search_path() if group else []
    return _points_in(tuple(entries), group, _stamps_in(entries, (ENTRY_POINTS,)))


@lru_cache(maxsize=16)  # for one group many modules are asked for, one after the other
def _points_in(entries: tuple[str, ...], group: str, stamps: tuple[object, ...]) -> list[list[str]]:
    return _read_points([*entries], group, {})[0]


def _stamps_in(entries: Iterable[str], names: tuple[str, ...]) -> tuple[object, ...]:
    """The stamps of files in all metadata on a path; an archive is stamped as a whole."""
    paths = []
    for entry in entries:
        paths.append(entry)
        with suppress(OSError):
            found = [name for name in os.listdir(entry) if is_metadata(name, entry)]
            paths += [os.path.join(entry, name, each) for name in found for each in names]
    return tuple((path, *trusted_stamp(path)) for path in paths)


def _distributions(entries: Iterable[str]) -> Iterator[tuple[str, metadata.Distribution]]:
    """Each distribution with the place of its metadata, in the order of the path."""
    from importlib import metadata  # it costs more than most discoveries

    for entry in entries:
        try:
            names = sorted(os.listdir(entry))
        except NotADirectoryError:  # an archive, which is stamped as a whole
            for number, each in enumerate(metadata.distributions(path=[entry])):
                yield os.path.join(entry, str(number)), each
            continue
        except OSError:
            continue
        for name in names:
            if is_metadata(name, entry):
                path = os.path.join(entry, name)
                yield path, metadata.Distribution.at(path)


def _points_of(
    distribution: metadata.Distribution, name: str, group: str, is_stated: bool
) -> list[list[str]]:
    """The entry points of one distribution.

    Raises:
        OSError: There is a file, but it cannot be read.
        Exception: Whatever importlib.metadata makes of the text in it.
    """
    if is_stated and distribution.read_text(ENTRY_POINTS) is None:
        raise OSError(f"{ENTRY_POINTS} cannot be read")
    mine = [point for point in distribution.entry_points if point.group == group]
    if not mine:
        return []
    return [[point.name, point.value, *told_by(distribution, name)] for point in mine]


def told_by(distribution: metadata.Distribution, name: str) -> list[str]:
    """Name and version of a distribution; the name of its folder where it does not say."""
    try:
        said: Any = distribution.metadata
        return [said.get("Name") or name, said.get("Version") or ""]
    except Exception:  # no METADATA that can be read; its entry points count all the same
        return [name, ""]


def _version_of(
    name: str, found: tuple[str, metadata.Distribution] | None, files: dict[str, list[int]]
) -> list[str] | None:
    if found is None:
        return None
    path, distribution = found
    stated = [os.path.join(path, each) for each in _STATED]
    files.update((each, trusted_stamp(each)) for each in stated)
    content = [_content_of(each) for each in stated]
    return [told_by(distribution, name)[1], fingerprint(b"".join(content))]


def _content_of(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def distribution_of(package: str, places: Iterable[str]) -> metadata.Distribution | None:
    """The distribution that lists a file of a package, at its place, among those it installed.

    Its metadata lie beside what it installed. A list of sources (of an egg-info folder, which a
    source tree may hold) is none of installed files.

    Args:
        package: Name of the package or module.
        places: Its folders or file.
    """
    return next(_distributions_of(package, places), None)


def metadata_files(package: str, places: Iterable[str]) -> list[str]:
    """The metadata files of the distributions that installed a package where it lies.

    Returns:
        Paths of METADATA and RECORD (or PKG-INFO); several of each for a namespace package. Empty
        if no distribution installed it, or only a reference to it (editable).
    """
    places = list(places)
    if not all(is_installed(place, package) for place in places):
        return []
    return sorted(
        {
            str(each.locate_file(file))
            for each in _distributions_of(package, places)
            for file in each.files or ()
            if file.name in _STATED and ".." not in file.parts
        }
    )


def metadata_of(placed: Mapping[str, list[str]]) -> list[str]:
    """The same for several packages: names -> folders or file."""
    return sorted({file for each in placed.items() for file in metadata_files(*each)})


def site_of(package: str, place: str) -> str:
    """The folder in which a package, or its uppermost one, lies."""
    for _ in package.split("."):
        place = os.path.dirname(place)
    return place


def _distributions_of(package: str, places: Iterable[str]) -> Iterator[metadata.Distribution]:
    """All distributions that list a file of a package."""
    for place in places:
        folder = site_of(package, place)
        listed = place[len(folder) :].replace(os.sep, "/").strip("/")
        # Compared as text: to look up each file on the disk would take longer than a discovery. A
        # path that holds a comma is quoted.
        line = re.compile(rf'^"?(?:\./)?{re.escape(listed)}(?:[/,"]|$)', re.MULTILINE)
        stamps = _stamps_in([folder], _LISTS)
        for distribution, files in _listing(folder, listed.partition("/")[0], stamps):
            if line.search(files):
                yield distribution


@lru_cache(maxsize=16)  # of one package many modules are asked for, one after the other
def _listing(
    folder: str, top: str, stamps: tuple[object, ...]
) -> list[tuple[metadata.Distribution, str]]:
    """The distributions in a folder whose lists have a name, with the lists as they are stamped."""
    found = []
    for _, distribution in _distributions([folder]):
        record, files = map(distribution.read_text, _LISTS)
        # The latter begins at the metadata, which lie in the folder.
        text = record or re.sub(r"^\.\./", "", files or "", flags=re.MULTILINE)
        if top in text:
            found.append((distribution, text))
    return found


def load_installed(
    cache: Cache,
    failures: Failures,
    load: Callable[[str, str], object],
    on_failure: Callable[[str, BaseException], object],
) -> None:
    """Import what entry points name, one by one; one that fails costs only itself.

    Args:
        cache: Knows the entry points, and is told of the source files.
        failures: Is told of metadata that cannot be read.
        load: Called with the name and the value of each; imports it.
        on_failure: Called with ``name = value`` and the exception of each that fails; enters it in
            ``failures``, or raises.

    Raises:
        Exception: Whatever ``on_failure`` raises.
    """
    installed = cache.import_path.entry_points_now()
    failures.texts.update(installed["broken"])
    for name, value, *origin in installed["points"]:
        try:
            load(name, value)
        except BaseException as error:  # foreign code may raise anything
            reraise_exit(module_of(value), error)
            label = f"{name} = {value}"
            on_failure(label, error)
            failures.texts[label][0] += f" (installed by {' '.join(filter(None, origin))})"
        cache.elsewhere.add(sources_of(module_of(value)))
        cache.elsewhere.watch_absent(_places_before(module_of(value)))


def load_entry_point(value: str) -> Any:
    """Import what an entry point names: a module, or something in it.

    Raises:
        ValueError: It names no module that a cache file may name (``is_plain_name``).
        Exception: Whatever the import raises, or AttributeError.

    >>> load_entry_point("os.path:join").__name__
    'join'
    """
    module = module_of(value)
    if not is_plain_name(module):
        raise ValueError(f"{module!r} is a relative name, or that of a program: it is not imported")
    return load_object(module, attribute_of(value) or None)


def _with_packages(module: str) -> list[str]:
    """A module and the packages above it, the outermost first."""
    parts = module.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]


def _places_before(module: str) -> Iterator[str]:
    """What is not there, and would be imported in the place of a module or of a package above it.

    A package goes before a module of its name, and any portion that is a package of its own before
    all portions of a namespace.
    """
    for name in _with_packages(module):
        file, places = file_of(name), []
        if not file:
            places = [os.path.join(folder, "__init__.py") for folder in find_package(name) or ()]
        elif not os.path.basename(file).startswith("__init__."):
            places = [os.path.splitext(file)[0]]
        yield from (path for path in places if not os.path.lexists(path))


def sources_of(module: str) -> list[str]:
    """The source files that decide what an installed module holds.

    Returns:
        Its file, and those of the packages that it lies in; where it is in use where it is
        developed (an editable install), also all files of the top-level one.
    """
    top = module.partition(".")[0]
    return [*filter(None, map(file_of, _with_packages(module)))] + [
        os.path.join(parent, name)
        for folder in find_package(top) or []
        if not is_installed(folder, top)
        for parent, _, names in os.walk(folder)
        for name in sorted(names)
        if name.endswith(PYTHON_SUFFIXES)
        if not parent.endswith("__pycache__")
    ]

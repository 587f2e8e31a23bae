"""Declared dependencies recorded and compared: the part of ``Declared`` for those in use.

Imported by a warm start too, but only where something is declared. A record has the members
``declared`` (what the registry itself declares), ``files`` (stamps), ``variables`` (fingerprints)
and ``distributions`` (places); those that would be empty are left out.
"""

import os

from ._file import CacheMiss
from ._modules import is_metadata, search_path
from .depends import EnvironmentVariable, name_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from .depends import Dependency


def describe(
    dependencies: "Iterable[Dependency]", environment: "Mapping[str, str]"
) -> "dict[str, Any]":
    """The record of some dependencies as they are now.

    Args:
        dependencies: What is declared.
        environment: The environment variables that count.
    """
    from ._cold.stamps import stamp_trees

    names: dict[str, list[str]] = {"files": [], "variables": [], "distributions": []}
    for each in dependencies:
        names[each.member].append(each.name)
    distributions = find_distributions(names["distributions"])
    files = [*names["files"], *_files_of(distributions)]
    return {
        "files": stamp_trees(map(os.path.abspath, files), ()),
        "variables": {name: _one_way(name, environment.get(name)) for name in names["variables"]},
        "distributions": distributions,
    }


def join(
    declared: "Iterable[Dependency]", first: "Mapping[str, Any]", second: "Mapping[str, Any]"
) -> "dict[str, Any]":
    """One record of two; what both tell of is as the first has it.

    Args:
        declared: What the registry itself declares.
        first: A record from ``describe``, or an empty one.
        second: Another from ``describe``.
    """
    joined: dict[str, Any] = {
        member: {**values, **first.get(member, {})} for member, values in second.items()
    }
    joined["declared"] = [repr(each) for each in declared]
    return {member: value for member, value in joined.items() if value}


def check(
    recorded: "dict[str, Any]",
    declared: "Iterable[Dependency]",
    check_files: "Callable[[dict[str, Any]], dict[str, Any] | None]",
    variables: bool,
) -> "dict[str, Any] | None":
    """Compare a record with what is declared now, and with what is the case now.

    Args:
        recorded: The record, as a file has it.
        declared: What the registry itself declares.
        check_files: Compares stamps of files, as ``SourceTree.check`` does.
        variables: Whether environment variables are compared.

    Returns:
        ``None`` if it holds as it is; else a record that says the same and is cheaper to check.

    Raises:
        CacheMiss: It does not hold; names the dependency, old and new.
        LookupError: It leaves out what it should tell of.
    """
    old, new = recorded.get("declared", []), [repr(each) for each in declared]
    if old != new:
        raise CacheMiss("SETTINGS_CHANGED", "depends_on", old, new)
    for each in declared:
        recorded[each.member][each.name]
    if variables:
        _check_variables(recorded.get("variables", {}))
    files = recorded.get("files", {})
    distributions = recorded.get("distributions", {})
    _check_distributions(distributions)
    for file in _files_of(distributions):
        files[file]
    renewed = check_files(files)
    return None if renewed is None else {**recorded, "files": renewed}


def _check_variables(recorded: "Mapping[str, Any]") -> None:
    for name, old in recorded.items():
        if old != _one_way(name, os.environ.get(name)):
            raise CacheMiss("VARIABLE_CHANGED", name)


def _check_distributions(recorded: "Mapping[str, Any]") -> None:
    found = find_distributions(recorded)
    for name, old in recorded.items():
        if old != found[name]:
            raise CacheMiss("DISTRIBUTION_CHANGED", name, old, found[name])


def _one_way(name: str, value: "str | None") -> "str | None":
    """What tells a value from others, and does not tell the value: it may be a password.

    So it is a one-way function, which ``fingerprint`` is not. ``hashlib`` would add 2 to 3 ms to a
    start; the C module under it adds 0.3 ms, and only where a declared variable is set.
    """
    if value is None:
        return None
    try:
        from _blake2 import blake2b
    except ImportError:  # pragma: no cover - an interpreter that is built without it
        from hashlib import blake2b
    text = f"{name}={value}".encode("utf-8", "surrogateescape")
    return blake2b(text, digest_size=16).hexdigest()


def find_distributions(names: "Iterable[str]") -> "dict[str, list[str]]":
    """Where on ``sys.path`` distributions have their metadata, in the order of the folders.

    Args:
        names: Normalized names.

    Returns:
        Name -> folders (or files) of metadata, and archives, which may have some inside.
    """
    found: dict[str, list[str]] = {name: [] for name in names}
    for folder in search_path() if found else ():
        try:
            entries = os.listdir(folder)
        except NotADirectoryError:
            for places in found.values():
                places.append(folder)
            continue
        except OSError:  # not there, or not ours to list: Python finds nothing in it either
            continue
        for entry in sorted(entries):
            place = os.path.join(folder, entry)
            if is_metadata(entry, folder) and name_in(place) in found:
                found[name_in(place)].append(place)
    return found


def _files_of(distributions: "Mapping[str, Iterable[str]]") -> "list[str]":
    """The files that an installer writes anew with whatever it does to a distribution."""
    files = []
    for place in [place for places in distributions.values() for place in places]:
        is_installed = place.lower().endswith(".dist-info")
        names = ("METADATA", "RECORD") if is_installed else ("",)
        files += [os.path.join(place, name) if name else place for name in names]
    return files


def refuse_outdated(
    dependencies: "Iterable[Dependency]",
    recorded: "Mapping[str, Any]",
    environment: "Mapping[str, str]",
    start_ns: int,
    since_ns: int,
) -> None:
    """Refuse to keep an answer that may be made of what a dependency was before.

    A module that was imported between the declaration of the registry and the search may have read
    a file, or a variable, that has changed since then.

    Args:
        dependencies: All that are declared.
        recorded: Their record.
        environment: The environment variables when the search started.
        start_ns: When the search started, in nanoseconds since the epoch.
        since_ns: When the registry was declared.

    Raises:
        CacheMiss: Something changed.
    """
    from ._cold.stamps import is_newer

    for each in dependencies:
        if isinstance(each, EnvironmentVariable) and each.is_outdated(environment, start_ns):
            raise CacheMiss("VARIABLE_CHANGED", each.name)
    distributions = recorded.get("distributions", {}).values()
    is_absent = any({*places} <= {*search_path()} for places in distributions)  # or in archives
    folders = filter(os.path.isdir, search_path()) if is_absent else ()
    for path in [*recorded.get("files", ()), *folders]:
        if is_newer(path, since_ns):
            raise CacheMiss("EDITED_SINCE_IMPORT", path)

"""Keys that several items claim: who has them, and how they are told of."""

from __future__ import annotations

import re
from collections import Counter

from ..._modules import attribute_of, file_of, find_sources, module_of
from ...depends import normalize
from ..modules import lies_in
from .entry_points import distribution_of, points_of, told_by

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeVar

    from ...errors import DuplicateItemError

    E = TypeVar("E", bound=DuplicateItemError)
    T = TypeVar("T")


def share_out(
    items: Iterable[T],
    claimed: Callable[[T], Any],
    policy: str,
    place_of: Callable[[T, Any], str],
) -> dict[Any, list[T]]:
    """Give keys to the items that claim them.

    Args:
        items: The items, in the order of the walk.
        claimed: The key that an item claims.
        policy: ``"qualify"`` gives items that claim one key their places instead; else the
            ``"last"`` has it, or the first.
        place_of: The key of an item beside others that claim the same.

    Returns:
        Key -> the item that has it, and those that claim it in vain.

    >>> places = {"fast.http": "http", "slow.http": "http", "slow.zip": "zip"}
    >>> share_out(places, places.get, "last", lambda place, key: place)
    {'http': ['slow.http', 'fast.http'], 'zip': ['slow.zip']}
    >>> [*share_out(places, places.get, "qualify", lambda place, key: place)]
    ['fast.http', 'slow.http', 'zip']
    """
    claims: dict[Any, list[T]] = {}
    for each in items:
        claims.setdefault(claimed(each), []).append(each)
    shared: dict[Any, list[T]] = {}
    for key, group in claims.items():
        for each in reversed(group) if policy == "last" else group:
            is_moved = policy == "qualify" and len(group) > 1
            shared.setdefault(place_of(each, key) if is_moved else key, []).append(each)
    return shared


def duplicate(
    kind: type[E], registry: str, key: object, first: str, second: str, group: str = ""
) -> E:
    """The error for two items under one key, which names their files and distributions.

    Args:
        kind: Class of the error, a ``DuplicateItemError``.
        registry: Name of the registry.
        key: The key.
        first: The item that holds the key, as ``module:qualname``.
        second: The item that claims it too.
        group: Group of entry points by which they may be installed.
    """
    return kind(registry, key, told_place(first, group, key), told_place(second, group, key))


def installer_of(module: str, group: str = "") -> str:
    """What is to be uninstalled for a module to go: the name of a distribution, and its version.

    Args:
        module: Name of the module.
        group: Group of entry points, by which a distribution may bring what it does not hold.

    Returns:
        Empty if no distribution has it.
    """
    return _brought_by(module, group)[1]


def requirement_for(failed: str, missing: str) -> str:
    """What is to be installed for a module to be importable, as its distribution states it.

    Args:
        failed: The module, or the entry point that names it, as in ``Failures.texts``.
        missing: Full name of the module that it lacks.

    Returns:
        For ``pip install``: ``"lab[plot]"`` where an extra of the distribution ``lab`` brings it,
        the one that asks for least; the name of a distribution that ``lab`` needs anyway. Empty
        where no requirement is called like the module: names of modules and distributions differ.

    >>> requirement_for("tiff = no_such_package.plugins:Tiff", "no_such_package")
    ''
    """
    module = module_of(failed.rpartition(" = ")[2])
    try:
        owner = distribution_of(module, find_sources(module))
    except ModuleNotFoundError:
        owner = None
    if owner is None:
        return ""
    stated = [each.partition(";") for each in owner.requires or ()]
    parts = missing.split(".")
    wanted = {normalize(".".join(parts[:end])) for end in range(1, len(parts) + 1)}
    extras: Counter[str] = Counter()
    bringing: list[str] = []
    for requirement, _, marker in stated:
        name = re.split(r"[^\w.-]", requirement.strip(), maxsplit=1)[0]
        found = re.findall(r"\bextra\s*==\s*['\"]([^'\"]+)", marker)
        extras.update(found)
        if normalize(name) in wanted:
            if not found:
                return name
            bringing += found
    return f"{told_by(owner, '')[0]}[{min(bringing, key=extras.__getitem__)}]" if bringing else ""


def _brought_by(
    module: str, group: str, attribute: str = "", key: object = None
) -> tuple[str, str]:
    """How a distribution brings a module, in words, and which one; empty if none does.

    One whose entry point gives a key to what lies in the module goes before the one that holds it.
    """
    try:
        found = distribution_of(module, find_sources(module))
    except ModuleNotFoundError:
        return "", ""
    installed = told_by(found, "") if found is not None else []
    top = module if installed else module.partition(".")[0]
    points = [each for each in points_of(group) if lies_in(module_of(each[1]), [top])]
    named = [each for each in points if each[0] == key]
    if not installed:
        named = named or [each for each in points if module_of(each[1]) == module]
    # A package may publish what a module of it defines.
    named.sort(key=lambda it: (module_of(it[1]) != module, attribute_of(it[1]) != attribute))
    origin = named[0][2:] if named else []
    is_its_own = bool(installed) and origin[:1] in ([], installed[:1])
    how = "installed by" if is_its_own else "named by an entry point of"
    return how, " ".join(filter(None, installed if is_its_own else origin))


def told_place(label: str, group: str = "", key: object = None) -> str:
    """An item for messages: its place, with the file and the distribution that brought it.

    Args:
        label: The item, as ``module:qualname``.
        group: As for ``installer_of``.
        key: Its key, which may be the name of its entry point.
    """
    module, _, attribute = label.partition(":")
    how, distribution = _brought_by(module, group, attribute, key)
    file = file_of(module) or "no file"
    told = f"{file}, {how} {distribution}" if distribution else file
    return f"{label.replace(':', '.')} ({told})"

"""Which modules define the types and functions that an application gives."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator

from .._modules import source_modules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def modules_of(things: Iterable[Any]) -> list[str]:
    """The modules that define some types and functions, but for Python's own and ours.

    Args:
        things: Types (of generic ones also the parts), functions, methods, ``functools.partial``
            objects, functions behind decorators, objects that can be called.

    >>> modules_of([dict[str, list[int]], len])
    []
    """
    names = source_modules(part for thing in things for part in _parts(thing))
    return [name for name in names if not name.startswith("regcache_")]


def _parts(thing: Any) -> Iterator[Any]:
    if isinstance(thing, functools.partial):
        yield from _parts(thing.func)
        return
    yield thing
    if not isinstance(thing, type) and not hasattr(thing, "__qualname__"):
        yield type(thing)
    wrapped = getattr(thing, "__wrapped__", None)
    for part in (*getattr(thing, "__args__", ()), *([] if wrapped is None else [wrapped])):
        yield from _parts(part)

"""One discovery: a package is imported whole, and what that brought in is watched."""

from __future__ import annotations

import sys
from contextlib import contextmanager

from ..._modules import find_package
from .importing import Failures, forget_folder_listings, import_module, import_modules
from .loaded import watch_imports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator
    from types import ModuleType
    from typing import Any

    from ..listing import Adapter, Cache


@contextmanager
def discovering(adapter: Adapter[Any], cache: Cache) -> Iterator[Failures]:
    """Make inputs of what is loaded when modules have been imported, and described.

    What is missing is noted by ``ImportPath.recording``, to be entered inside, while modules are
    imported: by the frame that enters it, it tells whether that is over.

    Args:
        adapter: Of the registry for which they are imported.
        cache: Its cache.

    Yields:
        What is to be told of the modules that fail.
    """
    failures, loaded = Failures(cache.import_path), {*sys.modules}
    forget_folder_listings()
    yield failures
    watch_imports(adapter.application, loaded, adapter.contains, cache.import_path, cache.elsewhere)


def import_package(
    name: str,
    on_failure: Callable[[str, BaseException], object],
    *,
    recursive: bool = True,
    skip: Container[str] = (),
) -> Iterator[ModuleType]:
    """Import a package and its modules one by one; the arguments are those of ``import_modules``.

    Yields:
        Each module when it has been imported; nothing if the package itself fails.

    Raises:
        Exception: As ``import_modules`` does.
    """
    package = import_module(name, on_failure)
    if package is not None:
        yield package
        paths = find_package(name) or ()
        yield from import_modules(paths, f"{name}.", on_failure, recursive=recursive, skip=skip)

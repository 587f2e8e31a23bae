"""Which installed distribution a package belongs to. The cold side: it reads all metadata."""

from __future__ import annotations

import email.parser  # noqa: F401 - for metadata: the library may have broken importing by then
import platform
import sys
from contextlib import suppress
from importlib import metadata

from regcache_core.discovery import distribution_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def owner_of(package: str, places: Iterable[str]) -> dict[str, str]:
    """What a package was installed by: ``distribution`` and ``version``, both empty if by nothing.

    The standard library belongs to Python. A package that is in use where it is developed has the
    distribution of its own name, if there is one, else the ``__version__`` that it says.

    Args:
        package: Name of the package; it is imported already.
        places: Its folders or file.
    """
    top = package.partition(".")[0]
    if top in sys.stdlib_module_names:
        return {"distribution": "Python", "version": platform.python_version()}
    found = distribution_of(package, places) or _editable(top)
    if found is not None:
        try:
            said: Any = found.metadata
        except (OSError, TypeError):  # there is none; the latter before Python 3.15
            said = {}
        return {"distribution": said.get("Name") or "", "version": said.get("Version") or ""}
    version = vars(sys.modules[top]).get("__version__", "") if top in sys.modules else ""
    return {"distribution": "", "version": version if isinstance(version, str) else ""}


def _editable(top: str) -> metadata.Distribution | None:
    """The distribution that says it has a package of this name, else the one of that name."""
    # Importing fails, sys.path has what is no path, or (since Python 3.15) one has no name.
    with suppress(ImportError, LookupError, OSError, TypeError, ValueError):
        # Not metadata.packages_distributions(): that looks each installed file up on the disk.
        for each in metadata.distributions():
            if top in (each.read_text("top_level.txt") or "").split():
                return each
    with suppress(ImportError, TypeError, ValueError):  # it is not found
        return metadata.distribution(top)
    return None

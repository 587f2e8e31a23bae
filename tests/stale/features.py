"""What this regcache can see: operations that it could not see yet are left out."""

from __future__ import annotations

from functools import cache

import regcache_core
from regcache_core import SourceTree
from regcache_meta import RegistryConfig


@cache
def has(*features: str) -> bool:
    """Whether this regcache has all of some features."""
    return all(_FEATURES[feature]() for feature in features)


def _stamp_length() -> int:
    return len(next(iter(SourceTree([__file__]).record().values())))


_FEATURES = {
    # A file's stamp holds more than its time and size: the time of the last change of its inode.
    "ctime": lambda: _stamp_length() > 2,
    # What was touched and is the same is recognised.
    "content": lambda: _stamp_length() > 2,
    # Names of modules and distributions that nothing finds, or that are there, are recorded.
    "path": lambda: hasattr(regcache_core, "ImportPath"),
    # Modules of the application that plugins import are watched outside of the package, too.
    "outside": lambda: hasattr(regcache_core, "watch_imports"),
    # Files, environment variables and distributions can be declared.
    "depends": lambda: hasattr(regcache_core, "EnvironmentVariable"),
    # Installed distributions can add plugins.
    "entry points": lambda: "discovery_entry_points" in RegistryConfig.__slots__,
}

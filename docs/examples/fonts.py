"""The fourth example of the site: plugins that depend on more than their source files."""

# [fonts]
import os
from collections.abc import Collection
from pathlib import Path
from typing import ClassVar

from regcache_core import Dependency, Distribution, EnvironmentVariable, File
from regcache_meta import AutoRegisterMeta


class Font(metaclass=AutoRegisterMeta):
    """Base class of all fonts; in ``app/fonts/base.py``."""

    __registry_key__ = "family"
    __registry_depends_on__: ClassVar[Collection[Dependency]] = (
        File("families.txt"),  # beside this module; it need not exist
        EnvironmentVariable("APP_FONTS"),
        Distribution("fonttools"),
    )


class Default(Font):
    """A plugin whose key stands in a file of its own; in ``app/fonts/default.py``."""

    family = os.environ.get("APP_FONTS", "serif")
    __registry_depends_on__ = (
        *Font.__registry_depends_on__,
        File(Path.home() / ".config" / "app" / "default-font"),
    )


fonts = Font.__registry__
print(list(fonts))  # from the cache, while nothing of this has changed
# [end]

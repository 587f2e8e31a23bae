"""The third example of the site: a registry of a shape of its own, with core alone."""

# [palettes]
import json
from pathlib import Path

from attrs import frozen

from regcache_core import RegistryCacheManager, SourceTree


@frozen
class Palette:
    """Named colours, read from a data file."""

    colours: tuple[str, ...]


def palettes(folder: Path) -> dict[str, Palette]:
    """All palettes in a folder: from the cache, unless a file was added, edited or removed."""
    manager = RegistryCacheManager[str, Palette](
        "palettes",
        version_getter=lambda: "1.0",
        item_type=Palette,
        inputs=[SourceTree([folder], suffixes=[".json"])],
    )
    return manager.get_or_build(lambda: {path.stem: read(path) for path in folder.glob("*.json")})


def read(path: Path) -> Palette:
    """One palette from its file."""
    return Palette(tuple(json.loads(path.read_text())))


# [end]

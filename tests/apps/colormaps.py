"""Colour maps in data files: a registry of its own kind, on regcache_core alone.

One JSON file holds one map; the registry lists them by name. Names come from the cache, and
neither cattrs nor the classes of the items are imported for them; a map is made when it is asked
for.
"""

import os

from regcache_core import RegistryCacheManager, SourceTree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from colormap_items import ColorMap

    from regcache_core import Report

__version__ = "1.0"


class ColorMapRegistry:
    """The colour maps in a folder, by name."""

    def __init__(self, folder: "str | os.PathLike[str]") -> None:
        self.folder = os.path.abspath(folder)
        self._manager: RegistryCacheManager[str, ColorMap] = RegistryCacheManager(
            "color maps",
            lambda: __version__,
            _to_record,
            _from_record,
            inputs=[SourceTree([self.folder], [".json"])],
            application="colormaps",
        )
        self._records: dict[str, Any] | None = None
        self._maps: dict[str, ColorMap] = {}

    def __iter__(self) -> "Iterator[str]":
        return iter(self._opened())

    def __len__(self) -> int:
        return len(self._opened())

    def __contains__(self, name: object) -> bool:
        return name in self._opened()

    def __getitem__(self, name: str) -> "ColorMap":
        record = self._opened()[name]
        if name not in self._maps:
            self._maps[name] = self._manager.from_record(record)
        return self._maps[name]

    @property
    def report(self) -> "Report | None":
        """What the cache did."""
        return self._manager.last_report

    def _opened(self) -> "dict[str, Any]":
        if self._records is None:
            self._records = self._manager.load_records()
        if self._records is None:
            self._maps = self._read_folder()
            self._manager.save_built(self._maps, self._manager.last_report)
            self._records = dict.fromkeys(self._maps)
        return self._records

    def _read_folder(self) -> "dict[str, ColorMap]":
        from colormap_items import read_map

        maps = {}
        for parent, folders, files in os.walk(self.folder):
            folders.sort()
            for file in sorted(files):
                if file.endswith(".json") and not file.startswith("."):
                    item = read_map(os.path.join(parent, file))
                    maps[item.name] = item
        return maps


def _to_record(item: "ColorMap") -> "Any":
    from colormap_items import CONVERTER

    return CONVERTER.unstructure(item)


def _from_record(record: "Any") -> "ColorMap":
    from colormap_items import CONVERTER, ColorMap

    return CONVERTER.structure(record, ColorMap)

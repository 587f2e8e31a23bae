"""What ``watch="distribution"`` looks at instead of files: folders, and what owns a package."""

from .._file import CacheMiss
from .._inputs import Input, SourceTree
from .._modules import stamp_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any


class InstalledTree(SourceTree):
    """The folders of installed packages, and the metadata of the distributions that own them.

    An installer replaces the metadata with every change of what it installed, and adds or removes
    no module without changing a folder. A file that somebody edits by hand is not seen.

    Args:
        placed: Names of the packages or modules -> their folders or file.
        suffixes: Endings of the names that count in the folders.
    """

    def __init__(self, placed: "Mapping[str, list[str]]", suffixes: "Iterable[str]") -> None:
        places = [place for places in placed.values() for place in places]
        super().__init__(places, suffixes, member="installed")
        self._placed, self.current = placed, self._stamp_installed

    def _stamp_installed(self) -> "dict[str, Any]":
        from ._cold.entry_points import metadata_of

        kept = {*self.paths, *metadata_of(self._placed)}
        stamps = SourceTree(kept, self.suffixes).record()
        return {path: it for path, it in stamps.items() if path in kept or type(it[1]) is list}


class Owners(Input):
    """Which distributions installed packages: another one may install over their files.

    That adds no name to its folders, but metadata to the folder in which they lie. Where that has
    moved, the lists of installed files are looked at again.

    Args:
        placed: Names of the packages or modules -> their folders or file.
    """

    def __init__(self, placed: "Mapping[str, list[str]]") -> None:
        super().__init__("owners", self._look, "DISTRIBUTION_CHANGED")
        self._placed = placed

    def _look(self) -> "dict[str, Any]":
        from .._cold.stamps import trusted_stamp
        from ._cold.entry_points import metadata_of, site_of

        folders = [site_of(name, each) for name, places in self._placed.items() for each in places]
        stamps = {each: trusted_stamp(each) for each in folders}
        return {"folders": stamps, "metadata": metadata_of(self._placed)}

    def check(self, recorded: "Any") -> "Any":
        """Compare the stamps of the folders; where one moved, the distributions."""
        if all(stamp_of(path) == stamp for path, stamp in recorded["folders"].items()):
            return None
        now = self._look()
        if now["metadata"] != recorded["metadata"]:
            raise CacheMiss(self.reason, ", ".join(self._placed))
        return now

"""What ``watch="distribution"`` looks at instead of files: folders, and what owns a package."""

from .._file import CacheMiss
from .._inputs import Input, SourceTree
from .._modules import stamp_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


class InstalledTree(SourceTree):
    """The folders of an installed package, and the metadata of the distributions that own it.

    An installer replaces the metadata with every change of what it installed, and adds or removes
    no module without changing a folder. A file that somebody edits by hand is not seen.

    Args:
        package: Name of the package or module.
        places: Its folders or file.
        suffixes: Endings of the names that count in the folders.
    """

    def __init__(self, package: str, places: "Iterable[str]", suffixes: "Iterable[str]") -> None:
        super().__init__(places, suffixes, member="installed")
        self._package, self.current = package, self._stamp_installed

    def _stamp_installed(self) -> "dict[str, Any]":
        from ._cold.entry_points import metadata_files

        kept = {*self.paths, *metadata_files(self._package, self.paths)}
        stamps = SourceTree(kept, self.suffixes).record()
        return {path: it for path, it in stamps.items() if path in kept or type(it[1]) is list}


class Owners(Input):
    """Which distributions installed a package: another one may install over its files.

    That adds no name to its folders, but metadata to the folder in which they lie. Where that has
    moved, the lists of installed files are looked at again.

    Args:
        package: Name of the package or module.
        places: Its folders or file.
    """

    def __init__(self, package: str, places: "Iterable[str]") -> None:
        super().__init__("owners", self._look, "DISTRIBUTION_CHANGED")
        self._package, self._places = package, [*places]

    def _look(self) -> "dict[str, Any]":
        from .._cold.stamps import trusted_stamp
        from ._cold.entry_points import metadata_files, site_of

        folders = [site_of(self._package, each) for each in self._places]
        stamps = {each: trusted_stamp(each) for each in folders}
        return {"folders": stamps, "metadata": metadata_files(self._package, self._places)}

    def check(self, recorded: "Any") -> "Any":
        """Compare the stamps of the folders; where one moved, the distributions."""
        if all(stamp_of(path) == stamp for path, stamp in recorded["folders"].items()):
            return None
        now = self._look()
        if now["metadata"] != recorded["metadata"]:
            raise CacheMiss(self.reason, self._package)
        return now

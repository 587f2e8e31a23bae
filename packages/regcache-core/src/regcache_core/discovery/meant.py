"""The packages that patterns mean as an input of an answer."""

from .._file import CacheMiss
from .._inputs import Input, SourceTree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .listing import Adapter


def inputs_of(adapter: "Adapter[Any]") -> "list[Input]":
    """``Adapter.inputs`` of one that has patterns.

    Raises:
        Exception: There is no package of a name that is none; as ``Adapter.placed`` has it.
    """
    placed, files = adapter.placed(), adapter.source_files()
    named = {each: placed[each] for each in adapter.packages if each in placed}
    meant = Meant(adapter)
    if adapter.watch == "files":
        return [meant, SourceTree([*_flat(named), *files], adapter.suffixes)]
    from .owners import InstalledTree, Owners

    installed = InstalledTree(named, adapter.suffixes)
    return [meant, SourceTree(files), installed, Owners(placed)]


class Meant(Input):
    """Which packages patterns mean, where they lie, and their sources.

    They are no part of the registry's identity: other ones are another answer of the same registry.

    Args:
        adapter: What the registry tells of itself.
    """

    def __init__(self, adapter: "Adapter[Any]") -> None:
        super().__init__("meant", self._look)
        self._adapter = adapter

    def _placed(self) -> "dict[str, list[str]]":
        """Those that are not named themselves."""
        placed, names = self._adapter.placed(), self._adapter.packages
        return {each: placed[each] for each in placed if each not in names}

    def _tree(self, placed: "dict[str, list[str]]") -> SourceTree:
        from .owners import InstalledTree

        suffixes = self._adapter.suffixes
        is_by_file = self._adapter.watch == "files"
        return (
            SourceTree(_flat(placed), suffixes) if is_by_file else InstalledTree(placed, suffixes)
        )

    def _look(self) -> "dict[str, Any]":
        placed = self._placed()
        return {"packages": placed, "tree": self._tree(placed).record()}

    def check(self, recorded: "Any") -> "Any":
        """Compare the packages, then their sources as a ``SourceTree`` does."""
        before, now = recorded["packages"], self._placed()
        for name in sorted({*before, *now}):
            if name not in before:
                raise CacheMiss("MODULE_APPEARED", name)
            if before[name] != now.get(name):
                raise CacheMiss("MODULE_GONE", name, before[name], now.get(name))
        renewed = self._tree(now).check(recorded["tree"])
        return None if renewed is None else {**recorded, "tree": renewed}


def _flat(placed: "dict[str, list[str]]") -> "list[str]":
    return [place for places in placed.values() for place in places]

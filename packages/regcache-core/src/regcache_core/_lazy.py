"""Items of a registry that are converted one by one, when they are asked for: ``LazyItems``."""

from _collections_abc import Mapping  # as collections.abc has it, without the cost of its package

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeVar

    K = TypeVar("K")
    T = TypeVar("T")
else:
    K = T = object  # for the base class below; parameters are never looked at here


class LazyItems(Mapping[K, T]):
    """A read-only mapping, key -> item; keys, length and ``in`` convert nothing.

    Each item is converted once and kept. Threads that ask for one at the same moment may each
    convert it, and get the same item.

    Args:
        cache_name: Name of the registry's cache, for messages.
        records: Key -> record, as it lies in the file; taken over, not copied.
        convert: Makes an item of a record.

    >>> items = LazyItems("sizes", {"small": "1", "large": "x"}, int)
    >>> list(items), items["small"]
    (['small', 'large'], 1)
    """

    __slots__ = ("_cache_name", "_convert", "_items", "_records")

    def __init__(
        self, cache_name: str, records: "dict[K, Any]", convert: "Callable[[Any], T]"
    ) -> None:
        self._cache_name = cache_name
        self._records = records
        self._convert = convert
        self._items: dict[K, T] = {}

    def __getitem__(self, key: K) -> T:
        """The item of a key.

        Raises:
            KeyError: There is no such key.
            ItemRefusedError: The record in the file cannot be converted (a ``ValueError``).
        """
        if key in self._items:
            return self._items[key]
        record = self._records[key]
        try:
            item = self._convert(record)
        except Exception as error:  # a deserializer is the application's: it may raise anything
            from .errors import ItemRefusedError, told

            raise ItemRefusedError(self._cache_name, key, told(error)) from error
        return self._items.setdefault(key, item)

    def __contains__(self, key: object) -> bool:
        return key in self._records

    def __iter__(self) -> "Iterator[K]":
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def _ipython_key_completions_(self) -> "list[K]":
        return [*self._records]

    def __repr__(self) -> str:
        return f"<LazyItems {self._cache_name!r}, {len(self)} keys>"

"""Views of a lazy mapping, over the keys that there are as one begins; values load as they go."""

from _collections_abc import ItemsView, KeysView, ValuesView

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TypeVar

    K = TypeVar("K")
    V = TypeVar("V")
else:
    K = V = object  # for the base classes below; parameters are never looked at here


class LazyKeys(KeysView[K]):
    """The keys of a lazy mapping; loads nothing."""

    _mapping: "Any"

    def __contains__(self, key: object) -> bool:
        return self._mapping._has(key)  # type: ignore[no-any-return]

    def __reversed__(self) -> "Iterator[K]":
        yield from reversed(self._mapping)

    def __repr__(self) -> str:
        return f"dict_keys({self._mapping._keys()})"


class LazyValues(ValuesView[V]):
    """The values of a lazy mapping; each is loaded when it is yielded."""

    _mapping: "Any"

    def __iter__(self) -> "Iterator[V]":
        return (value for _, value in self._mapping._pairs())

    def __reversed__(self) -> "Iterator[V]":
        return (self._mapping[key] for key in reversed(self._mapping))

    def __repr__(self) -> str:
        return f"<values of {self._mapping!r}>"


class LazyItems(ItemsView[K, V]):
    """The items of a lazy mapping; each value is loaded when it is yielded."""

    _mapping: "Any"

    def __contains__(self, item: "Any") -> bool:
        return self._mapping._has(item[0]) and super().__contains__(item)

    def __iter__(self) -> "Iterator[tuple[K, V]]":
        return iter(self._mapping._pairs())

    def __reversed__(self) -> "Iterator[tuple[K, V]]":
        return ((key, self._mapping[key]) for key in reversed(self._mapping))

    def __repr__(self) -> str:
        return f"<items of {self._mapping!r}>"

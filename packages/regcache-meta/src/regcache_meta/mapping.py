"""A dictionary whose keys are known before its values are loaded: ``LazyDict``.

All of dict's protocol, and what plugin modules do to the dictionary while they are imported; where
keys come from and how a value is loaded is left to sub-classes.
"""

from regcache_core import discovery

from .config import MISSING, NOWHERE, Rival, lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, KeysView, Mapping
    from typing import Any, TypeVar

    from .lazydict import LazyDiscoveryDict

    K = TypeVar("K")
    V = TypeVar("V")
    Record = dict[str, Any]
    State = tuple[dict[K, Record | None], dict[K, V]]
else:
    K = V = object  # for the base class below; parameters are never looked at here


class LazyDict(dict[K, V]):
    """A dictionary whose keys are found on first use and whose values are loaded one by one.

    Everything lives in ``_state``, a pair of ``entries`` (key -> record in the file, or None; gives
    the order) and ``values`` (key -> loaded value), published by one assignment. The storage of
    ``dict`` itself mirrors the values that there are, for ``dict.values(registry)``; where there is
    none it holds ``None``, because C code such as ``json``'s encoder asks it whether the mapping is
    empty before it calls a method.

    What plugin modules do while they are imported goes to ``_registered``, as into a plain dict: a
    value that one assigns outranks a class statement, and one that it removes is gone. A key that
    one replaces or removes is *contested*: once the keys are known, the records tell whose it is,
    and ``_registered`` what the modules find that are in execution.
    """

    def __init__(self) -> None:
        super().__init__({MISSING: None})
        self._state: State[K, V] | None = None
        self._registered: dict[K, V] = {}  # by class statements, and by modules in execution
        self._setters: dict[K, list[str]] = {}  # the latter, the innermost first
        #: What modules in execution replaced or removed: they, key, old value, its setters.
        self._journal: list[tuple[list[str], K, Any, list[str] | None]] = []
        # Who looked for a key that was not there yet, or (None) for all, and what was there.
        self._looks: list[tuple[list[str], K | None, Collection[K]]] = []
        self._assigned: dict[K, V] = {}  # by hand
        self._removed: dict[K, Record] = {}  # by hand, before they were loaded
        self._found: Mapping[K, Record | None] = {}  # what the state was made from

    if TYPE_CHECKING:  # what a sub-class says
        #: What finds the keys and imports plugins: itself, or the registry that it is secondary to.
        _primary: LazyDiscoveryDict[Any, Any]

        def _open(self) -> State[K, V]: ...  # finds the keys

        def _load(self, key: K, record: Record) -> V: ...  # loads one value

        def _is_in_making(self, record: Record) -> bool: ...  # whether this thread imports a value

        def _describe_value(self, record: Record) -> str: ...  # for ``repr``, if it is not loaded

        def _contested(self) -> Collection[K]: ...  # keys that plugins take from each other

        # Whether what is registered under a key is what a record describes.
        def _fits(self, key: K, value: V, record: Record | None) -> bool: ...

    # How the state is made.

    def _opened(self) -> "State[K, V]":
        state = self._state
        return self._open() if state is None or self._primary._is_discovering() else state

    def _sought(self, key: K) -> "tuple[K, State[K, V]]":
        """The key of a key or alias, and the state; what is not known is looked for once more.

        Raises:
            KeyError: There is no such key, and what changed since has not brought it.
        """
        known = self._state
        state = self._opened()
        keys = [key] if key in state[0] else self._named(key)
        if len(keys) != 1 and known is not None:
            from regcache_core import RegcacheError

            try:
                self._primary._recheck()
            except RegcacheError as error:
                raise self._unknown(key) from error
            state = self._opened()
            keys = [key] if key in state[0] else self._named(key)
        if len(keys) != 1:
            self._note_look(key)
            raise self._unknown(key, keys)
        return keys[0], state

    def _named(self, alias: "Any") -> "list[K]":
        """The keys of the values that have another name; none if it is a key itself."""
        return []

    def _publish(
        self, records: "Mapping[K, Record | None]", *, anew: bool = False
    ) -> "State[K, V]":
        """Make the state from what was found and what registered itself; first come, first kept."""
        self._check_claims(records)
        with lock():
            if self._state is None or anew:
                self._removed = {}
                return self._show_all(records, self._combined(records))
            return self._state

    def _show_all(
        self, records: "Mapping[K, Record | None]", state: "State[K, V]"
    ) -> "State[K, V]":
        self._found, self._state = records, state
        values: Any = state[1] or {MISSING: None}
        dict.update(self, values)  # others may look meanwhile: it is never empty
        for key in [*dict.keys(self)]:
            if key not in values:
                dict.pop(self, key)
        return state

    def _mirror(self, key: K) -> None:
        """Let dict's own storage have of a key what there is so far; the lock is held."""
        if self._state is None:
            value: Any = self._assigned.get(key, self._registered.get(key, MISSING))
        else:
            value = self._state[1].get(key, MISSING)
        if value is MISSING:
            dict.pop(self, key, None)
            dict.update(self, () if dict.__len__(self) else {MISSING: None})
        else:
            dict.__setitem__(self, key, value)
            dict.pop(self, MISSING, None)

    def _check_claims(self, records: "Mapping[K, Record | None]") -> None:
        contested = self._contested()
        for key, value in list(self._registered.items()):
            if key not in self._setters and key not in contested:
                self._check_claim(key, value, records)

    def _combined(self, records: "Mapping[K, Record | None]") -> "State[K, V]":
        """Records that were found, with what registered itself or was assigned by hand."""
        contested = self._contested()
        are_shown = not (contested or self._primary._failures)
        registered = {
            self._listed_as(key, value, records): value
            for key, value in list(self._registered.items())
            if are_shown
            or self._is_shown(key, contested)
            or self._fits(key, value, records.get(key))
        }
        registered.pop(NOWHERE, None)
        values = {**registered, **self._assigned}
        more = dict.fromkeys(key for key in values if key not in records)
        return {**records, **more}, values

    def _so_far(self) -> "State[K, V]":
        """What has registered itself, for a reader in the middle of a discovery."""
        items = list(self._registered.items())
        registered = {key: value for key, value in items if type(key) is not Rival}
        values = {**registered, **self._assigned}
        return dict.fromkeys(values), values

    def _register(self, key: K, value: V) -> K:
        """Put a value in as a class statement does it: without finding the other keys first.

        Returns:
            The key under which it is listed, as far as that is known.
        """
        from .changes import register

        return register(self, key, value)

    def _listed_as(self, key: K, value: V, records: "Mapping[K, Record | None]") -> "Any":
        """The key under which a registered value is listed; ``NOWHERE`` if others have it."""
        return key

    def _is_shown(self, key: K, contested: "Collection[K]") -> bool:
        """Whether what is registered under a key adds to what is found."""
        failures = self._primary._failures
        if key in contested or not failures:
            return key not in contested
        if key in self._setters:
            return not failures.keys() & {*self._setters[key]}
        return not discovery.has_failed(str(self._home_of(key)), failures)

    def _note_look(self, key: "K | None" = None) -> None:
        """Note that a plugin looks for a key that is not there, or for all, in a discovery."""
        if self._primary._is_discovering():
            executing = self._primary._executing()
            if executing:
                known = {*self._registered} if key is None else ()
                self._looks.append((executing, key, known))

    def _home_of(self, key: K) -> str:
        """The module of what a class statement has put in."""
        return getattr(self._registered[key], "__module__", "")

    def _found_before(self, key: K) -> "Any":
        """What a plugin in execution finds under a contested key; others find what is listed."""
        if self._primary._is_discovering() or not self._primary._executing():
            return MISSING
        self._primary._find_answer()
        if key not in self._contested():
            return MISSING
        if key not in self._registered:
            self._primary._replay()
        return self._registered.get(key, MISSING)

    def _own_keys(self) -> "list[K]":
        """The keys that are there; for a plugin in execution, those that it finds."""
        if self._primary._is_discovering() or not self._primary._executing():
            self._note_look()
            return [*self._opened()[0]]
        self._primary._find_answer()
        if self._contested():
            self._primary._replay()
        return [*self._registered]

    def _is_of(self, value: V, record: "Record | None") -> bool:
        """Whether a value is the one that a record describes."""
        return False

    def _check_claim(self, key: K, value: V, records: "Mapping[K, Record | None]") -> None:
        """Refuse a value that is not the one which the cache has under the key."""

    def _unknown(self, key: "Any", close: "Collection[Any]" = ()) -> KeyError:
        return KeyError(key)

    # The protocol of dict.

    def __len__(self) -> int:
        return len(self._listed())

    def __iter__(self) -> "Iterator[K]":
        return iter(self._keys())  # list() would fail where another thread registers a class

    def __reversed__(self) -> "Iterator[K]":
        return reversed(self._keys())

    def __contains__(self, key: "Any") -> bool:
        return self._has(key)

    def _has(self, key: "Any") -> bool:
        """Whether something is a key; an alias is none."""
        entries, values = self._opened()
        if (
            key in self._contested()
            and self._primary._executing()
            and not self._primary._is_discovering()
        ):
            return self._found_before(key) is not MISSING
        if key not in entries:
            self._note_look(key)
        if key not in entries or key in values:
            return key in entries
        record = entries[key]
        return record is None or not self._is_in_making(record)

    def __getitem__(self, key: K) -> V:
        known = self._state
        value: Any = MISSING if known is None else known[1].get(key, MISSING)
        if value is not MISSING and not self._primary._is_discovering():
            return value  # type: ignore[no-any-return]
        value = self._found_before(key)
        if value is not MISSING:
            return value  # type: ignore[no-any-return]
        found, (entries, values) = self._sought(key)
        if found is not key:
            return self[found]
        record = entries.get(key)
        if record is None or key in values:
            return values[key]
        value = self._load(key, record)
        with lock():
            self._mirror(key)
        return value  # type: ignore[no-any-return]

    def __setitem__(self, key: K, value: V) -> None:
        executing = self._primary._executing()
        if executing:
            from .changes import set_by_plugin

            set_by_plugin(self, key, value, executing)
            return
        self._opened()
        with lock():
            self._assigned[key] = value
            if self._state is not None:  # None: this thread is in the middle of a discovery
                entries, values = self._state
                values[key] = value
                entries.setdefault(key, None)
            self._mirror(key)

    def __delitem__(self, key: K) -> None:
        if not self._take_out(key):
            raise self._unknown(key)

    def _take_out(self, key: K) -> bool:
        """Remove a key in this process; whether it was there."""
        from .changes import take_out

        return take_out(self, key)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, dict):
            return NotImplemented
        keys = other.keys()  # an alias is none
        if len(self) != len(other) or any(key not in keys for key in self._keys()):
            return False
        return all(key in keys and value == other[key] for key, value in self._pairs())

    def __ne__(self, other: object) -> bool:
        equal = self.__eq__(other)  # dict has a method of its own for this, which must not answer
        return equal if equal is NotImplemented else not equal

    __hash__ = None

    def __repr__(self) -> str:
        entries, values = self._opened()
        entries, values = {**entries}, {**values}  # others may change them meanwhile
        shown = (
            f"{key!r}: {self._show(entries[key], values.get(key, MISSING))}" for key in entries
        )
        return f"{{{', '.join(shown)}}}"

    def _show(self, record: "Record | None", value: object) -> str:
        if record is None or value is not MISSING:
            return repr(value)
        return self._describe_value(record)

    def _keys(self) -> "list[K]":
        """The keys of this moment; ``[*self]`` asks ``len(self)``, where threads may switch."""
        return [*self._listed()]

    def _listed(self) -> "Collection[K]":
        if self._contested() or self._primary._is_discovering():
            return self._own_keys()
        return self._opened()[0]

    def _pairs(self) -> "Iterator[tuple[K, V]]":
        """Keys and values, each loaded when it is yielded; without what is removed meanwhile."""
        for key in self._keys():
            value: Any = self.get(key, MISSING)
            if value is not MISSING:
                yield key, value

    # To checkers these are dict's own, with all its overloads.
    if not TYPE_CHECKING:  # pragma: no branch - it is False whenever this runs

        def __or__(self, other: "Any") -> "Any":
            return self.copy() | other if isinstance(other, dict) else NotImplemented

        def __ror__(self, other: "Any") -> "Any":
            return {**other, **self.copy()} if isinstance(other, dict) else NotImplemented

        def __ior__(self, other: "Any") -> "Any":
            self.update(other)
            return self

        def get(self, key: "Any", default: "Any" = None) -> "Any":
            """The value of ``key``, loaded; ``default`` if there is no such key."""
            try:
                return self[key] if key in self else default  # noqa: SIM401 - this is get
            except KeyError:  # not there yet, or not any more: another thread has removed it
                return default

        def keys(self) -> "KeysView[K]":
            """The keys, in order; loads nothing."""
            from .views import LazyKeys

            return LazyKeys(self)

        def values(self) -> "Any":
            """The values; each is loaded when it is yielded."""
            from .views import LazyValues

            return LazyValues(self)

        def items(self) -> "Any":
            """Keys and values; each value is loaded when it is yielded."""
            from .views import LazyItems

            return LazyItems(self)

        def copy(self) -> "dict[K, V]":
            """A plain dictionary of the same keys and values; loads all values."""
            return dict(self._pairs())

        def pop(self, key: K, default: "Any" = MISSING, /) -> "Any":
            """Remove ``key`` in this process and return its value, loaded."""
            value = self[key] if default is MISSING else self.get(key, default)
            if self._take_out(key):
                return value
            if default is MISSING:
                raise self._unknown(key)
            return default

        def popitem(self) -> "tuple[K, V]":
            """Remove the last key in this process and return it with its value, loaded."""
            for key in reversed(self._own_keys()):
                value = self.pop(key, self)  # itself: another thread was faster
                if value is not self:
                    return key, value
            raise KeyError("popitem(): dictionary is empty")

        def setdefault(self, key: K, default: "Any" = None) -> "Any":
            """The value of ``key``, loaded; ``default``, stored, if there is no such key."""
            if self._primary._executing():
                if not self._has(key):
                    self[key] = default
                    return default
                return self.get(key, default)
            self._opened()
            with lock():
                if key not in (self._state or self._so_far())[0]:
                    self[key] = default
            return self.get(key, default)

        def update(self, *args: "Any", **kwargs: "Any") -> None:
            """Set keys in this process, as ``dict.update``."""
            for key, value in dict(*args, **kwargs).items():
                self[key] = value

        def clear(self) -> None:
            """Remove all keys in this process; the cache file stays."""
            for key in self._own_keys():
                self._take_out(key)

    def __copy__(self) -> "LazyDict[K, V]":
        return self

    def __deepcopy__(self, memo: "Any") -> "LazyDict[K, V]":
        return self

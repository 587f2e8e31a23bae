"""A dictionary whose keys are known before its values are loaded: ``LazyDict``.

All of dict's protocol, and what a plugin module does to the dictionary while it is imported; where
keys come from and how a value is loaded is left to sub-classes.
"""

import sys
from _thread import RLock

from regcache_core import call_in_forked_child, is_initializing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, KeysView, Mapping
    from typing import Any, TypeVar

    K = TypeVar("K")
    V = TypeVar("V")
    Record = dict[str, Any]
    State = tuple[dict[K, Record | None], dict[K, V]]
    #: Of a lost value: module and qualified name of the class that had registered it (of the module
    #: that had assigned it, and nothing), the module that brings it back, the module that took the
    #: key away, and those that had looked at it before.
    Lost = tuple[str, ...]
else:
    K = V = object  # for the base class below; parameters are never looked at here

_MISSING = object()
#: Held to publish, and to set or remove a key: who publishes meanwhile would lose that. Never held
#: while importing.
_LOCK = RLock()


def _after_fork() -> None:
    """In a forked child: a thread that held the lock does not go on here."""
    global _LOCK
    _LOCK = RLock()


call_in_forked_child(_after_fork)


class Loss:
    """A value that a plugin module replaced or removed while it was imported.

    Attributes:
        key: Its key.
        value: The value.
        owner: Module and qualified name of the class that had registered it; of a value that was
            assigned, the module that did it, and nothing.
        cls: The class that had registered it, or ``None``.
        setters: Modules in execution when it was assigned, the innermost first; or ``None``.
        by: Modules in execution when it was lost, the innermost first.
        is_sure: Whether it would be lost in every process; else the order of imports may decide.
    """

    __slots__ = ("by", "cls", "is_sure", "key", "owner", "setters", "value")

    def __init__(
        self,
        key: "Any",
        value: "Any",
        owner: "tuple[str, str]",
        cls: "type | None",
        setters: "list[str] | None",
        by: "list[str]",
        is_sure: bool,
    ) -> None:
        self.key = key
        self.value = value
        self.owner = owner
        self.cls = cls
        self.setters = setters
        self.by = by
        self.is_sure = is_sure


class LazyDict(dict[K, V]):
    """A dictionary whose keys are found on first use and whose values are loaded one by one.

    Everything lives in ``_state``, a pair of ``entries`` (key -> record in the file, or None; gives
    the order) and ``values`` (key -> loaded value), published by one assignment. The storage of
    ``dict`` itself is not used; it holds one entry, because C code such as ``json``'s encoder asks
    it whether the mapping is empty before it calls a method.

    What plugin modules do to it while they are imported goes to ``_registered``, which is what it
    would hold if it were a plain dictionary. Once the keys are known, this only fills in values:
    those that the records describe. A module in execution finds what it found when the keys were
    discovered: under a key that it takes over, the value of before.
    """

    #: Key -> values that lost it, in that order; as the answer tells it.
    _lost: "Mapping[K, list[Lost]]"

    def __init__(self) -> None:
        super().__init__({None: None})  # type: ignore[dict-item]
        self._state: State[K, V] | None = None
        self._registered: dict[K, V] = {}  # by class statements, and by modules in execution
        self._classes: dict[K, type] = {}  # of the former: who registered the value
        self._setters: dict[K, list[str]] = {}  # of the latter: the modules
        self._losses: list[Loss] = []
        self._reads: list[tuple[K, Any, list[str]]] = []  # by modules that are discovered
        self._assigned: dict[K, V] = {}  # by hand
        self._removed: dict[K, Record] = {}  # by hand, before they were loaded
        self._found: Mapping[K, Record | None] = {}  # what the state was made from

    # What a sub-class says.

    def _open(self) -> "State[K, V]":
        """Find the keys."""
        return self._publish({})

    def _load(self, key: K, record: "Record") -> V:
        """Load the value of one key."""
        raise self._unknown(key)

    def _recheck(self) -> bool:
        """Look whether other keys would be found now; whether there are any."""
        return False

    def _is_discovering(self) -> bool:
        """Whether this thread is finding the keys: then it sees what is there so far."""
        return False

    def _is_in_making(self, record: "Record") -> bool:
        """Whether this thread is importing a value, so that it is not there yet."""
        return False

    def _describe_value(self, record: "Record") -> str:
        """What ``repr`` shows for a value that is not loaded."""
        return f"<class '{record['module']}.{record['qualname']}'>"

    def _executing(self) -> "list[str]":
        """Plugin modules that this thread is importing, the innermost first."""
        return []

    def _fits(self, value: "Any", record: "Record | None", modules: "list[str]") -> bool:
        """Whether a record describes a value that modules in execution assigned."""
        return False

    def _accepts(self, record: "Record | None", owner: "tuple[str, str]") -> bool:
        """Whether what a class registers is the value of a record, or adds to the answer."""
        return True

    def _is_certain(self, modules: "Iterable[str]") -> bool:
        """Whether modules were imported as in every process: by the discovery that runs."""
        return False

    def _find_answer(self) -> None:
        """Read the answer from the cache file, if that is not done yet; never discover."""

    # How the state is made.

    def _opened(self) -> "State[K, V]":
        state = self._state
        return self._open() if state is None or self._is_discovering() else state

    def _sought(self, key: K, was_open: bool) -> "State[K, V]":
        """The state, with a key in it; one that is not known is looked for once more.

        Args:
            key: The key.
            was_open: Whether there was a state before, that may be old.

        Raises:
            KeyError: There is no such key, and what changed since has not brought it.
        """
        state = self._opened()
        if key not in state[0] and was_open:
            from regcache_core import RegcacheError

            try:
                self._recheck()
            except RegcacheError as error:
                raise self._unknown(key) from error
            state = self._opened()
        if key not in state[0]:
            raise self._unknown(key)
        return state

    def _publish(
        self, records: "Mapping[K, Record | None]", *, anew: bool = False
    ) -> "State[K, V]":
        """Make the state from what was found and what registered itself; first come, first kept."""
        self._check_claims(records)
        with _LOCK:
            if self._state is None or anew:
                self._removed = {}
                self._found, self._state = records, self._combined(records)
            return self._state

    def _take_over(
        self, records: "Mapping[K, Record | None]", removed: "Iterable[K]"
    ) -> "State[K, V]":
        """Make the state anew; what was loaded, assigned or removed in this process stays so.

        Args:
            records: What is found now.
            removed: Keys that were removed by hand.
        """
        self._check_claims(records)
        with _LOCK:
            old, found = self._state[1] if self._state else {}, self._found
            entries, values = self._combined(records)
            for key in records.keys() & old.keys() & found.keys():
                if records[key] == found[key]:
                    values.setdefault(key, old[key])
            for key in removed:
                entries.pop(key, None)
                values.pop(key, None)
            self._found, self._state = records, (entries, values)
            return self._state

    def _removed_keys(self) -> "set[K]":
        """What was found or registered itself, and has been removed by hand."""
        entries = self._opened()[0]
        registered = [k for k, v in list(self._registered.items()) if self._belongs(k, v, None)]
        return {key for key in (*self._found, *registered) if key not in entries}

    def _check_claims(self, records: "Mapping[K, Record | None]") -> None:
        for key, value in list(self._registered.items()):
            if key not in self._setters and not self._is_lost(key, self._owner_of(key)):
                self._check_claim(key, value, records.get(key))

    def _combined(self, records: "Mapping[K, Record | None]") -> "State[K, V]":
        """Records that were found, with what registered itself or was assigned by hand."""
        values = {
            key: value
            for key, value in list(self._registered.items())
            if self._belongs(key, value, records.get(key))
        }
        for loss in self._losses[::-1]:  # to a module that failed, for one
            record = records.get(loss.key)
            is_named = loss.owner[1] in ("", (record or {}).get("qualname", loss.owner[1]))
            if is_named and self._fits(loss.value, record, loss.setters or [loss.owner[0]]):
                values.setdefault(loss.key, loss.value)
        values.update(self._assigned)
        more = dict.fromkeys(key for key in values if key not in records)
        return {**records, **more}, values

    def _belongs(self, key: K, value: V, record: "Record | None") -> bool:
        """Whether what is registered is the value of a record, or of a key that has none."""
        if key in self._setters:
            return self._fits(value, record, self._setters[key])
        owner = self._owner_of(key)
        return not self._is_lost(key, owner) and self._accepts(record, owner)

    def _so_far(self) -> "State[K, V]":
        """What has registered itself, for a reader in the middle of a discovery."""
        values = {**self._registered, **self._assigned}
        return dict.fromkeys(values), values

    def _register(self, key: K, value: V, cls: "type | None" = None) -> None:
        """Put a value in as a class statement does it: without finding the other keys first.

        Args:
            key: The key.
            value: The value.
            cls: The class that registers it; by default the value.
        """
        claimant: Any = cls or value
        owner = claimant.__module__, claimant.__qualname__
        held = self._registered.get(key, _MISSING)
        is_same = held is value if key in self._setters else self._classes.get(key) is claimant
        is_held = held is not _MISSING and not is_same
        if is_held:
            self._find_answer()
        if self._is_taken(key, owner):
            return
        is_lost = self._is_lost(key, owner)
        if is_lost and is_held and self._owner_of(key) == owner:
            is_held = False  # the statement runs again, before it loses its key
        if is_held and (is_lost or not self._replace(key, held, claimant)):
            told = [each[3] for each in self._lost.get(key, ()) if each[:2] == owner]
            by = told[:1] or self._setters[key]
            self._losses.append(Loss(key, value, owner, claimant, None, by, is_lost))
            return
        if self._state is not None and not is_lost:
            self._check_claim(key, value, self._state[0].get(key))
        with _LOCK:
            self._registered[key] = value
            self._setters.pop(key, None)
            self._classes[key] = claimant
            if self._state is not None and not is_lost:
                self._fill(key, value, owner)

    def _replace(self, key: K, held: "Any", claimant: type) -> bool:
        """Let a class have a key that another value holds; whether it may.

        It may not if a plugin module assigned that, and this is no discovery: the answer will tell.

        Raises:
            DuplicateKeyError: Both claim the key.
        """
        setters = self._setters.get(key)
        lost = [each for each in self._lost.get(key, ()) if each[:2] == self._owner_of(key)]
        if lost and not self._is_discovering():
            self._lose(key, [lost[0][3]])
        elif setters and self._is_told_otherwise(key, held):
            return True
        elif setters and not self._is_certain(setters[:1]):
            return False
        else:
            self._check_held(key, held, claimant)
        return True

    def _is_told_otherwise(self, key: K, value: "Any") -> bool:
        """Whether the answer has another value under the key of one that a module assigned."""
        if self._state is None or self._is_discovering():
            return False
        record = self._state[0].get(key)
        return record is not None and not self._belongs(key, value, record)

    def _fill(self, key: K, value: V, owner: "tuple[str, str]") -> None:
        """Let a class have its key in the state, or be the value that is listed."""
        assert self._state is not None
        entries, values = self._state
        # An assignment goes before a class; what was removed does not come back by itself.
        if key in self._assigned or self._is_of(value, self._removed.get(key)):
            return
        if self._accepts(entries.get(key), owner):
            values[key] = value
            entries.setdefault(key, None)
        else:
            values.pop(key, None)  # to be loaded anew, from the class as it is now

    # What plugin modules do while they are imported.

    def _owner_of(self, key: K) -> "tuple[str, str]":
        """Of what is registered under a key: the class or module that it comes from."""
        if key in self._setters:
            return self._setters[key][0], ""
        cls = self._classes[key]
        return cls.__module__, cls.__qualname__

    def _is_lost(self, key: K, owner: "tuple[str, str]") -> bool:
        """Whether an owner does not have a key in the end, though it registered a value for it."""
        if any(each.key == key and each.owner == owner for each in self._losses):
            return True
        return not self._is_discovering() and any(
            each[:2] == owner for each in self._lost.get(key, ())
        )

    def _is_taken(self, key: K, owner: "tuple[str, str]") -> bool:
        """Whether the module that takes a key away from an owner has done so already."""
        if any(each.key == key and each.owner == owner for each in self._losses):
            return True
        return not self._is_discovering() and any(
            each[:2] == owner and each[3] in sys.modules and not is_initializing(each[3])
            for each in self._lost.get(key, ())
        )

    def _lose(self, key: K, by: "list[str]") -> None:
        """Take out what is registered, and note who did it."""
        owner, cls = self._owner_of(key), self._classes.pop(key, None)
        value, setters = self._registered.pop(key), self._setters.pop(key, None)
        if owner == (by[0], ""):
            return  # what a module assigns and takes out again itself is nobody's business
        is_sure = owner[0] == by[0] or self._is_certain((owner[0], by[0]))
        if not is_sure and not self._is_discovering():
            is_sure = any(each[:2] == owner and each[3] in by for each in self._lost.get(key, ()))
        self._losses.append(Loss(key, value, owner, cls, setters, by, is_sure))

    def _assign(self, key: K, value: V, executing: "list[str]") -> None:
        """Set a key as a plugin module does it while it is imported."""
        with _LOCK:
            owner = executing[0], ""
            state = None if self._is_discovering() else self._state
            record = state[0].get(key) if state is not None else None
            fits = self._fits(value, record, executing)
            if record is not None and not fits and not self._is_lost(key, owner):
                return  # nor had it the key where that was discovered
            if state is not None and not fits and (self._is_taken(key, owner) or key in state[1]):
                return
            held = self._registered.get(key, _MISSING)
            if held is not value:
                if held is not _MISSING:
                    self._lose(key, executing)
                self._registered[key] = value
                self._setters[key] = executing
            if state is not None and fits and key not in self._assigned:
                state[1][key] = value

    def _take_away(self, key: K, executing: "list[str]") -> bool:
        """Remove a key as a plugin module does it while it is imported; whether it was there."""
        with _LOCK:
            if self._state is not None and not self._is_discovering():
                ours = [each[:2] for each in self._lost.get(key, ()) if each[3] in executing]
                if not ours:
                    return key in self  # it has not removed that where the keys were discovered
                if key in self._registered and self._owner_of(key) in ours:
                    self._lose(key, executing)
                return True
            if key in self._registered:
                self._lose(key, executing)
                return True
            return self._assigned.pop(key, _MISSING) is not _MISSING

    def _lost_to_us(self, key: K) -> "Lost | None":
        """The value that the module in execution found under a key when it was discovered.

        ``None`` where it found what is listed, or has taken the key over by now.
        """
        lost = self._lost.get(key)
        if not lost or self._is_discovering():
            return None
        if not any(is_initializing(name) for each in lost for name in each[3:]):
            return None
        for name in self._executing():
            for each in lost:
                if name in each[3:] and not self._has_done(key, each, name):
                    return each
        return None

    def _has_done(self, key: K, lost: "Lost", by: str) -> bool:
        return any(
            each.key == key and each.owner == lost[:2] and by in each.by for each in self._losses
        )

    def _is_set_by_us(self, key: K) -> bool:
        """Whether a module in execution has assigned what is registered under a key."""
        name = self._setters.get(key, ("",))[0]
        return is_initializing(name) and name in self._executing()

    def _found_by_us(self, key: K) -> "Any":
        """What only the module in execution finds under a key, loaded; else ``_MISSING``."""
        if self._is_set_by_us(key):
            return self._registered[key]
        lost = self._lost_to_us(key)
        if lost is None:
            return _MISSING
        __import__(lost[2])
        return self._find_lost(key, lost)

    def _find_lost(self, key: K, lost: "Lost") -> "Any":
        """A value that lost its key, of a module that is imported; else ``_MISSING``."""
        for each in self._losses:
            if each.key == key and each.owner == lost[:2]:
                return each.value
        is_here = key in self._registered and self._owner_of(key) == lost[:2]
        return self._registered[key] if is_here else _MISSING

    def _is_of(self, value: V, record: "Record | None") -> bool:
        """Whether a value is the one that a record describes."""
        return False

    def _check_claim(self, key: K, value: V, record: "Record | None") -> None:
        """Refuse a value that is not the one which the cache has under the key."""

    def _check_held(self, key: K, held: "Any", claimant: type) -> None:
        """Refuse a class for a key that another value holds."""

    def _unknown(self, key: "Any") -> KeyError:
        return KeyError(key)

    # The protocol of dict.

    def __len__(self) -> int:
        return len(self._opened()[0])

    def __iter__(self) -> "Iterator[K]":
        return iter(self._keys())  # list() would fail where another thread registers a class

    def __reversed__(self) -> "Iterator[K]":
        return reversed(self._keys())

    def __contains__(self, key: "Any") -> bool:
        entries, values = self._opened()
        is_touched = key in self._setters or key in self._lost
        if is_touched and (self._is_set_by_us(key) or self._lost_to_us(key)):
            return True
        if key in values:
            self._note_read(key, values[key])
        if key not in entries or key in values:
            return key in entries
        record = entries[key]
        return record is None or not self._is_in_making(record)

    def __getitem__(self, key: K) -> V:
        known, was_open = self._state, True
        if known is None:
            known, was_open = self._opened(), False
        if key in self._setters or key in self._lost:
            found = self._found_by_us(key)
            if found is not _MISSING:
                return found  # type: ignore[no-any-return]
        value: Any = known[1].get(key, _MISSING)
        if value is not _MISSING and not self._is_discovering():
            return value  # type: ignore[no-any-return]
        entries, values = self._sought(key, was_open)
        record = entries.get(key)
        if record is not None and key not in values:
            return self._load(key, record)
        self._note_read(key, values[key])
        return values[key]

    def _note_read(self, key: K, value: V) -> None:
        """In a discovery: note which module finds which value, for it may be lost later."""
        if self._is_discovering() and (executing := self._executing()):
            self._reads.append((key, value, executing))

    def __setitem__(self, key: K, value: V) -> None:
        """Set a key in this process; what a plugin sets while it is imported, is discovered."""
        if executing := self._executing():
            self._assign(key, value, executing)
            return
        self._opened()
        with _LOCK:
            self._assigned[key] = value
            if self._state is not None:  # None: this thread is in the middle of a discovery
                entries, values = self._state
                values[key] = value
                entries.setdefault(key, None)

    def __delitem__(self, key: K) -> None:
        if not self._take_out(key):
            raise self._unknown(key)

    def _take_out(self, key: K) -> bool:
        """Remove a key in this process; whether it was there."""
        self._opened()
        if executing := self._executing():
            return self._take_away(key, executing)
        with _LOCK:
            entries, values = self._state or self._so_far()
            if key not in entries:
                return False
            record = entries.pop(key)
            if record is not None and key not in values:
                self._removed[key] = record
            values.pop(key, None)
            self._assigned.pop(key, None)
            return True

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, dict):
            return NotImplemented
        if len(self) != len(other) or any(key not in other for key in self._keys()):
            return False
        return all(key in other and value == other[key] for key, value in self._pairs())

    def __ne__(self, other: object) -> bool:
        equal = self.__eq__(other)  # dict has a method of its own for this, which must not answer
        return equal if equal is NotImplemented else not equal

    __hash__ = None

    def __repr__(self) -> str:
        entries, values = self._opened()
        entries, values = {**entries}, {**values}  # others may change them meanwhile
        shown = (
            f"{key!r}: {self._show(entries[key], values.get(key, _MISSING))}" for key in entries
        )
        return f"{{{', '.join(shown)}}}"

    def _show(self, record: "Record | None", value: object) -> str:
        if record is None or value is not _MISSING:
            return repr(value)
        return self._describe_value(record)

    def _keys(self) -> "list[K]":
        """The keys of this moment; ``[*self]`` asks ``len(self)``, where threads may switch."""
        keys = [*self._opened()[0]]
        ours = self._keys_lost_to_us()
        return [*ours, *(key for key in keys if key not in ours and key in self)] if ours else keys

    def _keys_lost_to_us(self) -> "list[K]":
        """Keys under which only the module in execution finds a value, in the order of losses."""
        self._opened()
        return [key for key in self._lost if self._lost_to_us(key)]

    def _pairs(self) -> "Iterator[tuple[K, V]]":
        """Keys and values, each loaded when it is yielded; without what is removed meanwhile."""
        for key in self._keys():
            value: Any = self.get(key, _MISSING)
            if value is not _MISSING:
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
            return self._opened()[0].keys()

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

        def pop(self, key: K, default: "Any" = _MISSING, /) -> "Any":
            """Remove ``key`` in this process and return its value, loaded."""
            value = self[key] if default is _MISSING else self.get(key, default)
            if self._take_out(key):
                return value
            if default is _MISSING:
                raise self._unknown(key)
            return default

        def popitem(self) -> "tuple[K, V]":
            """Remove the last key in this process and return it with its value, loaded."""
            for key in [*self._keys_lost_to_us(), *reversed(self)]:
                value = self.pop(key, self)  # itself: another thread was faster
                if value is not self:
                    return key, value
            raise KeyError("popitem(): dictionary is empty")

        def setdefault(self, key: K, default: "Any" = None) -> "Any":
            """The value of ``key``, loaded; ``default``, stored, if there is no such key."""
            self._opened()
            with _LOCK:
                if key not in self:
                    self[key] = default
            return self.get(key, default)

        def update(self, *args: "Any", **kwargs: "Any") -> None:
            """Set keys in this process, as ``dict.update``."""
            for key, value in dict(*args, **kwargs).items():
                self[key] = value

        def clear(self) -> None:
            """Remove all keys in this process; the cache file stays."""
            for key in list(self):
                self._take_out(key)

    def __copy__(self) -> "LazyDict[K, V]":
        return self

    def __deepcopy__(self, memo: "Any") -> "LazyDict[K, V]":
        return self

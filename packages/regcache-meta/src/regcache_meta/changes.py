"""What programs and plugins do to a registry: register, assign, remove; what is taken back.

Imported when that happens first: most starts list plugins without it.
"""

from .config import MISSING, NOWHERE, lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from .mapping import K, LazyDict, Record, State, V


def register(mapping: "LazyDict[K, V]", key: "K", value: "V") -> "K":
    """Put a value in as a class statement does it: without finding the other keys first.

    Returns:
        The key under which it is listed, as far as that is known.
    """
    held = mapping._registered.get(key, MISSING)
    if key in mapping._setters and held is not value:
        mapping._journal.append((mapping._setters[key], key, value, None))
        return key
    if held is not MISSING and held is not value:
        mapping._primary._find_answer()
    is_contested = key in mapping._contested()
    if mapping._state is not None and not is_contested:
        mapping._check_claim(key, value, mapping._state[0])
    with lock():
        mapping._registered[key] = value
        if mapping._state is None:
            early: K = mapping._listed_as(key, value, {})
            mapping._mirror(early)
            return early
        entries, values = mapping._state
        is_odd = is_contested and not mapping._fits(key, value, entries.get(key))
        if is_odd or not (is_contested or mapping._is_shown(key, ())):
            return key
        listed: K = mapping._listed_as(key, value, entries)
        # An assignment goes before a class; what was removed does not come back by itself.
        is_taken = listed in mapping._assigned or (
            listed in mapping._removed and mapping._is_of(value, mapping._removed[listed])
        )
        if not is_taken and listed is not NOWHERE:
            values[listed] = value
            entries.setdefault(listed, None)
        mapping._mirror(listed)
        return listed


def set_by_plugin(mapping: "LazyDict[K, V]", key: "K", value: "V", executing: "list[str]") -> None:
    """Set a key as a module does it that is being imported."""
    with lock():
        note_loss(mapping, key, executing, value)
        mapping._registered.pop(key, None)  # it comes behind what there was before
        mapping._registered[key] = value
        mapping._setters[key] = executing
        if mapping._state is None or mapping._primary._is_anew():
            mapping._mirror(key)
            return
        entries, values = mapping._state
        record, is_listed = entries.get(key), key in entries
        if is_listed and record is not None and not mapping._fits(key, value, record):
            return
        if is_listed or mapping._is_shown(key, mapping._contested()):
            values[key] = value
            entries.setdefault(key, None)
            mapping._mirror(key)


def remove_by_plugin(mapping: "LazyDict[K, V]", key: "K", executing: "list[str]") -> bool:
    """Remove a key as a module does it that is being imported; whether it was there."""
    if mapping._found_before(key) is MISSING and key not in mapping._registered:
        mapping._note_look(key)
        return False
    with lock():
        note_loss(mapping, key, executing, MISSING)
        mapping._registered.pop(key, None)
        mapping._setters.pop(key, None)
        mapping._mirror(key)
        return True


def note_loss(mapping: "LazyDict[K, V]", key: "K", executing: "list[str]", value: object) -> None:
    """Note what a module in execution takes from others, to be given back if it fails."""
    old: Any = mapping._registered.get(key, MISSING)
    if old is not MISSING and old is not value:
        mapping._journal.append((executing, key, old, mapping._setters.get(key)))


def take_out(mapping: "LazyDict[K, V]", key: "K") -> bool:
    """Remove a key in this process; whether it was there."""
    executing = mapping._primary._executing()
    if executing:
        mapping._primary._find_answer()
        is_known = key in mapping._registered or key in mapping._contested()
        if is_known or mapping._primary._is_discovering():
            return remove_by_plugin(mapping, key, executing)
        if executing[0] in mapping._primary._failures:
            return key in mapping._opened()[0]
    mapping._opened()
    with lock():
        entries, values = mapping._state or mapping._so_far()
        if key not in entries:
            return False
        record = entries.pop(key)
        if record is not None and key not in values:
            mapping._removed[key] = record
        values.pop(key, None)
        mapping._assigned.pop(key, None)
        mapping._mirror(key)
        return True


def settle(mapping: "LazyDict[K, V]", key: "K", record: "Record") -> bool:
    """Let a key have the value that plugins come to together; whether there is one."""
    for module in mapping._primary._failures:
        undo(mapping, module)
    if mapping._contested() and not has_fitting(mapping, key, record):
        mapping._primary._replay()
    if not has_fitting(mapping, key, record):
        return False
    mapping._opened()[1][key] = mapping._registered[key]
    return True


def has_fitting(mapping: "LazyDict[K, V]", key: "K", record: "Record") -> bool:
    """Whether what is registered under a key is what a record describes."""
    return key in mapping._registered and mapping._fits(key, mapping._registered[key], record)


def undo(mapping: "LazyDict[K, V]", module: str) -> None:
    """Take back what a module did that has failed."""
    for key in [key for key, setters in mapping._setters.items() if setters[0] == module]:
        del mapping._registered[key], mapping._setters[key]
    for entry in [each for each in mapping._journal if each[0][0] == module][::-1]:
        mapping._journal.remove(entry)
        _, key, old, setters = entry
        mapping._registered[key] = old
        if setters is not None:
            mapping._setters[key] = setters


def removed_keys(mapping: "LazyDict[K, V]") -> "set[K]":
    """What was found or registered itself, and has been removed by hand."""
    entries = mapping._opened()[0]
    registered = [key for key in list(mapping._registered) if key not in mapping._contested()]
    return {key for key in (*mapping._found, *registered) if key not in entries}


def take_over(
    mapping: "LazyDict[K, V]", records: "Mapping[K, Record | None]", removed: "Iterable[K]"
) -> "State[K, V]":
    """Make the state anew; what was loaded, assigned or removed by hand stays so."""
    mapping._check_claims(records)
    with lock():
        old, found = mapping._state[1] if mapping._state else {}, mapping._found
        entries, values = mapping._combined(records)
        for key in records.keys() & old.keys() & found.keys():
            if _alone(records[key]) == _alone(found[key]):
                values.setdefault(key, old[key])
        for key in removed:
            entries.pop(key, None)
            values.pop(key, None)
        return mapping._show_all(records, (entries, values))


def _alone(record: "Record | None") -> "Record":
    """A record without those that claim its key in vain: what is loaded stays whoever comes."""
    return {name: value for name, value in (record or {}).items() if name != "over"}

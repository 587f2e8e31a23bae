"""Damaged cache files, made of real ones and loaded by what wrote them; run in a fresh process.

Each trial writes a file and loads it as a start does. A file that is believed is listed with all
that is stored in it. Every so often a fork of the process goes the whole way: a miss discovers, and
everything is loaded. The process itself imports no plugin, so each fork begins as a start does.
"""

from __future__ import annotations

import copy
import faulthandler
import json
import os
import random
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from regcache_core._file import seal

#: Trials for one that goes the whole way.
_WHOLE = 200
#: No trial takes seconds; whatever hangs ends with the stacks of all threads.
_HANGS_S = 120
_SEAL_BYTES = len(seal(b""))
#: Stand in a tree for what Python's json would not write.
_TEXTS = {
    '"\\u0001digits"': "9" * 5000,
    '"\\u0001deep"': "[" * 20_000 + "]" * 20_000,
    '"\\u0001number"': "1e999",
}
_NAMES = [
    "os", "canary", "app.canary", ".canary", "app.readers..canary", "app.readers.__init__",
    "app.filters.__main__", "plug", "app", "", "\0", "\ud800", "x" * 300, "!enum canary:Level:LOW",
    "!enum app.keys:Level:NO", "!int 1", "!tuple []", "os.system", "Csv.__init__.__globals__",
    "csv", "json", "gaussian", "Reader", "failures", "items", "via", "entry", "attribute",
]  # fmt: skip
_VALUES = [
    None, True, False, 0, -1, 1.5, -0.0, 10**400, -(10**400), float("nan"), float("inf"), [], {},
    [[]], {"": None}, "\1digits", "\1deep", "\1number", [None] * 5, *_NAMES,
]  # fmt: skip


def run(kind: str, seed: int, count: int) -> dict[str, int]:
    """Try ``count`` damaged files of one kind of registry, as damage and with a right checksum.

    Returns:
        How often which outcome was seen.

    Raises:
        AssertionError: A file was believed that should not have been, or something was raised.
    """
    import use

    faulthandler.dump_traceback_later(_HANGS_S, exit=True)
    subject = _Subject(kind, use)
    chance, outcomes = random.Random(f"{kind} {seed}"), Counter[str]()
    modules = {*sys.modules}
    for number in range(count):
        faulthandler.dump_traceback_later(_HANGS_S, exit=True)
        is_tree = chance.random() < 0.5
        body = _mutated_tree(chance, subject) if is_tree else _mutated_bytes(chance, subject.bodies)
        # A tree by the checksum of what it was; with one of two its checksum is right again.
        is_right = is_tree and chance.random() < 0.5
        content = body + (seal(body) if is_right else subject.seal) if is_tree else body
        what = "right checksum" if is_right else "damage"
        try:
            seen = subject.load(content)
            outcome = _judge(seen, subject.truth, content == subject.content)
            assert is_right or outcome != "different", seen
            outcomes[f"{what}: {outcome}"] += 1
            if number % _WHOLE == 0:
                subject.go_the_whole_way(content, is_right and outcome == "different")
                outcomes["the whole way"] += 1
            foreign = {*sys.modules} - modules
            assert not any(name.startswith(_FOREIGN) for name in foreign), foreign
        except BaseException as error:
            place = Path("failing_file").absolute()
            place.write_bytes(content)
            raise AssertionError(f"{kind} {seed}, trial {number}, {what}, {place}") from error
    faulthandler.cancel_dump_traceback_later()
    subject.path.write_bytes(subject.content)  # for the next process
    return dict(outcomes)


#: No module of these may be imported for a file: nothing that is listed needs them.
_FOREIGN = ("canary", "app.canary", "app.readers.", "app.filters", "plug", "library")


def _judge(seen: Any, truth: Any, is_whole: bool) -> str:
    if seen is None:
        assert not is_whole
        return "miss"
    return "equal" if seen == truth else "different"


class _Subject:
    """One kind of registry: its files, and how it loads one as a start does."""

    def __init__(self, kind: str, use: Any) -> None:
        self.kind, self._use = kind, use
        self._load: Callable[[], Any] = getattr(self, f"_load_{kind}")
        self.registry: Any = getattr(
            use, {"classes": "READERS", "filters": "FILTERS"}.get(kind, "LIBRARY")
        )
        self._lists = {"classes": lambda: use.classes()}.get(
            kind, lambda: use.functions(self.registry)
        )
        self.path = self._find_path()
        self.content = self.path.read_bytes()
        others = [path.read_bytes() for path in Path(os.environ["REGCACHE_DIR"]).rglob("*.json*")]
        self.bodies = [self.content, *others]
        self.seal = self.content[-_SEAL_BYTES:]
        self.text = self.content.decode()
        self.truth = self.load(self.content)
        assert self.truth is not None, self._report()
        self.whole_truth = self._go()

    def _find_path(self) -> Path:
        managers = {"pair": self._use.PAIR, "shapes": self._use.shapes()}
        if self.kind in managers:
            return Path(managers[self.kind].path)
        self._lists()
        return Path(self.registry.report.path)

    def _report(self) -> Any:
        return self._use.report_of(self.kind)

    def load(self, content: bytes) -> Any:
        """What a start finds in a file; ``None`` for a miss, of which the report tells a reason."""
        with open(self.path, "wb") as file:  # in place: the mode and the owner stay
            file.write(content)
        seen, report = self._load()
        is_hit = (report.status, report.reason) == ("hit", None)
        assert is_hit == (seen is not None) == (report.reason is None), report
        assert str(report)
        return seen

    def _load_pair(self) -> Any:
        items = self._use.PAIR.load_cache()
        return (None if items is None else repr(items)), self._use.PAIR.last_report

    def _load_shapes(self) -> Any:
        manager = self._use.shapes()
        items = manager.load_cache()
        return (None if items is None else repr(items)), manager.last_report

    def _load_classes(self) -> Any:
        from regcache_core.discovery import Cache

        self._forget()
        listing = self.registry._listed_by()
        cache = Cache(listing.adapter)
        if listing._load_cached(cache) is None:
            return None, cache.manager.last_report
        return self._lists(), self.registry.report

    _load_filters = _load_library = _load_functions = _load_classes

    def _forget(self) -> None:
        """Let the next use be the first."""
        self.registry._state = None
        for dependent in getattr(self.registry, "_dependents", ()):
            dependent._state = None

    def go_the_whole_way(self, content: bytes, may_differ: bool) -> None:
        """Use everything in a process of its own, which discovers if the file is a miss."""
        with open(self.path, "wb") as file:
            file.write(content)
        self._forget()
        seen = self._go()
        assert may_differ or seen == self.whole_truth, (seen, self.whole_truth)

    def _go(self) -> Any:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                self._forget()
                answer = self._use.USES[self.kind]()
                assert "canary" not in sys.modules
                text = json.dumps(answer)
            except BaseException:  # whatever it is, the parent is to be told
                text = json.dumps(["failed", traceback.format_exc()])
            with open(writer, "w") as file:
                file.write(text)
            os._exit(0)
        os.close(writer)
        with open(reader) as file:
            seen = json.loads(file.read())
        os.waitpid(child, 0)
        assert seen[0] != "failed", seen[1]
        return seen


# Bytes.


def _mutated_bytes(chance: random.Random, bodies: list[bytes]) -> bytes:
    data = bodies[0]
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        data = chance.choice(_BYTES)(chance, data, bodies)
    return data


def _cut(chance: random.Random, data: bytes, bodies: list[bytes]) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _flip(chance: random.Random, data: bytes, bodies: list[bytes]) -> bytes:
    changed = bytearray(data or b"x")
    for _ in range(chance.choice([1, 1, 2, 8])):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _splice(chance: random.Random, data: bytes, bodies: list[bytes]) -> bytes:
    other = chance.choice(bodies)
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other)) :]


def _overlay(chance: random.Random, data: bytes, bodies: list[bytes]) -> bytes:
    other, place = chance.choice(bodies), chance.randrange(len(data) + 1)
    size = chance.choice([1, 16, 512])
    return data[:place] + other[place : place + size] + data[place + size :]


def _zero(chance: random.Random, data: bytes, bodies: list[bytes]) -> bytes:
    place, size = chance.randrange(len(data) + 1), chance.choice([1, 8, 512, 4096])
    kept = data[place + size :] if chance.random() < 0.5 else data[place:]
    return data[:place] + b"\0" * size + kept


def _move(chance: random.Random, data: bytes, bodies: list[bytes]) -> bytes:
    first, second, third = sorted(chance.randrange(len(data) + 1) for _ in range(3))
    return data[:first] + data[second:third] + data[first:second] + data[third:]


_BYTES = [_cut, _flip, _flip, _splice, _overlay, _zero, _move]


# Trees.


def _mutated_tree(chance: random.Random, subject: _Subject) -> bytes:
    tree = json.loads(subject.text)
    del tree["checksum"]
    for _ in range(chance.choice([1, 1, 1, 2, 4])):
        chance.choice(_TREES)(chance, tree)
    text = json.dumps(tree, separators=(",", ":"))
    for name, value in _TEXTS.items():
        text = text.replace(name, value)
    return text.replace("\\u0001twice ", "").encode()[:-1]


def _place(chance: random.Random, tree: Any) -> tuple[Any, Any]:
    """A container somewhere in a tree, and the name or number of a part of it."""
    here = tree
    while True:
        part = chance.choice([*here] if isinstance(here, dict) else range(len(here)))
        below = here[part]
        if not isinstance(below, (dict, list)) or not below or chance.random() < 0.25:
            return here, part
        here = below


def _value(chance: random.Random) -> Any:
    """Any value; one that nothing else holds, for the next change may be inside of it."""
    return copy.deepcopy(chance.choice(_VALUES))


def _drop(chance: random.Random, tree: Any) -> None:
    if len(tree) > 1:
        here, part = _place(chance, tree)
        del here[part]


def _twice(chance: random.Random, tree: Any) -> None:
    here, part = _place(chance, tree)
    if isinstance(here, list):
        here.append(copy.deepcopy(here[part]))
    else:  # a member of the same name, with another value
        here[f"\1twice {part}"] = _value(chance)


def _swap(chance: random.Random, tree: Any) -> None:
    (one, first), (two, second) = _place(chance, tree), _place(chance, tree)
    one[first], two[second] = copy.deepcopy([two[second], one[first]])


def _retype(chance: random.Random, tree: Any) -> None:
    here, part = _place(chance, tree)
    value = here[part]
    kinds = [str(value), [value], {"x": value}, None, not value, len(str(value))]
    here[part] = chance.choice(kinds)


def _replace(chance: random.Random, tree: Any) -> None:
    here, part = _place(chance, tree)
    here[part] = _value(chance)


def _rename(chance: random.Random, tree: Any) -> None:
    here, part = _place(chance, tree)
    if isinstance(here, dict):
        here[chance.choice([*_NAMES, f"{part}x", f"{part}.__globals__"])] = here.pop(part)


def _add(chance: random.Random, tree: Any) -> None:
    here, _ = _place(chance, tree)
    if isinstance(here, dict):
        here[chance.choice(_NAMES)] = _value(chance)
    else:
        here.insert(chance.randrange(len(here) + 1), _value(chance))


def _number(chance: random.Random, tree: Any) -> None:
    here, part = _place(chance, tree)
    if isinstance(here[part], (int, float)):
        here[part] = chance.choice([-1, here[part] + 1, -here[part], 10**300, 1e300, 2**63])


def _text(chance: random.Random, tree: Any) -> None:
    here, part = _place(chance, tree)
    if isinstance(here[part], str):
        place = chance.randrange(len(here[part]) + 1)
        more = chance.choice([*_NAMES, ".", "__", "/", "\ud800"])
        here[part] = here[part][:place] + more + here[part][place:]


_TREES = [_drop, _twice, _swap, _retype, _replace, _rename, _add, _number, _text]

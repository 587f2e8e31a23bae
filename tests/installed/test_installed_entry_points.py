"""`entry_points()` gives what `importlib.metadata` gives, without importing it."""

from __future__ import annotations

import importlib.metadata
import json
import os
import pickle
import random
import shutil
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from environments import PIP, Environment
from throwaway import App

import regcache_core._cold.stamps
from regcache_core.discovery import EntryPoint, EntryPoints, entry_points, installed
from regcache_core.discovery._cold import installed as cold  # noqa: F401 - sys.path is bent later

#: Questions that no value decides: these raise what the original raises.
PLAIN: list[dict[str, Any]] = [
    {"group": "g"},
    {"group": "ü"},
    {"name": "a"},
    {"group": "g", "name": "a"},
]
QUESTIONS: list[dict[str, Any]] = [
    *PLAIN,
    {"attr": None},
    {"extras": ["x", "y"]},
    {"module": "m.n"},
]
if sys.version_info >= (3, 12):  # before, the original gave a dict of groups, sorted
    PLAIN.append({})

TEXTS = [
    None,
    b"",
    b"[g]\na = m.n:o\n",
    b"[g]\nb = m.n:o\n",  # as long as the one above
    b"# none\n[g]\n\n# a = x\na = m.n : o.p [x, y]\n  b=m  \n[h]\na = m\n[g]\na = second\n",
    b"[g]\r\na = m.n\r\n[other group]\r\na b = m\r\n",
    "[ü]\nä = größe:ß\n".encode(),
    b"no = group\n[[g]]\na = m\n[]\nempty = m\n",
    b"[g]\na = m = n\nb = not a value!\n",
    b"[g]\na line without a value\n",  # broken for the original
    b"[g]\na = \xff\n",  # broken, too
]
TOLD = [None, b"Name: Told\nVersion: 2.0\n", b"Name: tool\nVersion: 3\n\nText", b"", b"Name: \xff"]
STEMS = ["tool-1.0", "Tool-2.0", "to.ol-1", "to__ol-1", "other-1.0", "_other", "Told", "-1.0", ""]
ENDINGS = [".dist-info", ".egg-info", ".DIST-INFO"]

PLACES = ["site", "site2", "egg_one-1.0-py3.egg", "TWO.EGG", "z.zip", "w-1-py3-none-any.whl"]
EDITS = ["add", "remove", "state", "state", "tell", "turn"]


def draw_info(draw: random.Random) -> Any:
    """Metadata: name, entry points, what tells name and version, in which file; or one file."""
    name = "EGG-INFO" if draw.random() < 0.2 else draw.choice(STEMS) + draw.choice(ENDINGS)
    texts = TEXTS if draw.random() < 0.1 else TEXTS[:-3]
    told = TOLD if draw.random() < 0.2 else TOLD[1:3]
    telling = draw.choice(["METADATA", "PKG-INFO"])
    return name, draw.choice(texts), draw.choice(told), telling, draw.random() < 0.1


def write_info(folder: Path, made: Any) -> None:
    """Write metadata into a folder, over what may be there."""
    name, text, told, telling, is_file = made
    path = folder / name
    if is_file and not path.exists():
        path.write_bytes(told or b"")
        return
    if path.is_file():
        return
    path.mkdir(exist_ok=True)
    for file, content in (("entry_points.txt", text), (telling, told)):
        if content is not None:
            (path / file).write_bytes(content)
        else:
            (path / file).unlink(missing_ok=True)


def write_place(root: Path, name: str, infos: list[Any]) -> str:
    """Write a folder or an archive of metadata; gives its path."""
    folder = root / f"{name} source" if name.endswith(("zip", "whl")) else root / name
    folder.mkdir(exist_ok=True)
    for each in infos:
        write_info(folder, each)
    if folder.name == name:
        return str(folder)
    with zipfile.ZipFile(root / name, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, str(path.relative_to(folder)))
    return str(root / name)


def change(root: Path, path: list[str], how: str, which: int, made: Any) -> None:
    """Change something on the path."""
    if how == "turn":
        path.append(path.pop(0))
        return
    chosen = path[which % len(path)]
    is_archive = chosen.endswith(("zip", "whl"))
    folder = Path(f"{chosen} source" if is_archive else chosen)
    there = sorted(folder.iterdir())
    if how == "add" or not there:
        write_info(folder, made)
    else:
        one = there[which % len(there)]
        if how == "remove":
            shutil.rmtree(one) if one.is_dir() else one.unlink()
        else:
            file = {"state": "entry_points.txt", "tell": made[3]}[how]
            content = made[1] if how == "state" else made[2]
            (one / file if one.is_dir() else one).write_bytes(content or b"")
    if is_archive:
        write_place(root, Path(chosen).name, [])


def answer(ask: Callable[..., Any], question: dict[str, Any]) -> Any:
    """What is said, with the places of the distributions; or the type of what is raised."""
    try:
        found = [*ask(**question)]
        if sys.version_info < (3, 12) and "group" not in question:
            found.sort(key=lambda point: point.group)
        return [(p.name, p.value, p.group, str(p.dist._path)) for p in found]
    except Exception as error:  # broken metadata raise anything
        return type(error).__name__ if question in PLAIN else "raised"


def answers(ask: Callable[..., Any]) -> list[Any]:
    """What is said to all questions."""
    importlib.metadata.FastPath.__new__.cache_clear()  # type: ignore[attr-defined]  # by its times
    return [answer(ask, question) for question in QUESTIONS]


def forget() -> None:
    """Be a process that has read nothing."""
    installed._KNOWN.clear()
    installed._PLAIN.clear()


@pytest.fixture(params=["young", "old"])
def age(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Files whose times tell nothing yet; or such that can be trusted after a moment."""
    if request.param == "young":
        return lambda: None
    for module in (regcache_core._cold.stamps, installed):
        monkeypatch.setattr(module, "RACY_NS", 15_000_000)
    return lambda: time.sleep(0.03)


def test_any_environment_gives_what_the_original_gives(
    age: Callable[[], None], tmp_path: Path
) -> None:
    """Cold, again, warm and switched off, while metadata come, change and go."""
    seed = time.time_ns()
    for number in range(40):
        live(random.Random(seed + number), tmp_path / str(number), age)


def live(draw: random.Random, root: Path, age: Callable[[], None]) -> None:
    """Make an environment and change it; ask each time."""
    forget()
    with pytest.MonkeyPatch.context() as patch:
        root.mkdir()
        patch.setenv("REGCACHE_DIR", str(root / "cache"))
        names = draw.sample(PLACES, draw.randint(1, 4))
        infos = [[draw_info(draw) for _ in range(draw.randint(0, 5))] for _ in names]
        path = [*map(write_place, [root] * len(names), names, infos)]
        rest = [each for each in sys.path if "site-packages" not in each]
        for step in ["", *draw.choices(EDITS, k=5)]:
            if step:
                age()
                change(root, path, step, draw.randint(0, 99), draw_info(draw))
            patch.setattr(sys, "path", path + rest)
            expected = answers(importlib.metadata.entry_points)
            age()
            running, again = answers(entry_points), answers(entry_points)
            forget()
            warm = answers(entry_points)
            with pytest.MonkeyPatch.context() as off:
                off.setenv("REGCACHE_DISABLE", "1")
                forget()
                switched_off = answers(entry_points)

            assert (step, expected) == (step, running)
            assert (step, expected) == (step, again)
            assert (step, expected) == (step, warm)
            assert (step, expected) == (step, switched_off)

"""Names and keys of any text: files of their own, inside the folder, on every file system."""

from __future__ import annotations

import itertools
import os
import string
from pathlib import Path
from typing import Any

from throwaway import App
from trials import Record

from regcache_core import RegistryCacheManager, get_cache_file_path

#: What Windows takes for a device, whatever comes after a dot.
DEVICES = ["CON", "PRN", "AUX", "NUL", *(f"{p}{n}" for p in ("COM", "LPT") for n in range(10))]
NAMES = [
    *("../../x", "..", ".", "/etc/passwd", "a/b", "a\\b", "C:\\x", "\\\\host\\x", "a\0b", "\0", ""),
    *("\U0001f600", "\U0001f600" * 300, "\ud800", "n\u00e4me", "na\u0308me", "x" * 300, "x" * 301),
    *("Foo", "foo", "FOO", "fo\u00d6", "\u0130", "i\u0307", "\u00df", "SS", "\ufb01", "fi"),
    *(
        "x.",
        "x..",
        "x ",
        "x  ",
        " x",
        ".x",
        "x. ",
        "a:b",
        "a*b",
        "a?b",
        "a|b",
        "a<b",
        'a"b',
        "a\nb",
    ),
    *("x.json", "x.tmp", "-", "--help", "~", "~root", "$HOME", "%TEMP%", "a\u202eb", "\ufeff"),
    *DEVICES,
    *(name.lower() for name in DEVICES),
    *(f"{name}.json" for name in DEVICES[:4]),
    *("COM\u00b9", "LPT\u00b2", "CONIN$", "CONOUT$", "nul ", "nul."),
]
NAMES = [name for name in NAMES if name]
#: What no file system of ours gives a meaning to.
PLAIN = {*string.ascii_letters, *string.digits, "-", "_"}


def test_names_have_files_of_their_own(cache_dir: Path, record: Record) -> None:
    """Any two names, of caches or applications, have two files, also where case does not count."""
    paths = [
        *(str(get_cache_file_path(name)) for name in NAMES),
        *(str(get_cache_file_path("a", application=name)) for name in NAMES),
        *(str(get_cache_file_path(a, application=b)) for a, b in itertools.pairwise(NAMES)),
    ]

    assert len(paths) == len({path.casefold() for path in paths})
    for path in map(Path, paths):
        assert cache_dir == path.parent.parent
        for part, stem in ((path.parent.name, path.parent.name), (path.name, path.stem)):
            assert {*stem} <= PLAIN
            assert part.partition(".")[0].upper() not in DEVICES
            assert 0 < len(part) <= 128
    record(names=len(NAMES), files=len(paths), shared=0)


def test_each_name_has_its_answer(cache_dir: Path, record: Record) -> None:
    """Caches of all names side by side: each gives back what was put into it, and no other."""
    managers: list[RegistryCacheManager[str, int]] = [
        RegistryCacheManager(name, lambda: "1", int, int, application=application)
        for name in NAMES
        for application in ("app", name)
    ]
    for number, manager in enumerate(managers):
        assert manager.save_cache({"number": number})

    answers = [manager.load_cache() for manager in managers]

    assert [{"number": number} for number in range(len(managers))] == answers
    inside = [*cache_dir.rglob("*.json")]
    assert len(managers) == len(inside)
    record(caches=len(managers), mixed_up=0)


KEYS: list[Any] = [
    *NAMES,
    "",
    "!",
    "!int 1",
    "!str x",
    "!None",
    0,
    1.5,
    None,
    ("a", "A"),
    "checksum",
]


def test_keys_of_any_text_come_back(record: Record) -> None:
    """Keys are no names of files: all of them come back in one cache, twins and all."""
    items = {key: number for number, key in enumerate(KEYS)}
    manager: RegistryCacheManager[Any, int] = RegistryCacheManager(
        "keys", lambda: "1", int, int, application="app"
    )
    assert manager.save_cache(items)

    loaded = manager.load_cache()

    assert items == loaded
    assert loaded is not None
    assert [*map(repr, items)] == [*map(repr, loaded)]
    record(keys=len(KEYS), lost=0)


REGISTRIES = """
import base64, json, sys
from regcache_functions import FunctionRegistry
from regcache_meta import AutoRegisterMeta, LazyDiscoveryDict, RegistryConfig
NAMES = {names!r}
"""
APPLICATION = {
    "app/__init__.py": "",
    "app/base.py": """
        from regcache_meta import AutoRegisterMeta, LazyDiscoveryDict
        PLUGINS = LazyDiscoveryDict()
        class Base(metaclass=AutoRegisterMeta):
            __registry_key__ = "key"
        """,
    "app/plugins.py": """
        from app.base import Base
        from app.names import NAMES
        for number, name in enumerate(NAMES):
            type(f"Plugin{number}", (Base,), {"key": name, "__module__": __name__})
        """,
    "app/tools.py": """
        from app.names import NAMES
        from app.functions import TOOLS
        def tool(): ...
        for name in NAMES:
            TOOLS.register(name)(lambda: None)
        """,
    "app/functions.py": """
        from regcache_functions import FunctionRegistry
        TOOLS = FunctionRegistry({name!r}, package="app.tools")
        """,
}
LIST = """
import warnings
from app.base import Base
from app.functions import TOOLS
out = [
    [*Base.__registry__], [*TOOLS], Base.__registry__.report.status, TOOLS.report.status,
    TOOLS.report.path,
]
"""


def test_registries_keep_keys_of_any_text(app: App, record: Record) -> None:
    """Classes and functions whose keys and registry have such names are listed warm as cold."""
    names = [*NAMES, "!", "!int 1"]
    paths = []
    for name in ("a/../b", "CON", "con", "x" * 300, "\U0001f600 \0"):
        files = {**APPLICATION, "app/names.py": f"NAMES = {names!r}\n"}
        files["app/functions.py"] = files["app/functions.py"].replace("{name!r}", ascii(name))
        app.write(files)
        cold, warm = app.run(LIST), app.run(LIST)

        assert [names, names] == cold[:2] == warm[:2]
        assert ["hit", "hit"] == warm[2:4]
        paths.append(warm[4])
    assert 5 == len({path.lower() for path in paths})
    assert all(str(app.cache) == os.path.dirname(os.path.dirname(path)) for path in paths)
    record(keys=2 * len(names), registries=len(paths), lost=0)

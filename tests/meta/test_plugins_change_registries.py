"""What plugin modules do to registries while they are imported is part of the answer."""

from typing import Any

import pytest
from throwaway import App

BASE = """
    from regcache_meta import PRIMARY_KEY, AutoRegisterMeta, LazyDiscoveryDict, SecondaryRegistry
    READERS = LazyDiscoveryDict()
    LABELS = {}
    class Reader(metaclass=AutoRegisterMeta):
        __registry_key__ = "format"
        __registry__ = READERS
        __secondary_registries__ = [SecondaryRegistry(LABELS, PRIMARY_KEY, "label")]
        label = None
    def set_label(cls, label):
        LABELS[cls.format] = label
    """
#: A registry of classes that do not register themselves.
SCANNED = """
    from regcache_meta import LazyDiscoveryDict
    class Reader: pass
    READERS = LazyDiscoveryDict.for_package("app.readers", Reader, key="format")
    LABELS = set_label = {}
    """


def plugin(stem: str, *more: str) -> str:
    """A plugin module with one class, and statements after it."""
    head = "from .base import LABELS, READERS, Reader, set_label"
    cls = (
        f"class {stem.capitalize()}(Reader):\n    format = {stem!r}\n    label = 'label of {stem}'"
    )
    return "\n".join([head, cls, *more]) + "\n"


CSV, PNG = plugin("csv"), plugin("png")
#: What plugins do -> the modules that do it, and the keys that there are then.
PRIMARY: dict[str, tuple[dict[str, str], list[str]]] = {
    "override": ({"zz": plugin("zz", "READERS['png'] = Zz")}, ["csv", "zz", "png"]),
    "override by another class": (
        {"zz": plugin("zz", "class Other: pass", "READERS['png'] = Other")},
        ["csv", "zz", "png"],
    ),
    "override by update": ({"zz": plugin("zz", "READERS.update(png=Zz)")}, ["csv", "zz", "png"]),
    "override by a wrapper": (
        {
            "zz": plugin(
                "zz", "class Fast(READERS['png']):\n    format = None", "READERS['png'] = Fast"
            )
        },
        ["csv", "zz", "png"],
    ),
    "wrappers of wrappers": (
        {
            name: plugin(
                name,
                "old = READERS['png']",
                f"class Wrapped(old):\n    format = None\n    base = old.__module__ + {name!r}",
                "READERS |= {'png': Wrapped}",
            )
            for name in ("ww", "zz")
        },
        ["csv", "ww", "zz", "png"],
    ),
    "override twice in one module": (
        {"zz": plugin("zz", "READERS['png'] = 1", "READERS['png'] = Zz")},
        ["csv", "zz", "png"],
    ),
    "override of the own class": (
        {"zz": plugin("zz", "READERS['zz'] = type('Made', (), {})")},
        ["csv", "png", "zz"],
    ),
    "alias": ({"zz": plugin("zz", "READERS['p'] = READERS['png']")}, ["csv", "png", "zz", "p"]),
    "alias by setdefault": (
        {"zz": plugin("zz", "READERS.setdefault('p', Zz)", "READERS.setdefault('png', Zz)")},
        ["csv", "png", "zz", "p"],
    ),
    "function": (
        {"zz": plugin("zz", "def read(data):\n    return data", "READERS['f'] = read")},
        ["csv", "png", "zz", "f"],
    ),
    "lambda and method": (
        {"zz": plugin("zz", "READERS['f'] = lambda: 5", "READERS['m'] = 'x'.__add__")},
        ["csv", "png", "zz", "f", "m"],
    ),
    "instance": (
        {"zz": plugin("zz", "READERS['i'] = [Zz]", "READERS['none'] = None")},
        ["csv", "png", "zz", "i", "none"],
    ),
    "class of the standard library": (
        {"zz": plugin("zz", "from decimal import Decimal", "READERS['d'] = Decimal")},
        ["csv", "png", "zz", "d"],
    ),
    "del": ({"zz": plugin("zz", "del READERS['png']")}, ["csv", "zz"]),
    "del of the own class": ({"zz": plugin("zz", "del READERS['zz']")}, ["csv", "png"]),
    "pop that renames": (
        {"zz": plugin("zz", "READERS['png2'] = READERS.pop('png')")},
        ["csv", "zz", "png2"],
    ),
    "pop and put back": (
        {"zz": plugin("zz", "READERS['png'] = READERS.pop('png')")},
        ["csv", "zz", "png"],
    ),
    "pop with a default": (
        {"zz": plugin("zz", "READERS['n'] = READERS.pop('nothing', 5)", "READERS.pop('csv', 5)")},
        ["png", "zz", "n"],
    ),
    "popitem": (
        {
            "qq": "from .base import READERS\nkey, value = READERS.popitem()\n"
            "READERS[key * 2] = value\n"
        },
        ["csv", "pngpng"],
    ),
    "clear": ({"qq": "from .base import READERS\nREADERS.clear()\n"}, []),
    "all renamed": (
        {
            "qq": "from .base import READERS\nfor key in list(READERS):\n"
            "    READERS[key.upper()] = READERS.pop(key)\n",
            "zz": plugin("zz"),
        },
        ["CSV", "PNG", "zz"],
    ),
    "removed, then claimed by another class": (
        {
            "qq": "from .base import READERS\ndel READERS['png']\n",
            "zz": plugin("zz", "class Second(Reader):\n    format = 'png'"),
        },
        ["csv", "zz", "png"],
    ),
    "assigned, then removed by another": (
        {"ww": plugin("ww", "READERS['x'] = Ww"), "zz": plugin("zz", "del READERS['x']")},
        ["csv", "png", "ww", "zz"],
    ),
    "assigned, then assigned by another": (
        {"ww": plugin("ww", "READERS['x'] = 1"), "zz": plugin("zz", "READERS['x'] += 1")},
        ["csv", "png", "ww", "zz", "x"],
    ),
    "read before another overrides it": (
        {
            "qq": plugin("qq", "class Sub(READERS['png']):\n    format = 'sub'"),
            "zz": plugin("zz", "assert 'png' in READERS", "READERS['png'] = Zz"),
        },
        ["csv", "qq", "sub", "zz", "png"],
    ),
    "read before another removes it": (
        {
            "qq": plugin("qq", "if 'png' in READERS:\n    READERS['q'] = READERS.get('png')"),
            "zz": plugin("zz", "del READERS['png']"),
        },
        ["csv", "qq", "q", "zz"],
    ),
    "kept before another overrides it": (
        {
            "aa": plugin("aa", "READERS['kept'] = READERS.get('aa')"),
            "bb": plugin("bb", "READERS['aa'] = Bb"),
        },
        ["kept", "bb", "aa", "csv", "png"],
    ),
    "looked for before it is there": (
        {"aa": plugin("aa", "READERS['other'] = READERS.get('png', len)")},
        ["aa", "other", "csv", "png"],
    ),
    "popped before it is there": (
        {
            "aa": plugin("aa", "READERS.pop('zz', None)", "READERS['other'] = READERS['aa']"),
            "zz": plugin("zz", "READERS['aa'] = Zz"),
        },
        ["other", "csv", "png", "zz", "aa"],
    ),
    "listed before all are there": (
        {
            "dd": plugin(
                "dd", "READERS['other'] = str", "READERS['all'] = len(READERS), list(READERS)"
            )
        },
        ["csv", "dd", "other", "all", "png"],
    ),
    "removed, then listed by another": (
        {
            "dd": plugin("dd", "del READERS['csv']"),
            "zz": plugin("zz", "READERS['all'] = len(READERS), list(READERS)"),
        },
        ["dd", "png", "zz", "all"],
    ),
    "failure while another is not there": (
        {
            "aa": plugin("aa", "READERS['png'] = READERS['png'], 1"),
            "bb": plugin("bb", "READERS.pop('png', 0)"),
        },
        ["bb", "csv", "png"],
    ),
    "missing key": (
        {
            "zz": plugin(
                "zz", "try:\n    del READERS['nothing']\nexcept KeyError:\n    READERS['k'] = 1"
            )
        },
        ["csv", "png", "zz", "k"],
    ),
    "failure after an override": (
        {
            "zz": plugin(
                "zz", "READERS['png'] = Zz", "del READERS['csv']", "READERS['n'] = 1", "1 / 0"
            )
        },
        ["csv", "png"],
    ),
    "helper of another module": (
        {
            "help": "from .base import READERS\ndef put(key, value):\n    READERS[key] = value\n",
            "zz": plugin("zz", "from .help import put", "put('png', Zz)"),
        },
        ["csv", "zz", "png"],
    ),
}
#: The same of the secondary registry.
SECONDARY: dict[str, tuple[dict[str, str], list[str]]] = {
    "set by a helper": (
        {"zz": plugin("zz", "set_label(Zz, 'other')", "LABELS['more'] = len")},
        ["csv", "png", "zz", "more"],
    ),
    "set by name": (
        {"zz": plugin("zz", "from app.readers import base", "base.LABELS['png'] = ['p']")},
        ["csv", "zz", "png"],
    ),
    "update": (
        {"zz": plugin("zz", "LABELS.update(a=1)", "LABELS.update({'b': 2}, csv=3)")},
        ["png", "zz", "a", "b", "csv"],
    ),
    "setdefault": (
        {"zz": plugin("zz", "LABELS.setdefault('a', 1)", "LABELS.setdefault('png', 1)")},
        ["csv", "png", "zz", "a"],
    ),
    "del": ({"zz": plugin("zz", "del LABELS['png']")}, ["csv", "zz"]),
    "pop that renames": (
        {"zz": plugin("zz", "LABELS['png2'] = LABELS.pop('png')")},
        ["csv", "zz", "png2"],
    ),
    "removed, then filled by another class": (
        {
            "qq": "from .base import LABELS, READERS\ndel LABELS['png'], READERS['png']\n",
            "zz": plugin("zz", "class Second(Reader):\n    format = 'png'\n    label = 'second'"),
        },
        ["csv", "zz", "png"],
    ),
    "of a class that is overridden": (
        {"zz": plugin("zz", "READERS['png'] = Zz")},
        ["csv", "png", "zz"],
    ),
    "of a class that is removed": (
        {"zz": plugin("zz", "del READERS['png']")},
        ["csv", "png", "zz"],
    ),
    "attribute set after the body": (
        {
            "zz": "from .base import Reader\nclass Zz(Reader):\n    format = 'zz'\n"
            "Zz.label = 'late'\n"
        },
        ["csv", "png", "zz"],
    ),
    "attribute changed after the body": (
        {"zz": plugin("zz", "Zz.label = 'late'", "READERS['alias'] = Zz")},
        ["csv", "png", "zz"],
    ),
    "attribute set by a decorator": (
        {
            "zz": "from .base import Reader\n"
            "def late(cls):\n    cls.label = 'late'\n    return cls\n"
            "@late\nclass Zz(Reader):\n    format = 'zz'\n"
            "@late\nclass Yy(Reader):\n    format = 'yy'\n"
        },
        ["csv", "png", "zz", "yy"],
    ),
    "attribute and assignment": (
        {"zz": plugin("zz", "Zz.label = 'late'", "set_label(Zz, 'first')")},
        ["csv", "png", "zz"],
    ),
    "failure after an assignment": (
        {"zz": plugin("zz", "LABELS['png'] = 1", "del LABELS['csv']", "LABELS['x'] = 1", "1 / 0")},
        ["csv", "png"],
    ),
}
SEE = """
import warnings
warnings.simplefilter("ignore")
from app.readers.base import LABELS, READERS
def shown(value):
    if isinstance(value, type):
        return [value.__module__, value.__qualname__, [each.__module__ for each in value.__mro__]]
    return type(value).__name__ if callable(value) else repr(value)
keys = [*READERS], [*LABELS]
infos = [repr(READERS.info(key)) for key in READERS]
values = [[[*map(repr, keys)], shown(table[keys])] for table in (READERS, LABELS) for keys in table]
out = {
    "keys": keys, "infos": infos, "values": values, "again": ([*READERS], [*LABELS]),
    "failures": [*READERS.failures],
}
status = READERS.report.status if READERS.report else None
"""
IMPORT = "try:\n    import app.readers.{}\nexcept ZeroDivisionError:\n    pass\n"
LIST = "from app.readers.base import LABELS, READERS\nlist(READERS), list(LABELS)"


def see(app: App, before: str = "", **environment: str) -> Any:
    """What a fresh process sees that does something first; and what the cache did."""
    return app.run(f"{before}\n{SEE}\nout = out, status", **environment)


def see_each(app: App, befores: list[str]) -> Any:
    """What processes see, by what each of them does first."""
    codes = [f"{before}\n{SEE}\nout = out, status" for before in befores]
    return dict(zip(befores, app.run_each(codes, "import warnings, app.readers.base"), strict=True))


def write(app: App, modules: dict[str, str], base: str = BASE) -> list[str]:
    """An application with two plugins and some more; gives the names of all plugin modules."""
    files = {"base": base, "csv": CSV, "png": PNG, **modules}
    app.write({"app/__init__.py": "", "app/readers/__init__.py": ""})
    app.write({f"app/readers/{name}.py": text for name, text in files.items()})
    return [name for name in files if name != "base"]


#: What a process may look up before all else.
LOOKUPS = (
    "[READERS[key] for key in [*READERS][::-1]]",
    "[LABELS[key] for key in [*LABELS][::-1]]",
    "[READERS[key] for key in sorted(READERS, key=lambda key: (len(key), key))]",
    "[READERS[key] for key in sorted(READERS, key=lambda key: (-len(key), key))]",
)
#: Where an application that imports such plugins itself, in another order, may see another result.
ORDERED = {
    "all renamed",
    "failure after an assignment",
    "failure after an override",
    "failure while another is not there",
    "kept before another overrides it",
    "listed before all are there",
    "looked for before it is there",
    "popitem",
    "popped before it is there",
    "removed, then filled by another class",
    "removed, then listed by another",
}
CASES = [(0, *each) for each in PRIMARY.items()] + [(1, *each) for each in SECONDARY.items()]
IDS = [*PRIMARY, *(f"secondary: {name}" for name in SECONDARY)]


@pytest.mark.parametrize(("index", "name", "case"), CASES, ids=IDS)
def test_warm_process_sees_what_a_cold_one_does(
    index: int, name: str, case: tuple[dict[str, str], list[str]], app: App
) -> None:
    """Keys, order, values and failures, also if plugins are looked up in another order.

    Also if the application imports plugins itself first, where that may not decide.
    """
    modules, keys = case
    names = write(app, modules)
    truth, _ = see(app, REGCACHE_DISABLE="1")
    cold, missed = see(app)
    warm, hit = see(app)
    verified = app.run(
        "from app.readers.base import READERS\n"
        "seen = READERS.verify()\nout = seen.status, seen.is_fresh, str(seen)"
    )

    assert keys == truth["keys"][index]
    assert truth == cold
    assert (truth, "miss", "hit") == (warm, missed, hit)
    assert ["hit", True] == verified[:2], verified
    befores = [f"{LIST}\n{first}" for first in LOOKUPS]
    for order in [] if name in ORDERED else [*([each] for each in names), names[::-1]]:
        imports = "".join(IMPORT.format(each) for each in order)
        befores += imports, f"{LIST}\n{imports}"
    assert {each: [truth, "hit"] for each in befores} == see_each(app, befores)


@pytest.mark.parametrize("name", PRIMARY)
def test_classes_that_do_not_register_themselves_are_changed_too(name: str, app: App) -> None:
    """Each is registered when its module has been imported, and never again if it was removed."""
    write(app, PRIMARY[name][0], SCANNED)
    truth, _ = see(app, REGCACHE_DISABLE="1")
    (cold, missed), (warm, hit) = see(app), see(app)

    assert (truth, truth, "miss", "hit") == (cold, warm, missed, hit)
    befores = [f"{LIST}\n{first}" for first in LOOKUPS[::2]]
    assert {each: [truth, "hit"] for each in befores} == see_each(app, befores)

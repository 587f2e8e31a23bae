"""Plugins that read their registry, or are looked up in it, while they are imported."""

from __future__ import annotations

import pytest
from throwaway import FILES, FILTERS, FOLDER, LIST, READERS, WATCHDOG, App
from trials import Record

QUIET = "import warnings; warnings.simplefilter('ignore')\n"
IMPATIENT = "from regcache_core.discovery._cold import threads; threads.PATIENCE_S = 0.3\n"


@pytest.mark.parametrize("first", ["[*REG]", "import waits"], ids=["listing", "import"])
@pytest.mark.parametrize("kind", LIST)
def test_patience_runs_out_once(kind: str, first: str, app: App, record: Record) -> None:
    """A plugin that waits for threads that read, none knows how, is waited for once, not each time.

    Once patience has run out, nothing is left of it for who would wait once more.
    """
    waits = f"""
import threading, regcache_core.discovery._cold.threads as running
{LIST[kind]}
SEEN = []
def read(done):
    SEEN.append(len(REG))
    running.PATIENCE_S = 1e9
    SEEN.extend([len([*REG]), len(list(REG)), "nothing" in REG, REG.get("nothing")])
    done.set()
for _ in range(3):
    done = threading.Event()
    threading.Thread(target=read, args=[done], daemon=True).start()
    done.wait()
"""
    app.write({**FILES[kind], f"app/{FOLDER[kind]}/waits.py": waits})
    first = first.replace("import waits", f"import app.{FOLDER[kind]}.waits")
    code = f"""{IMPATIENT}
{LIST[kind]}
{first}
from app.{FOLDER[kind]} import waits
out = len(waits.SEEN), sorted(waits.SEEN[3::5] + waits.SEEN[4::5], key=str), len(REG)
"""

    reads, missing, count = app.run(WATCHDOG + QUIET + code)

    assert [15, 2 if kind == "classes" else 3] == [reads, count]
    assert [False] * 3 + [None] * 3 == missing
    record(reads=reads, waits=1, deadlocks=0)


@pytest.mark.parametrize("kind", LIST)
def test_warm_plugin_that_waits_for_a_thread_that_loads_it(
    kind: str, app: App, record: Record
) -> None:
    """On a warm start, too, a plugin that joins a thread that loads this very plugin ends."""
    home = LIST[kind].replace(" as REG", " as REG, __name__ as home")
    waits = f"""
    import threading
    {home}
    def load():
        try:
            dict(REG)
        except Exception as error:
            print(type(error).__name__)
    thread = threading.Thread(target=load, daemon=True)
    thread.start()
    thread.join()
    """
    app.write(FILES[kind])
    name, key = ("csv_reader", "csv") if kind == "classes" else ("blur", "gaussian")
    path = next(app.folder.glob(f"app/{FOLDER[kind]}/{name}*.py"))
    path.write_text(waits.replace("\n    ", "\n") + path.read_text())
    app.wrote()
    ask = f"{IMPATIENT}{LIST[kind]}\nprint([*REG], REG.report.status, REG[{key!r}].__name__)"

    done = [app.start(WATCHDOG + ask) for _ in range(2)]

    assert [0, 0] == [each.returncode for each in done], done[-1].stderr
    assert " hit " in done[1].stdout
    assert done[0].stdout.splitlines()[-1].split()[-1] == done[1].stdout.split()[-1]
    record(starts=2, hangs=0)


#: What the plugins ``a`` and ``b`` do at import. By itself, or before ``a``, hardly any of these
#: modules can be imported; a cold start imports them in this order, and all of them work.
CIRCLES = [
    ("REG.get('b')", "REG.get('a')"),
    ("REG.get('b')", "REG['a']"),
    ("REG['b'] if 'b' in REG else None", "REG['a']"),
    ("REG['b'] if 'b' in REG else None", "REG['a'] if 'a' in REG else None"),
    ("1 / ('a' not in REG)", "1 / ('b' not in REG)"),
    ("dict(REG)", "[*REG.items()]"),
    ("[*REG.values()]", "REG['a']"),
    ("try: dict(REG)\nexcept KeyError: raise RuntimeError('no b')", "REG['a']"),
    ("from app.p{i}.b import B", "import app.p{i}.a"),
    ("from app.p{i}.b import B", "REG.get('a')"),
]
PLUGIN = {
    "classes": "from app.p{i} import Base, REG\n{deed}\nclass {name}(Base): key = '{key}'\n",
    "functions": "from app.registries import R{i} as REG\n{deed}\n"
    "@REG.register('{key}')\ndef {name}(): ...\n",
}
BASE = """
from regcache_meta import AutoRegisterMeta, LazyDiscoveryDict
REG = LazyDiscoveryDict()
class Base(metaclass=AutoRegisterMeta):
    __registry_key__, __registry__, __registry_name__ = "key", REG, __name__
"""
#: What a warm start does first.
FIRST = {
    "a": "[REG['a'] for REG in ALL]",
    "b": "[REG['b'] for REG in ALL]",
    "get": "[REG.get('b') for REG in ALL]",
    "import": "import app.p1.a",
    "refresh": "[(REG.keys(), REG.refresh()) for REG in ALL]",
}


@pytest.mark.parametrize("kind", LIST)
def test_plugins_that_look_each_other_up(kind: str, app: App, record: Record) -> None:
    """Plugins that look up, or import, each other in a circle can be loaded warm if they can cold.

    Whichever is asked for first; and a refresh finds what a cold start finds.
    """
    numbers = range(len(CIRCLES))
    app.write({"app/__init__.py": ""})
    for i in numbers:
        app.write({f"app/p{i}/__init__.py": BASE if kind == "classes" else ""})
        for key, deed in zip("ab", CIRCLES[i], strict=True):
            deed = deed.format(i=i)
            text = PLUGIN[kind].format(i=i, deed=deed, key=key, name=key.upper())
            app.write({f"app/p{i}/{key}.py": text})
    if kind == "classes":
        ask = "\n".join(f"from app.p{i} import REG as R{i}" for i in numbers)
    else:
        made = [f"R{i} = FunctionRegistry('f{i}', package='app.p{i}')" for i in numbers]
        app.write({"app/registries.py": "\n".join([_IMPORT, *made])})
        ask = "from app.registries import *"
    ask = f"{ask}\nALL = [{', '.join(f'R{i}' for i in numbers)}]\n"
    load = "out = [[{key: REG[key].__name__ for key in REG}, REG.report.status] for REG in ALL]"
    every = {"a": "A", "b": "B"}

    assert [[every, "miss"]] * len(CIRCLES) == app.run(ask + load)
    for first in FIRST.values():
        hits = "hits = [(len(REG), REG.report.status) for REG in ALL]"
        seen = app.run(f"{ask}{hits}\n{first}\n{load}\nout = hits, out")

        assert ["hit"] * len(CIRCLES) == [status for _, status in seen[0]]
        assert [every] * len(CIRCLES) == [loaded for loaded, _ in seen[1]]
    record(circles=len(CIRCLES), orders=len(FIRST), different=0)


_IMPORT = "from regcache_functions import FunctionRegistry"


@pytest.mark.parametrize("kind", LIST)
def test_module_that_is_not_there_leads_to_discovery(kind: str, app: App, record: Record) -> None:
    """A file, right in all else, that names a module of the package which is not there is refuted.

    By the first lookup: it discovers, and gives the class, or says that there is no such key.
    """
    app.write(FILES[kind])
    module, key = ("csv_reader", "csv") if kind == "classes" else ("edges", "sobel")
    whole = app.run(f"{LIST[kind]}\nout = [*REG], REG[{key!r}].__name__")
    home = f"app.{FOLDER[kind]}"
    looks = {
        f"REG[{key!r}].__name__": "gone",
        f"REG.get({key!r}).__name__": "gone.deeper",
        f"dict(REG)[{key!r}].__name__": f"{module}.gone",
    }
    for look, place in looks.items():
        app.edit_cache(f'"{home}.{module}"', f'"{home}.{place}"')
        ask = f"{LIST[kind]}\nkeys = [*REG]\nout = REG.report.status, {look}, keys == [*REG]"

        assert ["hit", whole[1], True] == app.run(ask)

    for look in ("REG['ghost']", "REG.get('ghost', 7)"):
        app.edit_cache(f'"{home}.{module}"', f'"{home}.gone"')
        app.edit_cache(f'"{key}":{{', '"ghost":{')
        ask = f"""
{LIST[kind]}
listed = "ghost" in REG
try:
    out = {look}
except KeyError as error:
    out = type(error).__name__.partition("Unknown")[1]
out = [listed, out, [*REG]]
"""

        assert [True, 7 if "get" in look else "Unknown", whole[0]] == app.run(ask)
    record(lookups=len(looks) + 2, failed=0)


#: A plugin that asks whether there is a key, how a process comes to see it, and what it may not
#: leave for others.
LOOKS = {
    "set by hand": ("'own' in REG", "REG['own'] = int; REG.refresh()"),
    "registered by a module that failed": (
        "'left' in REG",
        "import contextlib\nwith contextlib.suppress(ZeroDivisionError):\n"
        "    import app.readers.zfails\n[*REG]",
    ),
}


@pytest.mark.parametrize("case", LOOKS)
def test_what_a_used_registry_shows_to_plugins_is_not_kept(
    case: str, app: App, record: Record
) -> None:
    """What plugins do that look at a registry with more in it than a fresh one is not written."""
    looks, use = LOOKS[case]
    app.write(
        {
            **READERS,
            "app/readers/zfails.py": "from .base import Reader\n"
            "class Left(Reader): format = 'left'\n1 / 0\n",
            "app/readers/looks.py": f"from .base import Reader, READERS as REG\nif {looks}: 1 / 0\n"
            "class Looks(Reader): format = 'looks'\n",
        }
    )
    truth = ["csv", "json", "looks"]
    ask = f"{QUIET}{LIST['classes']}\nout = sorted(REG)"

    if case == "set by hand":  # before its plugins are imported
        assert truth == app.run(ask)
    used = app.run(f"{QUIET}{LIST['classes']}\n{use}\nout = str(REG.report), sorted(REG.failures)")
    after = app.run(f"{ask}, REG.verify().is_fresh")

    assert ["app.readers.looks", "app.readers.zfails"] == used[1]
    assert "plugins of" in used[0] and "looked at it" in used[0]
    assert [truth, True] == after
    record(stored=0)


def test_functions_of_a_used_registry_are_not_kept(app: App, record: Record) -> None:
    """As for classes: a module that failed has left its function, and another asks for it."""
    app.write(
        {
            **FILTERS,
            "app/filters/zfails.py": "from app.registry import FILTERS\n"
            "@FILTERS.register\ndef left(): ...\n1 / 0\n",
            "app/filters/looks.py": "from app.registry import FILTERS\n"
            "if 'left' in FILTERS: 1 / 0\n@FILTERS.register\ndef looks(): ...\n",
        }
    )
    use = (
        "import contextlib\nwith contextlib.suppress(ZeroDivisionError):\n"
        "    import app.filters.zfails\n"
    )
    ask = f"{QUIET}{LIST['functions']}\n"

    used = app.run(f"{ask}{use}[*REG]\nout = str(REG.report)")
    after = app.run(f"{ask}out = sorted(REG), REG.verify().is_fresh")

    assert "looked at it" in used
    assert [["gaussian", "looks", "median", "sobel"], True] == after
    record(stored=0)


def test_plugin_that_needs_what_another_sees(app: App, record: Record) -> None:
    """A plugin whose lookup of another fails, for that one looks back: found as on a cold start."""
    app.write(
        {
            **READERS,
            "app/readers/a.py": "from .base import Reader, READERS as REG\nREG.get('b')\n"
            "class A(Reader): format = 'a'\n",
            "app/readers/b.py": "from .base import Reader, READERS as REG\n"
            "class B(Reader): format = 'b'\n"
            "if REG.get('a') is None: raise RuntimeError('a is needed')\n",
        }
    )
    names = ["A", "B"]

    for order in (["a", "b"], ["b", "a"]):
        for file in app.cache_files():
            file.unlink()
        ask = f"{LIST['classes']}\nout = sorted(REG[key].__name__ for key in {order})"
        assert [names, names] == [app.run(ask), app.run(ask)]
    record(orders=2)

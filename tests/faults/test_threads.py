"""Threads that do everything at once, and plugins that make threads wait for each other.

All in child processes under a watchdog, which shows the stacks of all threads and fails the test.
"""

from __future__ import annotations

from typing import Any

import pytest
from throwaway import FILES, FILTERS, FOLDER, LIST, LISTED, READERS, WATCHDOG, App
from trials import Amount, Record

THREADS = 32

#: Registries of classes (with a secondary one), of functions, of a foreign package and of our own.
STORM = {
    **{name: text for name, text in {**READERS, **FILTERS}.items() if "/base" not in name},
    "app/readers/base.py": """
        from regcache_meta import (
            AutoRegisterMeta, LazyDiscoveryDict, RegistryConfig, SecondaryRegistry
        )

        READERS, SUFFIXES = LazyDiscoveryDict(), {}

        class Reader(metaclass=AutoRegisterMeta):
            suffix = None
            __registry_config__ = RegistryConfig(
                READERS, "format", facts=["suffixes"],
                secondary_registries=[SecondaryRegistry(SUFFIXES, "format", "suffix")],
            )
        """,
    **{
        f"app/readers/p{i}.py": f"""
            import app
            app.RAN.append(__name__)
            from .base import Reader
            class P{i}(Reader):
                'Reader {i}.'
                format = "p{i}"
                suffix = ".p{i}"
                suffixes = [".p{i}"]
            """
        for i in range(4)
    },
    **{
        f"app/filters/f{i}.py": f"""
            import app
            app.RAN.append(__name__)
            from app.registry import FILTERS
            @FILTERS.register(tags=["storm"], aliases=["also{i}"])
            def f{i}(image):
                'Filter {i}.'
                return {i}
            """
        for i in range(4)
    },
    "app/__init__.py": "__version__ = '1.0'\nRAN = []\n",
    "app/primes.py": """
        from regcache_core import RegistryCacheManager

        def version(): return "1"

        PRIMES = RegistryCacheManager("primes", version, item_type=int)

        def build(): return {"two": 2, "three": 3}
        """,
}
#: Modules that fail, beside the others.
BROKEN = {
    "app/readers/bad.py": "import app\napp.RAN.append(__name__)\n1 / 0\n",
    "app/filters/bad.py": "import app\napp.RAN.append(__name__)\nimport no_such_module\n",
}
OPERATIONS = """
import copy, json, os, pickle, shutil, sys, warnings
warnings.simplefilter("ignore")
sys.setswitchinterval(1e-6)

def found(keys):  # without those that threads add meanwhile
    return [key for key in keys if not key.startswith("own")]

def operations():
    from app.readers.base import READERS, SUFFIXES, Reader
    import app.readers.base
    SUFFIXES = app.readers.base.SUFFIXES
    from app.registry import FILTERS
    from app.primes import PRIMES, build

    def own(mapping, i):
        key = f"own{i}"
        assert mapping.setdefault(key, Reader) is Reader and mapping[key] is Reader
        assert mapping.pop(key) is Reader and key not in mapping
        mapping[key] = Reader
        del mapping[key]
        return mapping.pop(key, None)

    def new_class(i):
        class Own(Reader):
            format = f"own class {i}"
        return READERS[f"own class {i}"] is Own

    def new_function(i):
        def own(image): ...
        FILTERS.register(f"own {i}", aliases=[f"own too {i}"])(own)
        return FILTERS[f"own too {i}"] is own

    def one(function, seen={}):  # one object for all threads
        value = function()
        first = seen.setdefault(function.__code__, value)
        return first is value and str(value).partition(" at 0x")[0]

    return {
        "list": lambda i: found([*READERS]),
        "len": lambda i: len(READERS) > 4,
        "in": lambda i: ["p1" in READERS, "nothing" in READERS],
        "get": lambda i: [str(READERS.get("p2")), READERS.get("nothing")],
        "[]": lambda i: one(lambda: READERS["p3"]),
        "missing": lambda i: missing(READERS),
        "values": lambda i: found(sorted(c.format for c in READERS.values() if c is not Reader)),
        "items": lambda i: found(k for k, c in READERS.items() if c is not Reader),
        "keys": lambda i: found([*READERS.keys()]),
        "==": lambda i: [READERS == READERS, READERS == {}, READERS == {"p1": 1}],
        "repr": lambda i: "P1" in repr(READERS),
        "copy": lambda i: found(READERS.copy()),
        "|": lambda i: found(READERS | {}),
        "reversed": lambda i: found([*reversed(READERS)]),
        "info": lambda i: [READERS.info(key).doc for key in found(list(READERS))],
        "failures": lambda i: {name: str(f) for name, f in READERS.failures.items()},
        "refresh": lambda i: READERS.refresh() if i % 16 == 5 else None,
        "secondary": lambda i: [found([*SUFFIXES]), one(lambda: SUFFIXES["p1"])],
        "own keys": lambda i: own(READERS, i),
        "new class": new_class,
        "pickle": lambda i: pickle.loads(pickle.dumps(READERS)) is READERS,
        "deepcopy": lambda i: copy.deepcopy(READERS) is READERS,
        "function list": lambda i: found([*FILTERS]),
        "function []": lambda i: one(lambda: FILTERS["f1"]),
        "function alias": lambda i: one(lambda: FILTERS["also2"]),
        "function missing": lambda i: missing(FILTERS),
        "function items": lambda i: found(k for k, f in FILTERS.items()),
        "function info": lambda i: FILTERS.info("f2").doc,
        "function query": lambda i: [*FILTERS.query(tag="storm")],
        "function search": lambda i: [*FILTERS.search("filter 1")],
        "function repr": lambda i: "f1" in repr(FILTERS),
        "function failures": lambda i: FILTERS.failures,
        "function refresh": lambda i: FILTERS.refresh() if i % 16 == 6 else None,
        "new function": new_function,
        "function pickle": lambda i: pickle.loads(pickle.dumps(FILTERS)) is FILTERS,
        "manager": lambda i: PRIMES.get_or_build(build),
        "manager save": lambda i: PRIMES.save_cache(build()),
    }

def missing(mapping):
    try:
        mapping["nothing"]
    except KeyError as error:
        if type(error) is KeyError:
            raise  # from within, not ours
        return type(error).__name__

def round_of(cold):
    for name in [name for name in sys.modules if name.partition(".")[0] == "app"]:
        del sys.modules[name]
    if cold:
        shutil.rmtree(os.environ["REGCACHE_DIR"], ignore_errors=True)
    table = operations()
    names = [*table]
    def work(i):
        answers = {}
        for name in names[i:] + names[:i]:  # each thread begins with another one
            try:
                answers[name] = table[name](i)
            except BaseException as error:
                import traceback
                answers[name] = f"{name} in thread {i}: " + traceback.format_exc()
        return json.dumps(answers, sort_keys=True)
    answers = together(THREADS, work)
    import app
    return sorted({*answers}), sorted(app.RAN)

answers, ran = set(), set()
for _ in range(ROUNDS):
    faulthandler.dump_traceback_later(120, exit=True)
    some, modules = round_of(COLD)
    answers.update(some)
    ran.add(json.dumps(modules))
out = [[json.loads(each) for each in answers], [json.loads(each) for each in ran]]
"""


@pytest.mark.parametrize("broken", [False, True], ids=["whole", "broken"])
@pytest.mark.parametrize("cold", [True, False], ids=["cold", "warm"])
def test_all_operations_at_once(
    cold: bool, broken: bool, app: App, amount: Amount, record: Record
) -> None:
    """32 threads do everything at once with registries and managers: equal answers, one import.

    Where a refresh is asked for, a module that failed is tried again; else it is tried once.
    """
    app.write({**STORM, **(BROKEN if broken else {})})
    rounds, batches = amount(2, 10), amount(1, 25)
    head = f"THREADS, ROUNDS, COLD = {THREADS}, {rounds}, {cold}\n"
    if not cold:
        app.run(
            "import warnings; warnings.simplefilter('ignore')\n"
            "from app.readers.base import READERS\nfrom app.registry import FILTERS\n"
            "out = len(READERS), len(FILTERS)"
        )

    for _ in range(batches):
        answers, ran = run(app, head + OPERATIONS)

        differ = {name: {str(each[name]) for each in answers} for name in answers[0]}
        different = [each for each in differ.values() if len(each) > 1]
        assert not different, "\n".join(str(each) for one in different for each in one)
        answer = answers[0]
        assert ["csv", "json", "p0", "p1", "p2", "p3"] == answer["list"] == answer["items"]
        assert answer["list"] == sorted(answer["values"]) == answer["reversed"][::-1]
        assert ["f0", "f1", "f2", "f3"] == answer["function query"]
        assert (
            "ZeroDivisionError" in str(answer["failures"]) if broken else answer["failures"] == {}
        )
        tried = {0} if not broken else {2, 3, 4} if not cold else {1, 2, 3, 4, 5}
        whole = [*(f"app.filters.f{i}" for i in range(4)), *(f"app.readers.p{i}" for i in range(4))]
        for modules in ran:
            assert whole == [name for name in modules if not name.endswith("bad")]
            # Once to list it, once for each of the two that refresh; after each of these, once
            # for who asks for a key that is not there before the answer is in the file.
            assert {modules.count(f"app.{each}.bad") for each in ("readers", "filters")} <= tried
    rounds *= batches
    record(rounds=rounds, threads=str(THREADS), operations=rounds * THREADS * len(answer), differ=0)


FAILS_HERE_TOO = """
import app
from regcache_core.discovery import import_module
sys.setswitchinterval(1e-6)
out = set()
for _ in range(ROUNDS):
    together(8, lambda i: import_module("app.bad", lambda _, error: out.add(repr(error))))
out = [*out]
"""


def test_module_that_fails_in_many_threads(app: App, amount: Amount, record: Record) -> None:
    """Who waits for a thread in which a module fails learns its error, not that it is gone."""
    app.write({"app/__init__.py": "", "app/bad.py": "import time\ntime.sleep(0.001)\n1 / 0\n"})
    rounds = amount(20, 500)  # in one process, under the watchdog

    assert ["ZeroDivisionError('division by zero')"] == run(
        app, f"ROUNDS = {rounds}\n{FAILS_HERE_TOO}"
    )
    record(rounds=rounds, threads="8", differ=0)


#: A key at each look-up of which another thread discovers anew, as far as it may.
MEANWHILE = """
from app.readers.base import READERS
class Key(str):
    waits = False
    def __eq__(self, other): return str.__eq__(self, other)
    def __hash__(self):
        if Key.waits:
            Key.waits = False
            Key.thread = threading.Thread(target=READERS.refresh)
            Key.thread.start(), Key.thread.join(0.2)
            Key.waits = True
        return hash(str(self))
def do(deed):
    Key.waits = True
    deed()
    Key.waits = False
    Key.thread.join()
    return "own" in READERS
key = Key("own")
[*READERS]
out = [
    do(lambda: READERS.__setitem__(key, int)),
    do(lambda: READERS.__delitem__(key)),
    do(lambda: READERS.setdefault(key, int)),
    do(lambda: READERS.pop(key)),
]
"""


def test_refresh_while_keys_are_set_and_removed(app: App, record: Record) -> None:
    """A key that one thread sets stays, and one that it removes is gone, when others refresh."""
    app.write(READERS)

    assert [True, False, True, False] == run(app, MEANWHILE)
    record(lost=0)


def run(app: App, code: str) -> Any:
    """Run code under the watchdog."""
    return app.run(WATCHDOG + code)


#: Whoever waits for a thread that waits for it would wait for ever.
NO_BOUND = "from regcache_core.discovery._cold import threads; threads.PATIENCE_S = 1e9"

#: Two registries of one application whose plugins list each other's.
PAIR = {
    "app/__init__.py": "",
    **{
        f"app/{one}/__init__.py": f"""
            from regcache_meta import AutoRegisterMeta
            class Base(metaclass=AutoRegisterMeta):
                __registry_key__ = "key"
                __registry_name__ = "{one}"
            """
        for one in ("left", "right")
    },
    **{
        f"app/{one}/m{i}.py": f"""
            from app.{one} import Base
            import app.{other}
            SEEN = list(app.{other}.Base.__registry__)
            class M{i}(Base): key = "{one}{i}"
            """
        for one, other in (("left", "right"), ("right", "left"))
        for i in range(3)
    },
}


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_registries_whose_plugins_read_each_other(
    threads: int, app: App, amount: Amount, record: Record
) -> None:
    """Two registries whose plugins list each other, in one thread and in several, do not hang."""
    app.write(PAIR)
    code = f"""
{NO_BOUND}
import app.left, app.right
BOTH = app.left.Base.__registry__, app.right.Base.__registry__
listed = together({threads}, lambda i: sorted([*BOTH[i % 2]]))
out = sorted(set(map(str, listed))), *map(sorted, BOTH)
"""
    left, right = ([f"{one}{i}" for i in range(3)] for one in ("left", "right"))
    rounds = amount(2, 50)

    for _ in range(rounds):
        for file in app.cache_files():
            file.unlink()
        for _ in ("cold", "warm"):
            *_, lefts, rights = run(app, code)

            assert (left, right) == (lefts, rights)
    record(rounds=rounds, most_threads=threads, deadlocks=0)


#: How a plugin has another thread read the registry, and waits for it.
WAITS = {
    "join": "thread = threading.Thread(target=read); thread.start(); thread.join()",
    "pool": "concurrent.futures.ThreadPoolExecutor().submit(read).result()",
    "event": "threading.Thread(target=read).start(); done.wait()",
    "import and join": "thread = threading.Thread(target=read); thread.start(); import wave; "
    "thread.join()",
}
READS = {
    "list": "[*REG]",
    "in": "['nothing' in REG]",
    "get": "REG.get('nothing')",
    "refresh": "REG.refresh()",
}


@pytest.mark.parametrize("kind", LIST)
@pytest.mark.parametrize("wait", WAITS)
def test_plugin_that_waits_for_a_thread_that_reads(
    wait: str, kind: str, app: App, record: Record
) -> None:
    """A plugin whose import starts a thread that reads the registry, and waits for it, ends.

    The thread sees what is there so far, when it has waited for a time that is made small here.
    """
    for i, read in enumerate(READS.values()):
        app.write(
            {
                f"app/{FOLDER[kind]}/waits{i}.py": f"""
                    import concurrent.futures, threading
                    {LIST[kind]}
                    done, seen = threading.Event(), []
                    def read():
                        try:
                            seen.append({read})
                        finally:
                            done.set()
                    {WAITS[wait]}
                    assert len(seen) == 1
                    """
            }
        )
    app.write(FILES[kind])
    code = f"""
import warnings
warnings.simplefilter("ignore")
import regcache_core.discovery._cold.threads
regcache_core.discovery._cold.threads.PATIENCE_S = 0.3
{LIST[kind]}
from app.{FOLDER[kind]} import waits0
out = sorted([*REG]), [str(each) for each in REG.failures], [*REG] == [*REG]
"""

    for direct in (False, True):  # a plugin that is imported by itself; all of them, by a listing
        text = code if direct else "\n".join(x for x in code.splitlines() if "waits0" not in x)
        for file in app.cache_files():
            file.unlink()

        assert [LISTED[kind], [], True] == run(app, text)
        assert [LISTED[kind], [], True] == run(app, text)  # warm
    record(plugins=len(READS), deadlocks=0)


def test_slow_plugin_is_waited_for(app: App, record: Record) -> None:
    """Threads that list while a plugin's import takes long get the whole answer, not a part.

    They wait for ten seconds and more, unless it stands still all that time.
    """
    app.write(READERS)
    app.write(
        {
            "app/readers/slow.py": """
                import sys, time
                from .base import Reader
                sys.slow.set()
                for _ in range(100): time.sleep(0.01)
                class Slow(Reader): format = "slow"
                """
        }
    )
    code = """
sys.slow = threading.Event()
from app.readers.base import READERS
def work(i):
    if i: sys.slow.wait()
    return [*READERS]
out = together(16, work)
"""

    assert [["csv", "json", "slow"]] * 16 == run(app, code)
    record(threads="16", incomplete=0)


def test_discovery_inside_an_import(app: App, record: Record) -> None:
    """Applications that list at import, in many threads at once, do not hang."""
    app.write(READERS)
    app.write(
        {
            "app/main.py": """
                from app.readers.base import READERS
                KEYS = [*READERS]
                """,
            "app/readers/uses_main.py": """
                from .base import Reader
                import app.main
                class Uses(Reader): format = "uses"
                """,
        }
    )
    code = f"""
{NO_BOUND}
import importlib
NAMES = ["app.main", "app.readers.uses_main", "app.readers.csv_reader", "app.readers.base"]
def work(i):
    module = importlib.import_module(NAMES[i % 4])
    from app.readers.base import READERS
    return sorted([*READERS])
listed = together(16, work)
from app.readers.base import READERS
out = [each for each in listed if isinstance(each, str)], sorted([*READERS])
"""

    for _ in range(3):
        assert [[], ["csv", "json", "uses"]] == run(app, code)
        for file in app.cache_files():
            file.unlink()
    record(threads="16", deadlocks=0)


@pytest.mark.parametrize("state", ["cold", "warm"])
def test_reload_while_listing(state: str, app: App, amount: Amount, record: Record) -> None:
    """``importlib.reload`` of plugins while others list, load, refresh: nothing hangs or fails."""
    app.write({**STORM})
    rounds = amount(10, 500)
    code = f"""
import importlib, warnings
warnings.simplefilter("ignore")
from app.readers.base import READERS
from app.registry import FILTERS
if {state == "warm"}: len(READERS), len(FILTERS)
def work(i):
    name = f"p{{i % 4}}" if i % 2 else f"f{{i % 4}}"
    module = importlib.import_module(f"app.{{'readers' if i % 2 else 'filters'}}.{{name}}")
    for _ in range({rounds}):
        if i < 4:
            importlib.reload(module)
        elif i < 6:
            READERS.refresh(), FILTERS.refresh()
        assert "p3" in [*READERS] and READERS["p1"].__name__ == "P1", [*READERS]
        assert "f3" in [*FILTERS] and FILTERS["also1"].__name__ == "f1", [*FILTERS]
results = together(8, work)
out = [each for each in results if each], sorted([*READERS]), len(FILTERS)
"""

    keys = ["csv", "json", "p0", "p1", "p2", "p3"]
    assert [[], keys, 7] == run(app, code)
    record(reloads=4 * rounds, refreshes=4 * rounds, failed=0)

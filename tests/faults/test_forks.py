"""Forks, spawned processes, pools, and pickles that are opened elsewhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from throwaway import FILTERS, READERS, WATCHDOG, App

Amount = Callable[[int, int], int]
Record = Callable[..., None]

CLASSES, FUNCTIONS = ["csv", "json"], ["gaussian", "median", "sobel"]
BOTH = """
from app.readers.base import READERS
from app.registry import FILTERS
"""

FORKS = """
import glob, json, os, random, shutil, time, warnings
warnings.simplefilter("ignore")
CACHE = os.environ["REGCACHE_DIR"]

def child():
    assert sorted([*READERS]) == LISTED[0], ([*READERS], READERS.failures)
    assert sorted([*FILTERS]) == LISTED[1], ([*FILTERS], FILTERS.failures)
    assert READERS["slow"].__module__ == "app.readers.slow" and FILTERS["slow"](1) == 1
    READERS.refresh(), FILTERS.refresh()
    assert READERS.failures == {} == FILTERS.failures
    assert "nothing" not in READERS and READERS.get("nothing") is None
    for registry in (READERS, FILTERS):
        try:
            registry["nothing"]
        except KeyError:
            pass
    with_thread = threading.Thread(target=lambda: [*READERS, *FILTERS])
    with_thread.start(), with_thread.join()

def fork_after(seconds):
    # Fork while another thread discovers; gives the pid and where that thread was.
    ready = threading.Event()
    def discover():
        ready.set()
        return [*READERS], [*FILTERS]
    thread = threading.Thread(target=discover)
    thread.start(), ready.wait()
    time.sleep(seconds)
    half = [name for name, module in [*sys.modules.items()]
            if getattr(getattr(module, "__spec__", None), "_initializing", False)]
    faulthandler.cancel_dump_traceback_later()  # its thread is not in the child
    pid = os.fork()
    faulthandler.dump_traceback_later(60, exit=True)
    if pid == 0:
        status = 1
        try:
            child()
            status = 0
        except BaseException:  # whatever it is, the child shows it and ends
            import traceback
            traceback.print_exc()
        finally:
            os._exit(status)
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    return any(name.startswith("app.") for name in half)

dice, halves = random.Random(SEED), 0
for _ in range(ROUNDS):
    shutil.rmtree(CACHE, ignore_errors=True)
    for name in [name for name in sys.modules if name.partition(".")[0] == "app"]:
        del sys.modules[name]
    from app.readers.base import READERS
    from app.registry import FILTERS
    halves += fork_after(dice.random() * 0.06)
    assert sorted([*READERS]) == LISTED[0] and sorted([*FILTERS]) == LISTED[1]
    files = glob.glob(CACHE + "/**/*", recursive=True)
    for file in files:
        if os.path.isfile(file):
            assert file.endswith(".json") and json.load(open(file))["extra"]["failures"] == {}, file
out = halves
"""


@pytest.mark.skipif("not hasattr(__import__('os'), 'fork')", reason="needs fork")
def test_fork_in_the_middle_of_a_discovery(app: App, amount: Amount, record: Record) -> None:
    """A process that forks while another thread discovers: the child lists, loads, refreshes, ends.

    Python itself would wait without end for a module that was being imported.
    """
    app.write({**READERS, **FILTERS})
    slow = "import time\nfor _ in range(20): time.sleep(0.001)\n"
    app.write(
        {
            "app/readers/slow.py": "from .base import Reader\n"
            f"class Slow(Reader): format = 'slow'\n{slow}",
            "app/filters/slow.py": "from app.registry import FILTERS\n"
            f"@FILTERS.register\ndef slow(x): return x\n{slow}",
        }
    )
    rounds, batches, halves = amount(15, 50), amount(1, 20), 0
    listed = sorted([*CLASSES, "slow"]), sorted([*FUNCTIONS, "slow"])

    for seed in range(batches):
        head = f"ROUNDS, LISTED, SEED = {rounds}, {listed}, {seed}\n"
        halves += app.run(WATCHDOG + head + FORKS)
    rounds *= batches

    assert halves > rounds // 4
    record(forks=rounds, with_a_module_half_imported=halves, hung=0, wrong=0)


HELD = """
import importlib, os
import regcache_functions.registry, regcache_meta.lazydict  # and nothing that discovers

of_a_module = importlib._bootstrap._get_module_lock("regcache_core.running")
held, done = threading.Event(), threading.Event()
def hold():
    with {lock}:
        held.set(), done.wait()
thread = threading.Thread(target=hold)
thread.start(), held.wait()
faulthandler.cancel_dump_traceback_later()  # its thread is not in the child
pid = os.fork()
if pid == 0:
    faulthandler.dump_traceback_later(20, exit=True)
    from app.readers.base import READERS
    from app.registry import FILTERS
    for each in (READERS, FILTERS):
        len(each), each.refresh()
        try:
            each["nothing"]
        except KeyError:
            pass
    os._exit(7)
out = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
done.set()
"""


@pytest.mark.skipif("not hasattr(__import__('os'), 'fork')", reason="needs fork")
@pytest.mark.parametrize(
    "lock",
    [
        "regcache_meta.mapping._LOCK",
        "regcache_functions.registry._LOCK",
        "importlib.import_module('regcache_core.rechecking')._LOCK",
        "importlib.import_module('regcache_core.recording')._LOCK",
        "of_a_module.lock",  # what Python holds for some instructions, to take or to give it back
    ],
)
def test_fork_while_a_lock_is_held(lock: str, app: App, record: Record) -> None:
    """A fork while another thread holds a lock of ours, or Python's: the child does not wait."""
    app.write({**READERS, **FILTERS})

    assert 7 == app.run(WATCHDOG + HELD.format(lock=lock))
    record(hung=0)


WORK = """
import re

def keys(argument):
    registries = argument.values() if type(argument) is dict else [argument]
    return [re.sub(" at 0x[0-9a-f]+", "", str(sorted(each, key=str))) for each in registries]

def load(registry, key):
    return registry[key].__qualname__

def states(registry):
    len(registry)
    return registry.report.status
"""
POOLS = """
import concurrent.futures, multiprocessing, os, pickle, sys, warnings
warnings.simplefilter("ignore")
from app.readers.base import READERS
from app.registry import FILTERS
import app.work as work

def run(method):
    context = multiprocessing.get_context(method)
    arguments = [READERS, FILTERS, {"one": READERS, "two": FILTERS}, READERS.values(),
                 READERS.items(), FILTERS.keys(), FILTERS.values(), FILTERS.items(),
                 FILTERS.query(tag="blur")]
    got = []
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        got.append([*pool.map(work.keys, arguments)])
        got.append([*pool.map(work.load, [READERS, FILTERS], ["csv", "sobel"])])
    with context.Pool(2) as pool:
        got.append([*pool.map(work.keys, arguments)])
        got.append(pool.starmap(work.load, [(READERS, "csv"), (FILTERS, "sobel")]))
    assert got[:2] == got[2:]
    return got[:2]

if __name__ == "__main__":
    import faulthandler, json
    faulthandler.dump_traceback_later(100, exit=True)
    for state in sys.argv[1:]:
        len(READERS), len(FILTERS)
    found = [run(method) for method in ("fork", "spawn", "forkserver")
             if method in multiprocessing.get_all_start_methods()]
    assert all(each == found[0] for each in found), found
    print(json.dumps(found))
"""


@pytest.mark.parametrize("state", ["cold", "listed"])
def test_registries_in_pools(state: str, app: App, record: Record) -> None:
    """ProcessPoolExecutor and multiprocessing.Pool take registries, their views, dicts of them.

    By fork, spawn and forkserver, with one answer.
    """
    import json
    import subprocess

    app.write({**READERS, **FILTERS, "app/work.py": WORK, "main.py": POOLS})

    done = subprocess.run(
        [app.python, "main.py", *(["listed"] if state == "listed" else [])],
        cwd=app.folder,
        env=app.environment(),
        capture_output=True,
        text=True,
        timeout=110,
    )

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    keys, loaded = found[0]
    assert [str(CLASSES)] == keys[0]
    assert [str(FUNCTIONS)] == keys[1]
    assert [str(CLASSES), str(FUNCTIONS)] == keys[2]
    assert ["CsvReader", "sobel"] == loaded
    record(ways=2 * len(found), arguments=len(keys), differ=0)


@pytest.mark.parametrize("state", ["cold", "warm", "stale", "disabled"])
def test_pickle_opened_elsewhere(state: str, app: App, record: Record) -> None:
    """A pickle opens in a process whose cache is cold, warm, stale or disabled, with one answer."""
    app.write({**READERS, **FILTERS})
    pickles = app.run(BOTH + "import pickle\nout = pickle.dumps([READERS, FILTERS]).hex()")
    environment = {}
    if state != "cold":
        app.run(BOTH + "out = len(READERS), len(FILTERS)")
    if state == "stale":
        app.write(
            {"app/readers/new.py": READERS["app/readers/csv_reader.py"].replace('"csv"', "'new'")}
        )
        app.write({"app/filters/new.py": FILTERS["app/filters/edges.py"].replace("sobel", "new")})
    if state == "disabled":
        environment = {"REGCACHE_DISABLE": "1"}
    code = f"""
import pickle
readers, filters = pickle.loads(bytes.fromhex({pickles!r}))
lazy = "app.readers.csv_reader" not in __import__("sys").modules
keys = [sorted(readers), sorted(filters)]
again = [pickle.loads(pickle.dumps(each)) is each for each in (readers, filters)]
import app.readers.base, app.registry
out = [lazy, *again, readers is app.readers.base.READERS, filters is app.registry.FILTERS, *keys,
       readers["csv"].__name__, filters["sobel"].__name__, readers.report.status]
"""
    more = ["new"] if state == "stale" else []
    status = {"warm": "hit", "disabled": "disabled"}.get(state, "miss")

    assert [
        *[True] * 5,
        sorted([*CLASSES, *more]),
        sorted([*FUNCTIONS, *more]),
        "CsvReader",
        "sobel",
        status,
    ] == app.run(code, **environment)
    record(state=state, differ=0)

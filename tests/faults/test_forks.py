"""Forks, spawned processes, pools, and pickles that are opened elsewhere."""

from __future__ import annotations

import pytest
from throwaway import FILTERS, LISTED, READERS, WATCHDOG, App
from trials import Amount, Record

CLASSES, FUNCTIONS = LISTED.values()
BOTH = """
from app.readers.base import READERS
from app.registry import FILTERS
"""

FORKS = """
import os, random, shutil, time, warnings
import regcache_core._modules
warnings.simplefilter("ignore")

def listed(registry, expected):
    # Whether it could be listed; if not, a thread was importing when this process was forked.
    try:
        assert sorted([*registry]) == expected and registry.failures == {}, [*registry]
        assert registry["slow"].__module__.endswith(".slow")
    except regcache_core.ImportStalledError as error:
        assert error.module.partition(".")[0] in ("app", "a module"), error
        lost = regcache_core._modules.LOST  # asked in the child, where it is exact
        assert lost or [*filter(is_half, sys.modules)], "an error, though nothing was half imported"
        return False
    return True

def is_half(name):
    return name.startswith("app.") and regcache_core.discovery.is_initializing(name)

def fork_after(seconds):
    # Fork while another thread discovers; gives whether the child could list.
    ready = threading.Event()
    def discover():
        ready.set()
        return [*READERS], [*FILTERS]
    thread = threading.Thread(target=discover)
    thread.start(), ready.wait()
    time.sleep(seconds)
    half = any(map(is_half, [*sys.modules]))
    faulthandler.cancel_dump_traceback_later()  # its thread is not in the child
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            faulthandler.dump_traceback_later(20, exit=True)
            status = 7 if listed(READERS, LISTED[0]) & listed(FILTERS, LISTED[1]) else 9
        except BaseException:  # whatever it is, the child shows it and ends
            import traceback
            traceback.print_exc()
            status = 1
        finally:
            os._exit(status)
    faulthandler.dump_traceback_later(60, exit=True)
    thread.join()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert status in (7, 9), status
    return half, status == 7

# What a discovery itself imports, of ours and of Python's, is no plugin.
shutil.rmtree(os.environ["REGCACHE_DIR"], ignore_errors=True)
from app.readers.base import READERS
from app.registry import FILTERS
[*READERS], [*FILTERS]
dice, forks = random.Random(SEED), []
for _ in range(ROUNDS):
    shutil.rmtree(os.environ["REGCACHE_DIR"], ignore_errors=True)
    for name in [name for name in sys.modules if name.partition(".")[0] == "app"]:
        del sys.modules[name]
    from app.readers.base import READERS
    from app.registry import FILTERS
    forks.append(fork_after(dice.random() * 0.06))
    assert sorted([*READERS]) == LISTED[0] and sorted([*FILTERS]) == LISTED[1]
out = forks
"""


@pytest.mark.skipif("not hasattr(__import__('os'), 'fork')", reason="needs fork")
def test_fork_in_the_middle_of_a_discovery(app: App, amount: Amount, record: Record) -> None:
    """A child that is forked while another thread imports plugins lists, or gets an error in time.

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
    rounds, batches = amount(8, 50), amount(1, 20)
    listed = sorted([*CLASSES, "slow"]), sorted([*FUNCTIONS, "slow"])
    short = "import regcache_core.discovery._cold.threads as running\nrunning.PATIENCE_S = 0.5\n"

    forks = []
    for seed in range(batches):
        head = f"ROUNDS, LISTED, SEED = {rounds}, {listed}, {seed}\n"
        forks += app.run(WATCHDOG + short + head + FORKS)

    assert any(half for half, _ in forks)
    assert any(whole for _, whole in forks)
    record(forks=len(forks), with_a_module_half_imported=sum(half for half, _ in forks), hung=0)


LOST = """
import importlib, os, time
import regcache_core, regcache_core.discovery._cold.threads
regcache_core.discovery._cold.threads.PATIENCE_S = 1.0
from app.readers.base import READERS
if LISTED: len(READERS)
thread = threading.Thread(target=importlib.import_module, args=["app.readers.slow"], daemon=True)
thread.start()
while "app.readers.slow" not in sys.modules: time.sleep(0.001)
time.sleep(0.1)
faulthandler.cancel_dump_traceback_later()  # its thread is not in the child
pid = os.fork()
if pid == 0:
    faulthandler.dump_traceback_later(20, exit=True)
    errors = []
    for use in (lambda: READERS["slow"], lambda: READERS["slow"]):
        try:
            use()
        except regcache_core.ImportStalledError as error:
            errors.append(error.module)
    print(errors, file=sys.stderr)
    os._exit(7 if errors == ["app.readers.slow"] * 2 else 1)
out = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
"""


LOOKING = """
import os, time
from importlib.machinery import ModuleSpec
import regcache_core, regcache_core.discovery._cold.threads
regcache_core.discovery._cold.threads.PATIENCE_S = 1.0
from app.readers.base import READERS
there = threading.Event()
class Slow:
    def find_spec(name, path, target=None):
        return ModuleSpec(name, Slow) if name == "app.readers.csv_reader" else None
    def create_module(spec):
        there.set(), time.sleep(20)
    exec_module = None  # Python asks whether there is one
sys.meta_path.insert(0, Slow)
threading.Thread(target=list, args=[READERS], daemon=True).start()
there.wait()
faulthandler.cancel_dump_traceback_later()  # its thread is not in the child
pid = os.fork()
if pid == 0:
    faulthandler.dump_traceback_later(20, exit=True)
    try:
        list(READERS)
    except regcache_core.ImportStalledError as error:
        os._exit(7 if error.module == "app.readers.csv_reader" else 2)
    os._exit(3)
out = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
"""


@pytest.mark.skipif("not hasattr(__import__('os'), 'fork')", reason="needs fork")
def test_module_that_a_lost_thread_was_looking_for(app: App, record: Record) -> None:
    """A child asks for a plugin that a thread of its parent was looking for: an error, no hang.

    Its lock is held, and it is not among the modules yet.
    """
    app.write(READERS)

    assert 7 == app.run(WATCHDOG + LOOKING)
    record(hung=0)


@pytest.mark.skipif("not hasattr(__import__('os'), 'fork')", reason="needs fork")
@pytest.mark.parametrize("state", ["cold", "warm"])
def test_module_whose_thread_was_lost_in_a_fork(state: str, app: App, record: Record) -> None:
    """A child asks for a plugin that a thread of its parent imports: an error after a bounded wait.

    Where ``import`` waits without end: ten seconds, one here. The second time there is no wait.
    """
    app.write(READERS)
    slow = "import time\nfrom .base import Reader\ntime.sleep(2)\n"
    app.write({"app/readers/slow.py": f"{slow}class Slow(Reader): format = 'slow'\n"})
    if state == "warm":
        app.run("from app.readers.base import READERS\nout = len(READERS)")

    assert 7 == app.run(WATCHDOG + f"LISTED = {state == 'warm'}\n" + LOST)
    record(hung=0)


HELD = """
import importlib, os
import regcache_functions.registry, regcache_meta.lazydict  # and nothing that discovers

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
        "regcache_meta.config._LOCK",
        "regcache_functions.registry._LOCK",
        "importlib.import_module('regcache_core.discovery._cold.backoff')._LOCK",
        "importlib.import_module('regcache_core.discovery._cold.import_hook')._LOCK",
    ],
)
def test_fork_while_a_lock_is_held(lock: str, app: App, record: Record) -> None:
    """A fork while another thread holds a lock of ours: the child does not wait."""
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

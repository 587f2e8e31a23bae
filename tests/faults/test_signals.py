"""Ctrl-C and other ends of the program, at any moment of a discovery."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from throwaway import FILES, FOLDER, LIST, LISTED, App
from trials import Amount, Record

pytestmark = pytest.mark.skipif("sys.platform == 'win32'", reason="needs fork and kill")


#: In a forked child: list a registry, have it interrupted, and look what is left. The parent has
#: run all of the cold path once, so that what is interrupted is our code and the plugins.
TRIALS = """
import faulthandler, glob, json, os, random, shutil, signal, sys, time, warnings
warnings.simplefilter("ignore")
{home}
LISTED = {listed!r}
before = [*sys.meta_path]
assert [*REG] == LISTED
FULL = glob.glob(os.environ["REGCACHE_DIR"] + "/**/*.json", recursive=True)
assert len(FULL) == 1
shutil.rmtree(os.environ["REGCACHE_DIR"])
for name in [name for name in sys.modules if name.partition(".")[0] == "app"]:
    del sys.modules[name]

def left():
    paths = [os.path.join(folder, name) for folder, _, names in os.walk(os.environ["REGCACHE_DIR"])
             for name in names]
    return [path for path in paths if path.endswith(".tmp")]

def check(error):
    # The registry is usable in this process, what is written is whole, nothing else is left.
    assert left() == [], left()
    for path in glob.glob(os.environ["REGCACHE_DIR"] + "/**/*.json", recursive=True):
        items = json.load(open(path))["items"]
        assert sorted(items) == sorted(LISTED), items
    assert [*REG] == LISTED, ([*REG], REG.failures, error)
    assert REG.failures == {{}}, REG.failures
    for key in LISTED:
        REG[key]
    REG.refresh()
    assert [*REG] == LISTED
    assert sys.meta_path == before, sys.meta_path
    import regcache_core.discovery._cold.import_hook
    assert regcache_core.discovery._cold.import_hook._ACTIVE == []

def in_child(trial):
    # What a child says: its exit status; 9 for an interrupt that came too late.
    pid = os.fork()
    if pid == 0:
        faulthandler.dump_traceback_later(60, exit=True)
        try:
            status = trial()
        except BaseException:  # whatever it is, the child shows it and ends
            import traceback
            traceback.print_exc()
            status = 1
        os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    shutil.rmtree(os.environ["REGCACHE_DIR"], ignore_errors=True)
    assert status in (0, 9), status
    return status
"""

AT_EACH_LINE = """
import regcache_core, threading
OURS = os.path.dirname(os.path.dirname(regcache_core.__file__))[:-len("regcache-core/src")]

def interrupted_at(number, count=[0]):
    def local(frame, event, argument):
        if event == "line":
            count[0] += 1
            if count[0] == number:
                sys.settrace(None)
                raise KeyboardInterrupt
        return local
    def trace(frame, event, argument):
        return local if frame.f_code.co_filename.startswith(OURS) else None
    def trial():
        {home}
        globals()["REG"] = REG
        sys.settrace(trace)
        try:
            [*REG]
        except KeyboardInterrupt as error:
            sys.settrace(None)
            check(error)
            return 0
        finally:
            sys.settrace(None)
        return 9 if count[0] < number else 1
    return trial

def is_line(number):
    return in_child(interrupted_at(number)) == 0

high = 1
while is_line(high): high *= 2
low = high // 2
while high - low > 1:
    middle = (low + high) // 2
    low, high = (middle, high) if is_line(middle) else (low, middle)
chosen = [*range(1, low + 1)]
random.Random({seed}).shuffle(chosen)
chosen = chosen[{begin}:{begin} + {amount}]
for number in chosen:
    try:
        is_line(number)  # the last lines are not run by each process
    except AssertionError:
        print("line event", number, file=sys.stderr)
        raise
out = [low, len(chosen)]
"""


@pytest.mark.parametrize("kind", LISTED)
def test_interrupt_at_each_line(kind: str, app: App, amount: Amount, record: Record) -> None:
    """An interrupt at any line of our code in a cold listing: it goes on, the registry is usable.

    In the same process the next listing is right; the file is absent or whole; nothing is left.
    """
    app.write(FILES[kind])
    text, lines, done = TRIALS + AT_EACH_LINE, 1, 0
    most, each = amount(40, 2_000), amount(40, 100)

    while done < min(most, lines):  # each process does some of them
        lines, more = app.run(
            text.format(home=LIST[kind], listed=LISTED[kind], begin=done, amount=each, seed=1)
        )
        done += more

    assert done >= min(most, lines)
    record(lines=lines, interrupted_at=done, unusable=0, half_written=0)


AT_RANDOM = """
def killed_after(seconds):
    def trial():
        {home}
        globals()["REG"] = REG
        parent = os.getpid()
        caught = None
        try:
            try:
                if os.fork() == 0:
                    time.sleep(seconds)
                    os.kill(parent, signal.SIGINT)
                    os._exit(0)
                [*REG]
            finally:
                os.wait()
        except KeyboardInterrupt as error:
            caught = error
        check(caught)
        return 9 if caught is None else 0
    return trial

start = time.monotonic()
in_child(killed_after(0.0))
longest = min(time.monotonic() - start, 0.1)
dice = random.Random({seed})
statuses = [in_child(killed_after(dice.random() * longest)) for _ in range({amount})]
out = statuses.count(0)
"""


@pytest.mark.parametrize("kind", LISTED)
def test_sigint_at_random_moments(kind: str, app: App, amount: Amount, record: Record) -> None:
    """SIGINT at random moments of a cold listing: KeyboardInterrupt, and the registry is usable."""
    slow = "import time\nfor _ in range(20): time.sleep(0.0005)\n"
    app.write({**FILES[kind], f"app/{FOLDER[kind]}/slow.py": slow})
    count, caught = amount(20, 2_000), 0

    for seed in range(count // 20):
        text = (TRIALS + AT_RANDOM).format(
            home=LIST[kind], listed=LISTED[kind], amount=20, seed=seed
        )
        caught += app.run(text)

    assert caught > count // 10
    record(signals=count, interrupted=caught, unusable=0, half_written=0)


ASKS = {"list": "[*REG]", "refresh": "REG.refresh()", "lookup": "REG['own']"}


@pytest.mark.parametrize("kind", LISTED)
@pytest.mark.parametrize("error", ["KeyboardInterrupt", "SystemExit(3)"])
@pytest.mark.parametrize("where", ASKS)
def test_ends_of_the_program_go_on(
    where: str, error: str, kind: str, app: App, record: Record
) -> None:
    """KeyboardInterrupt and SystemExit inside a plugin's import go on to who asked.

    Also where the handler of a signal raises them. Asked again, the registry is whole.
    """
    plugin = {
        "classes": "from app.readers.base import Reader\nclass Own(Reader): format = 'own'\n",
        "functions": "from app.registry import FILTERS\n@FILTERS.register\ndef own(x): ...\n",
    }[kind]
    plugin += f"import sys\nif getattr(sys, 'end', 0): raise {error}\n"
    app.write({**FILES[kind], f"app/{FOLDER[kind]}/zz.py": plugin})
    code = f"""
import signal, sys
{"[*REG]" if where == "lookup" else ""}
{LIST[kind]}
sys.end = True
def ask():
    {ASKS[where]}
try:
    ask()
    out = "swallowed"
except (KeyboardInterrupt, SystemExit) as error:
    out = type(error).__name__
sys.end = False
import warnings
out = [out, sorted([*REG]), [*REG.failures], callable(REG["own"])]
"""
    if where == "lookup":
        code = code.replace("[*REG]\n", "", 1)
        app.run(LIST[kind] + "\nout = len(REG)")
    keys = sorted([*LISTED[kind], "own"])

    assert [error.partition("(")[0], keys, [], True] == app.run(code)
    assert keys == app.run(LIST[kind] + "\nout = sorted([*REG])")
    record(kind=kind, swallowed=0)


@pytest.mark.parametrize("kind", LIST)
@pytest.mark.parametrize("base", ["BaseException", "Exception"])
def test_exception_of_a_signal_goes_through(base: str, kind: str, app: App, record: Record) -> None:
    """What the handler of a signal raises is no failure of the plugin that it interrupts."""
    app.write({**FILES[kind], f"app/{FOLDER[kind]}/slow.py": "import time; time.sleep(5)"})
    code = f"""
    import signal
    {LIST[kind]}
    class Timeout({base}): pass
    def handler(number, frame): raise Timeout
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        out = [*REG]
    except Timeout:
        out = "timeout"
    """

    seen = [app.run(code), app.run(code)]

    assert ["timeout"] * 2 == seen
    assert [*app.cache.rglob("*.json")] == []
    record(starts=2, stored=0)


#: Who ends what a thread does, though no signal does: how, and what reaches the caller.
LIMITS = {
    "raised in the thread": (
        "import ctypes, threading\n"
        "me = ctypes.c_ulong(threading.get_ident())\n"
        "raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc\n"
        "threading.Timer(0.5, raise_in, [me, ctypes.py_object(Limit)]).start()",
        "Limit",
    ),
    "raised by what a module calls": ("import builtins; builtins.slow = raise_limit", "Limit"),
    "a task that is cancelled": ("import builtins; builtins.slow = cancel", "CancelledError"),
    "a greenlet of gevent": (
        "import gevent.monkey; gevent.monkey.patch_all()\ngevent.Timeout(0.5).start()",
        "Timeout",
    ),
}


@pytest.mark.parametrize("kind", LIST)
@pytest.mark.parametrize("limit", LIMITS)
def test_time_limit_of_a_library_goes_through(
    limit: str, kind: str, app: App, record: Record
) -> None:
    """What is no ``Exception`` is no failure of the plugin that it ends, and nothing is stored."""
    if "gevent" in limit and find_spec("gevent") is None:
        pytest.skip("gevent is not installed")
    module = (
        "import time, builtins\ngetattr(builtins, 'slow', int)()\n"
        "for _ in range(200): time.sleep(0.02)"
    )
    app.write({**FILES[kind], f"app/{FOLDER[kind]}/slow.py": module})
    start, name = LIMITS[limit]
    code = f"""
import asyncio
class Limit(BaseException): pass
def raise_limit(): raise Limit
def cancel(): raise asyncio.CancelledError
{start}
{LIST[kind]}
try:
    out = [*REG]
except BaseException as error:
    out = type(error).__name__
"""

    seen = [app.run(code), app.run(code)]

    assert [name] * 2 == seen
    assert [*app.cache.rglob("*.json")] == []
    record(starts=2, stored=0)


@pytest.mark.parametrize("kind", LIST)
def test_timeout_while_a_folder_is_listed(kind: str, app: App, record: Record) -> None:
    """A ``TimeoutError`` of a signal reaches the caller: no folder is taken for an empty one."""
    app.write(FILES[kind])
    code = f"""
    import sys
    {LIST[kind]}
    late = []
    def interrupt(event, arguments):
        if event == "os.listdir" and sys._getframe(1).f_code.co_name == "_list_modules":
            late.append(event)
            if len(late) == 1: raise TimeoutError
    sys.addaudithook(interrupt)
    try: list(REG)
    except TimeoutError: late.append("raised")
    out = len(REG), late[:2]
    """

    assert [2 if kind == "classes" else 3, ["os.listdir", "raised"]] == app.run(code)
    record(lost=0)


#: Foreign code that is interrupted by a signal while it is asked for something that is stored.
INTERRUPTED = {
    "functions": """
from app.registry import FILTERS
class Odd:
    def __repr__(self):
        interrupt()
        return "odd"
@FILTERS.register
def odd(image, size=Odd()): ...
""",
}


@pytest.mark.parametrize("kind", INTERRUPTED)
def test_signals_pass_what_is_stored(kind: str, app: App, record: Record) -> None:
    """What a signal's handler raises while a plugin is described goes on, and is not stored."""
    app.write(FILES[kind])
    odd = "import signal\ndef interrupt(): signal.raise_signal(signal.SIGUSR1)\n"
    app.write({f"app/{FOLDER[kind]}/odd.py": odd + INTERRUPTED[kind]})
    code = f"""
import signal
{LIST[kind]}
class Timeout(Exception): pass
def handler(number, frame): raise Timeout
signal.signal(signal.SIGUSR1, handler)
try:
    out = [*REG]
except Timeout:
    out = "Timeout"
"""
    ignore = "import signal; signal.signal(signal.SIGUSR1, signal.SIG_IGN)\n"
    look = f"{ignore}{LIST[kind]}\nlen(REG)\nout = [*REG.failures], REG.report.status"

    assert "Timeout" == app.run(code)
    assert [[], "miss"] == app.run(look)
    record(swallowed=0, stored=0)

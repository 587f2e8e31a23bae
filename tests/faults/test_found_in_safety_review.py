"""What an outside tester broke: each as short as it could be made."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from throwaway import ALL_OF_CORE, FILTERS, LIST, READERS, WATCHDOG, App

from regcache_core import ImportPath, Running, forget_searches
from regcache_core.writing import write_document

Record = Callable[..., None]

#: The functions of the same package once more, those that nothing registers too.
SCAN = """
from regcache_functions import FunctionRegistry
REG = FunctionRegistry.scan("app.filters", public="names")
"""
OPEN = {**LIST, "scan": SCAN}
FOLDER = {"classes": "readers", "functions": "filters", "scan": "filters"}
FILES = {"classes": READERS, "functions": FILTERS, "scan": FILTERS}
LISTED = {
    "classes": ["csv", "json"],
    "functions": ["gaussian", "median", "sobel"],
    "scan": ["gaussian", "median_filter", "sobel"],
}
QUIET = "import warnings; warnings.simplefilter('ignore')\n"


@pytest.mark.skipif("sys.platform == 'win32'", reason="signals are sent")
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
    ask = f"{WATCHDOG}\n{LIST[kind]}\nprint([*REG], REG.report.status, REG[{key!r}].__name__)"

    done = [app.start(ask), app.start(ask)]

    assert [0, 0] == [each.returncode for each in done], done[-1].stderr
    assert " hit " in done[1].stdout
    assert done[0].stdout.splitlines()[-1].split()[-1] == done[1].stdout.split()[-1]
    record(starts=2, hangs=0)


#: What the modules of one package do, none of which may matter to any other module.
ODD = [
    "import sys; sys.modules[__name__] = None",
    "import sys\nclass M: __slots__ = ()\nsys.modules[__name__] = M()",
    "import sys; sys.modules['t',] = 1",
    "import sys; sys.modules.pop('os')",
    "import sys; sys.path_importer_cache['x'] = 7",
    "import sys; sys.path += [7, '\\ud800', 'a\\0b']",
    "import sys\nclass F:\n  def find_spec(self, *_): 1 / 0\nsys.meta_path.append(F())",
    "import os; home = os.environ['HOME']; os.environ.clear(); os.environ['HOME'] = home",
    "__file__ = 7",
    "__name__ = 7",
    "__path__ = 5",
    "__path__ = [7, 'a\\0b']",
    "def __getattr__(name): raise ImportError(name)",
    *(
        "import sys\nclass M(type(sys)):\n  def __getattribute__(self, name):\n"
        f"    if name != {name!r}: raise ImportError\n    return 'x'\n"
        "sys.modules[__name__] = M('x')"
        for name in ("", "__name__")
    ),
    "try: import no_such_module\nexcept Exception: pass",
]
CLASS = "from app.readers.base import Reader\nclass Odd(Reader): format = __name__\n"
#: The same, with classes; a later start could not import these by what they say.
NAMELESS = [
    CLASS + "class Q: __module__ = 7\nclass Other(Reader, Q): format = 'q'",
    CLASS + "Odd.__module__ = 7",
    CLASS + "Odd.__module__ = None",
]


@pytest.mark.parametrize("kind", OPEN)
def test_odd_modules_cost_only_themselves(kind: str, app: App, record: Record) -> None:
    """Whatever a module puts in its place, on ``sys.path`` or among the modules costs only it."""
    deeds = [*ODD, *(NAMELESS if kind == "classes" else ())]
    odd = {f"app/{FOLDER[kind]}/odd{number:02}.py": deed for number, deed in enumerate(deeds)}
    app.write({**FILES[kind], **odd, f"app/{FOLDER[kind]}/odd/__init__.py": "__path__ = 5"})
    code = """
out = [*REG], {name: str(each) for name, each in REG.failures.items()}, REG.report.status
REG.refresh()
out = *out, [*REG]
"""

    start, home = QUIET + OPEN[kind], str(app.folder)
    first, second = (app.run(start + code, HOME=home) for _ in range(2))
    # One of them may have been imported before.
    early = f"\nimport app.{FOLDER[kind]}.odd{len(deeds) - 1}"
    third = app.run(start + early + code, HOME=home, REGCACHE_REFRESH="1")

    keys, failures, status, again = first
    assert ("miss", [keys, failures, "hit", again]) == (status, second)
    assert (first, [LISTED[kind]] * 2) == (third, [keys, again])
    names = {name.rpartition(".")[2] for name in failures}
    assert {f"odd{number:02}" for number in range(len(ODD), len(deeds))} <= names
    assert all(name.startswith("odd") for name in names)
    record(modules=len(deeds), starts=3, others_lost=0)


@pytest.mark.parametrize("kind", OPEN)
@pytest.mark.parametrize(
    "deed",
    [
        "sys.path.clear()",
        "sys.meta_path.clear()",
        "sys.path_hooks.clear(); sys.path_importer_cache.clear()",
        "[sys.modules.pop(n) for n in [*sys.modules] if n not in sys.builtin_module_names]",
    ],
)
def test_answer_made_without_importing_is_not_kept(
    deed: str, kind: str, app: App, record: Record
) -> None:
    """Where a module leaves Python unable to import, those before it are listed, nothing kept."""
    odd, later = (f"app/{FOLDER[kind]}/{name}.py" for name in ("ddd", "later"))
    app.write({**FILES[kind], odd: f"import sys; {deed}", later: "import colorsys"})
    code = "\nout = [*REG], [*REG.failures], REG.report.saved.reason.name"

    keys, failures, saved = app.run(QUIET + OPEN[kind] + code)

    before = LISTED[kind][:-1]
    assert (before, True) == (keys[: len(before)], failures != [])
    assert ("PASSING_FAILURE", []) == (saved, app.cache_files())
    record(starts=1, stored=0)


@pytest.mark.parametrize("kind", ["functions", "scan"])
def test_defaults_that_cannot_be_shown(kind: str, app: App, record: Record) -> None:
    """A default or annotation that fails to show itself is listed by its type."""
    odd = """
    class Mute:
        def __repr__(self): raise ValueError
    class Odd:
        def __getattr__(self, name): raise ValueError
        def __call__(self): ...
    @{}
    def odd(a: Mute() = Mute(), b: 1 = Odd(), c={{Mute(), 2}}) -> Mute(): ...
    class Proxy:
        __name__ = "proxy"
        def __call__(self): ...
        @property
        def __doc__(self): raise ValueError
    proxy = Proxy()
    """.format("FILTERS.register" if kind == "functions" else "staticmethod")
    app.write({**FILTERS, "app/filters/odd.py": "from app.registry import FILTERS\n" + dedent(odd)})
    code = "\nout = sorted(REG), str(REG.info('odd').signature), [*REG.rejected]"

    keys, signature, rejected = app.run(OPEN[kind] + code)

    assert sorted([*LISTED[kind], "odd"]) == keys
    assert (["proxy"] if kind == "scan" else []) == rejected
    assert "(a: <Mute> = <Mute>, b: 1 = <Odd>, c={2, <Mute>}) -> <Mute>" == signature
    record(starts=1)


def test_searches_are_forgotten_while_others_forget_them(
    monkeypatch: pytest.MonkeyPatch, record: Record
) -> None:
    """Where another thread clears Python's listings as well, all are cleared in the end."""
    last: list[str] = []

    class Other:
        def invalidate_caches(self) -> None:
            sys.path_importer_cache.pop("relative", None)  # as another thread would, just now

    class Last:
        def invalidate_caches(self) -> None:
            last.append("cleared")

    listings = {"/other": Other(), "relative": None, "/last": Last()}
    monkeypatch.setattr(sys, "path_importer_cache", {**sys.path_importer_cache, **listings})

    forget_searches()

    assert ["cleared"] == last
    record(threads=2)


def test_what_was_left_without_an_end_counts_no_more(record: Record) -> None:
    """Where Ctrl-C comes just before a discovery ends, the next one lets go of what it held."""
    running, path, held, finders = Running(), ImportPath(), [], [*sys.meta_path]

    class Local: ...

    def leave() -> None:
        local = Local()
        held.append(weakref.ref(local))
        running.__enter__()
        path.recording().__enter__()

    leave()
    assert (held[0]() is not None, finders != sys.meta_path) == (True, True)
    with running, path.recording():
        gc.collect()

        assert held[0]() is None
    assert finders == sys.meta_path
    record(left=2)


@pytest.mark.parametrize("asks", ["import b", "import_module('b', failed.__setitem__)"])
def test_circle_of_modules_and_threads(asks: str, app: App, record: Record) -> None:
    """Two threads whose modules import each other do not wait until patience ends."""
    start = "import sys\nfrom regcache_core import import_module\nfailed = {}\n"
    app.write(
        {
            "a.py": f"{start}sys.in_a.set(); sys.in_b.wait()\n{asks}\n",
            "b.py": start
            + """
waits = ("acquire", "_stand_by")
sys.in_b.set()
while sys._current_frames()[sys.thread.ident].f_code.co_name not in waits: pass
found = import_module("a", failed.__setitem__).__name__
""",
        }
    )
    code = f"""{WATCHDOG}
import regcache_core.running
regcache_core.running.PATIENCE_S = 2.0
sys.in_a, sys.in_b = threading.Event(), threading.Event()
sys.thread = threading.Thread(target=__import__, args=["a"])
sys.thread.start()
sys.in_a.wait()
import b
sys.thread.join()
out = b.found, b.failed, sys.modules["a"].failed
"""

    assert ["a", {}, {}] == app.run(code)
    record(threads=2, deadlocks=0)


@pytest.mark.skipif("sys.platform == 'win32'", reason="the kernel kills the writer")
def test_writer_killed_in_the_middle_leaves_the_old_file(app: App, record: Record) -> None:
    """A process that is killed when half is written leaves the file that was there."""
    code = """
import resource, signal, sys
from regcache_core.writing import write_document
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
write_document(sys.argv[1], {"a": 1})
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
write_document(sys.argv[1], {"a": "x" * 5000})
"""
    path = app.cache / "a.json"
    command = [sys.executable, "-c", code, str(path)]

    done = subprocess.run(command, env=app.environment(), check=False)

    assert -signal.SIGXFSZ == done.returncode
    assert path.read_bytes().startswith(b'{"a":1')
    record(kills=1, torn=0)


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs symbolic links")
def test_temporary_file_is_made_by_the_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record: Record
) -> None:
    """What lies where a temporary file is to be made is not written into; no link is followed."""
    folder, target = tmp_path / "cache", tmp_path / "target"
    folder.mkdir(mode=0o700)
    target.write_text("kept")
    monkeypatch.setattr("time.monotonic_ns", lambda: 7)
    temporary = folder / f".a.json.{os.getpid()}-{threading.get_ident()}-7.tmp"
    temporary.symlink_to(target)

    with pytest.raises(FileExistsError):
        write_document(str(folder / "a.json"), {"a": 1})

    assert ("kept", []) == (target.read_text(), [*folder.glob("*.json")])
    record(followed=0)


@pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0, reason="only root can run with another's home"
)
def test_root_makes_no_folders_in_the_home_of_a_user(record: Record) -> None:
    """Root who runs with a user's ``HOME`` leaves him no folder that he cannot write into."""
    code = (
        ALL_OF_CORE
        + """
manager = regcache_core.RegistryCacheManager("a", lambda: "1", str, str, application="app")
print(manager.get_or_build(lambda: {"a": "1"}), manager.last_report.saved.reason.name)
"""
    )
    with tempfile.TemporaryDirectory(prefix="regcache-tests-") as folder:
        os.chown(folder, 65534, 65534)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("REGCACHE_", "XDG_"))}
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**kept, "HOME": folder},
            capture_output=True,
            text=True,
            check=True,
        )

        assert [] == [*Path(folder).iterdir()]
    assert "{'a': '1'} FOREIGN_OWNER" == done.stdout.strip()
    record(folders_made=0)


#: Foreign code that is interrupted by a signal, where we catch whatever foreign code raises.
INTERRUPTED = """
import json, signal, sys, types
from regcache_core import RegistryCacheManager, find_spec, is_initializing, key_to_text

class Timeout(Exception): pass
def handler(number, frame): raise Timeout
signal.signal(signal.SIGUSR1, handler)
def interrupt(*arguments): signal.raise_signal(signal.SIGUSR1)
class Key(str):
    __repr__ = __str__ = interrupt
class Finder:
    find_spec = staticmethod(interrupt)
class Lazy(types.ModuleType):
    __getattribute__ = interrupt
def ask_finder():
    sys.meta_path.insert(0, Finder)
    try: find_spec("a")
    finally: sys.meta_path.remove(Finder)
def ask_module():
    sys.modules["lazy"] = Lazy("lazy")
    is_initializing("lazy")
def manage(version=lambda: "1", to=str, back=str):
    manager = RegistryCacheManager("a", version, to, back, application="app")
    return manager.get_or_build(lambda: {"a": 1})
def stored():
    manage()
    manage(back=interrupt)
def loaded():
    HOME
    REG[KEY]
out = []
for deed in (ask_finder, ask_module, lambda: key_to_text(Key("a")), lambda: manage(interrupt),
             lambda: manage(to=interrupt), stored, loaded):
    try:
        deed()
        out.append("swallowed")
    except BaseException as error:
        out.append(type(error).__name__)
"""


@pytest.mark.skipif("sys.platform == 'win32'", reason="signals are sent")
@pytest.mark.parametrize("kind", LIST)
def test_signals_pass_what_catches_everything(kind: str, app: App, record: Record) -> None:
    """Where any exception of foreign code is caught, one that a signal's handler raised is not."""
    app.write(FILES[kind])
    name = "csv_reader" if kind == "classes" else "blur"
    path = next(app.folder.glob(f"app/{FOLDER[kind]}/{name}*.py"))
    path.write_text("import signal\nsignal.raise_signal(signal.SIGUSR1)\n" + path.read_text())
    app.wrote()
    ignore = "import signal; signal.signal(signal.SIGUSR1, signal.SIG_IGN)"
    first = app.run(f"{ignore}\n{LIST[kind]}\nout = next(iter(REG))")

    outcome = app.run(INTERRUPTED.replace("HOME", LIST[kind]).replace("KEY", repr(first)))

    assert ["Timeout"] * 7 == outcome
    record(swallowed=0)


@pytest.mark.parametrize("kind", LIST)
def test_timeout_while_a_folder_is_listed(kind: str, app: App, record: Record) -> None:
    """A ``TimeoutError`` of a signal, which pkgutil takes for an empty folder: all are listed."""
    app.write(FILES[kind])
    code = f"""
    import sys
    {LIST[kind]}
    late = []
    def interrupt(event, arguments):
        if event == "os.listdir" and "pkgutil" in sys._getframe(1).f_code.co_filename and not late:
            late.append(event)
            raise TimeoutError
    sys.addaudithook(interrupt)
    out = len(REG), late
    """

    assert [2 if kind == "classes" else 3, ["os.listdir"]] == app.run(code)
    record(lost=0)


@pytest.mark.parametrize("kind", LIST)
def test_plugin_that_closes_all_descriptors(kind: str, app: App, record: Record) -> None:
    """A plugin that closes what is open, as daemons do, and opens a file: it keeps that."""
    closes = f"import os\nos.closerange(3, 64)\nKEPT = [open({os.devnull!r}) for _ in range(8)]\n"
    app.write({**FILES[kind], f"app/{FOLDER[kind]}/daemon.py": closes})
    module = f"app.{FOLDER[kind]}.daemon"

    out = app.run(f"{LIST[kind]}\n[*REG]\nimport {module} as m\nout = [f.read() for f in m.KEPT]")

    assert [""] * 8 == out
    record(closed=0)


def test_classes_that_cannot_be_hashed_are_listed(app: App, record: Record) -> None:
    """A metaclass with ``__eq__`` alone makes classes that no set takes: all are listed."""
    app.write(
        {
            **READERS,
            "app/readers/odd.py": """
                from .base import Reader
                class Meta(type(Reader)):
                    def __eq__(cls, other): return cls is other
                class Odd(Reader, metaclass=Meta): format = "odd"
                """,
        }
    )
    code = f"{LIST['classes']}\nout = [*REG], REG['odd'].__name__"

    assert [[["csv", "json", "odd"], "Odd"]] * 2 == [app.run(code), app.run(code)]
    record(starts=2)


@pytest.mark.parametrize("kind", LIST)
def test_exit_where_warnings_are_errors(kind: str, app: App, record: Record) -> None:
    """A plugin's ``sys.exit`` ends the program with its status, also with ``-W error``."""
    app.write({**FILES[kind], f"app/{FOLDER[kind]}/exits.py": "import sys\nsys.exit(7)\n"})

    assert 7 == app.start(f"{LIST[kind]}\n[*REG]", "-W", "error").returncode
    record(starts=1)


def test_report_of_any_text_can_be_printed(app: App, record: Record) -> None:
    """What a file says is told in words that any stream takes."""
    app.write(READERS)
    tell = f"{LIST['classes']}\n[*REG]\nprint(REG.report)\n"
    app.start(tell)
    app.edit_cache('"settings":{', '"settings":{"\\ud800":1,')

    done = app.start(tell)

    assert (0, True) == (done.returncode, "\\ud800" in done.stdout)
    record(starts=2)

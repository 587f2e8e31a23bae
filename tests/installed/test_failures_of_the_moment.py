"""Plugins that fail where another process would not: served, never believed by the next one.

A failure that names what it lacked is stored, and what it lacked is an input of the answer.
"""

import shutil
import subprocess
import sys

import pytest
from throwaway import FILES, FOLDER, LIST, LISTED, App, plugin

SEEN = "\nkeys = sorted(REG)\nsaved = REG.report.saved\nout = [keys, saved and saved.status]"

#: Who asks first -> what the plugin does, and how it is asked.
MOMENTS = {
    "signal handler in a thread": (
        "import signal; signal.signal(signal.SIGUSR1, signal.SIG_IGN)",
        "t = threading.Thread(target=ask); t.start(); t.join()",
    ),
    "wakeup of signals in a thread": (
        "import signal; signal.set_wakeup_fd(-1)",
        "t = threading.Thread(target=ask); t.start(); t.join()",
    ),
    "event loop of a thread": (
        "import asyncio, signal\nloop = asyncio.new_event_loop()\n"
        "try: loop.add_signal_handler(signal.SIGUSR1, int)\nfinally: loop.close()",
        "t = threading.Thread(target=ask); t.start(); t.join()",
    ),
    "database of another thread": (
        "import app; app.DATABASE.execute('select 1')",
        "t = threading.Thread(target=ask); t.start(); t.join()",
    ),
    "loop in a loop": (
        "import asyncio\nasync def f(): pass\nasyncio.run(f())",
        "async def main(): ask()\nasyncio.run(main())",
    ),
    "loop of another library": (
        "import asyncio\nif asyncio._get_running_loop(): raise RuntimeError('already running')",
        "async def main(): ask()\nasyncio.run(main())",
    ),
    "deep stack": (
        "def f(n): return n and f(n - 1)\nf(300)",
        "def deep(n): return deep(n - 1) if n else ask()\ndeep(sys.getrecursionlimit() - 250)",
    ),
    "no thread to be had": (
        "import threading; threading.Thread(target=int).start()",
        "threading.stack_size(1 << 30)\n"
        "resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 33))\nask()",
    ),
    "no memory behind another error": (
        "import builtins\n"
        "try: getattr(builtins, 'LACK', int)()\n"
        "except MemoryError as error: raise ValueError('no buffer') from error",
        "import builtins\ndef lack(): raise MemoryError\nbuiltins.LACK = lack\nask()",
    ),
    "end of the interpreter": (
        "import atexit, threading, concurrent.futures as f\n"
        "with f.ThreadPoolExecutor() as pool: pool.submit(int)",
        "import concurrent.futures.thread as t\nt._shutdown = True\nask()\nt._shutdown = False",
    ),
}


@pytest.fixture
def app(kind, tmp_path):
    """An application of that kind; its package has a database, made by the first thread."""
    app = App(tmp_path)
    app.write(FILES[kind])
    database = "import sqlite3\nDATABASE = sqlite3.connect(':memory:')\n"
    app.write({"app/__init__.py": database + FILES[kind]["app/__init__.py"]})
    return app


def add_plugin(app, kind, deed):
    """Write a module that does something before it has a plugin."""
    app.write({f"app/{FOLDER[kind]}/odd.py": f"{deed}\n{plugin(kind, repr('odd'))}"})


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory, signals")
@pytest.mark.parametrize("moment", MOMENTS)
def test_next_process_lists_what_failed_in_this_one(moment, kind, app):
    """It is served as it is, and not stored."""
    deed, ask = MOMENTS[moment]
    add_plugin(app, kind, deed)
    head = f"""
import asyncio, resource, sys, threading, warnings
warnings.simplefilter("ignore")
{LIST[kind]}
"""

    first = app.run(f"{head}def ask(): list(REG)\n{ask}{SEEN}")
    second, third = app.run(head + SEEN), app.run(head + SEEN)

    assert [LISTED[kind], "error"] == first
    whole = sorted([*LISTED[kind], "odd"])
    assert [[whole, "saved"], [whole, None]] == [second, third]


@pytest.mark.parametrize("mistake", ["1 / 0", "import no_such_module", "nothing", "{}['key']"])
def test_mistake_in_the_code_is_one_in_every_thread(mistake, kind, app):
    """Where nothing of the moment is in play the answer is stored, whoever asks."""
    if mistake == "1 / 0":
        mistake = "int('x' * 0, 'base')"
    add_plugin(app, kind, mistake)
    code = f"""
import threading, warnings
warnings.simplefilter('ignore')
{LIST[kind]}
t = threading.Thread(target=lambda: list(REG)); t.start(); t.join()
{SEEN}"""

    assert [[LISTED[kind], "saved"], [LISTED[kind], None]] == [app.run(code), app.run(code)]


#: What a plugin asks of a file; what makes it work.
FILES_LACKED = {
    "missing": "open({path!r}).close()",
    "behind another error": "class Lost(Exception): pass\n"
    "try: open({path!r}).close()\nexcept OSError as error: raise Lost from error",
    "in a missing folder": "open({folder!r} + '/more/data.txt').close()",
    "before another error": "try: open({path!r}).close()\n"
    "except OSError: raise KeyError('no settings')",
}


@pytest.mark.parametrize("lacked", FILES_LACKED)
def test_file_that_was_missing_is_an_input(lacked, kind, app, tmp_path):
    """The failure is stored; as soon as the file is there the plugin is listed."""
    path = tmp_path / "data.txt"
    add_plugin(app, kind, FILES_LACKED[lacked].format(path=str(path), folder=str(tmp_path)))
    code = f"import warnings; warnings.simplefilter('ignore')\n{LIST[kind]}{SEEN}"

    first, second = app.run(code), app.run(code)
    (tmp_path / "more").mkdir()
    for place in (path, tmp_path / "more" / "data.txt"):
        place.write_text("there")
    third = app.run(code)

    assert [[LISTED[kind], "saved"], [LISTED[kind], None]] == [first, second]
    assert [sorted([*LISTED[kind], "odd"]), "saved"] == third


@pytest.mark.parametrize(
    "deed",
    [
        "open('data.txt').close()",
        "open('/').close()",
        "raise PermissionError(13, 'not for you', '/')",
        "raise FileNotFoundError('no such thing')",
        "raise OSError(5, 'broken', '/etc/hosts')",
        "class Mute(ImportError):\n    def __str__(self): raise ValueError\n"
        "try: raise OSError\nexcept OSError: raise Mute",
    ],
)
def test_what_names_no_file_is_of_the_moment(deed, kind, app):
    """A relative path is another one in another folder; a folder is not compared for this."""
    add_plugin(app, kind, deed)
    code = f"import warnings; warnings.simplefilter('ignore')\n{LIST[kind]}{SEEN}"

    assert [LISTED[kind], "error"] == app.run(code)


@pytest.mark.skipif(sys.platform != "linux", reason="the dynamic linker of Linux")
def test_shared_library_that_was_missing_is_an_input(kind, app, tmp_path):
    """The failure is stored; as soon as the library is there the plugin is listed."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("needs a C compiler")
    folder = tmp_path / "libraries"
    folder.mkdir()
    (folder / "deep.c").write_text("int deep(void) { return 1; }")
    (folder / "ext.c").write_text(
        "extern int deep(void);\nvoid *PyInit_ext(void) { deep(); return 0; }"
    )
    library = folder / "libregcachedeep.so.1"
    place = app.folder / "ext.so"
    link = [compiler, "-shared", "-fPIC"]
    subprocess.run(
        [*link, "-o", library, folder / "deep.c", "-Wl,-soname," + library.name], check=True
    )
    subprocess.run([*link, "-o", place, folder / "ext.c", library], check=True)
    hidden = library.rename(folder / "hidden")
    # What it makes of the module does not count, only that it can be loaded.
    add_plugin(app, kind, "try: import ext\nexcept SystemError: pass")
    code = f"import warnings; warnings.simplefilter('ignore')\n{LIST[kind]}{SEEN}"

    without = [app.run(code, LD_LIBRARY_PATH=str(folder)) for _ in range(2)]
    hidden.rename(library)
    found = [app.run(code, LD_LIBRARY_PATH=str(folder)) for _ in range(2)]

    whole = sorted([*LISTED[kind], "odd"])
    assert [[LISTED[kind], "saved"], [LISTED[kind], None]] == without
    assert [[whole, "saved"], [whole, None]] == found

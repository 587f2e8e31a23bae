"""Plugin modules that do what no module should do while they are imported.

``os._exit``, a crash in C and a kill end the process before anybody can do anything about it: they
are out of reach here (functions that are *tried* can be tried in processes of their own).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from throwaway import FILES, FILTERS, FOLDER, LIST, LISTED, READERS, App
from trials import Amount, Record

#: What each module begins with: it writes down that it runs, then misbehaves.
RAN = "import os\nwith open({path!r}, 'a') as file: file.write('x')\n"
#: Name -> what the module does, and what ``failures`` says of it; ``None`` for those that work.
#: They end with a plugin of their own, which is listed if the module works.
DEEDS: dict[str, tuple[str, str | None]] = {
    "exception": ("raise ValueError('no')", "ValueError: no"),
    "generator exit": ("raise GeneratorExit", "GeneratorExit"),
    "skipped": ("import pytest\npytest.skip('no', allow_module_level=True)", "Skipped: no"),
    "syntax error": ("def f(:", "SyntaxError: "),
    "null byte": ("x = '\0'", "SyntaxError: "),
    "indentation": ("  x = 1\n y = 2", "IndentationError: "),
    "exception without words": (
        "class Mute(Exception):\n    def __str__(self): raise ValueError\nraise Mute",
        "Mute: (ValueError in its __str__)",
    ),
    "deletes itself from sys.modules": (
        "import sys\ndel sys.modules[__name__]",
        "KeyError: ",
    ),
    "prints": ("print('noise')\nimport sys\nprint('noise', file=sys.stderr)", None),
    "closes stdout": ("import sys\nsys.stdout = sys.stderr = None", None),
    "logging": (
        "import logging\nlogging.basicConfig(level=0, force=True)\nlogging.disable()\n"
        "logging.raiseExceptions = False",
        None,
    ),
    "working directory": ("os.chdir('/')", None),
    "sys.path": ("import sys\nsys.path[:] = ['/nowhere', *sys.path]\nsys.path.append('x')", None),
    "umask": ("os.umask(0)", None),
    "locale": ("import locale\nlocale.setlocale(locale.LC_ALL, 'C')", None),
    "warnings": ("import warnings\nwarnings.simplefilter('ignore')", None),
    "recursion limit": ("import sys\nsys.setrecursionlimit(150)", None),
    "circle": ("import {package}.bad\nfrom {package} import bad", None),
    "circle of two": ("import {package}.worse", None),
    "slow": ("import time\ntime.sleep(0.5)", None),
    "thousand": ("{thousand}", None),
    "replaces itself": (
        "import sys, types\nold = sys.modules[__name__]\n"
        "class Module(types.ModuleType): pass\n"
        "new = sys.modules[__name__] = Module(__name__)\nnew.__dict__.update(vars(old))",
        None,
    ),
    "is no module any more": (
        "import sys\nold = sys.modules[__name__]\n"
        "class Odd:\n    __slots__ = ()\n"
        "    def __getattr__(self, name): return getattr(old, name)\n"
        "sys.modules[__name__] = Odd()",
        None,
    ),
    "daemon thread": (
        "import threading, time\n"
        "def work():\n    while True:\n        globals()[str(time.monotonic_ns())] = 1\n"
        "        time.sleep(0.0001)\n"
        "threading.Thread(target=work, daemon=True).start()",
        None,
    ),
    "signal handlers": ("import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)", None),
    "__getattr__ raises": ("def __getattr__(name): raise ValueError(name)", None),
    "__getattr__ has all": ("def __getattr__(name): return __getattr__", None),
    "odd objects": (
        "class Odd:\n"
        "    def __eq__(self, other): raise ValueError\n"
        "    def __repr__(self): raise ValueError\n"
        "    def __bool__(self): raise ValueError\n"
        "    def __hash__(self): raise ValueError\n"
        "    @property\n    def __class__(self): raise ValueError\n"
        "    def __getattr__(self, name): raise ValueError\n"
        "odd = Odd()\n__all__ = odd",
        None,
    ),
    "odd metaclass": (
        "class Meta(type):\n"
        "    def __eq__(self, other): raise ValueError\n"
        "    def __repr__(self): raise ValueError\n"
        "    def __bool__(self): raise ValueError\n"
        "    __hash__ = type.__hash__\n"
        "class Odd(metaclass=Meta): pass",
        None,
    ),
    "__init_subclass__ raises": (
        "class Base:\n    def __init_subclass__(cls): raise ValueError('no')\n"
        "class Sub(Base): pass",
        "ValueError: no",
    ),
    "no names": ("__spec__ = __file__ = __loader__ = None", None),
    "changes its name": ("__name__ = 'another'", None),
    "garbage": ("import gc\ngc.disable()\ngc.set_threshold(1)", None),
    "import system": (
        "import sys\nclass Finder:\n    def find_spec(self, *args): return None\n"
        "sys.meta_path.insert(0, Finder())",
        None,
    ),
    "tracing": ("import sys\nsys.settrace(lambda *args: None)", None),
}
#: What Python refuses before a line of it runs.
NEVER_RUN = ("syntax error", "null byte", "indentation")
#: What no later start could import by the name that it has: found anew each time, and told why.
UNCACHED = ("changes its name",)
#: What the module is to add to the registry.
PLUGIN = {
    "classes": "\nfrom app.readers.base import Reader\nclass Bad(Reader): format = 'bad'\n",
    "functions": "\nfrom app.registry import FILTERS\n@FILTERS.register\ndef bad(image): ...\n",
}
#: The same for a thousand plugins.
THOUSAND = {
    "classes": "from app.readers.base import Reader\n"
    "for i in range(1000): type(Reader)(f'C{i}', (Reader,), {'format': f'c{i}'})",
    "functions": "from app.registry import FILTERS\n"
    "for i in range(1000): FILTERS.register(f'f{i}')(eval(f'lambda image: {i}'))",
}

ASK = """
import json, sys, warnings
stdout = sys.stdout
warnings.simplefilter("ignore")
{open}
keys = [*REG]
failures = {{name: str(failure) for name, failure in REG.failures.items()}}
meta_path = [type(each).__name__ for each in sys.meta_path]
shown = [REG.info(key).module for key in keys]
status = REG.report.status
good = REG["{good}"].__name__
bad = REG["bad"].__name__ if "bad" in keys else None
sys.stdout = stdout
sys.settrace(None)
out = {{"keys": keys, "failures": failures, "shown": shown, "good": good, "bad": bad,
       "finders": [each for each in meta_path if each in ("_Finder", "_Witness")]}}
print("ANSWER", json.dumps([status, out]))
"""


def asking(kind: str) -> str:
    """The program that lists a registry, and loads two of its plugins."""
    return ASK.format(open=LIST[kind], good=LISTED[kind][-1])


def read(done: Any) -> Any:
    """What a process that asked has printed: the status of its cache, and the answer."""
    return json.loads(done.stdout.rpartition("ANSWER ")[2])


def ask(app: App, kind: str, **environment: str) -> Any:
    """List a registry in a fresh process; gives the status of its cache, and the answer."""
    done = app.start(asking(kind), **environment)
    assert done.returncode == 0, done.stderr
    return read(done)


def runs(counter: Path) -> int:
    """How often the module ran."""
    return len(counter.read_text()) if counter.exists() else 0


def write(app: App, kind: str, deed: str) -> Path:
    """Write an application with a plugin that misbehaves; gives the file that counts its runs."""
    counter = app.folder / "ran"
    package, folder = f"app.{FOLDER[kind]}", f"app/{FOLDER[kind]}"
    text = deed.replace("{package}", package).replace("{thousand}", THOUSAND[kind])
    app.write(
        {**FILES[kind], f"{folder}/bad.py": RAN.format(path=str(counter)) + text + PLUGIN[kind]}
    )
    if "worse" in text:
        app.write({f"{folder}/worse.py": f"import {package}.bad\n"})
    return counter


@pytest.mark.parametrize("kind", LIST)
@pytest.mark.parametrize("deed", DEEDS)
def test_misbehaviour_costs_only_the_module(
    deed: str, kind: str, app: App, amount: Amount, record: Record
) -> None:
    """Whatever a module does, the others work, ``failures`` names it, and warm it does not run."""
    text, error = DEEDS[deed]
    counter = write(app, kind, text)
    bad = f"app.{FOLDER[kind]}.bad"

    starts = amount(1, 5)
    first, cold = ask(app, kind)
    once = runs(counter)
    asked = [ask(app, kind) for _ in range(starts)]

    assert "miss" == first
    assert set(LISTED[kind]) <= set(cold["keys"])
    if error is None:
        assert ({}, True) == (cold["failures"], "bad" in cold["keys"])
    else:
        assert [bad] == [*cold["failures"]]
        assert cold["failures"][bad].startswith(error)
        assert "bad" not in cold["keys"]
    assert [] == cold["finders"]
    for status, warm in asked:
        assert ("miss" if deed in UNCACHED else "hit", cold) == (status, warm)
    # Warm, a module that works runs because the plugin was asked for; one that fails does not.
    assert (0 if deed in NEVER_RUN else 1) == once
    assert once * (1 + starts if error is None else 1) == runs(counter)
    record(kind=kind, warm_starts=starts, others_lost=0)


@pytest.mark.parametrize("kind", LIST)
@pytest.mark.parametrize(
    "error", ["MemoryError", "OSError(28, 'No space left on device')", "RecursionError"]
)
def test_errors_of_the_moment_are_not_kept(error: str, kind: str, app: App, record: Record) -> None:
    """No memory, disk or stack left: the others work, failures name it, the next start tries it.

    Such an error may be gone at the next start, so an answer without the module is not written.
    """
    counter = write(app, kind, f"if 'WELL' not in os.environ: raise {error}")

    (first, cold), (second, again), (third, well) = (
        ask(app, kind),
        ask(app, kind),
        ask(app, kind, WELL="1"),
    )

    assert ["miss"] * 3 == [first, second, third]
    assert cold == again
    assert [f"app.{FOLDER[kind]}.bad"] == [*cold["failures"]]
    assert ({}, True, 3) == (well["failures"], "bad" in well["keys"], runs(counter))
    assert "hit" == ask(app, kind, WELL="1")[0]
    record(kind=kind, others_lost=0)


@pytest.mark.parametrize("kind", LIST)
@pytest.mark.parametrize("deed", ["import sys\nsys.exit(3)", "raise SystemExit('bye')"])
def test_module_that_exits(deed: str, kind: str, app: App, record: Record) -> None:
    """A module that calls ``sys.exit`` ends the program, with ``-W error`` too; then others work.

    It is told by name. SystemExit goes on to the application, since the handler of a signal
    (SIGTERM) may have raised it in whatever module was being imported; swallowing it would keep a
    program alive that was told to end, and blame a plugin for it. stevedore, pytest and pkgutil let
    it through as well. What a module does each time it is imported is its own doing: then it counts
    as failed.
    """
    counter = write(app, kind, deed)
    bad = f"app.{FOLDER[kind]}.bad"
    code = f"""
import sys, warnings
{LIST[kind]}
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    try:
        [*REG]
    except SystemExit as error:
        code = error.code
    told = [str(each.message) for each in caught]
    keys = [*REG]
out = code, told, keys, {{name: str(each) for name, each in REG.failures.items()}}
"""
    code_of_exit = 3 if "3" in deed else "bye"

    program = f"{LIST[kind]}\nlen(REG)"
    ended, strict = app.start(program), app.start(program, "-W", "error")
    files = app.cache_files()
    code, told, keys, failures = app.run(code)
    status, warm = ask(app, kind)

    status_of_exit = code_of_exit if code_of_exit == 3 else 1
    assert [status_of_exit] * 2 == [ended.returncode, strict.returncode]
    ended_by = f"{bad} ends the program: it raised SystemExit({code_of_exit!r}) at import"
    assert ended_by in ended.stderr
    assert [] == files
    assert (code_of_exit, [ended_by]) == (code, told)
    assert LISTED[kind][-1] in keys
    assert [bad] == [*failures]
    assert ("hit", keys, failures) == (status, warm["keys"], warm["failures"])
    assert 4 == runs(counter)  # once by each of the first two, twice by the third, never warm
    record(kind=kind, others_lost=0)


@pytest.mark.parametrize("kind", LIST)
def test_module_that_deletes_its_file(kind: str, app: App, record: Record) -> None:
    """A module that deletes its own file is gone at the next start; the others stay."""
    write(app, kind, "os.unlink(__file__)")
    _, cold = ask(app, kind)
    listed = [ask(app, kind) for _ in range(2)]

    assert LISTED[kind][-1] in cold["keys"]
    for _, each in listed:
        assert [key for key in cold["keys"] if key != "bad"] == each["keys"]
        assert {} == each["failures"]
    assert "hit" == listed[-1][0]
    record(kind=kind, others_lost=0)


@pytest.mark.parametrize(
    "deed",
    [
        "Reader.__registry__ = {}",
        "Reader.__registry_config__ = None",
        "Reader.format = property(lambda self: 1 / 0)",
        "Reader.__init_subclass__ = lambda **more: 1 / 0",
        "del Reader.__doc__, Reader.__module__",
        "type(Reader).__instancecheck__ = type(Reader).__subclasscheck__ = lambda *args: 1 / 0",
        "Reader.__registry__._register = None",
        "import regcache_core.discovery\nregcache_core.discovery.import_module = None",
    ],
)
def test_module_that_changes_the_base_class(deed: str, app: App, record: Record) -> None:
    """A module that rewrites the base class, or us, gets a wrong registry told, or a right one.

    Python lets any module rewrite any other, so this cannot be kept from doing harm; but what is
    written to the cache is never another answer than the one that was given.
    """
    write(app, "classes", "from app.readers.base import Reader\n" + deed)

    done = [app.start(asking("classes")) for _ in range(3)]

    answers = [read(each)[1] if each.returncode == 0 else None for each in done]
    assert all(each == answers[0] for each in answers), answers
    record(wrong=0)


@pytest.mark.parametrize("kind", LIST)
def test_plugin_that_closes_all_descriptors(kind: str, app: App, record: Record) -> None:
    """A plugin that closes what is open, as daemons do, and opens a file: it keeps that."""
    write(app, kind, "os.closerange(3, 64)\nKEPT = [open(os.devnull) for _ in range(8)]")

    out = app.run(
        f"{LIST[kind]}\n[*REG]\n"
        f"from app.{FOLDER[kind]}.bad import KEPT\nout = [file.read() for file in KEPT]"
    )

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


@pytest.mark.parametrize(
    ("decorator", "opens", "median", "rejected"),
    [
        ("FILTERS.register", "from app.registry import FILTERS as REG", "median", []),
        (
            "staticmethod",
            "from regcache_functions import FunctionRegistry\n"
            "REG = FunctionRegistry.scan('app.filters', public='names')",
            "median_filter",
            ["proxy"],
        ),
    ],
    ids=["functions", "scan"],
)
def test_defaults_that_cannot_be_shown(
    decorator: str, opens: str, median: str, rejected: list[str], app: App, record: Record
) -> None:
    """A default or annotation that fails to show itself is listed by its type."""
    odd = f"""
        from app.registry import FILTERS
        class Mute:
            def __repr__(self): raise ValueError
        class Odd:
            def __getattr__(self, name): raise ValueError
            def __call__(self): ...
        @{decorator}
        def odd(a: Mute() = Mute(), b: 1 = Odd(), c={{Mute(), 2}}) -> Mute(): ...
        class Proxy:
            __name__ = "proxy"
            def __call__(self): ...
            @property
            def __doc__(self): raise ValueError
        proxy = Proxy()
        """
    app.write({**FILTERS, "app/filters/odd.py": odd})

    keys, signature, refused = app.run(
        f"{opens}\nout = sorted(REG), str(REG.info('odd').signature), [*REG.rejected]"
    )

    assert (["gaussian", median, "odd", "sobel"], rejected) == (keys, refused)
    assert "(a: <Mute> = <Mute>, b: 1 = <Odd>, c={2, <Mute>}) -> <Mute>" == signature
    record(starts=1)

"""Python's import state: broken by modules, shared with other threads, left behind by Ctrl-C."""

from __future__ import annotations

import gc
import sys
import weakref

import pytest
import throwaway
from throwaway import WATCHDOG, App
from trials import Record

from regcache_core.discovery import ImportPath
from regcache_core.discovery._cold.importing import forget_searches
from regcache_core.discovery._cold.threads import Running

#: The functions of the same package once more, those that nothing registers too.
SCAN = """
from regcache_functions import FunctionRegistry
REG = FunctionRegistry.scan("app.filters", public="names")
"""
OPEN = {**throwaway.LIST, "scan": SCAN}
FOLDER = {**throwaway.FOLDER, "scan": "filters"}
FILES = {**throwaway.FILES, "scan": throwaway.FILTERS}
LISTED = {**throwaway.LISTED, "scan": ["gaussian", "median_filter", "sobel"]}

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

    quiet = {"HOME": str(app.folder), "PYTHONWARNINGS": "ignore"}
    first, second = (app.run(OPEN[kind] + code, **quiet) for _ in range(2))
    # One of them may have been imported before.
    early = f"\nimport app.{FOLDER[kind]}.odd{len(deeds) - 1}"
    third = app.run(OPEN[kind] + early + code, **quiet, REGCACHE_REFRESH="1")

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

    # What prints the outcome is imported while that can be done.
    keys, failures, saved = app.run(f"import json\n{OPEN[kind]}{code}", PYTHONWARNINGS="ignore")

    before = LISTED[kind][:-1]
    assert (before, True) == (keys[: len(before)], failures != [])
    assert ("TRANSIENT_FAILURE", []) == (saved, app.cache_files())
    record(starts=1, stored=0)


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
    start = "import sys\nfrom regcache_core.discovery import import_module\nfailed = {}\n"
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
import regcache_core.discovery._cold.threads
regcache_core.discovery._cold.threads.PATIENCE_S = 2.0
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

"""A throw-away application: packages written for one test, imported by fresh processes."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

from regcache_core._file import seal

_PROGRAM = """\
import sys
bare = set(sys.modules)
{code}
import json
print(json.dumps(out))
"""

_EACH = """\
import sys
bare = set(sys.modules)
import json, os
{first}
for each in {codes!r}:
    if pid := os.fork():
        assert os.waitpid(pid, 0)[1] == 0, each
        continue
    exec(each)
    print(json.dumps(out), flush=True)
    os._exit(0)
"""

#: Imports all of core: for a process that becomes another user, to whom root's files may be closed.
ALL_OF_CORE = """
import importlib, pkgutil, platformdirs, regcache_core
for each in pkgutil.walk_packages(regcache_core.__path__, "regcache_core."):
    importlib.import_module(each.name)
"""


class App:
    """A folder of sources on ``sys.path`` of the processes it starts, with its own caches."""

    #: How the names of variables begin that processes do not inherit.
    hidden: tuple[str, ...] = ("REGCACHE_", "PYTHON")
    #: What runs its processes.
    python: str = sys.executable

    def __init__(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "sources"
        self.cache = tmp_path / "cache"
        self.folder.mkdir()
        self._written_s = 0.0

    def write(self, files: Mapping[str, str]) -> None:
        """Write files, by their paths in the folder."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text))
        self.wrote()

    def wrote(self) -> None:
        """Let the next process start after the tick of this moment.

        What is written in the tick in which a registry is declared counts as edited since.
        """
        self._written_s = time.monotonic()

    def remove(self, name: str) -> None:
        """Remove one file."""
        (self.folder / name).unlink()

    def environment(self, **more: str) -> dict[str, str]:
        """What a process sees; no byte code, since Python compares its times by whole seconds."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(self.hidden)}
        kept |= {"REGCACHE_DIR": str(self.cache), "PYTHONPATH": str(self.folder)}
        return {**kept, "PYTHONDONTWRITEBYTECODE": "1", **more}

    def run(self, code: str, **environment: str) -> Any:
        """Run code in a fresh process; gives what it leaves in ``out``, through JSON.

        ``bare`` holds the names of the modules that were there before the code.
        """
        done = self.start(_PROGRAM.format(code=dedent(code)), **environment)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def run_each(self, codes: Iterable[str], first: str, **environment: str) -> list[Any]:
        """Run each of some codes in a fork of one process that runs ``first``; as ``run`` does.

        For what none but ``first`` imports, and that is asked in many ways; needs ``fork``.
        """
        program = _EACH.format(first=dedent(first), codes=[*map(dedent, codes)])
        done = self.start(program, **environment)
        assert done.returncode == 0, done.stderr
        return [*map(json.loads, done.stdout.splitlines())]

    def start(self, program: str, *options: str, **environment: str) -> Any:
        """Run a program in a fresh process; gives the finished process."""
        return self.command(*options, "-c", program, **environment)

    def command(self, *arguments: str, timeout: float = 120, **environment: str) -> Any:
        """Run Python with these arguments in a fresh process; gives the finished process.

        ``subprocess.TimeoutExpired`` after ``timeout`` seconds.
        """
        time.sleep(max(0.0, self._written_s + 0.02 - time.monotonic()))
        return subprocess.run(
            [self.python, *arguments],
            env=self.environment(**environment),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def cache_files(self) -> list[Path]:
        """The cache files that were written."""
        return sorted(self.cache.rglob("*.json"))

    def edit_cache(self, old: str, new: str) -> None:
        """Replace text in the only cache file; its checksum is right again then."""
        (file,) = self.cache_files()
        text = file.read_text()
        assert old in text
        body = text.replace(old, new).encode()[: -len(seal(b""))]
        file.write_bytes(body + seal(body))

    def load(self, module: str) -> Any:
        """Import a module of the application into this process."""
        time.sleep(0.02)  # what is written in the clock tick of its import counts as edited since
        importlib.invalidate_caches()
        return importlib.import_module(module)

    def contains(self, name: str) -> bool:
        """Whether an imported module lies in the folder."""
        module = sys.modules[name]
        places = [getattr(module, "__file__", None) or "", *getattr(module, "__path__", [])]
        return any(str(place).startswith(str(self.folder)) for place in places)


def sealed(document: Any) -> bytes:
    """A document as a cache file whose checksum is right: damage that is done on purpose."""
    if isinstance(document, dict):
        document = {name: value for name, value in document.items() if name != "checksum"}
    body = json.dumps(document).encode()[:-1]
    return body + seal(body)


def forget(names: set[str]) -> None:
    """Take modules out of this process."""
    for name in names:
        sys.modules.pop(name, None)


Change = Callable[[App], None]


def write(name: str, text: str) -> Change:
    """A change that writes a file."""
    return lambda app: app.write({name: text})


def replace(name: str, old: str, new: str) -> Change:
    """A change that edits a file."""

    def change(app: App) -> None:
        path = app.folder / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
        app.wrote()

    return change


def remove(name: str) -> Change:
    """A change that removes a file."""
    return lambda app: app.remove(name)


def check_after(app: App, change: Change, look: str) -> None:
    """A start after a change answers as one without a cache does, and the next one is a hit.

    Args:
        app: The application.
        change: What is changed once there is a cache file.
        look: Code that leaves in ``out`` the answer, the report's status, and that of its save.
    """
    app.run(look, PYTHONWARNINGS="ignore")
    assert ["hit", None] == app.run(look)[1:]
    change(app)

    truth = app.run(look, PYTHONWARNINGS="ignore", REGCACHE_DISABLE="1")[0]

    assert [truth, "miss", "saved"] == app.run(look, PYTHONWARNINGS="ignore")
    assert [truth, "hit", None] == app.run(look)


def rename(old: str, new: str) -> Change:
    """A change that renames a file."""
    return lambda app: os.rename(app.folder / old, app.folder / new)


#: Before code whose threads may wait for each other: ends a deadlock, and lets all begin at once.
WATCHDOG = """
import faulthandler, sys, threading
faulthandler.dump_traceback_later(60, exit=True)
sys.setswitchinterval(1e-5)

def together(count, work):
    results, barrier = [None] * count, threading.Barrier(count)
    def run(i):
        barrier.wait()
        try:
            results[i] = work(i)
        except BaseException as error:
            results[i] = repr(error)
    threads = [threading.Thread(target=run, args=[i]) for i in range(count)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    return results
"""

#: An application with a registry of readers, ``csv`` and ``json``, each a module.
READERS = {
    "app/__init__.py": "__version__ = '1.0'\n",
    "app/readers/__init__.py": "",
    "app/readers/base.py": """
        from regcache_meta import AutoRegisterMeta, LazyDiscoveryDict

        READERS = LazyDiscoveryDict()

        class Reader(metaclass=AutoRegisterMeta):
            __registry_key__ = "format"
            __registry__ = READERS
            __registry_facts__ = ("suffixes",)
        """,
    "app/readers/csv_reader.py": """
        from .base import Reader

        class CsvReader(Reader):
            '''Reads tables.

            And more.
            '''
            format = "csv"
            suffixes = (".csv", ".tsv")
        """,
    "app/readers/json_reader.py": """
        from .base import Reader

        class JsonReader(Reader):
            format = "json"
        """,
}

#: An application with a registry of filters, in two modules.
FILTERS = {
    "app/__init__.py": "__version__ = '1.0'\n",
    "app/registry.py": """
        from regcache_functions import FunctionRegistry

        FILTERS: FunctionRegistry = FunctionRegistry("filters", package="app.filters")
        """,
    "app/filters/__init__.py": "",
    "app/filters/blur.py": """
        from app.registry import FILTERS

        @FILTERS.register(tags=["blur"], aliases=["gauss"], contract="3d", cost=2)
        def gaussian(image, sigma: float = 1.0, *, mode="nearest"):
            '''Smooth an image.

            And more.
            '''
            return "gaussian", image, sigma, mode

        @FILTERS.register("median", tags=["blur", "rank"])
        def median_filter(image, /, size=3):
            return "median", image, size
        """,
    "app/filters/edges.py": """
        from app.registry import FILTERS

        @FILTERS.register
        def sobel(image):
            '''Find edges.'''
            return "sobel", image
        """,
}

#: By kind: how a process gets the registry, the folder of its plugins, and its application.
LIST = {
    "classes": "from app.readers.base import READERS as REG",
    "functions": "from app.registry import FILTERS as REG",
}
FOLDER = {"classes": "readers", "functions": "filters"}
FILES = {"classes": READERS, "functions": FILTERS}
#: And the keys that are listed of them.
LISTED = {"classes": ["csv", "json"], "functions": ["gaussian", "median", "sobel"]}
_PLUGIN = {
    "classes": "from app.readers.base import Reader\n{0}class Odd(Reader): format = {1}\n",
    "functions": "from app.registry import FILTERS as F\n@F.register({1})\n{0}def odd(x): ...\n",
}


def plugin(kind: str, key: str, decorator: str = "") -> str:
    """A module with one plugin more: a class of readers, or a function.

    Args:
        kind: ``"classes"`` or ``"functions"``.
        key: Python code of its key.
        decorator: A line before the class or the function.
    """
    return _PLUGIN[kind].format(decorator, key)

"""Plugins that read their registry, or are looked up in it, while they are imported."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from throwaway import FILTERS, READERS, WATCHDOG, App

Record = Callable[..., None]

LIST = {
    "classes": "from app.readers.base import READERS as REG",
    "functions": "from app.registry import FILTERS as REG",
}
FOLDER = {"classes": "readers", "functions": "filters"}
FILES = {"classes": READERS, "functions": FILTERS}
QUIET = "import warnings; warnings.simplefilter('ignore')\n"


@pytest.mark.parametrize("first", ["[*REG]", "import waits"], ids=["listing", "import"])
@pytest.mark.parametrize("kind", LIST)
def test_patience_runs_out_once(kind: str, first: str, app: App, record: Record) -> None:
    """A plugin that waits for threads that read, none knows how, is waited for once, not each time.

    Once patience has run out, nothing is left of it for who would wait once more.
    """
    waits = f"""
import threading, regcache_core.running as running
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
    code = f"""
import regcache_core.running
regcache_core.running.PATIENCE_S = 0.3
{LIST[kind]}
{first}
from app.{FOLDER[kind]} import waits
out = len(waits.SEEN), sorted(waits.SEEN[3::5] + waits.SEEN[4::5], key=str), len(REG)
"""

    reads, missing, count = app.run(WATCHDOG + QUIET + code)

    assert [15, 2 if kind == "classes" else 3] == [reads, count]
    assert [False] * 3 + [None] * 3 == missing
    record(reads=reads, waits=1, deadlocks=0)

"""Files that would take all memory or time: refused, and soon."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from throwaway import App
from trials import Record

from regcache_core._file import MAX_BYTES, seal

pytest.importorskip("resource")

#: What a process may take beyond what it has when it loads, in MB.
MORE_MB = 400
LOAD = """
import faulthandler, resource
faulthandler.dump_traceback_later(60, exit=True)
from regcache_core import RegistryCacheManager
import regcache_core._cold.reasons, regcache_core._cold.stamps
manager = RegistryCacheManager("rows", lambda: "1", list, list, application="json")
taken = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (taken + {more} * 2**20,) * 2)
answer = manager.get_or_build(lambda: {{"a": [1]}})
report = manager.last_report
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
out = [answer, report.status, report.reason and report.reason.name, report.load_ns, peak]
"""


def truncated(size: int) -> Callable[[Path, bytes], None]:
    """A file with a hole up to a size."""
    return lambda path, content: os.truncate(path, size)


def filled(text: bytes, times: int = 1, end: bytes = b"") -> Callable[[Path, bytes], None]:
    """A file with more in front of its items; its checksum is that of the file as it was."""

    def fill(path: Path, content: bytes) -> None:
        path.write_bytes(content.replace(b'"items":{', b'"items":{' + text * times + end))

    return fill


def sealed_again(change: Callable[[Path, bytes], None]) -> Callable[[Path, bytes], None]:
    """The same change, with a checksum that is right."""

    def change_and_seal(path: Path, content: bytes) -> None:
        change(path, content)
        body = path.read_bytes()[: -len(seal(b""))]
        path.write_bytes(body + seal(body))

    return change_and_seal


TEN_MILLION = 10_000_000
ITEMS = filled(b'"k":1,', TEN_MILLION)
LISTS = filled(b'"k":[' + b"[],", 1, b"[]," * TEN_MILLION + b"1],")
DEEP = filled(b'"k":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b",")
DIGITS = filled(b'"k":' + b"9" * 1_000_000 + b",")

#: What lies in the file's place, and the reason of the miss.
HUGE: dict[str, tuple[Callable[[Path, bytes], None], str]] = {
    "1 GiB": (truncated(2**30), "TOO_LARGE"),
    "1 TiB": (truncated(2**40), "TOO_LARGE"),
    "256 MiB of zeros": (truncated(MAX_BYTES), "DAMAGED"),
    "10 million items": (ITEMS, "DAMAGED"),
    "10 million lists": (LISTS, "DAMAGED"),
    "10 million lists, right checksum": (sealed_again(LISTS), "FILE_UNREADABLE"),
    "a million brackets": (DEEP, "DAMAGED"),
    "a million brackets, right checksum": (sealed_again(DEEP), "NOT_JSON"),
    "a million digits": (DIGITS, "DAMAGED"),
    "a million digits, right checksum": (sealed_again(DIGITS), "NOT_JSON"),
    "10 million members of one name, right checksum": (sealed_again(ITEMS), "ITEM_REFUSED"),
}


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs the size of a process")
@pytest.mark.parametrize("name", HUGE)
def test_huge_file_is_refused(name: str, app: App, record: Record) -> None:
    """A file that is huge, or would be in memory, is a miss where 400 MB more may be taken."""
    change, reason = HUGE[name]
    app.run(LOAD.format(more=MORE_MB))
    (path,) = app.cache_files()
    change(path, path.read_bytes())

    answer, *told, load_ns, peak_mb = app.run(LOAD.format(more=MORE_MB))

    assert [{"a": [1]}, "miss", reason] == [answer, *told]
    assert "hit" == app.run(LOAD.format(more=MORE_MB))[1]
    record(file=name, reason=reason, most_load_ms=load_ns // 10**6, most_peak_mb=peak_mb)


def test_what_is_too_large_to_be_read_is_not_written(app: App, record: Record) -> None:
    """An answer that no start would read is not written: the report says so; the old one stays."""
    code = f"""
        from regcache_core import RegistryCacheManager
        manager = RegistryCacheManager("rows", lambda: "1", str, str, application="json")
        manager.save_cache({{"a": "1"}})
        saved = manager.save_cache({{"a": "x" * {MAX_BYTES}}})
        out = [saved, manager.last_report.reason.name, manager.load_cache()]
        """

    assert [False, "TOO_LARGE", {"a": "1"}] == app.run(code)
    record(bytes=MAX_BYTES)

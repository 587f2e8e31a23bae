"""Registries in asyncio: loads in threads, and what other tasks ask meanwhile."""

import pytest
from throwaway import FILES, FOLDER, LIST, LISTED, App, plugin

#: What a slow plugin tells, and waits for, while it is imported.
GATE = """
import threading
started, opened = threading.Event(), threading.Event()
opened.set()
"""
SLOW = "from app.gate import opened, started\nstarted.set()\nassert opened.wait(30)\n"
LOAD = """
import asyncio
from app import gate
{get}
async def load(registry, key):
    return await asyncio.to_thread(registry.__getitem__, key)

async def main():
    gate.opened.clear()
    loads = [asyncio.create_task(load(REG, "odd")) for _ in range(2)]
    while not gate.started.is_set():
        await asyncio.sleep(0.01)
    answer = {meanwhile}
    assert not any(task.done() for task in loads)
    gate.opened.set()
    first, second = await asyncio.gather(*loads)
    assert first is second is REG["odd"]
    return answer

def others():
    from fractions import Fraction
    from numbers import Rational
    from regcache_functions import FunctionRegistry
    from regcache_meta import LazyDiscoveryDict
    found = LazyDiscoveryDict.for_package("fractions", Rational), FunctionRegistry.scan("json")
    return [sorted(each) for each in found]

out = asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("meanwhile", "answer"),
    [
        ("[*REG], 'none' in REG", lambda keys: [[*keys, "odd"], False]),
        (
            "len(REG), REG.info('odd').module[-6:], [*REG.failures], REG.report.status",
            lambda keys: [len(keys) + 1, "zz_odd", [], "hit"],
        ),
        ("repr(REG).count(' odd') + repr(REG).count(\"'odd'\")", lambda keys: 1),
        ("callable(await load(REG, [*REG][0]))", lambda keys: True),
        (
            "await asyncio.to_thread(others)",
            lambda keys: [["Fraction"], ["dump", "dumps", "load", "loads"]],
        ),
    ],
    ids=["list", "ask", "show", "load another", "list others"],
)
def test_load_in_one_task_stops_no_other(meanwhile, answer, kind: str, app: App) -> None:  # type: ignore[no-untyped-def]
    """What is known is told at once while a plugin is being imported; loads of one key give one."""
    app.write(FILES[kind])
    app.write({"app/gate.py": GATE, f"app/{FOLDER[kind]}/zz_odd.py": SLOW + plugin(kind, "'odd'")})
    app.run(f"{LIST[kind]}\nout = list(REG)")

    found = app.run(LOAD.format(get=LIST[kind], meanwhile=meanwhile))

    assert answer(LISTED[kind]) == found


def test_first_listing_in_a_thread_is_stored(kind: str, app: App) -> None:
    """The event loop goes on while all plugins are imported; the next start is a hit."""
    app.write(FILES[kind])
    code = f"""
        import asyncio
        {LIST[kind]}
        async def main():
            return await asyncio.to_thread(list, REG)
        out = asyncio.run(main()), REG.report.status
        """

    assert [LISTED[kind], "miss"] == app.run(code)
    assert [LISTED[kind], "hit"] == app.run(code)

"""Greenlets are to registries what threads are: each has its own discovery."""

from importlib.util import find_spec

import pytest
from throwaway import App

pytestmark = pytest.mark.skipif(find_spec("gevent") is None, reason="gevent is not installed")

#: When the application patches, beside the import of ours; or it uses greenlets alone.
PATCH = {
    "patched first": ("import gevent.monkey; gevent.monkey.patch_all()\n", ""),
    "patched later": ("", "import gevent.monkey; gevent.monkey.patch_all()\n"),
    "not patched": ("", "import gevent\n"),
}
BASES = """
from regcache_meta import LazyDiscoveryDict
class Base: pass
REGISTRIES = [LazyDiscoveryDict.for_package(name, Base) for name in ("one", "two")]
"""
PLUGIN = """
import gevent
from bases import Base
gevent.sleep(0.05)
try: import missing_{0}
except ImportError: pass
else:
    class Late(Base): pass
class Early{0}(Base): pass
gevent.sleep(0.05)
"""
LIST = """
import bases
{later}
from gevent import joinall, spawn
joinall([spawn(list, each) for each in bases.REGISTRIES])
out = [[sorted(each), each.report.status] for each in bases.REGISTRIES]
"""


@pytest.mark.parametrize("when", PATCH)
def test_two_greenlets_record_what_is_missing(when: str, app: App) -> None:
    """Each registry is discovered in a greenlet, and sees its own missing module appear."""
    first, later = PATCH[when]
    app.write({"bases.py": first + BASES})
    for name in ("one", "two"):
        app.write({f"{name}/__init__.py": "", f"{name}/a.py": PLUGIN.format(name)})
    listing = first + LIST.format(later=later)

    before = [app.run(listing), app.run(listing)]
    app.write({"missing_one.py": ""})
    between = app.run(listing)
    app.write({"missing_two.py": ""})
    after = app.run(listing)

    early = [["Earlyone"], ["Earlytwo"]]
    assert [[[names, status] for names in early] for status in ("miss", "hit")] == before
    assert [["Earlyone", "Late"], ["Earlytwo"]] == [names for names, _ in between]
    assert [["Earlyone", "Late"], ["Earlytwo", "Late"]] == [names for names, _ in after]


ONE = """
import warnings
import bases
{later}
from gevent import joinall, spawn
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    joinall([spawn(list, bases.REGISTRIES[0]) for _ in range(3)])
out = [str(each.message) for each in caught], sorted(bases.REGISTRIES[0])
"""


@pytest.mark.parametrize("when", PATCH)
def test_greenlets_list_one_registry(when: str, app: App) -> None:
    """None waits in vain for another that cannot go on meanwhile; the next start has the answer."""
    first, later = PATCH[when]
    app.write({"bases.py": first + BASES, "one/__init__.py": "", "one/a.py": PLUGIN.format("one")})

    seen = app.run(first + ONE.format(later=later))

    assert [[], ["Earlyone"]] == seen
    assert ["Earlyone"] == app.run("import bases\nout = list(bases.REGISTRIES[0])")

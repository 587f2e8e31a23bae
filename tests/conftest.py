"""What every test starts from: a cache folder of its own, and none of the user's switches."""

import os
import signal
import sys

import pytest
from hypothesis import HealthCheck, settings
from throwaway import App, forget

pytest.register_assert_rewrite("declaring", "public_names", "regcache_core.testing")

# A run in the background may ignore Ctrl-C, and processes inherit that; some tests send it to them.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_PREFIXES = ("REGCACHE_", "XDG_", "ANDROID_")

settings.register_profile(
    "regcache",
    deadline=None,  # files and processes take the time that they take
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("regcache")


def pytest_xdist_auto_num_workers():
    """For ``-n auto``: more than there are processors, since tests wait for ticks of clocks."""
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    return cores + (cores + 1) // 2


@pytest.fixture(autouse=True)
def cache_dir(tmp_path, monkeypatch):
    """The folder of caches of one test; nothing of the user's environment decides beside it."""
    for name in list(os.environ):
        ours = name.startswith(_PREFIXES) or name.endswith("_DISABLE_REGISTRY_CACHE")
        if ours and name != "REGCACHE_EAGER_IMPORT":  # set for the whole run by tox.ini's `eager`
            monkeypatch.delenv(name)
    folder = tmp_path / "regcache"
    monkeypatch.setenv("REGCACHE_DIR", str(folder))
    return folder


@pytest.fixture
def app(tmp_path, monkeypatch):
    """An empty application; what a test imports from it is forgotten afterwards."""
    app = App(tmp_path)
    monkeypatch.syspath_prepend(str(app.folder))
    monkeypatch.setenv("REGCACHE_DIR", str(app.cache))
    known = set(sys.modules)
    yield app
    forget({name for name in set(sys.modules) - known if app.contains(name)})

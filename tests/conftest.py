"""What every test of the project starts from: a cache folder of its own, and none of the user's switches."""

import os

import pytest

_PREFIXES = ("REGCACHE_", "XDG_", "ANDROID_")


@pytest.fixture(autouse=True)
def cache_dir(tmp_path, monkeypatch):
    """The folder of caches of one test: `REGCACHE_DIR` names it, and nothing of the user's environment decides beside it."""
    for name in list(os.environ):
        if name.startswith(_PREFIXES) or name.endswith("_DISABLE_REGISTRY_CACHE"):
            if name != "REGCACHE_EAGER_IMPORT":  # the environment `eager` of tox.ini sets it for the whole run
                monkeypatch.delenv(name)
    folder = tmp_path / "regcache"
    monkeypatch.setenv("REGCACHE_DIR", str(folder))
    return folder

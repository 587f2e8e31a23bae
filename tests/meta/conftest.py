"""Fixtures of the tests of regcache_meta."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from throwaway import READERS, App, forget


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """An empty application; what a test imports from it is forgotten afterwards."""
    app = App(tmp_path)
    monkeypatch.syspath_prepend(str(app.folder))
    monkeypatch.setenv("REGCACHE_DIR", str(app.cache))
    known = set(sys.modules)
    yield app
    forget({name for name in set(sys.modules) - known if _is_from(app.folder, name)})


@pytest.fixture
def readers(app: App) -> App:
    """An application with a registry of readers: ``csv`` and ``json``, each a module."""
    app.write(READERS)
    return app


def _is_from(folder: Path, name: str) -> bool:
    module = sys.modules[name]
    places = [getattr(module, "__file__", None) or "", *getattr(module, "__path__", [])]
    return any(str(place).startswith(str(folder)) for place in places)

"""Fixtures of the tests of regcache_meta."""

import pytest
from throwaway import READERS, App


@pytest.fixture
def readers(app: App) -> App:
    """An application with a registry of readers: ``csv`` and ``json``, each a module."""
    app.write(READERS)
    return app

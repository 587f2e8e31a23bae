"""Fixtures of the tests of regcache_functions."""

import pytest
from throwaway import FILTERS, App


@pytest.fixture
def filters(app: App) -> App:
    """An application with a registry of filters: ``gaussian``, ``median`` and ``sobel``."""
    app.write(FILTERS)
    return app

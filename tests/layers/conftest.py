"""Fixtures of the tests of what the packages import."""

from pathlib import Path

import pytest
from throwaway import App


@pytest.fixture
def app(tmp_path: Path) -> App:
    """An empty application."""
    return App(tmp_path)

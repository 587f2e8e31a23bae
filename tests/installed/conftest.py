"""An application of each kind."""

from pathlib import Path

import pytest
from applications import Application
from environments import PIP
from throwaway import LIST


@pytest.fixture(params=["classes", "functions"])
def application(tmp_path: Path, request: pytest.FixtureRequest) -> Application:
    """An application with one plugin, ``always``, and nothing installed but us."""
    if PIP is None:
        pytest.skip("this Python brings no pip along")
    return Application(tmp_path, request.param)


@pytest.fixture(params=LIST)
def kind(request: pytest.FixtureRequest) -> str:
    """A registry of classes, or of functions."""
    name: str = request.param
    return name

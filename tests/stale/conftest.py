"""The fork server that tests play with."""

from collections.abc import Iterator

import pytest
from processes import ForkServer


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    """A fork server with regcache as it is."""
    server = ForkServer()
    yield server
    server.close()

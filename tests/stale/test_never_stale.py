"""Whatever happens to an application, a start with a cache answers as one without it."""

from __future__ import annotations

import os

import pytest
from machine import make_machine, run
from play import Stale, shrink
from processes import ForkServer

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")


@pytest.mark.parametrize(
    ("steps", "seed"),
    [
        pytest.param(30, 1, id="short"),
        pytest.param(300, 2, id="long", marks=pytest.mark.proof),
    ],
)
def test_start_with_a_cache_answers_as_one_without(
    steps: int, seed: int, server: ForkServer
) -> None:
    """Random changes, each followed by a start with the cache and one without it."""
    try:
        run(make_machine(server), steps, seed)
    except Stale as failure:
        pytest.fail(str(shrink(server, failure)))

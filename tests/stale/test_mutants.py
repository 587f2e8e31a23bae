"""The proof is proven: a regcache that ignores an input is caught."""

from __future__ import annotations

import os

import pytest
from machine import make_machine, run
from mutants import MUTANTS
from play import Stale
from processes import ForkServer

pytestmark = [
    pytest.mark.proof,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked"),
]


@pytest.mark.parametrize("ignored", MUTANTS)
def test_regcache_that_ignores_an_input_is_caught(ignored: str) -> None:
    """Within the steps of a run of the whole proof."""
    mutant = MUTANTS[ignored]
    server = ForkServer(mutant.patch)
    machine = make_machine(server, mutant.operations, mutant.only, really=False)
    try:
        with pytest.raises(Stale):
            run(machine, 300, 1)
    finally:
        server.close()
        print(f"{ignored}: {machine.counts.steps} steps")

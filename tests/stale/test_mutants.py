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


#: Most are caught in the first run; what only some draws show, in one of these.
RUNS = 8


@pytest.mark.parametrize("ignored", MUTANTS)
def test_regcache_that_ignores_an_input_is_caught(ignored: str) -> None:
    """Within the steps of some runs of the whole proof."""
    mutant = MUTANTS[ignored]
    server = ForkServer(mutant.patch)
    steps = 0
    try:
        for seed in range(1, RUNS + 1):
            machine = make_machine(server, mutant.operations, mutant.only, really=False)
            try:
                run(machine, 300, seed)
            except Stale:
                return
            finally:
                steps += machine.counts.steps
    finally:
        server.close()
        print(f"{ignored}: {steps} steps")
    pytest.fail(f"it was not caught in {RUNS} runs")

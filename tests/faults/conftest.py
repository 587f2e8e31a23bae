"""How much each trial does, and where it writes down what it did."""

from __future__ import annotations

import json
import os

import pytest
from trials import Amount, Record

#: Set by ``run.py``: whether the long versions run, and the file that takes the figures.
LONG, LEDGER = "FAULTS_LONG", "FAULTS_LEDGER"


@pytest.fixture
def amount() -> Amount:
    """How often a trial repeats: ``amount(short, long)``; the long one in ``faults --long``."""
    return lambda short, long: long if os.environ.get(LONG) else short


@pytest.fixture
def record(request: pytest.FixtureRequest) -> Record:
    """Write down one line of the published table: ``record(load=..., survived=..., lost=0)``.

    To be called once, at the end of a test, when all of it has held. Values are numbers or short
    texts; the name of the test is written beside them.
    """
    ledger = os.environ.get(LEDGER)

    def add(**figures: int | str) -> None:
        if ledger:
            name = f"{request.path.name}::{request.node.name}"
            title = (request.function.__doc__ or name).strip().partition("\n")[0]
            line = json.dumps({"test": name, "claim": title, **figures})
            with open(ledger, "a", encoding="utf-8") as file:
                file.write(line + "\n")

    return add

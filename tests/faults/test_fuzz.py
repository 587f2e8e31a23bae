"""Damaged cache files: each is a miss, or equal to the truth; nothing is raised, and soon."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path

import pytest
from hostile_app import FILES, KINDS, USE
from throwaway import App
from trials import Amount, Record

HERE = Path(__file__).parent
#: Files in the long version, 200,000 in all; a miss of a registry with entry points takes longest.
LONG = {"classes": 20_000, "filters": 20_000, "library": 40_000, "pair": 60_000, "shapes": 60_000}
#: Trials in one process.
BATCH = 500
FUZZ = """
import fuzzing
out = fuzzing.run({kind!r}, {seed}, {count})
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> App:
    """An application with a cache file of each kind, whose times can be trusted."""
    app = App(tmp_path_factory.mktemp("hostile"))
    app.write(FILES)
    time.sleep(2.1)  # a load renews nothing then
    for kind in [*KINDS, *KINDS]:  # what a process that discovers has imported is on the path, too
        app.run(USE.format(kind=kind), PYTHONPATH=path_of(app))
    return app


def path_of(app: App) -> str:
    """Where its processes look for modules: those of the application, and ``fuzzing``."""
    return os.pathsep.join([str(app.folder), str(HERE)])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="each whole trial is a fork")
@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files(kind: str, app: App, amount: Amount, record: Record) -> None:
    """No damaged cache file raises, or is believed with a wrong answer."""
    count = amount(400, LONG[kind])
    done = Counter[str]()
    for seed in range(0, count, BATCH):
        code = FUZZ.format(kind=kind, seed=seed, count=min(BATCH, count))
        done.update(app.run(code, PYTHONPATH=path_of(app)))

    right = {name: number for name, number in done.items() if name.startswith("right")}
    damage = {name: number for name, number in done.items() if name.startswith("damage")}
    assert count == sum(right.values()) + sum(damage.values())
    assert damage.keys() <= {"damage: miss", "damage: equal"}
    assert min(damage.get("damage: miss", 0), right.get("right checksum: miss", 0)) > 0
    assert not Path(app.folder, "canary.py.sang").exists()
    record(
        files=count,
        misses=damage["damage: miss"] + right["right checksum: miss"],
        equal=damage.get("damage: equal", 0) + right.get("right checksum: equal", 0),
        wrong=0,
        changed_on_purpose_and_believed=right.get("right checksum: different", 0),
        raised=0,
    )

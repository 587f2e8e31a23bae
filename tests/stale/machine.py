"""The state machine: whatever happens, a start with a cache answers as one without it."""

from __future__ import annotations

from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)
from operations import ARGUMENTS, KIND, OPERATIONS
from play import Counts, Play
from processes import ForkServer
from tree import KINDS

#: Steps that are played on one application.
STEPS_EACH = 25
#: Operations that are drawn for one step, until one is possible.
_TRIALS = 5
#: What may always happen: no start follows the next operation; or one, when time has passed.
_ALWAYS = ["no_start", "time_passes", "time_passes"]


class Machine(RuleBasedStateMachine):
    """Plays what Hypothesis draws.

    Attributes:
        server: Starts the processes.
        counts: Where to count.
        operations: Names of the operations that may happen.
        really: Whether real processes check the fork server now and then.
    """

    server: ClassVar[ForkServer]
    counts: ClassVar[Counts]
    operations: ClassVar[list[str]]
    really: ClassVar[bool]

    def __init__(self) -> None:
        super().__init__()
        self.play = Play(self.server, self.counts, self.really)
        self.kinds = KIND

    def teardown(self) -> None:
        """Remove the application."""
        self.play.close()

    @initialize(
        clock=st.sampled_from(["fine", "fine", "fine", "coarse"]),
        kind=st.sampled_from([None, None, *KINDS]),
    )
    def begin(self, clock: str, kind: str | None) -> None:
        """A first start; the plugins of one registry may be all that is going to change."""
        self.kinds = st.just(kind) if kind else KIND
        self.play.step("begin", {"clock": clock})

    @rule(data=st.data())
    def something_happens(self, data: Any) -> None:
        """An operation; one that is impossible is replaced by another."""
        for _ in range(_TRIALS):
            name = data.draw(st.sampled_from(self.operations))
            arguments = {
                field: data.draw(self.kinds if strategy is KIND else strategy)
                for field, strategy in ARGUMENTS.get(name, {}).items()
            }
            if self.play.step(name, arguments):
                return


def make_machine(
    server: ForkServer, operations: list[str] | None = None, really: bool = True
) -> type[Machine]:
    """A machine class.

    Args:
        server: Starts its processes.
        operations: Names of the operations that may happen; by default all.
        really: Whether real processes check the fork server now and then.
    """
    names = sorted(OPERATIONS) if operations is None else operations
    members = {
        "server": server,
        "counts": Counts(),
        "really": really,
        "operations": [*names, *_ALWAYS],
    }
    return type("Application", (Machine,), members)


def run(machine: type[Machine], steps: int, start: int) -> None:
    """Run a machine.

    Args:
        machine: From ``make_machine``.
        steps: How many steps, about.
        start: The seed.

    Raises:
        Stale: A start with a cache answered otherwise than one without it.
    """
    options = settings(
        max_examples=max(1, steps // STEPS_EACH),
        stateful_step_count=min(steps, STEPS_EACH),
        phases=[Phase.generate],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(start)(machine), settings=options)

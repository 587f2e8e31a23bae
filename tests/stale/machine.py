"""The state machine: whatever happens, a start with a cache answers as one without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from changing_tree import KINDS
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import FlakyStrategyDefinition
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)
from operations import ARGUMENTS, KIND, OPERATIONS
from play import Counts, Play
from processes import ForkServer

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
        only: Argument of operations (or of ``begin``) -> the values that it may have.
        really: Whether real processes check the fork server now and then.
    """

    server: ClassVar[ForkServer]
    counts: ClassVar[Counts]
    operations: ClassVar[list[str]]
    only: ClassVar[Mapping[str, Sequence[Any]]]
    really: ClassVar[bool]

    def __init__(self) -> None:
        super().__init__()
        self.play = Play(self.server, self.counts, self.really)
        self.kinds = KIND
        self.is_idle = False

    def teardown(self) -> None:
        """Remove the application."""
        self.play.close()

    @initialize(
        number=st.sampled_from(range(30)),
        clock=st.sampled_from(["fine", "fine", "coarse", "still"]),
        kind=st.sampled_from([None, None, *KINDS]),
        entry_points=st.booleans(),
        as_text=st.booleans(),
        alone=st.booleans(),
    )
    def begin(
        self,
        number: int,
        clock: str,
        kind: str | None,
        entry_points: bool,
        as_text: bool,
        alone: bool,
    ) -> None:
        """A first start; the plugins of one registry may be all that is going to change.

        Hypothesis begins with the simplest example, in which one thing would happen all the time:
        nothing does.
        """
        self.is_idle = number == 0
        (entry_points,) = self.only.get("entry_points", [entry_points])
        (as_text,) = self.only.get("as_text", [as_text])
        (alone,) = self.only.get("alone", [alone])
        (clock,) = self.only.get("clock", [clock])
        self.kinds = st.just(kind) if kind else KIND
        if not self.is_idle:
            ways = {"entry_points": entry_points, "as_text": as_text, "alone": alone}
            self.play.step("begin", {"clock": clock, **ways})

    @rule(data=st.data())
    def something_happens(self, data: Any) -> None:
        """An operation; one that is impossible is replaced by another."""
        for _ in range(0 if self.is_idle else _TRIALS):
            name = data.draw(st.sampled_from(self.operations))
            arguments: dict[str, Any] = {}
            for field, strategy in ARGUMENTS.get(name, {}).items():
                if strategy is KIND:
                    strategy = self.kinds
                if field in self.only:
                    strategy = st.sampled_from(self.only[field])
                arguments[field] = data.draw(
                    strategy(arguments) if callable(strategy) else strategy
                )
            if self.play.step(name, arguments):
                return


def make_machine(
    server: ForkServer,
    operations: Sequence[str] = (),
    only: Mapping[str, Sequence[Any]] | None = None,
    really: bool = True,
) -> type[Machine]:
    """A machine class.

    Args:
        server: Starts its processes.
        operations: Names of the operations that may happen; by default all.
        only: Argument of operations (or of ``begin``) -> the values that it may have.
        really: Whether real processes check the fork server now and then.
    """
    members = {
        "server": server,
        "counts": Counts(),
        "operations": [*(operations or sorted(OPERATIONS)), *_ALWAYS],
        "only": only or {},
        "really": really,
    }
    return type("Application", (Machine,), members)


def run(machine: type[Machine], steps: int, start: int) -> None:
    """Run a machine.

    Args:
        machine: From ``make_machine``.
        steps: How many steps, about; fewer if an operation that was possible is not so the second
            time, for what is possible may depend on the clock.
        start: The seed.

    Raises:
        Stale: A start with a cache answered otherwise than one without it.
    """
    options = settings(
        max_examples=steps // STEPS_EACH + 1,  # with the one in which nothing happens
        stateful_step_count=min(steps, STEPS_EACH),
        phases=[Phase.generate],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(seed(start)(machine), settings=options)
    except FlakyStrategyDefinition:
        print(f"seed {start} gives other draws the second time; that ends this run", flush=True)

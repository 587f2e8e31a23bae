"""What a trial says of one function, in this process or in a child."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from regcache_core.discovery import told

from ..errors import Reject
from ..facts import converter
from ..signatures import shorten

if TYPE_CHECKING:
    from typing import Any

    from ..registry import Probe

#: Longest reason for a rejected function, in characters: it is read at every start.
MAX_REASON = 1000


class Outcome(NamedTuple):
    """What a trial said of one function.

    Attributes:
        facts: What the probe returned, as JSON values; ``None`` if it rejected the function.
        reason: Why it was rejected; empty if it was not.
    """

    facts: dict[str, Any] | None
    reason: str = ""


def try_function(probe: Probe, function: Any) -> Outcome:
    """Call a probe with a function, in this process."""
    try:
        facts = converter().unstructure(probe(function))
        if facts is not None and not (
            isinstance(facts, dict) and all(isinstance(name, str) for name in facts)
        ):
            raise TypeError(f"the probe returned {facts!r}; give a mapping of facts, or None")
    except Reject as rejection:
        return Outcome(None, shorten(str(rejection), MAX_REASON) or "rejected by the probe")
    except (Exception, SystemExit) as error:  # a function under trial may raise anything
        return Outcome(None, reason_of(error))
    return Outcome(facts or {})


def reason_of(error: BaseException) -> str:
    """An exception in words, as a reason."""
    return shorten(told(error), MAX_REASON)

"""When a registry may look again for a key that it does not know: ``Backoff``."""

from __future__ import annotations

from _thread import allocate_lock
from time import monotonic

from ..._modules import call_in_forked_child

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

#: Seconds until the second look; each further one that finds no change waits twice as long.
FIRST_PAUSE_S = 1.0
#: No pause is longer: a process that runs for weeks still finds what is installed meanwhile.
LONGEST_PAUSE_S = 64.0
#: Held to read and set two numbers.
_LOCK = allocate_lock()


def _after_fork() -> None:
    """In a forked child: a thread that held the lock does not go on here."""
    global _LOCK
    _LOCK = allocate_lock()


call_in_forked_child(_after_fork)


class Backoff:
    """Bounds how often lookups of missing keys look for changes: at once, then ever more seldom.

    >>> backoff = Backoff()
    >>> backoff.run(lambda: False), backoff.is_due
    (False, False)
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Let the next lookup look at once: the answer is another one now."""
        self._pause_s = FIRST_PAUSE_S
        self._due_s = float("-inf")

    @property
    def is_due(self) -> bool:
        """Whether it is time to look again."""
        return monotonic() >= self._due_s

    def run(self, look: Callable[[], bool]) -> bool:
        """Look again if it is time and no other thread does.

        Args:
            look: Looks for changes; says whether there are any. No lock is held meanwhile.

        Returns:
            What ``look`` says; ``False`` if it is not time.

        Raises:
            Exception: Whatever ``look`` raises; that counts as no change.
        """
        pause_s = self._claim()
        if pause_s is None:
            return False
        try:
            changed = look()
        finally:
            self._due_s = monotonic() + pause_s
        if changed:
            self.reset()
        return changed

    def _claim(self) -> float | None:
        """Take this turn, so that no other thread does; gives the pause after it."""
        with _LOCK:
            if not self.is_due:
                return None
            pause_s = self._pause_s
            self._due_s = monotonic() + pause_s
            self._pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            return pause_s

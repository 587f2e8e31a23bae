"""How often lookups of missing keys may look for changes."""

import threading

import pytest
from core_tools import in_threads

from regcache_core.discovery._cold.backoff import Backoff


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("regcache_core.discovery._cold.backoff.monotonic", clock)
    return clock


def looks(backoff, clock, seconds, changed=lambda now: False):
    """The seconds at which it looks, where it is asked four times a second."""
    start, seen = clock.now, []

    def look():
        seen.append(clock.now - start)
        return changed(clock.now - start)

    for quarter in range(seconds * 4):
        clock.now = start + quarter / 4
        backoff.run(look)
    return seen


def test_pauses_double_up_to_a_minute(clock):
    """The first look is at once, the next after 1, 2, 4 ... seconds, at most 64."""
    assert [0, 1, 3, 7, 15, 31, 63, 127, 191] == looks(Backoff(), clock, 200)


def test_change_resets_the_pause(clock):
    """After a look that found something the next one is at once, and the pauses begin anew."""
    seen = looks(Backoff(), clock, 8, changed=lambda now: now == 3)

    assert [0, 1, 3, 3.25, 4.25, 6.25] == seen


def test_reset_lets_the_next_lookup_look(clock):
    """After a reset it is time at once."""
    backoff = Backoff()
    looks(backoff, clock, 4)
    before = backoff.is_due

    backoff.reset()

    assert (False, True) == (before, backoff.is_due)
    assert [0, 1, 3] == looks(backoff, clock, 4)


def test_pause_counts_from_the_end_of_a_look(clock):
    """A look that takes ten seconds is followed by a pause all the same."""
    backoff = Backoff()

    def look():
        clock.now += 10
        return False

    backoff.run(look)

    assert not backoff.is_due
    clock.now += 1
    assert backoff.is_due


def test_error_counts_as_no_change(clock):
    """What a look raises is raised, and the next one waits."""
    backoff = Backoff()
    with pytest.raises(ZeroDivisionError):
        backoff.run(lambda: 1 / 0)

    assert not backoff.is_due
    assert [1, 3] == looks(backoff, clock, 4)


def test_one_of_many_threads_looks():
    """While one thread looks, the others are told at once that nothing changed."""
    backoff, others_done, results = Backoff(), threading.Event(), []

    def look():
        assert others_done.wait(30), "another thread waits for this one"
        return True

    first = threading.Thread(target=lambda: results.append(backoff.run(look)))
    first.start()
    while backoff.is_due:
        pass
    in_threads(7, lambda _: results.append(backoff.run(look)))
    others_done.set()
    first.join()

    assert [False] * 7 + [True] == results


def test_one_of_threads_that_begin_together_looks(clock):
    """Of threads that all saw that it is time, one looks."""
    backoff, barrier, seen = Backoff(), threading.Barrier(8), []

    def ask(_):
        barrier.wait(30)
        for _ in range(1000):
            backoff.run(lambda: bool(seen.append(1)))

    in_threads(8, ask)

    assert [1] == seen

"""The cold side of a ``Listing``: its answer is discovered, looked at again, or verified.

What opens it from the cache file is in ``listing``, whose methods lead here; all functions are
about one listing.
"""

from __future__ import annotations

from time import perf_counter_ns

from ..._file import Report, check_argument
from ...errors import ImportStalledError, SeenByPluginsError
from ..modules import modules_in_execution
from .importing import forget_searches
from .threads import await_turn, warn_of_stall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from ..._cold.verify import Verification
    from ..listing import Cache, Listing, Publish
    from .backoff import Backoff

    S = TypeVar("S")
    #: Gives JSON values by ``items`` and ``extra``.
    Show = Callable[..., dict[str, Any]]


def discover(listing: Listing[S], cache: Cache, publish: Publish[S]) -> S:
    """Import the items, publish and save the answer; gives the state.

    Args:
        listing: The listing.
        cache: The cache, after a miss.
        publish: Makes the state; ``Adapter.publish``, or another for an answer anew.

    Raises:
        ConfigError: A distribution is to be watched, and there is none (a ``ValueError``).
        RegcacheError: The discovery failed.
    """
    adapter, running = listing.adapter, listing.running()
    if adapter.watch != "files":
        from .entry_points import metadata_files

        for name, places in adapter.placed().items():
            is_owned = bool(metadata_files(name, places))
            expected = f"'files': {name} is not installed by a distribution, all of it"
            check_argument("watch", adapter.watch, is_owned, expected)
    is_first = publish == adapter.publish
    start = perf_counter_ns()
    try:
        with running:
            await_turn(running, lambda: is_first and adapter.state() is not None)
            state = adapter.state()
            if is_first and state is not None:
                return state  # another thread was first
            is_used, listing.is_read = adapter.is_used(), False
            found = adapter.discover(cache)
            if is_used and listing.is_read:
                found.transient = found.transient or SeenByPluginsError(adapter.name)
            running.finish()
            if found.unfinished:  # read while the package is being imported: nothing is final
                return adapter.combined(found.records)
            is_cached = listing._is_cached()
            report: Any = cache.manager.last_report
            if is_cached:
                listing.report = report
            state = publish(found.records, found.beside)
    except ImportStalledError as error:
        warn_of_stall(error)
        return adapter.so_far()
    if is_cached:
        report.build_ns = perf_counter_ns() - start
        cache.manager.save_built(found.records, report, found.extra, found.transient)
    adapter.warn(found)
    return state


def refresh(listing: Listing[S], *miss: str) -> None:
    """``Listing.refresh``."""
    forget_searches()
    cache = listing._new_cache()
    cache.manager.refuse_load(*miss) if miss else cache.manager.begin_scan()
    discover(listing, cache, listing.adapter.publish_anew)
    if listing._backoff is not None:
        listing._backoff.reset()


def recheck(listing: Listing[S]) -> bool:
    """``Listing.recheck``."""
    from .backoff import Backoff

    backoff: Backoff = vars(listing).setdefault("_backoff", Backoff())  # one for all threads
    # A module of the package that asks while it is being imported gets what is there so far.
    executing = modules_in_execution(listing.adapter.contains)
    if not backoff.is_due or any(True for _ in executing):
        return False
    return backoff.run(listing.revalidate)


def revalidate(listing: Listing[S]) -> bool:
    """``Listing.revalidate``."""
    forget_searches()
    adapter = listing.adapter
    take_over, before = adapter.take_over(), _in_order(listing)
    cache = listing._new_cache()
    cached = listing._load_cached(cache) if listing._is_cached() else None
    if cached is None:
        if adapter.may_rediscover:
            discover(listing, cache, take_over)
    elif ([*cached[0].items()], cached[1]) != before:
        adapter.drop_moved(cached[0])
        take_over(*cached)
        listing.report = cache.manager.last_report
    return _in_order(listing) != before


def _in_order(listing: Listing[S]) -> tuple[list[Any], Any]:
    records, beside = listing.adapter.answer()
    return [*records.items()], beside


def verify(
    listing: Listing[S],
    show: Show,
    find: Callable[[], dict[str, Any]],
    open_cached: Callable[[], dict[str, Any] | None] | None,
) -> Verification:
    """``Listing.verify``."""
    from ..._cold.verify import verify_answer

    def load() -> tuple[Report, dict[str, Any] | None]:
        if listing.adapter.anonymous_part() or not listing.adapter.is_enabled():
            return Report("disabled"), None
        cache = listing._new_cache()
        cache.manager.read_only = True
        cached = listing._load_cached(cache)
        report: Any = cache.manager.last_report
        return report, None if cached is None else show(*cached)

    return verify_answer(listing.adapter.name, load, find, cached_task=open_cached)

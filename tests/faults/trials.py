"""What the types of all trials are made of: how much each does, and where it writes that down."""

from collections.abc import Callable

#: ``amount(short, long)``: how often a trial repeats.
Amount = Callable[[int, int], int]
#: ``record(load=..., survived=..., lost=0)``: writes one line of the published table.
Record = Callable[..., None]

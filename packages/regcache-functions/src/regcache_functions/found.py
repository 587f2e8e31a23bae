"""What a search found: ``Found``. The cold side."""

from __future__ import annotations

from typing import Any


class Found:
    """What a search found.

    Attributes:
        records: Name -> record, in order.
        extra: What is stored beside the records: ``failures``, ``rejected`` and ``owner``.
        passing: An error of this moment (a disk, a warning filter), if one made a module fail.
        unfinished: Whether modules of the package are still being executed, further up.
    """

    def __init__(
        self,
        records: dict[str, dict[str, Any]],
        extra: dict[str, Any],
        passing: Exception | None,
        unfinished: bool = False,
    ) -> None:
        self.records = records
        self.extra = extra
        self.passing = passing
        self.unfinished = unfinished

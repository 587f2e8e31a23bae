"""What a load or a save did and why: ``Report``; and how a check says no.

``CacheMiss`` for a cache file that is not believed, ``check_argument`` for an argument that cannot
be used.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from ._cold.reasons import Reason

    Status = Literal["hit", "miss", "saved", "disabled", "error"]


class CacheMiss(Exception):  # noqa: N818 - no error: it says why there was no hit
    """Raised by a check that a cache file does not pass; it never leaves the manager.

    Args:
        reason: Name of a member of ``Reason``; the enum itself is imported only here, since a
            miss ends the warm path anyway. Later plugins may have broken importing.
        where: Which file or field was refused.
        old: What the file recorded.
        new: What is true now.

    Raises:
        NameError: There is no such reason.
    """

    def __init__(
        self, reason: str, where: str = "", old: object = None, new: object = None
    ) -> None:
        from ._cold.reasons import Reason

        if reason not in Reason.__members__:  # a KeyError would be taken for a damaged file
            raise NameError(f"regcache_core.Reason has no {reason!r}")
        super().__init__(reason, where, old, new)
        self.name = reason
        self.reason = Reason[reason]
        self.where = where
        self.old = old
        self.new = new


#: Names of reasons for which a load reports something else than a miss.
STATUSES: "dict[str, Status]" = {
    "SWITCHED_OFF": "disabled",
    "NO_CACHE_FOLDER": "disabled",
    "NOT_IDENTIFIED": "disabled",
    "LAZY_IMPORTS_FILTERED": "disabled",
    "VERSION_UNKNOWN": "error",
    "NOT_SERIALIZABLE": "error",
    "COMES_BACK_CHANGED": "error",
    "WRITE_FAILED": "error",
    "TRANSIENT_FAILURE": "error",
    "EDITED_SINCE_IMPORT": "error",
}


class Report:
    """What the last load or save of a cache did.

    Attributes:
        status: ``"hit"``, ``"miss"``, ``"saved"``, ``"disabled"`` or ``"error"``.
        reason: A ``Reason`` member, or ``None`` for a hit or a save that worked.
        where: Which file, field or key decided it.
        old: What the cache file recorded there.
        new: What is true there now.
        cause: The exception behind it, if there was one.
        path: The cache file, or ``None`` where there is no folder for it.
        items: How many items were read or written.
        load_ns: How long the load took, in nanoseconds.
        build_ns: How long building the answer anew took, in nanoseconds (0 for a hit).
        save_ns: How long the save took, in nanoseconds (0 where nothing was saved).
        saved: The report of the save that followed a miss, or ``None``.
        wait_ns: How long another process was waited for that was building the answer, in
            nanoseconds.
    """

    __slots__ = (
        "build_ns",
        "cause",
        "items",
        "load_ns",
        "new",
        "old",
        "path",
        "reason",
        "save_ns",
        "saved",
        "status",
        "wait_ns",
        "where",
    )

    def __init__(self, status: "Status", path: "str | None" = None, items: int = 0) -> None:
        self.status: Status = status
        self.path = path
        self.items = items
        self.reason: Reason | None = None
        self.where = ""
        self.old: object = None
        self.new: object = None
        self.cause: BaseException | None = None
        self.load_ns = 0
        self.build_ns = 0
        self.save_ns = 0
        self.saved: Report | None = None
        self.wait_ns = 0

    def __str__(self) -> str:
        if self.reason is None:
            return f"{self.status}: {self.items} items, {self.path}"
        text = f"{self.status}: {self.why()}"
        if self.status == "miss" and self.saved is not None and self.saved.reason is not None:
            text += f"; not saved: {self.saved.why()}"
        return text

    def __repr__(self) -> str:
        return f"<Report {self}>"

    def why(self) -> str:
        """Why there was no hit, or why nothing was saved, in words."""
        text: str = self.reason.sentence  # type: ignore[union-attr]
        if self.where:
            text += f": {self.where}"
        if self.old is not None or self.new is not None:
            was = "limit" if self.reason.name == "TOO_LARGE" else "was"  # type: ignore[union-attr]
            text += f" ({was} {self.old!r}, is {self.new!r})"
        if self.cause is not None:
            from .errors import told

            text += f" [{told(self.cause)}]"
        return text.encode(errors="backslashreplace").decode()  # a file may hold any text


def refused(miss: CacheMiss, path: "str | None", status: "Status | None" = None) -> Report:
    """The report of ``miss``; ``status`` overrides what a load would report."""
    report = Report(status or STATUSES.get(miss.name, "miss"), path)
    report.reason = miss.reason
    report.where = miss.where
    report.old = miss.old
    report.new = miss.new
    report.cause = miss.__cause__
    return report


def check_argument(field: str, value: object, is_right: bool, expected: str) -> None:
    """Raise ``ConfigError`` for an argument that cannot be used.

    Args:
        field: Its name.
        value: What was given.
        is_right: Whether it can be used.
        expected: What would have been right; follows "give" in the message.

    Raises:
        ConfigError: It is not right.
    """
    if not is_right:
        from .errors import ConfigError

        raise ConfigError(field, value, expected)

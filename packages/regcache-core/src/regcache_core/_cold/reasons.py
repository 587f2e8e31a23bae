"""Why an answer did not come from the cache: ``Reason``, one member for each way to be refused."""

from __future__ import annotations

from enum import Enum


class Reason(Enum):
    """One way in which a cache file is refused, or is not read or written at all.

    The value is ``(status, sentence)``: the status that a load reports (``"disabled"``, ``"miss"``
    or ``"error"``) and what happened, for people.
    """

    # Caching is off.
    SWITCHED_OFF = ("disabled", "caching is switched off by an environment variable")
    NO_CACHE_FOLDER = ("disabled", "no folder for cache files is known")
    NOT_IDENTIFIED = ("disabled", "nothing tells this program's registries from another's")
    # The file as a file.
    REFRESH_REQUESTED = ("miss", "a new answer was asked for")
    FILE_ABSENT = ("miss", "there is no cache file yet")
    FILE_UNREADABLE = ("miss", "the cache file cannot be read")
    NOT_A_FILE = ("miss", "something else than a file lies in the cache file's place")
    FOREIGN_OWNER = ("miss", "the cache file, or the folder that it is in, is another user's")
    WRITABLE_BY_OTHERS = ("miss", "others may write the cache file, or into the folder it is in")
    TOO_LARGE = (
        "miss",
        "the cache file has more bytes than any may; keep less in each item, or give parts of the "
        "registry caches of their own",
    )
    DAMAGED = ("miss", "the cache file does not say what was written: its checksum is wrong")
    # The file as a document.
    NOT_UTF8 = ("miss", "the cache file is not UTF-8 text")
    NOT_JSON = ("miss", "the cache file is not JSON")
    WRONG_SHAPE = ("miss", "the cache file has another shape than ours")
    FORMAT_CHANGED = ("miss", "the cache file was written in another format")
    KEY_REFUSED = ("miss", "a key in the cache file cannot be restored")
    ITEM_REFUSED = ("miss", "an item in the cache file cannot be restored")
    # The inputs of the answer.
    IDENTITY_CHANGED = ("miss", "the cache file belongs to another registry or environment")
    CACHE_VERSION_CHANGED = ("miss", "the layout of the items has another version")
    VERSION_CHANGED = ("miss", "the application has another version")
    SETTINGS_CHANGED = ("miss", "the registry is configured differently")
    FROM_THE_FUTURE = ("miss", "the cache file's timestamp lies in the future")
    TOO_OLD = ("miss", "the cache file is older than allowed")
    SOURCE_CHANGED = ("miss", "a source file changed")
    SOURCE_REMOVED = ("miss", "a source file is gone")
    SOURCE_ADDED = ("miss", "a source file was added")
    MODULE_APPEARED = ("miss", "a module that was missing can be imported now")
    MODULE_GONE = (
        "miss",
        "a module that was in use is gone, or lies elsewhere",
    )
    VARIABLE_CHANGED = ("miss", "a declared environment variable has another value")
    DISTRIBUTION_CHANGED = ("miss", "a distribution was installed, replaced or removed")
    ENTRY_POINTS_CHANGED = ("miss", "the installed entry points changed")
    # Something failed.
    VERSION_UNKNOWN = ("error", "version_getter did not give a version")
    NOT_SERIALIZABLE = ("error", "a key or an item cannot be turned into JSON")
    WRITE_FAILED = ("error", "the cache file could not be written")
    TRANSIENT_FAILURE = ("error", "the next process may find something else")
    EDITED_SINCE_IMPORT = ("error", "a source file was edited after it was imported")

    @property
    def status(self) -> str:
        """What a load reports for this reason: ``"disabled"``, ``"miss"`` or ``"error"``."""
        return self.value[0]

    @property
    def sentence(self) -> str:
        """What happened, in words."""
        return self.value[1]

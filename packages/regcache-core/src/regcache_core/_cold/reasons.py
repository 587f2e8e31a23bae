"""Why an answer did not come from the cache: ``Reason``, one member for each way to be refused."""

from __future__ import annotations

from enum import Enum


class Reason(Enum):
    """One way in which a cache file is refused, or is not read or written at all.

    The value is what happened, in words; ``sentence`` is the same.
    """

    # Caching is off.
    SWITCHED_OFF = "caching is switched off by an environment variable"
    NO_CACHE_FOLDER = "no folder for cache files is known"
    NOT_IDENTIFIED = "nothing tells this program's registries from another's"
    LAZY_IMPORTS_FILTERED = (
        "a filter says which imports are lazy, and no cache file can tell filters apart"
    )
    # The file as a file.
    REFRESH_REQUESTED = "a new answer was asked for"
    FILE_ABSENT = "there is no cache file yet"
    FILE_UNREADABLE = "the cache file cannot be read"
    NOT_A_FILE = "something else than a file lies in the cache file's place"
    FOREIGN_OWNER = "the cache file, or the folder that it is in, is another user's"
    WRITABLE_BY_OTHERS = "others may write the cache file, or into the folder it is in"
    TOO_LARGE = (
        "the cache file has more bytes than any may; keep less in each item, or give parts of the "
        "registry caches of their own"
    )
    DAMAGED = "the cache file does not say what was written: its checksum is wrong"
    # The file as a document.
    NOT_UTF8 = "the cache file is not UTF-8 text"
    NOT_JSON = "the cache file is not JSON"
    WRONG_SHAPE = "the cache file has another shape than ours"
    FORMAT_CHANGED = "the cache file was written in another format"
    KEY_REFUSED = "a key in the cache file cannot be restored"
    ITEM_REFUSED = "an item in the cache file cannot be restored"
    # The inputs of the answer.
    IDENTITY_CHANGED = "the cache file belongs to another registry or environment"
    CACHE_VERSION_CHANGED = "the layout of the items has another version"
    VERSION_CHANGED = "the application has another version"
    SETTINGS_CHANGED = "the registry is configured differently"
    FROM_THE_FUTURE = "the cache file's timestamp lies in the future"
    TOO_OLD = "the cache file is older than allowed"
    SOURCE_CHANGED = "a source file changed"
    SOURCE_REMOVED = "a source file is gone"
    SOURCE_ADDED = "a source file was added"
    MODULE_APPEARED = "a module that was missing can be imported now"
    MODULE_GONE = "a module that was in use is gone, or lies elsewhere"
    VARIABLE_CHANGED = "a declared environment variable has another value"
    DISTRIBUTION_CHANGED = "a distribution was installed, replaced or removed"
    ENTRY_POINTS_CHANGED = "the installed entry points changed"
    # Something failed.
    VERSION_UNKNOWN = "version_getter did not give a version"
    NOT_SERIALIZABLE = "a key or an item cannot be turned into JSON"
    COMES_BACK_CHANGED = "an item does not come back from the file as it was given"
    WRITE_FAILED = "the cache file could not be written"
    TRANSIENT_FAILURE = "the next process may find something else"
    EDITED_SINCE_IMPORT = "a source file was edited after it was imported"

    @property
    def sentence(self) -> str:
        """What happened, in words."""
        return self.value

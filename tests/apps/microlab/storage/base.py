"""The base class of storage backends; declares its registry by class attributes only."""

from abc import abstractmethod

from regcache_meta import AutoRegisterMeta


class StorageBackend(metaclass=AutoRegisterMeta):
    """Keeps bytes under names below one place.

    ``extensions``, the file names that the backend opens, is stored in the cache as a fact.
    """

    __registry_key__ = "_backend_type"
    __registry_facts__ = ("extensions",)

    _backend_type: str | None = None
    extensions: tuple[str, ...] = ()

    def __init__(self, place: str) -> None:
        """Open the backend at ``place``: a path without extension, in a folder that exists."""
        self.place = place

    @abstractmethod
    def save(self, name: str, data: bytes) -> None:
        """Keep ``data`` under ``name``, in the place of what was there."""

    @abstractmethod
    def load(self, name: str) -> bytes:
        """Give what was saved under ``name``; a name that is not there is a KeyError."""

    @abstractmethod
    def names(self) -> list[str]:
        """Give the names that are there, sorted."""

    def close(self) -> None:
        """Let go of what the backend holds open."""
        return None


STORAGE_BACKENDS = StorageBackend.__registry__

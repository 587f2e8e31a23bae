"""Bytes in the memory of this process, shared by all who name the same place."""

import threading
from collections import defaultdict
from typing import ClassVar

from .base import StorageBackend


class MemoryBackend(StorageBackend):
    """Keeps copies; a place is empty again after ``close()``."""

    _backend_type = "memory"

    _places: ClassVar[defaultdict[str, dict[str, bytes]]] = defaultdict(dict)
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def save(self, name: str, data: bytes) -> None:
        """Keep a copy of ``data``."""
        with self._lock:
            self._places[self.place][name] = bytes(data)

    def load(self, name: str) -> bytes:
        """Give the copy."""
        with self._lock:
            return self._places[self.place][name]

    def names(self) -> list[str]:
        """Give the names, sorted."""
        with self._lock:
            return sorted(self._places[self.place])

    def close(self) -> None:
        """Forget the place."""
        with self._lock:
            self._places.pop(self.place, None)

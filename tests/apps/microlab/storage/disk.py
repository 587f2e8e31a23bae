"""Bytes as files of a folder."""

import os
import tempfile
from pathlib import Path
from urllib.parse import quote, unquote

from .base import StorageBackend


class DiskBackend(StorageBackend):
    """Writes one file for each name, whole or not at all."""

    _backend_type = "disk"
    extensions = (".bin", ".dat")

    def __init__(self, place: str) -> None:
        """Make the folder where it is not there yet."""
        super().__init__(place)
        self.folder = Path(place)
        self.folder.mkdir(exist_ok=True)

    def save(self, name: str, data: bytes) -> None:
        """Write a temporary file in the same folder and move it to its name."""
        descriptor, temporary = tempfile.mkstemp(dir=self.folder, suffix=".tmp")
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
        os.replace(temporary, self._path(name))

    def load(self, name: str) -> bytes:
        """Give the content of the file of that name."""
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            raise KeyError(name) from None

    def names(self) -> list[str]:
        """Give the names that the folder's files stand for, sorted."""
        return sorted(unquote(path.stem) for path in self.folder.glob("*.bin"))

    def _path(self, name: str) -> Path:
        return self.folder / (quote(name, safe="") + ".bin")

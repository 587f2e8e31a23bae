"""Bytes as one-dimensional arrays in ``.npy`` files, read through a memory map."""

from pathlib import Path

import numpy

from .base import StorageBackend


class NumpyBackend(StorageBackend):
    """Writes one ``.npy`` file of ``uint8`` for each name."""

    _backend_type = "npy"
    extensions = (".npy", ".npz")

    def save(self, name: str, data: bytes) -> None:
        """Write the bytes as an array."""
        Path(self.place).mkdir(exist_ok=True)
        numpy.save(self._path(name), numpy.frombuffer(data, dtype=numpy.uint8))

    def load(self, name: str) -> bytes:
        """Give the bytes of the array."""
        try:
            return self.open(name).tobytes()
        except FileNotFoundError:
            raise KeyError(name) from None

    def open(self, name: str) -> "numpy.typing.NDArray[numpy.uint8]":
        """Give the array without reading it: a memory map wherever there is something to map."""
        path = self._path(name)
        with path.open("rb") as stream:
            numpy.lib.format.read_magic(stream)
            shape, _, _ = numpy.lib.format.read_array_header_1_0(stream)
        array: numpy.typing.NDArray[numpy.uint8]
        array = numpy.load(path, mmap_mode="r" if shape != (0,) else None)
        return array

    def names(self) -> list[str]:
        """Give the stems of the files, sorted."""
        return sorted(path.stem for path in Path(self.place).glob("*.npy"))

    def _path(self, name: str) -> Path:
        return Path(self.place) / (name + ".npy")

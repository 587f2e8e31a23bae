"""Bytes as members of a tar archive."""

import contextlib
import io
import os
import tarfile
import time

from .base import StorageBackend


class TarBackend(StorageBackend):
    """Appends members to one ``.tar`` file; the last of a name counts."""

    _backend_type = "tar"
    extensions = (".tar",)

    @property
    def path(self) -> str:
        """The archive."""
        return self.place + ".tar"

    def save(self, name: str, data: bytes) -> None:
        """Append ``data`` as the newest member of that name."""
        member = tarfile.TarInfo(name)
        member.size = len(data)
        member.mtime = int(time.time())
        with tarfile.open(self.path, "a") as archive:
            archive.addfile(member, io.BytesIO(data))

    def load(self, name: str) -> bytes:
        """Give the newest member of that name."""
        with self._open() as archive:
            stream = archive.extractfile(name) if archive is not None else None
            if stream is None:
                raise KeyError(name)
            return stream.read()

    def names(self) -> list[str]:
        """Give the names of the members, sorted."""
        with self._open() as archive:
            return sorted(set(archive.getnames())) if archive is not None else []

    def _open(self) -> contextlib.AbstractContextManager[tarfile.TarFile | None]:
        if not os.path.exists(self.path):
            return contextlib.nullcontext()
        return tarfile.open(self.path, "r:")

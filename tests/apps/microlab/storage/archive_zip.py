"""Bytes as members of a zip archive."""

import datetime
import os
import zipfile

from .base import StorageBackend


class ZipBackend(StorageBackend):
    """Writes compressed members to one ``.zip`` file, which it writes anew to replace one."""

    _backend_type = "zip"
    extensions = (".zip",)

    @property
    def path(self) -> str:
        """The archive."""
        return self.place + ".zip"

    def save(self, name: str, data: bytes) -> None:
        """Write ``data``; where the name is there already, the whole archive is written again."""
        kept: dict[str, bytes] = {}
        if name in self.names():
            kept = {other: self.load(other) for other in self.names() if other != name}
            os.remove(self.path)
        now = datetime.datetime.now().timetuple()[:6]
        with zipfile.ZipFile(self.path, "a", zipfile.ZIP_DEFLATED) as archive:
            for member, content in [*kept.items(), (name, data)]:
                archive.writestr(zipfile.ZipInfo(member, now), content)

    def load(self, name: str) -> bytes:
        """Give the member of that name."""
        if not os.path.exists(self.path):
            raise KeyError(name)
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(name)

    def names(self) -> list[str]:
        """Give the names of the members, sorted."""
        if not os.path.exists(self.path):
            return []
        with zipfile.ZipFile(self.path) as archive:
            return sorted(archive.namelist())

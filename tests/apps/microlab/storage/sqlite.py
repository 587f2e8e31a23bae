"""Bytes as rows of an SQLite database."""

import contextlib
import sqlite3

from .base import StorageBackend

SCHEMA = "CREATE TABLE IF NOT EXISTS blob (name TEXT PRIMARY KEY, data BLOB NOT NULL)"
SAVE = "INSERT OR REPLACE INTO blob (name, data) VALUES (?, ?)"


class SqliteBackend(StorageBackend):
    """Opens a connection for each call and keeps none."""

    _backend_type = "sqlite"
    extensions = (".sqlite", ".db")

    def save(self, name: str, data: bytes) -> None:
        """Insert or replace the row."""
        with self._connect() as connection, connection:
            connection.execute(SAVE, (name, data))

    def load(self, name: str) -> bytes:
        """Give the row's bytes."""
        with self._connect() as connection:
            rows = connection.execute("SELECT data FROM blob WHERE name = ?", (name,)).fetchall()
        if not rows:
            raise KeyError(name)
        return bytes(rows[0][0])

    def names(self) -> list[str]:
        """Give the names of the rows, sorted."""
        with self._connect() as connection:
            return [name for (name,) in connection.execute("SELECT name FROM blob ORDER BY name")]

    def _connect(self) -> contextlib.closing[sqlite3.Connection]:
        connection = sqlite3.connect(self.place + ".sqlite")
        connection.execute(SCHEMA)
        return contextlib.closing(connection)

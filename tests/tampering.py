"""Changes of a cache file that leave its checksum right: what somebody else may write there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from throwaway import App, sealed

Document = dict[str, Any]
Edit = Callable[[Document], Any]


def edits_of(key: str) -> tuple[Callable[..., Edit], Callable[[str], Edit], Callable[[Any], Edit]]:
    """Changes of the record of one key: of members by name, without a member, something else."""

    def change(**members: Any) -> Edit:
        return lambda document: document["items"][key].update(members)

    def drop(member: str) -> Edit:
        return lambda document: document["items"][key].pop(member)

    def put(record: Any) -> Edit:
        return lambda document: document["items"].__setitem__(key, record)

    return change, drop, put


def extra(**members: Any) -> Edit:
    """A change of what lies beside the records."""
    return lambda document: document["extra"].update(members)


def tamper(app: App, edit: Edit) -> None:
    """Edit the only cache file."""
    (file,) = app.cache_files()
    document = json.loads(file.read_text())
    edit(document)
    file.write_bytes(sealed(document))


def edit(app: App, change: Callable[[dict[str, Any], dict[str, Any]], Any]) -> None:
    """Change the records, and what lies beside them, in the only cache file."""
    tamper(app, lambda document: change(document["items"], document["extra"]))


def whole(folder: Path) -> dict[Path, tuple[bytes, int]]:
    """All files in a folder, with bytes and times in nanoseconds."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}

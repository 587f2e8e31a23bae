"""The cold side of a cache file: written whole or not at all."""

from __future__ import annotations

import os
import time
from _thread import get_ident
from contextlib import suppress

from .._file import CacheMiss, check_folder, check_owner, check_size, seal
from .serialize import NotJsonError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def as_file(document: Mapping[str, Any]) -> bytes:
    """The content of a cache file: one JSON object, the last member of which is its checksum.

    Raises:
        NotJsonError: Something in it is no JSON value, or beyond what Python reads.
    """
    try:
        text = _to_json(document).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise NotJsonError(f"no JSON can be made of it: {error}") from error
    return text[:-1] + seal(text[:-1])


def _to_json(document: Mapping[str, Any]) -> str:
    """As ``json.dumps``, NaN refused; importing ``json`` costs more than the rest of a write."""
    try:
        from _json import encode_basestring_ascii, make_encoder
    except ImportError:  # pragma: no cover - PyPy and others have no such module
        import json

        return json.dumps(document, allow_nan=False, separators=(",", ":"))
    options = None, ":", ",", False, False, False  # as json.JSONEncoder gives them
    encode = make_encoder({}, _refuse, encode_basestring_ascii, *options)
    return "".join(encode(document, 0))


def _refuse(value: object) -> object:
    raise TypeError(f"{value!r} is no JSON value")


def write_document(path: str, document: Mapping[str, Any]) -> None:
    """Write ``document`` to ``path`` whole or not at all, in a folder that only we can enter.

    The temporary file lies in the same folder, so that ``os.replace`` is atomic. Readers see the
    old file or the new one. There is no fsync: what a power failure tears is no JSON, hence a miss.

    Raises:
        NotJsonError: Something in it is no JSON value, or beyond what Python reads.
        OSError: The file could not be written; what was there before is still there.
        CacheMiss: No start would read the file: it is too large, or the folder is none of ours.
    """
    content = as_file(document)
    check_size(path, len(content))
    folder, name = os.path.split(path)
    make_folder(folder)
    temporary = os.path.join(
        folder, f".{name}.{os.getpid()}-{get_ident()}-{time.monotonic_ns()}.tmp"
    )
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    finally:
        if os.path.lexists(temporary):
            os.unlink(temporary)


def make_folder(folder: str) -> None:
    """Make a folder that only we can enter, and those above it, if they are missing.

    Nothing is made in a folder of another user: root who runs with the ``HOME`` of a user would
    leave him folders that he cannot write into.

    Raises:
        OSError: It cannot be made.
        CacheMiss: It, or the folder that it would be made in, is another user's.
    """
    above = folder
    while not os.path.lexists(above) and above != os.path.dirname(above):
        above = os.path.dirname(above)
    if above != folder and os.name == "posix":
        check_owner(above, os.stat(above))
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except RecursionError as error:  # it calls itself for each folder; none is made yet
        raise OSError(f"too many folders in one another: {folder}") from error
    check_folder(folder)  # another user may have made it before us


def renew(path: str, document: Mapping[str, Any]) -> None:
    """Write what was found to say the same and is cheaper to check next time, if that can be done.

    Reading never depends on writing: if it fails, the next start checks again.
    """
    with suppress(OSError, NotJsonError, CacheMiss):
        write_document(path, document)

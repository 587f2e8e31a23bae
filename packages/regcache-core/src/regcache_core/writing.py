"""The cold side of a cache file: written whole or not at all."""

from __future__ import annotations

import json
import os
import time
from _thread import get_ident
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from .serializing import NotJson


def write_document(path: str, document: Mapping[str, Any]) -> None:
    """Write ``document`` to ``path`` whole or not at all, in a folder that only we can enter.

    The temporary file lies in the same folder, so that ``os.replace`` is atomic. Readers see the
    old file or the new one. There is no fsync: what a power failure tears is no JSON, hence a miss.

    Raises:
        NotJson: Something in it is no JSON value, or nested or numbered beyond what Python reads.
        OSError: The file could not be written; what was there before is still there.
    """
    try:
        text = json.dumps(document, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise NotJson(f"no JSON can be made of it: {error}") from error
    folder, name = os.path.split(path)
    os.makedirs(folder, mode=0o700, exist_ok=True)  # one that exists may be the application's own
    temporary = os.path.join(
        folder, f".{name}.{os.getpid()}-{get_ident()}-{time.monotonic_ns()}.tmp"
    )
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:  # the text itself is ASCII
            file.write(text)
        os.replace(temporary, path)
    finally:
        if os.path.lexists(temporary):
            os.unlink(temporary)


def renew(path: str, document: Mapping[str, Any]) -> None:
    """Write what was found to say the same and is cheaper to check next time, if that can be done.

    Reading never depends on writing: if it fails, the next start checks again.
    """
    with suppress(OSError, NotJson):
        write_document(path, document)

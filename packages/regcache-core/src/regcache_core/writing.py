"""The cold side of a cache file: JSON values made and checked, the file written whole or not."""

from __future__ import annotations

import json
import math
import os
import time
from _thread import get_ident
from collections.abc import Mapping
from typing import Any


class NotJson(TypeError):
    """A value has no counterpart in JSON; says where inside the item and what it is."""


def as_json(value: object, where: str, keys: tuple[type, ...] = (str,)) -> Any:
    """``value`` as JSON will give it back: mappings as ``dict``, sequences as ``list``.

    Args:
        value: An item, or a part of one.
        where: What it is, for messages.
        keys: Types of the keys of mappings. A reader that knows the types (cattrs) makes an
            ``int`` from its text again; one that does not would give back the text.

    Raises:
        NotJson: Something inside is no JSON value; nothing is dropped or guessed.

    >>> as_json({"stops": (0, 1.5)}, "viridis")
    {'stops': [0, 1.5]}
    """
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise NotJson(f"{where} is {value!r}, which JSON cannot hold")
        return value
    if isinstance(value, (list, tuple)):
        return [as_json(part, f"{where}[{index}]", keys) for index, part in enumerate(value)]
    if isinstance(value, Mapping):
        return {
            _name(name, where, keys): as_json(part, f"{where}.{name}", keys)
            for name, part in value.items()
        }
    raise NotJson(f"{where} is a {type(value).__qualname__}, which is no JSON value: {value!r}")


def _name(name: object, where: str, keys: tuple[type, ...]) -> str:
    if not isinstance(name, keys) or isinstance(name, bool):
        raise NotJson(f"{where} has a key that JSON cannot hold: {name!r}")
    return name if isinstance(name, str) else str(name)


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

"""From a path to a checked JSON object, with as few imports and system calls as possible.

Importing ``json`` costs more than reading all registries of an application (it brings ``re`` and
``enum``), so the scanner that ``json.loads`` is built on is called directly where CPython has it.
``tests/core/test_reading.py`` holds this parser to ``json.loads``.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

from .report import Refusal

#: A registry of 100,000 plugins takes about 30 MB; nothing that we write comes near this.
MAX_BYTES = 256 * 1024 * 1024

_FILE_TYPE_MASK, _REGULAR_FILE = 0o170000, 0o100000  # stat.S_IFMT and S_IFREG, not imported
# O_NONBLOCK: a FIFO in the file's place must not hang us; 0 where the platform has no such flag.
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)


def read_document(path: str) -> "dict[str, Any]":
    """Read and parse the cache file at ``path``.

    Raises:
        Refusal: Whatever is wrong with the file; no other exception leaves this function.
    """
    document = parse_text(_decode(_read_bytes(path), path), path)
    if not isinstance(document, dict):
        raise Refusal("WRONG_SHAPE", path, "an object", type(document).__name__)
    return document


def _read_bytes(path: str) -> bytes:
    try:
        descriptor = os.open(path, _OPEN_FLAGS | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise Refusal("FILE_ABSENT", path) from None
    except (OSError, ValueError) as error:
        raise Refusal("FILE_UNREADABLE", path) from error
    try:
        status = os.fstat(descriptor)
        _check_trust(path, status)
        return _read_all(descriptor, status.st_size)
    except OSError as error:
        raise Refusal("FILE_UNREADABLE", path) from error
    finally:
        os.close(descriptor)


def _read_all(descriptor: int, size: int) -> bytes:
    data = os.read(descriptor, size + 1)
    while len(data) < size:  # a signal or a network file system may give less than asked for
        more = os.read(descriptor, size - len(data))
        if not more:
            break
        data += more
    return data


def _check_trust(path: str, status: os.stat_result) -> None:
    mode = status.st_mode
    if mode & _FILE_TYPE_MASK != _REGULAR_FILE:
        raise Refusal("NOT_A_FILE", path)
    if status.st_size > MAX_BYTES:
        raise Refusal("TOO_LARGE", path, MAX_BYTES, status.st_size)
    if os.name != "posix":  # pragma: no cover - Windows has no such owners and modes
        return
    if status.st_uid not in (os.geteuid(), 0):
        raise Refusal("FOREIGN_OWNER", path, os.geteuid(), status.st_uid)
    if mode & 0o022:
        raise Refusal("WRITABLE_BY_OTHERS", path, "0600", oct(mode & 0o777))


def _decode(data: bytes, path: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Refusal("NOT_UTF8", path) from error


class _ScannerContext:
    """What ``_json.make_scanner`` reads its options from, as ``json.JSONDecoder`` has them."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    array_hook = None
    parse_float = float
    parse_int = int

    @staticmethod
    def parse_constant(name: str) -> "Any":
        raise ValueError(f"{name} is not JSON")


def parse_text(text: str, where: str) -> "Any":
    """Parse strict JSON: as ``json.loads``, except that NaN and infinities are refused.

    Raises:
        Refusal: The text is not JSON, or nested or numbered beyond what Python reads.
    """
    text = text.strip(" \t\n\r")
    try:
        value, end = _scan(text)
    except StopIteration as error:
        raise Refusal("NOT_JSON", where) from error
    # SystemError: until Python 3.12 the scanner finds no JSONDecodeError to raise where nobody has
    # imported json.
    except (ValueError, RecursionError, SystemError) as error:
        raise Refusal("NOT_JSON", where) from error
    if end != len(text):
        raise Refusal("NOT_JSON", f"{where}, character {end}")
    return value


def _scan(text: str) -> "tuple[Any, int]":
    try:
        from _json import make_scanner
    except ImportError:  # pragma: no cover - PyPy and others have no such module
        from json import JSONDecoder

        return JSONDecoder(parse_constant=_ScannerContext.parse_constant).raw_decode(text)
    scan = make_scanner(_ScannerContext)  # type: ignore[arg-type]
    return scan(text, 0)

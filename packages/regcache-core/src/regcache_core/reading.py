"""From a path to a checked JSON object, with as few imports and system calls as possible.

Importing ``json`` costs more than reading all registries of an application (it brings ``re`` and
``enum``), so the scanner that ``json.loads`` is built on is called directly where CPython has it.
``tests/core/test_reading.py`` holds this parser to ``json.loads``.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

from .modules import fingerprint
from .report import Refusal

#: A registry of 100,000 plugins takes about 30 MB; nothing that we write comes near this.
MAX_BYTES = 256 * 1024 * 1024

# What module stat calls S_IFMT, S_IFREG, S_IFLNK and S_ISVTX; it is not imported.
_FILE_TYPE_MASK, _REGULAR_FILE, _LINK, _STICKY = 0o170000, 0o100000, 0o120000, 0o1000
# O_NONBLOCK: a FIFO in the file's place must not hang us. O_NOFOLLOW: a link there is not ours, for
# we write files. 0 where the platform has no such flag.
_OPEN_FLAGS = os.O_RDONLY
for _flag in ("O_CLOEXEC", "O_NONBLOCK", "O_NOFOLLOW", "O_BINARY"):
    _OPEN_FLAGS |= getattr(os, _flag, 0)
#: The member that ends a file: the hash of all bytes before it.
_CHECKSUM = "checksum"


def seal(text: "bytes | memoryview") -> bytes:
    """What ends a file: a last member with the checksum of all before it, and the closing brace.

    Against damage, and not against whoever can write the file: to the owner's rights, and to what
    a file may name, that is left.

    Args:
        text: A JSON object of ASCII characters, without its closing brace.

    >>> seal(b'{"items":{}')[:13]
    b',"checksum":"'
    """
    return f',"{_CHECKSUM}":"{fingerprint(text)}"}}'.encode()


_SEAL_BYTES = len(seal(b""))


def read_document(path: str) -> "dict[str, Any]":
    """Read, check and parse the cache file at ``path``.

    Raises:
        Refusal: Whatever is wrong with the file; no other exception leaves this function.
    """
    try:
        data = read_bytes(path)
        # Before anything else is done with it: what is damaged takes neither time nor memory.
        if data[-_SEAL_BYTES:] != seal(memoryview(data)[:-_SEAL_BYTES]):
            raise Refusal("DAMAGED", path)
        document: dict[str, Any] = parse_text(_decode(data, path), path)
    except MemoryError as error:
        raise Refusal("FILE_UNREADABLE", path) from error
    del document[_CHECKSUM]  # a text that ends like this is an object, and this is its last member
    return document


def read_bytes(path: str) -> bytes:
    """What a file of ours holds, in a folder of ours.

    Raises:
        Refusal: It is none of ours, or cannot be read.
        MemoryError: There is no room for it.
    """
    try:
        descriptor = os.open(path, _OPEN_FLAGS)
    except FileNotFoundError:
        raise Refusal("FILE_ABSENT", path) from None
    except (OSError, ValueError) as error:
        reason = "NOT_A_FILE" if os.path.islink(path) else "FILE_UNREADABLE"
        raise Refusal(reason, path) from error
    try:
        status = os.fstat(descriptor)
        _check_file(path, status)
        check_folder(os.path.dirname(path))
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


def _check_file(path: str, status: os.stat_result) -> None:
    mode = status.st_mode
    if mode & _FILE_TYPE_MASK != _REGULAR_FILE:
        raise Refusal("NOT_A_FILE", path)
    if status.st_size > MAX_BYTES:
        raise Refusal("TOO_LARGE", path, MAX_BYTES, status.st_size)
    if os.name != "posix":  # pragma: no cover - Windows has no such owners and modes
        return
    check_owner(path, status)
    if mode & 0o022:
        raise Refusal("WRITABLE_BY_OTHERS", path, "0600", oct(mode & 0o777))


def check_folder(folder: str) -> None:
    """Refuse a folder of another user, or in which others may replace files.

    A link to it must be ours (or root's) too. Others may write into a sticky folder: there, nobody
    but its owner can replace a file.

    Args:
        folder: The folder that the file lies in.

    Raises:
        Refusal: It is none of ours.
        OSError: It cannot be looked at.
    """
    if os.name != "posix":  # pragma: no cover - Windows has no such owners and modes
        return
    status = os.lstat(folder)
    if status.st_mode & _FILE_TYPE_MASK == _LINK:
        check_owner(folder, status)
        status = os.stat(folder)
    check_owner(folder, status)
    if status.st_mode & 0o022 and not status.st_mode & _STICKY:
        raise Refusal("WRITABLE_BY_OTHERS", folder, "0700", oct(status.st_mode & 0o777))


def check_owner(path: str, status: os.stat_result) -> None:
    """Refuse what belongs to another user, but for root."""
    user = os.geteuid()
    if status.st_uid not in (user, 0):
        raise Refusal("FOREIGN_OWNER", path, user, status.st_uid)


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

"""The cache file of a registry: where it lies, and from its path to a checked JSON object.

The folder is ours in platformdirs' user cache folder, and in it each application has one: folders
that an application makes for itself may be open to others, as its umask says, and such a folder is
not read from. On the platforms where platformdirs' answer follows from ``XDG_CACHE_HOME`` and
``HOME`` alone we read these two ourselves, since importing it costs more than the whole warm start;
``tests/core/test_location.py`` holds both answers equal.

Importing ``json`` costs more than reading all registries of an application (it brings ``re`` and
``enum``), so the scanner that ``json.loads`` is built on is called directly where CPython has it.
``tests/core/test_reading.py`` holds this parser to ``json.loads``.
"""

import os
import sys
from _imp import source_hash  # what stands under importlib.util.source_hash, which costs an import

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal

    from ._cold.reasons import Reason

    Status = Literal["hit", "miss", "saved", "disabled", "error"]

#: What changed less than two seconds ago may change again within the same tick of its file
#: system's clock and look the same (git calls such entries racy); two seconds is the coarsest
#: tick in use (FAT). Its times are not trusted until they are older: its content is compared.
RACY_NS = 2_000_000_000
_OFF = ("", "0", "false", "no", "off")
_OUR_FOLDER = "regcache"
#: What Windows takes for devices, in any case, in any folder; the last two with a digit.
_DEVICES = {"CON", "PRN", "AUX", "NUL", "COM", "LPT"}
_KEY = 0x72656763  # a C long, which has 32 bits on Windows


def fingerprint(value: object) -> str:
    """A short text for bytes, or for any other value that has a lasting ``repr``.

    SipHash of 64 bits, as Python's own caches of byte code have it; since 3.11 another one. For
    telling apart what is written in good faith; whoever wants two values with one fingerprint can
    have them.

    >>> fingerprint(["key", None, True]) == fingerprint(["key", None, True]), len(fingerprint(""))
    (True, 16)
    """
    is_bytes = isinstance(value, (bytes, memoryview))
    data: Any = value if is_bytes else repr(value).encode("utf-8", "replace")
    return source_hash(_KEY, data).hex()


def absolute(path: str) -> "str | None":
    """``os.path.abspath``; ``None`` for a relative path in a working folder that is gone."""
    try:
        return os.path.abspath(path)
    except OSError:
        return None


def from_user(path: str) -> "str | None":
    """A path that somebody gave, as an absolute one; ``~`` is the user's home."""
    return absolute(os.path.expanduser(path))


def cache_file(identity: "Mapping[str, object]", folder: "str | None" = None) -> "str | None":
    """The path of the cache file for ``identity``, or ``None`` where there is no folder.

    Args:
        identity: What tells the registry from others.
        folder: The folder of cache files; by default what ``cache_folder`` gives.
    """
    folder = folder or cache_folder()
    if folder is None:
        return None
    # It only has to tell environments apart: the identity in the file is compared in full.
    texts = [str(each) for each in identity.values() if each.__class__ is not list]
    texts += identity["paths"]  # type: ignore[arg-type]
    tail = fingerprint("\0".join(texts).encode("utf-8", "replace"))
    name = f"{_safe(str(identity['registry']))}-{tail}.json"
    return os.path.join(folder, _safe(str(identity["application"])), name)


def cache_folder() -> "str | None":
    """``REGCACHE_DIR``, else ours in the user cache folder of platformdirs, else ``None``."""
    folder = os.environ.get("REGCACHE_DIR")
    if folder:
        return from_user(folder)
    return _folder_from_environment() or _folder_from_platformdirs()


def _folder_from_environment() -> "str | None":
    """platformdirs' answer where two variables decide it, else ``None``."""
    if sys.platform in ("win32", "darwin", "ios", "android") or "ANDROID_DATA" in os.environ:
        return None
    folder = os.environ.get("XDG_CACHE_HOME")
    if folder:
        return os.path.join(folder, _OUR_FOLDER) if folder.startswith("/") else None
    home = os.environ.get("HOME", "")
    return f"{home.rstrip('/')}/.cache/{_OUR_FOLDER}" if home.startswith("/") else None


def _folder_from_platformdirs() -> "str | None":
    from platformdirs import user_cache_dir

    try:
        folder = user_cache_dir(_OUR_FOLDER, appauthor=False)
    except RuntimeError:  # no home can be found for this user
        return None
    return folder if os.path.isabs(folder) else None


def _safe(name: str) -> str:
    """``name`` with everything replaced that could mean something to a file system.

    Two names may become one: files are told apart by their fingerprint.
    """
    name = name[:64].replace(" ", "_").replace(".", "_") or "_"
    if len(name) <= 4 and name.upper().rstrip("0123456789") in _DEVICES:
        return f"{name}_"
    if name.isascii() and name.replace("_", "a").replace("-", "a").isalnum():
        return name
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in name)


def switched_off_by(application: str) -> "str | None":
    """The environment variable that switches caching off for ``application``, if one does."""
    for variable in ("REGCACHE_DISABLE", f"{_capitals(application)}_DISABLE_REGISTRY_CACHE"):
        if is_on(variable):
            return variable
    return None


def _capitals(application: str) -> str:
    return _safe(application).replace("-", "_").upper()


def lazy_options() -> "list[str]":
    """Options that start Python in this one's mode of lazy imports; none before Python 3.15."""
    mode = getattr(sys, "get_lazy_imports", str)()
    return ["-X", f"lazy_imports={mode}"] if mode else []


def is_on(variable: str) -> bool:
    """Whether an environment variable is set to anything but an empty, zero or negative word."""
    return os.environ.get(variable, "").strip().lower() not in _OFF


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
        CacheMiss: Whatever is wrong with the file; no other exception leaves this function.
    """
    try:
        data = read_bytes(path)
        # Before anything else is done with it: what is damaged takes neither time nor memory.
        if data[-_SEAL_BYTES:] != seal(memoryview(data)[:-_SEAL_BYTES]):
            raise CacheMiss("DAMAGED", path)
        document: dict[str, Any] = parse_text(_decode(data, path), path)
    except MemoryError as error:
        raise CacheMiss("FILE_UNREADABLE", path) from error
    del document[_CHECKSUM]  # a text that ends like this is an object, and this is its last member
    return document


def read_bytes(path: str) -> bytes:
    """What a file of ours holds, in a folder of ours.

    Raises:
        CacheMiss: It is none of ours, or cannot be read.
        MemoryError: There is no room for it.
    """
    try:
        descriptor = os.open(path, _OPEN_FLAGS)
    except FileNotFoundError:
        raise CacheMiss("FILE_ABSENT", path) from None
    except (OSError, ValueError) as error:
        reason = "NOT_A_FILE" if os.path.islink(path) else "FILE_UNREADABLE"
        raise CacheMiss(reason, path) from error
    try:
        status = os.fstat(descriptor)
        _check_file(path, status)
        check_folder(os.path.dirname(path))
        return _read_all(descriptor, status.st_size)
    except OSError as error:
        raise CacheMiss("FILE_UNREADABLE", path) from error
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
        raise CacheMiss("NOT_A_FILE", path)
    check_size(path, status.st_size)
    if os.name != "posix":  # pragma: no cover - Windows has no such owners and modes
        return
    check_owner(path, status)
    if mode & 0o022:
        raise CacheMiss("WRITABLE_BY_OTHERS", path, "0600", oct(mode & 0o777))


def check_size(path: str, size: int) -> None:
    """Refuse a file of more than ``MAX_BYTES``, to be read or to be written.

    Raises:
        CacheMiss: It is larger.
    """
    if size > MAX_BYTES:
        raise CacheMiss("TOO_LARGE", path, MAX_BYTES, size)


def check_folder(folder: str) -> None:
    """Refuse a folder of another user, or in which others may replace files.

    A link to it must be ours (or root's) too. Others may write into a sticky folder: there, nobody
    but its owner can replace a file.

    Args:
        folder: The folder that the file lies in.

    Raises:
        CacheMiss: It is none of ours.
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
        raise CacheMiss("WRITABLE_BY_OTHERS", folder, "0700", oct(status.st_mode & 0o777))


def check_owner(path: str, status: os.stat_result) -> None:
    """Refuse what belongs to another user, but for root."""
    user = os.geteuid()
    if status.st_uid not in (user, 0):
        raise CacheMiss("FOREIGN_OWNER", path, user, status.st_uid)


def _decode(data: bytes, path: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise CacheMiss("NOT_UTF8", path) from error


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
        CacheMiss: The text is not JSON, or nested or numbered beyond what Python reads.
    """
    text = text.strip(" \t\n\r")
    try:
        value, end = _scan(text)
    except StopIteration as error:
        raise CacheMiss("NOT_JSON", where) from error
    # SystemError: until Python 3.12 the scanner finds no JSONDecodeError to raise where nobody has
    # imported json.
    except (ValueError, RecursionError, SystemError) as error:
        raise CacheMiss("NOT_JSON", where) from error
    if end != len(text):
        raise CacheMiss("NOT_JSON", f"{where}, character {end}")
    return value


def _scan(text: str) -> "tuple[Any, int]":
    try:
        from _json import make_scanner
    except ImportError:  # pragma: no cover - PyPy and others have no such module
        from json import JSONDecoder

        return JSONDecoder(parse_constant=_ScannerContext.parse_constant).raw_decode(text)
    scan = make_scanner(_ScannerContext)  # type: ignore[arg-type]
    return scan(text, 0)


class CacheMiss(Exception):  # noqa: N818 - no error: it says why there was no hit
    """Raised by a check that a cache file does not pass; it never leaves the manager.

    Args:
        reason: Name of a member of ``Reason``; the enum itself is imported only here, since a
            miss ends the warm path anyway. Later plugins may have broken importing.
        where: Which file or field was refused.
        old: What the file recorded.
        new: What is true now.

    Raises:
        NameError: There is no such reason.
    """

    def __init__(
        self, reason: str, where: str = "", old: object = None, new: object = None
    ) -> None:
        from ._cold.reasons import Reason

        if reason not in Reason.__members__:  # a KeyError would be taken for a damaged file
            raise NameError(f"regcache_core.Reason has no {reason!r}")
        super().__init__(reason, where, old, new)
        self.name = reason
        self.reason = Reason[reason]
        self.where = where
        self.old = old
        self.new = new


#: Names of reasons for which a load reports something else than a miss.
STATUSES: "dict[str, Status]" = {
    "SWITCHED_OFF": "disabled",
    "NO_CACHE_FOLDER": "disabled",
    "NOT_IDENTIFIED": "disabled",
    "LAZY_IMPORTS_FILTERED": "disabled",
    "VERSION_UNKNOWN": "error",
    "NOT_SERIALIZABLE": "error",
    "COMES_BACK_CHANGED": "error",
    "WRITE_FAILED": "error",
    "TRANSIENT_FAILURE": "error",
    "EDITED_SINCE_IMPORT": "error",
}


class Report:
    """What the last load or save of a cache did.

    Attributes:
        status: ``"hit"``, ``"miss"``, ``"saved"``, ``"disabled"`` or ``"error"``.
        reason: A ``Reason`` member, or ``None`` for a hit or a save that worked.
        where: Which file, field or key decided it.
        old: What the cache file recorded there.
        new: What is true there now.
        cause: The exception behind it, if there was one.
        path: The cache file, or ``None`` where there is no folder for it.
        items: How many items were read or written.
        load_ns: How long the load took, in nanoseconds.
        build_ns: How long building the answer anew took, in nanoseconds (0 for a hit).
        save_ns: How long the save took, in nanoseconds (0 where nothing was saved).
        saved: The report of the save that followed a miss, or ``None``.
        wait_ns: How long another process was waited for that was building the answer, in
            nanoseconds.
    """

    __slots__ = (
        "build_ns",
        "cause",
        "items",
        "load_ns",
        "new",
        "old",
        "path",
        "reason",
        "save_ns",
        "saved",
        "status",
        "wait_ns",
        "where",
    )

    def __init__(self, status: "Status", path: "str | None" = None, items: int = 0) -> None:
        self.status: Status = status
        self.path = path
        self.items = items
        self.reason: Reason | None = None
        self.where = ""
        self.old: object = None
        self.new: object = None
        self.cause: BaseException | None = None
        self.load_ns = 0
        self.build_ns = 0
        self.save_ns = 0
        self.saved: Report | None = None
        self.wait_ns = 0

    def __str__(self) -> str:
        if self.reason is None:
            return f"{self.status}: {self.items} items, {self.path}"
        text = f"{self.status}: {self.why()}"
        if self.status == "miss" and self.saved is not None and self.saved.reason is not None:
            text += f"; not saved: {self.saved.why()}"
        return text

    def __repr__(self) -> str:
        return f"<Report {self}>"

    def why(self) -> str:
        """Why there was no hit, or why nothing was saved, in words."""
        text: str = self.reason.sentence  # type: ignore[union-attr]
        if self.where:
            text += f": {self.where}"
        if self.old is not None or self.new is not None:
            was = "limit" if self.reason.name == "TOO_LARGE" else "was"  # type: ignore[union-attr]
            text += f" ({was} {self.old!r}, is {self.new!r})"
        if self.cause is not None:
            from .errors import told

            text += f" [{told(self.cause)}]"
        return text.encode(errors="backslashreplace").decode()  # a file may hold any text


def refused(miss: CacheMiss, path: "str | None", status: "Status | None" = None) -> Report:
    """The report of ``miss``; ``status`` overrides what a load would report."""
    report = Report(status or STATUSES.get(miss.name, "miss"), path)
    report.reason = miss.reason
    report.where = miss.where
    report.old = miss.old
    report.new = miss.new
    report.cause = miss.__cause__
    return report


def check_argument(field: str, value: object, is_right: bool, expected: str) -> None:
    """Raise ``ConfigError`` for an argument that cannot be used.

    Args:
        field: Its name.
        value: What was given.
        is_right: Whether it can be used.
        expected: What would have been right; follows "give" in the message.

    Raises:
        ConfigError: It is not right.
    """
    if not is_right:
        from .errors import ConfigError

        raise ConfigError(field, value, expected)

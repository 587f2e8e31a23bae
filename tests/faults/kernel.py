"""The kernel itself refuses system calls: seccomp filters, for faults that no disk can be had for.

To be imported by the process that is to meet the fault. Nothing of Python or of regcache is
replaced: the real call is made, and the kernel answers with an error.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys

#: Numbers of the calls on x86-64.
_CALLS = {
    "read": 0,
    "write": 1,
    "openat": 257,
    "flock": 73,
    "rename": 82,
    "close": 3,
    "ftruncate": 77,
}
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2
_LOAD, _EQUAL, _GREATER, _RETURN = 0x20, 0x15, 0x25, 0x06
_ERROR, _ALLOW = 0x00050000, 0x7FFF0000

#: Whether a filter can be made here.
IS_AVAILABLE = sys.platform == "linux" and os.uname().machine == "x86_64"


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def refuse(call: str, error: int, argument: int = 0, above: int = -1, equals: int = -1) -> None:
    """Let a system call fail from now on, in this process and its children.

    Args:
        call: Which.
        error: The error number that it gives.
        argument: Which argument decides, from 0.
        above: Only where the argument is greater; 2 for what is neither standard stream.
        equals: Only where the argument is this.

    Raises:
        OSError: The kernel allows no filter.
    """
    condition: tuple[tuple[int, int], ...] = ()
    if above >= 0:
        condition = ((_GREATER, above),)
    if equals >= 0:
        condition = ((_EQUAL, equals),)
    skip = 2 * len(condition)
    lines = [(_LOAD, 0, 0, 0), (_EQUAL, 0, skip + 1, _CALLS[call])]
    for code, value in condition:
        lines += [(_LOAD, 0, 0, 16 + 8 * argument), (code, 0, 1, value)]
    lines += [(_RETURN, 0, 0, _ERROR | error), (_RETURN, 0, 0, _ALLOW)]
    text = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
    program = _Program(len(lines), ctypes.addressof(text))
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in (
        (_NO_NEW_PRIVILEGES, 1, 0, 0, 0),
        (_SECCOMP, _FILTER, ctypes.byref(program), 0, 0),
    ):
        if libc.prctl(*arguments) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), call)

"""What a process gives up before it handles hostile input: the network, and memory and time beyond a limit.

Each layer is tried, and what the platform does not have is left out: `drop_network` says what there is. The
engine is never given a text with SERVICE or LOAD, so this is the second wall, not the first.
"""

from __future__ import annotations

import ctypes
import math
import os
import platform
import resource
import signal
import struct
import time
from pathlib import Path
from typing import Final

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
_SET_PARENT_DEATH_SIGNAL, _SET_SECCOMP, _SET_NO_NEW_PRIVILEGES = 1, 22, 38
_FILTER = 2
# Linux system call numbers: socket, connect, execve, execveat, io_uring_setup, ptrace.
_CALLS: Final = {
    "x86_64": (0xC000003E, (41, 42, 59, 322, 425, 101)),
    "aarch64": (0xC00000B7, (198, 203, 221, 281, 425, 117)),
}
_LOAD, _JUMP_IF_EQUAL, _JUMP_IF_NOT_LESS, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000 | 1, 0x80000000
_BEHIND: Final = 10
_OTHER_ABI = 0x40000000
"""Where the numbers of a second set of system calls begin on x86_64."""


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def drop_network() -> tuple[str, ...]:
    """Takes the right to open connections from this process and all that come from it.

    Out: what holds it back: "namespace" (it has no network interface), "filter" (the system calls are
    refused), both, or nothing where the platform has neither. Needs a process of one thread.
    """
    kept = []
    if _unshare():
        kept.append("namespace")
    if _filter_calls():
        kept.append("filter")
    return tuple(kept)


def _libc() -> ctypes.CDLL | None:
    if platform.system() != "Linux":
        return None
    return ctypes.CDLL(None, use_errno=True)


def _unshare() -> bool:
    """Whether this process is now in a network namespace of its own, which is empty."""
    libc = _libc()
    if libc is None:
        return False
    # Root may do it as it is; others in a user namespace of their own, where that is not switched off.
    return any(libc.unshare(flags) == 0 for flags in (_NEW_NET, _NEW_USER | _NEW_NET))


def _filter_calls() -> bool:
    """Whether system calls that open connections or start programs are refused from now on."""
    libc = _libc()
    if libc is None or platform.machine() not in _CALLS:
        return False
    architecture, calls = _CALLS[platform.machine()]
    refused = len(calls)
    # Offsets of `struct seccomp_data`: the number of the call at 0, the architecture at 4.
    lines = [
        (_LOAD, 0, 0, 4),
        (_JUMP_IF_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
        (_JUMP_IF_NOT_LESS, refused + 1, 0, _OTHER_ABI),
        *((_JUMP_IF_EQUAL, refused - place, 0, call) for place, call in enumerate(calls)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    code = b"".join(struct.pack("HBBI", *line) for line in lines)
    buffer = ctypes.create_string_buffer(code)
    program = _Program(len(lines), ctypes.addressof(buffer))
    if libc.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0) == 0)


def die_with_parent(parent: int) -> None:
    """Ends this process when the process `parent`, which forked it, ends; where the platform can."""
    libc = _libc()
    if libc is not None:
        libc.prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def limit_memory(more: int) -> None:
    """Lets this process take `more` bytes of address space beyond what it has now."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    wanted = _address_space() + more
    resource.setrlimit(resource.RLIMIT_AS, (wanted if hard < 0 else min(wanted, hard), hard))


def unlimit_memory() -> None:
    """Takes back `limit_memory`."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


def limit_time(seconds: float, limited: int | None = None) -> int:
    """Ends this process when it has used `seconds` of processor time from now on, rounded up.

    limited: what it was limited to before. Out: what it is limited to.
    """
    wanted = math.ceil(time.process_time() + seconds)
    if wanted != limited:
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (wanted if hard < 0 else min(wanted, hard), hard))
    return wanted


def let_others_go_first(thread: int) -> bool:
    """Lowers the priority of a thread for good. Out: whether the platform can."""
    try:
        os.setpriority(os.PRIO_PROCESS, thread, _BEHIND)
    except OSError:
        return False
    return True


def no_core_file() -> None:
    """Leaves no copy of the memory on the disk when this process crashes."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _address_space() -> int:
    """Bytes of address space that this process has; what it has used at most where that is not told."""
    try:
        return int(Path("/proc/self/statm").read_bytes().split()[0]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

"""Reader processes from the side of who asks them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event
from typing import Final

from server.readers.frames import OPEN, Ended, Frames, packed
from server.readers.zygote import BARRIERS, DIED, FORK, KILL, MESSAGE, READY

_FAREWELL: Final = 5.0


@dataclass(eq=False)
class Process:
    """A reader process and the connection to it.

    folder: the state that it has open or is opening. used: when it was used last, of `time.monotonic`.
    doomed: whether it is about to end. ended: set when it has ended, `status` as of `os.wait`,
    None when nobody could tell.
    """

    number: int
    frames: Frames
    folder: str | None = None
    used: float = field(default_factory=time.monotonic)
    doomed: bool = False
    ended: Event = field(default_factory=Event)
    status: int | None = None

    def prepare(self, folder: str) -> None:
        """Has it open a state when there is time."""
        if self.folder != folder:
            with suppress(Ended):
                self.frames.send(OPEN, packed({"folder": folder}))
                self.folder = folder

    @property
    def signal(self) -> int | None:
        """The signal that ended it."""
        return os.WTERMSIG(self.status) if self.status is not None and os.WIFSIGNALED(self.status) else None


@dataclass(frozen=True)
class Ready:
    """The process that readers come from is up. barriers: what keeps readers from the network."""

    barriers: tuple[str, ...]


@dataclass(frozen=True)
class Died:
    """A reader has ended."""

    number: int
    status: int


class Nursery:
    """The process that readers are forked from, and what it tells."""

    def __init__(self, memory: int) -> None:
        """memory: bytes that a task may take. Raises `OSError` when no process can be started."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "server.readers", str(theirs.fileno()), str(memory)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                # One pool of memory for all threads takes a quarter of the address space, which is limited.
                env=os.environ | {"RUST_BACKTRACE": "0", "MALLOC_ARENA_MAX": "1"},
                # A Ctrl-C is for us; readers end when we say so.
                start_new_session=True,
            )
        self._socket = ours

    @property
    def number(self) -> int:
        """The number of the process."""
        return self._process.pid

    def fork(self) -> None:
        """Asks for a reader, which `receive` gives."""
        self._tell(FORK, 0)

    def kill(self, reader: Process) -> None:
        """Ends a reader at once."""
        self._tell(KILL, reader.number)

    def receive(self, seconds: float) -> Ready | Died | Process | None:
        """What the process tells next, None when it told nothing. Raises `Ended` when it is gone."""
        self._socket.settimeout(seconds)
        try:
            message, files, _, _ = socket.recv_fds(self._socket, MESSAGE.size, 1)
            self._socket.settimeout(_FAREWELL)
            while message and len(message) < MESSAGE.size:
                more = self._socket.recv(MESSAGE.size - len(message))
                message = message + more if more else b""
        except TimeoutError:
            return None
        except OSError:
            message, files = b"", []
        if not message:
            raise Ended
        kind, number, value = MESSAGE.unpack(message)
        if kind == FORK:
            os.set_inheritable(files[0], False)
            return Process(number, Frames(socket.socket(fileno=files[0])))
        if kind == DIED:
            return Died(number, value)
        assert kind == READY
        return Ready(tuple(each for bit, each in enumerate(BARRIERS) if value >> bit & 1))

    def close(self) -> None:
        """Ends the process and all its readers."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(_FAREWELL)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        self._socket.close()

    def _tell(self, kind: bytes, number: int) -> None:
        with suppress(OSError):  # `receive` finds that it is gone
            self._socket.sendall(MESSAGE.pack(kind, number, 0))

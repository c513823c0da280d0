"""The process that readers are forked from: it has everything loaded, holds nothing, and never reads input.

A new reader is there in some milliseconds. What the platform lets a process give up is given up here once,
and readers have it from birth. The one who started it talks to it over a socket in messages of one size:

    to it:    F fork a reader;  K kill the reader with this number
    from it:  R ready, with what holds the network back;  F a reader, with its socket;  D a reader's end
"""

from __future__ import annotations

import os
import select
import signal
import socket
import struct
import sys
from contextlib import suppress
from typing import Final

from server.readers import sandbox
from server.readers.reader import Reader

FORK, KILL, READY, DIED = b"F", b"K", b"R", b"D"

MESSAGE: Final = struct.Struct("!cqq")
"""What it is, the number of the process, and its wait status or what holds the network back."""

BARRIERS: Final = ("namespace", "filter")
"""What may hold the network back, as bits from the lowest."""


def run(control: socket.socket, memory: int) -> None:
    """Forks, kills and buries readers until the other end of `control` is closed; then ends them all.

    memory: see `Reader`.
    """
    sandbox.no_core_file()
    barriers = sandbox.drop_network()
    with suppress(BrokenPipeError):  # the other end is gone already
        control.sendall(MESSAGE.pack(READY, os.getpid(), sum(1 << BARRIERS.index(each) for each in barriers)))
        Zygote(control, memory).run()


class Zygote:
    """The readers that were forked and have not ended."""

    def __init__(self, control: socket.socket, memory: int) -> None:
        self._control, self._memory = control, memory
        self._readers: set[int] = set()
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._wake, False)

    def run(self) -> None:
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake)
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._woken, select.POLLIN)
        try:
            while self._serve({descriptor for descriptor, _ in poll.poll()}):
                pass
        except OSError:
            pass  # the other end is gone
        finally:
            for reader in self._readers:
                os.kill(reader, signal.SIGKILL)
            for reader in self._readers:
                os.waitpid(reader, 0)

    def _serve(self, ready: set[int]) -> bool:
        """Does what there is to do. Out: whether to go on."""
        if self._woken in ready:
            os.read(self._woken, 4096)
            self._bury()
        if self._control.fileno() not in ready:
            return True
        message = self._control.recv(MESSAGE.size, socket.MSG_WAITALL)
        if len(message) < MESSAGE.size:
            return False
        kind, reader, _ = MESSAGE.unpack(message)
        if kind == FORK:
            self._fork()
        elif kind == KILL and reader in self._readers:
            os.kill(reader, signal.SIGKILL)
        return True

    def _fork(self) -> None:
        ours, theirs = socket.socketpair()
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            theirs.close()
            self._become_reader(ours, parent)
        self._readers.add(child)
        socket.send_fds(self._control, [MESSAGE.pack(FORK, child, 0)], [theirs.fileno()])
        ours.close()
        theirs.close()

    def _become_reader(self, connection: socket.socket, parent: int) -> None:
        """The life of a reader; does not return."""
        try:
            sys.stderr = os.fdopen(os.dup(2), "w")
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the engine's last words are no help to anybody
            sandbox.die_with_parent(parent)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._control.close()
            os.close(self._woken)
            os.close(self._wake)
            Reader(connection, self._memory).run()
        finally:
            sys.excepthook(*sys.exc_info())
            sys.stderr.flush()
            os._exit(1)  # never back into the loop of the zygote

    def _bury(self) -> None:
        """Tells of every reader that has ended."""
        for reader in tuple(self._readers):
            ended, status = os.waitpid(reader, os.WNOHANG)
            if ended:
                self._readers.remove(reader)
                self._control.sendall(MESSAGE.pack(DIED, reader, status))

"""One task of one reader, from the side of who asks: its clock, its end, and what went wrong."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from kb.errors import EngineDamaged, KnowledgeBaseError
from kb.snapshot import Snapshot
from server.readers.errors import ClientGone, MemoryLimit, ReaderLost, TimeLimit, Unserved, from_head
from server.readers.frames import (
    DATA,
    DONE,
    END,
    ERROR,
    HEAD,
    MORE,
    TASK,
    Abandoned,
    Ended,
    packed,
    pieces,
    unpacked,
)
from server.readers.pool import Pool
from server.readers.presence import find_out
from server.readers.processes import Process
from server.readers.turns import Turn

_TO_DIE: Final = 2.0
"""Seconds in which the end of a reader becomes known."""


class NotWhole(Exception):
    """What has come is not a whole answer: a fault, the end of the reader, or a part of a long one."""


@dataclass(frozen=True)
class Clock:
    """How long a task may take.

    seconds: for which its asker has to wait for it in all; time in which the asker takes nothing does not
    count, nor does waiting for a reader. rest: seconds in which the asker may take nothing. whole: seconds
    until everything was taken.
    """

    seconds: float = 10.0
    rest: float = 30.0
    whole: float = 3600.0


class Work:
    """A task that a reader does. To be used by one thread, and closed."""

    def __init__(
        self,
        pool: Pool,
        client: str,
        snapshot: Snapshot | None,
        clock: Clock,
        connection: int | None = None,
        turn: Turn[Process] | None = None,
    ) -> None:
        """Waits for a reader. connection: of the client; when it closes, the task is given up.

        turn: of a reader that was waited for already. Raises `Busy`.
        """
        self._pool, self._clock, self._connection = pool, clock, connection
        self._folder = None if snapshot is None else str(snapshot.folder)
        self._turn = turn or pool.take(client, clock.seconds, snapshot)
        self._process = self._turn.thing
        self._spent = 0.0
        self._begun = time.monotonic()
        self._resting: float | None = None
        self._over = False
        self._stopped: Unserved | None = None

    def begin(self, task: dict[str, Any], document: bytes | None = None) -> None:
        """Gives the reader its task, and the document that goes with it."""
        frames = self._process.frames
        try:
            frames.send(TASK, packed(task | {"folder": self._folder, "seconds": self._clock.seconds}))
            if self._folder is not None:
                self._process.folder = self._folder
            if document is not None:
                for piece in pieces(document):
                    frames.send(MORE, piece)
                frames.send(END, b"")
        except Ended:
            pass  # what it has said before, or how it ended, is read next

    def head(self) -> tuple[dict[str, Any], bytes]:
        """What the answer is, and its first bytes. With "end" in it that is all, and the work is closed.

        Raises what the reader refuses it with, `TimeLimit`, `MemoryLimit`, `ReaderLost`, `ClientGone`.
        """
        kind, payload = self._receive(find_out)
        try:
            head, data = unpacked(payload)
        except Ended:
            raise self._lost() from None
        if kind == ERROR:
            self._finish(head)
            raise self._refusal(head)
        if kind != HEAD:
            raise self._lost()
        if "end" in head:
            self._finish(head["end"])
        else:
            self._resting = time.monotonic()
            self._pool.watch(self)
        return head, data

    def arrived(self) -> tuple[dict[str, Any], bytes] | None:
        """What `head` gives, if the whole answer is here by now; None while nothing is. Never waits.

        Raises `NotWhole` for all else: `head` then tells what it is.
        """
        frames = self._process.frames
        try:
            message = frames.arrived()
            if message is None:
                return None
            kind, payload = message
            head, data = unpacked(payload)
        except Ended:
            raise NotWhole from None
        if kind == HEAD and "end" in head:
            self._finish(head["end"])
            return head, data
        frames.put_back(kind, payload)
        raise NotWhole

    def fileno(self) -> int:
        """The descriptor on which the answer comes."""
        return self._process.frames.fileno()

    def wait_from_now(self, connection: int | None) -> None:
        """Says that somebody waits for `head` now, who did not so far. connection: see `Work`."""
        self._connection = connection
        self._spent = time.monotonic() - self._begun

    def more(self) -> bytes | dict[str, Any]:
        """More bytes; in the end what the reader says then, and the work is closed. Raises like `head`."""
        self._resting = None
        kind, payload = self._receive()
        if kind == DATA:
            self._resting = time.monotonic()
            return payload
        try:
            head, _ = unpacked(payload)
        except Ended:
            raise self._lost() from None
        self._finish(head)
        if kind == ERROR:
            raise self._refusal(head)
        if kind != DONE:
            raise self._lost()
        return head

    def close(self, reason: str = "client") -> None:
        """Ends the reader at once, unless the task is done."""
        if not self._over:
            self._over = True
            self._pool.unwatch(self)
            self._pool.end(self._turn, usable=False, reason=reason)
            self._process.frames.close()

    def check(self, now: float) -> None:
        """Called from another thread: ends the reader of somebody who takes nothing, or takes too long."""
        resting = self._resting
        if resting is not None and now - resting > self._clock.rest:
            sentence = f"Nothing of the answer was taken for {self._clock.rest:g} seconds."
        elif now - self._begun > self._clock.whole:
            sentence = f"The answer was not taken within {self._clock.whole:g} seconds."
        else:
            return
        self._stopped = TimeLimit(sentence, self._clock.whole)
        self._pool.unwatch(self)
        self._pool.end(self._turn, usable=False, reason="client")

    def _receive(self, when_silent: Callable[[int], None] | None = None) -> tuple[bytes, bytes]:
        """The next message. when_silent: called when the client has said that it sends no more."""
        start = time.monotonic()
        until = start + self._clock.seconds - self._spent
        try:
            return self._process.frames.receive(until, self._connection, when_silent)
        except TimeoutError:
            self.close("time")
            seconds = self._clock.seconds
            raise TimeLimit(f"It took longer than {seconds:g} seconds, the limit here.", seconds) from None
        except Abandoned:
            self.close("client")
            raise ClientGone("The client closed the connection.") from None
        except Ended:
            raise self._lost() from None
        finally:
            self._spent += time.monotonic() - start

    def _refusal(self, head: dict[str, Any]) -> KnowledgeBaseError:
        """What the reader says went wrong."""
        error = from_head(head)
        if isinstance(error, EngineDamaged):
            self._pool.on_damage()
        return error

    def _finish(self, said: dict[str, Any]) -> None:
        """The reader is free for another task, if it can take one."""
        self._over = True
        self._pool.unwatch(self)
        leaves = bool(said.get("leaves"))
        self._pool.end(self._turn, usable=not leaves, reason="grown")
        if leaves:
            self._process.frames.close()

    def _lost(self) -> KnowledgeBaseError:
        """Why the reader ended, as an error."""
        if self._stopped:
            self.close()
            return self._stopped
        self._process.ended.wait(_TO_DIE)
        signalled = self._process.signal
        if signalled == signal.SIGXCPU:
            self.close("time")
            seconds = self._clock.seconds
            return TimeLimit(
                f"It took more than {seconds:g} seconds of processor time, the limit here.", seconds
            )
        if signalled == signal.SIGABRT:
            self.close("memory")
            memory = self._pool.limits.memory
            return MemoryLimit(f"It needed more than {memory >> 20:,} MB of memory, the limit here.", memory)
        self.close("lost")
        if signalled in (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE):
            return ReaderLost("The reader did not survive this: it is nested too deeply, or too long.")
        return ReaderLost("The reader that worked on this was ended; try again.", 1)

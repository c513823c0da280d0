"""Sends an answer while it is being found."""

from __future__ import annotations

import tempfile
import time
from typing import IO, Any, Final

from kb.errors import FolderUnusable
from server.readers.errors import AnswerTooLarge
from server.readers.frames import DATA, DONE, HEAD, Frames, packed, pieces
from server.readers.rows import Rows

CHUNK: Final = 1 << 16
"""Bytes that are sent at once."""

HELD_BACK: Final = 0.25
"""Seconds for which what was found is held back, unless there is a chunk of it sooner.

So a fault at the beginning gets a proper status, and what is found slowly is not kept waiting for long.
"""

_IN_MEMORY: Final = 8 << 20


class Sending:
    """What an answer is written to: the head goes with the first bytes."""

    def __init__(
        self, frames: Frames, head: dict[str, Any], most: int | None = None, rows: Rows | None = None
    ) -> None:
        """most: bytes beyond which the answer is refused; then nothing is sent before all is there.

        rows: counts them, where what is written has rows.
        """
        self.head = head
        self._frames, self._most, self._rows = frames, most, rows
        self._parts: list[bytes] = []
        self._size = 0
        self._kept: IO[bytes] | None = None
        if most is not None:
            self._kept = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed in `finish`
        self._begun = False
        self._since = time.monotonic()

    def write(self, data: bytes) -> int:
        if self._rows is not None:
            self._rows.count(data)
        self._parts.append(bytes(data))
        self._size += len(data)
        if self._size >= CHUNK or time.monotonic() - self._since > HELD_BACK:
            self._pass_on()
        return len(data)

    def flush(self) -> None:
        """The flushes of who writes say nothing about when it is worth sending."""

    def finish(self, end: dict[str, Any]) -> None:
        """Sends what is left, and that it is all."""
        if self._rows is not None:
            end = {**end, "rows": self._rows.total}
        if self._kept is not None:
            self._pass_on()
            self._kept.seek(0)
            while data := self._kept.read(CHUNK):
                self._send(data)
            self._kept.close()
        elif self._begun:
            self._pass_on()
        if self._begun:
            self._frames.send(DONE, packed(end))
        else:
            self._frames.send(HEAD, packed(self.head | {"end": end}, b"".join(self._parts)))

    def _pass_on(self) -> None:
        data = b"".join(self._parts)
        self._parts, self._size = [], 0
        if self._kept is None or self._most is None:
            self._send(data)
            return
        try:
            self._kept.write(data)
        except OSError:
            raise FolderUnusable(
                "There is no room on the disk to hold back an answer of this size."
            ) from None
        if self._kept.tell() > self._most:
            raise AnswerTooLarge(f"The answer has more than {self._most:,} bytes; ask for less of it.")

    def _send(self, data: bytes) -> None:
        for piece in pieces(data):
            if self._begun:
                self._frames.send(DATA, piece)
            else:
                self._frames.send(HEAD, packed(self.head, piece))
                self._begun = True
        self._since = time.monotonic()

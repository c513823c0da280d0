"""Messages over a socket between a reader and who asks it: a kind, a length, and so many bytes.

Readers handle hostile input, so nothing that they send is ever executed or unpickled: heads are JSON, the
rest is bytes, and a message of theirs is no longer than `LONGEST`.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, cast

LONGEST: Final = 1 << 20
"""Bytes of a message of a reader at most."""

TASK, MORE, END, HEAD, DATA, DONE, ERROR, OPEN = b"T", b"M", b"E", b"H", b"D", b"F", b"X", b"O"
"""What a message is. To a reader: a task, more of a document, its end, a state to open when there is time.
From a reader: the head of an answer with its first bytes, more bytes, the end, an error."""

_HEADER: Final = struct.Struct("!cI")
_LENGTH: Final = struct.Struct("!I")
# Less than what the allocator asks the system for anew each time.
_AT_ONCE: Final = 1 << 16
_encoded: Final = json.JSONEncoder(ensure_ascii=False).encode


class Ended(Exception):
    """The other side is gone, or talks nonsense."""


class Abandoned(Exception):
    """The connection that was watched meanwhile was closed by its other side."""


class Frames:
    """Messages over one connected stream socket."""

    def __init__(self, connection: socket.socket, longest: int | None = LONGEST) -> None:
        """longest: bytes of a message that the other side may send, None for any."""
        self._socket = connection
        self._longest = longest
        self._read = bytearray()
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)

    def send(self, kind: bytes, payload: bytes) -> None:
        """Sends a message. Raises `Ended`."""
        try:
            self._socket.sendall(_HEADER.pack(kind, len(payload)) + payload)
        except OSError:
            raise Ended from None

    def receive(
        self,
        until: float | None = None,
        watched: int | None = None,
        find_out: Callable[[int], None] | None = None,
    ) -> tuple[bytes, bytes]:
        """The next message: its kind and its payload.

        until: when to give up, of `time.monotonic`. watched: a connection that must not break meanwhile.
        find_out: called when its other side has said that it sends no more, which alone breaks nothing.
        Raises `TimeoutError`, `Ended` and `Abandoned`.
        """
        while (message := self._message()) is None:
            self._wait(until, watched, find_out)
            try:
                data = self._socket.recv(_AT_ONCE)
            except OSError:
                data = b""
            if not data:
                raise Ended
            self._read += data
        return message

    def arrived(self) -> tuple[bytes, bytes] | None:
        """The next message if all of it has come, without waiting. Raises `Ended`."""
        if (message := self._message()) is not None:
            return message
        try:
            data = self._socket.recv(_AT_ONCE, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None
        except OSError:
            data = b""
        if not data:
            raise Ended
        if not self._read and len(data) >= _HEADER.size:
            kind, length = _HEADER.unpack_from(data)
            if len(data) == _HEADER.size + length and (self._longest is None or length <= self._longest):
                return kind, data[_HEADER.size :]
        self._read += data
        return self._message()

    def put_back(self, kind: bytes, payload: bytes) -> None:
        """Has a message that was taken come again."""
        self._read[:0] = _HEADER.pack(kind, len(payload)) + payload

    def fileno(self) -> int:
        """The descriptor on which messages come."""
        return self._socket.fileno()

    def _message(self) -> tuple[bytes, bytes] | None:
        read = self._read
        if len(read) < _HEADER.size:
            return None
        kind, length = _HEADER.unpack_from(read)
        if self._longest is not None and length > self._longest:
            raise Ended
        end = _HEADER.size + length
        if len(read) < end:
            return None
        payload = bytes(memoryview(read)[_HEADER.size : end])
        del read[:end]
        return kind, payload

    def _wait(self, until: float | None, watched: int | None, find_out: Callable[[int], None] | None) -> None:
        """Until something can be read."""
        if watched is None and until is None:
            return  # reading waits too
        if watched is None:
            self._wait_for(self._poll, until)
            return
        both = select.poll()
        both.register(self._socket, select.POLLIN)
        both.register(watched, select.POLLRDHUP if find_out else 0)
        while self._socket.fileno() not in (ready := self._wait_for(both, until)):
            if find_out is None or ready[watched] & ~select.POLLRDHUP:
                raise Abandoned
            both.modify(watched, 0)  # that it breaks is always told
            find_out(watched)

    @staticmethod
    def _wait_for(poll: select.poll, until: float | None) -> dict[int, int]:
        left = None if until is None else max(0.0, until - time.monotonic()) * 1000
        ready = dict(poll.poll(left))
        if not ready:
            raise TimeoutError
        return ready

    @property
    def is_quiet(self) -> bool:
        """Whether the other side is there and has sent nothing."""
        return not self._read and not self._poll.poll(0)

    def close(self) -> None:
        """Closes the socket; the other side finds it ended."""
        self._socket.close()


def packed(head: dict[str, Any], data: bytes = b"") -> bytes:
    """A JSON head and bytes as one payload."""
    text = _encoded(head).encode(errors="replace")
    return _LENGTH.pack(len(text)) + text + data


def unpacked(payload: bytes) -> tuple[dict[str, Any], bytes]:
    """What `packed` put together. Raises `Ended` when it is something else."""
    try:
        (length,) = _LENGTH.unpack_from(payload)
        head = json.loads(payload[_LENGTH.size : _LENGTH.size + length])
    except (struct.error, ValueError, RecursionError):
        raise Ended from None
    if not isinstance(head, dict):
        raise Ended
    return cast(dict[str, Any], head), payload[_LENGTH.size + length :]


def pieces(data: bytes) -> Iterator[bytes]:
    """`data` cut into pieces that fit into a message, also with a head."""
    for start in range(0, len(data), LONGEST // 2):
        yield data[start : start + LONGEST // 2]

"""gunicorn's threads, kept from clients that send slowly or not at all.

A thread is given to a request when its head is there, not before: until then the connection waits where
thousands can wait. A body must keep coming. A proxy in front that buffers does all this better; this is for
when there is none.
"""

from __future__ import annotations

import json
import logging
import re
import socket
import struct
import time
from contextlib import suppress
from errno import ECONNRESET
from http import HTTPStatus
from typing import Any, Final

# The stubs are of an older gunicorn.
from gunicorn.http.errors import (  # type: ignore[attr-defined]
    ConfigurationProblem,
    ExpectationFailed,
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
    UnsupportedTransferCoding,
)
from gunicorn.util import write_nonblock
from gunicorn.workers import gthread

from server.request_log import HEADER, id_of

HEAD_SECONDS = 15.0
"""How long the head of a request may take, from when its first part was seen."""

BODY_SECONDS = 20.0
"""How long a body may pause, or take beyond its size at `BODY_RATE`."""

BODY_RATE: Final = 10_000
"""Bytes a second that a body must come at, on the whole."""

SEND_SECONDS: Final = 60
"""How long a client may leave an answer unread before the connection is cut."""

LINE_BYTES: Final = 8190
FIELDS: Final = 100
FIELD_BYTES: Final = 8190

_PEEKED: Final = 65_536
_BARE_LINE_END: Final = re.compile(rb"(?<!\r)\n")
_LOG = logging.getLogger("regiolink.request")

_OUR_FAULT: Final = (ConfigurationProblem, InvalidResponseHeader, InvalidResponseHeaderName)
_REFUSED: Final[dict[type[ParseException], tuple[int, str]]] = {
    LimitRequestLine: (
        414,
        f"The address of a request may have {LINE_BYTES:,} bytes; send a long query by POST.",
    ),
    LimitRequestHeaders: (431, f"A request may have {FIELDS} headers of {FIELD_BYTES:,} bytes each."),
    UnsupportedTransferCoding: (501, "This transfer encoding is not understood here."),
    ExpectationFailed: (417, "No expectation but 100-continue is met here."),
    ParseException: (400, "This is not a request as HTTP has it."),
}


class PatientWorker(gthread.ThreadWorker):
    """gunicorn's thread worker, which waits for the head of a request without a thread.

    It leans on three inner names of gunicorn 27: `_DEFER`, `pending_conns` and `_cap_keepalive`.
    """

    def handle(self, conn: Any) -> Any:
        """What a thread does with a connection on which something has come."""
        head = _Head.of(conn)
        # A worker that is to stop takes what has begun, and waits for its rest in a thread.
        if self.alive and not head.can_be_read():
            if head.is_late():
                _refuse(conn.sock, conn.client, 408, "The request did not arrive in time.", "HeadTooSlow")
                return False
            # Back to where connections wait, until more comes.
            return gthread._DEFER  # type: ignore[attr-defined]
        conn.head = None
        if head.nothing_comes:
            return False
        conn.data_ready = True
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_SECONDS, 0))
        conn.init()
        conn.parser.unreader.sock = _Receiving(conn.sock)
        return super().handle(conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answers what is no request with a problem, and logs it."""
        if not isinstance(exc, ParseException) or isinstance(exc, _OUR_FAULT):
            super().handle_error(req, client, addr, exc)
            return
        status, detail = next(_REFUSED[kind] for kind in type(exc).__mro__ if kind in _REFUSED)
        _refuse(client, addr, status, detail, type(exc).__name__)

    def _cap_keepalive(self, deadline: float) -> None:
        """When the worker is to stop: refuses new connections, and lets go of those that nothing came on."""
        for listener in self.sockets:
            # Else the system would go on taking connections that nobody answers.
            listener.close()
        super()._cap_keepalive(deadline)  # type: ignore[misc]
        for conn in [waiting for waiting in self.pending_conns if not _Head.of(waiting).seen]:
            self.pending_conns.remove(conn)
            self.poller.unregister(conn.sock)
            self.nr_conns -= 1
            conn.close()


class _Head:
    """The head of the next request on a connection, as far as it has come.

    seen: bytes of it. nothing_comes: whether the client has closed without sending anything of it.
    """

    def __init__(self, conn: Any) -> None:
        self._conn = conn
        self._began = time.monotonic()
        self.seen = 0
        self.nothing_comes = False

    @classmethod
    def of(cls, conn: Any) -> _Head:
        """That of a connection, which keeps it between two calls."""
        if getattr(conn, "head", None) is None:
            conn.head = cls(conn)
        return conn.head  # type: ignore[no-any-return]

    def can_be_read(self) -> bool:
        """Whether it has come whole or can be judged already; else the connection is set to wait for more."""
        conn = self._conn
        try:
            waiting = conn.sock.recv(_PEEKED, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            waiting = None
        except OSError:
            return True
        come = (conn.parser.unreader.buf.getvalue() if conn.parser else b"") + (waiting or b"")
        self.nothing_comes = waiting == b"" and not come
        no_more_comes = waiting is not None and len(come) == self.seen
        if no_more_comes or _can_be_judged(come):
            return True
        if not self.seen:
            self._began = time.monotonic()
        self.seen = len(come)
        # From now on the connection counts as readable when there is more than that.
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, len(waiting or b"") + 1)
        return False

    def is_late(self) -> bool:
        """Whether it has taken longer than it may."""
        return bool(self.seen) and time.monotonic() - self._began > HEAD_SECONDS


def _can_be_judged(come: bytes) -> bool:
    too_long = len(come) >= _PEEKED or (b"\r\n" not in come and len(come) > LINE_BYTES + 2)
    return b"\r\n\r\n" in come or too_long or _BARE_LINE_END.search(come) is not None


class _Receiving:
    """What gunicorn reads a request from: the socket, as long as the body keeps coming."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._until = time.monotonic() + BODY_SECONDS
        self._timeout: float | None = None

    def recv(self, size: int) -> bytes:
        """At most `size` bytes.

        Raises `TimeoutError` when they come too slowly, and `ConnectionResetError` when no more come: else
        gunicorn would hand on a body that was cut off as if it were whole.
        """
        left = self._until - time.monotonic()
        if self._timeout is not None:
            left = min(left, self._timeout)
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        try:
            come = self._sock.recv(size)
        finally:
            self._sock.settimeout(None)
        if not come:
            raise ConnectionResetError(ECONNRESET, "The client closed before it had sent all.")
        self._until = min(self._until + len(come) / BODY_RATE, time.monotonic() + BODY_SECONDS)
        return come

    def gettimeout(self) -> float | None:
        """As of a socket."""
        return self._timeout

    def settimeout(self, seconds: float | None) -> None:
        """As of a socket; a shorter time than ours counts."""
        self._timeout = seconds


def _refuse(client: Any, addr: Any, status: int, detail: str, why: str) -> None:
    """Answers with a problem what never reaches the application, and logs it."""
    made = id_of({})
    facts = {"id": made, "client": addr[0] if addr else "", "status": status, "refused": why}
    _LOG.info("request", extra={"facts": facts})
    phrase = HTTPStatus(status).phrase
    body = json.dumps({"type": "about:blank", "title": phrase, "status": status, "detail": detail}) + "\n"
    head = (
        f"HTTP/1.1 {status} {phrase}\r\nConnection: close\r\n{HEADER}: {made}\r\n"
        f"Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with suppress(OSError):
        write_nonblock(client, (head + body).encode("ascii"))

"""gunicorn's worker, which answers short questions itself and leaves all others to its threads.

A thread for each request costs more than a short question does: it is woken, waits for Python's lock at each
call to the system, and wakes the next one. So the thread that waits for all connections reads such a request,
gives it to a reader, and writes the answer when the reader has found it; meanwhile it looks after the others.
Whatever turns out to be more than that (a fault, a long answer, a client that goes away or takes its answer
slowly) is given to a thread, with all that was done for it so far.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from selectors import EVENT_READ
from socket import MSG_PEEK
from threading import get_ident
from typing import Any, Final

from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER  # type: ignore[attr-defined]

from kb.errors import KnowledgeBaseError
from server.prompt import MOST, Asked, Prompt
from server.readers.begun import Begun
from server.readers.work import NotWhole
from server.slow_clients import PatientWorker

LOOK: Final = 0.05
"""Seconds after which questions under way are looked at, when nothing happens."""


@dataclass(eq=False, slots=True)
class _Flight:
    """A question under way. begun: None before it is. watched: the descriptor that its answer comes on.

    deaf: whether its client has sent more already, which has to wait.
    """

    conn: Any
    asked: Asked
    begun: Begun | None = None
    watched: int | None = None
    deaf: bool = False


@dataclass(slots=True)
class _Flights:
    """The questions under way by their connections, and those whose turn has come."""

    by_connection: dict[Any, _Flight] = field(default_factory=dict)
    told: deque[_Flight] = field(default_factory=deque)
    looked: float = 0.0


class PromptWorker(PatientWorker):
    """It leans on these inner names of gunicorn 27: `poller`, `keepalived_conns`, `method_queue`, `tpool`,
    `finish_request`, `enqueue_req`, and how they go together.
    """

    def run(self) -> None:
        """As gunicorn's, in the thread that waits for all connections."""
        self._prompt: Prompt | None = getattr(self.wsgi, "extensions", {}).get("prompt")
        if self._prompt is not None:
            self._prompt.use(self.cfg)
        self._flights = _Flights()
        self._own_thread = get_ident()
        super().run()

    # -- what happens on a connection ----------------------------------------------------------------------

    def on_client_socket_readable(self, conn: Any, client: Any) -> None:
        """Something has come on a connection that is kept."""
        flight = self._flights.by_connection.get(conn)
        if flight is not None:
            self._heard(flight)
            return
        asked = self._read(conn)
        if asked is None:
            super().on_client_socket_readable(conn, client)
            return
        self.keepalived_conns.remove(conn)
        self._answer(conn, asked)

    def _read(self, conn: Any) -> Asked | None:
        """The question that has come, None when there is none; then what was taken is put back."""
        if self._prompt is None or not self.alive:
            return None
        try:
            data = conn.sock.recv(MOST + 1)
        except OSError:
            return None
        asked = self._prompt.read(data, conn.client[0])
        if asked is None or not self._prompt.may_ask(asked):
            conn.parser.unreader.unread(data)
            return None
        return asked

    def _answer(self, conn: Any, asked: Asked) -> None:
        assert self._prompt is not None
        kept = self._prompt.kept(asked)
        if kept is not None:
            self._send(conn, asked, kept)
            return
        flight = _Flight(conn, asked)
        self._flights.by_connection[conn] = flight
        try:
            flight.begun = self._prompt.begin(asked, partial(self._tell, flight))
        except KnowledgeBaseError:
            self._leave(flight)
            return
        self._go_on(flight)

    def _heard(self, flight: _Flight) -> None:
        """The client of a question under way has sent more, or has gone."""
        try:
            gone = not flight.conn.sock.recv(1, MSG_PEEK)
        except BlockingIOError:
            return
        except OSError:
            gone = True
        if gone:
            self._leave(flight)
        else:
            self.poller.unregister(flight.conn.sock)
            flight.deaf = True

    # -- what becomes of a question ------------------------------------------------------------------------

    def _tell(self, flight: _Flight) -> None:
        """Called by any thread: the turn of a question has come."""
        self._flights.told.append(flight)
        if get_ident() != self._own_thread:
            self.method_queue.defer(self._go_on_with_told)

    def _go_on_with_told(self) -> None:
        told = self._flights.told
        while told:
            flight = told.popleft()
            if self._flights.by_connection.get(flight.conn) is flight:
                self._go_on(flight)

    def _go_on(self, flight: _Flight) -> None:
        """Takes the next step with a question: gives it to a reader, or its client the answer."""
        begun = flight.begun
        if begun is None or self._prompt is None:
            return  # its turn came before it was known here; the step comes next
        try:
            found = begun.go_on()
        except (NotWhole, KnowledgeBaseError):
            self._leave(flight)
            return
        if found is not None:
            self._unwatch(flight)
            del self._flights.by_connection[flight.conn]
            self._send(flight.conn, flight.asked, self._prompt.answer(flight.asked, found), flight.deaf)
        elif flight.watched is None and (descriptor := begun.fileno()) is not None:
            flight.watched = descriptor
            self.poller.register(descriptor, EVENT_READ, partial(self._come, flight))

    def _come(self, flight: _Flight, _descriptor: int) -> None:
        """A reader has sent something."""
        self._go_on(flight)
        self._go_on_with_told()  # it may be free for the next one

    def _leave(self, flight: _Flight) -> None:
        """Gives a question to a thread, which reads the request again and takes up what was begun."""
        assert self._prompt is not None
        self._unwatch(flight)
        conn = flight.conn
        del self._flights.by_connection[conn]
        if not flight.deaf:
            self.poller.unregister(conn.sock)
        conn.parser.unreader.unread(flight.asked.data)
        self._prompt.hand_over(flight.asked, flight.begun, conn.sock.fileno())
        self.enqueue_req(conn)

    def _unwatch(self, flight: _Flight) -> None:
        if flight.watched is not None:
            self.poller.unregister(flight.watched)
            flight.watched = None

    def _send(self, conn: Any, asked: Asked, answer: bytes, deaf: bool = False) -> None:
        """Sends an answer, and waits for the next request; what the client does not take, a thread sends."""
        assert self._prompt is not None
        try:
            sent = conn.sock.send(answer)
        except BlockingIOError:
            sent = 0
        except OSError:
            sent = -1
        if sent == len(answer):
            self._prompt.done(asked, answer, whole=True)
            self._keep(conn, deaf)
            return
        if not deaf:
            self.poller.unregister(conn.sock)
        task = self.tpool.submit(self._send_rest, conn, asked, answer, sent)
        task.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, conn, done))

    def _keep(self, conn: Any, deaf: bool) -> None:
        """As when gunicorn has answered: waits for the next request on a connection."""
        conn.set_timeout()
        if not self.alive:
            conn.timeout = min(conn.timeout, time.monotonic() + STOP_KEEPALIVE_LINGER)
        self.keepalived_conns.append(conn)
        if deaf:
            self.poller.register(conn.sock, EVENT_READ, partial(self.on_client_socket_readable, conn))

    def _send_rest(self, conn: Any, asked: Asked, answer: bytes, sent: int) -> bool:
        """In a thread. sent: bytes of the answer that are on their way, -1 when the client has gone."""
        assert self._prompt is not None
        whole = False
        try:
            if sent >= 0:
                conn.sock.setblocking(True)
                conn.sock.sendall(memoryview(answer)[sent:])
                whole = True
        except OSError:
            pass  # it has gone, or has taken nothing for long
        self._prompt.done(asked, answer, whole=whole)
        return whole

    # -- around what gunicorn does -------------------------------------------------------------------------

    def wait_for_and_dispatch_events(self, timeout: float | None) -> None:
        """As gunicorn's; then goes on with questions under way, and leaves those that take long."""
        flights = self._flights
        super().wait_for_and_dispatch_events(LOOK if flights.by_connection else timeout)
        self._go_on_with_told()
        now = time.monotonic()
        if now - flights.looked > LOOK:
            flights.looked = now
            for flight in tuple(flights.by_connection.values()):
                if flight.begun is not None and flight.begun.is_late(now):
                    self._leave(flight)

    def handle(self, conn: Any) -> Any:
        """As of `PatientWorker`, in a thread."""
        connection = conn.sock.fileno()
        try:
            return super().handle(conn)
        finally:
            if self._prompt is not None:
                self._prompt.forget(connection)

"""Short questions, read from the bytes of a request and answered with bytes: the way that most requests take.

It is a short cut and no other door: what may be asked, how much and by whom, in which form, from which state
and with which headers is decided by the same functions as for all other requests, and whatever is out of the
ordinary is left to these. A request is read here only when it is a GET of /sparql with a query and nothing
else, without a name and without a condition, and an answer is written only when it is whole.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache, partial
from typing import Any, Final, Protocol

from gunicorn.http.errors import ParseException
from gunicorn.http.parser import RequestParser

from kb.errors import KnowledgeBaseError
from kb.snapshot import Snapshot
from kb.sparql_text import ANONYMOUS
from server import metrics
from server.answers import content_type, headers_of_state, shared
from server.backend import Backend
from server.caching import Kept, tag
from server.cross_origin import OTHERWISE
from server.front import Front
from server.guard import GUARD
from server.hosts import refuse_wrong_host
from server.protocol import QueryAsked, read_query
from server.readers.begun import Begun, Whole
from server.readers.tasks import Question
from server.request_log import HEADER, Done, id_of, log
from server.settings import Settings
from server.sparql import read

MOST: Final = 4_096
"""Bytes of a request that is read here; weighing a longer text would keep the others waiting."""

_MOST_KEPT: Final = 65_536
_HEADS: Final = 1_000
_REQUEST: Final = re.compile(
    rb"GET /sparql\?(query=[A-Za-z0-9%+._~!*'():;,/?@$-]*) HTTP/1\.1\r\n((?:[^\r\n]+\r\n)+)\r\n"
)
# What makes a request more than a question: each is looked at on the other way.
_MORE: Final = frozenset(
    (
        "HTTP_ACCEPT_DATETIME",
        "HTTP_AUTHORIZATION",
        "HTTP_CONTENT_LENGTH",
        "HTTP_EXPECT",
        "HTTP_IF_NONE_MATCH",
        "HTTP_TRANSFER_ENCODING",
        "HTTP_UPGRADE",
    )
)
_ALWAYS: Final = "".join(f"{name}: {value}\r\n" for name, value in {**GUARD, **OTHERWISE}.items())


class Reads(Protocol):
    """Answers questions without waiting; see `server.query_service`."""

    def begin(self, question: Question, client: str, state: Snapshot, told: Callable[[], None]) -> Begun:
        """Begins a question. Raises `Busy`."""

    def hand_over(self, connection: int, question: Question, begun: Begun) -> None:
        """Leaves it to who asks it next for a connection."""

    def forget(self, connection: int) -> None:
        """Gives up what was handed over and not asked for."""


@dataclass(frozen=True, slots=True)
class _Head:
    """What the headers of a request say. id: the one that a proxy gave it, if any."""

    client: str
    accept: str | None
    id: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was read. data: its bytes. began: when, of `time.perf_counter`."""

    data: bytes
    began: float
    id: str
    client: str
    question: Question
    media: str
    state: Snapshot
    entity_tag: str


class Prompt:
    """Reads requests and writes answers, for one thread; `done` may be called by any."""

    def __init__(self, backend: Backend, reads: Reads, front: Front, settings: Settings) -> None:
        self._backend, self._reads, self._front = backend, reads, front
        self._settings = settings
        self._head = lru_cache(maxsize=_HEADS)(self._read_head)
        self._parser: Any = None

    def use(self, config: Any) -> None:
        """Has requests read as these settings of gunicorn say; to be called before `read`."""
        self._parser = partial(RequestParser, config)

    def read(self, data: bytes, peer: str) -> Asked | None:
        """What is asked by the bytes that have come from `peer`; None when it is to be read the other way."""
        began = time.perf_counter()
        found = _REQUEST.fullmatch(data) if len(data) <= MOST else None
        head = self._head(found[2], peer) if found else None
        if found is None or head is None:
            return None
        try:
            asked, _ = read_query(found[1])
            assert isinstance(asked, QueryAsked)
            reading = read(self._backend, asked, head.accept, ANONYMOUS)
        except KnowledgeBaseError:
            return None
        state = self._backend.known()
        if state is None or reading.known.volatile:
            return None
        media = reading.choice[0]
        made = head.id or id_of({})
        entity_tag = tag(state, media, *reading.of)
        return Asked(data, began, made, head.client, reading.question, media, state, entity_tag)

    def may_ask(self, asked: Asked) -> bool:
        """Counts the request. Out: whether its client may make so many; to be asked just once."""
        return self._front.counts is None or self._front.counts(asked.client)

    def kept(self, asked: Asked) -> bytes | None:
        """The whole answer over HTTP, where it was given before."""
        kept = self._backend.cache.get(asked.entity_tag)
        if kept is None or len(kept.body) > _MOST_KEPT:
            return None
        return self._written(asked, kept.headers, kept.body)

    def begin(self, asked: Asked, told: Callable[[], None]) -> Begun:
        """Begins to look for the answer. told: see `Begun`. Raises `KnowledgeBaseError`."""
        return self._reads.begin(asked.question, asked.client, asked.state, told)

    def answer(self, asked: Asked, found: Whole) -> bytes:
        """The whole answer over HTTP."""
        metrics.rows_given(found.rows)
        self._backend.cache.put(asked.entity_tag, Kept((), found.body))
        return self._written(asked, (), found.body)

    def done(self, asked: Asked, answer: bytes, *, whole: bool) -> None:
        """Logs and counts a request whose answer was sent. whole: to its end."""
        facts: dict[str, object] = {"endpoint": "sparql.sparql", "asks": "query"}
        if self._settings.log_queries:
            facts["query"] = asked.question.text
        size = len(answer) - answer.index(b"\r\n\r\n") - 4
        seconds = time.perf_counter() - asked.began
        over = Done(asked.id, asked.client, "GET", "/sparql", 200, size, seconds, whole, facts)
        self._front.count(over)
        log(over)

    def hand_over(self, asked: Asked, begun: Begun | None, connection: int) -> None:
        """Leaves a question to the other way, on which the same request comes once more."""
        self._front.counted.add(connection)
        if begun is not None:
            self._reads.hand_over(connection, asked.question, begun)

    def forget(self, connection: int) -> None:
        """Says that the request of a connection has gone the other way to its end."""
        self._front.counted.discard(connection)
        self._reads.forget(connection)

    def _written(self, asked: Asked, extra: Iterable[tuple[str, str]], body: bytes) -> bytes:
        told = headers_of_state(asked.state, asked.entity_tag, shared(self._backend))
        told += [("Content-Type", content_type(asked.media)), *extra]
        named = "".join([f"{name}: {value}\r\n" for name, value in told])
        head = (
            f"HTTP/1.1 200 OK\r\nServer: gunicorn\r\nDate: {_date(int(time.time()))}\r\n"
            f"Connection: keep-alive\r\n{named}Content-Length: {len(body)}\r\n{_ALWAYS}"
            f"{HEADER}: {asked.id}\r\n\r\n"
        )
        return head.encode("latin-1") + body

    def _read_head(self, lines: bytes, peer: str) -> _Head | None:
        """What a block of headers says, as gunicorn reads it; None when it says more than is read here."""
        try:
            parsed = next(self._parser(iter([b"GET / HTTP/1.1\r\n", lines, b"\r\n"]), (peer, 0)))
        except (ParseException, StopIteration):
            return None
        environ: dict[str, Any] = {f"HTTP_{name.replace('-', '_')}": value for name, value in parsed.headers}
        if len(environ) < len(parsed.headers) or not _MORE.isdisjoint(environ):
            return None
        if environ.get("HTTP_CONNECTION", "keep-alive").lower() != "keep-alive":
            return None
        environ["REMOTE_ADDR"] = peer
        self._front.put_right(environ)
        try:
            refuse_wrong_host(environ.get("HTTP_HOST"), "HTTP/1.1", self._settings.trusted_hosts)
        except KnowledgeBaseError:
            return None
        given = environ.get("HTTP_X_REQUEST_ID", "")
        own = given if id_of(environ) == given else None
        return _Head(environ["REMOTE_ADDR"], environ.get("HTTP_ACCEPT"), own)


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)

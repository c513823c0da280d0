"""One line of log a request, with an id that the answer carries too; and how all lines are written."""

from __future__ import annotations

import json
import logging
import re
import select
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from random import getrandbits
from typing import TYPE_CHECKING, Any

from flask import request

from kb.errors import KnowledgeBaseError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HEADER = "X-Request-Id"

LOG_QUERIES = "regiolink.log_queries"
"""What the environment of a request holds when the text of queries is to be logged."""

_AS_JSON = json.JSONEncoder(default=str).encode
_LOG = logging.getLogger("regiolink.request")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SECRET = re.compile(r"rgl_[A-Za-z0-9_-]+")
_FACTS = "regiolink.facts"
# A pipe that says it has room takes 4,096 bytes without waiting; a line is best shorter than that.
_LONGEST = {"path": 200, "query": 1500}
_LONGEST_OTHER = 400
_LONGEST_ERROR = 2000


class _Line(logging.Formatter):
    """A record as facts: time, level and message first, then what was given as `extra={"facts": …}`."""

    def facts(self, record: logging.LogRecord) -> dict[str, Any]:
        time_told = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        found = {
            "time": time_told.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "message": record.getMessage()[:_LONGEST_OTHER],
            **{name: _cut(name, value) for name, value in getattr(record, "facts", {}).items()},
        }
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, KnowledgeBaseError):
            # Foreseen, and its sentence says it all.
            found["error"] = str(error)
        elif record.exc_info:
            # The end of a trace tells more than its beginning.
            found["error"] = self.formatException(record.exc_info)[-_LONGEST_ERROR:]
        return found


class JsonLine(_Line):
    """A record as one line of JSON in ASCII, so that nothing in it can end the line or move the cursor."""

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(_AS_JSON(self.facts(record)))


class TextLine(_Line):
    """A record as one line for people, and the trace of an unforeseen error below it."""

    def format(self, record: logging.LogRecord) -> str:
        found = self.facts(record)
        error = found.pop("error", "")
        rest = " ".join(
            f"{name}={_plain(value)}"
            for name, value in found.items()
            if name not in ("time", "level", "message") and value is not None
        )
        level = "" if found["level"] == "info" else f"{found['level'].upper()} "
        line = f"{found['time']} {level}{_plain(found['message'])} {rest}".rstrip()
        return without_secrets(f"{line}\n{error}" if error else line)


class ImpatientHandler(logging.StreamHandler[Any]):
    """Writes to standard error, and drops what it cannot write at once: a log that nobody reads must not
    stop the service. The next line that can be written says how many were dropped.
    """

    dropped = 0

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self._waiting: tuple[object, select.poll | None] | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if not self._takes_a_line():
            self.dropped += 1
            return
        if self.dropped:
            record.__dict__["facts"] = {**getattr(record, "facts", {}), "dropped_before": self.dropped}
            self.dropped = 0
        super().emit(record)

    def _takes_a_line(self) -> bool:
        if self._waiting is None or self._waiting[0] is not self.stream:
            self._waiting = (self.stream, _poll_of(self.stream))
        poll = self._waiting[1]
        return poll is None or bool(poll.poll(0))


def configure(how: str) -> None:
    """Sends all logs of this process to standard error. how: "json", "text", or "off" for errors alone."""
    handler = ImpatientHandler()
    handler.setFormatter(JsonLine() if how == "json" else TextLine())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("regiolink").setLevel(logging.WARNING if how == "off" else logging.INFO)


def without_secrets(text: str) -> str:
    """`text` without tokens, which people send in the wrong place at times.

    >>> without_secrets("GET /?token=rgl_4fKx9aQ2-_x HTTP/1.1")
    'GET /?token=rgl_… HTTP/1.1'
    """
    return _SECRET.sub("rgl_…", text)


def note(**facts: str | int | float | bool | None) -> None:
    """Adds facts to the log line of the request at hand, such as the revision that was read."""
    request.environ.setdefault(_FACTS, {}).update(facts)


def note_query(text: str) -> None:
    """Adds the text of the query of the request at hand, where the setting `log_queries` says so."""
    if request.environ.get(LOG_QUERIES):
        note(query=text)


def id_of(environ: WSGIEnvironment) -> str:
    """The id of a request: the one that a proxy gave it when it is well formed, else a new one."""
    given = environ.get("HTTP_X_REQUEST_ID", "")
    # No secret; what the system gives as one costs a call to it.
    return given if given and _ID.fullmatch(given) else f"{getrandbits(128):032x}"


@dataclass(frozen=True)
class Done:
    """A request that is over. id: see `id_of`. client: its address. size: bytes of the answer's body.

    seconds: it took in all. whole: whether the answer was sent to its end. facts: what was noted about it.
    """

    id: str
    client: str | None
    method: str
    path: str
    status: int
    size: int
    seconds: float
    whole: bool
    facts: Mapping[str, Any]


def log(done: Done) -> None:
    """Writes the line of a request."""
    if not _LOG.isEnabledFor(logging.INFO):
        return
    told = {
        "id": done.id,
        "client": done.client,
        "method": done.method,
        "path": done.path,
        "status": done.status,
        "bytes": done.size,
        "ms": round(done.seconds * 1000, 1),
        **({} if done.whole else {"cut": True}),
        **done.facts,
    }
    _LOG.info("request", extra={"facts": told})


class RequestLog:
    """Middleware: gives each request an id, and logs it when its answer has been sent or was cut.

    done: told of each request when it is over.
    """

    def __init__(self, app: WSGIApplication, done: Callable[[Done], None]) -> None:
        self._app = app
        self._done = done

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        began = time.perf_counter()
        environ["HTTP_X_REQUEST_ID"] = made = id_of(environ)
        facts: dict[str, Any] = environ.setdefault(_FACTS, {})
        sent = {"status": 500, "bytes": 0}

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            sent["status"] = int(status[:3])
            return start_response(status, [*headers, (HEADER, made)], exc_info)

        def finished(whole: bool) -> None:
            done = Done(
                made,
                environ.get("REMOTE_ADDR"),
                environ["REQUEST_METHOD"],
                environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace"),
                sent["status"],
                sent["bytes"],
                time.perf_counter() - began,
                whole,
                facts,
            )
            self._done(done)
            log(done)

        try:
            answer = self._app(environ, start)
        except BaseException:
            finished(whole=False)
            raise
        return _Counted(answer, sent, facts, finished)


class _Counted:
    """The parts of an answer; counts their bytes, and tells when it is closed whether all were taken."""

    def __init__(
        self,
        answer: Iterable[bytes],
        sent: dict[str, int],
        facts: dict[str, Any],
        finished: Callable[[bool], None],
    ) -> None:
        self._answer, self._sent, self._facts, self._finished = answer, sent, facts, finished
        self._whole = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            for part in self._answer:
                self._sent["bytes"] += len(part)
                yield part
        except KnowledgeBaseError as error:
            self._facts["why"] = str(error)
            raise
        self._whole = True

    def close(self) -> None:
        try:
            close = getattr(self._answer, "close", None)
            if close is not None:
                close()
        finally:
            self._finished(self._whole)


def _plain(value: object) -> str:
    """A value without blanks and without characters that could pass for another line."""
    text = str(value)
    return text if re.fullmatch(r"[!-~]+", text) and '"' not in text else json.dumps(text)


def _cut(name: str, value: object) -> object:
    if not isinstance(value, str) or len(value) <= (most := _LONGEST.get(name, _LONGEST_OTHER)):
        return value
    return f"{value[:most]}… ({len(value):,} characters)"


def _poll_of(stream: Any) -> select.poll | None:
    """What tells whether a stream takes more; None for one that is no file of the system, as in tests."""
    made = select.poll()
    try:
        made.register(stream, select.POLLOUT)
    except (OSError, ValueError, TypeError):
        return None
    return made

"""What every request passes before it reaches an address: who and where from, how often, and the log."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any

from flask import Flask, Request, Response, g, request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix

from kb.folder import DataFolder
from kb.ledger.ledger import Ledger
from kb.ledger.people import People
from kb.permissions import Forbidden
from server import limiting, metrics, readiness
from server.authorisation import Authorisation
from server.hosts import is_from_this_machine, refuse_wrong_host
from server.problems import problem
from server.protocol import UnsupportedMedia
from server.readiness import Readiness
from server.request_log import LOG_QUERIES, Done, RequestLog, note
from server.settings import Settings, ledger_place

ANONYMOUS_BODY = 1_000_000
"""Bytes that the body of a request without a token may have."""

_OUTCOMES = {
    "TimeLimit": "deadline",
    "MemoryLimit": "memory",
    "Busy": "busy",
    "ReaderLost": "crash",
    "ClientGone": "gone",
    "AnswerTooLarge": "too-large",
}
"""What came of a query by the error that it ended with; for all others the status tells enough."""

_FOR_OPERATORS = ("readiness.healthz", "readiness.readyz", "metrics")


@dataclass
class Front:
    """What is behind it uses. readiness: add the parts that the service needs.

    For what comes in beside it (`server.prompt`): put_right: puts the address of the client in an environment
    right for the proxies that are known; counts: holds a client to the rate, None without one; counted: the
    descriptors of connections whose request was counted by that; count: tells the metrics.
    """

    authorisation: Authorisation
    readiness: Readiness
    put_right: Callable[[dict[str, Any]], object] = lambda _environ: None
    counts: limiting.Counts | None = None
    counted: set[int] = field(default_factory=set)

    @staticmethod
    def count(done: Done) -> None:
        """Tells the metrics of a request that is over."""
        _count(done)


def install(app: Flask, settings: Settings) -> Front:
    """Puts the front before `app`; to be called before its addresses are registered."""
    ledger = _LateLedger(settings)
    front = Front(Authorisation(ledger.people), Readiness())
    front.readiness.add("ledger", ledger.probe)
    # An address is what its rule says; an address that redirects would repeat the header Host.
    app.url_map.merge_slashes = False
    app.before_request(partial(_greet, front.authorisation, settings))
    if settings.rate_limit:
        key = partial(_client, front.authorisation)
        front.counts = limiting.register(app, settings.rate_limit, key, partial(_is_exempt, front.counted))
    app.register_blueprint(readiness.blueprint(front.readiness, _may_look_inside))

    @app.get("/metrics", endpoint="metrics")
    def metrics_page() -> Response:
        if not (settings.metrics_open or _may_look_inside()):
            raise Forbidden("The metrics are for the machine that the service runs on.")
        return Response(metrics.text(), content_type=metrics.MEDIA)

    app.wsgi_app = RequestLog(app.wsgi_app, _count)  # type: ignore[method-assign]
    _word_refusals(app)
    if settings.proxies:
        behind = partial(ProxyFix, x_for=settings.proxies, x_proto=settings.proxies)
        app.wsgi_app = behind(app.wsgi_app)  # type: ignore[method-assign]
        front.put_right = lambda environ: behind(_nothing)(environ, _nothing)
    return front


def _nothing(*_: object) -> Any:
    """What is behind a proxy when nothing but its headers is looked at."""
    return ()


def _count(done: Done) -> None:
    """Tells the metrics of a request that is over."""
    endpoint = str(done.facts.get("endpoint") or "other")
    metrics.request_done(done.method, endpoint, done.status, done.seconds)
    if done.facts.get("asks") == "query":
        metrics.query_done(_outcome(done), done.seconds, done.size)


def _outcome(done: Done) -> str:
    """What came of a query, in one word."""
    if done.status < 400:
        return "answered" if done.whole else "cut"
    error = done.facts.get("error")
    return _OUTCOMES.get(str(error), "failed" if done.status >= 500 else "refused")


def _greet(authorisation: Authorisation, settings: Settings) -> None:
    """Looks where to and who it is, if a token was sent, and how much may be sent by them."""
    at_hand: Request = request._get_current_object()  # type: ignore[attr-defined]  # each look at a proxy costs
    environ = at_hand.environ
    note(endpoint=at_hand.endpoint)
    environ[LOG_QUERIES] = settings.log_queries
    refuse_wrong_host(environ.get("HTTP_HOST"), environ.get("SERVER_PROTOCOL", ""), settings.trusted_hosts)
    if environ.get("HTTP_TRANSFER_ENCODING", "chunked").lower() != "chunked":
        raise UnsupportedMedia("The body of a request is taken as it is, not compressed on its way.")
    asks_who = "HTTP_AUTHORIZATION" in environ and at_hand.endpoint not in _FOR_OPERATORS
    person = authorisation.person() if asks_who else None
    if person is not None:
        note(user=person.name)
    most = ANONYMOUS_BODY if person is None else settings.max_body_bytes
    at_hand.max_content_length = at_hand.max_form_memory_size = min(most, settings.max_body_bytes)


def _word_refusals(app: Flask) -> None:
    @app.errorhandler(RequestEntityTooLarge)
    def too_large(_error: RequestEntityTooLarge) -> Response:
        who = "of a user" if g.get("person") else "without a token"
        most = f"{request.max_content_length or 0:,}"
        return problem(413, "Too large", f"The body of a request {who} may have {most} bytes.")

    @app.errorhandler(ParseException)
    def badly_chunked(_error: ParseException) -> Response:
        return problem(400, "Not understood", "The body of the request is not chunked as HTTP has it.")

    @app.errorhandler(ClientDisconnected)
    def too_slow(_error: ClientDisconnected) -> Response:
        return problem(408, "Too slow", "The body of the request did not arrive whole, or not in time.")


def _client(authorisation: Authorisation) -> str:
    person = authorisation.person()
    return f"user:{person.name}" if person else limiting.network_of(request.remote_addr or "")


def _is_exempt(counted: Collection[int]) -> bool:
    """Whether a request does not count: one for operators, or one that was counted before it came here."""
    connection = request.environ.get("gunicorn.socket")
    return request.endpoint in _FOR_OPERATORS or (connection is not None and connection.fileno() in counted)


def _may_look_inside() -> bool:
    return is_from_this_machine(request.environ)


class _LateLedger:
    """The ledger, opened when it is first needed and then kept open."""

    def __init__(self, settings: Settings) -> None:
        self._open: Callable[[], Ledger] = lambda: Ledger.open(
            ledger_place(settings), DataFolder(settings.data_dir).patches
        )
        self._lock = Lock()
        self._ledger: Ledger | None = None

    def people(self) -> People:
        """Its users. Raises what `Ledger.open` raises."""
        return self._get().people

    def probe(self) -> None:
        """Raises what the ledger raises when it cannot be read."""
        self._get().head()

    def _get(self) -> Ledger:
        with self._lock:
            if self._ledger is None:
                self._ledger = self._open()
            return self._ledger

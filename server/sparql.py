"""/sparql: the SPARQL 1.1 Protocol, query and update; without a question, what the service is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, Request, Response, request

from kb.errors import NotUnderstood
from kb.intent import SparqlUpdate
from kb.ledger.commits import Door
from kb.snapshot import Snapshot
from kb.sparql_shapes import examined
from kb.sparql_text import ANONYMOUS, Examined, Limits
from kb.sparql_text import Form as Asks
from server.answers import Bare, Wanted, content_type, respond
from server.backend import Backend
from server.caching import is_known, tag_of_bytes
from server.changes import Asking, commit, told
from server.moments import moment_of
from server.negotiation import GRAPHS, RESULTS, TRUTHS, Choice, Offer, choose
from server.protocol import (
    Body,
    DescriptionAsked,
    Fields,
    QueryAsked,
    UpdateAsked,
    WrongMethod,
    read_post,
    read_query,
    whole_number,
)
from server.query_service import USERS
from server.readers.tasks import Kind, Question
from server.request_log import note, note_query
from server.service_description import description
from server.uploads import whole_body

METHODS: Final = "GET, HEAD, POST, OPTIONS"

_MOST_BYTES: Final = 4_000_000
"""Of a body: the largest update that is read, each byte of which a form may write as three."""

_KINDS: Final[Mapping[Asks, tuple[Kind, Offer]]] = {
    Asks.SELECT: (Kind.SOLUTIONS, RESULTS),
    Asks.ASK: (Kind.TRUTH, TRUTHS),
    Asks.CONSTRUCT: (Kind.TRIPLES, GRAPHS),
    Asks.DESCRIBE: (Kind.TRIPLES, GRAPHS),
}


def blueprint(backend: Backend) -> Blueprint:
    """The endpoint over a backend."""
    bp = Blueprint("sparql", __name__)

    @bp.route(
        "/sparql",
        methods=["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"],
        provide_automatic_options=False,
    )
    def sparql() -> Response:
        if request.method in ("GET", "HEAD"):
            asked, fields = read_query(request.environ.get("QUERY_STRING", "").encode("latin-1"))
            if isinstance(asked, DescriptionAsked):
                return _description(backend, request)
            assert isinstance(asked, QueryAsked)
            return answer(backend, request, asked, fields)
        if request.method == "OPTIONS":
            return Bare(status=204, headers={"Allow": METHODS})
        if request.method != "POST":
            raise WrongMethod(
                f"{request.method} has no meaning here; send queries and updates by POST.", METHODS
            )
        return _post(backend, request)

    return bp


@dataclass(frozen=True, slots=True)
class Reading:
    """A query that may be asked. known: what is known of its text. choice: the form of its answer.

    of: all that the answer depends on besides the state and the form.
    """

    known: Examined
    choice: Choice
    question: Question
    of: tuple[object, ...]


def read(
    backend: Backend,
    asked: QueryAsked,
    accept: str | None,
    limits: Limits,
    limit: int | None = None,
    offset: int = 0,
) -> Reading:
    """What a query asks for. accept: the header of this name. limit, offset: of the client.

    Raises as `answer` does, as far as nobody has to be asked for it.
    """
    known = examined(asked.text, limits, backend.services)
    if known.form is Asks.UPDATE:
        raise NotUnderstood(
            "This is an update and not a query: send it by POST, as the field update of a form or as "
            "application/sparql-update."
        )
    kind, offer = _KINDS[known.form]
    choice = choose(accept, offer)
    question = Question(
        asked.text,
        {kind: choice},
        known.form,
        asked.default_graphs,
        asked.named_graphs,
        base=backend.endpoint,
        limit=limit,
        offset=offset,
    )
    of = ("query", known.normal, asked.default_graphs, asked.named_graphs, backend.endpoint, limit, offset)
    return Reading(known, choice, question, of)


def answer(backend: Backend, request: Request, asked: QueryAsked, fields: Fields) -> Response:
    """The answer to a query, in the form that the Accept header asks for.

    Raises `NotUnderstood` for an update and for what does not parse, `NotAcceptable`, what
    `kb.sparql_text.examine` refuses, and what readers raise. Source: SPARQL 1.1 Protocol, section 2.1.
    """
    environ = request.environ
    note(asks="query")
    note_query(asked.text)
    person = backend.visitors.person() if "HTTP_AUTHORIZATION" in environ else None
    limit, offset = whole_number(fields, "limit"), whole_number(fields, "offset") or 0
    reading = read(backend, asked, environ.get("HTTP_ACCEPT"), USERS if person else ANONYMOUS, limit, offset)
    known, question = reading.known, reading.question
    moment = moment_of(fields, environ.get("HTTP_ACCEPT_DATETIME"), backend)
    client = person.name if person else request.remote_addr or ""
    connection = environ.get("gunicorn.socket")
    wanted = Wanted(
        reading.choice,
        reading.of,
        lambda: backend.reads.ask(
            _alone(backend, question, client, moment.state) if known.federated else question,
            client,
            moment.state,
            connection.fileno() if connection and environ["SERVER_PROTOCOL"] == "HTTP/1.1" else None,
        ),
        lasting=not known.volatile,
        rest=_rest(fields, moment.state.revision, limit, offset) if limit is not None else "",
    )
    return respond(backend, request, moment, wanted, private=person is not None)


def _alone(backend: Backend, question: Question, client: str, state: Snapshot) -> Question:
    """The question with what other servers say in the place of its SERVICE clauses."""
    assert backend.federation is not None  # or the question would have been refused
    return backend.federation.answered(question, client, state)


def _rest(fields: Fields, revision: int, limit: int, offset: int) -> str:
    """The address of what a limit left out, of the same state."""
    following = {**fields, "limit": [str(limit)], "offset": [str(offset + limit)], "at": [str(revision)]}
    return f"sparql?{urlencode(following, doseq=True)}"


def _post(backend: Backend, request: Request) -> Response:
    request.max_content_length = min(request.max_content_length or _MOST_BYTES, _MOST_BYTES)
    body = Body.of(request.environ.get("CONTENT_TYPE", ""), lambda: whole_body(request))
    asked, fields = read_post(request.query_string, body)
    if isinstance(asked, QueryAsked):
        return answer(backend, request, asked, fields)
    return _update(backend, request, asked, fields)


def _update(backend: Backend, request: Request, asked: UpdateAsked, fields: Fields) -> Response:
    """Source: SPARQL 1.1 Protocol, section 2.2."""
    author = backend.visitors.author(Door.UPDATE)
    asking = Asking(request, author, fields, Door.UPDATE, sha256(request.get_data()).hexdigest())
    change = SparqlUpdate(asked.text, asked.using, asked.using_named, base=backend.endpoint)
    with backend.prepared(change, author.name) as prepared:
        return told(request, commit(backend, asking, prepared))


def _description(backend: Backend, request: Request) -> Response:
    media, form = choose(request.environ.get("HTTP_ACCEPT"), GRAPHS)
    body = description(backend.endpoint, not backend.stored, bool(backend.services), form)
    headers = {
        "Vary": "Accept",
        "ETag": tag_of_bytes(body),
        "Cache-Control": f"public, max-age=0, s-maxage={backend.shared_seconds}",
    }
    if is_known(request.headers.get("If-None-Match"), headers["ETag"]):
        return Bare(status=304, headers=headers)
    return Response(body, headers={**headers, "Content-Type": content_type(media)})

"""/data/<kind>/<slug>.<form>: one thing as RDF, to be read, and in one graph to be written.

Read without a graph, it is what the default graph says of the thing, what follows included; with `graph`,
what that graph states. Written, it is what that graph states about the thing from then on.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from flask import Blueprint, Request, Response, abort, request

from kb.errors import NotFound, NotUnderstood
from kb.intent import ReplaceThing
from kb.ledger.commits import Door
from kb.sparql_text import Form as Asks
from kb.terms import ID
from server.answers import Bare, Wanted, respond
from server.backend import Answer, Backend
from server.changes import Asking, commit, told
from server.moments import moment_of
from server.negotiation import GRAPHS, Choice
from server.protocol import Fields, absolute_iri, one, parameters
from server.readers.tasks import Kind, Question
from server.uploads import joined, received

METHODS: Final = "GET, HEAD, PUT, DELETE, OPTIONS"
_CHOICES: Final[dict[str, Choice]] = {
    form: (media, form) for media, form in reversed(list(GRAPHS.forms.items()))
}


def blueprint(backend: Backend) -> Blueprint:
    """The things of a backend."""
    bp = Blueprint("things", __name__)

    @bp.route("/data/<kind>/<slug>.<form>", methods=METHODS.split(", "), provide_automatic_options=False)
    def thing(kind: str, slug: str, form: str) -> Response:
        if form not in _CHOICES:
            abort(404)
        if request.method == "OPTIONS":
            return Bare(status=204, headers={"Allow": METHODS})
        fields = parameters(request.query_string)
        name = absolute_iri(str(ID[f"{kind}/{slug}"]), "address of the thing")
        graph = one(fields, "graph")
        if graph is not None:
            absolute_iri(graph, "parameter graph")
        if request.method in ("GET", "HEAD"):
            return _read(backend, request, fields, name, graph, _CHOICES[form])
        return _write(backend, request, fields, name, graph)

    return bp


def _read(
    backend: Backend, request: Request, fields: Fields, name: str, graph: str | None, choice: Choice
) -> Response:
    moment = moment_of(fields, request.headers.get("Accept-Datetime"), backend)
    person = backend.visitors.person()
    client = person.name if person else request.remote_addr or ""
    pattern = f"<{name}> ?p ?o"
    where = pattern if graph is None else f"GRAPH <{graph}> {{ {pattern} }}"
    truth = Question(f"ASK {{ {where} }}", {Kind.TRUTH: ("", "json")}, Asks.ASK)
    about = Question(f"CONSTRUCT {{ {pattern} }} WHERE {{ {where} }}", {Kind.TRIPLES: choice}, Asks.CONSTRUCT)

    def ask() -> Answer:
        there = backend.reads.ask(truth, client, moment.state)
        try:
            if b"true" not in b"".join(there):
                raise NotFound(f"Nothing is stated about {name}{f' in the graph {graph}' if graph else ''}.")
        finally:
            there.close()
        return backend.reads.ask(about, client, moment.state)

    wanted = Wanted(choice, ("thing", name, graph), ask)
    return respond(backend, request, moment, wanted, private=person is not None)


def _write(backend: Backend, request: Request, fields: Fields, name: str, graph: str | None) -> Response:
    author = backend.visitors.author(Door.TURTLE)
    if graph is None:
        raise NotUnderstood("Say in which graph the thing is to be described: ?graph=<iri>.")
    if request.method == "DELETE":
        asking = Asking(request, author, fields, Door.TURTLE, "")
        return told(request, commit(backend, asking, ReplaceThing(name, graph, b"")))
    with (
        received(request, backend.max_body_bytes) as upload,
        TemporaryDirectory(prefix="regiolink-") as folder,
    ):
        asking = Asking(request, author, fields, Door.TURTLE, upload.digest)
        parts = []
        for number, sent in enumerate(upload.documents):
            into = Path(folder) / f"part-{number}" if isinstance(sent.source, Path) else None
            parts.append(backend.reads.parse(sent.document(name, graph), author.name, into).quads)
        change = ReplaceThing(name, graph, joined(parts, Path(folder) / "quads"))
        return told(request, commit(backend, asking, change))

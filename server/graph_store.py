"""/graphs and /graph/…: the SPARQL 1.1 Graph Store HTTP Protocol, graphs named in both ways it has.

Indirectly, `/graphs?graph=<iri>` and `/graphs?default`; directly, `/graph/<name>` is the graph
`<base>graph/<name>`, and so is `/graphs/<name>`, for clients that append a name to the store's address.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import quote
from uuid import uuid4

from flask import Blueprint, Request, Response, request

from kb.errors import NotUnderstood
from kb.intent import AddQuads, Change, DropGraph, Outcome, RdfPatch, ReplaceGraph, SparqlUpdate
from kb.ledger.commits import Door
from kb.ledger.people import Person
from kb.rdf_patch import MEDIA_TYPE as RDF_PATCH
from kb.terms import GRAPH
from server.answers import Bare, Wanted, respond
from server.backend import Backend
from server.changes import Asking, commit, told
from server.moments import moment_of
from server.negotiation import GRAPHS, choose
from server.patch_rows import refuse_other_graphs
from server.protocol import (
    UPDATE,
    Body,
    Fields,
    PreconditionFailed,
    UnsupportedMedia,
    WrongMethod,
    absolute_iri,
    parameters,
)
from server.uploads import Upload, joined, received, whole_body

METHODS: Final = "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS"
_OF_THE_MERGE: Final = "GET, HEAD, POST, OPTIONS"
_OF_THE_STORE: Final = "POST, OPTIONS"
_ALL: Final = METHODS.split(", ")
_DATASETS: Final = ("trig", "nq")
_MOST_PATCH: Final = 10_000_000


class Target:
    """The graph that a request is about. iri: None for the default graph. is_new: it gets a new name."""

    def __init__(self, iri: str | None, *, is_new: bool = False) -> None:
        self.iri, self.is_new = iri, is_new


def blueprint(backend: Backend) -> Blueprint:
    """The graph store over a backend."""
    bp = Blueprint("graph_store", __name__)

    @bp.route("/graphs", methods=_ALL, provide_automatic_options=False)
    def store() -> Response:
        return _answer(backend, request, None)

    @bp.route("/graphs/<path:name>", methods=_ALL, provide_automatic_options=False)
    @bp.route("/graph/<path:name>", methods=_ALL, provide_automatic_options=False)
    def graph(name: str) -> Response:
        return _answer(backend, request, name)

    return bp


def _answer(backend: Backend, request: Request, name: str | None) -> Response:
    if request.method == "OPTIONS":
        return Bare(status=204, headers={"Allow": METHODS, "Accept-Patch": f"{UPDATE}, {RDF_PATCH}"})
    fields = parameters(request.query_string)
    target = _target(backend, request, name, fields)
    if request.method in ("GET", "HEAD"):
        return _read(backend, request, fields, target)
    if target.iri is None and not backend.stored and request.method != "POST":
        raise WrongMethod(
            "The default graph is the merge of all graphs, so nobody states anything in it; name a graph.",
            _OF_THE_MERGE,
        )
    author = backend.visitors.author(Door.GRAPH_STORE)
    if request.method == "DELETE":
        return _delete(backend, Asking(request, author, fields, Door.GRAPH_STORE, ""), target)
    if request.method == "PATCH":
        return _patch(backend, request, author, fields, target)
    return _put_or_post(backend, request, author, fields, target)


def _target(backend: Backend, request: Request, name: str | None, fields: Fields) -> Target:
    """Source: sections 4.1 and 4.2. Raises `NotUnderstood` unless exactly one graph is named."""
    graphs, default = fields.get("graph", []), fields.get("default", [])
    if len(graphs) + len(default) + (name is not None) > 1:
        raise NotUnderstood("Name exactly one graph: /graphs?graph=<iri>, /graphs?default or /graph/<name>.")
    if name is not None:
        return Target(absolute_iri(f"{GRAPH}{name}", "name of the graph"))
    if graphs:
        iri = absolute_iri(graphs[0], "parameter graph")
        # The address of a graph on this host stands for the graph.
        own = f"{backend.public_url}graph/"
        return Target(f"{GRAPH}{iri.removeprefix(own)}" if iri.startswith(own) else iri)
    if default:
        if default[0]:
            raise NotUnderstood("The parameter default has no value: write /graphs?default.")
        return Target(None)
    if request.method == "POST":
        return Target(None, is_new=True)
    if request.method in ("GET", "HEAD"):
        raise NotUnderstood("Say which graph: /graphs?graph=<iri> or /graphs?default.")
    raise WrongMethod("Say which graph: /graphs?graph=<iri> or /graphs?default.", _OF_THE_STORE)


# -- reading -------------------------------------------------------------------------------------------------


def _read(backend: Backend, request: Request, fields: Fields, target: Target) -> Response:
    choice = choose(request.headers.get("Accept"), GRAPHS)
    person = backend.visitors.person()
    moment = moment_of(fields, request.headers.get("Accept-Datetime"), backend)
    client = person.name if person else request.remote_addr or ""

    wanted = Wanted(
        choice,
        ("graph", target.iri),
        lambda: backend.reads.graph(target.iri, choice, client, moment.state),
    )
    return respond(backend, request, moment, wanted, private=person is not None)


# -- changing ------------------------------------------------------------------------------------------------


def _put_or_post(
    backend: Backend, request: Request, author: Person, fields: Fields, target: Target
) -> Response:
    """Source: sections 5.3 and 5.5."""
    with (
        received(request, backend.max_body_bytes) as upload,
        TemporaryDirectory(prefix="regiolink-") as folder,
    ):
        asking = Asking(request, author, fields, Door.GRAPH_STORE, upload.digest)
        if target.is_new:
            target = _new(asking)
        seen = _refuse_existing(backend, asking, target)
        is_dataset = target.is_new and all(sent.form in _DATASETS for sent in upload.documents)
        graph = backend.default_graph if is_dataset or target.iri is None else target.iri
        base = target.iri or backend.endpoint
        quads = _parsed(backend, upload, author, graph, base, Path(folder), only=not is_dataset)
        change: Change = AddQuads(quads) if request.method == "POST" else ReplaceGraph(graph, quads)
        outcome = commit(backend, asking, change, seen)
    return _told(backend, request, outcome, graph, is_new=target.is_new and not is_dataset)


def _new(asking: Asking) -> Target:
    """A graph that there is not; the same one where the same request is sent again with its key."""
    key = asking.key()
    name = uuid4().hex if key is None else sha256(f"{asking.author.name}\0{key}".encode()).hexdigest()[:32]
    return Target(f"{GRAPH}added/{name}", is_new=True)


def _parsed(
    backend: Backend, upload: Upload, author: Person, graph: str, base: str, folder: Path, *, only: bool
) -> bytes | Path:
    """All documents as quads. only: whether all must be for `graph`. Raises `NotUnderstood` when not."""
    parts = []
    for number, sent in enumerate(upload.documents):
        into = folder / f"part-{number}" if isinstance(sent.source, Path) else None
        parsed = backend.reads.parse(sent.document(base, graph), author.name, into)
        others = sorted(set(parsed.graphs) - {graph})
        if only and others:
            raise NotUnderstood(
                f"{sent.name}: it names the graph {others[0]}; this request is about {graph}."
            )
        parts.append(parsed.quads)
    return joined(parts, folder / "quads")


def _refuse_existing(backend: Backend, asking: Asking, target: Target) -> int | None:
    """With If-None-Match: *, the revision at which there is no such graph; None without.

    Raises `PreconditionFailed` when there is one.
    """
    if asking.request.headers.get("If-None-Match", "").strip() != "*" or target.is_new:
        return None
    state = backend.newest()
    if target.iri is None or backend.reads.has_graph(target.iri, asking.author.name, state):
        raise PreconditionFailed(
            f"There is a graph {target.iri or 'by default'} already; nothing was changed."
        )
    return state.revision


def _delete(backend: Backend, asking: Asking, target: Target) -> Response:
    """Source: section 5.4."""
    change = DropGraph(target.iri) if target.iri else ReplaceGraph(backend.default_graph, b"")
    return told(asking.request, commit(backend, asking, change))


def _patch(backend: Backend, request: Request, author: Person, fields: Fields, target: Target) -> Response:
    """Source: section 5.7; the graph is the default graph of the update, and no other one is changed."""
    request.max_content_length = min(_MOST_PATCH, backend.max_body_bytes)
    body = Body.of(request.environ.get("CONTENT_TYPE", ""), lambda: whole_body(request))
    if body.media not in (UPDATE, RDF_PATCH):
        raise UnsupportedMedia(
            f"A graph is patched with {UPDATE} or {RDF_PATCH}.", {"Accept-Patch": f"{UPDATE}, {RDF_PATCH}"}
        )
    text = body.text("patch")
    graph = target.iri or backend.default_graph
    digest = sha256(request.get_data()).hexdigest()
    asking = Asking(request, author, fields, Door.GRAPH_STORE, digest)
    if body.media == UPDATE:
        change = SparqlUpdate(text, base=target.iri or backend.endpoint, graph=graph)
        with backend.prepared(change, author.name) as prepared:
            return _told(backend, request, commit(backend, asking, prepared), graph)
    refuse_other_graphs(text, graph)
    return _told(backend, request, commit(backend, asking, RdfPatch(text, graph)), graph)


def _told(
    backend: Backend, request: Request, outcome: Outcome, graph: str, *, is_new: bool = False
) -> Response:
    """Says where a graph is that was made, also when it is told again; the default graph was always there."""
    made = graph in outcome.created or (is_new and outcome.repeated)
    if not made or graph == backend.default_graph:
        return told(request, outcome)
    own = str(GRAPH)
    if graph.startswith(own):
        location = f"{backend.public_url}graph/{quote(graph.removeprefix(own))}"
    else:
        location = f"{backend.public_url}graphs?graph={quote(graph, safe='')}"
    return told(request, outcome, 201, location)

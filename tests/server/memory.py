"""A backend in memory: one engine a revision, no gate, no processes. For tests of what lies above it."""

from __future__ import annotations

import io
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyoxigraph as ox
from flask import Flask, request
from flask.testing import FlaskClient
from rdflib import URIRef

from kb.delta import UnknownGraph, delta
from kb.engine.answers import ask, holds, write_graph
from kb.engine.contract import DEFAULT, EDITS, DefaultGraph
from kb.engine.documents import NormalQuads
from kb.engine.oxigraph import OxigraphEngine, graph_of, read_quads, to_rdflib
from kb.errors import DataRefused, NotFound
from kb.intent import AddQuads, DropGraph, Outcome, RdfPatch, ReplaceGraph, SparqlUpdate
from kb.ledger.commits import GENESIS, Commit, Entry, row_after, time_text
from kb.ledger.errors import StaleHead
from kb.ledger.people import Person, Role
from kb.patch import Patch
from kb.rdf_patch import from_text
from kb.snapshot import Snapshot
from server import cross_origin, graph_store, problems, sparql
from server.backend import Backend
from server.credentials import BadToken, TokenNeeded
from server.readers.tasks import Parsed

TOKEN = "rgl_test"
SIGNED = {"Authorization": f"Bearer {TOKEN}"}
START = datetime(2025, 3, 4, 9, 0, tzinfo=UTC)
ADDRESS = "https://data.example.org/"


class Told:
    """An answer that is all there."""

    def __init__(self, body: bytes, chunk: int = 1 << 30, cut: bool = False) -> None:
        self._chunks = [body[start : start + chunk] for start in range(0, max(len(body), 1), chunk)]
        self.cut, self.closed, self.whole = cut, False, len(self._chunks) == 1
        self.rows: int | None = None

    def __iter__(self):
        return iter(self._chunks)

    def close(self) -> None:
        self.closed = True


class Memory:
    """Reads, states, writes and visitors at once. asked: how many questions were worked out."""

    def __init__(self, default_graph: DefaultGraph = DefaultGraph.MERGE) -> None:
        self.mode = default_graph
        self.revisions = [OxigraphEngine.in_memory(default_graph)]
        self.patches = [Patch()]
        self.intents = []
        self.asked = 0
        self.tried: list[str] = []
        self.chunk = 1 << 30
        self.refusal: DataRefused | None = None

    @property
    def engine(self) -> OxigraphEngine:
        return self.revisions[-1]

    # -- states

    def newest(self, _at_least: int | None = None) -> Snapshot:
        return self.at(len(self.revisions) - 1)

    def known(self, _at_least: int) -> Snapshot | None:
        return self.newest()

    def at(self, revision: int) -> Snapshot:
        if revision >= len(self.revisions):
            raise NotFound(f"There is no revision {revision}; the newest is {len(self.revisions) - 1}.")
        return Snapshot(Path(str(revision)), revision, START + timedelta(minutes=revision))

    def at_time(self, moment: datetime) -> Snapshot:
        if moment < START:
            raise NotFound("There was nothing yet.")
        return self.at(min(int((moment - START) / timedelta(minutes=1)), len(self.revisions) - 1))

    # -- reads

    def ask(self, question, _client, snapshot, _connection=None):
        self.asked += 1
        found = ask(
            self.revisions[snapshot.revision],
            question.text,
            default_graphs=question.default_graphs,
            named_graphs=question.named_graphs,
            base=question.base,
        )
        out = io.BytesIO()
        found.write(next(form for kind, (_, form) in question.forms.items() if kind == found.kind), out)
        return Told(out.getvalue(), self.chunk, cut=question.limit is not None)

    def graph(self, name, form, _client, snapshot):
        self.asked += 1
        if name is not None and not holds(self.revisions[snapshot.revision], name):
            raise NotFound(f"There is no graph {name}.")
        out = io.BytesIO()
        write_graph(self.revisions[snapshot.revision], name or str(DEFAULT), form[1], out)
        return Told(out.getvalue(), self.chunk)

    def has_graph(self, name, _client, snapshot):
        return holds(self.revisions[snapshot.revision], name)

    def parse(self, document, _client, into=None):
        with ExitStack() as opened:
            source = document.source
            if isinstance(source, Path):
                source = opened.enter_context(source.open("rb"))
            quads = NormalQuads(
                source, document.form, document.name, base=document.base, graph=document.graph
            )
            text = b"".join(quads)
        if into is None:
            return Parsed(text, quads.count, quads.graphs)
        into.write_bytes(text)
        return Parsed(into, quads.count, quads.graphs)

    def try_update(self, change, _client, _snapshot, _seconds) -> None:
        self.tried.append(change.text)

    # -- writes

    def head(self) -> int:
        return len(self.revisions) - 1

    def commit(self, intent) -> Outcome:
        for revision, earlier in enumerate(self.intents, start=1):
            if intent.key is not None and earlier.key == intent.key:
                return Outcome(revision, self._commit(revision), repeated=True)
        if self.refusal is not None:
            raise self.refusal
        patch = self._patch(intent.change)
        if intent.base is not None:
            self._refuse_stale(intent.base, patch)
        if not patch:
            return Outcome(self.head(), None)
        following = OxigraphEngine.in_memory(self.mode)
        following.insert(self._quads())
        created = {str(quad[3]) for quad in patch.inserts} - set(map(str, self.engine.graph_names()))
        following.apply(patch, len(self.revisions))
        self.intents.append(intent)
        self.patches.append(patch)
        self.revisions.append(following)
        return Outcome(self.head(), self._commit(self.head()), created=tuple(sorted(created)))

    def _quads(self):
        """All quads, those of a default graph of its own under the name that patches have for it."""
        for quad in self.engine.store:
            if quad.graph_name != ox.DefaultGraph():
                yield quad
            elif self.mode is DefaultGraph.OWN:
                yield ox.Quad(quad.subject, quad.predicate, quad.object, ox.NamedNode(str(DEFAULT)))

    def _refuse_stale(self, base: int, patch: Patch) -> None:
        touched = {graph for made in self.patches[base + 1 :] for graph in made.graphs()}
        if touched & patch.graphs():
            raise StaleHead(base, self.head())

    def _commit(self, revision: int) -> Commit:
        intent, patch = self.intents[revision - 1], self.patches[revision]
        entry = Entry(patch, intent.author, intent.role, intent.message, intent.door)
        row = row_after(GENESIS, entry, "0" * 64, time_text(START))
        return Commit.from_row({**row, "revision": revision})

    def _patch(self, change) -> Patch:
        default = DEFAULT if self.mode is DefaultGraph.OWN else EDITS
        if isinstance(change, SparqlUpdate):
            return delta(self.engine, change).patch
        if isinstance(change, RdfPatch):
            read = from_text(change.text, URIRef(change.graph) if change.graph else default)
            return read.effective(self.engine.holds(read.deletes | read.inserts))
        graph = URIRef(getattr(change, "graph", default))
        present = {(*triple, graph) for triple in self.engine.triples(graph)}
        if isinstance(change, DropGraph):
            if not present:
                raise UnknownGraph(f"There is no graph {graph}.")
            return Patch.of(present)
        wanted = {
            (to_rdflib(quad.subject), to_rdflib(quad.predicate), to_rdflib(quad.object), graph_of(quad))
            for quad in read_quads(change.source, "nq", "the data", graph)
        }
        gone = present if isinstance(change, ReplaceGraph) else set()
        assert isinstance(change, AddQuads | ReplaceGraph)
        return Patch.of(gone - wanted, wanted - self.engine.holds(wanted))

    # -- visitors

    def person(self) -> Person | None:
        sent = request.headers.get("Authorization")
        if sent is None:
            return None
        if sent != f"Bearer {TOKEN}":
            raise BadToken("The token is unknown.")
        return Person("ann", Role.STEWARD, None, "2026-11-22T00:00:00Z", None)

    def author(self, _door) -> Person:
        person = self.person()
        if person is None:
            raise TokenNeeded
        return person


def backend(memory: Memory, public_url: str = ADDRESS) -> Backend:
    """A backend over `memory`."""
    return Backend(
        memory, memory, memory, memory, public_url=public_url, stored=memory.mode is DefaultGraph.OWN
    )


def client_of(memory: Memory, made: Backend | None = None) -> FlaskClient:
    """A test client of the protocols over `memory`."""
    made = made or backend(memory)
    app = Flask("server")
    problems.register(app)
    cross_origin.register(app)
    app.register_blueprint(sparql.blueprint(made))
    app.register_blueprint(graph_store.blueprint(made))
    return app.test_client()

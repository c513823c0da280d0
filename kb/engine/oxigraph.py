"""The engine on Oxigraph, in memory or in a folder.

Only the modules of `kb.engine` import pyoxigraph: this one, what it is made of (`oxigraph_terms`,
`oxigraph_changes`), and `dry_run`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar, cast

import pyoxigraph as ox
from rdflib import URIRef
from rdflib.term import Node

from kb.engine.contract import (
    DEFAULT,
    RESERVED,
    DefaultGraph,
    FileSyntaxError,
    NotSupported,
    Triple,
)
from kb.engine.faults import fault, in_our_words
from kb.engine.faults import file_error as file_error
from kb.engine.faults import query_error as query_error
from kb.engine.oxigraph_changes import FUNCTIONS, GraphName, in_default_graph, is_merged, statements
from kb.engine.oxigraph_terms import to_graph_name, to_oxigraph, to_quad
from kb.engine.oxigraph_terms import to_rdflib as to_rdflib
from kb.engine.rows import Rows, load, with_merge
from kb.errors import NotAllowed, NotUnderstood
from kb.patch import Patch, Quad
from kb.terms import GENID, PREFIXES

_RESULTS = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}
_GRAPHS = {
    "ttl": ox.RdfFormat.TURTLE,
    "nt": ox.RdfFormat.N_TRIPLES,
    "rdf": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
}
FILE_FORMS = _GRAPHS | {
    "trig": ox.RdfFormat.TRIG,
    "nq": ox.RdfFormat.N_QUADS,
    "owl": ox.RdfFormat.RDF_XML,
    "xml": ox.RdfFormat.RDF_XML,
    "turtle": ox.RdfFormat.TURTLE,
}
"""The format that each ending of a file name means."""

FILE_ENDINGS = tuple(sorted(FILE_FORMS))
"""The file name endings that `read_quads` understands, without the dot."""

_DEFAULT_NAME = ox.NamedNode(str(DEFAULT))
# The head revision in binary: a bit is set when there is an empty graph of its name. So it changes in one
# transaction with the quads, is no quad that a query or a dump could meet, goes with a checkpoint, and any
# number of revisions leaves no more behind than these names.
_HEAD_BITS = [ox.NamedNode(f"{RESERVED}revision-bit:{bit}") for bit in range(48)]
_NOTE = ox.NamedNode(f"{RESERVED}note")
OWN_GRAPHS = frozenset((*_HEAD_BITS, _NOTE))
"""The graphs that the engine keeps for itself, for the modules of `kb.engine`."""

_AT_ONCE = 10_000
_Term = TypeVar("_Term")
_Quad = TypeVar("_Quad", bound=tuple[Node, Node, Node, Node])


def read_quads(
    data: bytes | Path, form: str, name: str, graph: URIRef | None = None, *, skolemise: bool = False
) -> Iterator[ox.Quad]:
    """The quads of one RDF document, blank nodes renamed apart from those of any other document.

    data: the bytes, or the file. form: its ending, one of `FILE_ENDINGS`. name: what errors call the file.
    graph: the name for triples outside any named graph. skolemise: give each blank node an IRI of its own
    (RDF 1.1 Concepts, section 3.5). Raises `FileSyntaxError`, and `NotUnderstood` for
    an unknown format, for an XML document type declaration (its entities can fill the memory), and for
    triples that no graph name was given for.
    """
    if form not in FILE_FORMS:
        raise NotUnderstood(f"{name}: the ending .{form} is not one of {', '.join(FILE_ENDINGS)}.")
    lines = (
        isinstance(data, Path) and FILE_FORMS[form] == ox.RdfFormat.N_QUADS
    )  # may be larger than the memory
    content = data.read_bytes() if isinstance(data, Path) and not lines else data
    if FILE_FORMS[form] == ox.RdfFormat.RDF_XML and b"<!DOCTYPE" in cast(bytes, content):
        raise NotUnderstood(f"{name}: an XML document type declaration is not accepted; remove the DOCTYPE.")
    default = ox.DefaultGraph()
    to_graph = ox.NamedNode(str(graph)) if graph else None
    try:
        for quad in _parsed(content, FILE_FORMS[form]):
            if quad.graph_name == default:
                if to_graph is None:
                    raise NotUnderstood(
                        f"{name}: a triple stands in no named graph; say which graph it is for."
                    )
                quad = ox.Quad(quad.subject, quad.predicate, quad.object, to_graph)
            yield _skolemised(quad) if skolemise else quad
    except SyntaxError as error:
        raise file_error(error, name) from None
    except UnicodeDecodeError:
        raise FileSyntaxError(name, "the text is not UTF-8", None, None) from None


def _parsed(content: bytes | Path, form: ox.RdfFormat) -> Iterator[ox.Quad]:
    if isinstance(content, Path):
        return ox.parse(path=content, format=form, rename_blank_nodes=True)
    return ox.parse(content, form, base_iri=None, rename_blank_nodes=True)


def graph_of(quad: object) -> URIRef:
    """The graph name of a quad that `read_quads` gave."""
    return URIRef(cast(ox.NamedNode, cast(ox.Quad, quad).graph_name).value)


def write_quads(quads: Iterable[object]) -> bytes:
    """Quads as `read_quads` gives them, as N-Quads."""
    return cast(bytes, ox.serialize(cast(Iterable[ox.Quad], quads), format=ox.RdfFormat.N_QUADS))


def _skolemised(quad: ox.Quad) -> ox.Quad:
    def named(term: _Term) -> _Term | ox.NamedNode:
        if isinstance(term, ox.BlankNode):
            return ox.NamedNode(f"{GENID}{term.value}")
        return term

    return ox.Quad(named(quad.subject), quad.predicate, named(quad.object), named(quad.graph_name))


class OxigraphSolutions:
    """Solutions of a SELECT; see `kb.engine.contract.Solutions`."""

    def __init__(self, found: ox.QuerySolutions) -> None:
        self._found = found
        self.variables = tuple(variable.value for variable in found.variables)

    def __iter__(self) -> Iterator[tuple[Node | None, ...]]:
        with in_our_words():
            for row in self._found:
                yield tuple(None if term is None else to_rdflib(term) for term in row)

    def serialize(self, form: str) -> bytes:
        if form not in _RESULTS:
            raise NotUnderstood(f"Solutions cannot be written as {form}.")
        with in_our_words():
            return cast(bytes, self._found.serialize(format=_RESULTS[form]))


class OxigraphTruth:
    """The answer of an ASK; see `kb.engine.contract.Truth`."""

    def __init__(self, found: ox.QueryBoolean) -> None:
        self._found = found

    def __bool__(self) -> bool:
        return bool(self._found)

    def serialize(self, form: str) -> bytes:
        if form not in ("json", "xml"):
            raise NotUnderstood(f"A yes or no cannot be written as {form}.")
        return cast(bytes, self._found.serialize(format=_RESULTS[form]))


class OxigraphTriples:
    """Triples of a CONSTRUCT or DESCRIBE; see `kb.engine.contract.Triples`."""

    def __init__(self, found: Iterable[ox.Triple]) -> None:
        self._found = found

    def __iter__(self) -> Iterator[tuple[Node, Node, Node]]:
        with in_our_words():
            for triple in self._found:
                yield to_rdflib(triple.subject), to_rdflib(triple.predicate), to_rdflib(triple.object)

    def serialize(self, form: str) -> bytes:
        if form not in _GRAPHS:
            raise NotUnderstood(f"Triples cannot be written as {form}.")
        out = BytesIO()
        # A graph is a set, and a template can give a triple twice; a dict keeps the order of arrival.
        with in_our_words():
            found = dict.fromkeys(self._found)
        ox.serialize(found, out, _GRAPHS[form], prefixes=PREFIXES if form == "ttl" else None)
        return out.getvalue()


class OxigraphEngine:
    """An Oxigraph store; see `kb.engine.contract.Engine`."""

    def __init__(self, store: ox.Store, default_graph: DefaultGraph = DefaultGraph.MERGE) -> None:
        self._store = store
        self.default_graph = default_graph
        self._written: int | None = None  # the revision that was written last, while that is known

    @classmethod
    def in_memory(cls, default_graph: DefaultGraph = DefaultGraph.MERGE) -> OxigraphEngine:
        """A new, empty engine that is gone with the process."""
        return cls(ox.Store(), default_graph)

    @classmethod
    def in_folder(cls, folder: Path, default_graph: DefaultGraph = DefaultGraph.MERGE) -> OxigraphEngine:
        """The engine in `folder`, made when it is not there; this process alone may write to it.

        Raises `FolderUnusable` when another process holds it or the folder cannot be written.
        """
        with in_our_words():
            return cls(ox.Store(str(folder)), default_graph)

    @classmethod
    def read_only(cls, folder: Path, default_graph: DefaultGraph = DefaultGraph.MERGE) -> OxigraphEngine:
        """The engine in `folder`, which nobody may be writing to. Raises `FolderUnusable`."""
        with in_our_words():
            return cls(ox.Store.read_only(str(folder)), default_graph)

    @property
    def is_plain(self) -> bool:
        return self.default_graph is DefaultGraph.OWN

    @property
    def store(self) -> ox.Store:
        """The store itself, for the modules of `kb.engine`."""
        return self._store

    def insert(self, quads: Iterator[object]) -> int:
        count = 0

        def both() -> Iterator[ox.Quad]:
            nonlocal count
            for quad in cast(Iterator[ox.Quad], quads):
                count += 1
                if quad.graph_name == _DEFAULT_NAME and self.default_graph is DefaultGraph.OWN:
                    yield in_default_graph(quad)
                    continue
                yield quad
                if is_merged(quad.graph_name, self.default_graph):
                    yield in_default_graph(quad)

        with in_our_words():
            self._store.bulk_extend(both())
        return count

    def query(self, text: str) -> OxigraphSolutions | OxigraphTruth | OxigraphTriples:
        try:
            found = self._store.query(text)
        except SyntaxError as error:
            raise query_error(error) from None
        except (OSError, RuntimeError) as error:  # such as a function that the engine does not have
            explained = fault(error)
            if explained is not None:
                raise explained from None
            raise NotSupported(f"The query cannot be evaluated: {str(error).rstrip('.')}.") from None
        if isinstance(found, ox.QuerySolutions):
            return OxigraphSolutions(found)
        if isinstance(found, ox.QueryBoolean):
            return OxigraphTruth(found)
        return OxigraphTriples(found)

    def select(self, text: str) -> OxigraphSolutions:
        """`query` for a SELECT of our own; raises `NotUnderstood` when the text is another form."""
        found = self.query(text)
        if not isinstance(found, OxigraphSolutions):
            raise NotUnderstood("A SELECT query was expected.")
        return found

    def update(self, text: str) -> None:
        try:
            with in_our_words():
                self._store.update(text)
        except SyntaxError as error:
            raise query_error(error) from None

    def apply(self, patch: Patch, revision: int) -> None:
        if revision > self.revision():
            self.transact(patch, revision=revision)

    def apply_in_bulk(self, patch: Patch, revision: int) -> None:
        if revision <= self.revision():
            return
        self._refuse_reserved(patch)
        deletes = iter(patch.deletes)
        while some := list(islice(deletes, _AT_ONCE)):
            with in_our_words():
                made = statements(self._store, Patch.of(some), self.default_graph)
                self._store.update(" ;\n".join(made), custom_functions=FUNCTIONS)
        if isinstance(patch, Rows) and not self.is_plain:
            with in_our_words():
                load(self._store, with_merge(patch.inserted))
        else:
            self.insert(to_quad(quad, blank=self.is_plain) for quad in patch.inserts)
        self.transact(Patch(), revision=revision)

    def transact(self, patch: Patch, *, revision: int | None = None, note: str | None = None) -> None:
        self._refuse_reserved(patch)
        with in_our_words():
            made = statements(self._store, patch, self.default_graph)
            had_note = self._store.contains_named_graph(_NOTE)
        if had_note:
            made.append(f"DROP GRAPH {_NOTE}")
        if note is not None:
            made.append(f"INSERT DATA {{ GRAPH {_NOTE} {{ {_NOTE} {_NOTE} {ox.Literal(note)} }} }}")
        if revision is not None:
            head = self.revision()
            for bit, name in enumerate(_HEAD_BITS):
                if (head ^ revision) >> bit & 1:
                    made.append(f"{'CREATE' if revision >> bit & 1 else 'DROP'} GRAPH {name}")
        written, self._written = self._written, None  # read from the store, should the update fail
        with in_our_words():
            self._store.update(" ;\n".join(made), custom_functions=FUNCTIONS)
        self._written = written if revision is None else revision

    def note(self) -> str | None:
        with in_our_words():
            kept = next(self._store.quads_for_pattern(None, None, None, _NOTE), None)
        return None if kept is None else cast(ox.Literal, kept.object).value

    def flush(self) -> None:
        """Writes what is still in its log to its files, so that the folder opens at once the next time."""
        with in_our_words():
            self._store.flush()

    def _refuse_reserved(self, patch: Patch) -> None:
        for graph in patch.graphs():
            own = graph == DEFAULT and self.default_graph is DefaultGraph.OWN
            if graph.startswith(RESERVED) and not own:
                raise NotAllowed(f"The graph {graph} belongs to the engine; nobody states anything in it.")

    def revision(self) -> int:
        if self._written is not None:
            return self._written
        with in_our_words():
            set_bits = (bit for bit, name in enumerate(_HEAD_BITS) if self._store.contains_named_graph(name))
            return sum(1 << bit for bit in set_bits)

    def holds(self, quads: Iterable[_Quad]) -> set[_Quad]:
        with in_our_words():
            return {quad for quad in quads if to_quad(quad, blank=self.is_plain) in self._store}

    def triples(self, graph: URIRef, subject: URIRef | None = None) -> Iterator[Triple]:
        return map(self._triple, self._found(to_graph_name(graph), subject))

    def matching(self, subject: Node | None, predicate: Node | None, value: Node | None) -> Iterator[Triple]:
        return map(self._triple, self._found(ox.DefaultGraph(), subject, predicate, value))

    def quads_about(self, subject: Node) -> Iterator[Quad]:
        for quad in self._found(None, subject):
            if isinstance(quad.graph_name, ox.NamedNode):
                yield cast(Quad, (*self._triple(quad), URIRef(quad.graph_name.value)))

    def _found(self, graph: GraphName | None, *terms: Node | None) -> Iterator[ox.Quad]:
        blank = self.is_plain
        known: list[Any] = [None if term is None else to_oxigraph(term, blank=blank) for term in terms]
        subject, predicate, value = [*known, None, None][:3]
        with in_our_words():
            yield from self._store.quads_for_pattern(subject, predicate, value, graph)

    def _triple(self, quad: ox.Quad) -> Triple:
        subject, value = (to_rdflib(term, ground=self.is_plain) for term in (quad.subject, quad.object))
        return subject, to_rdflib(quad.predicate), value

    def graphs_with(self, triple: Triple) -> set[URIRef]:
        subject, predicate, value = (to_oxigraph(term, blank=self.is_plain) for term in triple)
        found = self._store.quads_for_pattern(
            cast(ox.NamedNode, subject), cast(ox.NamedNode, predicate), value, None
        )
        with in_our_words():
            names = {quad.graph_name for quad in found}
        own = {DEFAULT} if self.default_graph is DefaultGraph.OWN and ox.DefaultGraph() in names else set()
        return own | {URIRef(name.value) for name in names if isinstance(name, ox.NamedNode)}

    def graph_names(self) -> list[URIRef]:
        with in_our_words():
            return sorted(
                URIRef(name.value)
                for name in self._store.named_graphs()
                if isinstance(name, ox.NamedNode)
                and not name.value.startswith(RESERVED)
                and next(self._store.quads_for_pattern(None, None, None, name), None)
            )

    def size(self) -> int:
        ((count,),) = self.select("SELECT (COUNT(*) AS ?count) { ?s ?p ?o }")
        return int(str(count))

    def close(self) -> None:
        # The library has no call for this: the folder is let go when the store has no reference left.
        del self._store

    def checkpoint(self, folder: Path) -> None:
        with in_our_words():
            self._store.backup(str(folder))

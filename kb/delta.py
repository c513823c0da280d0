"""From a SPARQL update to the patch that it means: the exact difference, found without changing anything.

Each operation is evaluated on the state that those before it would have made, and what it deletes and inserts
is kept apart from the engine until the end. A quad that was not there is not deleted, one that was there is
not inserted, and what one operation does and a later one undoes is no change.

Where the default graph of the engine is the merge of its public graphs, nobody owns it: what is inserted
without naming a graph goes to `EDITS`, what is deleted without naming one leaves every graph that states it
(docs/updates.md has the whole rule).

Source: SPARQL 1.1 Update, sections 3 and 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rdflib import BNode, URIRef
from rdflib.term import Node

from kb.engine.contract import APART, DEFAULT, EDITS, INFERRED, RESERVED, DefaultGraph, Triple
from kb.engine.dry_run import (
    Row,
    Slot,
    TemplateQuad,
    TriplePattern,
    Variable,
    Where,
    check_syntax,
    resolve,
    solutions,
    template,
)
from kb.engine.oxigraph import OxigraphEngine, read_quads, to_rdflib
from kb.errors import NotAllowed, NotFound, NotUnderstood, TooLarge
from kb.intent import SparqlUpdate
from kb.patch import Patch, Quad
from kb.pending import AnyQuad, Origin, Pending
from kb.rdf12 import TripleTerm
from kb.sparql_text import Limits
from kb.update_text import EDIT, Braces, Change, Clear, Create, Data, Load, Operation, Transfer, operations

MAX_QUADS: Final = 500_000
"""How many quads, and how many solutions of one WHERE clause, an update may come to."""

LooseQuad = tuple[Node, Node, Node, Node | None]
"""A quad as an operation states it; without a graph where it names none."""


class UnknownGraph(NotFound):
    """An operation on a graph that holds nothing."""

    title = "There is no such graph"


@dataclass(frozen=True)
class Delta:
    """What an update means. origins: for each quad of the patch, the operation that it comes from.

    things: IRIs of the subjects of all that it was to delete and insert, also where that was no change.
    """

    patch: Patch
    origins: Mapping[Quad, Origin]
    things: frozenset[str] = frozenset()


def delta(
    engine: OxigraphEngine, request: SparqlUpdate | str, limits: Limits = EDIT, max_quads: int = MAX_QUADS
) -> Delta:
    """The patch that an update request means on the present state of an engine, which stays as it is.

    request: one or more operations of SPARQL 1.1 Update; none give an empty patch. Quads are in normal form,
    each blank node of data and templates has a new IRI, the patch is made from the engine's revision.
    A request about one graph changes no other one. Where the protocol says what WHERE clauses read, the text
    may not (SPARQL 1.1 Protocol, section 2.2.3).
    Raises `QuerySyntaxError` with line and column, `NotAllowed` for SERVICE, for LOAD of what the request
    does not bring along and what cannot be said by a patch, `TooLarge` beyond `limits` or `max_quads`,
    `UnknownGraph`, `BadTerm` for a term that is not to be stored, `NotUnderstood` for what cannot be
    evaluated.
    """
    asked = SparqlUpdate(request) if isinstance(request, str) else request
    pending = Pending(engine, max_quads)
    reading = _Reading(engine, pending, max_quads, asked)
    for operation in operations(asked.text, limits, asked.base, loads=bool(asked.loaded)):
        check_syntax(operation)
        reading.run(operation)
    patch, origins = pending.outcome()
    if asked.graph:
        _refuse_others(asked.graph, origins)
    return Delta(patch, origins, frozenset(map(str, pending.things)))


class _Reading:
    """Reads the operations of one request, in order."""

    def __init__(self, engine: OxigraphEngine, pending: Pending, max_quads: int, asked: SparqlUpdate) -> None:
        self._engine, self._pending, self._max_quads = engine, pending, max_quads
        self._only = URIRef(asked.graph) if asked.graph not in (None, str(DEFAULT)) else None
        self._default = self._only or DEFAULT
        self._merges = engine.default_graph is DefaultGraph.MERGE and self._only is None
        self._using = tuple(f"<{iri}>" for iri in asked.using) + tuple(
            f"NAMED <{iri}>" for iri in asked.using_named
        )
        self._loaded = {each.source: each.quads for each in asked.loaded}
        self._labels: dict[type, set[str]] = {Data: set(), Change: set()}

    def run(self, operation: Operation) -> None:
        """Adds what an operation does to what is pending."""
        parts = operation.parts()
        if isinstance(parts, Data):
            self._refuse_shared_labels(operation, Data, parts.quads)
            quads = template(operation, parts.quads)
            none: list[TemplateQuad] = []
            deletes, inserts = (none, quads) if parts.inserts else (quads, none)
            self._fill(operation, deletes, inserts, [], [()])
        elif isinstance(parts, Change):
            self._refuse_shared_labels(operation, Change, parts.where)
            self._change(operation, parts)
        elif isinstance(parts, Clear):
            self._clear(operation, parts)
        elif isinstance(parts, Create):
            self._create(operation, parts)
        elif isinstance(parts, Load):
            self._load(operation, parts)
        else:
            self._transfer(operation, parts)

    def _refuse_shared_labels(self, operation: Operation, kind: type, braces: Braces) -> None:
        """A blank node of one operation is none of another, so they may not be called the same."""
        shared = sorted(self._labels[kind] & braces.labels)
        if shared:
            raise NotUnderstood(
                f"{operation.place}: the blank node {shared[0]} is one of an earlier operation."
            )
        self._labels[kind] |= braces.labels

    # -- data and patterns --------------------------------------------------------------------------------

    def _change(self, operation: Operation, parts: Change) -> None:
        if self._using and (parts.graph or parts.using):
            raise NotUnderstood(
                f"{operation.place}: WITH and USING do not go together with using-graph-uri and "
                "using-named-graph-uri; leave out one or the other."
            )
        graph = resolve(operation, parts.graph) if parts.graph else self._only
        deletes, inserts = (
            [_in_graph(quad, graph) for quad in template(operation, braces)] if braces else []
            for braces in (parts.deletes, parts.inserts)
        )
        within = {term for quad in deletes + inserts for slot in quad for term in _within(slot)}
        names = sorted(term.name for term in within if isinstance(term, Variable))
        rows = solutions(
            self._engine,
            Where(operation, graph, parts.using or self._using, parts.where.text),
            names,
            pending=self._pending.patch(),
            # A blank node of the template is another one for each solution, so each of them counts.
            distinct=not any(isinstance(term, BNode) for term in within),
            limit=self._max_quads + 1,
        )
        self._fill(operation, deletes, inserts, names, rows)

    def _fill(
        self,
        operation: Operation,
        deletes: Sequence[TemplateQuad],
        inserts: Sequence[TemplateQuad],
        names: Sequence[str],
        rows: Iterable[Row],
    ) -> None:
        """Fills templates with the values of `names` in each row."""
        gone: dict[LooseQuad, None] = {}
        come: dict[LooseQuad, None] = {}
        for number, row in enumerate(rows):
            if number == self._max_quads:
                raise TooLarge(f"{operation.place}: the pattern has more than {number} solutions.")
            values = dict(zip(names, row, strict=True))
            gone.update(dict.fromkeys(_filled(deletes, values)))
            come.update(dict.fromkeys(_filled(inserts, values)))
            if len(gone) + len(come) > self._max_quads:
                raise TooLarge(f"{operation.place}: the update changes more than {self._max_quads} triples.")
        self._decide(operation, list(gone), list(come))

    def _decide(self, operation: Operation, deletes: list[LooseQuad], inserts: list[LooseQuad]) -> None:
        """Says of each quad that names no graph which ones are meant."""
        for quad in inserts:
            _refuse_reserved(operation, quad[3])
        if not self._merges:
            self._pending.change(operation, _all_in(deletes, self._default), _all_in(inserts, self._default))
            return
        kept = self._kept(deletes, inserts)
        gone: list[AnyQuad] = []
        for quad in deletes:
            if quad not in kept:
                gone += [(*quad[:3], graph) for graph in self._stating(quad)]
        self._pending.change(operation, gone, _all_in((quad for quad in inserts if quad not in kept), EDITS))

    def _kept(self, deletes: list[LooseQuad], inserts: list[LooseQuad]) -> set[LooseQuad]:
        """What is deleted and inserted again without naming a graph stays in the graphs that state it."""
        both = {quad for quad in deletes if quad[3] is None}.intersection(inserts)
        return {quad for quad in both if self._stating(quad)}

    def _stating(self, quad: LooseQuad) -> Sequence[Node]:
        """The graphs that a quad is to leave: the one that it names, or all that state its triple."""
        if quad[3] is not None:
            return [quad[3]]
        self._pending.things.add(quad[0])
        return sorted(self._pending.graphs_with(quad[:3]) - {*APART, INFERRED})

    def _load(self, operation: Operation, parts: Load) -> None:
        """Inserts what was found at an address before."""
        source = str(resolve(operation, parts.source.text))
        graph = resolve(operation, parts.target) if parts.target else self._only
        if source not in self._loaded:
            if parts.silent:
                return
            raise NotAllowed(f"{operation.place}: LOAD <{source}> is refused; nothing was read from there.")
        found: dict[LooseQuad, None] = {}
        for quad in read_quads(self._loaded[source], "nq", f"<{source}>", DEFAULT):
            found[to_rdflib(quad.subject), to_rdflib(quad.predicate), to_rdflib(quad.object), graph] = None
            if len(found) > self._max_quads:
                raise TooLarge(f"{operation.place}: <{source}> has more than {self._max_quads} triples.")
        self._decide(operation, [], list(found))

    # -- whole graphs -------------------------------------------------------------------------------------

    def _clear(self, operation: Operation, parts: Clear) -> None:
        for graph in self._targets(operation, parts):
            self._empty(operation, graph, drops=parts.drops)

    def _targets(self, operation: Operation, parts: Clear) -> list[URIRef]:
        """The graphs that CLEAR or DROP is about."""
        every = sorted(self._pending.graphs() - ({*APART, INFERRED} if self._merges else set()))
        if parts.target == "NAMED":
            return every
        if parts.target == "ALL":
            return every if self._merges else [*every, self._default]
        if parts.target == "DEFAULT":
            return [self._owned_default(operation)]
        graph = resolve(operation, parts.target)
        if self._pending.exists(graph):
            return [graph]
        if parts.silent:
            return []
        raise UnknownGraph(f"{operation.place}: there is no graph {graph}.")

    def _owned_default(self, operation: Operation) -> URIRef:
        if self._merges:
            raise NotAllowed(
                f"{operation.place}: the default graph is the merge of all graphs; name the graph to clear, "
                "as in CLEAR GRAPH <…>."
            )
        return self._default

    def _create(self, operation: Operation, parts: Create) -> None:
        # Where graphs that hold nothing are not kept, creating one always succeeds (section 3.2).
        self._pending.create(resolve(operation, parts.graph))

    def _transfer(self, operation: Operation, parts: Transfer) -> None:
        source = None if parts.source == "DEFAULT" else resolve(operation, parts.source)
        target = None if parts.target == "DEFAULT" else resolve(operation, parts.target)
        _refuse_reserved(operation, target)
        if source is not None and not self._pending.exists(source):
            if parts.silent:
                return
            raise UnknownGraph(f"{operation.place}: there is no graph {source}.")
        into = target or (EDITS if self._merges else self._default)
        if source in (target, into):
            return
        moved = parts.verb == "MOVE" and (source or self._owned_default(operation))
        triples = self._merge() if source is None else self._pending.triples(source)
        if parts.verb != "ADD":
            self._empty(operation, into)
        self._pending.change(operation, [], [(*triple, into) for triple in triples])
        if moved:
            self._empty(operation, moved)

    def _merge(self) -> set[Triple]:
        """The triples of the default graph."""
        if not self._merges:
            return self._pending.triples(self._default)
        public = self._pending.graphs() - APART
        return {triple for graph in public for triple in self._pending.triples(graph)}

    def _empty(self, operation: Operation, graph: URIRef, *, drops: bool = True) -> None:
        """Deletes all triples of a graph. drops: whether it is no graph for the rest of the request."""
        self._pending.change(operation, [(*triple, graph) for triple in self._pending.triples(graph)], [])
        if drops:
            self._pending.drop(graph)


def _refuse_others(graph: str, origins: Mapping[Quad, Origin]) -> None:
    """Raises `NotAllowed` when a change of one graph would change another one."""
    beyond = [
        (origin.number, origin.line, quad[3]) for quad, origin in origins.items() if str(quad[3]) != graph
    ]
    if beyond:
        number, line, other = min(beyond)
        raise NotAllowed(
            f"Operation {number} (line {line}): this request may only change the graph {graph}, not {other}."
        )


def _refuse_reserved(operation: Operation, graph: Node | None) -> None:
    if str(graph).startswith(RESERVED):
        raise NotAllowed(f"{operation.place}: the graph {graph} belongs to the engine.")


def _in_graph(quad: TemplateQuad, graph: URIRef | None) -> TemplateQuad:
    return quad if quad[3] is not None else (*quad[:3], graph)


def _all_in(quads: Iterable[LooseQuad], graph: URIRef) -> Iterator[AnyQuad]:
    """The quads, those that name no graph in `graph`."""
    for subject, predicate, value, named in quads:
        yield subject, predicate, value, graph if named is None else named


def _within(slot: Slot | None) -> Iterator[Node | Variable]:
    """What stands in a place of a template, however deep."""
    if isinstance(slot, TriplePattern):
        for part in (slot.subject, slot.predicate, slot.value):
            yield from _within(part)
    elif slot is not None:
        yield slot


def _filled(quads: Iterable[TemplateQuad], values: Mapping[str, Node | None]) -> Iterator[LooseQuad]:
    """A template filled with the values of one solution; what would be no quad is left out.

    Its blank nodes are new ones; those of the solution stay what they are.
    """
    fresh: dict[Node, Node] = {}

    def fill(slot: Slot | None) -> Node | None:
        if isinstance(slot, Variable):
            return values[slot.name]
        if isinstance(slot, TriplePattern):
            subject, predicate, value = fill(slot.subject), fill(slot.predicate), fill(slot.value)
            if isinstance(subject, URIRef | BNode) and isinstance(predicate, URIRef) and value is not None:
                return TripleTerm(subject, predicate, value)
            return None
        return fresh.setdefault(slot, BNode()) if isinstance(slot, BNode) else slot

    for quad in quads:
        subject, predicate, value, graph = map(fill, quad)
        if not isinstance(subject, URIRef | BNode) or value is None:
            continue
        if isinstance(predicate, URIRef) and (quad[3] is None or isinstance(graph, URIRef | BNode)):
            yield subject, predicate, value, graph

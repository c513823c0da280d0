"""The state that some operations would make of what an engine holds, kept apart from the engine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from rdflib import URIRef
from rdflib.term import Node

from kb.engine.contract import DEFAULT, BadTerm, Engine, Triple
from kb.engine.oxigraph_terms import term_as_stored
from kb.errors import NotAllowed, TooLarge
from kb.normal_form import NormalForm
from kb.patch import Patch, Quad
from kb.rdf12 import is_ground
from kb.update_text import Operation

AnyQuad = tuple[Node, Node, Node, Node]
"""A quad as an operation states it: not yet in normal form, maybe with blank nodes."""


@dataclass(frozen=True)
class Origin:
    """The operation that a quad comes from. number: from 1. line: where it begins in the request, from 1."""

    number: int
    line: int


@dataclass(slots=True)
class _Fate:
    """Whether a quad is there after the operations so far, and which of them saw to that first."""

    stays: bool
    by: Operation


class Pending:
    """What the operations so far delete and insert. Raises `TooLarge` beyond `max_quads`."""

    def __init__(self, engine: Engine, max_quads: int) -> None:
        self._engine = engine
        self._max_quads = max_quads
        self._fates: dict[Quad, _Fate] = {}
        self._exists: dict[URIRef, bool] = {}
        self._form = NormalForm(rdf12=engine.is_plain)
        self.things: set[Node] = set()
        """The subjects that the operations so far name, whether or not it made a difference."""

    # -- changing -----------------------------------------------------------------------------------------

    def change(self, operation: Operation, deletes: Iterable[AnyQuad], inserts: Iterable[AnyQuad]) -> None:
        """Deletes, and then inserts. Raises `BadTerm` and `NotAllowed`, with the place of the operation."""
        for quad in deletes:
            self._delete(quad, operation)
        for quad in inserts:
            self._insert(quad, operation)

    def create(self, graph: URIRef) -> None:
        """Lets a graph exist that may have no triple."""
        self._exists[graph] = True

    def drop(self, graph: URIRef) -> None:
        """Lets a graph not exist; its quads are deleted by `change`."""
        self._exists[graph] = False

    def _delete(self, quad: AnyQuad, operation: Operation) -> None:
        subject, predicate, value, graph = quad
        stored = (subject, predicate, term_as_stored(value), graph)
        if all(map(is_ground, stored)):
            self._decide(cast(Quad, stored), False, operation)
        elif self._engine.holds([stored]):
            raise NotAllowed(
                f"{operation.place}: the graph {graph} holds a blank node there; it has no address to delete "
                "it by."
            )

    def _insert(self, quad: AnyQuad, operation: Operation) -> None:
        try:
            normal = self._form.quad(quad)
        except BadTerm as error:
            raise BadTerm(f"{operation.place}: {error}") from None
        self._exists[normal[3]] = True
        self._decide(normal, True, operation)

    def _decide(self, quad: Quad, stays: bool, operation: Operation) -> None:
        self.things.add(quad[0])
        fate = self._fates.get(quad)
        if fate is None or fate.stays is not stays:
            self._fates[quad] = _Fate(stays, operation)
        if len(self._fates) > self._max_quads:
            raise TooLarge(f"{operation.place}: the update changes more than {self._max_quads} triples.")

    # -- reading ------------------------------------------------------------------------------------------

    def exists(self, graph: URIRef) -> bool:
        """Whether a graph holds a triple, did so before the request, or was made by it."""
        if graph in self._exists:
            return self._exists[graph]
        return any(True for _ in self._engine.triples(graph))

    def graphs(self) -> set[URIRef]:
        """The named graphs that exist."""
        known = {*self._engine.graph_names(), *self._exists} - {DEFAULT}
        return {graph for graph in known if self.exists(graph)}

    def triples(self, graph: URIRef) -> set[Triple]:
        """The triples of a graph, those of `DEFAULT` where it is a graph of its own. Raises `TooLarge`."""
        found: set[Triple] = set()
        for triple in self._engine.triples(graph):
            if self._stays(triple, graph, True):
                found.add(triple)
            if len(found) > self._max_quads:
                raise TooLarge(f"The graph {graph} holds more than {self._max_quads} triples.")
        return found | {quad[:3] for quad, fate in self._fates.items() if fate.stays and quad[3] == graph}

    def graphs_with(self, triple: Triple) -> set[URIRef]:
        """The names of the graphs that hold a triple."""
        before = {graph for graph in self._engine.graphs_with(triple) if self._stays(triple, graph, True)}
        return before | {graph for graph in self._exists if self._stays(triple, graph, False)}

    def _stays(self, triple: Triple, graph: URIRef, before: bool) -> bool:
        """Whether a graph holds a triple that it held, or did not hold, before the request."""
        fate = self._fates.get(cast(Quad, (*triple, graph)))
        return before if fate is None else fate.stays

    def patch(self) -> Patch:
        """All that is deleted and inserted, whether it has an effect or not."""
        return Patch.of(
            (quad for quad, fate in self._fates.items() if not fate.stays),
            (quad for quad, fate in self._fates.items() if fate.stays),
        )

    def outcome(self) -> tuple[Patch, dict[Quad, Origin]]:
        """What differs from what the engine holds, and the operation that each quad comes from."""
        patch = self.patch().effective(self._engine.holds(self._fates))
        made = Patch(patch.deletes, patch.inserts, self._engine.revision())
        fates = ((quad, self._fates[quad].by) for quad in made.deletes | made.inserts)
        return made, {quad: Origin(by.number, by.line) for quad, by in fates}

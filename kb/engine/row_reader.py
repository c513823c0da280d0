"""Moves many quads: from documents into rows, and from one engine to another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, cast

import pyoxigraph as ox
from rdflib import URIRef
from rdflib.term import Node

from kb.engine.contract import RESERVED
from kb.engine.faults import in_our_words
from kb.engine.oxigraph import OxigraphEngine, graph_of, to_rdflib
from kb.engine.oxigraph_terms import to_quad
from kb.engine.rows import graph_in, in_graph, load
from kb.patch import Quad

# Blank nodes, triple terms, typed literals, base directions, and characters that no XML may hold.
_NOT_PLAIN: Final = ("_:", "<<", '"^^<', "--ltr", "--rtl", "\\u")


class RowReader:
    """Rows of the quads of one document; those that are in normal form already are written as they are.

    normal: gives a quad in normal form. written: gives it as a row.
    """

    def __init__(
        self,
        engine: OxigraphEngine,
        normal: Callable[[tuple[Node, ...]], Quad],
        written: Callable[[Quad], str],
    ) -> None:
        self._store = engine.store
        self._normal, self._written = normal, written
        self._graphs: dict[str, bool] = {}
        self.present: set[str] = set()
        """The rows so far that the engine holds."""

    def row(self, quad: object) -> str:
        """A quad as `read_quads` gives it, as a row in normal form. Raises what `normal` raises."""
        made = cast(ox.Quad, quad)
        row = str(made)
        graph = graph_in(row)
        if graph.startswith(RESERVED) or any(sign in row for sign in _NOT_PLAIN):
            terms = (
                to_rdflib(made.subject),
                to_rdflib(made.predicate),
                to_rdflib(made.object),
                graph_of(made),
            )
            normal = self._normal(terms)
            row, made = self._written(normal), to_quad(normal)
        if self._is_filled(graph) and made in self._store:
            self.present.add(row)
        return row

    def _is_filled(self, graph: str) -> bool:
        if graph not in self._graphs:
            name = ox.NamedNode(graph)
            self._graphs[graph] = any(True for _ in self._store.quads_for_pattern(None, None, None, name))
        return self._graphs[graph]


def take(graph: URIRef, of: OxigraphEngine, to: OxigraphEngine) -> None:
    """Adds a graph of one engine to another; one without blank nodes that is not merged. Not atomic."""
    with in_our_words():
        triples = of.store.dump(format=ox.RdfFormat.N_TRIPLES, from_graph=ox.NamedNode(graph))
        load(to.store, in_graph(cast(bytes, triples), graph))


def conclude(engine: OxigraphEngine, template: str, where: str, graph: URIRef) -> bool:
    """Adds the triples of a CONSTRUCT to a graph and to the default graph; says whether there were any.

    Not atomic: readers of the same engine may see a part.
    """
    with in_our_words():
        found = engine.store.query(f"CONSTRUCT {{ {template} }} WHERE {{ {where} }}")
        triples = cast(bytes, cast(ox.QueryTriples, found).serialize(format=ox.RdfFormat.N_TRIPLES))
        if triples:
            load(engine.store, triples + in_graph(triples, graph))
    return bool(triples)

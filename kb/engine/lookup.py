"""Quick lookups of single triples in an engine whose default graph is the merge, in the engine's own terms.

Oxigraph's terms are compared and hashed several times as fast as those of rdflib, and most of what is looked
up is looked up only to be followed further.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import cast

import pyoxigraph as ox

from kb.engine.contract import INFERRED
from kb.engine.oxigraph import OxigraphEngine
from kb.engine.oxigraph_changes import is_merged
from kb.engine.oxigraph_terms import Term, to_graph_name, to_oxigraph, to_rdflib
from kb.patch import Patch, Quad

Statement = tuple[Term, Term, Term]
"""A triple in the engine's own terms."""

_MERGE = ox.DefaultGraph()
_INFERRED = ox.NamedNode(str(INFERRED))


class Lookup:
    """What the merge of an engine holds, as long as the engine does not change."""

    def __init__(self, engine: OxigraphEngine) -> None:
        self._store = engine.store
        self._default_graph = engine.default_graph

    def __contains__(self, triple: Statement) -> bool:
        """Whether a triple is in the merge."""
        return _quad(triple, _MERGE) in self._store

    def is_inferred(self, triple: Statement) -> bool:
        """Whether a triple is in the graph of inferred triples, which nobody states."""
        return _quad(triple, _INFERRED) in self._store

    def match(self, subject: Term | None, predicate: Term, value: Term | None) -> Iterator[Statement]:
        """The triples of the merge with these terms; None: any."""
        found = self._store.quads_for_pattern(
            cast("ox.NamedNode | None", subject), cast(ox.NamedNode, predicate), value, _MERGE
        )
        for quad in found:
            yield quad.subject, predicate, quad.object

    def stated_changes(self, patch: Patch) -> tuple[set[Statement], set[Statement]]:
        """The triples that nobody states any more after a patch, and those that the patch states.

        A triple counts as stated when it is in a graph of the merge other than that of inferred triples.
        """
        leaving, arriving = self._by_triple(patch.deletes), self._by_triple(patch.inserts)
        gone = {
            triple
            for triple, graphs in leaving.items()
            if triple not in arriving and triple in self and not self._graphs(triple) - graphs
        }
        return gone, set(arriving)

    def _by_triple(self, quads: frozenset[Quad]) -> dict[Statement, set[object]]:
        """The triples of `quads`, each with the graphs of the merge that it is named in."""
        found = defaultdict[Statement, set[object]](set)
        for *triple, graph in quads:
            name = to_graph_name(graph)
            if is_merged(name, self._default_graph):
                subject, predicate, value = map(to_oxigraph, triple)
                found[subject, predicate, value].add(name)
        return found

    def _graphs(self, triple: Statement) -> set[object]:
        """The graphs of the merge that hold a triple."""
        subject, predicate, value = triple
        found = self._store.quads_for_pattern(
            cast(ox.NamedNode, subject), cast(ox.NamedNode, predicate), value, None
        )
        return {quad.graph_name for quad in found if is_merged(quad.graph_name, self._default_graph)}


def is_resource(term: Term) -> bool:
    """Whether a term can be a subject."""
    return isinstance(term, ox.NamedNode | ox.BlankNode)


def to_quad(triple: Statement) -> Quad:
    """A triple as a quad of the graph of inferred triples, in terms of rdflib."""
    return cast(Quad, (*map(to_rdflib, triple), INFERRED))


def _quad(triple: Statement, graph: ox.NamedNode | ox.DefaultGraph) -> ox.Quad:
    subject, predicate, value = triple
    return ox.Quad(cast(ox.NamedNode, subject), cast(ox.NamedNode, predicate), value, graph)

"""Default graphs made of several named ones, in which a triple of two graphs stands once.

The engine makes one at query time and repeats such a triple, so that a COUNT is wrong. Where there is one,
the query is asked of a copy in memory instead.

Source: SPARQL 1.1 Query Language, section 13.2: the default graph is the RDF merge of the graphs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, cast

import pyoxigraph as ox
from rdflib import URIRef

from kb.engine.contract import DefaultGraph
from kb.engine.oxigraph import OxigraphEngine, query_error
from kb.engine.oxigraph_changes import in_default_graph
from kb.engine.oxigraph_terms import to_graph_name
from kb.errors import NotUnderstood

_SHARED: Final = "ASK { GRAPH ?one { ?s ?p ?o } FILTER EXISTS { ?s ?p ?o } }"


class Merges:
    """The merges that were asked for of one engine that never changes, as far as they are known."""

    def __init__(self, engine: OxigraphEngine) -> None:
        self._engine = engine
        self._share: dict[frozenset[str], bool] = {}

    def of(self, default_graphs: Sequence[str], named_graphs: Sequence[str]) -> OxigraphEngine | None:
        """An engine whose default graph is the merge of graphs and that holds the named ones.

        None where the engine itself gives the right answer, because no triple stands in two of the graphs.
        """
        names = frozenset(default_graphs)
        if len(names) < 2:
            return None
        if names not in self._share:
            self._share[names] = self._shares(sorted(names))
        if not self._share[names]:
            return None
        merged = ox.Store()
        for name in sorted(names):
            merged.extend(in_default_graph(quad) for quad in self._quads(name))
        for name in named_graphs:
            merged.extend(self._quads(name))
        return OxigraphEngine(merged, DefaultGraph.OWN)

    def _shares(self, names: list[str]) -> bool:
        """Whether a triple stands in two of the graphs."""
        terms = [cast(ox.NamedNode, to_graph_name(URIRef(name))) for name in names]
        return any(
            bool(
                self._engine.store.query(_SHARED, default_graph=[*terms[at + 1 :]], named_graphs=[terms[at]])
            )
            for at in range(len(terms) - 1)
        )

    def _quads(self, name: str) -> Iterator[ox.Quad]:
        return self._engine.store.quads_for_pattern(None, None, None, to_graph_name(URIRef(name)))


def resolved(prologue: str, names: Sequence[str], base: str | None) -> tuple[str, ...]:
    """The IRIs that names in a query, such as <a> or x:a, stand for.

    Raises `QuerySyntaxError` for a prologue that does not parse, `NotUnderstood` for a base that is no IRI.
    """
    if not names:
        return ()
    columns = " ".join(f"({name} AS ?v{number})" for number, name in enumerate(names))
    try:
        found = ox.Store().query(f"{prologue} SELECT {columns} {{}}", base_iri=base)
    except SyntaxError as error:
        raise query_error(error) from None
    except ValueError:
        raise NotUnderstood(f"The base {base!r} is not an absolute IRI.") from None
    (row,) = cast(ox.QuerySolutions, found)
    return tuple(cast(ox.NamedNode, value).value for value in row)

"""A patch as operations of SPARQL Update, the stored default graph kept up with the named graphs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import pyoxigraph as ox

from kb.engine.contract import APART, DefaultGraph
from kb.engine.oxigraph_terms import to_quad
from kb.patch import Patch

GraphName = ox.NamedNode | ox.BlankNode | ox.DefaultGraph

_DEFAULT = ox.DefaultGraph()
_NOT_MERGED = (_DEFAULT, *(ox.NamedNode(str(name)) for name in sorted(APART)))


def is_merged(graph: GraphName, default_graph: DefaultGraph) -> bool:
    """Whether the triples of a named graph stand in the stored default graph too."""
    return default_graph is DefaultGraph.MERGE and graph not in _NOT_MERGED


def in_default_graph(quad: ox.Quad) -> ox.Quad:
    """The triple of a quad as it stands in the stored default graph."""
    return ox.Quad(quad.subject, quad.predicate, quad.object, _DEFAULT)


def statements(store: ox.Store, patch: Patch, default_graph: DefaultGraph) -> list[str]:
    """The operations that bring `store` from before a patch to after it; none when the patch is empty.

    A triple leaves the merge when no merged graph holds it any more. A graph that is empty afterwards is
    no graph any more, so that what is there follows from the quads alone.
    """
    deletes, inserts = {to_quad(quad) for quad in patch.deletes}, {to_quad(quad) for quad in patch.inserts}
    emptied = _emptied(store, deletes, inserts)
    shown = {in_default_graph(quad) for quad in inserts if is_merged(quad.graph_name, default_graph)}
    hidden = {
        in_default_graph(quad)
        for quad in deletes
        if is_merged(quad.graph_name, default_graph) and not _stays(store, quad, deletes, default_graph)
    }
    made = []
    if deletes:
        made.append(f"DELETE DATA {_block(deletes | hidden)}")
    if inserts:
        made.append(f"INSERT DATA {_block(inserts | shown)}")
    return made + [f"DROP SILENT GRAPH {name}" for name in emptied]


def _stays(store: ox.Store, gone: ox.Quad, deletes: set[ox.Quad], default_graph: DefaultGraph) -> bool:
    """Whether another merged graph holds the triple of `gone` when all `deletes` are gone."""
    return any(
        is_merged(quad.graph_name, default_graph) and quad not in deletes
        for quad in store.quads_for_pattern(gone.subject, gone.predicate, gone.object, None)
    )


def _emptied(store: ox.Store, deletes: set[ox.Quad], inserts: set[ox.Quad]) -> list[GraphName]:
    """The named graphs of which nothing is left, sorted."""
    names = {quad.graph_name for quad in deletes} - {quad.graph_name for quad in inserts} - {_DEFAULT}
    return sorted(
        (
            name
            for name in names
            if all(quad in deletes for quad in store.quads_for_pattern(None, None, None, name))
        ),
        key=str,
    )


def _block(quads: Iterable[ox.Quad]) -> str:
    """Quads in braces, as INSERT DATA and DELETE DATA take them."""
    by_graph = defaultdict(list)
    for quad in quads:
        by_graph[quad.graph_name].append(f"{quad.subject} {quad.predicate} {quad.object} .")
    groups = (
        "\n".join(triples) if name == _DEFAULT else f"GRAPH {name} {{\n" + "\n".join(triples) + "\n}"
        for name, triples in by_graph.items()
    )
    return "{\n" + "\n".join(groups) + "\n}"

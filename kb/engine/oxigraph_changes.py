"""A patch as operations of SPARQL Update, the stored default graph kept up with the named graphs.

In a plain store the IRIs of a patch that stand in for blank nodes are blank nodes. No data of an update can
name one that is there, so a function of ours makes them, from a table of such quads.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final

import pyoxigraph as ox

from kb.engine.contract import APART, RESERVED, DefaultGraph
from kb.engine.oxigraph_terms import Term, as_text, to_oxigraph, to_quad, to_rdflib
from kb.patch import Patch

GraphName = ox.NamedNode | ox.BlankNode | ox.DefaultGraph

_DEFAULT = ox.DefaultGraph()
_BLANK: Final = ox.NamedNode(f"{RESERVED}blank-node")
_NOT_MERGED = (_DEFAULT, *(ox.NamedNode(str(name)) for name in sorted(APART)))


def _blank(term: Term) -> Term:
    """A term with the blank nodes in place of the IRIs that stand in for them."""
    return to_oxigraph(to_rdflib(term), blank=True)


FUNCTIONS: Final[dict[ox.NamedNode, Callable[..., Term | None]]] = {_BLANK: _blank}
"""What operations of `statements` call."""


def is_merged(graph: GraphName, default_graph: DefaultGraph) -> bool:
    """Whether the triples of a named graph stand in the stored default graph too."""
    return default_graph is DefaultGraph.MERGE and graph not in _NOT_MERGED


def in_default_graph(quad: ox.Quad) -> ox.Quad:
    """The triple of a quad as it stands in the stored default graph."""
    return ox.Quad(quad.subject, quad.predicate, quad.object, _DEFAULT)


def statements(store: ox.Store, patch: Patch, default_graph: DefaultGraph) -> list[str]:
    """The operations that bring `store` from before a patch to after it; none when the patch is empty.

    A triple leaves the merge when no merged graph holds it any more. A graph that is empty afterwards is
    no graph any more, so that what is there follows from the quads alone. They are to be made with
    `FUNCTIONS`.
    """
    plain = default_graph is DefaultGraph.OWN
    deletes = {to_quad(quad, blank=plain) for quad in patch.deletes}
    inserts = {to_quad(quad, blank=plain) for quad in patch.inserts}
    emptied = _emptied(store, deletes, inserts)
    shown = {in_default_graph(quad) for quad in inserts if is_merged(quad.graph_name, default_graph)}
    hidden = {
        in_default_graph(quad)
        for quad in deletes
        if is_merged(quad.graph_name, default_graph) and not _stays(store, quad, deletes, default_graph)
    }
    made = _operations("DELETE", deletes | hidden) + _operations("INSERT", inserts | shown)
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


def _operations(verb: str, quads: set[ox.Quad]) -> list[str]:
    """The operations that delete or insert quads."""
    blank = {quad for quad in quads if _holds_blank(quad.subject) or _holds_blank(quad.object)}
    made = [f"{verb} DATA {_block(quads - blank)}"] if quads - blank else []
    by_graph = defaultdict(list)
    for quad in blank:
        row = (quad.subject, quad.predicate, quad.object)
        by_graph[quad.graph_name].append(f"({' '.join(as_text(_named(term)) for term in row)})")
    return made + [
        f"{verb} {_in_graph(name, '?s ?p ?o')} WHERE {{ VALUES (?a ?p ?b) {{ {' '.join(rows)} }} "
        f"BIND({_BLANK}(?a) AS ?s) BIND({_BLANK}(?b) AS ?o) }}"
        for name, rows in by_graph.items()
    ]


def _holds_blank(term: Term) -> bool:
    if isinstance(term, ox.Triple):
        return _holds_blank(term.subject) or _holds_blank(term.object)
    return isinstance(term, ox.BlankNode)


def _named(term: Term) -> Term:
    """A term with the IRIs that stand in for blank nodes in place of them."""
    return to_oxigraph(to_rdflib(term, ground=True))


def _in_graph(name: GraphName, triples: str) -> str:
    return f"{{ {triples} }}" if name == _DEFAULT else f"{{ GRAPH {name} {{ {triples} }} }}"


def _block(quads: Iterable[ox.Quad]) -> str:
    """Quads in braces, as INSERT DATA and DELETE DATA take them."""
    by_graph = defaultdict(list)
    for quad in quads:
        by_graph[quad.graph_name].append(f"{quad.subject} {quad.predicate} {as_text(quad.object)} .")
    groups = (
        "\n".join(triples) if name == _DEFAULT else f"GRAPH {name} {{\n" + "\n".join(triples) + "\n}"
        for name, triples in by_graph.items()
    )
    return "{\n" + "\n".join(groups) + "\n}"

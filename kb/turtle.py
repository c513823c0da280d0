"""The one way we write Turtle and TriG: the same bytes for the same quads, whatever order they came in."""

from __future__ import annotations

from io import BytesIO

from rdflib import OWL, Dataset, Graph, URIRef
from rdflib.plugins.serializers.longturtle import LongTurtleSerializer

from kb.errors import NotUnderstood
from kb.terms import PREFIXES


class _Writer(LongTurtleSerializer):
    """rdflib's longturtle with the ontology header first."""

    topClasses = [OWL.Ontology]  # noqa: RUF012 - rdflib declares it so


def _prefixes_and_blocks(graph: Graph) -> tuple[set[str], str]:
    """The prefix lines that `graph` needs, and its blocks, one a subject."""
    clean = Graph(bind_namespaces="none")  # rdflib would bind two dozen prefixes of its own
    for prefix, namespace in PREFIXES.items():
        clean.bind(prefix, namespace)
    for triple in graph:
        clean.add(triple)
    out = BytesIO()
    _Writer(clean).serialize(out)  # type: ignore[no-untyped-call] # rdflib leaves it untyped
    # Splitting at "\n" only: a literal may hold other line separators, which are its own.
    lines = [line.rstrip(" ") for line in out.getvalue().decode().split("\n")]
    prefixes = {line for line in lines if line.startswith("PREFIX ")}
    return prefixes, "\n".join(line for line in lines if line not in prefixes).strip("\n")


def to_turtle(graph: Graph) -> str:
    """`graph` as Turtle: prefixes that are used, the ontology header if any, then a block a subject."""
    prefixes, blocks = _prefixes_and_blocks(graph)
    return "\n".join([*sorted(prefixes), "", blocks, ""])


def to_trig(dataset: Dataset) -> str:
    """`dataset` as TriG: prefixes, then a block a named graph, sorted by graph name.

    Raises `NotUnderstood` when a quad stands in the default graph: all our data has a graph name.
    """
    prefixes: set[str] = set()
    parts: list[str] = []
    for graph in sorted(dataset.graphs(), key=lambda found: str(found.identifier)):
        if len(graph) == 0:
            continue
        if graph.identifier == dataset.default_graph.identifier or not isinstance(graph.identifier, URIRef):
            raise NotUnderstood("A quad has no graph name; every graph we write is named.")
        own, blocks = _prefixes_and_blocks(graph)
        prefixes |= own
        parts += ["", f"GRAPH <{graph.identifier}> {{", "", blocks, "", "}"]
    return "\n".join([*sorted(prefixes), *parts, ""])

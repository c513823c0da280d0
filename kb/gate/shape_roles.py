"""What part a shape plays in a shapes graph: who refers to it, and whether results name it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rdflib import RDF, SH, Graph, URIRef
from rdflib.term import Node

from kb.errors import NotUnderstood
from kb.paths import members
from kb.terms import PREFIXES

TARGETS: Final = (SH.targetNode, SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf)
SHAPE_TYPES: Final = (SH.NodeShape, SH.PropertyShape)
_TO_ONE: Final = (SH.property, SH.node, SH["not"], SH.qualifiedValueShape)
_TO_SEVERAL: Final = (SH["and"], SH["or"], SH.xone)


def short(node: Node) -> str:
    """How a sentence names a node: with its prefix where it has one of ours."""
    text = str(node)
    if not isinstance(node, URIRef):
        return "a shape without an IRI"
    fitting = [(len(space), prefix) for prefix, space in PREFIXES.items() if text.startswith(space)]
    if not fitting:
        return f"<{text}>"
    length, prefix = max(fitting)
    return f"{prefix}:{text[length:]}"


def listed(graph: Graph, head: Node) -> list[Node]:
    """The members of a list, none when it is not well formed."""
    try:
        return members(graph, head)
    except NotUnderstood:
        return []


def references(graph: Graph, shape: Node) -> Iterator[Node]:
    """The shapes that `shape` asks for: its property shapes and its conditions."""
    for predicate in _TO_ONE:
        yield from graph.objects(shape, predicate)
    for predicate in _TO_SEVERAL:
        for head in graph.objects(shape, predicate):
            yield from listed(graph, head)


def all_shapes(graph: Graph) -> set[Node]:
    """Every shape: what is typed as one, has a target, or is asked for by another."""
    found = {shape for kind in SHAPE_TYPES for shape in graph.subjects(RDF.type, kind)}
    found |= {shape for target in TARGETS for shape in graph.subjects(target, None)}
    waiting = list(found)
    while waiting:
        new = set(references(graph, waiting.pop())) - found
        found |= new
        waiting += new
    return found


def is_targeted(graph: Graph, shape: Node) -> bool:
    return any((shape, target, None) in graph for target in TARGETS)


def told_shapes(graph: Graph) -> set[Node]:
    """The shapes that a result can name: those with a target, and their property shapes at any depth.

    The others are conditions: a result names the shape that asks for them.
    """
    found = {shape for shape in all_shapes(graph) if is_targeted(graph, shape)}
    waiting = list(found)
    while waiting:
        new = set(graph.objects(waiting.pop(), SH.property)) - found
        found |= new
        waiting += new
    return found


def conditions(graph: Graph, shape: Node) -> set[Node]:
    """`shape` and everything that it asks for, but not the property shapes of a shape that results name."""
    found = {shape}
    own = set(graph.objects(shape, SH.property)) if is_targeted(graph, shape) else set()
    waiting = [shape]
    while waiting:
        new = set(references(graph, waiting.pop())) - found - own
        found |= new
        waiting += new
    return found

"""Property paths: from RDF, as SHACL writes them, to SPARQL text and back."""

from __future__ import annotations

import re

from rdflib import RDF, SH, BNode, Graph, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from kb.errors import NotUnderstood

_MARKS: dict[Node, str] = {SH.zeroOrMorePath: "*", SH.oneOrMorePath: "+", SH.zeroOrOnePath: "?"}
_KINDS = {mark: kind for kind, mark in _MARKS.items()}
_DEEPEST = 50


class BadPath(NotUnderstood):
    """A property path that is not well formed."""

    title = "The path is not well formed"


def members(graph: Graph, head: Node) -> list[Node]:
    """The members of the RDF list that starts at `head`.

    Raises `NotUnderstood` when it is no well-formed list: a part without exactly one first and one rest,
    or a ring.
    """
    found: list[Node] = []
    seen: set[Node] = set()
    while head != RDF.nil:
        first, rest = list(graph.objects(head, RDF.first)), list(graph.objects(head, RDF.rest))
        if len(first) != 1 or len(rest) != 1 or head in seen:
            raise NotUnderstood("A list is not well formed: each part needs one rdf:first and one rdf:rest.")
        seen.add(head)
        found.append(first[0])
        head = rest[0]
    return found


def path_text(graph: Graph, node: Node) -> str:
    """The path that stands at `node`, in SPARQL's notation with full IRIs. Raises `NotUnderstood`.

    Source: SHACL section 2.3.1.
    """
    return _text(graph, node, 0)


def _text(graph: Graph, node: Node, depth: int) -> str:
    if isinstance(node, URIRef):
        return node.n3()
    if depth > _DEEPEST:
        raise BadPath(f"A path is nested more than {_DEEPEST} deep, or contains itself.")

    def inner(part: Node) -> str:
        text = _text(graph, part, depth + 1)
        return text if isinstance(part, URIRef) else f"({text})"

    if (node, RDF.first, None) in graph:
        return "/".join(inner(part) for part in _at_least_two(graph, node))
    parts = list(graph.predicate_objects(node))
    if len(parts) == 1:
        kind, part = parts[0]
        if kind == SH.inversePath:
            return "^" + inner(part)
        if kind == SH.alternativePath:
            return "|".join(inner(choice) for choice in _at_least_two(graph, part))
        if kind in _MARKS:
            return inner(part) + _MARKS[kind]
    raise BadPath("A path is a property, a list of paths, or a node with one of SHACL's path properties.")


def _at_least_two(graph: Graph, head: Node) -> list[Node]:
    found = members(graph, head)
    if len(found) < 2:
        raise BadPath("A sequence or alternative path needs at least two members.")
    return found


def may_stay(graph: Graph, node: Node) -> bool:
    """Whether the well-formed path at `node` can lead from a thing to itself without any triple.

    SPARQL takes only what stands in the data for such a thing, SHACL takes every focus node.
    """
    if isinstance(node, URIRef):
        return False
    if (node, RDF.first, None) in graph:
        return all(may_stay(graph, part) for part in members(graph, node))
    ((kind, part),) = graph.predicate_objects(node)
    if kind == SH.alternativePath:
        return any(may_stay(graph, choice) for choice in members(graph, part))
    return kind in (SH.zeroOrMorePath, SH.zeroOrOnePath) or may_stay(graph, part)


def path_node(text: str, graph: Graph) -> Node:
    """Writes the path `text`, in the notation of `path_text`, to `graph`; out: the node it stands at.

    Raises `BadPath` for any other notation.
    """
    tokens = re.findall(r"<[^<>]*>|[()/|^*+?]|\S", text)
    node = _path(tokens, graph)
    if tokens:
        raise BadPath(f"The path {text} cannot be read after {tokens[0]!r}.")
    return node


def _path(tokens: list[str], graph: Graph) -> Node:
    """Takes one path off the front of `tokens`."""
    parts = [_step(tokens, graph)]
    joint = tokens[0] if tokens and tokens[0] in "/|" else ""
    while joint and tokens and tokens[0] == joint:
        tokens.pop(0)
        parts.append(_step(tokens, graph))
    if not joint:
        return parts[0]
    head = Collection(graph, BNode(), parts).uri
    if joint == "/":
        return head
    return _wrap(SH.alternativePath, head, graph)


def _step(tokens: list[str], graph: Graph) -> Node:
    token = tokens.pop(0) if tokens else ""
    if token == "^":
        return _wrap(SH.inversePath, _step(tokens, graph), graph)
    if token == "(":
        node = _path(tokens, graph)
        if not tokens or tokens.pop(0) != ")":
            raise BadPath("A bracket in the path is not closed.")
    elif token.startswith("<"):
        node = URIRef(token[1:-1])
    else:
        raise BadPath(f"A path cannot have {token or 'its end'!r} here.")
    if tokens and tokens[0] in _KINDS:
        return _wrap(_KINDS[tokens.pop(0)], node, graph)
    return node


def _wrap(kind: Node, part: Node, graph: Graph) -> Node:
    node = BNode()
    graph.add((node, kind, part))
    return node

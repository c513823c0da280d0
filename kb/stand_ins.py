"""The IRIs that stand in for the blank nodes of a file: the same for the same content, wherever it is read.

A blank node has no name of its own, so a file that is read again would come out as a change of all its blank
nodes. Here the name is made from what the file says around the node. Almost all blank nodes in practice are
trees below an IRI, as brackets in Turtle write them: such a node is named after the node above it, the
predicate between them, and all that is below it. So a change elsewhere in the file, even in a bracket beside
it, leaves the name as it is. Two alike in the same place differ by a number; which of them gets which makes
no difference to the triples.

Blank nodes that share a child or go round in a ring are named after the canonical form of the whole of them.

Source: RDF 1.1 Concepts, section 3.5 (skolemisation).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256

from rdflib import BNode, Graph, URIRef
from rdflib.term import Node

from kb.engine.contract import Triple
from kb.engine.oxigraph_canonical import canonical
from kb.terms import GENID


def stand_ins(graph: Graph) -> Graph:
    """The triples of `graph` with an IRI below GENID in place of each blank node, each node one of its own.

    The outcome depends on nothing but the triples: not on the order or the labels in which they came.

    >>> text = "<urn:a> <urn:b> [ <urn:c> 1 ] ."
    >>> one, other = (stand_ins(Graph().parse(data=text, format="turtle")) for _ in range(2))
    >>> set(one) == set(other)
    True
    """
    named, parts = Graph(), _parts(graph)
    for triple in graph:
        if not _blank(triple):
            named.add(triple)
    used = Counter[str]()
    for part in parts:
        for triple in _tree_named(part, used) or _ring_named(part, used):
            named.add(triple)
    return named


def without_stand_ins(triples: Iterable[Triple]) -> Graph:
    """Triples as a graph, with a blank node in place of each IRI below GENID: the same for the same IRI."""
    graph = Graph()
    for subject, predicate, value in triples:
        graph.add((_blank_again(subject), predicate, _blank_again(value)))
    return graph


def _blank_again(term: Node) -> Node:
    if isinstance(term, URIRef) and term.startswith(GENID):
        return BNode(term.removeprefix(GENID))
    return term


def _blank(triple: Triple) -> list[BNode]:
    """The blank nodes at the ends of a triple."""
    subject, _, value = triple
    return [term for term in (subject, value) if isinstance(term, BNode)]


def _parts(graph: Graph) -> Iterator[list[Triple]]:
    """The triples with blank nodes, those together that hang together by blank nodes."""
    around = defaultdict[BNode, list[Triple]](list)
    for triple in graph:
        for node in _blank(triple):
            around[node].append(triple)
    seen: set[BNode] = set()
    for start in around:
        if start in seen:
            continue
        part, ahead = dict[Triple, None](), [start]
        seen.add(start)
        while ahead:
            triples = around[ahead.pop()]
            part.update(dict.fromkeys(triples))
            beside = {node for triple in triples for node in _blank(triple)} - seen
            seen |= beside
            ahead += beside
        yield list(part)


def _tree_named(part: list[Triple], used: Counter[str]) -> list[Triple]:
    """The triples of a part with its nodes named from the root down; nothing when it is no tree."""
    above: dict[Node, tuple[Node, Node]] = {}
    below = defaultdict[Node, list[tuple[Node, Node]]](list)
    for subject, predicate, value in part:
        below[subject].append((predicate, value))
        if isinstance(value, BNode):
            if value in above:
                return []
            above[value] = (subject, predicate)
    nodes = {node for triple in part for node in _blank(triple)}
    order = [node for node in nodes if node not in above or not isinstance(above[node][0], BNode)]
    if len(order) != 1:
        return []  # a ring, which nothing is above of
    for node in order:  # grows as it goes: each node stands before those below it
        order += [value for _, value in below[node] if isinstance(value, BNode)]

    content: dict[Node, str] = {}
    for node in reversed(order):
        said = (f"{verb.n3()} {content.get(value) or value.n3()}" for verb, value in below[node])
        content[node] = _hash(*sorted(said))
    names: dict[Node, URIRef] = {}
    for node in order:
        place = [names.get(term, term).n3() for term in above.get(node, ())]
        names[node] = _name(_hash(*place, content[node]), used)
    return _renamed(part, names)


def _ring_named(part: list[Triple], used: Counter[str]) -> list[Triple]:
    """The triples of a part, whatever its form, with its nodes named by its canonical form."""
    triples = canonical(part)
    whole = _name(_hash(*sorted(" ".join(term.n3() for term in triple) for triple in triples)), used)
    nodes = {node for triple in triples for node in _blank(triple)}
    return _renamed(triples, {node: URIRef(GENID + _hash(whole, node)) for node in nodes})


def _renamed(triples: Iterable[Triple], names: Mapping[Node, URIRef]) -> list[Triple]:
    return [(names.get(subject, subject), verb, names.get(value, value)) for subject, verb, value in triples]


def _name(of: str, used: Counter[str]) -> URIRef:
    """A name made of a hash that is unlike those given before in this graph."""
    used[of] += 1
    return URIRef(GENID + _hash(of, str(used[of])))


def _hash(*parts: str) -> str:
    """32 hexadecimal digits for texts in this order, no two lists of texts being taken for one."""
    return sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()[:32]

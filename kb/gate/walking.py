"""Walks routes from some nodes over the triples before and after a change together.

Those are what an engine holds after the change, and what the change took away. Walking over both finds
whatever hung together before or after: more than need be sometimes, never less.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from itertools import islice
from typing import Final, TypeVar

from rdflib import RDF, URIRef
from rdflib.term import BNode, Node

from kb.gate.routes import Chain, Choice, Repeat, Route, Step
from kb.gate.value_tests import Looks

Triple = tuple[Node, Node, Node]
Item = TypeVar("Item")

AT_ONCE: Final = 1_000
"""How many nodes a query names at most."""

FEW: Final = 30
"""Up to so many nodes are looked up one by one."""

_MANY_TRIPLES: Final = 60
_MANY_COMING: Final = 20

_TYPE: Final = Step(RDF.type)
_SUBJECTS: Final = (URIRef, BNode)

Nodes = frozenset[Node]

Properties = dict[Node, list[Node]]
"""The properties of one node, each with its values."""


def chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    """The items in lists of at most `AT_ONCE`."""
    left = iter(items)
    while some := list(islice(left, AT_ONCE)):
        yield some


def values(variables: str, rows: Iterable[Sequence[Node]]) -> str:
    """The VALUES clause that gives the variables these values."""
    listed = " ".join(f"({' '.join(term.n3() for term in row)})" for row in rows)
    return f"VALUES ({variables}) {{ {listed} }}"


class Neighbours:
    """The triples about nodes that an engine holds. Of a few nodes they are looked up one by one."""

    def __init__(self, engine: Looks) -> None:
        self._engine = engine
        self._known: dict[Node, Properties | None] = {}
        self._known_coming: dict[Node, Properties | None] = {}
        self._types: dict[Node, frozenset[Node]] = {}

    def about(self, node: Node) -> Properties | None:
        """The properties of a node with their values; None when they are many. It is asked for once.

        What cannot be a subject has none.
        """
        if not _can_be_subject(node):
            return {}
        if node not in self._known:
            found = ((p, o) for _, p, o in self._engine.matching(node, None, None))
            self._known[node] = _by_property(found, _MANY_TRIPLES)
        return self._known[node]

    def _coming(self, node: Node) -> Properties | None:
        """The properties that lead to a node, with what they lead from; None when they are many."""
        if node not in self._known_coming:
            found = ((p, s) for s, p, _ in self._engine.matching(None, None, node))
            self._known_coming[node] = _by_property(found, _MANY_COMING)
        return self._known_coming[node]

    def over(self, nodes: Collection[Node], step: Step, most: int | None = None) -> set[Node]:
        """Where the step leads from these nodes. most: no more are needed."""
        found = set[Node]()
        if not step.inverse:
            nodes = list(filter(_can_be_subject, nodes))
        if len(nodes) <= FEW:
            for node in nodes:
                found.update(islice(self._reached(node, step), most))
            return found
        for some in chunks(nodes):
            limit = "" if most is None else f" LIMIT {most}"
            found |= {row[0] for row in self._select(f"?there {{ {_pattern(step, some)} }}{limit}")}
        return found

    def having(self, nodes: Collection[Node], step: Step, value: Node | None = None) -> set[Node]:
        """Those of the nodes from which the step leads anywhere, or to `value`."""
        found = set[Node]()
        if not step.inverse:
            nodes = list(filter(_can_be_subject, nodes))
        if len(nodes) <= FEW:
            return {node for node in nodes if any(value in (None, o) for o in self._reached(node, step))}
        there = "?there" if value is None else value.n3()
        for some in chunks(nodes):
            here, triple = values("?here", ((node,) for node in some)), _triple(step, there)
            # Not as a join: the first triple is enough, of many.
            found |= {row[0] for row in self._select(f"?here {{ {here} FILTER EXISTS {{ {triple} }} }}")}
        return found

    def types(self, nodes: Collection[Node]) -> Mapping[Node, Set[Node]]:
        """The classes that the nodes are said to be of."""
        nodes = list(filter(_can_be_subject, nodes))
        if len(nodes) <= FEW:
            for node in nodes:
                if node not in self._types:
                    self._types[node] = frozenset(self._reached(node, _TYPE))
            return {node: self._types[node] for node in nodes}
        found = defaultdict[Node, set[Node]](set)
        for some in chunks(nodes):
            for node, its_class in self._select(f"?here ?there {{ {_pattern(_TYPE, some)} }}"):
                found[node].add(its_class)
        return found

    def _reached(self, node: Node, step: Step) -> Iterator[Node]:
        """Where the step leads from a node, each end as often as there are properties that fit."""
        known = self._coming(node) if step.inverse else self._known.get(node)
        if known is not None and step.predicate is not None:
            return iter(known.get(step.predicate, ()))
        ends = (None, node) if step.inverse else (node, None)
        found = self._engine.matching(ends[0], step.predicate, ends[1])
        return (s if step.inverse else o for s, p, o in found if p not in step.but)

    def _select(self, rest: str) -> Iterator[tuple[Node, ...]]:
        for row in self._engine.select(f"SELECT DISTINCT {rest}"):
            yield tuple(term for term in row if term is not None)


def _by_property(found: Iterator[tuple[Node, Node]], many: int) -> Properties | None:
    known = defaultdict[Node, list[Node]](list)
    pairs = list(islice(found, many))
    for predicate, end in pairs:
        known[predicate].append(end)
    return dict(known) if len(pairs) < many else None


def _can_be_subject(node: Node) -> bool:
    return type(node) in _SUBJECTS


def _pattern(step: Step, nodes: Iterable[Node]) -> str:
    """The pattern that leads from ?here, each of the nodes, to ?there."""
    return f"{values('?here', ((node,) for node in nodes))} {_triple(step, '?there')}"


def _triple(step: Step, there: str) -> str:
    verb = "?property" if step.predicate is None else step.predicate.n3()
    triple = f"{there} {verb} ?here" if step.inverse else f"?here {verb} {there}"
    return triple + "".join(f" FILTER(?property != {each.n3()})" for each in sorted(step.but))


def _fits(step: Step, predicate: Node) -> bool:
    return predicate == step.predicate or (step.predicate is None and predicate not in step.but)


class Ground:
    """What is walked on. gone: the triples that the change took away."""

    def __init__(self, neighbours: Neighbours, gone: Iterable[Triple]) -> None:
        self.neighbours = neighbours
        self._gone_out: dict[Node, list[tuple[Node, Node]]] = defaultdict(list)
        self._gone_in: dict[Node, list[tuple[Node, Node]]] = defaultdict(list)
        for subject, predicate, value in gone:
            self._gone_out[subject].append((predicate, value))
            self._gone_in[value].append((predicate, subject))
        self._walked: dict[tuple[Nodes, Route], Nodes] = {}

    def walk(self, nodes: Nodes, route: Route, most: int) -> Nodes | None:
        """Where the route leads from the nodes.

        None when that is more than `most` nodes, on the way or at its end, or a blank node, which no query
        can name.
        """
        if (nodes, route) in self._walked:
            return self._walked[nodes, route]
        found = self._walk(nodes, route, most)
        if found is None or len(found) > most or any(isinstance(node, BNode) for node in found):
            return None
        self._walked[nodes, route] = found
        return found

    def _walk(self, nodes: Nodes, route: Route, most: int) -> Nodes | None:
        match route:
            case Step():
                return self._step(nodes, route, most) if nodes else nodes
            case Chain(parts):
                return self._chain(nodes, parts, most)
            case Choice(parts):
                found: Nodes = frozenset()
                for part in parts:
                    reached = self.walk(nodes, part, most)
                    if reached is None:
                        return None
                    found |= reached
                return found
            case Repeat(part):
                return self._repeat(nodes, part, most)

    def _chain(self, nodes: Nodes, parts: tuple[Route, ...], most: int) -> Nodes | None:
        for part in parts:
            reached = self.walk(nodes, part, most)
            if reached is None:
                return None
            nodes = reached
        return nodes

    def _repeat(self, nodes: Nodes, part: Route, most: int) -> Nodes | None:
        found = new = nodes
        while new:
            reached = self.walk(new, part, most)
            if reached is None or len(found) > most:
                return None
            new = reached - found
            found |= new
        return found

    def _step(self, nodes: Nodes, step: Step, most: int) -> Nodes:
        gone = self._gone_in if step.inverse else self._gone_out
        before = {other for node in nodes for verb, other in gone.get(node, ()) if _fits(step, verb)}
        return frozenset(before | self.neighbours.over(nodes, step, most + 1))

    def having(self, nodes: Nodes, predicate: URIRef, value: Node) -> Nodes:
        """Those of the nodes that have a value for a property, before or after the change."""
        before = {node for node in nodes if (predicate, value) in self._gone_out.get(node, ())}
        return frozenset(before | self.neighbours.having(nodes, Step(predicate), value))

    def instances(self, classes: Nodes, most: int) -> Nodes | None:
        """What is said to be of one of the classes, before or after; None as in `walk`."""
        if any(isinstance(each, BNode) for each in classes):
            return None
        return self.walk(classes, Step(RDF.type, inverse=True), most)

"""Routes through the data as values, so that they can be walked backwards and taken apart into their edges.

A route is what a property path of SHACL or SPARQL says; a shape reads the triples on its routes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rdflib import RDF, SH, Graph, URIRef
from rdflib.term import Node

from kb.paths import members, path_node


@dataclass(frozen=True)
class Step:
    """Over one triple, from subject to object, or `inverse`. predicate: None for any, but those in `but`."""

    predicate: URIRef | None
    inverse: bool = False
    but: frozenset[URIRef] = frozenset()


@dataclass(frozen=True)
class Chain:
    """One after the other; without parts, the route that stays where it is."""

    parts: tuple[Route, ...]


@dataclass(frozen=True)
class Choice:
    """Any of them."""

    parts: tuple[Route, ...]


@dataclass(frozen=True)
class Repeat:
    """Any number of times, also not at all."""

    part: Route


Route = Step | Chain | Choice | Repeat

STAY = Chain(())
"""The route that stays where it is."""


@dataclass(frozen=True)
class Edge:
    """A step of a route, with what leads to it from the start and what follows it to the end."""

    before: Route
    step: Step
    after: Route


def chain(*routes: Route) -> Route:
    """The routes one after the other."""
    parts = [part for route in routes for part in (route.parts if isinstance(route, Chain) else (route,))]
    return parts[0] if len(parts) == 1 else Chain(tuple(parts))


def back(route: Route) -> Route:
    """The route from its end to its start."""
    match route:
        case Step(predicate, inverse, but):
            return Step(predicate, not inverse, but)
        case Chain(parts):
            return chain(*(back(part) for part in reversed(parts)))
        case Choice(parts):
            return Choice(tuple(back(part) for part in parts))
        case Repeat(part):
            return Repeat(back(part))


def may_stay(route: Route) -> bool:
    """Whether it can lead from a node to itself without any triple."""
    match route:
        case Step():
            return False
        case Chain(parts):
            return all(may_stay(part) for part in parts)
        case Choice(parts):
            return any(may_stay(part) for part in parts)
    return True


def edges(route: Route) -> Iterator[Edge]:
    """Every step of the route; whoever walks it reads triples at these alone."""
    match route:
        case Step():
            yield Edge(STAY, route, STAY)
        case Chain(parts):
            for at, part in enumerate(parts):
                for edge in edges(part):
                    before, after = chain(*parts[:at], edge.before), chain(edge.after, *parts[at + 1 :])
                    yield Edge(before, edge.step, after)
        case Choice(parts):
            for part in parts:
                yield from edges(part)
        case Repeat(part):
            for edge in edges(part):
                yield Edge(chain(route, edge.before), edge.step, chain(edge.after, route))


def route_of(path: str) -> Route:
    """The route of a path in the notation of `kb.paths`. Raises `BadPath`."""
    graph = Graph()
    return _route(path_node(path, graph), graph)


def _route(node: Node, graph: Graph) -> Route:
    if isinstance(node, URIRef):
        return Step(node)
    if (node, RDF.first, None) in graph:
        return chain(*(_route(part, graph) for part in members(graph, node)))
    ((kind, inner),) = graph.predicate_objects(node)
    if kind == SH.alternativePath:
        return Choice(tuple(_route(part, graph) for part in members(graph, inner)))
    part = _route(inner, graph)
    if kind == SH.inversePath:
        return back(part)
    return zero_or_one(part) if kind == SH.zeroOrOnePath else repeated(part, kind == SH.oneOrMorePath)


def repeated(part: Route, at_least_once: bool) -> Route:
    """`part` any number of times, or at least once."""
    return chain(part, Repeat(part)) if at_least_once else Repeat(part)


def zero_or_one(part: Route) -> Route:
    """`part`, or staying."""
    return Choice((STAY, part))

"""What shapes read: the static analysis behind the incremental check.

A shape with a target is taken apart into parts that are checked by themselves: what it says of the focus
nodes, each of its property shapes, and each of its constraints in SPARQL. Of each part it is known which
triples its verdict on a focus node can follow from (`kb.gate.reads`): a change of other triples leaves the
verdict as it was. Each rule by which this is known stands in `TARGET_RULES`, `SHAPE_RULES` or, for queries,
in `kb.gate.query_reads.ITEM_RULES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from rdflib import RDF

from kb.gate.constraints import (
    Closed,
    Compares,
    Conforms,
    Disjoint,
    Equals,
    InClass,
    Qualified,
    Shape,
    Sparql,
    Targets,
)
from kb.gate.query_patterns import NotAnalysed, read_query
from kb.gate.query_reads import Known, query_reads
from kb.gate.reads import EVERYTHING, End, Read, Way
from kb.gate.routes import STAY, Route, back, chain, edges, may_stay, route_of


@dataclass(frozen=True, eq=False)
class Part:
    """A part of a shape with a target that is checked by itself.

    root: the shape. shape: the root with this part of its constraints and property shapes only. reads: what
    its check reads. why: why its check is taken to read everything, if it is.
    """

    root: Shape
    shape: Shape
    reads: frozenset[Read]
    why: str = ""


@dataclass(frozen=True)
class Place:
    """Where a shape stands, seen from the focus node of the root.

    focus, values: from the focus nodes of the shape, and from the values of its path, back to that of the
    root. in_data: whether its focus nodes surely stand in some triple. keyed: whether its queries may be
    looked up by more than the focus node.
    """

    focus: Route
    values: Route
    in_data: bool
    keyed: bool


def parts_of(root: Shape) -> list[Part]:
    """The parts of a shape with a target, each with what it reads."""
    queries = [each for each in root.constraints if isinstance(each, Sparql)]
    plain = tuple(each for each in root.constraints if each not in queries)
    shapes = [replace(root, constraints=plain, properties=())] if plain else []
    shapes += [replace(root, constraints=(each,), properties=()) for each in queries]
    shapes += [replace(root, constraints=(), properties=(each,)) for each in root.properties]
    return [] if root.deactivated else [_part(root, shape) for shape in shapes]


def _part(root: Shape, shape: Shape) -> Part:
    targets = [read for rule in TARGET_RULES.values() for read in rule(root.targets)]
    # Nodes that a shape names may not stand in the data, and are few enough to be looked at all.
    named = root.targets.nodes
    try:
        found = list(_reads(shape, STAY, not named, bool(named) and root.targets == Targets(nodes=named)))
    except NotAnalysed as error:
        return Part(root, shape, frozenset((EVERYTHING,)), str(error))
    return Part(root, shape, frozenset([*targets, *found]))


def _reads(shape: Shape, focus: Route, in_data: bool, keyed: bool = False) -> Iterator[Read]:
    """What a shape reads. focus: from its focus nodes back to that of the root."""
    if shape.deactivated:
        return
    to_values = STAY if shape.path is None else route_of(shape.path)
    place = Place(focus, chain(back(to_values), focus), in_data, keyed and shape.path is None)
    for rule in SHAPE_RULES.values():
        yield from rule(shape, place)


def _inner(shape: Shape, outer: Shape, place: Place) -> Iterator[Read]:
    """What a shape reads that the values of `outer` have to stand to."""
    reaches = outer.path is not None and not may_stay(route_of(outer.path))
    return _reads(shape, place.values, place.in_data or reaches)


# -- targets ----------------------------------------------------------------------------------------------


def _target_class(targets: Targets) -> Iterator[Read]:
    for each in targets.classes:
        yield Read(RDF.type, (Way("subject", STAY),), below=each)


def _target_subjects(targets: Targets) -> Iterator[Read]:
    for each in targets.subjects_of:
        yield Read(each, (Way("subject", STAY),))


def _target_objects(targets: Targets) -> Iterator[Read]:
    for each in targets.objects_of:
        yield Read(each, (Way("value", STAY),))


TARGET_RULES: Final[dict[str, Callable[[Targets], Iterator[Read]]]] = {
    "sh:targetClass": _target_class,
    "sh:targetSubjectsOf": _target_subjects,
    "sh:targetObjectsOf": _target_objects,
}
"""What makes a node a focus node."""


# -- constraints ------------------------------------------------------------------------------------------


def _path(shape: Shape, place: Place) -> Iterator[Read]:
    """The steps of the path; whatever only looks at values, or at their number, reads no more."""
    if shape.path is None:
        return
    for edge in edges(route_of(shape.path)):
        end: End = "value" if edge.step.inverse else "subject"
        yield Read(edge.step.predicate, (Way(end, chain(back(edge.before), place.focus)),), edge.step.but)


def _class(shape: Shape, place: Place) -> Iterator[Read]:
    for each in shape.constraints:
        if isinstance(each, InClass):
            yield Read(RDF.type, (Way("subject", place.values),), below=each.of)


def _pair(shape: Shape, place: Place) -> Iterator[Read]:
    for each in shape.constraints:
        if isinstance(each, Equals | Disjoint | Compares):
            yield Read(each.property, (Way("subject", place.focus),))


def _closed(shape: Shape, place: Place) -> Iterator[Read]:
    for each in shape.constraints:
        if isinstance(each, Closed):
            yield Read(None, (Way("subject", place.values),), frozenset(each.allowed))


def _conforms(shape: Shape, place: Place) -> Iterator[Read]:
    for each in shape.constraints:
        if isinstance(each, Conforms):
            for inner in each.shapes:
                yield from _inner(inner, shape, place)


def _qualified(shape: Shape, place: Place) -> Iterator[Read]:
    for each in shape.constraints:
        if isinstance(each, Qualified):
            yield from _inner(each.shape, shape, place)


def _siblings(shape: Shape, place: Place) -> Iterator[Read]:
    for each in shape.constraints:
        if isinstance(each, Qualified):
            for sibling in each.siblings:
                yield from _inner(sibling, shape, place)


def _properties(shape: Shape, place: Place) -> Iterator[Read]:
    for inner in shape.properties:
        yield from _inner(inner, shape, place)


def _query(shape: Shape, place: Place) -> Iterator[Read]:
    for each in shape.constraints:
        if isinstance(each, Sparql):
            routes = {"this": back(place.focus)}
            if each.asks:
                routes["value"] = back(place.values)
            in_data = frozenset(routes if place.in_data else ())
            known = Known(routes, each.bound, in_data, place.keyed)
            yield from query_reads(read_query(each.query), known)


SHAPE_RULES: Final[dict[str, Callable[[Shape, Place], Iterator[Read]]]] = {
    "sh:path": _path,
    "sh:class": _class,
    "sh:equals, sh:disjoint, sh:lessThan": _pair,
    "sh:closed": _closed,
    "sh:node, sh:not, sh:and, sh:or, sh:xone": _conforms,
    "sh:qualifiedValueShape": _qualified,
    "sh:qualifiedValueShapesDisjoint": _siblings,
    "sh:property": _properties,
    "sh:sparql": _query,
}
"""What a shape reads of a focus node, and of the values of its path."""

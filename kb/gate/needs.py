"""Which properties a focus node has to have for a part of a shape to find anything about it.

Most of what shapes say is about properties that a thing need not have: a look at which ones it has spares
most of the questions about it.
"""

from __future__ import annotations

from rdflib import URIRef

from kb.gate.constraints import AtLeast, Constraint, Equals, HasValue, Qualified, Sparql
from kb.gate.dependencies import Part
from kb.gate.query_patterns import NotAnalysed, Var, read_query
from kb.gate.query_reads import required
from kb.gate.routes import Chain, Choice, Repeat, Route, Step, route_of

Needs = tuple[frozenset[URIRef], ...]
"""One property of each of the sets, or there is nothing to be found."""


def needs(part: Part) -> Needs:
    """What the focus nodes of a part need to have."""
    shape = part.shape
    if len(shape.properties) == 1 and not shape.constraints:
        (shape,) = shape.properties
    elif len(shape.constraints) != 1 or not isinstance(shape.constraints[0], Sparql):
        return ()
    if shape.path is None:
        return tuple(each for constraint in shape.constraints for each in _of_query(constraint))
    start = _start(route_of(shape.path))
    return (start,) if start and all(map(_is_about_values, shape.constraints)) else ()


def _is_about_values(constraint: Constraint) -> bool:
    """Whether the constraint is met where there are no values."""
    match constraint:
        case AtLeast(count=count):
            return count == 0
        case Qualified(operator=operator, count=count):
            return operator == "<=" or count == 0
        case Sparql(asks=asks):
            return asks
    return not isinstance(constraint, HasValue | Equals)


def _of_query(constraint: Constraint) -> Needs:
    """What the patterns need that every answer of a query matches."""
    if not isinstance(constraint, Sparql) or constraint.asks:
        return ()
    try:
        query = read_query(constraint.query)
    except NotAnalysed:
        return ()
    patterns = [each for each in required(query.group) if each.subject == Var("this")]
    starts = {_start(each.route) for each in patterns}
    return tuple(sorted((each for each in starts if each), key=sorted))


def _start(route: Route) -> frozenset[URIRef] | None:
    """The properties of which the route takes one first; None when it need not, or may take others."""
    match route:
        case Step(predicate, inverse):
            return None if inverse or predicate is None else frozenset((predicate,))
        case Chain(parts):
            return _start(parts[0]) if parts else None
        case Choice(parts):
            starts = [_start(part) for part in parts]
            known = [start for start in starts if start]
            return frozenset[URIRef]().union(*known) if len(known) == len(starts) else None
        case Repeat():
            return None

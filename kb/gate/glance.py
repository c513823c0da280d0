"""Sees at a glance that a node conforms to a shape, from the triples about it, so that no query is needed.

Most of what a change touches is as it should be, and most of what shapes ask is about few values: how many
there are, of which class, in which language. What is sure without asking the engine to evaluate anything is
decided here. All else is left to the queries of `kb.gate.compiled`, which alone say what is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from rdflib import URIRef
from rdflib.term import BNode, Literal, Node

from kb.gate.constraints import (
    AtLeast,
    AtMost,
    Closed,
    Conforms,
    Constraint,
    HasValue,
    InClass,
    InLanguages,
    Length,
    Limit,
    OfDatatype,
    OfKind,
    OncePerLanguage,
    OneOf,
    Pattern,
    Qualified,
    Shape,
)
from kb.gate.plain_tests import compares, has_language, is_of_datatype, matches
from kb.gate.routes import Route, Step, route_of
from kb.gate.value_tests import Hierarchy
from kb.gate.walking import Neighbours

Sure = bool | None
"""Whether something holds; None where a glance does not tell."""

_MOST_VALUES: Final = 10
_KINDS: Final[dict[type, str]] = {URIRef: "IRI", BNode: "Blank", Literal: "Literal"}
# Constraints that are met where there are no values.
_OF_EACH_VALUE: Final = (
    *(InClass, OfKind, OfDatatype, Limit, Length, Pattern, InLanguages, OneOf, Closed, Conforms),
)


class Glance:
    """Looks at nodes of the data that `neighbours` looks up. hierarchy: that of the same data."""

    def __init__(self, neighbours: Neighbours, hierarchy: Hierarchy) -> None:
        self._neighbours = neighbours
        self._hierarchy = hierarchy

    def conforms(self, shape: Shape, node: Node) -> Sure:
        """Whether a node conforms to a shape; then nothing is found about it."""
        if shape.deactivated:
            return True
        if type(node) not in _KINDS:
            return None
        values = [node] if shape.path is None else self._values(node, shape.path)
        if values is None:
            return None
        return _all(self._parts(shape, values))

    def _parts(self, shape: Shape, values: list[Node]) -> Iterator[Sure]:
        for constraint in shape.constraints:
            yield self._met(constraint, values)
        for part in shape.properties:
            yield from (self.conforms(part, value) for value in values)

    def _values(self, node: Node, path: str) -> list[Node] | None:
        """The values of a path of one step; None when they are many, or of a kind that is left to queries."""
        step = _route(path)
        known = self._neighbours.about(node)
        if known is None or not isinstance(step, Step) or step.inverse or step.predicate is None:
            return None
        values = known.get(step.predicate, [])
        plain = len(values) <= _MOST_VALUES and all(type(value) in _KINDS for value in values)
        return values if plain else None

    def _met(self, constraint: Constraint, values: list[Node]) -> Sure:
        match constraint:
            case AtLeast() | AtMost():
                return constraint.off_by(len(values)) == 0
            case Qualified():
                return self._qualified(constraint, values)
            case HasValue(term=term):
                return term in values if isinstance(term, URIRef) else None
            case OncePerLanguage():
                tags = [
                    each.language.lower() for each in values if isinstance(each, Literal) and each.language
                ]
                return len(tags) == len(set(tags))
        if isinstance(constraint, _OF_EACH_VALUE):
            return _all(self._meets(constraint, value) for value in values)
        return None

    def _qualified(self, constraint: Qualified, values: list[Node]) -> Sure:
        counted = [self._counts(constraint, value) for value in values]
        return None if None in counted else constraint.off_by(counted.count(True)) == 0

    def _counts(self, constraint: Qualified, value: Node) -> Sure:
        siblings = (_not(self.conforms(each, value)) for each in constraint.siblings)
        return _all((self.conforms(constraint.shape, value), *siblings))

    def _meets(self, constraint: Constraint, value: Node) -> Sure:
        """Whether one value is as it has to be."""
        match constraint:
            case InClass(of=of):
                return self._is_a(value, of)
            case OfKind(kinds=kinds):
                return _KINDS[type(value)] in kinds
            case OfDatatype(datatype=datatype):
                return is_of_datatype(value, datatype)
            case Limit(operator=operator, literal=literal):
                return compares(value, operator, literal)
            case Length(operator=operator, length=length):
                count = len(str(value))
                fits = count >= length if operator == ">=" else count <= length
                return fits and not isinstance(value, BNode)
            case Pattern(pattern=pattern, flags=""):
                return matches(value, pattern)
            case InLanguages(languages=languages):
                return has_language(value, languages)
            case OneOf(terms=terms):
                return value in terms if isinstance(value, URIRef) else None
            case Closed(allowed=allowed):
                known = self._neighbours.about(value)
                return None if known is None else all(predicate in allowed for predicate in known)
            case Conforms(kind=kind, shapes=shapes):
                return _combined(kind, [self.conforms(shape, value) for shape in shapes])
        return None

    def _is_a(self, value: Node, of: URIRef) -> Sure:
        if not isinstance(value, URIRef):
            return None
        classes = self._hierarchy.all_below(of)
        own = self._neighbours.types([value])[value]
        return any(each in classes for each in own if isinstance(each, URIRef))


@lru_cache(maxsize=1_000)
def _route(path: str) -> Route:
    return route_of(path)


def _not(verdict: Sure) -> Sure:
    return None if verdict is None else not verdict


def _all(verdicts: Iterable[Sure]) -> Sure:
    sure: Sure = True
    for verdict in verdicts:
        if verdict is False:
            return False
        if verdict is None:
            sure = None
    return sure


def _combined(kind: str, verdicts: list[Sure]) -> Sure:
    """How a value stands to shapes, by whether it conforms to each of them."""
    match kind:
        case "not":
            return _not(verdicts[0])
        case "or":
            return _not(_all(map(_not, verdicts)))
        case "xone":
            return None if None in verdicts else verdicts.count(True) == 1
    return _all(verdicts)

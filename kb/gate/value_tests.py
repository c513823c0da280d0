"""Writes what a constraint asks of one value as a SPARQL expression that is true or false, never an error."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Final, Protocol

from rdflib import RDFS, XSD, BNode, Literal, URIRef
from rdflib.term import Node

from kb.engine.contract import Solutions, Triple
from kb.gate.constraints import (
    AtLeast,
    AtMost,
    Conforms,
    Constraint,
    HasValue,
    InClass,
    InLanguages,
    Length,
    Limit,
    OfDatatype,
    OfKind,
    OneOf,
    Pattern,
    Qualified,
    Shape,
)
from kb.gate.shape_values import BadShapes
from kb.patch import Quad

_LEXICAL: Final = {
    # Not by a cast: the engine casts no more than 18 digits.
    XSD.integer: "^[+-]?[0-9]+$",
    XSD.decimal: "^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)$",
}
_CASTS: Final = frozenset(
    (
        *(XSD.boolean, XSD.double, XSD.float, XSD.dateTime, XSD.date, XSD.time),
        *(XSD.gYear, XSD.gYearMonth, XSD.gMonthDay, XSD.gMonth, XSD.gDay),
        *(XSD.duration, XSD.dayTimeDuration, XSD.yearMonthDuration),
    )
)
# The engine keeps well-formed literals of these as xsd:integer, so what still has such a datatype is not one.
_KEPT_AS_INTEGER: Final = frozenset(
    (
        *(XSD.long, XSD.int, XSD.short, XSD.byte),
        *(XSD.unsignedLong, XSD.unsignedInt, XSD.unsignedShort, XSD.unsignedByte),
        *(XSD.nonNegativeInteger, XSD.positiveInteger, XSD.nonPositiveInteger, XSD.negativeInteger),
    )
)
_ONE_STEP: Final = re.compile(r"\^?<[^<>]*>")


class Selects(Protocol):
    """The part of an engine that validation needs."""

    def select(self, text: str) -> Solutions:
        """The solutions of a SELECT on the default graph."""


class Looks(Selects, Protocol):
    """The part of an engine that the gate needs: also lookups of single triples, which ask no query."""

    def matching(self, subject: Node | None, predicate: Node | None, value: Node | None) -> Iterator[Triple]:
        """The triples of the default graph with these terms, None for any."""

    def quads_about(self, subject: Node) -> Iterator[Quad]:
        """The quads of the named graphs with this subject."""

    def graphs_with(self, triple: Triple) -> set[URIRef]:
        """The names of the graphs that hold a triple."""


class Hierarchy:
    """Which classes are subclasses of which. pairs: subclass and class, as rdfs:subClassOf has them."""

    def __init__(self, pairs: Iterable[tuple[Node, Node]]) -> None:
        self.pairs = frozenset(pairs)
        self._below: dict[Node, list[Node]] = {}
        self._all_below: dict[URIRef, frozenset[Node]] = {}
        for below, above in self.pairs:
            self._below.setdefault(above, []).append(below)

    @classmethod
    def of(cls, engine: Selects) -> Hierarchy:
        """As the data of an engine tells."""
        rows = engine.select(f"SELECT ?below ?above {{ ?below {RDFS.subClassOf.n3()} ?above }}")
        return cls((below, above) for below, above in rows if below is not None and above is not None)

    def below(self, classes: Iterable[URIRef]) -> list[URIRef]:
        """The classes and all their subclasses, sorted; classes without an IRI cannot be named."""
        found = frozenset[Node]().union(*(self.all_below(each) for each in classes))
        return sorted(each for each in found if isinstance(each, URIRef))

    def all_below(self, of: URIRef) -> frozenset[Node]:
        """The class and all its subclasses, those without an IRI among them."""
        if of not in self._all_below:
            found: set[Node] = {of}
            waiting: list[Node] = [of]
            while waiting:
                new = set(self._below.get(waiting.pop(), ())) - found
                found |= new
                waiting += new
            self._all_below[of] = frozenset(found)
        return self._all_below[of]


class ValueTests:
    """Expressions over one variable, each true for a value that meets a constraint or conforms to a shape.

    None stands for what cannot be said in one expression, or only in one that is slow: the engine evaluates
    an EXISTS for each row, and does so from scratch when it holds a join.
    """

    def __init__(self, engine: Selects, hierarchy: Hierarchy, patterns: set[tuple[str, str]]) -> None:
        """patterns: those, with their flags, that are known to work; others are tried and added."""
        self._engine = engine
        self.hierarchy = hierarchy
        self._patterns = patterns
        self._fresh = count()

    def conforms(self, shape: Shape, variable: str) -> str | None:
        """Whether the value conforms to a shape."""
        if shape.deactivated:
            return "true"
        if shape.path is not None:
            return self._property_conforms(shape, variable)
        parts = [self._holds(constraint, variable) for constraint in shape.constraints]
        parts += [self.conforms(part, variable) for part in shape.properties]
        return _joined("&&", parts)

    def _holds(self, constraint: Constraint, variable: str) -> str | None:
        """Whether a node meets a constraint of a node shape."""
        if isinstance(constraint, HasValue):
            return _one_of([constraint.term], variable)
        return self.meets(constraint, variable)

    def _property_conforms(self, shape: Shape, node: str) -> str | None:
        """Whether the values of the shape's path from the node are as they have to be."""
        if not _ONE_STEP.fullmatch(shape.path or ""):
            return None
        value = f"?x{next(self._fresh)}"
        reached = f"{node} {shape.path} {value}"
        of_all: list[str | None] = [self.conforms(part, value) for part in shape.properties]
        parts: list[str | None] = []
        for constraint in shape.constraints:
            match constraint:
                case AtLeast(count=0):
                    continue
                case AtLeast(count=1):
                    parts.append(f"EXISTS {{ {reached} }}")
                case AtMost(count=0):
                    parts.append(f"NOT EXISTS {{ {reached} }}")
                case HasValue(term=term):
                    parts.append(f"EXISTS {{ {node} {shape.path} {term.n3()} }}" if _named(term) else "false")
                case _:
                    of_all.append(self.meets(constraint, value))
        meets_all = _joined("&&", of_all)
        if of_all:
            parts.append(meets_all and f"NOT EXISTS {{ {reached} FILTER(!{meets_all}) }}")
        return _joined("&&", parts)

    def meets(self, constraint: Constraint, variable: str) -> str | None:
        """Whether the value meets a constraint that looks at one value at a time."""
        match constraint:
            case InClass(of=of):
                return self._in_class(of, variable)
            case OfDatatype(datatype=datatype):
                return _of_datatype(datatype, variable)
            case OfKind(kinds=kinds):
                return _joined("||", [f"is{kind}({variable})" for kind in kinds])
            case Limit(operator=operator, literal=literal):
                return f"COALESCE({variable} {operator} {literal.n3()}, false)"
            case Length(operator=operator, length=length):
                return f"(!isBlank({variable}) && STRLEN(STR({variable})) {operator} {length})"
            case Pattern(pattern=pattern, flags=flags):
                return self._matches(pattern, flags, variable)
            case InLanguages(languages=languages):
                return f"(isLiteral({variable}) && {_in_languages(languages, variable)})"
            case OneOf(terms=terms):
                return _one_of(terms, variable)
            case Conforms(kind=kind, shapes=shapes):
                return _combined(kind, [self.conforms(shape, variable) for shape in shapes])
        return None

    def counts(self, constraint: Qualified, variable: str) -> str | None:
        """Whether the value is one of those that a qualified constraint counts."""
        siblings = [self.conforms(each, variable) for each in constraint.siblings]
        apart = [None if each is None else f"(!{each})" for each in siblings]
        return _joined("&&", [self.conforms(constraint.shape, variable), *apart])

    def _in_class(self, of: URIRef, variable: str) -> str:
        classes = self.hierarchy.below([of])
        if len(classes) == 1:
            return f"EXISTS {{ {variable} a {of.n3()} }}"
        its_class = f"?x{next(self._fresh)}"
        listed = ", ".join(each.n3() for each in classes)
        return f"EXISTS {{ {variable} a {its_class} FILTER({its_class} IN ({listed})) }}"

    def _matches(self, pattern: str, flags: str, variable: str) -> str:
        arguments = f"{_string(pattern)}, {_string(flags)}"
        if (pattern, flags) not in self._patterns:
            ((works,),) = self._engine.select(f'SELECT (REGEX("", {arguments}) AS ?works) {{}}')
            if works is None:
                raise BadShapes(f"The engine cannot evaluate the pattern {pattern} with the flags {flags!r}.")
            self._patterns.add((pattern, flags))
        return f"(!isBlank({variable}) && REGEX(STR({variable}), {arguments}))"


def _named(term: Node) -> bool:
    """Whether a query can name the term, which no query can with a blank node."""
    return not isinstance(term, BNode)


def _string(text: str) -> str:
    return Literal(text).n3()


def _joined(operator: str, parts: Iterable[str | None]) -> str | None:
    """The expressions in brackets, joined by "&&" or "||"; None when one of them is."""
    known: list[str] = []
    for part in parts:
        if part is None:
            return None
        known.append(part)
    if not known:
        return "true" if operator == "&&" else "false"
    return f"({f' {operator} '.join(known)})"


def _combined(kind: str, parts: list[str | None]) -> str | None:
    """How a value stands to shapes, by whether it conforms to each of them."""
    if kind in ("and", "node"):
        return _joined("&&", parts)
    if kind == "or":
        return _joined("||", parts)
    if None in parts:
        return None
    if kind == "not":
        return f"(!{parts[0]})"
    return f"(({' + '.join(f'IF({part}, 1, 0)' for part in parts) or '0'}) = 1)"


def _in_languages(languages: tuple[str, ...], variable: str) -> str:
    if languages and all(re.fullmatch("[A-Za-z0-9-]+", each) for each in languages):
        # What LANGMATCHES means, in one test for many languages.
        ranges = _string(f"^({'|'.join(languages)})(-|$)")
        return f'REGEX(LANG({variable}), {ranges}, "i")'
    return _joined("||", [f"LANGMATCHES(LANG({variable}), {_string(each)})" for each in languages]) or "false"


def _of_datatype(datatype: URIRef, variable: str) -> str:
    if datatype in _KEPT_AS_INTEGER:
        return "false"
    checks = [f"isLiteral({variable})", f"DATATYPE({variable}) = {datatype.n3()}"]
    if datatype in _LEXICAL:
        checks.append(f"REGEX(STR({variable}), {_string(_LEXICAL[datatype])})")
    elif datatype in _CASTS:
        checks.append(f"isLiteral({datatype.n3()}(STR({variable})))")
    return f"COALESCE({' && '.join(checks)}, false)"


def _one_of(terms: Iterable[Node], variable: str) -> str | None:
    # IN compares by value, so that 1 would be in (1.0); of IRIs it is the identity.
    iris = ", ".join(term.n3() for term in terms if isinstance(term, URIRef))
    others = [term for term in terms if _named(term) and not isinstance(term, URIRef)]
    parts = [f"sameTerm({variable}, {term.n3()})" for term in others]
    return _joined("||", [f"{variable} IN ({iris})", *parts] if iris else parts)

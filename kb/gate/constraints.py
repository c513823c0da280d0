"""What shapes say, as plain frozen values: shapes, their targets and their constraints.

Names and meaning are those of SHACL, https://www.w3.org/TR/shacl/. Every constraint carries the IRI of its
component, which a finding names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from rdflib import URIRef
from rdflib.term import Literal, Node

from kb.report import VIOLATION


@dataclass(frozen=True)
class Targets:
    """Which nodes a shape is for. classes: and their subclasses, with implicit class targets."""

    nodes: tuple[Node, ...] = ()
    classes: tuple[URIRef, ...] = ()
    subjects_of: tuple[URIRef, ...] = ()
    objects_of: tuple[URIRef, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.nodes or self.classes or self.subjects_of or self.objects_of)


@dataclass(frozen=True, kw_only=True)
class Constraint:
    """One constraint of a shape."""

    component: URIRef


@dataclass(frozen=True, kw_only=True)
class InClass(Constraint):
    """sh:class: each value is an instance of the class or of one of its subclasses."""

    of: URIRef


@dataclass(frozen=True, kw_only=True)
class OfDatatype(Constraint):
    """sh:datatype: each value is a well-formed literal of the datatype."""

    datatype: URIRef


@dataclass(frozen=True, kw_only=True)
class OfKind(Constraint):
    """sh:nodeKind: each value is a term of one of these kinds: "IRI", "Blank", "Literal"."""

    kinds: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Limit(Constraint):
    """sh:minInclusive and the like: each value compares to `literal` by `operator`, as SPARQL compares."""

    operator: str
    literal: Literal


@dataclass(frozen=True, kw_only=True)
class Length(Constraint):
    """sh:minLength (`operator` ">=") or sh:maxLength ("<="), in characters."""

    operator: str
    length: int


@dataclass(frozen=True, kw_only=True)
class Pattern(Constraint):
    """sh:pattern, with the flags of sh:flags."""

    pattern: str
    flags: str


@dataclass(frozen=True, kw_only=True)
class InLanguages(Constraint):
    """sh:languageIn: each value is in one of the languages or a variant of one."""

    languages: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class OneOf(Constraint):
    """sh:in."""

    terms: tuple[Node, ...]


@dataclass(frozen=True, kw_only=True)
class Counted(Constraint):
    """How many values there are: `operator` ">=" for at least `count`, "<=" for at most."""

    operator: str
    count: int

    def off_by(self, number: int) -> int:
        """By how many values `number` is too few or too many; 0 when it is right."""
        return max(0, self.count - number if self.operator == ">=" else number - self.count)


@dataclass(frozen=True, kw_only=True)
class AtLeast(Counted):
    """sh:minCount."""

    operator: str = ">="


@dataclass(frozen=True, kw_only=True)
class AtMost(Counted):
    """sh:maxCount."""

    operator: str = "<="


@dataclass(frozen=True, kw_only=True)
class OncePerLanguage(Constraint):
    """sh:uniqueLang."""


@dataclass(frozen=True, kw_only=True)
class HasValue(Constraint):
    """sh:hasValue."""

    term: Node


@dataclass(frozen=True, kw_only=True)
class Equals(Constraint):
    """sh:equals: the values are those of `property`."""

    property: URIRef


@dataclass(frozen=True, kw_only=True)
class Disjoint(Constraint):
    """sh:disjoint: no value is one of `property`."""

    property: URIRef


@dataclass(frozen=True, kw_only=True)
class Compares(Constraint):
    """sh:lessThan ("<") and sh:lessThanOrEquals ("<="): each value, to each value of `property`."""

    operator: str
    property: URIRef


@dataclass(frozen=True, kw_only=True)
class Closed(Constraint):
    """sh:closed: the values have no other properties than `allowed`."""

    allowed: tuple[URIRef, ...]


@dataclass(frozen=True, kw_only=True)
class Conforms(Constraint):
    """sh:node (one shape), sh:not, sh:and, sh:or, sh:xone: how each value stands to the shapes.

    kind: "node", "not", "and", "or" or "xone".
    """

    kind: str
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, kw_only=True)
class Qualified(Counted):
    """sh:qualifiedMinCount (`operator` ">=") or sh:qualifiedMaxCount ("<=").

    Counted are the values that conform to `shape` and to none of `siblings`.
    """

    shape: Shape
    siblings: tuple[Shape, ...]


@dataclass(frozen=True, kw_only=True)
class Sparql(Constraint):
    """A constraint in SPARQL: sh:sparql, or a constraint component of one's own.

    node: where it stands in the shapes graph. query: the SELECT or ASK, with its prefixes.
    asks: whether it is an ASK, true for a value that conforms; a SELECT gives what does not.
    bound: variables that have a value from the start, without "?". messages: language tag -> text; they may
    hold {?variable} or {$variable}.
    """

    node: Node
    query: str
    asks: bool = False
    bound: Mapping[str, Node] = field(default_factory=dict)
    messages: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class Shape:
    """A node shape (path None) or a property shape.

    node: its IRI, or a blank node. path: in SPARQL's notation. stays: whether the path can lead from a node
    to itself without any triple, as `p*` does. severity: as in `kb.report.Finding`.
    properties: the property shapes that each value has to meet, findings about it being their own.
    """

    node: Node
    path: str | None = None
    stays: bool = False
    severity: str = VIOLATION
    messages: Mapping[str, str] = field(default_factory=dict)
    deactivated: bool = False
    targets: Targets = Targets()
    constraints: tuple[Constraint, ...] = ()
    properties: tuple[Shape, ...] = ()

    def parts(self) -> Iterator[Shape]:
        """The shapes that it refers to."""
        yield from self.properties
        for constraint in self.constraints:
            match constraint:
                case Conforms(shapes=shapes):
                    yield from shapes
                case Qualified(shape=shape, siblings=siblings):
                    yield shape
                    yield from siblings

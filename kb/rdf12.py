"""The terms that RDF 1.2 has and rdflib does not: a triple as a term, and text with a base direction.

Both are terms of rdflib to everything that hashes, sorts, pickles or prints terms; only `kb.engine` turns
them into what the engine has.

Source: RDF 1.2 Concepts, sections 3.1 (triple terms) and 3.4 (directional language-tagged strings).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import rdflib.term
from rdflib import BNode, Literal, URIRef
from rdflib.term import Identifier, Node

from kb.errors import NotUnderstood, TooLarge

MOST_NESTED: Final = 16
"""How many triple terms may stand in each other."""

DIRECTIONS: Final = ("ltr", "rtl")
"""From left to right, and from right to left."""

_ESCAPES: Final = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
_ESCAPED: Final = re.compile(r'[\x00-\x1f"\\\x7f]')


def quoted(text: str) -> str:
    """A text in quotes, as N-Triples has it.

    >>> print(quoted('say "no"'))
    "say \\"no\\""
    """
    return '"' + _ESCAPED.sub(_escape, text) + '"'


def _escape(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[0]) or f"\\u{ord(found[0]):04X}"


class DirectedLiteral(Literal):
    """Text with a language and a base direction, one of `DIRECTIONS`.

    Raises `NotUnderstood` for another direction.
    """

    __slots__ = ("_direction",)

    _direction: str

    def __new__(cls, text: str, language: str, direction: str) -> DirectedLiteral:
        if direction not in DIRECTIONS:
            raise NotUnderstood(f"{direction!r} is no base direction; there are ltr and rtl.")
        made: DirectedLiteral = super().__new__(cls, text, lang=language)
        made._direction = direction
        return made

    @property
    def direction(self) -> str:
        return self._direction

    def __eq__(self, other: Any) -> bool:
        return (
            isinstance(other, DirectedLiteral)
            and self._direction == other._direction
            and bool(super().__eq__(other))
        )

    def __ne__(self, other: Any) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((super().__hash__(), self._direction))

    def __gt__(self, other: Any) -> bool:
        if isinstance(other, DirectedLiteral):
            return self._rank() > other._rank()
        return isinstance(other, Literal) or bool(super().__gt__(other))

    def __lt__(self, other: Any) -> bool:
        if isinstance(other, DirectedLiteral):
            return self._rank() < other._rank()
        return not isinstance(other, Literal) and bool(super().__lt__(other))

    def _rank(self) -> tuple[str, str, str]:
        return str(self), self.language or "", self._direction

    def n3(self, _namespaces: object = None) -> str:
        return f"{quoted(self)}@{self.language}--{self._direction}"

    def __repr__(self) -> str:
        return f"DirectedLiteral({str(self)!r}, {self.language!r}, {self._direction!r})"

    def __reduce__(self) -> Any:
        return DirectedLiteral, (str(self), self.language, self._direction)


class TripleTerm(Identifier):
    """A triple that is a term itself, whether or not anybody states it; it stands as an object only.

    depth: how many triple terms stand in each other here, at least 1. is_ground: whether no blank node is in
    it. Its text is that of N-Triples. Raises `NotUnderstood` for what is no triple, `TooLarge` beyond
    `MOST_NESTED`.
    """

    __slots__ = ("depth", "is_ground", "predicate", "subject", "value")

    subject: URIRef | BNode
    predicate: URIRef
    value: Node
    depth: int
    is_ground: bool

    def __new__(cls, subject: Node, predicate: Node, value: Node) -> TripleTerm:
        if not isinstance(subject, URIRef | BNode) or not isinstance(predicate, URIRef):
            raise NotUnderstood(
                "A triple term has an IRI or a blank node as subject, and an IRI as predicate."
            )
        depth = value.depth + 1 if isinstance(value, TripleTerm) else 1
        if depth > MOST_NESTED:
            raise TooLarge(f"More than {MOST_NESTED} triple terms stand in each other.")
        made = str.__new__(cls, f"<<( {_written(subject)} {_written(predicate)} {_written(value)} )>>")
        made.subject, made.predicate, made.value, made.depth = subject, predicate, value, depth
        made.is_ground = is_ground(subject) and is_ground(value)
        return made

    def mapped(self, change: Callable[[Node], Node]) -> TripleTerm:
        """The same with `change` made of its three terms."""
        return TripleTerm(change(self.subject), change(self.predicate), change(self.value))

    def n3(self, _namespaces: object = None) -> str:
        return str(self)

    def toPython(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        return f"TripleTerm({self.subject!r}, {self.predicate!r}, {self.value!r})"

    def __reduce__(self) -> Any:
        return TripleTerm, (self.subject, self.predicate, self.value)


def is_ground(term: Node) -> bool:
    """Whether a term is no blank node and has none in it."""
    return term.is_ground if isinstance(term, TripleTerm) else not isinstance(term, BNode)


def needs_rdf12(term: Node) -> bool:
    """Whether a term is one that RDF 1.1 does not have."""
    return isinstance(term, TripleTerm | DirectedLiteral)


def _written(term: Node) -> str:
    if isinstance(term, URIRef):
        return f"<{term}>"
    if isinstance(term, BNode):
        return f"_:{term}"
    if isinstance(term, Literal) and not isinstance(term, DirectedLiteral):
        if term.language:
            return f"{quoted(term)}@{term.language}"
        return f"{quoted(term)}^^<{term.datatype}>" if term.datatype else quoted(term)
    return term.n3()


# Where rdflib sorts terms of different kinds, each kind has its place, and literals come last.
rdflib.term._ORDERING.update({DirectedLiteral: 40, TripleTerm: 35})

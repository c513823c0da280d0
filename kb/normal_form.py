"""The normal form of terms: as the engine stores them and gives them back, and fit for every answer.

A change is judged, hashed and written down before the engine has it. Were its terms in another form than the
engine's, "50000.00" would come back as "50000", look like a difference to history and be deleted in vain.
So literals of numbers, truth values, times and durations are in canonical form, derived integer types are
xsd:integer, language tags are in lower case, and blank nodes have an IRI of their own; in triple terms too.

Source: RDF 1.1 Concepts, sections 3.5 (skolemisation) and 5; XML 1.0, section 2.2 (characters).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, cast
from uuid import uuid4

from rdflib import BNode, Literal, URIRef
from rdflib.term import Node

from kb.engine.contract import DEFAULT, RESERVED, BadTerm
from kb.engine.oxigraph_terms import as_stored, to_oxigraph
from kb.patch import NotGround, Quad
from kb.rdf12 import TripleTerm, needs_rdf12
from kb.terms import GENID

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFUSED: Final = (
    "Triples about triples and base directions of text are of RDF 1.2; this knowledge base holds RDF 1.1."
)


def skolem() -> URIRef:
    """A new IRI for a blank node, unlike every other."""
    return URIRef(f"{GENID}{uuid4().hex}")


def normal_form(quads: Iterable[tuple[Node, ...]], *, rdf12: bool = False) -> list[Quad]:
    """Quads in normal form, one for each, in the same order.

    quads: of one document or request: the same blank node gets the same IRI, and an IRI that no other call
    gives. rdf12: whether triple terms and base directions are accepted. Raises `BadTerm` for those where they
    are not, for an IRI that is not absolute, a language tag that is none and a literal with a character that
    no XML answer can hold; `NotGround` for a quad that is none.
    """
    form = NormalForm(rdf12=rdf12)
    return [form.quad(quad) for quad in quads]


def refuse_odd_characters(text: str) -> None:
    """Raises `BadTerm` for the text of a literal with a character that no XML answer can hold."""
    odd = _NOT_XML.search(text)
    if odd:
        raise BadTerm(
            f"The text {str(text)[:40]!r} holds the character U+{ord(odd[0]):04X}, "
            "which no XML can hold; take it out."
        )


def without_odd_characters(text: str) -> str:
    """The text with U+FFFD in place of each character that no XML answer can hold."""
    return _NOT_XML.sub("\ufffd", text)


class NormalForm:
    """The normal form within one document or request; remembers the terms that it has seen."""

    def __init__(self, *, rdf12: bool = False) -> None:
        """rdf12: whether triple terms and base directions are accepted."""
        self._rdf12 = rdf12
        self._known: dict[Node, Node] = {}

    def quad(self, quad: tuple[Node, ...]) -> Quad:
        """A quad in normal form; raises like `normal_form`."""
        subject, predicate, _, graph = quad
        if isinstance(subject, Literal | TripleTerm) or not (isinstance(predicate, URIRef) and _names(graph)):
            raise NotGround(
                "Each quad has an IRI or a blank node as subject, an IRI as predicate, and a graph."
            )
        if str(graph).startswith(RESERVED) and graph != DEFAULT:
            raise BadTerm(f"The graph {graph} belongs to the engine; names of graphs begin otherwise.")
        return cast(Quad, tuple(self.term(term) for term in quad))

    def term(self, term: Node) -> Node:
        """A term in normal form; raises `BadTerm`."""
        known = self._known.get(term)
        if known is None:
            known = self._known[term] = self._normal(term)
        return known

    def _normal(self, term: Node) -> Node:
        if isinstance(term, BNode):
            return skolem()
        if needs_rdf12(term) and not self._rdf12:
            raise BadTerm(_REFUSED)
        if isinstance(term, TripleTerm):
            return term.mapped(self.term)
        if isinstance(term, Literal):
            refuse_odd_characters(term)
            return as_stored(term)
        to_oxigraph(term)
        return term


def _names(graph: Node) -> bool:
    return isinstance(graph, URIRef | BNode)

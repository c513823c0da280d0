"""Terms and quads of rdflib as those of Oxigraph, and back."""

from __future__ import annotations

import re
from typing import Final, cast

import pyoxigraph as ox
from rdflib import BNode, Literal, URIRef
from rdflib.term import Node

from kb.engine.contract import DEFAULT, BadTerm
from kb.rdf12 import DirectedLiteral, TripleTerm
from kb.terms import GENID

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
"""A term of the engine."""

_XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"
_ANY = ox.NamedNode(str(DEFAULT))


_STAND_IN: Final = re.compile(re.escape(GENID) + "([0-9a-f]{1,32})")
# The engine takes what BNODE is given for the label; so that nothing computed is taken for what is stored,
# the labels of stored blank nodes begin in a way of their own.
_STORED: Final = re.compile("genid([0-9a-f]{1,32})")
_DIRECTIONS: Final = {"ltr": ox.BaseDirection.LTR, "rtl": ox.BaseDirection.RTL}


def to_rdflib(term: Term, *, ground: bool = False) -> Node:
    """A term of the engine as a term of rdflib, its lexical form kept as it is.

    ground: whether a blank node that is stored is given as the IRI that stands in for it. Raises `TooLarge`
    for triple terms nested beyond `kb.rdf12.MOST_NESTED`.
    """
    if isinstance(term, ox.NamedNode):
        return URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        stored = _STORED.fullmatch(term.value) if ground else None
        return URIRef(f"{GENID}{stored[1]}") if stored else BNode(term.value)
    if isinstance(term, ox.Triple):
        parts = (term.subject, term.predicate, term.object)
        return TripleTerm(*(to_rdflib(part, ground=ground) for part in parts))
    if term.direction:
        return DirectedLiteral(term.value, str(term.language), term.direction.value)
    if term.language:
        return Literal(term.value, lang=term.language)
    if term.datatype.value == _XSD_STRING:
        return Literal(term.value)
    return Literal(term.value, datatype=URIRef(term.datatype.value), normalize=False)


def to_oxigraph(term: Node, *, blank: bool = False) -> Term:
    """A term of rdflib as a term of the engine, not yet in the form that it is stored in.

    blank: whether an IRI that stands in for a blank node is given as that node. Raises `BadTerm` for an IRI
    that is not absolute or has characters that no IRI has, and for a language tag that is none.
    """
    plain = type(term) is URIRef and not blank  # as nearly all are; all other looks take longer
    if not plain and isinstance(term, TripleTerm):
        subject, predicate, value = (
            to_oxigraph(part, blank=blank) for part in (term.subject, term.predicate, term.value)
        )
        return ox.Triple(cast(ox.NamedNode, subject), cast(ox.NamedNode, predicate), value)
    try:
        if plain:
            return ox.NamedNode(str(term))
        if isinstance(term, Literal):
            return _literal(term)
        if isinstance(term, BNode):
            return ox.BlankNode(str(term))
        stands_in = _STAND_IN.fullmatch(str(term)) if blank else None
        return ox.BlankNode(f"genid{stands_in[1]}") if stands_in else ox.NamedNode(str(term))
    except ValueError as error:
        raise BadTerm(_why_bad(term, str(error))) from None


def _literal(literal: Literal) -> ox.Literal:
    if isinstance(literal, DirectedLiteral):
        direction = _DIRECTIONS[literal.direction]
        return ox.Literal(str(literal), language=literal.language, direction=direction)
    if literal.language:
        return ox.Literal(str(literal), language=literal.language)
    datatype = ox.NamedNode(str(literal.datatype)) if literal.datatype else None
    return ox.Literal(str(literal), datatype=datatype)


def as_text(term: Term | ox.DefaultGraph) -> str:
    """A term of the engine as SPARQL and N-Quads have it."""
    if isinstance(term, ox.Triple):
        return f"<<( {as_text(term.subject)} {as_text(term.predicate)} {as_text(term.object)} )>>"
    return str(term)


def as_stored(literal: Literal) -> Literal:
    """A literal as the engine gives it back once it was stored. Raises `BadTerm` like `to_oxigraph`."""
    made = to_oxigraph(literal)
    if literal.datatype is None or str(literal.datatype) == _XSD_STRING:
        return cast(Literal, to_rdflib(made))
    store = ox.Store()
    store.add(ox.Quad(_ANY, _ANY, made))
    return cast(Literal, to_rdflib(next(iter(store)).object))


def term_as_stored(term: Node) -> Node:
    """Any term as the engine gives it back, blank nodes as they are. Raises `BadTerm` like `to_oxigraph`."""
    if isinstance(term, TripleTerm):
        return term.mapped(term_as_stored)
    return as_stored(term) if isinstance(term, Literal) else term


def to_graph_name(graph: Node) -> ox.NamedNode | ox.BlankNode | ox.DefaultGraph:
    """The name of a graph; `DEFAULT` is that of the stored default graph. Raises `BadTerm`."""
    if graph == DEFAULT:
        return ox.DefaultGraph()
    return cast("ox.NamedNode | ox.BlankNode", to_oxigraph(graph))


def to_quad(quad: tuple[Node, Node, Node, Node], *, blank: bool = False) -> ox.Quad:
    """A quad of rdflib terms as a quad of the engine. blank: as in `to_oxigraph`. Raises `BadTerm`."""
    subject, predicate, value, graph = quad
    return ox.Quad(
        cast(ox.NamedNode, to_oxigraph(subject, blank=blank)),
        cast(ox.NamedNode, to_oxigraph(predicate)),
        to_oxigraph(value, blank=blank),
        to_graph_name(graph),
    )


def _why_bad(term: Node, why: str) -> str:
    shown = str(term) if len(str(term)) <= 100 else f"{str(term)[:100]}…"
    if isinstance(term, Literal) and term.language:
        return f"{term.language!r} is not a language tag; write one such as en or pt-BR."
    if isinstance(term, Literal):
        return f"The datatype {str(term.datatype)!r} is not an absolute IRI."
    if "No scheme" in why:
        return f"The IRI {shown!r} is not absolute; it begins with a scheme such as https:."
    return f"{shown!r} is not an IRI: {why[:1].lower()}{why[1:]}."

"""Terms and quads of rdflib as those of Oxigraph, and back."""

from __future__ import annotations

from typing import cast

import pyoxigraph as ox
from rdflib import BNode, Literal, URIRef
from rdflib.term import Node

from kb.engine.contract import DEFAULT, BadTerm
from kb.errors import NotUnderstood

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
"""A term of the engine."""

_XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"
_ANY = ox.NamedNode(str(DEFAULT))


def to_rdflib(term: Term) -> Node:
    """A term of the engine as a term of rdflib, its lexical form kept as it is.

    Raises `NotUnderstood` for a triple term or a base direction of RDF 1.2, which rdflib does not have.
    """
    if isinstance(term, ox.NamedNode):
        return URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return BNode(term.value)
    if isinstance(term, ox.Triple):
        raise NotUnderstood("A triple about a triple is not supported here.")
    if term.direction:
        raise NotUnderstood(
            f"The text {term.value[:40]!r} has a base direction, which is not supported here."
        )
    if term.language:
        return Literal(term.value, lang=term.language)
    if term.datatype.value == _XSD_STRING:
        return Literal(term.value)
    return Literal(term.value, datatype=URIRef(term.datatype.value), normalize=False)


def to_oxigraph(term: Node) -> ox.NamedNode | ox.BlankNode | ox.Literal:
    """A term of rdflib as a term of the engine, not yet in the form that it is stored in.

    Raises `BadTerm` for an IRI that is not absolute or has characters that no IRI has, and for a language
    tag that is none.
    """
    try:
        if isinstance(term, Literal):
            if term.language:
                return ox.Literal(str(term), language=term.language)
            return ox.Literal(str(term), datatype=ox.NamedNode(str(term.datatype)) if term.datatype else None)
        return ox.BlankNode(str(term)) if isinstance(term, BNode) else ox.NamedNode(str(term))
    except ValueError as error:
        raise BadTerm(_why_bad(term, str(error))) from None


def as_stored(literal: Literal) -> Literal:
    """A literal as the engine gives it back once it was stored. Raises `BadTerm` like `to_oxigraph`."""
    made = to_oxigraph(literal)
    if literal.datatype is None or str(literal.datatype) == _XSD_STRING:
        return cast(Literal, to_rdflib(made))
    store = ox.Store()
    store.add(ox.Quad(_ANY, _ANY, made))
    return cast(Literal, to_rdflib(next(iter(store)).object))


def to_graph_name(graph: Node) -> ox.NamedNode | ox.BlankNode | ox.DefaultGraph:
    """The name of a graph; `DEFAULT` is that of the stored default graph. Raises `BadTerm`."""
    if graph == DEFAULT:
        return ox.DefaultGraph()
    return cast("ox.NamedNode | ox.BlankNode", to_oxigraph(graph))


def to_quad(quad: tuple[Node, Node, Node, Node]) -> ox.Quad:
    """A quad of rdflib terms as a quad of the engine. Raises `BadTerm`."""
    subject, predicate, value, graph = quad
    return ox.Quad(
        cast(ox.NamedNode, to_oxigraph(subject)),
        cast(ox.NamedNode, to_oxigraph(predicate)),
        to_oxigraph(value),
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

"""Takes single values out of a shapes graph; what is not of the kind it has to be is refused by name."""

from __future__ import annotations

from rdflib import SH, XSD, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from kb.errors import NotUnderstood


class BadShapes(NotUnderstood):
    """A shapes graph that cannot be checked with."""

    title = "The shapes are not understood"


def term_name(term: Node) -> str:
    """A term as a sentence names it."""
    if isinstance(term, BNode):
        return "a shape without an IRI"
    text = str(term)
    return f"sh:{text.removeprefix(str(SH))}" if text.startswith(str(SH)) else text


def _shown(term: Node | None) -> str:
    return "missing" if term is None else term.n3()


def only(graph: Graph, subject: Node, predicate: URIRef) -> Node | None:
    """The value of `predicate`, None when there is none. Raises `BadShapes` when there are several."""
    found = list(graph.objects(subject, predicate))
    if len(found) > 1:
        raise BadShapes(f"{term_name(subject)} has {len(found)} values for {term_name(predicate)}, not one.")
    return found[0] if found else None


def several(graph: Graph, subject: Node, predicate: URIRef) -> list[Node]:
    """The values of `predicate`, always in the same order."""
    return sorted(graph.objects(subject, predicate), key=lambda term: term.n3())


def iri(term: Node | None, what: str) -> URIRef:
    """`term`, which has to be an IRI. what: the subject of the sentence when it is not."""
    if not isinstance(term, URIRef):
        raise BadShapes(f"{what} has to be an IRI; it is {_shown(term)}.")
    return term


def text(term: Node | None, what: str) -> str:
    """`term`, which has to be a string."""
    if not isinstance(term, Literal) or not (term.language or term.datatype in (None, XSD.string)):
        raise BadShapes(f"{what} has to be a string; it is {_shown(term)}.")
    return str(term)


def number(term: Node | None, what: str) -> int:
    """`term`, which has to be an integer that is not negative."""
    value = term.value if isinstance(term, Literal) else None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadShapes(f"{what} has to be an integer from 0; it is {_shown(term)}.")
    return value


def truth(term: Node | None, what: str) -> bool:
    """`term`, which has to be "true" or "false"; False for None."""
    if term is None:
        return False
    if not isinstance(term, Literal) or term.datatype != XSD.boolean or str(term) not in ("true", "false"):
        raise BadShapes(f"{what} has to be true or false; it is {_shown(term)}.")
    return str(term) == "true"

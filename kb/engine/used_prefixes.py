"""The prefixes that some triples need, of the one prefix map: to declare all of them takes five kilobytes."""

from __future__ import annotations

from collections.abc import Iterable

import pyoxigraph as ox

from kb.engine.oxigraph_terms import Term
from kb.terms import PREFIXES

_BY_NAMESPACE = {namespace: prefix for prefix, namespace in PREFIXES.items()}


def used_prefixes(triples: Iterable[ox.Triple | ox.Quad]) -> dict[str, str]:
    """Prefix -> namespace, sorted, for the namespaces of the IRIs in the triples.

    >>> a = ox.NamedNode(PREFIXES["rdfs"] + "label")
    >>> used_prefixes([ox.Triple(a, a, ox.Literal("x", datatype=ox.NamedNode("urn:d")))])
    {'rdfs': 'http://www.w3.org/2000/01/rdf-schema#'}
    """
    found: set[str] = set()
    for triple in triples:
        for term in (triple.subject, triple.predicate, triple.object):
            found.add(_namespace(term))
    return {_BY_NAMESPACE[name]: name for name in sorted(found, key=_prefix) if name in _BY_NAMESPACE}


def _prefix(namespace: str) -> str:
    return _BY_NAMESPACE.get(namespace, "")


def _namespace(term: Term) -> str:
    """What an IRI, or that of a datatype, is up to its last slash or hash; empty for other terms."""
    if isinstance(term, ox.Literal):
        term = term.datatype
    if not isinstance(term, ox.NamedNode):
        return ""
    value = term.value
    return value[: max(value.rfind("/"), value.rfind("#")) + 1]

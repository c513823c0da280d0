"""Content negotiation: which form of an answer an Accept header asks for. Pure: no Flask, no request."""

from __future__ import annotations

from collections.abc import Mapping

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from kb.errors import NotUnderstood

RESULTS: Mapping[str, str] = {
    "application/sparql-results+json": "json",
    "application/json": "json",
    "application/sparql-results+xml": "xml",
    "application/xml": "xml",
    "text/xml": "xml",
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
}
"""Media type -> form of a table of solutions or of a truth value; the first is the default."""

TRUTHS: Mapping[str, str] = {media: form for media, form in RESULTS.items() if form in ("json", "xml")}

GRAPHS: Mapping[str, str] = {
    "text/turtle": "ttl",
    "application/n-triples": "nt",
    "application/rdf+xml": "rdf",
    "application/ld+json": "jsonld",
    "application/xml": "rdf",
    "application/json": "jsonld",
    "text/plain": "nt",
}
"""Media type -> form of a graph; the first is the default."""


class NotAcceptable(NotUnderstood):
    """The client accepts none of the forms that there are."""

    title = "No such form"


def choose(accept: str | None, offered: Mapping[str, str]) -> tuple[str, str]:
    """The best of `offered` for an Accept header (RFC 9110, section 12.5.1).

    accept: the header's text; None or empty counts as */*. Out: (media type, form). Of equally wanted ones
    the one offered first wins. Raises `NotAcceptable`, naming what there is.

    >>> choose("text/csv;q=0.5, application/sparql-results+xml", RESULTS)
    ('application/sparql-results+xml', 'xml')
    >>> choose(None, GRAPHS)
    ('text/turtle', 'ttl')
    """
    if not accept or not accept.strip():
        media = next(iter(offered))
        return media, offered[media]
    wanted = parse_accept_header(accept, MIMEAccept)
    best = max(offered, key=lambda media: (wanted.quality(media), -list(offered).index(media)))
    if wanted.quality(best) <= 0:
        raise NotAcceptable(f"None of the accepted media types is available; there are {', '.join(offered)}.")
    return best, offered[best]


def wants_page(accept: str | None) -> bool:
    """Whether HTML is asked for by name and preferred to JSON: what a browser sends."""
    wanted = parse_accept_header(accept or "", MIMEAccept)
    named = any(media == "text/html" and quality > 0 for media, quality in wanted)
    return named and wanted.quality("text/html") >= wanted.quality("application/json")

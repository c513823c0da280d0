"""Content negotiation: which form of an answer an Accept header asks for. Pure: no Flask, no request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from kb.errors import NotUnderstood

Choice = tuple[str, str]
"""Media type, and the name of the form that is written for it."""


@dataclass(frozen=True, eq=False)
class Offer:
    """The media types that there are for one kind of answer, each with its form; the first is the default.

    Of equally wanted ones the earlier wins, so that other names of a form stand last.
    """

    forms: Mapping[str, str]

    @property
    def default(self) -> Choice:
        return next(iter(self.forms.items()))


RESULTS = Offer(
    {
        "application/sparql-results+json": "json",
        "application/sparql-results+xml": "xml",
        "text/csv": "csv",
        "text/tab-separated-values": "tsv",
        "application/json": "json",
        "application/xml": "xml",
        "text/xml": "xml",
    }
)
"""For a table of solutions."""

TRUTHS = Offer({media: form for media, form in RESULTS.forms.items() if form in ("json", "xml")})
"""For yes or no."""

GRAPHS = Offer(
    {
        "text/turtle": "ttl",
        "application/n-triples": "nt",
        "application/rdf+xml": "rdf",
        "application/ld+json": "jsonld",
        "application/xml": "rdf",
        "text/xml": "rdf",
        "application/json": "jsonld",
        "text/plain": "nt",
    }
)
"""For triples."""

REPORTS = Offer(
    {
        "application/problem+json": "json",
        "text/turtle": "ttl",
        "application/n-triples": "nt",
        "application/rdf+xml": "rdf",
        "application/ld+json": "jsonld",
        "application/json": "json",
    }
)
"""For what the shapes found."""


class NotAcceptable(NotUnderstood):
    """The client accepts none of the forms that there are."""

    title = "No such form"


@lru_cache(maxsize=256)
def choose(accept: str | None, offered: Offer) -> Choice:
    """The best of `offered` for an Accept header (RFC 9110, section 12.5.1).

    accept: the header's text; None or empty counts as */*. Parameters other than q do not count.
    Raises `NotAcceptable`, naming what there is.

    >>> choose("text/csv;q=0.5, application/sparql-results+xml", RESULTS)
    ('application/sparql-results+xml', 'xml')
    >>> choose(None, GRAPHS)
    ('text/turtle', 'ttl')
    """
    if not accept or not accept.strip():
        return offered.default
    ranges = _ranges(accept)
    wanted = {media: _quality(media, ranges) for media in offered.forms}
    best = max(wanted, key=lambda media: wanted[media])
    if wanted[best] <= 0:
        raise NotAcceptable(
            f"None of the accepted media types is available; there are {', '.join(offered.forms)}."
        )
    return best, offered.forms[best]


@lru_cache(maxsize=256)
def names(accept: str | None, media: str) -> bool:
    """Whether an Accept header asks for a media type by name."""
    return _ranges(accept or "").get(media, 0.0) > 0


@lru_cache(maxsize=256)
def wants_page(accept: str | None) -> bool:
    """Whether HTML is asked for by name and preferred to JSON: what a browser sends."""
    ranges = _ranges(accept or "")
    return ranges.get("text/html", 0.0) > 0 and ranges["text/html"] >= _quality("application/json", ranges)


@lru_cache(maxsize=256)
def choose_language(accept: str | None, offered: tuple[str, ...]) -> str:
    """The best of some language tags for an Accept-Language header, the first where none is wanted.

    A wish for a regional variant counts for its language too.

    >>> choose_language("de-AT, fr;q=0.8", ("en", "fr", "de"))
    'de'
    """
    ranges = _ranges(accept or "")
    for wish, quality in list(ranges.items()):
        language = wish.partition("-")[0]
        ranges[language] = max(ranges.get(language, 0.0), quality)
    any_quality = ranges.get("*", 0.0)
    best = max(offered, key=lambda tag: ranges.get(tag, any_quality))
    return best if ranges.get(best, any_quality) > 0 else offered[0]


def _ranges(header: str) -> dict[str, float]:
    """Media or language range -> quality, 0 to 1; of a range that stands twice the higher counts."""
    found: dict[str, float] = {}
    for part in header.split(","):
        name, *parameters = part.lower().split(";")
        quality = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip() == "q":
                quality = _number(value.strip())
        if name.strip():
            found[name.strip()] = max(found.get(name.strip(), 0.0), quality)
    return found


def _number(text: str) -> float:
    """A q-value; 0 for what is none, so that a broken wish is no wish."""
    digits = text.replace(".", "", 1)
    return min(float(text), 1.0) if digits.isascii() and digits.isdigit() else 0.0


def _quality(media: str, ranges: Mapping[str, float]) -> float:
    """How much a media type is wanted: as the most specific range that fits it says."""
    for fitting in (media, f"{media.partition('/')[0]}/*", "*/*"):
        if fitting in ranges:
            return ranges[fitting]
    return 0.0

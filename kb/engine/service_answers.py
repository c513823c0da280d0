"""Reads what another SPARQL service answered. Foreign bytes: to be called in a process that may die.

Source: SPARQL 1.1 Query Results JSON Format; SPARQL Query Results XML Format.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kb.errors import RemoteFailed

ACCEPTED: Final = ("application/sparql-results+json", "application/sparql-results+xml")
"""Media types that can be read, the best one first. CSV tells no IRI from a string, TSV is rarely right."""

MAX_ROWS: Final = 100_000
MAX_BYTES: Final = 50_000_000

_FORMATS: Final = dict(zip(ACCEPTED, (ox.QueryResultsFormat.JSON, ox.QueryResultsFormat.XML), strict=True))
_END_OF_XML: Final = re.compile(rb"</(?:[^<>/:\s]+:)?sparql\s*>\s*\Z")
_NOT_IN_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

Row = tuple[str | None, ...]
"""The terms of one solution as N-Triples writes them, None where unbound."""


@dataclass(frozen=True)
class Answer:
    """Solutions. variables: names, in the order of the terms in each row."""

    variables: tuple[str, ...]
    rows: list[Row]


def read(data: bytes, media: str, name: str, max_rows: int = MAX_ROWS) -> Answer:
    """The solutions in an answer.

    media: one of `ACCEPTED`. name: what errors call the server. Blank nodes are `_:` and a label that means
    nothing outside of this answer. Raises `RemoteFailed` for what cannot be read, for more than `MAX_BYTES`
    or `max_rows`, for triples about triples, and for characters that no XML answer of ours could hold.
    """
    if len(data) > MAX_BYTES:
        raise RemoteFailed(f"{name} answered with more than {MAX_BYTES} bytes.")
    if media not in _FORMATS:
        raise RemoteFailed(f"{name} answered with {media!r}.")
    if _FORMATS[media] == ox.QueryResultsFormat.XML:
        if b"<!DOCTYPE" in data:
            raise RemoteFailed(f"{name} answered with an XML document type declaration, which is not read.")
        # The library takes the end of the data for the end of the document, wherever it is.
        if not _END_OF_XML.search(data[-1000:]):
            raise RemoteFailed(f"{name} broke off its answer.")
    try:
        found = ox.parse_query_results(data, _FORMATS[media])
        if not isinstance(found, ox.QuerySolutions):
            raise RemoteFailed(f"{name} answered with a yes or no instead of rows.")
        rows: list[Row] = []
        for solution in found:
            if len(rows) == max_rows:
                raise RemoteFailed(f"{name} answered with more than {max_rows} rows.")
            rows.append(tuple(_written(term, name) for term in solution))
    except (SyntaxError, ValueError, OSError) as error:
        what = str(error).rstrip(".")[:200]
        raise RemoteFailed(f"{name} answered with what cannot be read: {what}.") from None
    return Answer(tuple(variable.value for variable in found.variables), rows)


def _written(term: object, name: str) -> str | None:
    if term is None:
        return None
    if isinstance(term, ox.Triple):
        raise RemoteFailed(f"{name} answered with a triple about a triple, which is not supported here.")
    if isinstance(term, ox.Literal) and _NOT_IN_XML.search(term.value):
        raise RemoteFailed(f"{name} answered with a character that XML cannot hold.")
    return str(term)

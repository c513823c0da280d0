"""What a patch touches: its graphs, the things it states something about, the things it links to.

The ledger keeps a short hash of each, so that the history of a thing or a graph is found without reading
every patch. A hash may stand for two IRIs: whoever finds a commit by it looks into the patch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from kb.terms import ID

# The text is our own (`kb.rdf_patch.to_text`): no blank in an IRI, no line feed in a literal.
_ROW = re.compile(r'^[AD] <([^>]*)> <[^>]*> (?:<([^<>]*)>|".*|<<.*) <([^>]*)> \.$', re.MULTILINE)

_SUBJECT = re.compile(r"^[AD] <([^>]*)> ", re.MULTILINE)


class As(StrEnum):
    """As what a patch names an IRI."""

    SUBJECT = "subject"
    OBJECT = "object"
    GRAPH = "graph"


@dataclass(frozen=True)
class Touched:
    """graphs: the names of all graphs of a patch, sorted. hashes: what the table of touches holds for it."""

    graphs: tuple[str, ...]
    hashes: frozenset[int]


def hash_of(role: As, iri: str) -> int:
    """What the table of touches holds for an IRI: the first 8 bytes of a SHA-256, as a signed number.

    >>> hash_of(As.SUBJECT, "urn:thing")
    8588216806768308881
    """
    return int.from_bytes(sha256(f"{role} {iri}".encode()).digest()[:8], "big", signed=True)


def touched(text: str) -> Touched:
    """What a patch touches: every graph and subject of it, and the objects that are things of ours.

    text: as `kb.rdf_patch.to_text` writes it.
    """
    subjects, objects, graphs = set(), set(), set()
    for subject, value, graph in _ROW.findall(text):
        subjects.add(subject)
        objects.add(value)
        graphs.add(graph)
    things = (value for value in objects if value.startswith(ID))
    roles = ((As.SUBJECT, subjects), (As.OBJECT, things), (As.GRAPH, graphs))
    hashes = frozenset(hash_of(role, iri) for role, iris in roles for iri in iris)
    return Touched(tuple(sorted(graphs)), hashes)


def subjects_of(text: str) -> set[str]:
    """All that a patch states something about, or no longer states. text: as in `touched`."""
    return set(_SUBJECT.findall(text))


def rows_of(text: str, thing: str, links: bool = False, graph: str | None = None) -> list[str]:
    """The rows of a patch that state something about `thing`, in their order.

    text: as in `touched`. links: whether also those that have it as object. graph: only those in this one.
    """
    found = [*_rows_about(text, thing), *(_rows_linking_to(text, thing) if links else ())]
    if graph is not None:
        found = [row for row in found if row.endswith(f" <{graph}> .")]
    # A row can say something about a thing and link to it; and all deletes come before the inserts.
    return sorted(set(found), key=lambda row: (row[0] == "A", row))


def _rows_about(text: str, thing: str) -> Iterator[str]:
    for code in "DA":
        start = f"{code} <{thing}> "
        at = text.find(f"\n{start}") + 1
        # The rows are sorted, so that those of one subject follow each other.
        while at and text.startswith(start, at):
            end = text.index("\n", at)
            yield text[at:end]
            at = end + 1


def _rows_linking_to(text: str, thing: str) -> Iterator[str]:
    at = text.find(f" <{thing}> <")
    while at >= 0:
        row = text[text.rindex("\n", 0, at) + 1 : text.index("\n", at)]
        parts = _ROW.fullmatch(row)
        if parts is not None and parts[2] == str(thing):  # an IRI of rdflib equals no text
            yield row
        at = text.find(f" <{thing}> <", at + 1)


def in_chunks(hashes: Iterable[int], size: int = 500) -> Iterator[list[int]]:
    """The hashes in parts that fit into one statement."""
    whole = sorted(hashes)
    for start in range(0, len(whole), size):
        yield whole[start : start + size]

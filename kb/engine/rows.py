"""A large patch, kept as text: turning its quads into terms and back took longer than all else about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain, islice
from typing import Final, cast

import pyoxigraph as ox
from rdflib import URIRef

from kb.engine.contract import APART
from kb.engine.oxigraph_terms import to_rdflib
from kb.patch import Patch, Quad

_MANY: Final = 250_000
"""Bytes of quads from which on new files are made faster than a transaction."""

_APART: Final = frozenset(map(str, APART))


class Rows(Patch):
    """A patch of ground quads in normal form, each a row of N-Quads without its dot.

    It equals the patch of the same quads, which are read from the rows when somebody asks for them.
    Deletes and inserts share nothing.
    """

    def __init__(
        self, deletes: Iterable[str] = (), inserts: Iterable[str] = (), made_from: int | None = None
    ) -> None:
        """deletes, inserts: as `kb.rdf_patch` writes quads."""
        for name, value in (("deleted", deletes), ("inserted", inserts)):
            object.__setattr__(self, name, frozenset(value))
        object.__setattr__(self, "made_from", made_from)

    deleted: frozenset[str]
    inserted: frozenset[str]

    @cached_property
    def deletes(self) -> frozenset[Quad]:
        return frozenset(_quads(self.deleted))

    @cached_property
    def inserts(self) -> frozenset[Quad]:
        return frozenset(_quads(self.inserted))

    def made(self, revision: int | None) -> Rows:
        return Rows(self.deleted, self.inserted, revision)

    def __len__(self) -> int:
        return len(self.deleted) + len(self.inserted)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Rows):
            return (self.deleted, self.inserted) == (other.deleted, other.inserted)
        return isinstance(other, Patch) and (self.deletes, self.inserts) == (other.deletes, other.inserts)

    def __hash__(self) -> int:
        return hash((self.deletes, self.inserts))

    def inverse(self) -> Rows:
        return Rows(self.inserted, self.deleted)

    def graphs(self) -> frozenset[URIRef]:
        return frozenset(map(URIRef, {graph_in(row) for row in chain(self.deleted, self.inserted)}))

    def counts(self) -> tuple[int, int]:
        return len(self.deleted), len(self.inserted)

    def part(self, most: int) -> Patch:
        return Patch.of(_quads(islice(self.deleted, most)), _quads(islice(self.inserted, most)))

    def subjects(self) -> frozenset[str]:
        return frozenset(row[1 : row.index(">")] for row in chain(self.deleted, self.inserted))


def graph_in(row: str) -> str:
    """The IRI of the graph of a row."""
    return row[row.rindex(" <") + 2 : -1]


def with_merge(rows: Iterable[str]) -> bytes:
    """Rows as N-Quads, and the triples of those that stand in the merge as such, too."""
    lines = []
    for row in rows:
        lines.append(row)
        cut = row.rindex(" <")
        if row[cut + 2 : -1] not in _APART:
            lines.append(row[:cut])
    lines.append("")
    return " .\n".join(lines).encode()


def in_graph(triples: bytes, graph: URIRef) -> bytes:
    """N-Triples of the engine as N-Quads of a graph."""
    return triples.replace(b" .\n", f" <{graph}> .\n".encode())


def load(store: ox.Store, quads: bytes) -> None:
    """Adds N-Quads as they are, which is done fastest without making quads of Python of them; not atomic."""
    if b"_:" in quads:  # blank nodes of a document would get other names
        store.bulk_extend(ox.parse(quads, ox.RdfFormat.N_QUADS))
    elif len(quads) > _MANY:
        store.bulk_load(quads, format=ox.RdfFormat.N_QUADS)
    else:
        store.load(quads, format=ox.RdfFormat.N_QUADS)


def _quads(rows: Iterable[str]) -> Iterator[Quad]:
    text = " .\n".join([*rows, ""]).encode()
    for quad in ox.parse(text, ox.RdfFormat.N_QUADS):
        terms = map(to_rdflib, (quad.subject, quad.predicate, quad.object))
        yield cast(Quad, (*terms, URIRef(cast(ox.NamedNode, quad.graph_name).value)))

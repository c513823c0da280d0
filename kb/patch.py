"""A change as a value: what goes out, what comes in, and the revision it was made from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import islice

from rdflib import BNode, Literal, URIRef
from rdflib.term import Node

from kb.errors import NotUnderstood
from kb.rdf12 import TripleTerm, is_ground

Quad = tuple[URIRef, URIRef, Node, URIRef]
"""Subject, predicate, object and graph name: ground terms only, in normal form."""


_PLAIN = frozenset((URIRef, URIRef, kind, URIRef) for kind in (URIRef, Literal))
"""The types of the terms of a quad that needs no closer look."""


class NotGround(NotUnderstood):
    """A quad with a blank node, or without a graph name."""

    title = "A quad is not ground"


@dataclass(frozen=True)
class Patch:
    """Quads to delete and quads to insert, as two sets that share nothing; deletes count first.

    made_from: the revision that its author saw; None when it does not matter which.
    Raises `NotGround` for a blank node or a quad without a graph name.
    """

    deletes: frozenset[Quad] = frozenset()
    inserts: frozenset[Quad] = frozenset()
    made_from: int | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        # A quad that goes out and comes in again is there afterwards, whether it was before or not.
        object.__setattr__(self, "deletes", self.deletes - self.inserts)
        for quad in self.deletes | self.inserts:
            if tuple(map(type, quad)) in _PLAIN:  # looked at first, because nearly all are, and it is quick
                continue
            for term in quad:
                if isinstance(term, BNode):
                    raise NotGround(f"The blank node _:{term} has no address; give it an IRI.")
            if not is_ground(quad[2]):
                raise NotGround(f"A blank node in {quad[2]} has no address; give it an IRI.")
            if not isinstance(quad[3], URIRef) or isinstance(quad[0], Literal | TripleTerm):
                raise NotGround("Each quad of a patch has an IRI as subject and as graph name.")

    @classmethod
    def of(
        cls, deletes: Iterable[Quad] = (), inserts: Iterable[Quad] = (), made_from: int | None = None
    ) -> Patch:
        """A patch of these quads."""
        return cls(frozenset(deletes), frozenset(inserts), made_from)

    def made(self, revision: int | None) -> Patch:
        """The same patch, made from a revision."""
        return replace(self, made_from=revision)

    def __len__(self) -> int:
        """The number of quads that it names."""
        return len(self.deletes) + len(self.inserts)

    def counts(self) -> tuple[int, int]:
        """The numbers of deletes and of inserts."""
        return len(self.deletes), len(self.inserts)

    def part(self, most: int) -> Patch:
        """At most so many of its deletes and so many of its inserts."""
        return Patch.of(islice(self.deletes, most), islice(self.inserts, most))

    def subjects(self) -> frozenset[str]:
        """The IRIs of all that it says something about, or no longer says."""
        return frozenset(str(quad[0]) for quad in self.deletes | self.inserts)

    def inverse(self) -> Patch:
        """The patch that takes this one back, if every delete was there before and no insert was."""
        return Patch(self.inserts, self.deletes)

    def then(self, following: Patch) -> Patch:
        """One patch with the effect of this one and `following` after it."""
        return Patch(
            (self.deletes - following.inserts) | following.deletes,
            (self.inserts - following.deletes) | following.inserts,
            self.made_from,
        )

    def apply(self, quads: Iterable[Quad]) -> set[Quad]:
        """The quads after the patch."""
        return (set(quads) - self.deletes) | self.inserts

    def effective(self, present: set[Quad]) -> Patch:
        """The part that changes anything where `present` are the quads of this patch that are there."""
        return Patch(self.deletes & present, self.inserts - present, self.made_from)

    def graphs(self) -> frozenset[URIRef]:
        """The names of the graphs that it touches."""
        return frozenset(quad[3] for quad in self.deletes | self.inserts)

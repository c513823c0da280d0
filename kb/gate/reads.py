"""What a check of a focus node reads, as a value: which triples, and where they stand as seen from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from rdflib import URIRef

from kb.gate.routes import STAY, Route

End = Literal["subject", "predicate", "value"]
"""One of the three places of a triple."""


@dataclass(frozen=True)
class Way:
    """From one end of a triple back to the focus nodes of a check that reads it."""

    end: End
    route: Route


@dataclass(frozen=True)
class Guard:
    """That something else is said of one end of a triple, or the check does not care for it."""

    end: End
    predicate: URIRef
    value: URIRef


@dataclass(frozen=True)
class Read:
    """Triples that a check reads.

    predicate: theirs, None for any but those in `but`. subject, value: theirs, where it has to be this one.
    below: of a type, that it has to be this class or a subclass of it.
    ways: each of them alone leads to all focus nodes whose check can change with such a triple.
    keys: where no way leads to focus nodes, the variables of a result that such a triple has the values of.
    guards: where there are no ways, what else has to hold. Without ways and keys all targets are concerned.
    """

    predicate: URIRef | None
    ways: tuple[Way, ...] = ()
    but: frozenset[URIRef] = frozenset()
    subject: URIRef | None = None
    value: URIRef | None = None
    below: URIRef | None = None
    keys: tuple[tuple[str, End], ...] = ()
    guards: tuple[Guard, ...] = ()

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        # Reads are looked up again and again, and hold long routes.
        return hash((self.predicate, self.ways, self.but, self.value, self.below, self.keys))


EVERYTHING = Read(None)
"""What a check reads of which nothing narrower is known."""


def shortest(ways: list[Way]) -> tuple[Way, ...]:
    """The ways worth trying: those that end at once make all others needless."""
    at_once = [way for way in ways if way.route == STAY]
    return tuple(dict.fromkeys(at_once[:1] or ways))

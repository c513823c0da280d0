"""Which focus nodes of which shapes a change can affect.

From each changed triple that a part of a shape reads, the ways lead back to the focus nodes. Where none of
them is short enough, or none is known, all targets of the shape are affected.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, cast

from rdflib import RDF, RDFS, URIRef
from rdflib.term import Node

from kb.engine.contract import APART
from kb.gate.dependencies import Part
from kb.gate.reads import End, Read
from kb.gate.value_tests import Hierarchy, Looks
from kb.gate.walking import FEW, Ground, Nodes, Triple, chunks, values
from kb.patch import Patch, Quad

MOST_FOCI: Final = 20_000
"""With more affected focus nodes than these, all targets of a shape are checked."""

_FEW: Final = 50
_MANY: Final = 100
_PLACES: Final[Mapping[End, int]] = {"subject": 0, "predicate": 1, "value": 2}


@dataclass(frozen=True)
class Change:
    """What a patch changes in the merge of the graphs: the triples that are new there, and those gone."""

    new: frozenset[Triple]
    gone: frozenset[Triple]

    @classmethod
    def of(cls, patch: Patch, after: Looks) -> Change:
        """What stands in another graph, too, is no change.

        patch: each quad of it makes a difference, as `Patch.effective` sees to. after: an engine with it.
        """
        inserts = {quad for quad in patch.inserts if quad[3] not in APART}
        deletes = {quad for quad in patch.deletes if quad[3] not in APART}
        inserted, deleted = {quad[:3] for quad in inserts}, {quad[:3] for quad in deletes}
        stated = {triple for triple, graph in _elsewhere(inserts, after) if (*triple, graph) not in inserts}
        return cls(
            new=frozenset(inserted - deleted - stated),
            gone=frozenset(deleted - inserted - {triple for triple, _ in _elsewhere(deletes, after)}),
        )

    def pairs(self, of: frozenset[Triple]) -> set[tuple[Node, Node]]:
        """The subclasses and classes that the triples tell of."""
        return {(below, above) for below, verb, above in of if verb == RDFS.subClassOf}


def _elsewhere(quads: Collection[Quad], engine: Looks) -> Iterator[tuple[Triple, Node]]:
    """The triples of the quads that another graph of the merge holds too, with that graph."""
    if len(quads) <= FEW:
        for subject in {quad[0] for quad in quads}:
            yield from _elsewhere_about(subject, [quad for quad in quads if quad[0] == subject], engine)
        return
    for some in chunks(quads):
        rows = values("?s ?p ?o ?own", some)
        query = f"SELECT ?s ?p ?o ?g {{ {rows} GRAPH ?g {{ ?s ?p ?o }} FILTER(?g != ?own) }}"
        for *triple, graph in engine.select(query):
            if graph is not None and graph not in APART:
                yield cast(Triple, tuple(triple)), graph


def _elsewhere_about(subject: URIRef, quads: list[Quad], engine: Looks) -> Iterator[tuple[Triple, Node]]:
    graphs = defaultdict[Triple, set[URIRef]](set)
    for _, predicate, value, graph in islice(engine.quads_about(subject), _MANY) if len(quads) > 1 else ():
        graphs[subject, predicate, value].add(graph)
    for _, predicate, value, own in quads:
        triple: Triple = (subject, predicate, value)
        known = sum(map(len, graphs.values())) < _MANY and graphs.get(triple)
        yield from ((triple, each) for each in (known or engine.graphs_with(triple)) - APART - {own})


@dataclass
class Affected:
    """What a change can affect.

    foci: part -> focus nodes, targets or not. keys: part -> names of variables -> their values, for parts
    whose answers are looked up by more than the focus node. whole: part -> why all its targets are affected.
    """

    foci: dict[Part, Nodes] = field(default_factory=dict)
    keys: dict[Part, dict[tuple[str, ...], set[tuple[Node, ...]]]] = field(default_factory=dict)
    whole: dict[Part, str] = field(default_factory=dict)

    def parts(self) -> list[Part]:
        """The parts of shapes that the change concerns."""
        return list({**self.whole, **self.keys, **self.foci})


class Dependents:
    """The parts of shapes by what they read."""

    def __init__(self, parts: Iterable[Part]) -> None:
        by_read = defaultdict[Read, list[Part]](list)
        for part in parts:
            for read in part.reads:
                by_read[read].append(part)
        self.by_read: Mapping[Read, list[Part]] = by_read
        self._by_predicate = defaultdict[Node | None, list[Read]](list)
        for read in by_read:
            self._by_predicate[read.predicate].append(read)

    def of_triple(self, triple: Triple, hierarchy: Hierarchy) -> Iterator[Read]:
        """The reads that such a triple is one of."""
        subject, predicate, value = triple
        for read in (*self._by_predicate.get(predicate, ()), *self._by_predicate.get(None, ())):
            if (
                (read.subject is None or read.subject == subject)
                and (read.value is None or read.value == value)
                and (read.below is None or value in hierarchy.all_below(read.below))
                and predicate not in read.but
            ):
                yield read

    def affected(self, change: Change, ground: Ground, hierarchy: Hierarchy) -> Affected:
        """What the change affects. hierarchy: that after the change; ground: what is walked on."""
        search = _Search(self, change, ground, hierarchy)
        for rule in CHANGE_RULES.values():
            for read, triples in rule(search):
                search.follow(read, triples)
        return search.found


class _Search:
    """The search for what one change affects."""

    def __init__(self, dependents: Dependents, change: Change, ground: Ground, hierarchy: Hierarchy) -> None:
        self.dependents, self.change, self.ground = dependents, change, ground
        # What was or is a subclass, and what both was and is.
        gone, new = change.pairs(change.gone), change.pairs(change.new)
        self.either = Hierarchy(hierarchy.pairs | gone) if gone else hierarchy
        self.both = Hierarchy(hierarchy.pairs - new) if new else hierarchy
        self.found = Affected()

    def follow(self, read: Read, triples: set[Triple] | None) -> None:
        """Notes what the changed triples affect by being read. triples: None for too many."""
        parts = self.dependents.by_read[read]
        if triples is None:
            self._widen(parts, "a class has come or gone that too many things are of")
        elif read.ways:
            self._narrow(parts, self._nearest(read, triples))
        elif self._guarded(read, triples):
            self._unlinked(read, parts, triples)

    def _unlinked(self, read: Read, parts: list[Part], triples: set[Triple]) -> None:
        if not read.keys:
            for part in parts:
                self._widen(
                    [part], part.why or "nothing in its query leads from a changed triple to a target"
                )
            return
        names = tuple(name for name, _ in read.keys)
        for part in parts:
            kept = self.found.keys.setdefault(part, {}).setdefault(names, set())
            kept |= {tuple(triple[_PLACES[end]] for _, end in read.keys) for triple in triples}

    def _guarded(self, read: Read, triples: set[Triple]) -> set[Triple]:
        """Those of the triples about which the guards hold."""
        for guard in read.guards:
            place = _PLACES[guard.end]
            nodes = frozenset(triple[place] for triple in triples)
            held = self.ground.having(nodes, guard.predicate, guard.value)
            triples = {triple for triple in triples if triple[place] in held}
        return triples

    def _nearest(self, read: Read, triples: set[Triple]) -> Nodes | None:
        """The focus nodes at the end of the way that leads to the fewest, None when all lead to too many."""
        limits = (max(_FEW, 2 * len(triples)), MOST_FOCI) if len(read.ways) > 1 else (MOST_FOCI,)
        for most in limits:
            for way in read.ways:
                ends = frozenset(triple[_PLACES[way.end]] for triple in triples)
                reached = self.ground.walk(ends, way.route, most)
                if reached is not None:
                    return reached
        return None

    def _narrow(self, parts: list[Part], nodes: Nodes | None) -> None:
        if nodes is None:
            self._widen(parts, f"more than {MOST_FOCI} nodes are affected")
        elif nodes:
            for part in parts:
                together = self.found.foci.get(part, frozenset()) | nodes
                self.found.foci[part] = together
                if len(together) > MOST_FOCI:
                    self._widen([part], f"more than {MOST_FOCI} nodes are affected")

    def _widen(self, parts: Iterable[Part], why: str) -> None:
        for part in parts:
            self.found.whole.setdefault(part, why)


Seeds = Iterator[tuple[Read, set[Triple] | None]]


def _changed_triples(search: _Search) -> Seeds:
    seeds = defaultdict[Read, set[Triple]](set)
    for triple in (*search.change.new, *search.change.gone):
        for read in search.dependents.of_triple(triple, search.either):
            seeds[read].add(triple)
    yield from seeds.items()


def _changed_classes(search: _Search) -> Seeds:
    """Things whose classes have other classes above them than before, as if their types had changed."""
    if search.either.pairs == search.both.pairs:
        return
    for read in search.dependents.by_read:
        if read.below is None:
            continue
        moved = search.either.all_below(read.below) - search.both.all_below(read.below)
        things = search.ground.instances(moved, MOST_FOCI) if moved else frozenset()
        if things is None:
            yield read, None
        elif things:
            yield read, {(thing, RDF.type, read.below) for thing in things}


CHANGE_RULES: Final[dict[str, Callable[[_Search], Seeds]]] = {
    "changed triples": _changed_triples,
    "rdfs:subClassOf": _changed_classes,
}
"""Where the search begins."""

"""Keeps the inferred triples up with a change, at a cost that follows the change and not the store.

Rules are taken in layers (`kb.reasoning.strata`): a rule reads what its own layer and earlier ones write, so
what a layer reads from below is settled when it is the layer's turn. Within a layer, deletes are followed by
over-deleting and deriving again (DRed: Gupta, Mumick, Subrahmanian, Maintaining Views Incrementally, SIGMOD
1993), inserts semi-naively. A triple that is stated, or follows at once from what is stated or settled, is
not over-deleted (compare the backward step of Motik, Nenov, Piro, Horrocks, Incremental Update of Datalog
Materialisation: the Backward/Forward Algorithm, AAAI 2015). Most layers do not read what they write: in
these that settles it, and nothing has to be derived again.

Nothing is written: the state before is looked up in the engine, the state after in the engine and memory.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from typing import Final

from rdflib import Graph

from kb.engine.contract import INFERRED
from kb.engine.lookup import Lookup, Statement, to_quad
from kb.engine.oxigraph import OxigraphEngine
from kb.engine.oxigraph_terms import Term, to_oxigraph
from kb.errors import KnowledgeBaseError, NotAllowed
from kb.matching import MatchedRule, State, key
from kb.patch import Patch
from kb.reasoning import strata
from kb.rules import Rule, is_axiom, rules
from kb.stand_ins import without_stand_ins
from kb.terms import GRAPH

_ONTOLOGY: Final = GRAPH["ontology"]

MAX_ROWS: Final = 200_000
"""How many triples may be looked at for one change. Beyond, deriving all anew is not much slower."""


class TooMuchFollows(KnowledgeBaseError):
    """What follows from a change is not found step by step; `kb.reasoning.infer` has to derive all anew."""

    title = "What follows has to be derived anew"


class RulesChange(TooMuchFollows):
    """A change of the ontology, so of the rules: they have to be read anew as well."""


def ontology_of(engine: OxigraphEngine) -> Graph:
    """The ontology that an engine holds in graph/ontology, with blank nodes in place of their stand-ins."""
    return without_stand_ins(engine.triples(_ONTOLOGY))


class Derivation:
    """The rules of an ontology, made ready to follow changes."""

    def __init__(self, ontology: Graph, max_rows: int = MAX_ROWS) -> None:
        """Raises `UnsupportedAxiom` for an axiom that no rule can express."""
        self._max_rows = max_rows
        self._rules = _Rules(ontology)

    def changes(self, engine: OxigraphEngine, patch: Patch) -> Patch:
        """How the graph of inferred triples changes with a patch.

        engine: before the patch, its default graph the merge and its inferred triples those of these rules.
        patch: in normal form. Out: a patch of the graph of inferred triples alone; both together give what
        `kb.reasoning.infer` gives after `patch`.
        Raises `RulesChange` for a patch of axioms in graph/ontology, `TooMuchFollows` when more than
        `max_rows` triples would have to be looked at, `NotAllowed` for a patch of inferred triples.
        """
        quads = patch.deletes | patch.inserts
        if any(quad[3] == INFERRED for quad in quads):
            raise NotAllowed("What follows from the data is not edited; change what it follows from.")
        if any(quad[3] == _ONTOLOGY and is_axiom(quad[:3]) for quad in quads):
            raise RulesChange("The ontology changes, so all that follows has to be derived anew.")
        return _Following(self._rules, Lookup(engine), patch, self._max_rows).to_patch()


class _Rules:
    """Rules by the classes and properties that they read and write; layers are numbers from 0.

    recursive: the layers that read what they write.
    """

    def __init__(self, ontology: Graph) -> None:
        self.readers = defaultdict[Term, list[tuple[MatchedRule, int]]](list)
        self.writers = defaultdict[Term, list[MatchedRule]](list)
        self.layer_of: dict[Term, int] = {}
        self.recursive: set[int] = set()
        for layer, members in enumerate(strata(rules(ontology))):
            written = {rule.writes for rule in members}
            if any(rule.reads & written for rule in members):
                self.recursive.add(layer)
            for rule in members:
                self._add(rule, MatchedRule(rule, layer))
        for term in self.writers:
            # One look at a statement is quicker than one for the values of a property.
            self.writers[term].sort(key=lambda rule: rule.looks_for_values)
        self.layers_reading = {
            term: {rule.layer for rule, _ in readers} for term, readers in self.readers.items()
        }

    def _add(self, rule: Rule, matched: MatchedRule) -> None:
        writes = to_oxigraph(rule.writes)
        self.writers[writes].append(matched)
        self.layer_of[writes] = matched.layer
        for place, pattern in enumerate(matched.body):
            self.readers[pattern.key].append((matched, place))


@dataclass
class _Work:
    """What a layer is told of.

    went, came: triples that its rules read. doubted: triples that it writes and nobody states any more.
    """

    went: list[Statement] = field(default_factory=list)
    came: list[Statement] = field(default_factory=list)
    doubted: list[Statement] = field(default_factory=list)


class _Following:
    """One change, followed from layer to layer."""

    def __init__(self, rules_: _Rules, lookup: Lookup, patch: Patch, max_rows: int) -> None:
        self._rules = rules_
        self._lookup = lookup
        self._rows_left = max_rows
        self._unstated, self._stated = lookup.stated_changes(patch)
        self._before = State(lookup, self._count)
        self._after = State(lookup, self._count)
        self._work = defaultdict[int, _Work](_Work)
        self._ahead: list[int] = []

    def to_patch(self) -> Patch:
        """The change of the graph of inferred triples."""
        for triple in self._stated:
            if triple not in self._before:
                self._after.add(triple)
                self._tell_came(triple)
        for triple in self._unstated:
            own = self._rules.layer_of.get(key(triple))
            if own is None:
                self._after.remove(triple)
                self._tell_went(triple)
            else:
                self._work_of(own).doubted.append(triple)
        while self._ahead:
            layer = heappop(self._ahead)
            self._settle(layer, self._work.pop(layer))
        added, removed = self._after.changes()
        # What went and was not stated was inferred; what came and is not stated is.
        deletes = (removed - self._unstated) | set(filter(self._lookup.is_inferred, self._stated))
        inserts = (added - self._stated) | {triple for triple in self._unstated if triple in self._after}
        return Patch.of(map(to_quad, deletes), map(to_quad, inserts))

    def _settle(self, layer: int, work: _Work) -> None:
        """Brings what the rules of a layer give to the state after, and tells the layers above."""
        taken = self._over_delete(layer, work)
        back: list[Statement] = []
        if layer in self._rules.recursive:
            for triple in taken:
                if self._follows(triple, None):
                    self._after.add(triple)
                    back.append(triple)
        new = self._insert(layer, work.came + back)
        for triple in taken:
            if triple not in self._after:
                self._tell_went(triple, layer)
        for triple in new - taken:
            self._tell_came(triple, layer)

    def _over_delete(self, layer: int, work: _Work) -> set[Statement]:
        """Takes away what may rest on what went; out: all that was taken away."""
        recursive = layer in self._rules.recursive
        settled = partial(self._is_settled, layer) if recursive else None  # elsewhere, all is settled
        taken: set[Statement] = set()
        kept: set[Statement] = set()
        went, doubted = deque(work.went), deque(work.doubted)
        while went or doubted:
            while doubted:
                triple = doubted.popleft()
                if triple in taken or triple in kept:
                    continue
                if self._is_stated(triple) or self._follows(triple, settled):
                    kept.add(triple)
                    continue
                taken.add(triple)
                self._after.remove(triple)
                went.append(triple)
            if went:
                doubted.extend(self._conclusions(layer, self._before, went.popleft()))
        return taken

    def _insert(self, layer: int, came: Iterable[Statement]) -> set[Statement]:
        """Adds all that the rules of a layer give with what came; out: all that was added."""
        added: set[Statement] = set()
        ahead = deque(came)
        while ahead:
            # A list, because the state is not to change while it is gone through.
            for triple in list(self._conclusions(layer, self._after, ahead.popleft())):
                if triple not in self._after:
                    self._after.add(triple)
                    added.add(triple)
                    ahead.append(triple)
        return added

    def _conclusions(self, layer: int, state: State, triple: Statement) -> Iterator[Statement]:
        """What the rules of a layer give on a state with the help of one triple."""
        for rule, place in self._rules.readers.get(key(triple), ()):
            if rule.layer == layer:
                yield from rule.conclusions(state, place, triple)

    def _follows(self, triple: Statement, counts: Callable[[Statement], bool] | None) -> bool:
        """Whether a rule gives a triple on the state after, from triples that count; None: all do."""
        return any(rule.gives(self._after, triple, counts) for rule in self._rules.writers[key(triple)])

    def _is_settled(self, layer: int, triple: Statement) -> bool:
        """Whether a triple of the state after stays there, whatever a layer still takes away."""
        return self._rules.layer_of.get(key(triple), -1) < layer or self._is_stated(triple)

    def _is_stated(self, triple: Statement) -> bool:
        """Whether somebody states a triple, of the state before or after, after the change."""
        if triple in self._stated or triple in self._unstated:
            return triple in self._stated
        return not self._after.was_added(triple) and not self._lookup.is_inferred(triple)

    def _tell_came(self, triple: Statement, above: int = -1) -> None:
        for layer in self._rules.layers_reading.get(key(triple), ()):
            if layer > above:
                self._work_of(layer).came.append(triple)

    def _tell_went(self, triple: Statement, above: int = -1) -> None:
        for layer in self._rules.layers_reading.get(key(triple), ()):
            if layer > above:
                self._work_of(layer).went.append(triple)

    def _work_of(self, layer: int) -> _Work:
        if layer not in self._work:
            heappush(self._ahead, layer)
        return self._work[layer]

    def _count(self) -> None:
        self._rows_left -= 1
        if self._rows_left < 0:
            raise TooMuchFollows("Too much follows from this change to find it step by step.")

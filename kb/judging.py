"""What the shapes say of a change before it is a commit, with shapes and ontology as the store has them."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from itertools import chain

from rdflib import RDFS, Graph

from kb.derivation import Derivation, ontology_of
from kb.engine.contract import SHAPES
from kb.engine.oxigraph import OxigraphEngine
from kb.gate.compiled import validate
from kb.gate.gate import Gate, Verdict
from kb.gate.value_tests import Hierarchy
from kb.live import Live
from kb.patch import Patch
from kb.report import Report
from kb.stand_ins import without_stand_ins
from kb.terms import GRAPH

_SCHEMA = {SHAPES, GRAPH["ontology"]}


def shapes_of(engine: OxigraphEngine) -> Graph:
    """The shapes that an engine holds, with their blank nodes."""
    return without_stand_ins(engine.triples(SHAPES))


class Judge:
    """Judges changes of what is stated in live engines. plain: there are no shapes, all is well."""

    def __init__(self, live: Live, *, plain: bool = False) -> None:
        self._live = live
        self._plain = plain
        self._gate = Gate(Graph())
        self._classes: Hierarchy | None = None
        self._in_doubt: int | None = None  # the revision on which a change of classes is staged
        self.renew()

    def renew(self) -> None:
        """Reads the shapes anew, after a commit that may have changed them. Raises `BadShapes`."""
        self._classes = self._in_doubt = None
        if not self._plain:
            self._gate = Gate(shapes_of(self._live.stated))

    def changes_schema(self, patch: Patch) -> bool:
        """Whether a patch changes the shapes or the ontology, by which all data is judged."""
        return not self._plain and bool(_SCHEMA & patch.graphs())

    def small(self, patch: Patch, seconds: float) -> Verdict:
        """What the shapes say of the patch that was staged last."""
        if self._plain:
            return _ALL_WELL
        live, hierarchy = self._live, self._hierarchy(patch)
        return self._gate.judge(live.stated, patch, live.before_last, hierarchy=hierarchy, seconds=seconds)

    def _hierarchy(self, patch: Patch) -> Hierarchy:
        """That of what is stated, with the patch that was staged last; kept from change to change."""
        stated = self._live.stated
        if any(quad[1] == RDFS.subClassOf for quad in chain(patch.deletes, patch.inserts)):
            self._classes, self._in_doubt = None, stated.revision()
        if self._in_doubt == stated.revision():
            # What tells of classes is only staged as yet, and may be dropped.
            return Hierarchy.of(stated)
        if self._classes is None:
            self._classes = Hierarchy.of(stated)
        return self._classes

    def large(self, after: OxigraphEngine, patch: Patch) -> Verdict:
        """What the shapes say of a change that was made on a copy of what is stated.

        Where the change is of shapes or ontology, all data is judged by the new ones, and what the old ones
        found before does not count against it. Raises `BadShapes`, `UnsupportedAxiom`.
        """
        if self._plain:
            return _ALL_WELL
        if self.changes_schema(patch):
            Derivation(ontology_of(after))
            return _compared(
                validate(self._live.stated, shapes_of(self._live.stated)), validate(after, shapes_of(after))
            )
        before: AbstractContextManager[OxigraphEngine] = nullcontext(self._live.stated)
        return self._gate.judge_all(after, lambda: before)


_ALL_WELL = Verdict(worse=Report(), older=Report(), remarks=Report(), checked=0, widened={})


def _compared(before: Report, after: Report) -> Verdict:
    known = set(before.violations)
    return Verdict(
        worse=Report.of(found for found in after.violations if found not in known),
        older=Report.of(found for found in after.violations if found in known),
        remarks=Report.of([*after.warnings, *after.infos]),
        checked=len(after.findings),
        widened={},
    )

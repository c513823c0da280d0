"""The gate: judges a change by the shapes, on the focus nodes that it can affect and on no others.

A change answers for what it makes worse. A violation that stood there before is told, and does not count
against it; one that is new, or that is off by more values than before, does. docs/gate.md says more.
Whatever goes wrong on the way is raised, so that nothing is let in unjudged.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from time import monotonic

from rdflib import Graph, URIRef
from rdflib.term import Node

from kb.engine.contract import Solutions, Triple
from kb.errors import KnowledgeBaseError
from kb.gate.affected import Affected, Change, Dependents
from kb.gate.compiled import Validation
from kb.gate.constraints import Shape, Sparql, Targets
from kb.gate.dependencies import Part, parts_of
from kb.gate.foci import given
from kb.gate.glance import Glance
from kb.gate.key_filters import Begins, Keys, key_filters, possible
from kb.gate.needs import Needs, needs
from kb.gate.query_patterns import NotAnalysed, read_query
from kb.gate.routes import Step
from kb.gate.shape_graph import read_shapes
from kb.gate.value_tests import Hierarchy, Looks
from kb.gate.walking import FEW, Ground, Neighbours, Nodes, chunks, values
from kb.patch import Patch, Quad
from kb.report import Finding, Report

Before = Callable[[], AbstractContextManager[Looks]]
"""Gives an engine in the state before the change, for as long as the context lasts."""


class TooLong(KnowledgeBaseError):
    """The change could not be judged in the time that it may take; nothing was changed."""

    title = "The check took too long"

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"The check of the change took longer than {seconds:g} seconds and was stopped.")


@dataclass(frozen=True)
class Verdict:
    """What the shapes say of a change.

    worse: the violations that it brings, for which it is refused. older: violations about what it affects
    that stood there before. remarks: all other findings about what it affects. checked: how many pairs of a
    shape and a focus node were checked. widened: shapes of which all targets were checked -> why.
    """

    worse: Report
    older: Report
    remarks: Report
    checked: int = 0
    widened: Mapping[Node, str] = field(default_factory=dict)

    @property
    def refusal(self) -> str:
        """The sentence that a change is refused with."""
        count = len(self.worse.violations)
        places = "place" if count == 1 else "places"
        return f"Nothing was changed: the data would break the rules in {count:,} {places}."


class Gate:
    """Judges changes by the shapes of a graph."""

    def __init__(self, shapes: Graph) -> None:
        """Reads the shapes and analyses them. Raises `BadShapes`."""
        self._shapes = [shape for shape in read_shapes(shapes).values() if shape.targets]
        self._parts = [part for shape in self._shapes for part in parts_of(shape)]
        self._dependents = Dependents(self._parts)
        self._needs = {part: needs(part) for part in self._parts}
        self._filters = {part: key_filters(part.shape) for part in self._parts}
        self._computed = frozenset(_computed(self._shapes))
        self._patterns: set[tuple[str, str]] = set()

    def judge(
        self,
        after: Looks,
        patch: Patch,
        before: Before,
        *,
        hierarchy: Hierarchy | None = None,
        seconds: float | None = None,
    ) -> Verdict:
        """Judges a patch by what it can affect.

        patch: each quad of it makes a difference, as `Patch.effective` sees to. after: an engine that holds
        it. before: asked only when there are violations. hierarchy: that of `after`, read when None.
        seconds: how long it may take, looked at between queries. Raises `TooLong`, `BadShapes`, and what the
        engine raises.
        """
        clock = _Clock(seconds)
        engine = clock.on(after)
        change = Change.of(patch, engine)
        if not change.new and not change.gone:
            return Verdict(Report(), Report(), Report())
        classes, neighbours = hierarchy or Hierarchy.of(engine), Neighbours(engine)
        affected = self._dependents.affected(change, Ground(neighbours, change.gone), classes)
        validation = Validation(engine, classes, self._patterns)
        check = _Check(validation, neighbours, affected, self._needs, self._filters)
        found = {part: list(check.findings(part)) for part in affected.parts()}
        broken = [part for part, findings in found.items() if _violations(findings)]

        def earlier() -> Iterator[Finding]:
            with before() as engine_before:
                engine = clock.on(engine_before)
                validation = Validation(engine, patterns=self._patterns)
                again = _Check(validation, Neighbours(engine), affected, self._needs, self._filters)
                for part in broken:
                    yield from again.findings(part)

        widened = {part.root.node: why for part, why in affected.whole.items()}
        return self._verdict(found.values(), earlier, check.checked(), widened)

    def judge_all(self, after: Looks, before: Before, *, seconds: float | None = None) -> Verdict:
        """Judges a change by all data, for changes of so much that it is no use to ask what they affect.

        after, before, seconds, raises: as of `judge`.
        """
        clock = _Clock(seconds)
        validation = Validation(clock.on(after), patterns=self._patterns)
        found = dict(validation.of_each(self._shapes))
        broken = [shape for shape, findings in found.items() if _violations(findings)]

        def earlier() -> Iterator[Finding]:
            with before() as engine:
                again = Validation(clock.on(engine), patterns=self._patterns)
                for shape in broken:
                    yield from again.all_findings(shape)

        checked = sum(_count(validation, shape) for shape in self._shapes)
        return self._verdict(found.values(), earlier, checked, {})

    def _verdict(
        self,
        found: Iterable[list[Finding]],
        earlier: Callable[[], Iterator[Finding]],
        checked: int,
        widened: Mapping[Node, str],
    ) -> Verdict:
        findings = [finding for each in found for finding in each]
        violations = _violations(findings)
        remarks = Report.of(finding for finding in findings if finding.severity in _REMARKS)
        if not violations:
            return Verdict(Report(), Report(), remarks, checked, widened)
        worse, older = self._compared(violations, _violations(earlier()))
        return Verdict(Report.of(worse), Report.of(older), remarks, checked, widened)

    def _compared(self, after: list[Finding], before: list[Finding]) -> tuple[list[Finding], list[Finding]]:
        """The violations that a change brings, and those that stood there before it."""
        left = Counter(before)
        off_by = {finding: finding.off_by or 0 for finding in before}
        new, worse, older = list[Finding](), list[Finding](), list[Finding]()
        for finding in after:
            if not left[finding]:
                new.append(finding)
                continue
            left[finding] -= 1
            (worse if (finding.off_by or 0) > off_by[finding] else older).append(finding)
        other_value = Counter(replace(finding, value=None) for finding in left.elements())
        for finding in new:
            without = replace(finding, value=None)
            known = finding.constraint in self._computed and other_value[without] > 0
            other_value[without] -= known
            (older if known else worse).append(finding)
        return worse, older


class _Clock:
    """The time that a judgement may take."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._end = None if seconds is None else monotonic() + seconds

    def on(self, engine: Looks) -> Looks:
        return _Timed(engine, self)

    def look(self) -> None:
        if self._seconds is not None and self._end is not None and monotonic() > self._end:
            raise TooLong(self._seconds)


@dataclass(frozen=True)
class _Timed:
    """An engine that is not asked any more when the time is over."""

    engine: Looks
    clock: _Clock

    def select(self, text: str) -> Solutions:
        self.clock.look()
        return self.engine.select(text)

    def matching(self, subject: Node | None, predicate: Node | None, value: Node | None) -> Iterator[Triple]:
        self.clock.look()
        return self.engine.matching(subject, predicate, value)

    def quads_about(self, subject: Node) -> Iterator[Quad]:
        self.clock.look()
        return self.engine.quads_about(subject)

    def graphs_with(self, triple: Triple) -> set[URIRef]:
        self.clock.look()
        return self.engine.graphs_with(triple)


class _Check:
    """Checks what a change affects in one state of the data."""

    def __init__(
        self,
        validation: Validation,
        neighbours: Neighbours,
        affected: Affected,
        needs: Mapping[Part, Needs],
        filters: Mapping[Part, tuple[Begins, ...]],
    ) -> None:
        self._validation, self._neighbours = validation, neighbours
        self._glance = Glance(neighbours, validation.tests.hierarchy)
        self._affected, self._needs, self._filters = affected, needs, filters
        self._targets: dict[tuple[Shape, Nodes], Nodes] = {}

    def findings(self, part: Part) -> Iterator[Finding]:
        """The findings of one part of a shape about what is affected."""
        foci = self._affected.foci.get(part, frozenset())
        if part in self._affected.whole:
            yield from self._validation.all_findings(part.shape)
        elif part in self._affected.keys:
            keys: Keys = self._affected.keys[part]
            keys = {**keys, **({("this",): {(node,) for node in foci}} if foci else {})}
            keys = possible(keys, self._filters[part])
            only = [
                values(" ".join(f"?{name}" for name in names), some)
                for names, rows in keys.items()
                for some in chunks(rows)
            ]
            yield from self._validation.keyed(part.shape, self._validation.targets_of(part.root), only)
        else:
            targets = self._targeted(part.root, foci)
            for some in chunks(targets - self._idle(part, targets)):
                yield from self._validation.findings(part.shape, given(some))

    def _idle(self, part: Part, foci: Nodes) -> set[Node]:
        """Those of the focus nodes about which nothing can be found, as a look at them tells."""
        if len(foci) > FEW:
            return set()
        return {node for node in foci if self._lacks(part, node) or self._glance.conforms(part.shape, node)}

    def _lacks(self, part: Part, node: Node) -> bool:
        """Whether a node surely lacks what anything could be found about."""
        needed = self._needs[part]
        has = self._neighbours.about(node) if needed else None
        return has is not None and any(each.isdisjoint(has) for each in needed)

    def checked(self) -> int:
        """How many pairs of a shape and a focus node are checked."""
        whole = {part.root for part in (*self._affected.whole, *self._affected.keys)}
        foci: dict[Shape, Nodes] = defaultdict(frozenset)
        for part, nodes in self._affected.foci.items():
            if part.root not in whole:
                foci[part.root] |= self._targeted(part.root, nodes)
        return sum(map(len, foci.values())) + sum(_count(self._validation, shape) for shape in whole)

    def _targeted(self, root: Shape, nodes: Nodes) -> Nodes:
        """Those of the nodes that are focus nodes of a shape."""
        if (root, nodes) not in self._targets:
            self._targets[root, nodes] = frozenset(self._focus_nodes(root, nodes))
        return self._targets[root, nodes]

    def _focus_nodes(self, root: Shape, nodes: Nodes) -> set[Node]:
        targets = root.targets
        for node in nodes if len(nodes) <= FEW else ():
            self._neighbours.about(node)  # once, instead of a look for each property
        found = {node for node in nodes if node in targets.nodes}
        if targets.classes:
            classes = [self._validation.tests.hierarchy.all_below(each) for each in targets.classes]
            for node, own in self._neighbours.types(nodes).items():
                if not all(each.isdisjoint(own) for each in classes):
                    found.add(node)
        for each in targets.subjects_of:
            found |= self._neighbours.having(nodes - found, Step(each))
        for each in targets.objects_of:
            found |= self._neighbours.having(nodes - found, Step(each, inverse=True))
        return found


_REMARKS = ("warning", "info")


def _violations(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity not in _REMARKS]


def _count(validation: Validation, shape: Shape) -> int:
    if shape.targets == Targets(nodes=shape.targets.nodes):
        return len(shape.targets.nodes)
    foci = validation.targets_of(shape)
    query = f"SELECT (COUNT(DISTINCT {foci.node}) AS ?count) {{ {foci.pattern} }}"
    ((count,),) = validation.breaches.rows(query)
    return int(str(count))


def _computed(shapes: Iterable[Shape]) -> Iterator[Node]:
    """The constraints whose findings have a value that their query computes, such as a number of things."""
    for shape in shapes:
        for constraint in shape.constraints:
            if isinstance(constraint, Sparql) and _computes(constraint):
                yield constraint.node
        yield from _computed(shape.parts())


def _computes(constraint: Sparql) -> bool:
    try:
        return "value" in read_query(constraint.query).aliases
    except NotAnalysed:
        return False

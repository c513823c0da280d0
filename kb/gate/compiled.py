"""Validation as SPARQL on the engine: each query checks all focus nodes of a shape at once.

Findings are those of SHACL, one for each way that leads to a value, but for what docs/shacl-deviations.md
lists. Values are tested by expressions inside the engine; only what breaks a constraint comes out of it.
Where a shape refers to another one that no expression can stand for, the nodes that do not conform to that
one are looked up first.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from traceback import clear_frames

from rdflib import SH, Graph, URIRef
from rdflib.term import Node

from kb.errors import NotFound
from kb.gate.breaches import Breach, Breaches
from kb.gate.constraints import (
    AtLeast,
    AtMost,
    Closed,
    Compares,
    Conforms,
    Constraint,
    Disjoint,
    Equals,
    HasValue,
    OncePerLanguage,
    Qualified,
    Shape,
    Sparql,
)
from kb.gate.foci import Foci, targeted
from kb.gate.shape_graph import read_shapes
from kb.gate.shape_values import BadShapes, term_name
from kb.gate.value_tests import Hierarchy, Selects, ValueTests
from kb.imported import Progress
from kb.report import Finding, Report

_AT_ONCE = max(2, min(4, os.cpu_count() or 1))


def validate(
    engine: Selects,
    shapes: Graph,
    *,
    progress: Progress | None = None,
    only: Collection[URIRef] | None = None,
) -> Report:
    """What the shapes find in the default graph of the engine, where also rdfs:subClassOf is looked up.

    progress: told after each shape with a target. only: the shapes to check, each of which needs a target.
    Raises `BadShapes` for shapes that are not fully understood, and `NotFound` for an unknown one in `only`.
    """
    to_check = [shape for shape in read_shapes(shapes).values() if shape.targets]
    if only is not None:
        unknown = set(only) - {shape.node for shape in to_check}
        if unknown:
            raise NotFound(f"There is no shape {min(unknown)} with a target.")
        to_check = [shape for shape in to_check if shape.node in only]
    findings: list[Finding] = []
    for done, (shape, found) in enumerate(Validation(engine).of_each(to_check), start=1):
        findings += found
        if progress:
            progress(done, len(to_check), term_name(shape.node))
    return Report.of(findings)


class Validation:
    """One validation on one engine, which stays as it is meanwhile."""

    def __init__(
        self,
        engine: Selects,
        hierarchy: Hierarchy | None = None,
        patterns: set[tuple[str, str]] | None = None,
    ) -> None:
        """hierarchy: that of the data of the engine, read when None. patterns: as in `ValueTests`."""
        tried = set[tuple[str, str]]() if patterns is None else patterns
        self.tests = ValueTests(engine, hierarchy or Hierarchy.of(engine), tried)
        self.breaches = Breaches(engine)
        self._ways: dict[str, Counter[Node]] = {}

    def targets_of(self, shape: Shape) -> Foci:
        """All focus nodes of a shape with a target."""
        return targeted(shape.targets, self.tests.hierarchy.below(shape.targets.classes))

    def of_each(self, shapes: Iterable[Shape]) -> Iterator[tuple[Shape, list[Finding]]]:
        """Shapes with a target, and the findings of each about all its focus nodes.

        Some are checked at a time, since the engine lets others run while it looks; those that ask the most
        questions of their own begin, for they take the longest.
        """
        ordered = sorted(
            shapes, key=lambda shape: -sum(isinstance(each, Sparql) for each in shape.constraints)
        )
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            yield from zip(ordered, pool.map(self._together, ordered), strict=True)

    def all_findings(self, shape: Shape) -> Iterator[Finding]:
        """The findings of a shape with a target about all its focus nodes."""
        return self.findings(shape, self.targets_of(shape))

    def _together(self, shape: Shape) -> list[Finding]:
        try:
            return list(self.all_findings(shape))
        except BaseException as error:
            # Solutions of the engine are to be let go in the thread in which they were asked for.
            clear_frames(error.__traceback__)
            raise

    def findings(self, shape: Shape, foci: Foci) -> Iterator[Finding]:
        """All findings about the focus nodes, those of its property shapes included."""
        if shape.deactivated or not self._any(foci):
            return
        for breach in self.broken(shape, foci):
            finding = _finding(breach, shape)
            for _ in range(self.ways_to(breach.focus, foci)):
                yield finding
        inner = foci if shape.path is None else foci.at_values(shape)
        for part in shape.properties:
            yield from self.findings(part, inner)

    def keyed(self, shape: Shape, foci: Foci, only: Sequence[str]) -> Iterator[Finding]:
        """The findings of a shape with one constraint, in SPARQL, where one of the patterns `only` holds."""
        (constraint,) = shape.constraints
        assert isinstance(constraint, Sparql)
        for breach in self.breaches.of_sparql(shape, foci, constraint, only):
            yield _finding(breach, shape)

    def _any(self, foci: Foci) -> bool:
        return bool(foci.given) or any(self.breaches.rows(f"SELECT * {{ {foci.pattern} }} LIMIT 1"))

    def ways_to(self, focus: Node, foci: Foci) -> int:
        """How many ways lead from the target to the focus node: each makes a finding of its own."""
        if foci.outer is None:
            return 1
        if foci.ways not in self._ways:
            ways: Counter[Node] = Counter()
            for outer, inner in self.breaches.rows(foci.ways):
                ways[inner] += self.ways_to(outer, foci.outer)
            self._ways[foci.ways] = ways
        return self._ways[foci.ways][focus]

    def failing(self, shape: Shape, foci: Foci) -> set[Node]:
        """The focus nodes that do not conform to the shape."""
        if shape.deactivated:
            return set()
        bad = {breach.focus for breach in self.broken(shape, foci)}
        for part in shape.properties:
            if shape.path is None:
                bad |= self.failing(part, foci)
            else:
                inner = foci.at_values(shape)
                if values := self.failing(part, inner):
                    bad |= {focus for focus, value in self.breaches.rows(inner.ways) if value in values}
        return bad

    def broken(self, shape: Shape, foci: Foci) -> Iterator[Breach]:
        """What breaks the constraints of the shape itself, not of its property shapes."""
        value = foci.node if shape.path is None else foci.value
        tests, counts, others = (
            list[tuple[Constraint, str]](),
            list[AtLeast | AtMost | Qualified](),
            list[Constraint](),
        )
        for constraint in shape.constraints:
            test = self.tests.meets(constraint, value)
            if test is not None:
                tests.append((constraint, test))
            elif isinstance(constraint, AtLeast | AtMost):
                counts.append(constraint)
            else:
                others.append(constraint)
        yield from self.breaches.of_values(shape, foci, tests)
        yield from self.breaches.of_counts(shape, foci, counts)
        for constraint in others:
            yield from self._by_kind(shape, foci, constraint)

    def _by_kind(self, shape: Shape, foci: Foci, constraint: Constraint) -> Iterator[Breach]:
        match constraint:
            case HasValue():
                return self.breaches.of_has_value(shape, foci, constraint)
            case OncePerLanguage():
                return self.breaches.of_languages(shape, foci, constraint)
            case Equals() | Disjoint() | Compares():
                return self.breaches.of_pairs(shape, foci, constraint)
            case Closed():
                return self.breaches.of_closed(shape, foci, constraint)
            case Sparql():
                return self.breaches.of_sparql(shape, foci, constraint)
            case Conforms():
                return self._conforms(shape, foci, constraint)
            case Qualified():
                return self._qualified(shape, foci, constraint)
        raise BadShapes(f"{term_name(constraint.component)} is not checked here.")

    def _conforms(self, shape: Shape, foci: Foci, constraint: Conforms) -> Iterator[Breach]:
        inner = foci.at_values(shape)
        failing = [self.failing(each, inner) for each in constraint.shapes]
        if constraint.kind in ("node", "and") and not any(failing):
            return
        for focus, value in self.breaches.rows(inner.ways):
            met = sum(value not in bad for bad in failing)
            if not _stands(constraint.kind, met, len(failing)):
                yield Breach(focus, constraint, value)

    def _qualified(self, shape: Shape, foci: Foci, constraint: Qualified) -> Iterator[Breach]:
        which = self.tests.counts(constraint, foci.value)
        if which is not None:
            yield from self.breaches.of_counts(shape, foci, [constraint], which)
            return
        inner = foci.at_values(shape)
        failing = self.failing(constraint.shape, inner)
        siblings = [self.failing(each, inner) for each in constraint.siblings]
        counted: Counter[Node] = Counter()
        for focus, value in self.breaches.rows(inner.ways):
            if value not in failing and all(value in bad for bad in siblings):
                counted[focus] += 1
        for (focus,) in self.breaches.rows(f"SELECT DISTINCT {foci.node} {{ {foci.pattern} }}"):
            if off_by := constraint.off_by(counted[focus]):
                yield Breach(focus, constraint, off_by=off_by)


def _finding(breach: Breach, shape: Shape) -> Finding:
    constraint = breach.constraint
    # Only of sh:sparql SHACL asks to say where it stands; a component of one's own has an IRI for that.
    of_shape = constraint.component == SH.SPARQLConstraintComponent
    return Finding(
        focus=breach.focus,
        shape=shape.node,
        component=constraint.component,
        path=breach.path or shape.path,
        value=breach.value,
        severity=shape.severity,
        constraint=constraint.node if isinstance(constraint, Sparql) and of_shape else None,
        off_by=breach.off_by,
        messages=breach.messages or shape.messages,
    )


def _stands(kind: str, met: int, of: int) -> bool:
    """Whether a value stands to `of` shapes as it has to when it conforms to `met` of them."""
    match kind:
        case "not":
            return met == 0
        case "or":
            return met > 0
        case "xone":
            return met == 1
    return met == of

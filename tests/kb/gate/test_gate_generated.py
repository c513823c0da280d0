"""The gate held against full validation: on generated shapes, data and changes the verdict is the same.

Each change is judged, and then the change that takes it back: what the first one mends the second one breaks.
The last tests leave out one rule of the analysis each, and show that the verdict is then another one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random

import pytest
from generated_shapes import (
    ASKS,
    DECLARED,
    HIERARCHY,
    MORE_QUERIES,
    PREFIXES,
    QUERIES,
    changes,
    classes,
    component_shape,
    data,
    paths,
    shapes,
    sparql_shape,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rdflib import RDF, RDFS, SH, Graph, URIRef

from kb.engine.oxigraph import OxigraphEngine, read_quads
from kb.gate import affected, dependencies, gate, query_patterns, query_reads, reference
from kb.gate.compiled import validate
from kb.gate.gate import Gate, Verdict
from kb.gate.walking import Ground
from kb.patch import Patch, Quad
from kb.report import Finding, Report
from kb.schema import load_ontology, load_shapes

SHAPE_CASES = Path(__file__).resolve().parents[2] / "shapes"
GRAPHS = [URIRef("https://example.org/graph"), URIRef("https://example.org/other")]
FIXED = settings(
    max_examples=100, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


def quads_of(turtle: str, graph: URIRef) -> set[Quad]:
    """The quads of some Turtle as the engine stores them."""
    engine = OxigraphEngine.in_memory()
    engine.insert(read_quads((PREFIXES + turtle).encode(), "ttl", "data", graph))
    return {(*triple, graph) for triple in engine.triples(graph)}


@dataclass
class State:
    """Data that changes, and the shapes that it is judged by."""

    shapes: Graph
    engine: OxigraphEngine

    @cached_property
    def gate(self) -> Gate:
        return Gate(self.shapes)

    @classmethod
    def of(cls, shapes_turtle: str, quads: set[Quad]) -> State:
        engine = OxigraphEngine.in_memory()
        engine.transact(Patch.of((), quads))
        return cls(Graph().parse(data=PREFIXES + shapes_turtle, format="turtle"), engine)

    def full(self) -> Report:
        return validate(self.engine, self.shapes)

    def by_reference(self) -> Counter[Finding]:
        graph = Graph()
        for triple in self.engine.query("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"):
            graph.add(triple)
        return Counter(reference.validate(graph, self.shapes).violations)

    def judge(self, patch: Patch) -> Verdict:
        """The verdict on a patch that is in the engine."""

        @contextmanager
        def before() -> Iterator[OxigraphEngine]:
            self.engine.transact(patch.inverse())
            yield self.engine
            self.engine.transact(patch)

        return self.gate.judge(self.engine, patch, before)


def brought(before: Report, after: Report) -> Counter[Finding]:
    """The violations of all data that a change brings: new ones, and those that are off by more."""
    found = Counter(after.violations) - Counter(before.violations)
    off_by = {finding: finding.off_by or 0 for finding in before.violations}
    for finding in after.violations:
        if (finding.off_by or 0) > off_by.get(finding, 0):
            found[finding] = after.violations.count(finding)
    return found


def agrees(before: Report, after: Report, verdict: Verdict) -> bool:
    """Whether a verdict says what full validation says, and nothing that is not so."""
    worse, older = Counter(verdict.worse.findings), Counter(verdict.older.findings)
    remarks = Counter(verdict.remarks.findings)
    remarks_after = Counter((*after.warnings, *after.infos))
    new_remarks = remarks_after - Counter((*before.warnings, *before.infos))
    return (
        worse == brought(before, after)
        and older <= Counter(before.violations)
        and worse + older <= Counter(after.violations)
        and new_remarks <= remarks <= remarks_after
    )


@st.composite
def patches(draw: st.DrawFn, held: set[Quad]) -> Patch:
    """A change of a few quads, deletes of what is there and inserts of what is not."""
    known = sorted(held)
    deletes = draw(st.sets(st.sampled_from(known), min_size=1, max_size=3))
    inserts = quads_of(" ".join(draw(changes(least=2))), draw(st.sampled_from(GRAPHS)))
    return Patch.of(deletes, inserts - held)


def both_graphs(turtle: str, also: str) -> set[Quad]:
    """Data that stands in one graph, and some that stands in another one, maybe the same."""
    return quads_of(HIERARCHY + turtle, GRAPHS[0]) | quads_of(also, GRAPHS[1])


@st.composite
def judged(draw: st.DrawFn, of_shapes: st.SearchStrategy[str]) -> tuple[str, set[Quad], Patch]:
    """Shapes, data and a change."""
    turtle = draw(of_shapes)
    held = both_graphs(draw(data()), " ".join(draw(changes())))
    return turtle, held, draw(patches(held))


@st.composite
def query_shapes(draw: st.DrawFn) -> str:
    """A shape with a constraint in SPARQL, on classes, on a node that is nowhere, on both, or on values."""
    of_class = draw(classes)
    if draw(st.integers(0, 3)) == 0:
        return component_shape(draw(st.sampled_from(ASKS)), draw(st.none() | paths()), of_class)
    turtle = sparql_shape(draw(st.sampled_from([*QUERIES, *MORE_QUERIES])).replace('"', "'"), of_class)
    targets = f"sh:targetClass {of_class} ; sh:targetObjectsOf ex:p"
    others = [targets, "sh:targetNode ex:all", f"sh:targetNode ex:n1 , ex:n9 ; sh:targetClass {of_class}"]
    if draw(st.integers(0, 3)) == 0:
        refers = "sh:property" if "sh:PropertyShape" in turtle else "sh:node"
        outer = f"ex:outer {targets} ; sh:path {draw(paths())} ; {refers} ex:shape0 ."
        return f"{outer} {turtle.replace(targets, '')}"
    return turtle.replace(targets, draw(st.sampled_from(others)))


@pytest.mark.parametrize("of_shapes", [shapes(), query_shapes()], ids=["shapes", "queries"])
def test_the_verdict_is_that_of_full_validation(of_shapes):
    broken = 0

    @FIXED
    @given(judged(of_shapes))
    def same(example: tuple[str, set[Quad], Patch]) -> None:
        nonlocal broken
        turtle, held, patch = example
        state = State.of(turtle, held)
        before = state.full()
        state.engine.transact(patch)
        after, verdict = state.full(), state.judge(patch)
        assert agrees(before, after, verdict)
        state.engine.transact(patch.inverse())
        back = state.judge(patch.inverse())
        assert agrees(after, before, back)
        broken += bool(verdict.worse.findings) + bool(back.worse.findings)

    same()
    assert broken > FIXED.max_examples / 20


def test_the_verdict_is_that_of_the_reference():
    @settings(FIXED, max_examples=15)
    @given(judged(shapes()))
    def same(example: tuple[str, set[Quad], Patch]) -> None:
        turtle, held, patch = example
        state = State.of(turtle, held)
        before = state.by_reference()
        state.engine.transact(patch)
        after, verdict = state.by_reference(), state.judge(patch)
        worse = Counter(verdict.worse.findings)
        assert after - before <= worse <= after
        assert all(finding.off_by for finding in worse - (after - before))

    same()


def test_with_our_shapes_the_verdict_is_that_of_full_validation():
    state, random = State(load_shapes(), OxigraphEngine.in_memory()), Random(2018)
    state.engine.insert(read_quads(all_cases(), "nt", "cases", GRAPHS[0], skolemise=True))
    held = sorted((*triple, GRAPHS[0]) for triple in state.engine.triples(GRAPHS[0]))
    before, worse = state.full(), 0
    for _ in range(12):
        inserts = {(random.choice(held)[0], *random.choice(held)[1:]) for _ in range(3)}
        patch = Patch.of(random.sample(held, 3), inserts - set(held))
        state.engine.transact(patch)
        after, verdict = state.full(), state.judge(patch)
        assert agrees(before, after, verdict)
        worse += bool(verdict.worse.findings)
        state.engine.transact(patch.inverse())
    assert worse > 6


def all_cases() -> bytes:
    """The data of all cases of our shapes together, with the classes of the ontology, as N-Triples."""
    whole = Graph()
    for path in sorted(SHAPE_CASES.rglob("*.ttl")):
        case = Graph().parse(path)
        told = set(case.subjects(RDF.type, SH.ValidationResult))
        for triple in case:
            if triple[0] not in told:
                whole.add(triple)
    for predicate in (RDF.type, RDFS.subClassOf):
        for triple in load_ontology().triples((None, predicate, None)):
            whole.add(triple)
    return whole.serialize(format="nt", encoding="utf-8")


# -- every rule is needed ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A change of tiny data that is judged wrongly without one rule."""

    shapes: str
    data: str
    deletes: str = ""
    inserts: str = ""

    def right(self) -> bool:
        """Whether the verdict is that of full validation, which finds something worse."""
        held = quads_of(self.data, GRAPHS[0])
        patch = Patch.of(quads_of(self.deletes, GRAPHS[0]), quads_of(self.inserts, GRAPHS[0]))
        state = State.of(f"{DECLARED} {self.shapes}", held)
        before = state.full()
        state.engine.transact(patch)
        after = state.full()
        assert brought(before, after)
        return agrees(before, after, state.judge(patch))


def on(target: str, says: str) -> str:
    return f"ex:s a sh:NodeShape ; {target} ; {says} ."


def asked(query: str) -> str:
    return on("sh:targetClass ex:A", f'sh:sparql [ sh:prefixes ex: ; sh:select """{query}""" ]')


A = "sh:targetClass ex:A"
NO_LITERAL = "sh:nodeKind sh:IRI"
Q_NEEDED = "[ sh:property [ sh:path ex:q ; sh:minCount 1 ] ]"
LINKED = "ex:x a ex:A ; ex:p ex:y . ex:y ex:q 1 ."
# Where x and y each belong to many, both ways to a node that belongs to both lead over what is deleted.
CROWDS = " ".join(f"ex:f{n} a ex:A ; ex:a ex:x . ex:g{n} a ex:A ; ex:b ex:y ." for n in range(60))

OF_SHAPES = {
    "sh:path": Case(
        on(A, "sh:property [ sh:path ex:p ; sh:minCount 1 ]"), LINKED, deletes="ex:x ex:p ex:y ."
    ),
    "sh:class": Case(
        on(A, "sh:property [ sh:path ex:p ; sh:class ex:B ]"),
        f"{LINKED} ex:y a ex:B .",
        deletes="ex:y a ex:B .",
    ),
    "sh:equals, sh:disjoint, sh:lessThan": Case(
        on(A, "sh:property [ sh:path ex:p ; sh:disjoint ex:r ]"), LINKED, inserts="ex:x ex:r ex:y ."
    ),
    "sh:closed": Case(
        on(A, "sh:closed true ; sh:ignoredProperties ( rdf:type ex:p )"), LINKED, inserts="ex:x ex:r 1 ."
    ),
    "sh:node, sh:not, sh:and, sh:or, sh:xone": Case(
        on(A, f"sh:property [ sh:path ex:p ; sh:node {Q_NEEDED} ]"), LINKED, deletes="ex:y ex:q 1 ."
    ),
    "sh:qualifiedValueShape": Case(
        on(A, f"sh:property [ sh:path ex:p ; sh:qualifiedMinCount 1 ; sh:qualifiedValueShape {Q_NEEDED} ]"),
        LINKED,
        deletes="ex:y ex:q 1 .",
    ),
    "sh:qualifiedValueShapesDisjoint": Case(
        on(A, "sh:property ex:one , ex:two")
        + "ex:one sh:path ex:p ; sh:qualifiedMinCount 1 ; sh:qualifiedValueShapesDisjoint true ;"
        + " sh:qualifiedValueShape [ sh:nodeKind sh:IRI ] ."
        + "ex:two sh:path ex:p ; sh:qualifiedMinCount 0 ; sh:qualifiedValueShape [ sh:class ex:B ] .",
        LINKED,
        inserts="ex:y a ex:B .",
    ),
    "sh:property": Case(
        on(A, "sh:property [ sh:path ex:p ; sh:property [ sh:path ex:q ; sh:minCount 1 ] ]"),
        LINKED,
        deletes="ex:y ex:q 1 .",
    ),
    "sh:sparql": Case(asked("SELECT $this { $this ex:p ?x . ?x ex:r ?y }"), LINKED, inserts="ex:y ex:r 1 ."),
}
OF_TARGETS = {
    "sh:targetClass": Case(on(A, "sh:nodeKind sh:Literal"), "", inserts="ex:x a ex:A ."),
    "sh:targetSubjectsOf": Case(on("sh:targetSubjectsOf ex:p", "sh:nodeKind sh:Literal"), "", inserts=LINKED),
    "sh:targetObjectsOf": Case(on("sh:targetObjectsOf ex:p", "sh:nodeKind sh:Literal"), "", inserts=LINKED),
}
OF_ITEMS = {
    query_patterns.TriplePattern: OF_SHAPES["sh:sparql"],
    query_patterns.Optional: Case(
        asked("SELECT $this { $this ex:p ?x OPTIONAL { ?x ex:q ?y } FILTER(!BOUND(?y)) }"),
        LINKED,
        deletes="ex:y ex:q 1 .",
    ),
    query_patterns.Exists: Case(
        asked("SELECT $this { $this ex:p ?x FILTER NOT EXISTS { ?x ex:q ?y } }"),
        LINKED,
        deletes="ex:y ex:q 1 .",
    ),
    query_patterns.Union: Case(
        asked("SELECT $this { $this ex:p ?x { ?x ex:r ?y } UNION { ?y ex:r ?x } }"),
        LINKED,
        inserts="ex:z ex:r ex:y .",
    ),
    query_patterns.Select: Case(
        asked(
            "SELECT $this { $this ex:p ?v { SELECT $this (COUNT(?y) AS ?n) "
            "{ $this ex:p ?x . ?x ex:q ?y } GROUP BY $this } FILTER(?n > 1) }"
        ),
        LINKED,
        inserts="ex:y ex:q 2 .",
    ),
}
OF_CHANGES = {
    "changed triples": OF_SHAPES["sh:path"],
    "rdfs:subClassOf": Case(
        on(A, "sh:property [ sh:path ex:p ; sh:class ex:B ]"),
        f"{LINKED} ex:y a ex:C . ex:C rdfs:subClassOf ex:B .",
        deletes="ex:C rdfs:subClassOf ex:B .",
    ),
}
RULES = [
    *((dependencies.SHAPE_RULES, name, case) for name, case in OF_SHAPES.items()),
    *((dependencies.TARGET_RULES, name, case) for name, case in OF_TARGETS.items()),
    *((query_reads.ITEM_RULES, name, case) for name, case in OF_ITEMS.items()),
    *((affected.CHANGE_RULES, name, case) for name, case in OF_CHANGES.items()),
]


def test_every_rule_has_a_case():
    named = {id(rules): set(rules) for rules, _, _ in RULES}
    cases = {id(rules): {name for each, name, _ in RULES if each is rules} for rules, _, _ in RULES}
    assert named == cases


@pytest.mark.parametrize(("rules", "name", "case"), RULES, ids=[str(name) for _, name, _ in RULES])
def test_without_one_rule_the_verdict_is_wrong(monkeypatch, rules, name, case):
    assert case.right()
    monkeypatch.delitem(rules, name)
    assert not case.right()


def test_without_what_is_gone_the_way_back_is_lost(monkeypatch):
    case = Case(
        asked(
            "SELECT $this { FILTER NOT EXISTS { $this ex:a ?x . ?x ex:q ?v . ?y ex:r ?v . $this ex:b ?y } }"
        ),
        f"{CROWDS} ex:f0 ex:b ex:y . ex:x ex:q ex:v . ex:y ex:r ex:v .",
        deletes="ex:x ex:q ex:v . ex:y ex:r ex:v .",
    )
    assert case.right()
    monkeypatch.setattr(gate, "Ground", lambda neighbours, _: Ground(neighbours, ()))
    assert not case.right()

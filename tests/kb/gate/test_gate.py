"""Tests of kb/gate/gate.py on tiny data; test_gate_generated.py holds it against full validation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from rdflib import RDF, RDFS, SH, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

from kb.engine.contract import HISTORY, Triple
from kb.engine.oxigraph import OxigraphEngine, read_quads
from kb.errors import KnowledgeBaseError
from kb.gate import affected
from kb.gate.gate import Gate, TooLong, Verdict
from kb.gate.shape_values import BadShapes
from kb.patch import Patch, Quad
from kb.report import Finding, Report

EX = Namespace("https://example.org/")
PREFIXES = """
PREFIX ex: <https://example.org/>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
"""
NAMED = """
ex:Thing-shape a sh:NodeShape ; sh:targetClass ex:Thing ; sh:property ex:Thing-name .
ex:Thing-name a sh:PropertyShape ; sh:path ex:name ; sh:minCount 1 ; sh:maxCount 2 .
"""
NAME = {"shape": EX["Thing-name"], "path": EX.name.n3()}
COUNTED = """
ex: sh:declare [ sh:prefix "ex" ; sh:namespace "https://example.org/" ] .
ex:Thing-shape a sh:NodeShape ; sh:targetClass ex:Thing ; sh:sparql ex:three .
ex:three sh:prefixes ex: ; sh:select \"\"\"SELECT $this ?value
    { { SELECT $this (COUNT(?x) AS ?value) { $this ex:p ?x } GROUP BY $this } FILTER(?value < 3) }\"\"\" .
"""
ANY_TYPE = """
ex:All a sh:NodeShape ; sh:targetNode ex:all ; sh:sparql ex:typed .
ex:typed sh:select "SELECT DISTINCT $this ?value { ?value ?path ?x FILTER NOT EXISTS { ?value a ?type } }" .
"""


def shapes_of(turtle: str) -> Graph:
    return Graph().parse(data=PREFIXES + turtle, format="turtle")


def quads(turtle: str, graph: URIRef = EX.graph) -> frozenset[Quad]:
    return frozenset((*triple, graph) for triple in shapes_of(turtle))


class Recorded:
    """An engine whose SELECTs are kept."""

    def __init__(self, engine: OxigraphEngine) -> None:
        self.engine = engine
        self.texts: list[str] = []

    def select(self, text: str) -> object:
        self.texts.append(text)
        return self.engine.select(text)

    def matching(self, *terms: Node | None) -> Iterator[Triple]:
        return self.engine.matching(*terms)

    def quads_about(self, subject: Node) -> Iterator[Quad]:
        return self.engine.quads_about(subject)

    def graphs_with(self, triple: Triple) -> set[URIRef]:
        return self.engine.graphs_with(triple)


class Case:
    """Data and shapes on which changes are judged."""

    def __init__(self, shapes: str, data: str) -> None:
        self.gate = Gate(shapes_of(shapes))
        self.engine = OxigraphEngine.in_memory()
        self.engine.insert(read_quads((PREFIXES + data).encode(), "ttl", "data", EX.graph))
        self.asked_before = 0
        self.recorded = Recorded(self.engine)

    def judge(self, patch: Patch, seconds: float | None = None) -> Verdict:
        """The verdict on a patch, which is in the engine afterwards."""
        self.engine.transact(patch)
        return self.gate.judge(self.recorded, patch, lambda: self._before(patch), seconds=seconds)

    def inserting(self, turtle: str, graph: URIRef = EX.graph) -> Verdict:
        return self.judge(Patch.of((), quads(turtle, graph)))

    def deleting(self, turtle: str, graph: URIRef = EX.graph) -> Verdict:
        return self.judge(Patch.of(quads(turtle, graph)))

    @contextmanager
    def _before(self, patch: Patch) -> Iterator[OxigraphEngine]:
        self.asked_before += 1
        self.engine.transact(patch.inverse())
        yield self.engine
        self.engine.transact(patch)


def foci(findings: tuple[Finding, ...]) -> list[Node]:
    return [found.focus for found in findings]


def test_a_violation_that_a_change_brings_counts_against_it():
    case = Case(NAMED, "ex:a a ex:Thing ; ex:name 'a' .")
    verdict = case.inserting("ex:b a ex:Thing .")
    assert verdict.worse.findings == (Finding(EX.b, component=SH.MinCountConstraintComponent, **NAME),)
    assert (verdict.older.findings, verdict.remarks.findings) == ((), ())
    assert verdict.checked == 1


def test_one_that_stood_there_before_is_told_and_does_not_count():
    case = Case(NAMED, "ex:a a ex:Thing ; ex:name 1 , 2 , 3 . ex:b a ex:Thing .")
    verdict = case.judge(Patch(quads("ex:a ex:name 3 ."), quads("ex:a ex:name 4 .")))
    assert verdict.worse.findings == ()
    assert foci(verdict.older.findings) == [EX.a]
    assert case.asked_before == 1


def test_what_a_change_cannot_affect_is_not_looked_at():
    case = Case(NAMED, "ex:a a ex:Thing . ex:b a ex:Thing .")
    nothing = Verdict(Report(), Report(), Report())
    assert case.inserting("ex:a ex:other 1 .") == nothing
    assert case.judge(Patch()) == nothing


def test_without_violations_nobody_asks_for_the_state_before():
    case = Case(NAMED, "ex:a a ex:Thing ; ex:name 'a' .")
    assert case.inserting("ex:a ex:name 'b' .").worse.conforms
    assert case.asked_before == 0


def test_a_number_that_is_off_by_more_than_before_counts():
    case = Case(NAMED, "ex:a a ex:Thing ; ex:name 1 , 2 , 3 , 4 .")
    assert foci(case.inserting("ex:a ex:name 5 .").worse.findings) == [EX.a]
    better = case.deleting("ex:a ex:name 5 , 4 .")
    assert (foci(better.worse.findings), foci(better.older.findings)) == ([], [EX.a])


def test_a_value_that_a_query_computes_may_change_where_the_rule_was_broken_before():
    case = Case(COUNTED, "ex:a a ex:Thing ; ex:p 1 . ex:b a ex:Thing ; ex:p 1 , 2 , 3 .")
    better = case.inserting("ex:a ex:p 2 .")
    assert (foci(better.worse.findings), foci(better.older.findings)) == ([], [EX.a])
    assert [found.value for found in better.older.findings] == [Literal(2)]
    assert foci(case.deleting("ex:b ex:p 3 .").worse.findings) == [EX.b]


def test_warnings_and_hints_about_what_is_affected_are_remarks():
    shapes = NAMED.replace("sh:minCount 1", "sh:minCount 1 ; sh:severity sh:Warning")
    case = Case(shapes, "ex:a a ex:Thing . ex:b a ex:Thing .")
    verdict = case.inserting("ex:a a ex:Other . ex:c a ex:Thing .")
    assert (verdict.worse.findings, verdict.older.findings) == ((), ())
    assert foci(verdict.remarks.findings) == [EX.c]
    assert case.asked_before == 0


def test_a_triple_that_stands_in_another_graph_too_has_neither_come_nor_gone():
    case = Case(NAMED, "ex:a a ex:Thing ; ex:name 'a' .")
    assert case.inserting("ex:a ex:name 'a' .", EX.other).checked == 0
    assert case.deleting("ex:a ex:name 'a' .").checked == 0
    assert foci(case.deleting("ex:a ex:name 'a' .", EX.other).worse.findings) == [EX.a]


def test_a_triple_that_moves_to_another_graph_is_no_change():
    case = Case(NAMED, "ex:a a ex:Thing ; ex:name 'a' .")
    name = "ex:a ex:name 'a' ."
    assert case.judge(Patch(quads(name), quads(name, EX.other))).checked == 0


def test_graphs_apart_from_the_merge_are_not_judged():
    case = Case(NAMED, "ex:a a ex:Thing ; ex:name 'a' .")
    assert case.inserting("ex:b a ex:Thing .", HISTORY).checked == 0
    assert case.inserting("ex:a ex:name 'a' .", HISTORY).checked == 0
    assert foci(case.deleting("ex:a ex:name 'a' .").worse.findings) == [EX.a]


def test_a_node_that_is_no_target_any_more_is_not_checked():
    case = Case(NAMED, "ex:a a ex:Thing .")
    verdict = case.deleting("ex:a a ex:Thing .")
    assert (verdict.checked, verdict.older.findings) == (0, ())


def test_a_rule_about_all_data_is_judged_on_what_changed_alone():
    case = Case(ANY_TYPE, " ".join(f"ex:n{number} a ex:Thing ." for number in range(300)))
    case.recorded.texts.clear()
    verdict = case.inserting("ex:x ex:p ex:n1 .")
    assert [found.value for found in verdict.worse.findings] == [EX.x]
    assert verdict.widened == {}
    assert all("VALUES" in text or "subClassOf" in text for text in case.recorded.texts)
    assert [found.value for found in case.deleting("ex:n5 a ex:Thing .").worse.findings] == []
    assert [found.value for found in case.inserting("ex:n5 ex:p 1 .").worse.findings] == [EX.n5]


def test_where_nothing_leads_to_the_targets_all_of_them_are_checked():
    shapes = """
        ex:Thing-shape a sh:NodeShape ; sh:targetClass ex:Thing ; sh:sparql ex:rule .
        ex:rule sh:select "SELECT $this { ?x <https://example.org/closed> true }" .
        """
    case = Case(shapes, "ex:a a ex:Thing . ex:b a ex:Thing .")
    verdict = case.inserting("ex:all ex:closed true .")
    assert foci(verdict.worse.findings) == [EX.a, EX.b]
    assert verdict.checked == 2
    assert verdict.widened == {
        EX["Thing-shape"]: "nothing in its query leads from a changed triple to a target"
    }


def test_a_query_that_is_not_analysed_is_checked_on_all_targets_at_every_change():
    shapes = """
        ex:Thing-shape a sh:NodeShape ; sh:targetClass ex:Thing ; sh:sparql ex:rule .
        ex:rule sh:select "SELECT $this { $this <https://example.org/p> ( 1 ) }" .
        """
    case = Case(shapes, "ex:a a ex:Thing ; ex:p ( 1 ) .")
    verdict = case.inserting("ex:x ex:y 1 .")
    assert foci(verdict.older.findings) == [EX.a]
    assert verdict.widened == {
        EX["Thing-shape"]: "Line 1, column 46: what a query reads is not known where it has (."
    }


def test_with_too_many_affected_nodes_all_targets_are_checked(monkeypatch):
    monkeypatch.setattr(affected, "MOST_FOCI", 3)
    shapes = "ex:s a sh:NodeShape ; sh:targetClass ex:Thing ; sh:property [ sh:path ex:p ; sh:class ex:C ] ."
    things = " ".join(f"ex:n{number} a ex:Thing ; ex:p ex:hub ." for number in range(4))
    case = Case(shapes, f"ex:hub a ex:C . ex:m a ex:Thing . {things}")
    verdict = case.deleting("ex:hub a ex:C .")
    assert foci(verdict.worse.findings) == [EX[f"n{number}"] for number in range(4)]
    assert (verdict.checked, verdict.widened) == (5, {EX.s: "more than 3 nodes are affected"})


def test_the_whole_check_has_the_same_rule():
    case = Case(NAMED, "ex:a a ex:Thing .")
    patch = Patch.of((), quads("ex:b a ex:Thing ."))
    case.engine.transact(patch)
    verdict = case.gate.judge_all(case.engine, lambda: case._before(patch))
    assert (foci(verdict.worse.findings), foci(verdict.older.findings)) == ([EX.b], [EX.a])
    assert (verdict.checked, verdict.widened) == (2, {})


def test_a_judgement_that_takes_too_long_is_no_judgement():
    case = Case(NAMED, "ex:a a ex:Thing .")
    with pytest.raises(TooLong, match="took longer than 0 seconds and was stopped"):
        case.judge(Patch.of((), quads("ex:b a ex:Thing .")), seconds=0)


class Broken(KnowledgeBaseError):
    """An engine that fails."""


def test_what_fails_while_judging_lets_nothing_in():
    class Failing(Recorded):
        def select(self, text: str) -> object:
            raise Broken(f"The engine failed at {text}.")

    case = Case(NAMED, "")
    case.recorded = Failing(case.engine)
    with pytest.raises(Broken):
        case.inserting("ex:b a ex:Thing .")


@pytest.mark.parametrize(
    "shapes",
    [
        "ex:s a sh:NodeShape ; sh:targetClass ex:Thing ; sh:maxcount 1 .",
        "ex:s a sh:NodeShape ; sh:targetClass ex:Thing ; sh:node ex:s .",
        "ex:s a sh:NodeShape ; sh:targetClass ex:Thing ; sh:js [] .",
    ],
)
def test_shapes_that_are_not_understood_make_no_gate(shapes):
    with pytest.raises(BadShapes):
        Gate(shapes_of(shapes))


def test_a_change_that_no_shape_reads_costs_no_look_at_the_data():
    case = Case(NAMED, "ex:a a ex:Thing ; ex:name 'a' .")
    case.inserting("ex:a ex:other 1 . ex:a ex:more 2 .")
    assert len(case.recorded.texts) <= 3


def test_what_a_thing_does_not_have_is_not_asked_about():
    rules = " , ".join(f"[ sh:path ex:p{number} ; sh:class ex:C ; sh:maxCount 1 ]" for number in range(50))
    case = Case(f"ex:s a sh:NodeShape ; sh:targetClass ex:Thing ; sh:property {rules} .", "")
    verdict = case.inserting("ex:a a ex:Thing ; ex:p7 ex:b .")
    assert [found.path for found in verdict.worse.findings] == [EX.p7.n3()]
    assert len(case.recorded.texts) < 20


def test_a_subclass_brings_targets_and_takes_them():
    case = Case(NAMED, "ex:a a ex:Kind .")
    below = (EX.Kind, RDFS.subClassOf, EX.Thing, EX.graph)
    assert foci(case.judge(Patch.of((), [below])).worse.findings) == [EX.a]
    assert case.judge(Patch.of([below])).checked == 0
    assert case.inserting("ex:b a ex:Kind .").checked == 0
    assert (EX.a, RDF.type, EX.Kind) in set(case.engine.triples(EX.graph))

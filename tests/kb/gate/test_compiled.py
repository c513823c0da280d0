"""Tests of kb/gate/compiled.py on tiny data; test_compiled_generated.py holds it against pySHACL."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rdflib import RDF, SH, XSD, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

from kb.engine.oxigraph import OxigraphEngine, read_quads
from kb.errors import NotFound
from kb.gate.compiled import Validation, validate
from kb.gate.constraints import Targets
from kb.gate.foci import given
from kb.gate.shape_graph import read_shapes
from kb.gate.shape_values import BadShapes
from kb.report import Finding, Report

EX = Namespace("https://example.org/")
PREFIXES = """
PREFIX ex: <https://example.org/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""


def engine_of(turtle: str, graph: Node = EX.graph) -> OxigraphEngine:
    engine = OxigraphEngine.in_memory()
    engine.insert(read_quads((PREFIXES + turtle).encode(), "ttl", "data", URIRef(str(graph))))
    return engine


def shapes_of(turtle: str) -> Graph:
    return Graph().parse(data=PREFIXES + turtle, format="turtle")


def focus_nodes(data: str, shapes: str) -> list[Node]:
    return [found.focus for found in validate(engine_of(data), shapes_of(shapes)).findings]


def test_a_finding_carries_all_that_the_shape_says():
    shapes = shapes_of("""
        ex:Thing-shape a sh:NodeShape ; sh:targetClass ex:Thing ; sh:property ex:Thing-name .
        ex:Thing-name a sh:PropertyShape ; sh:path ex:name ; sh:minCount 1 ; sh:maxLength 3 ;
            sh:severity sh:Warning ; sh:message "A short name, please."@en , "Un nom court."@fr .
        """)
    report = validate(engine_of('ex:a a ex:Thing ; ex:name "long" . ex:b a ex:Thing .'), shapes)
    name = {"shape": EX["Thing-name"], "path": EX.name.n3(), "severity": "warning"}
    assert report.findings == (
        Finding(EX.a, component=SH.MaxLengthConstraintComponent, value=Literal("long"), **name),
        Finding(EX.b, component=SH.MinCountConstraintComponent, **name),
    )
    messages = {"en": "A short name, please.", "fr": "Un nom court."}
    assert [found.messages for found in report.findings] == [messages, messages]


def test_each_constraint_that_a_value_breaks_is_a_finding_of_its_own():
    shapes = shapes_of(
        "ex:s a sh:NodeShape ; sh:targetNode ex:a ; sh:nodeKind sh:Literal ; sh:minLength 99 ."
    )
    assert [found.component for found in validate(engine_of(""), shapes).findings] == [
        SH.MinLengthConstraintComponent,
        SH.NodeKindConstraintComponent,
    ]


def test_subclasses_are_those_that_the_data_tells_even_in_a_ring():
    hierarchy = "ex:C rdfs:subClassOf ex:B . ex:B rdfs:subClassOf ex:A . ex:A rdfs:subClassOf ex:C ."
    shapes = "ex:s a sh:NodeShape ; sh:targetClass ex:A ; sh:property [ sh:path ex:p ; sh:class ex:B ] ."
    data = "ex:x a ex:C ; ex:p ex:x . ex:y a ex:A ; ex:p ex:z . ex:z a ex:D . ex:w a ex:D ; ex:p ex:z ."
    assert focus_nodes(hierarchy + data, shapes) == [EX.y]
    assert focus_nodes(data, shapes) == [EX.y]
    assert focus_nodes("ex:x a ex:C ; ex:p ex:y .", shapes) == []


def test_each_way_to_a_value_makes_a_finding():
    shapes = """
        ex:s a sh:NodeShape ; sh:targetClass ex:Thing ; sh:property ex:outer .
        ex:outer a sh:PropertyShape ; sh:path ex:p ; sh:property ex:inner .
        ex:inner a sh:PropertyShape ; sh:path ex:q ; sh:minCount 1 .
        """
    data = "ex:a a ex:Thing ; ex:p ex:c . ex:b a ex:Thing ; ex:p ex:c , ex:d . ex:d ex:q 1 ."
    assert focus_nodes(data, shapes) == [EX.c, EX.c]


def test_a_thing_that_is_a_target_in_two_ways_is_checked_once():
    targets = "sh:targetClass ex:A , ex:B ; sh:targetNode ex:x"
    shapes = f"ex:s a sh:NodeShape ; {targets} ; sh:nodeKind sh:Literal ."
    assert focus_nodes("ex:x a ex:A , ex:B .", shapes) == [EX.x]
    nested = f"ex:s sh:path ex:p ; {targets} ; sh:property [ sh:path ex:q ; sh:minCount 1 ] ."
    assert focus_nodes("ex:x a ex:A , ex:B ; ex:p ex:y .", nested) == [EX.y]


def test_siblings_that_no_expression_stands_for_count_apart():
    shapes = """
        ex:s a sh:NodeShape ; sh:targetNode ex:x ; sh:property ex:one , ex:other .
        ex:one sh:path ex:p ; sh:qualifiedValueShape [ sh:nodeKind sh:IRI ] ;
            sh:qualifiedValueShapesDisjoint true ; sh:qualifiedMinCount 1 .
        ex:other sh:path ex:p ; sh:qualifiedMinCount 0 ;
            sh:qualifiedValueShape [ sh:closed true ; sh:ignoredProperties ( ) ] .
        """
    assert focus_nodes("ex:x ex:p ex:y .", shapes) == [EX.x]
    assert focus_nodes("ex:x ex:p ex:y . ex:y ex:q 1 .", shapes) == []


def test_a_shape_may_say_that_a_property_is_not_there():
    without = "[ sh:property [ sh:path ex:p ; sh:maxCount 0 ] ]"
    shapes = f"ex:s a sh:NodeShape ; sh:targetNode ex:x , ex:y ; sh:node {without} ."
    assert focus_nodes("ex:x ex:p 1 .", shapes) == [EX.x]


def test_equal_properties_have_the_same_values_either_way():
    shapes = shapes_of("ex:s sh:path ex:p ; sh:targetNode ex:x ; sh:equals ex:q .")
    found = validate(engine_of("ex:x ex:p 1 , 2 ; ex:q 2 , 3 ."), shapes).findings
    assert [finding.value for finding in found] == [Literal(1), Literal(3)]


def test_a_shape_on_a_path_of_several_steps_is_met_by_what_they_lead_to():
    shapes = "ex:s a sh:NodeShape ; sh:targetNode ex:x ; sh:not [ sh:path ( ex:p ex:q ) ; sh:minCount 1 ] ."
    assert focus_nodes("ex:x ex:p ex:y . ex:y ex:q 1 .", shapes) == [EX.x]
    assert focus_nodes("ex:x ex:p ex:y , ex:z .", shapes) == []


def test_a_triple_in_two_graphs_counts_once():
    engine = engine_of("ex:x a ex:Thing ; ex:name 'a' .")
    engine.insert(
        read_quads(b"<https://example.org/x> <https://example.org/name> 'a' .", "ttl", "b", EX.other)
    )
    shapes = shapes_of(
        "ex:s a sh:PropertyShape ; sh:targetClass ex:Thing ; sh:path ex:name ; sh:maxCount 1 ."
    )
    assert validate(engine, shapes).findings == ()


def test_plain_strings_are_strings():
    shapes = 'ex:s a sh:PropertyShape ; sh:targetNode ex:x ; sh:path ex:p ; sh:in ( "a" ) ; sh:hasValue "a" .'
    assert focus_nodes('ex:x ex:p "a"^^xsd:string .', shapes) == []
    assert focus_nodes('ex:x ex:p "a"@en .', shapes) == [EX.x, EX.x]


@pytest.mark.parametrize(
    ("literal", "datatype", "good"),
    [
        ("1", "xsd:integer", True),
        ('"x"^^xsd:integer', "xsd:integer", False),
        ('"123456789012345678901234567890"^^xsd:integer', "xsd:integer", True),
        ('"0.123456789012345678901234567890"^^xsd:decimal', "xsd:decimal", True),
        ('"1e0"^^xsd:decimal', "xsd:decimal", False),
        ('"2020-02-29"^^xsd:date', "xsd:date", True),
        ('"2021-02-29"^^xsd:date', "xsd:date", False),
        ('"2021"^^xsd:gYear', "xsd:gYear", True),
        ('"2021-13"^^xsd:gYearMonth', "xsd:gYearMonth", False),
        ('"yes"^^xsd:boolean', "xsd:boolean", False),
        ('"a"@en', "xsd:string", False),
        ('"anything"^^ex:own', "ex:own", True),
        # The engine keeps it as an integer: no value has the datatype.
        ('"1"^^xsd:int', "xsd:int", False),
        ('"1"^^xsd:int', "xsd:integer", True),
        ("ex:a", "xsd:string", False),
    ],
)
def test_a_literal_is_of_its_datatype_when_it_is_well_formed(literal, datatype, good):
    shapes = f"ex:s a sh:PropertyShape ; sh:targetNode ex:x ; sh:path ex:p ; sh:datatype {datatype} ."
    assert focus_nodes(f"ex:x ex:p {literal} .", shapes) == ([] if good else [EX.x])


@pytest.mark.parametrize("value", ['"2"', "true", "ex:a", '"2020-01-01"^^xsd:date', '"x"^^xsd:integer'])
def test_what_cannot_be_compared_breaks_a_range_and_an_order(value):
    shapes = """
        ex:s a sh:NodeShape ; sh:targetNode ex:x ; sh:property [ sh:path ex:p ; sh:minInclusive 1 ] ;
            sh:property [ sh:path ex:one ; sh:lessThanOrEquals ex:p ] .
        """
    found = validate(engine_of(f"ex:x ex:p {value} ; ex:one 1 ."), shapes_of(shapes)).findings
    assert {finding.component for finding in found} == {
        SH.MinInclusiveConstraintComponent,
        SH.LessThanOrEqualsConstraintComponent,
    }


def test_a_path_of_no_steps_reaches_a_thing_that_the_data_does_not_name():
    shapes = shapes_of("""
        ex:s a sh:PropertyShape ; sh:targetNode ex:x ; sh:path [ sh:zeroOrMorePath ex:p ] ;
            sh:maxCount 0 ; sh:hasValue ex:x ; sh:nodeKind sh:Literal .
        """)
    assert [
        (found.component, found.value) for found in validate(engine_of("ex:a ex:p ex:b ."), shapes).findings
    ] == [(SH.MaxCountConstraintComponent, None), (SH.NodeKindConstraintComponent, EX.x)]


def test_so_it_does_where_a_shape_refers_to_another_one():
    reached = "[ sh:path [ sh:zeroOrMorePath ex:p ] ; sh:minCount 1 ]"
    assert focus_nodes("ex:a ex:p ex:b .", f"ex:s sh:targetNode ex:x ; sh:not {reached} .") == [EX.x]


def test_a_thing_none_of_whose_values_count_is_found_whatever_the_path():
    shapes = """
        ex:s a sh:PropertyShape ; sh:targetNode ex:x ; sh:path [ sh:zeroOrMorePath ex:p ] ;
            sh:qualifiedMinCount 1 ; sh:qualifiedValueShape [ sh:nodeKind sh:Literal ] .
        """
    assert focus_nodes("ex:x ex:p ex:y .", shapes) == [EX.x]
    assert focus_nodes("ex:x ex:p 1 .", shapes) == []


def test_a_closed_shape_that_allows_nothing_allows_nothing():
    shapes = shapes_of(
        "ex:s a sh:NodeShape ; sh:targetNode ex:x ; sh:closed true ; sh:ignoredProperties ( ) ."
    )
    found = validate(engine_of("ex:x a ex:Thing ."), shapes).findings
    assert [(each.path, each.value) for each in found] == [(RDF.type.n3(), EX.Thing)]


def test_a_blank_node_of_the_shapes_is_no_node_of_the_data():
    shapes = "ex:s a sh:PropertyShape ; sh:targetNode ex:x ; sh:path ex:p ; sh:in ( [] ) ; sh:hasValue [] ."
    assert focus_nodes("ex:x ex:p [] .", shapes) == [EX.x, EX.x]


def test_deactivated_shapes_find_nothing_wherever_they_stand():
    off = "ex:off a sh:NodeShape ; sh:targetNode ex:x ; sh:nodeKind sh:Literal ; sh:deactivated true ."
    assert focus_nodes("", off) == []
    assert focus_nodes("", f"{off} ex:s a sh:NodeShape ; sh:targetNode ex:x ; sh:node ex:off .") == []
    assert focus_nodes("", f"{off} ex:s a sh:NodeShape ; sh:targetNode ex:x ; sh:not ex:off .") == [EX.x]
    part = "sh:property [ sh:path ( ex:p ex:q ) ; sh:minCount 1 ; sh:deactivated true ]"
    outer = (
        f"ex:s a sh:NodeShape ; sh:targetNode ex:x ; sh:node [ {part} ; sh:closed false ; sh:equals ex:r ] ."
    )
    assert focus_nodes("ex:x ex:r ex:x .", outer) == []


def test_a_constraint_in_sparql_fills_its_message_and_tells_where_it_stands():
    shapes = shapes_of("""
        ex:all sh:declare [ sh:prefix "ex" ; sh:namespace "https://example.org/" ] .
        ex:s a sh:NodeShape ; sh:targetClass ex:Thing ; sh:sparql ex:rule ; sh:message "Not this." .
        ex:rule sh:prefixes ex:all ; sh:message "{$this} has {?value}, {?unknown}."@en ;
            sh:select "SELECT $this ?path ?value { $this ?path ?value FILTER(?path = ex:p) }" .
        """)
    (found,) = validate(engine_of("ex:a a ex:Thing ; ex:p 1 , 1 . ex:b a ex:Thing ."), shapes).findings
    assert found == Finding(
        EX.a, EX.s, SH.SPARQLConstraintComponent, EX.p.n3(), Literal(1), constraint=EX.rule
    )
    assert found.messages == {"en": "https://example.org/a has 1, {?unknown}."}


def test_the_value_of_a_constraint_in_sparql_is_the_thing_itself_only_without_a_path():
    rule = 'sh:sparql [ sh:select "SELECT $this { $this a ?class }" ]'
    shapes = shapes_of(f"""
        ex:s a sh:NodeShape ; sh:targetClass ex:Thing ; {rule} .
        ex:t a sh:PropertyShape ; sh:path ex:p ; sh:targetClass ex:Thing ; {rule} .
        """)
    found = validate(engine_of("ex:a a ex:Thing ."), shapes).findings
    assert [(each.shape, each.path, each.value) for each in found] == [
        (EX.s, None, EX.a),
        (EX.t, EX.p.n3(), None),
    ]


def test_a_component_of_ones_own_tests_each_value():
    shapes = shapes_of("""
        ex:Longest a sh:ConstraintComponent ; sh:parameter [ sh:path ex:longest ] ;
            sh:validator [ sh:message "Over {$longest}." ;
                sh:ask "ASK { FILTER(STRLEN(STR($value)) <= $longest) }" ] .
        ex:s a sh:PropertyShape ; sh:targetNode ex:x ; sh:path ex:p ; ex:longest 2 .
        """)
    (found,) = validate(engine_of('ex:x ex:p "ab" , "abc" .'), shapes).findings
    assert found == Finding(EX.x, EX.s, EX.Longest, EX.p.n3(), Literal("abc"))
    assert found.messages == {"": "Over 2."}


def test_only_the_shapes_asked_for_are_checked():
    shapes = shapes_of("""
        ex:s a sh:NodeShape ; sh:targetNode ex:x ; sh:nodeKind sh:Literal .
        ex:t a sh:NodeShape ; sh:targetNode ex:x ; sh:nodeKind sh:BlankNode .
        ex:u a sh:NodeShape .
        """)
    assert [found.shape for found in validate(engine_of(""), shapes, only={EX.t}).findings] == [EX.t]
    assert validate(engine_of(""), shapes, only=()).findings == ()
    with pytest.raises(NotFound, match=r"There is no shape .*/u with a target"):
        validate(engine_of(""), shapes, only={EX.s, EX.u})


def test_progress_is_told_after_each_shape_with_a_target():
    shapes = shapes_of("ex:s a sh:NodeShape ; sh:targetNode 1 . ex:t a sh:NodeShape ; sh:targetClass ex:A .")
    told: list[tuple[int, int | None, str]] = []
    validate(engine_of(""), shapes, progress=lambda *step: told.append(step))
    assert told == [(1, 2, str(EX.s)), (2, 2, str(EX.t))]


@pytest.mark.parametrize(
    "constraint",
    [
        'sh:pattern "(?=a)"',
        'sh:pattern "(a)\\\\1"',
        'sh:pattern "a" ; sh:flags "?"',
        'sh:sparql [ sh:select "SELECT $this { $this a }" ]',
        'sh:sparql [ sh:select "SELECT $this { FILTER(<https://example.org/f>($this)) }" ]',
        'sh:sparql [ sh:select "SELECT $this { $this a ?c } GROUP BY ?c" ]',
    ],
)
def test_what_the_engine_cannot_evaluate_is_refused(constraint):
    shapes = shapes_of(f"ex:s a sh:NodeShape ; sh:targetNode ex:x ; {constraint} .")
    with pytest.raises(BadShapes):
        validate(engine_of("ex:x a ex:Thing ."), shapes)


@pytest.mark.parametrize(
    "rule",
    [
        "sh:path ex:p ; sh:minCount 1",
        "sh:path ( ex:p ex:q ) ; sh:nodeKind sh:Literal",
        "sh:path ex:p ; sh:property [ sh:path ex:q ; sh:minCount 2 ]",
        "sh:path ex:p ; sh:node [ sh:property [ sh:path ( ex:q ex:q ) ; sh:minCount 1 ] ]",
        'sh:sparql [ sh:select "SELECT $this { FILTER NOT EXISTS { $this ?a ?x . ?x ?b 1 } }" ]',
        'sh:sparql [ sh:select "SELECT $this ?n '
        '{ { SELECT $this (COUNT(?x) AS ?n) { $this ?p ?x } GROUP BY $this } FILTER(?n < 3) }" ]',
    ],
)
def test_of_given_nodes_the_same_is_found_as_of_those_nodes_among_all(rule):
    data = "ex:a a ex:A ; ex:p ex:b , ex:c . ex:b a ex:A ; ex:q 1 . ex:c a ex:A ; ex:q ex:b . ex:d a ex:A ."
    engine = engine_of(data)
    shapes = shapes_of(f"ex:s sh:targetClass ex:A ; {rule} .")
    (shape,) = read_shapes(shapes).values()
    for nodes in ([EX.a], [EX.b, EX.d], [EX.a, EX.b, EX.c, EX.d]):
        mine = replace(shape, targets=Targets(nodes=tuple(nodes)))
        validation = Validation(engine)
        found = Report.of(validation.findings(shape, given(nodes)))
        assert found == Report.of(validation.findings(mine, validation.targets_of(mine)))
    assert validate(engine, shapes).findings


def test_a_finding_about_a_number_of_values_tells_by_how_many_it_is_off():
    shapes = """
        ex:s a sh:NodeShape ; sh:targetNode ex:x ; sh:property
            [ sh:path ex:p ; sh:minCount 5 ] , [ sh:path ex:p ; sh:maxCount 1 ] ,
            [ sh:path ex:p ; sh:qualifiedMinCount 2 ;
                sh:qualifiedValueShape [ sh:property [ sh:path ex:q ; sh:minCount 2 ] ] ] .
        """
    found = validate(engine_of("ex:x ex:p 1 , 2 , 3 ."), shapes_of(shapes)).findings
    assert {(each.component, each.off_by) for each in found} == {
        (SH.MinCountConstraintComponent, 2),
        (SH.MaxCountConstraintComponent, 2),
        (SH.QualifiedMinCountConstraintComponent, 2),
    }


RULES_FOR_SUSPECTS = {
    "one value": "sh:property [ sh:path ex:p ; sh:nodeKind sh:IRI ]",
    "a way": "sh:property [ sh:path ( ex:p ex:q ) ; sh:pattern '^b' ]",
    "another way": "sh:property [ sh:path [ sh:alternativePath ( ex:p ex:q ) ] ; sh:datatype ex:t ]",
    "a way back": "sh:property [ sh:path [ sh:inversePath ex:p ] ; sh:class ex:B ]",
    "a way of any length": "sh:property [ sh:path [ sh:oneOrMorePath ex:q ] ; sh:in ( ex:c ) ]",
    "no step": "sh:property [ sh:path [ sh:zeroOrOnePath ex:q ] ; sh:maxCount 1 ; sh:pattern 'b$' ]",
    "the node itself": "sh:pattern 'b$'",
    "values of values": "sh:property [ sh:path ex:p ; sh:property [ sh:path ex:q ; sh:hasValue ex:a ;"
    " sh:nodeKind sh:Literal ; sh:maxCount 0 ] ]",
    "few": "sh:property [ sh:path ex:p ; sh:maxCount 1 ]",
    "some": "sh:property [ sh:path ex:q ; sh:minCount 1 ]",
    "many": "sh:property [ sh:path ex:p ; sh:minCount 3 ]",
    "both": "sh:property [ sh:path ex:p ; sh:minCount 2 ; sh:maxCount 1 ]",
    "few of a kind": "sh:property [ sh:path ex:p ; sh:qualifiedMaxCount 0 ; sh:qualifiedMinCount 1 ;"
    " sh:qualifiedValueShape [ sh:nodeKind sh:IRI ] ]",
    "a query": "sh:sparql [ sh:select 'SELECT $this ?value { ?value ?path ?o FILTER(isIRI(?o)) "
    "FILTER NOT EXISTS { ?value a ?type } }' ]",
}


@pytest.mark.parametrize("most", [0, 1000])
@pytest.mark.parametrize("rule", RULES_FOR_SUSPECTS.values(), ids=RULES_FOR_SUSPECTS)
def test_what_could_break_a_rule_is_looked_for_first_and_found_all_the_same(monkeypatch, rule, most):
    # The nodes named outright are checked by themselves, without a look at all data.
    monkeypatch.setattr("kb.gate.suspects.MOST", most)
    engine = engine_of("""
        ex:a a ex:A ; ex:p ex:b , 1 , [ ex:q ex:a ] ; ex:q ex:c . ex:b a ex:A ; ex:p ex:c .
        ex:c a ex:A ; ex:q ex:b . ex:d ex:p 1 , ex:a ; ex:q ex:d , ex:a . ex:e a ex:A .
        """)
    shapes = shapes_of(f"ex:s a sh:NodeShape ; sh:targetClass ex:A ; {rule} .")
    (shape,) = (each for each in read_shapes(shapes).values() if each.targets)
    validation = Validation(engine)
    one_by_one = validation.findings(shape, given([EX.a, EX.b, EX.c, EX.e]))
    report = validate(engine, shapes)
    assert report.findings and report == Report.of(one_by_one)


def test_only_what_breaks_a_rule_comes_out_of_the_engine():
    class Rows(list):
        variables: tuple[str, ...]

    class Counting:
        """An engine that counts the rows that it gives."""

        rows = 0

        def __init__(self, engine: OxigraphEngine) -> None:
            self.engine = engine

        def select(self, query: str) -> Rows:
            found = self.engine.select(query)
            rows = Rows(found)
            rows.variables = found.variables
            self.rows += len(rows)
            return rows

    shapes = """
        ex:s a sh:NodeShape ; sh:targetClass ex:Thing ; sh:closed true ; sh:property ex:p-shape , ex:q-shape ;
            sh:ignoredProperties ( <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> ) .
        ex:p-shape sh:path ex:p ; sh:minCount 1 ; sh:maxCount 1 ;
            sh:or ( [ sh:datatype xsd:integer ] [ sh:class ex:Thing ] ) .
        ex:q-shape sh:path ex:q ; sh:uniqueLang true ; sh:lessThan ex:p ; sh:qualifiedMinCount 0 ;
            sh:qualifiedValueShape [ sh:property [ sh:path ex:p ; sh:minCount 1 ] ] .
        """
    engine = Counting(
        engine_of(" ".join(f"ex:n{number} a ex:Thing ; ex:p {number} ." for number in range(300)))
    )
    assert validate(engine, shapes_of(shapes)).findings == ()
    assert engine.rows < 10


def test_numbers_are_compared_by_value_and_sh_in_by_term():
    data = 'ex:x ex:p 1.0 , "1"^^xsd:double .'
    assert focus_nodes(data, "ex:s sh:targetNode ex:x ; sh:path ex:p ; sh:maxInclusive 1 .") == []
    found = validate(
        engine_of(data), shapes_of("ex:s sh:targetNode ex:x ; sh:path ex:p ; sh:in ( 1.0 ) .")
    ).findings
    assert [found.value.datatype for found in found] == [XSD.double]

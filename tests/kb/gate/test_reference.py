"""Tests of kb/gate/reference.py."""

import logging

import pytest
import rdflib.plugins.sparql
from rdflib import SH, Graph, Literal, URIRef

from kb.gate.reference import ValidationFailed, validate
from kb.report import Finding

PREFIXES = """
PREFIX ex: <https://example.org/>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
"""
EX = rdflib.Namespace("https://example.org/")
NAME_SHAPE = """
ex:Thing-shape a sh:NodeShape ; sh:targetClass ex:Thing ; sh:property ex:Thing-name .
ex:Thing-name a sh:PropertyShape ; sh:path ex:name ; sh:minCount 1 ; sh:maxLength 3 ;
    sh:severity sh:Warning ; sh:message "A short name, please."@en , "Un nom court."@fr .
"""


def graph(text: str) -> Graph:
    return Graph().parse(data=PREFIXES + text, format="turtle")


def test_a_finding_carries_all_that_the_shape_says():
    report = validate(graph('ex:a a ex:Thing ; ex:name "long" .'), graph(NAME_SHAPE))
    assert report.findings == (
        Finding(
            focus=EX.a,
            shape=EX["Thing-name"],
            component=SH.MaxLengthConstraintComponent,
            path="<https://example.org/name>",
            value=Literal("long"),
            severity="warning",
        ),
    )
    assert report.findings[0].messages == {"en": "A short name, please.", "fr": "Un nom court."}


def test_subclasses_are_seen_in_the_ontology():
    data, ontology = graph("ex:a a ex:Special ."), graph("ex:Special rdfs:subClassOf ex:Thing .")
    assert validate(data, graph(NAME_SHAPE)).findings == ()
    assert [found.focus for found in validate(data, graph(NAME_SHAPE), ontology).findings] == [EX.a]
    assert len(data) == 1


def test_a_recursive_shape_is_refused():
    shapes = graph(
        "ex:s a sh:NodeShape ; sh:targetClass ex:Thing ; sh:property [ sh:path ex:p ; sh:node ex:s ] ."
    )
    data = graph("ex:a a ex:Thing ; ex:p ex:b . ex:b ex:p ex:c . ex:c ex:p ex:d .")
    with pytest.raises(ValidationFailed, match="refers to itself"):
        validate(data, shapes)


def test_a_chain_of_shapes_too_deep_for_it_is_refused():
    chain = "".join(
        f"ex:s{n} a sh:NodeShape ; sh:property [ sh:path ex:p ; sh:node ex:s{n + 1} ] ." for n in range(20)
    )
    data = graph("".join(f"ex:n{n} ex:p ex:n{n + 1} ." for n in range(20)))
    with pytest.raises(ValidationFailed, match="too deep"):
        validate(data, graph(chain + "ex:s20 a sh:NodeShape . ex:s0 sh:targetNode ex:n0 ."))


def test_a_constraint_that_it_would_skip_is_refused():
    shapes = graph(
        "ex:s a sh:NodeShape ; sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:qualifiedMinCount 1 ] ."
    )
    with pytest.raises(ValidationFailed):
        validate(graph("ex:a ex:p ex:b ."), shapes)


@pytest.mark.parametrize(
    "constraint",
    [
        'sh:sparql [ sh:select "SELECT $this { $this" ]',
        'sh:sparql [ sh:select "SELECT $this { SERVICE <https://example.org/> { $this ?p ?o } }" ]',
        'sh:property [ sh:path ex:name ; sh:pattern "(" ]',
    ],
)
def test_bad_shapes_are_refused(constraint):
    shapes = graph(f"ex:s a sh:NodeShape ; sh:targetNode ex:a ; {constraint} .")
    with pytest.raises(ValidationFailed) as refused:
        validate(graph('ex:a ex:name "x" .'), shapes)
    assert str(refused.value).endswith(".")


def test_a_graph_from_a_file_is_never_loaded(tmp_path):
    secret = tmp_path / "secret.ttl"
    secret.write_text("<https://example.org/a> <https://example.org/p> 'secret' .")
    query = f"SELECT $this ?value FROM <{secret.as_uri()}> {{ $this ?p ?value }}"
    shapes = graph(f'ex:s a sh:NodeShape ; sh:targetNode ex:a ; sh:sparql [ sh:select "{query}" ] .')
    assert rdflib.plugins.sparql.SPARQL_LOAD_GRAPHS is False
    assert "secret" not in str(validate(graph("ex:a ex:q ex:b ."), shapes).to_json())


def test_the_deadline_stops_a_regular_expression_that_would_run_for_ever():
    shapes = graph(
        'ex:s a sh:NodeShape ; sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:pattern "^(a+)+$" ] .'
    )
    with pytest.raises(ValidationFailed, match="longer than 4 seconds"):
        validate(graph(f'ex:a ex:p "{"a" * 40}b" .'), shapes, deadline=4)


def test_within_the_deadline_the_report_and_the_refusal_are_the_same():
    data, shapes = graph('ex:a a ex:Thing ; ex:name "long" .'), graph(NAME_SHAPE)
    assert validate(data, shapes, deadline=60) == validate(data, shapes)
    query = "SELECT $this { SERVICE <https://example.org/> { $this ?p ?o } }"
    federated = graph(f'ex:s a sh:NodeShape ; sh:targetNode ex:a ; sh:sparql [ sh:select "{query}" ] .')
    with pytest.raises(ValidationFailed, match="SERVICE"):
        validate(data, federated, deadline=60)


def test_its_log_is_left_as_it_was():
    validate(graph("ex:a a ex:Thing ."), graph(NAME_SHAPE))
    log = logging.getLogger("pyshacl-validate")
    assert (log.handlers, log.filters) == ([], [])


def test_blank_nodes_keep_their_names():
    data = graph("[] a ex:Thing .")
    (finding,) = validate(data, graph(NAME_SHAPE)).findings
    assert finding.focus in set(data.subjects())


def test_iris_of_severities_of_ones_own_count_as_violations():
    shapes = graph("ex:s a sh:NodeShape ; sh:targetNode ex:a ; sh:nodeKind sh:Literal ; sh:severity ex:Bad .")
    report = validate(Graph(), shapes)
    assert [found.severity for found in report.violations] == [str(URIRef(EX.Bad))]

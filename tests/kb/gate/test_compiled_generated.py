"""The compiled validation held against pySHACL: the same findings, on generated data and on our own shapes.

The data that pySHACL sees is read back from the engine, so that both see literals in the same form.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from generated_shapes import HIERARCHY, PREFIXES, QUERIES, classes, data, shapes, sparql_shape
from hypothesis import HealthCheck, given, settings
from rdflib import RDF, RDFS, SH, Graph, URIRef

from kb.engine.oxigraph import OxigraphEngine, read_quads
from kb.gate import compiled, reference
from kb.report import Finding, Report
from kb.schema import load_ontology, load_shapes

GRAPH = URIRef("https://example.org/graph")
SHAPE_CASES = Path(__file__).resolve().parents[2] / "shapes"
FIXED = settings(
    max_examples=80, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


def everything(engine: OxigraphEngine) -> Graph:
    """The default graph of an engine."""
    graph = Graph()
    for triple in engine.query("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"):
        graph.add(triple)
    return graph


def counted(report: Report) -> Counter[Finding]:
    return Counter(report.findings)


def both(turtle: str, shapes: Graph) -> tuple[Counter[Finding], Counter[Finding]]:
    """What the compiled validation and pySHACL find in the same data."""
    engine = OxigraphEngine.in_memory()
    engine.insert(read_quads(turtle.encode(), "ttl", "data", GRAPH))
    return (
        counted(compiled.validate(engine, shapes)),
        counted(reference.validate(everything(engine), shapes)),
    )


def test_generated_shapes_find_the_same_in_generated_data():
    broken = 0

    @FIXED
    @given(data(), shapes())
    def same(of_data: str, of_shapes: str) -> None:
        nonlocal broken
        shapes_graph = Graph().parse(data=PREFIXES + of_shapes, format="turtle")
        ours, theirs = both(PREFIXES + HIERARCHY + of_data, shapes_graph)
        assert ours == theirs
        broken += bool(ours)

    same()
    assert broken > FIXED.max_examples / 4


@pytest.mark.parametrize("query", QUERIES)
def test_constraints_in_sparql_find_the_same_in_generated_data(query):
    @settings(FIXED, max_examples=12)
    @given(data(), classes)
    def same(of_data: str, of: str) -> None:
        shapes_graph = Graph().parse(data=PREFIXES + sparql_shape(query, of), format="turtle")
        ours, theirs = both(PREFIXES + HIERARCHY + of_data, shapes_graph)
        assert ours == theirs

    same()


def test_our_shapes_find_the_same_in_all_their_cases_together():
    whole = Graph()
    for path in sorted(SHAPE_CASES.rglob("*.ttl")):
        case = Graph().parse(path)
        told = set(case.subjects(RDF.type, SH.ValidationResult))
        for triple in case:
            if triple[0] not in told:
                whole.add(triple)
    for triple in load_ontology():
        if triple[1] in (RDF.type, RDFS.subClassOf):
            whole.add(triple)
    ours, theirs = both(whole.serialize(format="turtle"), load_shapes())
    assert ours == theirs
    assert len(ours) > 200

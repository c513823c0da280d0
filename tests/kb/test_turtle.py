"""Tests of kb/turtle.py."""

import random

import pytest
from rdflib import OWL, RDF, RDFS, BNode, Dataset, Graph, Literal
from rdflib.collection import Collection
from rdflib.compare import isomorphic

from kb.errors import NotUnderstood
from kb.terms import DEF, GRAPH, mint
from kb.turtle import to_trig, to_turtle


def small_graph(order: int) -> Graph:
    union = BNode()
    members = BNode()
    triples = [
        (DEF.core, RDF.type, OWL.Ontology),
        (DEF.Region, RDFS.label, Literal("région", lang="fr")),
        (DEF.Region, RDFS.label, Literal('two\nlines "quoted"   \u2028 end', lang="en")),
        (DEF.Region, OWL.equivalentClass, union),
        (union, OWL.unionOf, members),
        (mint("region", "Łódź"), RDF.type, DEF.Region),
    ]
    random.Random(order).shuffle(triples)
    graph = Graph()
    for triple in triples:
        graph.add(triple)
    Collection(graph, members, [DEF.Country, DEF.MacroRegion])
    return graph


def test_the_same_triples_in_any_order_give_the_same_bytes():
    assert len({to_turtle(small_graph(order)) for order in range(8)}) == 1


def test_what_is_written_reads_back_as_the_same_graph():
    graph = small_graph(1)
    assert isomorphic(graph, Graph().parse(data=to_turtle(graph), format="turtle"))


def test_the_ontology_header_comes_first_and_no_line_ends_in_a_blank():
    text = to_turtle(small_graph(1))
    assert text.split("\n\n")[1].startswith("def:core\n")
    assert not [line for line in text.split("\n") if line.endswith(" ") and '"' not in line]


def test_trig_has_its_graphs_in_order_and_reads_back():
    dataset = Dataset()
    for name in ("source/b", "source/a"):
        dataset.graph(GRAPH[name]).add((mint("region", name), RDF.type, DEF.Region))
    text = to_trig(dataset)
    assert text.index("graph/source/a") < text.index("graph/source/b")
    again = Dataset()
    again.parse(data=text, format="trig")
    assert set(again.quads()) == set(dataset.quads())


def test_a_quad_without_a_graph_name_is_refused():
    dataset = Dataset()
    dataset.add((DEF.Region, RDF.type, OWL.Class))
    with pytest.raises(NotUnderstood, match="no graph name"):
        to_trig(dataset)

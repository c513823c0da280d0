"""Names for blank nodes: what they depend on, and that nothing is lost on the way there and back."""

import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import OWL, RDF, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection

from kb.engine.oxigraph_canonical import canonical
from kb.gate.shape_graph import read_shapes
from kb.rules import rules
from kb.schema import load_ontology, load_shapes
from kb.stand_ins import stand_ins, without_stand_ins
from kb.terms import GENID

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted([*(ROOT / "ontology").glob("*.ttl"), *(ROOT / "shapes").glob("*.ttl")])


def graph(text: str) -> Graph:
    return Graph().parse(data="PREFIX : <https://example.org/>\n" + text, format="turtle")


def shuffled(triples, seed: int) -> Graph:
    """The same graph, read in another order and with other labels."""
    order, labels = sorted(triples), {}
    random.Random(seed).shuffle(order)
    found = Graph()
    for triple in order:
        found.add(tuple(labels.setdefault(t, BNode()) if isinstance(t, BNode) else t for t in triple))
    return found


def names(triples) -> set:
    return {term for triple in triples for term in triple if term.startswith(GENID)}


def test_a_blank_node_has_the_same_name_on_every_machine():
    assert set(stand_ins(graph(":a :b [ :c 1 ] ."))) == set(
        graph(f"""
        :a :b <{GENID}daea6a9ca40ed2fd68f1d837d90495c8> .
        <{GENID}daea6a9ca40ed2fd68f1d837d90495c8> :c 1 .
        """)
    )


def test_a_graph_without_blank_nodes_stays_as_it_is():
    assert set(stand_ins(graph(":a :b :c , 'd' ."))) == set(graph(":a :b :c , 'd' ."))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(":a :b [ :c 1 ] , [ :c 2 ] .", id="two of other content"),
        pytest.param(":a :b [ :c [ :d 1 ] , [ :d 1 ] ] , [ :c [ :d 1 ] , [ :d 1 ] ] .", id="alike"),
        pytest.param(":a :b [ :c 1 ] . :d :b [ :c 1 ] . :d :e [ :c 1 ] .", id="alike in other places"),
        pytest.param("[] :c 1 . [] :c 1 . [] :c 2 .", id="below nothing"),
        pytest.param(":a :b ( 1 2 ) . :d :b ( 1 2 ) .", id="lists with the same end"),
        pytest.param(":a :b _:x . :c :d _:x . _:x :e 1 .", id="shared"),
        pytest.param("_:x :b _:y . _:y :b _:x .", id="ring"),
        pytest.param("_:x :b _:x . _:y :b _:x . _:z :b _:y .", id="into a ring"),
        pytest.param("_:x :b _:y . _:y :b _:x . _:v :b _:w . _:w :b _:v .", id="two rings alike"),
    ],
)
def test_each_blank_node_has_a_name_of_its_own(text):
    given = graph(text)
    blank = {term for triple in given for term in triple if isinstance(term, BNode)}
    named = stand_ins(given)
    assert len(names(named)) == len(blank)
    assert canonical(without_stand_ins(named)) == canonical(given)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(":a :b [ :c 1 ] .", ":a :b [ :c 1 ] ; :d 'new' . :e :b [ :c 1 ] .", id="elsewhere"),
        pytest.param(":a :b [ :c 1 ] .", ":a :b [ :c 1 ] , [ :c 2 ] .", id="in a bracket beside"),
        pytest.param("_:x :b _:y . _:y :b _:x .", "_:x :b _:y . _:y :b _:x . :a :b [ :c 1 ] .", id="a ring"),
    ],
)
def test_a_change_elsewhere_leaves_the_name(before, after):
    assert set(stand_ins(graph(before))) <= set(stand_ins(graph(after)))


def test_what_is_said_of_a_blank_node_is_in_its_name():
    assert not names(stand_ins(graph(":a :b [ :c 1 ] ."))) & names(stand_ins(graph(":a :b [ :c 2 ] .")))


NODES = [BNode(), BNode(), BNode(), BNode(), URIRef("https://example.org/a"), URIRef("https://example.org/b")]
TRIPLES = st.tuples(
    st.sampled_from(NODES),
    st.sampled_from([URIRef("https://example.org/p"), RDF.rest]),
    st.sampled_from([*NODES, Literal(1), Literal("1")]),
)


@settings(max_examples=300, deadline=None)
@given(st.sets(TRIPLES, max_size=9), st.integers(0, 1000))
def test_names_depend_on_the_triples_alone_and_lead_back_to_them(triples, seed):
    given_graph = shuffled(triples, seed)
    named = stand_ins(given_graph)
    assert set(named) == set(stand_ins(shuffled(triples, seed + 1)))
    assert not any(isinstance(term, BNode) for triple in named for term in triple)
    assert canonical(without_stand_ins(named)) == canonical(given_graph)


def test_a_long_list_can_be_read_again():
    numbers = [Literal(number) for number in range(5000)]
    given_graph = Graph()
    start = Collection(given_graph, BNode(), numbers).uri
    given_graph.add((URIRef("urn:a"), OWL.members, start))
    again = without_stand_ins(stand_ins(given_graph))
    assert list(Collection(again, again.value(URIRef("urn:a"), OWL.members))) == numbers


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_the_names_of_a_shipped_file_lead_back_to_it(file):
    given_graph = Graph().parse(file)
    named = stand_ins(given_graph)
    assert set(named) == set(stand_ins(shuffled(given_graph, 1)))
    assert canonical(without_stand_ins(named)) == canonical(given_graph)


def with_constraints(shapes: Graph) -> dict:
    """For each named shape, its path, severity and targets, and how many constraints of which component."""
    return {
        node: (
            shape.path,
            shape.severity,
            shape.targets,
            Counter(each.component for each in shape.constraints),
        )
        for node, shape in read_shapes(shapes).items()
        if isinstance(node, URIRef)
    }


def test_rules_and_shapes_are_the_same_after_the_way_there_and_back():
    assert rules(without_stand_ins(stand_ins(load_ontology()))) == rules(load_ontology())
    again = without_stand_ins(stand_ins(load_shapes()))
    assert with_constraints(again) == with_constraints(load_shapes())

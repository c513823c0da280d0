"""What is shipped, with all that follows from it, contradicts no disjointness of the ontology."""

from itertools import combinations

import pytest
from rdflib import OWL, RDF
from rdflib.collection import Collection

from kb.schema import load_ontology


@pytest.fixture(scope="module")
def disjoint_pairs():
    """Every pair of classes that the ontology declares disjoint."""
    ontology = load_ontology()
    pairs = {frozenset(pair) for pair in ontology.subject_objects(OWL.disjointWith)}
    for axiom in ontology.subjects(RDF.type, OWL.AllDisjointClasses):
        members = Collection(ontology, ontology.value(axiom, OWL.members))
        pairs |= {frozenset(pair) for pair in combinations(members, 2)}
    assert len(pairs) > 100
    return pairs


def test_nothing_is_in_two_disjoint_classes(knowledge_base, disjoint_pairs):
    types: dict[str, set] = {}
    for thing, kind in knowledge_base.public().select("SELECT ?thing ?class { ?thing a ?class }"):
        types.setdefault(str(thing), set()).add(kind)
    torn = {
        thing: pair
        for thing, kinds in types.items()
        for pair in map(frozenset, combinations(kinds, 2))
        if pair in disjoint_pairs
    }
    assert torn == {}


def test_a_functional_property_has_one_value(knowledge_base):
    functional = load_ontology().subjects(RDF.type, OWL.FunctionalProperty)
    engine = knowledge_base.public()
    twice = [
        (str(found), str(thing))
        for found in functional
        for (thing,) in engine.select(
            f"SELECT DISTINCT ?thing {{ ?thing <{found}> ?one , ?other FILTER(?one != ?other) }}"
        )
    ]
    assert twice == []

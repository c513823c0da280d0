"""Keeping the inferred triples up with a change: what comes, what goes, and when it is given up."""

import random

import pytest
from rdflib import RDF, RDFS, SKOS, Graph, Literal, URIRef

from kb.derivation import Derivation, RulesChange, TooMuchFollows, ontology_of
from kb.engine.contract import DEFAULT, HISTORY, INFERRED, SHAPES
from kb.engine.oxigraph import OxigraphEngine, read_quads
from kb.engine.oxigraph_terms import to_graph_name, to_oxigraph, to_rdflib
from kb.errors import NotAllowed
from kb.normal_form import normal_form
from kb.patch import Patch
from kb.reasoning import infer
from kb.rules import UnsupportedAxiom, rules
from kb.schema import load_alignment, load_ontology
from kb.shipped import fill
from kb.stand_ins import stand_ins
from kb.terms import DEF, GRAPH, PREFIXES, term

HEAD = "".join(f"PREFIX {prefix}: <{PREFIXES[prefix]}>\n" for prefix in ("def", "graph", "owl", "rdfs"))
HEAD += "PREFIX : <https://example.org/>\n"
PROPERTIES = "def:partOf a owl:ObjectProperty . def:hasPart a owl:ObjectProperty .\n"
CLASSES = "def:A rdfs:subClassOf def:B . def:B rdfs:subClassOf def:C ."
TRANSITIVE = PROPERTIES + "def:partOf a owl:TransitiveProperty ."


def graph(text: str) -> Graph:
    return Graph().parse(data=HEAD + text, format="turtle")


def quads(text: str) -> set:
    """Triples of Turtle in graph/one, or quads of TriG."""
    engine = OxigraphEngine.in_memory()
    engine.insert(read_quads((HEAD + text).encode(), "trig", "test.trig", GRAPH["one"]))
    return {(*triple, name) for name in engine.graph_names() for triple in engine.triples(name)}


def inferred(text: str) -> set:
    return {(*triple, INFERRED) for triple in graph(text)}


def engine_with(ontology: Graph, stated: set) -> OxigraphEngine:
    engine = OxigraphEngine.in_memory()
    engine.apply(Patch.of(inserts=stated), 1)
    infer(engine, ontology)
    return engine


def changes(axioms: str, before: str, deletes: str = "", inserts: str = "") -> Patch:
    """What a patch changes in what is inferred, made sure of by deriving all anew."""
    ontology, patch = graph(axioms), Patch.of(quads(deletes), quads(inserts))
    engine = engine_with(ontology, quads(before))
    derived = Derivation(ontology).changes(engine, patch)
    engine.apply(joined(patch, derived), 2)
    assert_as_derived_anew(engine, ontology)
    return derived


def joined(one: Patch, other: Patch) -> Patch:
    return Patch.of(one.deletes | other.deletes, one.inserts | other.inserts)


def merge_of(engine: OxigraphEngine) -> tuple[set, int]:
    """What is inferred, and the size of the merge, which rests on what is stated."""
    return set(engine.store.quads_for_pattern(None, None, None, to_graph_name(INFERRED))), engine.size()


def assert_as_derived_anew(engine: OxigraphEngine, ontology: Graph) -> None:
    anew = OxigraphEngine.in_memory()
    for name in set(engine.graph_names()) - {INFERRED}:
        anew.insert(engine.store.quads_for_pattern(None, None, None, to_graph_name(name)))
    infer(anew, ontology)
    assert merge_of(engine) == merge_of(anew)


def test_what_follows_from_an_insert_is_inserted():
    assert changes(CLASSES, "", inserts=":a a def:A .") == Patch.of(inserts=inferred(":a a def:B , def:C ."))


def test_what_followed_from_a_delete_is_deleted():
    assert changes(CLASSES, ":a a def:A . :b a def:A .", ":a a def:A .") == Patch.of(
        inferred(":a a def:B , def:C .")
    )


def test_what_is_stated_now_is_no_longer_inferred():
    assert changes(CLASSES, ":a a def:A .", inserts=":a a def:B .") == Patch.of(inferred(":a a def:B ."))


def test_what_is_no_longer_stated_but_follows_is_inferred():
    assert changes(CLASSES, ":a a def:A , def:B .", ":a a def:B .") == Patch.of(
        inserts=inferred(":a a def:B .")
    )


def test_what_is_stated_elsewhere_still_holds():
    nothing = Patch()
    in_two_graphs = ":a a def:A . GRAPH graph:two { :a a def:A }"
    assert changes(CLASSES, in_two_graphs, ":a a def:A .") == nothing
    assert changes(CLASSES, ":a a def:A .", ":a a def:A .", "GRAPH graph:two { :a a def:A }") == nothing
    assert changes(CLASSES, ":a a def:A , def:B .", ":a a def:A .") == nothing


def test_a_patch_that_makes_no_difference_changes_nothing():
    assert changes(CLASSES, ":a a def:A .", ":b a def:A .", ":a a def:A .") == Patch()


def test_receipts_and_shapes_state_nothing():
    apart = f"GRAPH <{HISTORY}> {{ :a a def:A }} GRAPH <{SHAPES}> {{ :a a def:A }}"
    assert changes(CLASSES, "", inserts=apart) == Patch()
    assert changes(CLASSES, ":a a def:A ." + apart, ":a a def:A .") == Patch.of(
        inferred(":a a def:B , def:C .")
    )


def test_what_follows_in_another_way_is_derived_again():
    two_ways = (
        ":a def:partOf :b , :e . :b def:partOf :c . :e def:partOf :f . :c def:partOf :z . :f def:partOf :z ."
    )
    assert changes(TRANSITIVE, two_ways, ":b def:partOf :c .") == Patch.of(
        inferred(":a def:partOf :c . :b def:partOf :z .")
    )


def test_a_ring_does_not_hold_itself_up():
    both_ways = PROPERTIES + "def:partOf owl:inverseOf def:hasPart ; a owl:SymmetricProperty ."
    assert changes(both_ways, ":a def:partOf :b .", ":a def:partOf :b .") == Patch.of(
        inferred(":b def:hasPart :a ; def:partOf :a . :a def:hasPart :b .")
    )


def test_a_chain_grows_by_several_links_at_once():
    links = ":a def:partOf :b . :b def:partOf :c . :c def:partOf :d . :d def:partOf :e ."
    whole = ":a def:partOf :c , :d , :e . :b def:partOf :d , :e . :c def:partOf :e ."
    assert changes(TRANSITIVE, "", inserts=links) == Patch.of(inserts=inferred(whole))
    assert changes(TRANSITIVE, links, deletes=links) == Patch.of(inferred(whole))


def test_a_literal_is_compared_as_the_engine_stores_it():
    axioms = (
        "def:size a owl:DatatypeProperty . def:Fixed owl:equivalentClass "
        "[ a owl:Restriction ; owl:onProperty def:size ; owl:hasValue 1.50 ] ."
    )
    assert changes(axioms, "", inserts=":a def:size 1.5 .") == Patch.of(inserts=inferred(":a a def:Fixed ."))
    assert changes(axioms, ":b a def:Fixed .", ":b a def:Fixed .") == Patch.of(inferred(":b def:size 1.5 ."))


def test_too_much_is_given_up_with_nothing_changed():
    ontology = graph(TRANSITIVE)
    links = {(URIRef(f"urn:{n}"), DEF.partOf, URIRef(f"urn:{n + 1}"), GRAPH["one"]) for n in range(20)}
    engine = engine_with(ontology, links)
    before = set(engine.triples(DEFAULT))
    with pytest.raises(TooMuchFollows) as given_up:
        Derivation(ontology, max_rows=100).changes(engine, Patch.of(links))
    assert str(given_up.value) == "Too much follows from this change to find it step by step."
    assert set(engine.triples(DEFAULT)) == before


def test_an_axiom_changes_the_rules_and_a_label_does_not():
    ontology = graph(CLASSES)
    engine = engine_with(ontology, quads(f"GRAPH graph:ontology {{ {CLASSES} }}"))
    derivation = Derivation(ontology)
    label = (DEF.A, SKOS.prefLabel, Literal("A", lang="en"))
    assert derivation.changes(engine, Patch.of(inserts={(*label, GRAPH["ontology"])})) == Patch()
    axiom = (DEF.A, RDFS.subClassOf, DEF.B)
    assert derivation.changes(engine, Patch.of(inserts={(*axiom, GRAPH["one"])})) == Patch()
    with pytest.raises(RulesChange) as refused:
        derivation.changes(engine, Patch.of({(*axiom, GRAPH["ontology"])}))
    assert str(refused.value) == "The ontology changes, so all that follows has to be derived anew."
    assert isinstance(refused.value, TooMuchFollows)


def test_what_follows_is_not_edited():
    with pytest.raises(NotAllowed) as refused:
        Derivation(graph(CLASSES)).changes(
            OxigraphEngine.in_memory(), Patch.of(inserts=inferred(":a a def:A ."))
        )
    assert str(refused.value) == "What follows from the data is not edited; change what it follows from."


def test_an_axiom_without_a_rule_is_refused():
    with pytest.raises(UnsupportedAxiom):
        Derivation(graph("def:A owl:hasKey ( def:partOf ) ."))


def test_the_rules_of_the_store_are_those_of_the_shipped_files():
    engine = OxigraphEngine.in_memory()
    shipped = stand_ins(load_ontology() + load_alignment())
    engine.apply(Patch.of(inserts=normal_form((*triple, GRAPH["ontology"]) for triple in shipped)), 1)
    assert rules(ontology_of(engine)) == rules(load_ontology())


def edits_of(engine: OxigraphEngine):
    """Edits of the shipped data as people make them, each on it as shipped: (what, deletes, inserts)."""

    def of(graph_name: URIRef, predicate: URIRef | None = None) -> list:
        verb = predicate and to_oxigraph(predicate)
        found = engine.store.quads_for_pattern(None, verb, None, to_graph_name(graph_name))
        triples = (tuple(map(to_rdflib, (each.subject, each.predicate, each.object))) for each in found)
        return sorted(((*triple, graph_name) for triple in triples), key=lambda quad: tuple(map(str, quad)))

    triples = of(GRAPH["source/partnerships"])
    memberships = [quad[0] for quad in triples if quad[1] == DEF.member]
    partnerships = [quad[0] for quad in triples if quad[1] == DEF.hasMembership]
    seats = [quad for quad in triples if quad[1] == DEF.locatedIn]
    parts = of(GRAPH["source/nuts"], DEF.partOfTerritory)
    new, edits = URIRef("https://w3id.org/regiolink/id/membership/new"), GRAPH["edits"]
    yield "a membership goes", {quad for quad in triples if quad[0] == memberships[5]}, set()
    yield "a partnership goes", {quad for quad in triples if quad[0] == partnerships[0]}, set()
    yield (
        "a membership comes",
        set(),
        {
            (partnerships[0], DEF.hasMembership, new, edits),
            (new, DEF.member, seats[0][0], edits),
            (new, DEF.memberRole, term("role", "partner"), edits),
        },
    )
    yield "a seat moves", {seats[0]}, {(*seats[0][:2], seats[-1][2], edits)}
    yield "a region goes elsewhere", {parts[0]}, {(*parts[0][:2], parts[-1][2], edits)}
    types = of(INFERRED, RDF.type)[::500]
    yield "types are stated that followed", set(), {(*quad[:3], edits) for quad in types}
    mixed = random.Random(1).sample(triples, 40)
    yield "many at once", set(mixed), {(*quad[:3], GRAPH["moved"]) for quad in mixed[::4]}


def test_realistic_edits_of_the_shipped_data_and_taking_them_back():
    ontology, engine = load_ontology(), OxigraphEngine.in_memory()
    derivation = Derivation(ontology)
    fill(engine)
    infer(engine, ontology)
    at_first = merge_of(engine)
    edits = [(what, Patch.of(deletes, inserts)) for what, deletes, inserts in edits_of(engine)]

    made = []
    for what, patch in edits:
        patch = patch.effective(engine.holds(patch.deletes | patch.inserts))
        derived = derivation.changes(engine, patch)
        assert derived, what
        engine.apply(joined(patch, derived), engine.revision() + 1)
        made.append((what, patch, derived))
    assert_as_derived_anew(engine, ontology)

    for what, patch, derived in reversed(made):
        back = derivation.changes(engine, patch.inverse())
        assert back == derived.inverse(), what
        engine.apply(joined(patch.inverse(), back), engine.revision() + 1)
    assert merge_of(engine) == at_first

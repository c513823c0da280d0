"""Tests of kb/delta.py and of the engine in a plain store: RDF 1.2, and blank nodes that are some."""

import pyoxigraph as ox
import pytest
from rdflib import URIRef

from kb.delta import delta
from kb.engine.answers import ask
from kb.engine.contract import DEFAULT, DefaultGraph
from kb.engine.oxigraph import OxigraphEngine
from kb.engine.oxigraph_terms import to_rdflib
from kb.normal_form import normal_form
from kb.patch import Patch
from kb.terms import GENID

PREFIXES = f"PREFIX : <https://example.org/> PREFIX genid: <{GENID}>\n"
NODE = f"{GENID}0a"
HELD = """
    :ann :knows genid:0a . genid:0a :name "Bob"@en--ltr .
    genid:0b rdf:reifies <<( :ann :age 1 )>> , <<( :ann :knows genid:0a )>> .
    :g1 { genid:0a :age 2 }
"""


def quads(trig):
    """The quads of a TriG text in normal form; those outside a graph are in the default graph."""
    text = "PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>\n" + PREFIXES + trig
    found = []
    for quad in ox.parse(text, ox.RdfFormat.TRIG):
        graph = DEFAULT if quad.graph_name == ox.DefaultGraph() else to_rdflib(quad.graph_name)
        found.append((to_rdflib(quad.subject), to_rdflib(quad.predicate), to_rdflib(quad.object), graph))
    return set(normal_form(found, rdf12=True))


def everything(engine):
    names = {*engine.graph_names(), DEFAULT}
    return {(*triple, name) for name in names for triple in engine.triples(name)}


def rows(engine, text):
    """The solutions of a SELECT, sorted, as N-Triples has their terms."""
    return sorted([str(term) for term in row] for row in engine.store.query(PREFIXES + text))


@pytest.fixture(params=["memory", "disk"])
def engine(request, tmp_path):
    """What HELD says, in an engine whose default graph is one of its own."""
    own = DefaultGraph.OWN
    made = (
        OxigraphEngine.in_memory(own)
        if request.param == "memory"
        else OxigraphEngine.in_folder(tmp_path / "store", own)
    )
    made.apply(Patch.of(inserts=quads(HELD)), 1)
    return made


MEANINGS = {
    "a triple term": ("INSERT DATA { :a :b <<( :a :b 01 )>> }", "", ":a :b <<( :a :b 1 )>> ."),
    "a text with a direction": ("INSERT DATA { :a :b 'x'@EN--rtl }", "", ":a :b 'x'@en--rtl ."),
    "a reified triple with a name": (
        "INSERT DATA { << :a :b :c ~ :r >> :d :e }",
        "",
        ":r rdf:reifies <<( :a :b :c )>> ; :d :e .",
    ),
    "an annotation with a name, and a version": (
        "VERSION '1.2' INSERT DATA { :a :b :c ~ :r {| :d :e |} }",
        "",
        ":a :b :c . :r rdf:reifies <<( :a :b :c )>> ; :d :e .",
    ),
    "what is there is not inserted again": (
        "INSERT DATA { genid:0b <http://www.w3.org/1999/02/22-rdf-syntax-ns#reifies> <<( :ann :age 01 )>> }",
        "",
        "",
    ),
    "a triple term is deleted": (
        "DELETE DATA { genid:0b <http://www.w3.org/1999/02/22-rdf-syntax-ns#reifies> <<( :ann :age 1 )>> }",
        "genid:0b rdf:reifies <<( :ann :age 1 )>> .",
        "",
    ),
    "variables in triple terms of templates": (
        "DELETE { ?r ?p <<( ?s :age ?o )>> } INSERT { ?r ?p <<( ?s :age <<( ?s ?p ?o )>> )>> } "
        "WHERE { ?r ?p <<( ?s :age ?o )>> }",
        "genid:0b rdf:reifies <<( :ann :age 1 )>> .",
        "genid:0b rdf:reifies <<( :ann :age <<( :ann rdf:reifies 1 )>> )>> .",
    ),
    "what would be no triple is left out": (
        "INSERT { :a :b <<( ?o :b :c )>> , <<( :b ?o :c )>> , <<( :b :c ?none )>> , <<( :b :c ?o )>> } "
        "WHERE { ?r ?p <<( ?s :age ?o )>> }",
        "",
        ":a :b <<( :b :c 1 )>> .",
    ),
    "a pattern of reified triples": (
        "INSERT { ?r :found ?o } WHERE { << :ann ?p ?o ~ ?r >> ?q ?t }",
        "",
        "genid:0b :found 1 , genid:0a .",
    ),
    "a blank node of data that is found stays the same": (
        "INSERT { ?x :seen true } WHERE { ?x :name ?name FILTER(isBlank(?x)) }",
        "",
        "genid:0a :seen true .",
    ),
    "a blank node that is found is deleted, in a triple term too": (
        "DELETE { ?s ?p ?o . ?x :name ?name } WHERE { ?x :name ?name . :ann :knows ?x . ?s ?p ?o "
        "FILTER(isTRIPLE(?o) && OBJECT(?o) = ?x) }",
        "genid:0a :name 'Bob'@en--ltr . genid:0b rdf:reifies <<( :ann :knows genid:0a )>> .",
        "",
    ),
    "a blank node of an earlier operation is one in a later one": (
        "DELETE { ?x :name ?name } WHERE { ?x :name ?name } ; INSERT { :n :blank ?x } WHERE "
        "{ :ann :knows ?x FILTER(isBlank(?x)) FILTER NOT EXISTS { ?x :name ?name } }",
        "genid:0a :name 'Bob'@en--ltr .",
        ":n :blank genid:0a .",
    ),
    "a graph is copied with its blank nodes": ("COPY :g1 TO :g2", "", ":g2 { genid:0a :age 2 }"),
    "all is dropped": ("DROP ALL", HELD, ""),
}


@pytest.mark.parametrize("name", MEANINGS)
def test_an_update_means_a_patch_and_the_patch_makes_it_so(engine, name):
    text, deletes, inserts = MEANINGS[name]
    before = everything(engine)
    patch = delta(engine, PREFIXES + text).patch
    assert patch == Patch.of(quads(deletes), quads(inserts))
    assert (before, everything(engine)) == (quads(HELD), quads(HELD))
    engine.apply(patch, 2)
    assert everything(engine) == patch.apply(before)
    engine.apply(patch.inverse(), 3)
    assert everything(engine) == before


def test_a_new_blank_node_gets_one_address_in_all_of_its_places(engine):
    patch = delta(engine, PREFIXES + "INSERT DATA { :x :p _:b , <<( _:b :p _:b )>> . _:b :q 1 }").patch
    (node,) = {quad[0] for quad in patch.inserts if quad[0].startswith(GENID)}
    local = node.removeprefix(GENID)
    assert patch == Patch.of(
        inserts=quads(f":x :p genid:{local} , <<( genid:{local} :p genid:{local} )>> . genid:{local} :q 1 .")
    )


def test_a_reifier_without_a_name_is_another_one_for_each_solution(engine):
    text = "INSERT { << :a :b ?o >> :c :d } WHERE { VALUES ?o { 1 2 } }"
    patch = delta(engine, PREFIXES + text).patch
    reifiers = {quad[0] for quad in patch.inserts}
    assert (len(reifiers), len(patch.inserts)) == (2, 4)
    assert all(reifier.startswith(GENID) for reifier in reifiers)


@pytest.mark.parametrize("label", ["", "'0a'", "'genid'", "MD5('0a')"])
def test_a_blank_node_made_in_the_pattern_is_none_that_is_stored(engine, label):
    text = f"INSERT {{ ?b :p ?b , <<( ?b :p 1 )>> }} WHERE {{ BIND(BNODE({label}) AS ?b) }}"
    first, second = (delta(engine, PREFIXES + text).patch for _ in range(2))
    (one,), (other,) = ({quad[0] for quad in patch.inserts} for patch in (first, second))
    assert len({one, other, URIRef(NODE)}) == 3 and len(first.inserts) == 2
    engine.apply(first, 2)
    assert rows(engine, "SELECT * { ?b :p ?c FILTER(isBlank(?b) && ?b = ?c) }") == [
        [f"_:genid{one.removeprefix(GENID)}"] * 2
    ]


def test_readers_see_blank_nodes_where_patches_have_addresses(engine):
    assert rows(engine, "SELECT ?s ?o { ?s :knows ?o FILTER(isBlank(?o)) }") == [
        ["<https://example.org/ann>", "_:genid0a"]
    ]
    assert rows(engine, "SELECT ?g ?s { GRAPH ?g { ?s ?p ?o } }") == [
        ["<https://example.org/g1>", "_:genid0a"]
    ]
    assert rows(engine, "SELECT (OBJECT(?t) AS ?x) { ?r ?p ?t FILTER(isTRIPLE(?t)) }") == [
        ['"1"^^<http://www.w3.org/2001/XMLSchema#integer>'],
        ["_:genid0a"],
    ]
    assert ask(engine, f"SELECT * {{ ?s ?p <{NODE}> }}").is_empty() is not False


def test_the_engine_is_asked_by_addresses(engine):
    age = (URIRef(NODE), URIRef("https://example.org/age"))
    ((*triple, graph),) = quads(":g1 { genid:0a :age 2 }")
    assert list(engine.triples(graph, URIRef(NODE))) == [tuple(triple)]
    assert engine.graphs_with(tuple(triple)) == {graph}
    assert engine.holds([(*triple, graph), (*triple, DEFAULT)]) == {(*triple, graph)}
    assert tuple(triple[:2]) == age


def test_an_iri_that_stands_in_for_no_blank_node_of_ours_stays_one():
    engine = OxigraphEngine.in_memory(DefaultGraph.OWN)
    held = quads("genid:NodeOne :p genid:a-b . genid:0af :p genid:0123456789abcdef0123456789abcdef0 .")
    engine.apply(Patch.of(inserts=held), 1)
    assert everything(engine) == held
    assert rows(engine, "SELECT ?s { ?s ?p ?o }") == [[f"<{GENID}NodeOne>"], ["_:genid0af"]]


def test_many_blank_nodes_come_and_go_at_once():
    engine = OxigraphEngine.in_memory(DefaultGraph.OWN)
    held = quads("".join(f"genid:{n:x} :p genid:{n + 1:x} , {n} .\n" for n in range(1_500)))
    engine.apply(Patch.of(inserts=held), 1)
    assert everything(engine) == held
    engine.apply_in_bulk(Patch.of(deletes=held), 2)
    assert (everything(engine), engine.size()) == (set(), 0)


def test_in_the_merge_the_addresses_are_iris():
    engine = OxigraphEngine.in_memory()
    engine.apply(Patch.of(inserts=quads(":g1 { genid:0a :age 2 }")), 1)
    assert rows(engine, "SELECT ?s { ?s ?p ?o }") == [[f"<{NODE}>"]]

"""Tests of kb/delta.py: what an update means, as the whole patch."""

from dataclasses import replace

import pyoxigraph as ox
import pytest
from rdflib import URIRef

from kb.delta import UnknownGraph, delta
from kb.engine.contract import DEFAULT, BadTerm, DefaultGraph, QuerySyntaxError
from kb.engine.oxigraph import OxigraphEngine
from kb.engine.oxigraph_terms import to_rdflib
from kb.errors import FolderUnusable, NotAllowed, NotUnderstood, TooLarge
from kb.intent import SparqlUpdate
from kb.normal_form import normal_form
from kb.patch import Patch
from kb.pending import Origin
from kb.sparql_text import Limits
from kb.terms import GENID, GRAPH

EX = "https://example.org/"
PREFIXES = f"PREFIX : <https://example.org/> PREFIX graph: <{GRAPH}>\n"
HELD = """
    :g1 { :ann :age 1 ; :name "Ann" . :bob :age 2 }
    :g2 { :ann :age 1 . :bob :name "Bob"@en }
    graph:history { :ann :age 1 ; :note 'received' }
    graph:inferred { :ann a :Person }
"""


def quads(trig):
    """The quads of a TriG text in normal form; those outside a graph are in the default graph."""
    found = []
    for quad in ox.parse(PREFIXES + trig, ox.RdfFormat.TRIG):
        graph = DEFAULT if quad.graph_name == ox.DefaultGraph() else to_rdflib(quad.graph_name)
        found.append((to_rdflib(quad.subject), to_rdflib(quad.predicate), to_rdflib(quad.object), graph))
    return set(normal_form(found))


def everything(engine):
    names = {*engine.graph_names(), DEFAULT}
    return {(*triple, name) for name in names for triple in engine.triples(name)}


@pytest.fixture(params=["memory", "disk"])
def engine(request, tmp_path):
    """What HELD says, in an engine whose default graph is the merge."""
    made = (
        OxigraphEngine.in_memory()
        if request.param == "memory"
        else OxigraphEngine.in_folder(tmp_path / "store")
    )
    made.apply(Patch.of(inserts=quads(HELD)), 1)
    return made


# -- where the default graph is the merge --------------------------------------------------------------------

MEANINGS = {
    "data without a graph goes to graph/edits": (
        "INSERT DATA { :eve :age 03 }",
        "",
        "graph:edits { :eve :age 3 }",
    ),
    "data is stated again where another graph states it": (
        "INSERT DATA { :bob :age 2 }",
        "",
        "graph:edits { :bob :age 2 }",
    ),
    "what is there is not inserted": ("INSERT DATA { GRAPH :g1 { :bob :age 2 } }", "", ""),
    "what is deleted without a graph leaves every graph that people state it in": (
        "DELETE DATA { :ann :age 1 }",
        ":g1 { :ann :age 1 } :g2 { :ann :age 1 }",
        "",
    ),
    "what is deleted in one graph stays in the others": (
        "DELETE DATA { GRAPH :g2 { :ann :age 1 ; :name 'Ann' } }",
        ":g2 { :ann :age 1 }",
        "",
    ),
    "what is inferred is not deleted without its graph": ("DELETE DATA { :ann a :Person }", "", ""),
    "receipts are not read without their graph": (
        "INSERT { :x :sees ?g } WHERE { GRAPH ?g { :ann :age 1 } }",
        "",
        "graph:edits { :x :sees :g1, :g2, graph:history }",
    ),
    "a pattern without a graph reads the merge, each triple once": (
        "INSERT { :all :count ?n } WHERE { SELECT (COUNT(*) AS ?n) { ?s ?p ?o } }",
        "",
        "graph:edits { :all :count 5 }",
    ),
    "a change of a value": (
        "DELETE { ?who :age ?age } INSERT { ?who :age ?next } "
        "WHERE { ?who :age ?age BIND(?age + 1 AS ?next) }",
        ":g1 { :ann :age 1 . :bob :age 2 } :g2 { :ann :age 1 }",
        "graph:edits { :ann :age 2 . :bob :age 3 }",
    ),
    "what is deleted and inserted again stays where it is": (
        "DELETE { ?s :age ?o } INSERT { ?s :age ?o . ?s :age 9 } WHERE { ?s :age ?o }",
        "",
        "graph:edits { :ann :age 9 . :bob :age 9 }",
    ),
    "what an earlier operation deleted is not there to stay": (
        "DELETE DATA { GRAPH :g1 { :bob :age 2 } } ; DELETE { :bob :age 2 } INSERT { :bob :age 2 } WHERE {}",
        ":g1 { :bob :age 2 }",
        "graph:edits { :bob :age 2 }",
    ),
    "what is deleted and inserted, and is nowhere, is inserted": (
        "DELETE { :eve :age 3 } INSERT { :eve :age 3 } WHERE {}",
        "",
        "graph:edits { :eve :age 3 }",
    ),
    "with a graph, in a later operation": (
        """INSERT DATA { GRAPH :g2 { :eve :age 3 } } ;
        WITH :g2 DELETE { ?s :age ?o } INSERT { ?s :years ?o } WHERE { ?s :age ?o } ;
        WITH :g2 INSERT { ?s :in :g1 } USING :g1 WHERE { ?s :age ?o }""",
        ":g2 { :ann :age 1 }",
        ":g2 { :ann :years 1 ; :in :g1 . :eve :years 3 . :bob :in :g1 }",
    ),
    "with a graph, templates and pattern are about that graph": (
        "WITH :g2 DELETE { ?s :age ?o } INSERT { ?s :years ?o } WHERE { ?s :age ?o }",
        ":g2 { :ann :age 1 }",
        ":g2 { :ann :years 1 }",
    ),
    "with a graph, other graphs can be named": (
        "WITH :g2 INSERT { GRAPH :g3 { ?s :is ?n } } WHERE { ?s :age ?o GRAPH :g1 { ?s :name ?n } }",
        "",
        ":g3 { :ann :is 'Ann' }",
    ),
    "using a graph, the pattern is about that graph and the template is not": (
        "DELETE { ?s :age ?o } USING :g2 WHERE { ?s :age ?o }",
        ":g1 { :ann :age 1 } :g2 { :ann :age 1 }",
        "",
    ),
    "using takes precedence over with in the pattern": (
        "WITH :g2 INSERT { ?s :years ?o } USING :g1 USING NAMED :g2 "
        "WHERE { ?s :age ?o GRAPH ?g { ?s :name ?n } }",
        "",
        ":g2 { :bob :years 2 }",
    ),
    "a graph variable in templates": (
        "DELETE { GRAPH ?g { ?s :age 1 } } INSERT { GRAPH ?g { ?s :age 5 } } "
        "WHERE { GRAPH ?g { ?s :age 1 ; :name ?n } }",
        ":g1 { :ann :age 1 }",
        ":g1 { :ann :age 5 }",
    ),
    "delete where": ("DELETE WHERE { :bob ?p ?o }", ":g1 { :bob :age 2 } :g2 { :bob :name 'Bob'@en }", ""),
    "delete where in a graph": (
        "DELETE WHERE { GRAPH :g1 { :bob ?p ?o } }",
        ":g1 { :bob :age 2 }",
        "",
    ),
    "an unbound variable leaves its triple out": (
        "INSERT { ?s :is ?n ; :was ?none } "
        "WHERE { ?s :age 2 OPTIONAL { ?s :nick ?none } OPTIONAL { ?s :name ?n } }",
        "",
        "graph:edits { :bob :is 'Bob'@en }",
    ),
    "what would be no triple is left out": (
        "INSERT { ?n :p 1 . ?s ?n 2 . GRAPH ?n { ?s :p 3 } } WHERE { ?s :name ?n }",
        "",
        "",
    ),
    "a template without variables, once for any number of solutions": (
        "INSERT { :some :are :here } WHERE { ?s ?p ?o }",
        "",
        "graph:edits { :some :are :here }",
    ),
    "no solution, no change": ("INSERT { :some :are :here } WHERE { ?s :nope ?o }", "", ""),
    "each operation sees those before it": (
        """INSERT DATA { GRAPH :g3 { :eve :age 3 } } ;
        PREFIX new: <https://example.org/> DELETE { GRAPH ?g { ?s :age 1 } } INSERT { ?s new:n ?n }
        WHERE { GRAPH ?g { ?s :age 1 } { SELECT (COUNT(*) AS ?n) { ?x :age ?y } } } ;
        INSERT { :ages :are ?age } WHERE { ?s :age ?age }""",
        ":g1 { :ann :age 1 } :g2 { :ann :age 1 } graph:history { :ann :age 1 }",
        ":g3 { :eve :age 3 } graph:edits { :ann :n 3 . :ages :are 2, 3 }",
    ),
    "what is inserted and deleted again is no change": (
        "INSERT DATA { :eve :age 3 } ; DELETE WHERE { :eve ?p ?o }",
        "",
        "",
    ),
    "what is deleted and inserted again in its graph is no change": (
        "DELETE WHERE { GRAPH :g1 { ?s ?p ?o } } ; "
        "INSERT DATA { GRAPH :g1 { :ann :age 1 ; :name 'Ann' . :bob :age 2 } }",
        "",
        "",
    ),
    "a prefix can change its meaning": (
        "PREFIX x: <https://example.org/> INSERT DATA { x:a x:p 1 } ; "
        "PREFIX x: <urn:x:> INSERT DATA { x:a x:p x:b }",
        "",
        "graph:edits { :a :p 1 . <urn:x:a> <urn:x:p> <urn:x:b> }",
    ),
    "a base holds for what follows": (
        "BASE <urn:one> INSERT DATA { <urn:s> <#p> <> } ; "
        "BASE <https://example.org/x/> INSERT DATA { <../a> <b> </c> }",
        "",
        "graph:edits { <urn:s> <urn:one#p> <urn:one> . :a <https://example.org/x/b> :c }",
    ),
    "clear a graph": ("CLEAR GRAPH :g1", ":g1 { :ann :age 1 ; :name 'Ann' . :bob :age 2 }", ""),
    "drop what is not there, in silence": ("DROP SILENT GRAPH :g9", "", ""),
    "clear all graphs but those that the engine writes": (
        "CLEAR ALL",
        ":g1 { :ann :age 1 ; :name 'Ann' . :bob :age 2 } :g2 { :ann :age 1 . :bob :name 'Bob'@en }",
        "",
    ),
    "drop all named graphs but those that the engine writes": (
        "DROP NAMED",
        ":g1 { :ann :age 1 ; :name 'Ann' . :bob :age 2 } :g2 { :ann :age 1 . :bob :name 'Bob'@en }",
        "",
    ),
    "a graph that was cleared can be cleared again": (
        "CLEAR GRAPH :g2 ; CLEAR GRAPH :g2",
        ":g2 { :ann :age 1 . :bob :name 'Bob'@en }",
        "",
    ),
    "create changes nothing, and lets the graph be cleared": ("CREATE GRAPH :g9 ; CLEAR GRAPH :g9", "", ""),
    "create what there is": (
        "CREATE GRAPH :g1 ; CREATE GRAPH :g1 ; CREATE GRAPH :g9 ; CREATE GRAPH :g9",
        "",
        "",
    ),
    "truth values in capitals": (
        "INSERT DATA { :a :p TRUE } ; INSERT { :b :p ?x , False } WHERE { :a :p ?x FILTER(?x = TRUE) }",
        "",
        "graph:edits { :a :p true . :b :p true , false }",
    ),
    "load nothing, in silence": ("LOAD SILENT <file:///etc/passwd> INTO GRAPH :g1", "", ""),
    "names of graphs are those of people's graphs": (
        "INSERT DATA { GRAPH :g1 { :a :p 1 } } ; "
        "INSERT { GRAPH :all { :it :names ?g } } WHERE { GRAPH ?g { :ann (:none*)|(:none?) :ann } }",
        "",
        ":g1 { :a :p 1 } :all { :it :names :g1 , :g2 , graph:history , graph:inferred }",
    ),
    "add": ("ADD :g2 TO :g1", "", ":g1 { :bob :name 'Bob'@en }"),
    "copy": (
        "COPY GRAPH :g2 TO GRAPH :g1",
        ":g1 { :ann :name 'Ann' . :bob :age 2 }",
        ":g1 { :bob :name 'Bob'@en }",
    ),
    "move": (
        "MOVE :g2 TO :g3",
        ":g2 { :ann :age 1 . :bob :name 'Bob'@en }",
        ":g3 { :ann :age 1 . :bob :name 'Bob'@en }",
    ),
    "move after a change": (
        """DELETE DATA { GRAPH :g2 { :ann :age 1 } } ; INSERT DATA { GRAPH :g2 { :eve :age 3 } } ;
        MOVE :g2 TO :g3""",
        ":g2 { :ann :age 1 . :bob :name 'Bob'@en }",
        ":g3 { :eve :age 3 . :bob :name 'Bob'@en }",
    ),
    "move a graph to itself": ("MOVE :g2 TO :g2", "", ""),
    "add the merge to a graph": (
        "ADD DEFAULT TO :g2",
        "",
        ":g2 { :ann :name 'Ann' ; a :Person . :bob :age 2 }",
    ),
    "add a graph to what no graph is named for": (
        "ADD :g2 TO DEFAULT",
        "",
        "graph:edits { :ann :age 1 . :bob :name 'Bob'@en }",
    ),
    "copy to what no graph is named for, twice": (
        "COPY :g1 TO DEFAULT ; COPY :g2 TO DEFAULT",
        "",
        "graph:edits { :ann :age 1 . :bob :name 'Bob'@en }",
    ),
    "move from what no graph is named for to itself": (
        "INSERT DATA { :a :p 1 } ; MOVE graph:edits TO DEFAULT",
        "",
        "graph:edits { :a :p 1 }",
    ),
    "the default graph to itself": ("COPY DEFAULT TO DEFAULT ; ADD DEFAULT TO DEFAULT", "", ""),
    "nothing from nowhere, in silence": ("COPY SILENT :g9 TO :g1 ; MOVE SILENT :g9 TO :g2", "", ""),
    "no operation": ("# nothing", "", ""),
    "literals of equal value are one": (
        "DELETE DATA { :ann :age 01 , 1.0 } ; INSERT DATA { GRAPH :g2 { :bob :name 'Bob'@EN } }",
        ":g1 { :ann :age 1 } :g2 { :ann :age 1 }",
        "",
    ),
}


@pytest.mark.parametrize("name", MEANINGS)
def test_an_update_means_a_patch(engine, name):
    text, deletes, inserts = MEANINGS[name]
    before = everything(engine)
    meant = delta(engine, PREFIXES + text)
    assert meant.patch == Patch.of(quads(deletes), quads(inserts))
    assert (everything(engine), engine.revision(), meant.patch.made_from) == (before, 1, 1)
    assert set(meant.origins) == meant.patch.deletes | meant.patch.inserts


def test_each_quad_tells_the_operation_that_it_comes_from(engine):
    text = """INSERT DATA { GRAPH :g1 { :a :p 1 , 2 } } ;

        DELETE DATA { GRAPH :g1 { :a :p 2 . :bob :age 2 } } ;
        INSERT DATA { GRAPH :g1 { :a :p 1 } }"""
    assert delta(engine, PREFIXES + text).origins == {
        **dict.fromkeys(quads(":g1 { :a :p 1 }"), Origin(1, 2)),
        **dict.fromkeys(quads(":g1 { :bob :age 2 }"), Origin(2, 4)),
    }


def test_a_blank_node_of_data_gets_one_new_address(engine):
    text = PREFIXES + "INSERT DATA { GRAPH :g1 { :ann :knows _:x . _:x :age 4 } GRAPH :g2 { _:x :age 4 } }"
    first, second = (delta(engine, text).patch.inserts for _ in range(2))
    (node,) = {quad[0] for quad in first if quad[0].startswith(GENID)}
    assert first == {
        (
            URIRef("https://example.org/ann"),
            URIRef("https://example.org/knows"),
            node,
            URIRef("https://example.org/g1"),
        ),
        *((node, *rest) for _, *rest in quads(":g1 { :x :age 4 } :g2 { :x :age 4 }")),
    }
    assert not first & {quad for quad in second if node in quad}


def test_a_blank_node_of_a_template_is_another_one_for_each_solution(engine):
    text = (
        "INSERT { GRAPH :g3 { ?s :has _:x . _:x :age ?o ; :of [ :p 1 ] } } WHERE { GRAPH ?g { ?s :age ?o } }"
    )
    inserts = delta(engine, PREFIXES + text).patch.inserts
    nodes = {quad[0] for quad in inserts if quad[0].startswith(GENID)}
    # Ann's age stands in three graphs and Bob's in one: four solutions of two blank nodes each.
    assert (len(nodes), len(inserts)) == (8, 16)


def test_a_blank_node_made_in_the_pattern_is_new_for_each_solution(engine):
    text = "INSERT { GRAPH :g3 { ?s :has ?new } } WHERE { ?s :age ?o BIND(BNODE() AS ?new) }"
    inserts = delta(engine, PREFIXES + text).patch.inserts
    assert sorted(quad[0].rpartition("/")[2] for quad in inserts) == ["ann", "bob"]
    assert len({quad[2] for quad in inserts if quad[2].startswith(GENID)}) == 2


def with_a_blank_node():
    engine = OxigraphEngine.in_memory()
    name = ox.NamedNode("https://example.org/g1")
    engine.insert(iter([ox.Quad(ox.BlankNode("b"), name, ox.Literal("x"), name)]))
    return engine


def test_a_stored_triple_with_a_blank_node_is_copied_and_not_deleted():
    engine = with_a_blank_node()
    (copied,) = delta(engine, PREFIXES + "COPY :g1 TO :g2").patch.inserts
    assert copied[0].startswith(GENID)
    for text in ("CLEAR GRAPH :g1", "DELETE WHERE { ?s ?p 'x' }"):
        with pytest.raises(NotAllowed) as refused:
            delta(engine, PREFIXES + text)
        assert "holds a blank node there; it has no address to delete it by." in str(refused.value)


# -- where the default graph is one of its own ---------------------------------------------------------------

OWN = ":s :p 1 . :g1 { :s :p 2 }"
OWN_MEANINGS = {
    "data without a graph": ("INSERT DATA { :s :p 2 }", "", ":s :p 2 ."),
    "deleting without a graph": ("DELETE WHERE { ?s ?p ?o }", ":s :p 1 .", ""),
    "clear default": ("CLEAR DEFAULT", ":s :p 1 .", ""),
    "clear named": ("CLEAR NAMED", ":g1 { :s :p 2 }", ""),
    "drop all": ("DROP ALL", OWN, ""),
    "move to default": ("MOVE :g1 TO DEFAULT", OWN, ":s :p 2 ."),
    "move from default": ("MOVE DEFAULT TO :g1", ":s :p 1 . :g1 { :s :p 2 }", ":g1 { :s :p 1 }"),
    "insert and then drop all": ("INSERT DATA { :a :b :c } ; DROP ALL", OWN, ""),
}


@pytest.mark.parametrize("name", OWN_MEANINGS)
def test_a_default_graph_of_its_own_is_changed_like_any_graph(name):
    text, deletes, inserts = OWN_MEANINGS[name]
    engine = OxigraphEngine.in_memory(DefaultGraph.OWN)
    engine.apply(Patch.of(inserts=quads(OWN)), 1)
    assert delta(engine, PREFIXES + text).patch == Patch.of(quads(deletes), quads(inserts))
    assert everything(engine) == quads(OWN)


# -- refusals ------------------------------------------------------------------------------------------------

REFUSALS = [
    (
        "CLEAR DEFAULT",
        NotAllowed,
        "Operation 1 (line 2): the default graph is the merge of all graphs; "
        "name the graph to clear, as in CLEAR GRAPH <…>.",
    ),
    ("DROP SILENT DEFAULT", NotAllowed, "the default graph is the merge of all graphs"),
    ("MOVE DEFAULT TO :g1", NotAllowed, "the default graph is the merge of all graphs"),
    ("CLEAR GRAPH :g9", UnknownGraph, "Operation 1 (line 2): there is no graph https://example.org/g9."),
    (
        "INSERT DATA { GRAPH :g9 { :a :b 1 } } ;\nDROP GRAPH :g9 ; COPY :g9 TO :g1",
        UnknownGraph,
        "Operation 3 (line 3): there is no graph",
    ),
    ("DROP GRAPH :g1 ; DROP GRAPH :g1", UnknownGraph, "Operation 2 (line 2): there is no graph"),
    (
        "LOAD <https://example.org/x>",
        NotAllowed,
        "Line 2, column 1: LOAD is refused; no other server is asked from here.",
    ),
    ("LOAD SILENT <file:///etc/passwd> ; LOAD <file:///etc/passwd>", NotAllowed, "LOAD is refused"),
    (
        "INSERT { :a :b ?x } WHERE { SERVICE SILENT <https://example.org/x> { ?x ?y ?z } }",
        NotAllowed,
        "SERVICE is refused",
    ),
    (
        "INSERT DATA { << :a :b :c >> :d :e }",
        BadTerm,
        "Operation 1 (line 2): Triples about triples and base directions of text are of RDF 1.2; "
        "this knowledge base holds RDF 1.1.",
    ),
    ("INSERT { :a :b ?t } WHERE { BIND(TRIPLE(:a, :b, :c) AS ?t) }", BadTerm, "holds RDF 1.1"),
    ("INSERT DATA { :a :b 'x'@en--ltr }", BadTerm, "holds RDF 1.1"),
    ("DELETE { << :a :b :c >> :d :e } WHERE {}", QuerySyntaxError, "near line 2"),
    (
        f"INSERT DATA {{ :a :b {'<<( :a :b ' * 17} :c {')>>' * 17} }}",
        TooLarge,
        "More than 16 triple terms stand in each other.",
    ),
    (
        "INSERT DATA { :a :b 1 } ;\n  INSERT DATA { :a\n:b }",
        QuerySyntaxError,
        "The query does not parse near line 4, column 4",
    ),
    ("INSERT DATA { :a :b 1 } ; INSERT DATA { :a :b }", QuerySyntaxError, "near line 2, column 47"),
    ("INSERT DATA { :a :b 1 } INSERT DATA { :a :b 1 }", QuerySyntaxError, "near line 2, column 28"),
    ("DELETE { ?s :p _:b } WHERE { ?s :p 1 }", QuerySyntaxError, "near line 2"),
    ("DELETE DATA { _:b :p 1 }", QuerySyntaxError, "near line 2"),
    ("INSERT DATA { ?s :p 1 }", QuerySyntaxError, "near line 2"),
    (
        "SELECT * { ?s ?p ?o }",
        NotUnderstood,
        "Line 2, column 1: an operation begins with INSERT, DELETE, WITH, CLEAR",
    ),
    (
        "INSERT DATA { <a> :b 1 }",
        NotUnderstood,
        "Line 2, column 15: the IRI <a> is not absolute and no BASE is declared.",
    ),
    (
        "; INSERT DATA { :a :b 1 }",
        NotUnderstood,
        "Line 2, column 1: there is no operation before this semicolon.",
    ),
    (
        "INSERT DATA { :a :b _:x } ; INSERT DATA { :a :b _:x }",
        NotUnderstood,
        "Operation 2 (line 2): the blank node _:x is one of an earlier operation.",
    ),
    (
        "INSERT { :a :b ?x } WHERE { BIND(:unheard(1) AS ?x) }",
        NotUnderstood,
        "Operation 1 (line 2): the WHERE clause cannot be evaluated",
    ),
    (
        "INSERT DATA { :a :b 1 } ; INSERT { :a :b ?x } WHERE { BIND(:unheard(1) AS ?x) }",
        NotUnderstood,
        "Operation 2 (line 2): the WHERE clause cannot be evaluated",
    ),
    ("INSERT DATA { :a :b '\\uFFFE' }", NotAllowed, "is not accepted here"),
    (
        "INSERT DATA { :a :b 1 } ; INSERT DATA { GRAPH <urn:x-regiolink:revision-bit:5> { :a :b 1 } }",
        NotAllowed,
        "Operation 2 (line 2): the graph urn:x-regiolink:revision-bit:5 belongs to the engine.",
    ),
    ("COPY :g1 TO <urn:x-regiolink:default-graph>", NotAllowed, "belongs to the engine"),
    ("WITH <urn:x-regiolink:default-graph> INSERT { :a :b 1 } WHERE {}", NotAllowed, "belongs to the engine"),
]


@pytest.mark.parametrize(("text", "kind", "sentence"), REFUSALS)
def test_what_is_no_change_is_refused_in_a_sentence_and_changes_nothing(engine, text, kind, sentence):
    before = everything(engine)
    with pytest.raises(kind) as refused:
        delta(engine, PREFIXES + text)
    assert sentence in str(refused.value)
    assert (everything(engine), engine.revision()) == (before, 1)


def test_a_refused_literal_is_not_stated_again_but_can_be_deleted():
    engine, name = OxigraphEngine.in_memory(), ox.NamedNode("https://example.org/g1")
    engine.insert(iter([ox.Quad(name, name, ox.Literal("a\bb"), name)]))
    with pytest.raises(BadTerm) as refused:
        delta(engine, PREFIXES + "COPY :g1 TO :g2")
    assert str(refused.value) == (
        "Operation 1 (line 2): The text 'a\\x08b' holds the character U+0008, "
        "which no XML can hold; take it out."
    )
    assert len(delta(engine, PREFIXES + "CLEAR GRAPH :g1").patch.deletes) == 1


# -- what the protocol says besides the text -----------------------------------------------------------------

BESIDES = {
    "using-graph-uri is what patterns read": (
        SparqlUpdate("INSERT { GRAPH :g3 { ?s :old ?o } } WHERE { ?s :age ?o }", using=(f"{EX}g2",)),
        "",
        ":g3 { :ann :old 1 }",
    ),
    "using-named-graph-uri is what GRAPH finds": (
        SparqlUpdate(
            "INSERT { GRAPH :g3 { ?s :in ?g } } WHERE { GRAPH ?g { ?s :age ?o } }", using_named=(f"{EX}g2",)
        ),
        "",
        ":g3 { :ann :in :g2 }",
    ),
    "relative IRIs are resolved against the base": (
        SparqlUpdate("INSERT DATA { GRAPH <g3> { <a> <b> 1 } }", base=EX),
        "",
        ":g3 { :a :b 1 }",
    ),
    "a BASE in the text comes before it": (
        SparqlUpdate("BASE <https://example.org/> INSERT DATA { GRAPH <g3> { <a> <b> 1 } }", base="urn:x:"),
        "",
        ":g3 { :a :b 1 }",
    ),
    "one graph stands for the default graph": (
        SparqlUpdate(
            "DELETE { ?s :age ?o } INSERT { ?s :old ?o } WHERE { ?s :age ?o } ; INSERT DATA { :eve :age 3 } ;"
            "INSERT { ?s :seen 1 } WHERE { ?s :old 1 }",
            graph=f"{EX}g2",
        ),
        ":g2 { :ann :age 1 }",
        ":g2 { :ann :old 1 ; :seen 1 . :eve :age 3 }",
    ),
    "clearing the default graph clears that one graph": (
        SparqlUpdate("CLEAR DEFAULT", graph=f"{EX}g2"),
        ":g2 { :ann :age 1 . :bob :name 'Bob'@en }",
        "",
    ),
}


@pytest.mark.parametrize("name", BESIDES)
def test_the_protocol_says_what_is_read_and_changed(engine, name):
    request, deletes, inserts = BESIDES[name]
    asked = replace(request, text=PREFIXES + request.text)
    assert delta(engine, asked).patch == Patch.of(quads(deletes), quads(inserts))


@pytest.mark.parametrize(
    "text", ["WITH :g1 DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }", "INSERT { :a :b 1 } USING :g1 WHERE {}"]
)
def test_the_protocol_and_the_text_may_not_both_say_what_is_read(engine, text):
    with pytest.raises(NotUnderstood) as refused:
        delta(engine, SparqlUpdate(PREFIXES + text, using=(f"{EX}g2",)))
    assert "WITH and USING do not go together with using-graph-uri" in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { :x :y 1 } ;\nINSERT DATA { GRAPH :g1 { :x :y 1 } }",
        "INSERT DATA { :x :y 1 } ;\nCLEAR GRAPH :g1",
        "INSERT DATA { :x :y 1 } ;\nCOPY DEFAULT TO :g1",
        "INSERT DATA { :x :y 1 } ;\nCLEAR ALL",
    ],
)
def test_a_request_about_one_graph_changes_no_other_one(engine, text):
    with pytest.raises(NotAllowed) as refused:
        delta(engine, SparqlUpdate(PREFIXES + text, graph=f"{EX}g2"))
    assert f"Operation 2 (line 3): this request may only change the graph {EX}g2" in str(refused.value)


def test_a_request_about_a_default_graph_of_its_own_changes_no_named_graph():
    engine = OxigraphEngine.in_memory(DefaultGraph.OWN)
    engine.apply(Patch.of(inserts=quads(":a :b 1 . :g1 { :a :b 2 }")), 1)
    text = PREFIXES + "DELETE { ?s ?p 1 } INSERT { ?s ?p 3 } WHERE { ?s ?p 1 }"
    assert delta(engine, SparqlUpdate(text, graph=str(DEFAULT))).patch == Patch.of(
        quads(":a :b 1 ."), quads(":a :b 3 .")
    )
    with pytest.raises(NotAllowed):
        delta(engine, SparqlUpdate(PREFIXES + "CLEAR GRAPH :g1", graph=str(DEFAULT)))


# -- limits --------------------------------------------------------------------------------------------------

BOMBS = {
    "nested groups": ("INSERT { :a :b 1 } WHERE { " + "{" * 60 + "}" * 60 + " }", "more than 50 brackets"),
    "nested lists of data": ("INSERT DATA { :a :b " + "(" * 60 + ")" * 60 + " }", "more than 50 brackets"),
    "nested blank nodes of a template": (
        "INSERT { :a :b " + "[ :c " * 60 + "1" + "]" * 60 + " } WHERE {}",
        "more than 50 brackets",
    ),
    "many patterns": (
        "INSERT { :a :b 1 } WHERE { ?s :p 1 " + "; :p ?o " * 60 + "}",
        "more than 60 triple patterns",
    ),
    "many patterns in a later operation": (
        "INSERT DATA { :a :b 1 } ; DELETE WHERE { ?s :p 1 " + "; :p ?o " * 60 + "}",
        "more than 60 triple patterns",
    ),
    "a long path": ("INSERT { :a :b 1 } WHERE { ?s :p" + "/:p" * 80 + " ?o }", "more than"),
    "many operations": ("INSERT DATA {} ;" * 1_001, "more than 1000 operations"),
    "a long prologue": (
        "".join(f"PREFIX p{n}: <https://example.org/{n}> " for n in range(1_000)) + "INSERT DATA {}",
        "PREFIX and BASE have more than 32768 bytes",
    ),
    "many bytes": ("INSERT DATA {} #" + "x" * 1_100_000, "at most 1048576 are accepted"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_text_that_would_harm_the_engine_is_refused(name):
    text, sentence = BOMBS[name]
    with pytest.raises(TooLarge) as refused:
        delta(OxigraphEngine.in_memory(), PREFIXES + text)
    assert sentence in str(refused.value)


def test_each_pattern_of_a_request_is_weighed_by_itself(engine):
    text = " ; ".join("DELETE WHERE { ?s :nope 1 " + "; :p ?o " * 9 + "}" for _ in range(10))
    assert delta(engine, PREFIXES + text).patch == Patch()


def test_many_triples_of_data_and_templates_are_no_pattern(engine):
    triples = " . ".join(f":s{n} :p (1 2) , [ :q {n} ]" for n in range(100))
    text = f"INSERT DATA {{ {triples} }} ; INSERT {{ {triples} }} WHERE {{}}"
    assert len(delta(engine, PREFIXES + text, Limits(bytes=100_000)).patch) == 2 * 100 * 7


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("DELETE WHERE { ?s ?p ?o }", "Operation 1 (line 2): the pattern has more than 3 solutions."),
        (
            "INSERT DATA { :a :b :c } ; DELETE WHERE { ?s ?p ?o }",
            "Operation 2 (line 2): the pattern has more than 3 solutions.",
        ),
        ("INSERT DATA { :a :b 1, 2, 3, 4 }", "Operation 1 (line 2): the update changes more than 3 triples."),
        ("INSERT { ?s :p 1 ; :q 2 } WHERE { ?s :age ?o }", "the update changes more than 3 triples."),
        (
            "INSERT DATA { :a :b 1, 2 } ; INSERT DATA { :a :b 3, 4 }",
            "Operation 2 (line 2): the update changes more than 3 triples.",
        ),
        ("ADD DEFAULT TO :g9", "the update changes more than 3 triples."),
    ],
)
def test_an_update_that_changes_too_much_is_refused(engine, text, sentence):
    before = everything(engine)
    with pytest.raises(TooLarge) as refused:
        delta(engine, PREFIXES + text, max_quads=3)
    assert sentence in str(refused.value)
    assert everything(engine) == before


def test_a_thousand_quads_are_changed_and_changed_again(engine):
    data = " . ".join(f":s{n} :p {n}" for n in range(1_000))
    text = f"""INSERT DATA {{ GRAPH :g3 {{ {data} }} }} ;
        WITH :g3 DELETE {{ ?s :p ?n }} INSERT {{ ?s :p ?m }} WHERE {{ ?s :p ?n BIND(-?n AS ?m) }}"""
    expected = quads(":g3 { " + " . ".join(f":s{n} :p {-n}" for n in range(1_000)) + " }")
    meant = delta(engine, PREFIXES + text)
    assert meant.patch == Patch.of(inserts=expected)
    assert {origin.number for quad, origin in meant.origins.items() if str(quad[2]) != "0"} == {2}


def test_what_is_held_open_for_reading_tells_what_one_operation_means(tmp_path):
    made = OxigraphEngine.in_folder(tmp_path / "store")
    made.apply(Patch.of(inserts=quads(HELD)), 1)
    made.close()
    engine = OxigraphEngine.read_only(tmp_path / "store")
    single = "DELETE WHERE { GRAPH :g1 { :bob ?p ?o } }"
    assert delta(engine, PREFIXES + single).patch == Patch.of(quads(":g1 { :bob :age 2 }"))
    with pytest.raises(FolderUnusable, match="opened for reading only"):
        delta(engine, PREFIXES + f"{single} ; {single}")

"""The engine's contract, in memory and in a folder; and what is Oxigraph's own."""

import pytest
from rdflib import RDF, RDFS, Literal, URIRef

from kb.engine.contract import FileSyntaxError, QuerySyntaxError
from kb.engine.oxigraph import OxigraphEngine, read_quads
from kb.errors import FolderUnusable, NotUnderstood
from kb.terms import DEF, GRAPH, mint

LODZ = mint("region", "Łódzkie")
DATA = f"""
PREFIX def: <{DEF}>
PREFIX rdfs: <{RDFS}>
GRAPH <{GRAPH["a"]}> {{ <{LODZ}> a def:Region ; rdfs:label "Łódzkie"@pl }}
GRAPH <{GRAPH["b"]}> {{ <{LODZ}> a def:Region ; def:nutsLevel 2 }}
GRAPH <{GRAPH["history"]}> {{ <{LODZ}> rdfs:comment "a receipt" }}
""".encode()


@pytest.fixture(params=["memory", "folder"])
def engine(request, tmp_path):
    made = (
        OxigraphEngine.in_memory()
        if request.param == "memory"
        else OxigraphEngine.in_folder(tmp_path / "store")
    )
    made.insert(read_quads(DATA, "trig", "data.trig"))
    return made


def rows(engine, text):
    return sorted(engine.select(text), key=str)


def test_a_triple_of_two_graphs_counts_once_in_the_default_graph(engine):
    assert rows(engine, "SELECT ?s ?p ?o { ?s ?p ?o }") == sorted(
        [
            (LODZ, RDF.type, DEF.Region),
            (LODZ, RDFS.label, Literal("Łódzkie", lang="pl")),
            (LODZ, DEF.nutsLevel, Literal(2)),
        ],
        key=str,
    )
    assert engine.size() == 3


def test_history_is_read_by_name_and_is_not_in_the_default_graph(engine):
    assert engine.graph_names() == [GRAPH["a"], GRAPH["b"], GRAPH["history"]]
    assert rows(engine, f"SELECT ?o {{ GRAPH <{GRAPH['history']}> {{ ?s ?p ?o }} }}") == [
        (Literal("a receipt"),)
    ]


def test_single_triples_of_the_default_graph_are_looked_up_without_a_query(engine):
    of_lodz = {(LODZ, RDF.type, DEF.Region), (LODZ, DEF.nutsLevel, Literal(2))}
    lodz = Literal("Łódzkie", lang="pl")
    assert set(engine.matching(LODZ, None, None)) == {*of_lodz, (LODZ, RDFS.label, lodz)}
    assert list(engine.matching(None, RDF.type, DEF.Region)) == [(LODZ, RDF.type, DEF.Region)]
    assert list(engine.matching(None, None, lodz)) == [(LODZ, RDFS.label, lodz)]
    assert list(engine.matching(LODZ, RDF.type, lodz)) == []


def test_an_ask_and_a_construct_are_told_apart(engine):
    assert bool(engine.query("ASK { ?s ?p 2 }"))
    built = engine.query("CONSTRUCT { ?s ?s ?s } WHERE { ?s ?p ?o }")
    assert built.serialize("nt").decode() == f"<{LODZ}> <{LODZ}> <{LODZ}> .\n"


def test_an_update_is_seen_by_the_next_query(engine):
    engine.update(f"INSERT DATA {{ <{LODZ}> <{DEF.acronym}> 'LD' }}")
    assert rows(engine, f"SELECT ?o {{ ?s <{DEF.acronym}> ?o }}") == [(Literal("LD"),)]


def test_a_checkpoint_does_not_follow_later_changes(tmp_path):
    live = OxigraphEngine.in_folder(tmp_path / "live")
    live.insert(read_quads(DATA, "trig", "data.trig"))
    live.checkpoint(tmp_path / "then")
    live.update("DELETE WHERE { ?s ?p ?o }")
    assert (OxigraphEngine.read_only(tmp_path / "then").size(), live.size()) == (3, 0)


def test_a_folder_has_one_writer(tmp_path):
    first = OxigraphEngine.in_folder(tmp_path / "store")
    with pytest.raises(FolderUnusable, match="in use by another process"):
        OxigraphEngine.in_folder(tmp_path / "store")
    assert first.size() == 0


def test_a_syntax_error_in_a_query_says_where():
    with pytest.raises(QuerySyntaxError) as caught:
        OxigraphEngine.in_memory().query("SELECT *\nWHERE { ?s ?p }")
    assert (caught.value.line, caught.value.column) == (2, 16)


@pytest.mark.parametrize("query", ["SELECT (<urn:f>(1) AS ?y) {}", "ASK { FILTER(<urn:f>(1)) }"])
def test_a_function_that_does_not_exist_is_named(query):
    with pytest.raises(
        NotUnderstood, match="The query cannot be evaluated: The custom function <urn:f> is not"
    ):
        OxigraphEngine.in_memory().query(query)


def test_a_syntax_error_in_a_file_says_file_line_and_column():
    with pytest.raises(FileSyntaxError) as caught:
        list(read_quads(b"<a:b> <a:c> <a:d> .\n<a:b> <a:c> foo:x .", "ttl", "wrong.ttl", GRAPH["a"]))
    assert str(caught.value) == "wrong.ttl, line 2, column 13: The prefix foo: has not been declared."


@pytest.mark.parametrize(
    ("data", "form", "sentence"),
    [
        (b"<a:b> <a:c> <a:d> .", "ttl", "stands in no named graph"),
        (b"hello", "docx", r"the ending \.docx is not one of"),
        (b"<!DOCTYPE x><rdf:RDF/>", "rdf", "document type declaration"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(data, form, sentence):
    with pytest.raises(NotUnderstood, match=sentence):
        list(read_quads(data, form, "file"))


def test_literals_keep_their_lexical_form_on_the_way_out():
    engine = OxigraphEngine.in_memory()
    ((found,),) = engine.select('SELECT (STRDT("abc", <http://www.w3.org/2001/XMLSchema#integer>) AS ?x) {}')
    assert (str(found), found.datatype) == ("abc", URIRef("http://www.w3.org/2001/XMLSchema#integer"))

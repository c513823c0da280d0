"""Answers are written as they are found, in every form."""

import json

import pytest

from kb.engine.answers import GRAPH_FORMS, ask, holds, write_graph
from kb.engine.contract import DEFAULT, BadTerm, QuerySyntaxError
from kb.engine.oxigraph import OxigraphEngine, read_quads
from kb.errors import NotUnderstood
from kb.patch import Patch
from kb.terms import PREFIXES

DATA = b"""
GRAPH <urn:x:one> { <urn:x:a> <urn:x:p> 1 , 2 }
GRAPH <urn:x:two> { <urn:x:b> <urn:x:p> 3 }
"""
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"


class Written:
    """Takes what is written."""

    def __init__(self):
        self.parts = []

    def write(self, data):
        self.parts.append(bytes(data))
        return len(data)

    def flush(self):
        """Nothing is held back here."""


@pytest.fixture
def engine():
    made = OxigraphEngine.in_memory()
    made.insert(read_quads(DATA, "trig", "data.trig"))
    return made


def written(found, form):
    out = Written()
    found.write(form, out)
    return b"".join(out.parts).decode()


def test_solutions_a_truth_and_triples_are_told_apart(engine):
    texts = ("SELECT * { ?s ?p 1 }", "ASK { ?s ?p 1 }", "CONSTRUCT WHERE { ?s ?p 1 }", "DESCRIBE <urn:x:a>")
    assert [ask(engine, text).kind for text in texts] == ["solutions", "truth", "triples", "triples"]


def test_solutions_are_written_in_every_form(engine):
    text = "SELECT ?o { <urn:x:a> <urn:x:p> ?o } ORDER BY ?o"
    assert written(ask(engine, text), "csv") == "o\r\n1\r\n2\r\n"
    assert written(ask(engine, text), "tsv") == "?o\n1\n2\n"
    rows = json.loads(written(ask(engine, text), "json"))["results"]["bindings"]
    assert [row["o"]["value"] for row in rows] == ["1", "2"]
    assert written(ask(engine, text), "xml").count("<result>") == 2
    with pytest.raises(NotUnderstood, match="cannot be written as ttl"):
        written(ask(engine, text), "ttl")


def test_a_truth_is_written_as_json_or_xml_only(engine):
    assert json.loads(written(ask(engine, "ASK { ?s ?p 1 }"), "json"))["boolean"] is True
    with pytest.raises(NotUnderstood, match="cannot be written as csv"):
        written(ask(engine, "ASK {}"), "csv")


@pytest.mark.parametrize(
    "text", ["CONSTRUCT { <urn:x:c> a ?p } { ?s ?p ?o }", "DESCRIBE <urn:x:b> ?s { ?s ?p 3 }"]
)
def test_a_triple_that_is_found_again_is_written_once(engine, text):
    assert len(written(ask(engine, text), "nt").splitlines()) == 1


@pytest.mark.parametrize("form", GRAPH_FORMS)
def test_triples_and_graphs_are_written_in_every_form(engine, form):
    out = Written()
    write_graph(engine, "urn:x:one", form, out)
    assert b"urn:x:a" in b"".join(out.parts)
    assert "urn:x:b" in written(ask(engine, "CONSTRUCT WHERE { ?s ?p 3 }"), form)


def test_some_of_the_triples_are_written_and_whether_there_are_more(engine):
    def some(first, many):
        out = Written()
        found = ask(engine, "CONSTRUCT WHERE { ?s ?p ?o }").some(first, many)
        found.write("nt", out)
        return len(b"".join(out.parts).splitlines()), found.more

    assert [some(0, 2), some(2, 2), some(0, 3)] == [(2, True), (1, False), (3, False)]


def test_a_dataset_that_is_given_counts_instead_of_that_of_the_text(engine):
    def count(text=COUNT, **dataset):
        return written(ask(engine, text, **dataset), "csv").split()[1]

    assert count() == "3"
    assert count(default_graphs=["urn:x:one"]) == "2"
    assert count(default_graphs=["urn:x:one", "urn:x:two"]) == "3"
    assert count(named_graphs=["urn:x:one"]) == "0"
    assert count(COUNT.replace("{", "FROM <urn:x:one> {", 1), default_graphs=["urn:x:two"]) == "1"
    by_name = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
    assert [count(by_name), count(by_name, named_graphs=["urn:x:two"])] == ["3", "1"]
    assert count(by_name, default_graphs=["urn:x:two"]) == "0"


@pytest.mark.parametrize(
    "pattern",
    [
        "GRAPH ?g {}",
        "GRAPH?g{ }",
        "graph $g { # nothing\n }",
        "GRAPH # a comment {\n ?g {}",
        "GRAPH ?g { OPTIONAL { ?s <urn:none> ?o } }",
        "GRAPH ?g { { } }",
        "GRAPH ?g { FILTER(true) }",
        "GRAPH ?g { ?s <urn:none>* ?o }",
        "GRAPH ?g { ?s (<urn:none>?/<urn:x:p>*) ?s }",
    ],
)
def test_the_names_of_graphs_are_those_of_people(engine, pattern):
    engine.transact(Patch(), revision=5)
    rows = written(ask(engine, f"SELECT DISTINCT ?g {{ {pattern} }} ORDER BY ?g"), "csv")
    assert rows == "g\r\nurn:x:one\r\nurn:x:two\r\n"


def test_truth_values_are_understood_in_capitals(engine):
    text = "SELECT (TRUE AS ?x) (False || FALSE AS ?y) {}"
    assert written(ask(engine, text), "csv") == "x,y\r\ntrue,false\r\n"


def test_whether_a_graph_holds_a_triple(engine):
    assert [holds(engine, name) for name in ("urn:x:one", "urn:x:none", str(DEFAULT))] == [True, False, True]


def test_what_does_not_parse_or_cannot_be_evaluated_is_said_in_a_sentence(engine):
    with pytest.raises(QuerySyntaxError) as refused:
        ask(engine, "SELECT *\n{ ?s ?p }")
    assert (refused.value.line, refused.value.column) == (2, 10)
    with pytest.raises(NotUnderstood, match="cannot be evaluated"):
        ask(engine, "SELECT (<urn:x:f>(1) AS ?x) {}")
    with pytest.raises(BadTerm, match="'nowhere' is not absolute"):
        ask(engine, COUNT, default_graphs=["nowhere"])
    with pytest.raises(NotUnderstood, match="The base 'nowhere'"):
        ask(engine, COUNT, base="nowhere")


def test_a_base_resolves_relative_iris(engine):
    text = "SELECT (<a> AS ?a) {}"
    assert written(ask(engine, text, base="http://example.org/"), "csv") == "a\r\nhttp://example.org/a\r\n"


def declared(text):
    return {line.split()[1] for line in text.split("\n") if line.startswith("@prefix")}


def test_turtle_declares_the_prefixes_that_it_uses(engine):
    text = f"CONSTRUCT {{ <urn:x:a> a <{PREFIXES['def']}Region> ; <{PREFIXES['rdfs']}label> 'x'@en }} {{}}"
    told = written(ask(engine, text), "ttl")
    assert declared(told) == {"def:", "rdf:", "rdfs:"}
    assert "a def:Region" in told and 'rdfs:label "x"@en' in told


def test_a_stored_graph_declares_the_prefixes_that_it_uses(engine):
    out = Written()
    write_graph(engine, "urn:x:one", "ttl", out)
    told = b"".join(out.parts).decode()
    assert declared(told) == {"xsd:"}

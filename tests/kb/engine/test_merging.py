"""A triple that stands in two graphs stands once in their merge."""

import pytest

from kb.engine.contract import QuerySyntaxError
from kb.engine.merging import Merges, resolved
from kb.engine.oxigraph import OxigraphEngine, read_quads
from kb.errors import NotUnderstood

DATA = b"""
GRAPH <urn:x:one> { <urn:x:a> <urn:x:p> 1 , 2 }
GRAPH <urn:x:two> { <urn:x:a> <urn:x:p> 2 , 3 }
GRAPH <urn:x:three> { <urn:x:b> <urn:x:p> 4 }
"""


@pytest.fixture
def engine():
    made = OxigraphEngine.in_memory()
    made.insert(read_quads(DATA, "trig", "data.trig"))
    return made


def rows(engine, text):
    return [[term.toPython() for term in row] for row in engine.select(text)]


def test_a_copy_is_made_where_a_triple_stands_in_two_of_the_graphs(engine):
    merged = Merges(engine).of(["urn:x:one", "urn:x:two"], ["urn:x:three"])
    assert rows(merged, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == [[3]]
    assert rows(merged, "SELECT ?o { GRAPH ?g { ?s ?p ?o } }") == [[4]]


def test_the_engine_answers_itself_where_it_is_right(engine):
    merges = Merges(engine)
    for names in (
        [],
        ["urn:x:one"],
        ["urn:x:one", "urn:x:one"],
        ["urn:x:one", "urn:x:three"],
        ["urn:x:none"] * 2,
    ):
        assert merges.of(names, []) is None


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_any_two_of_the_graphs_are_looked_at(engine, order):
    names = ["urn:x:one", "urn:x:three", "urn:x:two"]
    merged = Merges(engine).of([names[at] for at in order], [])
    assert rows(merged, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == [[4]]


def test_names_are_resolved_as_the_query_would():
    prologue = "BASE <http://example.org/> PREFIX x: <urn:x:> "
    assert resolved(prologue, ["<a>", "x:b", "<urn:c>"], None) == ("http://example.org/a", "urn:x:b", "urn:c")
    assert resolved("", ["<a>"], "http://example.org/b/") == ("http://example.org/b/a",)
    assert resolved("", [], None) == ()
    with pytest.raises(QuerySyntaxError):
        resolved("PREFIX <a>", ["<urn:a>"], None)
    with pytest.raises(NotUnderstood, match="The base 'a' is not"):
        resolved("", ["<urn:a>"], "a")

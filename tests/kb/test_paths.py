"""Tests of kb/paths.py."""

import pytest
from rdflib import RDF, SH, BNode, Graph, Namespace
from rdflib.compare import isomorphic

from kb.errors import NotUnderstood
from kb.paths import BadPath, may_stay, path_node, path_text

EX = Namespace("https://example.org/")
A, B = "<https://example.org/a>", "<https://example.org/b>"
NOTATIONS = {
    "ex:a": A,
    "[ sh:inversePath ex:a ]": f"^{A}",
    "( ex:a ex:b ex:a )": f"{A}/{B}/{A}",
    "[ sh:alternativePath ( ex:a ex:b ) ]": f"{A}|{B}",
    "[ sh:zeroOrMorePath ex:a ]": f"{A}*",
    "[ sh:oneOrMorePath [ sh:inversePath ex:a ] ]": f"(^{A})+",
    "[ sh:inversePath [ sh:zeroOrOnePath ex:a ] ]": f"^({A}?)",
    "( ex:a [ sh:alternativePath ( [ sh:zeroOrMorePath ( ex:a ex:b ) ] ex:b ) ] )": f"{A}/((({A}/{B})*)|{B})",
    "[ sh:zeroOrMorePath [ sh:zeroOrMorePath ex:a ] ]": f"({A}*)*",
}


def shapes(path: str) -> Graph:
    prefixes = "PREFIX ex: <https://example.org/> PREFIX sh: <http://www.w3.org/ns/shacl#>"
    return Graph().parse(data=f"{prefixes} ex:s sh:path {path} .", format="turtle")


@pytest.mark.parametrize(("turtle", "text"), NOTATIONS.items())
def test_a_path_is_written_as_text_and_back(turtle, text):
    graph = shapes(turtle)
    assert path_text(graph, graph.value(EX.s, SH.path)) == text
    again = Graph()
    again.add((EX.s, SH.path, path_node(text, again)))
    assert isomorphic(graph, again)


@pytest.mark.parametrize(
    ("turtle", "stays"),
    [
        ("ex:a", False),
        ("[ sh:zeroOrMorePath ex:a ]", True),
        ("[ sh:zeroOrOnePath ex:a ]", True),
        ("[ sh:oneOrMorePath ex:a ]", False),
        ("[ sh:oneOrMorePath [ sh:zeroOrOnePath ex:a ] ]", True),
        ("[ sh:inversePath [ sh:zeroOrMorePath ex:a ] ]", True),
        ("( [ sh:zeroOrMorePath ex:a ] ex:b )", False),
        ("( [ sh:zeroOrMorePath ex:a ] [ sh:zeroOrOnePath ex:b ] )", True),
        ("[ sh:alternativePath ( ex:a [ sh:zeroOrOnePath ex:b ] ) ]", True),
        ("[ sh:alternativePath ( ex:a ex:b ) ]", False),
    ],
)
def test_a_path_may_stay_where_it_is_when_no_step_of_it_has_to_be_taken(turtle, stays):
    graph = shapes(turtle)
    assert may_stay(graph, graph.value(EX.s, SH.path)) is stays


@pytest.mark.parametrize(
    "turtle",
    [
        "[]",
        '"a"',
        "( ex:a )",
        "[ sh:alternativePath ex:a ]",
        "[ sh:alternativePath ( ex:a ) ]",
        "[ sh:inversePath ex:a ; sh:zeroOrMorePath ex:b ]",
        "[ sh:inversepath ex:a ]",
    ],
)
def test_a_malformed_path_is_refused(turtle):
    graph = shapes(turtle)
    with pytest.raises(NotUnderstood):
        path_text(graph, graph.value(EX.s, SH.path))


def test_a_path_that_contains_itself_is_refused():
    graph, ring = Graph(), BNode()
    graph.add((ring, SH.inversePath, ring))
    with pytest.raises(BadPath, match="contains itself"):
        path_text(graph, ring)


def test_a_list_that_is_a_ring_is_refused():
    graph = shapes("( ex:a ex:b )")
    head = graph.value(EX.s, SH.path)
    last = graph.value(head, RDF.rest)
    graph.set((last, RDF.rest, head))
    with pytest.raises(NotUnderstood, match="not well formed"):
        path_text(graph, head)


@pytest.mark.parametrize("text", ["", "ex:a", f"({A}", f"{A}/", f"{A}/{B}|{A}", f"{A})", f"{A} {B}"])
def test_text_that_is_no_path_is_refused(text):
    with pytest.raises(BadPath):
        path_node(text, Graph())

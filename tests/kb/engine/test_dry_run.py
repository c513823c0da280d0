"""Tests of kb/engine/dry_run.py."""

import pytest
from rdflib import XSD, BNode, Literal, URIRef

from kb.engine.contract import QuerySyntaxError
from kb.engine.dry_run import Variable, Where, check_syntax, resolve, solutions, template
from kb.engine.oxigraph import OxigraphEngine
from kb.errors import NotUnderstood
from kb.patch import Patch
from kb.update_text import operations

A, B, G, P = (URIRef(f"https://example.org/{name}") for name in "abgp")
PREFIX = "PREFIX : <https://example.org/>\n"


def operation(text):
    (made,) = operations(PREFIX + text)
    return made


def rows(held, where, names, pending=None, distinct=False, limit=10):
    """The solutions of a WHERE clause after `pending`; makes sure that the engine stays as it is."""
    engine = OxigraphEngine.in_memory()
    engine.apply(Patch.of(inserts=held), 1)
    before = set(engine.store), set(engine.store.named_graphs())
    made = operation(f"INSERT {{}} WHERE {where}")
    found = list(
        solutions(
            engine,
            Where(made, None, (), where),
            names,
            pending=pending or Patch(),
            distinct=distinct,
            limit=limit,
        )
    )
    assert (set(engine.store), set(engine.store.named_graphs())) == before
    return sorted(found, key=str)


def quad(subject, value):
    return subject, P, Literal(value), G


def test_the_quads_of_a_template_have_variables_and_literals_as_they_are_stored():
    made = operation("INSERT { ?s :p 01 . GRAPH ?g { _:x ?p ?s } } WHERE {}")
    first, second = sorted(
        template(made, made.parts().inserts), key=lambda found: found[3] is None, reverse=True
    )
    assert first == (Variable("s"), P, Literal(1), None)
    assert isinstance(second[0], BNode)
    assert second[1:] == (Variable("p"), Variable("s"), Variable("g"))


def test_names_are_resolved_by_the_declarations_of_the_operation():
    assert resolve(operation("DROP GRAPH :g"), ":g") == G
    assert resolve(operation("BASE <https://example.org/x/> DROP GRAPH <../g>"), "<../g>") == G


@pytest.mark.parametrize("pending", [Patch(), Patch.of(inserts=[quad(B, "new")])])
def test_solutions_are_found_with_and_without_something_pending(pending):
    held = [quad(A, "1"), quad(A, "2")]
    assert rows(held, "{ :a :p ?o OPTIONAL { ?o :q ?n } }", ["o", "n"], pending) == [
        (Literal("1"), None),
        (Literal("2"), None),
    ]
    assert rows(held, "{ :a :p ?o }", [], pending) == [(), ()]
    assert rows(held, "{ :a :p ?o }", [], pending, distinct=True) == [()]
    assert rows(held, "{ :a :p ?o }", ["o"], pending, limit=1) in ([(Literal("1"),)], [(Literal("2"),)])
    assert rows(
        held, "{ BIND(STRDT('007', <http://www.w3.org/2001/XMLSchema#int>) AS ?n) }", ["n"], pending
    ) == [(Literal("7", datatype=XSD.integer),)]


def test_what_is_pending_is_seen_in_its_graph_and_in_the_merge():
    pending = Patch.of([quad(A, "1")], [quad(B, "2")])
    held = [quad(A, "1"), quad(A, "3")]
    for where in ("{ ?s :p ?o }", "{ GRAPH ?g { ?s :p ?o } }"):
        assert rows(held, where, ["s", "o"], pending) == [(A, Literal("3")), (B, Literal("2"))]


@pytest.mark.parametrize(
    "where",
    ["{ ?s :p ?o . ?o :none ?n }", "{ ?s :p ?o FILTER(?s = :b) }", "{ ?s :p ?o MINUS { ?s :p ?o } }"],
)
def test_what_is_no_solution_is_never_taken_down(where):
    pending = Patch.of(inserts=[quad(A, "2")])
    assert rows([quad(A, "1")], where, ["s"], pending) == []
    assert rows([quad(A, "1")], where, [], pending) == []


@pytest.mark.parametrize("pending", [Patch(), Patch.of(inserts=[quad(B, "new")])])
def test_a_pattern_that_cannot_be_evaluated_is_refused_with_its_operation(pending):
    with pytest.raises(NotUnderstood) as refused:
        rows([], "{ BIND(:unheard(1) AS ?x) }", ["x"], pending)
    assert str(refused.value) == (
        "Operation 1 (line 2): the WHERE clause cannot be evaluated: "
        "The custom function <https://example.org/unheard> is not supported."
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("DROP", (2, 5)),
        ("  DROP\n ALL NAMED", (3, 9)),
        ("PREFIX x: <https://[> DROP ALL", (2, 1)),
    ],
)
def test_a_syntax_error_has_its_place_in_the_request(text, place):
    with pytest.raises(QuerySyntaxError) as refused:
        check_syntax(operation(text))
    assert (refused.value.line, refused.value.column) == place

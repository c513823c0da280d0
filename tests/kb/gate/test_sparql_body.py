"""Tests of kb/gate/sparql_body.py."""

import pytest

from kb.errors import KnowledgeBaseError
from kb.gate.sparql_body import BadConstraintQuery, open_body


def marked(query: str, *given: str) -> str:
    """The query with a mark wherever the focus nodes are put."""
    body = open_body(f"PREFIX e: <https://example.org/> {query}", given or ("this",))
    return " ".join(body.select("@").removeprefix("PREFIX e: <https://example.org/>").split())


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT $this { $this e:p 1 }", "SELECT $this { @ $this e:p 1 }"),
        ("SELECT * WHERE { $this e:p 1 }", "SELECT * WHERE { @ $this e:p 1 }"),
        # What a group binds by its own triples needs no help.
        (
            "SELECT $this { { $this e:p 1 } UNION { $this e:q 2 FILTER(isIRI($this)) } }",
            "SELECT $this { @ { $this e:p 1 } UNION { $this e:q 2 FILTER(isIRI($this)) } }",
        ),
        # A filter in a group of its own sees nothing from outside.
        (
            "SELECT $this { { FILTER($this = 1) } UNION { ?x e:p ?y FILTER NOT EXISTS { ?x e:q $this } } }",
            "SELECT $this { @ { @ FILTER($this = 1) } UNION "
            "{ @ ?x e:p ?y FILTER NOT EXISTS { ?x e:q $this } } }",
        ),
        ("SELECT $this { { { FILTER($this = 1) } } }", "SELECT $this { @ { { @ FILTER($this = 1) } } }"),
        # The filter of an OPTIONAL sees what stands before it, unless that does not have the variable.
        (
            "SELECT $this { OPTIONAL { ?x e:p ?y FILTER(?y = $this) } }",
            "SELECT $this { @ OPTIONAL { ?x e:p ?y FILTER(?y = $this) } }",
        ),
        (
            "SELECT $this { { ?a e:p ?b OPTIONAL { ?x e:p ?y FILTER(?y = $this) } $this e:p 1 } }",
            "SELECT $this { @ { ?a e:p ?b OPTIONAL { @ ?x e:p ?y FILTER(?y = $this) } $this e:p 1 } }",
        ),
        (
            "SELECT $this { { $this e:p ?b OPTIONAL { ?x e:p ?y FILTER(?y = $this) } } }",
            "SELECT $this { @ { $this e:p ?b OPTIONAL { ?x e:p ?y FILTER(?y = $this) } } }",
        ),
        # So does BIND, in any group.
        (
            "SELECT $this { { BIND($this AS ?x) $this e:p ?x } { $this e:p 1 BIND($this AS ?z) } }",
            "SELECT $this { @ { @ BIND($this AS ?x) $this e:p ?x } { $this e:p 1 BIND($this AS ?z) } }",
        ),
        # EXISTS is evaluated for each row, with all groups that it holds.
        (
            "SELECT $this { FILTER EXISTS { { FILTER($this = 1) } UNION { SELECT $this { ?x e:p 1 } } } }",
            "SELECT $this { @ FILTER EXISTS { { FILTER($this = 1) } UNION { SELECT $this { ?x e:p 1 } } } }",
        ),
        # A subselect gives what it was given.
        (
            "SELECT $this { { SELECT $this (COUNT(?x) AS ?n) { $this e:p ?x } GROUP BY $this } }",
            "SELECT $this { @ { SELECT $this (COUNT(?x) AS ?n) { $this e:p ?x } GROUP BY $this } }",
        ),
        (
            "SELECT $this { { SELECT $this { ?x e:p ?y FILTER(?y = $this) } } }",
            "SELECT $this { @ { SELECT $this { @ ?x e:p ?y FILTER(?y = $this) } } }",
        ),
        (
            "SELECT $this { { SELECT $this ?x { ?x e:p ?y } } }",
            "SELECT $this { @ { SELECT $this ?x { @ ?x e:p ?y } } }",
        ),
    ],
)
def test_the_focus_nodes_are_put_where_a_group_uses_them_and_does_not_bind_them(query, expected):
    assert marked(query) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            "SELECT $this { $this e:p ?v FILTER NOT EXISTS { $this e:q/e:p ?t . ?v e:r* ?t } "
            "FILTER(?v != 1) }",
            "SELECT $this { @ $this e:p ?v FILTER(?v != 1) MINUS { @ $this e:q/e:p ?t . ?v e:r* ?t } }",
        ),
        (
            "SELECT $this { ?v e:p ?x FILTER NOT EXISTS { ?v e:p ?y ; e:q ?z } }",
            "SELECT $this { @ ?v e:p ?x MINUS { ?v e:p ?y ; e:q ?z } }",
        ),
        (
            "SELECT $this { ?v e:p ?x FILTER EXISTS { ?x e:p ?y ; e:q ?z FILTER(?y = $this) } }",
            "SELECT $this { @ ?v e:p ?x "
            "{ SELECT DISTINCT ?this ?x { @ ?x e:p ?y ; e:q ?z FILTER(?y = $this) } } }",
        ),
        # Where it tests what only the patterns around it bind, these come with it.
        (
            "SELECT $this { $this e:p ?v "
            "FILTER NOT EXISTS { $this e:q/e:p ?t FILTER NOT EXISTS { ?t e:r ?v } } }",
            "SELECT $this { @ $this e:p ?v MINUS { { @ $this e:p ?v } "
            "$this e:q/e:p ?t FILTER NOT EXISTS { ?t e:r ?v } } }",
        ),
        # One triple pattern is looked up for each row, which is as fast.
        (
            "SELECT $this { $this e:p ?v FILTER NOT EXISTS { ?v e:q ?x . } }",
            "SELECT $this { @ $this e:p ?v FILTER NOT EXISTS { ?v e:q ?x . } }",
        ),
        # What may be unbound would be bound by a subselect.
        (
            "SELECT $this { $this e:p ?v OPTIONAL { ?v e:q ?x } FILTER EXISTS { ?v e:p ?y . ?y e:q ?x } }",
            "SELECT $this { @ $this e:p ?v OPTIONAL { ?v e:q ?x } FILTER EXISTS { ?v e:p ?y . ?y e:q ?x } }",
        ),
        # Nothing in common, a union around it, a group of its own, or part of an expression: it stays.
        (
            "SELECT $this { FILTER NOT EXISTS { ?a e:p ?b . ?b e:q ?c } }",
            "SELECT $this { @ FILTER NOT EXISTS { ?a e:p ?b . ?b e:q ?c } }",
        ),
        (
            "SELECT $this { { $this e:p ?v } UNION { $this e:q ?v } "
            "FILTER NOT EXISTS { $this e:p ?y . ?y e:q ?z FILTER(?z = ?v) } }",
            "SELECT $this { @ { $this e:p ?v } UNION { $this e:q ?v } "
            "FILTER NOT EXISTS { $this e:p ?y . ?y e:q ?z FILTER(?z = ?v) } }",
        ),
        (
            "SELECT $this { { $this e:p ?v FILTER NOT EXISTS { ?v e:p ?y . ?y e:q ?z } } }",
            "SELECT $this { @ { $this e:p ?v FILTER NOT EXISTS { ?v e:p ?y . ?y e:q ?z } } }",
        ),
        (
            "SELECT $this { $this e:p ?v FILTER(?v = 1 || EXISTS { ?v e:p ?y . ?y e:q ?z }) }",
            "SELECT $this { @ $this e:p ?v FILTER(?v = 1 || EXISTS { ?v e:p ?y . ?y e:q ?z }) }",
        ),
    ],
)
def test_an_exists_that_holds_a_join_is_evaluated_once_where_that_means_the_same(query, expected):
    assert marked(query) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            "SELECT $this { $this e:p ?v . FILTER NOT EXISTS { ?x e:q ?v ; e:r $this } }",
            "SELECT $this { @ $this e:p ?v . MINUS { @ $this e:p ?v . FILTER(true) ?x e:q ?v ; e:r $this } }",
        ),
        (
            "SELECT $this { { SELECT $this (COUNT(?x) AS ?n) { $this e:p ?x } GROUP BY $this } $this e:q ?v "
            "FILTER NOT EXISTS { $this e:p ?x . ?x e:q ?v } }",
            "SELECT $this { @ { SELECT $this (COUNT(?x) AS ?n) { @ $this e:p ?x } GROUP BY $this } "
            "$this e:q ?v MINUS { @ $this e:p ?x . ?x e:q ?v } }",
        ),
        ("SELECT $this { OPTIONAL { ?x e:p $this } }", "SELECT $this { @ OPTIONAL { @ ?x e:p $this } }"),
    ],
)
def test_for_few_nodes_every_group_that_names_them_begins_at_them(query, expected):
    body = open_body(f"PREFIX e: <https://example.org/> {query}", ("this",))
    told = body.select("@", few=True).removeprefix("PREFIX e: <https://example.org/>")
    assert " ".join(told.split()) == expected


def test_parameters_are_given_like_the_focus_node():
    query = "SELECT $this { $this e:p ?x { ?a e:p ?b FILTER(?b = $limit) } }"
    expected = "SELECT $this { @ $this e:p ?x { @ ?a e:p ?b FILTER(?b = $limit) } }"
    assert marked(query, "this", "limit") == expected


def test_an_ask_becomes_the_select_of_the_rows_for_which_it_is_false():
    body = open_body("PREFIX e: <https://example.org/> ASK WHERE { ?value e:p ?x }", ("this", "value"))
    assert " ".join(body.unless("@", "?this ?value").split()) == (
        "PREFIX e: <https://example.org/> SELECT ?this ?value { @ FILTER NOT EXISTS { ?value e:p ?x } }"
    )


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT $this { $this ?p 1 MINUS { $this ?p 2 } }", "MINUS cannot stand"),
        ("SELECT $this { VALUES $this { 1 } }", "VALUES cannot stand"),
        ("SELECT $this { SERVICE <https://example.org/> { $this ?p 2 } }", "SERVICE cannot stand"),
        ("SELECT $this { GRAPH ?g { $this ?p 2 } }", "GRAPH cannot stand"),
        ("SELECT $this FROM <https://example.org/> { $this ?p 2 }", "FROM cannot stand"),
        ("SELECT $this { $this ?p 2 } LIMIT 1", "LIMIT cannot stand"),
        ("SELECT $this { BIND(1 AS $this) }", "has a value from the start"),
        ("SELECT $this { { SELECT ?x { ?x ?p 1 } } }", r"this SELECT has to give \$this"),
        ("SELECT $this { { SELECT * { $this ?p 1 } } }", r"this SELECT has to give \$this"),
        ("SELECT ?x { $this ?p ?x }", r"this SELECT has to give \$this"),
        ("CONSTRUCT { $this ?p 1 } WHERE { $this ?p 2 }", "a SELECT or an ASK"),
        ("DESCRIBE $this", "a SELECT or an ASK"),
        ("SELECT $this", "no WHERE"),
    ],
)
def test_what_a_constraint_must_not_hold_is_refused(query, told):
    with pytest.raises(BadConstraintQuery, match=told):
        open_body(query, ("this",))


def test_a_subselect_need_not_give_what_is_optional():
    open_body("SELECT $this { { SELECT $this { $this ?p 1 } } }", ("this", "currentShape"), ("currentShape",))


def test_what_is_not_sparql_is_refused():
    with pytest.raises(KnowledgeBaseError):
        open_body("SELECT $this { $this ?p ", ("this",))


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        # Each filter on one variable is tested for its values; the others are left to the query.
        (
            "?v ?p ?o . FILTER(STRLEN(STR(?p)) < 9) FILTER regex(STR(?o), '(') "
            "FILTER(?v != ?p) FILTER isIRI(?p)",
            {
                "p": "SELECT ?p { ?v ?p ?o . } GROUP BY ?p HAVING((STRLEN(STR(?p)) < 9) && isIRI(?p))",
                "o": "SELECT ?o { ?v ?p ?o . } GROUP BY ?o HAVING( regex(STR(?o), '('))",
            },
        ),
        # What must not be there is taken away before.
        (
            "?v e:p ?o FILTER(isIRI(?v)) FILTER NOT EXISTS { ?v a ?t FILTER(?t IN (e:A, e:B)) }",
            {
                "v": "SELECT ?v { ?v e:p ?o MINUS { ?v a ?t FILTER(?t IN (e:A, e:B)) } } "
                "GROUP BY ?v HAVING((isIRI(?v)))"
            },
        ),
        (
            "?v e:p ?o FILTER NOT EXISTS { ?v a e:A }",
            {"v": "SELECT ?v { ?v e:p ?o MINUS { ?v a e:A } } GROUP BY ?v HAVING(true)"},
        ),
        # A MINUS would take nothing away by a filter alone.
        (
            "?v e:p ?o FILTER NOT EXISTS { ?x a e:A FILTER(?x = ?v) }",
            {"v": "SELECT ?v { ?v e:p ?o } GROUP BY ?v HAVING( NOT EXISTS { ?x a e:A FILTER(?x = ?v) })"},
        ),
        # Not for a query about the focus nodes, nor where a variable may be unbound.
        ("$this e:p ?o FILTER(isIRI(?o))", {}),
        ("?v e:p ?o OPTIONAL { ?v e:q ?x } FILTER(isIRI(?o))", {}),
        ("?v e:p ?o FILTER($this != 1)", {}),
    ],
)
def test_a_filter_on_one_variable_can_be_tested_for_its_values_alone(where, expected):
    body = open_body(f"PREFIX e: <https://example.org/> SELECT $this ?v {{ {where} }}", ("this",))
    looks = {name: " ".join(look.split()) for name, look in body.looks.items()}
    start = "PREFIX e: <https://example.org/> "
    assert looks == {name: start + " ".join(look.split()) for name, look in expected.items()}

"""Tests of kb/gate/query_patterns.py and query_reads.py: what the query of a constraint reads."""

import pytest
from rdflib import RDF, Namespace

from kb.gate.query_patterns import NotAnalysed, read_query
from kb.gate.query_reads import Known, query_reads
from kb.gate.reads import Guard, Read, Way
from kb.gate.routes import STAY, route_of

EX = Namespace("https://example.org/")
p, q, r = (EX[name].n3() for name in "pqr")
HEAD = "PREFIX ex: <https://example.org/> "
OF_FOCUS = Known({"this": STAY}, {}, frozenset(("this",)))


def reads(query: str, known: Known = OF_FOCUS) -> set[Read]:
    return set(query_reads(read_query(HEAD + query), known))


def read(name: str, *ways: tuple[str, str]) -> Read:
    """A read of a property with its ways, each from an end over a path."""
    return Read(EX[name], tuple(Way(end, route_of(path) if path else STAY) for end, path in ways))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (
            "SELECT $this { $this ex:p ?x . ?x ex:q ?y }",
            {read("p", ("subject", "")), read("q", ("subject", f"^{p}"))},
        ),
        ("SELECT $this { ?x ex:p $this }", {read("p", ("value", ""))}),
        ("SELECT $this { $this ^ex:p ?x }", {read("p", ("value", ""))}),
        (
            "SELECT $this { $this ex:p [ ex:q ?x , ?y ; ex:r 1 ] }",
            {read("p", ("subject", "")), *(read(name, ("subject", f"^{p}")) for name in "qr")},
        ),
        (
            "SELECT $this { $this ex:p+ $this }",
            {
                read("p", ("subject", "")),
                read("p", ("subject", f"^{p}*/^{p}"), ("value", f"{p}*")),
            },
        ),
        (
            "SELECT $this { $this ex:p ?x . ?y ex:p ?x }",
            {
                read("p", ("subject", "")),
                read("p", ("value", f"^{p}")),
            },
        ),
        (
            "SELECT $this { $this ex:p ?x "
            "FILTER(?x > 1 && NOT EXISTS { ?x ex:q ?y FILTER EXISTS { ?y ex:r 1 } }) }",
            {
                read("p", ("subject", "")),
                read("q", ("subject", f"^{p}")),
                read("r", ("subject", f"^{q}/^{p}")),
            },
        ),
        (
            "SELECT $this { $this ex:p ?x { ?x ex:q ?y } UNION { ?y ex:r ?x } }",
            {
                read("p", ("subject", "")),
                read("q", ("subject", f"^{p}")),
                read("r", ("value", f"^{p}")),
            },
        ),
        (
            "SELECT $this { { SELECT $this (COUNT(?x) AS ?n) { $this ex:p ?x . ?x ex:q 1 } GROUP BY $this } "
            "FILTER(?n > 1) }",
            {read("p", ("subject", "")), read("q", ("subject", f"^{p}"))},
        ),
    ],
)
def test_each_pattern_is_read_from_where_the_others_lead(query, found):
    assert reads(query) == found


@pytest.mark.parametrize(
    "query",
    [
        "SELECT $this { $this ex:p ?x OPTIONAL { ?x ex:r ?y } ?z ex:q ?y }",
        "SELECT $this { OPTIONAL { $this ex:p ?y } ?z ex:q ?y }",
        "SELECT $this { $this ex:p ?y OPTIONAL { $this ex:r ?x OPTIONAL { ?z ex:q ?y } } }",
        "SELECT $this { OPTIONAL { ?z ex:q ?y } $this ex:p ?y }",
        "SELECT $this { { $this ex:p ?y } UNION { $this ex:r ?y } ?z ex:q ?y }",
        "SELECT $this { $this ex:p ?y { SELECT $this { $this ex:r ?x . ?z ex:q ?y } } }",
        "SELECT $this { { SELECT $this (MAX(?x) AS ?y) { $this ex:p ?x } GROUP BY $this } ?z ex:q ?y }",
        "SELECT $this { BIND(STR($this) AS ?y) ?z ex:q ?y }",
        "SELECT $this { $this ex:p ?x . ?z ex:q ?y FILTER(?x = ?y) }",
    ],
)
def test_no_way_leads_through_what_may_be_unbound_or_is_another_variable(query):
    assert [each.ways for each in reads(query) if each.predicate == EX.q] == [()]


def test_what_no_way_leads_to_is_told_apart_by_what_else_is_said_of_it():
    found = reads("SELECT $this { $this ex:p ?d . ?e a ex:Edition ; ex:q ?from FILTER(?from <= ?d) }")
    edition = Guard("subject", RDF.type, EX.Edition)
    assert found == {
        read("p", ("subject", "")),
        Read(RDF.type, value=EX.Edition),
        Read(EX.q, guards=(edition,)),
    }


def test_where_the_focus_node_is_the_only_one_answers_are_looked_up_by_other_variables():
    query = "SELECT $this ?path ?value { ?value ?path ?o FILTER NOT EXISTS { ?value a ?type } }"
    keyed = Known({"this": STAY}, {}, frozenset(), keyed=True)
    assert reads(query, keyed) == {
        Read(None, keys=(("path", "predicate"), ("value", "subject"))),
        Read(RDF.type, keys=(("value", "subject"),)),
    }
    grouped = "SELECT $this ?value { { SELECT $this ?value { ?value ex:p ?o } } }"
    assert reads(grouped, keyed) == {Read(EX.p)}


def test_the_values_that_an_ask_is_about_lead_to_the_focus_node():
    known = Known({"this": STAY, "value": route_of(p)}, {"of": EX.C}, frozenset())
    assert reads("ASK { ?value ex:q ?x . ?x a $of }", known) == {
        read("q", ("subject", f"^{p}")),
        Read(RDF.type, (Way("subject", route_of(f"^{q}/^{p}")),), value=EX.C),
    }


@pytest.mark.parametrize(
    "query",
    [
        "SELECT $this { $this ex:p ( 1 2 ) }",
        "SELECT $this { $this !(ex:p|^ex:q) ?x }",
        "SELECT $this { GRAPH ?g { $this ex:p ?x } }",
        "SELECT $this (EXISTS { ?x ex:q ?y } AS ?z) { $this ex:p ?x }",
        "SELECT $this { $this ex:p ?x } ORDER BY ?x LIMIT 1",
        "SELECT $this { $this <p> ?x }",
        "SELECT $this { VALUES ?x { 1 } $this ex:p ?x }",
        "SELECT $this { ex:n ex:p* ?x }",
    ],
)
def test_a_query_that_is_not_known_for_certain_is_not_analysed(query):
    with pytest.raises(NotAnalysed):
        reads(query)

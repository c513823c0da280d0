"""Generated queries on generated data: asking other services changes nothing about the answer.

It must be the answer that there is when each SERVICE is asked whole. Besides, a reference has the data of all
services in one store, that of each in a graph of its name, and asks the same query with GRAPH in the place of
SERVICE.
"""

import re
from collections import Counter

import pyoxigraph as ox
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kb.engine.service_answers import Answer
from kb.errors import NotAllowed
from kb.federation import Bounds, asks_others, federate
from kb.federation_bindings import sites
from kb.sparql_groups import query as parsed

DECLARED = "PREFIX : <https://example.org/>\n"
ENDPOINTS = ("https://example.org/one", "https://example.org/two")


# -- generated text ------------------------------------------------------------------------------------------


def text(*parts):
    """A text of generated and fixed parts, with blanks between them."""
    return st.tuples(*(st.just(part) if isinstance(part, str) else part for part in parts)).map(" ".join)


def some(one, smallest=1, largest=2, between=" "):
    return st.lists(one, min_size=smallest, max_size=largest).map(between.join)


def choice(*texts):
    return st.sampled_from(texts)


VARIABLES = choice("?a", "?b", "?c", "?d")
TERMS = choice(":x", ":y", ":z", "1", "2")
TRIPLES = some(text(choice(":x", ":y", ":z"), choice(":p", ":q"), TERMS), 1, 6, " . ")
"""Never none: a graph without triples would not exist in the store, while a service without any does."""
PATTERN = st.one_of(
    text(
        st.one_of(VARIABLES, choice(":x", ":y")), choice(":p", ":q", ":p", "?d"), st.one_of(VARIABLES, TERMS)
    ),
    text(VARIABLES, choice(":p|:q", "^:p", ":p/:q"), VARIABLES),
    text("[ :p", VARIABLES, "] :q", VARIABLES),
    text(VARIABLES, ":p", VARIABLES, "; :q", VARIABLES),
)
CONDITION = st.one_of(
    text(VARIABLES, choice("=", "!=", "<"), st.one_of(VARIABLES, choice(":x", "1", "2"))),
    text("BOUND(", VARIABLES, ")"),
    text("!BOUND(", VARIABLES, ")"),
)
VALUES = st.one_of(
    text("VALUES", VARIABLES, "{", some(TERMS, 0, 3), "}"),
    text("VALUES (?a ?b) {", some(text("(", st.one_of(TERMS, choice("UNDEF")), TERMS, ")"), 0, 3), "}"),
)
BINDINGS = text("BIND(", st.one_of(VARIABLES, TERMS, text("COALESCE(", VARIABLES, ", 1)")), "AS ?e )")


def parts(group, others):
    """Parts of a group, made of `group` and `others`."""
    return st.one_of(
        text(PATTERN, "."),
        text(PATTERN, "."),
        text(PATTERN, "."),
        others,
        text("OPTIONAL", group),
        text(group, "UNION", group),
        group,
        text("MINUS", group),
        text("FILTER(", CONDITION, ")"),
        text("FILTER", choice("", "NOT"), "EXISTS", group),
        VALUES,
        BINDINGS,
        text("{ SELECT", choice("*", "?a ?b", "DISTINCT ?a", "?b (?c AS ?f)"), "WHERE", group, "}"),
        text("{ SELECT ?a (COUNT(*) AS ?n) WHERE", group, "GROUP BY ?a }"),
    )


def groups(others):
    """Groups in braces with `others` among their parts."""
    flat = text("{", some(st.one_of(text(PATTERN, "."), others), 1, 2), "}")
    deep = text("{", some(parts(flat, others), 1, 3), "}")
    return st.one_of(deep, text("{", some(parts(st.one_of(flat, deep), others), 1, 3), "}"))


REMOTE = groups(VALUES)
CLAUSE = st.one_of(
    text("SERVICE", choice("", "SILENT"), choice(":one", ":two"), REMOTE),
    text("SERVICE :one {", PATTERN, "}"),
    text("VALUES ?g { :one :two } SERVICE ?g {", PATTERN, "}"),
)
LOCAL = groups(
    st.one_of(CLAUSE, CLAUSE, text("GRAPH :g", st.one_of(text("{", PATTERN, "}"), text("{", CLAUSE, "}"))))
)
QUERIES = st.one_of(
    text("SELECT * WHERE", LOCAL),
    text("SELECT ?a ?b WHERE", LOCAL),
    text("SELECT DISTINCT ?b ?c WHERE", LOCAL, "VALUES ?a { :x :y }"),
    text("SELECT ?a (COUNT(?b) AS ?n) WHERE", LOCAL, "GROUP BY ?a"),
)


# Shapes in which values must not be sent from one part to another, or only just may.
SIMPLE = text(choice("?a", "?b", "?c", ":x"), choice(":p", ":q"), choice("?a", "?b", "?c", ":y"), ".")
GUARD = st.one_of(st.just(""), text("FILTER(", CONDITION, ")"))
ASKED = st.one_of(
    text("{", SIMPLE, "}"),
    text("{", SIMPLE, "}"),
    text("{", SIMPLE, "OPTIONAL {", SIMPLE, "} }"),
    text("{ OPTIONAL {", SIMPLE, "}", SIMPLE, "}"),
    text("{", SIMPLE, GUARD, "}"),
    text("{", SIMPLE, "BIND( ?a AS ?e )", "}"),
    text("{ {", SIMPLE, "} UNION {", SIMPLE, "} }"),
    # MINUS is never the first part: the engine takes values into it that it should not have yet.
    text("{", SIMPLE, "MINUS {", SIMPLE, "} }"),
)
CALL = text("SERVICE :one", ASKED)
SHAPES = st.one_of(
    text("{", SIMPLE, CALL, SIMPLE, GUARD, "}"),
    text("{", SIMPLE, "OPTIONAL {", CALL, "}", SIMPLE, GUARD, "}"),
    text("{", SIMPLE, "OPTIONAL {", SIMPLE, CALL, GUARD, "}", SIMPLE, GUARD, "}"),
    text("{", SIMPLE, "{", SIMPLE, "OPTIONAL {", SIMPLE, CALL, "} }", GUARD, "}"),
    text("{", SIMPLE, "{", SIMPLE, "MINUS {", SIMPLE, CALL, "} }", SIMPLE, "}"),
    text("{", SIMPLE, "FILTER", choice("", "NOT"), "EXISTS {", CALL, "}", SIMPLE, "}"),
    text("{", SIMPLE, "{", SIMPLE, "FILTER NOT EXISTS {", SIMPLE, CALL, "} } }"),
    text("{", SIMPLE, "OPTIONAL {", SIMPLE, "} BIND( COALESCE(?c, :x) AS ?e )", CALL, "}"),
    text("{", SIMPLE, "BIND(", choice("?a", ":x", "1/0"), "AS ?e ) SERVICE :one {", "?e :p ?b", "} }"),
    text("{", SIMPLE, "{ SELECT ?a ?b {", CALL, "} } }"),
    text("{", SIMPLE, "{ SELECT (COUNT(*) AS ?b) {", CALL, "} } }"),
    text("{", SIMPLE, "{ SELECT ?a (COUNT(?b) AS ?c) {", CALL, "} GROUP BY ?a } }"),
    text("{", SIMPLE, "{ SELECT ?a (MAX(?c) AS ?n) {", SIMPLE, CALL, "} GROUP BY ?a } }"),
    text("{", SIMPLE, "{ SELECT ?a {", CALL, "} ORDER BY ?a LIMIT 1 } }"),
    text("{", SIMPLE, "{ SELECT * {", CALL, "} VALUES ?b { :x } } }"),
    text("{ {", CALL, "} UNION {", SIMPLE, "}", SIMPLE, "}"),
    text("{ GRAPH :g {", SIMPLE, CALL, "}", SIMPLE, "}"),
    text("{", CALL, "SERVICE :two", ASKED, "OPTIONAL {", CALL, "} }"),
)
DENSE = some(text(choice(":x", ":y"), choice(":p", ":q"), choice(":x", ":y")), 2, 6, " . ")


# -- services that stand in one process ------------------------------------------------------------------


def store(*graphs):
    made = ox.Store()
    made.update(DECLARED + " ; ".join(f"INSERT DATA {{ {graph} }}" for graph in graphs))
    return made


def asked(data, query):
    found = data.query(query)
    variables = tuple(variable.value for variable in found.variables)
    return Answer(variables, [tuple(term and str(term) for term in row) for row in found])


class Here:
    """Our own data."""

    def __init__(self, data):
        self.data = data

    def check(self, query):
        ox.Store().query(query)

    def ask(self, query):
        assert not asks_others(query)
        return asked(self.data, query)


def rows(answer):
    order = sorted(range(len(answer.variables)), key=answer.variables.__getitem__)
    return sorted(answer.variables), Counter(tuple(row[at] for at in order) for row in answer.rows)


class Silent(Here):
    """Our own data, which has too many values for any of them to be sent."""

    def ask(self, query):
        super().ask(query)
        return Answer(("a",), [('"too many"',)] * 10_000)


def check_answer(ours, in_graph, one, two, query, batch):
    query = DECLARED + query
    graphs = (f"GRAPH :{name} {{ {data} }}" for name, data in (("g", in_graph), ("one", one), ("two", two)))
    try:
        reference = asked(store(ours, *graphs), re.sub("SERVICE (SILENT)?", "GRAPH", query))
    except SyntaxError:  # a variable that BIND or AS gives a value for the second time
        assume(False)
    data = store(ours, f"GRAPH :g {{ {in_graph} }}")
    there = dict(zip(ENDPOINTS, (store(one), store(two)), strict=True))

    def fetch(endpoint, text, _seconds):
        return asked(there[endpoint], text)

    try:
        made = federate(query, ENDPOINTS, Here(data), fetch, Bounds(batch=batch, requests=1000))
    except NotAllowed as error:
        assert "inside EXISTS" in str(error)
        return
    assert not asks_others(made)
    answer = rows(asked(data, made))
    if not re.search(r"SERVICE\s+[?]", query):  # such an endpoint is found by values of our own data alone
        whole = federate(query, ENDPOINTS, Silent(data), fetch, Bounds(batch=batch, requests=1000))
        assert answer == rows(asked(data, whole))
    if not mixes_up(query):
        assert answer == rows(reference)


def mixes_up(text):
    """Whether the reference may be wrong: the engine takes values from outside into the OPTIONAL of a GRAPH.

    SPARQL evaluates from the inside out; a clause that is replaced by its solutions is evaluated so.
    """
    return not all(site.part.groups[0].is_plain() for site in sites(parsed(text)))


@settings(max_examples=120, deadline=None)
@given(TRIPLES, TRIPLES, TRIPLES, TRIPLES, QUERIES, st.integers(1, 3))
def test_an_answer_is_that_of_all_data_in_one_place(ours, in_graph, one, two, query, batch):
    check_answer(ours, in_graph, one, two, query, batch)


@settings(max_examples=250, deadline=None)
@given(DENSE, DENSE, DENSE, DENSE, text("SELECT * WHERE", SHAPES), st.integers(1, 2))
def test_values_are_sent_only_where_they_change_nothing(ours, in_graph, one, two, query, batch):
    check_answer(ours, in_graph, one, two, query, batch)


TRAPS = [
    "{ ?a :p ?b OPTIONAL { ?b :p ?c SERVICE :one { ?c :q ?d } } FILTER(!BOUND(?c)) }",
    "{ ?a :p ?b { ?b :p ?c OPTIONAL { SERVICE :one { ?c :q ?d } } } FILTER(?d = :y || !BOUND(?d)) }",
    "{ :x :q ?b { SELECT ?b { SERVICE :one { ?b :q ?c } } ORDER BY ?b LIMIT 1 } }",
    "{ ?a :p ?b { SERVICE :one { ?b :p ?d OPTIONAL { ?d :q ?a } } FILTER(!BOUND(?a)) } }",
    "{ ?a :p ?b MINUS { SERVICE :one { ?b :p ?d OPTIONAL { ?d :q ?a } } } }",
    "{ { ?a :p ?b } UNION { ?a :q ?c } SERVICE :one { ?b :p ?d } }",
    "{ VALUES (?a ?b) { (:x UNDEF) (UNDEF :y) (:x UNDEF) } SERVICE :one { ?a :p ?b } }",
    "{ BIND(BNODE() AS ?b) SERVICE :one { ?a :p ?c OPTIONAL { ?c :q ?b } } FILTER(!ISBLANK(?b)) }",
    "{ ?a :p ?b FILTER(?c = :y) SERVICE :one { ?b :q ?c } }",
    "{ BIND(1/0 AS ?b) SERVICE :one { ?b :q ?c } }",
    "{ SERVICE :one { ?b :q ?c } FILTER NOT EXISTS { ?a :p ?b SERVICE :two { ?a :q ?c } } }",
    "{ ?a :p ?b SERVICE :one { { SELECT ?b (COUNT(*) AS ?n) { ?b ?v ?w } GROUP BY ?b } } }",
    "{ ?a :p ?b SERVICE :one { FILTER(?b = :x) { ?b :q ?c } } SERVICE :one {} }",
    "{ ?a :p ?b GRAPH ?h { ?b :q ?c SERVICE :one { ?c :p ?h } } FILTER(?h = :g) }",
    "{ VALUES ?s { :one :two } ?a :p ?b SERVICE ?s { ?b :q ?c . ?c :p ?s } }",
    "{ VALUES (?s ?b) { (:one :x) (:two :y) } SERVICE ?s { ?b :q ?c } OPTIONAL { SERVICE ?s { ?c :p ?e } } }",
    "{ ?a :p ?b SERVICE :one { ?b :q ?b } SERVICE :two { :x :p :x } } # SERVICE",
]


@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("batch", [1, 9])
def test_values_that_would_change_an_answer_are_not_sent(trap, batch):
    ours = ":x :p :x . :x :p :y . :y :q :x . :x :q :y"
    in_graph = ":y :q :x . :x :q :g"
    one, two = ":x :q :y . :y :p :x . :y :q :y . :y :p :g", ":x :q :x . :y :q :x . :x :p :y . :x :p :x"
    check_answer(ours, in_graph, one, two, f"SELECT * WHERE {trap}", batch)

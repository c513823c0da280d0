"""/sparql over the shipped knowledge base, as a client sees it."""

import json

import pytest
from rdflib import Graph

PLATFORMS = """
PREFIX def: <https://w3id.org/regiolink/def/>
SELECT ?year WHERE { ?platform a def:ThematicPlatform ; def:launched ?year } ORDER BY ?year
"""
ONE_TRIPLE = "CONSTRUCT { <urn:a> <urn:b> 'c' } WHERE {}"


def test_a_query_by_get_answers_json_by_default(client):
    answer = client.get("/sparql", query_string={"query": PLATFORMS})
    assert answer.status_code == 200 and answer.mimetype == "application/sparql-results+json"
    years = [row["year"]["value"] for row in json.loads(answer.data)["results"]["bindings"]]
    assert years == ["2015", "2016", "2016"]


@pytest.mark.parametrize(
    "request_of_form",
    [
        {"data": {"query": PLATFORMS}},
        {"data": PLATFORMS, "content_type": "application/sparql-query"},
        {"data": PLATFORMS, "content_type": "application/sparql-query; charset=utf-8"},
    ],
)
def test_both_forms_of_post_answer_the_same(client, request_of_form):
    by_get = client.get("/sparql", query_string={"query": PLATFORMS}).data
    assert client.post("/sparql", **request_of_form).data == by_get


@pytest.mark.parametrize(
    ("accept", "mimetype", "first"),
    [
        ("application/sparql-results+json", "application/sparql-results+json", b"{"),
        ("application/sparql-results+xml", "application/sparql-results+xml", b"<?xml"),
        ("text/csv", "text/csv", b"year\r\n"),
        ("text/tab-separated-values", "text/tab-separated-values", b"?year\n"),
    ],
)
def test_solutions_come_in_the_form_of_the_accept_header(client, accept, mimetype, first):
    answer = client.get("/sparql", query_string={"query": PLATFORMS}, headers={"Accept": accept})
    assert answer.mimetype == mimetype and answer.data.startswith(first)
    assert "Accept" in answer.headers["Vary"]


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("text/turtle", "turtle"),
        ("application/n-triples", "nt"),
        ("application/rdf+xml", "xml"),
        ("application/ld+json", "json-ld"),
    ],
)
def test_a_graph_comes_in_the_form_of_the_accept_header(client, accept, form):
    query = ONE_TRIPLE.replace("urn:b", "http://example.org/b")
    answer = client.get("/sparql", query_string={"query": query}, headers={"Accept": accept})
    assert answer.mimetype == accept
    triples = [tuple(map(str, triple)) for triple in Graph().parse(data=answer.data, format=form)]
    assert triples == [("urn:a", "http://example.org/b", "c")]


def test_a_describe_tells_what_is_known_of_a_thing(client):
    query = "DESCRIBE <https://w3id.org/regiolink/id/platform/energy>"
    told = Graph().parse(data=client.get("/sparql", query_string={"query": query}).data, format="turtle")
    assert {str(subject) for subject in told.subjects()} == {"https://w3id.org/regiolink/id/platform/energy"}


@pytest.mark.parametrize(
    ("query", "truth"), [("ASK { ?s ?p ?o }", True), ("ASK { <urn:x> <urn:x> ?o }", False)]
)
def test_an_ask_answers_yes_or_no(client, query, truth):
    assert json.loads(client.get("/sparql", query_string={"query": query}).data)["boolean"] is truth


def test_a_triple_is_counted_once_whatever_the_number_of_its_graphs(client):
    def number(text: str) -> int:
        rows = json.loads(client.get("/sparql", query_string={"query": text}).data)["results"]["bindings"]
        return int(rows[0]["n"]["value"])

    distinct = number("SELECT (COUNT(*) AS ?n) { SELECT DISTINCT ?s ?p ?o { GRAPH ?g { ?s ?p ?o } } }")
    assert number("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == distinct


@pytest.mark.parametrize(
    ("request_", "status", "sentence"),
    [
        ({"query_string": {"query": "SELECT * WHERE { ?s ?p }"}}, 400, "near line 1, column 25"),
        ({"query_string": {"query": "SELECT * { SERVICE <http://x/> { ?s ?p ?o } }"}}, 403, "SERVICE"),
        ({"query_string": {"query": "LOAD <http://x/>"}}, 403, "LOAD"),
        ({"query_string": {"query": "DELETE WHERE { ?s ?p ?o }"}}, 403, "does not change data"),
        ({"query_string": {"query": "SELECT * {" + "{" * 900 + "}" * 900 + "}"}}, 413, "50 brackets"),
        ({"query_string": {"query": "ASK {} #" + "x" * 40_000}}, 413, "bytes"),
        ({"query_string": {}}, 400, "Give exactly one query"),
        ({"query_string": {"query": ["ASK {}", "ASK {}"]}}, 400, "Give exactly one query"),
        ({"query_string": {"update": "CLEAR ALL"}}, 403, "does not change data"),
        ({"query_string": {"query": "ASK {}", "default-graph-uri": "urn:g"}}, 400, "default-graph-uri"),
        ({"query_string": {"query": "ASK {}"}, "headers": {"Accept": "image/png"}}, 406, "media types"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_one_sentence(client, request_, status, sentence):
    answer = client.get("/sparql", **request_)
    problem = json.loads(answer.data)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert sentence in problem["detail"] and problem["status"] == status
    assert problem["detail"].endswith(".")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"data": "CLEAR ALL", "content_type": "application/sparql-update"}, 403),
        ({"data": {"update": "CLEAR ALL"}}, 403),
        ({"data": b"\xff\xfe", "content_type": "application/sparql-query"}, 400),
        ({"data": "{}", "content_type": "application/json"}, 400),
        ({"data": b"x" * 1_000_001, "content_type": "application/sparql-query"}, 413),
    ],
)
def test_a_post_that_is_no_query_is_refused(client, request_, status):
    answer = client.post("/sparql", **request_)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


def test_an_error_is_a_page_for_a_browser(client):
    answer = client.get("/sparql?query=nonsense", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (answer.status_code, answer.mimetype) == (400, "text/html")
    assert b"<h1>Not understood</h1>" in answer.data and b"nonsense is not a word of SPARQL" in answer.data


def test_a_method_that_is_not_served_names_those_that_are(client):
    answer = client.put("/sparql", data="x")
    assert answer.status_code == 405 and set(answer.headers["Allow"].split(", ")) == {
        "GET",
        "HEAD",
        "POST",
        "OPTIONS",
    }


def test_pages_of_any_site_may_query(client):
    assert client.get("/sparql?query=ASK{}").headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in client.options("/sparql").headers["Access-Control-Allow-Methods"]

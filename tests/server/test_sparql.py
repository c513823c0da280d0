"""Tests of server/sparql.py: queries, updates and the description of the service."""

import json

import pytest
from rdflib import Graph

from kb.engine.contract import DefaultGraph
from tests.server.memory import ADDRESS, SIGNED, Memory, client_of

FORM = "application/x-www-form-urlencoded"
G1, G2 = "http://example.org/g1", "http://example.org/g2"
DATA = f'<{G1}#a> <urn:p> 1 , "é" .'
ROWS = "SELECT ?o { ?s <urn:p> ?o } ORDER BY STR(?o)"


@pytest.fixture
def memory():
    """Two graphs, revision 2."""
    made = Memory()
    client = client_of(made)
    client.put(f"/graphs?graph={G1}", data=DATA, content_type="text/turtle", headers=SIGNED)
    client.put(f"/graphs?graph={G2}", data="<urn:b> <urn:p> 2 .", content_type="text/turtle", headers=SIGNED)
    assert made.head() == 2
    return made


@pytest.fixture
def client(memory):
    return client_of(memory)


def ask(client, query, **parameters):
    return client.get("/sparql", query_string={"query": query, **parameters})


def boolean(answer):
    assert answer.status_code == 200, answer.text
    return json.loads(answer.data)["boolean"]


# -- queries -------------------------------------------------------------------------------------------------


def test_a_query_is_answered_with_all_that_says_what_it_is_an_answer_to(client):
    answer = ask(client, ROWS)
    values = [row["o"]["value"] for row in json.loads(answer.data)["results"]["bindings"]]
    assert (answer.status_code, values) == (200, ["1", "2", "é"])
    headers = dict(answer.headers)
    assert headers.pop("ETag").startswith('"2-') and headers.pop("Access-Control-Expose-Headers")
    assert headers == {
        "Content-Type": "application/sparql-results+json",
        "Content-Length": str(len(answer.data)),
        "Vary": "Accept, Accept-Datetime",
        "Regiolink-Revision": "2",
        "Last-Modified": "Tue, 04 Mar 2025 09:02:00 GMT",
        "Cache-Control": "public, max-age=0, s-maxage=10",
        "Access-Control-Allow-Origin": "*",
    }


@pytest.mark.parametrize(
    "sent",
    [
        {"data": {"query": ROWS}},
        {"data": {"query": ROWS, "unheard": "of"}},
        {"data": ROWS, "content_type": "application/sparql-query"},
        {"data": ROWS, "content_type": "Application/SPARQL-Query; charset=UTF-8"},
        {"data": b"\xef\xbb\xbf" + ROWS.encode(), "content_type": "application/sparql-query"},
    ],
)
def test_both_forms_of_post_answer_as_get_does(client, sent):
    assert client.post("/sparql", **sent).data == ask(client, ROWS).data


@pytest.mark.parametrize(
    ("query", "accept", "content_type", "first"),
    [
        (ROWS, "text/csv", "text/csv; charset=utf-8", b"o\r\n1\r\n"),
        (ROWS, "text/tab-separated-values", "text/tab-separated-values; charset=utf-8", b"?o\n1\n"),
        (ROWS, "application/sparql-results+xml", "application/sparql-results+xml", b"<?xml"),
        (ROWS, "text/html,application/xml;q=0.9,*/*;q=0.8", "application/xml", b"<?xml"),
        ("ASK {}", "text/csv, application/json;q=0.1", "application/json", b'{"head"'),
        ("CONSTRUCT WHERE { ?s ?p 2 }", None, "text/turtle; charset=utf-8", b"@prefix"),
        ("DESCRIBE <urn:b>", "application/n-triples", "application/n-triples", b"<urn:b> <urn:p>"),
    ],
)
def test_an_answer_has_the_form_that_is_wanted_most(client, query, accept, content_type, first):
    headers = {} if accept is None else {"Accept": accept}
    answer = client.get("/sparql", query_string={"query": query}, headers=headers)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, content_type)
    assert answer.data.startswith(first)


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({}, [True, True]),
        ({"default-graph-uri": G1}, [True, False]),
        ({"default-graph-uri": [G1, G2]}, [True, True]),
        ({"default-graph-uri": "http://example.org/none"}, [False, False]),
        ({"named-graph-uri": G1}, [False, False]),
    ],
)
def test_the_dataset_of_the_protocol_counts_before_that_of_the_query(client, parameters, found):
    for source in ("", f"FROM <{G2}>"):
        if source and not parameters:
            continue
        answers = [
            ask(client, f"ASK {source} {{ {triple} }}", **parameters)
            for triple in ('?s <urn:p> "é"', "?s <urn:p> 2")
        ]
        assert [boolean(answer) for answer in answers] == found


def test_a_named_graph_of_the_protocol_is_what_graph_finds(client):
    query = "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }"
    rows = json.loads(ask(client, query, **{"named-graph-uri": G2}).data)["results"]["bindings"]
    assert [row["g"]["value"] for row in rows] == [G2]


def test_relative_iris_are_those_of_the_endpoint(client):
    told = Graph().parse(data=ask(client, "CONSTRUCT { <s> <p> 1 } {}").data, format="turtle")
    assert {str(subject) for subject in told.subjects()} == {f"{ADDRESS}s"}


REFUSED = [
    ({"query_string": {"query": "SELECT * WHERE { ?s ?p }"}}, 400, "line 1, column 25"),
    ({"query_string": {"query": "CLEAR ALL"}}, 400, "This is an update and not a query"),
    ({"query_string": {"query": ""}}, 400, "The query is empty"),
    ({"query_string": {"query": ["ASK {}", "ASK {}"]}}, 400, "2 values of query"),
    ({"query_string": {"update": "CLEAR ALL"}}, 405, "An update is sent by POST"),
    ({"query_string": {"query": "ASK {}", "default-graph-uri": "a b"}}, 400, "not an absolute IRI"),
    ({"query_string": {"query": "ASK {}", "limit": "ten"}}, 400, "whole number"),
    ({"query_string": {"query": "ASK {}", "at": "then"}}, 400, "must be a revision such as"),
    ({"query_string": {"query": "ASK {}", "at": "3"}}, 404, "no revision 3"),
    (
        {"query_string": {"query": "ASK {}"}, "headers": {"Accept": "image/png"}},
        406,
        "there are application/",
    ),
    ({"query_string": {"query": "ASK {}"}, "headers": {"Accept-Datetime": "then"}}, 400, "must be like Sun"),
    ({"query_string": {"query": "ASK {}"}, "headers": {"Authorization": "Bearer x"}}, 401, "unknown"),
    ({"query_string": {"query": "SELECT (<urn:f>(1) AS ?x) {}"}}, 501, "function <urn:f> is not supported"),
    ({"query_string": {"query": "ASK {" + "{" * 900 + "}" * 901}}, 413, "50 brackets"),
    ({"query_string": {"query": "ASK {} #" + "x" * 40_000}}, 413, "at most 32768"),
    ({"query_string": "query=ASK%7B%7D%FF"}, 400, "not UTF-8"),
]


@pytest.mark.parametrize(("request_", "status", "sentence"), REFUSED)
def test_what_cannot_be_answered_is_refused_in_one_sentence(client, request_, status, sentence):
    answer = client.get("/sparql", **request_)
    problem = json.loads(answer.data)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert sentence in problem["detail"] and problem["status"] == status
    assert problem["detail"].endswith((".", "…"))
    assert answer.headers["Access-Control-Allow-Origin"] == "*" and "Accept" in answer.headers["Vary"]


def test_a_syntax_error_says_where_for_programs_too(client):
    problem = json.loads(ask(client, "ASK {\n  ?s ?p }").data)
    assert (problem["line"], problem["column"], problem["title"]) == (2, 10, "The query has a syntax error")


def test_an_error_is_a_page_for_a_browser(client):
    answer = client.get("/sparql?query=nonsense", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (answer.status_code, answer.mimetype) == (400, "text/html")
    assert b"<h1>Not understood</h1>" in answer.data and b"nonsense is not a word of SPARQL" in answer.data


def test_what_was_sent_does_not_come_back_as_markup(client):
    answer = ask(client, "SELECT <script>alert(1)</script>")
    page = client.get("/sparql?query=SELECT <script>alert(1)</script>", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.mimetype, page.status_code) == (400, "application/problem+json", 400)
    assert b"<script>alert" not in page.data


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"data": "ASK {}", "content_type": "text/plain"}, 415),
        ({"data": "query=ASK{}"}, 415),
        ({"data": "ASK {}", "content_type": "application/sparql-query; charset=utf-16"}, 415),
        ({"data": b"ASK { ?s ?p '\xff' }", "content_type": "application/sparql-query"}, 400),
        ({"data": "query=ASK{}&query=ASK{}", "content_type": FORM}, 400),
        ({"data": "update=CLEAR+ALL&query=ASK{}", "content_type": FORM}, 400),
        ({"data": b"x" * 1_200_000, "content_type": "application/sparql-query"}, 413),
    ],
)
def test_a_post_that_asks_for_nothing_clear_is_refused(client, sent, status):
    answer = client.post("/sparql", **sent)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text


def test_users_may_put_more_data_into_a_query(client):
    query = "ASK { VALUES ?x { " + " ".join(map(str, range(10_000))) + " } }"
    sent = {"data": query, "content_type": "application/sparql-query"}
    assert client.post("/sparql", **sent).status_code == 413
    answer = client.post("/sparql", **sent, headers=SIGNED)
    assert (boolean(answer), answer.headers["Cache-Control"]) == (True, "private, no-cache")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused_with_those_that_are_served(client, method):
    answer = client.open("/sparql?query=ASK{}", method=method, data="CLEAR ALL", content_type=FORM)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST, OPTIONS")


def test_head_gives_the_headers_of_get(client):
    by_get, by_head = (client.open("/sparql?query=ASK{}", method=method) for method in ("GET", "HEAD"))
    assert (by_head.status_code, by_head.data) == (200, b"")
    for name in ("ETag", "Content-Type", "Vary", "Regiolink-Revision"):
        assert by_head.headers[name] == by_get.headers[name]


def test_pages_of_any_site_may_do_what_their_token_may(client):
    answer = client.options("/sparql")
    assert answer.status_code == 204 and answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS"
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]


# -- answers that are known ----------------------------------------------------------------------------------


def test_a_repeated_query_asks_no_reader_however_its_blanks_are_written(client, memory):
    first, again = ask(client, ROWS), ask(client, ROWS.replace(" ", "\n  # once more\n"))
    assert (first.data, first.headers["ETag"]) == (again.data, again.headers["ETag"])
    assert memory.asked == 1


def test_a_client_that_holds_the_answer_gets_none_and_asks_no_reader(client, memory):
    tag = ask(client, ROWS).headers["ETag"]
    answer = client.get("/sparql", query_string={"query": ROWS}, headers={"If-None-Match": f'"x", {tag}'})
    assert (answer.status_code, answer.data, memory.asked) == (304, b"", 1)
    assert answer.headers["ETag"] == tag and answer.headers["Vary"] == "Accept, Accept-Datetime"
    assert "Content-Type" not in answer.headers


def test_each_form_dataset_and_revision_has_a_tag_of_its_own(client):
    tags = [
        ask(client, ROWS).headers["ETag"],
        ask(client, ROWS, **{"default-graph-uri": G1}).headers["ETag"],
        ask(client, ROWS, **{"named-graph-uri": G1}).headers["ETag"],
        ask(client, ROWS, limit="1").headers["ETag"],
        ask(client, ROWS, limit="1", offset="1").headers["ETag"],
        ask(client, ROWS + " LIMIT 5").headers["ETag"],
        client.get("/sparql", query_string={"query": ROWS}, headers={"Accept": "text/csv"}).headers["ETag"],
    ]
    client.post("/sparql", data={"update": "INSERT DATA { <urn:c> <urn:p> 3 }"}, headers=SIGNED)
    tags.append(ask(client, ROWS).headers["ETag"])
    assert len(set(tags)) == len(tags)


def test_what_is_another_answer_each_time_is_never_kept(client, memory):
    answers = [ask(client, "SELECT (NOW() AS ?t) {}") for _ in range(2)]
    assert memory.asked == 2
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}
    assert not any("ETag" in answer.headers for answer in answers)


def test_an_answer_that_a_limit_cuts_says_so_and_leads_to_the_rest(client):
    answer = ask(client, ROWS, limit="2", offset="1")
    assert answer.headers["Regiolink-Complete"] == "no"
    link = answer.headers["Link"]
    assert link.startswith(f"<{ADDRESS}sparql?query=") and link.endswith('>; rel="next"')
    assert "limit=2" in link and "offset=3" in link and "at=2" in link
    assert ask(client, ROWS, limit="2", offset="1").headers["Link"] == link


# -- updates -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [
        {"data": {"update": "INSERT DATA { <a> <urn:p> 3 }"}},
        {"data": "INSERT DATA { <a> <urn:p> 3 }", "content_type": "application/sparql-update"},
    ],
)
def test_an_update_by_post_makes_a_commit_that_the_next_query_sees(client, memory, sent):
    answer = client.post("/sparql", **sent, headers=SIGNED)
    assert (answer.status_code, answer.data, memory.head()) == (204, b"", 3)
    assert answer.headers["Regiolink-Revision"] == "3" and answer.headers["ETag"].startswith('"3-')
    assert answer.headers["Cache-Control"] == "no-store" and "Content-Type" not in answer.headers
    assert boolean(ask(client, f"ASK {{ <{ADDRESS}a> <urn:p> 3 }}"))
    (*_, intent) = memory.intents
    assert (intent.author, intent.role, intent.door, intent.base, intent.key) == (
        "ann",
        "steward",
        "update",
        None,
        None,
    )


def test_what_came_of_an_update_is_told_in_json_where_that_is_asked_for(client):
    answer = client.post(
        "/sparql",
        data={"update": f"DELETE WHERE {{ GRAPH <{G2}> {{ ?s ?p ?o }} }}"},
        headers={**SIGNED, "Accept": "application/json", "Accept-Language": "de-AT"},
    )
    assert (answer.status_code, answer.headers["Content-Language"]) == (200, "de")
    assert json.loads(answer.data) == {
        "revision": 3,
        "inserted": 0,
        "deleted": 1,
        "created": [],
        "repeated": False,
        "findings": [],
    }


@pytest.mark.parametrize(
    ("parameters", "left"),
    [({}, []), ({"using-graph-uri": G1}, ["2"]), ({"using-named-graph-uri": G1}, ["1", "2", "é"])],
)
def test_the_dataset_of_the_protocol_is_what_an_update_reads(client, parameters, left):
    update = f"DELETE {{ GRAPH <{G1}> {{ ?s ?p ?o }} GRAPH <{G2}> {{ ?s ?p ?o }} }} WHERE {{ ?s ?p ?o }}"
    answer = client.post("/sparql", data={"update": update, **parameters}, headers=SIGNED)
    assert answer.status_code == 204
    rows = json.loads(ask(client, ROWS).data)["results"]["bindings"]
    assert [row["o"]["value"] for row in rows] == left


@pytest.mark.parametrize(
    ("sent", "status", "sentence"),
    [
        ({"data": {"update": "CLEAR ALL"}}, 401, "needs a token"),
        ({"data": {"update": "CLEAR ALL"}, "headers": {"Authorization": "Bearer x"}}, 401, "unknown"),
        ({"data": {"update": "CLEAR XYZ"}, "headers": SIGNED}, 400, "XYZ"),
        ({"data": {"update": "INSERT DATA { <a> <b> }"}, "headers": SIGNED}, 400, "line 1, column 23"),
        ({"data": {"update": "CLEAR GRAPH <urn:none>"}, "headers": SIGNED}, 404, "no graph urn:none"),
        (
            {"data": {"update": "CLEAR ALL", "default-graph-uri": G1}, "headers": SIGNED},
            400,
            "default-graph-uri is for queries",
        ),
        (
            {
                "data": {"update": "WITH <urn:g> DELETE {?s ?p ?o} WHERE {?s ?p ?o}", "using-graph-uri": G1},
                "headers": SIGNED,
            },
            400,
            "WITH and USING do not go together",
        ),
        ({"data": {"update": "LOAD <http://127.0.0.1:9/x>"}, "headers": SIGNED}, 403, "LOAD is refused"),
    ],
)
def test_an_update_that_cannot_be_made_changes_nothing(client, memory, sent, status, sentence):
    answer = client.post("/sparql", **sent)
    assert (answer.status_code, memory.head()) == (status, 2), answer.text
    assert sentence in json.loads(answer.data)["detail"]
    assert ("WWW-Authenticate" in answer.headers) is (status == 401)


# -- the description -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", DefaultGraph)
def test_without_a_question_the_service_says_what_it_is_under_its_own_address(mode):
    client = client_of(Memory(mode))
    answer = client.get("/sparql", headers={"Host": "evil.example"})
    assert answer.mimetype == "text/turtle" and f"<{ADDRESS}sparql#service>" in answer.text
    assert "evil.example" not in answer.text + str(answer.headers)
    assert ("UnionDefaultGraph" in answer.text) is (mode is DefaultGraph.MERGE)
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert client.get("/sparql", headers=tag).status_code == 304
    assert client.get("/sparql", headers={**tag, "Accept": "application/rdf+xml"}).status_code == 200


def test_only_an_update_with_a_pattern_is_tried_by_a_reader_first(client, memory):
    pattern = "DELETE { ?s <urn:p> 1 } WHERE { ?s <urn:p> 1 }"
    for text in ("INSERT DATA { <urn:a> <urn:p> 1 }", pattern):
        answer = client.post("/sparql", data=text, content_type="application/sparql-update", headers=SIGNED)
        assert answer.status_code == 204
    assert memory.tried == [pattern]

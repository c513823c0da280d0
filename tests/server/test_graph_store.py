"""Tests of server/graph_store.py and server/uploads.py: graphs over HTTP, and who may change them how."""

import copy
import gzip
import io
import json

import pyoxigraph as ox
import pytest
from rdflib import RDF, SH, XSD, BNode, Graph, Literal, URIRef

from kb.engine.contract import DEFAULT, EDITS, DefaultGraph
from kb.errors import DataRefused
from kb.pending import Origin
from kb.report import Finding, Report
from kb.terms import GRAPH
from tests.server.memory import ADDRESS, SIGNED, Memory, client_of

G = "http://example.org/g"
TTL = "<urn:a> <urn:p> 1 ."
NAME = "<http://www.w3.org/2000/01/rdf-schema#label>"
ONE, TWO = (f'"{number}"^^<{XSD.integer}>' for number in (1, 2))
FORMS = {
    "text/turtle": "<#a> <urn:p> <b> .",
    "application/n-triples": "<http://example.org/g#a> <urn:p> <http://example.org/b> .",
    "application/rdf+xml": '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:u="urn:">'
    '<rdf:Description rdf:about="#a"><u:p rdf:resource="b"/></rdf:Description></rdf:RDF>',
    "application/ld+json": '{"@id": "#a", "urn:p": {"@id": "b"}}',
    "application/trig": "{ <#a> <urn:p> <b> }",
}


@pytest.fixture
def memory():
    return Memory()


@pytest.fixture
def client(memory):
    return client_of(memory)


@pytest.fixture
def stored():
    """A store whose default graph is a graph of its own."""
    return client_of(Memory(DefaultGraph.OWN))


def put(client, address=f"/graphs?graph={G}", data=TTL, media="text/turtle", **headers):
    return client.put(address, data=data, content_type=media, headers=SIGNED | headers)


def triples(client, address=f"/graphs?graph={G}"):
    answer = client.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "text/turtle"), answer.text
    return {tuple(map(str, triple)) for triple in Graph().parse(data=answer.data, format="turtle")}


# -- reading and writing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("media", FORMS)
def test_a_graph_is_read_in_every_form_and_its_name_is_its_base(client, media):
    answer = put(client, data=FORMS[media], media=f"{media}; charset=utf-8")
    assert answer.status_code == 201, answer.text
    assert triples(client) == {(f"{G}#a", "urn:p", "http://example.org/b")}


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("application/n-triples", "nt"),
        ("application/rdf+xml", "xml"),
        ("application/ld+json", "json-ld"),
        ("text/turtle; charset=utf-8", "turtle"),
    ],
)
def test_a_graph_is_given_in_the_form_that_is_asked_for(client, accept, form):
    put(client, data="<urn:a> <http://example.org/p> 1 .")
    answer = client.get(f"/graphs?graph={G}", headers={"Accept": accept})
    assert answer.mimetype == accept.partition(";")[0] and answer.headers["Regiolink-Revision"] == "1"
    ((subject, predicate, value),) = Graph().parse(data=answer.data, format=form)
    assert (str(subject), str(predicate), int(value)) == ("urn:a", "http://example.org/p", 1)


def test_put_makes_or_replaces_post_adds_and_delete_removes(client, memory):
    made = put(client)
    assert (made.status_code, made.headers["Location"]) == (
        201,
        f"{ADDRESS}graphs?graph=http%3A%2F%2Fexample.org%2Fg",
    )
    replaced = put(client, data="<urn:b> <urn:p> 2 .")
    assert (replaced.status_code, replaced.headers["Regiolink-Revision"]) == (204, "2")
    added = client.post(f"/graphs?graph={G}", data=TTL, content_type="text/turtle", headers=SIGNED)
    assert added.status_code == 204 and {subject for subject, _, _ in triples(client)} == {"urn:a", "urn:b"}
    assert client.delete(f"/graphs?graph={G}", headers=SIGNED).status_code == 204
    for method in ("GET", "HEAD"):
        assert client.open(f"/graphs?graph={G}", method=method).status_code == 404
    assert client.delete(f"/graphs?graph={G}", headers=SIGNED).status_code == 404
    assert {(intent.author, intent.door) for intent in memory.intents} == {("ann", "graph-store")}


@pytest.mark.parametrize("store", ["/graph/", "/graphs/"])
def test_the_path_of_a_graph_is_its_name_below_ours(client, store):
    made = put(client, f"{store}people/1")
    assert (made.status_code, made.headers["Location"]) == (201, f"{ADDRESS}graph/people/1")
    for address in (
        "/graph/people/1",
        f"/graphs?graph={GRAPH}people/1",
        f"/graphs?graph={ADDRESS}graph/people/1",
    ):
        assert triples(client, address) == {("urn:a", "urn:p", "1")}


def test_post_without_a_name_makes_a_graph_with_one(client):
    answer = client.post("/graphs", data="<> <urn:p> 1 .", content_type="text/turtle", headers=SIGNED)
    location = answer.headers["Location"]
    assert answer.status_code == 201 and location.startswith(f"{ADDRESS}graph/added/")
    name = location.removeprefix(f"{ADDRESS}graph/")
    assert triples(client, f"/graphs?graph={location}") == {(f"{GRAPH}{name}", "urn:p", "1")}


def test_a_dataset_is_added_graph_by_graph(client):
    trig = f"<urn:a> <urn:p> 1 . <{G}> {{ <urn:b> <urn:p> 2 }}"
    answer = client.post("/graphs", data=trig, content_type="application/trig", headers=SIGNED)
    assert answer.status_code == 204
    assert triples(client) == {("urn:b", "urn:p", "2")}
    assert triples(client, f"/graphs?graph={EDITS}") == {("urn:a", "urn:p", "1")}


def test_each_file_of_a_form_is_a_document(client):
    parts = {
        "one": (io.BytesIO(b'_:x <urn:p> "1" .'), "one.nt", "application/n-triples"),
        "two": (io.BytesIO("_:x <urn:p> 'é' .".encode()), "two.ttl", "text/turtle; charset=utf-8"),
    }
    answer = client.post(f"/graphs?graph={G}", data=parts, headers=SIGNED)
    assert answer.status_code == 201, answer.text
    found = triples(client)
    assert {value for _, _, value in found} == {"1", "é"} and len({node for node, _, _ in found}) == 2


def test_a_file_larger_than_the_memory_for_one_is_read_from_disk(client):
    lines = b"".join(b"<urn:a> <urn:p> <urn:value:%d> .\n" % number for number in range(40_000))
    assert len(lines) > 1_000_000
    assert put(client, data=lines, media="application/n-triples").status_code == 201
    assert len(triples(client)) == 40_000


def test_a_graph_has_a_tag_for_its_form_and_a_client_that_holds_it_gets_none(client, memory):
    put(client)
    tag = client.get(f"/graphs?graph={G}").headers["ETag"]
    asked = memory.asked
    again = client.get(f"/graphs?graph={G}", headers={"If-None-Match": tag})
    assert (again.status_code, again.data, memory.asked) == (304, b"", asked)
    assert (
        client.get(f"/graphs?graph={G}", headers={"Accept": "application/n-triples"}).headers["ETag"] != tag
    )


def test_head_gives_the_headers_of_get(client):
    put(client)
    by_get, by_head = (client.open(f"/graphs?graph={G}", method=method) for method in ("GET", "HEAD"))
    assert (by_head.status_code, by_head.data) == (200, b"")
    assert (by_head.headers["ETag"], by_head.mimetype) == (by_get.headers["ETag"], "text/turtle")


# -- the default graph ---------------------------------------------------------------------------------------


def test_the_merge_can_be_read_and_added_to_and_is_nobodys_to_replace(client):
    put(client)
    added = client.post(
        "/graphs?default", data="<urn:b> <urn:p> 2 .", content_type="text/turtle", headers=SIGNED
    )
    assert added.status_code == 204
    assert triples(client, "/graphs?default") == {("urn:a", "urn:p", "1"), ("urn:b", "urn:p", "2")}
    assert triples(client, f"/graphs?graph={EDITS}") == {("urn:b", "urn:p", "2")}
    for method in ("PUT", "DELETE", "PATCH"):
        answer = client.open("/graphs?default", method=method, headers=SIGNED)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST, OPTIONS")
        assert "merge of all graphs" in json.loads(answer.data)["detail"]


def test_a_default_graph_of_its_own_is_a_graph_as_any_other_and_always_there(stored):
    assert triples(stored, "/graphs?default") == set()
    assert put(stored, "/graphs?default", "<urn:a> <urn:p> [ <urn:q> 1 ] .").status_code == 204
    told = Graph().parse(data=stored.get("/graphs?default").data, format="turtle")
    assert len(told) == 2 and isinstance(told.value(URIRef("urn:a"), URIRef("urn:p")), BNode)
    patch = f"D <urn:a> <urn:q> 1 <{DEFAULT}> .\n"
    assert (
        stored.patch("/graphs?default", data=patch, content_type="application/rdf-patch").status_code == 401
    )
    assert stored.delete("/graphs?default", headers=SIGNED).status_code == 204
    assert triples(stored, "/graphs?default") == set()


RDF_1_2 = 'VERSION "1.2" PREFIX : <urn:x:> :a :b :c ~ :r {| :d "x"@ar--rtl |} . << :a :b :d >> :e _:n .'


def test_a_plain_store_takes_and_gives_rdf_1_2(stored):
    media = "text/turtle; version=1.2"
    assert put(stored, data=RDF_1_2, media=media).status_code == 201
    sent, given = (
        ox.Dataset(ox.parse(data, ox.RdfFormat.TURTLE))
        for data in (RDF_1_2, stored.get(f"/graphs?graph={G}", headers={"Accept": media}).data)
    )
    for dataset in (sent, given):
        dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    assert given == sent and len(sent) == 5
    xml = stored.get(f"/graphs?graph={G}", headers={"Accept": "application/rdf+xml"}).text
    assert 'rdf:parseType="Triple"' in xml and 'its:dir="rtl"' in xml


def test_json_ld_which_has_no_rdf_1_2_is_refused_where_there_is_some(stored):
    put(stored, data=RDF_1_2)
    json_ld = {"Accept": "application/ld+json"}
    query = "CONSTRUCT { ?a ?b ?c } { GRAPH ?g { ?a ?b ?c } }"
    for answer in (
        stored.get(f"/graphs?graph={G}", headers=json_ld),
        stored.get("/sparql", query_string={"query": query}, headers=json_ld),
    ):
        assert (answer.status_code, json.loads(answer.data)["detail"]) == (
            501,
            "JSON-LD has no triples about triples and no base directions; ask for Turtle.",
        )
    put(stored)
    assert stored.get(f"/graphs?graph={G}", headers=json_ld).status_code == 200


# -- PATCH ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("media", "patch"),
    [
        ("application/sparql-update", "DELETE { ?s ?p 1 } INSERT { ?s ?p 2 } WHERE { ?s ?p 1 }"),
        (
            "application/rdf-patch",
            f"TX .\nD <urn:a> <urn:p> {ONE} .\nA <urn:a> <urn:p> {TWO} <{G}> .\nTC .\n",
        ),
    ],
)
def test_a_patch_changes_the_graph_that_it_is_sent_to(client, media, patch):
    put(client)
    put(client, "/graph/other")
    answer = client.patch(f"/graphs?graph={G}", data=patch, content_type=media, headers=SIGNED)
    assert (answer.status_code, triples(client)) == (204, {("urn:a", "urn:p", "2")}), answer.text
    assert triples(client, "/graph/other") == {("urn:a", "urn:p", "1")}


@pytest.mark.parametrize(
    ("media", "patch", "status", "sentence"),
    [
        ("application/sparql-update", "INSERT DATA { GRAPH <urn:o> { <a> <b> 1 } }", 403, "may only change"),
        ("application/sparql-update", "CLEAR ALL ; INSERT DATA { GRAPH <urn:o> { <a> <b> 1 } }", 403, "only"),
        ("application/rdf-patch", "A <urn:a> <urn:p> <urn:c> <urn:other> .", 403, "Line 1 of the patch"),
        (
            "application/rdf-patch",
            'A <urn:a> <urn:p> <<( <urn:a> <urn:b> "1" )>> <urn:other> .',
            403,
            "Line 1 of the patch",
        ),
        ("application/rdf-patch", "X <urn:a> <urn:p> <urn:c> .", 400, "Line 1 of the patch"),
        ("application/sparql-update", "INSERT DATA { <a> <b> }", 400, "line 1, column 23"),
        ("text/turtle", TTL, 415, "application/sparql-update or application/rdf-patch"),
    ],
)
def test_a_patch_that_is_none_of_that_graph_is_refused(client, memory, media, patch, status, sentence):
    put(client)
    answer = client.patch(f"/graphs?graph={G}", data=patch, content_type=media, headers=SIGNED)
    assert (answer.status_code, memory.head()) == (status, 1), answer.text
    assert sentence in json.loads(answer.data)["detail"]
    assert answer.headers.get("Accept-Patch") == (
        "application/sparql-update, application/rdf-patch" if status == 415 else None
    )


# -- what is refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "address", "status", "sentence"),
    [
        ("GET", "/graphs", 400, "Say which graph"),
        ("PUT", "/graphs", 405, "Say which graph"),
        ("GET", f"/graphs?graph={G}&default", 400, "exactly one graph"),
        ("GET", f"/graphs?graph={G}&graph=urn:h", 400, "exactly one graph"),
        ("GET", f"/graph/x?graph={G}", 400, "exactly one graph"),
        ("GET", "/graphs?graph=rel", 400, "not an absolute IRI"),
        ("GET", "/graphs?graph=http://x/a%20b", 400, "a space is written as %20"),
        ("GET", "/graphs?default=yes", 400, "has no value"),
        ("GET", "/graphs?graph=urn:none", 404, "no graph urn:none"),
        ("DELETE", "/graphs?graph=urn:none", 404, "no graph urn:none"),
        ("GET", f"/graphs?graph={G}&at=7", 404, "no revision 7"),
    ],
)
def test_a_request_that_names_no_graph_that_there_is_is_refused(client, method, address, status, sentence):
    answer = client.open(address, method=method, headers=SIGNED)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert sentence in json.loads(answer.data)["detail"]


@pytest.mark.parametrize(
    ("sent", "status", "sentence"),
    [
        ({"data": TTL}, 415, "has no content type"),
        ({"data": TTL, "content_type": "application/pdf"}, 415, "application/pdf, which is not read here"),
        ({"data": TTL, "content_type": "text/turtle; charset=utf-16"}, 415, "is in utf-16"),
        ({"data": TTL + " <a", "content_type": "text/turtle"}, 400, "The body, line 1, column"),
        ({"data": b"<urn:a> <urn:p> '\xff' .", "content_type": "text/turtle"}, 400, "UTF-8"),
        ({"data": "<urn:a> <urn:p> '\\u0008' .", "content_type": "text/turtle"}, 400, "no XML can hold"),
        ({"data": f"<{G}2> {{ <urn:a> <urn:p> 1 }}", "content_type": "application/trig"}, 400, f"{G}2"),
        ({"data": "<!DOCTYPE x><x/>", "content_type": "application/rdf+xml"}, 400, "DOCTYPE"),
        (
            {"data": {"x": "<urn:a> <urn:p> 1 ."}, "content_type": "multipart/form-data"},
            400,
            "must be a file",
        ),
        (
            {"data": gzip.compress(TTL.encode()), "content_type": "text/turtle", "packed": "gzip"},
            415,
            "packed as gzip",
        ),
    ],
)
def test_a_body_that_is_no_rdf_changes_nothing(client, memory, sent, status, sentence):
    packed = sent.pop("packed", None) if "packed" in sent else None
    headers = SIGNED | ({"Content-Encoding": packed} if packed else {})
    answer = client.put(f"/graphs?graph={G}", **sent, headers=headers)
    assert (answer.status_code, memory.head()) == (status, 0), answer.text
    assert sentence in json.loads(answer.data)["detail"]


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
def test_nobody_changes_a_graph_without_a_token(client, memory, method):
    answer = client.open(f"/graphs?graph={G}", method=method, data=TTL, content_type="text/turtle")
    assert (answer.status_code, memory.head()) == (401, 0)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_data_that_breaks_the_rules_is_refused_with_the_report(client, memory):
    broken = Finding(
        URIRef("urn:a"),
        URIRef("https://w3id.org/regiolink/shape/Thing-name"),
        SH.MinCountConstraintComponent,
        path=NAME,
        messages={"en": "A thing needs a name.", "fr": "Une chose a besoin d’un nom."},
    )
    older = Finding(
        URIRef("urn:b"), broken.shape, broken.component, value=Literal(1), messages={"en": "Old."}
    )
    causes = {broken: [Origin(1, 2)]}
    memory.refusal = DataRefused("Nothing was changed.", Report((broken,)), Report((older,)), causes)
    answer = put(client, **{"Accept-Language": "fr"})
    problem = json.loads(answer.data)
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert (problem["detail"], problem["language"]) == ("Nothing was changed.", "fr")
    assert [found["sentence"] for found in problem["findings"]] == [
        "urn:a, label: Une chose a besoin d’un nom."
    ]
    assert [found["field"] for found in problem["findings"]] == ["label"]
    assert problem["findings"][0]["path"] == NAME
    assert problem["findings"][0]["origins"] == [{"operation": 1, "line": 2}]
    assert [found["sentence"] for found in problem["older"]] == ['urn:b: Old. (found: "1")']
    assert answer.headers["Content-Language"] == "fr"
    assert answer.headers["Vary"] == "Accept, Accept-Language"
    as_rdf = put(client, Accept="text/turtle")
    assert (as_rdf.status_code, as_rdf.mimetype) == (422, "text/turtle")
    told = Graph().parse(data=as_rdf.data, format="turtle")
    (result,) = told.subjects(RDF.type, SH.ValidationResult)
    assert told.value(result, SH.focusNode) == URIRef("urn:a")


# -- conditions and repetition -------------------------------------------------------------------------------


def test_a_change_made_from_an_older_state_is_refused_when_it_touches_what_changed(client):
    put(client)
    tag = client.get(f"/graphs?graph={G}").headers["ETag"]
    put(client, "/graph/other")
    assert put(client, data="<urn:b> <urn:p> 2 .", **{"If-Match": tag}).status_code == 204
    answer = put(client, data=TTL, **{"If-Match": tag})
    assert answer.status_code == 412 and "revision 1" in json.loads(answer.data)["detail"]
    assert triples(client) == {("urn:b", "urn:p", "2")}


def test_the_tag_of_an_answer_to_a_change_is_good_for_the_next_one(client):
    tag = put(client).headers["ETag"]
    assert put(client, data="<urn:b> <urn:p> 2 .", **{"If-Match": f'"x", {tag}'}).status_code == 204
    assert put(client, data=TTL, **{"If-Match": "*"}).status_code == 204


@pytest.mark.parametrize("tag", ['"x"', 'W/"9-' + "0" * 32 + '"', "nonsense", ""])
def test_a_tag_of_no_state_of_ours_holds_for_nothing(client, memory, tag):
    answer = put(client, **{"If-Match": tag})
    assert (answer.status_code, memory.head()) == (412, 0)


def test_a_graph_can_be_made_only_if_there_is_none(client):
    assert put(client, **{"If-None-Match": "*"}).status_code == 201
    answer = put(client, data="<urn:b> <urn:p> 2 .", **{"If-None-Match": "*"})
    assert answer.status_code == 412 and triples(client) == {("urn:a", "urn:p", "1")}


def test_the_same_request_is_done_once(client, memory):
    first, again = (put(client, **{"Idempotency-Key": "k1"}) for _ in range(2))
    assert (first.status_code, again.status_code, memory.head()) == (201, 204, 1)
    assert "Idempotency-Replayed" not in first.headers and again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Regiolink-Revision"] == "1"
    (intent,) = memory.intents
    assert intent.key == "k1" and len(intent.request_digest) == 64


def test_a_graph_that_gets_a_name_gets_one_however_often_it_is_sent(client, memory):
    parts = {"file": (io.BytesIO(TTL.encode()), "a.ttl", "text/turtle")}
    first, again = (
        client.post("/graphs", data=copy.deepcopy(parts), headers=SIGNED | {"Idempotency-Key": "k"})
        for _ in range(2)
    )
    other = client.post(
        "/graphs", data=TTL, content_type="text/turtle", headers=SIGNED | {"Idempotency-Key": "l"}
    )
    assert [answer.status_code for answer in (first, again, other)] == [201, 201, 201]
    assert first.headers["Location"] == again.headers["Location"] != other.headers["Location"]
    assert memory.head() == 2


def test_requests_that_differ_in_anything_have_different_digests(client, memory):
    put(client, **{"Idempotency-Key": "1"})
    put(client, data="<urn:a> <urn:p> 2 .", **{"Idempotency-Key": "2"})
    put(client, f"/graphs?graph={G}2", **{"Idempotency-Key": "3"})
    put(client, data="<urn:a> <urn:p> 3 .", media="application/n-triples; x=y", **{"Idempotency-Key": "4"})
    assert len({intent.request_digest for intent in memory.intents}) == len(memory.intents) == 3


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_an_idempotency_key_that_is_none_is_refused(client, memory, key):
    answer = put(client, **{"Idempotency-Key": key})
    assert (answer.status_code, memory.head()) == (400, 0)


def test_the_reason_of_a_change_comes_with_it(client, memory):
    put(client, f"/graphs?graph={G}&message=Weil%20es%20so%20ist")
    assert memory.intents[0].message == "Weil es so ist"

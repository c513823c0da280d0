"""Tests of server/things.py: one thing as RDF, read and written, behind the real writer and readers."""

import pytest

from kb.knowledge_base import KnowledgeBase
from kb.ledger.people import Role
from server.app import create_app
from server.settings import load_settings
from tests.conftest import writer_at_work

THING = "https://w3id.org/regiolink/id/region/x"
PLACES = "https://w3id.org/regiolink/graph/places"
AT = "/data/region/x.ttl"
IN = f"{AT}?graph={PLACES}"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    kb = KnowledgeBase(tmp_path_factory.mktemp("things") / "data")
    with writer_at_work(kb, empty=True) as writer:
        writer.ledger.people.create_user("ann", Role.STEWARD)
        secret, _ = writer.ledger.people.create_token("ann", "test")
        app = create_app(load_settings({"REGIOLINK_DATA_DIR": str(kb.folder.path), "REGIOLINK_LOG": "off"}))
        yield app.test_client(), {"Authorization": f"Bearer {secret}"}
        app.extensions["services"].close()


@pytest.fixture
def client(served):
    client, signed = served
    client.delete(IN, headers=signed)
    put(served, f'<{THING}> <urn:p> "1" , "2" .')
    return client


def put(served, text, address=IN, **headers):
    client, signed = served
    return client.put(address, data=text, content_type="text/turtle", headers=signed | headers)


def rows(answer):
    return sorted(line for line in answer.get_data(as_text=True).split("\n") if line)


def test_a_thing_is_read_in_every_form_and_from_one_graph(client):
    found = [f'<{THING}> <urn:p> "{n}" .' for n in (1, 2)]
    assert rows(client.get("/data/region/x.nt")) == found
    assert rows(client.get(f"/data/region/x.nt?graph={PLACES}")) == found
    for form, media in (
        ("ttl", "text/turtle"),
        ("rdf", "application/rdf+xml"),
        ("jsonld", "application/ld+json"),
    ):
        assert client.get(f"/data/region/x.{form}").mimetype == media
    missing = client.get(f"{AT}?graph=urn:other")
    assert (missing.status_code, missing.json["detail"]) == (
        404,
        f"Nothing is stated about {THING} in the graph urn:other.",
    )
    assert client.get("/data/region/y.nt").status_code == client.get("/data/region/x.csv").status_code == 404


def test_what_is_put_is_all_that_the_graph_states_about_the_thing(client, served):
    assert put(served, f'<{THING}> <urn:p> "2" , "3" .').status_code == 204
    assert rows(client.get("/data/region/x.nt")) == [f'<{THING}> <urn:p> "{n}" .' for n in (2, 3)]
    assert client.delete(IN, headers=served[1]).status_code == 204
    assert client.get(AT).status_code == 404
    assert client.delete(IN, headers=served[1]).status_code == 404


@pytest.mark.parametrize(
    ("text", "address", "status", "sentence"),
    [
        ("<urn:other> <urn:p> 1 .", IN, 403, "states something about urn:other"),
        (f"<{THING}> <urn:p> [ <urn:q> 1 ] .", IN, 403, "a blank node; give it an IRI"),
        (f"<{THING}> <urn:p> 1 .", AT, 400, "in which graph"),
        (f"<{THING}> <urn:p>", IN, 400, "line 1"),
        (f"<{THING}> <urn:p> 1 .", AT + "?graph=https://w3id.org/regiolink/graph/inferred", 403, "itself"),
    ],
)
def test_what_is_not_about_the_thing_in_one_graph_is_refused(client, served, text, address, status, sentence):
    before = rows(client.get("/data/region/x.nt"))
    answer = put(served, text, address)
    assert (answer.status_code, sentence in answer.json["detail"]) == (status, True), answer.json
    assert rows(client.get("/data/region/x.nt")) == before


def test_nobody_writes_without_a_token(client):
    assert client.put(IN, data="", content_type="text/turtle").status_code == 401


def test_a_thing_that_somebody_else_changed_meanwhile_is_not_overwritten(client, served):
    seen = client.get(AT).headers["ETag"]
    assert put(served, f'<{THING}> <urn:p> "4" .', **{"If-Match": seen}).status_code == 204
    refused = put(served, f'<{THING}> <urn:p> "5" .', **{"If-Match": seen})
    assert refused.status_code == 412 and "ann" in refused.json["detail"]
    assert rows(client.get("/data/region/x.nt")) == [f'<{THING}> <urn:p> "4" .']


def test_a_change_elsewhere_is_no_reason_to_refuse(client, served):
    seen = client.get(AT).headers["ETag"]
    put(served, "<https://w3id.org/regiolink/id/region/z> <urn:p> 1 .", f"/data/region/z.ttl?graph={PLACES}")
    assert put(served, f'<{THING}> <urn:p> "6" .', **{"If-Match": seen}).status_code == 204


def test_a_commit_is_taken_back_over_http_and_only_once(client, served):
    _, signed = served
    made = put(served, f'<{THING}> <urn:p> "7" .').headers["Regiolink-Revision"]
    undo = f"/commits/{made}/undo"
    assert client.post(undo).status_code == 401
    assert client.get(undo).status_code == 405
    assert client.post(undo, headers=signed).status_code == 204
    assert rows(client.get("/data/region/x.nt")) == [f'<{THING}> <urn:p> "{n}" .' for n in (1, 2)]
    again = client.post(undo, headers=signed)
    assert (again.status_code, [each["author"] for each in again.json["commits"]]) == (409, ["ann"])
    assert client.post("/commits/9999/undo", headers=signed).status_code == 404
    assert client.post(f"/commits/{made}/undo?to=1", headers=signed).status_code == 400

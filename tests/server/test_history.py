"""Tests of server/history.py, in an application that has these addresses alone."""

from datetime import UTC, datetime
from hashlib import sha256

import pytest
from flask import Flask
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import PROV

from kb.ledger.commits import Door, Entry, Summary
from kb.ledger.ledger import Ledger
from kb.patch import Patch
from kb.rdf12 import DirectedLiteral, TripleTerm
from kb.rdf_patch import from_text
from kb.receipts import commit_iri
from kb.terms import ID
from server import history, problems

A, B = ID["region/a"], ID["region/b"]
P, G, H = URIRef("urn:p"), URIRef("urn:g"), URIRef("urn:h")
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
A1, A2, B1 = (A, P, Literal("é", lang="fr"), G), (A, P, Literal(2), H), (B, P, A, G)
FOREVER = "public, max-age=31536000, immutable"


@pytest.fixture
def ledger(tmp_path):
    """1: ana states A1 and A2. 2: ben links B to A, with a waiver. 3: ana takes A2 away."""
    opened = Ledger.open(tmp_path / "ledger.sqlite", tmp_path / "patches", now=lambda: NOON)
    report = Summary(1, 2, 0, ("B: It has no name.",))
    opened.append_all(
        [
            Entry(Patch.of(inserts=[A1, A2]), "ana", "steward", "Begin", Door.FORM),
            Entry(
                Patch.of(inserts=[B1]),
                "ben",
                "admin",
                "",
                Door.UPDATE,
                key="secret",
                request_digest="d",
                summary=report,
                waiver="Agreed.",
            ),
            Entry(Patch.of(deletes=[A2]), "ana", "steward", "Tidy", Door.FORM),
        ],
        0,
    )
    yield opened
    opened.close()


@pytest.fixture
def get(ledger):
    app = Flask("server")
    problems.register(app)
    app.register_blueprint(history.blueprint(lambda: ledger))
    client = app.test_client()

    def ask(address, accept=None, **headers):
        return client.get(address, headers={"Accept": accept or "*/*"} | headers)

    return ask


def revisions(answer) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [commit["revision"] for commit in answer.json["commits"]]


def told(quad):
    subject, predicate, value, graph = quad
    if isinstance(value, URIRef):
        term = {"type": "uri", "value": str(value)}
    elif value.language:
        term = {"type": "literal", "value": str(value), "xml:lang": value.language}
    else:
        term = {"type": "literal", "value": str(value), "datatype": str(value.datatype)}
    return {"subject": str(subject), "predicate": str(predicate), "object": term, "graph": str(graph)}


# -- /commits


def test_a_commit_is_told_without_the_idempotency_key(get, ledger):
    answer = get("/commits/2")
    commit = ledger.commit(2)
    assert answer.json == {
        "iri": "https://w3id.org/regiolink/commits/2",
        "revision": 2,
        "parent": 1,
        "author": "ben",
        "role": "admin",
        "time": "2026-11-22T12:00:00.000000Z",
        "message": "",
        "door": "update",
        "inserts": 1,
        "deletes": 0,
        "graphs": ["urn:g"],
        "waiver": "Agreed.",
        "report": {"violations": 1, "warnings": 2, "infos": 0, "first": ["B: It has no name."]},
        "id": commit.id,
        "patch_hash": commit.patch_hash,
        "parent_hash": commit.parent_hash,
        "hash": commit.hash,
    }
    assert answer.mimetype == "application/json"


def test_the_patch_of_a_commit_is_the_one_that_its_hash_is_of(get, ledger):
    answer = get("/commits/1", "application/rdf-patch")
    assert answer.headers["Content-Type"] == "application/rdf-patch; charset=utf-8"
    assert sha256(answer.data).hexdigest() == ledger.commit(1).patch_hash
    assert from_text(answer.text) == Patch.of(inserts=[A1, A2])


@pytest.mark.parametrize(
    ("media", "form"),
    [("text/turtle", "turtle"), ("application/n-triples", "nt"), ("application/ld+json", "json-ld")],
)
def test_the_receipt_of_a_commit_is_given_as_rdf(get, media, form):
    answer = get("/commits/3", media)
    assert answer.mimetype == media
    graph = Graph().parse(data=answer.data, format=form)
    assert graph.value(commit_iri(3), PROV.wasInformedBy) == commit_iri(2)


def test_a_commit_never_changes_and_is_sent_once(get):
    tags = set()
    for media in ("application/json", "application/rdf-patch", "text/turtle"):
        first = get("/commits/1", media)
        assert (first.headers["Cache-Control"], first.headers["Vary"]) == (FOREVER, "Accept")
        again = get("/commits/1", media, **{"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
        assert "Content-Type" not in again.headers
        tags.add(first.headers["ETag"])
    assert len(tags) == 3
    assert get("/commits/2", **{"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_what_is_told_to_somebody_known_stays_out_of_shared_caches(get):
    answer = get("/commits/1", Authorization="Bearer x")
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_the_terms_of_rdf_1_2_are_told_as_in_the_results_of_sparql_1_2(get, ledger):
    term = TripleTerm(A, P, DirectedLiteral("x", "en", "rtl"))
    ledger.append_all([Entry(Patch.of(inserts=[(A, P, term, G)]), "ana", "steward", "", Door.FORM)], 3)
    (quad,) = get("/diff?from=3&to=4").json["inserted"]
    assert quad["object"] == {
        "type": "triple",
        "value": {
            "subject": {"type": "uri", "value": str(A)},
            "predicate": {"type": "uri", "value": "urn:p"},
            "object": {"type": "literal", "value": "x", "xml:lang": "en", "its:dir": "rtl"},
        },
    }


# -- /history


def test_the_history_is_told_newest_first_and_can_be_narrowed_down(get):
    assert revisions(get("/history")) == [3, 2, 1]
    assert revisions(get("/history?author=ana")) == [3, 1]
    assert revisions(get("/history?graph=urn:g")) == [2, 1]
    assert revisions(get(f"/history?thing={A}")) == [3, 1]
    assert revisions(get(f"/history?thing={A}&graph=urn:g&author=ana")) == [1]
    assert revisions(get("/history?author=nobody")) == []


def test_the_history_comes_in_pages_that_lead_to_each_other(get):
    pages, address = [], "/history?author=ana&limit=1"
    while address:
        answer = get(address)
        pages.append(revisions(answer))
        address = answer.json["next"]
        assert answer.headers.get("Link") == (f'<{address}>; rel="next"' if address else None)
    assert pages == [[3], [1]]
    assert get("/history?author=ana&limit=1").json["next"] == "/history?author=ana&before=3&limit=1"
    with_odd_name = get("/history?author=a%26b&limit=1")
    assert with_odd_name.json == {"commits": [], "next": None}


def test_the_newest_page_changes_with_the_next_commit_and_older_ones_do_not(get, ledger):
    newest, older = get("/history?limit=1"), get("/history?limit=1&before=3")
    assert (newest.headers["Cache-Control"], older.headers["Cache-Control"]) == ("no-cache", FOREVER)
    assert get("/history?before=9").headers["Cache-Control"] == "no-cache"
    ledger.append(Entry(Patch.of(inserts=[A2]), "ana", "steward", "", Door.FORM), 3)

    def again(address, before):
        return get(address, **{"If-None-Match": before.headers["ETag"]}).status_code

    assert again("/history?limit=1", newest) == 200
    assert again("/history?limit=1&before=3", older) == 304


def test_two_questions_have_two_tags(get):
    addresses = (
        "/history",
        "/history?author=ana",
        "/history?limit=20",
        "/diff?from=1&to=3",
        "/diff?from=3&to=1",
    )
    assert len({get(address).headers["ETag"] for address in addresses}) == len(addresses)


def test_the_history_of_a_thing_tells_what_came_and_went_and_who_brought_what_is_there(get):
    answer = get("/history/region/a")
    assert answer.json["thing"] == str(A)
    assert [(each["revision"], each["inserted"], each["deleted"]) for each in answer.json["commits"]] == [
        (3, [], [told(A2)]),
        (1, [told(A2), told(A1)], []),
    ]
    assert answer.json["statements"] == [
        told(A1)
        | {
            "revision": 1,
            "author": "ana",
            "time": "2026-11-22T12:00:00.000000Z",
            "message": "Begin",
            "door": "form",
        }
    ]
    assert answer.json["next"] is None


def test_the_history_of_a_thing_comes_in_pages_too(get):
    first = get("/history/region/a?limit=1")
    assert (revisions(first), first.json["next"]) == ([3], "/history/region/a?before=3&limit=1")
    second = get(first.json["next"])
    assert (revisions(second), second.json["next"]) == ([1], None)
    assert "statements" not in second.json


# -- /diff


def test_the_difference_of_two_revisions_is_told_either_way(get):
    assert get("/diff?from=1&to=3").json == {
        "from": 1,
        "to": 3,
        "inserted": [told(B1)],
        "deleted": [told(A2)],
    }
    backwards = get("/diff?from=3&to=0", "application/rdf-patch")
    assert from_text(backwards.text) == Patch.of(deletes=[A1, B1])
    assert get("/diff?from=0&to=0").json == {"from": 0, "to": 0, "inserted": [], "deleted": []}
    assert backwards.headers["Cache-Control"] == FOREVER


def test_a_difference_that_is_too_large_for_an_answer_is_refused(get, monkeypatch):
    monkeypatch.setattr(history, "MAX_QUADS", 1)
    answer = get("/diff?from=0&to=3")
    assert (answer.status_code, answer.json["detail"]) == (
        413,
        "Between revisions 0 and 3 more than 1 quads were changed; "
        "take revisions that are closer to each other.",
    )


# -- what is wrong


@pytest.mark.parametrize(
    ("address", "status", "sentence"),
    [
        ("/commits/9", 404, "There is no revision 9; the newest is 3."),
        ("/commits/0", 404, "There is no revision 0; the newest is 3."),
        ("/commits/x", 400, "The parameter revision is 'x'; it must be a whole number from 0."),
        ("/commits/-1", 400, "The parameter revision is '-1'; it must be a whole number from 0."),
        ("/commits/1?form=x", 400, "This address has no parameter 'form'; it takes none."),
        ("/history/region/none", 404, f"Nothing was ever stated about {ID['region/none']}."),
        ("/history?before=0", 400, "The parameter before is '0'; it must be a whole number from 1."),
        ("/history?limit=x", 400, "The parameter limit is 'x'; it must be a whole number from 1."),
        ("/history?limit=101", 400, "The parameter limit is 101; 100 is the most."),
        ("/history?thing=region/a", 400, "The parameter thing is 'region/a', which is not an absolute IRI."),
        ("/history?author=a&author=b", 400, "There are 2 values of author; give exactly one."),
        (
            "/history?autor=ana",
            400,
            "This address has no parameter 'autor'; there are author, graph, thing, before, limit.",
        ),
        ("/diff?from=1", 400, "A difference is between two revisions: /diff?from=11&to=12."),
        ("/diff?from=1&to=99", 404, "There is no revision 99; the newest is 3."),
        ("/diff?from=1&to=-2", 400, "The parameter to is '-2'; it must be a whole number from 0."),
    ],
)
def test_what_cannot_be_told_is_a_problem_with_one_sentence(get, address, status, sentence):
    answer = get(address)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.json["detail"] == sentence
    assert "ETag" not in answer.headers and "immutable" not in answer.headers.get("Cache-Control", "")


@pytest.mark.parametrize("address", ["/commits/1", "/history", "/history/region/a", "/diff?from=1&to=2"])
def test_a_form_that_there_is_not_is_refused(get, address):
    assert get(address, "image/png").status_code == 406

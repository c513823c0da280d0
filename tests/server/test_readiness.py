"""Tests of server/readiness.py."""

import pytest
from flask import Flask

from kb import __version__
from kb.errors import FolderUnusable
from server.readiness import Readiness, blueprint


def away() -> None:
    raise FolderUnusable("The disk is away.")


@pytest.fixture
def readiness():
    made = Readiness()
    made.add("readers", lambda: None)
    return made


def client_of(readiness: Readiness, tells_why: bool = True):
    app = Flask("server.app")
    app.register_blueprint(blueprint(readiness, lambda: tells_why))
    return app.test_client()


def test_the_process_answers_whatever_its_parts_do(readiness):
    readiness.add("ledger", away)
    answer = client_of(readiness).get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok", "version": __version__})
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_service_is_ready_when_each_part_is(readiness):
    readiness.add("ledger", lambda: None)
    answer = client_of(readiness).get("/readyz")
    assert (answer.status_code, answer.json) == (
        200,
        {"status": "ready", "parts": {"ledger": {"ready": True}, "readers": {"ready": True}}},
    )


def test_a_part_that_is_missing_is_named_with_the_reason(readiness):
    readiness.add("ledger", away)
    answer = client_of(readiness).get("/readyz")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json == {
        "status": "not ready",
        "parts": {"ledger": {"ready": False, "why": "The disk is away."}, "readers": {"ready": True}},
    }


def test_the_reason_is_not_for_everybody(readiness):
    readiness.add("ledger", away)
    answer = client_of(readiness, tells_why=False).get("/readyz")
    assert answer.status_code == 503
    assert answer.json["parts"] == {"ledger": {"ready": False}, "readers": {"ready": True}}


def test_a_part_that_is_added_again_is_replaced(readiness):
    readiness.add("ledger", away)
    readiness.add("ledger", lambda: None)
    assert readiness.look() == {"ledger": None, "readers": None}


def test_what_an_operator_should_know_is_remarked_and_not_to_everybody(readiness):
    readiness.add_remark("readers", lambda: "They have the network.")
    readiness.add("ledger", lambda: None)
    readiness.add_remark("ledger", lambda: "")
    answer = client_of(readiness).get("/readyz")
    assert (answer.status_code, answer.json["parts"]) == (
        200,
        {"ledger": {"ready": True}, "readers": {"ready": True, "remark": "They have the network."}},
    )
    assert client_of(readiness, tells_why=False).get("/readyz").json["parts"]["readers"] == {"ready": True}

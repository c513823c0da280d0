"""Tests of server/front.py: what every request passes, on a small application behind the real front."""

import logging
import re

import pytest
from flask import Flask, Response, request

from kb.errors import NotUnderstood
from kb.folder import DataFolder
from kb.ledger.ledger import Ledger
from kb.ledger.people import Role
from server import front, metrics, problems
from server.readers.errors import (
    AnswerCut,
    AnswerTooLarge,
    Busy,
    ClientGone,
    MemoryLimit,
    ReaderLost,
    TimeLimit,
)
from server.request_log import note
from server.settings import load_settings


@pytest.fixture
def make_client(tmp_path):
    """Makes a client of an application with the given settings."""

    def make(**settings: str):
        environment = {f"REGIOLINK_{name.upper()}": value for name, value in settings.items()}
        app = Flask("server.app")
        problems.register(app)
        front.install(app, load_settings({"REGIOLINK_DATA_DIR": str(tmp_path / "data")} | environment))

        @app.route("/echo", methods=["GET", "POST"])
        def echo() -> dict[str, object]:
            return {"client": request.remote_addr, "scheme": request.scheme, "body": len(request.get_data())}

        @app.route("/form", methods=["POST"])
        def form() -> dict[str, int]:
            return {name: len(value) for name, value in request.form.items()}

        return app.test_client()

    return make


@pytest.fixture
def token(tmp_path):
    """Makes a token of a new user."""
    folder = DataFolder(tmp_path / "data")
    folder.make_ready()
    ledger = Ledger.open(folder.ledger, folder.patches)

    def make(name: str) -> dict[str, str]:
        ledger.people.create_user(name, Role.STEWARD)
        return {"Authorization": f"Bearer {ledger.people.create_token(name, 'test')[0]}"}

    yield make
    ledger.close()


def told(answer) -> tuple[int, str]:
    return answer.status_code, answer.json["detail"]


def test_reading_without_a_token_does_not_need_the_ledger(make_client, tmp_path):
    assert make_client().get("/echo").status_code == 200
    assert not (tmp_path / "data").exists()


def test_the_ledger_is_a_part_that_the_service_needs(make_client):
    assert make_client().get("/readyz").json == {"status": "ready", "parts": {"ledger": {"ready": True}}}
    away = make_client(ledger="postgresql://ana:geheim@127.0.0.1:9/none?connect_timeout=2")
    answer = away.get("/readyz")
    assert (answer.status_code, answer.json["parts"]["ledger"]) == (
        503,
        {
            "ready": False,
            "why": "The PostgreSQL database of the ledger cannot be reached; nothing was changed.",
        },
    )
    assert told(away.get("/echo", headers={"Authorization": "Bearer rgl_x"}))[0] == 503
    assert away.get("/echo").status_code == 200


def test_a_wrong_token_is_refused_everywhere_but_where_operators_look(make_client):
    client, wrong = make_client(), {"Authorization": "Bearer rgl_x"}
    found = {path: client.get(path, headers=wrong).status_code for path in ("/echo", "/nothing", "/healthz")}
    assert found == {"/echo": 401, "/nothing": 401, "/healthz": 200}


def test_a_host_that_is_not_ours_is_refused_before_all_else(make_client):
    client = make_client(trusted_hosts="data.example.org")
    not_ours = "This service does not answer for the host name of the request."
    for path in ("/echo", "/healthz", "/nothing"):
        assert told(client.get(path, headers={"Host": "evil.example"})) == (400, not_ours)
    assert client.get("/echo", headers={"Host": "data.example.org"}).status_code == 200


def test_a_refusal_is_a_page_where_one_is_asked_for(make_client):
    answer = make_client().get("/echo", headers={"Host": "<b>", "Accept": "text/html"})
    assert answer.status_code == 400 and answer.mimetype == "text/html" and "<b>" not in answer.text


def test_a_body_has_a_size_that_depends_on_who_sends_it(make_client, token):
    client, ana = make_client(max_body_bytes="1500000"), token("ana")
    small, middle, large = b"x" * 1_000_000, b"x" * 1_500_000, b"x" * 1_500_001
    assert client.post("/echo", data=small).json["body"] == 1_000_000
    assert told(client.post("/echo", data=middle)) == (
        413,
        "The body of a request without a token may have 1,000,000 bytes.",
    )
    assert client.post("/echo", data=middle, headers=ana).json["body"] == 1_500_000
    assert told(client.post("/echo", data=large, headers=ana)) == (
        413,
        "The body of a request of a user may have 1,500,000 bytes.",
    )
    assert client.post("/form", data={"update": "x" * 1_400_000}, headers=ana).json == {"update": 1_400_000}


def test_a_client_that_asks_too_often_is_told_when_to_come_back(make_client):
    client = make_client(rate_limit="2/hour")
    assert [client.get("/echo").status_code for _ in range(2)] == [200, 200]
    answer = client.get("/echo")
    seconds = answer.headers["Retry-After"]
    assert told(answer) == (
        429,
        f"This is more than 2 requests an hour; try again in {seconds} seconds.",
    )
    assert answer.mimetype == "application/problem+json" and 0 < int(seconds) <= 3601
    assert client.get("/healthz").status_code == client.get("/metrics").status_code == 200


def test_clients_are_told_apart_by_user_else_by_address(make_client, token):
    client, ana, ben = make_client(rate_limit="1/hour"), token("ana"), token("ben")

    def status(address: str, who: dict[str, str]) -> int:
        return client.get("/echo", headers=who, environ_base={"REMOTE_ADDR": address}).status_code

    assert [status("192.0.2.1", {}), status("192.0.2.1", {}), status("192.0.2.2", {})] == [200, 429, 200]
    assert [status("192.0.2.1", ana), status("192.0.2.2", ana), status("192.0.2.1", ben)] == [200, 429, 200]
    assert [status("2001:db8::1", {}), status("2001:db8::2", {})] == [200, 429]


def test_without_a_limit_nothing_is_counted(make_client):
    client = make_client()
    assert {client.get("/echo").status_code for _ in range(100)} == {200}


@pytest.mark.parametrize(
    ("proxies", "forwarded", "client", "scheme"),
    [
        ("0", "192.0.2.9", "127.0.0.1", "http"),
        ("1", "192.0.2.9", "192.0.2.9", "https"),
        ("1", "evil, 192.0.2.9", "192.0.2.9", "https"),
        ("2", "192.0.2.9, 192.0.2.8", "192.0.2.9", "https"),
        ("2", "evil, 192.0.2.9, 192.0.2.8", "192.0.2.9", "https"),
    ],
)
def test_only_as_many_proxies_are_believed_as_are_known(make_client, proxies, forwarded, client, scheme):
    sent = {
        "X-Forwarded-For": forwarded,
        "X-Forwarded-Proto": "http, https" if proxies == "1" else "https, https",
    }
    found = make_client(proxies=proxies).get("/echo", headers=sent).json
    assert (found["client"], found["scheme"]) == (client, scheme)


def test_metrics_are_for_this_machine_unless_they_are_open(make_client):
    not_here = {"REMOTE_ADDR": "192.0.2.1"}
    assert b"regiolink_http_requests_total" in make_client().get("/metrics").data
    refused = make_client().get("/metrics", environ_base=not_here)
    assert told(refused) == (403, "The metrics are for the machine that the service runs on.")
    handed_on = make_client().get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"})
    assert handed_on.status_code == 403
    assert make_client(metrics_open="yes").get("/metrics", environ_base=not_here).status_code == 200


def test_the_log_tells_who_and_where_and_never_a_secret(make_client, token, caplog):
    caplog.set_level(logging.INFO, "regiolink.request")
    ana = token("ana")
    answer = make_client().get("/echo", headers=ana, buffered=True)
    (facts,) = [entry.facts for entry in caplog.records if entry.name == "regiolink.request"]
    assert (facts["user"], facts["endpoint"], facts["id"]) == ("ana", "echo", answer.headers["X-Request-Id"])
    assert ana["Authorization"].removeprefix("Bearer ") not in str([vars(entry) for entry in caplog.records])


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "answered"),
        (TimeLimit("It took too long.", 10.0), "deadline"),
        (MemoryLimit("It needed too much.", 10), "memory"),
        (Busy("Too many wait."), "busy"),
        (ReaderLost("It ended."), "crash"),
        (ClientGone("The client went away."), "gone"),
        (AnswerTooLarge("It is too large."), "too-large"),
        (NotUnderstood("It does not parse."), "refused"),
        (KeyError("a fault"), "failed"),
    ],
)
def test_a_query_is_counted_by_what_came_of_it(make_client, error, outcome):
    client = make_client()

    @client.application.get("/query")
    def query() -> str:
        note(asks="query")
        if error is not None:
            raise error
        return "yes"

    before = metrics.value_of("regiolink_queries_total", outcome=outcome) or 0
    client.get("/query", buffered=True)
    client.get("/echo", buffered=True)
    assert metrics.value_of("regiolink_queries_total", outcome=outcome) == before + 1


def test_a_query_whose_answer_breaks_off_is_counted_as_cut(make_client):
    client = make_client()

    @client.application.get("/query")
    def query() -> Response:
        note(asks="query")

        def parts():
            yield b"some"
            raise AnswerCut("No more comes.")

        return Response(parts())

    before = metrics.value_of("regiolink_queries_total", outcome="cut") or 0
    with pytest.raises(AnswerCut):
        client.get("/query", buffered=True)
    assert metrics.value_of("regiolink_queries_total", outcome="cut") == before + 1


def test_every_answer_has_an_id(make_client):
    client = make_client(rate_limit="1/hour", trusted_hosts="localhost")
    answers = [
        client.get("/echo"),
        client.get("/echo"),
        client.get("/nothing"),
        client.get("/echo", headers={"Host": "evil.example"}),
        client.get("/echo", headers={"Authorization": "Bearer rgl_x"}),
    ]
    assert [answer.status_code for answer in answers] == [200, 429, 404, 400, 401]
    assert len({re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-Id"])[0] for answer in answers}) == 5

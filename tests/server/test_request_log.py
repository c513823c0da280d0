"""Tests of server/request_log.py: the lines, and the middleware that writes one a request."""

import io
import json
import logging
import os
import re

import pytest
from flask import Flask

from kb.errors import NotAllowed
from server.request_log import (
    LOG_QUERIES,
    ImpatientHandler,
    JsonLine,
    RequestLog,
    TextLine,
    configure,
    note,
    note_query,
)


def record(message: str = "request", **facts: object) -> logging.LogRecord:
    made = logging.LogRecord("regiolink.request", logging.INFO, "", 0, message, (), None)
    made.created = 1_700_000_000.25
    made.facts = facts
    return made


def test_a_line_of_json_holds_the_facts():
    line = JsonLine().format(record(id="a1", status=200, path="/é\n\u2028"))
    assert line.isascii() and "\n" not in line
    assert json.loads(line) == {
        "time": "2023-11-14T22:13:20.250Z",
        "level": "info",
        "message": "request",
        "id": "a1",
        "status": 200,
        "path": "/é\n\u2028",
    }


def test_a_line_of_text_holds_nothing_that_could_pass_for_another_line():
    line = TextLine().format(record(id="a1", user=None, path='/a b\n"c\u202e', status=200))
    assert line == r'2023-11-14T22:13:20.250Z request id=a1 path="/a b\n\"c\u202e" status=200'


@pytest.mark.parametrize("form", [JsonLine(), TextLine()])
def test_a_token_is_never_in_a_line(form):
    line = form.format(record("Invalid rgl_secret-1_x header", path="/rgl_secret2", query="rgl_secret3"))
    assert "secret" not in line and line.count("rgl_") == 3


def test_a_long_fact_is_cut_and_its_length_told():
    found = json.loads(JsonLine().format(record(path="a" * 300, query="b" * 1500, other="c" * 1_000)))
    assert found["path"] == "a" * 200 + "… (300 characters)"
    assert found["query"] == "b" * 1500
    assert found["other"] == "c" * 400 + "… (1,000 characters)"


@pytest.mark.parametrize("form", [JsonLine(), TextLine()])
def test_a_foreseen_error_is_its_sentence_and_another_its_trace(form):
    lines = []
    for error in (NotAllowed("It is cut."), ValueError("a fault")):
        told = record()
        told.exc_info = (type(error), error, None)
        lines.append(form.format(told))
    assert "It is cut." in lines[0] and "NotAllowed" not in lines[0]
    assert "ValueError: a fault" in lines[1]


def test_a_log_that_nobody_reads_stops_nothing_and_says_later_what_was_dropped():
    reads, writes = os.pipe()
    with os.fdopen(writes, "w") as stream, os.fdopen(reads, "rb", buffering=0) as pipe:
        handler = ImpatientHandler()
        handler.setStream(stream)
        handler.setFormatter(JsonLine())
        for number in range(1_000):
            handler.emit(record(number=number, filling="x" * 400))
        assert handler.dropped > 0
        kept = 1_000 - handler.dropped
        lines = pipe.read(1_000_000).decode().split("\n")[:-1]
        assert [json.loads(line)["number"] for line in lines] == list(range(kept))
        handler.emit(record(number=1_000))
        assert json.loads(pipe.read(10_000))["dropped_before"] == 1_000 - kept


@pytest.fixture
def logged(caplog):
    """An application with the log before it; gives a client, and the facts of each request."""
    app = Flask("server.app")
    told = []

    @app.get("/<word>")
    def say(word: str) -> str:
        note(endpoint="say", revision=7)
        return word * 10

    @app.get("/cut")
    def cut():
        def parts():
            yield b"some"
            raise NotAllowed("no more")

        return app.response_class(parts())

    @app.get("/query")
    def query() -> str:
        note_query("ASK {}")
        return "yes"

    @app.get("/fault")
    def fault():
        raise KeyError

    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.wsgi_app = RequestLog(app.wsgi_app, told.append)
    caplog.set_level(logging.INFO, "regiolink.request")

    def facts():
        return [entry.facts for entry in caplog.records if entry.name == "regiolink.request"]

    return app.test_client(), facts, told


def test_a_request_is_one_line_with_what_was_found_out_about_it(logged):
    client, facts, told = logged
    answer = client.get("/hello?query=secret", buffered=True, headers={"X-Request-Id": "proxy-1.a"})
    assert answer.headers["X-Request-Id"] == "proxy-1.a"
    (found,) = facts()
    assert found.pop("ms") >= 0
    assert found == {
        "id": "proxy-1.a",
        "client": "127.0.0.1",
        "method": "GET",
        "path": "/hello",
        "status": 200,
        "bytes": 50,
        "endpoint": "say",
        "revision": 7,
    }
    assert [(done.method, done.status, done.size, done.whole) for done in told] == [("GET", 200, 50, True)]
    assert told[0].facts == {"endpoint": "say", "revision": 7}


@pytest.mark.parametrize("given", [None, "", "a b", "-x", "x" * 65, "a\u00e9", "a,b", "<i>"])
def test_an_id_that_is_not_well_formed_is_replaced(logged, given):
    client, facts, _ = logged
    answer = client.get("/hello", buffered=True, headers={} if given is None else {"X-Request-Id": given})
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-Id"])
    assert facts()[0]["id"] == answer.headers["X-Request-Id"]


def test_an_answer_that_breaks_off_is_logged_as_cut(logged):
    client, facts, _ = logged
    with pytest.raises(NotAllowed):
        client.get("/cut", buffered=True)
    (found,) = facts()
    assert (found["status"], found["bytes"], found["cut"], found["why"]) == (200, 4, True, "no more")


def test_a_fault_has_an_id_too(logged):
    client, facts, told = logged
    answer = client.get("/fault", buffered=True)
    assert (answer.status_code, answer.headers["X-Request-Id"]) == (500, facts()[0]["id"])
    assert [(done.status, done.whole, done.facts) for done in told] == [(500, True, {})]


@pytest.mark.parametrize(("asked_for", "kept"), [(True, {"query": "ASK {}"}), (False, {})])
def test_the_text_of_a_query_is_logged_only_where_that_is_asked_for(logged, asked_for, kept):
    client, _, told = logged
    client.get("/query", buffered=True, environ_overrides={LOG_QUERIES: asked_for})
    assert told[0].facts == kept


@pytest.mark.parametrize(("how", "shown"), [("json", '{"time"'), ("text", "request id=a1"), ("off", "")])
def test_the_setting_says_how_requests_are_logged_and_errors_always_are(how, shown, monkeypatch):
    root, ours = logging.getLogger(), logging.getLogger("regiolink")
    before = (root.handlers[:], root.level, ours.level)
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    try:
        configure(how)
        logging.getLogger("regiolink.request").info("request", extra={"facts": {"id": "a1"}})
        requests = stream.getvalue()
        assert shown in requests and bool(requests) == bool(shown)
        logging.getLogger("server.app").error("It broke")
        assert "It broke" in stream.getvalue()
    finally:
        root.handlers[:], root.level, ours.level = before

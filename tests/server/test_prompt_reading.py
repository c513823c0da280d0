"""Tests of server/prompt.py: which requests are short questions, and what they ask."""

from urllib.parse import quote

import pytest
from flask import Flask
from gunicorn.config import Config

from server import front
from server.prompt import Prompt
from server.serving import _STRICT
from server.settings import load_settings
from tests.server.memory import ADDRESS, Memory, backend

FEW = "SELECT ?x { VALUES ?x { 1 2 } }"
HOST = "Host: data.example.org"


def prompt(memory=None, **settings):
    made = load_settings({f"REGIOLINK_{name.upper()}": value for name, value in settings.items()})
    config = Config()
    for name, value in _STRICT.items():
        if name not in ("worker_class", "logger_class"):
            config.set(name, value)
    reads = Prompt(backend(memory or Memory()), None, front.install(Flask("x"), made), made)
    reads.use(config)
    return reads


def request(*lines, query=FEW, line="GET /sparql?query={} HTTP/1.1", host=HOST):
    return "\r\n".join([line.format(quote(query)), host, *lines, "", ""]).encode("latin-1")


def test_a_question_is_read_with_its_form_its_state_and_who_asks():
    asked = prompt().read(request("Accept: text/csv", "X-Request-Id: abc"), "192.0.2.1")
    assert (asked.question.text, asked.media, asked.client, asked.id) == (FEW, "text/csv", "192.0.2.1", "abc")
    assert (asked.question.base, asked.state.revision) == (f"{ADDRESS}sparql", 0)
    assert asked.entity_tag.startswith('"0-')


def test_behind_a_proxy_it_says_who_asks():
    lines = ("X-Forwarded-For: 198.51.100.1, 192.0.2.9",)
    assert prompt(proxies="1").read(request(*lines), "127.0.0.1").client == "192.0.2.9"
    assert prompt().read(request(*lines), "127.0.0.1").client == "127.0.0.1"


@pytest.mark.parametrize(
    "lines",
    [(), ("Connection: Keep-Alive",), ("User-Agent: x", "Accept-Encoding: gzip, br", "Cookie: a=b")],
)
def test_headers_that_say_nothing_of_the_question_do_not_matter(lines):
    assert prompt().read(request(*lines), "192.0.2.1").question.text == FEW


@pytest.mark.parametrize(
    "data",
    [
        *(
            request(line=line)
            for line in (
                "POST /sparql?query={} HTTP/1.1",
                "HEAD /sparql?query={} HTTP/1.1",
                "GET /sparql?query={} HTTP/1.0",
                "GET /sparql?query={}&limit=1 HTTP/1.1",
                "GET /sparql?query={}&query=ASK HTTP/1.1",
                "GET /sparql?QUERY={} HTTP/1.1",
                "GET /sparql/?query={} HTTP/1.1",
                "GET /sparql?query={}#a HTTP/1.1",
                "GET /sparql?query={}%FF HTTP/1.1",
                "GET http://a/sparql?query={} HTTP/1.1",
                "GET  /sparql?query={} HTTP/1.1",
                "GET /sparql HTTP/1.1",
            )
        ),
        *(
            request(line)
            for line in (
                "Authorization: Bearer rgl_x",
                "Accept-Datetime: Sun, 22 Nov 2026 09:30:00 GMT",
                'If-None-Match: "1-2"',
                "Content-Length: 0",
                "Transfer-Encoding: chunked",
                "Expect: 100-continue",
                "Connection: close",
                "Upgrade: h2c",
                "Accept: text/html",
                "Host: other.example.org",
                "X_Forwarded_For: 192.0.2.1",
                "X: a\r\n folded",
                "X: a\nY: b",
                "X: a\0b",
                "X : a",
                "no colon",
                "X: " + "a" * 4_096,
            )
        ),
        request(host="X: y"),
        request(host="Host: a b"),
        request() * 2,
        request() + b"GET",
        request()[:-2],
        request().replace(b"\r\n", b"\n"),
        b"",
    ],
)
def test_what_is_more_than_a_question_is_left_to_a_thread(data):
    assert prompt().read(data, "192.0.2.1") is None


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { <urn:a> <urn:b> 1 }",
        "SELECT ?x { BIND(NOW() AS ?x) }",
        "SELECT ?x { SERVICE <https://a.example/> { ?x ?y ?z } }",
        "ASK { ((",
        "ASK {" + "{" * 51 + "}" * 52,
        "",
    ],
)
def test_what_is_refused_or_never_kept_is_left_to_a_thread(text):
    assert prompt().read(request(query=text), "192.0.2.1") is None


def test_another_host_than_those_that_are_trusted_is_left_to_a_thread():
    trusting = prompt(trusted_hosts="data.example.org")
    assert trusting.read(request(), "192.0.2.1") is not None
    assert trusting.read(request(host="Host: evil.example"), "192.0.2.1") is None


def test_a_state_that_has_to_be_waited_for_is_left_to_a_thread(monkeypatch):
    memory = Memory()
    monkeypatch.setattr(memory, "known", lambda _at_least: None)
    assert prompt(memory).read(request(), "192.0.2.1") is None

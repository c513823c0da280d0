"""Clients that close the side on which they send, or both, before they have their answer."""

import re
import socket
import time
import urllib.request
from http.client import HTTPConnection
from urllib.parse import quote

import pytest

pytestmark = pytest.mark.timeout(120)
DIGITS = " ".join(map(str, range(100)))


def counted(name, many, of="(COUNT(*) AS ?n)"):
    """A query that no other test asks, over many times ten thousand rows."""
    last = " ".join(map(str, range(many)))
    return f"SELECT {of} {{ VALUES ?{name} {{ {DIGITS} }} VALUES ?b {{ {DIGITS} }} VALUES ?c {{ {last} }} }}"


@pytest.fixture
def port(service):
    return int(service.address.rsplit(":", 1)[1].strip("/"))


def asked(port, query, version="1.1", flags=0):
    """A connection on which a query is sent, and then nothing more."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=60)
    head = f"GET /sparql?query={quote(query)} HTTP/{version}\r\nHost: 127.0.0.1\r\nAccept: text/csv\r\n\r\n"
    sock.sendall(head.encode(), flags)
    return sock


def half_closed(port, query, version="1.1"):
    """The same; that nothing more comes is said together with the end of the request."""
    sock = asked(port, query, version, socket.MSG_MORE)
    sock.shutdown(socket.SHUT_WR)
    return sock


def everything(sock):
    """What comes until the other side closes."""
    return b"".join(iter(lambda: sock.recv(65_536), b""))


def test_a_client_that_sends_no_more_has_its_answer_after_an_interim_one(port):
    with half_closed(port, counted("raw", 300)) as sock:
        told = everything(sock)
    interim, final = told.split(b"\r\n\r\n", 1)
    assert interim == b"HTTP/1.1 100 Continue"
    assert final.startswith(b"HTTP/1.1 200 OK\r\n") and final.endswith(b"\r\n\r\nn\r\n3000000\r\n")


def test_a_client_of_http_1_0_that_sends_no_more_has_its_answer_and_no_interim_one(port):
    with half_closed(port, counted("old", 300), "1.0") as sock:
        told = everything(sock)
    assert told.startswith(b"HTTP/1.0 200 OK\r\n") and told.endswith(b"\r\n\r\nn\r\n3000000\r\n")


@pytest.fixture
def usual(port):
    """A client that passes over interim answers, as each one does."""
    line = HTTPConnection("127.0.0.1", port, timeout=60)
    yield line
    line.close()


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [(counted("usual", 300), 200, b"n\r\n3000000\r\n"), ("SELECT", 400, b'"line": 1')],
)
def test_a_usual_client_that_sends_no_more_is_answered(usual, query, status, says):
    headers = {"Content-Type": "application/sparql-query", "Accept": "text/csv"}
    usual.request("POST", "/sparql", query, headers)
    usual.sock.shutdown(socket.SHUT_WR)
    answer = usual.getresponse()
    assert answer.status == status and says in answer.read()


@pytest.mark.parametrize(
    ("query", "answer"), [(counted("kept", 300), 3_000_000), (counted("short", 1), 10_000)]
)
def test_a_client_that_sends_no_more_after_its_second_question_is_answered(usual, query, answer):
    for text, number in ((counted("first", 2), 20_000), (query, answer)):
        usual.request("GET", f"/sparql?query={quote(text)}", headers={"Accept": "text/csv"})
        if text == query:
            usual.sock.shutdown(socket.SHUT_WR)
        assert usual.getresponse().read() == f"n\r\n{number}\r\n".encode()


def test_a_client_that_sends_no_more_has_the_whole_of_a_long_answer(usual):
    query = quote(counted("long", 100, "*"))
    usual.request("GET", f"/sparql?query={query}", headers={"Accept": "text/csv"})
    answer = usual.getresponse()
    first = answer.read(100)
    usual.sock.shutdown(socket.SHUT_WR)
    assert (first + answer.read()).count(b"\r\n") == 1_000_001


def ended(service):
    """How many queries were given up because their client had gone, and because their time was over."""
    with urllib.request.urlopen(f"{service.address}metrics") as told:
        text = told.read().decode()
    ends = [
        re.search(rf'regiolink_queries_total{{outcome="{end}"}} (\d+)', text) for end in ("gone", "deadline")
    ]
    return [int(found[1]) if found else 0 for found in ends]


def test_the_query_of_a_client_that_has_gone_is_given_up_before_its_time_is_over(service, port):
    endless = " ".join(f"VALUES ?v{number} {{ {DIGITS} }}" for number in range(6))
    before = ended(service)
    asked(port, f"SELECT (COUNT(*) AS ?n) {{ {endless} }}").close()
    while (after := ended(service)) == before:
        time.sleep(0.02)
    assert after == [before[0] + 1, before[1]]

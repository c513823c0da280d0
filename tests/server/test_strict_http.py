"""What is no proper request, sent over raw sockets; what slow clients can do; how the service stops."""

import json
import re
import signal
import socket
import time
from contextlib import suppress

import pytest

NOT_HTTP = "This is not a request as HTTP has it."
GOOD = b"GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def service(tiny_service, tmp_path_factory):
    folder = tmp_path_factory.mktemp("strict")
    with tiny_service(folder, threads="4") as (port, _):
        yield port, folder


@pytest.fixture(scope="module")
def port(service):
    return service[0]


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def received(client: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    parts = []
    with suppress(ConnectionResetError):
        while part := client.recv(65_536):
            parts.append(part)
    return b"".join(parts)


def sent(port: int, request: bytes) -> bytes:
    with connect(port) as client:
        with suppress(ConnectionError):  # the server may refuse it before it has taken all of it
            client.sendall(request)
        return received(client)


def answers(raw: bytes) -> list[tuple[int, str]]:
    """Status and problem text, or body, of each answer in `raw`."""
    found = []
    while raw:
        head, _, rest = raw.partition(b"\r\n\r\n")
        size = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
        body, raw = rest[:size], rest[size:]
        text = json.loads(body)["detail"] if b"problem+json" in head else body.decode()
        found.append((int(head.split()[1]), text))
    return found


def post(*headers: str, body: str = "hello") -> bytes:
    lines = ["POST /echo HTTP/1.1", "Host: a", "Connection: close", *headers, "", body]
    return "\r\n".join(lines).encode("latin-1")


@pytest.mark.parametrize(
    "request_sent",
    [
        post("Content-Length: 5", "Transfer-Encoding: chunked", body="0\r\n\r\nGET /slow HTTP/1.1\r\n\r\n"),
        post("Transfer-Encoding: chunked", "Content-Length: 5", body="0\r\n\r\nGET /slow HTTP/1.1\r\n\r\n"),
        post("Content-Length: 5", "Content-Length: 5"),
        post("Content-Length: 5", "Content-Length: 6"),
        post("Content-Length: 5, 5"),
        post("Content-Length: +5"),
        post("Content-Length: 1_0"),
        post("Content-Length: -5"),
        post("Content-Length: 0x5"),
        post("Content-Length:"),
        post("Content-Length : 5"),
        post("Content_Length: 5"),
        post("Host: b", "Content-Length: 5"),
        post("X-Folded: a\r\n b", "Content-Length: 5"),
        post("X-Null: a\0b", "Content-Length: 5"),
        post("X-Return: a\rb", "Content-Length: 5"),
        post("X-Forwarded_For: 192.0.2.1", "Content-Length: 5"),
        post("No colon", "Content-Length: 5"),
        post(": no name", "Content-Length: 5"),
        b"GET /echo HTTP/1.1\nHost: a\n\n",
        b"GET /echo HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
        b"get /echo HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET  /echo HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /echo HTTP/2.0\r\nHost: a\r\n\r\n",
        b"GET /echo\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\n",
        b"\r\n\r\n\r\n",
    ],
)
def test_what_two_servers_could_read_differently_is_refused_and_the_connection_closed(port, request_sent):
    assert answers(sent(port, request_sent)) == [(400, NOT_HTTP)]


def test_no_more_than_the_first_request_is_answered_when_one_hides_in_a_body(port):
    inside = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"
    ((status, text),) = answers(sent(port, post(f"Content-Length: {len(inside)}", body=inside)))
    assert (status, json.loads(text)["body"]) == (200, len(inside))


@pytest.mark.parametrize(
    ("request_sent", "status", "sentence"),
    [
        (
            b"GET /" + b"a" * 8_200 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
            414,
            "The address of a request may have 8,190 bytes; send a long query by POST.",
        ),
        (
            b"GET /" + b"a" * 1_000_000,
            414,
            "The address of a request may have 8,190 bytes; send a long query by POST.",
        ),
        (post("X: " + "a" * 8_200), 431, "A request may have 100 headers of 8,190 bytes each."),
        (post("X: " + "a" * 1_000_000), 431, "A request may have 100 headers of 8,190 bytes each."),
        (post(*["X: a"] * 10_000), 431, "A request may have 100 headers of 8,190 bytes each."),
        (post("Transfer-Encoding: br, chunked"), 501, "This transfer encoding is not understood here."),
        (
            post("Transfer-Encoding: gzip, chunked", body="0\r\n\r\n"),
            415,
            "The body of a request is taken as it is, not compressed on its way.",
        ),
        (post("Expect: cake", "Content-Length: 5"), 417, "No expectation but 100-continue is met here."),
    ],
)
def test_what_is_too_long_or_not_served_is_told_by_its_status(port, request_sent, status, sentence):
    assert answers(sent(port, request_sent)) == [(status, sentence)]


@pytest.mark.parametrize(
    "body", ["zz\r\nhello\r\n0\r\n\r\n", "5\r\nhelloXX0\r\n\r\n", "-1\r\n\r\n", "+5\r\nhello\r\n0\r\n\r\n"]
)
def test_a_body_that_is_badly_chunked_is_refused_and_the_connection_closed(port, body):
    hidden = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"
    found = answers(sent(port, post("Transfer-Encoding: chunked", body=body + hidden)))
    assert found == [(400, "The body of the request is not chunked as HTTP has it.")]


def test_what_is_no_request_is_logged_with_the_id_that_was_answered(service):
    port, folder = service
    made = re.search(rb"X-Request-Id: (\w+)", sent(port, post("Content-Length: +5")))[1].decode()
    (line,) = [line for line in (folder / "log").read_text().split("\n") if made in line]
    found = json.loads(line)
    del found["time"]
    assert found == {
        "level": "info",
        "message": "request",
        "id": made,
        "client": "127.0.0.1",
        "status": 400,
        "refused": "InvalidHeader",
    }


def test_http_1_0_does_without_a_host_and_1_1_does_not(port):
    assert answers(sent(port, b"GET /echo HTTP/1.0\r\n\r\n"))[0][0] == 200
    without = answers(sent(port, b"GET /echo HTTP/1.1\r\nConnection: close\r\n\r\n"))
    assert without == [(400, "The header Host does not hold the name of a host.")]


@pytest.mark.parametrize(
    "path", ["//evil.example/", "//evil.example/%2e%2e", "/echo/", "/%2f%2fevil.example"]
)
def test_no_address_leads_to_another_host(port, path):
    raw = sent(port, f"GET {path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".encode())
    assert answers(raw) == [(404, "There is nothing at this address.")]
    assert b"evil" not in raw and b"Location" not in raw


def test_several_requests_in_one_go_are_answered_in_order(port):
    first = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
    found = answers(sent(port, first + first.replace(b"5", b"3").replace(b"hello", b"abc") + GOOD))
    assert [(status, json.loads(text)["body"]) for status, text in found] == [(200, 5), (200, 3), (200, 0)]


def test_a_request_may_come_in_pieces(port):
    whole = post("Content-Length: 5", "Transfer-Encoding-Not: x")
    with connect(port) as client:
        for place in range(0, len(whole), 7):
            client.sendall(whole[place : place + 7])
            time.sleep(0.005)
        assert [status for status, _ in answers(received(client))] == [200]


def test_a_client_that_has_said_all_may_close_its_side(port):
    with connect(port) as client:
        client.sendall(GOOD)
        client.shutdown(socket.SHUT_WR)
        assert [status for status, _ in answers(received(client))] == [200]


def test_a_client_that_leaves_in_the_middle_of_its_head_is_let_go(port):
    with connect(port) as client:
        client.sendall(b"GET /echo HTTP/1.1\r\nHos")
        client.shutdown(socket.SHUT_WR)
        assert received(client) == b""


def test_clients_that_send_nothing_or_half_a_head_take_no_thread(port):
    idle = [connect(port) for _ in range(200)]
    for number, client in enumerate(idle):
        client.sendall(b"GET /echo HTTP/1.1\r\nHost: a\r\nX-Slow: "[: number % 40])
    assert [status for status, _ in answers(sent(port, GOOD))] == [200]
    started = GOOD[len(b"GET /echo HTTP/1.1\r\nHost: a\r\n") :]
    idle[39].sendall(b" 1\r\n" + started)
    assert [status for status, _ in answers(received(idle[39]))] == [200]
    for client in idle:
        client.close()


def test_a_half_body_that_stops_is_no_request(tiny_service, tmp_path):
    """The client says that it sends more than it does, and closes."""
    with tiny_service(tmp_path) as (port, _), connect(port) as client:
        client.sendall(post("Content-Length: 50"))
        client.shutdown(socket.SHUT_WR)
        assert answers(received(client)) == [
            (408, "The body of the request did not arrive whole, or not in time.")
        ]


def test_a_request_that_comes_too_slowly_is_given_up(tiny_service, tmp_path):
    with tiny_service(tmp_path, tiny_patience="0.3") as (port, _):
        with connect(port) as slow_head:
            slow_head.sendall(b"GET /echo")
            time.sleep(0.5)
            slow_head.sendall(b" HTTP/1.1\r\n")
            assert answers(received(slow_head)) == [(408, "The request did not arrive in time.")]
        with connect(port) as slow_body:
            slow_body.sendall(post("Content-Length: 5", body="he"))
            assert answers(received(slow_body)) == [
                (408, "The body of the request did not arrive whole, or not in time.")
            ]
    log = [json.loads(line) for line in (tmp_path / "log").read_text().split("\n")[:-1]]
    assert [line["level"] for line in log] == ["info"] * len(log), "a slow client is no fault of ours"


def test_what_has_begun_is_finished_and_nothing_new_begun_when_the_service_is_to_stop(tiny_service, tmp_path):
    with tiny_service(tmp_path) as (port, process), connect(port) as idle, connect(port) as slow:
        slow.sendall(GOOD.replace(b"/echo", b"/slow"))
        with connect(port) as half:
            half.sendall(post("Content-Length: 5", body="he"))
            while not (tmp_path / "slow-began").exists():
                time.sleep(0.01)
            process.send_signal(signal.SIGTERM)
            assert idle.recv(10) == b"", "a connection that said nothing is let go"
            with pytest.raises(ConnectionError):
                while sent(port, GOOD):
                    time.sleep(0.05)
            assert process.poll() is None
            half.sendall(b"llo")
            assert json.loads(answers(received(half))[0][1])["body"] == 5
        (tmp_path / "go").touch()
        assert answers(received(slow)) == [(200, "slow but whole")]
        assert process.wait(timeout=30) == 0


def test_a_client_that_does_not_read_its_answer_keeps_no_other_waiting(port):
    lazy = connect(port)
    lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    lazy.sendall(GOOD.replace(b"/echo", b"/large"))
    assert [status for status, _ in answers(sent(port, GOOD))] == [200]
    lazy.close()

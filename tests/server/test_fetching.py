"""Tests of server/fetching.py: requests to servers of our own that answer badly in every way."""

import gzip
import socket
import ssl
import threading
import zlib
from contextlib import contextmanager
from io import BytesIO

import pytest
import trustme

from kb.errors import NotAllowed, NotUnderstood, RemoteFailed, RemoteTooSlow
from server.fetching import USER_AGENT, Bounds, Fetcher, Request, is_public, web_address

JSON = "application/sparql-results+json"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/sparql-results+json; charset=utf-8\r\n"


@contextmanager
def server(answer, tls=None):
    """A server that says `answer`: bytes, or what a function of the connection does. Out: port, requests."""
    asked, stopped = [], threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                try:
                    with tls.wrap_socket(connection, server_side=True) if tls else connection as spoken:
                        asked.append(received(spoken))
                        answer(spoken, stopped) if callable(answer) else spoken.sendall(answer)
                except OSError:
                    continue

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listening.getsockname()[1], asked
    finally:
        stopped.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def received(connection):
    """One request, head and body."""
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(4096) or b"\r\n\r\n"
    head, _, body = head.partition(b"\r\n\r\n")
    lengths = [
        line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    ]
    while lengths and len(body) < int(lengths[0]):
        body += connection.recv(4096)
    return head.decode() + "\n\n" + body.decode()


def whole(body, *headers):
    return OK + b"".join(h + b"\r\n" for h in headers) + b"Content-Length: %d\r\n\r\n" % len(body) + body


WIDE = Bounds()


def fetched(port, *, bounds=WIDE, name="127.0.0.1", path="/sparql", scheme="http", body=None, **fetcher):
    into = BytesIO()
    asks = Fetcher(private_addresses=True, **fetcher)
    headers = {} if body is None else {"Content-Type": "application/x-www-form-urlencoded"}
    media = asks.fetch(
        Request(f"{scheme}://{name}:{port}{path}", body, headers), into, [JSON, "text/csv"], bounds
    )
    return media, into.getvalue()


def test_a_request_says_who_asks_and_nothing_that_was_not_given(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with server(whole(b"{}", b"Set-Cookie: a=b")) as (port, asked):
        asks, into = Fetcher(private_addresses=True), BytesIO()
        for body in (None, b"query=ASK%7B%7D"):
            headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
            asks.fetch(Request(f"http://127.0.0.1:{port}/a?b=c", body, headers), into, [JSON], WIDE)
    common = [
        f"Host: 127.0.0.1:{port}",
        f"User-Agent: {USER_AGENT}",
        f"Accept: {JSON}",
        "Accept-Encoding: gzip",
        "Connection: close",
    ]
    got, posted = (request.split("\n\n") for request in asked)
    assert got[0].split("\r\n") == ["GET /a?b=c HTTP/1.1", *common]
    assert posted[1] == "query=ASK%7B%7D"
    assert sorted(posted[0].split("\r\n")) == sorted(
        [
            "POST /a?b=c HTTP/1.1",
            "Content-Type: application/x-www-form-urlencoded",
            "Content-Length: 15",
            *common,
        ]
    )
    assert into.getvalue() == b"{}{}"


@pytest.mark.parametrize(
    "answer",
    [
        whole(b"{}"),
        OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
        OK + b"\r\n{}",
        whole(gzip.compress(b"{}"), b"Content-Encoding: gzip"),
        whole(gzip.compress(b"{") + gzip.compress(b"}"), b"Content-Encoding: gzip"),
    ],
)
def test_an_answer_is_taken_as_its_server_sends_it(answer):
    with server(answer) as (port, _):
        assert fetched(port) == (JSON, b"{}")


def test_a_name_is_resolved_once_and_the_address_asked_is_the_one_that_was_judged():
    asked_for = []

    def resolve(name, port):
        asked_for.append((name, port))
        return ["127.0.0.1"]

    with server(whole(b"{}")) as (port, asked):
        assert fetched(port, name="data.example", resolve=resolve) == (JSON, b"{}")
    assert asked_for == [("data.example", port)]
    assert f"\r\nHost: data.example:{port}\r\n" in asked[0]


def test_the_next_address_is_asked_when_one_takes_no_connection():
    with server(whole(b"{}")) as (port, _):
        assert fetched(port, name="data.example", resolve=lambda *_: ["::1", "127.0.0.1"]) == (JSON, b"{}")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "127.1", "0.0.0.0"],
)
def test_private_addresses_are_refused_however_they_are_written(host):
    sentence = "private network; the setting private_addresses does not"
    with server(whole(b"{}")) as (port, asked), pytest.raises(NotAllowed, match=sentence):
        Fetcher().fetch(Request(f"http://{host}:{port}/"), BytesIO(), [JSON], WIDE)
    assert asked == []


def test_of_the_addresses_of_a_name_only_the_public_ones_are_asked():
    tried = []

    class Asks(Fetcher):
        def _connection(self, _url, address, _seconds):
            tried.append(address)
            raise RemoteFailed("tried")

    asks = Asks(resolve=lambda *_: ["10.0.0.1", "93.184.215.14", "fe80::1%eth0", "::ffff:10.0.0.1"])
    with pytest.raises(RemoteFailed, match="tried"):
        asks.fetch(Request("http://data.example/"), BytesIO(), [JSON], Bounds())
    assert tried == ["93.184.215.14"]


IPV4 = """
    0.0.0.0 0.1.2.3 10.1.2.3 100.64.0.1 127.9.9.9 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8
    192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1
    239.1.1.1 240.0.0.1 255.255.255.255
"""
IPV6 = """
    :: ::1 ::7f00:1 ::ffff:8.8.8.8 ::ffff:0:10.0.0.1 64:ff9b::a00:1 64:ff9b::808:808 64:ff9b:1::1 100::1
    2001::1 2001:db8::1 2002:7f00:1::1 2002:808:808::1 3fff::1 fc00::1 fd12::1 fe80::1 fe80::1%eth0 fec0::1
    ff02::1 ff0e::1
"""


@pytest.mark.parametrize("address", [*IPV4.split(), *IPV6.split()])
def test_an_address_of_a_machine_a_network_or_a_group_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2001:4860:4860::8888", "2a00:1450::1"])
def test_an_address_of_the_internet_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/",
        "gopher://example.org/",
        "http:///path",
        "http://user:secret@example.org/",
        "http://exa mple.org/",
        "http://example.org/\r\nHost: other",
        "http://example.org\\@other/",
        "http://bücher.example/",
        "http://example.org:99999/",
        "//example.org/",
        "example.org",
        "",
    ],
)
def test_what_is_no_address_of_the_web_is_refused(url):
    with pytest.raises(NotUnderstood, match="is not an address of the web that is asked from here"):
        Fetcher().fetch(Request(url), BytesIO(), [JSON], Bounds())


def test_an_address_has_a_normal_form():
    assert web_address("HTTP://Example.ORG:80/a/../b/./c?d#e").url == "http://example.org:80/b/c?d#e"


FAULTS = {
    "redirect": (
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/x\r\nContent-Length: 0\r\n\r\n",
        "redirect",
    ),
    "status": (b"HTTP/1.1 500 Oh\r\nContent-Type: text/csv\r\nContent-Length: 0\r\n\r\n", "with status 500"),
    "partial": (
        b"HTTP/1.1 206 Part\r\nContent-Type: text/csv\r\nContent-Length: 0\r\n\r\n",
        "with status 206",
    ),
    "page": (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n", "with 'text/html'"),
    "untyped": (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "with 'no media type'"),
    "encoding": (whole(b"{}", b"Content-Encoding: br"), "with the encoding 'br'"),
    "twice packed": (whole(b"{}", b"Content-Encoding: gzip, gzip"), "with the encoding 'gzip, gzip'"),
    "not packed": (whole(b"{}", b"Content-Encoding: gzip"), "broke off"),
    "short": (OK + b"Content-Length: 9\r\n\r\n{}", "broke off"),
    "short chunk": (OK + b"Transfer-Encoding: chunked\r\n\r\n9\r\n{}", "broke off"),
    "no last chunk": (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", "broke off"),
    "short gzip": (whole(gzip.compress(b"x" * 99)[:20], b"Content-Encoding: gzip"), "broke off"),
    "nothing": (b"", "broke off"),
    "no http": (b"SSH-2.0-OpenSSH_9\r\n\r\n", "broke off"),
    "long line": (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000, "broke off"),
    "many headers": (b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 1000 + b"\r\n", "broke off"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_answer_that_is_not_whole_and_as_asked_for_is_a_failure(fault):
    answer, sentence = FAULTS[fault]
    with server(answer) as (port, asked), pytest.raises(RemoteFailed, match=sentence) as failed:
        fetched(port)
    assert len(asked) == 1 and str(failed.value).startswith(f"http://127.0.0.1:{port} ")


def test_a_server_that_is_not_there_is_a_failure():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(RemoteFailed, match=f"^http://127.0.0.1:{port} does not take a connection.$"):
        fetched(port)
    with pytest.raises(RemoteFailed, match=r"^There is no server of the name data\.example\.$"):
        fetched(port, name="data.example", resolve=lambda *_: [])


def test_a_size_limit_holds_for_every_way_of_sending():
    many = b"x" * 3000
    chunked = OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n%b\r\n0\r\n\r\n" % (len(many), many)
    for answer in (
        whole(many),
        chunked,
        OK + b"\r\n" + many,
        whole(gzip.compress(many), b"Content-Encoding: gzip"),
    ):
        with server(answer) as (port, _):
            assert fetched(port, bounds=Bounds(bytes=3000)) == (JSON, many)
            with pytest.raises(RemoteFailed, match="answered with more than 2999 bytes"):
                fetched(port, bounds=Bounds(bytes=2999))


def test_an_answer_that_unpacks_to_a_thousand_times_its_size_is_given_up_at_the_limit():
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(10_000_000)) for _ in range(20)) + packer.flush()
    assert len(bomb) < 200_000

    class Counting(BytesIO):
        largest = 0

        def write(self, data):
            self.largest = max(self.largest, len(data))
            return super().write(data)

    into = Counting()
    asks, answer = Fetcher(private_addresses=True), whole(bomb, b"Content-Encoding: gzip")
    with server(answer) as (port, _), pytest.raises(RemoteFailed, match="more than 100000 bytes"):
        asks.fetch(Request(f"http://127.0.0.1:{port}/"), into, [JSON], Bounds(bytes=100_000))
    assert into.largest <= 65_536 and len(into.getvalue()) <= 100_000


def dripping(head, drop):
    def answer(connection, stopped):
        connection.sendall(head)
        while not stopped.wait(0.02):
            connection.sendall(drop)

    return answer


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (b"", b""),
        (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (OK + b"\r\n", b"x"),
        (OK + b"Content-Length: 9999\r\n\r\n", b"x"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (OK + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"")),
    ],
)
def test_a_server_that_drips_is_cut_off_at_the_deadline(head, drop):
    with server(dripping(head, drop)) as (port, _), pytest.raises(RemoteTooSlow, match="not answer in time"):
        fetched(port, bounds=Bounds(seconds=0.3))


def test_a_server_that_says_nothing_is_given_up_when_it_was_idle_too_long():
    with server(dripping(b"", b"")) as (port, _), pytest.raises(RemoteTooSlow, match="not answer in time"):
        fetched(port, bounds=Bounds(idle_seconds=0.1))


def test_a_name_that_takes_too_long_to_resolve_is_given_up():
    go_on = threading.Event()

    def resolve(*_):
        go_on.wait()
        return ["127.0.0.1"]

    with pytest.raises(RemoteTooSlow, match=r"data\.example was not resolved within 0\.1 seconds"):
        fetched(80, name="data.example", resolve=resolve, bounds=Bounds(connect_seconds=0.1))
    go_on.set()


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def contexts(authority, name):
    """Of a server with a certificate for `name`, and of a client that trusts its authority."""
    of_server, of_client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert(name).configure_cert(of_server)
    authority.configure_trust(of_client)
    return of_server, of_client


def test_a_certificate_is_for_the_name_and_not_for_the_address(authority):
    of_server, of_client = contexts(authority, "data.example")
    named = []
    of_server.sni_callback = lambda _socket, name, _context: named.append(name)
    with server(whole(b"{}"), of_server) as (port, asked):
        answer = fetched(
            port, name="data.example", scheme="https", tls=of_client, resolve=lambda *_: ["127.0.0.1"]
        )
    assert (answer, named) == ((JSON, b"{}"), ["data.example"])
    assert f"\r\nHost: data.example:{port}\r\n" in asked[0]


@pytest.mark.parametrize(("certified", "trusts"), [("other.example", True), ("data.example", False)])
def test_a_certificate_of_another_name_or_authority_is_refused(authority, certified, trusts):
    of_server, of_client = contexts(authority, certified)
    tls, sentence = of_client if trusts else None, r"^https://data\.example:\d+ cannot be trusted: "
    with server(whole(b"{}"), of_server) as (port, asked), pytest.raises(RemoteFailed, match=sentence):
        fetched(port, name="data.example", scheme="https", tls=tls, resolve=lambda *_: ["127.0.0.1"])
    assert asked == []

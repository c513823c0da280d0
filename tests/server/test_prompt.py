"""Short questions on a connection that is kept: what is answered without a thread, and what is left to one.

The first request on a connection always has a thread; later ones have none where they are short questions.
"""

import json
import re
import signal
import socket
import threading
import time
from urllib.parse import quote

import pytest

from bench.served import EX, Served, adding

FEW = "SELECT ?x { VALUES ?x { 1 2 } }"
WRONG = "SELECT ?x { VALUES ?x { 1 2 } } LIMIT LIMIT"
COUNTED = f'SELECT (COUNT(*) AS ?n) {{ ?s a <{EX}Region> FILTER(STRENDS(STR(?s), "%s")) }}'
PATIENCE = 30
OPENED: list[socket.socket] = []


def joined(many, last=""):
    """A query that counts so many times thirty rows, each with each."""
    rows = " ".join(f"VALUES ?v{number} {{{' 1 2 3 4 5 6 7 8 9 0' * 3}}}" for number in range(many)) + last
    return f"SELECT (COUNT(*) AS ?n) {{ {rows} }}"


LONG = joined(4, last="VALUES ?last { 1 2 3 4 5 }")
ENDLESS = joined(9)
LARGE = joined(3).replace("(COUNT(*) AS ?n)", "*")


class Kept:
    """A connection that is kept. It begins with a request that a thread answers."""

    def __init__(self, service):
        self.socket = socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE)
        OPENED.append(self.socket)
        self._come = b""
        self.first = self.ask()

    def send(self, *lines, query=FEW):
        self.socket.sendall(request(*lines, query=query))

    def take(self):
        """The next answer: its status, its headers as they came, and its body, chunks put together."""
        status, *lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")[:-2]
        headers = dict(line.split(": ", 1) for line in lines)
        if "Content-Length" in headers:
            return int(status.split()[1]), headers, self._exactly(int(headers["Content-Length"]))
        body = b""
        while size := int(self._until(b"\r\n"), 16):
            body += self._exactly(size)
            self._exactly(2)
        self._exactly(2)
        return int(status.split()[1]), headers, body

    def ask(self, *lines, query=FEW):
        self.send(*lines, query=query)
        return self.take()

    def _until(self, end):
        while end not in self._come:
            self._receive()
        found, _, self._come = self._come.partition(end)
        return found + end

    def _exactly(self, size):
        while len(self._come) < size:
            self._receive()
        found, self._come = self._come[:size], self._come[size:]
        return found

    def _receive(self):
        come = self.socket.recv(65_536)
        if not come:
            raise ConnectionError
        self._come += come


def request(*lines, query=FEW):
    head = [f"GET /sparql?query={quote(query)} HTTP/1.1", "Host: localhost", *lines, "", ""]
    return "\r\n".join(head).encode()


def lasting(answer):
    """What of an answer does not change from one to the next."""
    status, headers, body = answer
    return status, [pair for pair in headers.items() if pair[0] not in ("Date", "X-Request-Id")], body


def rows(answer):
    assert answer[0] == 200, answer
    return [{name: cell["value"] for name, cell in row.items()} for row in bindings(answer)]


def bindings(answer):
    return json.loads(answer[2])["results"]["bindings"]


def until(true):
    over = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < over
        time.sleep(0.02)


def metric(service, sample):
    text = service.request("GET", "metrics").body.decode()
    found = re.search(rf"(?m)^{re.escape(sample)} (\S+)$", text)
    return float(found[1]) if found else 0.0


def close_all():
    while OPENED:
        OPENED.pop().close()


@pytest.fixture(autouse=True)
def closed():
    """Closes at the end what a test has opened."""
    yield
    close_all()


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    made = Served(tmp_path_factory.mktemp("prompt"), log="json", query_seconds="5", proxies="1")
    made.start()
    assert made.update(adding("one")).status == 204
    yield made
    made.stop()


def test_short_questions_are_answered_while_all_threads_are_taken(tmp_path):
    service = Served(tmp_path, threads="1")
    service.start()
    answered_meanwhile = False
    while not answered_meanwhile:
        kept, upload = Kept(service), socket.create_connection(("127.0.0.1", service.port))
        OPENED.append(upload)
        upload.sendall(b"POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Type: application/sparql-query\r\n")
        upload.sendall(b"Content-Length: 1000\r\n\r\nASK")
        seconds = []
        for number in range(200):
            began = time.monotonic()
            assert len(rows(kept.ask(query=FEW.replace("1", str(number))))) == 2
            seconds.append(time.monotonic() - began)
        # An upload that pauses has the thread for twenty seconds. After half a second without any question
        # the state has to be looked for, which needs the thread: then another round tells more.
        upload.setblocking(False)
        answered_meanwhile = max(seconds) < 0.4 and _nothing_comes(upload)
        close_all()
    service.stop()


def _nothing_comes(client):
    try:
        client.recv(1)
    except BlockingIOError:
        return True
    return False


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("Accept: text/csv",),
        ("Accept: application/sparql-results+xml;q=0.9, text/turtle",),
        ("Accept: */*", "User-Agent: x", "Connection: keep-alive", "Accept-Encoding: gzip"),
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        FEW,
        "ASK {}",
        "CONSTRUCT { <urn:é> <urn:b> ?x } WHERE { VALUES ?x { 1 } }",
        f"DESCRIBE <{EX}one>",
        WRONG,
    ],
)
def test_an_answer_is_the_same_to_the_byte_with_a_thread_and_without(service, text, lines):
    kept = Kept(service)
    text = f"PREFIX new: <urn:{time.monotonic_ns()}> {text}"
    by_a_reader, from_the_cache = (lasting(kept.ask(*lines, query=text)) for _ in range(2))
    with_a_thread = lasting(kept.ask("Accept-Datetime: Sun, 01 Jan 2090 00:00:00 GMT", *lines, query=text))
    assert by_a_reader == from_the_cache == with_a_thread


def test_the_log_and_the_metrics_tell_of_a_question_as_of_any_other(service):
    kept = Kept(service)
    until(lambda: kept.first[1]["X-Request-Id"] in service.log.read_text())
    answered = 'regiolink_queries_total{outcome="answered"}'
    requests = 'regiolink_http_requests_total{endpoint="sparql.sparql",method="GET",status="200"}'
    before = metric(service, answered), metric(service, requests)
    asked = f"# {time.monotonic()}\n{FEW}"
    for name in ("by-reader", "by-cache"):
        kept.ask(f"X-Request-Id: {name}", "X-Forwarded-For: 192.0.2.9, 192.0.2.7", query=asked)
    until(lambda: metric(service, answered) == before[0] + 2 and metric(service, requests) == before[1] + 2)
    told = [json.loads(line) for line in service.log.read_text().splitlines() if '"id": "by-' in line]
    assert [line.pop("id") for line in told] == ["by-reader", "by-cache"]
    for line in told:
        assert line.pop("time") and line.pop("ms") >= 0
        assert line == {
            "level": "info",
            "message": "request",
            "client": "192.0.2.7",
            "method": "GET",
            "path": "/sparql",
            "status": 200,
            "bytes": len(kept.first[2]),
            "endpoint": "sparql.sparql",
            "asks": "query",
        }


def test_one_s_own_change_is_seen_in_the_next_answer(service):
    kept = Kept(service)
    for number in range(5):
        name = f"own-{number}"
        revision = service.update(adding(name)).revision
        answer = kept.ask(query=COUNTED % name)
        assert (rows(answer), int(answer[1]["Regiolink-Revision"])) == ([{"n": "1"}], revision)


def test_requests_that_are_sent_ahead_are_answered_in_their_order(service):
    kept = Kept(service)
    texts = [FEW.replace("1", str(number)) for number in range(10, 30)]
    kept.socket.sendall(b"".join(request(query=text) for text in texts))
    assert [rows(kept.take())[0]["x"] for _ in texts] == [str(number) for number in range(10, 30)]


def test_a_request_that_comes_while_the_one_before_is_worked_on_waits_for_it(service):
    kept = Kept(service)
    kept.send(query=joined(4))
    kept.send(query=FEW)
    assert [rows(kept.take()) for _ in range(2)] == [[{"n": "810000"}], [{"x": "1"}, {"x": "2"}]]


def test_a_long_question_is_answered_and_one_without_end_stopped_at_its_limit(service):
    kept = Kept(service)
    assert rows(kept.ask(query=LONG)) == [{"n": "4050000"}]
    status, _, body = kept.ask(query=ENDLESS)
    assert (status, json.loads(body)["detail"]) == (503, "It took longer than 5 seconds, the limit here.")
    assert len(rows(kept.ask())) == 2


def test_a_large_answer_is_given_whole(service):
    assert len(bindings(Kept(service).ask(query=LARGE))) == 27_000


def test_many_clients_of_one_address_are_answered_in_turns(service):
    wrong = []

    def ask_on(own):
        kept = Kept(service)
        for number in range(20):
            if rows(kept.ask(query=FEW.replace("1", f"{own}{number:02}")))[0]["x"] != f"{own}{number:02}":
                wrong.append((own, number))

    threads = [threading.Thread(target=ask_on, args=(own,)) for own in range(1, 13)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_client_that_goes_away_frees_its_reader_and_its_place_in_the_line(service):
    gone = 'regiolink_queries_total{outcome="gone"}'
    before = metric(service, gone)
    clients = [Kept(service) for _ in range(4)]
    for number, client in enumerate(clients):
        client.send(query=ENDLESS.replace("?n", f"?n{number}{time.monotonic_ns()}"))
    until(lambda: metric(service, "regiolink_queries_waiting") > 0)
    for client in clients:
        client.socket.close()
    until(
        lambda: metric(service, "regiolink_readers_busy") == metric(service, "regiolink_queries_waiting") == 0
    )
    until(lambda: metric(service, gone) > before)
    assert len(rows(Kept(service).ask())) == 2


def test_a_client_that_takes_nothing_keeps_nobody_waiting(service):
    slow, quick = Kept(service), Kept(service)
    slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    large = request(query=f"SELECT * {{ VALUES ?x {{ '{'x' * 3_000}' }} VALUES ?y {{{' 1 2 3 4 5' * 3}}} }}")
    slow.socket.settimeout(0.5)
    with pytest.raises(TimeoutError):
        while True:
            slow.socket.sendall(large)
    assert len(rows(quick.ask())) == 2
    slow.socket.settimeout(PATIENCE)
    assert len(rows(slow.take())) == 15


def test_what_waits_too_long_or_finds_the_line_full_is_told_when_to_come_again(tmp_path):
    service = Served(tmp_path, readers="1", queue="2", queue_seconds="1", query_seconds="5")
    service.start()
    at_work, waits, too_many = (Kept(service) for _ in range(3))
    at_work.send(query=ENDLESS)
    until(lambda: metric(service, "regiolink_readers_busy") == 1)
    waits.send(query=FEW.replace("1", "3"))
    until(lambda: metric(service, "regiolink_queries_waiting") == 1)
    for kept, sentence in (
        (too_many, "1 requests of yours wait already; try again in a moment."),
        (waits, "Nobody was free to answer within 1 seconds; try again in a moment."),
    ):
        status, headers, body = kept.ask(query=FEW.replace("1", "4")) if kept is too_many else kept.take()
        assert (status, json.loads(body)["detail"]) == (503, sentence)
        assert 0 < int(headers["Retry-After"]) <= 5
    close_all()
    service.stop()


def test_a_rate_counts_each_request_once_whatever_its_way(tmp_path):
    service = Served(tmp_path, rate_limit="8/hour")
    service.start()
    kept = Kept(service)
    texts = (FEW, FEW, FEW.replace("1", "3"), WRONG, joined(4), LONG, FEW)
    assert [kept.ask(query=text)[0] for text in texts] == [200, 200, 200, 400, 200, 200, 200]
    status, headers, _ = kept.ask()
    assert status == 429 and int(headers["Retry-After"]) > 3_000
    assert Kept(service).first[0] == 429
    close_all()
    service.stop()


def test_a_question_that_has_begun_is_answered_when_the_service_is_to_end(tmp_path):
    service = Served(tmp_path, query_seconds="60")
    service.start()
    kept = Kept(service)
    kept.send(query=joined(5))
    until(lambda: metric(service, "regiolink_readers_busy") == 1)
    ended = threading.Thread(target=service.stop, args=(signal.SIGTERM,))
    ended.start()
    assert rows(kept.take()) == [{"n": "24300000"}]
    ended.join()
    with pytest.raises(ConnectionError):
        kept.ask()

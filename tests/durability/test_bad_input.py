"""What nobody should send, over HTTP: a status, one sentence, and nothing has changed."""

import pytest

from bench.served import EX, PLACES, Served, adding
from kb.engine.contract import HISTORY, INFERRED, WORDS

PATCH = "application/rdf-patch"
UPDATE = "application/sparql-update"


@pytest.fixture
def send(service):
    """Sends something as the steward; nothing may have changed afterwards."""

    def ask(method, path, body=b"", media=UPDATE, user="ann", **headers):
        before = service.assert_whole(), len(service.receipts())
        headers["Authorization"] = f"Bearer {service.tokens[user]}"
        said = service.request(method, path, body, Content_Type=media, **headers)
        assert (service.assert_whole(), len(service.receipts())) == before
        return said.status, said.detail

    if not service.names("Region"):
        service.update(adding("first"))
    return ask


def test_an_update_that_cannot_be_parsed(send):
    status, detail = send("POST", "sparql", b"INSERT DATA {\n <urn:a> <urn:b> }")
    assert (status, "line 2, column 18" in detail) == (400, True), detail


def test_an_update_that_is_no_utf_8(send):
    status, detail = send("POST", "sparql", b"INSERT DATA { <urn:a> <urn:b> '\xff' }")
    assert (status, "UTF-8" in detail) == (400, True), detail


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "graphs?graph=urn:nothing", b""),
        ("POST", "sparql", b"CLEAR GRAPH <urn:nothing>"),
        ("POST", "sparql", b"DROP GRAPH <urn:nothing>"),
        ("POST", "sparql", b"MOVE <urn:nothing> TO <urn:something>"),
    ],
)
def test_an_unknown_graph(send, method, path, body):
    status, detail = send(method, path, body)
    assert (status, detail.split(": ")[-1].lower()) == (404, "there is no graph urn:nothing."), detail


@pytest.mark.parametrize("graph", [INFERRED, HISTORY, WORDS])
@pytest.mark.parametrize("user", ["ann", "root"])
def test_a_graph_that_nobody_writes_to(send, graph, user):
    data = f"<{EX}x> <{EX}p> <{EX}o> .".encode()
    name = graph.rpartition("/")[2]
    sentence = f"The graph {name} is kept by Regiolink itself; nobody edits it."
    tries = [
        send("PUT", f"graphs?graph={graph}", data, "application/n-triples", user),
        send("DELETE", f"graphs?graph={graph}", user=user),
        send(
            "POST", "sparql", f"INSERT DATA {{ GRAPH <{graph}> {{ <urn:a> <urn:b> 1 }} }}".encode(), user=user
        ),
    ]
    assert [status for status, _ in tries] == [403] * 3
    assert all("is kept by Regiolink" in detail for _, detail in tries), (sentence, tries)


def test_a_graph_that_only_an_administrator_writes_to(send):
    text = "INSERT DATA { GRAPH <https://w3id.org/regiolink/graph/shapes> { <urn:a> <urn:b> 1 } }"
    status, detail = send("POST", "sparql", text.encode())
    assert (status, "shapes" in detail) == (403, True), detail


def test_a_patch_that_deletes_what_is_not_there(send):
    row = f"D <{EX}x> <{EX}p> <{EX}o> .\n".encode()
    assert send("PATCH", f"graphs?graph={PLACES}", row, PATCH) == (
        403,
        f"The patch deletes 1 quad that is not there, such as <{EX}x> <{EX}p> <{EX}o> <{PLACES}>.",
    )


def test_a_revision_from_the_future(send, service):
    seen = service.request("GET", f"graphs?graph={PLACES}", Accept="text/turtle").headers["ETag"]
    number, _, rest = seen.strip('"').partition("-")
    status, detail = send(
        "POST", "sparql", adding("later").encode(), If_Match=f'"{int(number) + 1000}-{rest}"'
    )
    assert (status, detail.count(".")) == (412, 1), detail
    status, detail = send("GET", "sparql?query=ASK+%7B%7D&at=100000")
    assert (status, "revision" in detail) == (404, True), detail


def test_a_message_of_a_megabyte(send):
    body = f"update={adding('with-a-message')}&message={'x' * 1_000_000}".encode()
    status, detail = send("POST", "sparql", body, "application/x-www-form-urlencoded")
    assert (status, detail) == (413, "The message has 1,000,000 characters; 10,000 is the most.")


def test_an_update_that_matches_everything(send):
    """A steward may not touch all graphs, and so neither may what touches all of them."""
    status, detail = send("POST", "sparql", b"DELETE WHERE { GRAPH ?g { ?s ?p ?o } }")
    assert (status, detail) == (403, "The graph graph/history is kept by Regiolink itself; nobody edits it.")


def rows(count):
    """So many rows of a patch, made one after the other."""
    for number in range(0, count, 1000):
        yield "".join(f"A <{EX}thing-{number + more}> <{EX}p> <{EX}o> .\n" for more in range(1000)).encode()


@pytest.mark.parametrize(
    ("where", "settings", "limit"),
    [
        (
            "BIND('0123456789' AS ?x0) "
            + " ".join(f"BIND(CONCAT(?x{n}, ?x{n}) AS ?x{n + 1})" for n in range(40))
            + " BIND(STRLEN(?x40) AS ?o)",
            {"reader_bytes": "100000000", "update_seconds": "60"},
            "MB of memory, the limit here.",
        ),
        (
            "{ SELECT (COUNT(*) AS ?o) { "
            + " ".join(f"VALUES ?x{n} {{ {' '.join(map(str, range(100)))} }}" for n in range(6))
            + " } }",
            {"update_seconds": "2"},
            "seconds, the limit here.",
        ),
    ],
)
def test_an_update_whose_pattern_takes_too_much_does_not_reach_the_writer(tmp_path, where, settings, limit):
    """A writer that ran out of memory or time would keep everybody from changing anything."""
    service = Served(tmp_path, **settings)
    service.start()
    try:
        assert service.update(adding("first")).status == 204
        writer = service.writer_pid()
        text = f"INSERT {{ GRAPH <{PLACES}> {{ <{EX}x> <{EX}p> ?o }} }} WHERE {{ {where} }}"
        said = service.update(text)
        assert (said.status, said.detail.endswith(limit)) == (503, True), said.detail
        assert service.update(adding("second")).status == 204
        assert (service.writer_pid(), service.names("Region")) == (writer, {"first", "second"})
    finally:
        service.stop()


@pytest.mark.parametrize(
    ("method", "media"), [("PATCH", PATCH), ("PATCH", UPDATE), ("POST", "application/n-triples")]
)
def test_a_patch_of_five_million_quads(service, method, media):
    """It is refused when so much of it was read as may be; its end is never asked for."""
    sent = 0

    def body():
        nonlocal sent
        for piece in rows(5_000_000):
            if media == "application/n-triples":
                piece = piece.replace(b"A <", b"<")
            sent += len(piece)
            yield piece

    before = service.assert_whole()
    said = service.request(
        method,
        f"graphs?graph={PLACES}",
        body(),
        Content_Type=media,
        Authorization=f"Bearer {service.tokens['ann']}",
    )
    assert said.status == 413, said.body
    assert sent < 300_000_000
    assert service.assert_whole() == before


@pytest.mark.parametrize(
    ("method", "path", "media", "most", "line"),
    [
        ("POST", "sparql?", UPDATE, 4_000_000, "INSERT DATA {{ GRAPH <{0}> {{ {1} }} }} ;\n"),
        ("PATCH", f"graphs?graph={PLACES}", UPDATE, 10_000_000, "INSERT DATA {{ {1} }} ;\n"),
        ("PATCH", f"graphs?graph={PLACES}", PATCH, 10_000_000, "A {1} .\n"),
        ("POST", f"graphs?graph={PLACES}", "application/n-triples", 200_000_000, "{1} .\n"),
    ],
)
def test_a_body_without_a_length_is_not_cut_off_where_it_may_not_go_on(
    service, method, path, media, most, line
):
    """What would be left of it is good by itself, and no less wrong."""
    head = line.format(PLACES, f"<{EX}cut> <{EX}p> 1").encode()
    start = head + b"\n" * (1_000_000 - len(head))

    def body():
        yield start
        for _ in range(most // 1_000_000 - 1):
            yield b"\n" * 1_000_000
        yield line.format(PLACES, f"<{EX}cut> <{EX}p> 2").encode()

    before = service.assert_whole()
    token = f"Bearer {service.tokens['ann']}"
    said = service.request(method, path, body(), Content_Type=media, Authorization=token)
    assert (said.status, service.assert_whole()) == (413, before), said.body
    assert service.select(f"SELECT ?o {{ <{EX}cut> ?p ?o }}") == []


def test_an_undo_of_an_unknown_commit(service):
    found = service.command("undo", "100000")
    assert found.returncode != 0
    assert "There is no revision 100000 yet; the newest is" in found.stderr
    assert "Traceback" not in found.stderr

"""SERVICE and LOAD between two services, each of them real processes on a port of its own."""

import functools
import http.server
import json
import threading
import urllib.request
from contextlib import ExitStack

import pytest

from server.federating import Turns
from server.fetching import USER_AGENT
from server.readers.errors import Busy
from tests.real_service import free_port, served

pytestmark = pytest.mark.timeout(120)
EX = "https://example.org/"
HERE = "<https://example.org/ann> <urn:x:name> 'Ann' . <https://example.org/bob> <urn:x:name> 'Bob'"
THERE = r"""
    <https://example.org/ann> <urn:x:age> 7 , 7.5 , -1 , true ; <urn:x:note> 'a "tab"\t\n\\', 'x'@en-gb ,
        '2024-01-01'^^<http://www.w3.org/2001/XMLSchema#date> .
    <https://example.org/eve> <urn:x:age> 9 ; <urn:x:knows> [ <urn:x:age> 3 ]
"""


class Files(http.server.SimpleHTTPRequestHandler):
    """Serves the files of a folder, and keeps who asked."""

    extensions_map = {".ttl": "text/turtle", ".trig": "application/trig", "": "text/html"}  # noqa: RUF012
    asked = []  # noqa: RUF012

    def log_message(self, *_):
        self.asked.append((self.path, self.headers["User-Agent"]))

    def log_error(self, *_):
        pass


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    """Two services that may ask each other, and a web server whose /files may be loaded."""
    folders = [tmp_path_factory.mktemp(name) for name in ("here", "there", "web")]
    ports = free_port(), free_port()
    (folders[2] / "files").mkdir()
    (folders[2] / "files" / "good.ttl").write_text("<#it> <urn:x:name> 'It' , 'loaded' ; <urn:x:part> [] .")
    (folders[2] / "files" / "bad.ttl").write_text("<#it> <urn:x:name>")
    (folders[2] / "files" / "page.html").write_text("<html></html>")
    (folders[2] / "secret.ttl").write_text("<#it> <urn:x:name> 'secret' .")
    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=folders[2]))
    threading.Thread(target=web.serve_forever, daemon=True).start()
    root = f"http://127.0.0.1:{web.server_port}/"
    with ExitStack() as stack:
        endpoints = [*(f"http://127.0.0.1:{port}/sparql" for port in ports), f"{root}no-endpoint"]
        settings = {
            "service_endpoints": ",".join(endpoints),
            "private_addresses": "yes",
            "load_sources": f"{root}files/",
        }
        here, there = (
            stack.enter_context(served(folder, port, **settings))
            for folder, port in zip(folders, ports, strict=False)
        )
        assert here.send({"update": f"INSERT DATA {{ {HERE} }}"})[0] == 204
        assert there.send({"update": f"INSERT DATA {{ {THERE} }}"})[0] == 204
        yield here, there, root
    web.shutdown()
    web.server_close()


def test_a_query_joins_what_two_services_hold(services):
    here, there, _ = services
    rows = here.rows(
        f"SELECT ?name ?age {{ ?who <urn:x:name> ?name OPTIONAL {{ SERVICE <{there.address}sparql> "
        "{ ?who <urn:x:age> ?age } } }"
    )
    assert rows == [
        {"name": "Ann", "age": "-1"},
        {"name": "Ann", "age": "7"},
        {"name": "Ann", "age": "7.5"},
        {"name": "Ann", "age": "true"},
        {"name": "Bob"},
    ]


def test_every_kind_of_term_makes_the_way_there_and_back(services):
    here, there, _ = services
    ours = there.rows("SELECT ?p ?o { <https://example.org/ann> ?p ?o }")
    call = f"SERVICE <{there.address}sparql> {{ ?s ?p ?o }}"
    assert len(ours) == 7
    assert here.rows(f"SELECT ?p ?o {{ VALUES ?s {{ <https://example.org/ann> }} {call} }}") == ours


def test_values_that_are_sent_are_found_again(services):
    here, there, _ = services
    back = f"SERVICE <{here.address}sparql> {{ SERVICE <{there.address}sparql> {{ ?s ?p ?o }} }}"
    rows = there.rows(f"SELECT ?p ?o {{ <https://example.org/ann> ?p ?o {back} FILTER(?s = <{EX}ann>) }}")
    assert rows == there.rows(f"SELECT ?p ?o {{ <{EX}ann> ?p ?o }}")


def test_a_blank_node_of_another_service_is_an_iri(services):
    here, there, _ = services
    call = f"SERVICE <{there.address}sparql> {{ ?e <urn:x:knows> ?n BIND(BNODE() AS ?b) }}"
    (row,) = here.rows(f"SELECT ?b {{ {call} FILTER(isIRI(?b)) }}")
    assert row["b"].startswith("https://w3id.org/regiolink/.well-known/genid/")


def test_what_others_say_is_never_kept(services):
    here, there, _ = services
    query = f"ASK {{ SERVICE <{there.address}sparql> {{ ?a ?b ?c }} }}"
    status, headers, body = here.send({"query": query}, signed=False)
    assert (status, json.loads(body)["boolean"]) == (200, True)
    assert headers["Cache-Control"] == "no-store" and "ETag" not in headers


def test_the_service_description_says_that_service_works(services):
    here, *_ = services
    with urllib.request.urlopen(f"{here.address}sparql") as told:
        assert "BasicFederatedQuery" in told.read().decode()


def test_what_cannot_be_asked_is_refused_with_its_status(services):
    here, there, root = services
    assert here.refused(query="ASK {\n SERVICE <http://127.0.0.1:1/sparql> {} }") == (
        403,
        "Line 2, column 2: SERVICE <http://127.0.0.1:1/sparql> is refused; the setting service_endpoints "
        "does not list it.",
    )
    status, detail = here.refused(query=f"ASK {{ SERVICE <{there.address}sparql> {{ ?a ?b }} }}")
    assert status == 400 and detail.startswith("The query does not parse near line 1, column ")
    query = f"ASK {{ SERVICE <{root}no-endpoint> {{ ?a ?b 1 FILTER(<urn:x:function>(?a)) }} }}"
    assert here.refused(query=query) == (502, f"{root.rstrip('/')} answered with status 501.")
    assert here.rows(f"SELECT * {{ SERVICE SILENT <{root}no-endpoint> {{ ?a ?b ?c }} }}") == [{}]


def test_a_syntax_error_is_told_where_it_stands_and_nobody_is_asked(services):
    here, there, _ = services
    status, detail = here.refused(
        query=f"SELECT * {{\n ?a ?b ?c . SERVICE SILENT <{there.address}sparql> {{ ?a ?b ?c }}\n ?x ?y }}"
    )
    assert status == 400 and "near line 3, column 9" in detail


def test_an_update_takes_over_what_another_service_says(services):
    here, there, _ = services
    text = (
        f"INSERT {{ GRAPH <{EX}copy> {{ ?a <urn:x:years> ?b }} }} WHERE {{ ?a <urn:x:name> ?n "
        f"SERVICE <{there.address}sparql> {{ ?a <urn:x:age> ?b }} FILTER(?b > 1) }}"
    )
    assert here.send({"update": text})[0] == 204
    assert here.rows(f"SELECT ?b {{ GRAPH <{EX}copy> {{ ?a ?p ?b }} }}") == [{"b": "7"}, {"b": "7.5"}]


def test_a_patch_of_a_graph_takes_over_what_other_servers_say(services):
    here, there, root = services
    text = (
        f"LOAD <{root}files/good.ttl> ; INSERT {{ ?a <urn:x:years> ?b }} WHERE {{ "
        f"SERVICE <{there.address}sparql> {{ ?a <urn:x:age> ?b FILTER(?b > 7) }} }}"
    )
    request = urllib.request.Request(
        f"{here.address}graphs?graph={EX}patched",
        text.encode(),
        {"Content-Type": "application/sparql-update", "Authorization": f"Bearer {here.token}"},
        method="PATCH",
    )
    with urllib.request.urlopen(request) as told:
        assert told.status == 201
    rows = here.rows(f"SELECT ?p ?o {{ GRAPH <{EX}patched> {{ ?s ?p ?o FILTER(!isIRI(?o)) }} }}")
    assert sorted(tuple(sorted(row.values())) for row in rows) == [
        ("7.5", "urn:x:years"),
        ("9", "urn:x:years"),
        ("It", "urn:x:name"),
        ("loaded", "urn:x:name"),
    ]


def test_an_update_loads_what_a_web_server_has(services):
    here, _, root = services
    text = f"LOAD <{root}files/good.ttl> INTO GRAPH <{EX}loaded>"
    assert here.send({"update": text})[0] == 204
    rows = here.rows(f"SELECT ?s ?o {{ GRAPH <{EX}loaded> {{ ?s <urn:x:name> ?o }} }}")
    it = f"{root}files/good.ttl#it"
    assert rows == [{"s": it, "o": "It"}, {"s": it, "o": "loaded"}]
    assert ("/files/good.ttl", USER_AGENT) in Files.asked


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("files/missing.ttl", 502, "answered with status 404."),
        ("files/page.html", 502, "answered with 'text/html'."),
        ("files/bad.ttl", 400, "files/bad.ttl>, line 1, column"),
    ],
)
def test_a_source_that_fails_fails_the_update_unless_it_is_silent(services, path, status, sentence):
    here, _, root = services
    insert = f"INSERT DATA {{ <{EX}x> <urn:x:from> '{path}' }}"
    told = here.refused(update=f"{insert} ; LOAD <{root}{path}>")
    assert told[0] == status and sentence in told[1]
    assert here.rows(f"SELECT * {{ ?x <urn:x:from> '{path}' }}") == []
    assert here.send({"update": f"{insert} ; LOAD SILENT <{root}{path}>"})[0] == 204
    assert here.rows(f"SELECT * {{ ?x <urn:x:from> '{path}' }}") == [{"x": f"{EX}x"}]


OUTSIDE = [
    "secret.ttl",
    "files/../secret.ttl",
    "files/%2e%2e/secret.ttl",
    "files/%2E%2e%2fsecret.ttl",
    "filesX",
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_source_that_is_not_listed_is_refused_and_in_silence_not_asked(services, path):
    here, _, root = services
    before = len(Files.asked)
    assert here.refused(update=f"LOAD <{root}{path}>") == (
        403,
        f"Operation 1 (line 1): LOAD <{root}{path}> is refused; the setting load_sources does not list it.",
    )
    update = f"LOAD SILENT <{root}{path}> ; INSERT DATA {{ <{EX}x> <urn:x:after> '{path}' }}"
    assert here.send({"update": update})[0] == 204
    assert here.rows(f"SELECT * {{ ?x <urn:x:after> '{path}' }}") == [{"x": f"{EX}x"}]
    assert len(Files.asked) == before


CANARY = [
    ("query", "SELECT * { SERVICE <{}> { ?a ?b ?c } }", 403),
    ("query", "SELECT * { SERVICE SILENT <{}> { ?a ?b ?c } }", 403),
    ("query", "PREFIX c: <{}> ASK { FILTER EXISTS { SERVICE c: {} } }", 403),
    ("query", "ASK { VALUES ?s { <{}> } SERVICE ?s { ?a ?b ?c } }", 403),
    ("query", "ASK { VALUES ?s { <{}> } SERVICE SILENT ?s { ?a ?b ?c } }", 403),
    ("query", "ASK { SERVICE ?s { ?a ?b ?c } }", 400),
    ("query", "ASK { SERVICE <file:///etc/passwd> { ?a ?b ?c } }", 403),
    ("query", "SELECT (EXISTS { SERVICE <{}> {} } AS ?x) {}", 403),
    ("query", "ASK FROM <{}> FROM NAMED <{}> { ?a ?b ?c }", 200),
    ("update", "INSERT { ?a ?b ?c } WHERE { SERVICE <{}> { ?a ?b ?c } }", 403),
    ("update", "LOAD <{}>", 403),
    ("update", "LOAD <file:///etc/passwd>", 400),
    ("update", "LOAD SILENT <file:///etc/passwd>", 204),
    ("update", "LOAD SILENT <{}> INTO GRAPH <urn:x:canary>", 204),
    ("update", "LOAD SILENT <{}> ; LOAD <{}>", 403),
    ("update", "INSERT {} USING <{}> WHERE { ?a ?b ?c }", 204),
]


@pytest.mark.parametrize(("field", "text", "status"), CANARY)
def test_nothing_makes_the_service_send_a_request_elsewhere(services, field, text, status):
    here, _, root = services
    before = len(Files.asked)
    assert here.send({field: text.replace("<{}>", f"<{root}canary>")})[0] == status
    assert len(Files.asked) == before


def test_one_client_cannot_have_all_turns():
    turns = Turns(most=3, each=2)
    with ExitStack() as stack:
        stack.enter_context(turns.one("a"))
        with turns.one("a"), pytest.raises(Busy, match="Too many requests wait for other servers"):
            stack.enter_context(turns.one("a"))
        stack.enter_context(turns.one("a"))
        stack.enter_context(turns.one("b"))
        with pytest.raises(Busy):
            stack.enter_context(turns.one("c"))
    with turns.one("c"):
        pass

"""The W3C SPARQL 1.1 tests of federated queries, against HTTP servers of our own.

The suite stands beside the repository in shared/suites/sparql11; where it is missing, they are skipped. The
servers answer by the engine alone, and by federation for what is sent on to them.
"""

import threading
from collections import Counter
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlencode

import pyoxigraph as ox
import pytest
from rdflib import RDF, Graph, Namespace
from rdflib.collection import Collection

from kb.engine.service_answers import ACCEPTED, Answer, read
from kb.federation import federate
from kb.sparql_text import examine
from server.fetching import Bounds, Fetcher, Request

SUITE = Path(__file__).resolve().parents[3] / "shared" / "suites" / "sparql11" / "sparql" / "sparql11"
SKIPPED = "The W3C SPARQL 1.1 tests are not in shared/suites/sparql11: clone w3c/rdf-tests there to run them."
MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
QT = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-query#")
INVALID = "http://invalid.endpoint.org/sparql"


def cases(folder):
    """Name -> (manifest, test), in the order of the manifest."""
    path = SUITE / folder / "manifest.ttl"
    if not path.exists():
        return {"missing": None}
    graph = Graph().parse(path, publicID=path.as_uri())
    entries = Collection(graph, next(graph.objects(None, MF.entries)))
    return {f"{folder}/{test.rpartition('#')[2]}": (graph, test) for test in entries}


EVALUATION, SYNTAX = cases("service"), cases("syntax-fed")


def case(cases, name):
    """The manifest and the test of a name; skips the test when the suite is missing."""
    if cases[name] is None:
        pytest.skip(SKIPPED)
    return cases[name]


def file(iri):
    return SUITE / "/".join(str(iri).split("/")[-2:])


def store(graph, node):
    made = ox.Store()
    for data in graph.objects(node, QT.data):
        made.load(file(data).read_bytes(), ox.RdfFormat.TURTLE, base_iri=str(data))
    return made


class Services:
    """What stands for the endpoints of a test: the address that is asked for each."""

    def __init__(self):
        self.addresses = {INVALID: "http://127.0.0.1:1/"}

    def fetch(self, endpoint, text, seconds):
        into = BytesIO()
        sent = {"Content-Type": "application/x-www-form-urlencoded"}
        request = Request(self.addresses[endpoint], urlencode({"query": text}).encode(), sent)
        media = Fetcher(private_addresses=True).fetch(request, into, ACCEPTED, Bounds(seconds=seconds))
        return read(into.getvalue(), media, endpoint)

    def answer(self, data, text):
        """The answer of a service that holds `data`."""
        here = Here(data)
        examine(text, services=self.addresses)
        return data.query(federate(text, self.addresses, here, self.fetch))

    @contextmanager
    def serving(self, endpoint, data):
        services = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                answer = services.answer(data, parse_qs(body)["query"][0])
                self.send_response(200)
                self.send_header("Content-Type", ACCEPTED[0])
                self.end_headers()
                self.wfile.write(answer.serialize(format=ox.QueryResultsFormat.JSON))

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addresses[endpoint] = f"http://127.0.0.1:{server.server_port}/"
        yield
        server.shutdown()
        server.server_close()


class Here:
    """Our own data; see `kb.federation.Local`."""

    def __init__(self, data):
        self.data = data

    def check(self, text):
        ox.Store().query(text)

    def ask(self, text):
        found = self.data.query(text)
        rows = [tuple(term and str(term) for term in row) for row in found]
        return Answer(tuple(variable.value for variable in found.variables), rows)


def rows(found):
    """Solutions in no order, blank nodes all the same: the suite has none that are told apart."""
    names = [variable.value for variable in found.variables]
    return Counter(
        frozenset((name, str(row[name])) for name in names if row[name] is not None) for row in found
    )


@pytest.mark.parametrize("name", EVALUATION)
def test_a_federated_query_has_the_answer_of_the_suite(name):
    graph, test = case(EVALUATION, name)
    action, result = graph.value(test, MF.action), graph.value(test, MF.result)
    services = Services()
    with ExitStack() as stack:
        for each in graph.objects(action, QT.serviceData):
            endpoint = str(graph.value(each, QT.endpoint))
            stack.enter_context(services.serving(endpoint, store(graph, each)))
        text = file(graph.value(action, QT.query)).read_text(encoding="utf-8")
        found = rows(services.answer(store(graph, action), text))
    expected = ox.parse_query_results(file(result).read_bytes(), ox.QueryResultsFormat.XML)
    assert found == rows(expected)


@pytest.mark.parametrize("name", SYNTAX)
def test_the_syntax_of_the_suite_is_understood(name):
    graph, test = case(SYNTAX, name)
    assert graph.value(test, RDF.type) == MF.PositiveSyntaxTest11
    text = file(graph.value(test, MF.action)).read_text(encoding="utf-8")
    assert examine(text, services=["g"]).federated
    made = federate(f"BASE <urn:x:>\n{text}", ["g"], Here(ox.Store()), lambda *_: Answer((), []))
    assert "SERVICE" not in made


def test_no_test_of_the_suite_is_left_out():
    if not SUITE.is_dir():
        pytest.skip(SKIPPED)
    assert (len(EVALUATION), len(SYNTAX)) == (7, 3)

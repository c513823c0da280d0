"""The clients that people have, against the protocols as they come over a real connection."""

import csv
import io
import urllib.request
from threading import Thread
from urllib.parse import urlencode

import pytest
from flask import Flask
from rdflib import Dataset, Graph, Literal, URIRef
from rdflib.plugins.stores.sparqlstore import SPARQLStore, SPARQLUpdateStore
from SPARQLWrapper import CSV, JSON, POST, TURTLE, XML, SPARQLWrapper
from werkzeug.serving import make_server

from kb.engine.contract import DefaultGraph
from server import cross_origin, graph_store, problems, sparql
from tests.server.memory import SIGNED, TOKEN, Memory, backend

S, P = URIRef("http://example.org/s"), URIRef("http://example.org/p")
NAME = URIRef("http://example.org/g")


@pytest.fixture
def address():
    """The address of a store whose default graph is a graph of its own."""
    app = Flask("server")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    made = backend(Memory(DefaultGraph.OWN), f"http://127.0.0.1:{server.port}/")
    problems.register(app)
    cross_origin.register(app)
    app.register_blueprint(sparql.blueprint(made))
    app.register_blueprint(graph_store.blueprint(made))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield made.public_url
    server.shutdown()
    thread.join()
    server.server_close()


def test_rdflib_changes_and_reads_a_remote_dataset(address):
    store = SPARQLUpdateStore(
        f"{address}sparql", f"{address}sparql", headers=SIGNED, postAsEncoded=False, autocommit=True
    )
    graph = Dataset(store=store).graph(NAME)
    graph.add((S, P, Literal("é", lang="en")))
    graph.add((S, P, Literal(1)))
    graph.update("DELETE { ?s ?p 1 } INSERT { ?s ?p 2 } WHERE { ?s ?p 1 }")
    assert set(graph) == {(S, P, Literal("é", lang="en")), (S, P, Literal(2))}
    assert [int(row.o) for row in graph.query("SELECT ?o { ?s ?p ?o FILTER(isNumeric(?o)) }")] == [2]
    graph.remove((S, P, None))
    assert len(graph) == 0


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_rdflib_reads_a_remote_graph_in_each_way_it_has(address, method):
    SPARQLUpdateStore(f"{address}sparql", f"{address}sparql", headers=SIGNED).update(
        f"INSERT DATA {{ GRAPH <{NAME}> {{ <{S}> <{P}> 'x' }} }}"
    )
    graph = Graph(SPARQLStore(f"{address}sparql", method=method), identifier=NAME)
    assert list(graph) == [(S, P, Literal("x"))]


@pytest.mark.parametrize("form", [JSON, XML, CSV])
def test_sparqlwrapper_updates_by_token_and_asks_in_each_form(address, form):
    client = SPARQLWrapper(f"{address}sparql")
    client.addCustomHttpHeader("Authorization", f"Bearer {TOKEN}")
    client.setMethod(POST)
    client.setQuery(f"INSERT DATA {{ <{S}> <{P}> 5 }}")
    client.query()
    reader = SPARQLWrapper(f"{address}sparql", returnFormat=form)
    reader.setQuery("SELECT ?o { ?s ?p ?o }")
    told = reader.query().response.read().decode()
    assert '"value":"5"' in told or ">5<" in told or told == "o\r\n5\r\n"
    described = SPARQLWrapper(f"{address}sparql", returnFormat=TURTLE)
    described.setQuery(f"DESCRIBE <{S}>")
    assert (S, P, Literal(5)) in Graph().parse(data=described.query().convert(), format="turtle")


def test_a_spreadsheet_reads_the_address_of_a_query(address):
    """What pandas.read_csv does with an address: a plain GET, and a parser of CSV."""
    asked = urllib.request.Request(
        f"{address}sparql?{urlencode({'query': 'SELECT (1 AS ?a) (2 AS ?b) {}'})}",
        headers={"Accept": "text/csv"},
    )
    with urllib.request.urlopen(asked) as answer:
        rows = list(csv.reader(io.TextIOWrapper(answer, "utf-8", newline="")))
    assert rows == [["a", "b"], ["1", "2"]]

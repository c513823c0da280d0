"""Comunica, which most programs in JavaScript ask SPARQL endpoints with, in its own process on Node."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
from rdflib import XSD, Graph, Literal, URIRef
from rdflib.compare import to_isomorphic
from rdflib.query import Result

pytestmark = pytest.mark.timeout(120)
NODE = Path(sys.prefix) / "bin" / "node"
COMUNICA = Path(sys.prefix) / "clients/node_modules/@comunica/query-sparql/bin/query.js"
JSON = "application/sparql-results+json"
ANN, BOB, EVE = (URIRef(f"https://example.org/{name}") for name in ("ann", "bob", "eve"))
HERE = f"""
    <{ANN}> <urn:c:name> 'Ann' , 'Änne'@de . <{BOB}> <urn:c:name> 'Bob "the \\\\ builder"'
    GRAPH <urn:c:graph> {{ <{ANN}> <urn:c:knows> <{BOB}> , <{EVE}> }}
"""
THERE = f"<{BOB}> <urn:c:age> 7 . <{EVE}> <urn:c:age> 9.5 ; <urn:c:name> 'Eve'"


@pytest.fixture(scope="module")
def addresses(services):
    """The addresses of two endpoints that hold different data."""
    if not COMUNICA.exists():
        pytest.skip("Comunica is not installed; `make .venv/clients/installed` does it.")
    for service, data in zip(services, (HERE, THERE), strict=True):
        assert service.send({"update": f"INSERT DATA {{ {data} }}"})[0] == 204
    return [f"{service.address}sparql" for service in services]


def run(*words):
    return subprocess.run([str(NODE), str(COMUNICA), *words], capture_output=True, text=True, check=False)


def comunica(*words, form):
    """What Comunica's command prints, in a media type."""
    ran = run(*words, "-t", form)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def in_order(found):
    return sorted(found, key=lambda row: sorted((name, term.n3()) for name, term in row.items()))


def rows(*words):
    """The rows of a SELECT, in an order of ours."""
    told = Result.parse(io.BytesIO(comunica(*words, form=JSON).encode()), format="json")
    return in_order([{str(name): term for name, term in row.items()} for row in told.bindings])


NAMES = [
    {"who": ANN, "name": Literal("Ann")},
    {"who": ANN, "name": Literal("Änne", lang="de")},
    {"who": BOB, "name": Literal('Bob "the \\ builder"')},
]


def test_comunica_selects_from_an_endpoint_that_it_is_told_is_one(addresses):
    assert rows(f"sparql@{addresses[0]}", "SELECT * { ?who <urn:c:name> ?name }") == in_order(NAMES)


def test_comunica_finds_by_the_service_description_that_an_address_is_an_endpoint(addresses):
    assert rows(addresses[0], "SELECT * { ?who <urn:c:name> ?name }") == in_order(NAMES)


def test_comunica_sees_the_named_graphs(addresses):
    found = rows(
        f"sparql@{addresses[0]}", f"SELECT ?g ?whom {{ GRAPH ?g {{ <{ANN}> <urn:c:knows> ?whom }} }}"
    )
    graph = URIRef("urn:c:graph")
    assert found == [{"g": graph, "whom": BOB}, {"g": graph, "whom": EVE}]


@pytest.mark.parametrize(("name", "answer"), [("Ann", "true"), ("Eve", "false")])
def test_comunica_asks_whether_something_is_so(addresses, name, answer):
    told = comunica(f"sparql@{addresses[0]}", f"ASK {{ ?who <urn:c:name> '{name}' }}", form="simple")
    assert told.strip() == answer


def test_comunica_constructs_a_graph(addresses):
    query = "CONSTRUCT { ?whom <urn:c:knownBy> ?who ; <urn:c:as> [] } { ?who <urn:c:knows> ?whom }"
    told = comunica(f"sparql@{addresses[0]}", query, form="application/n-triples")
    expected = (
        f"<{BOB}> <urn:c:knownBy> <{ANN}> ; <urn:c:as> [] . <{EVE}> <urn:c:knownBy> <{ANN}> ; <urn:c:as> []"
    )
    whole = to_isomorphic(Graph().parse(data=told, format="nt"))
    assert whole == to_isomorphic(Graph().parse(data=f"{expected} .", format="turtle"))


def test_comunica_joins_what_two_endpoints_hold(addresses):
    query = "SELECT * { ?who <urn:c:knows> ?whom . ?whom <urn:c:age> ?age ; <urn:c:name> ?name }"
    assert rows(*addresses, query) == in_order(
        [
            {"who": ANN, "whom": BOB, "age": Literal(7), "name": Literal('Bob "the \\ builder"')},
            {"who": ANN, "whom": EVE, "age": Literal("9.5", datatype=XSD.decimal), "name": Literal("Eve")},
        ]
    )


def test_comunica_tells_why_a_query_is_refused(addresses):
    ran = run(f"sparql@{addresses[0]}", "SELECT * { SERVICE <https://example.org/> { ?s ?p ?o } }")
    assert ran.returncode == 1
    assert "HTTP status 403" in ran.stderr and "SERVICE is refused" in ran.stderr

"""The clients that people have in Python: rdflib's stores, SPARQLWrapper, pandas."""

import re
import urllib.error
from urllib.parse import urlencode

import pandas
import pytest
from rdflib import Dataset, Graph, Literal, URIRef
from rdflib.plugins.stores.sparqlstore import SPARQLStore, SPARQLUpdateStore
from SPARQLWrapper import BASIC, CSV, GET, JSON, JSONLD, N3, POST, RDFXML, TSV, TURTLE, XML, SPARQLWrapper

pytestmark = pytest.mark.timeout(120)
S, P, O, GONE = (URIRef(f"urn:py:{name}") for name in ("s", "p", "o", "gone"))  # noqa: E741


@pytest.fixture
def address(service):
    return f"{service.address}sparql"


@pytest.fixture(params=["header", "password"])
def remote(service, address, request):
    """An rdflib store that may change things: by a header with a token, or with the token as a password."""
    signed = {
        "header": {"headers": {"Authorization": f"Bearer {service.token}"}},
        "password": {"auth": ("tester", service.token)},
    }
    return lambda **more: SPARQLUpdateStore(address, address, **signed[request.param], **more)


@pytest.fixture
def name(request):
    """A graph that only this test has."""
    return URIRef(f"urn:py:{re.sub(r'[^a-zA-Z_]', '-', request.node.name)}")


def test_rdflib_adds_and_removes_triples_of_a_remote_graph(remote, name):
    graph = Graph(remote(), identifier=name)
    graph.add((S, P, Literal("é", lang="en")))
    graph.addN([(S, P, Literal(number), graph) for number in (1, 2)])
    graph.parse(data="<urn:py:s> <urn:py:p> 'a \"quoted\\\\ text', <urn:py:o> .", format="turtle")
    every = {Literal("é", lang="en"), Literal(1), Literal(2), Literal('a "quoted\\ text'), O}
    assert set(graph) == {(S, P, value) for value in every}
    assert len(graph) == 5 and (S, P, O) in graph and (S, P, GONE) not in graph
    graph.remove((S, P, Literal(1)))
    assert set(graph.objects(S, P)) == every - {Literal(1)}
    graph.set((S, P, Literal("only")))
    assert set(graph) == {(S, P, Literal("only"))}
    graph.remove((None, None, None))
    assert set(graph) == set()


def test_rdflib_updates_a_remote_graph_and_asks_it(remote, name):
    graph = Graph(remote(), identifier=name)
    graph.update("INSERT DATA { <urn:py:s> <urn:py:p> 1 , 'one' }")
    graph.update("DELETE { ?s ?p 1 } INSERT { ?s ?p 2 , <urn:py:o> } WHERE { ?s ?p 1 }")
    assert [row.o for row in graph.query("SELECT ?o { ?s ?p ?o FILTER(isNumeric(?o)) }")] == [Literal(2)]
    assert graph.query("ASK { ?s ?p 1 }").askAnswer is False
    turned = graph.query("CONSTRUCT { ?o ?p ?s } { ?s ?p ?o FILTER(isIRI(?o)) }").graph
    assert set(turned) == {(O, P, S)}


def test_rdflib_sends_what_it_gathered_in_one_go_or_not_at_all(remote, name):
    gathering = Graph(remote(autocommit=False, dirty_reads=True), identifier=name)
    gathering.add((S, P, Literal("dropped")))
    gathering.rollback()
    gathering.add((S, P, Literal("kept")))
    gathering.add((S, P, GONE))
    gathering.remove((S, P, GONE))
    seen = Graph(remote(), identifier=name)
    assert set(seen) == set()
    gathering.commit()
    assert set(seen) == {(S, P, Literal("kept"))}


def test_rdflib_keeps_the_named_graphs_of_a_remote_dataset_apart(remote, name):
    dataset = Dataset(store=remote())
    one, other = (dataset.graph(f"{name}:{which}") for which in ("one", "other"))
    one.add((S, P, O))
    other.add((S, P, GONE))
    dataset.add((URIRef(name), P, Literal("in no graph of its own")))
    assert set(dataset.graph(one.identifier)) == {(S, P, O)}, "it sends CREATE GRAPH each time"
    ours = {graph.identifier for graph in dataset.graphs()}
    assert {one.identifier, other.identifier} <= ours
    assert (set(one), set(other)) == ({(S, P, O)}, {(S, P, GONE)})
    assert list(dataset.objects(URIRef(name), P)) == [Literal("in no graph of its own")]
    dataset.store.update(f"MOVE <{other.identifier}> TO <{one.identifier}>")
    assert (set(one), set(other)) == ({(S, P, GONE)}, set())
    dataset.remove_graph(one)
    dataset.remove((URIRef(name), P, None))
    assert not {one.identifier, other.identifier} & {graph.identifier for graph in dataset.graphs()}
    assert list(dataset.objects(URIRef(name), P)) == []


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_rdflib_reads_a_remote_graph_in_each_way_it_has(service, address, method, name):
    assert service.send({"update": f"INSERT DATA {{ GRAPH <{name}> {{ <{S}> <{P}> 'x' }} }}"})[0] == 204
    assert list(Graph(SPARQLStore(address, method=method), identifier=name)) == [(S, P, Literal("x"))]


def test_rdflib_changes_nothing_without_a_token(address, name):
    graph = Graph(SPARQLUpdateStore(address, address), identifier=name)
    with pytest.raises(urllib.error.HTTPError, match="401"):
        graph.add((S, P, O))
    assert list(graph) == []


def asked(address, query, form, method=GET):
    """The content type of an answer, and what SPARQLWrapper makes of it."""
    client = SPARQLWrapper(address, returnFormat=form)
    client.setMethod(method)
    client.setQuery(query)
    told = client.query()
    return told.info()["content-type"], told.convert()


@pytest.fixture
def some(service):
    """The name of a thing of which two values are stated."""
    assert service.send({"update": "INSERT DATA { <urn:py:some> <urn:py:p> 'é, \"x\"'@fr , 5 }"})[0] == 204
    return "urn:py:some"


INTEGER = "http://www.w3.org/2001/XMLSchema#integer"
ROWS = [
    (
        JSON,
        "application/sparql-results+json",
        {
            "head": {"vars": ["o"]},
            "results": {
                "bindings": [
                    {"o": {"type": "literal", "value": "5", "datatype": INTEGER}},
                    {"o": {"type": "literal", "value": 'é, "x"', "xml:lang": "fr"}},
                ]
            },
        },
    ),
    (CSV, "text/csv; charset=utf-8", 'o\r\n5\r\n"é, ""x"""\r\n'.encode()),
    (TSV, "text/tab-separated-values; charset=utf-8", '?o\n5\n"é, \\"x\\""@fr\n'.encode()),
]


@pytest.mark.parametrize("method", [GET, POST])
@pytest.mark.parametrize(("form", "media", "expected"), ROWS)
def test_sparqlwrapper_has_rows_in_each_form(address, some, form, media, expected, method):
    query = f"SELECT ?o {{ <{some}> ?p ?o }} ORDER BY ?o"
    assert asked(address, query, form, method) == (media, expected)


def test_sparqlwrapper_has_rows_as_xml(address, some):
    media, document = asked(address, f"SELECT ?o {{ <{some}> ?p ?o }} ORDER BY ?o", XML)
    literals = [
        (literal.firstChild.data, literal.getAttribute("xml:lang"), literal.getAttribute("datatype"))
        for literal in document.getElementsByTagName("literal")
    ]
    assert media == "application/sparql-results+xml"
    assert literals == [("5", "", INTEGER), ('é, "x"', "fr", "")]


@pytest.mark.parametrize(("pattern", "answer"), [("?s ?p 'é, \"x\"'@fr", True), ("?s ?p 'é, \"x\"'", False)])
def test_sparqlwrapper_is_told_yes_or_no(address, some, pattern, answer):
    query = f"ASK {{ VALUES ?s {{ <{some}> }} {pattern} }}"
    assert asked(address, query, JSON)[1] == {"head": {}, "boolean": answer}
    (told,) = asked(address, query, XML)[1].getElementsByTagName("boolean")
    assert told.firstChild.data == str(answer).lower()


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")
@pytest.mark.parametrize("query", ["CONSTRUCT { ?s ?p ?o } { ?s ?p ?o FILTER(?s = <{}>) }", "DESCRIBE <{}>"])
@pytest.mark.parametrize(
    ("form", "media"),
    [
        (TURTLE, "text/turtle; charset=utf-8"),
        (N3, "text/turtle; charset=utf-8"),
        (XML, "application/rdf+xml"),
        (RDFXML, "application/rdf+xml"),
        (JSONLD, "application/ld+json"),
    ],
)
def test_sparqlwrapper_has_a_graph_in_each_form(address, some, query, form, media):
    told, graph = asked(address, query.replace("{}", some), form)
    if isinstance(graph, bytes):
        graph = Graph().parse(data=graph, format="turtle")
    subject = URIRef(some)
    assert told == media
    assert set(graph.triples((None, None, None))) == {
        (subject, P, Literal(5)),
        (subject, P, Literal('é, "x"', lang="fr")),
    }


def test_sparqlwrapper_updates_with_a_token_in_a_header_or_as_a_password(service, address, name):
    client = SPARQLWrapper(address)
    client.setMethod(POST)
    client.addCustomHttpHeader("Authorization", f"Bearer {service.token}")
    client.setQuery(f"INSERT DATA {{ <{name}> <{P}> 1 , 2 }}")
    client.query()
    client = SPARQLWrapper(address)
    client.setMethod(POST)
    client.setHTTPAuth(BASIC)
    client.setCredentials("tester", service.token)
    client.setQuery(f"DELETE DATA {{ <{name}> <{P}> 1 }}")
    client.query()
    assert asked(address, f"SELECT ?o {{ <{name}> ?p ?o }}", CSV)[1] == b"o\r\n2\r\n"


def test_pandas_reads_an_answer_as_a_table(address):
    values = "VALUES (?name ?number ?share) { ('a' 1 0.5) ('é, \"x\"' 2 UNDEF) (UNDEF 3 1e2) }"
    asks = f"{address}?{urlencode({'query': f'SELECT * {{ {values} }} ORDER BY ?number'})}"
    table = pandas.read_csv(asks, storage_options={"Accept": "text/csv"})
    expected = pandas.DataFrame(
        {"name": ["a", 'é, "x"', None], "number": [1, 2, 3], "share": [0.5, None, 100]},
    )
    pandas.testing.assert_frame_equal(table, expected)


def test_pandas_reads_a_saved_question_by_its_address(service):
    definitions = "https://w3id.org/regiolink/def/"
    stated = f"""
        <urn:py:old> a <{definitions}ThematicPlatform> ; <{definitions}launched> '2016' ;
            <http://www.w3.org/2000/01/rdf-schema#label> 'Old'@en , 'Alt'@de .
        <urn:py:new> a <{definitions}ThematicPlatform> ;
            <http://www.w3.org/2000/01/rdf-schema#label> 'New'@en .
        [] <{definitions}underPlatform> <urn:py:new>
    """
    assert service.send({"update": f"INSERT DATA {{ {stated} }}"})[0] == 204
    table = pandas.read_csv(f"{service.address}queries/platforms-and-launch-years.csv?language=de")
    expected = pandas.DataFrame(
        {
            "name": ["New", "Alt"],
            "launched": [None, 2016],
            "partnerships": [1, 0],
            "platform": ["urn:py:new", "urn:py:old"],
        }
    )
    pandas.testing.assert_frame_equal(table, expected)

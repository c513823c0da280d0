"""The W3C SPARQL 1.1 update tests: evaluation and syntax.

The suite stands beside the repository in shared/suites/sparql11; where it is missing, they are skipped.
Updates run on an engine whose default graph is one of its own, as the suite takes it. Blank nodes have IRIs
there; for comparing, those IRIs are blank nodes again.
"""

from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import RDF, RDFS, BNode, Graph, Literal, Namespace, URIRef

from kb.delta import UnknownGraph, delta
from kb.engine.contract import DEFAULT, DefaultGraph
from kb.engine.oxigraph import OxigraphEngine
from kb.engine.oxigraph_terms import to_quad, to_rdflib
from kb.errors import KnowledgeBaseError
from kb.intent import Loaded, SparqlUpdate
from kb.loading import sources
from kb.normal_form import normal_form
from kb.patch import Patch
from kb.terms import GENID

SUITE = Path(__file__).resolve().parents[3] / "shared" / "suites" / "sparql11" / "sparql" / "sparql11"
FOLDERS = """
    add basic-update clear copy delete delete-data delete-insert delete-where drop move update-silent
    syntax-update-1 syntax-update-2
"""
SKIPPED = "The W3C SPARQL 1.1 tests are not in shared/suites/sparql11: clone w3c/rdf-tests there to run them."
MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
UT = Namespace("http://www.w3.org/2009/sparql/tests/test-update#")


def manifests():
    """Folder -> its manifest; nothing where the suite is missing."""
    paths = {folder: SUITE / folder / "manifest.ttl" for folder in FOLDERS.split()}
    return {
        folder: Graph().parse(path, publicID=path.as_uri()) for folder, path in paths.items() if path.exists()
    }


MANIFESTS = manifests()


def cases(kind):
    """Name -> (manifest, test) for each test of a kind."""
    return {
        f"{folder}/{test.rpartition('#')[2]}": (graph, test)
        for folder, graph in MANIFESTS.items()
        for test in sorted(graph.subjects(RDF.type, MF[kind]))
    } or {"missing": None}


EVALUATION = cases("UpdateEvaluationTest")
POSITIVE = cases("PositiveUpdateSyntaxTest11")
NEGATIVE = cases("NegativeUpdateSyntaxTest11")


def case(cases, name):
    """The manifest and the test of a name; skips the test when the suite is missing."""
    if cases[name] is None:
        pytest.skip(SKIPPED)
    return cases[name]


def meant_on(engine, text):
    """What an update means. Nothing is found at the addresses of LOAD, as in the suite."""
    loaded = tuple(Loaded(source.address, b"") for source in sources(text))
    return delta(engine, SparqlUpdate(text, loaded=loaded)).patch


def path_of(iri):
    return SUITE / "/".join(str(iri).split("/")[-2:])


def triples(iri):
    form = {"ttl": ox.RdfFormat.TURTLE, "nt": ox.RdfFormat.N_TRIPLES, "trig": ox.RdfFormat.TRIG}[
        iri.rpartition(".")[2]
    ]
    path = path_of(iri)
    return ox.parse(path.read_bytes(), form, base_iri=str(iri), rename_blank_nodes=True)


def dataset(graph, node):
    """The quads that a test describes, in normal form."""
    files = [(file, DEFAULT) for file in graph.objects(node, UT.data)]
    for each in graph.objects(node, UT.graphData):
        name, file = graph.value(each, RDFS.label), graph.value(each, UT.graph)
        files.append((file, URIRef(name)) if file else (each, each))
    found = []
    for file, name in files:
        for quad in triples(file):
            found.append((to_rdflib(quad.subject), to_rdflib(quad.predicate), to_rdflib(quad.object), name))
    return normal_form(found)


def canonical(quads):
    """The quads with blank nodes again, named so that equal datasets have equal names."""

    def blank(term):
        return (
            BNode(term.removeprefix(GENID))
            if term.startswith(GENID) and not isinstance(term, Literal)
            else term
        )

    made = ox.Dataset(to_quad(tuple(blank(term) for term in quad)) for quad in quads)
    made.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return {str(quad) for quad in made}


def request(iri):
    return f"BASE <{iri}>\n" + path_of(iri).read_text(encoding="utf-8")


def everything(engine):
    names = [*engine.graph_names(), DEFAULT]
    return {(*triple, name) for name in names for triple in engine.triples(name)}


@pytest.mark.parametrize("name", EVALUATION)
def test_an_update_leads_to_the_dataset_of_the_suite(name):
    graph, test = case(EVALUATION, name)
    action, result = graph.value(test, MF.action), graph.value(test, MF.result)
    engine = OxigraphEngine.in_memory(DefaultGraph.OWN)
    engine.apply(Patch.of(inserts=dataset(graph, action)), 1)
    before = everything(engine)
    meant = meant_on(engine, request(graph.value(action, UT.request)))
    assert everything(engine) == before
    after = meant.apply(before)
    assert canonical(after) == canonical(dataset(graph, result))
    engine.apply(meant, 2)
    assert everything(engine) == after


@pytest.mark.parametrize("name", POSITIVE)
def test_what_the_suite_takes_for_an_update_is_understood(name):
    graph, test = case(POSITIVE, name)
    try:
        meant_on(OxigraphEngine.in_memory(DefaultGraph.OWN), request(graph.value(test, MF.action)))
    except UnknownGraph as error:
        assert "there is no graph" in str(error)


@pytest.mark.parametrize("name", NEGATIVE)
def test_what_the_suite_takes_for_no_update_is_refused(name):
    graph, test = case(NEGATIVE, name)
    with pytest.raises(KnowledgeBaseError):
        delta(OxigraphEngine.in_memory(DefaultGraph.OWN), request(graph.value(test, MF.action)))


def test_no_test_of_the_suite_is_left_out():
    if not SUITE.is_dir():
        pytest.skip(SKIPPED)
    assert (len(EVALUATION), len(POSITIVE), len(NEGATIVE)) == (94, 42, 13)

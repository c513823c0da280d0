"""Tests of server/service_description.py."""

import pytest
from rdflib import RDF, Graph, URIRef

from kb.terms import SD
from server.negotiation import GRAPHS
from server.service_description import describe, description

ENDPOINT = "https://data.example.org/sparql"
PARSERS = {"ttl": "turtle", "nt": "nt", "rdf": "xml", "jsonld": "json-ld"}


def test_the_service_names_its_endpoint_languages_and_default_graph():
    told = describe(ENDPOINT, union=True)
    (service,) = told.subjects(RDF.type, SD.Service)
    assert list(told.objects(service, SD.endpoint)) == [URIRef(ENDPOINT)]
    assert set(told.objects(service, SD.supportedLanguage)) == {SD.SPARQL11Query, SD.SPARQL11Update}
    assert set(told.objects(service, SD.feature)) == {SD.UnionDefaultGraph}
    (dataset,) = told.objects(service, SD.defaultDataset)
    assert told.value(told.value(dataset, SD.defaultGraph), RDF.type) == SD.Graph
    assert 20 < len(told) < 60


def test_only_what_is_so_is_claimed():
    told = describe(ENDPOINT, union=False, federated=True)
    assert set(told.objects(None, SD.feature)) == {SD.BasicFederatedQuery}


@pytest.mark.parametrize("form", sorted(set(GRAPHS.forms.values())))
def test_it_is_the_same_in_every_form(form):
    told = Graph().parse(data=description(ENDPOINT, True, False, form), format=PARSERS[form])
    assert set(told) == set(describe(ENDPOINT, union=True))

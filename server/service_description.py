"""What the service says of itself at the address of its endpoint, in RDF.

Source: SPARQL 1.1 Service Description (W3C Recommendation, 21 March 2013); the formats are those of
http://www.w3.org/ns/formats/.
"""

from __future__ import annotations

from functools import cache

from rdflib import RDF, RDFS, Graph, Literal, URIRef
from rdflib.namespace import DCTERMS

from kb import __version__
from kb.terms import ENTAILMENT, FORMATS, GRAPH, SD
from server.serializing import written

_RESULT_FORMATS = (
    "SPARQL_Results_JSON",
    "SPARQL_Results_XML",
    "SPARQL_Results_CSV",
    "SPARQL_Results_TSV",
    "Turtle",
    "N-Triples",
    "RDF_XML",
    "JSON-LD",
)
_INPUT_FORMATS = ("Turtle", "N-Triples", "RDF_XML", "JSON-LD")
_UNION = (
    "The merge of all named graphs but graph/history, graph/shapes and graph/words: a triple that stands in "
    "several of them counts once."
)
_STORED = "A graph of its own, apart from the named graphs."


def describe(endpoint: str, *, union: bool, federated: bool = False) -> Graph:
    """The description of the service as a graph of some dozens of triples.

    endpoint: its address. union: whether the default graph is the merge of the named ones. federated:
    whether SERVICE may ask some other endpoints.
    """
    graph = Graph()
    service, dataset, default, named = (
        URIRef(f"{endpoint}#{part}") for part in ("service", "dataset", "default-graph", "named-graphs")
    )

    def say(subject: URIRef, predicate: URIRef, *values: URIRef | Literal) -> None:
        for value in values:
            graph.add((subject, predicate, value))

    say(service, RDF.type, SD.Service)
    say(service, RDFS.label, Literal("Regiolink SPARQL endpoint", lang="en"))
    say(service, DCTERMS.hasVersion, Literal(__version__))
    say(service, SD.endpoint, URIRef(endpoint))
    say(service, SD.supportedLanguage, SD.SPARQL11Query, SD.SPARQL11Update)
    say(service, SD.resultFormat, *(FORMATS[name] for name in _RESULT_FORMATS))
    say(service, SD.inputFormat, *(FORMATS[name] for name in _INPUT_FORMATS))
    say(service, SD.defaultEntailmentRegime, ENTAILMENT.Simple)
    if union:
        say(service, SD.feature, SD.UnionDefaultGraph)
    if federated:
        say(service, SD.feature, SD.BasicFederatedQuery)
    say(service, SD.defaultDataset, dataset)
    say(service, SD.availableGraphs, named)
    say(dataset, RDF.type, SD.Dataset)
    say(dataset, SD.defaultGraph, default)
    say(default, RDF.type, SD.Graph)
    say(default, RDFS.comment, Literal(_UNION if union else _STORED, lang="en"))
    say(named, RDF.type, SD.GraphCollection)
    say(named, RDFS.comment, Literal("Each is described as a dataset in graph/meta.", lang="en"))
    say(named, RDFS.seeAlso, GRAPH.meta)
    return graph


@cache
def description(endpoint: str, union: bool, federated: bool, form: str) -> bytes:
    """The description as bytes. form: "ttl", "nt", "rdf" or "jsonld". The rest: see `describe`."""
    return written(describe(endpoint, union=union, federated=federated), form)

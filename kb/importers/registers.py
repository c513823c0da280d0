"""What importers of organisation registers have in common: entries become quads batch by batch.

A register has a hundred thousand organisations or millions, more than fit into memory as quads. So such an
importer has a function `parts` beside `read`: it gives the same quads as a series of small datasets, and TriG
texts of datasets one after the other are one TriG text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from rdflib import RDF, RDFS, SKOS, Dataset, Graph, Literal, URIRef

from kb.imported import Imported
from kb.terms import ADMS, DEF, GRAPH, SCHEMA, mint, term

_BATCH: Final = 1000  # entries


@dataclass(frozen=True, slots=True)
class Entry:
    """An organisation in a register.

    scheme: code of the register in the scheme identifier-scheme. identifier: unique in the register.
    names: the first is the label. homepage: may be empty. same_as: the same organisation elsewhere.
    """

    scheme: str
    identifier: str
    country: URIRef
    names: tuple[Literal, ...]
    homepage: str = ""
    same_as: tuple[str, ...] = ()


def in_batches(entries: Iterable[Entry], graph_name: str) -> Iterator[Dataset]:
    """The quads of `entries`, in the graph `graph_name`, as datasets of a thousand entries each."""
    remaining = iter(entries)
    while batch := list(islice(remaining, _BATCH)):
        dataset = Dataset()
        for entry in batch:
            _add(dataset.graph(GRAPH[graph_name]), entry)
        yield dataset


def collected(imported: Imported, parts: Iterable[Dataset]) -> Imported:
    """`imported` with the quads of all `parts` in its dataset."""
    for part in parts:
        for subject, predicate, value, graph in part.quads():
            assert isinstance(graph, URIRef)
            imported.dataset.graph(graph).add((subject, predicate, value))
    return imported


def _add(graph: Graph, entry: Entry) -> None:
    key = f"{entry.scheme}-{entry.identifier}"
    organisation, identifier = mint("organisation", key), mint("identifier", key)
    graph.add((organisation, RDF.type, DEF.Organisation))
    graph.add((organisation, DEF.establishedIn, entry.country))
    graph.add((organisation, RDFS.label, entry.names[0]))
    for name in entry.names[1:]:
        graph.add((organisation, SKOS.altLabel, name))
    if entry.homepage:
        graph.add((organisation, DEF.homepage, URIRef(entry.homepage)))
    for address in entry.same_as:
        graph.add((organisation, SCHEMA.sameAs, URIRef(address)))
    graph.add((organisation, ADMS.identifier, identifier))
    add_identifier(graph, identifier, entry.scheme, entry.identifier)


def add_identifier(graph: Graph, identifier: URIRef, scheme: str, notation: str) -> None:
    """Describes `identifier`: the `notation` that the register `scheme` has issued."""
    graph.add((identifier, RDF.type, ADMS.Identifier))
    graph.add((identifier, SKOS.notation, Literal(notation)))
    graph.add((identifier, DEF.identifierScheme, term("identifier-scheme", scheme)))

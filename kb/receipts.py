"""Receipts: each commit as linked data in the graph of the history, so that a query can ask who changed what.

All quads of a receipt are about the commit or a part of it, and no two commits share a quad: a receipt can be
added and taken away alone. The words are those of PROV, Dublin Core, schema.org and VoID; docs/history.md
tells which stands for what.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, PROV, RDF, RDFS, SKOS, VOID, XSD
from rdflib.term import Node

from kb.ledger.commits import Commit
from kb.normal_form import without_odd_characters
from kb.patch import Quad
from kb.terms import BASE, GRAPH, SCHEMA

HISTORY: Final = GRAPH["history"]
"""The graph that holds the receipts."""


def commit_iri(revision: int) -> URIRef:
    """The IRI of a commit.

    >>> commit_iri(12)
    rdflib.term.URIRef('https://w3id.org/regiolink/commits/12')
    """
    return URIRef(f"{BASE}commits/{revision}")


def user_iri(name: str) -> URIRef:
    """The IRI of a user, which tells the name and nothing else.

    >>> user_iri("Ana Étoile")
    rdflib.term.URIRef('https://w3id.org/regiolink/users/Ana%20%C3%89toile')
    """
    return URIRef(f"{BASE}users/{quote(name, safe='')}")


def receipt(commit: Commit) -> list[Quad]:
    """The receipt of a commit: quads in `HISTORY`, in normal form, the same every time."""
    about = commit_iri(commit.revision)
    quads = [(about, predicate, value, HISTORY) for predicate, value in _facts(commit)]
    for what, count, relation in (
        ("inserted", commit.inserts, PROV.generated),
        ("deleted", commit.deletes, PROV.invalidated),
    ):
        if count:
            part = URIRef(f"{about}#{what}")
            quads.append((about, relation, part, HISTORY))
            quads.append((part, RDF.type, PROV.Entity, HISTORY))
            quads.append((part, VOID.triples, Literal(count), HISTORY))
    return quads


def receipt_rdf(commit: Commit) -> Graph:
    """The receipt as a graph of its own."""
    graph = Graph(bind_namespaces="none")
    for subject, predicate, value, _ in receipt(commit):
        graph.add((subject, predicate, value))
    return graph


def _facts(commit: Commit) -> list[tuple[URIRef, Node]]:
    time = Literal(_canonical(commit.time), datatype=XSD.dateTime, normalize=False)
    facts: list[tuple[URIRef, Node]] = [
        (RDF.type, PROV.Activity),
        (RDF.type, SCHEMA.UpdateAction),
        (RDFS.label, Literal(f"Revision {commit.revision}", lang="en")),
        (DCTERMS.identifier, Literal(commit.revision)),
        (PROV.wasAssociatedWith, user_iri(commit.author)),
        (SCHEMA.agent, _text(commit.author)),
        (SCHEMA.instrument, Literal(commit.door.value)),
        (PROV.startedAtTime, time),
        (PROV.endedAtTime, time),
        (SCHEMA.sha256, Literal(commit.hash)),
        *((PROV.used, URIRef(graph)) for graph in commit.graphs),
    ]
    if commit.message:
        facts.append((DCTERMS.description, _text(commit.message)))
    if commit.waiver is not None:
        facts.append((SKOS.editorialNote, _text(commit.waiver)))
    if commit.parent:
        facts.append((PROV.wasInformedBy, commit_iri(commit.parent)))
    return facts


def _text(text: str) -> Literal:
    # The ledger keeps every character; an answer in XML cannot.
    return Literal(without_odd_characters(text))


def _canonical(time: str) -> str:
    """A time of the ledger as the engine writes it: without zeros at the end of the fraction.

    >>> _canonical("2026-11-22T09:05:01.000020Z"), _canonical("2026-11-22T09:05:00.000000Z")
    ('2026-11-22T09:05:01.00002Z', '2026-11-22T09:05:00Z')
    """
    return time.removesuffix("Z").rstrip("0").rstrip(".") + "Z"

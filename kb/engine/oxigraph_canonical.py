"""The canonical form of a graph: the same for all graphs that differ in the labels of blank nodes alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import pyoxigraph as ox

from kb.engine.contract import Triple
from kb.engine.oxigraph_terms import to_oxigraph, to_rdflib


def canonical(triples: Iterable[Triple]) -> set[Triple]:
    """`triples` with the labels of their blank nodes replaced by canonical ones.

    It takes long where many blank nodes refer to each other and look alike. Raises `BadTerm`.
    Source: RDF Dataset Canonicalization (W3C Recommendation, 21 May 2024), the algorithm RDFC-1.0.
    """
    dataset = ox.Dataset(
        ox.Quad(
            cast(ox.NamedNode, to_oxigraph(subject)),
            cast(ox.NamedNode, to_oxigraph(predicate)),
            to_oxigraph(value),
            ox.DefaultGraph(),
        )
        for subject, predicate, value in triples
    )
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {(to_rdflib(quad.subject), to_rdflib(quad.predicate), to_rdflib(quad.object)) for quad in dataset}

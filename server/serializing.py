"""Small graphs of ours as bytes; answers to queries are written by the readers."""

from __future__ import annotations

from typing import Final

from rdflib import Graph

from kb.turtle import to_turtle

_BY_RDFLIB: Final = {"nt": "nt", "rdf": "xml", "jsonld": "json-ld"}


def written(graph: Graph, form: str) -> bytes:
    """A graph in a form: "ttl", "nt", "rdf" or "jsonld"."""
    if form == "ttl":
        return to_turtle(graph).encode()
    return graph.serialize(format=_BY_RDFLIB[form], encoding="utf-8")

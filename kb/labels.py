"""What things are called: one label a thing, in the language that is asked for where there is one."""

from __future__ import annotations

from collections.abc import Iterable

from rdflib import Literal, URIRef
from rdflib.term import Node

from kb.engine.oxigraph import OxigraphEngine
from kb.terms import PREFIXES

_AT_ONCE = 500


def labels_of(engine: OxigraphEngine, things: Iterable[Node], language: str = "en") -> dict[Node, str]:
    """Thing -> label, for those of `things` that have one (rdfs:label or skos:prefLabel).

    language: preferred tag; else English, else the first of any other by language and text.
    """
    wanted = sorted({thing for thing in things if isinstance(thing, URIRef)})
    found: dict[Node, list[Literal]] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        values = " ".join(thing.n3() for thing in wanted[start : start + _AT_ONCE])
        rows = engine.select(
            f"SELECT ?thing ?label {{ VALUES ?thing {{ {values} }} "
            f"?thing <{PREFIXES['rdfs']}label>|<{PREFIXES['skos']}prefLabel> ?label }}"
        )
        for thing, label in rows:
            if thing is not None and isinstance(label, Literal):
                found.setdefault(thing, []).append(label)

    def rank(label: Literal) -> tuple[int, str, str]:
        tag = label.language or ""
        return (0 if tag == language else 1 if tag == "en" else 2, tag, str(label))

    return {thing: str(min(candidates, key=rank)) for thing, candidates in found.items()}

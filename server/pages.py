"""Pages for people: what is here, in plain words, with counts read from the data."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template

from kb.engine.contract import INFERRED
from kb.saved_query import SavedQuery
from kb.snapshot import Snapshot
from kb.terms import BASE, DEF, PREFIXES
from server.backend import Backend
from server.query_service import QueryService

FIRST_QUERY = f"""PREFIX def: <{DEF}>
PREFIX rdfs: <{PREFIXES["rdfs"]}>
SELECT ?platform ?launched WHERE {{
  ?platform a def:ThematicPlatform ; rdfs:label ?name ; def:launched ?launched .
  FILTER(LANG(?name) = "en")
}} ORDER BY ?launched ?platform"""
"""The query that the home page shows; small, and answered by the shipped data."""


@dataclass(frozen=True)
class Count:
    """How many there are of something: words in the plural, the class that is counted, the number."""

    words: str
    counted: str
    number: int


_COUNTED = (
    ("countries", "Country"),
    ("regions", "Region"),
    ("codes of regions, each in one edition of NUTS", "RegionVersion"),
    ("editions of NUTS", "NutsEdition"),
    ("thematic smart specialisation platforms", "ThematicPlatform"),
    ("smart specialisation partnerships of regional authorities", "RegionalAuthorityPartnership"),
    ("partnerships of clusters", "ClusterPartnership"),
    ("memberships in partnerships", "PartnershipMembership"),
    ("organisations", "Organisation"),
    ("calls for proposals", "CallForProposals"),
    ("initiatives, networks and programmes", "Initiative"),
)


@dataclass(frozen=True)
class Overview:
    """What there is at one revision. stated, inferred: numbers of triples. graphs: how many hold them."""

    counts: tuple[Count, ...]
    stated: int
    inferred: int
    graphs: int


def overview(reads: QueryService, state: Snapshot) -> Overview:
    """How much there is of everything at a state, inferred types included."""

    def number(pattern: str) -> int:
        ((found,),) = reads.select(f"SELECT ({pattern}", state)
        return int(str(found))

    inferred = number(f"COUNT(*) AS ?n) {{ GRAPH <{INFERRED}> {{ ?s ?p ?o }} }}")
    return Overview(
        tuple(
            Count(words, str(DEF[name]), number(f"COUNT(DISTINCT ?x) AS ?n) {{ ?x a <{DEF[name]}> }}"))
            for words, name in _COUNTED
        ),
        stated=number("COUNT(*) AS ?n) { ?s ?p ?o }") - inferred,
        inferred=inferred,
        graphs=number("COUNT(*) AS ?n) { { SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } } } }"),
    )


def blueprint(backend: Backend, reads: QueryService, queries: dict[str, SavedQuery]) -> Blueprint:
    """`/`, with the numbers of the newest state, counted once a revision."""
    bp = Blueprint("pages", __name__)
    known: dict[int, Overview] = {}

    @bp.get("/")
    def home() -> str:
        state = backend.newest()
        found = known.get(state.revision)
        if found is None:
            found = overview(reads, state)
            known.clear()
            known[state.revision] = found
        return render_template(
            "home.html", overview=found, state=state, queries=queries, query=FIRST_QUERY, base=BASE
        )

    return bp

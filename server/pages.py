"""Pages for people: what is here, in plain words, with counts read from the data."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template

from kb.engine.oxigraph import OxigraphEngine
from kb.saved_query import SavedQuery
from kb.store import About
from kb.terms import BASE, DEF, PREFIXES

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


def count_things(engine: OxigraphEngine) -> list[Count]:
    """How many things of each main class `engine` holds, inferred types included."""
    found = []
    for words, name in _COUNTED:
        ((number,),) = engine.select(f"SELECT (COUNT(DISTINCT ?thing) AS ?n) {{ ?thing a <{DEF[name]}> }}")
        found.append(Count(words, str(DEF[name]), int(str(number))))
    return found


def blueprint(engine: OxigraphEngine, about: About, queries: dict[str, SavedQuery]) -> Blueprint:
    """`/` over one generation, whose counts are taken once: it never changes."""
    bp = Blueprint("pages", __name__)
    counts = count_things(engine)
    graphs = engine.graph_names()

    @bp.get("/")
    def home() -> str:
        return render_template(
            "home.html",
            counts=counts,
            about=about,
            graphs=graphs,
            queries=queries,
            query=FIRST_QUERY,
            base=BASE,
        )

    return bp

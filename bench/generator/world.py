"""What the knowledge base already holds, for generated things to refer to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rdflib.term import Node

from kb.engine.oxigraph import OxigraphEngine
from kb.errors import NotUnderstood
from kb.terms import DEF, PREFIXES

_SHARED = (DEF.ExpectedImpact, DEF.Fund, DEF.Initiative)
"""Classes whose instances anybody may refer to; everything else belongs to one partnership or body."""

_REGIONS = """
SELECT ?country ?region (MIN(STR(?name)) AS ?label) {
  ?region a def:Region ; def:inCountry ?country ; rdfs:label ?name .
} GROUP BY ?country ?region ORDER BY ?country ?region
"""
_EDITIONS = """
SELECT ?region (COUNT(DISTINCT ?edition) AS ?editions) {
  ?version def:versionOf ?region ; def:inNutsEdition ?edition .
} GROUP BY ?region ORDER BY DESC(?editions)
"""
_CALLS = """
SELECT DISTINCT ?call {
  ?call a def:CallForProposals .
  FILTER NOT EXISTS {
    ?call def:hasEligibilityRule/(def:minPartners|def:minCountries) ?least FILTER(?least > 3)
  }
  FILTER NOT EXISTS { ?call def:maxGrant/def:amountValue ?highest FILTER(?highest < 200000) }
} ORDER BY ?call
"""


@dataclass(frozen=True)
class World:
    """IRIs in N-Triples form, always in the same order for the same data.

    regions: country -> (region, name) pairs, of the regions that stand in every edition of NUTS.
    areas: platform -> its thematic areas. concepts: of all code lists. calls: under which a partnership of
    three partners from three countries can get a grant of 200,000 euros.
    shared: class -> its instances, for classes that anybody may refer to.
    """

    regions: Mapping[str, tuple[tuple[str, str], ...]]
    areas: Mapping[str, tuple[str, ...]]
    concepts: tuple[str, ...]
    calls: tuple[str, ...]
    shared: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, engine: OxigraphEngine) -> World:
        """The world of an engine that holds ontology, code lists and some data.

        Raises `NotUnderstood` when it lacks what a partnership needs: three countries with regions, and a
        platform with thematic areas.
        """
        regions: dict[str, list[tuple[str, str]]] = {}
        editions = {region: int(str(count)) for region, count in _rows(engine, _EDITIONS)}
        for country, region, name in _rows(engine, _REGIONS):
            if editions.get(region, 0) == max(editions.values(), default=0):
                regions.setdefault(country.n3(), []).append((region.n3(), str(name)))
        areas: dict[str, list[str]] = {}
        for platform, area in _rows(
            engine, "SELECT ?platform ?area { ?platform def:hasThematicArea ?area } ORDER BY ?platform ?area"
        ):
            areas.setdefault(platform.n3(), []).append(area.n3())
        if len(regions) < 3 or not areas:
            raise NotUnderstood(
                "Partnerships need regions of three countries and a platform with areas; "
                f"there are regions of {len(regions)} countries and {len(areas)} platforms."
            )
        return cls(
            {country: tuple(found) for country, found in regions.items()},
            {platform: tuple(found) for platform, found in areas.items()},
            _terms(engine, "SELECT DISTINCT ?c { ?c a skos:Concept } ORDER BY ?c"),
            _terms(engine, _CALLS),
            {
                kind.n3(): _terms(
                    engine, f"SELECT DISTINCT ?x {{ ?x a/rdfs:subClassOf* {kind.n3()} }} ORDER BY ?x"
                )
                for kind in _SHARED
            },
        )


def _rows(engine: OxigraphEngine, query: str) -> Iterator[tuple[Node, ...]]:
    """The rows of a query in which every variable is bound."""
    prefixes = "".join(f"PREFIX {prefix}: <{PREFIXES[prefix]}>\n" for prefix in ("def", "rdfs", "skos"))
    for row in engine.select(prefixes + query):
        yield tuple(term for term in row if term is not None)


def _terms(engine: OxigraphEngine, query: str) -> tuple[str, ...]:
    return tuple(term.n3() for (term,) in _rows(engine, query))

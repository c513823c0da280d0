"""Says editions, units, places and changes of NUTS in our vocabulary, in the graph source/nuts."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from rdflib import DCTERMS, RDF, RDFS, SKOS, XSD, Graph, Literal, URIRef

from kb.importers.nuts_english import EnglishName
from kb.importers.nuts_model import (
    EDITIONS,
    Change,
    PlaceRecord,
    Step,
    Unit,
    country_of,
    is_extra_regio,
    level,
)
from kb.importers.nuts_names import labels
from kb.terms import DEF, NUTS_CODE, NUTS_SCHEME, mint, term

EUROSTAT: Final = URIRef("https://ec.europa.eu/eurostat/web/nuts/history")
CROSSWALK: Final = URIRef("https://urban.jrc.ec.europa.eu/tools/nuts-converter")
WHOS_ON_FIRST: Final = "https://spelunker.whosonfirst.org/id/"

_NO_PLACE: Final = (
    "Extra-regio: what belongs to the country and to none of its regions, such as embassies and the "
    "continental shelf. It is no place, so it has no region version here."
)


def version_iri(code: str, edition: str) -> URIRef:
    """The IRI of a unit as coded in one edition."""
    return mint("region-version", f"{code} {edition}")


def add_editions(graph: Graph, editions: list[str]) -> None:
    """The editions with the days on which they apply."""
    for year in editions:
        edition = mint("nuts-edition", year)
        first, last = EDITIONS[year]
        graph.add((edition, RDF.type, DEF.NutsEdition))
        for language in ("en", "fr", "de"):
            graph.add((edition, RDFS.label, Literal(f"NUTS {year}", lang=language)))
        graph.add((edition, DEF.validFrom, Literal(first)))
        if last:
            graph.add((edition, DEF.validUntil, Literal(last)))
        graph.add((edition, SKOS.exactMatch, NUTS_SCHEME[year]))
        graph.add((NUTS_SCHEME[year], RDF.type, SKOS.ConceptScheme))


def add_concept(graph: Graph, unit: Unit, edition: str) -> None:
    """The official concept of a code, which is one for all editions."""
    concept = NUTS_CODE[unit.code]
    graph.add((concept, RDF.type, SKOS.Concept))
    graph.add((concept, SKOS.notation, Literal(unit.code)))
    graph.add((concept, SKOS.inScheme, NUTS_SCHEME[edition]))
    if unit.parent:
        graph.add((concept, SKOS.broader, NUTS_CODE[unit.parent]))
    if is_extra_regio(unit.code):
        graph.add((concept, SKOS.scopeNote, Literal(_NO_PLACE, lang="en")))


def add_version(graph: Graph, unit: Unit, edition: str, place: URIRef) -> None:
    """A unit as coded in one edition, with its official name in that edition."""
    version = version_iri(unit.code, edition)
    graph.add((version, RDF.type, DEF.RegionVersion))
    graph.add((version, DEF.nutsCode, Literal(unit.code)))
    graph.add((version, DEF.nutsLevel, Literal(level(unit.code))))
    graph.add((version, DEF.nutsConcept, NUTS_CODE[unit.code]))
    graph.add((version, DEF.inNutsEdition, mint("nuts-edition", edition)))
    graph.add((version, DEF.versionOf, place))
    status = "statistical-region" if unit.statistical else "nuts"
    graph.add((version, DEF.nutsStatus, term("nuts-status", status)))
    if unit.parent:
        graph.add((version, DEF.partOfVersion, version_iri(unit.parent, edition)))
    for language, name in labels(unit.code, unit.label, unit.latin).items():
        graph.add((version, RDFS.label, Literal(name, lang=language)))


def add_region(graph: Graph, record: PlaceRecord, names: list[tuple[str, str, str]], parent: URIRef) -> None:
    """A place: the newest name is its label, the older ones are alternatives; it is part of `parent`."""
    region = record.iri
    current: dict[str, str] = {}
    for code, name, latin in names:
        for language, text in labels(code, name, latin).items():
            if current.setdefault(language, text) != text:
                graph.add((region, SKOS.altLabel, Literal(text, lang=language)))
    code = names[0][0]
    newest = labels(*names[0])
    for language, text in current.items():
        # A language in which only an older edition has a name gives an alternative, not a label.
        kind = RDFS.label if language in newest else SKOS.altLabel
        graph.add((region, kind, Literal(text, lang=language)))
    graph.add((region, RDF.type, DEF.Region))
    graph.add((region, DEF.inCountry, country_of(code)))
    graph.add((region, DEF.partOfTerritory, parent))


def add_english_name(graph: Graph, region: URIRef, english: EnglishName) -> None:
    """An English name of a place, with the record of Who's On First that it is from."""
    graph.add((region, RDFS.label, Literal(english.name, lang="en")))
    graph.add((region, DCTERMS.source, URIRef(WHOS_ON_FIRST + english.record)))


def add_step(graph: Graph, step: Step) -> None:
    """What became of the units of one edition in the next: successions, and changes with their type."""
    for code in step.unchanged:
        graph.add((version_iri(code, step.old), DEF.succeededBy, version_iri(code, step.new)))
    for change in step.changes:
        _add_change(graph, change, step)


def _add_change(graph: Graph, change: Change, step: Step) -> None:
    old = version_iri(change.old, step.old) if change.old else None
    new = version_iri(change.new, step.new) if change.new else None
    sides = [f"{change.old} {step.old}"] if old else [f"before {step.new}"]
    sides += [f"{change.new} {step.new}"] if new else [f"ended {step.new}"]
    node = mint("nuts-change", " ".join(sides))
    graph.add((node, RDF.type, DEF.NutsChange))
    for name in change.types:
        graph.add((node, DEF.changeType, term("change-type", name)))
    if old:
        graph.add((node, DEF.changeFrom, old))
    if new:
        graph.add((node, DEF.changeTo, new))
    if old and new:
        graph.add((old, DEF.succeededBy, new))
    graph.add((node, DEF.basis, term("basis", "stated" if change.stated else "inferred")))
    graph.add((node, DCTERMS.source, EUROSTAT))
    if change.share is not None:
        share = Decimal(f"{change.share:.4f}").normalize()
        graph.add((node, DEF.populationShare, Literal(f"{share:f}", datatype=XSD.decimal)))
    if change.share is not None or not change.stated:
        graph.add((node, DCTERMS.source, CROSSWALK))
    if change.comment:
        graph.add((node, RDFS.comment, Literal(change.comment, lang="en")))

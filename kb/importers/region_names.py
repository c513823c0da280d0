"""Region names as people write them, resolved to the places that NUTS codes stand for.

How a name is resolved, in this order:

1. The gazetteer, a reviewed table, says what the name means.
2. The name is that of one place in some edition of NUTS, but for case, accents, punctuation and the words
   "region (of)" and "province (of)". Among the places of one country that share a name, one with a code in
   force on the day in question comes first, then level 2 before level 1 before level 3.
   A name that several countries have, or two places of the same rank, is not resolved.
3. Otherwise it is not resolved. Similar names are proposals for the gazetteer, never an answer.

The gazetteer is tab-separated, with one line of column names:

| column | what |
|---|---|
| `name_as_written` | the name to be resolved |
| `country` | the NUTS code of the country in which the name has this meaning; empty: in any |
| `region` | the official name of the place in any edition of NUTS, or its own name when NUTS lacks it |
| `level` | its NUTS level, 0 (the country) to 3; empty when NUTS lacks it |
| `language` | language of the name as written; empty means en |
| `region_language` | language of `region`, only when `level` is empty |
| `reason` | why, in a sentence; for a place that NUTS lacks, why no NUTS unit was taken |

A place lies in `country`, so that is empty only where a name means the same everywhere.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from anyascii import anyascii
from rapidfuzz import fuzz, process
from rdflib import Literal, URIRef
from rdflib.term import Node

from kb.engine.oxigraph import OxigraphEngine
from kb.errors import NotUnderstood
from kb.importers.partnership_tables import Row
from kb.terms import DEF, mint, slug

PROPOSED_FROM: Final = 75
"""How alike two names must be, 0 to 100, for one to be proposed for the other."""

_RANK: Final = {2: 0, 1: 1, 3: 2, 0: 3}

_CODES: Final = f"""
SELECT ?place ?name ?code ?level ?edition ?from ?until ?country {{
  ?version <{DEF.versionOf}> ?place ; <{DEF.nutsCode}> ?code ; <{DEF.nutsLevel}> ?level ;
    <{DEF.inNutsEdition}> ?edition ; <http://www.w3.org/2000/01/rdf-schema#label> ?name .
  ?edition <{DEF.validFrom}> ?from .
  OPTIONAL {{ ?edition <{DEF.validUntil}> ?until }}
  OPTIONAL {{ ?place <{DEF.inCountry}> ?country }}
}}"""
_LABELS: Final = f"""
SELECT ?place ?label {{
  ?place a <{DEF.Region}> ; <http://www.w3.org/2000/01/rdf-schema#label> ?label
}}"""


def normal_form(name: str) -> str:
    """What is compared of a name: words in ASCII and lower case, without "region (of)" and "province (of)".

    >>> normal_form("Region Örebro län"), normal_form("Prov. West-Vlaanderen"), normal_form("Friesland (NL)")
    ('orebro lan', 'west vlaanderen', 'friesland')
    """
    without_country = re.sub(r"\s*\([A-Z]{2}\)$", "", name.strip())
    words = re.sub(r"[^a-z0-9]+", " ", anyascii(without_country).lower()).strip()
    shorter = re.sub(r"^(the )?(region|province|prov)( of)? | (region|province)$", "", words)
    return shorter or words


@dataclass(frozen=True)
class Code:
    """A code that a place has in one edition, and the days on which that edition is in force."""

    edition: str
    code: str
    days: tuple[date, date]


@dataclass
class Place:
    """A country or region that NUTS knows, or a region that it does not (no level, no codes).

    label: its name; names: all its names in the editions of NUTS. country: None when not known.
    """

    iri: URIRef
    country: URIRef | None
    level: int | None
    label: Literal
    names: set[Literal] = field(default_factory=set)
    codes: list[Code] = field(default_factory=list)

    def in_force(self, day: date | None) -> bool:
        """Whether it has a code on `day`, or in the newest edition when no day is given."""
        wanted = day or date.max
        return any(first <= wanted <= last for first, last in (code.days for code in self.codes))

    def codes_text(self) -> str:
        """Its codes with their editions, oldest first: "PL11 (2010, 2013), PL71 (2016)"."""
        editions: dict[str, list[str]] = defaultdict(list)
        for code in sorted(self.codes, key=lambda code: code.edition):
            editions[code.code].append(code.edition)
        return ", ".join(f"{code} ({', '.join(found)})" for code, found in editions.items())

    def __str__(self) -> str:
        return f"{self.label} ({self.codes[-1].code})" if self.codes else str(self.label)


@dataclass(frozen=True)
class Resolution:
    """What became of a name.

    place: the place it stands for. method: exact, gazetteer, fuzzy-not-accepted (there are proposals)
    or unresolved; in the last two, `place` is a region without codes. score: how alike the name and the best
    match are, 0 to 100. others: places that share the name, or are proposed. language: of the name.
    """

    name: str
    place: Place
    method: str
    score: int
    others: tuple[str, ...]
    language: str
    reason: str


class Atlas:
    """The places of NUTS by name and by country code."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._by_name: dict[str, list[Place]] = defaultdict(list)
        self.countries: dict[str, URIRef] = {}
        for place in sorted(places, key=lambda place: place.iri):
            place.codes.sort(key=lambda code: code.edition)
            for form in {normal_form(name) for name in place.names}:
                self._by_name[form].append(place)
            if place.level == 0:
                self.countries |= {code.code: place.iri for code in place.codes}

    def named(self, name: str) -> list[Place]:
        """The places with this name in any edition, whatever its spelling."""
        return self._by_name.get(normal_form(name), [])

    def exact(self, name: str, country: URIRef | None, day: date | None) -> tuple[list[Place], list[Place]]:
        """The places that rule 2 finds for a name, all of the first rank, and those it passes over."""
        found = [place for place in self.named(name) if country in (None, place.country)]
        ranks = {id(place): (not place.in_force(day), _RANK[place.level or 0]) for place in found}
        best = min(ranks.values(), default=None)
        first = [place for place in found if ranks[id(place)] == best]
        if len({place.country for place in found}) > 1:
            return found, []
        return first, [place for place in found if place not in first]

    def similar(self, name: str, country: URIRef | None) -> list[tuple[Place, int]]:
        """At most three places with similar names, best first, and how alike the names are."""
        choices = {
            f"{form} {place.iri}": form
            for form, places in sorted(self._by_name.items())
            for place in places
            if country in (None, place.country)
        }
        found = process.extract(
            normal_form(name), choices, scorer=fuzz.token_sort_ratio, limit=3, score_cutoff=PROPOSED_FROM
        )
        by_iri = {str(place.iri): place for places in self._by_name.values() for place in places}
        return [(by_iri[key.rsplit(" ", 1)[1]], round(score)) for _, score, key in found]


def load_atlas(nuts: OxigraphEngine) -> Atlas:
    """The atlas of the NUTS dataset in `nuts`. Raises `NotUnderstood` when it holds no coded places."""
    labels: dict[Node | None, set[Literal]] = defaultdict(set)
    for labelled, label in nuts.select(_LABELS):
        assert isinstance(label, Literal)
        labels[labelled].add(label)
    places: dict[str, Place] = {}
    for iri, name, code, level, edition, first, last, country in nuts.select(_CODES):
        assert isinstance(iri, URIRef) and isinstance(name, Literal)
        home = country if isinstance(country, URIRef) else iri
        place = places.setdefault(iri, Place(iri, home, int(str(level)), name))
        place.names.add(name)
        days = (date.fromisoformat(str(first)), date.fromisoformat(str(last)) if last else date.max)
        found = Code(str(edition).rsplit("/", 1)[1], str(code), days)
        if found not in place.codes:
            place.codes.append(found)
    for place in places.values():
        place.label = _official(place, labels[place.iri])
    if not places:
        raise NotUnderstood("The NUTS dataset holds no coded regions; make it with the importer nuts.")
    return Atlas(places.values())


def _official(place: Place, labels: set[Literal]) -> Literal:
    """The one of `labels` that is its name in some edition; of several, the one in Latin letters."""
    official = {normal_form(name) for name in place.names}
    found = {label for label in labels if normal_form(label) in official} or place.names
    return min(found, key=lambda label: (not str(label.language).endswith("latn"), label))


@dataclass(frozen=True)
class _Entry:
    place: Place
    language: str
    reason: str


class Gazetteer:
    """What reviewed names mean. Raises `NotUnderstood`, naming the row, when a row cannot be right."""

    def __init__(self, rows: Sequence[Row], atlas: Atlas) -> None:
        self._entries: dict[tuple[str, URIRef | None], _Entry] = {}
        for row in rows:
            country = _country(row, atlas)
            key = (normal_form(row["name_as_written"]), country)
            if key in self._entries:
                raise row.wrong("name_as_written", "this name has a meaning on an earlier line")
            if not row["reason"]:
                raise row.wrong("reason", "say why the name means this")
            place = _coded(row, country, atlas) if row["level"] else _uncoded(row, country)
            self._entries[key] = _Entry(place, row.language("language", "en"), row["reason"])

    def find(self, name: str, country: URIRef | None) -> _Entry | None:
        """What `name` means in `country`, or without a country if it has one meaning only."""
        form = normal_form(name)
        if country:
            return self._entries.get((form, country)) or self._entries.get((form, None))
        found = [entry for (known, _), entry in self._entries.items() if known == form]
        return found[0] if len(found) == 1 else None


def _country(row: Row, atlas: Atlas) -> URIRef | None:
    code = row["country"]
    if code and code not in atlas.countries:
        raise row.wrong("country", "no edition of NUTS has this country code")
    return atlas.countries.get(code)


def _coded(row: Row, country: URIRef | None, atlas: Atlas) -> Place:
    found = [
        place
        for place in atlas.named(row["region"])
        if str(place.level) == row["level"] and country in (None, place.country)
    ]
    if len(found) != 1:
        raise row.wrong("region", f"NUTS has {len(found)} places of level {row['level']} with this name")
    return found[0]


def _uncoded(row: Row, country: URIRef | None) -> Place:
    if not slug(row["region"]):
        raise row.wrong("region", "a region has a name with a letter or digit")
    label = Literal(row["region"], lang=row.language("region_language"))
    return Place(region_iri(str(label), row["country"]), country, None, label)


def region_iri(name: str, country_code: str) -> URIRef:
    """The IRI of a region that NUTS does not have.

    >>> region_iri("Randstad", "NL")
    rdflib.term.URIRef('https://w3id.org/regiolink/id/region/nl-randstad')
    """
    return mint("region", f"{country_code} {name}")


def resolve(name: str, country_code: str, day: date | None, atlas: Atlas, gazetteer: Gazetteer) -> Resolution:
    """What `name` stands for.

    country_code: NUTS code of a country of the atlas, or "" when the source names none. day: when, for names
    that went from one place to another.
    """
    country = atlas.countries[country_code] if country_code else None
    entry = gazetteer.find(name, country)
    first, others = atlas.exact(name, country, day)
    if entry and entry.place.codes:
        # The score tells a reviewer how far the name is from the official one.
        score = round(fuzz.ratio(normal_form(name), normal_form(entry.place.label)))
        passed_over = tuple(str(place) for place in (*first, *others) if place is not entry.place)
        return Resolution(name, entry.place, "gazetteer", score, passed_over, entry.language, entry.reason)
    similar = atlas.similar(name, country)
    proposals = tuple(f"{place} {likeness}" for place, likeness in similar)
    score = similar[0][1] if similar else 0
    if entry:
        return Resolution(name, entry.place, "unresolved", score, proposals, entry.language, entry.reason)
    if len(first) == 1:
        language = _language(name, first[0])
        return Resolution(name, first[0], "exact", 100, tuple(map(str, others)), language, "")
    nowhere = Place(region_iri(name, country_code), country, None, Literal(name, lang="und"))
    if first:
        reason = "Several places have this name."
        return Resolution(name, nowhere, "unresolved", 100, tuple(map(str, first)), "und", reason)
    method = "fuzzy-not-accepted" if similar else "unresolved"
    return Resolution(
        name, nowhere, method, score, proposals, "und", "No line of the gazetteer has this name."
    )


def _language(name: str, place: Place) -> str:
    """The language of the name of `place` that `name` is a spelling of."""
    same = [known for known in (place.label, *sorted(place.names)) if normal_form(known) == normal_form(name)]
    return str(same[0].language or "und")

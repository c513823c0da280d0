"""Partnerships of regions and of clusters, who takes part in them, and the initiatives and calls around them.

Reads, in any order, the ten tables that `kb.importers.partnership_tables` documents and the NUTS dataset as
TriG (made by the importer `nuts`), in which region names are looked up (`kb.importers.region_names`).

Everything goes to the graph source/partnerships. Each record has the pages that say it as `dct:source` and
`def:basis` stated or inferred: a reading of ours is never given as a statement of the source. In particular

- a partnership whose strand is exactly "ESCP-S3" is a `def:ESCPS3`, part of the initiative of that name, and
  linked to the Industrial Modernisation platform: as stated, where the source names its counterpart there;
  as a reading, where the counterpart is one; else as a reading of the call, which asks for such a link;
- a region, or organisation, keeps the name as written beside the thing that it was resolved to;
- a date is as exact as the source; a duration or a date in words stays a note.

Sources: public pages of the European Commission, the S3 Platform, the European Cluster Collaboration Platform
and the partnerships themselves; one address or more a row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from rdflib import RDFS, XSD, Literal, URIRef

from kb.engine.oxigraph import OxigraphEngine, read_quads
from kb.errors import NotUnderstood
from kb.imported import BadRow, Imported, Progress
from kb.importers.partnership_facts import (
    INFERRED,
    PLATFORMS,
    STATED,
    Entry,
    Facts,
    Refused,
    start_of,
    without_remark,
)
from kb.importers.partnership_funding import add_call, add_funding, add_initiative, initiative_iri
from kb.importers.partnership_members import Members, Organisations
from kb.importers.partnership_tables import Row, read_tables
from kb.importers.region_names import Gazetteer, load_atlas
from kb.terms import DEF, EU_PROGRAMME, mint, term

ESCP_S3: Final = mint("initiative", "escp-s3")
"""The initiative that the call of 2017 mobilises; described in the graph founding-call."""


@dataclass(frozen=True)
class _Strand:
    """What a strand says: the kind of partnership, and the initiative and programme that it belongs to."""

    kind: str
    initiative: URIRef | None = None
    programme: URIRef | None = None


_STRANDS: Final = {
    "ESCP-S3": _Strand("escp-s3", ESCP_S3),
    "ESCP-S3 expression of interest": _Strand("escp-s3-expression-of-interest"),
    "COSME cluster partnership": _Strand("cosme-cluster-partnership", programme=EU_PROGRAMME.COSME),
    "ESCP-4i": _Strand("escp-4i"),
    "ESCP-4x": _Strand("escp-4x"),
    "Cluster Excellence": _Strand("cluster-excellence"),
    "Excellence": _Strand("cluster-excellence"),
    "Eurocluster": _Strand("eurocluster", initiative_iri("init-euroclusters")),
    "Cluster alliance": _Strand("cluster-alliance"),
    "H2020 INNOSUP": _Strand("innosup", programme=EU_PROGRAMME.H2020),
}


@dataclass(frozen=True)
class _Counterpart:
    """What a cluster partnership is linked to through an S3 partnership."""

    platform: URIRef
    areas: frozenset[URIRef]


def read(files: Sequence[Path], progress: Progress) -> Imported:
    """Reads the tables and the NUTS dataset; quads in source/partnerships.

    Out: one report, `resolution-report`: what became of each region name, to be reviewed.
    Raises `NotUnderstood` unless each table and the NUTS dataset is given once, and when a reviewed table
    contradicts itself.
    """
    nuts = [path for path in files if path.suffix == ".trig"]
    if len(nuts) != 1:
        raise NotUnderstood(f"The NUTS dataset is needed as one .trig file; {len(nuts)} were given.")
    bad_rows: list[BadRow] = []
    tables = read_tables([path for path in files if path not in nuts], bad_rows, progress)
    progress(0, None, nuts[0].name)
    engine = OxigraphEngine.in_memory()
    engine.insert(read_quads(nuts[0], "trig", nuts[0].name))
    atlas = load_atlas(engine)
    facts = Facts(atlas, Gazetteer(tables["gazetteer"], atlas), bad_rows)
    _Tables(tables, facts).add_all()
    return Imported(facts.dataset, bad_rows, {"resolution-report": facts.resolutions})


class _Tables:
    """The tables on their way into the graph: each table may refer to those before it."""

    def __init__(self, tables: dict[str, list[Row]], facts: Facts) -> None:
        self._tables = tables
        self._facts = facts
        self._themes = _themes(tables["themes"])
        self._starts: dict[str, date | None] = {}
        self._acronyms: dict[str, str] = {}
        self._counterparts: dict[str, _Counterpart] = {}

    def add_all(self) -> None:
        """Adds all rows of all tables."""
        for row in self._tables["calls"]:
            add_call(self._facts, row)
        for row in self._tables["initiatives"]:
            add_initiative(self._facts, row)
        for row in self._tables["s3-partnerships"]:
            self._add_s3_partnership(row)
        for row in self._tables["cluster-partnerships"]:
            self._add_cluster_partnership(row)
        organisations = Organisations(self._tables["organisations"])
        members = Members(self._facts, organisations, self._starts, self._acronyms)
        for row in self._tables["s3-regions"]:
            members.region(row)
        for row in self._tables["s3-organisations"]:
            members.organisation(row, "country_as_written", intermediary=False)
        for row in self._tables["cluster-members"]:
            members.organisation(row, "country", intermediary=True)
        self._facts.add(organisations.triples())

    def _add_s3_partnership(self, row: Row) -> None:
        with self._facts.entry(row) as entry:
            identifier = self._new(entry)
            partnership = mint("partnership", identifier)
            platform = entry.choice("platform", PLATFORMS)
            areas = self._areas(entry, "name")
            entry.record(partnership, DEF.RegionalAuthorityPartnership)
            entry.add(partnership, RDFS.label, Literal(entry.text("name"), lang="en"))
            entry.add(partnership, DEF.partnershipKind, term("partnership-kind", "thematic-s3"))
            entry.add(partnership, DEF.underPlatform, platform)
            entry.add(partnership, DEF.theme, *areas)
            established, remark = without_remark(row["established"])
            if established:
                entry.add(partnership, DEF.launched, entry.date("established", established))
            if remark:
                entry.note(partnership, f"Established, as written: {row['established']}.")
            if row["regions_stated"]:
                entry.add(partnership, DEF.statedMembership, Literal(row["regions_stated"]))
            _add_list_status(entry, partnership, "region_list_status", "Region list")
            self._counterparts[identifier] = _Counterpart(platform, frozenset(areas))
            self._starts[identifier] = start_of(established)

    def _add_cluster_partnership(self, row: Row) -> None:
        with self._facts.entry(row) as entry:
            identifier = self._new(entry)
            partnership = mint("partnership", identifier)
            strand = self._add_strand(entry, partnership)
            entry.add(partnership, DEF.acronym, Literal(entry.text("acronym")))
            if row["title"].endswith("(title cut off)"):
                entry.add(partnership, RDFS.label, Literal(row["acronym"], lang="en"))
                entry.note(partnership, f"Title as written: {row['title']}.")
            else:
                entry.add(partnership, RDFS.label, Literal(entry.text("title"), lang="en"))
            areas = self._areas(entry, "theme")
            entry.add(partnership, DEF.theme, *areas)
            start = _add_dates(entry, partnership)
            add_funding(entry, partnership, {call["call"] for call in self._tables["calls"]})
            self._add_linkage(entry, partnership, strand, areas)
            _add_list_status(entry, partnership, "partner_list_status", "Partner list")
            self._starts[identifier] = start
            self._acronyms[identifier] = row["acronym"]

    def _new(self, entry: Entry) -> str:
        identifier = entry.text("id")
        if identifier in self._starts:
            raise Refused("id", "Another line has this id.")
        return identifier

    def _areas(self, entry: Entry, column: str) -> list[URIRef]:
        theme = entry.row[column]
        if theme and theme not in self._themes:
            raise Refused(column, "The table themes does not say which thematic areas this is.")
        return self._themes[theme] if theme else []

    def _add_strand(self, entry: Entry, partnership: URIRef) -> str:
        """Type, kind, initiative and programme; out: the strand without its remark."""
        name, remark = without_remark(entry.text("strand"))
        if name not in _STRANDS:
            raise Refused("strand", f"This is none of {', '.join(_STRANDS)}.")
        strand = _STRANDS[name]
        entry.record(partnership, DEF.ESCPS3 if name == "ESCP-S3" else DEF.ClusterPartnership)
        entry.add(partnership, DEF.partnershipKind, term("partnership-kind", strand.kind))
        if strand.initiative:
            entry.add(partnership, DEF.partOfInitiative, strand.initiative)
        if strand.programme:
            entry.add(partnership, DEF.fundedByProgramme, strand.programme)
        if remark:
            entry.note(partnership, f"Strand as written: {entry.row['strand']}.")
        return name

    def _add_linkage(self, entry: Entry, partnership: URIRef, strand: str, areas: list[URIRef]) -> None:
        row = entry.row
        if row["linked_s3_partnership"]:
            self._add_counterpart(entry, partnership)
        elif strand == "ESCP-S3":
            platform = PLATFORMS["Industrial Modernisation"]
            linkage = mint("linkage", f"{row['id']} industrial-modernisation")
            known = {
                area
                for other in self._counterparts.values()
                if other.platform == platform
                for area in other.areas
            }
            _describe_linkage(
                entry, partnership, linkage, platform, [area for area in areas if area in known]
            )
            entry.add(linkage, DEF.linkageKind, term("linkage-kind", "call-requirement"))
            entry.record(linkage, DEF.PlatformLinkage, INFERRED)
            entry.note(
                linkage,
                "The source names no counterpart. The call asks every partnership of this initiative to be "
                "linked to this platform; the areas are those of the partnership's own theme.",
            )

    def _add_counterpart(self, entry: Entry, partnership: URIRef) -> None:
        row = entry.row
        counterpart = self._counterparts.get(row["linked_s3_partnership"])
        if counterpart is None:
            raise Refused("linked_s3_partnership", "The table s3-partnerships does not have this id.")
        linkage = mint("linkage", f"{row['id']} {row['linked_s3_partnership']}")
        _describe_linkage(entry, partnership, linkage, counterpart.platform, sorted(counterpart.areas))
        entry.add(linkage, DEF.toCounterpart, mint("partnership", row["linked_s3_partnership"]))
        kind, basis = entry.choice("link_basis", _LINK_KINDS), _LINK_BASES[row["link_basis"]]
        entry.add(linkage, DEF.linkageKind, kind)
        entry.record(linkage, DEF.PlatformLinkage, basis)
        if basis == INFERRED:
            entry.note(
                linkage, "No source states this link: it is our reading, because both have the same theme."
            )


_LINK_KINDS: Final = {
    "stated by the source": term("linkage-kind", "stated-link"),
    "same theme, our reading": term("linkage-kind", "same-theme"),
}
_LINK_BASES: Final = {"stated by the source": STATED, "same theme, our reading": INFERRED}


def _themes(rows: Sequence[Row]) -> dict[str, list[URIRef]]:
    """Theme as written -> its thematic areas. Raises `NotUnderstood`, naming the row that is wrong."""
    themes: dict[str, list[URIRef]] = {}
    for row in rows:
        if row["theme_as_written"] in themes:
            raise row.wrong("theme_as_written", "another line has this theme")
        codes = [code.strip() for code in row["areas"].split("|")]
        if not all(re.fullmatch(r"[a-z0-9-]+", code) for code in codes):
            raise row.wrong("areas", "these are not codes of thematic areas such as textiles")
        themes[row["theme_as_written"]] = [term("thematic-area", code) for code in codes]
    return themes


def _describe_linkage(
    entry: Entry, partnership: URIRef, linkage: URIRef, platform: URIRef, areas: Sequence[URIRef]
) -> None:
    entry.add(partnership, DEF.hasLinkage, linkage)
    entry.add(linkage, DEF.toPlatform, platform)
    entry.add(linkage, DEF.toThematicArea, *areas)


def _add_list_status(entry: Entry, partnership: URIRef, column: str, what: str) -> None:
    """How much of the list of members the sources show: all, nothing, or else a part."""
    written = entry.text(column)
    if re.match(r"(partner list |member list )?complete\b", written):
        code = "complete"
    else:
        code = "not-readable" if re.search(r"(none|not) readable$", written) else "partial"
    entry.add(partnership, DEF.partnerListStatus, term("list-status", code))
    entry.note(partnership, f"{what}: {written.removeprefix('partner list ').removeprefix('member list ')}.")


def _add_dates(entry: Entry, partnership: URIRef) -> date | None:
    """Start and end, as exact as they are written; out: the first day it can have begun."""
    row = entry.row
    begun = None
    if row["start"]:
        start, remark = without_remark(row["start"])
        literal = entry.date("start", start)
        if remark:
            # A closing date or the date of an agreement is no start.
            entry.note(partnership, f"Date as written: {row['start']}.")
        else:
            begun = start_of(start)
            entry.add(partnership, DEF.launched, literal)
            if literal.datatype == XSD.date:
                entry.add(partnership, DEF.validFrom, literal)
    _add_end(entry, partnership, begun)
    return begun


def _add_end(entry: Entry, partnership: URIRef, begun: date | None) -> None:
    written = entry.row["end_or_duration"]
    day = re.search(r"(?:^|\(to )(\d{4}-\d{2}-\d{2})(?:$|\))", written)
    if day:
        end = entry.date("end_or_duration", day[1])
        if begun and date.fromisoformat(day[1]) < begun:
            raise Refused("end_or_duration", "The partnership ends before it starts.")
        entry.add(partnership, DEF.validUntil, end)
    if written and not (day and day[1] == written):
        entry.note(partnership, f"End or duration as written: {written}.")

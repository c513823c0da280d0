"""Who takes part in a partnership: regions and organisations, as memberships."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from rdflib import RDF, RDFS, Literal, URIRef
from rdflib.namespace import DCTERMS, SKOS
from rdflib.term import Node

from kb.importers.partnership_facts import INFERRED, STATED, Entry, Facts, Refused
from kb.importers.partnership_tables import Row
from kb.terms import DEF, mint, slug, term

KINDS: Final = {
    "cluster-organisation": DEF.ClusterOrganisation,
    "business-network-organisation": DEF.BusinessNetworkOrganisation,
    "technology-centre": DEF.TechnologyCentre,
    "science-park": DEF.SciencePark,
    "regional-authority": DEF.RegionalAuthority,
}
"""Kind of organisation in the table `organisations` -> its class."""

REGION_ROLES: Final = {
    "lead": "lead-region",
    "co-lead": "co-lead-region",
    "participant": "participating-region",
    "participant (role not stated)": "participating-region",
    "demo-case lead": "demo-case-lead",
    "initiator region": "initiator",
}
ORGANISATION_ROLES: Final = {
    "coordinator": "coordinator",
    "lead": "coordinator",
    "partner": "partner",
    "partner (technology centre)": "partner",
    "participant": "partner",
    "participating cluster": "partner",
    "member": "member",
    "associated member": "associated-partner",
    "initiator": "initiator",
    "organisation involved": "organisation-involved",
    "lead-region representative": "lead-region-representative",
    "pilot coordinator": "pilot-coordinator",
}
"""Role as the tables write it -> code of the scheme role, where the member is a region or an organisation."""


@dataclass
class Organisation:
    """One organisation and what the rows say about it.

    kind_basis: "stated" or "inferred", "" without a kind. cluster: the cluster that it stands for, or "".
    country_doubt: why the country in the tables is not taken over, or "".
    intermediary: whether it is in a partnership of SME intermediaries.
    """

    name: str
    language: str
    kind: str
    kind_basis: str
    cluster: str
    country_doubt: str
    written: set[str] = field(default_factory=set)
    country: URIRef | None = None
    regions: set[URIRef] = field(default_factory=set)
    sources: set[URIRef] = field(default_factory=set)
    intermediary: bool = False

    @property
    def iri(self) -> URIRef:
        return mint("organisation", self.name)

    def triples(self) -> Iterator[tuple[Node, Node, Node]]:
        """What is known of it; nothing when no row names it."""
        if not self.sources:
            return
        unknown = DEF.SpecialisedSMEIntermediary if self.intermediary else DEF.Organisation
        yield self.iri, RDF.type, KINDS.get(self.kind, unknown)
        yield self.iri, RDFS.label, Literal(self.name, lang=self.language)
        yield self.iri, DEF.basis, STATED
        for name in self.written - {self.name}:
            yield self.iri, SKOS.altLabel, Literal(name, lang="und")
        for source in self.sources:
            yield self.iri, DCTERMS.source, source
        for region in self.regions:
            yield self.iri, DEF.locatedIn, region
        if self.country:
            yield self.iri, DEF.establishedIn, self.country
        if self.country_doubt:
            yield self.iri, SKOS.note, Literal(self.country_doubt, lang="en")
        if self.kind_basis == "inferred":
            kind = self.kind.replace("-", " ")
            yield self.iri, SKOS.note, Literal(f"Its kind, {kind}, is our reading.", lang="en")
        if self.cluster:
            yield from self._cluster_triples()

    def _cluster_triples(self) -> Iterator[tuple[Node, Node, Node]]:
        cluster = mint("cluster", self.cluster)
        yield self.iri, DEF.manages, cluster
        yield cluster, RDF.type, DEF.Cluster
        yield cluster, RDFS.label, Literal(self.cluster, lang="en")
        yield cluster, DEF.basis, INFERRED
        yield (
            cluster,
            SKOS.note,
            Literal(
                f"The source says that {self.name} stands for it; that it manages it is our reading.",
                lang="en",
            ),
        )
        for source in self.sources:
            yield cluster, DCTERMS.source, source


class Organisations:
    """The organisations of the table `organisations`, by the names that people write."""

    def __init__(self, rows: Sequence[Row]) -> None:
        """Raises `NotUnderstood`, naming the row, when two rows contradict each other or a cell is wrong."""
        self._by_name: dict[str, Organisation] = {}
        by_iri: dict[URIRef, Organisation] = {}
        for row in rows:
            made = _organisation(row)
            known = by_iri.setdefault(made.iri, made)
            if made != known:
                raise row.wrong("organisation", "another line says otherwise about this organisation")
            if row["name_as_written"] in self._by_name:
                raise row.wrong("name_as_written", "another line has this name")
            self._by_name[row["name_as_written"]] = known

    def find(self, entry: Entry) -> Organisation:
        """The organisation that `organisation_as_written` names. Raises `Refused`."""
        name = entry.text("organisation_as_written")
        if name not in self._by_name:
            raise Refused(
                "organisation_as_written", "The table organisations does not say which organisation this is."
            )
        return self._by_name[name]

    def triples(self) -> Iterator[tuple[Node, Node, Node]]:
        """What is known of all organisations that rows name."""
        for organisation in self._by_name.values():
            yield from organisation.triples()


def _organisation(row: Row) -> Organisation:
    kind, basis = row["kind"], row["kind_basis"]
    if kind and kind not in KINDS:
        raise row.wrong("kind", f"this is none of {', '.join(KINDS)}")
    if basis not in (("stated", "inferred") if kind else ("",)):
        raise row.wrong("kind_basis", "it is stated or inferred for a kind, and empty without one")
    if not slug(row["organisation"]):
        raise row.wrong("organisation", "an organisation has a name with a letter or digit")
    return Organisation(
        row["organisation"], row.language("language"), kind, basis, row["cluster"], row["country_doubt"]
    )


class Members:
    """Makes memberships, each member once in a role of a partnership.

    starts: partnership -> the first day it can have begun, None when no source tells.
    acronyms: partnership -> acronym, for those that a source names only together.
    """

    def __init__(
        self,
        facts: Facts,
        organisations: Organisations,
        starts: Mapping[str, date | None],
        acronyms: Mapping[str, str],
    ) -> None:
        self._facts = facts
        self._organisations = organisations
        self._starts = starts
        plain = [_plain(acronym) for acronym in acronyms.values()]
        self._acronyms = {
            _plain(acronym): partnership
            for partnership, acronym in acronyms.items()
            if plain.count(_plain(acronym)) == 1
        }
        self._taken: dict[URIRef, set[str]] = {}

    def region(self, row: Row) -> None:
        """A row of s3-regions."""
        with self._facts.entry(row) as entry:
            partnership = self._partnership(entry)
            place = self._facts.territory(entry, "country_as_written", partnership, self._starts[partnership])
            membership = self._membership(entry, partnership, place, REGION_ROLES)
            entry.add(membership, DEF.memberTerritory, place)
            entry.add(membership, DEF.nameAsWritten, Literal(row["region_as_written"]))

    def organisation(self, row: Row, country_column: str, *, intermediary: bool) -> None:
        """A row of s3-organisations or cluster-members. intermediary: whether of SME intermediaries."""
        with self._facts.entry(row) as entry:
            organisation = self._organisations.find(entry)
            country = self._facts.country(entry, country_column)
            if country and organisation.country and country != organisation.country:
                raise Refused(country_column, "Another line gives this organisation another country.")
            if row["partnership_id"].startswith("joint:"):
                day = None
                membership = self._unattributed(entry, organisation)
            else:
                partnership = self._partnership(entry)
                day = self._starts[partnership]
                membership = self._membership(entry, partnership, organisation.iri, ORGANISATION_ROLES)
            entry.add(membership, DEF.member, organisation.iri)
            entry.add(membership, DEF.nameAsWritten, Literal(row["organisation_as_written"]))
            if country and not organisation.country_doubt:
                self._country_basis(entry, membership)
            if row["region_as_written"]:
                place = self._facts.territory(entry, country_column, row["partnership_id"], day)
                organisation.regions.add(place)
            organisation.written.add(row["organisation_as_written"])
            organisation.sources |= set(entry.sources())
            organisation.intermediary |= intermediary
            if not organisation.country_doubt:
                organisation.country = country or organisation.country

    def _partnership(self, entry: Entry) -> str:
        partnership = entry.row["partnership_id"]
        if partnership not in self._starts:
            raise Refused("partnership_id", "No table of partnerships has this id.")
        return partnership

    def _membership(self, entry: Entry, partnership: str, member: URIRef, roles: Mapping[str, str]) -> URIRef:
        written = entry.row["role"]
        if written not in roles:
            raise Refused("role", f"This is none of the roles {', '.join(roles)}.")
        role = roles[written]
        key = f"{partnership} {member.rsplit('/', 1)[1]}"
        membership = mint("membership", key)
        taken = self._taken.setdefault(membership, set())
        if role in taken:
            raise Refused("role", "Another line has the same member in the same role.")
        # A member with two roles has two memberships: one role each.
        membership = mint("membership", f"{key} {role}") if taken else membership
        taken.add(role)
        entry.add(mint("partnership", partnership), DEF.hasMembership, membership)
        entry.record(membership, DEF.PartnershipMembership)
        entry.add(membership, DEF.memberRole, term("role", role))
        if "(" in written or (roles is ORGANISATION_ROLES and slug(written) != role):
            entry.note(membership, f"Role as written: {written}.")
        return membership

    def _unattributed(self, entry: Entry, organisation: Organisation) -> URIRef:
        joint = entry.row["partnership_id"].removeprefix("joint:")
        names = [name.strip() for name in joint.split("+")]
        unknown = [name for name in names if _plain(name) not in self._acronyms]
        if unknown or len(names) < 2:
            raise Refused(
                "partnership_id", f"Not one partnership has the acronym {', '.join(unknown) or joint}."
            )
        membership = mint("membership", f"{joint} {organisation.iri.rsplit('/', 1)[1]}")
        entry.record(membership, DEF.UnattributedMembership)
        for name in names:
            candidate = mint("partnership", self._acronyms[_plain(name)])
            entry.add(membership, DEF.candidatePartnership, candidate)
        entry.note(membership, f"Role as written: {entry.row['role']}.")
        return membership

    def _country_basis(self, entry: Entry, membership: URIRef) -> None:
        written = entry.row.cells.get("country_basis", "")
        stated = written in ("", "stated by the source")
        entry.add(membership, DEF.countryBasis, STATED if stated else INFERRED)
        if not stated:
            about = "Country and region" if entry.row["region_as_written"] else "Country"
            entry.note(membership, f"{about}: {written}.")


def _plain(acronym: str) -> str:
    """An acronym without the difference between AdPack² and AdPack2."""
    return acronym.replace("²", "2").casefold()

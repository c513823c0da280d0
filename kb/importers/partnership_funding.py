"""Calls, the initiatives around the partnerships, and the grants that partnerships got."""

from __future__ import annotations

import re
from typing import Final

from rdflib import RDFS, Literal, URIRef
from rdflib.namespace import DCTERMS, SKOS

from kb.importers.partnership_facts import (
    INFERRED,
    PLATFORMS,
    STATED,
    Entry,
    Facts,
    Refused,
    decimal,
    without_remark,
)
from kb.importers.partnership_tables import Row
from kb.terms import ADMS, CORPORATE_BODY, DEF, EU_PROGRAMME, mint, term

PROGRAMMES: Final = {"COSME": EU_PROGRAMME.COSME, "Single Market Programme": EU_PROGRAMME.SINGLEMKT}
"""Programme as the tables write it -> its IRI."""

_BODIES: Final = {
    "European Commission": CORPORATE_BODY.COM,
    "DG ENER": CORPORATE_BODY.ENER,
    "DG GROW": CORPORATE_BODY.GROW,
    "DG REGIO": CORPORATE_BODY.REGIO,
    "EISMEA": CORPORATE_BODY.EISMEA,
    "JRC": CORPORATE_BODY.JRC,
}
_KINDS: Final = {
    "community of practice": DEF.Initiative,
    "funding instrument": DEF.Initiative,
    "funding programme": DEF.FundingProgramme,
    "mobility scheme": DEF.Initiative,
    "network": DEF.Network,
    "network of regions": DEF.Network,
    "observatory": DEF.Initiative,
    "platform": DEF.Initiative,
    "programme strand": DEF.Initiative,
    "thematic platform": DEF.ThematicPlatform,
}
_CONTRACT: Final = re.compile(r"[A-Z]+/[A-Z]+/\d{4}/\d+")
_REGISTER: Final = re.compile(r"EU Transparency Register (\d+-\d+)")


def add_call(facts: Facts, row: Row) -> None:
    """A row of calls."""
    with facts.entry(row) as entry:
        identifier = entry.text("call")
        call = mint("call", identifier)
        entry.record(call, DEF.CallForProposals)
        entry.add(call, RDFS.label, Literal(entry.text("title"), lang="en"))
        entry.add(call, DCTERMS.identifier, Literal(identifier))
        entry.add(call, DEF.ofProgramme, entry.choice("programme", PROGRAMMES))
        if row["opening"]:
            entry.add(call, DEF.openingDate, entry.day("opening"))
        if row["deadline"]:
            deadline = mint("deadline", identifier)
            entry.add(call, DEF.hasDeadline, deadline)
            entry.record(deadline, DEF.Deadline)
            entry.add(deadline, DEF.deadlineDate, entry.day("deadline"))
        entry.euros(call, DEF.totalBudget, "budget_eur", "planned", f"{identifier} budget")
        entry.euros(call, DEF.maxGrant, "max_grant_eur", "ceiling", f"{identifier} ceiling")
        if row["cofinancing_percent"]:
            rate = entry.number("cofinancing_percent") / 100
            if rate > 1:
                raise Refused("cofinancing_percent", "This is not a percentage from 0 to 100.")
            entry.add(call, DEF.maxReimbursementRate, decimal(rate))
        if row["note"]:
            entry.note(call, f"{row['note'][:1].upper()}{row['note'][1:]}.")


def add_initiative(facts: Facts, row: Row) -> None:
    """A row of initiatives. A platform or programme has its name and dates elsewhere; the row adds to it."""
    with facts.entry(row) as entry:
        name, kind = entry.text("name"), entry.choice("kind", _KINDS)
        initiative, known = _initiative(entry, name, kind)
        entry.record(initiative, kind)
        entry.add(initiative, SKOS.altLabel if known else RDFS.label, Literal(name, lang="en"))
        if row["kind"] not in ("thematic platform", "funding programme", "network"):
            entry.note(initiative, f"Kind as written: {row['kind']}.")
        _add_since(entry, initiative, dated=kind != DEF.ThematicPlatform)
        for operator in re.split(r"[,;] ", row["operator"]):
            _add_operator(entry, initiative, operator)


def _initiative(entry: Entry, name: str, kind: URIRef) -> tuple[URIRef, bool]:
    """The IRI, and whether another dataset names the thing."""
    if kind == DEF.ThematicPlatform:
        found = [iri for platform, iri in PLATFORMS.items() if platform in name]
        if not found:
            raise Refused("name", f"This names none of the platforms {', '.join(PLATFORMS)}.")
        return found[0], True
    if kind == DEF.FundingProgramme:
        found = [iri for programme, iri in PROGRAMMES.items() if name.startswith(programme)]
        if not found:
            raise Refused("name", f"This names none of the programmes {', '.join(PROGRAMMES)}.")
        return found[0], True
    key = entry.text("id").removeprefix("init-")
    return mint("network" if kind == DEF.Network else "initiative", key), False


def initiative_iri(identifier: str) -> URIRef:
    """The IRI of an initiative that is no network, platform or programme, by its `id`."""
    return mint("initiative", identifier.removeprefix("init-"))


def _add_since(entry: Entry, initiative: URIRef, *, dated: bool) -> None:
    """dated: whether the launch is ours to say; the platforms' is said by the founding call."""
    since, remark = without_remark(entry.row["since"])
    if _CONTRACT.fullmatch(since):
        entry.add(initiative, DCTERMS.identifier, Literal(since))
    elif since and dated:
        entry.add(initiative, DEF.launched, entry.date("since", since))
    if entry.row["since"] and (remark or not dated):
        entry.note(initiative, f"Since, as written: {entry.row['since']}.")


def _add_operator(entry: Entry, initiative: URIRef, operator: str) -> None:
    register = _REGISTER.fullmatch(operator)
    if operator in _BODIES:
        entry.add(initiative, DEF.managedByBody, _BODIES[operator])
    elif operator in PROGRAMMES:
        entry.add(initiative, DEF.fundedByProgramme, PROGRAMMES[operator])
    elif register:
        identifier = mint("identifier", f"transparency-register {register[1]}")
        entry.add(initiative, ADMS.identifier, identifier)
        entry.record(identifier, ADMS.Identifier)
        entry.add(identifier, SKOS.notation, Literal(register[1]))
        entry.add(identifier, DEF.identifierScheme, term("identifier-scheme", "transparency-register"))
    elif operator:
        entry.note(initiative, f"Operator as written: {operator}.")


def add_funding(entry: Entry, partnership: URIRef, calls: set[str]) -> None:
    """What a row of cluster-partnerships says about call, grant and budget. calls: those that are known."""
    row = entry.row
    identifier, remark = without_remark(row["call"])
    if identifier and identifier not in calls:
        raise Refused("call", "The table calls does not have this call.")
    call = mint("call", identifier) if identifier else None
    entry.euros(partnership, DEF.amount, "total_budget_eur", "total-cost", f"{row['id']} total budget")
    if row["grant_agreement"] or row["eu_grant_eur"]:
        grant = mint("grant", row["grant_agreement"] or row["id"])
        read = remark.startswith("inferred")
        entry.add(partnership, DEF.hasGrant, grant)
        entry.record(grant, DEF.Grant, INFERRED if read else STATED)
        entry.add(grant, RDFS.label, Literal(f"Grant for {row['acronym']}", lang="en"))
        if row["grant_agreement"]:
            entry.add(grant, DEF.agreementNumber, Literal(row["grant_agreement"]))
        if call:
            entry.add(grant, DEF.awardedUnder, call)
        if remark:
            entry.note(grant, f"The call is {remark}; the rest is stated." if read else f"Call: {remark}.")
        entry.euros(grant, DEF.amount, "eu_grant_eur", "committed", f"{row['id']} grant")
    elif call:
        # A partnership may have been selected, or labelled, without money.
        entry.add(partnership, DEF.selectedUnder, call)

"""Sure links of our organisations to the Research Organization Registry (ROR), and through it to Wikidata.

Two or three files, in this order:

1. Our organisations: TriG or N-Quads, such as `partnerships.trig`. Of things whose IRI is that of an
   organisation, `rdfs:label`, `skos:altLabel`, `def:establishedIn` and `def:locatedIn` are read.
2. ROR, in one of the forms of `kb.importers.ror`.
3. What a review has decided: tab-separated, UTF-8, one line of column names, one row a pair; may be left out.

| column | what |
|---|---|
| `organisation` | the last part of the organisation's IRI |
| `ror` | the nine characters of the ROR identifier |
| `decision` | `accept` or `refuse` |
| `reason` | why, in a sentence |

`kb.importers.organisation_matching` says what makes a link sure. Candidates stand in the report alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from pathlib import Path
from typing import Final

from rdflib import RDFS, SKOS, Dataset, URIRef
from rdflib.term import Node

from kb.engine.oxigraph import OxigraphEngine, read_quads
from kb.errors import NotUnderstood
from kb.imported import BadRow, Imported, Progress
from kb.importers.organisation_matching import (
    LINKED,
    REFUSED,
    Decision,
    Finding,
    Organisation,
    Register,
    match,
)
from kb.importers.registers import add_identifier
from kb.importers.ror import ADDRESS, WIKIDATA_ENTITY, records
from kb.importers.tables import read_rows
from kb.terms import ADMS, DEF, GRAPH, ID, SCHEMA, mint

_ORGANISATION: Final = str(ID["organisation/"])
_VERDICTS: Final = {"accept": LINKED, "refuse": REFUSED}
_DECISION_COLUMNS: Final = ("organisation", "ror", "decision", "reason")

_LABELS: Final = f"""
    SELECT ?organisation ?name ?country ?place WHERE {{
        ?organisation <{RDFS.label}> ?name
        FILTER(STRSTARTS(STR(?organisation), "{_ORGANISATION}"))
        OPTIONAL {{ ?organisation <{DEF.establishedIn}> ?country }}
        OPTIONAL {{ ?organisation <{DEF.locatedIn}> ?place }}
    }} ORDER BY ?organisation ?name ?place
"""
_OTHER_NAMES: Final = f"SELECT ?organisation ?name {{ ?organisation <{SKOS.altLabel}> ?name }} ORDER BY ?name"


def read(files: Sequence[Path], progress: Progress) -> Imported:
    """Finds the sure links; quads in links/ror and links/wikidata.

    Out: one report, `organisation-links`: every pair that is linked, refused or a candidate, and why.
    Raises `NotUnderstood` unless there are two or three files of the documented forms.
    """
    if len(files) not in (2, 3):
        raise NotUnderstood(
            "Organisations are linked from two or three files: ours, those of ROR, and the decisions."
        )
    imported = Imported(Dataset())
    organisations = _organisations(files[0])
    register = Register(records(files[1], progress, imported.bad_rows))
    decisions: dict[tuple[URIRef, str], Decision] = {}
    if len(files) == 3:
        known = {one.iri for one in organisations}
        decisions = _decisions(files[2], known, register, imported.bad_rows, progress)
    findings = match(organisations, register, decisions)
    for finding in findings:
        if finding.verdict == LINKED:
            _add_links(imported.dataset, finding)
    imported.reports["organisation-links"] = list(_report(findings))
    return imported


def _organisations(path: Path) -> list[Organisation]:
    """The organisations in an RDF file, by IRI."""
    engine = OxigraphEngine.in_memory()
    engine.insert(read_quads(path, path.suffix.removeprefix("."), path.name))
    names: defaultdict[Node | None, dict[str, None]] = defaultdict(dict)
    places: dict[URIRef, tuple[URIRef | None, str]] = {}
    for organisation, name, country, place in engine.select(_LABELS):
        assert isinstance(organisation, URIRef)
        names[organisation][str(name)] = None
        at = str(place).rpartition("/")[2] if place else ""
        places.setdefault(organisation, (country if isinstance(country, URIRef) else None, at))
    for organisation, name in engine.select(_OTHER_NAMES):
        names[organisation][str(name)] = None
    if not places:
        raise NotUnderstood(f"{path.name} describes no organisation.")
    return [Organisation(iri, tuple(names[iri]), country, at) for iri, (country, at) in places.items()]


def _decisions(
    path: Path, known: Set[URIRef], register: Register, bad_rows: list[BadRow], progress: Progress
) -> dict[tuple[URIRef, str], Decision]:
    """The usable decisions, by organisation and ROR identifier."""
    decisions: dict[tuple[URIRef, str], Decision] = {}
    accepted: set[URIRef | str] = set()
    for place, row in read_rows(path, _DECISION_COLUMNS, bad_rows=bad_rows, progress=progress, quoted=False):
        pair = URIRef(_ORGANISATION + row["organisation"]), row["ror"]
        verdict = _VERDICTS.get(row["decision"])
        if pair[0] not in known:
            problem = "organisation", "There is no such organisation in the first file."
        elif pair[1] not in register.by_identifier:
            problem = "ror", "There is no such record in the file of ROR, or it is withdrawn."
        elif verdict is None:
            problem = "decision", "A decision is accept or refuse."
        elif not row["reason"]:
            problem = "reason", "The reason is missing."
        elif pair in decisions or (verdict == LINKED and not accepted.isdisjoint(pair)):
            problem = "ror", "An earlier line decides on this organisation or this record already."
        else:
            decisions[pair] = Decision(verdict, row["reason"])
            accepted |= set(pair) if verdict == LINKED else set()
            continue
        bad_rows.append(BadRow(path.name, place, problem[0], row[problem[0]], problem[1]))
    return decisions


def _add_links(dataset: Dataset, finding: Finding) -> None:
    organisation, record = finding.organisation.iri, finding.record
    identifier = mint("identifier", f"ror-{record.identifier}")
    ror = dataset.graph(GRAPH["links/ror"])
    ror.add((organisation, SCHEMA.sameAs, URIRef(ADDRESS + record.identifier)))
    ror.add((organisation, ADMS.identifier, identifier))
    add_identifier(ror, identifier, "ror", record.identifier)
    if record.wikidata:
        wikidata = dataset.graph(GRAPH["links/wikidata"])
        wikidata.add((organisation, SCHEMA.sameAs, URIRef(WIKIDATA_ENTITY + record.wikidata)))


def _report(findings: Iterable[Finding]) -> Iterator[dict[str, str]]:
    for finding in findings:
        one, record = finding.organisation, finding.record
        yield {
            "organisation": one.iri.removeprefix(_ORGANISATION),
            "names": " | ".join(one.names),
            "country": one.country.rpartition("/")[2] if one.country else "",
            "place": one.place,
            "ror": record.identifier,
            "ror_names": " | ".join(name.text for name in record.names),
            "ror_country": record.country,
            "ror_city": record.city,
            "ror_website": record.website,
            "wikidata": record.wikidata,
            "score": f"{finding.score:.0f}",
            "verdict": finding.verdict,
            "reason": finding.reason,
        }

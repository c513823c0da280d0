"""Facts of the partnership tables: a row is taken over whole or, when a cell of it is wrong, not at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from rdflib import RDF, RDFS, XSD, Dataset, Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, SKOS
from rdflib.term import Node

from kb.imported import BadRow
from kb.importers.partnership_tables import Row
from kb.importers.region_names import Atlas, Gazetteer, Resolution, resolve
from kb.terms import CURRENCY, DEF, GRAPH, BadKey, mint, term

STATED: Final = term("basis", "stated")
INFERRED: Final = term("basis", "inferred")

PLATFORMS: Final = {
    "Energy": mint("platform", "energy"),
    "Industrial Modernisation": mint("platform", "industrial-modernisation"),
    "Agri-Food": mint("platform", "agri-food"),
}
"""Platform as the tables write it -> its IRI."""

_ADDRESS: Final = re.compile(
    r"https?://[\w.-]+(:\d+)?([/?#](%[0-9A-Fa-f]{2}|[^\s<>\"{}|\\^`\[\]%])*)?"  # what an IRI may hold
)
_DATE: Final = re.compile(r"(\d{4})(-\d{2})?(-\d{2})?")


class Refused(Exception):
    """A cell that cannot be used: its column, and one sentence that says why."""

    def __init__(self, column: str, sentence: str) -> None:
        self.column = column
        super().__init__(sentence)


def without_remark(text: str) -> tuple[str, str]:
    """`text` and the remark in brackets at its end, "" when there is none.

    >>> without_remark("2016-10 (scoping)"), without_remark("ESCP-S3")
    (('2016-10', 'scoping'), ('ESCP-S3', ''))
    """
    found = re.fullmatch(r"(.*?)\s*\((.*)\)", text)
    return (found[1], found[2]) if found else (text, "")


def start_of(text: str) -> date | None:
    """The first day of a year, month or day such as "2016", "2016-10", "2016-10-03"; None for other text.

    >>> start_of("2016-10")
    datetime.date(2016, 10, 1)
    """
    found = _DATE.fullmatch(text)
    if not found:
        return None
    try:
        return date.fromisoformat(f"{found[1]}{found[2] or '-01'}{found[3] or '-01'}")
    except ValueError:
        return None


@dataclass
class Entry:
    """What one row says, while it is being read. Its methods raise `Refused`, naming the column."""

    row: Row
    triples: list[tuple[Node, Node, Node]] = field(default_factory=list)

    def add(self, subject: URIRef, predicate: URIRef, *values: Node) -> None:
        """One triple a value."""
        self.triples += [(subject, predicate, value) for value in values]

    def note(self, subject: URIRef, text: str) -> None:
        """A remark in English."""
        self.add(subject, SKOS.note, Literal(text, lang="en"))

    def record(self, subject: URIRef, kind: URIRef, basis: URIRef = STATED) -> None:
        """`subject` as a thing of a kind, with the pages of the row as its sources and a basis."""
        self.add(subject, RDF.type, kind)
        self.add(subject, DCTERMS.source, *self.sources())
        self.add(subject, DEF.basis, basis)

    def text(self, column: str) -> str:
        """The text of a column that may not be empty."""
        if not self.row[column]:
            raise Refused(column, "This cell may not be empty.")
        return self.row[column]

    def sources(self) -> list[URIRef]:
        """The addresses in the column `sources` or `source`."""
        column = "sources" if "sources" in self.row.cells else "source"
        addresses = [part.strip() for part in self.text(column).split("|")]
        for address in addresses:
            if not _ADDRESS.fullmatch(address):
                raise Refused(column, f"{address!r} is not the address of a page.")
        return [URIRef(address) for address in addresses]

    def date(self, column: str, text: str) -> Literal:
        """`text`, a part of `column`, as a year, month or day."""
        if start_of(text) is None:
            raise Refused(column, "This is not a date such as 2018, 2018-10 or 2018-10-01.")
        datatype = {4: XSD.gYear, 7: XSD.gYearMonth, 10: XSD.date}[len(text)]
        return Literal(text, datatype=datatype, normalize=False)

    def day(self, column: str) -> Literal:
        """A column as a day."""
        found = self.date(column, self.row[column])
        if found.datatype != XSD.date:
            raise Refused(column, "This is not a day such as 2018-10-01.")
        return found

    def number(self, column: str) -> Decimal:
        """A column as a decimal number that is not negative."""
        try:
            value = Decimal(self.row[column])
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or value < 0:
            raise Refused(column, "This is not a number such as 350000 or 349952.00.")
        return value

    def euros(self, subject: URIRef, predicate: URIRef, column: str, kind: str, key: str) -> None:
        """The sum of money in a column, if it holds one. kind: a code of amount-kind. key: for its IRI."""
        if not self.row[column]:
            return
        amount = mint("amount", key)
        self.add(subject, predicate, amount)
        self.record(amount, DEF.MonetaryAmount)
        self.add(amount, DEF.amountValue, decimal(self.number(column)))
        self.add(amount, DEF.amountKind, term("amount-kind", kind))
        self.add(amount, DEF.currency, CURRENCY.EUR)

    def choice(self, column: str, values: dict[str, URIRef]) -> URIRef:
        """What the text of a column stands for."""
        if self.row[column] not in values:
            raise Refused(column, f"This is none of {', '.join(values)}.")
        return values[self.row[column]]


def decimal(value: Decimal) -> Literal:
    """`value` as an xsd:decimal without zeros that say nothing.

    >>> str(decimal(Decimal("349952.00")))
    '349952.0'
    """
    whole, _, rest = f"{value:f}".partition(".")
    return Literal(f"{whole}.{rest.rstrip('0') or '0'}", datatype=XSD.decimal, normalize=False)


class Facts:
    """All that the tables say, in the graph source/partnerships, and the rows that could not be used."""

    def __init__(self, atlas: Atlas, gazetteer: Gazetteer, bad_rows: list[BadRow]) -> None:
        self.atlas = atlas
        self.dataset = Dataset()
        self.bad_rows = bad_rows
        self.resolutions: list[dict[str, str]] = []
        self._gazetteer = gazetteer
        self._graph: Graph = self.dataset.graph(GRAPH["source/partnerships"])

    @contextmanager
    def entry(self, row: Row) -> Iterator[Entry]:
        """A row to be read: its triples are taken over unless the block raises `Refused` or `BadKey`."""
        entry = Entry(row)
        try:
            yield entry
        except Refused as refused:
            self.bad_rows.append(row.bad(refused.column, str(refused)))
        except BadKey as unusable:
            self.bad_rows.append(row.bad(next(iter(row.cells)), str(unusable)))
        else:
            self.add(entry.triples)

    def add(self, triples: Iterable[tuple[Node, Node, Node]]) -> None:
        """Adds triples to the graph."""
        for triple in triples:
            self._graph.add(triple)

    def country(self, entry: Entry, column: str) -> URIRef | None:
        """The country whose NUTS code a column holds; None when it is empty."""
        code = entry.row[column]
        if code and code not in self.atlas.countries:
            raise Refused(
                column, "No edition of NUTS has this country code; Greece is EL, the United Kingdom UK."
            )
        return self.atlas.countries.get(code)

    def territory(self, entry: Entry, country_column: str, partnership: str, day: date | None) -> URIRef:
        """The place that `region_as_written` names, put in the report, and described if NUTS lacks it."""
        self.country(entry, country_column)
        name, code = entry.text("region_as_written"), entry.row[country_column]
        found = resolve(name, code, day, self.atlas, self._gazetteer)
        self.resolutions.append(_reported(found, code, partnership))
        place = found.place
        if place.level is None:
            entry.record(place.iri, DEF.Region)
            entry.add(place.iri, RDFS.label, place.label)
            entry.note(place.iri, found.reason)
            for country in filter(None, [place.country]):
                entry.add(place.iri, DEF.inCountry, country)
                entry.add(place.iri, DEF.partOfTerritory, country)
        # Countries have their names in 24 languages elsewhere.
        if place.level != 0 and name not in {str(known) for known in (place.label, *place.names)}:
            entry.add(place.iri, SKOS.altLabel, Literal(name, lang=found.language))
        return place.iri


def _reported(found: Resolution, country_code: str, partnership: str) -> dict[str, str]:
    return {
        "name_as_written": found.name,
        "country_as_written": country_code,
        "partnership": partnership,
        "region": str(found.place.iri),
        "label": str(found.place.label),
        "codes": found.place.codes_text(),
        "method": found.method,
        "score": str(found.score),
        "alternatives": "; ".join(found.others),
        "reason": found.reason,
    }

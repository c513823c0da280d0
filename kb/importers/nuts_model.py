"""What the NUTS importer talks about: editions, units, and what became of a unit in the next edition."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from rdflib import URIRef

from kb.imported import BadRow
from kb.importers.country_codes import country_codes

EDITIONS: Final[dict[str, tuple[date, date | None]]] = {
    "2010": (date(2012, 1, 1), date(2014, 12, 31)),
    "2013": (date(2015, 1, 1), date(2017, 12, 31)),
    "2016": (date(2018, 1, 1), date(2020, 12, 31)),
    "2021": (date(2021, 1, 1), date(2023, 12, 31)),
    "2024": (date(2024, 1, 1), None),
}
"""Edition -> the first and the last day on which it applies to data sent to Eurostat; the newest is open.

Source: Regulations (EU) No 31/2011, No 1319/2013, 2016/2066, 2019/1755 and 2023/674.
"""

CHANGE_TYPES: Final = (
    "recoded",
    "renamed",
    "boundary-shift",
    "merged",
    "split",
    "new",
    "discontinued",
)
"""The codes of the concept scheme terms/change-type, in the order in which reports name them."""

_CODE: Final = re.compile(r"(?!GR|GB)[A-Z]{2}[0-9A-Z]{0,3}")


def is_code(text: str) -> bool:
    """Whether `text` has the form of a NUTS code of a country: Greece is EL there, the United Kingdom UK.

    >>> is_code("ES21"), is_code("GR1"), is_code("DE40 (part)")
    (True, False, False)
    """
    return bool(_CODE.fullmatch(text)) and text[:2] in country_codes()


def country_of(code: str) -> URIRef:
    """The country of a unit, by how its code starts."""
    return country_codes()[code[:2]]


def level(code: str) -> int:
    """The level of a code: 0 for a country, 1 to 3 below it.

    >>> level("ES21")
    2
    """
    return len(code) - 2


def is_extra_regio(code: str) -> bool:
    """Whether the code stands for what belongs to a country and to none of its regions.

    >>> is_extra_regio("ESZZ"), is_extra_regio("CZ"), is_extra_regio("CZ0")
    (True, False, False)
    """
    return level(code) > 0 and set(code[2:]) == {"Z"}


@dataclass(frozen=True)
class Place:
    """Where a row stands: the name of the file, and the place in it such as "sheet NUTS2024, row 14"."""

    file: str
    where: str

    def bad(self, column: str, value: str, sentence: str) -> BadRow:
        """The row at this place as one that could not be used."""
        return BadRow(self.file, self.where, column, value, sentence)


@dataclass(frozen=True)
class Listed:
    """A row of a list of one edition. `statistical`: a unit of a country outside the EU."""

    code: str
    label: str
    statistical: bool
    place: Place


@dataclass(frozen=True)
class Pair:
    """A row of a table of changes: a unit of the old edition, of the new one (both may be given).

    label: the name in the new edition, or in the old one where there is no new code.
    change: what the table says about the change, as written; empty when nothing changed.
    """

    old: str
    new: str
    label: str
    change: str
    statistical: bool
    place: Place


@dataclass(frozen=True)
class Explanation:
    """A row of a table that explains changes. prose: in words; formula: in codes, as "FRC=FR26+FR43"."""

    old: str
    new: str
    prose: str
    formula: str
    place: Place


@dataclass
class Workbook:
    """What one Eurostat workbook says: two editions, the list of the new one, the changes between them.

    latin: code of the new edition -> its name in Latin letters.
    overview: country code -> remark on all its units.
    """

    old: str
    new: str
    listed: list[Listed] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    explanations: list[Explanation] = field(default_factory=list)
    latin: dict[str, str] = field(default_factory=dict)
    overview: dict[str, str] = field(default_factory=dict)


@dataclass
class Unit:
    """A unit of one edition. parent: the code of the unit one level up, empty for a country.

    label: the official name in that edition, without outer and double blanks.
    latin: the name in Latin letters where the official one is in others and the source gives both, else "".
    """

    code: str
    label: str
    parent: str
    statistical: bool
    place: Place
    latin: str = ""


Units = dict[str, Unit]
"""The units of one edition, by code, in the order of the source: a unit comes after the one it is part of."""

Flows = dict[str, dict[str, float]]
"""Code of one edition -> code of the same level in the next -> people who live in both, in persons."""


@dataclass(frozen=True)
class Change:
    """What became of a unit of one edition in the next one.

    old, new: codes; one of them is "" for a unit that ends or begins without a counterpart.
    types: codes of `CHANGE_TYPES`. same: whether the place goes on. stated: by Eurostat; if not, derived.
    share: of the people of the old unit, those who live in the new one, 0 to 1; None when not known.
    """

    old: str
    new: str
    types: frozenset[str]
    same: bool
    stated: bool
    comment: str = ""
    share: float | None = None


@dataclass(frozen=True)
class Remark:
    """Something about a unit, or a country, of an edition that a person may want to look at."""

    edition: str
    code: str
    sentence: str


@dataclass
class PlaceRecord:
    """A place: its IRI, and its code in each edition in which it stands, from the oldest on."""

    iri: URIRef
    codes: dict[str, str]


@dataclass
class Step:
    """From one edition to the next: what changed, the codes that go on unchanged, and what to look at."""

    old: str
    new: str
    changes: list[Change] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    @property
    def same(self) -> dict[str, str]:
        """Code of the new edition -> code of the same place in the old one."""
        changed = {change.new: change.old for change in self.changes if change.same}
        return {code: code for code in self.unchanged} | changed

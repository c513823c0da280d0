"""Puts together the units of each edition of NUTS from all the tables that list them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from kb.imported import BadRow
from kb.importers.nuts_model import (
    EDITIONS,
    Listed,
    Pair,
    Remark,
    Unit,
    Units,
    Workbook,
    is_extra_regio,
    level,
)
from kb.importers.nuts_names import is_renaming, own_and_latin

Names = dict[str, dict[str, tuple[str, str]]]
"""Edition -> code -> the name in the letters of the country and the name in Latin letters."""

_FORMER_NAME = re.compile(r"\s*\((?:formerly|formely|fromely|previously):? [\"“]?(.+?)[\"”]?\)")


def units_of_editions(
    books: Sequence[Workbook], names: Names, bad_rows: list[BadRow], remarks: list[Remark]
) -> dict[str, Units]:
    """Edition -> its units, from the oldest edition on; editions that no workbook lists are absent.

    A unit whose name in the edition is not told has the label "". bad_rows: gets the rows with a code that
    the same table has before, with one that the list of the edition lacks, with one whose parent is missing.
    """
    editions: dict[str, Units] = {}
    for edition in EDITIONS:
        tables = _tables(edition, books)
        if tables:
            units = _united(edition, tables, bad_rows)
            _add_names(units, names.get(edition, {}))
            _add_countries(units, names.get(edition, {}))
            _add_parents(edition, units, bad_rows, remarks)
            editions[edition] = units
    for book in books:
        for code, latin in book.latin.items():
            if code in editions[book.new]:
                editions[book.new][code].latin = latin
    return editions


def without_extra_regio(units: Units) -> Units:
    """The units that are places."""
    return {code: unit for code, unit in units.items() if not is_extra_regio(code)}


def _tables(edition: str, books: Sequence[Workbook]) -> list[list[Listed]]:
    """The tables that list the units of an edition, the one that counts most first."""
    new = [book for book in books if book.new == edition]
    old = [book for book in books if book.old == edition]
    tables = [
        *(book.listed for book in new),
        *([_in_new_edition(pair) for pair in book.pairs if pair.new] for book in new),
        *(list(_once(_in_old_edition(pair) for pair in book.pairs if pair.old)) for book in old),
    ]
    return [table for table in tables if table]


def _in_new_edition(pair: Pair) -> Listed:
    """What a row of a table of changes says about the list of the new edition."""
    return Listed(pair.new, _FORMER_NAME.sub("", pair.label), pair.statistical, pair.place)


def _in_old_edition(pair: Pair) -> Listed:
    """What a row of a table of changes says about the list of the old edition."""
    label = pair.label
    if pair.new and is_renaming(pair.change):
        # The label is the new one; the old one is seldom told.
        former = _FORMER_NAME.search(pair.change)
        label = former[1] if former else ""
    return Listed(pair.old, label, pair.statistical, pair.place)


def _once(rows: Iterable[Listed]) -> Iterator[Listed]:
    """The first row of each code: an old code may stand in several rows."""
    seen: set[str] = set()
    for row in rows:
        if row.code not in seen:
            seen.add(row.code)
            yield row


def _united(edition: str, tables: list[list[Listed]], bad_rows: list[BadRow]) -> Units:
    """The units of all tables; the first table that has a country says which units the country has."""
    units: Units = {}
    for number, table in enumerate(tables):
        countries = {code[:2] for code in units if level(code) > 0}
        codes: set[str] = set()
        for row in table:
            if row.code in codes:
                bad_rows.append(
                    row.place.bad("code", row.code, "An earlier row of this table has this code.")
                )
            elif row.code in units:
                units[row.code].label = units[row.code].label or row.label
            elif number and level(row.code) and row.code[:2] in countries:
                sentence = f"The list of NUTS {edition} does not have this code."
                bad_rows.append(row.place.bad("code", row.code, sentence))
            else:
                label, latin = own_and_latin(row.label)
                units[row.code] = Unit(row.code, label, "", row.statistical, row.place, latin)
            codes.add(row.code)
    return units


def _add_names(units: Units, names: dict[str, tuple[str, str]]) -> None:
    """Fills in the names that the workbooks lack, and those in Latin letters."""
    for code, (national, latin) in names.items():
        if code in units:
            units[code].label = units[code].label or national
            units[code].latin = latin if latin != units[code].label else units[code].latin


def _add_countries(units: Units, names: dict[str, tuple[str, str]]) -> None:
    """Adds the countries (level 0) that only their regions tell of."""
    for unit in [unit for unit in units.values() if level(unit.code) == 1]:
        country = unit.code[:2]
        if country not in units:
            national, latin = names.get(country, ("", ""))
            latin = latin if latin != national else ""
            units[country] = Unit(country, national, "", unit.statistical, unit.place, latin)


def _add_parents(edition: str, units: Units, bad_rows: list[BadRow], remarks: list[Remark]) -> None:
    """Gives each unit the code of its parent; a unit without one is taken out."""
    above: dict[int, str] = {}
    for unit in list(units.values()):
        depth = level(unit.code)
        if depth:
            unit.parent = _parent(unit.code, units, above)
            if not unit.parent:
                del units[unit.code]
                sentence = f"The unit one level up, {unit.code[:-1]}, is missing."
                bad_rows.append(unit.place.bad("code", unit.code, sentence))
            elif unit.parent != unit.code[:-1]:
                sentence = f"By its place in the list it is part of {unit.parent}, not of {unit.code[:-1]}."
                remarks.append(Remark(edition, unit.code, sentence))
        above[depth] = unit.code


def _parent(code: str, units: Units, above: dict[int, str]) -> str:
    """The code of the unit of which `code` is part, "" when there is none.

    above: level -> the last unit of that level in the list, which is in the order of the parts. UKN10 to
    UKN16 of 2016 are in UKN0, not in UKN1: the digits had run out.
    """
    if code[:-1] in units:
        return code[:-1]
    last = above.get(level(code) - 1, "")
    return last if last in units and len(last) > 2 and last[:-1] == code[:-2] else ""

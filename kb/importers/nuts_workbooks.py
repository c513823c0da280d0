"""Reads the Eurostat workbooks of NUTS, each with the change from one edition to the next.

A workbook (.xlsx, or .xls of Excel 97) has several of these sheets; a sheet is known by its header row (one
of the first three), a column by its name, whatever the order:

| sheet | columns that are read |
|---|---|
| changes | `Code <old year>`, `Code <new year>`, the name, the level, `Change` or `Change comments` |
| list of the new edition | `Code <new year>` or `NUTS Code` or `SR Code`, the name, the level |
| explanations | both codes, `Label`, `Change`, `Explanation (new = old)` |
| transliteration | `Code`, `Label`, `Transliteration to Latin` |
| overview | `Country`, `NUTS 1`, `NUTS 2`, `NUTS 3` |

The name stands in `Country` or in `NUTS level 1` to `3` (`Statistical Regions level 1` to `3`), depending on
the level, or in `NUTS label` (`SR label`); the level in `level`, `NUTS level` or `SR level`.
Traps that are met here: blanks that do not break and blanks around names; an old code with "(part)"; rows of
statistical regions (countries outside the EU) below a banner in the same sheet; explanations that count for
the rows below too; Greek or Cyrillic names with a Latin letter that looks the same.
Source: https://ec.europa.eu/eurostat/web/nuts/history
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import openpyxl
import xlrd  # type: ignore[import-untyped]
from openpyxl.utils.exceptions import InvalidFileException

from kb.errors import NotUnderstood
from kb.imported import BadRow
from kb.importers.nuts_model import (
    EDITIONS,
    Explanation,
    Listed,
    Pair,
    Place,
    Workbook,
    is_code,
    level,
)
from kb.importers.nuts_names import tidy

Rows = list[list[str]]

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"

_EDITIONS: Final = ", ".join(EDITIONS)

_COLUMNS: Final = {
    "country": r"country",
    "name1": r"(nuts|.*regions) level 1\b.*",
    "name2": r"(nuts|.*regions) level 2\b.*",
    "name3": r"(nuts|.*regions) level 3\b.*",
    "level": r"(nuts |sr )?level",
    "label": r"(nuts |sr )?label",
    "code": r"((nuts|sr) )?code",
    "change": r"change( comments)?",
    "explanation": r"explanation.*",
    "latin": r"transliteration to latin",
    "nuts1": r"nuts 1",
    "nuts3": r"nuts 3",
}
"""What a column holds -> the form of its name, in small letters."""


def is_workbook(path: Path) -> bool:
    """Whether the file at `path` is an Excel file, by its first bytes.

    Raises `NotUnderstood` when it cannot be read.
    """
    try:
        with path.open("rb") as raw:
            return raw.read(4) in (_ZIP, _OLE)
    except OSError as error:
        raise NotUnderstood(f"{path.name} cannot be read: {error.strerror}.") from error


def read_workbook(path: Path, bad_rows: list[BadRow]) -> Workbook:
    """The workbook at `path`.

    bad_rows: gets the rows with a code of an unknown form, a level that is not that of the code, or no name.
    Raises `NotUnderstood` when it is broken, has no sheet with the codes of two editions, or is about others.
    """
    tables = [_Table(path.name, name, rows) for name, rows in _sheets(path)]
    changes = [table for table in tables if table.kind == "changes"]
    if not changes:
        raise NotUnderstood(f"{path.name} has no sheet with the NUTS codes of two editions side by side.")
    old, new = changes[0].years
    if new not in EDITIONS:
        raise NotUnderstood(f"{path.name} is about NUTS {new}; the editions known here are {_EDITIONS}.")
    book = Workbook(old, new)
    for table in tables:
        if table.years in ((), (new,), (old, new)):
            _read_sheet(table, book, bad_rows)
    return book


class _Table:
    """A sheet: what kind it is, its years, and its rows below the header.

    A header may take two rows, "NUTS" above "level": the row that names more columns counts.
    """

    def __init__(self, file: str, name: str, rows: Rows) -> None:
        self.file, self.name, self.rows = file, name, rows
        self.columns: dict[str, int] = {}
        self.start = 0
        for number, row in enumerate(rows[:3]):
            columns = _columns(row)
            if len(columns) > len(self.columns):
                self.columns, self.start = columns, number + 1
        self.years = tuple(sorted(name for name in self.columns if name.isdigit()))
        self.kind = self._kind()
        self._code_columns = {self.columns[name] for name in (*self.years, "code") if name in self.columns}

    def _kind(self) -> str:
        has = self.columns.keys()
        if len(self.years) == 2:
            return "explanations" if "label" in has else "changes"
        if "latin" in has and "code" in has:
            return "latin"
        if {"country", "nuts1", "nuts3"} <= has:
            return "overview"
        return "list" if self.years or {"code", "label"} <= has else ""

    def records(self) -> Iterator[tuple[Place, bool, dict[str, str]]]:
        """The rows: (place, whether of a country outside the EU, what a column holds -> text)."""
        statistical = self.name.lower().startswith(("sr", "statistical"))
        for number, row in enumerate(self.rows[self.start :], self.start + 1):
            if any(cell.lower().startswith("statistical regions (") for cell in row):
                statistical = True
            if any(len(cell.split()) > 2 for at, cell in enumerate(row) if at in self._code_columns):
                continue  # A note or a banner, not a unit.
            record = {name: row[at] if at < len(row) else "" for name, at in self.columns.items()}
            yield Place(self.file, f"sheet {self.name}, row {number}"), statistical, record


def _columns(row: list[str]) -> dict[str, int]:
    """What a column holds -> where it stands; the year for a column of codes of an edition."""
    found: dict[str, int] = {}
    for at, cell in enumerate(row):
        text = cell.lower()
        year = re.fullmatch(r"code (\d{4})", text)
        name = year[1] if year else next((n for n, form in _COLUMNS.items() if re.fullmatch(form, text)), "")
        if name:
            found.setdefault(name, at)
    return found


def _sheets(path: Path) -> Iterator[tuple[str, Rows]]:
    """The sheets of a workbook: (name, rows of tidy text)."""
    try:
        with path.open("rb") as raw:
            modern = raw.read(4) == _ZIP
        if modern:
            with closing(openpyxl.load_workbook(path, read_only=True, data_only=True)) as book:
                for sheet in book.worksheets:
                    rows = sheet.iter_rows(values_only=True)
                    yield sheet.title, [[_text(cell) for cell in row] for row in rows]
        else:
            for page in xlrd.open_workbook(path).sheets():
                yield page.name, [[_text(cell) for cell in page.row_values(n)] for n in range(page.nrows)]
    except (zipfile.BadZipFile, InvalidFileException, KeyError, xlrd.XLRDError) as error:
        raise NotUnderstood(f"{path.name} is not an Excel workbook that can be read.") from error


def _text(cell: object) -> str:
    """A cell as text: whole numbers without a point, blanks tidied."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else tidy(str(cell))


def _name(record: dict[str, str]) -> str:
    """The name in a row, in whichever column it stands."""
    return next((record[n] for n in ("label", "country", "name1", "name2", "name3") if record.get(n)), "")


def _check_name(record: dict[str, str], place: Place, bad_rows: list[BadRow]) -> None:
    """Empties the name in a row when it has no letter; another column or edition has to tell it."""
    name = _name(record)
    if name and not any(letter.isalpha() for letter in name):
        bad_rows.append(place.bad("name", name, "This is no name."))
        record.update({column: "" for column, text in record.items() if text == name})


def _good(code: str, column: str, record: dict[str, str], place: Place, bad_rows: list[BadRow]) -> bool:
    """Whether the code in a row can be used; if not, the row goes to `bad_rows`."""
    if not is_code(code):
        bad_rows.append(place.bad(column, code, "This is not a NUTS code."))
        return False
    said = record.get("level", "")
    if said and said != str(level(code)):
        bad_rows.append(place.bad("level", said, f"The level of {code} is {level(code)}, by its length."))
        return False
    return True


def _read_sheet(table: _Table, book: Workbook, bad_rows: list[BadRow]) -> None:
    match table.kind:
        case "changes":
            _read_changes(table, book, bad_rows)
        case "list":
            _read_list(table, book, bad_rows)
        case "latin":
            _read_latin(table, book, bad_rows)
        case "explanations":
            _read_explanations(table, book)
        case "overview":
            _read_overview(table, book)


def _read_changes(table: _Table, book: Workbook, bad_rows: list[BadRow]) -> None:
    for place, statistical, record in table.records():
        _check_name(record, place, bad_rows)
        # An edition that is not imported, 2006, has codes of its own, such as GR for Greece.
        old = record[book.old] if book.old in EDITIONS else ""
        new = "" if "(part)" in record[book.new] else record[book.new]
        given = [(code, f"Code {year}") for code, year in ((old, book.old), (new, book.new)) if code]
        if given and all(_good(code, column, record, place, bad_rows) for code, column in given):
            book.pairs.append(Pair(old, new, _name(record), record.get("change", ""), statistical, place))


def _read_list(table: _Table, book: Workbook, bad_rows: list[BadRow]) -> None:
    column = book.new if table.years else "code"
    for place, statistical, record in table.records():
        code = record[column]
        _check_name(record, place, bad_rows)
        if code and _good(code, "Code", record, place, bad_rows):
            book.listed.append(Listed(code, _name(record), statistical, place))


def _read_explanations(table: _Table, book: Workbook) -> None:
    prose = country = ""
    for place, _, record in table.records():
        old, new = record[book.old], record[book.new]
        if not (old or new):
            continue
        # A text stands at the first of the rows it explains; the rows below have none.
        if record.get("change") or (old or new)[:2] != country:
            prose = record.get("change", "")
        country = (old or new)[:2]
        book.explanations.append(Explanation(old, new, prose, record.get("explanation", ""), place))


def _read_latin(table: _Table, book: Workbook, bad_rows: list[BadRow]) -> None:
    for place, _, record in table.records():
        if record["code"] and _good(record["code"], "Code", record, place, bad_rows):
            book.latin[record["code"]] = record["latin"]


def _read_overview(table: _Table, book: Workbook) -> None:
    for _, _, record in table.records():
        if record["country"] and record["nuts1"] not in ("", "-"):
            book.overview[record["country"]] = record["nuts1"]

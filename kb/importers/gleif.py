"""Organisations with a Legal Entity Identifier (LEI), from the register of GLEIF.

Any number of files, each in one of two forms; `.gz` and `.zip` are unpacked while they are read.

1. The official Golden Copy of the LEI records (level 1): separated by commas, UTF-8, cells in double quotes,
   one line of column names, one row a legal entity. Of its some three hundred columns we read:

| column | what |
|---|---|
| `LEI` | twenty characters, the last two of which check the others |
| `Entity.LegalName` | the name in the register of its country |
| `Entity.LegalName.xmllang` | the language of the name; may be empty |
| `Entity.LegalAddress.Country` | ISO 3166-1 alpha-2 |
| `Entity.EntityCategory` | `GENERAL`, `BRANCH`, `FUND`, `SOLE_PROPRIETOR` and others |
| `Registration.RegistrationStatus` | `ISSUED`, `LAPSED`, `RETIRED`, `ANNULLED`, `DUPLICATE` and others |

2. A table: tab-separated, UTF-8, cells in double quotes where needed, one line of column names:

| column | what |
|---|---|
| `lei` `legal_name` `country` `entity_category` | the first, second, fourth and fifth of the above |

Left out, and counted in the report: sole proprietors, for they are natural persons; and records that the
register has annulled or marked as duplicates. Source and licence: GLEIF, CC0.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from rdflib import Dataset, Literal
from stdnum import lei

from kb.errors import NotUnderstood
from kb.imported import BadRow, Imported, Progress
from kb.importers.country_codes import country_codes
from kb.importers.files import start_of
from kb.importers.registers import Entry, collected, in_batches
from kb.importers.tables import read_rows

_INSIDE: Final = (".csv", ".tsv", ".txt")
_OFFICIAL: Final = {
    "LEI": "lei",
    "Entity.LegalName": "legal_name",
    "Entity.LegalName.xmllang": "language",
    "Entity.LegalAddress.Country": "country",
    "Entity.EntityCategory": "entity_category",
    "Registration.RegistrationStatus": "status",
}
_EXTRACT: Final = {name: name for name in ("lei", "legal_name", "country", "entity_category")}
_NOT_IMPORTED: Final = {
    "SOLE_PROPRIETOR": "a natural person",
    "ANNULLED": "annulled",
    "DUPLICATE": "a duplicate",
}


def read(files: Sequence[Path], progress: Progress) -> Imported:
    """Reads all records into memory; quads in source/gleif. See `parts` for the report and the errors."""
    imported = Imported(Dataset())
    return collected(imported, parts(files, progress, imported))


def parts(files: Sequence[Path], progress: Progress, imported: Imported) -> Iterator[Dataset]:
    """The quads of all records that are not left out, a thousand records at a time.

    imported: gets the bad rows, and at the end a report `gleif-left-out`: how many records were left out and
    why. Raises `NotUnderstood` when there is no file, or one that is of neither form.
    """
    if not files:
        raise NotUnderstood("LEI records are read from one file at least.")
    left_out: Counter[str] = Counter()
    yield from in_batches(_entries(files, progress, imported.bad_rows, left_out), "source/gleif")
    imported.reports["gleif-left-out"] = [
        {"reason": reason, "records": str(left_out[reason])} for reason in _NOT_IMPORTED.values()
    ]


def _entries(
    files: Sequence[Path], progress: Progress, bad_rows: list[BadRow], left_out: Counter[str]
) -> Iterator[Entry]:
    for path in files:
        for place, row in _rows(path, progress, bad_rows):
            reason = _NOT_IMPORTED.get(row["entity_category"]) or _NOT_IMPORTED.get(row.get("status", ""))
            problem = _problem(row)
            if reason:
                left_out[reason] += 1
            elif problem:
                column, sentence = problem
                bad_rows.append(BadRow(path.name, place, column, row[column], sentence))
            else:
                yield Entry(
                    scheme="lei",
                    identifier=row["lei"],
                    country=country_codes()[row["country"]],
                    names=(Literal(row["legal_name"], lang=_language(row.get("language", ""))),),
                )


def _rows(path: Path, progress: Progress, bad_rows: list[BadRow]) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a file of either form, under the column names of the second."""
    official = start_of(path, _INSIDE).lstrip(b'"').startswith(b"LEI")
    columns, delimiter = (_OFFICIAL, ",") if official else (_EXTRACT, "\t")
    for place, row in read_rows(
        path, tuple(columns), bad_rows=bad_rows, progress=progress, delimiter=delimiter
    ):
        yield place, {columns[name]: text for name, text in row.items()}


def _problem(row: dict[str, str]) -> tuple[str, str] | None:
    """The column and the sentence of what is wrong with a row, if anything is."""
    if not re.fullmatch(r"[A-Z0-9]{18}[0-9]{2}", row["lei"]) or not lei.is_valid(row["lei"]):
        return "lei", "This is no LEI: a character or a check digit is wrong."
    if not row["legal_name"]:
        return "legal_name", "The name is missing."
    if row["country"] not in country_codes():
        return "country", "This is not the ISO code of a country that we know."
    return None


def _language(tag: str) -> str:
    """The language of a tag such as de-DE, `und` when there is none."""
    language = tag.partition("-")[0].lower()
    return language if re.fullmatch("[a-z]{2,3}", language) else "und"

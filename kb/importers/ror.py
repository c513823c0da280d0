"""Organisations of the Research Organization Registry (ROR).

Any number of files, each in one of two forms; `.gz` and `.zip` are unpacked while they are read.

1. The official dump in schema version 2.0 or 2.1: a JSON array of records, or the zip that holds it (its name
   ends in `_schema_v2.json` where the zip has version 1 too). Documented at
   https://ror.readme.io/docs/ror-data-structure. We read:

| field | what |
|---|---|
| `id` | `https://ror.org/` and nine characters, the last two of which check the others |
| `status` | `active`, `inactive` or `withdrawn` |
| `names` | `value`, `lang` (may be null) and `types`; the name of type `ror_display` is the label |
| `locations` | `geonames_details` of the first: `country_code` (ISO 3166-1 alpha-2), `name` (the place) |
| `links` | `value` of the one whose `type` is `website` |
| `external_ids` | `preferred`, else the first of `all`, of the one whose `type` is `wikidata` |

2. A table: tab-separated, UTF-8, without quotes, one line of column names, one row a record:

| column | what |
|---|---|
| `ror_id` `status` `country` | as above |
| `name` | the label, in a language that is not told |
| `city` | the place |
| `website` `wikidata` | as above; may be empty |
| `other_names` | all other names, with ` | ` between them |

A record that is withdrawn is left out and counted in the report; an inactive one is not: the organisation has
ceased, but what was said about it stays true. Source and licence: ROR, CC0.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rdflib import Dataset, Literal
from stdnum.iso7064 import mod_97_10

from kb.errors import NotUnderstood
from kb.imported import BadRow, Imported, Progress
from kb.importers.country_codes import country_codes
from kb.importers.files import start_of
from kb.importers.json_records import read_records
from kb.importers.registers import Entry, collected, in_batches
from kb.importers.tables import read_rows

ADDRESS: Final = "https://ror.org/"
WIKIDATA_ENTITY: Final = "http://www.wikidata.org/entity/"

_INSIDE: Final = ("_schema_v2.json", ".json", ".tsv")
_COLUMNS: Final = ("ror_id", "name", "country", "city", "status", "website", "wikidata", "other_names")
_STATUSES: Final = frozenset({"active", "inactive", "withdrawn"})
_CHARACTERS: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32
_WEB_ADDRESS: Final = re.compile(r'https?://[^\s<>"{}|\\^`]+')
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")


@dataclass(frozen=True, slots=True)
class Name:
    """A name and its language tag, `und` when the source does not tell it."""

    text: str
    language: str = "und"


@dataclass(frozen=True, slots=True)
class Record:
    """What we read of a record. identifier: the nine characters. wikidata, website: may be empty."""

    identifier: str
    names: tuple[Name, ...]
    country: str
    city: str
    status: str
    website: str
    wikidata: str


class _Unusable(Exception):
    """A record that cannot be used: the column, its value, and why, in a sentence."""


def is_ror(identifier: str) -> bool:
    """Whether `identifier`, nine characters, is a ROR identifier with right check digits.

    The check digits are those of ISO/IEC 7064, MOD 97-10, over the number that the first seven characters
    write in Crockford's base 32. Source: https://ror.readme.io/docs/identifier

    >>> is_ror("02mhbdp94"), is_ror("02mhbdp95")
    (True, False)
    """
    if not re.fullmatch(f"0[{_CHARACTERS}]{{6}}[0-9]{{2}}", identifier):
        return False
    number = 0
    for character in identifier[:7]:
        number = number * 32 + _CHARACTERS.index(character)
    return bool(mod_97_10.is_valid(f"{number}{identifier[7:]}"))


def read(files: Sequence[Path], progress: Progress) -> Imported:
    """Reads all records into memory; quads in source/ror. See `parts` for the report and the errors."""
    imported = Imported(Dataset())
    return collected(imported, parts(files, progress, imported))


def parts(files: Sequence[Path], progress: Progress, imported: Imported) -> Iterator[Dataset]:
    """The quads of all records that are not withdrawn, a thousand records at a time.

    imported: gets the bad rows, and at the end a report `ror-records`: how many records there were of each
    status. Raises `NotUnderstood` when there is no file, or one that is of neither form.
    """
    if not files:
        raise NotUnderstood("ROR is read from one file at least.")
    counts: Counter[str] = Counter()
    yield from in_batches(_entries(files, progress, imported.bad_rows, counts), "source/ror")
    imported.reports["ror-records"] = [
        {
            "status": status,
            "records": str(counts[status]),
            "imported": "no" if status == "withdrawn" else "yes",
        }
        for status in sorted(_STATUSES)
    ]


def _entries(
    files: Sequence[Path], progress: Progress, bad_rows: list[BadRow], counts: Counter[str]
) -> Iterator[Entry]:
    for path in files:
        for record in records(path, progress, bad_rows):
            counts[record.status] += 1
            if record.status != "withdrawn":
                same_as = [ADDRESS + record.identifier]
                if record.wikidata:
                    same_as.append(WIKIDATA_ENTITY + record.wikidata)
                yield Entry(
                    scheme="ror",
                    identifier=record.identifier,
                    country=country_codes()[record.country],
                    names=tuple(Literal(name.text, lang=name.language) for name in record.names),
                    homepage=record.website,
                    same_as=tuple(same_as),
                )


def records(path: Path, progress: Progress, bad_rows: list[BadRow]) -> Iterator[Record]:
    """The usable records of one file, whatever their status, one at a time.

    bad_rows: gets those that cannot be used. Raises `NotUnderstood` when the file is of neither form.
    """
    is_json = start_of(path, _INSIDE).startswith(b"[")
    rows = (
        read_records(path, _INSIDE, progress)
        if is_json
        else read_rows(path, _COLUMNS, bad_rows=bad_rows, progress=progress, quoted=False)
    )
    seen: set[str] = set()
    for place, fields in rows:
        try:
            record = _from_json(fields, path) if is_json else _from_row(fields)
            _check(record, seen, "id" if is_json else "ror_id")
        except _Unusable as unusable:
            column, value, sentence = unusable.args
            bad_rows.append(BadRow(path.name, place, column, value, sentence))
        else:
            seen.add(record.identifier)
            yield record


def _from_row(row: dict[str, str]) -> Record:
    names = [row["name"], *row["other_names"].split(" | ")]
    return Record(
        identifier=row["ror_id"].removeprefix(ADDRESS),
        names=_distinct([Name(_one_line(name)) for name in names]),
        country=row["country"],
        city=row["city"],
        status=row["status"],
        website=row["website"],
        wikidata=row["wikidata"],
    )


def _from_json(fields: dict[str, Any], path: Path) -> Record:
    """Raises `_Unusable` when `fields` are not those of version 2, `NotUnderstood` when of version 1."""
    if "name" in fields and "names" not in fields:
        raise NotUnderstood(f"{path.name} is in version 1 of the ROR schema; take the file in version 2.")
    try:
        place = fields["locations"][0]["geonames_details"]
        named = sorted(fields["names"], key=lambda name: ("ror_display" not in name["types"], name["value"]))
        return Record(
            identifier=fields["id"].removeprefix(ADDRESS),
            names=_distinct([Name(_one_line(name["value"]), _language(name["lang"])) for name in named]),
            country=place["country_code"],
            city=place["name"],
            status=fields["status"],
            website=next((link["value"] for link in fields["links"] if link["type"] == "website"), ""),
            wikidata=next(
                (
                    known["preferred"] or known["all"][0]
                    for known in fields["external_ids"]
                    if known["type"] == "wikidata"
                ),
                "",
            ),
        )
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        sentence = "The record does not have the fields of version 2 of the schema."
        raise _Unusable("id", str(fields.get("id", ""))[:200], sentence) from error


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _language(tag: str | None) -> str:
    return tag if tag and _LANGUAGE.fullmatch(tag) else "und"


def _distinct(names: list[Name]) -> tuple[Name, ...]:
    """`names` without those that are empty or repeat an earlier one."""
    return tuple(name for name in dict.fromkeys(names) if name.text)


def _check(record: Record, seen: set[str], column: str) -> None:
    """Raises `_Unusable` for what is wrong with a record, if anything is. column: of the identifier."""
    if not is_ror(record.identifier):
        raise _Unusable(
            column, record.identifier, "This is no ROR identifier: a character or a check digit is wrong."
        )
    if record.identifier in seen:
        raise _Unusable(column, record.identifier, "An earlier record of the file has this identifier.")
    if not record.names:
        raise _Unusable("name", "", "The name is missing.")
    if record.status not in _STATUSES:
        raise _Unusable("status", record.status, "A status is active, inactive or withdrawn.")
    if record.country not in country_codes():
        raise _Unusable("country", record.country, "This is not the ISO code of a country that we know.")
    if record.website and not _WEB_ADDRESS.fullmatch(record.website):
        raise _Unusable("website", record.website, "This is no address of a web page.")
    if record.wikidata and not re.fullmatch(r"Q[1-9]\d*", record.wikidata):
        raise _Unusable("wikidata", record.wikidata, "This is no item of Wikidata.")

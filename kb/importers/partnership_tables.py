"""The tables that the importer `partnerships` reads, each known by its columns, whatever its file is called.

All are tab-separated, UTF-8, with one line of column names. "|" between blanks separates several values.

What the sources say, one table each (`sources`, `source`: the addresses of the pages that say so):

| table | columns |
|---|---|
| s3-partnerships | `id`; `name`; `platform`: Energy, Industrial Modernisation or Agri-Food; `established`: year, month or day, remarks in brackets; `regions_stated`: size as the source words it; `region_list_status`: how much of the list the sources show; `sources` |
| s3-regions | `partnership_id`; `role`; `region_as_written`; `country_as_written`: NUTS country code or empty; `source` |
| s3-organisations | `partnership_id`; `role`; `organisation_as_written`; `country_as_written`; `region_as_written`; `source` |
| cluster-partnerships | `id`; `acronym`; `title`; `strand`: what kind of partnership, remarks in brackets; `call`: its identifier, remarks in brackets; `grant_agreement`: its number; `start`: date, with what it is in brackets when it is not the start; `end_or_duration`: date or words; `eu_grant_eur`; `total_budget_eur`; `theme`; `linked_s3_partnership`: an `id` of s3-partnerships; `link_basis`: whether that link is stated or a reading; `sources`; `partner_list_status` |
| cluster-members | `partnership_id`: an `id` of cluster-partnerships, or "joint:" and acronyms with "+" between them where the source does not say of which one; `role`; `organisation_as_written`; `country`: NUTS country code or empty; `region_as_written`; `country_basis`: whether country and region are stated or a reading; `source` |
| initiatives | `id`; `name`; `kind`; `since`: date, remarks in brackets, or the number of a service contract; `operator`; `sources` |
| calls | `call`: its identifier; `title`; `programme`: COSME or Single Market Programme; `opening`, `deadline`: dates; `budget_eur`, `max_grant_eur`; `cofinancing_percent`; `note`; `sources` |

What people have decided about them, to be reviewed:

| table | columns |
|---|---|
| gazetteer | see `kb.importers.region_names` |
| organisations | `name_as_written`; `organisation`: its name, the same for all its spellings, from which its IRI is made; `language` of that name (und: the name belongs to no language); `kind`: empty, or one of `kb.importers.partnership_members.KINDS`; `kind_basis`: stated or inferred; `cluster`: a cluster that it stands for; `country_doubt`: why the country that the source gives is not taken over; `reason` for these decisions |
| themes | `theme_as_written`; `areas`: codes of the scheme thematic-area; `reason` |
"""  # noqa: E501 - a table row is one line

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kb.errors import NotUnderstood
from kb.imported import BadRow, Progress
from kb.importers.tables import read_rows

_COLUMNS: Final = """
s3-partnerships: id name platform established regions_stated region_list_status sources
s3-regions: partnership_id role region_as_written country_as_written source
s3-organisations: partnership_id role organisation_as_written country_as_written region_as_written source
cluster-partnerships: id acronym title strand call grant_agreement start end_or_duration eu_grant_eur \
  total_budget_eur theme linked_s3_partnership link_basis sources partner_list_status
cluster-members: partnership_id role organisation_as_written country region_as_written country_basis source
initiatives: id name kind since operator sources
calls: call title programme opening deadline budget_eur max_grant_eur cofinancing_percent note sources
gazetteer: name_as_written country region level language region_language reason
organisations: name_as_written organisation language kind kind_basis cluster country_doubt reason
themes: theme_as_written areas reason
"""
TABLES: Final = {
    table: tuple(columns.split())
    for table, columns in (line.split(":") for line in _COLUMNS.strip().splitlines())
}
"""Table -> its columns."""


@dataclass(frozen=True)
class Row:
    """One row: the name of its file, where in it, and its cells by column."""

    file: str
    place: str
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def bad(self, column: str, sentence: str) -> BadRow:
        """The report that this row's `column` is wrong."""
        return BadRow(self.file, self.place, column, self.cells[column], sentence)

    def wrong(self, column: str, why: str) -> NotUnderstood:
        """The error that a reviewed table cannot be used because of this row's `column`."""
        return NotUnderstood(f"{self.file}, {self.place}, column {column}, {self.cells[column]!r}: {why}.")

    def language(self, column: str, default: str = "") -> str:
        """The language tag in `column`, or `default` when it is empty. Raises `NotUnderstood`."""
        tag = self.cells[column] or default
        if not re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", tag):
            raise self.wrong(column, "this is not a language tag such as en, or und for no language")
        return tag


def read_tables(files: Sequence[Path], bad_rows: list[BadRow], progress: Progress) -> dict[str, list[Row]]:
    """Table -> its rows, for all of `TABLES`.

    bad_rows: gets the rows with too many or too few cells. Raises `NotUnderstood` when a file is none of
    the tables, when two are the same table, and when a table is missing.
    """
    tables: dict[str, list[Row]] = {}
    for path in files:
        table = _recognised(path)
        if table in tables:
            raise NotUnderstood(f"{path.name} is a second table {table}; give one.")
        rows = read_rows(path, TABLES[table], bad_rows=bad_rows, progress=progress, quoted=False)
        tables[table] = [Row(path.name, place, cells) for place, cells in rows]
    missing = [table for table in TABLES if table not in tables]
    if missing:
        raise NotUnderstood(f"No file holds the table {', nor the table '.join(missing)}.")
    return tables


def _recognised(path: Path) -> str:
    """The table whose columns the first line of `path` names, in any order."""
    try:
        with path.open(encoding="utf-8-sig") as text:
            header = {name.strip() for name in text.readline(10_000).split("\t")}
    except OSError as error:
        raise NotUnderstood(f"{path.name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise NotUnderstood(f"{path.name} is not a text file in UTF-8.") from error
    for table, columns in TABLES.items():
        if header == set(columns):
            return table
    raise NotUnderstood(f"{path.name} is none of the tables {', '.join(TABLES)}: its columns are others.")

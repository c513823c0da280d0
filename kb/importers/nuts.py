"""NUTS, the regions of Europe: codes, names, parents and successions of the editions 2010 to 2024.

Files, in any order; each is known by its content:

1. Eurostat workbooks, one for each step from an edition to the next (see `kb.importers.nuts_workbooks`). At
   least one is needed; of the workbook from 2006 to 2010 the side of 2010 is read.
2. Tables of attributes of GISCO, comma-separated, the year of the edition in the name of the file. They give
   the names of countries, and names in Latin letters:

| column | what |
|---|---|
| `nuts_id` (or `NUTS_ID`) | the code |
| `name_latin` (or `NAME_LATN`) | the name in Latin letters |
| `name_national` (or `NUTS_NAME`) | the name in the letters of the country |

3. The crosswalk of the NUTS converter of the Joint Research Centre, comma-separated, one row for two units of
   two editions that overlap:

| column | what |
|---|---|
| `from_code`, `from_version` | a unit and its edition |
| `to_code`, `to_version` | another unit of the same level and its edition |
| `pop21` | people who live in both, in persons, by the grid of the 2021 census (2011 where there is none) |

4. Names from Who's On First, tab-separated, of units of NUTS 2021 (see `kb.importers.nuts_english`):

| column | what |
|---|---|
| `wof_id` | number of the record |
| `nuts2021` | the code |
| `lang` | language, ISO 639-3 |
| `kind` | `preferred` or another; the others are passed over |
| `name` | the name |

Sources: https://ec.europa.eu/eurostat/web/nuts/history, https://ec.europa.eu/eurostat/web/gisco,
https://urban.jrc.ec.europa.eu/tools/nuts-converter, https://whosonfirst.org
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

from rdflib import Dataset

from kb.errors import NotUnderstood
from kb.imported import BadRow, Imported, Progress
from kb.importers.files import opened
from kb.importers.nuts_editions import Names, units_of_editions, without_extra_regio
from kb.importers.nuts_english import Named, english_names
from kb.importers.nuts_lineage import Revivals, Spelling, fill_labels, places
from kb.importers.nuts_model import EDITIONS, Flows, Place, Remark, Step, Units, Workbook, level
from kb.importers.nuts_names import tidy
from kb.importers.nuts_quads import (
    add_concept,
    add_editions,
    add_english_name,
    add_region,
    add_step,
    add_version,
)
from kb.importers.nuts_reports import change_rows, english_rows, extra_remarks, remark_rows
from kb.importers.nuts_rows import Rows
from kb.importers.nuts_steps import step_with_table, step_without_table
from kb.importers.nuts_workbooks import is_workbook, read_workbook
from kb.importers.tables import read_rows
from kb.terms import GRAPH

_NAMES: Final = (("nuts_id", "name_latin", "name_national"), ("NUTS_ID", "NAME_LATN", "NUTS_NAME"))
_FLOWS: Final = ("from_code", "to_code", "from_version", "to_version", "pop21")
_ENGLISH: Final = ("wof_id", "nuts2021", "lang", "kind", "name")
_EDITION_OF_ENGLISH: Final = "2021"


@dataclass
class _Sources:
    """What the files say. flows: (edition, next edition) -> the flows between their units."""

    books: list[Workbook] = field(default_factory=list)
    names: Names = field(default_factory=dict)
    flows: dict[tuple[str, str], Flows] = field(default_factory=dict)
    named: list[Named] = field(default_factory=list)


def read(files: Sequence[Path], progress: Progress) -> Imported:
    """Reads the files; quads in source/nuts, reports `changes`, `unresolved` and `english-names`.

    `changes`: every change with its types and basis. `unresolved`: what a person may want to look at.
    `english-names`: the English names of Who's On First, with the reason where one is not used.
    Raises `NotUnderstood` for a file of another form, two workbooks of one edition, and without a workbook.
    """
    imported = Imported(Dataset())
    sources = _Sources()
    for number, path in enumerate(files):
        if is_workbook(path):
            sources.books.append(read_workbook(path, imported.bad_rows))
            progress(number + 1, len(files), path.name)
        else:
            _read_table(path, sources, imported.bad_rows, progress)
    if not sources.books:
        raise NotUnderstood("NUTS is read from at least one Eurostat workbook; none was given.")
    years = [book.new for book in sources.books]
    if len(set(years)) < len(years):
        raise NotUnderstood("Two of the workbooks have the same newer edition; give one for each step.")
    _build(imported, sources)
    imported.bad_rows = _in_file_order(imported.bad_rows, [path.name for path in files])
    return imported


def _in_file_order(bad_rows: list[BadRow], files: list[str]) -> list[BadRow]:
    """The rows as they stand in the files, each with the first thing that is wrong in a column."""

    def position(row: BadRow) -> tuple[int, str, int]:
        place, _, number = row.place.rpartition(" ")
        return files.index(row.file), place, int(number)

    first: dict[tuple[str, str, str], BadRow] = {}
    for row in bad_rows:
        first.setdefault((row.file, row.place, row.column), row)
    return sorted(first.values(), key=position)


def _read_table(path: Path, sources: _Sources, bad_rows: list[BadRow], progress: Progress) -> None:
    """Reads a table that is no workbook; which one it is, the header says."""
    with opened(path, (".csv", ".tsv"), progress) as raw:
        header = raw.readline(1 << 16).decode("utf-8-sig", "replace")
    columns = {column.strip() for column in re.split("[,\t]", header)}
    of_names = next((named for named in _NAMES if columns >= set(named)), None)
    if of_names:
        _read_names(path, of_names, sources, bad_rows, progress)
    elif columns >= set(_FLOWS):
        _read_flows(path, sources, bad_rows, progress)
    elif columns >= set(_ENGLISH):
        for _, row in read_rows(path, _ENGLISH, bad_rows=bad_rows, progress=progress, quoted=False):
            if row["kind"] == "preferred":
                sources.named.append(Named(row["nuts2021"], row["wof_id"], row["lang"], tidy(row["name"])))
    else:
        raise NotUnderstood(
            f"{path.name} is no Eurostat workbook of NUTS, no table of names of its units and no crosswalk."
        )


def _read_names(
    path: Path, columns: tuple[str, str, str], sources: _Sources, bad_rows: list[BadRow], progress: Progress
) -> None:
    """columns: how this file calls the code, the name in Latin letters and the national name."""
    year = re.search(r"(?<!\d)(20\d\d)(?!\d)", path.name)
    if not year or year[1] not in EDITIONS:
        raise NotUnderstood(f"{path.name} has names of units; its own name must have the year of an edition.")
    names = sources.names.setdefault(year[1], {})
    for _, row in read_rows(path, columns, bad_rows=bad_rows, progress=progress, delimiter=","):
        # An asterisk, as in "Kosovo*", refers to a footnote.
        code, latin, national = (tidy(row[name].rstrip("* ")) for name in columns)
        names[code] = (national, latin)


def _read_flows(path: Path, sources: _Sources, bad_rows: list[BadRow], progress: Progress) -> None:
    steps = set(pairwise(EDITIONS))
    for where, row in read_rows(path, _FLOWS, bad_rows=bad_rows, progress=progress, delimiter=","):
        step = (row["from_version"], row["to_version"])
        if step not in steps:
            continue
        if not re.fullmatch(r"\d*(\.\d+)?(e[+-]\d+)?", row["pop21"]):
            sentence = "This is not a number of people."
            bad_rows.append(Place(path.name, where).bad("pop21", row["pop21"], sentence))
            continue
        flows = sources.flows.setdefault(step, {}).setdefault(row["from_code"], {})
        flows[row["to_code"]] = float(row["pop21"] or 0)


def _build(imported: Imported, sources: _Sources) -> None:
    """Works out editions, steps and places, and says them in quads and reports."""
    remarks: list[Remark] = []
    editions = units_of_editions(sources.books, sources.names, imported.bad_rows, remarks)
    regional = {edition: without_extra_regio(units) for edition, units in editions.items()}
    steps, revived = _steps(regional, sources, imported.bad_rows)
    for edition, code in fill_labels(regional, steps):
        sentence = "Its name in this edition is not told; it has that of the edition before, or of the next."
        remarks.append(Remark(edition, code, sentence))
    _say(imported, editions, regional, steps, revived, sources)
    for step in steps:
        remarks += step.remarks
    for (old, _), flows in sources.flows.items():
        if old in regional:
            remarks += extra_remarks(old, regional[old], set(flows))
    imported.reports["changes"] = [row for step in steps for row in change_rows(step, regional)]
    imported.reports["unresolved"] = remark_rows(remarks, regional)


def _steps(
    regional: dict[str, Units], sources: _Sources, bad_rows: list[BadRow]
) -> tuple[list[Step], Revivals]:
    """The steps between the editions, from the oldest on, and the revivals that the workbooks state."""
    known = {code for units in regional.values() for code in units}
    books = {(book.old, book.new): book for book in sources.books}
    steps: list[Step] = []
    revived: Revivals = {}
    for old, new in pairwise(regional):
        flows = sources.flows.get((old, new), {})
        if (old, new) in books:
            rows = Rows(books[old, new], regional[old], regional[new], known, bad_rows)
            revived[new] = rows.revived
            step = step_with_table(rows, flows)
        else:
            step = step_without_table(old, new, regional[old], regional[new], flows)
        steps.append(step)
    return steps, revived


def _say(
    imported: Imported,
    editions: dict[str, Units],
    regional: dict[str, Units],
    steps: list[Step],
    revived: Revivals,
    sources: _Sources,
) -> None:
    """Adds the quads, and the report of the English names."""
    graph = imported.dataset.graph(GRAPH["source/nuts"])
    found = places(regional, steps, revived)
    add_editions(graph, list(editions))
    for edition, units in editions.items():
        for unit in units.values():
            add_concept(graph, unit, edition)
            if unit.code in regional[edition]:
                add_version(graph, unit, edition, found[edition, unit.code].iri)
    spelling = Spelling(regional)
    for record in {record.iri: record for record in found.values()}.values():
        edition, code = list(record.codes.items())[-1]
        if level(code):
            parent = found[edition, regional[edition][code].parent].iri
            add_region(graph, record, spelling.names_of(record, regional), parent)
    for step in steps:
        add_step(graph, step)
    english = english_names(sources.named, regional.get(_EDITION_OF_ENGLISH, {}))
    for name in english:
        if not name.dropped:
            add_english_name(graph, found[_EDITION_OF_ENGLISH, name.code].iri, name)
    imported.reports["english-names"] = english_rows(english, regional.get(_EDITION_OF_ENGLISH, {}))

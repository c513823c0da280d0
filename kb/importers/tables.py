"""Reads delimited tables row by row, each row with the line it stands on.

The text is UTF-8, with or without a byte order mark; the file may be packed (see `kb.importers.files`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from kb.errors import NotUnderstood
from kb.imported import BadRow, Progress
from kb.importers.files import opened

_LONGEST_LINE = 1 << 20  # characters; a longer one means that the file is no table


def read_rows(
    path: Path,
    columns: Sequence[str],
    *,
    bad_rows: list[BadRow],
    progress: Progress,
    delimiter: str = "\t",
    quoted: bool = True,
) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a table with a header line: (place such as "line 12", column -> text), one at a time.

    columns: the columns that are wanted; the table may have others, and any order. Blanks around a cell
    are cut off, blank lines passed over. quoted: whether a cell that starts with `"` runs to the next
    single `"`, over delimiters and line ends; if not, `"` is a character like any other.
    bad_rows: gets a row that has more cells than the header, or none for a wanted column.
    Raises `NotUnderstood`, naming the file, when it cannot be read, is empty or not text in UTF-8, has no
    rows, lacks a wanted column or has it twice, has a line or a cell too long for a table, or an open quote.
    """
    with opened(path, (".csv", ".tsv", ".txt"), progress) as raw:
        records = _records(raw, path, delimiter, quoted)
        header = [name.strip() for name in next(records, (0, []))[1]]
        if not header:
            raise NotUnderstood(f"{path.name} is empty.")
        at = _positions(header, columns, path)
        needed = max(at.values()) + 1
        has_rows = False
        for line, record in records:
            has_rows = True
            if needed <= len(record) <= len(header):
                yield f"line {line}", {name: record[index].strip() for name, index in at.items()}
            else:
                sentence = f"The row has {_cells(record)}, the header {_cells(header)}."
                bad_rows.append(BadRow(path.name, f"line {line}", header[0], record[0].strip(), sentence))
        if not has_rows:
            raise NotUnderstood(f"{path.name} has a header but no rows.")


def _records(raw: BinaryIO, path: Path, delimiter: str, quoted: bool) -> Iterator[tuple[int, list[str]]]:
    """The records that are not blank, each with the number of its first line."""
    # Strict: a quote that is not closed is an error, not a cell that swallows the rest of the file.
    reader = csv.reader(
        _lines(raw, path),
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
        strict=True,
    )
    line = 1
    try:
        for record in reader:
            if record:
                yield line, record
            line = reader.line_num + 1
    except csv.Error as error:
        raise NotUnderstood(f"{path.name} is not the table it should be: line {line}: {error}.") from error


def _lines(raw: BinaryIO, path: Path) -> Iterator[str]:
    """The lines of `raw` with their ends, none longer than a table has."""
    number = 0
    # newline="": a line end inside a quoted cell is part of the cell.
    with io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text:
        try:
            while line := text.readline(_LONGEST_LINE):
                number += 1
                if "\0" in line:
                    raise NotUnderstood(f"{path.name} is not a text file: line {number} has a zero byte.")
                if len(line) == _LONGEST_LINE:
                    raise NotUnderstood(
                        f"{path.name} is not a table: line {number} has over a million characters."
                    )
                yield line
        except UnicodeDecodeError as error:
            sentence = f"{path.name} is not a text file in UTF-8 (somewhere after line {number})."
            raise NotUnderstood(sentence) from error


def _positions(header: list[str], columns: Sequence[str], path: Path) -> dict[str, int]:
    """Where each wanted column stands."""
    missing = [name for name in columns if name not in header]
    if missing:
        raise NotUnderstood(
            f"{path.name} lacks the columns {', '.join(missing)}; it has {', '.join(header)[:200]}."
        )
    twice = [name for name in columns if header.count(name) > 1]
    if twice:
        raise NotUnderstood(f"{path.name} has the column {twice[0]} more than once.")
    return {name: header.index(name) for name in columns}


def _cells(record: list[str]) -> str:
    return "1 cell" if len(record) == 1 else f"{len(record)} cells"

"""Runs an importer and writes what it gives into a folder: all of it, or nothing."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from rdflib import Dataset

from kb.errors import FolderUnusable
from kb.imported import BadRow, Imported, Progress
from kb.importers.registry import run
from kb.turtle import to_trig


def run_import(
    name: str, files: Sequence[Path], progress: Progress, out: Path, strict: bool
) -> tuple[list[Path], list[BadRow]]:
    """Imports `files` with the importer `name` into the folder `out`.

    strict: write nothing when a single row is bad. Out: the files written (`<name>.trig`, then a
    `<report>.tsv` for each review table), none when refused; and the bad rows.
    Raises `NotUnderstood` for files of another format, `FolderUnusable` when `out` cannot be written to.
    """
    imported = Imported(Dataset())
    quads = out / f"{name}.trig"
    unfinished = out / f"{name}.trig.unfinished"
    try:
        out.mkdir(parents=True, exist_ok=True)
        try:
            with unfinished.open("w", encoding="utf-8", newline="\n") as file:
                for part in run(name, files, progress, imported):
                    file.write(to_trig(part))
            if strict and imported.bad_rows:
                return [], imported.bad_rows
            unfinished.replace(quads)
        finally:
            unfinished.unlink(missing_ok=True)
        tables = [
            _write_table(out / f"{table}.tsv", rows)
            for table, rows in sorted(imported.reports.items())
            if rows
        ]
    except OSError:
        raise FolderUnusable(f"The folder {out} cannot be written to.") from None
    return [quads, *tables], imported.bad_rows


def _write_table(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path

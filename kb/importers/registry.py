"""The importers by the name that people type.

Each is a module with one function `read(files, progress) -> Imported`. In: the files, in the order given;
progress to report to. Raises `NotUnderstood` for a file that is not of the documented format; a bad row in a
good file is no exception but a `BadRow`. Whole registers have `parts(files, progress, imported)` as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from rdflib import Dataset

from kb.imported import Imported, Progress

IMPORTERS = (
    "countries",
    "eu-programmes",
    "gleif",
    "nabs",
    "nace",
    "nuts",
    "organisation-links",
    "partnerships",
    "ror",
)
"""Names of importers; the docstring of `kb.importers.<name>` documents the files that it reads."""

_IN_PARTS = ("gleif", "ror")
"""Importers of whole registers, which give their quads part by part to bound the memory."""


def importer(name: str) -> Any:
    """The module of one of `IMPORTERS`, loaded when it is wanted: readers of workbooks are slow to load."""
    return import_module(f"kb.importers.{name.replace('-', '_')}")


def run(name: str, files: Sequence[Path], progress: Progress, imported: Imported) -> Iterator[Dataset]:
    """The quads of an import, part by part.

    imported: gets the bad rows and the reports, which are complete when all parts have been taken.
    """
    if name in _IN_PARTS:
        yield from importer(name).parts(files, progress, imported)
        return
    found: Imported = importer(name).read(files, progress)
    imported.bad_rows += found.bad_rows
    imported.reports.update(found.reports)
    yield found.dataset

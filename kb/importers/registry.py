"""The importers by the name that people type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rdflib import Dataset

from kb.imported import Imported, Importer, Progress
from kb.importers import (
    countries,
    eu_programmes,
    gleif,
    nabs,
    nace,
    nuts,
    organisation_links,
    partnerships,
    ror,
)

IMPORTERS: dict[str, Importer] = {
    "countries": countries.read,
    "eu-programmes": eu_programmes.read,
    "gleif": gleif.read,
    "nabs": nabs.read,
    "nace": nace.read,
    "nuts": nuts.read,
    "organisation-links": organisation_links.read,
    "partnerships": partnerships.read,
    "ror": ror.read,
}
"""Name -> importer; each module's docstring documents the files that it reads."""

_IN_PARTS: dict[str, Callable[[Sequence[Path], Progress, Imported], Iterator[Dataset]]] = {
    "gleif": gleif.parts,
    "ror": ror.parts,
}
"""Importers of whole registers, which give their quads part by part to bound the memory."""


def run(name: str, files: Sequence[Path], progress: Progress, imported: Imported) -> Iterator[Dataset]:
    """The quads of an import, part by part.

    imported: gets the bad rows and the reports, which are complete when all parts have been taken.
    """
    if name in _IN_PARTS:
        yield from _IN_PARTS[name](files, progress, imported)
        return
    found = IMPORTERS[name](files, progress)
    imported.bad_rows += found.bad_rows
    imported.reports.update(found.reports)
    yield found.dataset

"""Funding programmes of the EU and the bodies that run them, with labels in 24 languages.

Two files, in this order, both with the columns of `kb.importers.label_tables`:

1. Programmes: `code` is the code in the authority table eu-programme, such as COSME or ERDF_2021. A
   programme of two budget periods has two codes.
2. Bodies: `code` is the code in the authority table corporate-body, such as COM or EISMEA.

A programme becomes a `def:FundingProgramme`; a body becomes a `def:EUBody`, or a `def:Organisation` when it
is an international organisation that the table lists although it is no body of the EU.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rdflib import RDF, Dataset, Literal, URIRef
from rdflib.namespace import DCTERMS

from kb.errors import NotUnderstood
from kb.imported import Imported, Progress
from kb.importers.label_tables import add_labels, read_labels
from kb.terms import CORPORATE_BODY, DEF, EU_PROGRAMME, GRAPH

# fmt: off
NOT_OF_THE_EU: Final = frozenset({
    "BERD", "CERN", "COU_EUR", "COU_EUR_DB", "ECHR", "EFTA", "EPORG", "ESA", "ESM", "EURSCHOOL",
    "EUROCONTROL", "FAO", "IEA", "ILO", "INTERPOL", "NATO", "OECD",
})
# fmt: on
"""Corporate bodies that treaties of their own have founded, outside the law of the EU."""

_CODE: Final = r"[A-Za-z][A-Za-z0-9_-]*"


def read(files: Sequence[Path], progress: Progress) -> Imported:
    """Reads the programmes and the bodies; quads in source/eu-programmes, no reports.

    Raises `NotUnderstood` unless there are exactly two files of the documented form.
    """
    if len(files) != 2:
        raise NotUnderstood("EU programmes are read from two files: the programmes, then the bodies.")
    imported = Imported(Dataset())
    for code, labels in read_labels(files[0], _CODE, imported.bad_rows, progress).items():
        _add(imported.dataset, EU_PROGRAMME[code], DEF.FundingProgramme, code, labels)
    for code, labels in read_labels(files[1], _CODE, imported.bad_rows, progress).items():
        kind = DEF.Organisation if code in NOT_OF_THE_EU else DEF.EUBody
        _add(imported.dataset, CORPORATE_BODY[code], kind, code, labels)
    return imported


def _add(dataset: Dataset, thing: URIRef, kind: URIRef, code: str, labels: dict[str, str]) -> None:
    graph = dataset.graph(GRAPH["source/eu-programmes"])
    graph.add((thing, RDF.type, kind))
    graph.add((thing, DCTERMS.identifier, Literal(code)))
    add_labels(graph, thing, labels)

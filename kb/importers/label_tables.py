"""Reads a table of codes with labels in the 24 official languages of the EU.

Tab-separated, UTF-8, one line of column names, one row a code:

| column | what |
|---|---|
| `code` | the code in an authority table of the EU, the last part of its IRI |
| `bg` and 23 more, see `LANGUAGES` | the label in that language; only the English one may not be empty |

Source: the translations in the eForms SDK of the Publications Office of the EU, which repeat the labels of
the authority tables below http://publications.europa.eu/resource/authority/.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from rdflib import RDFS, Graph, Literal, URIRef

from kb.imported import BadRow, Progress
from kb.importers.tables import read_rows

# fmt: off
LANGUAGES: Final = (
    "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "hr",
    "hu", "it", "lt", "lv", "mt", "nl", "pl", "pt", "ro", "sk", "sl", "sv",
)
# fmt: on
"""The official languages of the EU."""


def read_labels(
    path: Path, form: str, bad_rows: list[BadRow], progress: Progress
) -> dict[str, dict[str, str]]:
    """Code -> language -> label, in the order of the file; a language without a label is absent.

    form: a regular expression for the codes. bad_rows: gets the rows with another kind of code, with a
    code that an earlier row has, without an English label, and with a line break in a label.
    Raises `NotUnderstood` when `path` is not such a table.
    """
    labels: dict[str, dict[str, str]] = {}
    columns = ("code", *LANGUAGES)
    for place, row in read_rows(path, columns, bad_rows=bad_rows, progress=progress):
        code = row.pop("code")
        problem = _problem(code, row, form, labels)
        if problem:
            column, sentence = problem
            value = code if column == "code" else row[column]
            bad_rows.append(BadRow(path.name, place, column, value, sentence))
        else:
            labels[code] = {language: label for language, label in row.items() if label}
    return labels


def _problem(
    code: str, row: dict[str, str], form: str, known: dict[str, dict[str, str]]
) -> tuple[str, str] | None:
    """The column and the sentence of what is wrong with a row, if anything is."""
    if not re.fullmatch(form, code):
        return "code", "This is not a code of this table."
    if code in known:
        return "code", "The code stands on an earlier line already."
    if not row["en"]:
        return "en", "The English label is missing."
    broken = next((language for language, label in row.items() if len(label.splitlines()) > 1), None)
    return (broken, "A label stands on one line.") if broken else None


def add_labels(graph: Graph, thing: URIRef, labels: dict[str, str]) -> None:
    """Gives `thing` an `rdfs:label` a language."""
    for language, label in labels.items():
        graph.add((thing, RDFS.label, Literal(label, lang=language)))

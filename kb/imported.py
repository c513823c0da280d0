"""What an importer gives back: quads, the rows that were bad, and tables for review."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from rdflib import Dataset


@dataclass(frozen=True, order=True)
class BadRow:
    """One row that could not be used.

    file: the file's name. place: where in it, such as "line 12" or "sheet NUTS2024, row 14".
    column: the column's name. value: what stands there. sentence: what is wrong, in one sentence.
    """

    file: str
    place: str
    column: str
    value: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}, {self.place}, column {self.column}, {self.value!r}: {self.sentence}"


@dataclass
class Imported:
    """The result of one import.

    dataset: quads in named graphs, no blank nodes, no default graph. bad_rows: in file order.
    reports: name -> rows (column -> text, all rows with the same columns); each is written as
    `<name>.tsv` beside the output for a person to review.
    """

    dataset: Dataset
    bad_rows: list[BadRow] = field(default_factory=list)
    reports: dict[str, list[dict[str, str]]] = field(default_factory=dict)


class Progress(Protocol):
    """Told how far an import is: `done` of `total` rows or bytes (None when unknown) of `what`."""

    def __call__(self, done: int, total: int | None, what: str) -> None: ...

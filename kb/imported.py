"""What an importer gives back: quads, the rows that were bad, and tables for review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
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


class Importer(Protocol):
    """The one function that every importer module has.

    In: the files, in the order given; progress to report to. Raises `NotUnderstood` for a file that is
    not of the documented format; a bad row in a good file is no exception but a `BadRow`.
    """

    def __call__(self, files: Sequence[Path], progress: Progress) -> Imported: ...

"""How long the saved queries take, and how that grows with the data."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from bench.data import add
from bench.measuring import Act, Measured, Told, side_by_side
from kb.engine.oxigraph import OxigraphEngine
from kb.engine.word_index import fill as fill_words
from kb.reasoning import infer
from kb.saved_query import SavedQuery, load_all
from kb.schema import load_ontology
from kb.shipped import fill


def saved_queries(file: Path, runs: int, told: Told) -> list[Measured]:
    """Each saved query with its example values, to the last row, read-only from a folder; slowest first.

    On what is shipped with the generated data of `file`; the ratio is to what is shipped alone.
    """
    with TemporaryDirectory() as folder:
        told("filling the folders")
        small = filled(Path(folder) / "shipped", None)
        large = filled(Path(folder) / "all", file)
        found = [_one(small, large, query, runs, told) for query in load_all().values()]
    return sorted(found, key=lambda row: row.seconds, reverse=True)


def filled(folder: Path, file: Path | None) -> OxigraphEngine:
    """What is shipped, the quads of `file` and what is derived from both, read-only in a new folder."""
    folder.mkdir()
    writer = OxigraphEngine.in_folder(folder / "written")
    fill(writer)
    if file:
        add(writer, file)
    infer(writer, load_ontology())
    fill_words(writer)
    writer.checkpoint(folder / "read")
    return OxigraphEngine.read_only(folder / "read")


def _one(small: OxigraphEngine, large: OxigraphEngine, query: SavedQuery, runs: int, told: Told) -> Measured:
    text = query.bind(query.example)

    def asking(engine: OxigraphEngine) -> Act:
        return lambda: rows(sum(1 for _ in engine.select(text)))

    _, row = side_by_side(
        {f"{query.name}, shipped": lambda: asking(small), query.name: lambda: asking(large)}, runs, told
    )
    return row


def rows(count: int) -> str:
    """So many rows, in words."""
    return "1 row" if count == 1 else f"{count:,} rows"

"""What lies within a region, and what has words in its names: the ways to ask, in the asking process."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench.asking import filled
from bench.measuring import Act, Measured, Told, side_by_side
from kb.engine.contract import DEFAULT
from kb.engine.oxigraph import OxigraphEngine
from kb.terms import COUNTRY, NUTS_CODE, PREFIXES
from kb.words import NAMES

_HEAD: Final = "".join(f"PREFIX {prefix}: <{PREFIXES[prefix]}>\n" for prefix in ("def", "graph", "skos"))
_NAMED: Final = "|".join(f"<{name}>" for name in NAMES)
_TIMES: Final = 5
"""How often an act asks its question."""

Ask = Callable[[], int]
"""Asks a question to the last row and tells how many things it gives."""


def ways_to_ask(file: Path, runs: int, told: Told) -> list[Measured]:
    """Each way to ask, some times, on what is shipped with the generated data of `file`.

    A ratio is to the best way that needs nothing derived: of regions, their list in the query; of words, a
    full-text index of SQLite beside the engine, asked alone.
    """
    with TemporaryDirectory() as folder:
        told("filling the folder")
        engine = filled(Path(folder) / "all", file)
        with closing(sqlite3.connect(Path(folder) / "names.db")) as index:
            told("filling the full-text indexes")
            return [row for ways in questions(engine, index) for row in _measured(ways, runs, told)]


def questions(engine: OxigraphEngine, index: sqlite3.Connection) -> list[Mapping[str, Ask]]:
    """Questions, each with its ways to ask.

    engine: with the graph of words. index: an empty database, which is filled with the names.
    """
    _fill(index, engine)
    return [
        _within_poland(engine),
        _word(engine, index, "photonics"),
        _word(engine, index, "textile"),
        _word(engine, index, "textile harbour"),
        _part(engine, index, "hoton"),
        _part(engine, index, "extil"),
    ]


def _measured(ways: Mapping[str, Ask], runs: int, told: Told) -> list[Measured]:
    def prepare(ask: Ask) -> Act:
        ask()

        def act() -> str:
            return f"{[ask() for _ in range(_TIMES)][-1]:,} things"

        return act

    found = side_by_side({what: lambda ask=ask: prepare(ask) for what, ask in ways.items()}, runs, told)  # type: ignore[misc]
    return [Measured(row.what, row.seconds / _TIMES, row.runs, row.ratio, row.note) for row in found]


def _fill(index: sqlite3.Connection, engine: OxigraphEngine) -> None:
    """Puts all names into an index of words and one of trigrams."""
    index.execute("CREATE VIRTUAL TABLE words USING fts5(thing UNINDEXED, name)")
    index.execute("CREATE VIRTUAL TABLE parts USING fts5(thing UNINDEXED, name, tokenize='trigram')")
    for table in ("words", "parts"):
        index.executemany(f"INSERT INTO {table} VALUES (?, ?)", _names(engine))
    index.commit()


def _names(engine: OxigraphEngine) -> Iterator[tuple[str, str]]:
    return ((str(thing), str(name)) for thing, said, name in engine.triples(DEFAULT) if said in NAMES)


def _matching(index: sqlite3.Connection, table: str, text: str) -> Ask:
    return lambda: len(
        index.execute(f"SELECT DISTINCT thing FROM {table} WHERE name MATCH ?", (text,)).fetchall()
    )


def _asking(engine: OxigraphEngine, where: str) -> Ask:
    text = f"{_HEAD} SELECT DISTINCT ?thing {{ {where} }}"
    # The engine's own terms: what those of rdflib cost is no part of the question.
    return lambda: sum(1 for _ in engine.store.query(text))  # type: ignore[union-attr, misc]


def _scanning(engine: OxigraphEngine, text: str) -> Ask:
    return _asking(engine, f'?thing {_NAMED} ?name FILTER(CONTAINS(LCASE(?name), "{text}"))')


def _within_poland(engine: OxigraphEngine) -> Mapping[str, Ask]:
    below = f"?code skos:broader* <{NUTS_CODE}PL> . ?version def:nutsConcept ?code ; def:versionOf ?region ."
    rows = engine.select(f"{_HEAD} SELECT DISTINCT ?region {{ {below} }}")
    listed = " ".join(f"<{region}>" for (region,) in rows)
    ways = {
        "its regions listed": f"VALUES ?region {{ {listed} }} ?thing def:locatedIn ?region",
        "def:locatedIn": f"?thing def:locatedIn <{COUNTRY}POL>",
        "a path first": f"{{ SELECT DISTINCT ?region {{ {below} }} }} ?thing def:locatedIn ?region",
        "a path": f"{below} ?thing def:locatedIn ?region",
    }
    return {f"in Poland, {way}": _asking(engine, where) for way, where in ways.items()}


def _word(engine: OxigraphEngine, index: sqlite3.Connection, word: str) -> Mapping[str, Ask]:
    return {
        f"{word}, full-text index": _matching(index, "words", f'"{word}"'),
        f"{word}, graph/words": _asking(engine, _has_word(word)),
        f"{word}, CONTAINS": _scanning(engine, word),
    }


def _has_word(word: str) -> str:
    return f'GRAPH graph:words {{ ?thing def:word "{word}" }}'


def _part(engine: OxigraphEngine, index: sqlite3.Connection, part: str) -> Mapping[str, Ask]:
    parts = f'?entry def:trigram "{part[:3]}", "{part[-3:]}" ; def:spelling ?word .'
    entry = f'{parts} FILTER(CONTAINS(?word, "{part}"))'
    return {
        f"…{part}…, trigram index": _matching(index, "parts", part),
        f"…{part}…, graph/words": _asking(engine, f"GRAPH graph:words {{ {entry} ?thing def:word ?word }}"),
        f"…{part}…, CONTAINS": _scanning(engine, part),
    }

"""NACE Rev. 2.1, the classification of economic activities in the EU, levels 1 to 4, in English.

One file, separated by semicolons, UTF-8, cells in double quotes, one line of column names, one row a code,
in any order:

| column | what |
|---|---|
| `code` | the code, with a dot from the third level on: `C`, `10`, `10.1`, `10.11` |
| `parentCode` | the code one level up; empty for a section |
| `level` | 1 section, 2 division, 3 group, 4 class, 5 national subclass |
| `name` | the title |

Other columns are passed over. Level 5 is not part of NACE: every country makes its own, and the file that we
ship from has the Norwegian one. Its rows are counted in the report and left out.

The IRIs are those of Eurostat: the code without its dot, in the scheme
http://data.europa.eu/ux2/nace2.1/nace2.1. The levels are ours (`xkos:ClassificationLevel`).
Source: Commission Delegated Regulation (EU) 2023/137, which counts 22 sections, 87 divisions, 287 groups and
651 classes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from rdflib import RDF, SKOS, Dataset, Graph, Literal, Namespace, URIRef

from kb.errors import NotUnderstood
from kb.imported import BadRow, Imported, Progress
from kb.importers.tables import read_rows
from kb.terms import GRAPH, NACE, PREFIXES, term

SCHEME: Final = NACE["nace2.1"]
XKOS: Final = Namespace(PREFIXES["xkos"])


class Level(NamedTuple):
    """A level of the classification: its code in our terms, its names, and the form of its codes."""

    code: str
    en: str
    fr: str
    de: str
    form: str


LEVELS: Final = {
    1: Level("section", "section", "section", "Abschnitt", r"[A-Z]"),
    2: Level("division", "division", "division", "Abteilung", r"\d\d"),
    3: Level("group", "group", "groupe", "Gruppe", r"\d\d\.\d"),
    4: Level("class", "class", "classe", "Klasse", r"\d\d\.\d\d"),
}


def read(files: Sequence[Path], progress: Progress) -> Imported:
    """Reads the classification; quads in source/nace.

    Out: one report, `nace-levels`: how many codes each level has, and how many rows were left out.
    Raises `NotUnderstood` unless there is exactly one file of the documented form.
    """
    if len(files) != 1:
        raise NotUnderstood("NACE is read from one file.")
    imported = Imported(Dataset())
    rows, national = _read_rows(files[0], imported.bad_rows, progress)
    graph = imported.dataset.graph(GRAPH["source/nace"])
    _add_scheme(graph)
    known: dict[str, int] = {}
    # Top down, because a parent may stand below its children.
    for place, row in sorted(rows, key=lambda placed: placed[1]["level"]):
        level = int(row["level"])
        if level > 1 and known.get(row["parentCode"]) != level - 1:
            sentence = "No row for this code is usable and one level up."
            bad = BadRow(files[0].name, place, "parentCode", row["parentCode"], sentence)
            imported.bad_rows.append(bad)
        else:
            known[row["code"]] = level
            _add_code(graph, row, level)
    imported.bad_rows.sort(key=lambda bad: int(bad.place.removeprefix("line ")))
    counts = Counter(known.values())
    imported.reports["nace-levels"] = [
        {"level": str(number), "name": level.en, "codes": str(counts[number]), "left out": "0"}
        for number, level in LEVELS.items()
    ] + [{"level": "5", "name": "national subclass", "codes": "0", "left out": str(national)}]
    return imported


def _read_rows(
    path: Path, bad_rows: list[BadRow], progress: Progress
) -> tuple[list[tuple[str, dict[str, str]]], int]:
    """The rows of levels 1 to 4 with their places, and the number of rows of level 5."""
    rows: list[tuple[str, dict[str, str]]] = []
    codes: set[str] = set()
    national = 0
    columns = ("code", "parentCode", "level", "name")
    for place, row in read_rows(path, columns, bad_rows=bad_rows, progress=progress, delimiter=";"):
        if row["level"] == "5":
            national += 1
        elif problem := _problem(row, codes):
            column, sentence = problem
            bad_rows.append(BadRow(path.name, place, column, row[column], sentence))
        else:
            codes.add(row["code"])
            rows.append((place, row))
    return rows, national


def _problem(row: dict[str, str], known: set[str]) -> tuple[str, str] | None:
    """The column and the sentence of what is wrong with a row by itself, if anything is."""
    if row["level"] not in {str(level) for level in LEVELS}:
        return "level", "A level is a number from 1 to 5."
    level = LEVELS[int(row["level"])]
    if not re.fullmatch(level.form, row["code"]):
        return "code", f"This is not the code of a {level.en}."
    if row["code"] in known:
        return "code", "The code stands on an earlier line already."
    if level.code == "section" and row["parentCode"]:
        return "parentCode", "A section has no parent."
    if level.code in ("group", "class") and row["parentCode"] != row["code"][:-1].rstrip("."):
        return "parentCode", "The parent of a group or a class is its code without the last digit."
    if not row["name"]:
        return "name", "The title is missing."
    return None


def _add_scheme(graph: Graph) -> None:
    graph.add((SCHEME, RDF.type, SKOS.ConceptScheme))
    graph.add((SCHEME, SKOS.prefLabel, Literal("NACE Rev. 2.1", lang="en")))
    for number, level in LEVELS.items():
        collection = term("nace-level", level.code)
        graph.add((collection, RDF.type, XKOS.ClassificationLevel))
        graph.add((collection, XKOS.depth, Literal(number)))
        graph.add((collection, SKOS.inScheme, SCHEME))
        for language in ("en", "fr", "de"):
            graph.add((collection, SKOS.prefLabel, Literal(getattr(level, language), lang=language)))


def _add_code(graph: Graph, row: dict[str, str], level: int) -> None:
    concept = _concept(row["code"])
    graph.add((concept, RDF.type, SKOS.Concept))
    graph.add((concept, SKOS.notation, Literal(row["code"])))
    graph.add((concept, SKOS.prefLabel, Literal(row["name"], lang="en")))
    graph.add((concept, SKOS.inScheme, SCHEME))
    graph.add((term("nace-level", LEVELS[level].code), SKOS.member, concept))
    if level == 1:
        graph.add((concept, SKOS.topConceptOf, SCHEME))
    else:
        graph.add((concept, SKOS.broader, _concept(row["parentCode"])))


def _concept(code: str) -> URIRef:
    """The IRI that Eurostat gives to a code."""
    return NACE[code.replace(".", "")]

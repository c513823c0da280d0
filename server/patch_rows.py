"""Looks through the rows of an RDF Patch before anything parses them: which graphs they name. Pure.

A row that nests triple terms thousands of levels deep would end the process that parses it, so such rows are
refused here by their text alone.
"""

from __future__ import annotations

import re
from typing import Final

from kb.errors import NotAllowed
from kb.rdf12 import MOST_NESTED

_TERM: Final = r'(?:<[^<>"\s]*>|_:[^\s<>"]+|"(?:[^"\\\n]|\\.)*+"(?:@[A-Za-z0-9-]+|\^\^<[^<>"\s]*>)?)'
_ROW: Final = re.compile(rf"[AD]\s+{_TERM}\s*{_TERM}\s*{_TERM}\s*(?:<([^<>\"\s]*)>)?\s*\.\s*(?:#.*)?")
_PIECE: Final = re.compile(rf"\s*({_TERM}|<<\(|\)>>|\.)")


def refuse_other_graphs(text: str, graph: str) -> None:
    """Raises `NotAllowed` for the first row that is about another graph than `graph`, or nests too deep.

    What is no row of a patch is left to its parser.
    """
    for number, line in enumerate(text.split("\n"), start=1):
        row = line.strip()
        if not row.startswith(("A", "D")):
            continue
        found = _ROW.fullmatch(row)
        if found is not None:
            named = found[1]
        elif "<<" in row:
            named = _graph_after_triples(row, number)
        else:
            continue
        if named is not None and named != graph:
            raise NotAllowed(
                f"Line {number} of the patch: this request may only change the graph {graph}, not {named}."
            )


def _graph_after_triples(row: str, number: int) -> str | None:
    """The graph that a row with triple terms names; None when it names none or is no whole row."""
    terms: list[str] = []
    depth, at, ended = 0, 1, False
    while piece := _PIECE.match(row, at):
        at = piece.end()
        ended = ended or piece[1] == "."
        depth += {"<<(": 1, ")>>": -1}.get(piece[1], 0)
        if depth == 0 and not ended:
            terms.append(piece[1])
        if depth > MOST_NESTED:
            raise NotAllowed(
                f"Line {number} of the patch: more than {MOST_NESTED} triple terms stand in each other."
            )
    return terms[3][1:-1] if len(terms) == 4 and terms[3].startswith("<") else None

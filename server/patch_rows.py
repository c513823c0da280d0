"""Looks through the rows of an RDF Patch before anything parses them: which graphs they name. Pure.

A row that nests triple terms thousands of levels deep would end the process that parses it, so such rows are
refused here by their text alone.
"""

from __future__ import annotations

import re
from typing import Final

from kb.errors import NotAllowed

_TERM: Final = r'(?:<[^<>"\s]*>|_:[^\s<>"]+|"(?:[^"\\\n]|\\.)*+"(?:@[A-Za-z0-9-]+|\^\^<[^<>"\s]*>)?)'
_ROW: Final = re.compile(rf"[AD]\s+{_TERM}\s*{_TERM}\s*{_TERM}\s*(?:<([^<>\"\s]*)>)?\s*\.\s*(?:#.*)?")


def refuse_other_graphs(text: str, graph: str) -> None:
    """Raises `NotAllowed` for the first row that is about another graph than `graph`, or nests triples.

    What is no row of a patch is left to its parser.
    """
    for number, line in enumerate(text.split("\n"), start=1):
        row = line.strip()
        if not row.startswith(("A", "D")):
            continue
        found = _ROW.fullmatch(row)
        if found is None and "<<" in row:
            raise NotAllowed(f"Line {number} of the patch: a triple about a triple is not accepted here.")
        if found is not None and found[1] is not None and found[1] != graph:
            raise NotAllowed(
                f"Line {number} of the patch: this request may only change the graph {graph}, not {found[1]}."
            )

"""Looks for what could break a constraint in all data at once, before anybody asks which nodes are in focus.

Most constraints are broken nowhere, and the engine tells that fastest without the focus nodes: a value that
stands in thousands of triples is tested once. It evaluates expressions some ten times slower than it joins
or groups, and moves a FILTER below a DISTINCT, but no HAVING below a GROUP BY.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import chain
from typing import Final

from rdflib.term import BNode, Node

from kb.gate.constraints import Shape
from kb.gate.foci import Foci
from kb.gate.value_tests import Selects

MOST: Final = 1_000
"""With more suspects than these, nothing is gained by naming them."""

_IRI: Final = re.compile("<[^<>]*>")
_EVERYTHING: Final = None


class Suspects:
    """Suspects in the data of one engine, each looked for once."""

    def __init__(self, engine: Selects) -> None:
        self._engine = engine
        self._found: dict[str, list[Node] | None] = {}

    def by_value(self, shape: Shape, foci: Foci, broken: str) -> Foci | None:
        """The focus nodes that have a value for which the expression `broken` is true, and maybe others.

        None when there are none.
        """
        variable, pattern = foci.value, f"{foci.node} {shape.path} {foci.value}"
        if shape.path is None and not foci.few:
            variable, pattern = foci.node, foci.pattern
        elif not is_quick(shape, foci):
            return foci
        query = f"SELECT {variable} {{ {pattern} }} GROUP BY {variable} HAVING({broken})"
        return _narrowed(foci, variable, self._look(query))

    def by_number(self, shape: Shape, foci: Foci, most: int, which: str) -> Foci | None:
        """The focus nodes that have more than `most` values for which `which` is true, and maybe others.

        None when there are none.
        """
        if not is_quick(shape, foci):
            return foci
        values = f"{{ {foci.node} {shape.path} {foci.value} FILTER({which}) }} GROUP BY {foci.node}"
        having = f"HAVING(COUNT(DISTINCT {foci.value}) > {most})"
        return _narrowed(foci, foci.node, self._look(f"SELECT {foci.node} {values} {having}"))

    def of_query(self, looks: Mapping[str, str]) -> list[str]:
        """Patterns of which one holds in each answer of a query, as few as one look can make them.

        looks: variable -> the SELECT of the values that it can have in an answer.
        """
        for name, query in looks.items():
            found = self._look(query)
            if found is not _EVERYTHING:
                return [f"VALUES ?{name} {{ {' '.join(term.n3() for term in found)} }}"] if found else []
        return [""]

    def _look(self, query: str) -> list[Node] | None:
        """The suspects that a query gives, None for so many that it may as well be everything."""
        if query not in self._found:
            rows = self._engine.select(f"{query} LIMIT {MOST + 1}")
            found = [term for term in chain.from_iterable(rows) if term is not None]
            nameable = len(found) <= MOST and not any(isinstance(term, BNode) for term in found)
            self._found[query] = found if nameable else _EVERYTHING
        return self._found[query]


def is_quick(shape: Shape, foci: Foci) -> bool:
    """Whether the path of a shape is better followed everywhere at once than from each focus node."""
    # From everywhere, a path that repeats leads to all that hangs together.
    repeats = shape.path is None or shape.stays or any(sign in _IRI.sub("", shape.path) for sign in "*+?")
    return not (foci.few or repeats)


def _narrowed(foci: Foci, variable: str, to: Iterable[Node] | None) -> Foci | None:
    """The focus nodes for which a variable is one of the terms, None when there are no terms."""
    if to is _EVERYTHING:
        return foci
    named = " ".join(term.n3() for term in to)
    return replace(foci, pattern=f"VALUES {variable} {{ {named} }} {foci.pattern}") if named else None

"""Finds what breaks a constraint, by one query for all focus nodes.

Here are the constraints that look at nodes, values and triples; `kb.gate.compiled` has those about how values
stand to other shapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

from rdflib import URIRef
from rdflib.term import BNode, Node

from kb.errors import KnowledgeBaseError
from kb.gate.constraints import (
    AtLeast,
    AtMost,
    Closed,
    Compares,
    Constraint,
    Disjoint,
    Equals,
    HasValue,
    OncePerLanguage,
    Qualified,
    Shape,
    Sparql,
)
from kb.gate.foci import Foci
from kb.gate.shape_values import BadShapes, term_name
from kb.gate.sparql_body import Body, open_body
from kb.gate.suspects import Suspects, is_quick
from kb.gate.value_tests import Selects


@dataclass(frozen=True)
class Breach:
    """A focus node that breaks a constraint; the rest as in `kb.report.Finding`, the shape's own if empty."""

    focus: Node
    constraint: Constraint
    value: Node | None = None
    path: str | None = None
    off_by: int | None = None
    messages: Mapping[str, str] = field(default_factory=dict)


class Breaches:
    """Queries on one engine. Each method gives the breaches of constraints of one shape."""

    def __init__(self, engine: Selects) -> None:
        self._engine = engine
        self._suspects = Suspects(engine)

    def rows(self, query: str) -> Iterator[tuple[Node, ...]]:
        """The solutions of a SELECT whose variables are always bound."""
        yield from cast(Iterable[tuple[Node, ...]], self._engine.select(query))

    def of_values(self, shape: Shape, foci: Foci, tests: list[tuple[Constraint, str]]) -> Iterator[Breach]:
        """tests: constraints with the expression that is true for a value that meets it."""
        if not tests:
            return
        value = foci.node if shape.path is None else foci.value
        columns = [foci.node] if shape.path is None else [foci.node, value]
        shown = [f"({test} AS ?meets{at})" for at, (_, test) in enumerate(tests)]
        broken = f"!({' && '.join(test for _, test in tests)})"
        suspects = self._suspects.by_value(shape, foci, broken)
        if suspects is None:
            return
        pattern = suspects.pattern if shape.path is None else suspects.values(shape)
        query = f"SELECT DISTINCT {' '.join(columns + shown)} {{ {pattern} FILTER({broken}) }}"
        for row in self.rows(query):
            focus, found, verdicts = row[0], row[len(columns) - 1], row[len(columns) :]
            for (constraint, _), verdict in zip(tests, verdicts, strict=True):
                if str(verdict) != "true":
                    yield Breach(focus, constraint, found)

    def of_counts(
        self, shape: Shape, foci: Foci, counts: list[AtLeast | AtMost | Qualified], which: str = "true"
    ) -> Iterator[Breach]:
        """which: the expression that is true for a value that counts."""
        if not is_quick(shape, foci):
            yield from self._counted(shape, foci, counts, which)
            return
        for constraint in counts:
            if constraint.operator == "<=":
                suspects = self._suspects.by_number(shape, foci, constraint.count, which)
                if suspects is not None:
                    yield from self._counted(shape, suspects, [constraint], which)
            elif constraint.count == 1:
                yield from self._lacking(shape, foci, constraint, which)
            else:
                yield from self._counted(shape, foci, [constraint], which)

    def _lacking(
        self, shape: Shape, foci: Foci, constraint: AtLeast | AtMost | Qualified, which: str
    ) -> Iterator[Breach]:
        """The breaches of a constraint that asks for one value."""
        having = f"{foci.node} {shape.path} {foci.value} FILTER({which})"
        query = f"SELECT DISTINCT {foci.node} {{ {{ {foci.pattern} }} MINUS {{ {having} }} }}"
        for (focus,) in self.rows(query):
            yield Breach(focus, constraint, off_by=1)

    def _counted(
        self, shape: Shape, foci: Foci, counts: list[AtLeast | AtMost | Qualified], which: str
    ) -> Iterator[Breach]:
        if not counts:
            return
        values = foci.values(shape)
        if not shape.stays:
            values = f"{foci.pattern} OPTIONAL {{ {foci.node} {shape.path} {foci.value} FILTER({which}) }}"
        elif which != "true":
            values = f"{{ {foci.pattern} }} OPTIONAL {{ {values} FILTER({which}) }}"
        counted = f"COUNT(DISTINCT {foci.value})"
        met = " && ".join(f"{counted} {each.operator} {each.count}" for each in counts)
        shown = f"{foci.node} ({counted} AS ?count)"
        query = f"SELECT {shown} {{ {values} }} GROUP BY {foci.node} HAVING(!({met}))"
        for focus, number in self.rows(query):
            for constraint in counts:
                if off_by := constraint.off_by(int(str(number))):
                    yield Breach(focus, constraint, off_by=off_by)

    def of_has_value(self, shape: Shape, foci: Foci, constraint: HasValue) -> Iterator[Breach]:
        unless = ""
        if not isinstance(constraint.term, BNode):  # nothing is a blank node of another graph
            same = f"sameTerm({foci.value}, {constraint.term.n3()})"
            unless = f"MINUS {{ {foci.values(shape)} FILTER({same}) }}"
        for (focus,) in self.rows(f"SELECT DISTINCT {foci.node} {{ {{ {foci.pattern} }} {unless} }}"):
            yield Breach(focus, constraint)

    def of_languages(self, shape: Shape, foci: Foci, constraint: OncePerLanguage) -> Iterator[Breach]:
        query = (
            f"SELECT {foci.node} {{ {{ {foci.values(shape)} }} BIND(LCASE(LANG({foci.value})) AS ?language) "
            f'FILTER(?language != "") }} '
            f"GROUP BY {foci.node} ?language HAVING(COUNT(DISTINCT {foci.value}) > 1)"
        )
        for (focus,) in self.rows(query):
            yield Breach(focus, constraint)

    def of_pairs(
        self, shape: Shape, foci: Foci, constraint: Equals | Disjoint | Compares
    ) -> Iterator[Breach]:
        columns, values = f"SELECT DISTINCT {foci.node} {foci.value}", f"{{ {foci.values(shape)} }}"
        other = f"{foci.node} {constraint.property.n3()}"
        match constraint:
            case Disjoint():
                queries = [f"{columns} {{ {values} {other} {foci.value} }}"]
            case Equals():
                others = f"{{ {foci.pattern} {other} {foci.value} }}"
                queries = [
                    f"{columns} {{ {values} MINUS {others} }}",
                    f"{columns} {{ {others} MINUS {values} }}",
                ]
            case Compares(operator=operator):
                compared = f"COALESCE({foci.value} {operator} ?other, false)"
                queries = [f"{columns} ?other {{ {values} {other} ?other FILTER(!{compared}) }}"]
        for query in queries:
            for focus, value, *_ in self.rows(query):
                yield Breach(focus, constraint, value)

    def of_closed(self, shape: Shape, foci: Foci, constraint: Closed) -> Iterator[Breach]:
        # Not NOT IN: the engine takes it for false when nothing is listed.
        other = "".join(f" && ?property != {each.n3()}" for each in constraint.allowed)
        query = (
            f"SELECT DISTINCT {foci.node} ?property ?object {{ {{ {foci.values(shape)} }} "
            f"{foci.value} ?property ?object FILTER(true{other}) }}"
        )
        for focus, predicate, found in self.rows(query):
            yield Breach(focus, constraint, found, predicate.n3())

    def of_sparql(
        self, shape: Shape, foci: Foci, constraint: Sparql, only: Sequence[str] = ("",)
    ) -> Iterator[Breach]:
        """only: patterns of which one has to hold, too, each for some of the variables of the SELECT."""
        found = dict[tuple[tuple[str, Node | None], ...], None]()
        with _blaming(shape, constraint):
            body = _body_of(constraint)
            if not foci.few and tuple(only) == ("",):
                only = self._suspects.of_query(body.looks)
            for also in only:
                solutions = self._engine.select(_for_all(body, shape, foci, constraint, also))
                for row in solutions:
                    found[tuple(sorted(zip(solutions.variables, row, strict=True)))] = None
        for each in found:
            yield _sparql_breach(dict(each), shape, constraint)


def _body_of(constraint: Sparql) -> Body:
    given = {"this", *constraint.bound} | ({"value"} if constraint.asks else set())
    return open_body(constraint.query, given, ("currentShape",))


def _for_all(body: Body, shape: Shape, foci: Foci, constraint: Sparql, also: str) -> str:
    """The query of a constraint for all focus nodes. also: as in `Body.select`."""
    columns = [f"({term.n3()} AS ?{name})" for name, term in sorted(constraint.bound.items())]
    columns.insert(0, f"({foci.node} AS ?this)")
    pattern = foci.pattern
    if constraint.asks:
        pattern = foci.values(shape)
        columns.append(f"({foci.value} AS ?value)")
    nodes = f"{{ SELECT DISTINCT {' '.join(columns)} {{ {pattern} }} }}"
    if constraint.asks:
        return body.unless(nodes, "?this ?value")
    if foci.given:  # joined with triple patterns faster than a subselect is
        bound = [term for _, term in sorted(constraint.bound.items())]
        names = " ".join(f"?{name}" for name in ("this", *sorted(constraint.bound)))
        rows = " ".join(f"({' '.join(t.n3() for t in (node, *bound))})" for node in foci.given)
        nodes = f"VALUES ({names}) {{ {rows} }}"
    return body.select(nodes, also, few=foci.few)


@contextmanager
def _blaming(shape: Shape, constraint: Sparql) -> Iterator[None]:
    """Says whose query it is that the engine cannot evaluate."""
    try:
        yield
    except KnowledgeBaseError as error:
        name = term_name(shape.node if isinstance(constraint.node, BNode) else constraint.node)
        raise BadShapes(f"The query of {name}: {error}") from error


def _sparql_breach(row: Mapping[str, Node | None], shape: Shape, constraint: Sparql) -> Breach:
    focus, value, path = row.get("this"), row.get("value"), row.get("path")
    assert focus is not None  # open_body sees to it that the query gives $this
    return Breach(
        focus=focus,
        constraint=constraint,
        value=focus if value is None and shape.path is None else value,
        path=path.n3() if isinstance(path, URIRef) else None,
        messages=_filled(constraint.messages or shape.messages, {**constraint.bound, **row}),
    )


def _filled(messages: Mapping[str, str], row: Mapping[str, Node | None]) -> dict[str, str]:
    """The messages with {?variable} and {$variable} replaced by what the row has for them."""

    def put(found: re.Match[str]) -> str:
        term = row.get(found[1])
        return found[0] if term is None else str(term)

    return {language: re.sub(r"\{[?$](\w+)\}", put, text) for language, text in messages.items()}

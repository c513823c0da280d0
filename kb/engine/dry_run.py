"""What an operation of an update would do, asked of Oxigraph without changing what it holds.

Grammar and meaning are the engine's own: it parses every operation, reads the quads of data and templates
(on an empty store in memory), and finds the solutions of each WHERE clause. Solutions on the state that
earlier operations of the request would have made are found in a transaction that makes their change first and
always fails at its end, so that nothing of it stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast
from uuid import uuid4

import pyoxigraph as ox
from rdflib import BNode, URIRef
from rdflib.term import Node

from kb.engine.contract import RESERVED, QuerySyntaxError
from kb.engine.faults import fault
from kb.engine.oxigraph import OWN_GRAPHS, OxigraphEngine, query_error
from kb.engine.oxigraph_changes import FUNCTIONS, statements
from kb.engine.oxigraph_terms import Term, term_as_stored, to_graph_name, to_rdflib
from kb.errors import FolderUnusable, NotUnderstood
from kb.patch import Patch
from kb.update_text import Braces, Operation

Row = tuple[Node | None, ...]
"""One solution: the values of the variables asked for, None where unbound; literals as they are stored."""


@dataclass(frozen=True)
class Variable:
    """A variable in the place of a term of a template."""

    name: str


@dataclass(frozen=True)
class TriplePattern:
    """A triple term of a template with a variable or a blank node in it."""

    subject: Slot
    predicate: Slot
    value: Slot


Slot = Node | Variable | TriplePattern
"""What can stand in a template."""

TemplateQuad = tuple[Slot, Slot, Slot, Slot | None]
"""A quad of a template. No graph: none is named."""


@dataclass(frozen=True)
class Where:
    """What the solutions of an operation are found by.

    graph: what stands for the default graph, None for the stored one. using: as after each USING; it takes
    precedence over `graph`. pattern: the text of the WHERE clause.
    """

    operation: Operation
    graph: URIRef | None
    using: tuple[str, ...]
    pattern: str


def check_syntax(operation: Operation) -> None:
    """Raises `QuerySyntaxError`, with the line and column of the request, if the operation does not parse.

    LOAD is looked at without the engine, which would send a request for it: `NotUnderstood`.
    """
    if operation.loads():
        return
    _on_empty_store(operation, f"{_failing(_one_off())} ;\n{operation.text}")


def template(operation: Operation, quads: Braces) -> list[TemplateQuad]:
    """The quads of a template, or of INSERT DATA or DELETE DATA; literals as they are stored.

    Raises `QuerySyntaxError`, and `TooLarge` for triple terms nested too deep.
    """
    names = sorted({name for _, _, name in quads.variables})
    marks = {f"{_one_off()}{number}": name for number, name in enumerate(names)}
    texts = {name: f"<{mark}>" for mark, name in marks.items()}
    store = _on_empty_store(operation, f"INSERT DATA {quads.replaced(texts.__getitem__)}")

    def slot(term: Term) -> Slot:
        if isinstance(term, ox.NamedNode) and term.value in marks:
            return Variable(marks[term.value])
        if isinstance(term, ox.Triple):
            subject, predicate, value = slot(term.subject), slot(term.predicate), slot(term.object)
            loose = any(
                isinstance(each, Variable | BNode | TriplePattern) for each in (subject, predicate, value)
            )
            return TriplePattern(subject, predicate, value) if loose else to_rdflib(term)
        return to_rdflib(term)

    return [
        (
            slot(quad.subject),
            slot(quad.predicate),
            slot(quad.object),
            None if isinstance(quad.graph_name, ox.DefaultGraph) else slot(quad.graph_name),
        )
        for quad in store
    ]


def resolve(operation: Operation, name: str) -> URIRef:
    """The IRI that a name in an operation, such as <#x> or ex:x, stands for."""
    store = _on_empty_store(operation, f"INSERT DATA {{ <{RESERVED}it> <{RESERVED}is> {name} }}")
    (quad,) = store
    return URIRef(quad.object.value)


def solutions(
    engine: OxigraphEngine,
    where: Where,
    variables: Sequence[str],
    *,
    pending: Patch,
    distinct: bool,
    limit: int,
) -> Iterator[Row]:
    """The solutions of a WHERE clause on the state after `pending`; read them before the engine changes.

    variables: names, in the order wanted. distinct: each row once. limit: the number of rows at most.
    The names of the engine's own graphs are no solutions.
    Raises `NotUnderstood` when it cannot be evaluated, `FolderUnusable` when there is something pending and
    the engine was opened for reading only.
    """
    before = statements(engine.store, pending, engine.default_graph)
    # A constant column, so that a solution without variables is a row too; nobody else has its name.
    constant = f"v{uuid4().hex}"
    columns = f"(1 AS ?{constant}) " + " ".join(f"?{name}" for name in variables)
    select = f"SELECT {'DISTINCT ' if distinct else ''}{columns}"
    known = _Known(engine.is_plain)
    with _evaluation(where.operation):
        if not before:
            rows = _asked(engine.store, where, select, variables, limit)
        else:
            subselect = f"{{ {select} WHERE {where.pattern} LIMIT {limit} }}"
            rows = _tried(engine.store, where, subselect, [constant, *variables], before)
        for row in rows:
            if OWN_GRAPHS.isdisjoint(row):
                yield tuple(map(known.stored, row))


class _Known:
    """Terms of solutions, which may be computed, as they are stored; plain: with IRIs for blank nodes."""

    def __init__(self, plain: bool) -> None:
        self._plain = plain
        self._terms: dict[Term | None, Node | None] = {None: None}

    def stored(self, term: Term | None) -> Node | None:
        if term not in self._terms and term is not None:
            self._terms[term] = term_as_stored(to_rdflib(term, ground=self._plain))
        return self._terms[term]


_Values = tuple[Term | None, ...]


def _asked(
    store: ox.Store, where: Where, select: str, variables: Sequence[str], limit: int
) -> Iterator[_Values]:
    """Solutions on what the store holds."""
    using = " ".join(f"FROM {each}" for each in where.using)
    graph = to_graph_name(where.graph) if where.graph and not where.using else None
    text = f"{where.operation.prologue}{select} {using} WHERE {where.pattern} LIMIT {limit}"
    for found in cast(ox.QuerySolutions, store.query(text, default_graph=graph)):
        yield tuple(found[name] for name in variables)


def _tried(
    store: ox.Store, where: Where, subselect: str, columns: Sequence[str], before: list[str]
) -> Iterator[_Values]:
    """Solutions on the state after the operations `before`, of which nothing stays.

    A function of ours takes down each row. The LIMIT of the subselect keeps the planner from calling it
    earlier, on what are not yet solutions. An unbound variable is given as a name, because a function is
    not called without a value.
    """
    name = _one_off()
    unbound = ox.NamedNode(f"{name}unbound")
    row = ", ".join(f"COALESCE(?{column}, {unbound})" for column in columns)
    taken: list[tuple[Term, ...]] = []

    def take(_constant: Term, *values: Term) -> Term:
        taken.append(values)
        return ox.Literal(True)

    graph = f"WITH <{where.graph}> " if where.graph and not where.using else ""
    using = " ".join(f"USING {each}" for each in where.using)
    trial = f"{graph}INSERT {{}} {using} WHERE {{ {subselect} FILTER(<{name}>({row})) }}"
    request = where.operation.prologue + " ;\n".join([*before, trial, _failing(name)])
    try:
        store.update(request, custom_functions={**FUNCTIONS, ox.NamedNode(name): take})
    except RuntimeError as error:
        if name not in str(error):
            raise
    for values in taken:
        yield tuple(None if value == unbound else value for value in values)


@contextmanager
def _evaluation(operation: Operation) -> Iterator[None]:
    """Says in a sentence why the engine could not evaluate."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        explained = fault(error)
        if explained is not None:
            raise explained from None
        if "read-write" in str(error):
            raise FolderUnusable("The data folder was opened for reading only.") from None
        raise NotUnderstood(f"{operation.place}: the WHERE clause cannot be evaluated: {error}.") from None


def _on_empty_store(operation: Operation, text: str) -> ox.Store:
    """A store in memory after `text`, which uses the prologue of `operation`. Raises `QuerySyntaxError`."""
    store = ox.Store()
    try:
        store.update(operation.prologue + text)
    except SyntaxError as error:
        raise _in_request(query_error(error), operation) from None
    except RuntimeError as error:
        if RESERVED not in str(error):
            raise
    return store


def _in_request(error: QuerySyntaxError, operation: Operation) -> QuerySyntaxError:
    """An error of the text that `check_syntax` makes, with its place in the request."""
    places = operation.prologue_places
    if error.line is None or error.column is None:
        return error
    if error.line <= len(places):
        return QuerySyntaxError(error.what, *places[error.line - 1])
    line = error.line - len(places) - 1
    column = error.column + (operation.column - 1 if line == 1 else 0)
    return QuerySyntaxError(error.what, operation.line + line - 1, column)


def _one_off() -> str:
    """A name that no text can know."""
    return f"{RESERVED}{uuid4().hex}:"


def _failing(name: str) -> str:
    """Two operations of which the second always fails, with `name` in its error."""
    return f"CREATE GRAPH <{name}> ; CREATE GRAPH <{name}>"

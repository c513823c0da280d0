"""SERVICE without the engine: other services are asked first, and their answers stand in the query as VALUES.

A SERVICE clause and VALUES stand in the same place of the grammar and of the algebra: both are joined as they
are with what is before them. So a query in which each SERVICE clause is replaced by VALUES with its solutions
means the same, and the engine, which would ask any server without a limit, never meets the word.

Of the solutions only those are asked for that can matter (`kb.federation_bindings`): values of the variables
are found in our own data and sent along, in batches. Nothing here opens a socket or an engine.

Source: SPARQL 1.1 Federated Query, sections 2 and 4.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Final, Protocol
from uuid import uuid4

from kb.engine.service_answers import Answer, Row
from kb.errors import NotAllowed, NotUnderstood, RemoteFailed, RemoteTooSlow, TooLarge
from kb.federation_bindings import Site, sites, sites_in, sources
from kb.service_names import declared, endpoint, not_listed
from kb.sparql_groups import Group, Names, Part, Sort, group, mentioned, query
from kb.sparql_tokens import Kind, Token, tokens
from kb.terms import GENID
from kb.update_text import EDIT, operations


@dataclass(frozen=True)
class Bounds:
    """What all SERVICE clauses of one query may cost together.

    batch: how many rows of values are sent in one request. requests: to other servers. rows: of their
    answers. bytes: of the terms in these rows. seconds: for everything.
    """

    batch: int = 100
    requests: int = 50
    rows: int = 10_000
    bytes: int = 20_000_000
    seconds: float = 20.0


class Local(Protocol):
    """Our own data at one revision."""

    def check(self, text: str) -> None:
        """Parses a query, without answering it. Raises `QuerySyntaxError`."""

    def ask(self, text: str) -> Answer:
        """Answers a SELECT, on the dataset of the request that is being answered."""


Fetch = Callable[[str, str, float], Answer]
"""Asks the endpoint with this address this query, within so many seconds. Raises `RemoteFailed`."""


FOR_QUERIES: Final = Bounds()
FOR_UPDATES: Final = Bounds(rows=EDIT.rows)
"""Answers stand in the text of an update, which may hold so many rows."""


def asks_others(text: str) -> bool:
    """Whether there is a SERVICE clause in a query or update that `kb.sparql_text.examine` has passed."""
    return "SERVICE" in text.upper() and any(token.word == "SERVICE" for token in tokens(text))


def federate(
    text: str,
    endpoints: Collection[str],
    local: Local,
    fetch: Fetch,
    bounds: Bounds = FOR_QUERIES,
    base: str | None = None,
) -> str:
    """A query that means the same and has no SERVICE clause.

    text: a query that `kb.sparql_text.examine` has passed. endpoints: addresses that may be asked. base: the
    IRI that relative ones are resolved against where the text declares none. Answers of other servers change
    when they like, so what is answered by the outcome is not to be kept. Their blank nodes are new IRIs below
    GENID. Raises `QuerySyntaxError`; `NotAllowed` for other endpoints, and for a pattern in EXISTS that has
    variables it does not bind; `NotUnderstood` for an endpoint that is a variable without a value; `TooLarge`
    beyond `bounds`; `RemoteFailed` unless the clause is SILENT.
    """
    if not asks_others(text):
        return text
    local.check(_masked(text))
    parsed = query(text)
    run = _Run(text, endpoints, fetch, _Budget(bounds), local)
    prologue = f"BASE <{base}>\n{parsed.prologue}" if base else parsed.prologue
    run.answer(sites(parsed), _Before(prologue, parsed.dataset))
    run.refuse_rest(parsed.tokens)
    return run.text_between(0, len(text))


def federate_update(
    text: str,
    endpoints: Collection[str],
    fetch: Fetch,
    bounds: Bounds = FOR_UPDATES,
    base: str | None = None,
) -> str:
    """An update request that means the same and has no SERVICE clause.

    What an operation will find in our own data is not known before those before it are done, so each SERVICE
    clause is asked whole. Whether the request parses is not checked. base: as in
    `kb.update_text.operations`. Otherwise as `federate`.
    """
    if not asks_others(text):
        return text
    run = _Run(text, endpoints, fetch, _Budget(bounds), None)
    for operation in operations(text, base=base, services=endpoints, loads=True):
        part = operation.tokens
        for at, token in enumerate(part):
            if token.word == "WHERE" and token.depth == 0:
                run.answer(sites_in(group(part[at + 1 :])), _Before(operation.prologue, ""))
        run.refuse_rest(part)
    return run.text_between(0, len(text))


def _masked(text: str) -> str:
    """The text with GRAPH for SERVICE, each token in its place: the same grammar, without a request."""
    made, at, last = [], 0, ""
    for token in tokens(text):
        if token.word == "SERVICE" or (token.word == "SILENT" and last == "SERVICE"):
            word = "GRAPH" if token.word == "SERVICE" else ""
            made += [text[at : token.start], word.ljust(len(token.text))]
            at = token.end
        last = token.word
    return "".join([*made, text[at:]])


@dataclass(frozen=True)
class _Before:
    """What stands before a WHERE, as text: PREFIX and BASE, and FROM."""

    prologue: str
    dataset: str

    def endpoint(self, name: Token) -> str:
        """The address that the name of an endpoint stands for."""
        return endpoint(name, declared(tokens(self.prologue)))


class _Budget:
    """What is left of the bounds."""

    def __init__(self, bounds: Bounds) -> None:
        self.batch, self.requests, self.rows = bounds.batch, bounds.requests, bounds.rows
        self._bounds, self._bytes, self._until = bounds, bounds.bytes, monotonic() + bounds.seconds

    def request(self, place: str) -> float:
        """Takes one request. Out: the seconds it may take."""
        if self.requests == 0:
            raise TooLarge(
                f"{place}: the query needs more than {self._bounds.requests} requests to other servers."
            )
        self.requests -= 1
        left = self._until - monotonic()
        if left <= 0:
            raise RemoteTooSlow(
                f"{place}: the other servers did not answer within {self._bounds.seconds:g} seconds together."
            )
        return left

    def take(self, rows: Sequence[Row], place: str) -> None:
        """Takes the rows of an answer."""
        self.rows -= len(rows)
        self._bytes -= sum(len(term) for row in rows for term in row if term)
        if self.rows < 0 or self._bytes < 0:
            limit = f"{self._bounds.rows} rows" if self.rows < 0 else f"{self._bounds.bytes} bytes of terms"
            raise TooLarge(
                f"{place}: the answers of other servers come to more than {limit}; say more about what is "
                "asked of them, so that less of theirs matches."
            )


class _Run:
    """Answers the SERVICE clauses of one text, from the first to the last."""

    def __init__(
        self, text: str, endpoints: Collection[str], fetch: Fetch, budget: _Budget, local: Local | None
    ) -> None:
        self._text, self._endpoints, self._fetch = text, endpoints, fetch
        self._budget, self._local = budget, local
        self._answered: dict[int, tuple[int, str]] = {}
        self._waiting: set[int] = set()

    def answer(self, found: list[Site], before: _Before) -> None:
        """Finds the solutions of each SERVICE clause. before: what stands before the query."""
        self._waiting = {site.part.start for site in found}
        for site in found:
            part = site.part
            _refuse_in_exists(site)
            rows = self._rows(part, self._values(site, before), before)
            lines = "\n" * self._text.count("\n", part.start, part.end)
            self._answered[part.start] = part.end, _values_text(sorted(part.visible()), rows) + lines
            self._waiting.discard(part.start)

    def refuse_rest(self, every: Iterable[Token]) -> None:
        """Raises `NotAllowed` when a SERVICE stands where no answer was put in its place."""
        spans = [(start, end) for start, (end, _) in self._answered.items()]
        for token in every:
            if token.word == "SERVICE" and not any(start <= token.start < end for start, end in spans):
                raise NotAllowed(f"{token.place}: SERVICE cannot stand here.")

    def text_between(self, start: int, end: int) -> str:
        """A piece of the text with the answers so far."""
        made, at = [], start
        for begins, (ends, text) in sorted(self._answered.items()):
            if at <= begins and ends <= end:
                made += [self._text[at:begins], text]
                at = ends
        return "".join([*made, self._text[at:end]])

    # -- our own data -------------------------------------------------------------------------------------

    def _values(self, site: Site, before: _Before) -> Answer | None:
        """Values of which every solution that matters has one; None when there are none to be sent."""
        best: Answer | None = None
        if self._local is None:
            return None
        most = self._budget.batch * self._budget.requests
        for source in sources(site, self._text_of, self._usable):
            names = " ".join(f"?{name}" for name in source.variables)
            found = self._local.ask(
                f"{before.prologue}\nSELECT DISTINCT {names} {before.dataset} WHERE {{ {source.text} }} "
                f"LIMIT {most + 1}"
            )
            lot = _sendable(found) if len(found.rows) <= most else None
            wanted = _variable(site.part)
            if lot and wanted <= frozenset(lot.variables) and (not best or len(lot.rows) < len(best.rows)):
                best = lot
        return best

    def _text_of(self, part: Part) -> str:
        return self.text_between(part.start, part.end)

    def _usable(self, part: Part) -> bool:
        return not any(part.start <= start < part.end for start in self._waiting)

    # -- other servers ------------------------------------------------------------------------------------

    def _rows(self, part: Part, values: Answer | None, before: _Before) -> list[Row]:
        """The solutions of a SERVICE clause, the terms in the order of the names of its variables."""
        place = part.first.place
        assert part.name is not None
        if part.name.kind is not Kind.VARIABLE:
            return self._asked(part, f"<{before.endpoint(part.name)}>", values, before)
        name = part.name.text[1:]
        if values is None:
            raise NotUnderstood(
                f"{place}: nothing tells which endpoints ?{name} stands for; name one as SERVICE <…>, or "
                "give them by VALUES."
            )
        at = values.variables.index(name)
        rows: list[Row] = []
        for term in dict.fromkeys(row[at] or "" for row in values.rows):
            lot = Answer(values.variables, [row for row in values.rows if row[at] == term])
            rows += self._at(term, name, part, lot, before)
        return rows

    def _at(self, term: str, name: str, part: Part, values: Answer, before: _Before) -> list[Row]:
        """The solutions at one of the endpoints that a variable stands for."""
        inside = sorted(part.groups[0].visible())
        made = []
        for row in self._asked(part, term, values, before):
            found = dict(zip(inside, row, strict=True))
            if found.get(name) in (None, term):
                found[name] = term
                made.append(tuple(found[each] for each in sorted(part.visible())))
        return made

    def _asked(self, part: Part, term: str, values: Answer | None, before: _Before) -> list[Row]:
        """The solutions of the pattern of a SERVICE clause at one endpoint, an IRI as N-Triples writes it."""
        address = term[1:-1]
        if not term.startswith("<") or address not in self._endpoints:
            raise not_listed(part.first, term)
        names = sorted(part.groups[0].visible())
        try:
            rows = [
                row for lot in self._lots(part, values) for row in self._batch(part, address, lot, before)
            ]
        except RemoteFailed:
            if not part.silent:
                raise
            rows = [(None,) * len(names)]
        self._budget.take(rows, part.first.place)
        return rows

    def _lots(self, part: Part, values: Answer | None) -> list[Answer]:
        """The values in batches, without columns that the pattern does not bind; no values are one lot."""
        names = part.groups[0].certain().intersection(values.variables if values else ())
        if values is None or not (names or not values.rows):
            return [Answer((), [()])]
        at = [values.variables.index(name) for name in sorted(names)]
        rows = list(dict.fromkeys(tuple(row[each] for each in at) for row in values.rows))
        size = self._budget.batch
        return [Answer(tuple(sorted(names)), rows[n : n + size]) for n in range(0, len(rows), size)]

    def _batch(self, part: Part, address: str, lot: Answer, before: _Before) -> list[Row]:
        names = sorted(part.groups[0].visible())
        seconds = self._budget.request(part.first.place)
        asked = f"{before.prologue}\n{self._remote_query(part.groups[0], names, lot)}"
        answer = self._fetch(address, asked, seconds)
        at = [answer.variables.index(name) if name in answer.variables else None for name in names]
        nodes: dict[str, str] = {}
        mark = uuid4().hex
        return [
            tuple(None if each is None else _named(row[each], nodes, mark) for each in at)
            for row in answer.rows
        ]

    def _remote_query(self, pattern: Group, names: Sequence[str], lot: Answer) -> str:
        """The query for the pattern of a SERVICE clause and one batch of values."""
        columns = " ".join(f"?{name}" for name in names) or "(1 AS ?row)"
        where = self._text[pattern.start : pattern.end]
        if lot.variables:
            values = _values_text(lot.variables, lot.rows)
            where = (
                f"{{ {values} {where[1:]}" if _takes(pattern, lot.variables) else f"{{ {values} {where} }}"
            )
        return f"SELECT {columns} WHERE {where} LIMIT {self._budget.rows + 1}"


def _takes(pattern: Group, names: Iterable[str]) -> bool:
    """Whether values may stand as the first part of a pattern: all that comes after is row by row.

    Services that evaluate a group in braces by itself are then spared the whole of it.
    """
    bound: Names = frozenset()
    for part in pattern.parts:
        if part.sort in (Sort.OPTIONAL, Sort.MINUS, Sort.BIND):
            break
        bound |= part.certain()
    return bound.issuperset(names)


def _refuse_in_exists(site: Site) -> None:
    """What is around an EXISTS gives values to the variables inside, which another server cannot know of."""
    if site.in_exists and not site.part.groups[0].is_plain():
        raise NotAllowed(
            f"{site.part.first.place}: inside EXISTS, the pattern of a SERVICE may have triples, UNION, "
            "VALUES and FILTER on the variables of its own group, and nothing else."
        )


def _variable(part: Part) -> Names:
    """The variable in the place of the endpoint."""
    return mentioned([part.name] if part.name else [])


def _sendable(found: Answer) -> Answer | None:
    """The columns that have an IRI or a literal in each row; None when there is no such column."""
    if not found.rows:
        return found
    at = [n for n in range(len(found.variables)) if all(_is_sendable(row[n]) for row in found.rows)]
    if not at:
        return None
    rows = dict.fromkeys(tuple(row[n] for n in at) for row in found.rows)
    return Answer(tuple(found.variables[n] for n in at), list(rows))


def _is_sendable(term: str | None) -> bool:
    return term is not None and not term.startswith(("_:", "<<"))


def _named(term: str | None, nodes: dict[str, str], mark: str) -> str | None:
    """A term of an answer, with an IRI for a blank node: the same one in this answer, and in no other."""
    if term is None or not term.startswith("_:"):
        return term
    return nodes.setdefault(term, f"<{GENID}{mark}-{len(nodes)}>")


def _values_text(names: Sequence[str], rows: Iterable[Row]) -> str:
    columns = " ".join(f"?{name}" for name in names)
    lines = " ".join(f"({' '.join(term or 'UNDEF' for term in row)})" for row in rows)
    return f"VALUES ({columns}) {{ {lines} }}"

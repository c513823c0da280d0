"""Cuts an update request into its operations, and an operation into the parts that are evaluated apart.

The request is cut by its tokens, after each token was weighed; whether an operation keeps the grammar is for
the engine's parser to say (`kb.engine.dry_run.check_syntax`), and only then is it taken apart.

Source: SPARQL 1.1 Update, section 3; SPARQL 1.1 Query Language, section 19.8, rules 29 to 51.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Final

from kb.errors import NotAllowed, NotUnderstood, TooLarge
from kb.service_names import declared, refuse_endpoint
from kb.sparql_text import Limits, weigh
from kb.sparql_tokens import Kind, Token, small_booleans, tokens

EDIT: Final = Limits(bytes=1_048_576)
"""For an update: the limits of a query hold for each WHERE clause, the text may hold some 10,000 triples."""

MAX_OPERATIONS: Final = 1_000
MAX_PROLOGUE: Final = 32_768
"""Bytes of PREFIX and BASE together; they are given to the parser with each operation."""

STARTS: Final = ("INSERT", "DELETE", "WITH", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY")
"""The words that an operation begins with; LOAD is one too, where it is allowed."""

_LOAD: Final = re.compile(r"LOAD (?P<silent>SILENT )?(?:IRI|NAME)(?P<into> INTO GRAPH (?:IRI|NAME))?")

# A codepoint escape may write the scheme; then the parser judges.
_ABSOLUTE: Final = re.compile(r"<(?:[A-Za-z][A-Za-z0-9+.-]*:|[^>]*\\)")


@dataclass(frozen=True)
class Braces:
    """Quads or a pattern as its author wrote it, the braces included.

    variables: (start, end, name) of each within `text`. labels: those of its blank nodes.
    """

    text: str
    variables: tuple[tuple[int, int, str], ...]
    labels: frozenset[str]

    def replaced(self, by: Callable[[str], str]) -> str:
        """The text with `by(name)` in the place of each variable."""
        made, at = [], 0
        for start, end, name in self.variables:
            made += [self.text[at:start], by(name)]
            at = end
        return "".join([*made, self.text[at:]])


@dataclass(frozen=True)
class Data:
    """INSERT DATA, or DELETE DATA."""

    inserts: bool
    quads: Braces


@dataclass(frozen=True)
class Change:
    """DELETE and INSERT by a pattern. graph: as after WITH. using: as after each USING, "NAMED" included."""

    graph: str | None
    deletes: Braces | None
    inserts: Braces | None
    using: tuple[str, ...]
    where: Braces


@dataclass(frozen=True)
class Clear:
    """CLEAR, or DROP (`drops`). target: DEFAULT, NAMED, ALL, or the name of a graph as it is written."""

    drops: bool
    silent: bool
    target: str


@dataclass(frozen=True)
class Create:
    """CREATE GRAPH."""

    silent: bool
    graph: str


@dataclass(frozen=True)
class Transfer:
    """ADD, MOVE or COPY (`verb`). source, target: DEFAULT, or the name of a graph as it is written."""

    verb: str
    silent: bool
    source: str
    target: str


@dataclass(frozen=True)
class Load:
    """LOAD. source: the address. target: the name of a graph as it is written, None for the default graph."""

    silent: bool
    source: Token
    target: str | None


Parts = Data | Change | Clear | Create | Transfer | Load


@dataclass(frozen=True)
class Operation:
    """One operation of a request. number: from 1. line, column: where it begins, from 1.

    prologue: the declarations that hold for it, one a line. prologue_places: line and column of each.
    """

    number: int
    line: int
    column: int
    text: str
    prologue: str
    prologue_places: tuple[tuple[int, int], ...]
    tokens: tuple[Token, ...]

    @property
    def place(self) -> str:
        """Its place in words, to begin a sentence with."""
        return f"Operation {self.number} (line {self.line})"

    def loads(self) -> Load | None:
        """What it loads; None for another operation. Raises `NotUnderstood` for what is no whole LOAD.

        The engine's parser need not be asked, and is not: it would send the request.
        """
        if self.tokens[0].word != "LOAD":
            return None
        words = " ".join(token.word or token.kind.name for token in self.tokens)
        load = _LOAD.fullmatch(words)
        if not load:
            raise NotUnderstood(
                f"{self.place}: write LOAD <address>, and after it INTO GRAPH <name> if it is for a graph."
            )
        silent, into = bool(load["silent"]), bool(load["into"])
        return Load(silent, self.tokens[2 if silent else 1], self.tokens[-1].text if into else None)

    def parts(self) -> Parts:
        """What it consists of; for an operation that keeps the grammar."""
        return self.loads() or _Taken(self).parts()


def operations(
    text: str,
    limits: Limits = EDIT,
    base: str | None = None,
    *,
    services: Collection[str] = (),
    loads: bool = False,
) -> list[Operation]:
    """The operations of an update request, in order.

    base: the absolute IRI that relative ones are resolved against where the request declares none. services:
    addresses of endpoints that SERVICE may name. loads: whether LOAD may stand in it; with SILENT it always
    may, and may load nothing.
    Raises `TooLarge` when it passes one of `limits`, `NotAllowed` for any other SERVICE and for what parsers
    read in different ways, `NotUnderstood` for what is no SPARQL by its tokens.
    """
    size = len(text.encode(errors="replace"))
    if size > limits.bytes:
        raise TooLarge(f"The update has {size} bytes; at most {limits.bytes} are accepted.")
    text = small_booleans(text)
    prologue = _Prologue(base)
    made: list[Operation] = []
    for part, semicolon in _between_semicolons(_allowed(text, limits, services, loads)):
        rest = prologue.read(part)
        if semicolon and not rest:
            raise NotUnderstood(f"{semicolon.place}: there is no operation before this semicolon.")
        if not rest:
            continue
        if len(made) == MAX_OPERATIONS:
            raise TooLarge(f"{rest[0].place}: this is more than {MAX_OPERATIONS} operations.")
        if rest[0].word not in STARTS and rest[0].word != "LOAD":
            raise NotUnderstood(f"{rest[0].place}: an operation begins with {', '.join(STARTS)}.")
        if not prologue.has_base:
            _refuse_relative(rest)
        _weigh_pattern(rest, limits)
        made.append(
            Operation(
                len(made) + 1,
                rest[0].line,
                rest[0].column,
                text[rest[0].start : rest[-1].end],
                prologue.text,
                tuple(prologue.places),
                tuple(rest),
            )
        )
    return made


def _allowed(text: str, limits: Limits, services: Collection[str], loads: bool) -> Iterator[Token]:
    service: Token | None = None
    load: Token | None = None
    outside: list[Token] = []
    for token in tokens(text):
        if load and token.word != "SILENT":
            raise _elsewhere(load)
        load = token if token.word == "LOAD" and not loads else None
        if token.depth == 0:
            outside.append(token)
        if service and token.word != "SILENT":
            refuse_endpoint(service, token, services, declared(outside))
            service = None
        if token.word == "SERVICE" and services:
            service = token
        elif token.word == "SERVICE":
            raise _elsewhere(token)
        if token.opens and token.depth >= limits.nesting:
            raise TooLarge(f"{token.place}: this is more than {limits.nesting} brackets open at once.")
        yield token
    if load:
        raise _elsewhere(load)


def _elsewhere(token: Token) -> NotAllowed:
    return NotAllowed(f"{token.place}: {token.word} is refused; no other server is asked from here.")


def _between_semicolons(every: Iterator[Token]) -> Iterator[tuple[list[Token], Token | None]]:
    """The tokens of each operation with its prologue, and the semicolon after it; None after the last."""
    part: list[Token] = []
    for token in every:
        if token.text == ";" and token.depth == 0:
            yield part, token
            part = []
        else:
            part.append(token)
    yield part, None


def _weigh_pattern(part: list[Token], limits: Limits) -> None:
    """Weighs what the planner has to put in order: the WHERE clause."""
    for at, token in enumerate(part):
        if token.depth == 0 and token.word == "WHERE":
            weigh(part[at:], limits)


def _refuse_relative(part: list[Token]) -> None:
    for token in part:
        if token.kind is Kind.IRI and not _ABSOLUTE.match(token.text):
            raise NotUnderstood(
                f"{token.place}: the IRI {token.text[:100]} is not absolute and no BASE is declared."
            )


class _Prologue:
    """The declarations so far. One that says again what holds already is left out."""

    def __init__(self, base: str | None) -> None:
        self.text = f"BASE <{base}>\n" if base else ""
        self.places: list[tuple[int, int]] = [(1, 1)] if base else []
        self.has_base = base is not None
        self._held: dict[str, str] = {}

    def read(self, part: list[Token]) -> list[Token]:
        """Takes the declarations at the start of `part`. Out: the tokens after them."""
        at = 0
        while at < len(part) and (length := _declaration(part[at : at + 3])):
            self._add(part[at : at + length])
            at += length
        return part[at:]

    def _add(self, declaration: list[Token]) -> None:
        what = declaration[0].word + "".join(token.text for token in declaration[1:-1])
        written = " ".join(token.text for token in declaration)
        is_base = declaration[0].word == "BASE"
        if not self.has_base:
            _refuse_relative(declaration)
        if self._held.get(what) == written and (not is_base or _ABSOLUTE.match(declaration[1].text)):
            return
        if is_base:
            self._held, self.has_base = {}, True
        self._held[what] = written
        self.text += f"{written}\n"
        self.places.append((declaration[0].line, declaration[0].column))
        if len(self.text.encode()) > MAX_PROLOGUE:
            raise TooLarge(f"{declaration[0].place}: PREFIX and BASE have more than {MAX_PROLOGUE} bytes.")


def _declaration(start: list[Token]) -> int:
    """How many tokens the declaration at the start has; 0 when there is none."""
    kinds = [token.kind for token in start]
    if start[0].word == "PREFIX" and kinds[1:] == [Kind.NAME, Kind.IRI]:
        return 3
    if start[0].word == "BASE" and kinds[1:2] == [Kind.IRI]:
        return 2
    return 2 if start[0].word == "VERSION" and kinds[1:2] == [Kind.STRING] else 0


class _Taken:
    """Takes an operation apart from its first token to its last."""

    def __init__(self, operation: Operation) -> None:
        self._text = operation.text
        self._tokens = operation.tokens
        self._origin = operation.tokens[0].start
        self._at = 0

    def parts(self) -> Parts:
        verb = self._next().word
        if verb in ("CLEAR", "DROP"):
            return Clear(verb == "DROP", self._took("SILENT"), self._graph())
        if verb == "CREATE":
            return Create(self._took("SILENT"), self._graph())
        if verb in ("ADD", "MOVE", "COPY"):
            silent, source = self._took("SILENT"), self._graph()
            self._took("TO")
            return Transfer(verb, silent, source, self._graph())
        if verb in ("INSERT", "DELETE") and self._took("DATA"):
            return Data(verb == "INSERT", self._braces())
        return self._change(verb)

    def _change(self, verb: str) -> Change:
        graph = None
        if verb == "WITH":
            graph, verb = self._next().text, self._next().word
        if verb == "DELETE" and self._took("WHERE"):
            pattern = self._braces()
            return Change(None, pattern, None, (), pattern)
        deletes = self._braces() if verb == "DELETE" else None
        inserts = self._braces() if verb == "INSERT" or self._took("INSERT") else None
        using = []
        while self._took("USING"):
            named = "NAMED " if self._took("NAMED") else ""
            using.append(named + self._next().text)
        self._took("WHERE")
        return Change(graph, deletes, inserts, tuple(using), self._braces())

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _took(self, word: str) -> bool:
        """Whether the next token is `word`, which is then passed."""
        if self._at < len(self._tokens) and self._tokens[self._at].word == word:
            self._at += 1
            return True
        return False

    def _graph(self) -> str:
        """DEFAULT, NAMED, ALL, or a name as it is written; GRAPH may stand before it."""
        self._took("GRAPH")
        token = self._next()
        return token.word or token.text

    def _braces(self) -> Braces:
        first = self._next()
        inside = []
        while (token := self._next()).depth > first.depth + 1 or token.text != "}":
            inside.append(token)
        start, end = first.start - self._origin, token.end - self._origin
        return Braces(
            self._text[start:end],
            tuple(
                (token.start - first.start, token.end - first.start, token.text[1:])
                for token in inside
                if token.kind is Kind.VARIABLE
            ),
            frozenset(token.text for token in inside if token.kind is Kind.BLANK),
        )

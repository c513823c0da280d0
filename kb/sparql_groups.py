"""Takes the groups of a query apart: what stands in each, what it binds, and where its SERVICE clauses are.

For a query that keeps the grammar; whether it does is for the engine's parser to say. What is read here is
where parts begin and end and which variables they have, nothing of their meaning.

Source: SPARQL 1.1 Query Language, sections 18.2.1 (variable scope) and 19.8; SPARQL 1.1 Federated Query.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from kb.errors import NotUnderstood
from kb.sparql_tokens import Kind, Token, tokens

Names = frozenset[str]
"""Names of variables, without ? and $."""

NONE: Final[Names] = frozenset()

_VOLATILE: Final = frozenset(("RAND", "UUID", "STRUUID", "BNODE", "NOW", "SAMPLE", "GROUP_CONCAT"))
_CUTS: Final = frozenset(("LIMIT", "OFFSET"))
_BEGINS_PART: Final = frozenset(("FILTER", "OPTIONAL", "MINUS", "GRAPH", "SERVICE", "BIND", "VALUES"))
_AGGREGATES: Final = frozenset(("COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT"))


class Sort(Enum):
    """What sort of part of a group it is."""

    TRIPLES = "triples"
    """One statement: a subject with all that is said of it."""
    GROUPS = "groups"
    """A group, or several with UNION between them."""
    GRAPH = "GRAPH"
    SERVICE = "SERVICE"
    VALUES = "VALUES"
    OPTIONAL = "OPTIONAL"
    MINUS = "MINUS"
    BIND = "BIND"
    FILTER = "FILTER"


@dataclass(eq=False)
class Part:
    """A part of a group. start, end: its place in the text.

    name: of the graph or the endpoint. groups: those it consists of. exists: those of EXISTS in its
    expression. mentioned: variables in its expression, statement or group; of VALUES, its columns. full: of
    these, those that have a value in every row of VALUES. target: that of BIND. labels: of blank nodes.
    volatile: whether evaluating it twice may give two different things.
    """

    sort: Sort
    first: Token
    end: int = 0
    silent: bool = False
    name: Token | None = None
    groups: list[Group] = field(default_factory=list)
    exists: list[Group] = field(default_factory=list)
    mentioned: Names = NONE
    full: Names = NONE
    target: str = ""
    labels: frozenset[str] = frozenset()
    volatile: bool = False

    @property
    def start(self) -> int:
        return self.first.start

    def visible(self) -> Names:
        """The variables in scope after it that it may bind."""
        if self.sort in (Sort.TRIPLES, Sort.VALUES):
            return self.mentioned
        if self.sort is Sort.BIND:
            return frozenset((self.target,))
        if self.sort in (Sort.FILTER, Sort.MINUS):
            return NONE
        return NONE.union(*(group.visible() for group in self.groups)) | self._named()

    def certain(self) -> Names:
        """The variables that it binds in every solution."""
        if self.sort is Sort.TRIPLES:
            return self.mentioned
        if self.sort is Sort.VALUES:
            return self.full
        if self.sort is Sort.GROUPS:
            first, *others = (group.certain() for group in self.groups)
            return first.intersection(*others)
        if self.sort is Sort.GRAPH or (self.sort is Sort.SERVICE and not self.silent):
            return self.groups[0].certain() | self._named()
        return NONE

    def is_plain(self) -> bool:
        """Whether it is the same to give values to variables before it is evaluated, or to join after."""
        if self.sort in (Sort.GROUPS, Sort.GRAPH):
            return all(group.is_plain() for group in self.groups)
        return self.sort in (Sort.TRIPLES, Sort.VALUES)

    def _named(self) -> Names:
        named = self.name is not None and self.name.kind is Kind.VARIABLE
        return frozenset((self.name.text[1:],)) if named and self.name else NONE


@dataclass(eq=False)
class Select:
    """The head and tail of a SELECT. projected: None for `*`. plain: those projected without an expression.

    passes: whether a solution of its WHERE that is left out changes no other row: it neither counts nor cuts.
    """

    projected: Names | None
    plain: Names
    passes: bool
    values: Part | None = None
    exists: list[Group] = field(default_factory=list)


@dataclass(eq=False)
class Group:
    """A group in braces, from `start` to `end`. select, where: of a subquery, which has no parts then."""

    start: int
    end: int = 0
    parts: list[Part] = field(default_factory=list)
    select: Select | None = None
    where: Group | None = None

    def visible(self) -> Names:
        """The variables in scope outside of it."""
        if self.select is None or self.where is None:
            return NONE.union(*(part.visible() for part in self.parts))
        if self.select.projected is not None:
            return self.select.projected
        return self.where.visible() | (self.select.values.visible() if self.select.values else NONE)

    def certain(self) -> Names:
        """The variables that have a value in every solution of it."""
        if self.select is None or self.where is None:
            return NONE.union(*(part.certain() for part in self.parts))
        inside = self.where.certain() | (self.select.values.certain() if self.select.values else NONE)
        return inside if self.select.projected is None else inside & self.select.plain

    def is_plain(self) -> bool:
        """The same as of a part: so are triples, UNION, VALUES, and FILTER on what is bound beside it."""
        certain = self.certain()
        return not self.select and all(
            part.mentioned <= certain and not part.exists if part.sort is Sort.FILTER else part.is_plain()
            for part in self.parts
        )


@dataclass(frozen=True)
class Query:
    """A query. prologue, dataset: its declarations and FROM clauses, as text. where: None in a bare DESCRIBE.

    select: what stands before and after the WHERE.
    """

    tokens: Sequence[Token]
    prologue: str
    dataset: str
    where: Group | None
    select: Select


def query(text: str) -> Query:
    """The parts of a query. Raises `NotUnderstood`, and `NotAllowed` from `kb.sparql_tokens.tokens`."""
    return _Parser(list(tokens(text))).query()


def group(part: Sequence[Token]) -> Group:
    """The group that begins with the first token of `part`, as in the WHERE clause of an update."""
    return _Parser(list(part)).group()


def mentioned(part: Sequence[Token]) -> Names:
    """The variables that stand in a piece of text."""
    return frozenset(token.text[1:] for token in part if token.kind is Kind.VARIABLE)


class _Parser:
    """Reads a query from its first token to its last."""

    def __init__(self, every: list[Token]) -> None:
        self._tokens, self._at = every, 0

    # -- tokens -------------------------------------------------------------------------------------------

    def _peek(self) -> Token:
        if self._at == len(self._tokens):
            raise NotUnderstood("The query ends too early.")
        return self._tokens[self._at]

    def _next(self, *expected: str) -> Token:
        token = self._peek()
        if expected and (token.word or token.text) not in expected:
            raise NotUnderstood(f"{token.place}: {' or '.join(expected)} was expected here.")
        self._at += 1
        return token

    def _took(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at].word == word:
            self._at += 1
            return True
        return False

    def _bracket(self) -> tuple[list[Token], list[Group]]:
        """What stands in the bracket that opens here, and the groups of EXISTS in it."""
        opening, start, found = self._next("(", "{"), self._at, []
        while (token := self._peek()).depth > opening.depth + 1 or token.text not in (")", "}"):
            if self._took("EXISTS"):
                found.append(self.group())
            else:
                self._at += 1
        self._at += 1
        return self._tokens[start : self._at - 1], found

    # -- the query ----------------------------------------------------------------------------------------

    def query(self) -> Query:
        prologue = []
        while self._peek().word in ("PREFIX", "BASE", "VERSION"):
            start = self._at
            self._at += 3 if self._peek().word == "PREFIX" else 2
            prologue.append(" ".join(token.text for token in self._tokens[start : self._at]))
        form = self._next("SELECT", "ASK", "CONSTRUCT", "DESCRIBE").word
        head = self._select() if form == "SELECT" else Select(None, NONE, True)
        if form == "CONSTRUCT" and self._peek().text == "{":
            self._bracket()
        start = self._at
        while self._at < len(self._tokens) and self._peek().word != "WHERE" and self._peek().text != "{":
            self._at += 1
        from_start = next((at for at in range(start, self._at) if self._tokens[at].word == "FROM"), self._at)
        dataset = " ".join(token.text for token in self._tokens[from_start : self._at])
        where = None
        if self._at < len(self._tokens):
            self._took("WHERE")
            where = self.group()
            self._tail(head, len(self._tokens))
        return Query(self._tokens, "\n".join(prologue), dataset, where, head)

    def _select(self) -> Select:
        """The projection of a SELECT, after that word."""
        _ = self._took("DISTINCT") or self._took("REDUCED")
        if self._peek().text == "*":
            self._next()
            return Select(None, NONE, True)
        made = Select(NONE, NONE, True)
        plain, computed = set(), set()
        while self._peek().kind is Kind.VARIABLE or self._peek().text == "(":
            if self._peek().kind is Kind.VARIABLE:
                plain.add(self._next().text[1:])
                continue
            inside, exists = self._bracket()
            made.exists += exists
            computed.add(inside[-1].text[1:])
            made.passes &= not any(token.word in _AGGREGATES for token in inside)
        made.plain, made.projected = frozenset(plain), frozenset(plain | computed)
        return made

    def _tail(self, head: Select, end: int) -> None:
        """What stands after the WHERE, up to the token of number `end`."""
        while self._at < end:
            token = self._peek()
            if token.word == "VALUES":
                head.values = self._values()
            elif self._took("EXISTS"):
                head.exists.append(self.group())
            else:
                head.passes &= token.word not in ("GROUP", "HAVING", *_CUTS, *_AGGREGATES)
                self._at += 1

    # -- groups -------------------------------------------------------------------------------------------

    def group(self) -> Group:
        """The group that opens here."""
        opening = self._next("{")
        made = Group(opening.start)
        if self._took("SELECT"):
            made.select = self._select()
            self._took("WHERE")
            made.where = self.group()
            at, end = self._at, self._closing(opening)
            self._at = at
            self._tail(made.select, end)
        else:
            while self._peek().text != "}":
                if self._peek().text == ".":
                    self._next()
                else:
                    made.parts.append(self._part())
        made.end = self._next("}").end
        return made

    def _closing(self, opening: Token) -> int:
        """The number of the token that closes a bracket."""
        while (token := self._next()).depth > opening.depth + 1 or token.text != "}":
            pass
        return self._at - 1

    def _part(self) -> Part:
        start = self._at
        read = {
            "FILTER": self._filter,
            "BIND": self._bind,
            "VALUES": self._values,
            "GRAPH": self._named,
            "SERVICE": self._named,
            "OPTIONAL": self._marked,
            "MINUS": self._marked,
        }.get(self._peek().word, self._groups if self._peek().text == "{" else self._statement)
        made = read()
        inside = self._tokens[start : self._at]
        made.end = inside[-1].end
        made.volatile = any(token.word in _VOLATILE or token.word in _CUTS for token in inside)
        made.labels = frozenset(token.text for token in inside if token.kind is Kind.BLANK)
        return made

    def _filter(self) -> Part:
        made = Part(Sort.FILTER, self._next())
        start = self._at
        while self._peek().text not in ("(", "{"):
            self._at += 1
        if self._tokens[self._at - 1].word == "EXISTS":
            made.exists = [self.group()]
        else:
            made.exists = self._bracket()[1]
        made.mentioned = mentioned(self._tokens[start : self._at])
        return made

    def _bind(self) -> Part:
        made = Part(Sort.BIND, self._next())
        inside, made.exists = self._bracket()
        made.target = inside[-1].text[1:]
        made.mentioned = mentioned(inside[:-1])
        return made

    def _values(self) -> Part:
        made = Part(Sort.VALUES, self._next())
        in_rows = self._peek().text == "("
        columns = [token.text[1:] for token in (self._bracket()[0] if in_rows else [self._next()])]
        depth = self._peek().depth + 1
        rows, _ = self._bracket()
        empty, column = set(), 0
        for token, before in zip(rows, [None, *rows], strict=False):
            if in_rows and token.depth == depth and token.text == "(":
                column = 0
            elif token.depth == depth + in_rows and _is_value(token, before):
                if token.word == "UNDEF":
                    empty.add(columns[column])
                column += in_rows
        made.mentioned, made.full = frozenset(columns), frozenset(columns) - empty
        made.end = self._tokens[self._at - 1].end
        return made

    def _named(self) -> Part:
        made = Part(Sort[self._peek().word], self._next())
        made.silent = self._took("SILENT")
        made.name = self._next()
        start = self._at
        made.groups = [self.group()]
        made.mentioned = mentioned(self._tokens[start : self._at])
        return made

    def _marked(self) -> Part:
        made = Part(Sort[self._peek().word], self._next())
        made.groups = [self.group()]
        return made

    def _groups(self) -> Part:
        made = Part(Sort.GROUPS, self._peek())
        made.groups = [self.group()]
        while self._took("UNION"):
            made.groups.append(self.group())
        return made

    def _statement(self) -> Part:
        made = Part(Sort.TRIPLES, self._peek())
        start, depth = self._at, self._peek().depth
        while True:
            token = self._peek()
            if token.depth == depth and (token.text in (".", "{") or token.word in _BEGINS_PART):
                break
            if token.depth <= depth and token.text == "}":
                break
            self._at += 1
        if self._at == start:
            raise NotUnderstood(f"{self._peek().place}: {self._peek().text[:40]} was not expected here.")
        made.mentioned = mentioned(self._tokens[start : self._at])
        return made


def _is_value(token: Token, before: Token | None) -> bool:
    """Whether a token of VALUES begins a value; a datatype belongs to the value before it."""
    begins = token.is_term or token.word == "UNDEF" or token.text == "<<"
    return begins and (before is None or before.text != "^^")

"""Evaluates a query that was written for one focus node for all of them at once.

SHACL gives $this (and parameters, and $value) a value before the query is evaluated, everywhere in it. Here a
subselect of all focus nodes takes the place of that value: it is put at the start of the WHERE, and of every
inner group that uses such a variable without binding it by a triple pattern of its own, because a group is
evaluated by itself. Groups of EXISTS need none: there the row they are evaluated for gives the values.

Source: SHACL section 5.3.1 and appendix A, SPARQL 1.1 sections 18.2 and 18.6.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from kb.errors import NotAllowed
from kb.sparql_tokens import Context, Kind, Token, tokens

_FORBIDDEN = {
    "MINUS": "SHACL does not allow it where variables have values from the start",
    "VALUES": "SHACL does not allow it where variables have values from the start; use FILTER(?x IN (…))",
    "SERVICE": "SHACL does not allow it where variables have values from the start",
    "GRAPH": "constraints are checked on all graphs merged",
    "FROM": "constraints are checked on all graphs merged",
    "LIMIT": "it would hide findings",
    "OFFSET": "it would hide findings",
}


class BadConstraintQuery(NotAllowed):
    """A query that a constraint must not have."""

    title = "The query of a constraint is not allowed"


@dataclass
class _Group:
    """A group in braces. start: the offset behind its opening brace.

    kind: "where" (of the query or a subselect), "exists", "optional", "nested", or "select" for the braces
    around a subselect. bound: by its triple patterns so far. used: by its filters, or given by its subselect.
    used_outside: by the filters of an OPTIONAL, which see what stands before it. wanted: used where only what
    stands before counts, and not bound there.
    """

    start: int
    kind: str
    parent: _Group | None
    bound: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    used_outside: set[str] = field(default_factory=set)
    wanted: set[str] = field(default_factory=set)
    clause: str = ""

    @property
    def home(self) -> _Group:
        """The innermost group around it, or itself, that is not part of an EXISTS."""
        group, home = self, self
        while group.parent:
            if group.kind == "exists":
                home = group.parent
            group = group.parent
        return home

    @property
    def lacks(self) -> bool:
        """Whether it needs the subselect of focus nodes."""
        if self.home is not self or self.kind == "select":
            return False
        return self.parent is None or bool(self.wanted or self.used - self.bound)


@dataclass(frozen=True)
class Body:
    """A query cut open.

    text: all of it. asks: whether it is an ASK. head: the offset of that word or of SELECT. insertions: the
    offsets where the subselect of focus nodes goes, rising, the first at the start of the WHERE. end: the
    offset of the brace that closes the WHERE.
    """

    text: str
    asks: bool
    head: int
    insertions: tuple[int, ...]
    end: int

    def select(self, subselect: str) -> str:
        """The SELECT for all focus nodes that `subselect`, in braces, gives."""
        parts, at = [], 0
        for offset in self.insertions:
            parts += [self.text[at:offset], f" {subselect} "]
            at = offset
        return "".join([*parts, self.text[at:]])

    def unless(self, subselect: str, variables: str) -> str:
        """The SELECT of `variables` in the rows of `subselect` for which the ASK is false."""
        inner = self.text[self.insertions[0] : self.end]
        return (
            f"{self.text[: self.head]} SELECT {variables} {{ {subselect} FILTER NOT EXISTS {{ {inner} }} }}"
        )


class _Reader:
    """Follows the tokens of a query and keeps the groups."""

    def __init__(self, text: str, given: frozenset[str], optional: frozenset[str]) -> None:
        self.text, self.given, self.needed = text, given, given - optional
        self.form, self.head, self.end = "", 0, 0
        self.groups: list[_Group] = []
        self.open: list[_Group] = []
        self.projected: set[str] = set()
        self.last = ""

    def body(self) -> Body:
        for token in tokens(self.text):
            self._read(token)
            self.last = token.word or token.text
        if not self.groups:
            raise BadConstraintQuery("The query of a constraint has no WHERE.")
        starts = sorted(group.start for group in self.groups if group.lacks)
        return Body(self.text, self.form == "ASK", self.head, tuple(starts), self.end)

    def _read(self, token: Token) -> None:
        word = token.word
        if word in _FORBIDDEN:
            raise BadConstraintQuery(
                f"{token.place}: {word} cannot stand in a constraint: {_FORBIDDEN[word]}."
            )
        if token.text == "{":
            self._open(token)
        elif token.text == "}":
            self._close(token)
        elif token.kind is Kind.VARIABLE:
            self._variable(token, token.text[1:])
        elif word in ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE"):
            self._form(token, word)
        elif word in ("FILTER", "BIND") and token.context is Context.PATTERN:
            self.open[-1].clause = word
        elif token.text == "*" and token.context is Context.QUERY and not self.open:
            self.projected |= self.given

    def _form(self, token: Token, word: str) -> None:
        if self.open:
            self.open[-1].kind = "select"
            self.projected = set()
        elif word in ("CONSTRUCT", "DESCRIBE") or self.form:
            raise BadConstraintQuery("The query of a constraint is a SELECT or an ASK.")
        else:
            self.form, self.head = word, token.start

    def _open(self, token: Token) -> None:
        parent = self.open[-1] if self.open else None
        if token.context is Context.QUERY:
            kind = "where"
            missing = self.needed - self.projected if parent else {"this"} - self.projected
            if missing and (parent or self.form == "SELECT"):
                raise BadConstraintQuery(f"{token.place}: this SELECT has to give ${min(missing)}.")
        else:
            kind = {"EXISTS": "exists", "OPTIONAL": "optional"}.get(self.last, "nested")
        self.open.append(_Group(token.end, kind, parent))
        self.groups.append(self.open[-1])

    def _close(self, token: Token) -> None:
        group = self.open.pop()
        parent = group.parent
        if parent is None:
            self.end = token.start
        elif parent.kind == "select":
            group.used |= self.needed
        elif parent.parent is not None:
            group.wanted |= group.used_outside - group.bound - parent.bound

    def _variable(self, token: Token, name: str) -> None:
        if token.context is Context.QUERY:
            self.projected.add(name)
        if name not in self.given:
            return
        if self.last == "AS":
            raise BadConstraintQuery(f"{token.place}: {token.text} has a value from the start.")
        if not self.open or self.open[-1].kind == "select":
            return
        group, home = self.open[-1], self.open[-1].home
        if group is home and token.context is Context.PATTERN:
            group.bound.add(name)
        elif home.clause == "BIND":
            home.wanted |= {name} - home.bound
        elif home.kind == "optional":
            home.used_outside.add(name)
        else:
            home.used.add(name)


def open_body(text: str, given: Iterable[str], optional: Iterable[str] = ()) -> Body:
    """Reads a SELECT or ASK, prefixes included, in which the variables `given` have values from the start.

    optional: those of them that a subselect need not give. Raises `BadConstraintQuery` for what SHACL, or a
    check of all nodes at once, does not allow, and `NotUnderstood` for what is not SPARQL.
    """
    return _Reader(text, frozenset(given), frozenset(optional)).body()

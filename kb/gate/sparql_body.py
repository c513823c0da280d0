"""Evaluates a query that was written for one focus node for all of them at once.

SHACL gives $this (and parameters, and $value) a value before the query is evaluated, everywhere in it. Here a
subselect of all focus nodes takes the place of that value: it is put at the start of the WHERE, and of every
inner group that uses such a variable without binding it by a triple pattern of its own, because a group is
evaluated by itself. Groups of EXISTS need none: there the row they are evaluated for gives the values. But an
EXISTS that holds a join is evaluated once for all rows, as a MINUS or a subselect, where that means the same.

Source: SHACL section 5.3.1 and appendix A, SPARQL 1.1 sections 18.2 and 18.6.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from kb.errors import NotAllowed
from kb.gate.sparql_filters import Absent, Filters
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

_JOINING = frozenset("/;,[")


class BadConstraintQuery(NotAllowed):
    """A query that a constraint must not have."""

    title = "The query of a constraint is not allowed"


@dataclass
class _Group:
    """A group in braces. start, end: the offsets behind its opening and of its closing brace.

    kind: "where" (of the query or a subselect), "exists", "optional", "nested", or "select" for the braces
    around a subselect. bound: the variables of its triple patterns so far. tested: those of its expressions
    and of the EXISTS in it. seen: of the outermost, all variables outside EXISTS.
    used: given variables in its filters, or given by its subselect. used_outside: those in the filters of an
    OPTIONAL, which see what stands before it. wanted: used where only what stands before counts, and not
    bound there.
    plain: whether it holds triple patterns and filters only. joins: whether it joins several patterns.
    condition: of a FILTER EXISTS, the offset of FILTER; negated: whether it is NOT EXISTS.
    """

    start: int
    kind: str
    parent: _Group | None
    end: int = 0
    bound: set[str] = field(default_factory=set)
    tested: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    used_outside: set[str] = field(default_factory=set)
    wanted: set[str] = field(default_factory=set)
    clause: str = ""
    plain: bool = True
    joins: bool = False
    stopped: bool = False
    condition: int | None = None
    negated: bool = False

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
        if not self.takes_nodes:
            return False
        return self.parent is None or bool(self.wanted or self.used - self.bound)

    @property
    def takes_nodes(self) -> bool:
        """Whether it is evaluated by itself, and not for each row of another group."""
        return self.home is self and self.kind != "select"


@dataclass(frozen=True)
class _Condition:
    """A FILTER EXISTS that holds a join. start, end: its offsets. inner: its group.

    around: what else the WHERE says, for an EXISTS that means nothing without it. shared: the variables that
    it has in common with the WHERE. of_nodes: whether it names a variable that has a value from the start.
    """

    start: int
    end: int
    inner: str
    around: str
    negated: bool
    shared: tuple[str, ...]
    of_nodes: bool

    def joined(self, nodes: str, around: str | None) -> str:
        """The same as a part of the WHERE that is evaluated once. around: for few nodes, as in `Body`."""
        if around:
            # In one group, which the engine can begin at the nodes; the filter parts the triple patterns.
            inner = f"{nodes} {around}\nFILTER(true) {self.inner}"
        elif self.around:
            inner = f"{{ {nodes} {self.around} }} {self.inner}"
        else:
            inner = f"{nodes if self.of_nodes else ''} {self.inner}"
        if self.negated:
            return f" MINUS {{ {inner} }} "
        return f" {{ SELECT DISTINCT {' '.join(f'?{name}' for name in self.shared)} {{ {inner} }} }} "


@dataclass(frozen=True)
class Body:
    """A query cut open.

    text: all of it. asks: whether it is an ASK. head: the offset of that word or of SELECT. insertions: the
    offsets where the subselect of focus nodes goes, rising, the first at the start of the WHERE. more: those
    where it may go, too, because triple patterns there name such a variable. end: the offset of the brace
    that closes the WHERE. conditions: what is better evaluated as a part of the WHERE. around: what else the
    WHERE says, None when that is more than triple patterns and filters. looks: variable -> a SELECT of the
    values that it can have in an answer, and maybe of others, for a WHERE that is not about the focus nodes.
    """

    text: str
    asks: bool
    head: int
    insertions: tuple[int, ...]
    more: tuple[int, ...]
    end: int
    conditions: tuple[_Condition, ...]
    around: str | None
    looks: Mapping[str, str]

    def select(self, subselect: str, also: str = "", *, few: bool = False) -> str:
        """The SELECT for all focus nodes that `subselect`, in braces, or a VALUES clause gives.

        also: begins the WHERE, too. few: whether the nodes are so few that each group is better begun at
        them, and a condition at the solutions around it, than evaluated for all data.
        """
        around = self.around if few else None
        places = (*self.insertions, *(self.more if few else ()))
        edits = [(offset, offset, f" {subselect} ") for offset in places]
        edits.append((self.insertions[0], self.insertions[0], f" {also} "))
        edits += [(each.start, each.end, " ") for each in self.conditions]
        joined = "".join(each.joined(subselect, around) for each in self.conditions)
        edits.append((self.end, self.end, joined))
        parts, at = [], 0
        for start, end, put in sorted(edits):
            parts += [self.text[at:start], put]
            at = end
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
        self.form, self.head = "", 0
        self.groups: list[_Group] = []
        self.open: list[_Group] = []
        self.projected: set[str] = set()
        self.before: deque[Token] = deque(maxlen=3)
        self.filters = Filters(text)

    def body(self) -> Body:
        for token in tokens(self.text):
            self._read(token)
            self.filters.read(token, in_where=len(self.open) == 1)
            self.before.append(token)
        if not self.groups:
            raise BadConstraintQuery("The query of a constraint has no WHERE.")
        starts = sorted(group.start for group in self.groups if group.lacks)
        conditions = [self._condition(group) for group in self.groups if group.condition is not None]
        where = self.groups[0]
        moved = tuple(each for each in conditions if each is not None)
        return Body(
            text=self.text,
            asks=self.form == "ASK",
            head=self.head,
            insertions=tuple(starts),
            more=tuple(sorted(self._more())),
            end=where.end,
            conditions=moved,
            around=self._around() if where.plain else None,
            looks=self._looks(where),
        )

    def _looks(self, where: _Group) -> dict[str, str]:
        if not where.plain or where.bound & self.given:
            return {}
        absent = {
            group.condition: Absent(self.text[group.start : group.end], group.bound)
            for group in self.groups
            if group.parent is where and group.condition is not None and group.negated and group.plain
        }
        names = where.seen | self.given
        return self.filters.looks(self.head, (where.start, where.end), where.bound, names, absent)

    def _more(self) -> Iterator[int]:
        for group in self.groups:
            if group.takes_nodes and not group.lacks and group.bound >= self.needed:
                yield group.start

    def _condition(self, group: _Group) -> _Condition | None:
        """The FILTER EXISTS of a group, None when it is to stay one.

        The engine evaluates an EXISTS for each row without regard to what the row already has, which takes
        forever when it holds a join. It means the same on its own if it binds all that it tests, or else
        together with the triple patterns around it.
        """
        where = self.groups[0]
        if group.parent is not where or not (group.plain and group.joins):
            return None
        certain, names = where.bound | self.given, group.bound | (group.tested & self.given)
        around = ""
        if not group.tested & where.seen <= names:
            if not where.plain:
                return None
            around, names = self._around(), names | where.bound | self.given
        shared = names & certain
        if not shared or not (group.negated or names & where.seen <= certain):
            return None
        return _Condition(
            start=group.condition or 0,
            end=group.end + 1,
            inner=self.text[group.start : group.end],
            around=around,
            negated=group.negated,
            shared=tuple(sorted(shared)),
            of_nodes=bool(names & self.given),
        )

    def _around(self) -> str:
        """The WHERE without its FILTER EXISTS."""
        where, parts = self.groups[0], []
        at = where.start
        for group in self.groups:
            if group.parent is where and group.condition is not None:
                parts.append(self.text[at : group.condition])
                at = group.end + 1
        return " ".join([*parts, self.text[at : where.end]])

    def _word_before(self, back: int = 1) -> str:
        if len(self.before) < back:
            return ""
        token = self.before[-back]
        return token.word or token.text

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
            self.open[-1].plain &= word == "FILTER"
        elif token.text == "*" and token.context is Context.QUERY and not self.open:
            self.projected |= self.given
        if self.open and token.context is Context.PATTERN:
            self._joins(token, self.open[-1])

    def _joins(self, token: Token, group: _Group) -> None:
        """Notes whether the triple patterns of the group are more than one."""
        if token.text in _JOINING or (group.stopped and token.is_term):
            group.joins = True
        group.stopped |= token.text == "."

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
            kind = {"EXISTS": "exists", "OPTIONAL": "optional"}.get(self._word_before(), "nested")
        group = _Group(token.end, kind, parent)
        if kind == "exists":
            group.negated = self._word_before(2) == "NOT"
            if self._word_before(3 if group.negated else 2) == "FILTER":
                group.condition = self.before[-3 if group.negated else -2].start
        if parent:
            parent.plain &= kind == "exists"
        self.open.append(group)
        self.groups.append(group)

    def _close(self, token: Token) -> None:
        group = self.open.pop()
        group.end, parent = token.start, group.parent
        if parent is None:
            return
        if parent.kind == "select":
            group.used |= self.needed
        elif parent.parent is not None:
            group.wanted |= group.used_outside - group.bound - parent.bound

    def _variable(self, token: Token, name: str) -> None:
        if token.context is Context.QUERY:
            self.projected.add(name)
        if name in self.given and self._word_before() == "AS":
            raise BadConstraintQuery(f"{token.place}: {token.text} has a value from the start.")
        if not self.open or self.open[-1].kind == "select":
            return
        group, home = self.open[-1], self.open[-1].home
        in_pattern = token.context is Context.PATTERN
        (group.bound if in_pattern else group.tested).add(name)
        for outer in self.open[:-1]:
            outer.tested.add(name)
        if group is home:
            self.groups[0].seen.add(name)
        if name in self.given and not (group is home and in_pattern):
            self._use(home, name)

    def _use(self, home: _Group, name: str) -> None:
        """Notes that a given variable is used in an expression of `home`, or in an EXISTS there."""
        if home.clause == "BIND":
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
    return _open(text, frozenset(given), frozenset(optional))


@lru_cache(maxsize=1000)
def _open(text: str, given: frozenset[str], optional: frozenset[str]) -> Body:
    return _Reader(text, given, optional).body()

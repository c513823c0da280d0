"""What else in a query says about the variables of a SERVICE clause, so that only what can matter is asked.

A solution of the SERVICE clause matters only where the parts of the query that are joined with it have a
solution that agrees with it. So any of these parts, evaluated by themselves, give values of which one must
be met; leaving parts out only makes them more. Left out are OPTIONAL, MINUS and whatever may come out in
another way when it is evaluated twice. Of an OPTIONAL, MINUS or EXISTS the solutions that can matter are
those that agree with its left side; what is further out does not count, since there a missing one shows.

Source: SPARQL 1.1 Query Language, sections 18.2.2 and 18.5; SPARQL 1.1 Federated Query, section 2.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from kb.sparql_groups import NONE, Group, Names, Part, Query, Select, Sort
from kb.sparql_tokens import Kind

_JOINED: Final = frozenset((Sort.TRIPLES, Sort.GROUPS, Sort.GRAPH, Sort.SERVICE, Sort.VALUES))


class _Held(Enum):
    """How a group is held by what is around it."""

    JOINED = 1
    """As a part of a group, alone or in a UNION or GRAPH."""
    SUBQUERY = 2
    """As the WHERE of a subquery."""
    RIGHT = 3
    """As the right side of OPTIONAL or MINUS, or EXISTS in a BIND: what stands before it is the left side."""
    EXISTS = 4
    """As EXISTS in a FILTER: the whole group is the left side."""
    ALONE = 5
    """By nothing that says anything about it."""


@dataclass(frozen=True)
class _Step:
    """A group on the way out from a SERVICE clause. at: which of its parts holds what is inside.

    by: the part that holds the group. select: of the query or subquery whose WHERE it is.
    """

    group: Group
    at: int
    held: _Held
    by: Part | None = None
    select: Select | None = None


@dataclass(frozen=True)
class Site:
    """A SERVICE clause and all groups around it, from inside. in_exists: whether one is that of an EXISTS."""

    part: Part
    steps: tuple[_Step, ...]
    in_exists: bool


@dataclass(frozen=True)
class Source:
    """Patterns that belong together by their variables. text: for a WHERE. variables: those asked about."""

    text: str
    variables: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Operand:
    """A pattern that is joined with the SERVICE clause. variables: it may bind these. certain: it does."""

    text: str
    variables: Names
    certain: Names
    labels: frozenset[str]
    level: int


@dataclass(frozen=True)
class _Condition:
    """A FILTER. It holds for what operands of the levels `lowest` to `highest` bind."""

    text: str
    used: Names
    lowest: int
    highest: int


def sites(query: Query) -> list[Site]:
    """The SERVICE clauses of a query in the order of its text, without those inside of another SERVICE."""
    found: list[Site] = []
    if query.where:
        step = _Step(query.where, -1, _Held.ALONE, select=query.select)
        _walk(step, (), False, found)
    for group in query.select.exists:
        _walk(_Step(group, -1, _Held.ALONE), (), True, found)
    return sorted(found, key=lambda site: site.part.start)


def sites_in(where: Group) -> list[Site]:
    """The same for a group by itself, such as the WHERE clause of an update."""
    found: list[Site] = []
    _walk(_Step(where, -1, _Held.ALONE), (), False, found)
    return sorted(found, key=lambda site: site.part.start)


def _walk(step: _Step, outside: tuple[_Step, ...], in_exists: bool, found: list[Site]) -> None:
    group = step.group
    if group.select and group.where:
        inner = _Step(group.where, -1, _Held.SUBQUERY, select=group.select)
        _walk(inner, (step, *outside), in_exists, found)
        for each in group.select.exists:
            _walk(_Step(each, -1, _Held.ALONE), (), True, found)
    for at, part in enumerate(group.parts):
        here = (_Step(group, at, step.held, step.by, step.select), *outside)
        if part.sort is Sort.SERVICE:
            found.append(Site(part, here, in_exists))
            continue
        right = part.sort in (Sort.OPTIONAL, Sort.MINUS)
        for each in part.groups:
            _walk(_Step(each, -1, _Held.RIGHT if right else _Held.JOINED, part), here, in_exists, found)
        for each in part.exists:
            held = _Held.EXISTS if part.sort is Sort.FILTER else _Held.RIGHT
            _walk(_Step(each, -1, held, part), here, True, found)


def sources(site: Site, text_of: Callable[[Part], str], usable: Callable[[Part], bool]) -> list[Source]:
    """What binds the variables of a SERVICE clause; each source alone holds for all solutions that matter.

    text_of: the text of a part with the clauses answered so far. usable: whether a part holds no other ones.
    """
    gathered = _Gathered(text_of, usable)
    wanted = gathered.around(site)
    made = []
    for belong in _connected(gathered.operands):
        variables = sorted(wanted & NONE.union(*(operand.variables for operand in belong)))
        if variables:
            conditions = (each.text for each in gathered.conditions if _holds(each, belong))
            text = " . ".join([*(operand.text for operand in belong), *conditions])
            made.append(Source(text, tuple(variables)))
    return made


class _Gathered:
    """What is joined with a SERVICE clause, gathered from the inside out."""

    def __init__(self, text_of: Callable[[Part], str], usable: Callable[[Part], bool]) -> None:
        self._text_of, self._usable = text_of, usable
        self.operands: list[_Operand] = []
        self.conditions: list[_Condition] = []

    def around(self, site: Site) -> Names:
        """Gathers what there is. Out: the variables that may be asked about."""
        wanted = site.part.groups[0].certain() | _variable(site.part)
        came = _Held.JOINED
        for level, step in enumerate(site.steps):
            parts = step.group.parts[: step.at] if came is _Held.RIGHT else _others(step)
            self._add([part for part in parts if _is_settled(part, site.in_exists)], level)
            beside = came not in (_Held.RIGHT, _Held.EXISTS)
            self._add_conditions(step.group.parts, 0 if beside else level, level)
            if step.select and step.select.passes and step.select.values and beside:
                self._add([step.select.values], level)
            if not beside or step.held is _Held.ALONE:
                break
            if step.held is _Held.SUBQUERY and step.select:
                if not step.select.passes or any(wanted & each.variables for each in self.operands):
                    break
                self.operands, self.conditions = [], []
                wanted &= wanted if step.select.projected is None else step.select.plain
            if step.by and step.by.sort is Sort.GRAPH:
                self._put_in_graph(step.by)
            came = step.held
        return wanted

    def _add(self, parts: Sequence[Part], level: int) -> None:
        """Adds the parts of one group that can be evaluated by themselves."""
        made: list[_Operand] = []
        for at, part in enumerate(parts):
            if part.volatile or part.exists or not self._usable(part):
                continue
            if part.sort in _JOINED:
                # The label of a blank node in two statements is one node, so these stay together.
                labels = part.labels if part.sort is Sort.TRIPLES else frozenset()
                same = [each for each in made if each.labels & labels]
                made = [each for each in made if each not in same]
                own = _Operand(self._text_of(part), part.visible(), part.certain(), labels, level)
                made.append(_together([*same, own], " . ".join))
            elif part.sort is Sort.BIND:
                made = self._bound(part, made, parts[:at], level)
        self.operands += made

    def _bound(self, part: Part, before: list[_Operand], parts: Sequence[Part], level: int) -> list[_Operand]:
        """The operands and a BIND after them, if what it uses has the same value as in the whole query."""
        once = {
            each.target
            for each in parts
            if each.sort is Sort.BIND and sum(each.target in other.visible() for other in parts) == 1
        }
        using = [each for each in before if each.variables & part.mentioned]
        known = NONE.union(*(each.certain | (each.variables & once) for each in using))
        if not part.mentioned <= known:
            return before
        own = _Operand(self._text_of(part), part.visible(), NONE, frozenset(), level)
        joined = _together([*using, own], lambda texts: f"{{ {' . '.join(texts)} }}")
        return [*(each for each in before if each not in using), joined]

    def _add_conditions(self, parts: Iterable[Part], lowest: int, highest: int) -> None:
        for part in parts:
            if part.sort is Sort.FILTER and not part.volatile and not part.exists:
                self.conditions.append(_Condition(self._text_of(part), part.mentioned, lowest, highest))

    def _put_in_graph(self, part: Part) -> None:
        name = part.name.text if part.name else ""
        self.operands = [
            _Operand(
                f"GRAPH {name} {{ {each.text} }}",
                each.variables | _variable(part),
                each.certain | _variable(part),
                frozenset(),
                each.level,
            )
            for each in self.operands
        ]


def _others(step: _Step) -> list[Part]:
    return [part for at, part in enumerate(step.group.parts) if at != step.at]


def _is_settled(part: Part, in_exists: bool) -> bool:
    """Whether it comes to the same by itself as in the whole query.

    By the definitions it does outside of EXISTS; but the engine lets values from outside into a group that
    has OPTIONAL, MINUS or BIND in it.
    """
    if in_exists or part.sort not in (Sort.GROUPS, Sort.GRAPH):
        return part.is_plain() or not in_exists
    return all(
        group.where.is_plain() if group.select and group.where else group.is_plain() for group in part.groups
    )


def _variable(part: Part) -> Names:
    """The variable in the place of the name of a graph or endpoint."""
    name = part.name
    return frozenset((name.text[1:],)) if name and name.kind is Kind.VARIABLE else NONE


def _together(operands: Sequence[_Operand], join: Callable[[list[str]], str]) -> _Operand:
    return _Operand(
        join([each.text for each in operands]),
        NONE.union(*(each.variables for each in operands)),
        NONE.union(*(each.certain for each in operands)),
        frozenset[str]().union(*(each.labels for each in operands)),
        operands[-1].level,
    )


def _connected(operands: Iterable[_Operand]) -> Iterator[list[_Operand]]:
    """The operands in lots that have no variable in common, so that none is a product of two others."""
    lots: list[list[_Operand]] = []
    for operand in operands:
        same = [lot for lot in lots if any(each.variables & operand.variables for each in lot)]
        lots = [lot for lot in lots if lot not in same]
        lots.append([*(each for lot in same for each in lot), operand])
    yield from lots


def _holds(condition: _Condition, operands: list[_Operand]) -> bool:
    """Whether a FILTER says the same of these operands as of the whole query."""
    seen = (each for each in operands if condition.lowest <= each.level <= condition.highest)
    return condition.used <= NONE.union(*(each.certain for each in seen))

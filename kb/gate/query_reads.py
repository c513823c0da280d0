"""What the query of a constraint reads, as seen from the nodes that it is asked about.

A triple can change the answer about a node only where it matches a triple pattern of the query, and where
the other patterns that have to hold together with that one lead from the triple to the node. Such patterns
are those of the same group and of the groups around it, but not those inside OPTIONAL, EXISTS or one side of
a UNION. A group in OPTIONAL or EXISTS is looked at for each solution before it: only through variables that
are bound there for certain does it hang together with the rest, because a solution also counts where nothing
in the group fits it. All other variables of such a group, and those that a subselect does not give, are
therefore renamed apart first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Final

from rdflib import URIRef
from rdflib.term import Node

from kb.gate.query_patterns import (
    Exists,
    Group,
    Item,
    NotAnalysed,
    Optional,
    Select,
    Term,
    TriplePattern,
    Union,
    Var,
)
from kb.gate.reads import End, Guard, Read, Way, shortest
from kb.gate.routes import Edge, Route, Step, back, chain, edges, may_stay

_MOST_WAYS: Final = 4
_LONGEST_WAY: Final = 5

Patterns = frozenset[TriplePattern]


@dataclass(frozen=True)
class Known:
    """What is known of variables before the query is evaluated.

    routes: of those that have a value from the start, the way to it from the focus node. constants: of those
    that have the same value always, it. in_data: those that surely stand in some triple. keyed: whether a
    result may be looked up by other variables than the focus node.
    """

    routes: Mapping[str, Route]
    constants: Mapping[str, Node]
    in_data: frozenset[str]
    keyed: bool = False


def query_reads(query: Select, known: Known) -> list[Read]:
    """All that the query reads. Raises `NotAnalysed`."""
    constants = {name: term if isinstance(term, URIRef) else None for name, term in known.constants.items()}
    scope = _Scopes(frozenset(known.routes))
    group = scope.localised(_renamed(query.group, lambda name: constants.get(name, Var(name))))
    keys = _keys(query, group) - known.routes.keys() if known.keyed else frozenset[str]()
    return [
        read
        for pattern, others in _patterns(group, frozenset())
        for read in _Pattern(pattern, others - {pattern}, known, keys).reads()
    ]


# -- scopes -----------------------------------------------------------------------------------------------


def _renamed(group: Group, name: Callable[[str], Term]) -> Group:
    """The group with other terms in the place of its variables."""

    def of(term: Term) -> Term:
        return name(term.name) if isinstance(term, Var) else term

    def item(each: Item) -> Item:
        match each:
            case TriplePattern(subject, _, value, predicate):
                verb = of(predicate)
                return replace(
                    each,
                    subject=of(subject),
                    value=of(value),
                    predicate=verb if isinstance(verb, Var) else None,
                )
            case Union(groups):
                return Union(tuple(_renamed(inner, name) for inner in groups))
            case Select(group=inner, visible=visible):
                shown = None if visible is None else {_name(name(each)) for each in visible}
                seen = None if shown is None else frozenset(each for each in shown if each is not None)
                return replace(each, group=_renamed(inner, name), visible=seen)
        return replace(each, group=_renamed(each.group, name))

    return Group(tuple(item(each) for each in group.items))


def _name(term: Term) -> str | None:
    return term.name if isinstance(term, Var) else None


class _Scopes:
    """Renames variables apart that are not the same one, or are not surely so. given: bound everywhere."""

    def __init__(self, given: frozenset[str]) -> None:
        self._given = given
        self._fresh = count()

    def localised(self, group: Group) -> Group:
        """The group with every inner scope renamed apart."""
        items = list[Item]()
        bound = set(self._given)
        for each in group.items:
            if isinstance(each, Exists) and each.late:
                continue
            items.append(self._item(each, frozenset(bound)))
            bound |= _variables(_required_of(items[-1]))
        late = (each for each in group.items if isinstance(each, Exists) and each.late)
        items += [self._item(each, frozenset(bound)) for each in late]
        return Group(tuple(items))

    def _item(self, item: Item, bound: frozenset[str]) -> Item:
        match item:
            case TriplePattern():
                return item
            case Union(groups):
                return Union(tuple(self.localised(inner) for inner in groups))
            case Select(group=inner, visible=visible):
                own = inner if visible is None else self._apart(inner, visible | self._given)
                return replace(item, group=self.localised(own))
        return replace(item, group=self.localised(self._apart(item.group, bound)))

    def _apart(self, group: Group, keep: frozenset[str]) -> Group:
        number = next(self._fresh)
        return _renamed(group, lambda name: Var(name if name in keep else f"{name}#{number}"))


def required(group: Group) -> Patterns:
    """The triple patterns that every solution of the group matches."""
    return frozenset(pattern for item in group.items for pattern in _required_of(item))


def _required_of(item: Item) -> Patterns:
    match item:
        case TriplePattern():
            return frozenset((item,))
        case Union(groups=(alone,)):
            return required(alone)
        case Select(group=group):
            return required(group)
    return frozenset()


def _variables(patterns: Iterable[TriplePattern]) -> set[str]:
    terms = (term for each in patterns for term in (each.subject, each.value, each.predicate))
    return {term.name for term in terms if isinstance(term, Var)}


def _keys(query: Select, group: Group) -> frozenset[str]:
    """The variables of a result that stand for it: all its rows with a value follow from that value alone."""
    plain = not query.aggregates and not any(_selects(group))
    if not plain or query.visible is None:
        return frozenset()
    return frozenset(_variables(required(group)) & query.visible)


def _selects(group: Group) -> Iterator[Select]:
    for item in group.items:
        match item:
            case Select():
                yield item
            case Union(groups):
                for inner in groups:
                    yield from _selects(inner)
            case Optional(inner) | Exists(inner):
                yield from _selects(inner)


# -- patterns ---------------------------------------------------------------------------------------------


Found = Iterator[tuple[TriplePattern, Patterns]]


def _patterns(group: Group, around: Patterns) -> Found:
    """Each triple pattern at any depth, with those that have to hold together with it."""
    together = around | required(group)
    for item in group.items:
        if type(item) in ITEM_RULES:
            yield from ITEM_RULES[type(item)](item, together)


def _of_pattern(item: Item, together: Patterns) -> Found:
    assert isinstance(item, TriplePattern)
    yield item, together


def _of_group(item: Item, together: Patterns) -> Found:
    assert isinstance(item, Optional | Exists | Select)
    yield from _patterns(item.group, together)


def _of_union(item: Item, together: Patterns) -> Found:
    assert isinstance(item, Union)
    for group in item.groups:
        yield from _patterns(group, together)


ITEM_RULES: Final[dict[type, Callable[[Item, Patterns], Found]]] = {
    TriplePattern: _of_pattern,
    Optional: _of_group,
    Exists: _of_group,
    Union: _of_union,
    Select: _of_group,
}
"""What each part of a group reads."""


@dataclass(frozen=True)
class _Pattern:
    """One triple pattern with those that have to hold together with it."""

    pattern: TriplePattern
    others: Patterns
    known: Known
    keys: frozenset[str]

    def reads(self) -> Iterator[Read]:
        pattern = self.pattern
        if may_stay(pattern.route) and not self._stands(pattern.subject) and not self._stands(pattern.value):
            raise NotAnalysed("A path of no steps may begin at a node that the data does not have.")
        to_subject, to_value = self._routes(pattern.subject), self._routes(pattern.value)
        for edge in edges(pattern.route):
            near, far = _ends(edge.step)
            ways = [Way(near, back(chain(route, edge.before))) for route in to_subject]
            ways += [Way(far, chain(edge.after, back(route))) for route in to_value]
            yield self._read(edge, shortest(ways))

    def _read(self, edge: Edge, ways: tuple[Way, ...]) -> Read:
        pattern, step = self.pattern, edge.step
        if pattern.route != step:
            return Read(step.predicate, ways, step.but)
        terms: dict[End, Term] = {"predicate": pattern.predicate}
        terms["subject"], terms["value"] = pattern.subject, pattern.value
        if step.inverse:
            terms["subject"], terms["value"] = terms["value"], terms["subject"]
        subject, value = terms["subject"], terms["value"]
        alone = Read(
            step.predicate,
            ways,
            step.but,
            subject=subject if isinstance(subject, URIRef) else None,
            value=value if isinstance(value, URIRef) else None,
        )
        if ways:
            return alone
        keys = sorted((_name(term) or "", end) for end, term in terms.items() if _name(term) in self.keys)
        guards = [guard for end, term in terms.items() for guard in self._guards(end, term)]
        return replace(alone, keys=tuple(keys), guards=tuple(guards))

    def _guards(self, end: End, term: Term) -> Iterator[Guard]:
        for other in sorted(self.others, key=repr):
            route = other.route
            if term is None or other.subject != term or not isinstance(other.value, URIRef):
                continue
            if isinstance(route, Step) and route.predicate is not None and not route.inverse:
                yield Guard(end, route.predicate, other.value)

    def _stands(self, term: Term) -> bool:
        """Whether the term surely stands in a triple wherever the pattern matters."""
        if _name(term) in self.known.in_data:
            return True
        others = (other for other in self.others if not may_stay(other.route))
        return isinstance(term, Var) and any(term in (other.subject, other.value) for other in others)

    def _routes(self, term: Term) -> list[Route]:
        """Some routes from the focus node to the term over other patterns, the shortest first."""
        if not isinstance(term, Var):
            return []
        found = list[Route]()
        waiting = deque(
            (Var(name), route, frozenset[TriplePattern]()) for name, route in self.known.routes.items()
        )
        while waiting and len(found) < _MOST_WAYS:
            here, route, used = waiting.popleft()
            if here == term:
                found.append(route)
            elif len(used) < _LONGEST_WAY:
                for other in sorted(self.others - used, key=repr):
                    if other.subject == here and isinstance(other.value, Var):
                        waiting.append((other.value, chain(route, other.route), used | {other}))
                    if other.value == here and isinstance(other.subject, Var):
                        waiting.append((other.subject, chain(route, back(other.route)), used | {other}))
        return found


def _ends(step: Step) -> tuple[End, End]:
    """The ends of a triple where a step over it begins and ends."""
    return ("value", "subject") if step.inverse else ("subject", "value")

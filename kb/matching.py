"""Rules matched triple by triple on a state that is not written down: an engine and what changes in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import cast

from rdflib import RDF, Literal, Variable
from rdflib.term import Node

from kb.engine.lookup import Lookup, Statement, is_resource
from kb.engine.oxigraph_terms import Term, as_stored, to_oxigraph
from kb.rules import Atom, Rule

_TYPE = to_oxigraph(RDF.type)
_AT_FIRST = 8
"""How many rows of a pattern are read before it is known whether another one has fewer."""

_Row = tuple[Term | None, ...]
"""What the variables of a rule stand for, by number; None where not known yet."""


def key(triple: Statement) -> Term:
    """The class or property that a triple says something with: its class when it states a type."""
    return triple[2] if triple[1] == _TYPE else triple[1]


class State:
    """The triples of a merge, less some and with others. read: is called for each row that is looked at."""

    def __init__(self, lookup: Lookup, read: Callable[[], None]) -> None:
        self._lookup = lookup
        self._read = read
        self._added: set[Statement] = set()
        self._removed: set[Statement] = set()
        self._added_at = defaultdict[tuple[bool, Term | None, Term], set[Statement]](set)

    def __contains__(self, triple: Statement) -> bool:
        self._read()
        return triple in self._added or (triple not in self._removed and triple in self._lookup)

    def add(self, triple: Statement) -> None:
        """Adds a triple that is not there."""
        if triple in self._removed:
            self._removed.remove(triple)
            return
        subject, predicate, value = triple
        self._added.add(triple)
        self._added_at[True, subject, predicate].add(triple)
        self._added_at[False, value, predicate].add(triple)

    def remove(self, triple: Statement) -> None:
        """Takes away a triple of the merge."""
        self._removed.add(triple)

    def was_added(self, triple: Statement) -> bool:
        """Whether a triple was added that the merge does not have."""
        return triple in self._added

    def changes(self) -> tuple[set[Statement], set[Statement]]:
        """The triples that were added, and those that were taken away."""
        return self._added, self._removed

    def match(self, subject: Term | None, predicate: Term, value: Term | None) -> Iterator[Statement]:
        """The triples with these terms; None, but not for both: any. No change may come in between."""
        if subject is not None and not is_resource(subject):
            return
        if subject is not None and value is not None:
            if (subject, predicate, value) in self:
                yield subject, predicate, value
            return
        for triple in self._lookup.match(subject, predicate, value):
            self._read()
            if triple not in self._removed:
                yield triple
        if self._added:
            at = (True, subject, predicate) if subject is not None else (False, value, predicate)
            for triple in self._added_at.get(at, ()):
                self._read()
                yield triple


@dataclass(frozen=True)
class Pattern:
    """A triple of a rule: a number in the place of a variable."""

    subject: Term | int
    predicate: Term
    value: Term | int

    @property
    def key(self) -> Term:
        """The class or property that it reads or writes."""
        of_type = self.predicate == _TYPE and not isinstance(self.value, int)
        return cast(Term, self.value) if of_type else self.predicate

    def bind(self, triple: Statement, row: _Row) -> _Row | None:
        """`row` with what the pattern's variables have to be to give `triple`; None when it does not fit.

        triple: with the ends that are known already.
        """
        if triple[1] != self.predicate:
            return None
        bound = list(row)
        for place, term in ((self.subject, triple[0]), (self.value, triple[2])):
            if isinstance(place, int):
                bound[place] = term
            elif place != term:
                return None
        return tuple(bound)

    def ends(self, row: _Row) -> tuple[Term | None, Term | None]:
        """Subject and object as far as they are known."""
        subject, value = self.subject, self.value
        return (
            row[subject] if isinstance(subject, int) else subject,
            row[value] if isinstance(value, int) else value,
        )


class MatchedRule:
    """A rule made ready to be matched from any of its triples. layer: when it is its turn."""

    def __init__(self, rule: Rule, layer: int) -> None:
        self.layer = layer
        numbers: dict[Node, int] = {}
        self.body = tuple(_pattern(atom, numbers) for atom in dict.fromkeys(rule.body))
        self.head = _pattern(rule.head, numbers)
        self._nothing: _Row = (None,) * len(numbers)
        in_head = {self.head.subject, self.head.value}
        ends = {end for pattern in self.body for end in (pattern.subject, pattern.value)}
        self.looks_for_values = any(isinstance(end, int) and end not in in_head for end in ends)

    def conclusions(self, state: State, place: int, triple: Statement) -> Iterator[Statement]:
        """What the rule gives, on `state`, when the triple of its body at `place` is `triple`."""
        row = self.body[place].bind(triple, self._nothing)
        if row is None:
            return
        for found in _solutions(state, self.body[:place] + self.body[place + 1 :], row, None):
            subject, value = self.head.ends(found)
            if subject is not None and value is not None and is_resource(subject):
                yield subject, self.head.predicate, value

    def gives(self, state: State, triple: Statement, counts: Callable[[Statement], bool] | None) -> bool:
        """Whether the rule gives `triple` on `state`, from triples that count; None: all do."""
        row = self.head.bind(triple, self._nothing)
        return row is not None and any(True for _ in _solutions(state, self.body, row, counts))


def _pattern(atom: Atom, numbers: dict[Node, int]) -> Pattern:
    def place(term: Node) -> Term | int:
        if isinstance(term, Variable):
            return numbers.setdefault(term, len(numbers))
        return to_oxigraph(as_stored(term) if isinstance(term, Literal) else term)

    subject, predicate, value = atom
    return Pattern(place(subject), to_oxigraph(predicate), place(value))


def _solutions(
    state: State, patterns: tuple[Pattern, ...], row: _Row, counts: Callable[[Statement], bool] | None
) -> Iterator[_Row]:
    """The rows that match all `patterns` and agree with `row`, by triples that count."""
    if not patterns:
        yield row
        return
    pattern, triples = _narrowest(state, patterns, row)
    rest = tuple(other for other in patterns if other is not pattern)
    for triple in triples:
        if (counts is None or counts(triple)) and (bound := pattern.bind(triple, row)) is not None:
            yield from _solutions(state, rest, bound, counts)


def _narrowest(state: State, patterns: Iterable[Pattern], row: _Row) -> tuple[Pattern, Iterable[Statement]]:
    """Of the patterns that have a known end, one with few triples, and those.

    Reading a few of each, then more of each, costs no more than some times the fewest: from a region to its
    country and back to all the regions of the country would be the long way round.
    """
    known = [
        (pattern, subject, value)
        for pattern in patterns
        for subject, value in [pattern.ends(row)]
        if subject is not None or value is not None
    ]
    if len(known) == 1:
        pattern, subject, value = known[0]
        return pattern, state.match(subject, pattern.predicate, value)
    size = _AT_FIRST
    while True:
        for pattern, subject, value in known:
            found = list(islice(state.match(subject, pattern.predicate, value), size))
            if len(found) < size:
                return pattern, found
        size *= 8

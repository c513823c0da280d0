"""The filters of a query that look at one variable, so that its values can be tested before the answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from kb.sparql_tokens import Kind, Token


@dataclass
class _Filter:
    """A FILTER. start, end: its offsets. says: what follows the word. names: its variables."""

    start: int
    depth: int
    end: int = 0
    says: str = ""
    names: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Absent:
    """What a FILTER NOT EXISTS holds. bound: the variables of its triple patterns."""

    text: str
    bound: Set[str]


class Filters:
    """The filters of the WHERE itself, not of the groups in it. text: of the query."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._all: list[_Filter] = []

    def read(self, token: Token, *, in_where: bool) -> None:
        """Takes the next token. in_where: whether it stands in no inner group."""
        last = self._all[-1] if self._all else None
        if last and not last.end:
            if token.kind is Kind.VARIABLE:
                last.names.add(token.text[1:])
            elif token.text in (")", "}") and token.depth == last.depth + 1:
                # A filter is a bracket, a call or an EXISTS: each ends where its first bracket does.
                last.end = token.end
                last.says = self._text[last.start + len("FILTER") : token.end]
        elif token.word == "FILTER" and in_where:
            self._all.append(_Filter(token.start, token.depth))

    def looks(
        self,
        head: int,
        where: tuple[int, int],
        bound: Set[str],
        names: Set[str],
        absent: Mapping[int, Absent],
    ) -> dict[str, str]:
        """Variable -> a SELECT of the values for which its filters hold, each tested once.

        head: where SELECT stands. where: start and end of the WHERE, which has triple patterns and filters
        only. bound: the variables of the triple patterns. names: all that mean the same inside and outside
        EXISTS. absent: offset of a FILTER NOT EXISTS -> what it holds, if only triple patterns and filters.
        """
        tests, without = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
        for each in self._all:
            shared = each.names & names
            if len(shared) != 1 or not shared <= bound:
                continue
            (name,) = shared
            inner = absent.get(each.start)
            if inner and name in inner.bound:
                without[name].append(f"MINUS {{ {inner.text} }}")  # the engine is slow with an EXISTS
            else:
                tests[name].append(each.says)
        patterns, prologue = self._patterns(*where), self._text[:head]
        looks = {}
        for name in {**tests, **without}:
            asked = " ".join([patterns, *without[name]])
            having = " && ".join(tests[name]) or "true"
            looks[name] = f"{prologue} SELECT ?{name} {{ {asked} }} GROUP BY ?{name} HAVING({having})"
        return looks

    def _patterns(self, start: int, end: int) -> str:
        """The WHERE without its filters."""
        parts, at = [], start
        for each in self._all:
            parts.append(self._text[at : each.start])
            at = each.end
        return " ".join([*parts, self._text[at:end]])

"""What a query asks of the beginning of its variables, so that keys which begin otherwise are not looked up.

A rule about all data is looked up by what a change names (`kb.gate.reads.Read.keys`). Most of these rules are
about IRIs of ours alone and say so: FILTER(STRSTARTS(STR(?path), STR(def:))).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from rdflib import URIRef
from rdflib.term import Literal, Node

from kb.gate.constraints import Shape, Sparql
from kb.sparql_tokens import Context, Token, tokens

Keys = Mapping[tuple[str, ...], set[tuple[Node, ...]]]
"""Names of variables -> their values, one tuple for each answer that may have changed."""

_STRING: Final = re.compile("""(["'])(?P<text>[^"'\\\\]*)\\1""")
_NAME: Final = re.compile(r"(?P<prefix>[^:\\]*:)(?P<local>[^\\]*)")
_IRI: Final = re.compile(r"<(?P<text>[^<>\\]*:[^<>\\]*)>")


@dataclass(frozen=True)
class Begins:
    """That a variable, taken as text, begins with a text, or does not."""

    variable: str
    text: str
    negated: bool

    def lets(self, row: Mapping[str, Node]) -> bool:
        """Whether an answer may have these values."""
        value = row.get(self.variable)
        return not isinstance(value, URIRef | Literal) or value.startswith(self.text) != self.negated


def key_filters(shape: Shape) -> tuple[Begins, ...]:
    """What has to hold for each answer of the query that is the only constraint of a shape."""
    match shape.constraints:
        case (Sparql(query=query, asks=False),):
            return tuple(_filters(query))
    return ()


def possible(keys: Keys, filters: tuple[Begins, ...]) -> Keys:
    """The keys that an answer may have, without those that others among them cover."""
    left = {
        names: {row for row in rows if all(each.lets(dict(zip(names, row, strict=True))) for each in filters)}
        for names, rows in keys.items()
    }
    return {names: rows for names in left if (rows := set(_uncovered(names, left)))}


def _uncovered(names: tuple[str, ...], keys: Keys) -> Iterator[tuple[Node, ...]]:
    fewer = [other for other in keys if set(other) < set(names)]
    for row in keys[names]:
        value = dict(zip(names, row, strict=True))
        if not any(tuple(value[name] for name in other) in keys[other] for other in fewer):
            yield row


def _filters(query: str) -> Iterator[Begins]:
    """The filters of the WHERE itself, of the plain form that is understood here."""
    every = list(tokens(query))
    prefixes = {
        name.text: iri.text[1:-1]
        for word, name, iri in zip(every, every[1:], every[2:], strict=False)
        if word.word == "PREFIX"
    }
    for at, token in enumerate(every):
        if token.word == "FILTER" and token.depth == 1 and token.context is Context.PATTERN:
            inside = takewhile(lambda each: each.depth > 1, every[at + 2 :])
            found = _read(list(inside), prefixes)
            if found is not None:
                yield found


def _read(inside: list[Token], prefixes: Mapping[str, str]) -> Begins | None:
    texts = [token.word or token.text for token in inside]
    negated, texts = texts[:1] == ["!"], texts[texts[:1] == ["!"] :]
    match texts:
        case ["STRSTARTS", "(", "STR", "(", variable, ")", ",", start, ")", ")"]:
            text = _STRING.fullmatch(start)
            found = text and text["text"]
        case ["STRSTARTS", "(", "STR", "(", variable, ")", ",", "STR", "(", start, ")", ")", ")"]:
            found = _iri(start, prefixes)
        case _:
            return None
    return None if found is None or variable[0] not in "?$" else Begins(variable[1:], found, negated)


def _iri(text: str, prefixes: Mapping[str, str]) -> str | None:
    if iri := _IRI.fullmatch(text):
        return iri["text"]
    name = _NAME.fullmatch(text)
    return prefixes[name["prefix"]] + name["local"] if name and name["prefix"] in prefixes else None

"""Reads the triple patterns of a constraint's query, and how its groups stand to one another.

Expressions are passed over but for the EXISTS in them, because nothing else in an expression looks at the
data. What is not known for certain here raises `NotAnalysed`: a query is never read as less than it is.

Source: SPARQL 1.1 Query Language, section 19.8.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import count
from typing import Final, TypeAlias

from rdflib import RDF, URIRef

from kb.errors import KnowledgeBaseError
from kb.gate.routes import Choice, Route, Step, back, chain, repeated, zero_or_one
from kb.sparql_tokens import Context, Kind, Token, tokens

_AGGREGATES: Final = frozenset(("COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT"))
_END: Final = Token(Kind.MARK, "", 0, 0, 0, Context.QUERY, 0)


class NotAnalysed(KnowledgeBaseError):
    """A query of which it is not known what it reads."""

    title = "The query is not analysed"


@dataclass(frozen=True)
class Var:
    """A variable, or a blank node of a query."""

    name: str


Term: TypeAlias = Var | URIRef | None
"""A variable, an IRI, or None for a literal."""


@dataclass(frozen=True)
class TriplePattern:
    """One triple pattern. route: what its path says. predicate: the variable in its place, if it is one."""

    subject: Term
    route: Route
    value: Term
    predicate: Var | None = None


@dataclass(frozen=True)
class Optional:
    """OPTIONAL."""

    group: Group


@dataclass(frozen=True)
class Exists:
    """EXISTS or NOT EXISTS. late: in a FILTER, which sees all of its group; a BIND sees what is before it."""

    group: Group
    late: bool


@dataclass(frozen=True)
class Union:
    """Groups joined by UNION; one alone is a group in a group."""

    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Select:
    """A SELECT or ASK. visible: the variables of its group that are seen outside, None for all of them.

    aggregates: whether it has groups of rows. aliases: variables that get a computed value, anywhere in it.
    """

    group: Group
    visible: frozenset[str] | None
    aggregates: bool
    aliases: frozenset[str]


Item: TypeAlias = TriplePattern | Optional | Exists | Union | Select


@dataclass(frozen=True)
class Group:
    """What stands between braces, in order."""

    items: tuple[Item, ...]


def read_query(text: str) -> Select:
    """The patterns of a SELECT or ASK. Raises `NotAnalysed`, or what `tokens` raises."""
    return _Parser(list(tokens(text))).query()


@dataclass
class _Parser:
    """Recursive descent over the tokens."""

    tokens: list[Token]
    at: int = 0
    prefixes: dict[str, str] = field(default_factory=dict)
    aliases: set[str] = field(default_factory=set)
    fresh: count[int] = field(default_factory=count)

    # -- tokens -------------------------------------------------------------------------------------------

    @property
    def token(self) -> Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else _END

    def take(self) -> Token:
        token = self.token
        self.at += 1
        return token

    def takes(self, *texts: str) -> bool:
        """Takes the next token if it is one of these words in capitals, or marks."""
        found = (self.token.word or self.token.text) in texts
        self.at += found
        return found

    def takes_a(self, kind: Kind) -> bool:
        """Takes the next token if it is of this kind."""
        found = self.token is not _END and self.token.kind is kind
        self.at += found
        return found

    def need(self, text: str) -> None:
        if not self.takes(text):
            raise self.unknown()

    def unknown(self) -> NotAnalysed:
        shown = self.token.text[:40] or "its end"
        return NotAnalysed(f"{self.token.place}: what a query reads is not known where it has {shown}.")

    # -- queries ------------------------------------------------------------------------------------------

    def query(self) -> Select:
        while self.takes("PREFIX"):
            prefix = self.take().text
            self.prefixes[prefix] = self.iri()
        if self.takes("ASK"):
            self.takes("WHERE")
            found = Select(self.group(), None, False, frozenset(self.aliases))
        else:
            self.need("SELECT")
            found = self.select()
        if self.token is not _END:
            raise self.unknown()
        return found

    def select(self) -> Select:
        """What follows the word SELECT."""
        shown, everything, aggregates = set[str](), False, False
        while self.token.text != "{" and not self.takes("WHERE"):
            if self.token.kind is Kind.VARIABLE:
                shown.add(self.take().text[1:])
            elif self.token.text == "(":
                aggregates |= self.no_exists()
            elif self.takes("*"):
                everything = True
            elif not self.takes("DISTINCT", "REDUCED"):
                raise self.unknown()
        group = self.group()
        keys, grouped = self.modifiers()
        if aggregates or grouped:
            return Select(group, frozenset(shown & keys), True, frozenset(self.aliases))
        return Select(group, None if everything else frozenset(shown), False, frozenset(self.aliases))

    def modifiers(self) -> tuple[set[str], bool]:
        """What follows a WHERE; out: the variables that rows are grouped by, and whether they are grouped."""
        keys, grouped, grouping = set[str](), False, False
        while self.token is not _END and self.token.text != "}":
            if self.takes("GROUP"):
                grouped = grouping = True
            elif self.takes("HAVING", "ORDER"):
                grouped |= self.tokens[self.at - 1].word == "HAVING"
                grouping = False
            elif self.token.text == "(":
                self.no_exists()
            elif self.token.kind is Kind.VARIABLE:
                name = self.take().text[1:]
                keys |= {name} if grouping else set()
            elif self.token.word in ("LIMIT", "OFFSET", "VALUES", "EXISTS") or self.token.text == "{":
                raise self.unknown()
            else:
                self.take()
        return keys, grouped

    def no_exists(self) -> bool:
        """Takes an expression in brackets outside a group; out: whether it aggregates."""
        start = self.at
        if self.expression():
            raise self.unknown()
        return any(token.word in _AGGREGATES for token in self.tokens[start : self.at])

    def expression(self) -> list[Group]:
        """Takes what stands in brackets; out: the groups of the EXISTS in it."""
        self.need("(")
        found, depth = list[Group](), 1
        while depth:
            if self.token is _END:
                raise self.unknown()
            if self.takes("EXISTS"):
                found.append(self.group())
                continue
            token = self.take()
            depth += (token.text == "(") - (token.text == ")")
            if token.word == "AS" and self.token.kind is Kind.VARIABLE:
                self.aliases.add(self.token.text[1:])
        return found

    # -- groups -------------------------------------------------------------------------------------------

    def group(self) -> Group:
        self.need("{")
        items = list[Item]()
        if self.takes("SELECT"):
            items.append(self.select())
            self.need("}")
            return Group(tuple(items))
        while not self.takes("}"):
            if self.takes("FILTER"):
                items += [Exists(inner, late=True) for inner in self.condition()]
            elif self.takes("BIND"):
                items += [Exists(inner, late=False) for inner in self.expression()]
            elif self.takes("OPTIONAL"):
                items.append(Optional(self.group()))
            elif self.token.text == "{":
                groups = [self.group()]
                while self.takes("UNION"):
                    groups.append(self.group())
                items.append(Union(tuple(groups)))
            elif not self.takes("."):
                items += self.triples()
        return Group(tuple(items))

    def condition(self) -> list[Group]:
        """What follows the word FILTER; out: the groups of the EXISTS in it."""
        if self.token.text == "(":
            return self.expression()
        if self.takes("NOT"):
            self.need("EXISTS")
            return [self.group()]
        if self.takes("EXISTS"):
            return [self.group()]
        if self.token.kind not in (Kind.WORD, Kind.IRI, Kind.NAME):
            raise self.unknown()
        self.take()
        return self.expression()

    def triples(self) -> list[TriplePattern]:
        """The triple patterns of one subject."""
        made = list[TriplePattern]()
        alone = self.token.text == "["
        subject = self.node(made)
        if not alone or self.token.text not in (".", "}"):
            self.properties(subject, made)
        return made

    def properties(self, subject: Term, made: list[TriplePattern]) -> None:
        while True:
            route, predicate = self.verb()
            made.append(TriplePattern(subject, route, self.node(made), predicate))
            while self.takes(","):
                made.append(TriplePattern(subject, route, self.node(made), predicate))
            if not self.takes(";"):
                return
            while self.takes(";"):
                pass
            if self.token.text in (".", "}", "]"):
                return

    def verb(self) -> tuple[Route, Var | None]:
        if self.token.kind is Kind.VARIABLE:
            return Step(None), Var(self.take().text[1:])
        return self.path(), None

    def node(self, made: list[TriplePattern]) -> Term:
        """Takes a term; what brackets say about it goes to `made`."""
        token = self.token
        if token.kind is Kind.VARIABLE:
            return Var(self.take().text[1:])
        if token.kind is Kind.BLANK:
            return Var(self.take().text)
        if token.kind in (Kind.IRI, Kind.NAME):
            return self.iri()
        if self.takes("["):
            blank = Var(f"_:[{next(self.fresh)}]")
            if not self.takes("]"):
                self.properties(blank, made)
                self.need("]")
            return blank
        self.literal()
        return None

    def literal(self) -> None:
        if self.takes_a(Kind.STRING):
            if self.takes("^^"):
                self.iri()
            else:
                self.takes_a(Kind.LANGUAGE)
            return
        self.takes("+", "-")
        if not self.takes_a(Kind.NUMBER) and not self.takes("TRUE", "FALSE"):
            raise self.unknown()

    def iri(self) -> URIRef:
        token = self.token
        if token.kind is Kind.NAME:
            prefix, _, local = self.take().text.partition(":")
            if f"{prefix}:" in self.prefixes:
                return URIRef(self.prefixes[f"{prefix}:"] + re.sub(r"\\(.)", r"\1", local))
        elif token.kind is Kind.IRI and "\\" not in token.text and ":" in token.text:
            return URIRef(self.take().text[1:-1])
        raise self.unknown()

    # -- paths --------------------------------------------------------------------------------------------

    def path(self) -> Route:
        choices = [self.sequence()]
        while self.takes("|"):
            choices.append(self.sequence())
        return choices[0] if len(choices) == 1 else Choice(tuple(choices))

    def sequence(self) -> Route:
        parts = [self.part()]
        while self.takes("/"):
            parts.append(self.part())
        return chain(*parts)

    def part(self) -> Route:
        if self.takes("^"):
            return back(self.part())
        if self.takes("A"):
            route: Route = Step(RDF.type)
        elif self.takes("("):
            route = self.path()
            self.need(")")
        elif self.takes("!"):
            route = self.any_but()
        else:
            route = Step(self.iri())
        if self.takes("*"):
            return repeated(route, at_least_once=False)
        if self.takes("+"):
            return repeated(route, at_least_once=True)
        return zero_or_one(route) if self.takes("?") else route

    def any_but(self) -> Route:
        """A negated property set without inverses."""
        several = self.takes("(")
        but = {RDF.type if self.takes("A") else self.iri()}
        while several and self.takes("|"):
            but.add(RDF.type if self.takes("A") else self.iri())
        if several:
            self.need(")")
        return Step(None, but=frozenset(but))

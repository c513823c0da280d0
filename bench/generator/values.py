"""Makes values that keep the constraints of a field, as text of N-Triples."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from random import Random
from typing import TypeVar

from rdflib import RDF, SKOS, XSD, URIRef

from bench.generator.fields import Field
from bench.generator.world import World
from kb.gate.constraints import Constraint, InClass, Limit, OfDatatype, OfKind, OneOf, Pattern
from kb.terms import PREFIXES

Make = Callable[[Random], str]

_C = TypeVar("_C", bound=Constraint)

_WORDS = (
    "advanced",
    "circular",
    "composite",
    "digital",
    "export",
    "factory",
    "fibre",
    "green",
    "growth",
    "harbour",
    "hub",
    "laboratory",
    "light",
    "machine",
    "materials",
    "network",
    "north",
    "pilot",
    "recycling",
    "research",
    "river",
    "robotics",
    "skills",
    "south",
    "system",
    "technology",
    "textile",
    "valley",
    "water",
)
_PAGE = "https://www.example.org/page/"


@cache
def expanded(name: str) -> str:
    """A prefixed name as an IRI of N-Triples.

    >>> expanded("def:member")
    '<https://w3id.org/regiolink/def/member>'
    """
    prefix, _, local = name.partition(":")
    return f"<{PREFIXES[prefix]}{local}>"


def text(value: str, language: str = "") -> str:
    """A literal with a language tag, or a plain string; `value` may hold any character but line breaks.

    >>> text('the "Silicon" valley', "en")
    '"the \\\\"Silicon\\\\" valley"@en'
    """
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"@{language}' if language else f'"{escaped}"'


def number(value: int) -> str:
    """An xsd:integer."""
    return f'"{value}"^^<{XSD.integer}>'


def decimal(value: int, places: int) -> str:
    """`value` divided by ten to the power of `places`, as an xsd:decimal in canonical form.

    >>> decimal(1250, 2).partition("^")[0]
    '"12.5"'
    """
    whole = f"{value / 10**places:.{places}f}".rstrip("0").rstrip(".")
    return f'"{whole}"^^<{XSD.decimal}>'


def date(random: Random, first: int, last: int) -> str:
    """A day from the year `first` to the year `last`, as xsd:date."""
    day = f"{random.randint(first, last)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
    return f'"{day}"^^<{XSD.date}>'


def words(random: Random, count: int) -> str:
    """`count` words of the trade, the first one capitalised."""
    return " ".join(random.choices(_WORDS, k=count)).capitalize()


def maker(field: Field, world: World) -> Make | None:
    """What makes values for `field`; None where it takes a plan, as for a thing that belongs to this one."""
    patterns = [one.pattern for one in field.constraints if isinstance(one, Pattern)]

    def fits(value: str) -> bool:
        return all(re.search(pattern, value) for pattern in patterns)

    if listed := _said(field, OneOf):
        return _one_of(tuple(term.n3() for term in listed.terms))
    if kind := _said(field, InClass):
        if kind.of != SKOS.Concept:
            return _one_of(world.shared.get(kind.of.n3(), ()))
        # Without a pattern any concept would do, and most would say nothing sensible.
        return _one_of(tuple(one for one in world.concepts if patterns and fits(one[1:-1])))
    if literal := _said(field, OfDatatype):
        limits = {one.operator: int(one.literal) for one in field.constraints if isinstance(one, Limit)}
        made = _literal(literal.datatype, limits.get(">=", 0), limits.get("<=", 1000))
        return made if made and fits(_content(made(Random(0)))) else None
    if (node := _said(field, OfKind)) and "IRI" in node.kinds and fits(_PAGE):
        return lambda random: f"<{_PAGE}{random.randrange(10**6)}>"
    return None


def _said(field: Field, kind: type[_C]) -> _C | None:
    """The constraint of a kind that the field has, if any."""
    return next((one for one in field.constraints if isinstance(one, kind)), None)


def _one_of(terms: tuple[str, ...]) -> Make | None:
    return (lambda random: random.choice(terms)) if terms else None


def _literal(datatype: URIRef, low: int, high: int) -> Make | None:
    made: dict[URIRef, Make] = {
        XSD.string: lambda random: text(words(random, 3)),
        RDF.langString: lambda random: text(words(random, 5), "en"),
        XSD.integer: lambda random: number(random.randint(low, high)),
        XSD.decimal: lambda random: decimal(random.randint(low * 100, high * 100), 2),
        XSD.date: lambda random: date(random, 2018, 2024),
    }
    return made.get(datatype)


def _content(literal: str) -> str:
    """The characters of a literal without quotes, language tag or datatype."""
    return literal[1 : literal.rindex('"')]

"""Tests of single values without the engine, for plain cases in which it is sure what the engine would say.

Each says True or False as the expression of `kb.gate.value_tests` for the same constraint would, or None.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import lru_cache
from operator import ge, gt, le, lt
from typing import Final

from rdflib import RDF, XSD, URIRef
from rdflib.term import Literal, Node

_LONGEST: Final = 2_000
_EXACT_DIGITS: Final = 15

_FORMS: Final = {
    XSD.integer: re.compile("[+-]?[0-9]+"),
    XSD.decimal: re.compile(r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)"),
    XSD.boolean: re.compile("true|false"),
    # No days of which a calendar has to tell whether they are.
    XSD.date: re.compile("[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"),
    XSD.gYear: re.compile("[12][0-9]{3}"),
}
"""Forms that are surely well-formed literals of the datatype, for those of which most are plain."""

_NUMBERS: Final = (XSD.integer, XSD.decimal)
_OPERATORS: Final[dict[str, Callable[[Decimal, Decimal], bool]]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
_PLAIN_LANGUAGE: Final = re.compile("[A-Za-z0-9-]+")

_PLAIN: Final = r"[A-Za-z0-9 /:_,;@%~=<>#'\"!&-]|\\[./\\?+*()\[\]{}|^$-]"
_SET: Final = r"\[\^?(?:[a-z]-[a-z]|[A-Z]-[A-Z]|[0-9]-[0-9]|[A-Za-z0-9 /:_,;@%.+*()?!$#]|\\[rnts./\\-])+\]"
_PART: Final = rf"(?:{_PLAIN}|{_SET})"
_FIXED: Final = rf"(?:{_PART}(?:\{{[0-9]{{1,2}}\}})?)*"
# At most one part that may match more or less, so that Python's way of trying out stays cheap.
_SIMPLE: Final = re.compile(rf"\^?{_FIXED}(?:{_PART}(?:[?*+]|\{{[0-9]{{1,2}},[0-9]{{0,2}}\}}))?{_FIXED}\$?")
# White_Space of Unicode: what \s means to the engine, and not quite what it means to Python.
_SPACE: Final = r"\t\n\x0b\x0c\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"


def is_of_datatype(value: Node, datatype: URIRef) -> bool | None:
    """Whether a value is a well-formed literal of a datatype."""
    if not isinstance(value, Literal):
        return False
    if value.language:
        return datatype == RDF.langString
    if (value.datatype or XSD.string) != datatype:
        return False
    if datatype == XSD.string:
        return True
    form = _FORMS.get(datatype)
    return True if form and form.fullmatch(value) else None


def compares(value: Node, operator: str, limit: Literal) -> bool | None:
    """Whether a number stands to another one as it has to."""
    number, other = _number(value), _number(limit)
    return None if number is None or other is None else _OPERATORS[operator](number, other)


def _number(term: Node) -> Decimal | None:
    """An integer or a decimal that is short enough for everybody to be exact about it."""
    if not isinstance(term, Literal) or term.datatype not in _NUMBERS or len(term) > _EXACT_DIGITS:
        return None
    return Decimal(str(term)) if _FORMS[term.datatype].fullmatch(term) else None


def has_language(value: Node, languages: Iterable[str]) -> bool | None:
    """Whether a text is in one of some languages or a variant of one."""
    if not isinstance(value, Literal):
        return False
    if not all(map(_PLAIN_LANGUAGE.fullmatch, languages)):
        return None
    tag = f"{value.language or ''}-".lower()
    return any(tag.startswith(f"{each.lower()}-") for each in languages)


def matches(value: Node, pattern: str) -> bool | None:
    """Whether an IRI or a literal matches a pattern, without flags."""
    test = _compiled(pattern)
    if test is None or not isinstance(value, URIRef | Literal) or len(value) > _LONGEST:
        return None
    return test.search(value) is not None


@lru_cache(maxsize=1_000)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern as Python has it; None unless it is so simple that it means the same to the engine."""
    if not _SIMPLE.fullmatch(pattern):
        return None
    pattern = re.sub(r"(\\[^s])|\\s", lambda found: found[1] or _SPACE, pattern)
    if pattern.endswith("$") and not pattern.endswith("\\$"):
        # To Python, $ also stands before a line feed at the end.
        pattern = pattern[:-1] + r"\Z"
    try:
        return re.compile(pattern)
    except re.error:
        return None

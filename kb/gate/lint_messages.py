"""What can be wrong with the words of a shape: missing ones, and such that claim more than is checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from rdflib import RDFS, SH, Graph, Literal, URIRef
from rdflib.term import Node

from kb.gate.shape_roles import conditions, listed, short, told_shapes

LANGUAGES: Final = ("en", "fr", "de")
"""The languages in which every message is given."""

_NUMBERS: Final[dict[str, int]] = {
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
}
"""Words that always count; "one" counts in a quantity only, such as "exactly one"."""

_MINIMA: Final = (SH.minCount, SH.qualifiedMinCount, SH.minInclusive, SH.minLength)
_MAXIMA: Final = (SH.maxCount, SH.qualifiedMaxCount, SH.maxInclusive, SH.maxLength)
_LIMITS: Final = (*_MINIMA, *_MAXIMA, SH.minExclusive, SH.maxExclusive, SH.hasValue)
_ORDERS: Final = (SH.lessThan, SH.lessThanOrEquals)

_CONSTRAINTS: Final = frozenset(
    (
        *(*_MINIMA, *_MAXIMA, SH.minExclusive, SH.maxExclusive, *_ORDERS, SH.equals, SH.disjoint),
        *(SH["class"], SH.datatype, SH.nodeKind, SH.pattern, SH.languageIn, SH.uniqueLang),
        *(SH["not"], SH["and"], SH["or"], SH.xone, SH.node, SH.closed, SH.hasValue, SH["in"]),
    )
)

# What follows is no claim: an address, an example.
_NO_CLAIM: Final = re.compile(r"https?://\S+|\bsuch as [^,;:]*")
_QUANTITY: Final = re.compile(r"\b(exactly|at least|at most|fewer than|more than) (\w+)", re.IGNORECASE)
_NUMBER: Final = re.compile(r"(?<![\w.-])(\d+(?:\.\d+)?|" + "|".join(_NUMBERS) + r")(?![\w-])", re.IGNORECASE)
_BAD_BLANK: Final = re.compile(r"^\s|\s$|[\r\n\t]|  ")
_PLACEHOLDER: Final = re.compile(r"\{[?$](\w+)\}")


def message_faults(graph: Graph) -> Iterator[str]:
    """A sentence for each fault in the words of the shapes that results name, and of SPARQL constraints."""
    for shape in told_shapes(graph):
        is_property = (shape, SH.path, None) in graph
        if is_property:
            for predicate in (SH.name, SH.description):
                yield from _language_faults(graph, shape, predicate)
        if is_property or has_constraint_of_its_own(graph, shape):
            yield from _language_faults(graph, shape, SH.message)
            yield from _wording_faults(shape, graph.objects(shape, SH.message))
            yield from _claim_faults(graph, shape)
        for text in graph.objects(shape, SH.message):
            if _PLACEHOLDER.search(str(text)):
                yield f"{short(shape)}: its message has a placeholder, which only SPARQL constraints fill."
    for constraint in set(graph.objects(None, SH.sparql)):
        yield from _constraint_faults(graph, constraint)


def has_constraint_of_its_own(graph: Graph, shape: Node) -> bool:
    """Whether results can come from the shape itself, not only from its property shapes or SPARQL."""
    return any(predicate in _CONSTRAINTS for predicate in graph.predicates(shape))


def _language_faults(graph: Graph, subject: Node, predicate: URIRef) -> Iterator[str]:
    given = [text.language for text in graph.objects(subject, predicate) if isinstance(text, Literal)]
    for language in LANGUAGES:
        if given.count(language) != 1:
            many = "no" if language not in given else "more than one"
            yield f"{short(subject)}: it has {many} {short(predicate)} in {language}."
    if set(given) - set(LANGUAGES):
        yield f"{short(subject)}: it has {short(predicate)} in a language other than {', '.join(LANGUAGES)}."


def _wording_faults(subject: Node, texts: Iterable[Node]) -> Iterator[str]:
    for node in texts:
        text = str(node)
        if not text.endswith(".") or text.endswith(".."):
            yield f"{short(subject)}: its message does not end with a full stop: {text}"
        if _BAD_BLANK.search(text):
            yield f"{short(subject)}: its message has line breaks or blanks that do not show: {text}"


def _claim_faults(graph: Graph, shape: Node) -> Iterator[str]:
    checked = conditions(graph, shape)
    minima, maxima = _values(graph, checked, _MINIMA), _values(graph, checked, _MAXIMA)
    kinds = {
        "exactly": minima & maxima,
        "at least": minima,
        "fewer than": minima,
        "at most": maxima,
        "more than": maxima,
    }
    for rule in _rules(graph.objects(shape, SH.message)):
        for quantity, word in _QUANTITY.findall(rule):
            number = _number(word)
            if number is not None and number not in kinds[quantity.lower()]:
                yield f"{short(shape)}: its message says {quantity.lower()} {word}, which is not checked."
        for stray in _stray_numbers(rule, _numbers_checked(graph, checked)):
            yield f"{short(shape)}: its message names {stray}, which stands in none of its constraints."
        if re.search(r"\bunique\b", rule) and not any(
            (part, SH.uniqueLang, None) in graph for part in checked
        ):
            yield f"{short(shape)}: its message says unique, and sh:uniqueLang is not set."
        ordered = any((part, order, None) in graph for part in checked for order in _ORDERS)
        if re.search(r"\bnot (after|before|later|earlier)\b", rule) and not ordered:
            yield f"{short(shape)}: its message speaks of an order that is not checked."


def _rules(messages: Iterable[Node]) -> Iterator[str]:
    """The first sentence of each English message: the rule. What follows says what to do."""
    for text in messages:
        if isinstance(text, Literal) and text.language == "en":
            yield _NO_CLAIM.sub("", re.split(r"(?<=\.)\s", text)[0])


def _number(word: str) -> float | None:
    """The number that a word or figure stands for, None for any other word."""
    if word.isdigit():
        return float(word)
    return 1.0 if word.lower() == "one" else _NUMBERS.get(word.lower())


def _stray_numbers(rule: str, checked: set[float]) -> Iterator[str]:
    for word in _NUMBER.findall(rule):
        value = float(_NUMBERS[word.lower()]) if word.isalpha() else float(word)
        if value not in checked:
            yield word


def _values(graph: Graph, shapes: Iterable[Node], predicates: Iterable[URIRef]) -> set[float]:
    found = set()
    for shape in shapes:
        for predicate in predicates:
            for value in graph.objects(shape, predicate):
                if isinstance(value, Literal) and isinstance(value.value, int | float):
                    found.add(float(value.value))
    return found


def _numbers_checked(graph: Graph, shapes: set[Node]) -> set[float]:
    """Every number that stands in a constraint of `shapes`, in a list or in a pattern."""
    found = _values(graph, shapes, _LIMITS)
    for shape in shapes:
        texts = [str(pattern) for pattern in graph.objects(shape, SH.pattern)]
        for head in graph.objects(shape, SH["in"]):
            texts += [str(value) for value in listed(graph, head)]
        found |= {float(number) for text in texts for number in re.findall(r"\d+", text)}
    return found


def _constraint_faults(graph: Graph, constraint: Node) -> Iterator[str]:
    messages = [text for text in graph.objects(constraint, SH.message) if isinstance(text, Literal)]
    if [text.language for text in messages] != ["en"]:
        yield f"{short(constraint)}: a SPARQL constraint has one message, in English; labels translate it."
    labels = [text for text in graph.objects(constraint, RDFS.label) if isinstance(text, Literal)]
    for language in LANGUAGES[1:]:
        if [label.language for label in labels].count(language) != 1:
            yield f"{short(constraint)}: it needs one label in {language}, which translates its message."
    yield from _wording_faults(constraint, [*messages, *labels])
    select = str(graph.value(constraint, SH.select) or "")
    numbers = {float(number) for number in re.findall(r"(?<![\w/])\d+", select)}
    for rule in _rules(messages):
        for number in _stray_numbers(rule, numbers):
            yield f"{short(constraint)}: its message names {number}, which its query does not hold."
    for text in (*messages, *labels):
        for variable in _PLACEHOLDER.findall(text):
            if not re.search(rf"[?$]{variable}\b", select):
                yield f"{short(constraint)}: its message names ?{variable}, which its query does not hold."

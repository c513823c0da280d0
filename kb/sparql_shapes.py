"""Examines texts that differ in nothing but their IRIs once: programs mostly ask one text with other IRIs.

Cutting a text into tokens takes longer than answering a small question. Two texts that are the same but for
the characters between `<` and `>` are cut alike, if these stand where the first of them has whole IRIs: which
of the ways to read a `<` counts follows from what is before it, and that is the same by induction. So what
was found of the first holds for the second, but for its size and its normal form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Final

from cachetools import LRUCache

from kb.sparql_text import ANONYMOUS, Examined, Form, Limits, examine
from kb.sparql_tokens import Kind, tokens

# Only what stands for itself in every sort of token, and cannot end one.
_IRI: Final = re.compile(r"(<[!#-&(-;=?-\[\]_a-z~]*>)")
_SHORT: Final = 8_192
_TEXTS: Final = 2_000
_SHAPES: Final = 1_000


@dataclass(frozen=True, slots=True)
class _Shape:
    """What is known of all texts of a shape. between: their normal form without the IRIs."""

    form: Form
    volatile: bool
    between: tuple[str, ...]


class _Shapes:
    """The shapes that were seen last, for any number of threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: LRUCache[tuple[object, ...], _Shape] = LRUCache(_SHAPES)

    def examine(self, text: str, limits: Limits, services: tuple[str, ...]) -> Examined:
        """As `kb.sparql_text.examine`."""
        parts = _IRI.split(text)
        key = (limits, services, *parts[::2])
        with self._lock:
            shape = self._known.get(key)
        if shape is not None and len(text) * 4 <= limits.bytes:
            iris = parts[1::2]
            normal = "".join(part for pair in zip(shape.between, [*iris, ""], strict=True) for part in pair)
            return Examined(shape.form, normal, shape.volatile)
        found = examine(text, limits, services)
        if not found.federated and _are_iris(text):
            between = tuple(_IRI.split(found.normal)[::2])
            if len(between) * 2 - 1 == len(parts):
                with self._lock:
                    self._known[key] = _Shape(found.form, found.volatile, between)
        return found


def _are_iris(text: str) -> bool:
    """Whether all that looks like an IRI in a text that was examined is one, and no part of another token."""
    iris = {(token.start, token.end) for token in tokens(text) if token.kind is Kind.IRI}
    return all(found.span() in iris for found in _IRI.finditer(text))


_SEEN: Final = _Shapes()


def examined(text: str, limits: Limits = ANONYMOUS, services: tuple[str, ...] = ()) -> Examined:
    """`kb.sparql_text.examine`, remembered for short texts. For any number of threads."""
    return _examined(text, limits, services) if len(text) <= _SHORT else examine(text, limits, services)


@lru_cache(maxsize=_TEXTS)
def _examined(text: str, limits: Limits, services: tuple[str, ...]) -> Examined:
    return _SEEN.examine(text, limits, services)

"""Some of the solutions of a SELECT, by its text: the engine stops when it has found them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kb.sparql_tokens import Kind, Token, tokens

_DIGITS: Final = 15
"""Of the numbers after LIMIT and OFFSET that are read here; longer ones are left to the parser."""


@dataclass(frozen=True)
class Select:
    """A SELECT query cut at its LIMIT and OFFSET.

    before, after: its text up to where they stand or could stand, and from there on. limit: its own, None for
    none. offset: its own.
    """

    before: str
    after: str
    limit: int | None
    offset: int

    @classmethod
    def of(cls, text: str) -> Select:
        """Cuts a text that `kb.sparql_text.check` let through. Raises like `kb.sparql_tokens.tokens`."""
        every = list(tokens(text))
        numbers: dict[str, int] = {}
        outer = (at for at, token in enumerate(every) if token.depth == 0 and _says_which(every, at))
        at = first = next(outer, len(every))
        while _says_which(every, at) and every[at].word not in numbers:
            numbers[every[at].word] = int(every[at + 1].text)
            at += 2
        if numbers:
            place, rest = every[first].start, every[at - 1].end
        else:
            values = (token.start for token in every if token.depth == 0 and token.word == "VALUES")
            place = rest = next(values, every[-1].end)
        return cls(text[:place], text[rest:], numbers.get("LIMIT"), numbers.get("OFFSET", 0))

    def page(self, first: int, many: int | None) -> str:
        """The text that gives `many` of its solutions from number `first` on, None for all of these."""
        left = None if self.limit is None else max(0, self.limit - first)
        wanted = left if many is None else many if left is None else min(left, many)
        limit = "" if wanted is None else f" LIMIT {wanted}"
        return f"{self.before} OFFSET {self.offset + first}{limit} {self.after}"

    def beyond(self, first: int) -> str | None:
        """The text that tells whether it has a solution number `first`; None where it cannot have it."""
        return None if self.limit is not None and self.limit <= first else self.page(first, 1)


def _says_which(every: list[Token], at: int) -> bool:
    """Whether a LIMIT or OFFSET stands there, with a number after it."""
    if at + 1 >= len(every) or every[at].word not in ("LIMIT", "OFFSET"):
        return False
    number = every[at + 1]
    return number.kind is Kind.NUMBER and number.text.isdigit() and len(number.text) <= _DIGITS

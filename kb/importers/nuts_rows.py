"""Sorts the rows of a table of changes between two editions: units that go on, that ended, that began."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kb.imported import BadRow
from kb.importers.nuts_model import Explanation, Pair, Units, Workbook, level
from kb.importers.nuts_names import is_renaming, same_name

_TYPES: Final = {
    "recoded": r"recod|code change",
    "boundary-shift": r"boundary (shift|change)|art\. 5\(2a\)",
    "merged": r"merge",
    "split": r"split",
    "new": r"\bnew\b",
    "discontinued": r"discontinued",
}
"""Change type -> the words for it in the tables, in small letters."""

_CODE_IN_TEXT: Final = re.compile(r"(?<![A-Z0-9])[A-Z]{2}[0-9A-Z]{1,3}(?![A-Za-z0-9])")
_REVIVAL: Final = re.compile(r"(\w+) = ex-(\w+) \(pre-\d+\)")


def types_of(change: str) -> set[str]:
    """The types of change that the words of a table stand for; empty when it has no word for one.

    >>> sorted(types_of("discontinued; merged with ex-BE327"))
    ['discontinued', 'merged']
    """
    text = change.lower()
    types = {name for name, words in _TYPES.items() if re.search(words, text)}
    return types | {"renamed"} if is_renaming(text) else types


def joined(*texts: str) -> str:
    """The texts in one line, without those that are in another of them.

    >>> joined("Split", "Split of NUTS-3 region ex-NO074", "")
    'Split of NUTS-3 region ex-NO074'
    """
    kept: list[str] = []
    for text in (text.rstrip(". ") for text in texts if text):
        if not any(text.casefold() in other.casefold() for other in kept):
            kept = [other for other in kept if other.casefold() not in text.casefold()] + [text]
    return "; ".join(kept)


class Rows:
    """The rows of the table of changes in a workbook, with what the workbook says about them.

    book: the workbook. before, after: the units of its older and of its newer edition.
    going_on: rows with both codes. ended, begun: code -> the row that has only an old, only a new code.
    revived: code -> the code in an edition before the old one that was the same place.
    """

    def __init__(
        self, book: Workbook, before: Units, after: Units, known: set[str], bad_rows: list[BadRow]
    ) -> None:
        """known: the codes of all editions. bad_rows: gets the rows and explanations that cannot be used."""
        self.book, self.before, self.after = book, before, after
        self._known, self._bad_rows = known, bad_rows
        self._prose: dict[tuple[str, str], str] = {}
        self._formulas: dict[tuple[str, str], str] = {}
        self.revived: dict[str, str] = {}
        pairs = [pair for pair in book.pairs if self._is_known(pair)]
        self.going_on = self._going_on(pairs)
        self.ended = self._alone(pairs, {pair.old for pair in self.going_on}, old=True)
        self.begun = self._alone(pairs, {pair.new for pair in self.going_on}, old=False)
        self._explain(book)

    def text(self, pair: Pair) -> str:
        """What the workbook says about the change in a row, as written: the longer wording, and a formula."""
        key = (pair.old, pair.new)
        prose = max(pair.change, self._prose.get(key, ""), key=len)
        return joined(prose, self._formulas.get(key, ""))

    def shifted(self) -> list[tuple[Pair, Pair]]:
        """The pairs of rows of a boundary shift: the one of the old code and the one of the new code."""
        found = []
        for old, one in self.ended.items():
            if "boundary-shift" in types_of(one.change):
                others = [
                    other
                    for new, other in self.begun.items()
                    if new[:2] == old[:2] and level(new) == level(old)
                    if same_name(self.after[new].label, self.before[old].label)
                ]
                found += [(one, other) for other in others[:1]]
        return found

    def told(self) -> Iterator[tuple[str, str, Pair]]:
        """The successions that a row tells in words or in a formula: (old code, new code, the row)."""
        shifted = {pair.place for pairs in self.shifted() for pair in pairs}
        alone = [pair for pair in [*self.ended.values(), *self.begun.values()] if pair.place not in shifted]
        for pair in alone:
            own = pair.old or pair.new
            others = self.after if pair.old else self.before
            for code in self._codes(f"{pair.change} {self._formulas.get((pair.old, pair.new), '')}", own):
                if code in others:
                    yield (own, code, pair) if pair.old else (code, own, pair)
                elif code not in self._known:
                    sentence = f"It names {code}, which no edition has."
                    self._bad_rows.append(pair.place.bad("change", pair.change, sentence))

    @staticmethod
    def _codes(text: str, own: str) -> list[str]:
        """The codes in a text that may be about the same level of the same country as `own`."""
        codes = _CODE_IN_TEXT.findall(text)
        return [code for code in codes if level(code) == level(own) and code[:2] == own[:2] and code != own]

    def _is_known(self, pair: Pair) -> bool:
        """Whether the codes of a row are units of the editions: not, for one, outside all regions."""
        return (not pair.old or pair.old in self.before) and (not pair.new or pair.new in self.after)

    def _going_on(self, pairs: list[Pair]) -> list[Pair]:
        found: dict[str, Pair] = {}
        taken: set[str] = set()
        for pair in pairs:
            if pair.change and not types_of(pair.change):
                sentence = "This is no type of change that is known here."
                self._bad_rows.append(pair.place.bad("change", pair.change, sentence))
            if pair.old and pair.new and (pair.old in found or pair.new in taken):
                sentence = "An earlier row says what this unit went on as."
                self._bad_rows.append(pair.place.bad("code", pair.old, sentence))
            elif pair.old and pair.new:
                found[pair.old] = pair
                taken.add(pair.new)
        return list(found.values())

    def _alone(self, pairs: list[Pair], taken: set[str], *, old: bool) -> dict[str, Pair]:
        """Code -> the row that has only this code, on the old or on the new side."""
        found: dict[str, Pair] = {}
        for pair in pairs:
            code, other = (pair.old, pair.new) if old else (pair.new, pair.old)
            if code and not other and code in taken:
                sentence = "Another row says what this unit went on as."
                self._bad_rows.append(pair.place.bad("code", code, sentence))
            elif code and not other:
                found[code] = pair
        return found

    def _explain(self, book: Workbook) -> None:
        """Takes in the explanations of the workbook."""
        keys = {(pair.old, pair.new) for pair in book.pairs}
        for explanation in book.explanations:
            key = (explanation.old, explanation.new)
            if key in keys:
                self._prose[key] = explanation.prose
                self._formulas[key] = self._formula(explanation)
            else:
                sentence = "The table of changes has no row with these codes."
                codes = " ".join(filter(None, key))
                self._bad_rows.append(explanation.place.bad("code", codes, sentence))

    def _formula(self, explanation: Explanation) -> str:
        """The formula of an explanation, "" when it is about other codes than those of its row."""
        formula = explanation.formula
        codes = [code for code in (explanation.old, explanation.new) if code]
        if "=" in formula and not any(code in formula for code in codes):
            sentence = "The explanation is about other codes than those of its row."
            self._bad_rows.append(explanation.place.bad("explanation", formula, sentence))
            return ""
        revival = _REVIVAL.fullmatch(formula)
        if revival and revival[1] == explanation.new and level(revival[2]) == level(explanation.new):
            self.revived[explanation.new] = revival[2]
        return formula

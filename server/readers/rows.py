"""How many rows an answer has, told by its text while it passes."""

from __future__ import annotations

from typing import Final

_ENDS: Final = {"json": b'}},{"', "xml": b"<result>", "csv": b"\n", "tsv": b"\n"}
_FIRST: Final = b'"bindings":[{'


class Rows:
    """Counts the rows of solutions as the engine writes them.

    For operators: a row of JSON without any value is not seen, and in CSV a line break within a value is
    taken for the end of a row.
    """

    def __init__(self, form: str) -> None:
        """form: one of `kb.engine.answers.RESULT_FORMS`."""
        self._end = _ENDS[form]
        # In JSON ends are between rows; the first line of CSV and TSV is the head.
        self._seen = 0 if form in ("json", "xml") else -1
        self._first = _FIRST if form == "json" else b""
        self._left = b""

    def count(self, data: bytes) -> None:
        """Takes the next part of the text."""
        text = self._left + data
        looked_for = self._first or self._end
        if self._first and self._first in text:
            text = text[text.index(self._first) + len(self._first) :]
            self._seen, self._first, looked_for = 1, b"", self._end
        if not self._first:
            self._seen += text.count(self._end)
        self._left = text[len(text) - min(len(text), len(looked_for) - 1) :]

    @property
    def total(self) -> int:
        """How many there were so far."""
        return max(self._seen, 0)

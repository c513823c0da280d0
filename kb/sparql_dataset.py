"""The dataset clauses of a query, FROM and FROM NAMED, by its tokens."""

from __future__ import annotations

from dataclasses import dataclass

from kb.sparql_tokens import Kind, tokens

_FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")


@dataclass(frozen=True)
class DatasetClauses:
    """What a query says that it is about.

    prologue: the text before the query form, with its prefixes. default, named: the names of FROM and of
    FROM NAMED as they are written, such as <http://example.org/a> or ex:a.
    """

    prologue: str
    default: tuple[str, ...]
    named: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> DatasetClauses:
        """Those of a text that `kb.sparql_text.examine` let through. Raises like `tokens`."""
        outer = [token for token in tokens(text) if token.depth == 0]
        start = next((token.start for token in outer if token.word in _FORMS), len(text))
        default: list[str] = []
        named: list[str] = []
        for at, token in enumerate(outer):
            if token.word != "FROM":
                continue
            after = outer[at + 1 : at + 3]
            into = named if after and after[0].word == "NAMED" else default
            into += [each.text for each in after if each.kind in (Kind.IRI, Kind.NAME)][:1]
        return cls(text[:start], tuple(default), tuple(named))

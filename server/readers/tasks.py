"""What readers are asked for and what they answer, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kb.sparql_text import Form as Asks


class Kind(StrEnum):
    """What an answer is."""

    SOLUTIONS = "solutions"
    """Rows of a SELECT."""
    TRUTH = "truth"
    """The yes or no of an ASK."""
    TRIPLES = "triples"
    """The graph of a CONSTRUCT or DESCRIBE, or a stored graph."""


Form = tuple[str, str]
"""How an answer is written: its media type, and the form, one of `RESULT_FORMS` or `GRAPH_FORMS`."""


@dataclass(frozen=True)
class Question:
    """A query and how its answer is wanted.

    forms: for each kind of answer the form to write it in; a kind that the client does not accept is left
    out. asks: what the text asks for, where `kb.sparql_text.examine` has let it through already.
    default_graphs, named_graphs: IRIs of the protocol's dataset; they count instead of FROM and FROM
    NAMED of the text; both empty: the stored dataset. base: resolves relative IRIs of the text.
    limit, offset: which solutions, or solutions of the pattern of a CONSTRUCT, the client asked for; an
    answer that is cut by `limit` says so (`Answer.cut`). most_rows, most_bytes: an answer beyond is refused
    whole with `AnswerTooLarge`, before its first byte; with `most_bytes` nothing is sent before all is there.
    seconds: after which it is given up, None for the limit of the service, which it cannot pass.
    """

    text: str
    forms: Mapping[Kind, Form]
    asks: Asks | None = None
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    base: str | None = None
    limit: int | None = None
    offset: int = 0
    most_rows: int | None = None
    most_bytes: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Document:
    """RDF that somebody sent.

    source: its bytes, or the file that holds them. form: "ttl", "nt", "rdf", "jsonld", "trig", "nq" or "n3".
    name: what errors call it. base: resolves relative IRIs. graph: the name for triples in no named graph;
    None: such triples are refused.
    """

    source: bytes | Path
    form: str
    name: str = "The body"
    base: str | None = None
    graph: str | None = None


@dataclass(frozen=True)
class Parsed:
    """What a document holds, in normal form: no blank nodes, each quad in a named graph.

    quads: N-Quads, or the file that was asked for with them. count: how many quads. graphs: their graphs.
    """

    quads: bytes | Path
    count: int
    graphs: tuple[str, ...]

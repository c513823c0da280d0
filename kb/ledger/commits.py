"""Commits as values: what is asked of the ledger, what it answers, how one vouches for all before it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from rdflib.term import Node

from kb.errors import NotUnderstood, TooLarge
from kb.patch import Patch
from kb.report import Report

MESSAGE_LIMIT = 10_000
"""Characters that a commit's message may have, and the reason of a waiver."""

SENTENCE_LIMIT = 500
"""Characters of a sentence of the validation that a summary keeps."""

NAME_LIMIT = 200
"""Characters that an author, a role or an idempotency key may have."""


class Door(StrEnum):
    """The way by which a change came in."""

    FORM = "form"
    UPDATE = "update"
    GRAPH_STORE = "graph-store"
    TURTLE = "turtle"
    IMPORT = "import"
    UNDO = "undo"
    LOAD = "load"
    SYSTEM = "system"


class BadEntry(NotUnderstood):
    """A commit that the ledger cannot hold."""

    title = "The commit cannot be written down"


@dataclass(frozen=True)
class Summary:
    """What the validation found, in short: counts, and the first sentences."""

    violations: int = 0
    warnings: int = 0
    infos: int = 0
    first: tuple[str, ...] = ()

    @classmethod
    def of(cls, report: Report, labels: Mapping[Node, str] | None = None, sentences: int = 10) -> Summary:
        """The summary of a report. labels: what things are called, where known."""
        return cls(
            len(report.violations),
            len(report.warnings),
            len(report.infos),
            tuple(_shortened(sentence) for sentence in report.sentences("en", labels)[:sentences]),
        )

    def to_json(self) -> str:
        """As text, the same every time for the same summary."""
        return canonical_json(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Summary:
        """What `to_json` wrote."""
        fields = json.loads(text)
        return cls(**fields | {"first": tuple(fields["first"])})


@dataclass(frozen=True)
class Entry:
    """A commit before it has a place in the ledger.

    author, role: who, and as what, at that time. door: the way it came in. key, request_digest: the
    idempotency key that the author gave and a digest of the request it stands for, both or none.
    waiver: why violations were accepted, None when there were none.
    id: 32 hexadecimal digits, to settle the commit by when it is in doubt.
    Raises `BadEntry`, and `TooLarge` for a message or a waiver of more than `MESSAGE_LIMIT` characters.
    """

    patch: Patch
    author: str
    role: str
    message: str
    door: Door
    key: str | None = None
    request_digest: str | None = None
    summary: Summary = Summary()
    waiver: str | None = None
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        written = {"message": self.message, "waiver": self.waiver}
        for what, text in written.items():
            if text is not None and len(text) > MESSAGE_LIMIT:
                raise TooLarge(f"The {what} has {len(text):,} characters; {MESSAGE_LIMIT:,} is the most.")
        if self.waiver is not None and not self.waiver.strip():
            raise BadEntry("A waiver says why violations are accepted.")
        if (self.key is None) != (self.request_digest is None):
            raise BadEntry("An idempotency key and the digest of its request go together.")
        named = {"author": self.author, "role": self.role, "idempotency key": self.key}
        for what, text in named.items():
            if text is not None and not 0 < len(text) <= NAME_LIMIT:
                raise BadEntry(f"The {what} needs 1 to {NAME_LIMIT} characters.")
        for what, text in (named | written).items():
            if text and not is_storable(text):
                raise BadEntry(f"The {what} holds a character that cannot be stored.")


@dataclass(frozen=True)
class Head:
    """The newest revision (0 when there is none) and its hash."""

    revision: int
    hash: str


GENESIS = Head(0, "0" * 64)
"""The head of an empty ledger: the parent of the first commit."""


@dataclass(frozen=True)
class Commit:
    """One commit of the ledger.

    revision: 1, 2, 3 and so on. time: UTC, ISO 8601 with microseconds, never before its parent's.
    inserts, deletes: numbers of quads. patch_hash: SHA-256 of the patch as RDF Patch, in hexadecimal.
    hash: SHA-256 of all that stands before it, the parent's hash among it. graphs: names of the graphs that
    the patch touches, sorted; they follow from the patch. The rest: see `Entry`.
    """

    revision: int
    id: str
    parent: int
    parent_hash: str
    author: str
    role: str
    time: str
    message: str
    door: Door
    key: str | None
    request_digest: str | None
    inserts: int
    deletes: int
    summary: Summary
    waiver: str | None
    patch_hash: str
    hash: str
    graphs: tuple[str, ...]

    @property
    def head(self) -> Head:
        """The head that this commit was when it was made."""
        return Head(self.revision, self.hash)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Commit:
        """The commit in a row of the table, without its patch."""
        fields = {name: value for name, value in row.items() if name != "report"}
        fields["door"] = Door(fields["door"])
        fields["graphs"] = tuple(json.loads(fields["graphs"]))
        return cls(**fields, summary=Summary.from_json(row["report"]))


def row_after(
    parent: Head, entry: Entry, patch_hash: str, time: str, graphs: Sequence[str] = ()
) -> dict[str, Any]:
    """The row, without its patch, that `entry` becomes when it follows `parent`.

    graphs: as in `Commit`.
    """
    row = {
        "revision": parent.revision + 1,
        "id": entry.id,
        "parent": parent.revision,
        "parent_hash": parent.hash,
        "author": entry.author,
        "role": entry.role,
        "time": time,
        "message": entry.message,
        "door": entry.door.value,
        "key": entry.key,
        "request_digest": entry.request_digest,
        "inserts": entry.patch.counts()[1],
        "deletes": entry.patch.counts()[0],
        "report": entry.summary.to_json(),
        "waiver": entry.waiver,
        "patch_hash": patch_hash,
    }
    return row | {"hash": hash_of(row), "graphs": canonical_json(graphs)}


def hash_of(row: Mapping[str, Any]) -> str:
    """The hash of a commit: over all fields of its row but `hash` itself, `patch` and what follows from it.

    What is NULL is left out, so that a field that a later version adds changes no hash of before.
    """
    left_out = ("hash", "patch", "graphs")
    told = {name: value for name, value in row.items() if name not in left_out and value is not None}
    return sha256(canonical_json(told).encode()).hexdigest()


def canonical_json(value: object) -> str:
    """`value` as JSON, the same text every time: keys sorted, no blanks."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _shortened(sentence: str) -> str:
    # A value that is to blame stands in its sentence, and may be a whole book.
    return sentence if len(sentence) <= SENTENCE_LIMIT else sentence[: SENTENCE_LIMIT - 1] + "…"


def is_storable(text: str) -> bool:
    """Whether both databases can hold the text: no U+0000 and no half characters (lone surrogates)."""
    return not any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text)


def time_text(moment: datetime) -> str:
    """A moment as the ledger writes it, in UTC, so that later texts sort after earlier ones.

    >>> time_text(datetime(2026, 11, 22, 9, 5, 1, 20, tzinfo=UTC))
    '2026-11-22T09:05:01.000020Z'
    """
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"

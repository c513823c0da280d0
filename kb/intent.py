"""What somebody asks to change, and what came of it: plain values that travel between processes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from kb.ledger.commits import Commit, Door
from kb.patch import Patch
from kb.report import Report


@dataclass(frozen=True)
class Loaded:
    """What a LOAD finds at an address. quads: N-Quads without blank nodes, whose graph does not count."""

    source: str
    quads: bytes | Path


@dataclass(frozen=True)
class SparqlUpdate:
    """A SPARQL 1.1 Update request.

    using, using_named: IRIs of the protocol's dataset parameters. base: the IRI that relative ones are
    resolved against where the text declares none. graph: the IRI of the graph that stands for the default
    graph in every operation, for a change of one graph. loaded: what its LOAD operations find; LOAD of
    anything else is refused.
    """

    text: str
    using: tuple[str, ...] = ()
    using_named: tuple[str, ...] = ()
    base: str | None = None
    graph: str | None = None
    loaded: tuple[Loaded, ...] = ()


@dataclass(frozen=True)
class AddQuads:
    """Quads to state. source: N-Quads without blank nodes, each in a named graph; bytes, or our own file."""

    source: bytes | Path


@dataclass(frozen=True)
class ReplaceGraph:
    """A named graph that holds just these quads afterwards. source: as in `AddQuads`, all in `graph`."""

    graph: str
    source: bytes | Path


@dataclass(frozen=True)
class DropGraph:
    """A named graph that holds nothing afterwards. Refused with `NotFound` when it holds nothing before."""

    graph: str


@dataclass(frozen=True)
class ReplaceThing:
    """One thing about which a named graph states just these quads afterwards.

    thing: its IRI, the subject of every quad. source: as in `AddQuads`, all in `graph`; nothing, to state
    nothing about it. Refused with `NotFound` when nothing is given and nothing is stated.
    """

    thing: str
    graph: str
    source: bytes | Path


@dataclass(frozen=True)
class RdfPatch:
    """Rows of RDF Patch to apply. graph: for rows that name none."""

    text: str
    graph: str | None = None


@dataclass(frozen=True)
class Undo:
    """Commits to take back, revisions `first` to `last`, both included."""

    first: int
    last: int


Change = Patch | SparqlUpdate | AddQuads | ReplaceGraph | DropGraph | ReplaceThing | RdfPatch | Undo


@dataclass(frozen=True)
class Intent:
    """A change that somebody wants, and all that decides whether it may land.

    change: a `Patch` counts as far as it makes a difference. author: name of the user. role: "steward",
    "admin" and so on. graphs: the graphs that the user may change, None for all. message: why. door: the way
    it came in. base: the revision that the change was made from, if the author said so: what changed since
    then must not touch it. key, request_digest: the idempotency key of the request and a digest of it, both
    or none. waiver: why violations are accepted, for an admin who changes shapes or ontology. seconds: after
    which the change is given up. id: of the commit, to find out by what became of it.
    """

    change: Change
    author: str
    role: str
    door: Door
    message: str = ""
    graphs: tuple[str, ...] | None = None
    base: int | None = None
    key: str | None = None
    request_digest: str | None = None
    waiver: str | None = None
    seconds: float = 30.0
    id: str = field(default_factory=lambda: uuid4().hex)


@dataclass(frozen=True)
class Outcome:
    """What came of an intent that was not refused.

    revision: that holds the change. commit: what the ledger holds, None when there was nothing to change.
    repeated: whether the same request, told by its idempotency key, had been done before. created: graphs
    that hold something since this change, and held nothing before. report: what the shapes remark about what
    the change touches; no violations but waived ones, and older ones that it did not make worse.
    """

    revision: int
    commit: Commit | None
    repeated: bool = False
    created: tuple[str, ...] = ()
    report: Report = field(default_factory=Report)

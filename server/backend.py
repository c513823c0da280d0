"""What the addresses of the service are made over: reading, changing, and who makes a request."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from kb.engine.contract import DEFAULT, EDITS
from kb.errors import DataRefused, FolderUnusable, KnowledgeBaseError, NoRoom
from kb.history import StaleChange
from kb.intent import Intent, Outcome, SparqlUpdate
from kb.ledger.commits import Door
from kb.ledger.errors import InDoubt, LedgerBusy, StaleHead
from kb.ledger.people import Person
from kb.permissions import Forbidden
from kb.snapshot import Snapshot
from server import metrics
from server.caching import ResultCache
from server.readers.tasks import Document, Form, Parsed, Question
from server.remote_writer import GivenUp, WriterAway

_CLAUSE = re.compile(r"\bWHERE\b", re.IGNORECASE)
_OUTCOMES: Mapping[type[KnowledgeBaseError], str] = {
    DataRefused: "invalid",
    Forbidden: "forbidden",
    StaleHead: "stale",
    StaleChange: "stale",
    InDoubt: "in-doubt",
    GivenUp: "deadline",
    WriterAway: "failed",
    LedgerBusy: "failed",
    NoRoom: "failed",
    FolderUnusable: "failed",
}
"""What came of a change by the error that it ended with, for the metrics; of all others: refused."""


class Answer(Protocol):
    """An answer of a reader: its head is known, its bytes come by iterating; to be closed.

    cut: whether there is more than the client's limit let through. whole: whether all of it is here already.
    rows: of a SELECT, once all of it is here.
    """

    cut: bool
    whole: bool
    rows: int | None

    def __iter__(self) -> Iterator[bytes]: ...

    def close(self) -> None: ...


class Reads(Protocol):
    """Answers questions on a state; see `server.query_service`."""

    def ask(
        self, question: Question, client: str, snapshot: Snapshot, connection: int | None = None
    ) -> Answer:
        """The answer to a query. connection: that of the client; when it closes, nobody needs the answer."""

    def graph(self, name: str | None, form: Form, client: str, snapshot: Snapshot) -> Answer:
        """A stored graph; None is the default graph. Raises `NotFound` for a graph without triples."""

    def has_graph(self, name: str, client: str, snapshot: Snapshot) -> bool:
        """Whether a graph holds a triple."""

    def try_update(self, change: SparqlUpdate, client: str, snapshot: Snapshot, seconds: float) -> None:
        """Raises when the WHERE clauses of an update take too much to be given to the writer."""

    def parse(self, document: Document, client: str, into: Path | None = None) -> Parsed:
        """Foreign RDF as N-Quads in normal form. into: the file to write them to."""


class States(Protocol):
    """The states that can be read."""

    def newest(self, at_least: int | None = None) -> Snapshot:
        """The newest one; of a revision `at_least`, for which it waits if it must."""

    def known(self, at_least: int) -> Snapshot | None:
        """What `newest` gives where it waits for nothing, else None."""

    def at(self, revision: int) -> Snapshot:
        """That of a revision. Raises `NotFound`."""

    def at_time(self, moment: datetime) -> Snapshot:
        """The newest one that was there at a moment. Raises `NotFound`."""


class Writes(Protocol):
    """Makes changes; see `kb.writer`."""

    def commit(self, intent: Intent) -> Outcome:
        """Makes a change. Raises subclasses of `KnowledgeBaseError`; then nothing has changed."""

    def head(self) -> int:
        """The newest revision."""


class Visitors(Protocol):
    """Who makes the request at hand; see `server.authorisation`."""

    def person(self) -> Person | None:
        """The user, None for anybody. Raises for a token that is not good."""

    def author(self, door: Door) -> Person:
        """The user, for a change. Raises for anybody."""


class Federation(Protocol):
    """Asks other servers what a text asks of them; see `server.federating`."""

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The addresses that SERVICE may name."""

    def answered(self, question: Question, client: str, state: Snapshot) -> Question:
        """A question that means the same on a state, without SERVICE."""

    def prepared(self, change: SparqlUpdate, client: str) -> AbstractContextManager[SparqlUpdate]:
        """An update that means the same, without SERVICE, and with what its LOAD operations find."""


@dataclass
class Backend:
    """All that the addresses need.

    public_url: what their addresses begin with, a slash at its end. stored: whether the default graph is a
    graph of its own, and not the merge of the others. shared_seconds: how long a shared cache may tell an
    answer on without asking again. update_seconds: how long a change may take.
    max_body_bytes: of a request by a user. federation: what of other servers may be asked.
    """

    reads: Reads
    states: States
    writes: Writes
    visitors: Visitors
    public_url: str
    stored: bool = False
    shared_seconds: int = 10
    update_seconds: float = 30.0
    max_body_bytes: int = 200_000_000
    federation: Federation | None = None
    cache: ResultCache = field(default_factory=lambda: ResultCache(64_000_000))
    written: int = 0
    """The newest revision that was written through this process: whoever wrote it reads it."""

    def __post_init__(self) -> None:
        self.endpoint = f"{self.public_url}sparql"
        self.services = self.federation.endpoints if self.federation else ()

    @property
    def default_graph(self) -> str:
        """The graph that holds what is stated without naming one."""
        return str(DEFAULT if self.stored else EDITS)

    def newest(self, at_least: int = 0) -> Snapshot:
        """The newest state, of a revision `at_least` and no older than what was written from here."""
        try:
            return self.states.newest(max(at_least, self.written))
        except KnowledgeBaseError:
            # What was written is not shown yet, for want of room for example; all else goes on.
            if at_least >= self.written:
                raise
            return self.states.newest(at_least)

    @contextmanager
    def prepared(self, change: SparqlUpdate, client: str) -> Iterator[SparqlUpdate]:
        """An update that is fit for the writer, for the block: it asks no other server, and no clause of it
        takes too much. Raises what the federation raises, and what readers raise.
        """
        with self.federation.prepared(change, client) if self.federation else nullcontext(change) as ready:
            if _CLAUSE.search(ready.text):
                # A state that is some moments old is good enough for this, and costs no new one.
                self.reads.try_update(ready, client, self.states.newest(), self.update_seconds)
            yield ready

    def known(self) -> Snapshot | None:
        """What `newest` gives, where it is known without waiting for anything; else None."""
        return self.states.known(self.written)

    def commit(self, intent: Intent) -> Outcome:
        """Makes a change, which the next question from here sees; it is counted by what comes of it."""
        began = time.perf_counter()
        came = "failed"
        try:
            outcome = self.writes.commit(intent)
            self.written = max(self.written, outcome.revision)
            came = "repeated" if outcome.repeated else "done" if outcome.commit else "unchanged"
        except KnowledgeBaseError as error:
            came = next((word for kind, word in _OUTCOMES.items() if isinstance(error, kind)), "refused")
            raise
        finally:
            metrics.commit_done(came, intent.door, time.perf_counter() - began)
        return outcome

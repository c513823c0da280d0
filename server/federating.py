"""SERVICE and LOAD of a request: other servers are asked before a reader or the writer sees the text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Final, Protocol
from urllib.parse import urlencode

from kb.engine.contract import RESERVED, NotSupported
from kb.engine.service_answers import ACCEPTED, Answer
from kb.errors import NotAllowed, NotUnderstood, RemoteFailed
from kb.federation import FOR_QUERIES, FOR_UPDATES, Bounds, asks_others, federate, federate_update
from kb.intent import Loaded, SparqlUpdate
from kb.loading import Source, sources
from kb.snapshot import Snapshot
from kb.sparql_text import Form as Asks
from server.backend import Answer as Found
from server.fetching import Bounds as FetchBounds
from server.fetching import Fetcher, Request, web_address
from server.readers.errors import Busy
from server.readers.tasks import Document, Kind, Parsed, Question

FORM: Final = "application/x-www-form-urlencoded"
FORMS: Final = {
    "text/turtle": "ttl",
    "application/n-triples": "nt",
    "application/rdf+xml": "rdf",
    "application/ld+json": "jsonld",
}
"""Media type -> form of what LOAD reads, the best one first."""

AT_ONCE: Final = 8
EACH: Final = 2
"""How many requests may wait for other servers at the same time, and how many of one client."""

_NOTHING: Final = f"{RESERVED}nothing"
_TSV: Final = ("text/tab-separated-values", "tsv")


class Reads(Protocol):
    """What readers are asked for; see `server.query_service`."""

    def ask(self, question: Question, client: str, snapshot: Snapshot) -> Found: ...

    def parse(self, document: Document, client: str, into: Path | None = None) -> Parsed: ...

    def solutions(self, data: bytes, media: str, name: str, client: str) -> Answer: ...


class Turns:
    """Who waits for other servers: each of them keeps a thread that others could be answered by."""

    def __init__(self, most: int, each: int) -> None:
        self._most, self._each = most, each
        self._lock = Lock()
        self._waiting: Counter[str] = Counter()

    @contextmanager
    def one(self, client: str) -> Iterator[None]:
        """One turn of a client, for the block. Raises `Busy` when there is none to be had."""
        with self._lock:
            if self._waiting[client] >= self._each or self._waiting.total() >= self._most:
                raise Busy("Too many requests wait for other servers at the moment; try again later.", 5)
            self._waiting[client] += 1
        try:
            yield
        finally:
            with self._lock:
                self._waiting[client] -= 1
                if not self._waiting[client]:
                    del self._waiting[client]  # or each client there ever was would be kept


@dataclass(frozen=True)
class Federation:
    """What of other servers may be asked, and by what.

    endpoints: addresses that SERVICE may name. sources: what addresses that LOAD may read begin with.
    queries, updates: what all SERVICE clauses of one text may cost. load: what one LOAD may cost.
    """

    reads: Reads
    fetcher: Fetcher
    endpoints: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    queries: Bounds = FOR_QUERIES
    updates: Bounds = FOR_UPDATES
    load: FetchBounds = field(default_factory=FetchBounds)
    turns: Turns = field(default_factory=lambda: Turns(AT_ONCE, EACH))

    def answered(self, question: Question, client: str, state: Snapshot) -> Question:
        """A question that means the same on a state, and asks nobody else.

        Raises like `kb.federation`, and `Busy` when too many wait for other servers.
        """
        here, fetch = _Here(self.reads, question, client, state), self._fetch(client)
        with self.turns.one(client):
            text = federate(question.text, self.endpoints, here, fetch, self.queries, base=question.base)
        return replace(question, text=text)

    @contextmanager
    def prepared(self, change: SparqlUpdate, client: str) -> Iterator[SparqlUpdate]:
        """An update that means the same, asks nobody else and brings along what it loads, for the block.

        Raises like `kb.federation` and `kb.loading`; `NotAllowed` for a source that is not listed,
        `RemoteFailed` for one that fails, and what readers raise, unless the operation is SILENT, which then
        loads nothing; `Busy`.
        """
        found = [each for each in sources(change.text, change.base, self.endpoints) if self._may_load(each)]
        if not found and not asks_others(change.text):
            yield change
            return
        with TemporaryDirectory(prefix="regiolink-") as folder:
            loaded: dict[str, Loaded] = {}
            with self.turns.one(client):
                text = federate_update(
                    change.text, self.endpoints, self._fetch(client), self.updates, base=change.base
                )
                for number, source in enumerate(found):
                    if source.address not in loaded or not source.silent:
                        loaded[source.address] = self._loaded(source, client, Path(folder) / str(number))
            yield replace(change, text=text, loaded=tuple(loaded.values()))

    def _fetch(self, client: str) -> Fetch:
        return Fetch(self.reads, self.fetcher, client)

    def _may_load(self, source: Source) -> bool:
        """Whether a source is to be read. Raises like `_refuse`, unless the operation is SILENT."""
        try:
            self._refuse(source)
        except (NotAllowed, NotUnderstood):
            if not source.silent:
                raise
            return False
        return True

    def _refuse(self, source: Source) -> None:
        """Raises `NotAllowed` unless the address is below one that is listed, `NotUnderstood` for none."""
        listed = False
        if source.address:
            address = web_address(source.address).url
            listed = any(address.startswith(web_address(prefix).url) for prefix in self.sources)
            # Some servers take these for what they stand for, and step out of the folder.
            listed = listed and not any(code in address.lower() for code in ("%2e", "%2f", "%5c"))
        if not listed:
            shown = f"LOAD <{source.address[:200]}>" if source.address else "LOAD"
            raise NotAllowed(
                f"{source.place}: {shown} is refused; the setting load_sources does not list it."
            )

    def _loaded(self, source: Source, client: str, place: Path) -> Loaded:
        """What there is at an address, as N-Quads in the file `place`."""
        document = place.with_suffix(".document")
        try:
            with document.open("wb") as file:
                media = self.fetcher.fetch(Request(source.address), file, tuple(FORMS), self.load)
            name = f"<{source.address}>"
            sent = Document(document, FORMS[media], name, source.address, source.address)
            parsed = self.reads.parse(sent, client, place)
            if parsed.graphs not in ((), (source.address,)):
                raise NotUnderstood(f"{name} names graphs of its own; LOAD reads triples.")
        except (RemoteFailed, NotUnderstood):
            if not source.silent:
                raise
            return Loaded(source.address, b"")
        finally:
            document.unlink(missing_ok=True)
        return Loaded(source.address, place)


@dataclass(frozen=True)
class Fetch:
    """Asks SPARQL endpoints on behalf of a client; see `kb.federation.Fetch`."""

    reads: Reads
    fetcher: Fetcher
    client: str

    def __call__(self, address: str, text: str, seconds: float) -> Answer:
        into = BytesIO()
        body = urlencode({"query": text}).encode()
        bounds = replace(FetchBounds(), seconds=seconds)
        media = self.fetcher.fetch(Request(address, body, {"Content-Type": FORM}), into, ACCEPTED, bounds)
        url = web_address(address)
        return self.reads.solutions(into.getvalue(), media, f"{url.scheme}://{url.netloc}", self.client)


@dataclass(frozen=True)
class _Here:
    """Our own data for one question; see `kb.federation.Local`."""

    reads: Reads
    question: Question
    client: str
    state: Snapshot

    def check(self, text: str) -> None:
        """Parses by answering on a dataset with nothing in it. Functions may be those of other services."""
        asked = replace(self.question, text=text, default_graphs=(_NOTHING,), named_graphs=(), limit=None)
        with suppress(NotSupported):
            self.reads.ask(replace(asked, offset=0), self.client, self.state).close()

    def ask(self, text: str) -> Answer:
        asked = Question(
            text,
            {Kind.SOLUTIONS: _TSV},
            Asks.SELECT,
            self.question.default_graphs,
            self.question.named_graphs,
            self.question.base,
        )
        with closing(self.reads.ask(asked, self.client, self.state)) as found:
            return from_tsv(b"".join(found).decode())


def from_tsv(text: str) -> Answer:
    """Solutions in SPARQL TSV as our own readers write it; a term is as in a query.

    >>> from_tsv(chr(9).join(("?a", "?b")) + "\\n" + chr(9).join(("<urn:x>", "")) + "\\n")
    Answer(variables=('a', 'b'), rows=[('<urn:x>', None)])
    """
    head, *lines = text.removesuffix("\n").split("\n")
    rows = [tuple(term or None for term in line.split("\t")) for line in lines]
    return Answer(tuple(name[1:] for name in head.split("\t")), rows)

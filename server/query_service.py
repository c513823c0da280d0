"""Questions to the knowledge base, answered by reader processes on states that never change.

    service = QueryService(Pool(PoolLimits(readers)), snapshots, limits)
    answer = service.ask(question, client, snapshot)      an `Answer`: its head is known, its bytes come later
    answer = service.graph(name, form, client, snapshot)  a stored graph, None for the default one
    service.has_graph(name, client, snapshot)             whether it holds a triple
    table = service.select(text, snapshot)                rows of a small SELECT of our own, as rdflib terms
    parsed = service.parse(document, client)              foreign RDF as N-Quads in normal form
    service.state()                                       what the readers do, for operators
    service.close()

`client` names who asks, such as an address: a client has a share of the readers and no more. `snapshot` is
the state to read, None for the newest. All of them raise `TimeLimit`, `MemoryLimit`, `Busy` and `ReaderLost`
(`server.readers.errors`), which are answered with 503.

An `Answer` must be closed, which frees its reader at once; exhausting it closes it. When it cannot be
finished, iterating raises `AnswerCut`: let that through to the HTTP server, which cuts the connection, so
that nobody takes a part for the whole. Only once its first bytes are there `ask` comes back, so that a fault
before them is raised from `ask`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar, cast

from rdflib import BNode, Literal, URIRef
from rdflib.term import Node

from kb.engine.contract import DEFAULT
from kb.engine.service_answers import Answer as Solutions
from kb.errors import KnowledgeBaseError, NotAllowed
from kb.federation import asks_others
from kb.intent import SparqlUpdate
from kb.rdf12 import DirectedLiteral, TripleTerm
from kb.snapshot import Snapshot
from kb.sparql_dataset import DatasetClauses
from kb.sparql_pages import Select
from kb.sparql_shapes import examined
from kb.sparql_text import Form, Limits
from server.negotiation import NotAcceptable
from server.readers.answer import Answer
from server.readers.begun import Begun
from server.readers.errors import AnswerTooLarge, StateGone, Unserved
from server.readers.pool import Pool, PoolState
from server.readers.tasks import Document, Kind, Parsed, Question
from server.readers.tasks import Form as Written
from server.readers.work import Clock, Work

USERS: Final = Limits(bytes=1_048_576, rows=100_000)
"""For queries of users: those of everyone, with more data in the text."""

OURSELVES: Final = "regiolink"
"""The client of questions that pages ask on their own account."""

_KINDS: Final = {Form.SELECT: Kind.SOLUTIONS, Form.ASK: Kind.TRUTH}
_JSON: Final = ("application/sparql-results+json", "json")
_T = TypeVar("_T")


class Snapshots(Protocol):
    """Where states to read come from."""

    def newest(self, at_least: int | None = None) -> Snapshot:
        """The newest state; of a revision `at_least`, for which it waits if it must."""

    def at(self, revision: int) -> Snapshot:
        """The state of a revision. Raises `NotFound` when there is none."""


@dataclass(frozen=True)
class QueryLimits:
    """What one question may take.

    clock: how long. text: how much of each a query may hold. most_rows, most_bytes: an answer beyond is
    refused whole, see `Question`; None for no limit, then answers are sent as they are found. page_rows: rows
    of a question that a page asks. parsed_bytes: N-Quads of a document that are kept in memory.
    """

    clock: Clock = field(default_factory=Clock)
    text: Limits = USERS
    most_rows: int | None = None
    most_bytes: int | None = None
    page_rows: int = 10_000
    parsed_bytes: int = 64 << 20


@dataclass(frozen=True)
class Table:
    """The solutions of a SELECT. rows: in the order of `variables`; None where unbound."""

    variables: tuple[str, ...]
    rows: tuple[tuple[Node | None, ...], ...]

    def __iter__(self) -> Iterator[tuple[Node | None, ...]]:
        return iter(self.rows)


class QueryService:
    """Answers questions by readers, for any number of threads."""

    def __init__(
        self,
        pool: Pool,
        snapshots: Snapshots,
        limits: QueryLimits | None = None,
    ) -> None:
        self._pool, self._snapshots = pool, snapshots
        self._handed_over: dict[int, tuple[Question, Begun]] = {}
        self.limits = limits or QueryLimits()

    def ask(
        self,
        question: Question,
        client: str,
        snapshot: Snapshot | None = None,
        connection: int | None = None,
    ) -> Answer:
        """The answer to a query.

        connection: descriptor of the client's connection; when the client closes it before the answer
        begins, the question is given up with `ClientGone`. Raises what `kb.sparql_text.check` refuses,
        `NotAllowed` for an update, `NotAcceptable` when no form is wanted for what the query gives, and what
        the engine says of the query.
        """
        task, form, clock = self._ready(question)

        def begin(state: Snapshot) -> Answer:
            begun = self._taken_up(connection, question, client, state)
            if begun is not None:
                return begun.finish(connection)
            return _begun(Work(self._pool, client, state, clock, connection), task, form, state)

        return self._on(snapshot, begin)

    def begin(self, question: Question, client: str, state: Snapshot, told: Callable[[], None]) -> Begun:
        """Begins a question as `ask` does, and waits for nothing; see `Begun`. Raises as `ask` does."""
        task, form, clock = self._ready(question)
        return Begun(self._pool, client, state, clock, task, form, told)

    def hand_over(self, connection: int, question: Question, begun: Begun) -> None:
        """Leaves a question that has begun to who asks it next for this connection of a client."""
        self._handed_over[connection] = (question, begun)

    def forget(self, connection: int) -> None:
        """Gives up what was handed over and that nobody has asked for."""
        if (found := self._handed_over.pop(connection, None)) is not None:
            found[1].close()

    def _taken_up(
        self, connection: int | None, question: Question, client: str, state: Snapshot
    ) -> Begun | None:
        found = None if connection is None else self._handed_over.pop(connection, None)
        if found is None:
            return None
        asked, begun = found
        if (asked, begun.client, begun.state) == (question, client, state):
            return begun
        begun.close()
        return None

    def _ready(self, question: Question) -> tuple[dict[str, Any], Written, Clock]:
        """The task for a reader, the form of the answer, and how long it may take."""
        form = question.asks or examined(question.text, self.limits.text).form
        if form is Form.UPDATE:
            raise NotAllowed("This is an update; here questions are asked, which change nothing.")
        if asks_others(question.text):
            raise NotAllowed("SERVICE is refused; no other server is asked from here.")
        kind = _KINDS.get(form, Kind.TRIPLES)
        if kind not in question.forms:
            raise NotAcceptable(f"None of the accepted media types can be given for {_IN_WORDS[kind]}.")
        clock = self.limits.clock
        if question.seconds is not None and question.seconds < clock.seconds:
            clock = replace(clock, seconds=question.seconds)
        return self._task(question, kind), question.forms[kind], clock

    def graph(self, name: str | None, form: Written, client: str, snapshot: Snapshot | None = None) -> Answer:
        """The triples of a graph, None for the default graph. Raises `NotFound` for a graph without triples.

        The default graph is there even when it is empty.
        """
        task = {
            "do": "graph",
            "graph": name or str(DEFAULT),
            "form": form[1],
            "always": name is None,
        }

        def begin(state: Snapshot) -> Answer:
            return _begun(Work(self._pool, client, state, self.limits.clock), task, form, state)

        return self._on(snapshot, begin)

    def has_graph(self, name: str, client: str, snapshot: Snapshot | None = None) -> bool:
        """Whether a graph holds a triple."""

        def begin(state: Snapshot) -> bool:
            with closing(Work(self._pool, client, state, self.limits.clock)) as work:
                work.begin({"do": "holds", "graph": name})
                return bool(work.head()[0]["holds"])

        return self._on(snapshot, begin)

    def select(self, text: str, snapshot: Snapshot | None = None, client: str = OURSELVES) -> Table:
        """The rows of a SELECT. Raises `AnswerTooLarge` when there are more than a page can show."""
        question = Question(text, {Kind.SOLUTIONS: _JSON}, most_rows=self.limits.page_rows)
        found = json.loads(self.ask(question, client, snapshot).body())
        variables = tuple(found["head"]["vars"])
        return Table(
            variables,
            tuple(
                tuple(_term(row[name]) if name in row else None for name in variables)
                for row in found["results"]["bindings"]
            ),
        )

    def parse(self, document: Document, client: str, into: Path | None = None) -> Parsed:
        """What a document holds, in normal form.

        into: the file to write the N-Quads to; without one they are given as bytes, and `AnswerTooLarge` is
        raised when they are too many for that. Raises `FileSyntaxError`, `BadTerm`, and `NotUnderstood` for
        what is not accepted.
        """
        task = {
            "do": "parse",
            "form": document.form,
            "name": document.name,
            "base": document.base,
            "graph": document.graph,
            "file": None if isinstance(document.source, bytes) else str(document.source),
        }
        with closing(Work(self._pool, client, None, self.limits.clock)) as work:
            work.begin(task, document.source if isinstance(document.source, bytes) else None)
            if into is None:
                kept = bytearray()
                end = _taken(work, self._kept_in(kept))
                return Parsed(bytes(kept), end["count"], tuple(end["graphs"]))
            with into.open("wb") as file:
                end = _taken(work, file.write)
            return Parsed(into, end["count"], tuple(end["graphs"]))

    def solutions(self, data: bytes, media: str, name: str, client: str) -> Solutions:
        """What another service answered; see `kb.engine.service_answers.read`, also for what is raised."""
        task = {"do": "solutions", "media": media, "name": name, "file": None}
        kept = bytearray()
        with closing(Work(self._pool, client, None, self.limits.clock)) as work:
            work.begin(task, data)
            _taken(work, kept.extend)
        variables, rows = json.loads(kept)
        return Solutions(tuple(variables), [tuple(row) for row in rows])

    def try_update(self, change: SparqlUpdate, client: str, snapshot: Snapshot, seconds: float) -> None:
        """Finds what the WHERE clauses of an update do, lest the writer meets one that takes too much.

        seconds: that this may take. Raises `TimeLimit`, `MemoryLimit`, `ReaderLost` and `Busy`. What else is
        wrong with the update is for the writer to say.
        """
        names = [f"<{name}>" for name in change.using or ((change.graph,) if change.graph else ())]
        reads = [*names, *(f"NAMED <{name}>" for name in change.using_named)]
        task = {"do": "try", "text": change.text, "base": change.base, "reads": reads}
        clock = replace(self.limits.clock, seconds=seconds)

        def begin(state: Snapshot) -> None:
            with closing(Work(self._pool, client, state, clock)) as work:
                work.begin(task)
                work.head()

        try:
            self._on(snapshot, begin)
        except Unserved:
            raise
        except KnowledgeBaseError:
            return

    def state(self) -> PoolState:
        """What the readers do."""
        return self._pool.state()

    def close(self) -> None:
        """Ends all readers."""
        self._pool.close()

    def _on(self, snapshot: Snapshot | None, begin: Callable[[Snapshot], _T]) -> _T:
        """Begins on a state; once more when it was removed just then."""
        state = snapshot or self._snapshots.newest()
        try:
            return begin(state)
        except StateGone:
            return begin(self._snapshots.at(state.revision))

    def _task(self, question: Question, kind: Kind) -> dict[str, Any]:
        most = _least(question.most_rows, self.limits.most_rows)
        task: dict[str, Any] = {
            "do": "ask",
            "text": question.text,
            "forms": {kind.value: question.forms[kind][1]},
            "base": question.base,
        }
        more = {
            "default_graphs": question.default_graphs or None,
            "named_graphs": question.named_graphs or None,
            "clauses": _merging_clauses(question),
            "limit": question.limit,
            "offset": question.offset or None,
            "most_rows": most,
            "most_bytes": _least(question.most_bytes, self.limits.most_bytes),
        }
        # Nothing else is said: a short question costs more on its way than in the engine.
        task.update((name, value) for name, value in more.items() if value is not None)
        if kind is Kind.SOLUTIONS and (question.limit is not None or question.offset or most is not None):
            select = Select.of(question.text)
            first, many = question.offset, question.limit
            task["text"] = select.page(first, many)
            if most is not None and (many is None or many > most):
                task["beyond"] = select.beyond(first + most)
            if many is not None:
                task["following"] = select.beyond(first + many)
        return task

    def _kept_in(self, kept: bytearray) -> Callable[[bytes], object]:
        def keep(data: bytes) -> None:
            if len(kept) + len(data) > self.limits.parsed_bytes:
                raise AnswerTooLarge(
                    f"The document has more than {self.limits.parsed_bytes >> 20:,} MB as N-Quads."
                )
            kept.extend(data)

        return keep


_IN_WORDS: Final = {
    Kind.SOLUTIONS: "the rows of a SELECT",
    Kind.TRUTH: "the yes or no of an ASK",
    Kind.TRIPLES: "the graph of a CONSTRUCT or DESCRIBE",
}


def _begun(work: Work, task: dict[str, Any], form: Written, state: Snapshot) -> Answer:
    """The answer, once it has begun."""
    try:
        work.begin(task)
        head, first = work.head()
        return Answer(work, head, first, form, state)
    except BaseException:
        work.close()
        raise


def _taken(work: Work, take: Callable[[bytes], object]) -> dict[str, Any]:
    """Takes all that the reader gives. Out: what it says at the end."""
    head, data = work.head()
    take(data)
    if "end" in head:
        return cast(dict[str, Any], head["end"])
    while isinstance(more := work.more(), bytes):
        take(more)
    return more


def _merging_clauses(question: Question) -> tuple[str, tuple[str, ...], tuple[str, ...]] | None:
    """What a query says that it is about, where that is a merge of several graphs."""
    if question.default_graphs or question.named_graphs or question.text.upper().count("FROM") < 2:
        return None
    clauses = DatasetClauses.of(question.text)
    return (clauses.prologue, clauses.default, clauses.named) if len(clauses.default) > 1 else None


def _least(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)


def _term(given: dict[str, Any]) -> Node:
    """A term of SPARQL JSON."""
    kind, value = given["type"], given["value"]
    if kind == "uri":
        return URIRef(value)
    if kind == "bnode":
        return BNode(value)
    if kind == "triple":
        return TripleTerm(*(_term(value[part]) for part in ("subject", "predicate", "object")))
    if "its:dir" in given:
        return DirectedLiteral(value, given["xml:lang"], given["its:dir"])
    if "xml:lang" in given:
        return Literal(value, lang=given["xml:lang"])
    datatype = given.get("datatype")
    return Literal(value, datatype=URIRef(datatype), normalize=False) if datatype else Literal(value)

"""Readers beside the engine in the same process: what it costs that queries can be killed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, perf_counter, sleep

from bench.data import add
from bench.measuring import Act, Measured, Prepare, Told, side_by_side
from kb.engine.answers import ask
from kb.engine.oxigraph import OxigraphEngine
from kb.errors import KnowledgeBaseError
from kb.snapshot import HELD, Snapshot
from kb.terms import DEF
from server.query_service import QueryLimits, QueryService
from server.readers.pool import Pool, PoolLimits
from server.readers.tasks import Kind, Question
from server.readers.work import Clock

READERS = 2
"""How many readers one client can keep at work."""

POINTS = 400
"""Point queries that are measured together."""

FIRE = 6.0
"""Seconds of point queries in a run, of each kind."""

LIMIT = 5.0
"""Seconds that a hostile query is given."""

_FIRST = f"SELECT ?body {{ ?body <{DEF.establishedIn}> ?country }} LIMIT {POINTS}"
_ROWS = "SELECT ?s ?o { ?s ?p ?o } LIMIT 100000"
_FORMS = {"csv": ("text/csv", "csv"), "json": ("application/sparql-results+json", "json")}

HOSTILE = {
    "cross join counted": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "cross join sorted": "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?i LIMIT 1",
    "cross join distinct": "SELECT DISTINCT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "pattern compiled in each row": (
        "SELECT * { ?a ?b ?c . ?d ?e ?f FILTER REGEX('a', CONCAT('b{50}', STR(?c), STR(?f))) }"
    ),
    "cross join grouped": "SELECT ?a (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } GROUP BY ?a ?d ?g",
    "a text doubled forty times": (
        "SELECT (STRLEN(?x40) AS ?n) { BIND('0123456789' AS ?x0) "
        + " ".join(f"BIND(CONCAT(?x{n}, ?x{n}) AS ?x{n + 1})" for n in range(40))
        + " }"
    ),
    "texts of a cross join in one": (
        "SELECT (STRLEN(GROUP_CONCAT(CONCAT(STR(?a), STR(?b), STR(?c), STR(?d)))) AS ?n) "
        "{ ?a ?b ?c . ?d ?e ?f }"
    ),
    "all pairs of a path": "SELECT (COUNT(*) AS ?n) { ?a (!<urn:x:none>)* ?b }",
    "a path of paths": "SELECT (COUNT(*) AS ?n) { ?a ((!<urn:x:none>)*/(!<urn:x:none>)*)* ?b }",
    "a star of patterns": "SELECT * { " + " . ".join(f"?s ?p{n} ?o{n}" for n in range(60)) + " }",
}
"""Queries that take all they are given, time or memory, each asked again as soon as it is stopped."""


class _Sink:
    """Counts what is written."""

    def __init__(self) -> None:
        self.size = 0

    def write(self, data: bytes) -> int:
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""


@dataclass(frozen=True)
class _States:
    """One state, for a service."""

    state: Snapshot

    def newest(self, at_least: int | None = None) -> Snapshot:  # noqa: ARG002 - there is but one
        return self.state

    def at(self, revision: int) -> Snapshot:  # noqa: ARG002
        return self.state


def beside_engine(file: Path, runs: int, told: Told) -> list[Measured]:
    """Point queries, and a hundred thousand rows, by the engine in this process and by readers."""
    with _built(file, told) as state, _service(state) as service:
        engine = OxigraphEngine.read_only(state.folder)
        points = _points(engine)

        def in_process(text: str, form: str) -> int:
            out = _Sink()
            ask(engine, text).write(form, out)
            return out.size

        def by_readers(text: str, form: str) -> int:
            return sum(map(len, service.ask(Question(text, {Kind.SOLUTIONS: _FORMS[form]}), "me")))

        ways = {"engine in this process": in_process, "readers": by_readers}
        found: list[Measured] = []
        for many in (1, 8):
            found += side_by_side(
                {
                    f"{POINTS} point queries by {many}, {name}": _prepared(_spread, points, many, way)
                    for name, way in ways.items()
                },
                runs,
                told,
            )
        for form in _FORMS:
            found += side_by_side(
                {
                    f"100,000 rows as {form}, {name}": _prepared(_rows, form, way)
                    for name, way in ways.items()
                },
                runs,
                told,
            )
        return found + side_by_side(_on_states(state, service, points[0]), runs, told)


def _on_states(state: Snapshot, service: QueryService, point: str) -> dict[str, Prepare]:
    """A point query on a state that readers know, and the first one on a newer state."""
    engine = OxigraphEngine.read_only(state.folder)
    newest = state

    def asked(on: Snapshot) -> str:
        service.ask(Question(point, {Kind.SOLUTIONS: _FORMS["json"]}), "me", on).close()
        return ""

    def known() -> Act:
        # Readers that have gone on to a newer state would have to open an older one again.
        asked(newest)
        sleep(0.2)
        return lambda: asked(newest)

    def new() -> Act:
        nonlocal newest
        revision = newest.revision + 1
        folder = state.folder.with_name(f"read-{revision}")
        engine.checkpoint(folder)
        (folder / HELD).touch()
        newest = Snapshot(folder, revision, state.time)
        return lambda: asked(newest)

    return {"point query on a known state": known, "first one on a new state": new}


def under_fire(file: Path, runs: int, told: Told) -> list[Measured]:
    """Point queries of one client, alone and while another one asks hostile queries without pause."""
    seconds: dict[str, list[float]] = {name: [] for name in ("quiet", *HOSTILE)}
    stopped = dict.fromkeys(seconds, 0)
    with _built(file, told) as state, _service(state) as service:
        points = _points(OxigraphEngine.read_only(state.folder))
        for run in range(runs):
            for name, taken in seconds.items():
                told(f"point queries, {name}, run {run + 1} of {runs}")
                with _asking_without_pause(service, HOSTILE.get(name)) as refusals:
                    taken += _asking_for(FIRE, service, points)
                stopped[name] += len(refusals)
    found: list[Measured] = []
    for what, percent in (("half", 50), ("95 of 100", 95)):
        percentiles = {name: sorted(taken)[len(taken) * percent // 100] for name, taken in seconds.items()}
        for name, value in percentiles.items():
            note = f"{len(seconds[name]):,} answered, {stopped[name]} hostile ones stopped"
            found.append(Measured(f"{name}, {what} within", value, runs, value / percentiles["quiet"], note))
    return found


def _asking_for(long: float, service: QueryService, points: list[str]) -> list[float]:
    """The seconds that each point query took, asked one after the other for so long."""
    taken = []
    until = monotonic() + long
    for text in cycle(points):
        start = perf_counter()
        service.ask(Question(text, {Kind.SOLUTIONS: _FORMS["json"]}), "portal").close()
        taken.append(perf_counter() - start)
        if monotonic() > until:
            break
    return taken


@contextmanager
def _asking_without_pause(service: QueryService, text: str | None) -> Iterator[list[str]]:
    """Four threads of one client that ask a query again and again. Out: what they were told."""
    over = threading.Event()
    told: list[str] = []

    def ask_on(query: Question) -> None:
        while not over.is_set():
            try:
                with service.ask(query, "hostile") as answer:
                    for _ in answer:
                        if over.is_set():
                            break
            except KnowledgeBaseError as error:
                told.append(str(error))

    threads = []
    if text:
        query = Question(text, {Kind.SOLUTIONS: _FORMS["json"]}, seconds=LIMIT)
        threads = [threading.Thread(target=ask_on, args=(query,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield told
    finally:
        over.set()
        for thread in threads:
            thread.join()


@contextmanager
def _built(file: Path, told: Told) -> Iterator[Snapshot]:
    """A state that holds the quads of `file`."""
    told("filling the folder")
    with TemporaryDirectory() as folder:
        written = OxigraphEngine.in_folder(Path(folder) / "written")
        add(written, file)
        read = Path(folder) / "read"
        written.checkpoint(read)
        written.close()
        (read / HELD).touch()
        yield Snapshot(read, 1, datetime.now(UTC))


@contextmanager
def _service(state: Snapshot) -> Iterator[QueryService]:
    limits = QueryLimits(clock=Clock(seconds=600.0))
    with closing(QueryService(Pool(PoolLimits(READERS)), _States(state), limits)) as service:
        while service.state().idle <= READERS:
            threading.Event().wait(0.01)
        yield service


def _points(engine: OxigraphEngine) -> list[str]:
    """Queries about one thing each."""
    return [f"SELECT ?p ?o {{ {body.n3()} ?p ?o }}" for (body,) in engine.select(_FIRST) if body is not None]


def _prepared(act: Callable[..., str], *given: object) -> Prepare:
    def prepare() -> Act:
        return lambda: act(*given)

    return prepare


def _spread(points: list[str], many: int, way: Callable[[str, str], int]) -> str:
    """All point queries, by so many threads."""
    turns = [(text, number) for text, number in zip(points, cycle(range(many)), strict=False)]

    def ask_some(own: int) -> None:
        for text, number in turns:
            if number == own:
                way(text, "json")

    start = perf_counter()
    threads = [threading.Thread(target=ask_some, args=(own,)) for own in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return f"{len(points) / (perf_counter() - start):,.0f} a second"


def _rows(form: str, way: Callable[[str, str], int]) -> str:
    return f"{way(_ROWS, form):,} bytes"

"""Our service beside `oxigraph serve`: the same triples, the same clients, over HTTP."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.clients import Asked, ask_all
from bench.measuring import Measured, Told, duration
from kb.terms import DEF

CLIENTS = 8
"""How many ask at once."""

POINTS = 1_000
"""Point queries that are measured together."""

ROWS = 100_000
"""Of a large answer."""

_ROOT = Path(__file__).resolve().parent.parent
_FORMS = {"JSON": "application/sparql-results+json", "CSV": "text/csv"}
_START_SECONDS = 60.0


@dataclass(frozen=True)
class Endpoint:
    """A SPARQL endpoint on this machine."""

    name: str
    port: int
    path: str

    def ask(self, queries: list[str], clients: int, media: str = _FORMS["JSON"]) -> Asked:
        """All the queries, by so many clients at once."""
        return ask_all(self.port, self.path, media, queries, clients)


def beside_oxigraph(file: Path, runs: int, told: Told) -> list[Measured]:
    """Point queries, large answers and heavy queries on the quads of `file`, by both services in turns.

    Each query is asked once, so that no cache answers, but for those that are said to be repeated. Raises
    `RuntimeError` when a service does not start or does not answer.
    """
    subjects = _subjects(file)
    points = [f"SELECT ?p ?o {{ {subject} ?p ?o }}" for subject in subjects]
    with TemporaryDirectory() as folder:
        told("starting both services")
        with _oxigraph(Path(folder), file) as theirs, ours(Path(folder), file) as service:
            beside = _Beside((theirs, service), runs, told)
            for one in (theirs, service):
                one.ask(points[-200:], CLIENTS)
            found = beside.measure(
                f"{POINTS:,} point queries by {CLIENTS}",
                lambda run: (_slice(points, run), CLIENTS, _FORMS["JSON"]),
            )
            found += beside.measure(
                f"{POINTS:,} point queries by {CLIENTS}, 50 texts again and again",
                lambda _: ((points[-50:] * POINTS)[:POINTS], CLIENTS, _FORMS["JSON"]),
            )
            found += beside.measure(
                "point queries by one, one after the other",
                lambda run: (_slice(points, runs + run), 1, _FORMS["JSON"]),
            )
            for form, media in _FORMS.items():
                found += beside.measure(
                    f"{ROWS:,} rows as {form}",
                    lambda run, media=media: ([_rows(run)], 1, media),  # type: ignore[misc]
                )
            return found + beside.measure(
                "two heavy queries at once",
                lambda run: ([_heavy(2 * run), _heavy(2 * run + 1)], 2, _FORMS["JSON"]),
            )


@dataclass(frozen=True)
class _Beside:
    """Endpoints that are measured in turns."""

    endpoints: tuple[Endpoint, ...]
    runs: int
    told: Told

    def measure(self, what: str, of_run: Callable[[int], tuple[list[str], int, str]]) -> list[Measured]:
        """of_run: queries, number of clients and media type. The ratio is to the first endpoint."""
        found: dict[str, list[Asked]] = {one.name: [] for one in self.endpoints}
        for run in range(self.runs):
            for one in self.endpoints:
                self.told(f"{what}, {one.name}, run {run + 1} of {self.runs}")
                queries, clients, media = of_run(run)
                found[one.name].append(one.ask(queries, clients, media))
        first = median(asked.seconds for asked in found[self.endpoints[0].name])
        return [
            Measured(f"{what}, {name}", seconds, self.runs, seconds / first, _note(asked, len(queries)))
            for name, asked in found.items()
            for seconds in (median(one.seconds for one in asked),)
        ]


def _note(asked: list[Asked], many: int) -> str:
    if many < CLIENTS:
        return f"{asked[-1].size:,} bytes"
    half = duration(median(one.half for one in asked))
    return f"{many / median(one.seconds for one in asked):,.0f} a second, half within {half}"


def _slice(points: list[str], run: int) -> list[str]:
    """The queries of a run, which no other run asks."""
    return points[run * POINTS : (run + 1) * POINTS]


def _rows(run: int) -> str:
    return f"SELECT ?s ?o {{ ?s ?p ?o }} LIMIT {ROWS - run}"


def _heavy(number: int) -> str:
    """Triples of bodies of one country; `number` makes its answer another one."""
    same = " ".join(f"?{body} <{DEF.establishedIn}> ?country ." for body in "abc")
    return f"SELECT (COUNT(*) AS ?n{number}) {{ {same} FILTER (STR(?a) < STR(?b)) }}"


def _subjects(file: Path) -> list[str]:
    """Of all quads, each once, in N-Triples."""
    with file.open(encoding="utf-8") as lines:
        return list(dict.fromkeys(line.split(" ", 1)[0] for line in lines))


@contextmanager
def _oxigraph(folder: Path, file: Path) -> Iterator[Endpoint]:
    """Oxigraph's own server on the quads of `file` and their merge, as ours has them; read-only."""
    program = shutil.which("oxigraph", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if program is None:
        raise RuntimeError("oxigraph is not installed; it is among the dependencies for development.")
    place, merge = str(folder / "oxigraph"), folder / "merge.nt"
    with file.open(encoding="utf-8") as quads, merge.open("w", encoding="utf-8") as triples:
        triples.writelines(f"{line.rsplit(' ', 2)[0]} .\n" for line in quads)
    for given in (file, merge):
        subprocess.run([program, "load", "-l", place, "-f", str(given)], check=True, capture_output=True)
    endpoint = Endpoint("oxigraph serve", free_port(), "/query")
    command = [program, "serve-read-only", "-l", place, "-b", f"127.0.0.1:{endpoint.port}"]
    with running(command, os.environ, endpoint):
        yield endpoint


@contextmanager
def ours(folder: Path, file: Path, *, empty: bool = True) -> Iterator[Endpoint]:
    """`regiolink serve` with its default settings on the quads of `file`, and without its log.

    empty: without what the product ships.
    """
    endpoint = Endpoint("ours", free_port(), "/sparql")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("REGIOLINK_")}
    environment = inherited | {
        "REGIOLINK_DATA_DIR": str(folder / "ours"),
        "REGIOLINK_PORT": str(endpoint.port),
        "REGIOLINK_LOG": "off",
    }
    regiolink = [sys.executable, "-m", "server"]
    served = [*regiolink, "serve", *(["--empty"] if empty else [])]
    with running(served, environment, endpoint, _START_SECONDS if empty else 600):
        loaded = [*regiolink, "load", str(file)]
        subprocess.run(loaded, env=environment, cwd=_ROOT, check=True, capture_output=True)
        yield endpoint


@contextmanager
def running(
    command: list[str], environment: Mapping[str, str], endpoint: Endpoint, seconds: float = _START_SECONDS
) -> Iterator[None]:
    """A server for the block, which begins when it answers. Raises `RuntimeError` when that takes longer."""
    with subprocess.Popen(
        command,
        env=environment,
        cwd=_ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            until = time.monotonic() + seconds
            while not _answers(endpoint):
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"{Path(command[0]).name} did not start.")
                time.sleep(0.05)
            yield
        finally:
            process.terminate()


def _answers(endpoint: Endpoint) -> bool:
    with suppress(OSError), closing(HTTPConnection("127.0.0.1", endpoint.port, timeout=5)) as asked:
        asked.request("GET", f"{endpoint.path}?query=ASK%7B%7D")
        return asked.getresponse().status == HTTPStatus.OK
    return False


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

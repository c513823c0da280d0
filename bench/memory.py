"""The memory of the web process: under queries of every kind, and while one very long answer passes."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from time import perf_counter
from urllib.parse import quote

from bench.measuring import Measured, Told
from bench.served import EX, PLACES, Served, children, served

CLIENTS = 4
"""How many ask at once."""

SUBJECTS = 3_200
"""Things with a number each; two of them for each row make over ten million rows."""

_NUMBER = f"<{EX}number>"
_JSON, _CSV = "application/sparql-results+json", "text/csv"
_CROSSED = f"SELECT ?a ?n {{ ?a {_NUMBER} ?m . ?b {_NUMBER} ?n }} LIMIT"
_ENDLESS = f"SELECT (COUNT(*) AS ?n) {{ {' '.join(f'?s{n} {_NUMBER} ?o{n} .' for n in range(4))} }}"
_AT_ONCE = 1 << 16


@dataclass(frozen=True)
class Query:
    """A query of the mix. kind: its name. status: what it is to be answered with; 0 when nobody waits for it.

    rows: lines of the answer, where they are counted.
    """

    kind: str
    text: str
    status: int = 200
    media: str = _CSV
    rows: int | None = None


def query_of(number: int) -> Query:
    """The query with a number: of 20, 9 are new, 5 were asked before, 2 are wrong, 2 large, 2 given up."""
    subject = f"<{EX}thing-{number % SUBJECTS}>"
    match number % 20:
        case 0:
            return Query("wrong", f"SELECT ?n {{ {subject} {_NUMBER} ?n {number}", 400, _JSON)
        case 1:
            return Query("wrong", f"ASK {{ SERVICE <{EX}{number}> {{ ?a ?b ?c }} }}", 403, _JSON)
        case 2:
            return Query("large", f"{_CROSSED} {10_000 + number}", rows=10_001 + number)
        case 3:
            return Query("large", f"{_CROSSED} 20000", media=_JSON)
        case 4:
            return Query("given up while it comes", f"{_CROSSED} {1_000_000 + number}", 0)
        case 5:
            return Query("given up before it comes", f"{_ENDLESS} OFFSET {number}", 0)
        case rest if rest < 11:
            again = f"SELECT ?n {{ <{EX}thing-{number % 50}> {_NUMBER} ?n }}"
            return Query("asked before", again, rows=2)
    new = f"SELECT ?n (?n + {number} AS ?more) {{ {subject} {_NUMBER} ?n }}"
    return Query("new", new, rows=2)


def ask_mixed(port: int, numbers: range, told: Told = lambda _: None) -> None:
    """Asks the queries of these numbers, by `CLIENTS` clients at once.

    Raises `RuntimeError` when one is not answered as it is to be.
    """
    left = iter(numbers)
    lock = threading.Lock()
    failures: list[Exception] = []

    def following() -> Iterator[int]:
        while not failures:
            with lock:
                number = next(left, None)
            if number is None:
                return
            if number % 500 == 0:
                told(f"query {number:,} of {numbers.stop:,}")
            yield number

    def work() -> None:
        line = HTTPConnection("127.0.0.1", port, timeout=120)
        try:
            for number in following():
                _ask(line, query_of(number))
        except (OSError, RuntimeError) as error:
            failures.append(error)
        finally:
            line.close()

    threads = [threading.Thread(target=work) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(str(failures[0])) from failures[0]


def _ask(line: HTTPConnection, query: Query) -> None:
    line.request("GET", f"/sparql?query={quote(query.text)}", headers={"Accept": query.media})
    if query.kind == "given up before it comes":
        line.close()
        return
    answer = line.getresponse()
    if not query.status:
        if answer.status != 200 or not answer.read(_AT_ONCE):
            raise RuntimeError(f"{query.text} was answered with {answer.status}.")
        answer.close()
        line.close()
        return
    body = answer.read()
    lines = body.count(b"\n")
    if answer.status != query.status or (query.rows is not None and lines != query.rows):
        raise RuntimeError(f"{query.text} was answered with {answer.status} and {lines} lines.")


def memory(service: Served) -> int:
    """Bytes that the web process has in memory."""
    web = service.web_pid()
    assert web is not None
    return (
        sum(
            int(re.findall(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))[0])
            for pid in children(web)
        )
        << 10
    )


def fill(service: Served) -> None:
    """States the things with numbers."""
    stated = " ".join(f"<{EX}thing-{number}> {_NUMBER} {number} ." for number in range(SUBJECTS))
    said = service.update(f"INSERT DATA {{ GRAPH <{PLACES}> {{ {stated} }} }}")
    if said.status != 204:
        raise RuntimeError(said.detail)


def stream(service: Served, rows: int, told: Told = lambda _: None) -> tuple[int, int]:
    """Takes one answer of so many rows. Out: its bytes, and the most memory of the web process meanwhile.

    Raises `RuntimeError` when it is not whole.
    """
    line = HTTPConnection("127.0.0.1", service.port, timeout=600)
    line.request("GET", f"/sparql?query={quote(f'{_CROSSED} {rows}')}", headers={"Accept": _CSV})
    answer = line.getresponse()
    size = lines = most = 0
    for turn in count():
        part = answer.read(1 << 20)
        if not part:
            break
        size += len(part)
        lines += part.count(b"\n")
        if turn % 8 == 0:
            most = max(most, memory(service))
            told(f"row {lines:,} of {rows:,}")
    line.close()
    if lines != rows + 1:
        raise RuntimeError(f"The answer had {lines:,} lines and not {rows + 1:,}.")
    return size, max(most, memory(service))


def of_web_process(folder: Path, queries: int, rows: int, told: Told) -> list[Measured]:
    """The memory after a tenth of the mixed queries, after all of them, and during a long answer."""
    found = []

    def measure(what: str, start: float, note: str) -> None:
        found.append(Measured(what, perf_counter() - start, 1, None, note))

    with served(folder, quick=False, query_seconds="3600", cache_bytes="1000000") as service:
        fill(service)
        first = memory(service)
        for numbers in (range(queries // 10), range(queries // 10, queries)):
            start = perf_counter()
            ask_mixed(service.port, numbers, told)
            measure(
                f"mixed queries {numbers.start:,} to {numbers.stop:,}", start, _in_mb(memory(service), first)
            )
        first = memory(service)
        start = perf_counter()
        size, most = stream(service, rows, told)
        measure(f"{rows:,} rows as CSV, {size:,} bytes", start, f"at most {_in_mb(most, first)}")
    return found


def _in_mb(now: int, before: int) -> str:
    return f"{now / 1e6:.1f} MB, {before / 1e6:.1f} MB before"

"""Twelve questions of the domain, asked of our service and of rdflib-endpoint on the same triples."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final
from urllib.parse import quote

from bench.asking import rows
from bench.measuring import Measured, Told
from bench.serving import Endpoint, free_port, ours, running
from kb.terms import COUNTRY, ID, NUTS_CODE, PREFIXES, TERMS

SECONDS: Final = 60.0
"""How long an answer is waited for."""

ENOUGH: Final = 10.0
"""Seconds of answers after which a question is not asked once more."""

_ROWS: Final = "application/sparql-results+json"
_GRAPH: Final = "text/turtle"
_HEAD: Final = "".join(
    f"PREFIX {prefix}: <{PREFIXES[prefix]}>\n"
    for prefix in ("def", "graph", "nutscode", "rdfs", "skos", "xsd")
)

# "§" is the number of the run, so that no cache knows the text.
_BODY: Final = f"<{ID}organisation/bench-§-3>"
_PLACE: Final = "Organisations below a code of NUTS (skos:broader*)"
_UNION: Final = "Partnerships by theme or by region (UNION)"
_TEXT: Final = "Names that contain a text, 50 of them"
QUESTIONS: Final = {
    "All of a thing (DESCRIBE)": f"DESCRIBE {_BODY}",
    "An organisation and its places": f"""SELECT * {{
        {_BODY} rdfs:label ?label ; a ?class ; def:establishedIn ?country ; def:locatedIn ?place .
        ?place rdfs:label ?name }}""",
    _PLACE: f"""SELECT DISTINCT ?organisation§ {{
        ?code skos:broader* <{NUTS_CODE}PL> . ?version def:nutsConcept ?code ; def:versionOf ?region .
        ?organisation§ def:locatedIn ?region ; a def:Organisation }}""",
    "Partnerships without a link (OPTIONAL, NOT EXISTS)": """SELECT * {
        ?partnership a def:ClusterPartnership ; rdfs:label ?label§
        OPTIONAL { ?partnership def:hasGrant ?grant }
        FILTER NOT EXISTS { ?partnership def:hasLinkage ?linkage } }""",
    _TEXT: """SELECT DISTINCT ?thing§ {
        ?thing§ rdfs:label ?label FILTER(CONTAINS(LCASE(STR(?label)), "geothermal")) } LIMIT 50""",
    "Partnerships by a regular expression": """SELECT ?partnership ?label§ {
        ?partnership a def:Partnership ; rdfs:label ?label§ FILTER(REGEX(?label§, "text.*inno", "i")) }""",
    "Things of each class (GROUP BY)": "SELECT ?class (COUNT(*) AS ?n§) { ?thing a ?class } GROUP BY ?class",
    "The last 20 names of coded regions (ORDER BY)": """SELECT ?version ?label§ {
        ?version def:nutsCode ?code ; rdfs:label ?label§ } ORDER BY DESC(?label§) ?version LIMIT 20""",
    "Partners of 1,000 memberships (CONSTRUCT)": """CONSTRUCT { ?partnership def:hasPartner ?member§ } {
        { SELECT ?partnership ?membership { ?partnership def:hasMembership ?membership } LIMIT 1000 }
        ?membership def:member ?member§ }""",
    _UNION: f"""SELECT DISTINCT ?partnership ?label§ {{
        {{ ?partnership def:theme <{TERMS}thematic-area/textiles> }}
        UNION {{ ?partnership def:involvesTerritory ?region . ?region rdfs:label "Catalonia"@en }}
        ?partnership rdfs:label ?label§ }}""",
    "Organisations in no partnership, counted": """SELECT (COUNT(?organisation) AS ?n§) {
        ?organisation a def:Organisation FILTER NOT EXISTS { ?membership def:member ?organisation } }""",
    "Partnerships that began in half a year": """SELECT ?partnership ?from§ {
        ?partnership a def:Partnership ; def:validFrom ?from§
        FILTER(?from§ >= "2019-01-01"^^xsd:date && ?from§ < "2019-07-01"^^xsd:date) }""",
}
"""What is asked of both."""

WITH_HELP: Final = {
    _PLACE: f"SELECT ?organisation§ {{ ?organisation§ def:locatedIn <{COUNTRY}POL> ; a def:Organisation }}",
    _TEXT: 'SELECT DISTINCT ?thing§ { GRAPH graph:words { ?thing§ def:word "geothermal" } '
    "?thing§ rdfs:label ?label } LIMIT 50",
    _UNION: f"""SELECT DISTINCT ?partnership ?label§ {{
        {{ ?partnership def:theme <{TERMS}thematic-area/textiles> ; rdfs:label ?label§ }}
        UNION {{ ?region rdfs:label "Catalonia"@en .
                ?partnership def:involvesTerritory ?region ; rdfs:label ?label§ }} }}""",
}
"""What is slow as it comes to mind, as docs/searching.md and docs/queries.md write it; for ours alone."""


def text(question: str, run: int) -> str:
    """What is sent for a question in a run."""
    return _HEAD + question.replace("§", str(run))


def beside_rdflib(file: Path, runs: int, told: Told) -> list[Measured]:
    """Each question to our service with the shipped data and the quads of `file`, and to rdflib-endpoint.

    The other has the triples of our default graph. An answer that takes longer than `SECONDS` is given up.
    Raises `RuntimeError` when one is not installed, does not start, or answers otherwise than the other.
    """
    with TemporaryDirectory() as folder:
        told("starting our service with all that is shipped, and loading")
        with ours(Path(folder), file, empty=False) as service, ExitStack() as stack:
            triples = Path(folder) / "default.nt"
            triples.write_bytes(_default_graph(service))
            told("starting rdflib-endpoint")
            other = stack.enter_context(closing(_Restarted(triples)))
            found = []
            for what, query in QUESTIONS.items():
                found += _asked_of_both(what, query, (service, other), runs, told)
            return found


@contextmanager
def rdflib_endpoint(triples: Path) -> Iterator[Endpoint]:
    """rdflib-endpoint on the triples of a file, in memory. Raises `RuntimeError` when it is not installed."""
    places = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    program = shutil.which("rdflib-endpoint", path=places)
    if program is None:
        raise RuntimeError("rdflib-endpoint is not there; 'pip install rdflib-endpoint[cli]' brings it.")
    endpoint = Endpoint("rdflib-endpoint", free_port(), "/")
    command = [program, "serve", "--host", "127.0.0.1", "--port", str(endpoint.port), str(triples)]
    with running(command, os.environ, endpoint, seconds=600):
        yield endpoint


class _Restarted:
    """rdflib-endpoint, started anew after a question that it did not answer: it would go on with that one."""

    def __init__(self, triples: Path) -> None:
        self._triples = triples
        self._stack = ExitStack()
        self._endpoint: Endpoint | None = None

    def ready(self) -> Endpoint:
        if self._endpoint is None:
            self._endpoint = self._stack.enter_context(rdflib_endpoint(self._triples))
        return self._endpoint

    def close(self) -> None:
        self._stack.close()
        self._endpoint = None


def _asked_of_both(
    what: str, query: str, both: tuple[Endpoint, _Restarted], runs: int, told: Told
) -> list[Measured]:
    service, other = both
    mine = _asked(f"{what}, ours", query, service, runs, told)
    found = [_beside(mine, mine)]
    if what in WITH_HELP:
        helped = _asked(f"{what}, ours, as our docs write it", WITH_HELP[what], service, runs, told)
        _same(mine, helped)
        found.append(_beside(mine, helped))
    theirs = _asked(f"{what}, rdflib-endpoint", query, other.ready(), runs, told)
    if theirs.runs:
        _same(mine, theirs)
        return [*found, _beside(mine, theirs)]
    other.close()
    return [*found, theirs]


def _beside(first: Measured, other: Measured) -> Measured:
    return Measured(other.what, other.seconds, other.runs, other.seconds / first.seconds, other.note)


def _same(one: Measured, other: Measured) -> None:
    if "row" in one.note and one.note != other.note:
        raise RuntimeError(f"{other.what}: {other.note}, where {one.what} has {one.note}.")


def _asked(what: str, query: str, endpoint: Endpoint, runs: int, told: Told) -> Measured:
    """The median of some runs after one that is not counted; no runs for a question that is not answered."""
    spent: list[float] = []
    note = ""
    for run in range(1, runs + 2):
        told(f"{what}, run {run} of {runs + 1}")
        answer = _answer(endpoint, text(query, run))
        if answer is None:
            return Measured(what, SECONDS, 0, None, f"did not finish in {SECONDS:.0f} s")
        seconds, note = answer
        if run > 1 or seconds > ENOUGH:
            spent.append(seconds)
        if sum(spent) > ENOUGH:
            break
    return Measured(what, median(spent), len(spent), None, note)


def _answer(endpoint: Endpoint, query: str) -> tuple[float, str] | None:
    """The seconds to the last byte, and how much it was; None when it takes too long."""
    is_graph = query.removeprefix(_HEAD).startswith(("DESCRIBE", "CONSTRUCT"))
    with closing(HTTPConnection("127.0.0.1", endpoint.port, timeout=SECONDS)) as connection:
        start = perf_counter()
        try:
            connection.request(
                "GET",
                f"{endpoint.path}?query={quote(query)}",
                headers={"Accept": _GRAPH if is_graph else _ROWS},
            )
            answer = connection.getresponse()
            body = answer.read()
        except TimeoutError:
            return None
        seconds = perf_counter() - start
    if answer.status != HTTPStatus.OK:
        raise RuntimeError(f"{endpoint.name} answers {answer.status}: {body[:300]!r}")
    if is_graph:
        return seconds, f"{len(body):,} bytes"
    return seconds, rows(len(json.loads(body)["results"]["bindings"]))


def _default_graph(service: Endpoint) -> bytes:
    """All triples of our default graph, the inferred ones among them, in N-Triples."""
    with closing(HTTPConnection("127.0.0.1", service.port, timeout=600)) as connection:
        connection.request("GET", "/graphs?default", headers={"Accept": "application/n-triples"})
        return connection.getresponse().read()

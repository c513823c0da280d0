"""A small knowledge base and the service over it, as its clients and its operator see them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import urllib3
from rdflib import RDFS, SH

from bench.faulty import FAULT, QUICK
from kb.engine.contract import HISTORY, INFERRED, SHAPES
from kb.intent import Intent, SparqlUpdate
from kb.knowledge_base import KnowledgeBase
from kb.ledger.commits import Door
from kb.ledger.people import Role
from kb.terms import GRAPH

ROOT = Path(__file__).resolve().parent.parent
EX = "https://example.org/"
PLACES = str(GRAPH["places"])
_SCHEMA = f"""
PREFIX sh: <{SH}> PREFIX ex: <{EX}> PREFIX rdfs: <{RDFS}> PREFIX owl: <http://www.w3.org/2002/07/owl#>
INSERT DATA {{
  GRAPH <{SHAPES}> {{
    ex:RegionShape a sh:NodeShape ; sh:targetClass ex:Region ; sh:property ex:label .
    ex:label sh:path rdfs:label ; sh:minCount 1 ; sh:message "Give it a name."@en .
  }}
  GRAPH <{GRAPH["ontology"]}> {{ ex:Region a owl:Class ; rdfs:subClassOf ex:Place . ex:Place a owl:Class . }}
}}"""


def region(name: str) -> str:
    """What states a region, from which follows that it is a place."""
    return f'<{EX}{name}> a <{EX}Region> ; <{RDFS.label}> "{name}"'


def adding(name: str) -> str:
    """An update that states a region."""
    return f"INSERT DATA {{ GRAPH <{PLACES}> {{ {region(name)} }} }}"


@dataclass(frozen=True)
class Said:
    """An answer over HTTP; status 0 when there was none."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def detail(self) -> str:
        """The sentence of a problem."""
        return str(json.loads(self.body)["detail"]) if self.body else ""

    @property
    def revision(self) -> int:
        """The revision that holds a change."""
        return int(self.headers["Regiolink-Revision"])


class Served:
    """`regiolink serve --empty` over a folder, with a steward and an administrator."""

    def __init__(self, folder: Path, *, quick: bool = True, **settings: str) -> None:
        """quick: see `bench.faulty.QUICK`. settings: by their names."""
        folder.mkdir(parents=True, exist_ok=True)
        self.kb = KnowledgeBase(folder / "data", settings.get("ledger"))
        self.fault = folder / "fault"
        self.log = folder / "log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        own = {"data_dir": str(folder / "data"), "port": str(self.port), "log": "off", **settings}
        self.environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            FAULT: str(self.fault),
            **({QUICK: "1"} if quick else {}),
            **{f"REGIOLINK_{name.upper()}": value for name, value in own.items()},
        }
        self._http = urllib3.PoolManager(maxsize=16, retries=False, timeout=urllib3.Timeout(90))
        self._process: subprocess.Popen[str] | None = None
        self.tokens = self._begin()

    def _begin(self) -> dict[str, str]:
        if not self.kb.folder.exists():
            with self.kb.writer(empty=True) as writer:
                writer.commit(Intent(SparqlUpdate(_SCHEMA), "root", Role.ADMIN.value, Door.UPDATE))
        ledger = self.kb.ledger()
        try:
            roles = {"ann": Role.STEWARD, "root": Role.ADMIN}
            known = {person.name for person in ledger.people.users()}
            for name, role in roles.items():
                if name not in known:
                    ledger.people.create_user(name, role)
            return {name: ledger.people.create_token(name, "trial")[0] for name in roles}
        finally:
            ledger.close()

    # -- the processes --------------------------------------------------------------------------------------

    def start(self) -> None:
        """Returns when it answers. Raises `RuntimeError` with its last words when it does not start."""
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bench.faulty", "serve", *self._begun()],
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if "answers at" in line:
                return
        self._process.wait()
        self._process.stdout.close()
        self._process = None
        raise RuntimeError(self.log.read_text(encoding="utf-8")[-2000:])

    def _begun(self) -> list[str]:
        return ["--empty"] if self.kb.folder.is_empty else []

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ends it by a signal to the supervisor. Out: the exit status."""
        assert self._process is not None
        with self._process as process:
            process.send_signal(number)
            status = process.wait(60)
        self._process = None
        return status

    @property
    def pid(self) -> int:
        """Of the supervisor."""
        assert self._process is not None
        return self._process.pid

    def writer_pid(self) -> int | None:
        """Of the process that makes changes, None while there is none."""
        return next((pid for pid in children(self.pid) if pid != self.web_pid()), None)

    def web_pid(self) -> int | None:
        """Of the process that keeps the web worker running."""
        return next((pid for pid in children(self.pid) if children(pid)), None)

    def ask_for_fault(self, step: str, when: str, nth: int = 1) -> None:
        """Has the writer end at a step; see `bench.faulty`."""
        self.fault.write_text(json.dumps({"step": step, "when": when, "nth": nth}), encoding="utf-8")

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Runs `regiolink` on the same folder."""
        return subprocess.run(
            [sys.executable, "-m", "server", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    # -- over HTTP ------------------------------------------------------------------------------------------

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Said:
        """Any request; names of headers with _ for -."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            found = self._http.request(
                method, f"http://127.0.0.1:{self.port}/{path}", body=body, headers=given
            )
        except urllib3.exceptions.HTTPError:
            return Said(0, b"", {})
        return Said(found.status, found.data, dict(found.headers))

    def update(self, text: str, user: str = "ann", query: str = "", **headers: str) -> Said:
        """A SPARQL Update by a user."""
        return self.request(
            "POST",
            f"sparql?{query}",
            text.encode(),
            Content_Type="application/sparql-update",
            Authorization=f"Bearer {self.tokens[user]}",
            **headers,
        )

    def select(self, text: str, query: str = "") -> list[dict[str, str]]:
        """The rows of a SELECT, each the values by variable. Raises `ValueError` with any other answer."""
        said = self.request(
            "GET", f"sparql?query={quote(text)}{query}", Accept="application/sparql-results+json"
        )
        if said.status != 200:
            raise ValueError(f"{said.status} {said.body.decode(errors='replace')}")
        rows: list[dict[str, Any]] = json.loads(said.body)["results"]["bindings"]
        return [{name: cell["value"] for name, cell in row.items()} for row in rows]

    def names(self, kind: str, graph: str | None = None) -> set[str]:
        """The things of a class that readers see, in a graph or in the merge of all."""
        pattern = f"?x a <{EX}{kind}>"
        text = f"GRAPH <{graph}> {{ {pattern} }}" if graph else pattern
        return {row["x"].removeprefix(EX) for row in self.select(f"SELECT ?x {{ {text} }}")}

    def receipts(self) -> set[int]:
        """The revisions that readers see a receipt of."""
        rows = self.select(
            f"SELECT ?r {{ GRAPH <{HISTORY}> {{ ?c <http://purl.org/dc/terms/identifier> ?r }} }}"
        )
        return {int(row["r"]) for row in rows}

    def assert_whole(self) -> set[str]:
        """That stated, merged, inferred, ledger and history tell the same. Out: the names of the regions."""
        ledger = self.kb.ledger()
        try:
            commits = ledger.commits(limit=1_000_000)
            told = {
                str(subject).removeprefix(EX)
                for commit in commits
                for subject, _, value, graph in ledger.patch_of(commit.revision).inserts
                if str(value) == f"{EX}Region" and str(graph) == PLACES
            }
        finally:
            ledger.close()
        seen = self.names("Region", PLACES)
        assert seen == told, ("stated", seen ^ told)
        assert self.names("Region") == told, "merged"
        assert self.names("Place", str(INFERRED)) == told, "inferred"
        assert self.receipts() == {commit.revision for commit in commits} == set(range(1, len(commits) + 1))
        return told

    def wait_for_writer(self, seconds: float = 60) -> None:
        """Until changes are made again."""
        until = time.monotonic() + seconds
        while self.update("INSERT DATA {}").status >= 500 or self.writer_pid() is None:
            if time.monotonic() > until:
                raise TimeoutError(self.log.read_text(encoding="utf-8")[-2000:])
            time.sleep(0.05)


@contextmanager
def served(folder: Path, *, quick: bool = True, **settings: str) -> Iterator[Served]:
    """The service over a folder, stopped at the end of the block."""
    made = Served(folder, quick=quick, **settings)
    made.start()
    try:
        yield made
    finally:
        if made._process is not None:
            made.stop()


def children(pid: int) -> list[int]:
    """The processes that a process has started and that have not ended."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent = entry.read_text(encoding="utf-8").rpartition(")")[2].split()[:2]
            if int(parent) == pid and state != "Z":
                found.append(int(entry.parent.name))
    return sorted(found)

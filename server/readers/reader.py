"""A reader: does one task after the other on states that never change, until it is killed or its asker goes.

It is a process of its own because the engine cannot be interrupted, and because a text or a document can end
the process that reads it.
"""

from __future__ import annotations

import fcntl
import json
import os
import resource
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO, Any, Final

from kb.engine.answers import Found, ask, holds, write_graph
from kb.engine.contract import DEFAULT
from kb.engine.documents import NormalQuads
from kb.engine.merging import Merges, resolved
from kb.engine.oxigraph import OxigraphEngine
from kb.engine.service_answers import read
from kb.errors import FolderUnusable, KnowledgeBaseError, NotFound, NotUnderstood
from kb.snapshot import HELD
from kb.update_trials import trials
from server.readers.errors import AnswerTooLarge, StateGone, as_head
from server.readers.frames import END, ERROR, MORE, TASK, Ended, Frames, packed, unpacked
from server.readers.rows import Rows
from server.readers.sandbox import let_others_go_first, limit_memory, limit_time, unlimit_memory
from server.readers.sending import Sending

GROWN: Final = 256 << 20
"""Bytes by which a reader may have grown for a task and still be used for another one."""

LONG: Final = 0.1
"""Seconds after which a task lets others go first."""

_LOOK: Final = 0.1
_NAMED_GRAPHS: Final = 1_000
_Task = dict[str, Any]
_UNSAID: Final[_Task] = {
    "default_graphs": (),
    "named_graphs": (),
    "clauses": None,
    "limit": None,
    "offset": 0,
    "most_rows": None,
    "most_bytes": None,
    "beyond": None,
    "following": None,
}
"""What a question is about that says nothing of these."""


class _Nowhere:
    """Takes an answer that is only to be found, and not to be told."""

    def write(self, data: bytes, /) -> int:
        return len(data)

    def flush(self) -> None:
        """There is nothing to be passed on."""


@dataclass
class _State:
    """The state that is open, and the lock that keeps it from being removed."""

    folder: str
    lock: IO[bytes]
    engine: OxigraphEngine
    merges: Merges


class Reader:
    """One reader, which is one process."""

    def __init__(self, connection: socket.socket, memory: int) -> None:
        """memory: bytes that a task may take beyond what the process and the open state need."""
        self._frames = Frames(connection, longest=None)
        self._memory = memory
        self._state: _State | None = None
        self._most_bytes = _most_used() + GROWN
        self._begun: float | None = None
        self._behind = False
        self._limited: int | None = None

    def run(self) -> None:
        """Works until the asker goes. Does not return.

        A thread works, and this one sees to it that tasks which take long let others go first: a priority can
        be lowered by anybody and raised again by nobody, so the next task has a thread of its own.
        """
        limit_memory(self._memory)
        while True:
            worker = Thread(target=self._work)
            worker.start()
            while worker.is_alive():
                worker.join(_LOOK)
                begun = self._begun
                if begun is not None and time.monotonic() - begun > LONG and worker.native_id:
                    self._behind = let_others_go_first(worker.native_id)
            if not self._behind:
                os._exit(1)  # a fault of ours, which the thread has told of
            self._behind = False

    def _work(self) -> None:
        """Does tasks until one has taken long."""
        try:
            while not self._behind:
                kind, payload = self._frames.receive()
                task, _ = unpacked(payload)
                self._begun = time.monotonic()
                self._serve(task) if kind == TASK else self._prepare(task)
                self._begun = None
        except Ended:
            os._exit(0)

    def _prepare(self, task: _Task) -> None:
        """Opens the state that the next task is likely to be about."""
        try:
            self._open(task["folder"])
        except KnowledgeBaseError:
            self._state = None  # the task that asks for it is told

    def _serve(self, task: _Task) -> None:
        self._limited = limit_time(task["seconds"], self._limited)
        doing = {
            "ask": self._ask,
            "graph": self._graph,
            "holds": self._holds,
            "parse": self._parse,
            "solutions": self._solutions,
            "try": self._try,
        }
        try:
            doing[task["do"]](task)
        except KnowledgeBaseError as error:
            self._frames.send(ERROR, packed(as_head(error) | self._end()))
        except MemoryError:
            # As when the engine finds none left, which ends the process.
            os.abort()

    def _end(self) -> dict[str, Any]:
        """What is said at the end of every task."""
        return {"leaves": True} if _most_used() > self._most_bytes else {}

    def _ask(self, said: _Task) -> None:
        task = _UNSAID | said
        engine, dataset = self._dataset(task)
        if task["beyond"] and not ask(engine, task["beyond"], **dataset).is_empty():
            raise AnswerTooLarge(f"The answer has more than {task['most_rows']:,} rows; ask for less of it.")
        cut = bool(task["following"]) and not ask(engine, task["following"], **dataset).is_empty()
        found = ask(engine, task["text"], **dataset)
        if found.kind not in task["forms"]:
            raise NotUnderstood(f"The query gives {found.kind}, for which no form was asked.")
        form = task["forms"][found.kind]
        rows = Rows(form) if found.kind == "solutions" else None
        out = Sending(self._frames, {"kind": found.kind, "cut": cut}, task["most_bytes"], rows)
        if found.kind == "triples":
            self._write_triples(found, form, out, task)
        else:
            found.write(form, out)
        out.finish(self._end())

    def _dataset(self, task: _Task) -> tuple[OxigraphEngine, dict[str, Any]]:
        """What a query is asked of, and how its dataset is told; see `kb.engine.merging`."""
        engine = self._open(task["folder"])
        dataset = {name: task[name] for name in ("default_graphs", "named_graphs", "base")}
        default, named = task["default_graphs"], task["named_graphs"]
        if task["clauses"]:
            prologue, default, named = task["clauses"]
            default, named = (resolved(prologue, names, task["base"]) for names in (default, named))
        assert self._state is not None
        merged = self._state.merges.of(default, named)
        if merged is None:
            return engine, dataset
        return merged, dataset | {"default_graphs": [str(DEFAULT)], "named_graphs": named}

    def _write_triples(self, found: Found, form: str, out: Sending, task: _Task) -> None:
        """Triples are counted before the first is sent where only so many of them are wanted."""
        limit, offset, most = task["limit"], task["offset"], task["most_rows"]
        if limit is None and most is None:
            found.write(form, out, offset)
            return
        wanted = min(value for value in (limit, most) if value is not None)
        some = found.some(offset, wanted)
        if some.more and wanted != limit:
            raise AnswerTooLarge(f"The answer has more than {wanted:,} triples; ask for less of it.")
        out.head["cut"] = some.more
        some.write(form, out)

    def _graph(self, task: _Task) -> None:
        engine = self._open(task["folder"])
        if not task["always"] and not holds(engine, task["graph"]):
            raise NotFound(f"There is no graph {task['graph']}.")
        out = Sending(self._frames, {"kind": "triples", "cut": False})
        write_graph(engine, task["graph"], task["form"], out)
        out.finish(self._end())

    def _holds(self, task: _Task) -> None:
        found = holds(self._open(task["folder"]), task["graph"])
        Sending(self._frames, {"kind": "truth", "holds": found}).finish(self._end())

    def _parse(self, task: _Task) -> None:
        with self._document(task) as source:
            out = Sending(self._frames, {"kind": "quads"})
            quads = NormalQuads(source, task["form"], task["name"], base=task["base"], graph=task["graph"])
            for lines in quads:
                out.write(lines)
            graphs = quads.graphs[:_NAMED_GRAPHS]
            out.finish({"count": quads.count, "graphs": graphs} | self._end())

    def _solutions(self, task: _Task) -> None:
        """The answer of another service, as JSON: its variables, and its rows."""
        with self._document(task) as data:
            found = read(data, task["media"], task["name"])
        out = Sending(self._frames, {"kind": "solutions"})
        out.write(json.dumps([found.variables, found.rows]).encode())
        out.finish(self._end())

    def _try(self, task: _Task) -> None:
        engine = self._open(task["folder"])
        for text in trials(task["text"], task["base"], task["reads"]):
            ask(engine, text, base=task["base"]).write("csv", _Nowhere())
        Sending(self._frames, {"kind": "truth"}).finish(self._end())

    @contextmanager
    def _document(self, task: _Task) -> Iterator[Any]:
        """The document of a task: the bytes that follow it, or a file."""
        if task["file"] is not None:
            with Path(task["file"]).open("rb") as file:
                yield file
            return
        content = bytearray()
        while True:
            kind, payload = self._frames.receive()
            if kind == END:
                break
            if kind == MORE:
                content += payload
        yield bytes(content)

    def _open(self, folder: str) -> OxigraphEngine:
        """The state in `folder`, locked for as long as it is open. Raises `StateGone`, `FolderUnusable`."""
        if self._state is not None and self._state.folder == folder:
            return self._state.engine
        if self._state is not None:
            self._state.engine.close()
            self._state.lock.close()
            self._state = None
        lock = _locked(Path(folder) / HELD)
        unlimit_memory()
        try:
            engine = OxigraphEngine.read_only(Path(folder))
        except FolderUnusable:
            lock.close()
            raise
        finally:
            limit_memory(self._memory)
        self._state = _State(folder, lock, engine, Merges(engine))
        return engine


def _locked(path: Path) -> IO[bytes]:
    """The file that keeps a state from being removed, locked. Raises `StateGone`."""
    try:
        file = path.open("rb")
    except OSError:
        raise StateGone("The state that was asked for is no longer kept.") from None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        if path.stat().st_ino != os.fstat(file.fileno()).st_ino:
            raise FileNotFoundError
    except OSError:
        file.close()
        raise StateGone("The state that was asked for is being removed.") from None
    return file


def _most_used() -> int:
    """Bytes of memory that this process has had at most."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024

"""The process of `regiolink serve` that makes all changes: `python -m server.writer_process`.

Requests of all connections wait in one queue; those that came while the one before was made are taken
together, so that they share a sync of the ledger. A change that nothing can stop in time ends the process by
its alarm; the supervisor starts it again, and what was tried is taken back from the engine's own note.
"""

from __future__ import annotations

import queue
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from kb.errors import EngineDamaged, KnowledgeBaseError
from kb.folder import DataFolder
from kb.shipped import bring_up_to_date
from kb.writer import Writer
from server.settings import load_settings
from server.terminal import progress
from server.writer_wire import accept, listen

_MOST_AT_ONCE = 64
_BETWEEN_MENDS = 600.0
READY = "ready"
"""The line that the process writes to its standard output when it takes changes."""


@dataclass(frozen=True)
class _Asked:
    """A request that waits for its turn, and where its answer goes."""

    what: str
    of: tuple[Any, ...]
    answer: Callable[[object], None]


class WriterService:
    """Answers requests at a socket by one writer, in the thread that calls `run`."""

    def __init__(
        self,
        writer: Writer,
        listener: socket.socket,
        limited: Callable[[float], AbstractContextManager[None]] | None = None,
    ) -> None:
        """limited: gives a context that may take so many seconds; by default the process ends after them."""
        self._writer = writer
        writer.limited = limited or _alarm
        self._listener = listener
        self._waiting: queue.Queue[_Asked | None] = queue.Queue()
        self._travelling = threading.Lock()
        self._doubted = self._to_mend = False
        self._mended = float("-inf")

    def run(self) -> None:
        """Until `stop`; what waits then is still done."""
        threading.Thread(target=self._accept, daemon=True).start()
        while True:
            asked = self._waiting.get()
            if asked is None:
                return
            for group in _grouped([asked, *self._more()]):
                self._serve(group)

    def stop(self) -> None:
        """Lets `run` return after what waits now."""
        self._waiting.put(None)

    def _more(self) -> Iterator[_Asked]:
        for _ in range(_MOST_AT_ONCE):
            try:
                asked = self._waiting.get_nowait()
            except queue.Empty:
                return
            if asked is None:
                self._waiting.put(None)
                return
            yield asked

    def _serve(self, group: list[_Asked]) -> None:
        if group[0].what != "commit":
            group[0].answer(self._answer(group[0]))
            return
        results = self._writer.commit_all([asked.of[0] for asked in group])
        for asked, result in zip(group, results, strict=True):
            asked.answer(result)

    def _answer(self, asked: _Asked) -> object:
        calls: dict[str, Callable[..., object]] = {
            "head": self._writer.head,
            "snapshot": self._writer.snapshot,
            "snapshot_at": self._writer.snapshot_at,
            "stated": self._writer.stated,
            "both": self._writer.both,
            "mend": self._mend,
            "settle": self._writer.ledger.settle,
        }
        try:
            return calls[asked.what](*asked.of)
        except KnowledgeBaseError as error:
            if isinstance(error, EngineDamaged) and not self._to_mend:
                # Met in a thread that must not touch the engines; the one that may comes to it next.
                self._doubted = self._to_mend = True
                self._waiting.put(_Asked("mend", (), lambda _: None))
            return error

    def _mend(self) -> None:
        """Puts right what a reader found damaged: at first the states that are kept, then the engines too.

        A state that was kept may be damaged alone. When what is made in its place is damaged as well, the
        engines are made anew from the ledger, at most every ten minutes.
        """
        try:
            if not self._doubted:
                self._doubted = True
                self._writer.leave_states()
            elif time.monotonic() - self._mended > _BETWEEN_MENDS:
                self._doubted = False
                self._mended = time.monotonic()
                self._writer.rebuild()
        finally:
            self._to_mend = False

    def _accept(self) -> None:
        while True:
            try:
                connection = accept(self._listener)
            except OSError:
                return
            threading.Thread(target=self._listen_to, args=(connection,), daemon=True).start()

    def _listen_to(self, connection: Connection) -> None:
        """Takes the requests of one connection, one after the other."""
        answers: queue.Queue[object] = queue.Queue()
        with connection:
            while True:
                try:
                    what, of = connection.recv()
                    asked = _Asked(what, of, answers.put)
                    if what in ("head", "snapshot"):
                        connection.send(self._answer(asked))
                        continue
                    if what == "snapshot_at":
                        # It touches nothing that a commit touches, and may take its time.
                        with self._travelling:
                            connection.send(self._answer(asked))
                        continue
                    self._waiting.put(asked)
                    connection.send(answers.get())
                except (EOFError, OSError):
                    return


def _grouped(waiting: list[_Asked]) -> Iterator[list[_Asked]]:
    """The requests in order, changes that follow one another together."""
    group: list[_Asked] = []
    for asked in waiting:
        if group and (asked.what != "commit" or group[0].what != "commit"):
            yield group
            group = []
        group.append(asked)
    yield group


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Ends the process, as nothing else can end a query that runs in it, when the block takes longer."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def run(folder: DataFolder, ledger_place: str | None) -> None:
    """Takes changes of the folder until SIGTERM. Raises what opening it raises."""
    with folder.writing():
        with progress() as told:
            writer = Writer.open(folder, ledger_place, told)
            if not folder.is_empty:
                bring_up_to_date(writer, told)
            writer.snapshot()
        with listen(folder.socket) as listener:
            service = WriterService(writer, listener)
            signal.signal(signal.SIGTERM, lambda *_: service.stop())
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            print(READY, flush=True)  # noqa: T201
            service.run()
        writer.close()
        folder.socket.unlink(missing_ok=True)


def main() -> None:
    """Runs with the settings of the environment; the last line of standard output says why it could not."""
    settings = load_settings()
    try:
        run(DataFolder(settings.data_dir), settings.ledger or None)
    except KnowledgeBaseError as error:
        print(error, flush=True)  # noqa: T201
        sys.exit(2)


if __name__ == "__main__":
    main()

"""The writer of a running service, reached from another process."""

from __future__ import annotations

import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

from kb.errors import KnowledgeBaseError
from kb.intent import Intent, Outcome
from kb.ledger.commits import Commit
from kb.ledger.errors import InDoubt
from kb.snapshot import Snapshot
from server.writer_wire import connect

_PATIENCE = 15.0


class WriterAway(KnowledgeBaseError):
    """The process that makes changes does not answer; nothing was changed."""

    title = "Changes cannot be made now"


class GivenUp(KnowledgeBaseError):
    """A change was stopped half way; nothing was changed."""

    title = "The change was given up"


class _Lost(Exception):
    """The writer ended while it was at it."""


class RemoteWriter:
    """What `kb.writer.Writer` does, done by the process at `place`. For any number of threads."""

    def __init__(self, place: Path, patience: float = _PATIENCE) -> None:
        """patience: seconds to wait for a writer that is being restarted."""
        self._place = place
        self._patience = patience
        self._local = threading.local()

    def commit(self, intent: Intent) -> Outcome:
        """See `kb.writer.Writer.commit`. Raises also `WriterAway` and `GivenUp`; then nothing has changed.

        Raises `InDoubt` when the writer ended while it was at it, and does not come back to say what became
        of it.
        """
        try:
            return cast(Outcome, self._ask("commit", intent))
        except _Lost:
            pass
        try:
            commit = cast("Commit | None", self._ask_again("settle", intent.id))
        except KnowledgeBaseError as error:
            raise InDoubt((intent.id,)) from error
        if commit is None:
            raise GivenUp(
                f"The change could not be finished, or took longer than {intent.seconds:g} seconds; "
                "nothing was changed."
            )
        return Outcome(commit.revision, commit)

    def head(self) -> int:
        """The newest revision that readers can ask for."""
        return cast(int, self._ask_again("head"))

    def snapshot(self) -> Snapshot:
        """The newest state, for readers."""
        return cast(Snapshot, self._ask_again("snapshot"))

    def snapshot_at(self, revision: int) -> Snapshot:
        """The state at a revision, for readers. Raises `NotFound`."""
        return cast(Snapshot, self._ask_again("snapshot_at", revision))

    def stated(self) -> Snapshot:
        """The newest state as the shapes judge it."""
        return cast(Snapshot, self._ask_again("stated"))

    def both(self) -> tuple[Snapshot, Snapshot]:
        """The newest state for readers and the same as the shapes judge it, of one revision."""
        return cast("tuple[Snapshot, Snapshot]", self._ask_again("both"))

    def mend(self) -> None:
        """Says that a reader found its state damaged, and waits until it is put right."""
        self._ask_again("mend")

    def close(self) -> None:
        """Ends the connection of this thread."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    def _ask_again(self, what: str, *of: Any) -> Any:
        """Asks what is harmless to ask twice."""
        until = time.monotonic() + self._patience
        while True:
            try:
                return self._ask(what, *of)
            except _Lost:
                if time.monotonic() > until:
                    raise WriterAway("Changes cannot be made at the moment; try again soon.") from None
                time.sleep(0.05)

    def _ask(self, what: str, *of: Any) -> Any:
        connection = self._connection()
        try:
            connection.send((what, of))
        except OSError:
            # Half a request is none: the writer that comes next can have it whole.
            self.close()
            connection = self._connection()
        else:
            return self._answer(connection)
        try:
            connection.send((what, of))
        except OSError:
            self.close()
            raise _Lost from None
        return self._answer(connection)

    def _answer(self, connection: Connection) -> Any:
        try:
            answer = connection.recv()
        except (OSError, EOFError):
            self.close()
            raise _Lost from None
        if isinstance(answer, KnowledgeBaseError):
            raise answer
        return answer

    def _connection(self) -> Connection:
        """The connection of this thread, with a writer that is known to be there."""
        until = time.monotonic() + self._patience
        while True:
            connection = getattr(self._local, "connection", None)
            if connection is not None and not connection.poll():
                return cast(Connection, connection)
            # Nothing is to be said unasked: what is there to read is the end of an old writer.
            self.close()
            try:
                self._local.connection = connect(self._place)
            except OSError:
                if time.monotonic() > until:
                    raise WriterAway("Changes cannot be made at the moment; try again soon.") from None
                time.sleep(0.05)

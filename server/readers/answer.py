"""An answer whose bytes come while it is being found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Self

from kb.errors import KnowledgeBaseError
from kb.snapshot import Snapshot
from server.readers.errors import AnswerCut
from server.readers.tasks import Form, Kind
from server.readers.work import Work


class Answer:
    """An answer of a reader; read once, by one thread at a time, and to be closed.

    kind, media, form: what it is and how it is written. revision, time: of the state that it is made from.
    cut: whether there is more than the `limit` of the question let through. whole: whether all of it is here
    already, so that no reader is kept. rows: how many a SELECT has, once all of it is here.
    """

    def __init__(
        self, work: Work, head: dict[str, Any], first: bytes, form: Form, snapshot: Snapshot
    ) -> None:
        self.kind = Kind(head["kind"])
        self.media, self.form = form
        self.cut = bool(head["cut"])
        self.whole = "end" in head
        self.rows: int | None = head.get("end", {}).get("rows")
        self._snapshot = snapshot
        self._work = work
        self._first: bytes | None = first

    @property
    def revision(self) -> int:
        return self._snapshot.revision

    @property
    def time(self) -> datetime:
        return self._snapshot.time

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """The next bytes. Raises `AnswerCut` when there is more and it cannot be had."""
        first, self._first = self._first, None
        if first:
            return first
        if self.whole:
            raise StopIteration
        try:
            found = self._work.more()
        except KnowledgeBaseError as error:
            raise AnswerCut(str(error)) from error
        if isinstance(found, bytes):
            return found
        self.whole, self.rows = True, found.get("rows")
        raise StopIteration

    def body(self) -> bytes:
        """All of it. Raises `AnswerCut`."""
        with self:
            return b"".join(self)

    def close(self) -> None:
        """Lets go of the reader; what is not read yet is lost."""
        self._work.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

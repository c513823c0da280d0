"""The states that readers are given: the newest one, looked for now and then, and earlier ones when asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from kb.errors import KnowledgeBaseError, NotFound
from kb.ledger.ledger import Ledger
from kb.snapshot import Snapshot

_FRESH = 0.25
_STILL_FRESH = 0.45


class NotYet(NotFound):
    """A revision that is not there yet."""

    title = "There is no such revision yet"


class MakesSnapshots(Protocol):
    """The part of a writer that states come from."""

    def snapshot(self) -> Snapshot: ...

    def snapshot_at(self, revision: int) -> Snapshot: ...


class ServedStates:
    """The states of a knowledge base that a writer keeps; see `server.backend.States`. For many threads.

    The newest state is looked for when somebody asks and it was not looked for within a quarter of a second;
    while the writer is away, or has no room for a new one, the last one that is known goes on being read.
    """

    def __init__(self, writer: MakesSnapshots, ledger: Callable[[], Ledger]) -> None:
        self._writer = writer
        self._ledger = ledger
        self._looking = threading.Lock()
        self._current: Snapshot | None = None
        self._looked = float("-inf")
        # One thread, which keeps its connection to the writer.
        self._looks = ThreadPoolExecutor(1, thread_name_prefix="states")

    def newest(self, at_least: int | None = None) -> Snapshot:
        """The newest state, of a revision `at_least`. Raises `NotYet`, and `WriterAway` at first."""
        wanted = at_least or 0
        known = self._current
        if known is not None and known.revision >= wanted:
            if time.monotonic() - self._looked < _FRESH:
                return known
            if not self._looking.acquire(blocking=False):
                # Somebody else is looking at this moment.
                return known
        else:
            self._looking.acquire()
        try:
            found = self._look(wanted)
        finally:
            self._looking.release()
        if found.revision < wanted:
            raise NotYet(f"There is no revision {wanted} yet; the newest is {found.revision}.")
        return found

    def known(self, at_least: int) -> Snapshot | None:
        """What `newest` gives, where that needs no waiting; else None.

        A state that is soon to be looked for again is still given, and looked for meanwhile, so that what is
        asked all the time never waits for the writer.
        """
        known = self._current
        age = time.monotonic() - self._looked
        if known is None or known.revision < at_least or age > _STILL_FRESH:
            return None
        if age > _FRESH and not self._looking.locked():
            self._looks.submit(self._look_again)
        return known

    def at(self, revision: int) -> Snapshot:
        """The state of a revision. Raises `NotFound`."""
        return self._writer.snapshot_at(revision)

    def at_time(self, moment: datetime) -> Snapshot:
        """The newest state that was there at a moment. Raises `NotFound` for one before the first."""
        revision = self._ledger().revision_at(moment)
        if revision == 0:
            raise NotFound(f"There was nothing yet on {moment:%Y-%m-%d at %H:%M:%S} UTC.")
        return self.at(revision)

    def _look_again(self) -> None:
        with suppress(KnowledgeBaseError):
            self.newest()

    def _look(self, wanted: int) -> Snapshot:
        known = self._current
        if known is not None and known.revision >= wanted and time.monotonic() - self._looked < _FRESH:
            return known
        try:
            self._current = known = self._writer.snapshot()
        except KnowledgeBaseError:
            if known is None:
                raise
        self._looked = time.monotonic()
        assert known is not None
        return known
